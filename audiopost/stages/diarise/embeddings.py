"""Speech activity, voice prints, clustering: diarisation with what pip installs.

Short prints do not show two voices at once. The one overlap that is marked: a word or two of somebody else inside a
turn that goes on without a pause is said over it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...analysis import vad, voice_print, voice_space
from ...core.audio import Audio
from ...core.errors import BadValue
from ...core.speech import SpeakerTurn
from ...core.stage import Availability, ModelInfo, Progress
from ...core.time import Span
from ...io.scratch import at_rate
from . import Options, clustering

#: Seconds between voice prints, in recordings up to `_LONG_S` and beyond; memory is 0.3 kB a print.
_HOP_S, _COARSE_HOP_S, _LONG_S = 0.2, 0.5, 1200.0
#: At most so many prints are clustered, evenly chosen; the others are given to the voices found.
_CLUSTER_MOST = 1200
#: Speech as people mark turns: quiet ends kept, pauses within a turn bridged.
_TURNS = {"threshold": 0.35, "min_silence_s": 0.5, "pad_s": 0.03}
#: Somebody else's words inside a turn, without a pause around them and no longer than this, are said over it.
_INTERJECTION_S = 0.6


class Embeddings:
    name: ClassVar[str] = "embeddings"
    draft: ClassVar[str] = ""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.exclusive: tuple[SpeakerTurn, ...] | None = None

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
        spans = vad.speech_spans(mono, **_TURNS)
        if not spans:
            return
        hop_s = _HOP_S if audio.duration_s <= _LONG_S else _COARSE_HOP_S
        prints = voice_space.points(mono, spans, hop_s=hop_s, device=self._device(), progress=progress)
        points, wanted = prints.vectors, self.options
        count = min(len(points), _CLUSTER_MOST)
        sample = points[np.linspace(0, len(points) - 1, count).round().astype(int)]
        low = wanted.speakers or wanted.min_speakers or 1
        high = wanted.speakers or wanted.max_speakers or max(low, clustering.MOST)
        means = clustering.voices(
            sample, voice_space.load().between, step_s=hop_s * len(points) / count, low=low, high=high
        )
        labels = clustering.follow(clustering.scores(points, means, hop_s), clustering.change_cost(len(means), hop_s))
        self.exclusive = tuple(_cut(spans, prints.times_s, labels, hop_s))
        yield from _spoken_over(self.exclusive)

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


def _spoken_over(turns: Sequence[SpeakerTurn]) -> Iterator[SpeakerTurn]:
    """The turns, in order of time and none overlapping, with those whole that an interjection divides."""
    held: SpeakerTurn | None = None
    i = 0
    while i < len(turns):
        here, held = held or turns[i], None
        between, after = turns[i + 1 : i + 2], turns[i + 2 : i + 3]
        if after and _carries_on(turns[i], between[0], after[0]):
            yield between[0]
            held = SpeakerTurn(here.start_s, after[0].end_s, here.speaker)
            i += 2
            continue
        yield here
        i += 1


def _carries_on(before: SpeakerTurn, interjection: SpeakerTurn, after: SpeakerTurn) -> bool:
    return (
        before.speaker == after.speaker != interjection.speaker
        and before.end_s == interjection.start_s
        and interjection.end_s == after.start_s
        and interjection.end_s - interjection.start_s <= _INTERJECTION_S
    )
