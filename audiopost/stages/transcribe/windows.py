"""Windows: the speech of a recording in pieces no longer than a recogniser takes, cut in pauses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...analysis.vad import HOP_S, spans_of
from ...core.audio import Audio, FloatArray
from ...core.time import Span

#: A silence that parts speech, in seconds, and the probability of speech under which there is one (analysis.vad).
_PAUSE_S, _QUIET = 0.16, 0.35
#: Seconds of speech under which a stretch at the edge of a clip is left out.
_LEAST_OF_CLIP_S = 0.05
#: What a cut at a pause leaves on both sides at least, in seconds, the silence around it counted.
LEAST_S = 1.5


@dataclass(frozen=True)
class Window:
    """Stretches of speech, in order, that are decoded as one; what lies between them is left out."""

    spans: tuple[Span, ...]

    @property
    def duration_s(self) -> float:
        """Seconds of speech, the gaps not counted."""
        return sum(span.duration_s for span in self.spans)

    def __add__(self, later: Window) -> Window:
        """Both as one; stretches that touch become one."""
        last, first = self.spans[-1], later.spans[0]
        if last.end_s == first.start_s:
            return Window((*self.spans[:-1], Span(last.start_s, first.end_s), *later.spans[1:]))
        return Window((*self.spans, *later.spans))

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


def speech_of(probability: NDArray[np.float32], duration_s: float) -> tuple[Span, ...]:
    """What counts as speech: the detector's spans with 0.4 s of silence kept on both sides, so that no word is cut.

    The figures are those of faster-whisper's batched pipeline.
    """
    return spans_of(probability, duration_s=duration_s, min_silence_s=_PAUSE_S, pad_s=0.4)


def plan(
    probability: NDArray[np.float32],
    duration_s: float,
    *,
    longest_s: float,
    packed: bool,
    vad: bool = True,
    pauses: bool = False,
    clips: Sequence[Span] = (),
) -> tuple[Window, ...]:
    """Windows of at most `longest_s` out of the VAD's `speech_probability`.

    `packed` joins neighbouring stretches as long as they fit: for recognisers that pay for a whole window,
    however little of it is speech, cut at short pauses so that they fit well. `pauses` cuts so without joining, for
    stretches that are judged one by one.
    Without `vad` all of the recording counts as speech. Where there are `clips`, nothing outside of them does.
    """
    if duration_s <= 0:
        return ()
    if clips:
        times = np.arange(len(probability)) * HOP_S
        inside = np.any([(times >= clip.start_s - HOP_S) & (times < clip.end_s) for clip in clips], axis=0)
        probability = np.where(inside, probability, np.float32(0))
    speech = speech_of(probability, duration_s) if vad else (Span(0.0, duration_s),)
    windows: list[Window] = []
    pieces = (part for span in speech for part in (_at_pauses(span, probability) if pauses or packed else (span,)))
    for span in pieces:
        for piece in _split(span, probability, longest_s):
            if packed and windows and windows[-1].duration_s + piece.duration_s <= longest_s:
                windows[-1] += Window((piece,))
            else:
                windows.append(Window((piece,)))
    return tuple(_clipped(windows, clips)) if clips else tuple(windows)


def _clipped(windows: Sequence[Window], clips: Sequence[Span]) -> Iterator[Window]:
    for window in windows:
        parts = (part for span in window.spans for clip in clips if (part := span & clip))
        if spans := tuple(part for part in parts if part.duration_s >= _LEAST_OF_CLIP_S):
            yield Window(spans)


def _at_pauses(span: Span, probability: NDArray[np.float32]) -> Iterator[Span]:
    """`span` cut in the middle of each pause in it that leaves `LEAST_S` on both sides."""
    start_s, first = span.start_s, int(span.start_s / HOP_S)
    quiet = np.concatenate([[0], probability[first : int(span.end_s / HOP_S)] < _QUIET, [0]])
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8)))
    for low, high in zip(edges[::2], edges[1::2], strict=True):
        cut_s = float((first + (low + high) / 2) * HOP_S)
        if (high - low) * HOP_S >= _PAUSE_S and min(cut_s - start_s, span.end_s - cut_s) >= LEAST_S:
            yield Span(start_s, cut_s)
            start_s = cut_s
    yield Span(start_s, span.end_s)


def _split(span: Span, probability: NDArray[np.float32], longest_s: float) -> Iterator[Span]:
    """`span` in pieces of at most `longest_s`, cut where speech is least likely in the latter half of each."""
    start_s = span.start_s
    while span.end_s - start_s > longest_s:
        low, high = int((start_s + longest_s / 2) / HOP_S) + 1, int((start_s + longest_s) / HOP_S)
        cut_s = (low + int(np.argmin(probability[low:high]))) * HOP_S if high > low else start_s + longest_s
        yield Span(start_s, cut_s)
        start_s = cut_s
    yield Span(start_s, span.end_s)
