"""The Project: one recording and everything the stages have added to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .audio import Audio
from .errors import BadValue
from .marks import Activity, CaptionIssue, Finding, LoudnessReport, Repair, SpecCheck
from .speech import Caption, CastRole, SpeakerTurn, Transcript
from .spotting import Cue, EmotionPoint, EmotionUtterance, Scene, StoryBeat
from .stage import Choice, Step
from .time import TIMEBASE_25, Span, Timebase


@dataclass(frozen=True)
class MediaInfo:
    """What the file says of itself. `subtype` is the sample format ('PCM_24', 'FLOAT', 'aac' …).

    `time_reference` is when the recording begins, in samples since midnight; `non_finite` is how many samples were NaN
    or infinite before they became silence.
    """

    path: str
    sha256: str
    container: str
    subtype: str
    rate: int
    channels: int
    layout: tuple[str, ...]
    duration_s: float
    has_video: bool = False
    timebase: Timebase = TIMEBASE_25
    time_reference: int = 0
    non_finite: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def is_float(self) -> bool:
        return self.subtype in ("FLOAT", "DOUBLE") or self.subtype.startswith(("pcm_f32", "pcm_f64"))


@dataclass(frozen=True)
class Project:
    """A recording on its way from file to deliverables. Frozen: a stage returns a new one with more filled in.

    A field that is None (or, for audio by name, absent) has not been made yet; an empty tuple was made and is empty.
    """

    media: MediaInfo
    audio: Audio
    findings: tuple[Finding, ...] | None = None
    activity: tuple[Activity, ...] | None = None
    restored: Audio | None = None
    repairs: tuple[Repair, ...] | None = None
    """The chain that made `restored`, in order."""
    removed: Mapping[str, Audio] | None = None
    """What each repair took away, by its name: restored + all of them = the source."""
    stems: Mapping[str, Audio] | None = None
    repaired: Audio | None = None
    """The dialogue after denoising: the dialogue stem's, or the programme's where it was denoised as a whole."""
    clean: Audio | None = None
    """Repaired dialogue plus the other stems, at the source's level."""
    transcript: Transcript | None = None
    translation: Transcript | None = None
    """The same speech in another language, where one was asked for."""
    turns: tuple[SpeakerTurn, ...] | None = None
    cast: tuple[CastRole, ...] | None = None
    """Who of a cast file the speakers are, where one was given."""
    emotion: tuple[EmotionPoint, ...] | None = None
    emotion_utterances: tuple[EmotionUtterance, ...] | None = None
    scenes: tuple[Scene, ...] | None = None
    beats: tuple[StoryBeat, ...] | None = None
    """Moments where something changes, of every kind, in order of time."""
    cues: tuple[Cue, ...] | None = None
    loudness_in: LoudnessReport | None = None
    loudness: LoudnessReport | None = None
    loudness_checks: tuple[SpecCheck, ...] | None = None
    master: Audio | None = None
    captions: tuple[Caption, ...] | None = None
    caption_issues: tuple[CaptionIssue, ...] | None = None
    missing: tuple[str, ...] = ()
    """What was asked for and could not be made, one sentence each with its remedy."""
    steps: tuple[Step, ...] = ()
    preset: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Room for plug-ins; JSON values."""

    @property
    def voice(self) -> str | None:
        """The name of the stem that holds what is said or sung; None where no stem does."""
        return next((name for name in ("dialogue", "vocals") if name in (self.stems or {})), None)

    @property
    def dialogue(self) -> Audio:
        """Where speech is wanted: repaired dialogue, else dialogue (or vocals) stem, else the programme."""
        return self.repaired or (self.stems or {}).get(self.voice or "") or self.programme

    @property
    def programme(self) -> Audio:
        """The whole sound with faults mended where that was done, else the source."""
        return self.restored or self.audio

    @property
    def mix(self) -> Audio:
        """What is delivered: the clean mix if there is one, else the programme."""
        return self.clean or self.programme

    @property
    def faults(self) -> tuple[Finding, ...] | None:
        """The findings that nobody dismissed: what repairs may mend."""
        return self.findings and tuple(each for each in self.findings if each.status != "dismissed")

    @property
    def speech_spans(self) -> tuple[Span, ...] | None:
        """Where speech is heard; None where nobody looked for it."""
        if self.activity is None:
            return None
        return tuple(Span(each.start_s, each.end_s) for each in self.activity if each.kind == "speech")

    def has(self, name: str) -> bool:
        """Whether a stage has filled `name` in."""
        return getattr(self, name) is not None

    def after(
        self, stage: str, choice: Choice, options: Any, *, warnings: tuple[str, ...] = (), **assigned: Any
    ) -> Project:
        """This Project with `assigned` filled in and a Step that says who did it: the way every stage ends."""
        from dataclasses import asdict

        step = Step(
            stage, choice.backend, choice.reason, asdict(options), choice.model, choice.draft, warnings,
            parts=choice.parts,
        )  # fmt: skip
        return replace(self, **assigned, steps=(*self.steps, step))

    def step(self, stage: str) -> Step | None:
        """The record of a stage, None if it did not run."""
        return next((step for step in reversed(self.steps) if step.stage == stage), None)

    def require(self, names: frozenset[str], stage: str) -> None:
        """Raises BadValue naming what `stage` needs and no earlier stage made."""
        absent = sorted(name for name in names if not self.has(name))
        if absent:
            raise BadValue(f"{stage} needs {', '.join(absent)}, which no stage has made.", value=absent)
