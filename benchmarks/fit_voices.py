"""Fits audiopost/analysis/voice_space.npz, what voice prints are compared in; needs a folder with index.csv.

    python benchmarks/fit_voices.py ../shared/train

The recordings that benchmarks measure on are never among them.

Prints of half a minute of each speaker, twice: in unlike synthetic rooms, noise and telephone bands, so that the
space holds what stays. Rows whose licence is non-commercial, copyleft-software only, or not stated are left out, and
so is every third speaker, whom conversations.py takes for tests. Stored as float16: 34 kB.
"""

from __future__ import annotations

import sys
from pathlib import Path

import conversations
import numpy as np
from fit_music import FREE, REFUSED
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.signal import butter, fftconvolve, sosfilt

from audiopost.analysis import voice_print, voice_space

#: Directions kept, seconds of each speaker, and the part of the covariance that is spread over all directions.
SIZE, LONGEST_S, SPREAD = 64, 40, 0.02


def heard(clean: np.ndarray, roomy: bool, rng: np.random.Generator) -> np.ndarray:
    """The same words in another place: room, noise 10 to 45 dB down, now and then by telephone."""
    out = fftconvolve(clean, conversations.room(rng))[: len(clean)] if roomy or rng.random() < 0.3 else clean
    if rng.random() < 0.3:
        out = sosfilt(butter(4, (300, 3400), "bandpass", fs=conversations.RATE, output="sos"), out)
    noise = rng.standard_normal(len(out))
    noise = np.cumsum(noise) if rng.random() < 0.5 else noise
    noise = sosfilt(butter(1, 60, "highpass", fs=conversations.RATE, output="sos"), noise)
    out = out + noise * 10 ** (-rng.uniform(10, 45) / 20) * np.sqrt(np.mean(out**2) / np.mean(noise**2))
    return (out * 0.05 / np.sqrt(np.mean(out**2))).astype(np.float32)


def prints(clean: np.ndarray, roomy: bool, rng: np.random.Generator) -> NDArray[np.float32]:
    """(windows, 256) prints every 0.4 s where most of the window is speech."""
    size = round(voice_space.WINDOW_S * 100)
    mels = voice_print.mel_frames(heard(clean, roomy, rng))
    said = np.zeros(len(mels))
    for first, last in conversations.spoken(clean):
        said[first // 160 : last // 160] = 1
    share = np.convolve(said, np.ones(size), "valid") / size
    starts = np.flatnonzero(share > 0.7)
    starts = starts[starts % 40 == 0]
    return voice_print.encode(mels[starts[:, None] + np.arange(size)], rectified=False)


def main() -> None:
    rng = np.random.default_rng(5)
    within, means, count = np.zeros((voice_print.SIZE,) * 2), [], 0
    total, n = np.zeros(voice_print.SIZE), 0
    for voice in conversations.voices([Path(a) for a in sys.argv[1:]]):
        if not voice.learnt_from or not FREE.search(voice.licence) or REFUSED.search(voice.licence):
            continue
        clean = voice.samples()[: LONGEST_S * conversations.RATE]
        takes = [prints(clean, roomy, rng).astype(np.float64) for roomy in (False, True)]
        both = np.concatenate(takes)
        if min(map(len, takes)) < 3 or len(both) < 8:
            continue
        # Half of the scatter is that within one recording, half also that between the speaker's two rooms.
        within += np.cov(both.T, bias=True) + 0.5 * sum(np.cov(take.T, bias=True) for take in takes)
        count += 2
        means.append(both.mean(axis=0))
        total, n = total + both.sum(axis=0), n + len(both)
    within /= count
    within += SPREAD * np.trace(within) / len(within) * np.eye(len(within))
    between, basis = eigh(np.cov(np.array(means).T), within)
    best = np.argsort(-between)[:SIZE]
    # A speaker's mean is itself known from some twenty independent prints only.
    spread = np.maximum(between[best] - 1 / 20, 1e-3)
    print(f"{len(means)} speakers, {n} prints; between over within: {np.round(spread[:5], 1)}")
    np.savez_compressed(
        voice_space.PATH,
        mean=(total / n).astype(np.float16),
        basis=basis[:, best].astype(np.float16),
        between=spread.astype(np.float16),
    )


if __name__ == "__main__":
    main()
