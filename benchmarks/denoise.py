"""STOI, SI-SDR and speed of the denoisers on the reference recordings: python benchmarks/denoise.py [--audio DIR]

Two sets: the real noisy/clean pairs, and 14 sentences with 5 dB of recorded noise (seeded).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from audiopost.core.audio import Audio, FloatArray
from audiopost.dsp.resample import resample
from audiopost.io.decode import load
from audiopost.stages.denoise import BACKENDS, denoise

Item = tuple[FloatArray, FloatArray, int]


def mono(path: Path, rate: int | None = None) -> tuple[FloatArray, int]:
    audio = load(path).audio
    samples = audio.samples.mean(axis=0, keepdims=True)
    return (resample(samples, audio.rate, rate)[0], rate) if rate else (samples[0], audio.rate)


def pairs(folder: Path) -> Iterator[Item]:
    for path in sorted(folder.glob("denoise_pairs/*_clean.*")):
        clean, rate = mono(path)
        noisy, _ = mono(next(folder.glob(f"denoise_pairs/{path.name.partition('_clean')[0]}_noisy*")))
        n = min(len(clean), len(noisy))
        yield clean[:n], noisy[:n], rate


def mixtures(folder: Path, snr_db: float = 5.0) -> Iterator[Item]:
    rng = np.random.default_rng(3)
    sentences, noises = sorted(folder.glob("speech_clean/tsp/*")), sorted(folder.glob("noise/*"))
    for i in range(14):
        clean, noise = mono(sentences[4 * i], 48_000)[0], mono(noises[i % len(noises)], 48_000)[0]
        noise = np.roll(np.resize(noise, max(len(noise), len(clean))), -rng.integers(len(noise)))[: len(clean)]
        gain = np.sqrt(np.mean(clean**2) / np.mean(noise**2) / 10 ** (snr_db / 10))
        yield clean, clean + gain * noise, 48_000


def si_sdr(estimate: FloatArray, reference: FloatArray) -> float:
    scaled = estimate @ reference / (reference @ reference) * reference
    return float(10 * np.log10(scaled @ scaled / np.sum((estimate - scaled) ** 2)))


def ways() -> dict[str, Callable[[FloatArray, int], FloatArray]]:
    def by(name: str) -> Callable[[FloatArray, int], FloatArray]:
        return lambda noisy, rate: denoise(Audio(noisy, rate), backend=name).samples[0]

    found: dict[str, Callable[[FloatArray, int], FloatArray]] = {"noisy": lambda noisy, rate: noisy}
    found |= {name: by(name) for name in BACKENDS.table}
    try:
        import noisereduce
    except ImportError:
        return found
    return found | {"noisereduce": lambda noisy, rate: noisereduce.reduce_noise(noisy, rate)}


def dnsmos(samples: FloatArray, rate: int) -> float:
    try:
        from speechmos import dnsmos as judge
    except ImportError:
        return float("nan")
    at_16k = resample(samples[np.newaxis], rate, 16_000)[0]
    return float(judge.run(np.clip(at_16k, -1, 1), 16_000)["ovrl_mos"])


def main() -> None:
    from pystoi import stoi

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, default=Path(__file__).parents[2] / "shared" / "audio")
    folder = parser.parse_args().audio
    print(f"{'set':8}{'denoiser':14}{'STOI':>7}{'SI-SDR dB':>11}{'DNSMOS':>8}{'RTF':>8}")
    for name, items in (("pairs", list(pairs(folder))), ("5 dB", list(mixtures(folder)))):
        seconds = sum(len(clean) / rate for clean, _, rate in items)
        for way, work in ways().items():
            begin = time.perf_counter()
            outs = [work(noisy, rate) for _, noisy, rate in items]
            factor = (time.perf_counter() - begin) / seconds
            rows = [
                (stoi(clean, out, rate), si_sdr(out, clean), dnsmos(out, rate))
                for out, (clean, _, rate) in zip(outs, items, strict=True)
            ]
            means = np.mean(rows, axis=0)
            print(f"{name:8}{way:14}{means[0]:7.3f}{means[1]:11.2f}{means[2]:8.2f}{factor:8.3f}", flush=True)


if __name__ == "__main__":
    main()
