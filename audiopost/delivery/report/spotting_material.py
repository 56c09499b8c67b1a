"""What every part of the spotting page draws from: the Project, its outline, its stills, and its language."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...core.language import tell, texts
from ...core.project import Project
from ...core.spotting import EMOTIONS
from ...core.time import Timebase
from ..cue_sheet.words import joined, shown
from .charts import MOST_TICKS, STEPS_S, Tick, TimeAxis
from .waveform import Outline


@dataclass(frozen=True)
class Material:
    """`stills` are data URIs by the time they are shown for, `scale` is the sample that reaches a waveform's edge."""

    project: Project
    language: str
    sound: Outline
    scale: float
    stills: Mapping[float, str]

    @property
    def words(self) -> Mapping[str, str]:
        """The page's texts by name: those of the cue sheet and its own."""
        every = {**texts("sheet"), **texts("report")}
        return {name: by_language[self.language] for name, by_language in every.items()}

    def say(self, key: str, /, **values: Any) -> str:
        """A text 'group.name' in the page's language."""
        return tell(key, self.language, **values)

    def name(self, kind: str, value: str) -> str:
        """The name of a value of a cue: of its 'function', 'emotion', 'status', 'mode' or 'fade'."""
        return shown(kind, value, self.language)

    def listed(self, *parts: str) -> str:
        """What there is of the parts, with commas."""
        return joined(self.language, *parts)

    def joined(self, *parts: str) -> str:
        """What there is of the parts, with semicolons."""
        return joined(self.language, *parts, mark="; ")

    def feeling(self, mood: str) -> str:
        """One or more of EMOTIONS in the page's language; other words as they are."""
        return " / ".join(self.name("emotion", each) for each in moods(mood)) or mood

    def stamp(self, time_s: float) -> str:
        return self.project.media.timebase.timecode(time_s)

    def length(self, seconds: float) -> str:
        """Minutes, seconds and frames: 1:04:12."""
        rate = self.project.media.timebase.rate
        whole, frames = divmod(rate.frame_at(max(seconds, 0.0)), rate.nominal)
        return f"{whole // 60}:{whole % 60:02d}:{frames:02d}"


def moods(mood: str) -> list[str]:
    """Those of EMOTIONS that a mood names."""
    return [name for name in re.split(r"[^a-z]+", mood.lower()) if name in EMOTIONS]


def colour(mood: str) -> str:
    """The class that paints a mood."""
    return f"e-{next(iter(moods(mood)), 'other')}"


class Stretch(TimeAxis):
    """A part of the time line, with ticks where its timecode is round."""

    def __init__(self, start_s: float, end_s: float) -> None:
        super().__init__(end_s - start_s, start_s)
        self.end_s = end_s

    def holds(self, start_s: float, end_s: float) -> bool:
        """Whether something of a span lies in it; a moment counts for the stretch that it begins."""
        return start_s < self.end_s and (end_s > self.start_s or start_s == end_s == self.start_s)

    def timecodes(self, timebase: Timebase, until_s: float, most: int = MOST_TICKS) -> list[Tick]:
        """Ticks as HH:MM:SS, none from `until_s` on."""
        step = int(next((s for s in STEPS_S if s >= 1 and self.duration_s / s <= most), STEPS_S[-1]))
        begins = timebase.timecode(self.start_s)
        said = (int(begins[:2]) * 3600 + int(begins[3:5]) * 60 + int(begins[6:8])) // step * step
        if _seconds(timebase, said) < self.start_s - 2 * step:
            said += 86_400  # timecode began anew at midnight
        ticks = []
        while (time_s := _seconds(timebase, said)) < min(self.end_s, until_s) + 1e-6:
            if time_s > self.start_s - 1e-6:
                label = f"{said // 3600 % 24:02d}:{said // 60 % 60:02d}:{said % 60:02d}"
                ticks.append(Tick(self.at(time_s), label, minor=bool(said // step % 2)))
            said += step
        return ticks


def _seconds(timebase: Timebase, said: int) -> float:
    """When a whole second of timecode begins, in seconds of the recording; `said` runs on over midnight."""
    rate = timebase.rate
    days, second = divmod(said, 86_400)
    dropped = rate.nominal // 15 if rate.drop_frame and second % 60 == 0 and second // 60 % 10 else 0
    frame = rate.parse_timecode(f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}:{dropped:02d}")
    day = rate.parse_timecode(f"23:59:59:{rate.nominal - 1:02d}") + 1
    return rate.seconds_at(frame + days * day - timebase.start_frame)


def stretches(duration_s: float, lengths_s: Sequence[float] = (120.0, 300.0, 600.0), most: int = 6) -> list[Stretch]:
    """The rows of a time line: one for a short recording, else of a length that keeps them few, ten minutes at most."""
    if duration_s <= 1.5 * lengths_s[0]:
        return [Stretch(0.0, duration_s)]
    length_s = next((each for each in lengths_s if duration_s <= most * each), lengths_s[-1])
    return [Stretch(row * length_s, (row + 1) * length_s) for row in range(math.ceil(duration_s / length_s - 1e-9))]
