"""What is struck: the accents at hit points, and stings and buttons, which are nothing else and a tail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .accompany import PAD_CENTRE
from .harmony import voiced
from .plan import Plan
from .score import Note

#: A sting whose hit comes later than this after its in is led up to.
_LEAD_UP_S = 0.6
#: The low octave that hits are struck in: D2 to C#3.
_LOWEST = 38
#: A struck chord falls back to soft after this: sforzando, piano.
_STRUCK_S, _FALLS_BY = 0.4, 45
#: A hit of at least this strength has the octave as well, and the chord changes with it.
HARD = 0.5


def low(pitch: int) -> int:
    """The same tone in the octave of hits."""
    return pitch - 12 * ((pitch - _LOWEST) // 12)


def accent(plan: Plan, time_s: float, strength: float, root: int) -> Iterator[Note]:
    """A chord's root, low."""
    pitch = low(plan.pitch(root))
    velocity = plan.mood.velocity(time_s, -8 + 30 * min(max(strength, 0.0), 1.0))
    for tone in (pitch, pitch + 12)[: 2 if strength >= HARD else 1]:
        yield Note(time_s, 1.2, tone, velocity, "accent")


def struck(plan: Plan, hits: Sequence[tuple[float, float]], *, closing: bool) -> list[Note]:
    """A chord at each hit with its tail up to the next; without hits at the first beat. `closing`: after a cadence."""
    grid = plan.grid
    first = grid.first_s if grid.first_s < grid.duration_s - 0.2 else 0.0
    played = list(hits) or [(first, 0.8)]
    notes = list(_led_up(plan, played[0][0]))
    last = played[-1][0]
    if closing and last >= grid.beat_s / 2:
        before = last - grid.beat_s if last >= grid.beat_s else last - grid.beat_s / 2
        notes += _chord(plan, before, 0.7 * (last - before), played[-1][1] - 0.2, plan.mode.close)
    ends = [*(time for time, _ in played[1:]), grid.duration_s]
    for (time, strength), end in zip(played, ends, strict=True):
        notes += _chord(plan, time, end - time, strength, 0)
        notes += accent(plan, time, strength, 0)
    return [*notes, *_tail(plan, last)]


def _chord(plan: Plan, time_s: float, length_s: float, strength: float, root: int) -> Iterator[Note]:
    loud = plan.mood.velocity(time_s, 30 * strength)
    tones = voiced(plan.mode, plan.tonic, root, PAD_CENTRE + plan.mood.feel.register, ())
    for tone, part in (*((tone, "pad") for tone in tones), (low(plan.pitch(root)), "bass")):
        yield Note(time_s, min(length_s, _STRUCK_S), tone, loud, part)
        if length_s > _STRUCK_S:
            yield Note(time_s + _STRUCK_S, length_s - _STRUCK_S, tone, loud - _FALLS_BY, part)
    for tone in tones:
        yield Note(time_s, length_s, tone, loud, "figure")


def _led_up(plan: Plan, hit_s: float) -> Iterator[Note]:
    """Two tones in turn on the quarters of the beat that lead to the hit, growing, for two bars at most."""
    step = plan.grid.beat_s / 4
    count = int(min(hit_s, 2 * plan.grid.bar_s) / step + 1e-6) if hit_s >= _LEAD_UP_S else 0
    tones = plan.pitch(0), plan.pitch(len(plan.mode.steps) - 2)
    for n in range(count, 0, -1):
        time, grown = max(0.0, hit_s - n * step), 1 - n / (count + 1)
        yield Note(time, step * 0.9, tones[n % 2], plan.mood.velocity(time, -30 + 40 * grown), "figure")


def _tail(plan: Plan, hit_s: float) -> Iterator[Note]:
    """The chord's tones fall in parts of the beat and fade, for two bars at most."""
    grid = plan.grid
    step = grid.beat_s / grid.metre.division
    tones = voiced(plan.mode, plan.tonic, 0, PAD_CENTRE + 12 + plan.mood.feel.register, ())[::-1]
    for n in range(1, int(min(grid.duration_s - hit_s, 2 * grid.bar_s) / step)):
        velocity = plan.mood.velocity(hit_s, -6 - 5 * n)
        yield Note(hit_s + n * step, 2 * step, tones[(n - 1) % len(tones)], velocity, "figure")
