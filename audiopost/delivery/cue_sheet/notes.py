"""Spotting notes as a person reads them, in their language: what the PDF and the HTML page both show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from ...core.language import tell
from ...core.music import TrackMatch
from ...core.spotting import Cue
from ...core.time import clock
from ..scene_list import scene_cells, scene_titles
from ..spotting import Spotting
from .cells import number
from .facts import alternative, music, tempo, tempo_range, track_name
from .words import frame_rate, joined, shown

Table = Sequence[Sequence[str]]
#: Characters of a reason that the overview shows.
_BRIEF = 110


@dataclass(frozen=True)
class Plot:
    """A cue's curve, its length taken as 1: (place, arousal, valence); hit points as (place, force)."""

    points: tuple[tuple[float, float, float], ...]
    hits: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Card:
    """One cue in full. `facts` are names and values; `hits` rows under `Notes.hit_titles`."""

    label: str
    feel: str
    status: str
    status_shown: str
    times: str
    title: str
    reason: str
    sure: str
    facts: tuple[tuple[str, str], ...]
    hits: Table
    alternatives: tuple[str, ...]
    tracks: tuple[str, ...]
    plot: Plot | None


@dataclass(frozen=True)
class Notes:
    """The whole page: head, overview (a line a cue), a card a cue, scenes. `empty` says so where there are no cues."""

    name: str
    kind: str
    header: str
    summary: str
    empty: str
    overview_titles: tuple[str, ...]
    overview: Table
    statuses: tuple[str, ...]
    hit_titles: tuple[str, ...]
    cards: tuple[Card, ...]
    scene_titles: tuple[str, ...]
    scenes: Table

    @property
    def text(self) -> str:
        """Every character that the page may show, for the choice of a font."""
        return repr(self)


def header(spotting: Spotting) -> str:
    """What stands at the head of a page: name, start timecode, frame rate."""
    timebase = spotting.timebase
    rate = frame_rate(timebase.rate)
    return tell("sheet.header", spotting.language, name=spotting.name, start=timebase.timecode(0.0), rate=rate)


def notes(spotting: Spotting) -> Notes:
    language = spotting.language

    def told(*keys: str) -> tuple[str, ...]:
        return tuple(tell(f"sheet.{key}", language) for key in keys)

    kind, empty = told("notes", "no_cues")
    return Notes(
        spotting.name,
        kind,
        header(spotting),
        summary(spotting),
        "" if spotting.cues else empty,
        told("cue", "in", "out", "length", "feel", "tempo", "music", "why"),
        [_line(cue, spotting) for cue in spotting.cues],
        tuple(cue.status for cue in spotting.cues),
        told("when", "what", "strength", "beat", "off"),
        tuple(_card(cue, spotting) for cue in spotting.cues),
        tuple(scene_titles(language)),
        [[str(cell) for cell in scene_cells(s, spotting.timebase, language)] for s in spotting.scenes or ()],
    )


def summary(spotting: Spotting) -> str:
    """How many cues there are, and how much music in how long a recording."""
    sounding = [cue for cue in spotting.cues if cue.function != "silence" and cue.status != "rejected"]
    music_s = sum(max(cue.duration_s, 0.0) for cue in sounding)
    length = clock(spotting.duration_s)
    return tell("sheet.summary", spotting.language, cues=len(spotting.cues), music=clock(music_s), length=length)


def _line(cue: Cue, spotting: Spotting) -> list[str]:
    timebase, language = spotting.timebase, spotting.language
    taken = cue.track
    plays = cue.title or (_track_name(taken) if taken else joined(language, *cue.instruments))
    silent = cue.function == "silence"
    return [
        cue.label,
        timebase.timecode(cue.in_s),
        timebase.timecode(cue.out_s),
        clock(cue.duration_s, 1),
        _feel(cue, language),
        "" if silent else tempo_range(cue.tempo_bpm),
        "" if silent else plays,
        brief(cue.reason),
    ]


def brief(text: str) -> str:
    """What fits a line or two of the overview; Chinese characters are twice as wide."""
    room = _BRIEF
    for index, char in enumerate(text):
        room -= 2 if east_asian_width(char) in "WF" else 1
        if room < 0:
            return text[:index].rstrip() + "…"
    return text


def _feel(cue: Cue, language: str) -> str:
    return f"{shown('function', cue.function, language)} · {shown('emotion', cue.emotion, language)}"


def _track_name(match: TrackMatch) -> str:
    name = track_name(match.track)
    return f"{name} ({match.track.artist})" if match.track.artist else name


def _card(cue: Cue, spotting: Spotting) -> Card:
    timebase, language = spotting.timebase, spotting.language
    return Card(
        cue.label,
        _feel(cue, language),
        cue.status,
        shown("status", cue.status, language),
        f"{timebase.timecode(cue.in_s)} – {timebase.timecode(cue.out_s)}  ({clock(cue.duration_s, 1)})",
        cue.title,
        cue.reason,
        tell("sheet.sure", language, percent=round(100 * cue.confidence)),
        tuple(_facts(cue, language)),
        [
            [
                timebase.timecode(hit.time_s),
                hit.what,
                number(hit.strength, 2),
                "" if hit.beat is None else str(hit.beat),
                "" if hit.error_frames is None else f"{hit.error_frames:+.1f}",
            ]
            for hit in cue.hits
        ],
        tuple(joined(language, alternative(each, language), each.reason, mark=": ") for each in cue.alternatives),
        tuple(_track(match, language) for match in cue.tracks),
        _plot(cue),
    )


def _facts(cue: Cue, language: str) -> Iterator[tuple[str, str]]:
    """Names and values."""
    if cue.function != "silence" and (said := _tempo(cue, language)):
        yield tell("sheet.tempo", language), said
    yield from ((tell(f"sheet.{name}", language), value) for name, value in music(cue, language))


def _tempo(cue: Cue, language: str) -> str:
    """The range, and what meets the hit points; of existing music, which has none to meet, its own tempo."""
    if cue.tempo is None or not cue.hits:
        return tempo(cue.tempo_bpm)
    rms, worst = f"{cue.tempo.rms_frames:.1f}", f"{cue.tempo.worst_frames:.1f}"
    span = tempo_range(cue.tempo_bpm)
    return tell("sheet.tempo_fit", language, span=span, bpm=number(cue.tempo.bpm, 2), rms=rms, worst=worst)


def _track(match: TrackMatch, language: str) -> str:
    """Name, how well it fits, reasons; one that a person put in has been measured against nothing."""
    fits = f", {round(100 * match.score)} %" if match.reasons else ""
    taken = f" [{tell('sheet.taken', language)}]" if match.accepted else ""
    reasons = joined(language, *match.reasons, mark="; ")
    return joined(language, f"{_track_name(match)}{fits}{taken}", reasons, mark=": ")


def _plot(cue: Cue) -> Plot | None:
    if len(cue.curve) < 2 or cue.duration_s <= 0:
        return None

    def place(time_s: float) -> float:
        return min(max((time_s - cue.in_s) / cue.duration_s, 0.0), 1.0)

    points = tuple((place(p.time_s), p.arousal, p.valence) for p in cue.curve)
    return Plot(points, tuple((place(hit.time_s), hit.strength) for hit in cue.hits))
