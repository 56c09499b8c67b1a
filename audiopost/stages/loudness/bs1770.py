"""The embedded backend: our BS.1770-4 meter and true-peak limiter, no model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ...core.audio import Audio, FloatArray
from ...core.stage import BuiltIn, Progress
from ...dsp.limiter import limit
from ...dsp.loudness import Meter, metered
from . import Options


class BS1770(BuiltIn[Options]):
    """Measures by ITU-R BS.1770-4 and EBU Tech 3341/3342; limits with 5 ms look-ahead."""

    name: ClassVar[str] = "bs1770"
    reason: ClassVar[str] = "BS.1770-4 meter and true-peak limiter, built in"

    def measure(self, audio: Audio, progress: Progress) -> Meter:
        return metered(audio, progress)

    def amplify(self, audio: Audio, gain_db: float, ceiling_dbtp: float | None) -> Iterator[FloatArray]:
        if ceiling_dbtp is not None:
            return limit(audio, ceiling_dbtp, gain_db=gain_db)
        gain = 10 ** (gain_db / 20)
        return ((gain * block).astype("float32") for block in audio.blocks(1 << 17))
