"""The cues of a Project as a person works on them: named by their labels; what hangs on a change is fitted anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ..core.errors import AudiopostError, BadValue, UnknownName
from ..core.options import change
from ..core.project import Project
from ..core.spotting import Alternative, Cue, HitPoint
from ..core.time import Span
from ..music.library import Store
from ..pipeline import spotting
from ..stages.cues import OWN, Options, library_of, with_tracks
from ..stages.cues.by_hand import cue_by_hand, redressed
from ..stages.cues.edited import checked

#: What `changed` takes: fields of a cue, and those of its fades.
FADES = {"fade_in_s": "in_s", "fade_out_s": "out_s", "fade_in_shape": "in_shape", "fade_out_shape": "out_shape"}
FIELDS = frozenset(
    ("in_s", "out_s", "function", "emotion", "tempo_bpm", "metre", "key", "mode", "instruments", "texture", "dynamics",
     "level_lu", "title", "reel", "status", *FADES)
)  # fmt: skip


class Edited(NamedTuple):
    """A Project with a change of its cues; `label` is the changed cue's ('' for none), `messages` what followed."""

    project: Project
    label: str
    messages: tuple[str, ...] = ()


def working_options(project: Project, language: str) -> Options:
    """The options that the cues were made by, without a library; by default in `language`.

    Raises BadValue, UnknownName where rules of one's own are no longer there.
    """
    step = project.step("cues")
    return change(None, Options, {"language": language, **(step.options if step else {}), "library": None}, "cues.")


def cue_of(project: Project, label: str) -> Cue:
    """The cue of a label. Raises UnknownName."""
    cues = project.cues or ()
    found = next((cue for cue in cues if cue.label == label), None)
    if found is None:
        raise UnknownName("cue", label, [cue.label for cue in cues])
    return found


def changed(project: Project, label: str, fields: Mapping[str, Any], language: str = "en") -> Edited:
    """`fields` of a cue, some of FIELDS, put in place of its own. A cue that becomes silence, or sounds from now on,
    is dressed by the rules. Raises UnknownName and BadValue.
    """
    cue = cue_of(project, label)
    for name in fields:
        if name not in FIELDS:
            raise UnknownName("field of a cue", name, sorted(FIELDS))
    status = fields.get("status", cue.status)
    if (status == "existing") != (cue.status == "existing"):
        raise BadValue(
            f"{label} is {cue.status}: it cannot become {status}.", value=status,
            remedy="Music that is in the mix already is neither accepted nor rejected; delete the cue, or add one.",
        )  # fmt: skip
    fades = replace(cue.fades, **{FADES[name]: value for name, value in fields.items() if name in FADES})
    new = replace(cue, **{name: value for name, value in fields.items() if name not in FADES}, fades=fades)
    if (new.function == "silence") != (cue.function == "silence"):
        new = redressed(project, new, working_options(project, language))
    by_lu = new.level_lu - cue.level_lu
    if by_lu and new.ducks == cue.ducks:
        new = replace(new, ducks=tuple(replace(duck, level_lu=duck.level_lu + by_lu) for duck in cue.ducks))
    if new.reel != cue.reel:
        new = replace(new, number=_free_number(project, new))
    return _settled(project, label, [new], language)


def dressed(project: Project, label: str, language: str = "en") -> Edited:
    """A cue with the tempo, key, instruments, texture and level that the rules give its function and emotion."""
    cue = cue_of(project, label)
    return _settled(project, label, [redressed(project, cue, working_options(project, language))], language)


def added(project: Project, span: Span, function: str, language: str = "en") -> Edited:
    """A new cue, dressed by the rules. Raises BadValue, UnknownName."""
    cue = cue_by_hand(project, span, working_options(project, language), function=function)
    return _settled(project, "", [replace(cue, number=_free_number(project, cue))], language)


def removed(project: Project, label: str, language: str = "en") -> Edited:
    """The cues without one of them."""
    cue_of(project, label)
    return _settled(project, label, [], language)


def split(project: Project, label: str, time_s: float, language: str = "en") -> Edited:
    """A cue as two that meet at `time_s`; the second has the next free number and no tracks yet. Raises BadValue."""
    cue, rate = cue_of(project, label), project.media.timebase.rate
    at_s = rate.snap(time_s)
    if not cue.in_s < at_s < cue.out_s:
        raise BadValue(
            f"{time_s:g} s does not lie inside {label}.", value=time_s, remedy="Put the cursor inside the cue."
        )  # fmt: skip
    first = replace(cue, out_s=at_s, fades=replace(cue.fades, out_s=0.0, out_shape="cut"), edited=True)
    second = replace(
        cue, number=_free_number(project, cue), in_s=at_s, fades=replace(cue.fades, in_s=0.0, in_shape="cut"),
        tracks=(), edited=True,
    )  # fmt: skip
    return _settled(project, label, [first, second], language)


