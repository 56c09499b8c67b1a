"""Delivery specs as data, and reports held against them. To add a spec, add an entry to SPECS."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.errors import UnknownName
from ...core.marks import LoudnessReport, SpecCheck

#: Below this share of speech a dialogue-gated spec judges the whole programme instead.
MIN_SPEECH_SHARE = 0.15


@dataclass(frozen=True)
class Spec:
    """What a delivery must measure. Levels in LUFS (= LKFS), ranges and tolerances in LU.

    `range_lu` is a recommendation. `dialogue_lufs` is set where the loudness of speech is judged; `integrated_lufs`
    is then the target of a programme with too little speech. `note` says what is approximate.
    """

    name: str
    integrated_lufs: float
    tolerance_lu: float
    true_peak_dbtp: float
    range_lu: tuple[float, float] | None = None
    dialogue_lufs: float | None = None
    note: str = ""


SPECS: dict[str, Spec] = {
    spec.name: spec
    for spec in (
        Spec("ebu-r128", -23.0, 0.2, -1.0, note="EBU R 128 v4 with the tolerance of quality control; live: 1 LU"),
        Spec("atsc-a85", -24.0, 2.0, -2.0, note="ATSC A/85, of the whole programme, not of its anchor element"),
        Spec(
            "netflix",
            -24.0,
            2.0,
            -2.0,
            range_lu=(4.0, 18.0),
            dialogue_lufs=-27.0,
            note="the gate is an open speech detector and approximates the licensed dialogue gate the spec means; "
            "the range is of the whole programme; the file itself must be at 48 kHz",
        ),
        Spec("podcast", -16.0, 1.0, -1.0),
        Spec("streaming", -14.0, 1.0, -1.0),
    )
}


@dataclass(frozen=True)
class Dialogue:
    """Ungated loudness of the stretches with speech, and their share (0..1) of the duration."""

    lufs: float | None
    share: float

    @property
    def decides(self) -> bool:
        """Whether there is enough speech to be judged by it."""
        return self.lufs is not None and self.share >= MIN_SPEECH_SHARE


def find(name: str) -> Spec:
    """The spec of that name. Raises UnknownName."""
    if name not in SPECS:
        raise UnknownName("delivery spec", name, SPECS)
    return SPECS[name]


def anchor(report: LoudnessReport, spec: Spec, dialogue: Dialogue | None = None) -> tuple[float | None, float]:
    """What `spec` judges by, and where it should lie: (measured LUFS, target LUFS)."""
    if spec.dialogue_lufs is not None and dialogue is not None and dialogue.decides:
        return dialogue.lufs, spec.dialogue_lufs
    return report.integrated_lufs, spec.integrated_lufs


def check(report: LoudnessReport, spec: Spec | str, dialogue: Dialogue | None = None) -> tuple[SpecCheck, ...]:
    """Each number of `spec` held against a measurement. Raises UnknownName.

    A dialogue-gated spec judges by `dialogue` where it holds enough speech, else by the whole programme; without
    `dialogue` nobody looked for speech, and its loudness stays unjudged.
    """
    spec = find(spec) if isinstance(spec, str) else spec
    gated = spec.dialogue_lufs is not None
    value, target = anchor(report, spec, dialogue)
    what = "integrated loudness"
    if gated and dialogue is not None:
        share = f"speech {100 * dialogue.share:.0f} %"
        what = f"dialogue loudness ({share}, open gate)" if dialogue.decides else f"integrated loudness ({share})"
    loud = _check(what, value, target - spec.tolerance_lu, target + spec.tolerance_lu, _around(target, spec))
    if gated and dialogue is None:
        loud = SpecCheck("dialogue loudness", None, _around(spec.dialogue_lufs or target, spec), None)
    peak = _check(
        "true peak", report.true_peak_dbtp, None, spec.true_peak_dbtp, f"at most {spec.true_peak_dbtp:g} dBTP"
    )
    if spec.range_lu is None:
        return loud, peak
    low, high = spec.range_lu
    return (
        loud,
        peak,
        _check("loudness range", report.loudness_range_lu, low, high, f"{low:g} to {high:g} LU, recommended"),
    )


def _around(target: float, spec: Spec) -> str:
    return f"{target:g} ±{spec.tolerance_lu:g} LUFS"


def _check(name: str, value: float | None, low: float | None, high: float, limit: str) -> SpecCheck:
    passed = None if value is None else (low is None or value >= low) and value <= high
    return SpecCheck(name, value, limit, passed)
