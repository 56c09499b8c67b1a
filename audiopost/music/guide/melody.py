"""The melody of a guide: a two-bar fragment and its answer, then two bars of rest; none under a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .plan import Plan
from .score import Note

#: Where tones begin in the first bar of a fragment, as shares of its beats: calm, moving, lively. The second bar is one
#: long tone.
_RHYTHMS: tuple[tuple[tuple[float, ...], ...], ...] = (
    ((0.0,), (0.0, 0.5), (0.0, 0.75)),
    ((0.0, 0.5, 0.75), (0.0, 0.25, 0.5), (0.0, 0.375, 0.5)),
    ((0.0, 0.25, 0.375, 0.5, 0.75), (0.0, 0.25, 0.5, 0.625, 0.75)),
)
#: From these mean arousals on a melody moves, and is lively.
_MOVING, _LIVELY = 0.0, 0.4
#: A fragment and its answer take four bars of six. In cues of six bars and more the first two belong to the others.
_PERIOD, _PLAYED, _LATE = 6, 4, 2
#: Around the C above middle C; it turns round this many steps of the scale from there.
_CENTRE, _RANGE = 72, 5


def fragments(plan: Plan, rng: np.random.Generator) -> Iterator[Note]:
    """The fragments over the bars that lie whole before the last chord, and its last tone on that chord."""
    grid, mood = plan.grid, plan.mood
    bars = [bar for bar in grid.bars() if bar + grid.bar_s <= plan.last_s + 1e-6]
    choice = _RHYTHMS[(mood.mean_arousal >= _MOVING) + (mood.mean_arousal >= _LIVELY)]
    rhythm = choice[rng.integers(len(choice))]
    moves = _moves(len(rhythm), mood.feel.contour, rng)
    home = round((_CENTRE + mood.feel.register - plan.tonic) / 12 * len(plan.mode.steps))
    step = home
    for n, bar in enumerate(bars[_LATE if len(bars) >= _PERIOD else 0 :]):
        place = n % _PERIOD
        if place >= _PLAYED or not mood.sings(bar):
            continue
        opening = place % 2 == 0
        # The answer begins a step further on; the long tone is one more move away from what led to it.
        step = home + mood.feel.contour * (place > 0) if opening else step + moves[-1]
        step = _nearest(plan, step, bar)
        offsets = _on_grid(rhythm if opening else (0.0,), plan)
        for i, offset in enumerate(offsets):
            time = bar + offset * grid.beat_s
            if i:
                step += moves[i - 1] if abs(step + moves[i - 1] - home) <= _RANGE else -moves[i - 1]
            if mood.sings(time):
                length = ([*offsets, grid.metre.beats][i + 1] - offset) * grid.beat_s * 0.95
                yield Note(time, length, plan.pitch(step), mood.velocity(time, 4), "melody")
    if bars and mood.sings(plan.last_s):
        last = plan.pitch(_nearest(plan, step, plan.last_s))
        yield Note(plan.last_s, grid.duration_s - plan.last_s, last, mood.velocity(plan.last_s), "melody")


def _on_grid(shares: Sequence[float], plan: Plan) -> list[float]:
    """Shares of a bar as beats, each on a part of a beat and none twice."""
    metre = plan.grid.metre
    return sorted({round(share * metre.beats * metre.division) / metre.division for share in shares})


def _moves(count: int, contour: int, rng: np.random.Generator) -> list[int]:
    """Steps between tones: mostly seconds, some thirds, most in the direction of the contour, every third back."""
    sizes = np.where(rng.random(count) < 0.75, 1, 2)
    signs = np.where(rng.random(count) < 0.5 + contour / 4, 1, -1)
    signs[2::3] = -signs[1::3][: len(signs[2::3])]
    return [int(move) for move in sizes * signs]


def _nearest(plan: Plan, step: int, time_s: float) -> int:
    """The tone of the chord at a time that lies nearest to a scale step."""
    size = len(plan.mode.steps)
    tones = {(plan.chord(time_s).root + tone) % size for tone in plan.mode.chord}
    return min((near for near in range(step - size, step + size) if near % size in tones), key=lambda n: abs(n - step))
