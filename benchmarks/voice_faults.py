"""Faults of voices planted into clean speech: how many are found, what of them is mended, and FFmpeg's filters beside.

    python benchmarks/voice_faults.py [../shared/audio] [most recordings]

Each recording is a speaker's sentences with 0.8 s between them. Hits: share of recordings in which the fault was
reported; others: share in which another fault of voices was reported that the clean one had not. SI-SDR (dB) against
the clean recording of what was planted, of `restore` with the findings (where there were none, as it came), and of
FFmpeg's filter on the same. Level: largest change of the speech's loudness against the clean recording, LU, where
something was mended. Alarms: findings of the clean recordings, and of music.
"""

from __future__ import annotations

import collections
import csv
import pathlib
import sys
from collections.abc import Callable

import numpy as np
import soundfile
from scipy.signal import butter, sosfiltfilt

from audiopost.core.audio import Audio
from audiopost.dsp.loudness import integrated_loudness
from audiopost.io.filtergraph import filtered, latency
from audiopost.stages.diagnose import diagnose
from audiopost.stages.restore import restore

Samples = np.ndarray
Plant = Callable[[Samples, int, np.random.Generator], Samples]
KINDS = {"sibilance", "plosives", "breaths", "mouth-clicks", "wind"}
PAUSE_S = 0.8


def passed(x: Samples, rate: int, edges: float | list[float], kind: str) -> Samples:
    return sosfiltfilt(butter(2, edges, kind, fs=rate, output="sos"), x)


def envelope(x: Samples, rate: int, window_s: float) -> Samples:
    size = round(window_s * rate)
    return np.sqrt(np.convolve(x**2, np.ones(size) / size, "same"))


def vowels(x: Samples, rate: int) -> float:
    """RMS of the louder half of what is not pause."""
    level = envelope(x, rate, 0.05)
    return float(np.percentile(level[level > 0.05 * level.max()], 75))


