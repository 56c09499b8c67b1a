"""Long recordings in blocks: context on both sides, cross-fades between, memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..core.audio import Audio, FloatArray
from ..core.errors import BadValue


def process(
    audio: Audio,
    work: Callable[[FloatArray], FloatArray],
    *,
    block_s: float = 10.0,
    context_s: float = 1.0,
    fade_s: float = 0.05,
) -> Iterator[FloatArray]:
    """Run `work` over blocks of `audio` and yield the joined result in pieces.

    `work` takes (channels, n) and returns (..., n): any leading shape, time last, sample-aligned.
    Each block is read with `context_s` of its neighbours on either side (silence beyond the ends), and two
    neighbours are cross-faded linearly over `fade_s` around their border, so that a work that differs a
    little at block edges leaves no click. A linear (sum-preserving) work stays exactly so.
    """
    rate = audio.rate
    block, context, fade = round(block_s * rate), round(context_s * rate), round(fade_s * rate) // 2 * 2
    half = fade // 2
    if block <= fade or context < half:
        raise BadValue(
            f"Blocks of {block_s} s need a shorter fade than themselves and a context of at least half the fade.",
            value=(block_s, context_s, fade_s),
        )
    ramp = (np.arange(fade, dtype=np.float32) + 0.5) / max(fade, 1)
    tail: FloatArray | None = None
    for start in range(0, audio.frames, block):
        stop = min(start + block, audio.frames)
        last = stop == audio.frames
        raw = work(audio.read(start - context, stop + context))
        if raw.shape[-1] != stop - start + 2 * context:
            raise BadValue(f"Block work returned {raw.shape[-1]} frames for {stop - start + 2 * context}.")
        low = context - (half if tail is not None else 0)
        high = context + stop - start + (0 if last else half)
        piece = raw[..., low:high].astype(np.float32, copy=True)
        if tail is not None:
            # A last block shorter than half a fade is all cross-fade.
            n = min(fade, piece.shape[-1])
            piece[..., :n] = tail[..., :n] * (1 - ramp[:n]) + piece[..., :n] * ramp[:n]
        if last:
            tail = None
        else:
            tail, piece = piece[..., -fade:] if fade else None, piece[..., : piece.shape[-1] - fade]
        yield piece
