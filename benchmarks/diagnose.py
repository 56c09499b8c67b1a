"""Restoration: what diagnose finds of planted faults, and what restore makes of them, beside FFmpeg's filters.

    python benchmarks/diagnose.py [../shared/audio] [--files 5] [--only clipping]

A seeded sample of clean speech and music, 10 s of each file. Every constant of the detectors and repairs measured here
was chosen on ../shared/train and synthetic sound; the recordings of this table were used for nothing but it.

- found: share of the files in which the fault was reported; alarms: share of the same files, unharmed, in which it was
  (precision = hits / (hits + alarms));
- time: share of the planted fault's time inside the reported ranges, and share of the reported time that is planted;
- SNR in dB against the unharmed file before, after ours (`restore(audio, diagnose(audio))`) and after FFmpeg's filter,
  and the dB that FFmpeg's leaves of an unharmed file (None: has no such filter);
- RTF: seconds a second of sound, restore alone, and FFmpeg's filter.
"""

from __future__ import annotations

import argparse
import csv
import pathlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soundfile

from audiopost.core.audio import Audio
from audiopost.io.filtergraph import filtered
from audiopost.stages.diagnose import diagnose
from audiopost.stages.restore import restore

Samples = np.ndarray
Spans = list[tuple[float, float]]
#: Sound (1, n), rate and generator to the hurt sound and the seconds of the fault.
Plant = Callable[[Samples, int, np.random.Generator], tuple[Samples, Spans]]


def hum(level_db: float, mains: float, drift_hz: float = 0.0, lines: int = 7, part: bool = False) -> Plant:
    """`drift_hz` to either side within 9 s; `part`: only in the middle half."""

    def plant(x: Samples, rate: int, rng: np.random.Generator) -> tuple[Samples, Spans]:
        t = np.arange(x.shape[1]) / rate
        f = mains + rng.uniform(-0.1, 0.1) + drift_hz * np.sin(2 * np.pi * t / 9 + rng.uniform(0, 6))
        turns = np.cumsum(f) / rate
        shares = {1: 1.0, 2: 0.5, 3: 0.6, 5: 0.3, 7: 0.15} if lines == 7 else {k: k**-0.3 for k in range(1, lines)}
        shares = {k: a for k, a in shares.items() if k * mains < 0.45 * rate}
        tone = sum(a * np.sin(2 * np.pi * k * turns + rng.uniform(0, 6)) for k, a in shares.items())
        tone *= 10 ** (level_db / 20) / np.sqrt(np.mean(tone**2))
        start, end = (t[-1] / 4, 3 * t[-1] / 4) if part else (0.0, float(t[-1]))
        return x + tone * ((t >= start) & (t <= end)), [(start, end)]

    return plant


