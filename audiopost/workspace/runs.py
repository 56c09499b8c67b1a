"""A run over a recording that people work on: what they did is told before, and kept where they wish."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..core.project import Project
from ..delivery.provenance import caption_counts
from ..presets import STAGES, stage

#: What belongs together: where a run made any of it anew, the rest of it would be about something that is gone.
PARTS: Mapping[str, tuple[str, ...]] = {
    "faults": ("diagnose",),
    "sound": ("restore", "separate", "denoise", "loudness"),
    "captions": ("transcribe", "diarise", "subtitles"),
    "feeling": ("emotion", "scenes"),
    "cues": ("cues",),
}
#: The stage on record of a mix down, which a person made of the stems.
MIXDOWN = "mixdown"
#: Parts that people work on for hours: a run may leave them as they are.
KEPT = ("captions", "cues")


@dataclass(frozen=True)
class Touched:
    """What people did to a Project's captions and cues."""

    captions: int
    captions_edited: int
    captions_reviewed: int
    cues: int
    cues_decided: int

    @property
    def parts(self) -> tuple[str, ...]:
        """Those of KEPT that a person worked on."""
        found = {"captions": self.captions_edited or self.captions_reviewed, "cues": self.cues_decided}
        return tuple(part for part in KEPT if found[part])


def touched(project: Project) -> Touched:
    """What people did to the captions and cues: edited, reviewed, accepted, rejected."""
    count, reviewed, edited = caption_counts(project.captions or ()).values()
    cues = project.cues or ()
    decided = sum(cue.edited or cue.status in ("accepted", "rejected") for cue in cues)
    return Touched(count, edited, reviewed, len(cues), decided)


def fields_of(part: str) -> tuple[str, ...]:
    """The fields of a Project that the stages of a part fill in, in alphabetical order."""
    return tuple(sorted(frozenset().union(*(stage(name).assigns for name in PARTS[part]))))


def changed_parts(before: Project, after: Project) -> tuple[str, ...]:
    """Those of KEPT in which two states of a Project differ."""
    return tuple(
        part for part in KEPT if any(getattr(before, name) != getattr(after, name) for name in fields_of(part))
    )


def taken_over(now: Project, made: Project, keep: Collection[str] = ()) -> Project:
    """`now` with what a run made (`made`) in its place, part by part; of parts that it did not work on all stays.

    `keep` names those of KEPT that stay as they are, where there is anything. Faults that a person judged before, and
    that were found again, keep the judgement.
    """
    ran = {step.stage for step in made.steps}
    kept = {part for part in keep if any(now.has(name) for name in fields_of(part))}
    new = [part for part, stages in PARTS.items() if ran & set(stages) and part not in kept]
    values: dict[str, Any] = {name: getattr(made, name) for part in new for name in fields_of(part)}
    if values.get("findings"):
        judged = {replace(each, status="open"): each for each in now.findings or ()}
        values["findings"] = tuple(judged.get(each, each) for each in values["findings"])
    replaced = {name for part in new for name in PARTS[part]}
    by_hand = {MIXDOWN} if "sound" in new else set()  # a mix of stems that are gone
    steps = [step for step in now.steps if step.stage not in replaced | by_hand]
    steps += [step for step in made.steps if step.stage in replaced or not _has_part(step.stage)]
    order = {name: place for place, name in enumerate(STAGES)}
    steps.sort(key=lambda step: order.get(step.stage, len(order)))
    return replace(now, **values, steps=tuple(steps), preset=made.preset, missing=made.missing)


def _has_part(name: str) -> bool:
    return any(name in stages for stages in PARTS.values())
