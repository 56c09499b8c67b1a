"""What diagnose finds and restore mends, on real sound with planted faults; and what diagnose says of clean sound.

    python benchmarks/diagnose.py [../shared/audio]

Hits: share of files in which the planted fault was reported. Alarms: share of the same files, unharmed, in which
that kind was reported. SI-SDR against the unharmed file, before and after `restore(audio, diagnose(audio))`.
"""

from __future__ import annotations

import csv
import pathlib
import sys
from collections.abc import Callable

import numpy as np
import soundfile

from audiopost.core.audio import Audio
from audiopost.stages.diagnose import diagnose
from audiopost.stages.restore import restore

Samples = np.ndarray


def hum(level_db: float, mains: float) -> Callable[[Samples, int, np.random.Generator], Samples]:
    def plant(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
        time = np.arange(x.shape[1]) / rate
        frequency = mains + rng.uniform(-0.1, 0.1)
        shares = {1: 1.0, 2: 0.5, 3: 0.6, 5: 0.3, 7: 0.15}
        tone = sum(a * np.sin(2 * np.pi * k * frequency * time + rng.uniform(0, 6)) for k, a in shares.items())
        return x + 10 ** (level_db / 20) * tone / np.sqrt(np.mean(tone**2))

    return plant


def clicks(per_second: float, level_db: float) -> Callable[[Samples, int, np.random.Generator], Samples]:
    def plant(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
        y = x.copy()
        for at in rng.integers(100, x.shape[1] - 100, max(int(x.shape[1] / rate * per_second), 5)):
            length = int(rng.integers(1, max(rate // 2000, 2)))
            y[:, at : at + length] += (
                rng.choice([-1, 1]) * 10 ** (level_db / 20) * np.exp(-3 * np.arange(length) / length)
            )
        return y

    return plant


def clipping(below_peak_db: float, gain_db: float) -> Callable[[Samples, int, np.random.Generator], Samples]:
    def plant(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
        limit = np.abs(x).max() * 10 ** (-below_peak_db / 20)
        return np.clip(x, -limit, limit) * 10 ** (gain_db / 20)

    return plant


def dropouts(length_ms: float) -> Callable[[Samples, int, np.random.Generator], Samples]:
    def plant(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
        y, length = x.copy(), round(length_ms * rate / 1000)
        power = np.convolve((x**2).mean(axis=0), np.ones(rate // 20) / (rate // 20), "same")
        loud = np.flatnonzero(power > np.percentile(power, 60))
        loud = loud[(loud > rate // 10) & (loud < x.shape[1] - rate // 10 - length)]
        for at in rng.choice(loud, max(x.shape[1] // rate // 2, 3)):
            y[:, at : at + length] = 0
        return y

    return plant


def noise(level_db: float) -> Callable[[Samples, int, np.random.Generator], Samples]:
    return lambda x, rate, rng: x + 10 ** (level_db / 20) * rng.standard_normal(x.shape)


def rumble(level_db: float) -> Callable[[Samples, int, np.random.Generator], Samples]:
    def plant(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
        spectrum = np.fft.rfft(rng.standard_normal(x.shape))
        frequency = np.fft.rfftfreq(x.shape[1], 1 / rate)
        low = np.fft.irfft(spectrum * ((frequency > 8) & (frequency < 30)), x.shape[1])
        return x + 10 ** (level_db / 20) * low / np.sqrt(np.mean(low**2))

    return plant


def dc(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
    return x + 0.02


def inverted(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
    return np.stack([x[0], -x[0]])


def dead(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
    return np.stack([x[0], 0 * x[0]])


FAULTS: dict[str, tuple[str, Callable[[Samples, int, np.random.Generator], Samples]]] = {
    "hum 50 Hz -35 dBFS": ("hum", hum(-35, 50)),
    "hum 50 Hz -45 dBFS": ("hum", hum(-45, 50)),
    "hum 60 Hz -55 dBFS": ("hum", hum(-55, 60)),
    "clicks 2/s -6 dBFS": ("clicks", clicks(2, -6)),
    "clicks 2/s -20 dBFS": ("clicks", clicks(2, -20)),
    "clicks 1/s -30 dBFS": ("clicks", clicks(1, -30)),
    "clipping 3 dB": ("clipping", clipping(3, 0)),
    "clipping 6 dB, then -12": ("clipping", clipping(6, -12)),
    "clipping 12 dB": ("clipping", clipping(12, 0)),
    "dropouts 5 ms": ("dropouts", dropouts(5)),
    "dropouts 20 ms": ("dropouts", dropouts(20)),
    "dropouts 50 ms": ("dropouts", dropouts(50)),
    "white noise -50 dBFS": ("hiss", noise(-50)),
    "rumble -40 dBFS": ("rumble", rumble(-40)),
    "dc 2 %": ("dc", dc),
    "right inverted": ("phase", inverted),
    "right dead": ("phase", dead),
}


def si_sdr(reference: Samples, estimate: Samples) -> float:
    """Scale-invariant signal-to-distortion ratio in dB."""
    r, e = (np.asarray(v, np.float64).ravel() for v in (reference, estimate))
    target = (e @ r) / (r @ r) * r
    return float(10 * np.log10((target @ target) / (np.sum((e - target) ** 2) + 1e-20)))


def recordings(folder: pathlib.Path, kinds: set[str], least_s: float) -> list[tuple[Samples, int]]:
    rows = [r for r in csv.DictReader((folder / "index.csv").open()) if r["kind"] in kinds]
    found = []
    for row in rows:
        if float(row["duration_s"]) >= least_s:
            data, rate = soundfile.read(folder / row["path"], dtype="float32", always_2d=True, stop=None)
            found.append((np.ascontiguousarray(data.T[:1, : 15 * rate]), rate))
    return found


def table(sounds: list[tuple[Samples, int]]) -> None:
    rng = np.random.default_rng(7)
    clean = [{f.kind for f in diagnose(Audio(x, rate))} for x, rate in sounds]
    print(f"{'fault':26} {'hits':>6} {'alarms':>7} {'SI-SDR in':>10} {'out':>7} {'gain':>6}")
    for name, (kind, plant) in FAULTS.items():
        hits, before, after = [], [], []
        for x, rate in sounds:
            hurt = Audio(plant(x, rate, rng).astype(np.float32), rate)
            found = diagnose(hurt)
            hits.append(kind in {f.kind for f in found})
            if kind not in ("phase", "hiss"):
                mend = restore(hurt, [f for f in found if f.kind == kind])
                before.append(si_sdr(x, hurt.samples))
                after.append(si_sdr(x, mend.samples))
        alarms = np.mean([kind in kinds for kinds in clean])
        gain = ""
        if before:
            gain = f"{np.mean(before):10.1f} {np.mean(after):7.1f} {np.mean(after) - np.mean(before):6.1f}"
        print(f"{name:26} {np.mean(hits):6.0%} {alarms:7.0%} {gain}")


def main() -> None:
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/audio")
    for title, kinds in (("clean speech", {"speech_clean"}), ("music", {"music", "music_stem"})):
        sounds = recordings(folder, kinds, 4.0)
        print(f"\n{title}: {len(sounds)} recordings, {sum(x.shape[1] / r for x, r in sounds) / 60:.1f} minutes")
        table(sounds)


if __name__ == "__main__":
    main()
