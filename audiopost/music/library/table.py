"""All heard tracks as columns of numbers, for scores and neighbours: 10,000 tracks in one read."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .store import Store

Floats = NDArray[np.float64]

#: What tracks are told alike by, and how many of each make a difference: an octave of tempo is as far apart as three
#: quarters of the range of a mood, or twice the brightness and half.
_SCALES = {"tempo": 0.75, "arousal": 0.5, "valence": 0.5, "brightness": 0.7, "density": 2.0, "vocal": 0.5, "mode": 1.5}
#: CLAP's embedding hears timbre and style, which no number here holds: a whole turn of its angle counts so much.
_CLAP = 3.0


@dataclass(frozen=True)
class Table:
    """Columns (n,) over the heard tracks, in order of path. NaN where a track has no tempo; mode +1, -1 or 0."""

    ids: NDArray[np.int64]
    bpm: Floats
    bpm_other: Floats
    bpm_confidence: Floats
    mode: Floats
    key_confidence: Floats
    duration_s: Floats
    brightness_hz: Floats
    density: Floats
    vocal: Floats
    arousal: Floats
    valence: Floats

    @classmethod
    def of(cls, store: Store) -> Table:
        names = (
            "bpm", "bpm_other", "bpm_confidence", "key_confidence", "duration_s", "brightness_hz", "density", "vocal",
            "arousal", "valence",
        )  # fmt: skip
        rows = store.columns(("mode", *names))
        signs = {"major": 1.0, "minor": -1.0}
        numbers = np.array([row[2:] for row in rows], float).reshape(len(rows), len(names))  # None becomes NaN
        return cls(
            ids=np.array([row[0] for row in rows], np.int64),
            mode=np.array([signs.get(row[1], 0.0) for row in rows], float),
            **dict(zip(names, numbers.T, strict=True)),
        )

    def __len__(self) -> int:
        return len(self.ids)

    @functools.cached_property
    def vectors(self) -> Floats:
        """(n, features) in which near tracks sound alike. Tempo is a place on the circle of an octave, since half and
        double are one pulse; a track without one lies in its middle."""
        turn = np.where(np.isnan(self.bpm), 0, 2 * np.pi * np.log2(np.maximum(np.nan_to_num(self.bpm, nan=1), 1)))
        radius = np.where(np.isnan(self.bpm), 0, 0.25 / _SCALES["tempo"])
        return np.stack(
            [
                radius * np.cos(turn),
                radius * np.sin(turn),
                self.arousal / _SCALES["arousal"],
                self.valence / _SCALES["valence"],
                np.log2(np.maximum(self.brightness_hz, 20)) / _SCALES["brightness"],
                self.density / _SCALES["density"],
                self.vocal / _SCALES["vocal"],
                self.mode * self.key_confidence / _SCALES["mode"],
            ],
            axis=1,
        )


def alike(store: Store, number: int, count: int, embedder: str = "") -> list[tuple[int, float]]:
    """The `count` tracks nearest to track `number`, nearest first, with their distances; by CLAP too where made."""
    from sklearn.neighbors import NearestNeighbors

    table = Table.of(store)
    place = np.flatnonzero(table.ids == number)
    if not len(place) or len(table) < 2:
        return []
    vectors = _with_embeddings(table, *store.embeddings(embedder)) if embedder else table.vectors
    search = NearestNeighbors(n_neighbors=min(count + 1, len(table))).fit(vectors)
    far, near = search.kneighbors(vectors[place])
    found = [(int(table.ids[n]), round(float(d), 4)) for n, d in zip(near[0], far[0], strict=True) if n != place[0]]
    return found[:count]


def _with_embeddings(table: Table, ids: Sequence[int], embeddings: NDArray[np.float32]) -> Floats:
    """The vectors with embeddings beside them; a track without one has their mean."""
    if not len(ids):
        return table.vectors
    beside = np.tile(embeddings.mean(axis=0), (len(table), 1)).astype(float)
    row = {number: n for n, number in enumerate(table.ids.tolist())}
    for number, vector in zip(ids, embeddings, strict=True):
        beside[row[number]] = vector
    return np.concatenate([table.vectors, _CLAP * beside], axis=1)
