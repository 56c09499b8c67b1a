"""SI-SDR gain of the film stems over the mixture: python benchmarks/separate.py [--audio DIR] [--set backend=…]

Twelve seeded mono mixtures of 15 s: sentences of one speaker with pauses at -17 LUFS, music at -24, effects at -21
(single effects with gaps, over a bed of noise 9 dB below).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from audiopost.core.audio import Audio, FloatArray
from audiopost.dsp.resample import resample
from audiopost.io.decode import load
from audiopost.stages.separate import STEMS, separate

RATE = 48_000
FRAMES = 15 * RATE


def mono(path: Path) -> FloatArray:
    audio = load(path).audio
    return resample(audio.samples.mean(axis=0, keepdims=True), audio.rate, RATE)[0]


def at_lufs(samples: FloatArray, lufs: float) -> FloatArray:
    import pyloudnorm

    loudness = pyloudnorm.Meter(RATE).integrated_loudness(samples.astype(np.float64))
    return samples * np.float32(10 ** ((lufs - loudness) / 20))


def strung(paths: list[Path], gap_s: tuple[float, float], rng: np.random.Generator) -> FloatArray:
    """Recordings in random order, at most 8 s of each, with random pauses."""
    out = np.zeros(FRAMES, np.float32)
    at = round(rng.uniform(*gap_s) * RATE)
    order: list[int] = []
    while at < FRAMES:
        order = order or list(rng.permutation(len(paths)))
        piece = mono(paths[order.pop()])[: min(8 * RATE, FRAMES - at)]
        out[at : at + len(piece)] = piece
        at += len(piece) + round(rng.uniform(*gap_s) * RATE)
    return out


def mixtures(folder: Path, count: int, seed: int) -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
    """Dialogue, music, effects."""
    rng = np.random.default_rng(seed)
    sentences = sorted(folder.glob("speech_clean/tsp/*"))
    speakers = sorted({path.name[:2] for path in sentences})
    tracks, effects, noises = (sorted(folder.glob(f"{kind}/*.*")) for kind in ("music", "effects", "noise"))
    for i in range(count):
        own = [path for path in sentences if path.name.startswith(speakers[i % len(speakers)])]
        dialogue = strung(own, (0.3, 1.2), rng)
        track = mono(tracks[i % len(tracks)])
        track = np.resize(track, max(len(track), 2 * FRAMES))
        offset = rng.integers(len(track) - FRAMES)
        bed = np.resize(mono(noises[i % len(noises)]), FRAMES)
        single = strung(effects, (0.2, 1.5), rng)
        sounds = at_lufs(at_lufs(single, -21) + at_lufs(bed, -30), -21)
        yield at_lufs(dialogue, -17), at_lufs(track[offset : offset + FRAMES], -24), sounds


def si_sdr(estimate: FloatArray, reference: FloatArray) -> float:
    scaled = estimate @ reference / (reference @ reference) * reference
    return float(10 * np.log10(scaled @ scaled / np.sum((estimate - scaled) ** 2)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, default=Path(__file__).parents[2] / "shared" / "audio")
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="an option of separate")
    args = parser.parse_args()
    changes = {"backend": "dsp", **dict(pair.split("=", 1) for pair in args.set)}
    before, after, seconds = [], [], 0.0
    for parts in mixtures(args.audio, args.count, args.seed):
        mix = parts[0] + parts[1] + parts[2]
        begin = time.perf_counter()
        stems = separate(Audio(mix, RATE), **changes)
        seconds += time.perf_counter() - begin
        before.append([si_sdr(mix, part) for part in parts])
        after.append([si_sdr(stems[name].samples[0], part) for name, part in zip(STEMS["film"], parts, strict=True)])
    mixed, split = np.mean(before, axis=0), np.mean(after, axis=0)
    print(f"{'stem':10}{'mixture':>9}{'stem':>7}{'gain':>7}{'worst':>7}  dB SI-SDR")
    for i, name in enumerate(STEMS["film"]):
        worst = min(a[i] - b[i] for a, b in zip(after, before, strict=True))
        print(f"{name:10}{mixed[i]:9.2f}{split[i]:7.2f}{split[i] - mixed[i]:+7.2f}{worst:+7.2f}")
    print(f"real-time factor {seconds / (args.count * FRAMES / RATE):.3f}")


if __name__ == "__main__":
    main()
