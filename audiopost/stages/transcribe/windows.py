"""Windows: the speech of a recording in pieces no longer than a recogniser takes, cut in pauses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...analysis.vad import HOP_S, spans_of
from ...core.audio import Audio, FloatArray
from ...core.time import Span


@dataclass(frozen=True)
class Window:
    """Stretches of speech, in order, that are decoded as one; what lies between them is left out."""

    spans: tuple[Span, ...]

    @property
    def duration_s(self) -> float:
        """Seconds of speech, the gaps not counted."""
        return sum(span.duration_s for span in self.spans)

    def samples(self, sound: Audio) -> FloatArray:
        """(n,) the speech of a mono recording, joined; non-finite samples are silence."""
        pieces = [sound.between(span.start_s, span.end_s).samples[0] for span in self.spans]
        joined: FloatArray = np.nan_to_num(np.concatenate(pieces), posinf=0.0, neginf=0.0)
        return joined

    def locate(self, start_s: float, end_s: float) -> tuple[float, float]:
        """Times within the joined speech as times of the recording.

        Both go to the span that holds their middle, so that no word reaches across a gap that was left out.
        """
        middle, offset = (start_s + end_s) / 2, 0.0
        for span in self.spans:
            if middle < offset + span.duration_s or span is self.spans[-1]:
                break
            offset += span.duration_s
        start, end = (min(max(span.start_s + t - offset, span.start_s), span.end_s) for t in (start_s, end_s))
        return start, max(start, end)


def plan(
    probability: NDArray[np.float32], duration_s: float, *, longest_s: float, packed: bool, vad: bool = True
) -> tuple[Window, ...]:
    """Windows of at most `longest_s` out of the VAD's `speech_probability`.

    `packed` joins neighbouring stretches as long as they fit: for recognisers that pay for a whole window,
    however little of it is speech. Without `vad` all of the recording counts as speech.
    """
    if duration_s <= 0:
        return ()
    # Silence kept on both sides of speech is what faster-whisper's batched pipeline keeps: words lose no edges.
    speech = (
        spans_of(probability, duration_s=duration_s, min_silence_s=0.16, pad_s=0.4) if vad else (Span(0.0, duration_s),)
    )
    windows: list[Window] = []
    for span in speech:
        for piece in _split(span, probability, longest_s):
            if packed and windows and windows[-1].duration_s + piece.duration_s <= longest_s:
                windows[-1] = Window((*windows[-1].spans, piece))
            else:
                windows.append(Window((piece,)))
    return tuple(windows)


def _split(span: Span, probability: NDArray[np.float32], longest_s: float) -> Iterator[Span]:
    """`span` in pieces of at most `longest_s`, cut where speech is least likely in the latter half of each."""
    start_s = span.start_s
    while span.end_s - start_s > longest_s:
        low, high = int((start_s + longest_s / 2) / HOP_S) + 1, int((start_s + longest_s) / HOP_S)
        cut_s = (low + int(np.argmin(probability[low:high]))) * HOP_S if high > low else start_s + longest_s
        yield Span(start_s, cut_s)
        start_s = cut_s
    yield Span(start_s, span.end_s)