def clicks(per_second: float, level_db: float, pop: bool = False) -> Plant:
    """Decaying impulses of up to 0.5 ms; a pop has a thump of 4 to 10 ms behind it. One lies in the last 20 ms."""

    def plant(x: Samples, rate: int, rng: np.random.Generator) -> tuple[Samples, Spans]:
        y, n = x.copy(), x.shape[1]
        where = rng.integers(100, n - rate // 50, max(int(n / rate * per_second), 5))
        where[0] = n - rate // 50
        for at in where:
            length = int(rng.integers(1, max(rate // 2000, 2)))
            size = rng.choice([-1, 1]) * 10 ** (level_db / 20)
            y[:, at : at + length] += size * np.exp(-3 * np.arange(length) / length)
            if pop:
                m = int(rng.uniform(0.004, 0.010) * rate)
                t = np.arange(m) / m
                y[:, at : at + m] += 0.7 * size * np.sin(2 * np.pi * rng.uniform(0.7, 1.6) * t) * np.exp(-3 * t)
        return y, [(a / rate, a / rate + 0.001) for a in sorted(where)]

    return plant


def clipping(below_peak_db: float, gain_db: float = 0.0) -> Plant:
    def plant(x: Samples, rate: int, rng: np.random.Generator) -> tuple[Samples, Spans]:
        limit = np.abs(x).max() * 10 ** (-below_peak_db / 20)
        at = np.flatnonzero(np.abs(x[0]) > limit) / rate
        gain = 10 ** (gain_db / 20)
        return np.clip(x, -limit, limit) * gain, [(float(a), float(a) + 1 / rate) for a in at]

    return plant


def soft_clipping(drive_db: float, curve: str = "tanh", gain_db: float = -3.0) -> Plant:
    """The peak goes into the curve at `drive_db` over 1; turned down afterwards."""

    def plant(x: Samples, rate: int, rng: np.random.Generator) -> tuple[Samples, Spans]:
        u = x / np.abs(x).max() * 10 ** (drive_db / 20)
        y = {"tanh": np.tanh, "arctan": np.arctan, "cubic": lambda u: u - u**3 / 3}[curve](u)
        y = y / np.abs(y).max() * np.abs(x).max() * 10 ** (gain_db / 20)
        return y, [(0.0, x.shape[1] / rate)]

    return plant


def dropouts(length_ms: float) -> Plant:
    def plant(x: Samples, rate: int, rng: np.random.Generator) -> tuple[Samples, Spans]:
        y, length = x.copy(), round(length_ms * rate / 1000)
        power = np.convolve((x**2).mean(axis=0), np.ones(rate // 20) / (rate // 20), "same")
        loud = np.flatnonzero(power > np.percentile(power, 60))
        loud = loud[(loud > rate // 10) & (loud < x.shape[1] - rate // 10 - length)]
        where = np.sort(rng.choice(loud, max(x.shape[1] // rate // 2, 3)))
        for at in where:
            y[:, at : at + length] = 0
        return y, [(a / rate, (a + length) / rate) for a in where]

    return plant


def dc(x: Samples, rate: int, rng: np.random.Generator) -> tuple[Samples, Spans]:
    return x + 0.02, [(0.0, x.shape[1] / rate)]


@dataclass(frozen=True)
class Fault:
    """A row: the kind that diagnose should report, how it is planted, and FFmpeg's filter against it."""

    name: str
    kind: str
    plant: Plant
    ffmpeg: str | None = None


#: Add a fault by its line here; a plant function returns the hurt sound and where, in seconds.
FAULTS: tuple[Fault, ...] = (
    Fault("hum 50 Hz -35 dBFS", "hum", hum(-35, 50)),
    Fault("hum 50 Hz -45 dBFS", "hum", hum(-45, 50)),
    Fault("hum 60 Hz -55 dBFS", "hum", hum(-55, 60)),
    Fault("hum 50 +-0.5 Hz -40 dBFS", "hum", hum(-40, 50, drift_hz=0.5)),
    Fault("buzz 50 Hz to 6 kHz -40 dBFS", "hum", hum(-40, 50, lines=120)),
    Fault("hum 60 Hz -40 dBFS, half", "hum", hum(-40, 60, part=True)),
    Fault("clicks 2/s -6 dBFS", "clicks", clicks(2, -6), "adeclick"),
    Fault("clicks 2/s -20 dBFS", "clicks", clicks(2, -20), "adeclick"),
    Fault("clicks 1/s -30 dBFS", "clicks", clicks(1, -30), "adeclick"),
    Fault("crackle 100/s -26 dBFS", "clicks", clicks(100, -26), "adeclick"),
    Fault("pops 1/s -12 dBFS", "clicks", clicks(1, -12, pop=True), "adeclick"),
    Fault("clipping 3 dB", "clipping", clipping(3), "adeclip"),
    Fault("clipping 6 dB, then -12", "clipping", clipping(6, -12), "adeclip"),
    Fault("clipping 12 dB", "clipping", clipping(12), "adeclip"),
    Fault("soft clipping tanh 0 dB", "soft-clipping", soft_clipping(0)),
    Fault("soft clipping tanh 6 dB", "soft-clipping", soft_clipping(6)),
    Fault("soft clipping tanh 12 dB", "soft-clipping", soft_clipping(12)),
    Fault("soft clipping arctan 6 dB", "soft-clipping", soft_clipping(6, "arctan", -20)),
    Fault("soft clipping cubic 0 dB", "soft-clipping", soft_clipping(0, "cubic")),
    Fault("dropouts 5 ms", "dropouts", dropouts(5)),
    Fault("dropouts 20 ms", "dropouts", dropouts(20)),
    Fault("dropouts 30 ms", "dropouts", dropouts(30)),
    Fault("dropouts 40 ms", "dropouts", dropouts(40)),
    Fault("dropouts 80 ms (left)", "dropouts", dropouts(80)),
    Fault("dc 2 %", "dc", dc),
)


def snr(reference: Samples, estimate: Samples) -> float:
    """dB of the reference over the error after the best gain (a hurt file may have been turned down), at most 80."""
    r, e = (np.asarray(v, np.float64).ravel() for v in (reference, estimate))
    e = e * (e @ r) / (e @ e + 1e-20)
    return float(min(10 * np.log10((r @ r) / (np.sum((e - r) ** 2) + 1e-20)), 80.0))


def overlap(planted: Spans, found: Spans, end_s: float) -> tuple[float, float]:
    """Share of the planted time that was found; share of the found time with a planted fault within half a second."""
    step = 0.001
    a, b, near = (np.zeros(int(end_s / step) + 2, bool) for _ in range(3))
    for start, stop in planted:
        a[int(start / step) : int(np.ceil(stop / step)) + 1] = True
        near[max(int((start - 0.5) / step), 0) : int((stop + 0.5) / step) + 1] = True
    for start, stop in found:
        b[int(start / step) : int(np.ceil(stop / step)) + 1] = True
    return float((a & b).sum() / max(a.sum(), 1)), float((near & b).sum() / max(b.sum(), 1))


def recordings(folder: pathlib.Path, kinds: set[str], count: int) -> list[tuple[Samples, int]]:
    rows = [r for r in csv.DictReader((folder / "index.csv").open()) if r["kind"] in kinds]
    rows = [r for r in rows if r["duration_s"] and float(r["duration_s"]) >= 4.0]
    chosen = np.random.default_rng(4).permutation(len(rows))[:count]
    sounds = []
    for number in sorted(chosen.tolist()):
        data, rate = soundfile.read(folder / rows[number]["path"], dtype="float32", always_2d=True)
        sounds.append((np.ascontiguousarray(data.T[:1, : 10 * rate]), rate))
    return sounds


def passed(audio: Audio, description: str) -> Samples:
    return np.concatenate(list(filtered(audio, description)), axis=1)


def row(fault: Fault, sounds: list[tuple[Samples, int]], clean: list[set[str]]) -> str:
    rng = np.random.default_rng(7)
    found_in, within, precise, before, after, theirs, harm = ([] for _ in range(7))
    seconds, spent, spent_theirs = 0.0, 0.0, 0.0
    for x, rate in sounds:
        hurt, planted = fault.plant(x, rate, rng)
        audio = Audio(hurt.astype(np.float32), rate)
        found = [f for f in diagnose(audio) if f.kind == fault.kind]
        found_in.append(bool(found))
        if found:
            shares = overlap(planted, [(f.start_s, f.end_s) for f in found], audio.duration_s)
            within.append(shares[0])
            precise.append(shares[1])
        begun = time.perf_counter()
        mended = restore(audio, found)
        spent += time.perf_counter() - begun
        seconds += audio.duration_s
        before.append(snr(x, audio.samples))
        after.append(snr(x, mended.samples))
        if fault.ffmpeg:
            begun = time.perf_counter()
            theirs.append(snr(x, passed(audio, fault.ffmpeg)))
            spent_theirs += time.perf_counter() - begun
            harm.append(snr(x, passed(Audio(x, rate), fault.ffmpeg)))
    hits, alarms = float(np.mean(found_in)), float(np.mean([fault.kind in kinds for kinds in clean]))
    precision = f"{hits / (hits + alarms):9.0%}" if hits + alarms else f"{'-':>9}"
    ranges = f"{np.mean(within):5.0%} /{np.mean(precise):4.0%}" if within else f"{'-':>11}"
    ours = f"{np.mean(before):7.1f} {np.mean(after):6.1f} {spent / seconds:6.3f}"
    peer = f"{'-':>7} {'-':>6} {'-':>7}"
    if theirs:
        peer = f"{np.mean(theirs):7.1f} {np.mean(harm):6.1f} {spent_theirs / seconds:7.3f}"
    return f"{fault.name:29} {hits:6.0%} {alarms:7.0%} {precision} {ranges:>12} {ours} {peer}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", default="../shared/audio", type=pathlib.Path)
    parser.add_argument("--files", type=int, default=5, help="of each kind of sound")
    parser.add_argument("--only", default="", help="part of the rows' names")
    chosen = parser.parse_args()
    for title, kinds in (("clean speech", {"speech_clean"}), ("music", {"music", "music_stem"})):
        sounds = recordings(chosen.folder, kinds, chosen.files)
        clean = [{f.kind for f in diagnose(Audio(x, rate))} for x, rate in sounds]
        print(f"\n{title}: {len(sounds)} recordings, {sum(x.shape[1] / r for x, r in sounds) / 60:.1f} minutes")
        print(
            f"{'fault':29} {'found':>6} {'alarms':>7} {'precision':>9} {'time':>12} {'SNR in':>7} {'ours':>6} "
            f"{'RTF':>6} {'FFmpeg':>7} {'clean':>6} {'RTF':>7}"
        )
        for fault in FAULTS:
            if chosen.only in fault.name:
                print(row(fault, sounds, clean), flush=True)


if __name__ == "__main__":
    main()
