"""What cue sheets and marker files are made of: a recording's cues, scenes and feelings, and how to tell them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from ..core.language import LANGUAGES
from ..core.project import Project
from ..core.serial import from_json, to_json
from ..core.spotting import Cue, EmotionPoint, Scene
from ..core.time import TIMEBASE_25, Timebase

T = TypeVar("T")


@dataclass(frozen=True)
class Programme:
    """The head of a performing rights cue sheet, as societies ask for it; '' is left for a person to fill in."""

    title: str = ""
    original_title: str = ""
    episode_title: str = ""
    episode_number: str = ""
    production_number: str = ""
    production_company: str = ""
    broadcaster: str = ""
    country: str = ""
    year: str = ""
    director: str = ""
    first_broadcast: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Spotting:
    """One recording as the writers of `spotting_formats` take it; times in seconds of the recording.

    `name` is the recording's, `sample_rate` what positions in samples count in, `language` one of language.LANGUAGES.
    `scenes` and `emotion` are None where no stage made them.
    """

    name: str
    cues: tuple[Cue, ...] = ()
    timebase: Timebase = TIMEBASE_25
    duration_s: float = 0.0
    scenes: tuple[Scene, ...] | None = None
    emotion: tuple[EmotionPoint, ...] | None = None
    sample_rate: int = 48_000
    language: str = "en"
    programme: Programme = Programme()

    @classmethod
    def of(cls, project: Project, name: str, *, programme: Programme | None = None) -> Spotting:
        """What a Project has of it, in the language that its cues were told in.

        The programme is named after the recording unless `programme` says otherwise.
        """
        media = project.media
        name = name.encode("utf-8", "backslashreplace").decode()  # a file name may hold bytes that are no text
        return cls(
            name,
            _writable(tuple[Cue, ...], project.cues or ()),
            media.timebase,
            media.duration_s,
            _writable(tuple[Scene, ...] | None, project.scenes),
            project.emotion,
            media.rate,
            language_of(project),
            _writable(Programme, programme or Programme(title=name)),
        )

    @property
    def end_s(self) -> float:
        """Where a timeline of it ends: the recording's end, or what reaches beyond."""
        ends = [cue.out_s for cue in self.cues] + [scene.end_s for scene in self.scenes or ()]
        return max([self.duration_s, *ends])


def _writable(kind: Any, values: T) -> T:
    """`values`, which are a `kind`, with '?' for bytes of file names that are no text: hardly a format holds them."""
    text = json.dumps(to_json(values), ensure_ascii=False)
    clean = text.encode("utf-8", "replace").decode()
    return values if clean == text else cast(T, from_json(kind, json.loads(clean)))


def language_of(project: Project) -> str:
    """The language that the cues, else the scenes, were told in."""
    steps = (project.step(stage) for stage in ("cues", "scenes"))
    told = (str(step.options["language"]) for step in steps if step and step.options.get("language") in LANGUAGES)
    return next(told, "en")
