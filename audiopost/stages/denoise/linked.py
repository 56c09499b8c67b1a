"""One gain for all channels, so that the stereo or surround image stays where it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ...core.audio import Audio, FloatArray
from ...dsp.voices import voices
from .estimator import power_of
from .spectra import Spectra, by_spectra


def linked(audio: Audio, denoised: Iterable[FloatArray]) -> Iterator[FloatArray]:
    """Blocks of `audio` with one gain a bin for all channels but the LFE: blocks, together as long as `audio`.

    The gain is what denoising each channel by itself left of the power of all of them together. Powers add, so that
    channels of opposite phase do not cancel, and the channel that carries a sound decides over it.
    """
    kept = voices(audio.layout)

    def both() -> Iterator[FloatArray]:
        at = 0
        for block in denoised:
            yield np.concatenate([audio.read(at, at + block.shape[1])[kept], block[kept]])
            at += block.shape[1]

    at = 0
    for made in by_spectra(both(), 2 * len(kept), audio.rate, _common_gain):
        out = np.array(audio.read(at, at + made.shape[1]))
        out[kept] = made
        at += made.shape[1]
        yield out


def _common_gain(spectra: Spectra) -> Spectra:
    before, after = np.split(spectra, 2)
    left, whole = power_of(after).sum(axis=0), power_of(before).sum(axis=0)
    return np.asarray(before * np.sqrt(np.minimum(left / np.maximum(whole, 1e-20), 1)))
