"""The recordings to train on: index.csv, which of its rows may be used, and which are held out."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiopost.dsp.resample import resample
from audiopost.io.decode import load

RATE = 48_000
KINDS = ("speech", "music", "effects")
#: Licences of what nobody may ship: non-commercial, or none that is known.
UNUSABLE = re.compile(r"\bNC\b|not stated|not checked|some missing", re.IGNORECASE)
#: How the sources of music begin that `compose` made.
COMPOSED = "composed/"
#: One in so many speakers, pieces and folders of effects is held out.
HELD_OUT = 10


@dataclass(frozen=True)
class Clip:
    """A sentence, a piece of music or a sound: where it lies, and whose it is."""

    kind: str
    path: Path
    offset_s: float
    duration_s: float
    speaker: str
    source: str
    licence: str

    @property
    def owner(self) -> str:
        """What training and validation must not share: a speaker, or the recording."""
        return self.speaker if self.kind == "speech" else self.source.partition("@")[0]

    @property
    def held_out(self) -> bool:
        if self.source.startswith(COMPOSED):  # what is held out is to be real
            return False
        return int(hashlib.sha256(self.owner.encode()).hexdigest()[:8], 16) % HELD_OUT == 0


def index(folder: Path) -> list[Clip]:
    """Every row of the folder's index that may be used."""
    with (folder / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if not UNUSABLE.search(row["licence"])]
    return [
        Clip(
            row["kind"], folder / row["path"], float(row["offset_s"]), float(row["duration_s"]), row["speaker"],
            row["source"], row["licence"],
        )
        for row in rows
    ]  # fmt: skip


class Library:
    """Clips as 16 bit in memory, by kind and owner; mono at RATE."""

    def __init__(self, folders: Sequence[Path], *, held_out: bool, kinds: Sequence[str] = KINDS) -> None:
        self._sounds: dict[str, list[list[NDArray[np.int16]]]] = {}
        clips = [
            clip for folder in folders for clip in index(folder) if clip.held_out == held_out and clip.kind in kinds
        ]
        files = {path: _whole(path) for path in sorted({clip.path for clip in clips})}
        for kind in kinds:
            # Speech by speaker, so that everybody speaks as often; the others by file, which hold alike sounds.
            owners: dict[str, list[NDArray[np.int16]]] = defaultdict(list)
            for clip in clips:
                if clip.kind == kind:
                    start = round(clip.offset_s * RATE)
                    piece = files[clip.path][start : start + round(clip.duration_s * RATE)]
                    owners[clip.owner if kind == "speech" else str(clip.path)].append(piece)
            self._sounds[kind] = [owners[name] for name in sorted(owners)]

    def owners(self, kind: str) -> int:
        return len(self._sounds[kind])

    def minutes(self, kind: str) -> float:
        return sum(len(piece) for pieces in self._sounds[kind] for piece in pieces) / RATE / 60

    def weights(self, kind: str) -> NDArray[np.float64]:
        """How often each owner is to be drawn: by the root of how much there is of it."""
        lengths = np.array([sum(len(piece) for piece in pieces) for pieces in self._sounds[kind]], np.float64)
        roots = np.sqrt(lengths)
        return roots / roots.sum()

    def pieces(self, kind: str, owner: int) -> list[NDArray[np.int16]]:
        return self._sounds[kind][owner]


def floats(piece: NDArray[np.int16]) -> NDArray[np.float32]:
    return piece.astype(np.float32) / 32768


def _whole(path: Path) -> NDArray[np.int16]:
    audio = load(path).audio
    samples = resample(audio.samples.mean(axis=0, keepdims=True), audio.rate, RATE)[0]
    peak = float(np.abs(samples).max(initial=0))  # lossy files overshoot
    return np.round(samples * (32767 / max(peak, 1.0))).astype(np.int16)
