"""Libraries made in a moment: tracks of a second or two, heard in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiopost.core.errors import AudiopostError
from audiopost.music.library import worker
from audiopost.music.library.store import Seen


@pytest.fixture
def tune(tmp_path: Path) -> Callable[..., Path]:
    """tune("a.wav", hz=440): a file of 1 s in the folder `music`."""

    def write(name: str, hz: float = 440.0, seconds: float = 1.0) -> Path:
        path = tmp_path / "music" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        t = np.arange(round(seconds * 22_050)) / 22_050
        soundfile.write(path, 0.2 * np.sin(2 * np.pi * hz * t), 22_050)
        return path

    return write


@pytest.fixture
def heard_here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tracks are heard in this process instead of children; the names of the files that were, in order."""
    names: list[str] = []

    def heard(files: Sequence[Seen], workers: int, embedder: str = "") -> Iterator[worker.Heard]:
        for seen in files:
            names.append(seen.path.name)
            try:
                answer = worker.hear(seen.path, embedder)
            except AudiopostError as error:
                answer = {"error": error.problem}
            yield worker._parsed(seen, json.loads(json.dumps(answer)))

    monkeypatch.setattr(worker, "heard", heard)
    return names
