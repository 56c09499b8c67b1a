"""Our own signal processing: all detectors listen to one pass over the recording, in blocks of a second."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import ClassVar

from ...analysis import music, sensevoice, sound_events, vad, yamnet
from ...core.audio import Audio
from ...core.marks import Activity, Finding
from ...core.stage import Availability, ModelInfo, Progress
from ...core.time import Span, merge_spans
from ...models import store
from . import Options
from .band import Band
from .clicks import Clicks
from .clipping import Clipping
from .dc import Dc
from .detector import Detector
from .dropouts import Dropouts
from .hum import Hum
from .level import Level
from .noise import Noise
from .phase import Phase
from .silence import Silence
from .soft_clipping import SoftClipping
from .voice import Voice

#: What can hear sound events, by the value of the option `events`.
_HEARERS: dict[str, ModuleType] = {"yamnet": yamnet, "sensevoice": sensevoice}


class Dsp:
    """See the detectors' files for what they measure; speech, music and sound events are heard by `analysis`."""

    name: ClassVar[str] = "dsp"
    draft: ClassVar[str] = ""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._events = _hearer(options)

    @classmethod
    def available(cls, options: Options) -> Availability:
        events = _availability(options)
        if not events.ready and (options.events in _HEARERS or options.events_model):
            return events
        heard = f"{events.reason} for sound events" if _hearer(options) else f"no sound events ({_why_not(options)})"
        return Availability(True, f"signal processing, Silero VAD for speech activity, {heard}")

    @property
    def model(self) -> ModelInfo:
        """Speech activity and sound events are heard by networks; the findings are plain signal processing."""
        speech = vad.model_info()
        if self._events is None:
            return speech
        return store.together((speech, _HEARERS[self._events].model_info(self.options.events_model)))

    def detectors(self, audio: Audio, speech: tuple[Span, ...]) -> tuple[Detector, ...]:
        """What listens: one line each."""
        rate, layout, channels, o = audio.rate, audio.layout, audio.channels, self.options
        return (
            Hum(rate, layout),
            Clicks(rate, channels),
            Clipping(rate),
            SoftClipping(rate, layout),
            Noise(rate, layout, speech),
            Silence(rate, channels, o.silence_dbfs, o.silence_s),
            Level(rate, layout, speech),
            Band(rate, layout),
            Dropouts(rate, channels),
            Phase(rate, layout),
            Dc(rate, layout),
            Voice(rate, layout, speech),
        )

    def speech(self, audio: Audio, progress: Progress) -> tuple[Span, ...]:
        progress("speech", 0, audio.duration_s)
        return vad.speech_spans(audio)

    def diagnose(self, audio: Audio, speech: tuple[Span, ...], progress: Progress) -> tuple[Finding, ...]:
        detectors = self.detectors(audio, speech)
        at = 0
        for block in audio.blocks(audio.rate):
            for detector in detectors:
                detector.feed(block, at)
            at += block.shape[1]
            progress("diagnose", at / audio.rate, audio.duration_s)
        return tuple(finding for detector in detectors for finding in detector.findings())

    def activity(
        self, audio: Audio, speech: tuple[Span, ...], findings: Sequence[Finding], progress: Progress
    ) -> tuple[Activity, ...]:
        o, events = self.options, tuple[Activity, ...]()
        progress("music", 0, audio.duration_s)
        hum_hz = next((f.frequency_hz for f in findings if f.kind == "hum"), None)
        probability = music.music_probability(audio, hum_hz=hum_hz)
        path = _HEARERS[self._events].locate(o.events_model) if self._events else None
        if path is not None and self._events == "yamnet":
            events, scores = sound_events.heard(audio, path, threshold=o.events_threshold, progress=progress)
            probability = music.with_yamnet(probability, scores)
        elif path is not None:
            events = sensevoice.heard(audio, path, threshold=o.events_threshold, progress=progress)
        found = {"speech": speech, "music": music.spans_of(probability, audio.duration_s)}
        found["silence"] = tuple(_silences(audio, o.silence_dbfs))
        progress("music", audio.duration_s, audio.duration_s)
        marks = [Activity(kind, s.start_s, s.end_s) for kind, spans in found.items() for s in spans]
        return tuple(sorted([*marks, *events], key=lambda a: (a.start_s, a.kind)))


def _hearer(options: Options) -> str | None:
    """What hears sound events; auto takes YAMNet, whose licence allows any use."""
    name = "yamnet" if options.events == "auto" else options.events
    return name if name in _HEARERS and _availability(options).ready else None


def _availability(options: Options) -> Availability:
    found: Availability = _HEARERS.get(options.events, yamnet).availability(options.events_model)
    return found


def _why_not(options: Options) -> str:
    state = _availability(options)
    return "switched off" if state.ready else f"{state.reason}: {state.remedy}"


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
