"""Diagnose: what is wrong with a recording, where, how badly, and what helps; and what is heard in it, and where.

To add a detector: write a class with `feed` and `findings` (see `detector.py`) in a file of its own, and add it to
the list in `dsp.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from ...core.audio import Audio
from ...core.marks import Activity, Finding
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.stage import Backend, Progress, silent
from ...core.time import Span

#: What tells sound events.
EVENTS = ("auto", "yamnet", "sensevoice", "none")


@dataclass(frozen=True)
class Options:
    """What counts as a fault."""

    backend: str = option(AUTO, "dsp, a plug-in, auto or embedded")
    min_severity: float = option(0.1, "findings milder than this are left out", low=0.0, high=1.0)
    silence_s: float = option(10.0, "shortest silence that is reported", low=0.5, high=600.0, unit="s")
    silence_dbfs: float = option(-70.0, "RMS below which it is silence", low=-120.0, high=-20.0, unit="dBFS")
    events: str = option("auto", "what hears sound events: auto takes yamnet where it is", choices=EVENTS)
    events_threshold: float = option(0.5, "how sure a sound event must be to be named", low=0.1, high=0.95)
    events_model: str | None = option(None, "folder of its model, in place of the store's", names_path=True)


class Diagnoser(Backend, Protocol):
    """Audio to speech, which the rest may lean on, to findings, and to activity."""

    def speech(self, audio: Audio, progress: Progress) -> tuple[Span, ...]:
        """Where speech is, in order and without overlap."""
        ...

    def diagnose(self, audio: Audio, speech: tuple[Span, ...], progress: Progress) -> tuple[Finding, ...]:
        """Faults, in any order."""
        ...

    def activity(
        self, audio: Audio, speech: tuple[Span, ...], findings: Sequence[Finding], progress: Progress
    ) -> tuple[Activity, ...]:
        """Speech, music, silence and sound events in order of time."""
        ...


BACKENDS = Backends(
    stage="diagnose", table={"dsp": "audiopost.stages.diagnose.dsp:Dsp"}, embedded=("dsp",), auto=("dsp",)
)


def diagnose(
    audio: Audio, options: Options | None = None, *, progress: Progress = silent, **changes: Any
) -> tuple[Finding, ...]:
    """The faults of `audio` in order of time, neighbouring events of one kind as one finding.

    Kinds: hum, clicks, mouth-clicks, clipping, soft-clipping, dropouts, dc, rumble, wind, plosives, sibilance, breaths,
    noise, hiss, polarity, phase, dead-channel, imbalance, dual-mono, level, silence, band-limited; the stage adds
    non-finite, which only the decoder sees.
    `changes` are fields of Options: `diagnose(audio, min_severity=0.3)`. Raises UnknownName, BadValue.
    """
    chosen = change(options, Options, changes, "diagnose.")
    backend, _ = BACKENDS.choose(chosen)
    return _listed(backend.diagnose(audio, backend.speech(audio, progress), progress), chosen)


def _listed(found: Sequence[Finding], options: Options) -> tuple[Finding, ...]:
    """In order of time, without the mild ones."""
    return tuple(sorted((f for f in found if f.severity >= options.min_severity), key=lambda f: (f.start_s, f.kind)))


class Stage:
    """Fills in the source's findings and where speech, music, silence and sound events are."""

    name = "diagnose"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"findings", "activity"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        backend, choice = BACKENDS.choose(options)
        speech = backend.speech(project.audio, progress)
        findings = _listed(backend.diagnose(project.audio, speech, progress), options)
        activity = backend.activity(project.audio, speech, findings, progress)
        found = (*_non_finite(project), *findings)
        return project.after(self.name, choice, options, findings=found, activity=activity)


def _non_finite(project: Project) -> tuple[Finding, ...]:
    """Samples that were not numbers are silence by now: only the decoder could see them."""
    count = project.media.non_finite
    if not count:
        return ()
    detail = f"{count} samples are NaN or infinite"
    remedy = "They are played as silence; export the file again from the program that made it."
    return (Finding("non-finite", 0.0, project.audio.duration_s, 0.8, detail, remedy),)
