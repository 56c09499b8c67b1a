"""Our own signal processing: one repair after the other, each reading what the one before it wrote."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from ...analysis.hum import HumTone
from ...core.audio import Audio, FloatArray
from ...core.marks import Finding
from ...core.stage import BuiltIn, Progress
from ...core.time import Span
from ...dsp import blocks
from ...io.scratch import spool
from . import Options, hum, repairs


class Dsp(BuiltIn[Options]):
    """Polarity, clipping, dropouts, clicks, then DC, hum and rumble: filters come after what would ring in them."""

    name: ClassVar[str] = "dsp"
    reason: ClassVar[str] = "needs nothing but numpy and scipy"

    def restore(
        self, audio: Audio, findings: Sequence[Finding] | None, progress: Progress
    ) -> tuple[Audio, tuple[str, ...]]:
        steps: dict[str, Callable[[Audio, list[Finding] | None], tuple[Audio, str]]] = {
            "polarity": self._polarity,
            "clipping": self._clipping,
            "dropouts": self._dropouts,
            "clicks": self._clicks,
            "dc": self._dc,
            "hum": self._hum,
            "rumble": self._rumble,
        }
        done = []
        for number, (fault, step) in enumerate(steps.items()):
            progress(f"restore: {fault}", number, len(steps))
            found = None if findings is None else [f for f in findings if f.kind == _KINDS.get(fault, fault)]
            if getattr(self.options, fault) and (found is None or found):
                audio, what = step(audio, found)
                done += [what] if what else []
        progress("restore", len(steps), len(steps))
        return audio, tuple(done)

    def _polarity(self, audio: Audio, found: list[Finding] | None) -> tuple[Audio, str]:
        if not {"L", "R"} <= set(audio.layout):
            return audio, ""
        left, right = audio.layout.index("L"), audio.layout.index("R")
        sums = np.zeros(3)
        for block in audio.blocks(1 << 16):
            a, b = block[left], block[right]
            sums += (float(a @ a), float(b @ b), float(a @ b))
        if sums[2] > -0.8 * np.sqrt(sums[0] * sums[1]) or sums[2] == 0:
            return audio, ""
        sign = np.ones((audio.channels, 1), np.float32)
        sign[right] = -1
        return spool((block * sign for block in audio.blocks(1 << 16)), like=audio), "right channel turned round"

    def _clipping(self, audio: Audio, found: list[Finding] | None) -> tuple[Audio, str]:
        headroom = self.options.headroom_db
        return _mended(
            audio, functools.partial(repairs.without_clipping, headroom_db=headroom), found, "crests rebuilt"
        )

    def _dropouts(self, audio: Audio, found: list[Finding] | None) -> tuple[Audio, str]:
        return _mended(audio, repairs.without_dropouts, found, "gaps filled")

    def _clicks(self, audio: Audio, found: list[Finding] | None) -> tuple[Audio, str]:
        ratio = self.options.click_ratio
        return _mended(audio, functools.partial(repairs.without_clicks, ratio=ratio), found, "clicks interpolated")

    def _dc(self, audio: Audio, found: list[Finding] | None) -> tuple[Audio, str]:
        total = np.zeros(audio.channels)
        for block in audio.blocks(1 << 16):
            total += block.sum(axis=1, dtype=np.float64)
        mean = (total / max(audio.frames, 1)).astype(np.float32)[:, np.newaxis]
        size = float(np.abs(mean).max())
        if found is None and size < 2e-3:
            return audio, ""
        return spool((block - mean for block in audio.blocks(1 << 16)), like=audio), f"DC of {100 * size:.2f} % removed"

    def _hum(self, audio: Audio, found: list[Finding] | None) -> tuple[Audio, str]:
        tones = hum.find(audio)
        if found is not None:
            tones = [_trusted(t, found) for t in tones] or [
                HumTone(f.start_s, f.end_s, f.frequency_hz, tuple(range(1, 9)), -60.0) for f in found if f.frequency_hz
            ]
        if not tones or not self.options.hum_amount:
            return audio, ""
        frequency = float(np.median([t.frequency_hz for t in tones]))
        lines = sorted({k for t in tones for k in t.harmonics})
        tones = [replace(t, harmonics=tuple(lines)) for t in tones]
        mended = spool(hum.without_hum(audio, tones, self.options.hum_amount), like=audio)
        return mended, f"hum at {frequency:.2f} Hz: {len(lines)} harmonics cut"

    def _rumble(self, audio: Audio, found: list[Finding] | None) -> tuple[Audio, str]:
        if found is None:
            return audio, ""  # a high-pass is not for recordings that nobody found rumble in
        corner = self.options.rumble_hz
        return spool(_high_passed(audio, corner), like=audio), f"high-pass at {corner:g} Hz"


#: Findings' kinds where they differ from the option's name.
_KINDS = {"polarity": "phase"}


def _mended(audio: Audio, mend: repairs.Mend, found: list[Finding] | None, what: str) -> tuple[Audio, str]:
    spans = None if found is None else [Span(f.start_s, f.end_s) for f in found]
    tally = repairs.Tally()
    mended = spool(repairs.mended(audio, mend, spans, tally), like=audio)
    return (mended, f"{tally.count} {what}") if tally.count else (audio, "")


def _trusted(tone: HumTone, found: list[Finding]) -> HumTone:
    """The tone as measured here; where it strays from the finding by over 1 Hz, the finding's frequency."""
    stated = [f.frequency_hz for f in found if f.frequency_hz and f.start_s < tone.end_s and tone.start_s < f.end_s]
    if stated and min(abs(s - tone.frequency_hz) for s in stated) > 1.0:
        return replace(tone, frequency_hz=stated[0])
    return tone


def _high_passed(audio: Audio, corner_hz: float) -> Iterator[FloatArray]:
    """Second-order Butterworth run forwards and backwards: zero phase, or the lowest voices would be smeared.

    The LFE passes untouched: the low end is all it is for.
    """
    from scipy.signal import butter, sosfiltfilt

    sections: Any = butter(2, corner_hz, "highpass", fs=audio.rate, output="sos")
    keep = hum.full_range(audio)

    def work(block: FloatArray) -> FloatArray:
        filtered = block.copy()
        filtered[keep] = sosfiltfilt(sections, block[keep], axis=1, padlen=0)
        return filtered

    return blocks.process(audio, work, context_s=0.5)
