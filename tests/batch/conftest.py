"""Ledgers and orders for the tests of the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audiopost.batch.job import Order
from audiopost.batch.job_logs import JobLogs
from audiopost.batch.ledger import Ledger

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
