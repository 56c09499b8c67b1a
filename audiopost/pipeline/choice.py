"""Which deliverables there are for a Project, made or not, and which of them are wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ..core.errors import UnknownName
from ..core.project import Project
from ..delivery import spotting_formats
from ..stages.separate import STEMS
from ..subtitles import FORMATS

#: The subtitle formats that every job delivers.
SUBTITLE_FORMATS = ("srt", "vtt", "ass", "ttml", "json")
#: The page of spotting notes, beside the formats of delivery/spotting_formats.py.
PAGE = "page"
_MIXES = ("clean", "removed", "master")
#: What a spotting format tells, by the stage that makes it.
_STAGE_OF = {"cues": "cues", "scenes": "scenes", "emotion": "emotion"}


@dataclass(frozen=True)
class Item:
    """One deliverable that can be chosen: `key` is 'group.name'. `needs` is the stage that has to run first, '' for
    none; `usual` ones are what a whole run delivers."""

    group: str
    name: str
    needs: str = ""
    usual: bool = True

    @property
    def key(self) -> str:
        return f"{self.group}.{self.name}"


#: What deliverables are chosen by as a whole.
GROUPS = ("audio", "film", "subtitles", "lists", "cues", "record")


class Wanted:
    """The deliverables that were asked for by key; None for all that a whole run delivers."""

    def __init__(self, keys: Collection[str] | None = None) -> None:
        self._keys = keys

    def of(self, group: str, usual: Collection[str]) -> tuple[str, ...]:
        """The names wanted of a group, in order; `usual` where nothing was chosen."""
        if self._keys is None:
            return tuple(usual)
        return tuple(key.partition(".")[2] for key in self._keys if key.partition(".")[0] == group)

    def has(self, key: str) -> bool:
        return self._keys is None or key in self._keys


def items(project: Project, sounds: Collection[str]) -> tuple[Item, ...]:
    """Everything that could be delivered of a recording; `sounds` are the names of the sound files there are."""
    return (*_sound(project, sounds), *_texts(project), *_spotting(project), *_pages(project))


def checked(keys: Collection[str], project: Project, sounds: Collection[str]) -> tuple[str, ...]:
    """`keys` of what is there, in the order of `items`. Raises UnknownName for what no recording has."""
    known = {item.key: item for item in items(project, sounds)}
    for key in keys:
        if key not in known:
            raise UnknownName("deliverable", key, known)
    return tuple(key for key, item in known.items() if key in keys and not item.needs)


def named(typed: Collection[str]) -> tuple[str, ...]:
    """What a person typed of groups and keys ('subtitles.srt,lists'), each by itself. Raises UnknownName."""
    names = [name for entry in typed for name in (part.strip() for part in entry.split(",")) if name]
    for name in names:
        if name.partition(".")[0] not in GROUPS:
            raise UnknownName("deliverable", name, GROUPS)
    return tuple(dict.fromkeys(names))


def expanded(names: Collection[str], project: Project, sounds: Collection[str]) -> tuple[str, ...]:
    """The keys of what is there that `names` mean: keys as they are, groups as what a run delivers of them.

    Raises UnknownName for a key that no recording has.
    """
    every = items(project, sounds)
    keys = [name for name in names if "." in name]
    keys += [item.key for item in every if item.group in names and item.usual]
    return checked(keys, project, sounds)


def _sound(project: Project, sounds: Collection[str]) -> Iterator[Item]:
    stems = [name for name in sounds if name not in _MIXES and not name.startswith("removed-")]
    for name in stems or (*STEMS["film"], "m_and_e"):
        yield Item("audio", name, "" if stems else "separate")
    for name in _MIXES:
        yield Item("audio", name, "" if name in sounds else "loudness" if name == "master" else "denoise")
    for name in sounds:
        if name.startswith("removed-"):
            yield Item("audio", name)
    if project.media.has_video:
        yield Item("film", "film", "" if project.master is not None else "loudness")


def _texts(project: Project) -> Iterator[Item]:
    absent = "" if project.captions is not None and project.transcript is not None else "subtitles"
    for name in FORMATS:
        if name != "rttm":
            yield Item("subtitles", name, absent, name in SUBTITLE_FORMATS)
    yield Item("lists", "dialogue_list", "" if project.transcript is not None else "transcribe")
    yield Item("lists", "rttm", "" if project.turns is not None else "diarise")


def _spotting(project: Project) -> Iterator[Item]:
    yield Item("cues", PAGE, "" if project.cues is not None else "cues")
    for name, form in spotting_formats.FORMATS.items():
        absent = "" if project.has(form.needs) else _STAGE_OF[form.needs]
        yield Item("cues", name, absent, name in spotting_formats.DEFAULTS)


def _pages(project: Project) -> Iterator[Item]:
    yield Item("record", "report")
