"""Where the feeling of the dialogue turns: change points of the emotion curve.

The curve overlaps itself (each point looks at some seconds), so its neighbouring points agree whatever happens: what
varies by chance is one line against the next. The curve is therefore told in lines first: a line is one sample, and so
are 3 s of speech that nobody has told apart, the mean of their points weighted by confidence. A gap where nobody speaks
is no sample, and counts neither for nor against a change. The lines are whitened by the noise of the curve, which is
how far neighbouring lines lie apart, and cut by PELT (R. Killick, P. Fearnhead, I. Eckley, "Optimal detection of
changepoints with a linear computational cost", JASA 107, 2012). Its penalty is what noise alone reaches at any of the n
places once in twenty curves: the F quantile, since the noise is measured on the same lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...analysis.affect import label
from ...core.spotting import Affect, EmotionPoint, EmotionUtterance

FloatArray = NDArray[np.float64]

#: Speech outside all known lines makes samples of at most this length; points further apart than this do not make one.
_LONGEST_S, _GAP_S = 3.0, 1.0
#: A sample of full weight holds this many seconds of full confidence; it counts this many times.
_FULL_S, _COPIES = 2.0, 4
#: Fewer seconds times confidence than this are none.
_NOTHING = 1e-6
#: A label is named beside the one heard longest from this share of it on.
_AS_WELL = 0.5
#: A feeling that lasts for less speech than this is no turn.
_LASTS_S = 3.0
#: Spread of neighbouring lines of one voice on each axis, as good as this many lines measured: the medians over 15
#: speakers of free recordings, half of them acting (`benchmarks/spotting.py spread`).
_USUAL, _USUAL_LINES = (0.12, 0.10, 0.08), 8
#: Chance of a turn in a curve that has none; what the median of differences tells of the spread of n lines, as a share
#: of what n independent ones would (0.37 for the median deviation, 2/3 for first differences).
_FALSE, _EFFICIENCY = 0.05, 0.25
#: Outliers among the differences of neighbouring lines (the changes themselves) count as this many deviations.
_CLIP = 2.5


@dataclass(frozen=True)
class Turn:
    """The feeling turns at `time_s`, where a line begins: the means of `before_s` and `after_s` of speech around it.

    `was` and `becomes` are the labels heard longest, `spread` is how far neighbouring lines lie apart anyway, over all
    three axes.
    """

    time_s: float
    before: Affect
    after: Affect
    before_s: float
    after_s: float
    was: str
    becomes: str
    spread: float

    @property
    def size(self) -> float:
        """How far the feeling moves, over all three axes."""
        return _distance(self.before, self.after)


@dataclass(frozen=True)
class _Lines:
    """Samples in order of time: where they begin, (n, 3) values, seconds of speech, and of them times confidence."""

    starts_s: FloatArray
    values: FloatArray
    seconds: FloatArray
    sure_s: FloatArray

    @property
    def weights(self) -> FloatArray:
        """How much each counts, 0..1."""
        return np.minimum(self.sure_s / _FULL_S, 1.0)

    def mean(self, first: int, stop: int) -> Affect:
        weights = self.weights[first:stop]
        arousal, valence, dominance = (weights @ self.values[first:stop] / weights.sum()).tolist()
        sure = float(self.sure_s[first:stop].sum() / self.seconds[first:stop].sum())
        return Affect(arousal, valence, dominance, sure)


def turns(points: Sequence[EmotionPoint], utterances: Sequence[EmotionUtterance], smallest: float) -> tuple[Turn, ...]:
    """The turns of feeling of at least `smallest` (distance over the three axes) that last, in order of time.

    `points` in order of time, `utterances` by their starts: they say where lines begin. Linear in time for most curves:
    two hours take about a second.
    """
    lines = _lines(points, utterances)
    if len(lines.starts_s) < 2:
        return ()
    whitening, spread = _noise(lines)
    edges = _cut(lines, whitening)
    while len(edges) > 2:
        means = [lines.mean(a, b) for a, b in pairwise(edges)]
        brief = [lines.seconds[a:b].sum() < _LASTS_S for a, b in pairwise(edges)]
        sizes = [_distance(a, b) for a, b in pairwise(means)]
        # Turns into and out of what does not last go first, the smaller of them before the other.
        weak = [k for k, each in enumerate(pairwise(brief)) if any(each)] or range(len(sizes))
        least = min(weak, key=lambda k: sizes[k])
        if sizes[least] >= smallest and not any(brief):
            break
        del edges[least + 1]
    times = [*lines.starts_s.tolist(), float("inf")]
    return tuple(
        Turn(
            times[at], lines.mean(first, at), lines.mean(at, stop),
            float(lines.seconds[first:at].sum()), float(lines.seconds[at:stop].sum()),
            next(iter(heard_longest(utterances, times[first], times[at])), label(lines.mean(first, at))),
            next(iter(heard_longest(utterances, times[at], times[stop])), label(lines.mean(at, stop))),
            spread,
        )
        for first, at, stop in zip(edges, edges[1:], edges[2:], strict=False)
    )  # fmt: skip


def heard_longest(utterances: Sequence[EmotionUtterance], start_s: float, end_s: float) -> list[str]:
    """The labels between two times, the one with most seconds times confidence first."""
    share: dict[str, float] = {}
    for utterance in utterances:
        inside = min(utterance.end_s, end_s) - max(utterance.start_s, start_s)
        if inside > 0:
            share[utterance.label] = share.get(utterance.label, 0.0) + inside * utterance.confidence
    ranked = sorted(share, key=lambda word: (-share[word], word))
    return [word for word in ranked if word == ranked[0] or share[word] >= _AS_WELL * share[ranked[0]]]


def _lines(points: Sequence[EmotionPoint], utterances: Sequence[EmotionUtterance]) -> _Lines:
    """The curve by lines, without those of no confidence; the utterances themselves where there is no curve."""
    if not points:
        spans = [(u, u.end_s - u.start_s) for u in utterances]
        return _kept([(u.start_s, (u.arousal, u.valence, u.dominance), s, u.confidence * s) for u, s in spans])
    times = np.array([p.time_s for p in points])
    steps = np.diff(times)
    step = float(steps.min()) if len(steps) else 0.5
    said = _said(times, utterances)
    rows, first = [], 0
    for i in range(1, len(points) + 1):
        new = i == len(points) or times[i] - times[i - 1] > max(_GAP_S, 1.5 * step) or said[i] != said[i - 1]
        if not new and (said[first] >= 0 or times[i] - times[first] < _LONGEST_S):
            continue
        weights = np.array([p.confidence for p in points[first:i]])
        values = np.array([(p.arousal, p.valence, p.dominance) for p in points[first:i]])
        begin = float(times[first])
        if said[first] >= 0 and (first == 0 or said[first - 1] != said[first]):
            begin = utterances[said[first]].start_s
        if weights.sum() > 0:
            rows.append(
                (begin, tuple(weights @ values / weights.sum()), step * (i - first), step * float(weights.sum()))
            )
        first = i
    return _kept(rows)


def _kept(rows: Sequence[tuple[float, tuple[float, ...], float, float]]) -> _Lines:
    """Those that say anything: (start, values, seconds, seconds times confidence)."""
    rows = [row for row in rows if row[3] > _NOTHING]
    starts, seconds, sure = (np.array([row[k] for row in rows]) for k in (0, 2, 3))
    return _Lines(starts, np.array([row[1] for row in rows]).reshape(-1, 3), seconds, sure)


def _said(times: FloatArray, utterances: Sequence[EmotionUtterance]) -> list[int]:
    """Which utterance each time belongs to: the one it lies in, else the nearest within a second, else -1."""
    starts = np.array([u.start_s for u in utterances])
    ends = np.array([u.end_s for u in utterances])
    found = []
    for time_s, at in zip(times.tolist(), (np.searchsorted(starts, times, "right") - 1).tolist(), strict=True):
        near = [(max(starts[k] - time_s, time_s - ends[k], 0.0), -k) for k in (at, at + 1) if 0 <= k < len(utterances)]
        distance, k = min(near, default=(np.inf, 0))
        found.append(-k if distance <= _GAP_S else -1)
    return found


def _noise(lines: _Lines) -> tuple[FloatArray, float]:
    """(3, 3) that makes the noise of a line of full weight white, and its size over all axes.

    The spread is the median of the differences between neighbouring lines, which a few changes do not move, drawn
    towards what is usual where there are few lines; their correlation (excitement is also heard as dominance) likewise.
    """
    apart = _apart(lines)
    share = len(apart) / (len(apart) + _USUAL_LINES)
    spread = np.sqrt(share * _typical(apart) ** 2 + (1 - share) * np.square(_USUAL))
    scaled = np.clip(apart / spread, -_CLIP, _CLIP)
    energy = np.sqrt(np.square(scaled).sum(axis=0))
    alike = scaled.T @ scaled / np.maximum(np.outer(energy, energy), 1e-12)
    np.fill_diagonal(alike, 1.0)
    alike = share * alike + (1 - share) * np.eye(3)
    whitening = np.linalg.inv(np.linalg.cholesky(alike)) / spread
    return whitening, float(np.sqrt(np.square(spread).sum()))


def _apart(lines: _Lines) -> FloatArray:
    """(n - 1, 3) differences of neighbouring lines, in the spread of one line of full weight."""
    weights = lines.weights
    return np.asarray(np.diff(lines.values, axis=0) / np.sqrt(1 / weights[1:] + 1 / weights[:-1])[:, np.newaxis])


def _typical(apart: FloatArray) -> FloatArray:
    """The median deviation on each axis, as a standard deviation of normal values."""
    return np.asarray(1.4826 * np.median(np.abs(apart), axis=0))


def line_spread(points: Sequence[EmotionPoint], utterances: Sequence[EmotionUtterance]) -> tuple[float, float, float]:
    """How far neighbouring lines of a curve lie apart in arousal, valence, dominance; at least two lines are needed."""
    arousal, valence, dominance = _typical(_apart(_lines(points, utterances))).tolist()
    return arousal, valence, dominance


def _cut(lines: _Lines, whitening: FloatArray) -> list[int]:
    """Where the lines fall apart: [0, …, n]."""
    from ruptures import KernelCPD
    from scipy.stats import f as f_distribution

    # KernelCPD knows no weights: a sample that counts more is there more often.
    copies = np.maximum(np.rint(_COPIES * lines.weights).astype(int), 1)
    ends = np.cumsum(copies)
    signal = np.repeat(lines.values @ whitening.T, copies, axis=0)
    count, axes = lines.values.shape
    freedom = count * _EFFICIENCY + _USUAL_LINES
    penalty = _COPIES * axes * float(f_distribution.isf(_FALSE / count, axes, freedom))
    found = KernelCPD(kernel="linear", min_size=1).fit(signal).predict(pen=penalty)
    # A cut between two copies of one sample is as good as one at its edge.
    inner = {int(np.argmin(np.abs(ends - cut))) + 1 for cut in found[:-1]}
    return sorted({0, *(at for at in inner if at < count), count})


def _distance(one: Affect, other: Affect) -> float:
    return float(
        np.sqrt(
            (one.arousal - other.arousal) ** 2
            + (one.valence - other.valence) ** 2
            + (one.dominance - other.dominance) ** 2
        )
    )
