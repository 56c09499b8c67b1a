"""Our own signal processing: all detectors listen to one pass over the recording, in blocks of a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ...analysis import music, vad
from ...core.audio import Audio
from ...core.marks import Activity, Finding
from ...core.stage import BuiltIn, ModelInfo, Progress
from ...core.time import Span, merge_spans
from . import Options
from .clicks import Clicks
from .clipping import Clipping
from .detector import Detector
from .dropouts import Dropouts
from .hum import Hum
from .noise import Noise
from .phase import Dc, Phase


class Dsp(BuiltIn[Options]):
    """See the detectors' files for what they measure."""

    name: ClassVar[str] = "dsp"
    reason: ClassVar[str] = "signal processing, and Silero VAD for speech activity"

    @property
    def model(self) -> ModelInfo:
        """Speech activity is heard by a small network; the findings are plain signal processing."""
        return vad.model_info()

    def detectors(self, audio: Audio) -> tuple[Detector, ...]:
        rate, channels, o = audio.rate, audio.channels, self.options
        return (
            Hum(rate, audio.layout),
            Clicks(rate, channels),
            Clipping(rate),
            Noise(rate, audio.layout, o.silence_dbfs, o.silence_s),
            Dropouts(rate, channels),
            Phase(rate, audio.layout),
            Dc(rate, audio.layout),
        )

    def diagnose(self, audio: Audio, progress: Progress) -> tuple[Finding, ...]:
        detectors = self.detectors(audio)
        at = 0
        for block in audio.blocks(audio.rate):
            for detector in detectors:
                detector.feed(block, at)
            at += block.shape[1]
            progress("diagnose", at / audio.rate, audio.duration_s)
        return tuple(finding for detector in detectors for finding in detector.findings())

    def activity(self, audio: Audio, findings: Sequence[Finding], progress: Progress) -> tuple[Activity, ...]:
        progress("speech and music", 0, audio.duration_s)
        hum_hz = next((f.frequency_hz for f in findings if f.kind == "hum"), None)
        found = {"speech": vad.speech_spans(audio), "music": music.music_spans(audio, hum_hz=hum_hz)}
        found["silence"] = tuple(_silences(audio, self.options.silence_dbfs))
        progress("speech and music", audio.duration_s, audio.duration_s)
        marks = [Activity(kind, s.start_s, s.end_s) for kind, spans in found.items() for s in spans]
        return tuple(sorted(marks, key=lambda a: (a.start_s, a.kind)))


def _silences(audio: Audio, below_dbfs: float, step_s: float = 0.1, least_s: float = 0.5) -> list[Span]:
    """Stretches of at least `least_s` in which each `step_s` stays below an RMS of all channels."""
    step = round(step_s * audio.rate)
    limit = 10 ** (below_dbfs / 10)
    quiet: list[Span] = []
    for i, block in enumerate(audio.blocks(step)):
        if float((block.astype("f8") ** 2).mean()) < limit:
            span = Span(i * step / audio.rate, min((i + 1) * step, audio.frames) / audio.rate)
            quiet = (
                [*quiet[:-1], quiet[-1] | span] if quiet and span.start_s - quiet[-1].end_s < 1e-6 else [*quiet, span]
            )
    return [s for s in merge_spans(quiet) if s.duration_s >= min(least_s, audio.duration_s)]
