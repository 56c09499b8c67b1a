"""Film stems by signal processing: rough speech refined, and what is left split into music and effects."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ...analysis.music import music_probability
from ...core.audio import Audio, FloatArray
from ...core.made import made
from ...core.stage import Progress
from ...dsp import masks
from ...dsp.blocks import process

_BLOCK_S, _LEAST_S = 20.0, 4.0
#: Samples a second, all channels (5.1 at 48 kHz), beyond which blocks get shorter: their spectra fill the memory.
_RATE = 288_000
#: Half the stretch over which the level of a bed of music is judged, and a window.
_CONTEXT_S = masks.STEADY_S / 2 + 0.2
#: Seconds over which the probability of music is smoothed.
_SMOOTH_S = 5


def split_rest(audio: Audio, dialogue: Audio, wanted: tuple[str, ...], progress: Progress) -> Iterator[FloatArray]:
    """Blocks (wanted, channels, n) of 'dialogue' and 'music'; effects are what remains, and the LFE with them.

    `dialogue` is a rough estimate and is refined (`masks.refined`) before the rest is split.
    """
    lfe = [i for i, name in enumerate(audio.layout) if name == "LFE"]
    channels, rate = audio.channels, audio.rate

    def rest(start: int, stop: int) -> FloatArray:
        samples = audio.read(start, stop) - dialogue.read(start, stop)
        samples[lfe] = 0
        return samples

    odds = _log_odds(made(rest, audio)) if "music" in wanted else np.zeros(1, np.float32)
    seconds = np.arange(len(odds)) + 0.5

    def together(start: int, stop: int) -> FloatArray:
        """The recording, its dialogue, and how likely music is: what a block has to know."""
        control = np.interp(np.arange(start, stop) / rate, seconds, odds).astype(np.float32)
        return np.concatenate([audio.read(start, stop), dialogue.read(start, stop), control[None]])

    def work(samples: FloatArray) -> FloatArray:
        mix, control = samples[:channels], samples[-1]
        speech = masks.refined(mix, samples[channels:-1], rate)
        if "music" not in wanted:
            return speech[None]
        mix -= speech
        mix[lfe] = 0
        # In the place of what came in: eight channels at 192 kHz leave no room for copies.
        samples[:channels], samples[channels:-1] = speech, masks.music_of(mix, rate, control)
        return samples[:-1].reshape(2, channels, -1)[2 - len(wanted) :]

    at = 0
    source = made(together, audio, channels=2 * channels + 1)
    block_s = min(_BLOCK_S, max(_LEAST_S, _BLOCK_S * _RATE / (rate * channels)))
    # Whole hops: the windows of all blocks then lie on one grid, and neighbours agree where they meet.
    hop_s = masks.Stft(rate, masks.LONG_S).frame_s
    block_s, context_s = (math.ceil(length / hop_s) * hop_s for length in (block_s, _CONTEXT_S))
    for block in process(source, work, block_s=block_s, context_s=context_s):
        at += block.shape[-1]
        yield block
        progress("separate: music and effects", at, audio.frames)


def _log_odds(rest: Audio) -> FloatArray:
    """How likely there is music in each second, as the logarithm of odds; at least one value."""
    from scipy.ndimage import median_filter

    probability = median_filter(music_probability(rest), _SMOOTH_S, mode="nearest")
    odds = np.log((probability + 0.01) / (1.01 - probability)).astype(np.float32)
    return odds if len(odds) else np.zeros(1, np.float32)
