"""Libraries made in a moment: tracks of a second or two, heard in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiopost.core.errors import AudiopostError
from audiopost.core.music import TrackAnalysis, TrackInfo
from audiopost.music.library import worker
from audiopost.music.library.store import Seen, Store

_BEATS = tuple(round(0.2 + n * 60 / 84, 4) for n in range(83))
#: A quiet opening of 12 s, then the loud part.
PLAIN: dict[str, object] = {
    "duration_s": 60.0, "bpm": 84.0, "bpm_confidence": 0.95, "bpm_other": 168.0, "beats_s": _BEATS, "metre": 4,
    "downbeats_s": _BEATS[::4], "key": "A", "mode": "minor", "key_confidence": 0.9,
    "energy_db": (-32.0,) * 12 + (-18.0,) * 48, "brightness_hz": 1200.0, "density": 3.0, "vocal": 0.02,
    "loudness_lufs": -16.0, "arousal": -0.3, "valence": -0.5,
}  # fmt: skip


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


@pytest.fixture
def stock(tmp_path: Path) -> Callable[..., Path]:
    """stock(name={field: value}, …): a library of tracks that are known, not heard: 60 s at 84 BPM, A minor."""

    def make(**tracks: dict[str, object]) -> Path:
        path = tmp_path / "stock.sqlite"
        with Store(path, new=True) as store:
            for number, (name, more) in enumerate(tracks.items()):
                fields = {**PLAIN, **more}
                info = TrackInfo(f"/music/{name}.wav", title=fields.pop("title", name), genre=fields.pop("genre", ""))
                embedding = fields.pop("embedding", None)
                analysis = TrackAnalysis(**fields)
                store.put(
                    Seen(Path(info.path), 1, number), replace(info, duration_s=analysis.duration_s), analysis,
                    f"{number:064x}", embedding,
                )  # fmt: skip
        return path

    return make
