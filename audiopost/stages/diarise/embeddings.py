"""Speech activity, voice prints, clustering: diarisation with what pip installs, one voice at a time (no overlap)."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...analysis import vad, voice_print
from ...core.audio import Audio
from ...core.errors import BadValue
from ...core.speech import SpeakerTurn
from ...core.stage import Availability, ModelInfo, Progress
from ...core.time import Span
from ...io.scratch import at_rate
from . import Options, clustering

#: Seconds between voice prints, in recordings up to `_LONG_S` and beyond; memory is 1 kB a print.
_HOP_S, _COARSE_HOP_S, _LONG_S = 0.1, 0.5, 1200.0
#: Prints that are clustered: one every 0.3 s, at most so many (the affinity grows with their square).
_CLUSTER_STEP_S, _CLUSTER_MOST = 0.3, 1200
#: Nobody is a speaker of their own for less than this, unless a number of speakers is asked for.
_LEAST_SPEECH_S = 2.0
#: A change of speaker pays when the cosines differ by this much, times seconds.
_CHANGE_COST = 0.01


class Embeddings:
    name: ClassVar[str] = "embeddings"
    draft: ClassVar[str] = ""

    def __init__(self, options: Options) -> None:
        self.options = options

    @classmethod
    def available(cls, options: Options) -> Availability:
        missing = [name for name in ("silero_vad", "torch") if importlib.util.find_spec(name) is None]
        if voice_print.weights_path() is None:
            missing.append("resemblyzer")
        if missing:
            return Availability(False, f"{', '.join(missing)} not installed", voice_print.REMEDY)
        return Availability(True, "speaker encoder installed")

    @property
    def model(self) -> ModelInfo:
        return voice_print.model_info()

    def turns(self, audio: Audio, progress: Progress) -> Iterator[SpeakerTurn]:
        mono = at_rate(audio, voice_print.RATE, mono=True)
        spans = vad.speech_spans(mono)
        if not spans:
            return
        hop_s = _HOP_S if audio.duration_s <= _LONG_S else _COARSE_HOP_S
        prints = voice_print.voice_prints(mono, spans, hop_s=hop_s, device=self._device(), progress=progress)
        vectors, step = prints.vectors, max(1, round(_CLUSTER_STEP_S / hop_s))
        count = min(-(-len(vectors) // step), _CLUSTER_MOST)
        # A short clip with more speakers asked for than that lends every print it has.
        count = min(len(vectors), max(count, 4 * (self.options.speakers or self.options.min_speakers or 1)))
        sample = vectors[np.linspace(0, len(vectors) - 1, count).round().astype(int)]
        speech_s_of_print = hop_s * len(vectors) / count
        low = self.options.speakers or self.options.min_speakers or 1
        high = self.options.speakers or self.options.max_speakers or max(low, clustering.MOST)
        means = clustering.voices(
            sample, low=low, high=high, min_prints=max(1, round(_LEAST_SPEECH_S / speech_s_of_print))
        )
        labels = clustering.follow(hop_s * (vectors @ means.T), _CHANGE_COST)
        yield from _cut(spans, prints.times_s, labels, hop_s)

    def _device(self) -> str:
        wanted = self.options.device
        if wanted == "cpu":
            return wanted
        import torch

        if torch.cuda.is_available():
            return "cuda"
        if wanted == "cuda":
            raise BadValue(
                "diarise.device = 'cuda', but torch finds no CUDA GPU here.",
                value=wanted,
                choices=("auto", "cpu"),
                remedy="Take diarise.device=auto, or install PyTorch's CUDA build.",
            )
        return "cpu"


def _cut(
    spans: Sequence[Span], times_s: NDArray[np.float64], labels: clustering.Labels, hop_s: float
) -> Iterator[SpeakerTurn]:
    """The speech spans, cut half way between two prints of different speakers."""
    for span in spans:
        low = int(np.searchsorted(times_s, span.start_s - hop_s / 2))
        high = max(low + 1, int(np.searchsorted(times_s, span.end_s + hop_s / 2, side="right")))
        start_s = span.start_s
        for i in range(low + 1, high):
            cut_s = float(times_s[i]) - hop_s / 2
            if labels[i] != labels[i - 1] and span.start_s < cut_s < span.end_s:
                yield SpeakerTurn(start_s, cut_s, str(labels[i - 1]))
                start_s = cut_s
        yield SpeakerTurn(start_s, span.end_s, str(labels[high - 1]))
