"""Separate by signal processing: the embedded backend for songs, and for films where it is asked for.

Film: dialogue is what the speech enhancer keeps while a voice activity detector hears speech; the rest is split by
`masks.music_of`. Music: drums are struck, bass is a low tone, and vocals are tones that a long window sees as
strokes because their pitch moves, while a short one sees them as tones; in stereo they also lie in the middle.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ...analysis.rnnoise import model_info, speech_in
from ...analysis.vad import HOP_S, speech_probability
from ...core.audio import Audio, FloatArray, full_range
from ...core.made import made
from ...core.stage import BuiltIn, ModelInfo, Progress
from ...dsp import masks
from ...dsp.blocks import process
from ...io.scratch import spool
from . import STEMS, Options, estimates
from .film import split_rest
from .vocabulary import FILM

#: Speech probability at which the dialogue is shut and at which it is fully open.
_SHUT, _OPEN = 0.2, 0.6
#: Seconds by which it opens early and closes late.
_HOLD_S = 0.15
#: Seconds that the enhancer hears before it opens, to know the sound around.
_WARM_S = 2.0
#: Windows and bands of the music stems.
_TONE_S, _VOICE_S = 0.35, 0.05
_BASS_HZ, _VOICE_LOW_HZ, _VOICE_HIGH_HZ = 200.0, 150.0, 8000.0


class Dsp(BuiltIn[Options]):
    """Dialogue by RNNoise and Silero VAD, everything else by median filters. Streamed."""

    name: ClassVar[str] = "dsp"
    reason: ClassVar[str] = "signal processing, needs no download"
    draft: ClassVar[str] = (
        "a rough split by simple rules: expect music among the effects and the other way round, and voices and "
        "instruments in each other's stems; the demucs model is wanted ('audiopost models pull htdemucs')"
    )

    @property
    def model(self) -> ModelInfo | None:
        return model_info() if self.options.stems in FILM else None

    @property
    def note(self) -> str:
        return ""

    def separate(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]:
        wanted = estimates(self.options)
        if self.options.stems in FILM:
            return split_rest(audio, _speech(audio, progress), wanted, progress)
        return _music_stems(audio, wanted, progress)


def _speech(audio: Audio, progress: Progress) -> Audio:
    """Enhanced speech, silent where none is heard and in the LFE.

    A centre channel is where films keep their dialogue: with one, the other channels give speech only while the centre
    has none, so that its echo and the singing of a song around it stay with the rest.
    """
    heard = full_range(audio.layout)
    centre = [i for i in heard if audio.layout[i] == "C"]
    around = [i for i in heard if i not in centre]
    middle = _gate(audio, centre or around)
    gates = np.zeros((audio.channels, len(middle)), np.float32)
    gates[centre or around] = middle
    if centre and around:
        gates[around] = _gate(audio, around) * (1 - middle)
    gates[[i for i, name in enumerate(audio.layout) if name == "LFE"]] = 0
    times = (np.arange(gates.shape[1]) + 0.5) * HOP_S

    def open_soon(start_s: float, stop_s: float) -> list[bool]:
        near = slice(max(int(start_s / HOP_S) - 1, 0), int((stop_s + _WARM_S) / HOP_S) + 2)
        return [bool(gate[near].any()) for gate in gates[heard]]

    def gated() -> Iterator[FloatArray]:
        done = 0
        for block in speech_in(audio, open_soon):
            at = np.arange(done, done + block.shape[1]) / audio.rate
            done += block.shape[1]
            yield block * np.stack([np.interp(at, times, gate) for gate in gates]).astype(np.float32)
            progress("separate: dialogue", done, audio.frames)

    return spool(gated(), like=audio)


def _gate(audio: Audio, channels: list[int]) -> FloatArray:
    """`speech_gate` of what is heard in some of the channels."""

    def mean(start: int, stop: int) -> FloatArray:
        return np.asarray(audio.read(start, stop)[channels].mean(axis=0, keepdims=True), np.float32)

    return speech_gate(speech_probability(made(mean, audio, channels=1)))


def speech_gate(probability: FloatArray) -> FloatArray:
    """0..1 for each window of the detector: smooth, and open a little before and after speech."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    if not len(probability):
        return np.zeros(1, np.float32)
    gate = np.clip((probability - _SHUT) / (_OPEN - _SHUT), 0, 1)
    held = maximum_filter1d(gate, 2 * round(_HOLD_S / HOP_S) + 1, mode="nearest")
    return np.asarray(uniform_filter1d(held, 5, mode="nearest"), np.float32)


def _music_stems(audio: Audio, wanted: tuple[str, ...], progress: Progress) -> Iterator[FloatArray]:
    picked = [STEMS["music"].index(name) for name in wanted]
    at = 0
    for stems in process(audio, lambda x: _split_song(x, audio)[picked], block_s=20.0, context_s=2.0):
        yield stems
        at += stems.shape[-1]
        progress("separate", at, audio.frames)


def _split_song(samples: FloatArray, audio: Audio) -> FloatArray:
    """(3, channels, n): vocals, drums, bass; the LFE is in none of them."""
    n = samples.shape[1]
    samples = samples * np.array([[name != "LFE"] for name in audio.layout], np.float32)
    # Long window: instruments hold their pitch, voices glide and drums strike.
    stft = masks.Stft(audio.rate, _TONE_S)
    spectrum = stft.forward(samples)
    held = masks.harmonic_mask(masks.magnitude(spectrum), stft, harmonic_s=1.5, percussive_hz=100.0)
    low = masks.band_mask(stft, len(held), 25.0, _BASS_HZ) ** 2
    bass = stft.inverse(spectrum * (held * low), n)
    moving = stft.inverse(spectrum * (1 - held), n)
    # Short window: of what moves, voices are tones and drums are not.
    stft = masks.Stft(audio.rate, _VOICE_S)
    spectrum = stft.forward(moving)
    tonal = masks.harmonic_mask(masks.magnitude(spectrum), stft, harmonic_s=0.1, percussive_hz=600.0)
    voice = tonal * masks.band_mask(stft, len(tonal), _VOICE_LOW_HZ, _VOICE_HIGH_HZ)
    if audio.layout[:2] == ("L", "R"):
        # A centre channel is the middle; of the others only what left and right share belongs there.
        middle = voice * _middle(spectrum[0], spectrum[1])
        voice = np.stack([voice if name == "C" else middle for name in audio.layout])
    drums = stft.inverse(spectrum * (1 - tonal), n)
    return np.stack([stft.inverse(spectrum * voice, n), drums, bass])


def _middle(left: masks.Spectrum, right: masks.Spectrum) -> masks.Mask:
    """1 where left and right are alike in level and phase, 0 where they are not."""
    cross = 2 * np.maximum((left * right.conj()).real, 0)
    power = left.real**2 + left.imag**2 + right.real**2 + right.imag**2
    return np.asarray((cross / (power + 1e-12)) ** 2, np.float32)
