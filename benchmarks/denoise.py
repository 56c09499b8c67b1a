"""Every denoiser beside its peers on reference recordings: python benchmarks/denoise.py [--shared DIR]

Two sets: the real noisy/clean pairs, and 14 sentences with 5 dB of recorded noise (seeded). PESQ (wide band), STOI,
SI-SDR, DNSMOS (overall, speech, background) and the real-time factor on one thread. Then DeepFilterNet3's conformance
pair, and what our stage costs around the engines it wraps. Needs pip install 'audiopost[bench,dev]'; DeepFilterNet3's
graphs are taken from DIR/models/deepfilternet3-onnx, else from the model store.
"""

from __future__ import annotations

import argparse
import functools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from pesq import pesq
from pystoi import stoi
from speechmos import dnsmos

from audiopost.analysis.rnnoise import DELAY, FRAME, _States
from audiopost.core.audio import Audio, FloatArray
from audiopost.dsp.resample import resample
from audiopost.io.decode import load
from audiopost.io.filtergraph import filtered, latency
from audiopost.models import store
from audiopost.stages.denoise import BACKENDS, Options, denoise
from audiopost.stages.denoise.deepfilternet3_frames import HOP, Enhancer
from audiopost.stages.denoise.deepfilternet3_graphs import Graphs
from audiopost.stages.separate import separate

Item = tuple[FloatArray, FloatArray, int]
Way = Callable[[FloatArray, int], FloatArray]
#: FFmpeg's denoisers, set strong: with their defaults they leave these recordings as they are.
FFMPEG = ("afftdn=nr=24:nf=-20:tn=1", "anlmdn=s=1000")
#: What upstream's own test expects of the pair freesound_33711.
CONFORMANCE_DB = 20.0149


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
    estimate, reference = estimate.astype(np.float64), reference.astype(np.float64)
    scaled = estimate @ reference / (reference @ reference) * reference
    return float(10 * np.log10(scaled @ scaled / np.sum((estimate - scaled) ** 2)))


def scores(clean: FloatArray, out: FloatArray, rate: int) -> tuple[float, ...]:
    clean_16k, out_16k = (resample(x[np.newaxis], rate, 16_000)[0] for x in (clean, out))
    mos = dnsmos.run(np.clip(out_16k, -1, 1), 16_000)
    opinions = (mos["ovrl_mos"], mos["sig_mos"], mos["bak_mos"])
    return (pesq(16_000, clean_16k, out_16k, "wb"), stoi(clean, out, rate), si_sdr(out, clean), *opinions)


def ours(noisy: FloatArray, rate: int, **options: object) -> FloatArray:
    return denoise(Audio(noisy, rate), **options).samples[0]


def dialogue(noisy: FloatArray, rate: int) -> FloatArray:
    return separate(Audio(noisy, rate), backend="house")["dialogue"].samples[0]


def ffmpeg(noisy: FloatArray, rate: int, description: str) -> FloatArray:
    """A filter of FFmpeg; what it is late by is made up for."""
    late = latency(description, rate)
    padded = Audio(np.append(noisy, np.zeros(late, np.float32)), rate)
    return np.concatenate(list(filtered(padded, description)), axis=1)[0, late:]


def ways(model: str | None) -> dict[str, Way]:
    found: dict[str, Way] = {"noisy": lambda noisy, rate: noisy}
    for name in BACKENDS.table:
        if BACKENDS.resolve(name).available(Options(backend=name, model=model)).ready:
            found[name] = functools.partial(ours, backend=name, model=model)
    if "deepfilternet3" in found:
        dfn3 = {"backend": "deepfilternet3", "model": model}
        found["  limit 24 dB"] = functools.partial(ours, **dfn3, max_reduction_db=24.0)
        found["  post filter"] = functools.partial(ours, **dfn3, post_filter=True)
    found["dialogue by separate's house"] = dialogue
    found |= {description: functools.partial(ffmpeg, description=description) for description in FFMPEG}
    try:
        import noisereduce
    except ImportError:
        return found
    return found | {"noisereduce": lambda noisy, rate: noisereduce.reduce_noise(noisy, rate)}


