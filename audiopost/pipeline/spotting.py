"""What a spotting session takes along: sheets, timelines, guides, the temp mix; and an edited sheet that comes back."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ..core.audio import Audio
from ..core.project import Project
from ..core.spotting import Cue
from ..core.stage import Choice, Progress, silent
from ..delivery.report.spotting import write_spotting as write_page
from ..delivery.spotting import Programme
from ..delivery.spotting_formats import DEFAULTS, write_spotting_formats
from ..io.atomic import write_bytes
from ..io.encode import FORMATS, write_sound
from ..presets import stage
from ..stages.cues import Options, loudness_of, with_tracks
from . import state
from .one_stage import apply
from .target import Target


def write_spotting(
    project: Project,
    target: Target,
    kinds: Iterable[str] = DEFAULTS,
    programme: Programme | None = None,
    *,
    page: bool = True,
) -> None:
    """Scenes, cues and the emotion curve in each of `kinds`, as far as they were made; and the spotting `page`."""
    if kinds := tuple(kinds):
        write_spotting_formats(target.path, project, target.base, kinds, programme=programme)
    if page and project.cues is not None:
        write_page(target.path("spotting", ".spotting.html"), project)


def write_guides(project: Project, target: Target, progress: Progress) -> None:
    """A guide for each cue that plays: MIDI, and sound as the target is encoded."""
    from ..music.guide import guide_audio, guide_midi

    played = [cue for cue in project.cues or () if sounds(cue)]
    for done, cue in enumerate(played):
        write_bytes(target.path(f"guide_{cue.label}_midi", f".{cue.label}.guide.mid"), guide_midi(cue))
        _write_sound(target, f"guide_{cue.label}", f"{cue.label}.guide", guide_audio(cue, project.audio.rate))
        progress("guides", done + 1, len(played))


def write_temp_mix(project: Project, target: Target, source: str, progress: Progress) -> tuple[str, ...]:
    """The mix with the cues' music under it, and that music alone; returns what a person should know of it."""
    from ..music.temp_mix import temp_mix

    made = temp_mix(project.mix, project.cues or (), source=source, dialogue=_dialogue(project), progress=progress)
    _write_sound(target, "temp_mix", "temp-mix", made.audio)
    _write_sound(target, "temp_music", "temp-music", made.music)
    return made.warnings


def sounds(cue: Cue) -> bool:
    """Whether a cue asks for music that is not there yet."""
    return cue.status in ("suggested", "accepted") and cue.function != "silence"


def _dialogue(project: Project) -> Audio | None:
    return project.dialogue if project.voice or project.repaired else None


def _write_sound(target: Target, kind: str, name: str, sound: Audio) -> None:
    encoding = target.encoding.settled(as_float=False)
    path = target.path(kind, f".{name}{FORMATS[encoding.format]}")
    write_sound(path, sound, encoding, tags={"title": f"{target.base} {name}"})
    target.encoded[kind] = encoding.describe(sound)


def from_sheet(project: Project, sheet: Path, options: Options) -> Project:
    """The Project with the cues of a sheet that a person edited in place of its own, checked and fitted anew.

    Raises BadValue and UnknownName, which name the row, and UnreadableMedia.
    """
    from ..delivery.cue_sheet.read import read_sheet
    from ..stages.cues.edited import checked

    read = read_sheet(sheet, project.media.timebase, options.language)
    cues, messages = checked(
        read.cues,
        project.media.duration_s,
        project.media.timebase,
        before=project.cues or (),
        speech=project.speech_spans or (),
        language=options.language,
    )
    if options.library is not None:
        cues = with_tracks(cues, project.speech_spans or (), options, loudness_of(project.dialogue))
    choice = Choice("sheet", f"edited by a person: {sheet.name}")
    return project.after("cues", choice, options, warnings=(*read.remarks, *messages), cues=cues)


def known_of(file: Path, project: Project) -> Project:
    """`project` with what an earlier run on the same recording found, out of its NAME.project.json; its cues too.

    Audio that the run did not keep is left out. Raises BadValue.
    """
    remedy = "Give the project file of this recording, or leave --project out."
    return replace(state.of_recording(file, project, remedy), removed=None)


#: What cues are drawn from, in the order it is found.
BEFORE = ("diagnose", "emotion", "scenes")


def prepared(project: Project, language: str, progress: Progress = silent) -> Project:
    """The Project with what cues are drawn from, as far as no stage made it yet; scenes are told in `language`."""
    for name in BEFORE:
        if project.step(name) is None:
            project = apply(project, name, progress=progress, **({"language": language} if name == "scenes" else {}))
    return project


def suggested(project: Project, options: Options, progress: Progress = silent) -> Project:
    """The Project with its music spotted anew by `options`, and what that is drawn from where it was not there."""
    return apply(without_cues(prepared(project, options.language, progress)), "cues", options, progress)


def decided(cue: Cue) -> bool:
    """Whether a person accepted, rejected or changed it."""
    return cue.edited or cue.status in ("accepted", "rejected")


def taken_over(now: Project, before: Project, spotted: Project, *, keep: bool) -> Project:
    """`now` with what `suggested` made of `before`; what people did meanwhile elsewhere stays.

    `keep` leaves the cues that a person decided on as they are, under their labels: what was suggested on top of them
    is left out, and the others take the numbers that are free.
    """
    new = [step for step in spotted.steps if step not in before.steps]
    ran = {step.stage for step in new}
    values = {name: getattr(spotted, name) for each in ran for name in stage(each).assigns}
    if keep:
        values["cues"] = beside([cue for cue in now.cues or () if decided(cue)], spotted.cues or ())
    steps = (*(step for step in now.steps if step.stage not in ran), *new)
    return replace(now, **values, steps=steps)


def beside(kept: Sequence[Cue], suggested: Sequence[Cue]) -> tuple[Cue, ...]:
    """`kept` and what of `suggested` they leave room for, in order of time; music that is there lies under anything."""
    used = {(cue.reel, cue.number) for cue in kept}
    fresh = []
    for cue in sorted(suggested, key=lambda cue: (cue.in_s, cue.out_s)):
        rivals = [other for other in kept if (other.status == "existing") >= (cue.status == "existing")]
        if any(cue.in_s < other.out_s and other.in_s < cue.out_s for other in rivals):
            continue
        number = next(n for n in itertools.count(1) if (cue.reel, n) not in used)
        used.add((cue.reel, number))
        fresh.append(replace(cue, number=number))
    return tuple(sorted((*kept, *fresh), key=lambda cue: (cue.in_s, cue.out_s)))


def without_cues(project: Project) -> Project:
    """The Project before its music was spotted, to be spotted anew."""
    return replace(project, cues=None, steps=tuple(step for step in project.steps if step.stage != "cues"))
