"""The parts that carry a guide: pad, bass, figure and drums."""

from __future__ import annotations

from collections.abc import Iterator

from .harmony import voiced
from .plan import Plan
from .score import Note

#: Where the middle of a pad's chord lies: around the D above middle C, above most of a voice's fundamentals.
PAD_CENTRE = 62
#: The octave of the bass: A1 to G#2.
_BASS_LOWEST = 33
#: A bass tone closer than this to the one before is the same.
_APART_S = 0.1
#: Drum keys of General MIDI: bass drum, shaker.
KICK, SHAKER = 36, 70


def pad(plan: Plan) -> Iterator[Note]:
    """Each chord held, soft."""
    tones: tuple[int, ...] = ()
    for chord in plan.chords:
        tones = voiced(plan.mode, plan.tonic, chord.root, PAD_CENTRE + plan.mood.feel.register, tones)
        velocity = plan.mood.velocity(chord.start_s, -8)
        for tone in tones:
            yield Note(chord.start_s, chord.end_s - chord.start_s, tone, velocity, "pad")


def bass(plan: Plan) -> Iterator[Note]:
    """The root, or the tonic as a pedal, at each chord and each bar line; nothing before the first bar."""
    grid = plan.grid
    starts: list[float] = []
    for time in sorted({*(chord.start_s for chord in plan.chords), *grid.bars()}):
        if time >= grid.first_s and (not starts or time - starts[-1] > _APART_S):
            starts.append(time)
    for start, end in zip(starts, [*starts[1:], grid.duration_s], strict=True):
        pitch = plan.pitch(0 if plan.mood.pedal else plan.chord(start).root)
        pitch -= 12 * ((pitch - _BASS_LOWEST) // 12)
        yield Note(start, end - start, pitch, plan.mood.velocity(start), "bass")


def figure(plan: Plan) -> Iterator[Note]:
    """The mood's pattern over each bar, from its first step on; the last chord is struck once and left to ring."""
    grid, pattern, size = plan.grid, plan.mood.pattern(), len(plan.mode.chord)
    per_beat = pattern.per_beat or grid.metre.division
    tones = _tones(plan, PAD_CENTRE + plan.mood.feel.register - 12 * pattern.low)
    for bar in grid.bars():
        for step in range(round(grid.metre.beats * per_beat)):
            time, playing = bar + step * grid.beat_s / per_beat, pattern.steps[step % len(pattern.steps)]
            if time > plan.last_s + 1e-6 or time >= grid.duration_s:
                return
            length = grid.beat_s / per_beat * pattern.gate
            if abs(time - plan.last_s) < 1e-6:
                playing, length = (0, 1, size), grid.duration_s - time
            if playing is None:
                continue
            accent = 8 if step == 0 else 0 if step % per_beat == 0 else -6
            for tone in playing if isinstance(playing, tuple) else (playing,):
                pitch = tones[plan.chord(time).start_s][tone]
                yield Note(time, length, pitch, plan.mood.velocity(time, accent), "figure")


def _tones(plan: Plan, centre: int) -> dict[float, tuple[int, ...]]:
    """By the start of each chord: its tones near a pitch and those an octave above."""
    tones: dict[float, tuple[int, ...]] = {}
    before: tuple[int, ...] = ()
    for chord in plan.chords:
        before = voiced(plan.mode, plan.tonic, chord.root, centre, before)
        tones[chord.start_s] = (*before, *(tone + 12 for tone in before))
    return tones


def drums(plan: Plan, timpani: int | None) -> Iterator[Note]:
    """A soft drum on stressed pulses and a shaker on the others, or a timpani's pitch, where the mood has drums."""
    grid = plan.grid
    for time, number in grid.pulses():
        if time >= grid.first_s and plan.mood.drums(time):
            stressed = number % 2 == 0
            pitch = timpani or (KICK if stressed else SHAKER)
            yield Note(
                time, min(0.2, grid.beat_s / 2), pitch, plan.mood.velocity(time, -6 if stressed else -22), "pulse"
            )
