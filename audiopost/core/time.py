"""Time: spans in seconds, frame rates as fractions, SMPTE timecode. The one place where they convert."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from .errors import BadValue


@dataclass(frozen=True, order=True)
class Span:
    """Half-open [start_s, end_s) in seconds; `a & b` is the overlap (or None), `a | b` the hull."""

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not (self.start_s >= 0 and self.end_s >= self.start_s):
            raise BadValue(
                f"A span must satisfy 0 <= start <= end, got {self.start_s} to {self.end_s} seconds.",
                value=(self.start_s, self.end_s),
            )

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def middle_s(self) -> float:
        return (self.start_s + self.end_s) / 2

    def __and__(self, other: Span) -> Span | None:
        start, end = max(self.start_s, other.start_s), min(self.end_s, other.end_s)
        return Span(start, end) if end > start else None

    def __or__(self, other: Span) -> Span:
        return Span(min(self.start_s, other.start_s), max(self.end_s, other.end_s))

    def __contains__(self, time_s: float) -> bool:
        return self.start_s <= time_s < self.end_s


def merge_spans(spans: list[Span] | tuple[Span, ...], gap_s: float = 0.0) -> list[Span]:
    """Sorted spans with those that overlap, or lie at most `gap_s` apart, joined."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start_s - merged[-1].end_s <= gap_s:
            merged[-1] = merged[-1] | span
        else:
            merged.append(span)
    return merged


_RATES = {
    "23.976": Fraction(24000, 1001),
    "23.98": Fraction(24000, 1001),
    "29.97": Fraction(30000, 1001),
    "59.94": Fraction(60000, 1001),
}
_TIMECODE = re.compile(r"^(\d{1,2}):([0-5]\d):([0-5]\d)([:;.])(\d{1,2})$")


@dataclass(frozen=True)
class FrameRate:
    """Frames a second as a fraction, and whether the timecode drops frame numbers (29.97 and 59.94 only)."""

    fraction: Fraction
    drop_frame: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.fraction <= 240:
            raise BadValue(f"A frame rate lies between 1 and 240, got {self.fraction}.", value=self.fraction)
        if self.drop_frame and self.fraction not in (Fraction(30000, 1001), Fraction(60000, 1001)):
            raise BadValue(
                f"Drop-frame timecode exists at 29.97 and 59.94 only, got {float(self.fraction):g}.",
                value=self.fraction,
                remedy="Leave out 'df'.",
            )

    @classmethod
    def parse(cls, text: str) -> FrameRate:
        """'25', '23.976', '29.97df', '30000/1001', '59.94 DF'. Raises BadValue."""
        clean = text.strip().lower().replace(" ", "")
        drop = clean.endswith("df") and not clean.endswith("ndf")
        number = re.sub(r"n?df$", "", clean)
        try:
            return cls(_RATES.get(number) or Fraction(number), drop)
        except (ValueError, ZeroDivisionError) as error:
            raise BadValue(
                f"{text!r} is not a frame rate.",
                value=text,
                choices=("23.976", "24", "25", "29.97", "29.97df", "30", "50", "59.94", "59.94df", "60"),
            ) from error

    @property
    def nominal(self) -> int:
        """The integer that timecode counts in: 24 for 23.976, 30 for 29.97."""
        return round(self.fraction)

    def __str__(self) -> str:
        number = f"{float(self.fraction):.3f}".rstrip("0").rstrip(".")
        return number + ("df" if self.drop_frame else "")

    def frame_at(self, time_s: float) -> int:
        """The number of the frame nearest to a time, counted from 0."""
        return round(Fraction(time_s) * self.fraction)

    def seconds_at(self, frame: int) -> float:
        return float(frame / self.fraction)

    def snap(self, time_s: float) -> float:
        """The time of the nearest frame."""
        return self.seconds_at(self.frame_at(time_s))

    def timecode(self, frame: int) -> str:
        """HH:MM:SS:FF (HH:MM:SS;FF with drop-frame) of a frame number; wraps at 24 hours (SMPTE ST 12-1)."""
        n = self.nominal
        if self.drop_frame:
            drop, per_minute = n // 15, n * 60 - n // 15
            per_ten = per_minute * 10 + drop
            tens, rest = divmod(frame % (per_ten * 144), per_ten)
            frame = frame % (per_ten * 144) + drop * 9 * tens
            if rest >= drop:
                frame += drop * ((rest - drop) // per_minute)
        seconds, frames = divmod(frame, n)
        hours, seconds = divmod(seconds, 3600)
        separator = ";" if self.drop_frame else ":"
        return f"{hours % 24:02d}:{seconds // 60:02d}:{seconds % 60:02d}{separator}{frames:02d}"

    def parse_timecode(self, text: str) -> int:
        """The frame number of a timecode. Raises BadValue for what is no timecode, or a dropped number."""
        match = _TIMECODE.match(text.strip())
        if not match:
            raise BadValue(f"{text!r} is not a timecode.", value=text, remedy="Write HH:MM:SS:FF, like 01:00:00:00.")
        hours, minutes, seconds, frames = (int(match[i]) for i in (1, 2, 3, 5))
        if hours > 23 or frames >= self.nominal:
            raise BadValue(
                f"{text!r} is not a timecode at {self} frames a second.",
                value=text,
                remedy=f"Hours end at 23, frames at {self.nominal - 1}.",
            )
        total_minutes = hours * 60 + minutes
        frame = (total_minutes * 60 + seconds) * self.nominal + frames
        if self.drop_frame:
            drop = self.nominal // 15
            if seconds == 0 and frames < drop and minutes % 10:
                raise BadValue(f"Drop-frame timecode has no {text!r}.", value=text, remedy=f"Use frame {drop:02d}.")
            frame -= drop * (total_minutes - total_minutes // 10)
        return frame


PAL = FrameRate(Fraction(25))


@dataclass(frozen=True)
class Timebase:
    """How seconds of the recording are written as timecode: the rate, and the timecode of its first frame."""

    rate: FrameRate = PAL
    start_timecode: str = "00:00:00:00"

    def __post_init__(self) -> None:
        self.rate.parse_timecode(self.start_timecode)

    @property
    def start_frame(self) -> int:
        return self.rate.parse_timecode(self.start_timecode)

    def timecode(self, time_s: float) -> str:
        return self.rate.timecode(self.start_frame + self.rate.frame_at(time_s))

    def seconds(self, timecode: str) -> float:
        """Seconds since the first frame. Raises BadValue."""
        return self.rate.seconds_at(self.rate.parse_timecode(timecode) - self.start_frame)


TIMEBASE_25 = Timebase()


def clock(time_s: float, decimals: int = 0) -> str:
    """H:MM:SS or M:SS for people."""
    scale = 10**decimals
    ticks = round(time_s * scale)
    whole, rest = divmod(ticks, scale)
    fraction = f".{rest:0{decimals}d}" if decimals else ""
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{seconds:02d}{fraction}" if hours else f"{minutes}:{seconds:02d}{fraction}"