def with_alternative(project: Project, label: str, place: int, language: str = "en") -> Edited:
    """A cue treated the other way that its alternative `place` proposes; what it was becomes an alternative."""
    cue = cue_of(project, label)
    other = _at(cue.alternatives, place, "alternative")
    before = Alternative(cue.function, cue.emotion, cue.tempo_bpm, cue.mode, cue.reason)
    asked = replace(cue, function=other.function, emotion=other.emotion)
    new = redressed(project, asked, working_options(project, language))
    alternatives = tuple(before if each is other else each for each in cue.alternatives)
    new = replace(new, tempo_bpm=other.tempo_bpm, mode=other.mode, reason=other.reason, alternatives=alternatives)
    return _settled(project, label, [new], language)


def with_hit(project: Project, label: str, time_s: float, what: str, language: str = "en") -> Edited:
    """A cue that shall meet a moment of its own, on the nearest frame; its tempo is fitted anew. Raises BadValue."""
    cue, at_s = cue_of(project, label), project.media.timebase.rate.snap(time_s)
    if not cue.in_s <= at_s < cue.out_s:
        raise BadValue(
            f"{time_s:g} s does not lie inside {label}.", value=time_s, remedy="Put the cursor inside the cue."
        )  # fmt: skip
    others = [hit for hit in cue.hits if hit.time_s != at_s]
    hits = tuple(sorted([*others, HitPoint(at_s, what, 1.0)], key=lambda hit: hit.time_s))
    return _settled(project, label, [replace(cue, hits=hits, edited=True)], language)


def without_hit(project: Project, label: str, place: int, language: str = "en") -> Edited:
    """A cue that need not meet one of its hit points; its tempo is fitted to the others."""
    cue = cue_of(project, label)
    gone = _at(cue.hits, place, "hit point")
    new = replace(cue, hits=tuple(hit for hit in cue.hits if hit is not gone), edited=True)
    return _settled(project, label, [new if new.hits else replace(new, tempo=None)], language)


def with_candidates(project: Project, label: str, dialogue_lufs: float | None, language: str = "en") -> Edited:
    """A cue with the tracks of the user's library that suit it best, in the language that the cues are told in.

    A track that was accepted stays. Raises BadValue where there is no library.
    """
    options = change(working_options(project, language), Options, {"library": _library_named(project)}, "cues.")
    (cue,) = with_tracks([cue_of(project, label)], project.speech_spans or (), options, dialogue_lufs)
    return _settled(project, label, [cue], language)


def library_size(project: Project) -> int | None:
    """How many tracks the library holds that candidates come from; None where there is none."""
    try:
        with Store(library_of(_library_named(project))) as store:
            return store.counts()["ok"]
    except AudiopostError:  # no library yet, or none that can be read: `with_candidates` says which
        return None


def _library_named(project: Project) -> str:
    step = project.step("cues")
    return str((step.options.get("library") if step else None) or OWN)


def with_track(project: Project, label: str, place: int | None, language: str = "en") -> Edited:
    """A cue that takes its candidate `place`, or none of them."""
    cue = cue_of(project, label)
    taken = None if place is None else _at(cue.tracks, place, "track")
    tracks = tuple(replace(match, accepted=match is taken) for match in cue.tracks)
    return _settled(project, label, [replace(cue, tracks=tracks)], language)


def from_sheet(project: Project, sheet: Path, language: str = "en") -> Edited:
    """The cues of an edited sheet in place of the Project's. Raises BadValue, UnknownName, UnreadableMedia."""
    new = spotting.from_sheet(project, sheet, working_options(project, language))
    return Edited(new, "", new.steps[-1].warnings)


def _at(entries: Sequence[Any], place: int, what: str) -> Any:
    if not 0 <= place < len(entries):
        raise UnknownName(what, str(place), [str(n) for n in range(len(entries))])
    return entries[place]


def _free_number(project: Project, cue: Cue) -> int:
    return max((other.number for other in project.cues or () if other.reel == cue.reel), default=0) + 1


def _settled(project: Project, label: str, new: Sequence[Cue], language: str) -> Edited:
    """The Project with `new` in place of the cue of `label`, judged; messages are those that the change brought."""
    media, before = project.media, project.cues or ()

    def judged(cues: Sequence[Cue]) -> tuple[tuple[Cue, ...], tuple[str, ...]]:
        speech = project.speech_spans or ()
        return checked(cues, media.duration_s, media.timebase, before=before, speech=speech, language=language)

    others = [cue for cue in before if cue.label != label]
    # In order of time already: that a list was sorted is news for a sheet alone.
    cues, messages = judged(sorted([*others, *new], key=lambda cue: (cue.in_s, cue.out_s)))
    known = judged(before)[1]
    told = tuple(message for message in messages if message not in known)
    return Edited(replace(project, cues=cues), new[0].label if new else "", told)