def table(name: str, items: list[Item], model: str | None) -> None:
    seconds = sum(len(clean) / rate for clean, _, rate in items)
    before = None
    for way, work in ways(model).items():
        work(items[0][1], items[0][2])  # what is loaded once is not counted
        begin = time.perf_counter()
        outs = [work(noisy, rate) for _, noisy, rate in items]
        factor = (time.perf_counter() - begin) / seconds
        rows = np.array([scores(clean, out, rate) for out, (clean, _, rate) in zip(outs, items, strict=True)])
        before = rows if before is None else before
        m, worst = rows.mean(axis=0), (rows - before)[:, 1].min()
        print(
            f"{name:6}{way:30}{m[0]:7.2f}{m[1]:7.3f}{worst:+8.3f}{m[2]:8.1f}{m[3]:7.2f}{m[4]:6.2f}{m[5]:6.2f}{factor:8.3f}",
            flush=True,
        )


def bare(graphs: Graphs, samples: FloatArray) -> FloatArray:
    """DeepFilterNet3 without our stage: one channel at 48 kHz, in blocks of a second."""
    enhancer = Enhancer(graphs)
    padded = np.pad(samples, (0, -len(samples) % HOP))
    blocks = [enhancer.feed(padded[at : at + 100 * HOP]) for at in range(0, len(padded), 100 * HOP)]
    return np.concatenate([*blocks, enhancer.finish()])[: len(samples)]


def bare_rnnoise(samples: FloatArray) -> FloatArray:
    with _States(1) as states:
        padded = np.pad(samples[np.newaxis], ((0, 0), (0, -len(samples) % FRAME + DELAY)))
        return states.run(padded, (True,))[0, DELAY : DELAY + len(samples)]


def cost(name: str, engine: Callable[[FloatArray], FloatArray], samples: FloatArray, model: str | None) -> None:
    """The stage against its engine, turn by turn; the least of each, since whatever else runs only adds."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(7):
        for times, run in zip(
            taken, (engine, functools.partial(ours, rate=48_000, backend=name, model=model)), strict=True
        ):
            begin = time.process_time()
            run(samples)
            times.append(time.process_time() - begin)
    alone, stage = min(taken[0]), min(taken[1])
    length_s = len(samples) / 48_000
    print(
        f"{name}: engine RTF {alone / length_s:.4f}, stage {stage / length_s:.4f}, ratio {stage / alone:.3f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared")
    parser.add_argument("--only", choices=("pairs", "5 dB", "conformance", "cost"))
    arguments = parser.parse_args()
    audio, graphs = arguments.shared / "audio", arguments.shared / "models" / "deepfilternet3-onnx"
    folder = graphs if graphs.is_dir() else store.find("deepfilternet3")
    model = str(folder) if folder else None

    def wanted(part: str) -> bool:
        return arguments.only in (None, part)

    if wanted("pairs") or wanted("5 dB"):
        print(
            f"{'set':6}{'denoiser':30}{'PESQ':>7}{'STOI':>7}{'worst':>8}{'SI-SDR':>8}{'MOS':>7}{'SIG':>6}{'BAK':>6}{'RTF':>8}"
        )
    if wanted("pairs"):
        table("pairs", list(pairs(audio)), model)
    if wanted("5 dB"):
        table("5 dB", list(mixtures(audio)), model)
    clean, noisy, _ = next(pairs(audio))
    if folder and wanted("conformance"):
        reached = si_sdr(bare(Graphs(folder), noisy), clean)
        print(f"conformance pair: SI-SDR {reached:.4f} dB, upstream expects {CONFORMANCE_DB}")
    if wanted("cost"):
        minutes = np.tile(noisy, 12)
        cost("rnnoise", bare_rnnoise, minutes, model)
        if folder:
            cost("deepfilternet3", functools.partial(bare, Graphs(folder)), minutes, model)


if __name__ == "__main__":
    main()
