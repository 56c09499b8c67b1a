"""Ledgers and orders for the tests of the batch."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audiopost.batch.job import Order
from audiopost.batch.job_logs import JobLogs
from audiopost.batch.ledger import Ledger
from audiopost.batch.local import Local

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # the tests of the engines share a module, and the worker's is found there

from engine_play import ends_of, free_port, hashes, play, tasks  # noqa: E402

#: A preset that costs next to nothing.
PRESET = 'title = "Loudness"\nsummary = ""\nstages = ["loudness"]\n'


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "out" / "ledger.sqlite", make=True)
    yield made
    made.close()


@pytest.fixture
def logs(tmp_path: Path) -> JobLogs:
    return JobLogs(tmp_path / "logs")


@pytest.fixture
def order(tmp_path: Path) -> Callable[..., Order]:
    """order("name") -> an Order whose recording is a file with a few bytes."""

    def make(name: str, **more: object) -> Order:
        source = tmp_path / "in" / f"{name}.wav"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(b"some sound")
        return Order(str(source), str(tmp_path / "out"), name, PRESET, **more)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="package")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Six recordings of one second, and none of them alike."""
    folder = tmp_path_factory.mktemp("recordings")
    t = np.arange(16_000) / 16_000
    paths = [folder / f"take {n}.wav" for n in range(6)]
    for n, path in enumerate(paths):
        soundfile.write(path, 0.1 * np.sin(2 * np.pi * 110 * (n + 2) * t), 16_000)
    return paths


@pytest.fixture(scope="package")
def wanted(recordings: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """By recording the hashes of what one worker of this machine, left alone, makes of it."""
    out = tmp_path_factory.mktemp("undisturbed")
    engine = Local(1, 1)
    try:
        ends = ends_of(play(engine, tasks(recordings, out)))
    finally:
        engine.close()
    return {path.stem: hashes(ends[n].outcome) for n, path in enumerate(recordings)}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Ray cluster of two nodes with a core each, to which this process is connected. Skips without Ray."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'audiopost[ray]'")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), *filter(None, sys.path)]))
        port = free_port()
        made = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 1, "include_dashboard": False, "ray_client_server_port": port},
        )
        made.client_port = port
        made.other = made.add_node(num_cpus=1)
        before = signal.getsignal(signal.SIGTERM)
        ray.init(address=made.address, log_to_driver=False, logging_level="CRITICAL")
        yield made
        ray.shutdown()
        signal.signal(signal.SIGTERM, before)
        made.shutdown()
