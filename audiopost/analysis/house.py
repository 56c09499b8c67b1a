"""Our own network for films, which lies in the package: dialogue and music in any recording, streamed.

`tools/train_separator` makes house.onnx and describes it. It hears a spectrum of 48 kHz in frames of 21 ms, and that of
what RNNoise takes for speech in the same sound, refined; it looks ahead at most 0.8 s, and gives complex masks.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio, FloatArray, difference, full_range
from ..core.made import made
from ..core.stage import ModelInfo, Progress, silent
from ..dsp import resample
from ..dsp.blocks import process
from ..dsp.masks import refined
from ..io.scratch import at_rate, spool
from ..models import threads
from . import rnnoise

PATH = Path(__file__).with_name("house.onnx")
VERSION = "2"
RATE, WINDOW, HOP = 48_000, 2048, 1024
#: What it finds, in its order; what they leave is effects.
FOUND = ("dialogue", "music")
#: How far the dialogue goes towards RNNoise's speech once more: mistakes of two that were taught apart cancel in part.
#: Of 0, .1, .3 and .5 this is best on what training held out (docs/separator.md).
_TRUST = np.float32(0.3)
#: RMS at which RNNoise heard films in training.
_USUAL = 0.1
#: How much louder than the film what is left of it is heard at most: of next to nothing much would be made.
_QUIETER_DB = 12.0
#: What the network hears at once, and how much of what lies around it, in seconds.
BLOCK_S, _CONTEXT_S, _FADE_S = 16.0, 2.0, 0.25
#: Sound is heard in steps of this many frames to find its level; those 60 dB below the loudest do not count.
_STEP, _RANGE = 4_800, 1e-6


@functools.cache
def model_info() -> ModelInfo:
    return ModelInfo(
        "audiopost-house", VERSION, "Apache-2.0", "shipped with audiopost, made by tools/train_separator",
        hashlib.sha256(PATH.read_bytes()).hexdigest(),
    )  # fmt: skip


def found_in(audio: Audio, progress: Progress = silent) -> Iterator[FloatArray]:
    """Blocks of FOUND (2, channels, n), together as long as `audio`, at its rate.

    It is heard three times: music is sought in what the first dialogue leaves, and dialogue once more in what that
    music leaves. Each channel is heard by itself; in the LFE, and above 24 kHz, nothing is found. `progress` hears of
    'dialogue', 'music' and 'dialogue again', and of RNNoise's part in those with dialogue.
    """
    heard = at_rate(audio, RATE)
    rows = (block.reshape(len(FOUND) * audio.channels, -1) for block in _found(heard, progress))
    for block in resample.stream(rows, len(FOUND) * audio.channels, RATE, audio.rate, audio.frames):
        yield block.reshape(len(FOUND), audio.channels, -1)


def music_in(audio: Audio, progress: Progress = silent) -> Iterator[FloatArray]:
    """The music (channels, n) in what dialogue leaves, in blocks as of `found_in`, without RNNoise; `progress` hears of
    'music'."""
    heard = at_rate(audio, RATE)
    blocks = _heard(heard, "music", level_of(heard), "music", progress)
    return resample.stream(blocks, audio.channels, RATE, audio.rate, audio.frames)


def _found(audio: Audio, progress: Progress) -> Iterator[FloatArray]:
    least = level_of(audio) * 10 ** (-_QUIETER_DB / 20)

    def hearing(sound: Audio, name: str, step: str) -> Iterator[FloatArray]:
        return _heard(sound, name, max(level_of(sound), least), step, progress)

    first = spool(hearing(audio, "dialogue", "dialogue"), like=audio)
    music = spool(hearing(difference(audio, first), "music", "music"), like=audio)
    at = 0
    for dialogue in hearing(difference(audio, music), "dialogue", "dialogue again"):
        stop = at + dialogue.shape[-1]
        yield np.stack([dialogue, music.read(at, stop)])
        at = stop


def _heard(audio: Audio, name: str, level: float, step: str, progress: Progress) -> Iterator[FloatArray]:
    """One of FOUND (channels, n) by the network in one hearing of a sound whose RMS is `level`.

    For music RNNoise is not asked, since little dialogue is left: that costs music .3 dB, and saves a fifth of all.
    """
    channels = audio.channels
    if not level:
        yield from (np.zeros_like(block) for block in audio.blocks(1 << 18))
        return
    rows = full_range(audio.layout)
    unit = np.float32(1 / level)
    speech = None
    if name == "dialogue":
        usual = made(lambda start, stop: audio.read(start, stop) * (unit * np.float32(_USUAL)), like=audio)
        speech = spool(_told(rnnoise.speech_in(usual), f"speech for {step}", audio.frames, progress), like=audio)

    def both(start: int, stop: int) -> FloatArray:
        mix = audio.read(start, stop) * unit
        return np.concatenate([mix, speech.read(start, stop) / np.float32(_USUAL) if speech else np.zeros_like(mix)])

    def work(samples: FloatArray) -> FloatArray:
        out = np.zeros((channels, samples.shape[1]), np.float32)
        for i in rows:
            # Digital silence before and after, as around a recording, is no part of a film: it would be taken for one.
            there = np.flatnonzero(samples[i])
            if len(there):
                part = slice(there[0], there[-1] + 1)
                mix, guess = samples[i, part], samples[channels + i, part]
                out[i, part] = masked(name, mix, refined(mix[None], guess[None], RATE)[0])
        return out

    source = made(both, like=audio, channels=2 * channels)
    blocks = process(source, work, block_s=BLOCK_S, context_s=_CONTEXT_S, fade_s=_FADE_S)
    for block in _told(blocks, step, audio.frames, progress):
        yield block * np.float32(level)


def _told(blocks: Iterable[FloatArray], step: str, frames: int, progress: Progress) -> Iterator[FloatArray]:
    at = 0
    for block in blocks:
        at += block.shape[-1]
        yield block
        progress(step, at, frames)


def level_of(audio: Audio) -> float:
    """RMS of the parts that are not silent, mean of all channels but the LFE; 0 for silence. Streamed."""
    rows = full_range(audio.layout)
    powers = [np.zeros(0)]
    for block in audio.blocks(_STEP * 100):
        padded = np.pad(block[rows], ((0, 0), (0, -block.shape[1] % _STEP)))
        powers.append(np.mean(padded.astype(np.float64).reshape(len(rows), -1, _STEP) ** 2, axis=(0, 2)))
    power = np.concatenate(powers)
    loud = power[power > _RANGE * power.max(initial=0)]
    return float(np.sqrt(loud.mean())) if len(loud) else 0.0


def masked(name: str, mix: FloatArray, speech: FloatArray) -> FloatArray:
    """One of FOUND (n,) in one channel (n,) at RATE of a film at unit level, with RNNoise's speech in it, refined."""
    spectra = np.stack([_spectrum(mix), _spectrum(speech)])
    given = spectra.view(np.float32).reshape(2, 1, len(spectra[0]), -1, 2)
    masks: NDArray[np.float32] = _session().run(None, {"spectrum": given[0], "speech": given[1]})[0][0]
    first = 2 * FOUND.index(name)
    found = np.ascontiguousarray(masks[..., first : first + 2]).view(np.complex64)[..., 0] * spectra[0]
    if name == "dialogue":
        found += masks[..., 4] * spectra[1]
        found += _TRUST * (spectra[1] - found)
    return _wave(found, len(mix))


@functools.cache
def _session() -> Any:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.inter_op_num_threads = threads.cores(), 1
    settings.enable_cpu_mem_arena = False  # it would hold 200 MB more, and is no faster
    return onnxruntime.InferenceSession(str(PATH), settings, providers=["CPUExecutionProvider"])


@functools.cache
def _window() -> FloatArray:
    return np.sqrt(np.hanning(WINDOW + 1)[:-1]).astype(np.float32)


def _spectrum(sound: FloatArray) -> NDArray[np.complex64]:
    """(frames, bins), bins of white noise at unit RMS at unit RMS."""
    import scipy.fft

    frames = -(-len(sound) // HOP) + 1
    padded = np.pad(sound, (HOP, frames * HOP - len(sound)))
    slices = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:frames]
    return np.asarray(scipy.fft.rfft(slices * (_window() / 32), axis=1), np.complex64)


def _wave(spectrum: NDArray[np.complex64], length: int) -> FloatArray:
    import scipy.fft

    parts = scipy.fft.irfft(spectrum, WINDOW, axis=1) * (_window() * 32)
    halves = parts.reshape(len(parts), 2, HOP)
    return np.asarray((halves[1:, 0] + halves[:-1, 1]).reshape(-1)[:length], np.float32)
