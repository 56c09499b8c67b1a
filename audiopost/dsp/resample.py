"""Sample rate conversion of streams, by libsoxr at very high quality (the resampler behind librosa)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from ..core.audio import Audio, FloatArray

#: Sound read on either side of a section: longer than the converter's filter, so that sections meet without a seam.
_CONTEXT_S = 0.03


def stream(
    blocks: Iterable[FloatArray], channels: int, rate_in: int, rate_out: int, frames: int
) -> Iterator[FloatArray]:
    """Blocks at `rate_out`, together exactly `frames` long (see `length`), sample-aligned with the input."""
    left = frames
    if rate_in == rate_out:
        for block in blocks:
            yield block[:, :left]
            left -= min(left, block.shape[1])
        return
    import soxr

    converter = soxr.ResampleStream(rate_in, rate_out, channels, dtype="float32", quality="VHQ")
    for block in blocks:
        out = converter.resample_chunk(np.ascontiguousarray(block.T))
        out = out.reshape(-1, channels).T[:, :left]
        left -= out.shape[1]
        if out.shape[1]:
            yield out
    out = converter.resample_chunk(np.zeros((0, channels), np.float32), last=True).reshape(-1, channels).T[:, :left]
    left -= out.shape[1]
    yield np.pad(out, ((0, 0), (0, left)))


def length(frames: int, rate_in: int, rate_out: int) -> int:
    """Frames after conversion: the nearest whole number."""
    return round(frames * rate_out / rate_in)


def resample(samples: FloatArray, rate_in: int, rate_out: int) -> FloatArray:
    """(channels, n) at another rate, whole."""
    if rate_in == rate_out or samples.shape[1] == 0:
        return samples
    out = list(stream([samples], samples.shape[0], rate_in, rate_out, length(samples.shape[1], rate_in, rate_out)))
    return np.concatenate(out, axis=1)


def downmix(samples: FloatArray, layout: tuple[str, ...]) -> FloatArray:
    """(1, n): the mean of all channels but the LFE, which carries no speech."""
    keep = [i for i, name in enumerate(layout) if name != "LFE"] or [0]
    return np.asarray(samples[keep].mean(axis=0, keepdims=True), dtype=np.float32)


def converted(audio: Audio, rate: int, *, mono: bool = False, block: int = 1 << 18) -> Iterator[FloatArray]:
    """The blocks of `audio` at another rate, downmixed first where `mono`."""
    blocks = (downmix(b, audio.layout) if mono else b for b in audio.blocks(block))
    channels = 1 if mono else audio.channels
    return stream(blocks, channels, audio.rate, rate, length(audio.frames, audio.rate, rate))


def section(audio: Audio, rate: int, start: int, stop: int) -> FloatArray:
    """(channels, stop - start): frames `start` to `stop` of `audio` at another rate, silence outside of it.

    Neighbouring sections join without a seam, so that a player can ask for any of them in any order.
    """
    if rate == audio.rate:
        return audio.read(start, stop)
    ratio = Fraction(rate, audio.rate)
    # Whole periods of the ratio, so that the first frame read lies on a frame of either rate.
    context = -(-round(_CONTEXT_S * rate) // ratio.numerator)
    first, last = start // ratio.numerator - context, -(-stop // ratio.numerator) + context
    samples = audio.read(first * ratio.denominator, last * ratio.denominator)
    low = start - first * ratio.numerator
    return resample(samples, audio.rate, rate)[:, low : low + stop - start]
