"""Restore: mends what diagnose found, and nothing else. Where nothing is to be mended the audio comes back as it is.

To add a repair: write `mend` (see `link.Mend`) in a file of its own, add its line to REPAIRS in `chain.py`, and its
switch, amount and most to Options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from ...core.audio import Audio
from ...core.marks import Finding, Repair
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.stage import Backend, Choice, Progress, silent


def _amount(fault: str) -> Any:
    return option(100.0, f"share of the {fault} that is taken away", low=0.0, high=100.0, unit="%")


def _most(fault: str, default: float | None = None) -> Any:
    text = f"most by which the {fault} may be lowered; none for no limit"
    return option(default, text, low=0.0, high=120.0, unit="dB")


@dataclass(frozen=True)
class Options:
    """Which faults are mended, and how far: each repair has a switch, an amount and the most that it may do."""

    backend: str = option(AUTO, "dsp, a plug-in, auto or embedded")
    keep_removed: bool = option(True, "keep what each repair took away as sound of its own")
    polarity: bool = option(True, "turn a channel round that is its neighbour inverted, from end to end")
    polarity_amount: float = option(
        100.0, "above 0 the channel is turned round whole: half of it would be silence", low=0.0, high=100.0, unit="%"
    )
    polarity_max_reduction_db: float | None = option(
        None, "without effect: a channel is turned round or it is not", low=0.0, high=120.0, unit="dB"
    )
    soft_clipping: bool = option(True, "undo the curve that pressed crests together, where it can be told exactly")
    soft_clipping_amount: float = _amount("distortion")
    soft_clipping_max_reduction_db: float | None = _most("distortion")
    clipping: bool = option(True, "rebuild crests that were cut off")
    clipping_amount: float = _amount("distortion")
    clipping_max_reduction_db: float | None = _most("distortion")
    clipping_headroom_db: float = option(
        6.0, "most that a rebuilt crest may rise above the cut", low=0.5, high=12.0, unit="dB"
    )
    dropouts: bool = option(True, "fill gaps of up to 40 ms")
    dropouts_amount: float = _amount("gap")
    dropouts_max_reduction_db: float | None = _most("gap")
    clicks: bool = option(True, "interpolate clicks")
    clicks_amount: float = _amount("clicks")
    clicks_max_reduction_db: float | None = _most("clicks")
    clicks_ratio: float = option(
        12.0, "how many times its surroundings a click must exceed", low=6.0, high=100.0
    )  # fmt: skip
    mouth_clicks: bool = option(True, "interpolate clicks of lips and tongue in pauses and vowels")
    mouth_clicks_amount: float = _amount("mouth clicks")
    mouth_clicks_max_reduction_db: float | None = _most("mouth clicks")
    dc: bool = option(True, "take a constant offset (DC) away where it was found")
    dc_amount: float = _amount("offset")
    dc_max_reduction_db: float | None = _most("offset")
    hum: bool = option(True, "take mains hum and its harmonics away")
    hum_amount: float = _amount("hum")
    hum_max_reduction_db: float | None = _most("hum")
    rumble: bool = option(True, "high-pass where rumble was found, and only there")
    rumble_amount: float = _amount("rumble")
    rumble_max_reduction_db: float | None = _most("rumble")
    rumble_hz: float = option(40.0, "corner of the high-pass against rumble", low=15.0, high=120.0, unit="Hz")
    wind: bool = option(True, "lower the low end while wind blows into the microphone")
    wind_amount: float = _amount("wind")
    wind_max_reduction_db: float | None = _most("wind", 24.0)
    plosives: bool = option(True, "lower the low end of plosives that hit the microphone")
    plosives_amount: float = _amount("thumps")
    plosives_max_reduction_db: float | None = _most("thumps", 18.0)
    sibilance: bool = option(True, "de-ess: lower sharp sibilants to the level of the others")
    sibilance_amount: float = _amount("sharpness")
    sibilance_max_reduction_db: float | None = _most("sharpness", 8.0)
    breaths: bool = option(True, "lower loud breaths between words")
    breaths_amount: float = _amount("breaths")
    breaths_max_reduction_db: float | None = _most("breaths", 12.0)


@dataclass(frozen=True)
class Restored:
    """The mended audio, the links of the chain that did something, and by link what each took away.

    audio + every value of `removed` = the input; `removed` is empty where Options.keep_removed is off.
    """

    audio: Audio
    repairs: tuple[Repair, ...]
    removed: Mapping[str, Audio]


class Restorer(Backend, Protocol):
    """Audio to the same length, rate and layout."""

    def restore(self, audio: Audio, findings: Sequence[Finding] | None, progress: Progress) -> Restored: ...


BACKENDS = Backends(
    stage="restore", table={"dsp": "audiopost.stages.restore.dsp:Dsp"}, embedded=("dsp",), auto=("dsp",)
)


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
    return repair(audio, findings, options, progress=progress, **changes).audio


def repair(
    audio: Audio,
    findings: Sequence[Finding] | None = None,
    options: Options | None = None,
    *,
    progress: Progress = silent,
    **changes: Any,
) -> Restored:
    """As `restore`, and with it which repairs were made and what each took away."""
    return _run(audio, findings, change(options, Options, changes, "restore."), progress)[0]


def _run(
    audio: Audio, findings: Sequence[Finding] | None, options: Options, progress: Progress
) -> tuple[Restored, Choice]:
    backend, choice = BACKENDS.choose(options)
    result: Restored = backend.restore(audio, findings, progress)
    done = "; ".join(repair.done for repair in result.repairs) or "nothing to mend"
    return result, replace(choice, reason=f"{choice.reason}; {done}")


class Stage:
    """Mends the source's findings; the Step's reason says what was done."""

    name = "restore"
    requires: ClassVar[frozenset[str]] = frozenset({"findings"})
    assigns: ClassVar[frozenset[str]] = frozenset({"restored", "repairs", "removed"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        result, choice = _run(project.audio, project.faults, options, progress)
        return project.after(
            self.name, choice, options, restored=result.audio, repairs=result.repairs, removed=result.removed
        )
