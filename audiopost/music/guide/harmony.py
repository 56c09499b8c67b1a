"""Which chord sounds when: a loop of the mode, changes at bar lines and at hard hits, a close before the out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .grid import Grid
from .theory import Mode

#: A chord lasts at least about this long, and at most the second where bars are slower.
_CHORD_S, _LONG_BAR_S = 1.7, 5.0
#: The last chord has at least this long to ring.
_RING_S = 1.0
#: Closer than this to a change there is no other.
_APART_S = 0.4


@dataclass(frozen=True)
class Chord:
    """`root` in scale steps over the tonic, from `start_s` to `end_s`."""

    start_s: float
    end_s: float
    root: int


def chords(grid: Grid, mode: Mode, loop: Sequence[int], hits: Sequence[float]) -> tuple[Chord, ...]:
    """The chords of a cue from its in to its out; `hits` are moments at which the chord changes too."""
    final = _final(grid, hits)
    regular = [time for time in _changes(grid) if time < final - _APART_S]
    extra = [time for time in hits if time < final - _APART_S]
    times = sorted([*extra, *(time for time in regular if all(abs(time - hit) >= _APART_S for hit in extra))])
    times = [0.0, *(time for time in times if time >= _APART_S), *([final] if final > 0 else [])]
    roots = [loop[n % len(loop)] for n in range(len(times))]
    # An upbeat belongs to the first bar's chord.
    if grid.first_s > 0 and len(times) > 2 and abs(times[1] - grid.first_s) < _APART_S:
        roots = [roots[0], *roots[:-1]]
    roots[-1] = 0
    if len(roots) > 2:
        roots[-2] = mode.close
    return tuple(Chord(a, b, root) for (a, b), root in zip(pairwise([*times, grid.duration_s]), roots, strict=True))


def _changes(grid: Grid) -> list[float]:
    """Bar lines, every second or fourth where bars are short, and the middles of long bars."""
    bars = grid.bars()
    if grid.bar_s >= _LONG_BAR_S and len(grid.metre.pulses) > 1:
        middle = len(grid.metre.pulses) // 2
        return sorted([*bars, *(time for time, number in grid.pulses() if number == middle)])
    every = 1 if grid.bar_s >= _CHORD_S else 2 if 2 * grid.bar_s >= _CHORD_S else 4
    return bars[::every]


def _final(grid: Grid, hits: Sequence[float]) -> float:
    """Where the last chord begins: on the last hit if that leaves it time to ring, else on the last bar that does."""
    ring = max(_RING_S, grid.beat_s)
    bars = grid.bars()
    for times in ([t for t in hits if t >= grid.duration_s - 2 * grid.bar_s], bars, [t for t, _ in grid.pulses()]):
        fit = [time for time in times if time <= grid.duration_s - ring]
        if fit:
            return max(fit)
    return bars[0] if bars else 0.0


def voiced(mode: Mode, tonic: int, root: int, centre: int, before: Sequence[int]) -> tuple[int, ...]:
    """The tones of a chord near a pitch, lowest first, in the inversion that moves least from the one before."""
    steps = [root + step for step in mode.chord]
    size = len(mode.steps)
    close = []
    for octave in range(-3, 4):
        for turn in range(len(steps)):
            turned = sorted(step + size * (octave + (n < turn)) for n, step in enumerate(steps))
            close.append(tuple(mode.pitch(tonic, step) for step in turned))

    def cost(tones: tuple[int, ...]) -> tuple[float, tuple[int, ...]]:
        moved = sum(abs(a - b) for a, b in zip(tones, before, strict=True)) if before else 0
        return moved + 1.5 * abs(sum(tones) / len(tones) - centre), tones

    return min(close, key=cost)
