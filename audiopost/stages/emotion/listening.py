"""What all speech models of feelings share: which stretches they hear, in which batches, and what comes of it.

Models hear 16 kHz mono. Each stretch is brought to one level first (level is the mixer's, not the actor's), and only
stretches of equal length go through a model together: padding would reach what is heard through normalisations over
time, and a stretch's reading would depend on its neighbours. Windows that overlap by more than half are not all heard:
those between are interpolated, since a model looks at the same seconds of speech in them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...analysis.affect import Reading
from ...core.audio import Audio
from ...core.errors import StageError
from ...core.spotting import Affect
from ...core.stage import Progress
from ...core.time import Span
from ...io.scratch import at_rate
from .windows import Window

RATE = 16_000
Samples = NDArray[np.float32]
#: Less speech than this in a window tells nothing, as for the embedded reader.
_LEAST_SPEECH_S = 0.2
#: From so much speech on a reading counts in full.
_FULL_SPEECH_S = 1.0
#: Lengths are rounded up to this, so that many are equal.
_GRAIN_S = 0.25
#: Models are trained on utterances of a few seconds; longer ones are heard in parts (attention grows with the square).
_LONGEST_S = 20.0
#: RMS that every stretch is brought to, -26 dBFS; below the floor it is silence.
_LEVEL, _FLOOR = 0.05, 1e-5
#: Seconds of sound in one batch: a model of 300 million weights takes some 20 MB a second of sound.
_BATCH_S = {"cpu": 24.0, "cuda": 240.0}


class Model(Protocol):
    """A network: (n, samples) at RATE to n readings, whose confidence is the network's own."""

    def __call__(self, waves: Samples) -> list[Reading]: ...


@dataclass(frozen=True)
class Piece:
    """What is heard of a window: it starts at a sample of RATE; `count` is a multiple of the grain."""

    window: int
    start: int
    count: int


def readings(
    load: Callable[[], Model],
    audio: Audio,
    speech: Sequence[Span],
    windows: Sequence[Window],
    progress: Progress,
    *,
    device: str = "cpu",
) -> list[Reading | None]:
    """A reading for each window, None where it holds less than 0.2 s of speech; the model is loaded if any holds it.

    `speech` is in order of time. Raises StageError where the model fails, or does not fit into memory.
    """
    spoken = [_spoken(window, speech) for window in windows]
    full = [i for i, (_, seconds) in enumerate(spoken) if seconds >= _LEAST_SPEECH_S]
    heard = _picked(windows, full)
    pieces = [piece for i in sorted(heard) for piece in _pieces(i, spoken[i][0])]
    if not pieces:
        return [None] * len(windows)
    model, mono = load(), at_rate(audio, RATE, mono=True)
    parts: dict[int, list[tuple[Reading, int]]] = {}
    total = sum(piece.count for piece in pieces) / RATE
    done = 0.0
    for batch in _batches(pieces, _BATCH_S[device]):
        progress("emotion", done, total)
        waves = [_levelled(_cut(mono, piece)) for piece in batch]
        loud = [i for i, wave in enumerate(waves) if wave is not None]
        if loud:
            found = _asked(model, np.stack([wave for wave in waves if wave is not None]), device)
            for i, reading in zip(loud, found, strict=True):
                parts.setdefault(batch[i].window, []).append((reading, batch[i].count))
        done += sum(piece.count for piece in batch) / RATE
    progress("emotion", total, total)
    whole = {i: _trusted(mixed(parts[i]), spoken[i][1] / _FULL_SPEECH_S) if i in parts else None for i in sorted(heard)}
    return _filled(windows, full, whole)


def _asked(model: Model, waves: Samples, device: str) -> list[Reading]:
    try:
        return model(waves)
    except RuntimeError as error:
        why = (str(error).splitlines() or [repr(error)])[0]
        raise StageError(
            f"emotion: the model failed on {device}: {why}",
            remedy="If memory ran out, try emotion.device=cpu, or a smaller emotion.model.",
        ) from error


def _spoken(window: Window, speech: Sequence[Span]) -> tuple[Span, float]:
    """From the first to the last speech in a window, and the seconds spoken between."""
    inside = [Span(max(span.start_s, window.start_s), min(span.end_s, window.end_s)) for span in _near(window, speech)]
    if not inside:
        return Span(window.start_s, window.start_s), 0.0
    return Span(inside[0].start_s, inside[-1].end_s), sum(span.duration_s for span in inside)


