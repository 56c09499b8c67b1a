"""Diagnose: what is wrong with a recording, where, how badly, and what helps; and where speech, music, silence are.

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
from ...core.stage import Backend, Choice, Progress, silent


@dataclass(frozen=True)
class Options:
    """What counts as a fault."""

    backend: str = option(AUTO, "dsp, a plug-in, auto or embedded")
    min_severity: float = option(0.1, "findings milder than this are left out", low=0.0, high=1.0)
    silence_s: float = option(10.0, "shortest silence that is reported", low=0.5, high=600.0, unit="s")
    silence_dbfs: float = option(-70.0, "RMS below which it is silence", low=-120.0, high=-20.0, unit="dBFS")


class Diagnoser(Backend, Protocol):
    """Audio to findings in order of time, and activity."""

    def diagnose(self, audio: Audio, progress: Progress) -> tuple[Finding, ...]: ...

    def activity(self, audio: Audio, findings: Sequence[Finding], progress: Progress) -> tuple[Activity, ...]: ...


BACKENDS = Backends(stage="diagnose", table={"dsp": "audiopost.stages.diagnose.dsp:Dsp"}, embedded="dsp", auto=("dsp",))


def diagnose(
    audio: Audio, options: Options | None = None, *, progress: Progress = silent, **changes: Any
) -> tuple[Finding, ...]:
    """The faults of `audio` in order of time, neighbouring events of one kind as one finding.

    Kinds: hum, clicks, clipping, hiss, noise, rumble, dc, dropouts, phase, silence, band-limited.
    `changes` are fields of Options: `diagnose(audio, min_severity=0.3)`. Raises UnknownName, BadValue.
    """
    return _run(audio, change(options, Options, changes, "diagnose."), progress)[0]


def _run(audio: Audio, options: Options, progress: Progress) -> tuple[tuple[Finding, ...], Choice, Diagnoser]:
    backend, choice = BACKENDS.choose(options)
    found = [f for f in backend.diagnose(audio, progress) if f.severity >= options.min_severity]
    return tuple(sorted(found, key=lambda f: (f.start_s, f.kind))), choice, backend


class Stage:
    """Fills in the source's findings and where speech, music and silence are."""

    name = "diagnose"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"findings", "activity"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        findings, choice, backend = _run(project.audio, options, progress)
        activity = backend.activity(project.audio, findings, progress)
        found = (*_non_finite(project), *findings)
        return project.after(self.name, choice, options, findings=found, activity=activity)


def _non_finite(project: Project) -> tuple[Finding, ...]:
    """Samples that were not numbers are silence by now: only the decoder could see them."""
    said = [w for w in project.media.warnings if "NaN" in w or "finite" in w]
    remedy = "They are played as silence; export the file again from the program that made it."
    end = project.audio.duration_s
    return tuple(Finding("non-finite", 0.0, end, 0.8, warning, remedy) for warning in said)
