"""Sound events out of YAMNet's scores, by the words that captions for the deaf have for them.

A kind is heard where the best score of its classes stays over a threshold, and goes on while it stays over half of
it. Where kinds that are easily taken for each other (a shot, an explosion, thunder, a door) are heard at once, the
strongest is taken. What each kind asks for was chosen on labelled effects, and on speech and music without any.
Speech hides what lies under it from YAMNet, and is hardly ever taken for a sound: where it talks, less is asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio
from ..core.marks import Activity
from ..core.stage import Progress, silent
from ..core.time import Span, merge_spans
from . import yamnet

Scores = NDArray[np.float32]

#: Events of one kind this near to each other are one.
_GAP_S = 1.5


@dataclass(frozen=True)
class Kind:
    """A sound: its word, YAMNet's classes for it (by number), and what it takes to believe in it.

    `factor` multiplies the threshold, `windows` is the least number of windows in a row, `rivals` names a group,
    `voice` says that people make it with their voice, as they do speech.
    """

    name: str
    classes: tuple[int, ...]
    factor: float = 1.0
    windows: int = 1
    rivals: str = ""
    voice: bool = False


#: From this score of speech on, this share of the threshold is enough.
_SPEECH_SURE, _UNDER_SPEECH = 0.8, 0.3
#: The numbers are lines of yamnet_class_map.csv.
KINDS = (
    Kind("door slams", (352,), 0.8, rivals="blow"),
    Kind("knocking", (353,), 1.3, rivals="blow"),
    Kind("footsteps", (48, 46), 1.0, 2),
    Kind("laughter", (13, 14, 15, 16, 17, 18), voice=True),
    Kind("applause", (62, 58), 1.2, 2),
    Kind("crying", (19, 20), 1.0, 2, voice=True),
    Kind("scream", (11,), 1.6, voice=True),
    Kind("phone rings", (384, 385), 1.0, 2),
    Kind("gunshot", (421, 422, 423), 1.5, rivals="blow"),
    Kind("explosion", (420,), 1.5, rivals="blow"),
    Kind("thunder", (281,), 1.3, rivals="blow"),
    Kind("rain", (283, 285), 1.4, 4),
    Kind("wind", (277,), 1.2, 4),
    Kind("siren", (390, 317, 318, 319, 391), 1.3, 2),
    Kind("dog barks", (70, 71, 73)),
    Kind("glass breaks", (437,), 0.8),
    Kind("car horn", (302, 303, 312), 1.3),
)
_MUSIC, _SPEECH = 132, 0


def heard(
    audio: Audio, model: Path, *, threshold: float = 0.5, progress: Progress = silent
) -> tuple[tuple[Activity, ...], Scores]:
    """The events of `audio` in order of time, and YAMNet's (music, speech) scores (n, 2), every `yamnet.HOP_S`."""
    classes = [c for kind in KINDS for c in kind.classes]
    table = yamnet.scores(audio, model, [*classes, _MUSIC, _SPEECH], progress)
    return events(table[:, :-2], table[:, -1], audio.duration_s, threshold), table[:, -2:]


def events(scores: Scores, speech: Scores, duration_s: float, threshold: float = 0.5) -> tuple[Activity, ...]:
    """Events out of the scores (n, m) of all classes of KINDS in their order, and of speech (n,)."""
    edges = np.cumsum([0, *(len(kind.classes) for kind in KINDS)])
    best = np.stack([scores[:, a:b].max(axis=1) for a, b in itertools.pairwise(edges.tolist())], axis=1)
    quiet = np.array([not kind.voice for kind in KINDS])
    raised = np.minimum(best / _UNDER_SPEECH, 1.0)
    best = np.where(quiet & (speech[:, None] >= _SPEECH_SURE), raised, best)
    found: list[tuple[float, Kind, Span]] = []
    for kind, curve in zip(KINDS, best.T, strict=True):
        for first, stop in _runs(curve, min(threshold * kind.factor, 0.97), kind.windows):
            # A window's end counts for what it hears by half: the sound may fill any part of it.
            edge = (yamnet.WINDOW_S - yamnet.HOP_S) / 2
            start, end = first * yamnet.HOP_S + edge, (stop - 1) * yamnet.HOP_S + yamnet.WINDOW_S - edge
            span = Span(min(start, max(duration_s - yamnet.HOP_S, 0.0)), min(end, duration_s))
            found.append((float(curve[first:stop].max()), kind, span))
    kept = _strongest(found)
    marks = [
        Activity(kind.name, span.start_s, span.end_s)
        for kind in KINDS
        for span in merge_spans([s for _, k, s in kept if k is kind], _GAP_S)
    ]
    return tuple(sorted(marks, key=lambda a: (a.start_s, a.kind)))


def _strongest(found: Sequence[tuple[float, Kind, Span]]) -> list[tuple[float, Kind, Span]]:
    """All but the events beside which a rival is stronger."""

    def beaten(score: float, kind: Kind, span: Span) -> bool:
        near = Span(max(span.start_s - _GAP_S, 0.0), span.end_s + _GAP_S)
        return any(
            other.rivals == kind.rivals and other is not kind and value > score and near & where
            for value, other, where in found
        )

    return [event for event in found if not event[1].rivals or not beaten(*event)]


def _runs(curve: Sequence[float] | Scores, enter: float, least: int) -> list[tuple[int, int]]:
    """[first, stop) where a curve goes over `enter`, and on while it stays over half of it."""
    runs: list[tuple[int, int]] = []
    values = np.asarray(curve)
    low = np.flatnonzero(np.diff(np.concatenate([[False], values >= enter / 2, [False]]).astype(int)))
    for first, stop in zip(low[::2].tolist(), low[1::2].tolist(), strict=True):
        over = np.flatnonzero(values[first:stop] >= enter)
        if len(over) >= least:
            runs.append((first, stop))
    return runs