def _near(window: Window, speech: Sequence[Span]) -> Iterator[Span]:
    first = bisect_right(speech, window.start_s, key=lambda span: span.end_s)
    for span in speech[first:]:
        if span.start_s >= window.end_s:
            return
        yield span


def _picked(windows: Sequence[Window], full: Sequence[int]) -> set[int]:
    """Those windows that are heard: of windows of one length and speaker, every one that starts at least half a length
    after the last, and the last before a gap.
    """
    heard: set[int] = set()
    for group in _groups(windows, full).values():
        last = None
        for i, following in zip(group, [*group[1:], None], strict=True):
            half = (windows[i].end_s - windows[i].start_s) / 2
            gap = following is None or windows[following].start_s - windows[i].start_s > half
            if last is None or gap or windows[i].start_s - windows[last].start_s >= half - 1e-6:
                heard.add(i)
                last = i
    return heard


def _groups(windows: Sequence[Window], full: Sequence[int]) -> Mapping[tuple[str | None, float], list[int]]:
    groups: dict[tuple[str | None, float], list[int]] = {}
    for i in sorted(full, key=lambda i: (windows[i].start_s, i)):
        groups.setdefault((windows[i].speaker, round(windows[i].end_s - windows[i].start_s, 1)), []).append(i)
    return groups


def _pieces(window: int, span: Span) -> list[Piece]:
    count = max(1, -int(-span.duration_s // _LONGEST_S))
    length = span.duration_s / count
    grain = round(_GRAIN_S * RATE)
    samples = max(1, -int(-length * RATE // grain)) * grain
    return [Piece(window, round((span.start_s + k * length) * RATE), samples) for k in range(count)]


def _batches(pieces: Sequence[Piece], seconds: float) -> Iterator[list[Piece]]:
    """Pieces of one length together, each batch of at most so many seconds and of at least one piece."""
    ordered = sorted(pieces, key=lambda piece: (piece.count, piece.start, piece.window))
    batch: list[Piece] = []
    for piece in ordered:
        if batch and (piece.count != batch[0].count or (len(batch) + 1) * piece.count > seconds * RATE):
            yield batch
            batch = []
        batch.append(piece)
    if batch:
        yield batch


def _cut(mono: Audio, piece: Piece) -> Samples:
    samples = mono.read(piece.start, min(piece.start + piece.count, mono.frames))[0]
    return np.pad(np.nan_to_num(samples, posinf=0.0, neginf=0.0), (0, piece.count - len(samples)))


def _levelled(wave: Samples) -> Samples | None:
    """The wave at the common level, without its mean; None for silence."""
    centred = wave - wave.mean()
    rms = float(np.sqrt(np.mean(np.square(centred, dtype=np.float64))))
    return None if rms < _FLOOR else (centred * (_LEVEL / rms)).astype(np.float32)


def mixed(parts: Sequence[tuple[Reading, float]]) -> Reading:
    """The mean of readings, each with its weight: of places, likelihoods and confidences."""
    total = sum(weight for _, weight in parts)
    shares = [(reading, weight / total if total > 0 else 1 / len(parts)) for reading, weight in parts]
    arousal, valence, dominance, confidence = (
        sum(share * getattr(reading.affect, field) for reading, share in shares)
        for field in ("arousal", "valence", "dominance", "confidence")
    )
    named = [(reading.likelihood, share) for reading, share in shares if reading.likelihood is not None]
    likelihood = {name: sum(p.get(name, 0.0) * share for p, share in named) for p, _ in named for name in p}
    return Reading(Affect(arousal, valence, dominance, confidence), likelihood or None)


def _trusted(reading: Reading, share: float) -> Reading:
    confidence = reading.affect.confidence * min(1.0, share)
    return replace(reading, affect=replace(reading.affect, confidence=confidence))


def _filled(
    windows: Sequence[Window], full: Sequence[int], whole: Mapping[int, Reading | None]
) -> list[Reading | None]:
    """All readings: what was heard, and between two of one group the mixture by nearness."""
    found: list[Reading | None] = [whole.get(i) for i in range(len(windows))]
    for group in _groups(windows, full).values():
        ends = [at for at, i in enumerate(group) if i in whole]
        for before, after in pairwise(ends):
            first, last = group[before], group[after]
            length = windows[last].start_s - windows[first].start_s
            for i in group[before + 1 : after]:
                share = (windows[i].start_s - windows[first].start_s) / length if length > 0 else 0.0
                sides = [
                    (r, w) for r, w in ((whole[first], 1 - share), (whole[last], share)) if r is not None and w > 0
                ]
                found[i] = mixed(sides) if sides else whole[first] or whole[last]
    return found
