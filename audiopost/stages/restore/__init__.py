"""Restore: mends what diagnose found, and nothing else. Where nothing is to be mended the audio comes back as it is.

To add a repair: write a function (Audio, …) -> iterator of blocks in a file of its own and add it to `dsp.py`'s order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from ...core.audio import Audio
from ...core.marks import Finding
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.stage import Backend, Choice, Progress, silent


@dataclass(frozen=True)
class Options:
    """Which faults are mended, and how far."""

    backend: str = option(AUTO, "dsp, a plug-in, auto or embedded")
    dc: bool = option(True, "take a constant offset away")
    hum: bool = option(True, "take mains hum and its harmonics away")
    hum_amount: float = option(1.0, "share of the hum that is taken away", low=0.0, high=1.0)
    rumble: bool = option(True, "high-pass where rumble was found")
    rumble_hz: float = option(40.0, "corner of that high-pass", low=15.0, high=120.0, unit="Hz")
    clicks: bool = option(True, "interpolate clicks")
    click_ratio: float = option(
        12.0, "how many times its surroundings a click must exceed", low=6.0, high=100.0
    )  # fmt: skip
    clipping: bool = option(True, "rebuild crests that were cut off")
    headroom_db: float = option(6.0, "most that a rebuilt crest may rise above the cut", low=0.5, high=12.0, unit="dB")
    dropouts: bool = option(True, "fill gaps of up to 20 ms")
    polarity: bool = option(True, "turn the right channel round where the whole recording is inverted")


class Restorer(Backend, Protocol):
    """Audio to the same length, rate and layout; and what was done, a few words each."""

    def restore(
        self, audio: Audio, findings: Sequence[Finding] | None, progress: Progress
    ) -> tuple[Audio, tuple[str, ...]]: ...


BACKENDS = Backends(stage="restore", table={"dsp": "audiopost.stages.restore.dsp:Dsp"}, embedded="dsp", auto=("dsp",))


def restore(
    audio: Audio,
    findings: Sequence[Finding] | None = None,
    options: Options | None = None,
    *,
    progress: Progress = silent,
    **changes: Any,
) -> Audio:
    """`audio` with the faults in `findings` mended: same length, rate and layout; bit-identical with no findings.

    With `findings=None` each repair looks for its own fault. `changes` are fields of Options:
    `restore(audio, diagnose(audio), clicks=False)`. Raises UnknownName, BadValue.
    """
    return _run(audio, findings, change(options, Options, changes, "restore."), progress)[0]


def _run(
    audio: Audio, findings: Sequence[Finding] | None, options: Options, progress: Progress
) -> tuple[Audio, Choice]:
    backend, choice = BACKENDS.choose(options)
    restored, done = backend.restore(audio, findings, progress)
    return restored, replace(choice, reason=f"{choice.reason}; {'; '.join(done) or 'nothing to mend'}")


class Stage:
    """Mends the source's findings; the Step's reason says what was done."""

    name = "restore"
    requires: ClassVar[frozenset[str]] = frozenset({"findings"})
    assigns: ClassVar[frozenset[str]] = frozenset({"restored"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        restored, choice = _run(project.audio, project.findings, options, progress)
        return project.after(self.name, choice, options, restored=restored)