def pauses(x: Samples, rate: int) -> list[int]:
    """Middles of the pauses of half a second and more inside the recording."""
    quiet = envelope(x, rate, 0.03) < 0.03 * vowels(x, rate)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(int), [0]]))).reshape(-1, 2)
    return [(a + b) // 2 for a, b in edges if b - a > 0.5 * rate and a > 0 and b < len(x)]


def sibilance(over_db: float) -> Plant:
    """Sibilants raised above 4 kHz, each by up to 24 dB, until they stand so far over the vowels."""

    def plant(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
        high = passed(x, rate, 4000, "highpass")
        loud, whole = envelope(high, rate, 0.05), envelope(x, rate, 0.05)
        smooth = np.hanning(rate // 40)
        at = np.convolve((loud > 0.7 * whole) & (whole > 0.03 * whole.max()), smooth / smooth.sum(), "same")
        gain = np.clip(10 ** (over_db / 20) * vowels(x, rate) / (loud + 1e-9), 1, 16)
        return x + (gain - 1) * np.clip(at, 0, 1) * high

    return plant


def plosives(share: float) -> Plant:
    """Thumps of 50 to 100 ms at 25 to 45 Hz, so much of the voice's peak, where speech begins after a pause."""

    def plant(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
        y, peak, level = x.copy(), np.abs(x).max(), envelope(x, rate, 0.01)
        for middle in pauses(x, rate):
            begins = middle + int(np.argmax(level[middle:] > 0.2 * vowels(x, rate)))
            length = rng.uniform(0.05, 0.1)
            t = np.arange(round(2 * length * rate)) / rate
            thump = np.sin(2 * np.pi * rng.uniform(25, 45) * t) * t**0.7 * np.exp(-4 * t / length)
            start, stop = begins - rate // 50, min(begins - rate // 50 + len(t), len(x))
            y[start:stop] += (share * peak * thump / np.abs(thump).max())[: stop - start]
        return y

    return plant


def breaths(level_db: float) -> Plant:
    """0.22 to 0.4 s of soft-edged noise at 0.5 to 4 kHz, at a level against the vowels, before speech."""

    def plant(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
        y = x.copy()
        for middle in pauses(x, rate):
            size = round(rng.uniform(0.22, 0.4) * rate)
            noise = passed(rng.standard_normal(size), rate, [500, 4000], "bandpass") * np.hanning(size) ** 0.5
            y[middle - size // 2 : middle - size // 2 + size] += (
                10 ** (level_db / 20) * vowels(x, rate) * noise / noise.std()
            )
        return y

    return plant


def mouth_clicks(level_db: float) -> Plant:
    """Three a pause: tones of 2 to 5.5 kHz that ring for 0.3 to 1.2 ms, their peak at a level against the vowels."""

    def plant(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
        y, t = x.copy(), np.arange(round(0.005 * rate)) / rate
        for middle in pauses(x, rate):
            for offset in (-0.13, 0.0, 0.13):
                click = np.sin(2 * np.pi * rng.uniform(2000, 5500) * t) * np.exp(-t / rng.uniform(3e-4, 1.2e-3))
                start = middle + round((offset + rng.uniform(-0.03, 0.03)) * rate)
                y[start : start + len(t)] += 10 ** (level_db / 20) * vowels(x, rate) * click / np.abs(click).max()
        return y

    return plant


def wind(level_db: float) -> Plant:
    """Noise that falls by 12 dB an octave from 20 Hz on, in gusts of 6 dB deviation, at a level against the vowels."""

    def plant(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
        n = len(x)
        frequency = np.fft.rfftfreq(n, 1 / rate)
        blow = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * (frequency > 5) / (1 + (frequency / 20) ** 2), n)
        slow = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * (frequency < 1.5), n)
        blow *= 10 ** (0.3 * slow / slow.std())
        return x + 10 ** (level_db / 20) * vowels(x, rate) * blow / blow.std()

    return plant


FAULTS: dict[str, tuple[str, Plant, str]] = {
    "sibilants +5 dB": ("sibilance", sibilance(5), "deesser=i=0.4"),
    "sibilants 0 dB": ("sibilance", sibilance(0), "deesser=i=0.4"),
    "plosives 50 %": ("plosives", plosives(0.5), "highpass=f=80"),
    "plosives 20 %": ("plosives", plosives(0.2), "highpass=f=80"),
    "breaths -16 dB": ("breaths", breaths(-16), "agate=threshold=0.02:range=0.25:attack=5:release=100"),
    "breaths -22 dB": ("breaths", breaths(-22), "agate=threshold=0.02:range=0.25:attack=5:release=100"),
    "mouth clicks -8 dB": ("mouth-clicks", mouth_clicks(-8), "adeclick=threshold=3"),
    "mouth clicks -18 dB": ("mouth-clicks", mouth_clicks(-18), "adeclick=threshold=3"),
    "wind -6 dB": ("wind", wind(-6), "highpass=f=80"),
    "wind -14 dB": ("wind", wind(-14), "highpass=f=80"),
}


def recordings(folder: pathlib.Path) -> list[tuple[Samples, int]]:
    """Clean speech, each speaker's sentences joined up to half a minute."""
    speakers = collections.defaultdict(list)
    for row in csv.DictReader((folder / "index.csv").open()):
        if row["kind"] == "speech_clean":
            speakers[row["path"].rsplit("/", 1)[0] + row["speaker"]].append(folder / row["path"])
    made = []
    for paths in speakers.values():
        parts: list[Samples] = []
        for path in paths:
            x, rate = soundfile.read(path, dtype="float64")
            if parts and sum(map(len, parts)) + len(x) > 30 * rate:
                made.append((np.concatenate(parts), rate))
                parts = []
            room = 3e-5 * np.random.default_rng(len(x)).standard_normal(round(PAUSE_S * rate))
            parts += [x, room]
        made.append((np.concatenate(parts), rate))
    return [(x, rate) for x, rate in made if len(pauses(x, rate)) >= 2]


def si_sdr(reference: Samples, estimate: Samples) -> float:
    """Scale-invariant signal-to-distortion ratio in dB."""
    target = (estimate @ reference) / (reference @ reference) * reference
    return float(10 * np.log10((target @ target) / (np.sum((estimate - target) ** 2) + 1e-12)))


def main() -> None:
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/audio")
    sounds = recordings(folder)[: int(sys.argv[2]) if len(sys.argv) > 2 else None]
    clean = [{f.kind for f in diagnose(Audio(x, rate)) if f.kind in KINDS} for x, rate in sounds]
    alarms = collections.Counter(kind for kinds in clean for kind in kinds)
    print(f"{len(sounds)} recordings of clean speech; with findings: {dict(alarms)}")
    print(f"{'planted':20} {'hits':>5} {'others':>7} {'SI-SDR':>7} {'restore':>8} {'FFmpeg':>7} {'level':>6}")
    rng = np.random.default_rng(7)
    for name, (kind, plant, filter_) in FAULTS.items():
        hits, others, before, after, peer, level = [], [], [], [], [], [0.0]
        for (x, rate), had in zip(sounds, clean, strict=True):
            hurt = Audio(plant(x, rate, rng), rate)
            findings = diagnose(hurt)
            kinds = {f.kind for f in findings}
            hits.append(kind in kinds)
            others.append(bool(kinds & KINDS - had - {kind}))
            mended = restore(hurt, [f for f in findings if f.kind == kind])
            late = latency(filter_, rate) if "adeclick" not in filter_ else 0
            theirs = np.roll(np.concatenate(list(filtered(hurt, filter_)), axis=1)[0], -late)
            for values, y in ((before, hurt.samples[0]), (after, mended.samples[0]), (peer, theirs)):
                values.append(si_sdr(x, y.astype(np.float64)))
            if hits[-1]:
                level.append(abs((integrated_loudness(mended) or 0) - (integrated_loudness(Audio(x, rate)) or 0)))
        row = f"{np.mean(before):7.1f} {np.mean(after):8.1f} {np.mean(peer):7.1f} {max(level):6.2f}"
        print(f"{name:20} {np.mean(hits):5.0%} {np.mean(others):7.0%} {row}")
    rows = [r["path"] for r in csv.DictReader((folder / "index.csv").open()) if r["kind"] in ("music", "music_stem")]
    found = collections.Counter()
    for path in rows:
        x, rate = soundfile.read(folder / path, dtype="float32", always_2d=True)
        found.update({f.kind for f in diagnose(Audio(x.T, rate))} & KINDS)
    print(f"{len(rows)} recordings of music; with findings: {dict(found)}")


if __name__ == "__main__":
    main()
