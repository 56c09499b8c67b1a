"""A list of cues that a person has edited: what can be put right is, and said; what cannot is refused by its row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ...core.errors import BadValue, UnknownName
from ...core.spotting import EMOTIONS, FADES, FUNCTIONS, STATUSES, Cue
from ...core.time import FrameRate, Span, Timebase
from .refit import refitted
from .words import Words


def checked(
    cues: Sequence[Cue],
    duration_s: float,
    timebase: Timebase,
    *,
    before: Sequence[Cue] = (),
    speech: Sequence[Span] = (),
    language: str = "en",
) -> tuple[tuple[Cue, ...], tuple[str, ...]]:
    """`cues` in order of time, on frames, each number once, within `duration_s`; and what was put right, in words.

    A number that stands keeps its cue: people call cues by it. Cues may overlap, which is told. What has moved since
    `before` (by its label; all of it where that is empty) has its ducks under `speech`, fades and tempo fitted anew,
    and loses the hit points it no longer covers; what differs from `before` is marked as edited.

    Raises BadValue for times that are no times, UnknownName for a
    function, emotion, status or fade that does not exist; both name the cue by its place in the sheet and its label.
    """
    words = Words(language)
    for row, cue in enumerate(cues, start=1):
        _refuse(cue, row, duration_s)
    messages: list[str] = []
    inside = [_within(cue, duration_s, timebase, words, messages) for cue in cues]
    if any(a.in_s > b.in_s for a, b in pairwise(inside)):
        messages.append(words.say("edited_sorted"))
    ordered = sorted(inside, key=lambda cue: (cue.in_s, cue.out_s))
    known = {cue.label: cue for cue in before}
    fitted = []
    for cue in _numbered(ordered, timebase, words, messages):
        old = known.get(cue.label)
        new, told = refitted(cue, old, speech, timebase.rate, words)
        fitted.append(replace(new, edited=cue.edited or (bool(before) and _edited(cue, old, timebase.rate))))
        messages.extend(told)
    messages.extend(_overlaps(fitted, timebase, words))
    return tuple(fitted), tuple(messages)


def _edited(cue: Cue, before: Cue | None, rate: FrameRate) -> bool:
    """Whether a person made it, or what a sheet holds of it differs; sheets keep times to the frame."""
    return before is None or before.edited or _told(cue, rate) != _told(before, rate)


def _told(cue: Cue, rate: FrameRate) -> tuple[object, ...]:
    fades, level = cue.fades, round(cue.level_lu, 3)
    return (
        rate.frame_at(cue.in_s), rate.frame_at(cue.out_s), cue.title, cue.function, cue.emotion, cue.tempo_bpm,
        cue.metre, cue.key, cue.mode, cue.instruments, cue.texture, cue.dynamics, level, round(fades.in_s, 3),
        fades.in_shape, round(fades.out_s, 3), fades.out_shape,
    )  # fmt: skip


def _refuse(cue: Cue, row: int, duration_s: float) -> None:
    where = f"Cue {row} of the sheet ({cue.label})"
    if not (math.isfinite(cue.in_s) and math.isfinite(cue.out_s)):
        raise BadValue(f"{where}: its times are no numbers.", value=(cue.in_s, cue.out_s), remedy="Write both times.")
    if cue.in_s < 0 or cue.out_s < 0:
        raise BadValue(
            f"{where} goes from {cue.in_s:g} to {cue.out_s:g} s, which is before the recording begins.",
            value=(cue.in_s, cue.out_s),
            remedy="Timecodes count from the recording's first frame: check the programme's start.",
        )
    if cue.out_s <= cue.in_s:
        raise BadValue(
            f"{where} ends at {cue.out_s:g} s, which is not after its in at {cue.in_s:g} s.",
            value=(cue.in_s, cue.out_s),
            remedy="Give the out a later time, or delete the row.",
        )
    if cue.in_s >= duration_s:
        raise BadValue(
            f"{where} begins at {cue.in_s:g} s, after the recording's end at {duration_s:g} s.",
            value=cue.in_s,
            remedy="Move it before the end, or delete the row.",
        )
    if max(cue.tempo_bpm) > 0 >= min(cue.tempo_bpm) or min(cue.tempo_bpm) < 0:
        low, high = cue.tempo_bpm
        raise BadValue(
            f"{where}: {low} to {high} BPM is no range of tempi.",
            value=cue.tempo_bpm,
            remedy="Write two numbers above 0, or 0 and 0 where there is no pulse.",
        )
    for kind, name, choices in (
        ("function", cue.function, FUNCTIONS),
        ("emotion", cue.emotion, EMOTIONS),
        ("status", cue.status, STATUSES),
        ("fade", cue.fades.in_shape, FADES),
        ("fade", cue.fades.out_shape, FADES),
    ):
        if name not in choices:
            raise UnknownName(kind, name, choices, where=f"cue {row} of the sheet ({cue.label})")


def _numbered(cues: Sequence[Cue], timebase: Timebase, words: Words, messages: list[str]) -> list[Cue]:
    """The cues with each number of a reel once: the first keeps it, the others get the next free ones."""
    used = {(cue.reel, cue.number) for cue in cues}
    taken: set[tuple[int, int]] = set()
    numbered = []
    for cue in cues:
        if cue.number < 1 or (cue.reel, cue.number) in taken:
            number = max(n for reel, n in used | {(cue.reel, 0)} if reel == cue.reel) + 1
            used.add((cue.reel, number))
            new = replace(cue, number=number)
            key = "edited_number" if cue.number >= 1 else "edited_no_number"
            messages.append(words.say(key, label=cue.label, time=timebase.timecode(cue.in_s), now=new.label))
            cue = new
        taken.add((cue.reel, cue.number))
        numbered.append(cue)
    return numbered


def _within(cue: Cue, duration_s: float, timebase: Timebase, words: Words, messages: list[str]) -> Cue:
    """On frames and within the recording, its tempo range the right way round."""
    rate = timebase.rate
    last = math.floor(duration_s * float(rate.fraction) + 1e-4)
    first, end = min(rate.frame_at(cue.in_s), max(last - 1, 0)), rate.frame_at(cue.out_s)
    if cue.out_s > duration_s + 0.5 / float(rate.fraction):
        messages.append(words.say("edited_end", label=cue.label, time=timebase.timecode(duration_s)))
    out_s = rate.seconds_at(max(min(end, last), first + 1))
    low, high = cue.tempo_bpm
    if low > high:
        messages.append(words.say("edited_tempo", label=cue.label, low=low, high=high))
    return replace(cue, in_s=rate.seconds_at(first), out_s=out_s, tempo_bpm=(min(low, high), max(low, high)))


def _overlaps(cues: Sequence[Cue], timebase: Timebase, words: Words) -> list[str]:
    """A message for each pair of cues that sound at once; what was rejected does not sound."""
    sounding = [cue for cue in cues if cue.status != "rejected"]
    told = []
    for i, first in enumerate(sounding):
        for second in sounding[i + 1 :]:
            if second.in_s >= first.out_s:
                break
            start, end = (timebase.timecode(t) for t in (second.in_s, min(first.out_s, second.out_s)))
            told.append(words.say("edited_overlap", first=first.label, second=second.label, start=start, end=end))
    return told
