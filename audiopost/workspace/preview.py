"""A stretch of a recording by the chain as it is set, or with one fault mended: to be heard before all is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from ..core.audio import Audio, difference
from ..core.errors import BadValue
from ..core.marks import Activity, Finding
from ..core.project import Project
from ..core.time import Span
from ..dsp.loudness import Meter
from ..presets import stage
from ..stages import restore
from ..stages.restore.trying import Effects, trying
from . import chain
from .desk import Preview

#: Seconds before and after the stretch that repairs hear too, so that it sounds as the whole render would.
CONTEXT_S = 1.0
LENGTH_S = 10.0
_PART_S = 0.4

T = TypeVar("T", Finding, Activity)


@dataclass(frozen=True)
class Heard:
    """What a preview came to: the new sound, what was taken away, and the numbers of both.

    Loudness in LUFS, floor (the quietest tenth of stretches of 0.4 s) and `removed_dbfs` as RMS in dBFS; None for
    silence. `repairs` says what each link did.
    """

    made: Preview
    removed: Preview
    before_lufs: float | None
    after_lufs: float | None
    before_floor_dbfs: float | None
    after_floor_dbfs: float | None
    removed_dbfs: float | None
    repairs: tuple[tuple[str, str, float | None], ...]


def stretch(project: Project, at_s: float, length_s: float = LENGTH_S) -> Span:
    """`length_s` around a time, within the recording."""
    duration = project.audio.duration_s
    start = min(max(at_s - length_s / 2, 0.0), max(duration - length_s, 0.0))
    return Span(start, min(start + length_s, duration))


def preview(project: Project, span: Span) -> Heard:
    """The chain as it is set over a stretch; the denoiser too, where it runs. Raises BadValue, MissingModel."""
    now = chain.chain(project)
    part, inside = _excerpt(project, span, chain.to_mend(project))
    old = part.programme
    restored = _restored(part, now.restore)
    made, sound = restored, restored.programme
    if now.denoised:
        made = stage("denoise")(restored, now.denoise, _silent)
        sound = made.mix
        if made.stems:  # they were split from the sound as it was mended then
            sound = _sum(sound, difference(restored.programme, old))
    return _heard(part.audio, sound, inside, span, "dialogue.track_preview", made)


def remedy(project: Project, finding: Finding, span: Span) -> Heard:
    """One fault mended over a stretch, and nothing else. Raises BadValue for one that no repair is for."""
    link = chain.link_of(finding)
    if not link:
        raise BadValue(f"No repair mends {finding.kind}.", value=finding.kind, remedy=finding.remedy)
    part, inside = _excerpt(project, span, (finding,))
    switched: dict[str, Any] = {link: True}
    options = replace(chain.chain(project).restore, **switched)
    restored = _restored(part, options)
    return _heard(part.audio, restored.programme, inside, span, "listen.track_remedy", restored)


#: So many effects of links on stretches are kept, 5 MB each.
_effects = Effects(12)


def _restored(part: Project, options: restore.Options) -> Project:
    with trying(_effects):
        return stage("restore")(replace(part, restored=None), options, _silent)


def _silent(step: str, completed: float, total: float) -> None:
    """Previews report no progress."""


def _excerpt(project: Project, span: Span, faults: Sequence[Finding]) -> tuple[Project, Span]:
    """A Project of the stretch with context, and where the stretch lies in it."""
    if span.duration_s <= 0:
        raise BadValue(
            "There is no sound at that time.", value=span.start_s, remedy="Move the cursor into the recording."
        )
    outer = Span(max(span.start_s - CONTEXT_S, 0.0), min(span.end_s + CONTEXT_S, project.audio.duration_s))

    def cut(audio: Audio) -> Audio:
        return audio.between(outer.start_s, outer.end_s)

    part = Project(
        replace(project.media, duration_s=outer.duration_s),
        cut(project.audio),
        findings=_moved(faults, outer),
        activity=None if project.activity is None else _moved(project.activity, outer),
        restored=cut(project.restored) if project.restored is not None else None,
        stems={name: cut(stem) for name, stem in project.stems.items()} if project.stems else None,
        steps=project.steps,
    )
    return part, Span(span.start_s - outer.start_s, span.end_s - outer.start_s)


def _moved(marks: Sequence[T], outer: Span) -> tuple[T, ...]:
    """What lies in a stretch, in its own time."""
    return tuple(
        replace(
            mark,
            start_s=max(mark.start_s - outer.start_s, 0.0),
            end_s=min(mark.end_s - outer.start_s, outer.duration_s),
        )
        for mark in marks
        if mark.start_s < outer.end_s and mark.end_s > outer.start_s
    )


def _sum(a: Audio, b: Audio) -> Audio:
    return Audio(a.samples + b.samples, a.rate, a.layout)


def _heard(source: Audio, sound: Audio, inside: Span, span: Span, title: str, made: Project) -> Heard:
    before, after = (each.between(inside.start_s, inside.end_s) for each in (source, sound))
    gone = Audio(before.samples - after.samples, before.rate, before.layout)
    return Heard(
        Preview(title, span.start_s, after),
        Preview(f"{title}_removed", span.start_s, gone),
        _lufs(before),
        _lufs(after),
        _floor(before),
        _floor(after),
        _rms_dbfs(gone.samples),
        tuple((repair.name, repair.done, repair.removed_dbfs) for repair in made.repairs or ()),
    )


def _lufs(audio: Audio) -> float | None:
    meter = Meter(audio.rate, audio.layout, true_peak=False)
    meter.push(audio.samples)
    return meter.report().integrated_lufs


def _floor(audio: Audio) -> float | None:
    """The level that a tenth of the stretch lies below: what is there when nobody speaks."""
    size = max(round(_PART_S * audio.rate), 1)
    levels = [_rms_dbfs(audio.read(start, min(start + size, audio.frames))) for start in range(0, audio.frames, size)]
    known = sorted(level for level in levels if level is not None)
    return known[len(known) // 10] if known else None


def _rms_dbfs(samples: Any) -> float | None:
    mean = float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0
    return round(10 * float(np.log10(mean)), 1) if mean > 0 else None
