"""What stages find and propose along the time line. All times in seconds of the recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: The kinds of findings that denoising is the remedy for.
NOISE_KINDS = frozenset({"noise", "hiss"})
#: What a person decides on a finding: 'accepted' is to be mended, 'dismissed' is no fault; 'open' is undecided.
DECISIONS = ("open", "accepted", "dismissed")


@dataclass(frozen=True)
class Finding:
    """A fault: `kind` ('hum', 'clicks', 'clipping', …), `severity` 0 (audible to few) … 1 (unusable).

    `detail` states the measurement with its unit, `remedy` what helps, both for a person to read;
    `frequency_hz` where the fault has one (hum: its fundamental). `status` is one of DECISIONS.
    """

    kind: str
    start_s: float
    end_s: float
    severity: float
    detail: str
    remedy: str
    frequency_hz: float | None = None
    status: str = "open"


@dataclass(frozen=True)
class Repair:
    """One link of the chain of repairs: `name` ('hum', …, as its switch is called) because of what was found.

    `amount_percent` of the fault is taken away, by at most `max_reduction_db` (None: no limit). `done` says what was
    done, '' where it was only planned; `removed_dbfs` is the RMS of what went, None where nothing did.
    """

    name: str
    because: str
    amount_percent: float
    max_reduction_db: float | None = None
    done: str = ""
    removed_dbfs: float | None = None


def share_of(amount_percent: float, max_reduction_db: float | None) -> float:
    """The share of a fault that goes: what stays is at least the rest of the amount, and 10^(-dB/20)."""
    share = amount_percent / 100
    return share if max_reduction_db is None else min(share, 1 - 10 ** (-max_reduction_db / 20))


def counted(number: int, what: str) -> str:
    """'3 gaps', '1 gap'."""
    return f"{number} {what}" if number != 1 else f"1 {what.removesuffix('s')}"


@dataclass(frozen=True)
class Activity:
    """Where something is heard: `kind` is 'speech', 'music', 'silence', or a sound ('door slams', 'applause', …)."""

    kind: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class LoudnessReport:
    """BS.1770-4 measures; None where there is nothing to measure (silence).

    The curves hold one value every `step_s` seconds, in LUFS: short-term loudness at the end of each window, and the
    highest momentary one since the last value. `true_peaks_dbtp` holds the highest of each second.
    """

    integrated_lufs: float | None
    momentary_max_lufs: float | None
    short_term_max_lufs: float | None
    loudness_range_lu: float | None
    true_peak_dbtp: float | None
    step_s: float = 1.0
    short_term_lufs: tuple[float | None, ...] = ()
    momentary_lufs: tuple[float | None, ...] = ()
    true_peaks_dbtp: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class SpecCheck:
    """One number held against a delivery spec; `passed` is None where it could not be measured.

    What is only `recommended` and not met is a note, no failure. `low` and `high` are the limits as numbers, `remark`
    says what a person should know of the check itself.
    """

    name: str
    value: float | None
    limit: str
    passed: bool | None
    recommended: bool = False
    unit: str = ""
    low: float | None = None
    high: float | None = None
    remark: str = ""

    @property
    def verdict(self) -> str:
        """'pass', 'FAIL', 'note' (not as recommended) or 'not measured'."""
        if self.passed is None:
            return "not measured"
        return "pass" if self.passed else "note" if self.recommended else "FAIL"

    @property
    def decimals(self) -> int:
        """How many show on which side of its limit the value lies: 1, and more where it fails by less."""
        if self.unit == "Hz" or self.value is None:
            return 0
        return next((n for n in (1, 2, 3) if self._within(round(self.value, n)) == self.passed), 4)

    def _within(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def overall(checks: Sequence[SpecCheck]) -> str:
    """The verdict over all checks that count: 'FAIL' where one fails, 'not measured' where one was not, else 'pass'."""
    verdicts = {check.verdict for check in checks if not check.recommended}
    return next((verdict for verdict in ("FAIL", "not measured") if verdict in verdicts), "pass")


@dataclass(frozen=True)
class CaptionIssue:
    """A caption that breaks its style guide: `rule` is short ('cps'), `detail` states number and limit.

    `value` and `limit` are the same as numbers, or as the text concerned and what should stand there. `severity` is
    'error' (the guide is broken) or 'warning' (the guide prefers otherwise); `fixable` says that a mend may be tried.
    """

    caption: int
    start_s: float
    rule: str
    detail: str
    value: float | str | None = None
    limit: float | str | None = None
    severity: str = "error"
    fixable: bool = False
