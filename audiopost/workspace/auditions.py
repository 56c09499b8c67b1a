"""Cues heard before anything is decided: their guide, or a track of the library, under the dialogue at its level."""

from __future__ import annotations

import json
from dataclasses import replace

from ..core.audio import Audio
from ..core.spotting import Cue
from ..core.time import Span
from ..dsp.loudness import MIN_RATE, integrated_loudness
from ..music.temp_mix import heard_under
from .cache import Cache
from .cues import cue_of
from .desk import Desk, Preview
from .tracks import version_of

#: Longest stretch that is rendered to be heard at once, in seconds, and how much before a cue is heard.
LONGEST_S, LEAD_S = 60.0, 3.0


def guide_of(desk: Desk, label: str, at_s: float) -> Preview:
    """The mix with a cue's guide under it, where the temp mix would have it. Raises UnknownName, BadValue.

    The whole cue with some seconds around it; of a long one a stretch that begins shortly before `at_s`.
    """
    return _heard(desk, cue_of(desk.project, label), "guides", at_s, "cuespage.preview_guide")


def track_of(desk: Desk, label: str, place: int, at_s: float) -> Preview:
    """The mix with a candidate of a cue under it, cut as proposed. Raises UnknownName, BadValue."""
    cue = cue_of(desk.project, label)
    match = cue.tracks[place : place + 1] if place >= 0 else ()
    return _heard(desk, replace(cue, tracks=match), "tracks", at_s, "cuespage.preview_track")


def dialogue_loudness(desk: Desk) -> float | None:
    """How loud the dialogue is, which tracks are laid against; measured once for each state of it."""
    return _loudness(desk, desk.project.dialogue)


def stretch(cue: Cue, at_s: float, duration_s: float) -> Span:
    """What is heard of a cue in a recording of `duration_s`: see `guide_of`."""
    start_s, end_s = max(cue.in_s - LEAD_S, 0.0), min(cue.out_s + LEAD_S, duration_s)
    if end_s - start_s > LONGEST_S:
        start_s = min(max(start_s, at_s - LEAD_S), end_s - LONGEST_S)
        end_s = start_s + LONGEST_S
    return Span(start_s, end_s)


def _heard(desk: Desk, cue: Cue, source: str, at_s: float, title: str) -> Preview:
    project = desk.project
    span = stretch(cue, at_s, project.mix.duration_s)
    start_s = round(span.start_s * project.mix.rate) / project.mix.rate
    made = heard_under(
        project.mix, cue, Span(start_s, span.end_s), source=source,
        dialogue=project.dialogue if project.voice or project.repaired else None,
        programme_lufs=_loudness(desk, project.mix),
    )  # fmt: skip
    return Preview(title, start_s, made.audio)


def _loudness(desk: Desk, audio: Audio) -> float | None:
    """Integrated loudness in LUFS, None for silence; kept beside the recording, since a film takes a while."""
    cache, version = Cache(desk.cache), version_of(audio)
    if (known := cache.get(version, "lufs.json")) is not None:
        found: float | None = json.loads(known)
        return found
    lufs = integrated_loudness(audio) if audio.rate >= MIN_RATE else None
    cache.put(version, "lufs.json", json.dumps(lufs).encode())
    return lufs
