"""Delivery specs, one TOML file each in presets/specs, and measurements held against them."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import BadValue, UnknownName
from ...core.marks import LoudnessReport, SpecCheck
from ...core.serial import from_json
from ...dsp.k_weighting import MIN_RATE
from ...io.resources import presets_folder

#: What a spec may name in `recommended`.
_RULES = ("loudness", "true_peak_dbtp", "range_lu", "dialogue_range_lu", "rate_hz")
_MOST_RANGE_LU, _MOST_RATE_HZ = 100.0, 384_000


@dataclass(frozen=True)
class Spec:
    """What a delivery must measure. Levels in LUFS (= LKFS), ranges and tolerances in LU.

    `dialogue_lufs` is set where the loudness of speech is judged; `integrated_lufs` is then the target of a programme
    whose share of speech is under `min_speech_share`. `range_lu` bounds the programme's loudness range, and
    `dialogue_range_lu` is the most that of its speech may be. `recommended` names the rules that are advice; `note`
    says what is approximate. A master has `rate_hz`, where it is set.
    """

    name: str
    title: str
    source: str
    integrated_lufs: float
    tolerance_lu: float
    true_peak_dbtp: float
    dialogue_lufs: float | None = None
    min_speech_share: float = 0.15
    range_lu: tuple[float, float] | None = None
    dialogue_range_lu: float | None = None
    rate_hz: int | None = None
    recommended: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Dialogue:
    """The stretches with speech: their ungated loudness, loudness range, and share (0..1) of the duration."""

    lufs: float | None
    share: float
    range_lu: float | None = None

    def decides(self, spec: Spec) -> bool:
        """Whether `spec` judges by it: there is enough of it."""
        return spec.dialogue_lufs is not None and self.lufs is not None and self.share >= spec.min_speech_share


def spec_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (presets_folder() / "specs").glob("*.toml")))


def load_spec(name: str) -> Spec:
    """A spec by name ('netflix'), or out of a file of one's own ('house.toml').

    Raises UnknownName; BadValue for a file that is no spec, naming the field.
    """
    return _read(Path(name)) if name.endswith(".toml") else _shipped(name)


@functools.cache
def _shipped(name: str) -> Spec:
    if name not in spec_names():
        raise UnknownName("delivery spec", name, spec_names())
    return _read(presets_folder() / "specs" / f"{name}.toml")


def _read(path: Path) -> Spec:
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadValue(f"{path} cannot be read as a delivery spec: {error}.", value=str(path)) from error
    defaults = {"name": path.stem, "title": path.stem, "source": path.name}
    spec: Spec = from_json(Spec, {**defaults, **values}, where=path.name)
    low, high = spec.range_lu or (0.0, 0.0)
    wrong = (
        ("integrated_lufs", not -60 <= spec.integrated_lufs <= -5),
        ("dialogue_lufs", spec.dialogue_lufs is not None and not -60 <= spec.dialogue_lufs <= -5),
        ("tolerance_lu", not 0.1 <= spec.tolerance_lu <= 10),
        ("true_peak_dbtp", not -20 <= spec.true_peak_dbtp <= 0),
        ("min_speech_share", not 0 < spec.min_speech_share <= 1),
        ("range_lu", not 0 <= low <= high <= _MOST_RANGE_LU),
        ("dialogue_range_lu", spec.dialogue_range_lu is not None and not 0 < spec.dialogue_range_lu <= _MOST_RANGE_LU),
        ("rate_hz", spec.rate_hz is not None and not MIN_RATE <= spec.rate_hz <= _MOST_RATE_HZ),
        ("recommended", not set(spec.recommended) <= set(_RULES)),
    )
    for name, bad in wrong:
        if bad:
            raise BadValue(
                f"{path.name}: {name} = {getattr(spec, name)!r} makes no delivery spec.",
                value=getattr(spec, name),
                remedy="Targets lie between -60 and -5 LUFS, tolerance_lu between 0.1 and 10, true_peak_dbtp between "
                f"-20 and 0, min_speech_share over 0 up to 1, ranges up to {_MOST_RANGE_LU:g} LU, rate_hz between "
                f"{MIN_RATE} and {_MOST_RATE_HZ}; recommended names some of {', '.join(_RULES)}.",
            )
    return spec


def anchor(report: LoudnessReport, spec: Spec, dialogue: Dialogue | None = None) -> tuple[float | None, float]:
    """What `spec` judges by, and where it should lie: (measured LUFS, target LUFS)."""
    if spec.dialogue_lufs is not None and dialogue is not None and dialogue.decides(spec):
        return dialogue.lufs, spec.dialogue_lufs
    return report.integrated_lufs, spec.integrated_lufs


def check(
    report: LoudnessReport, spec: Spec | str, dialogue: Dialogue | None = None, rate_hz: int | None = None
) -> tuple[SpecCheck, ...]:
    """Each rule of `spec` held against a measurement, loudness and true peak first. Raises UnknownName, BadValue.

    A dialogue-gated spec judges by `dialogue` where it holds enough speech, else by the whole programme; without
    `dialogue` nobody looked for speech, and its loudness stays unjudged. `rate_hz` is the recording's, where known.
    """
    return tuple(_checks(report, load_spec(spec) if isinstance(spec, str) else spec, dialogue, rate_hz))


def _checks(report: LoudnessReport, spec: Spec, dialogue: Dialogue | None, rate_hz: int | None) -> Iterator[SpecCheck]:
    advice = set(spec.recommended)
    value, target = anchor(report, spec, dialogue)
    name, remark = "integrated loudness", spec.note
    if spec.dialogue_lufs is not None:
        if dialogue is None:
            name, value, target = "dialogue loudness", None, spec.dialogue_lufs
        else:
            enough = dialogue.decides(spec)
            name = "dialogue loudness" if enough else name
            share = f"speech is {100 * dialogue.share:.0f} % of the programme"
            remark = f"{share if enough else f'{share}, under {100 * spec.min_speech_share:g} %'}; {spec.note}".rstrip(
                "; "
            )
    low, high = target - spec.tolerance_lu, target + spec.tolerance_lu
    limit = f"{target:g} ±{spec.tolerance_lu:g} LUFS"
    yield _check(name, value, limit, low, high, "LUFS", "loudness" in advice, remark)
    limit = f"at most {spec.true_peak_dbtp:g} dBTP"
    peak = report.true_peak_dbtp
    yield _check("true peak", peak, limit, None, spec.true_peak_dbtp, "dBTP", "true_peak_dbtp" in advice)
    if spec.range_lu is not None:
        low, high = spec.range_lu
        limit = f"{low:g} to {high:g} LU"
        yield _check("loudness range", report.loudness_range_lu, limit, low, high, "LU", "range_lu" in advice)
    if spec.dialogue_range_lu is not None:
        most, advised = spec.dialogue_range_lu, "dialogue_range_lu" in advice
        spread = dialogue.range_lu if dialogue is not None else None
        yield _check("dialogue range", spread, f"at most {most:g} LU", None, most, "LU", advised)
    if spec.rate_hz is not None and rate_hz is not None:
        needed = float(spec.rate_hz)
        yield _check("sample rate", float(rate_hz), f"{needed:g} Hz", needed, needed, "Hz", "rate_hz" in advice)


def _check(
    name: str,
    value: float | None,
    limit: str,
    low: float | None,
    high: float,
    unit: str,
    recommended: bool,
    remark: str = "",
) -> SpecCheck:
    passed = None if value is None else (low is None or value >= low) and value <= high
    limit = f"{limit}, recommended" if recommended else limit
    return SpecCheck(name, value, limit, passed, recommended, unit, low, high, remark)
