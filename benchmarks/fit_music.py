"""Fits the numbers in audiopost/analysis/music_weights.py; needs a folder of labelled sound with index.csv.

    python benchmarks/fit_music.py ../shared/train > audiopost/analysis/music_weights.py
    python benchmarks/fit_music.py ../shared/train --yamnet yamnet.tflite   # then: music._WITH_YAMNET

Rows whose licence is non-commercial, copyleft-software only, or not stated are left out. Each second is a window of
music, speech, effects, made machines, or of speech and effects with music under (label music down to 20 dB below) or
without. The held-out figures are of other files than those that were fitted on.
"""

from __future__ import annotations

import csv
import pathlib
import re
import sys

import numpy as np
import soundfile

from audiopost.analysis import music, sound_events
from audiopost.core.audio import Audio
from audiopost.dsp.resample import resample

FREE = re.compile(r"CC0|CC BY|Public Domain|Apache|BSD|repo MIT|EMO-DB", re.IGNORECASE)
KINDS = ("speech", "music", "effects")
CASES = (
    "music", "music and effects", "speech over music", "speech", "effects", "speech and effects", "machines",
    "speech and machines", "speech over soft music", "music and machines",
)  # fmt: skip
REFUSED = re.compile(r"NC|not stated|not checked|unchecked", re.IGNORECASE)


def clips(folder: pathlib.Path, kind: str, longest_s: float = 30.0) -> list[np.ndarray]:
    rows = [r for r in csv.DictReader((folder / "index.csv").open()) if r["kind"] == kind]
    rows = [r for r in rows if FREE.search(r["licence"]) and not REFUSED.search(r["licence"])]
    found: list[np.ndarray] = []
    for row in rows:
        with soundfile.SoundFile(folder / row["path"]) as file:
            file.seek(round(float(row["offset_s"]) * file.samplerate))
            length = round(min(float(row["duration_s"]), longest_s) * file.samplerate)
            data = file.read(length, dtype="float32", always_2d=True).T.mean(axis=0, keepdims=True)
            found.append(resample(data, file.samplerate, music.RATE)[0])
    return found


def windows(parts: list[np.ndarray], count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Windows of WINDOW_S seconds at RMS 1, cut at random from all parts strung together."""
    whole = np.concatenate(parts)
    size = music.WINDOW_S * music.RATE
    out: list[np.ndarray] = []
    while len(out) < count:
        start = int(rng.integers(len(whole) - size))
        piece = whole[start : start + size]
        rms = float(np.sqrt(np.mean(piece**2)))
        if rms > 1e-3:
            out.append(piece / rms)
    return out


def machine(rng: np.random.Generator) -> np.ndarray:
    """A window of what stands still: coloured noise with resonances, hums, fans that beat; RMS 1."""
    size = music.WINDOW_S * music.RATE
    frequency = np.fft.rfftfreq(size, 1 / music.RATE)
    shape = (frequency + 20) ** (-rng.uniform(0, 1.3))
    for _ in range(rng.integers(0, 7)):
        centre, width = np.exp(rng.uniform(np.log(60), np.log(6000))), rng.uniform(0.003, 0.15)
        shape *= 1 + rng.uniform(1, 20) * np.exp(-(((frequency / centre - 1) / width) ** 2))
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(size)) * shape, size)
    time = np.arange(size) / music.RATE
    tones = np.zeros(size)
    for _ in range(rng.integers(0, 3)):
        # Motors: the pitch wanders with the load, all harmonics with it, each as strong as its part of the machine.
        wander = np.interp(time, np.linspace(0, time[-1], 7), np.cumsum(rng.standard_normal(7)))
        base = np.exp(rng.uniform(np.log(25), np.log(800))) * (1 + 10 ** rng.uniform(-4, -1.7) * wander)
        turn = 2 * np.pi * np.cumsum(base) / music.RATE
        fall = rng.uniform(0, 1.5)
        for k in range(1, min(int(rng.integers(2, 60)), int(7500 / base.max())) + 1):
            sway = 1 + rng.uniform(0, 0.5) * np.sin(2 * np.pi * rng.uniform(0.2, 12) * time + rng.uniform(0, 6))
            tones += rng.uniform(0, 1) / k**fall * sway * np.sin(k * turn + rng.uniform(0, 6))
    tones *= 10 ** rng.uniform(-1.3, 0.7) * noise.std() / (tones.std() + 1e-9)
    beat = 1 + rng.uniform(0, 0.6) * np.sin(2 * np.pi * rng.uniform(0.3, 18) * time + rng.uniform(0, 6))
    made = (noise + tones) * beat
    return np.asarray(made / made.std(), np.float32)


def dataset(folder: pathlib.Path, half: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of windows of one half of the files (0 or 1); CASES kinds in turn."""
    rng = np.random.default_rng(7)
    cut = {kind: [c for i, c in enumerate(clips(folder, kind)) if i % 2 == half] for kind in KINDS}
    speech, tunes, effects = (windows(cut[k], count, rng) for k in KINDS)
    rows: list[np.ndarray] = []
    labels: list[int] = []
    for i in range(count):
        level = 10 ** (-rng.uniform(-5, 20) / 20)
        noise = 10 ** (-rng.uniform(0, 25) / 20)
        lower = 10 ** (-rng.uniform(5, 20) / 20)
        j = int(rng.integers(count))
        hiss = rng.standard_normal(len(speech[i])).astype(np.float32) * 10 ** (-rng.uniform(15, 60) / 20)
        still = machine(rng)
        for piece, label in (
            (tunes[i], 1), (tunes[i] + 0.3 * noise * effects[j], 1), (speech[i] + level * tunes[j], 1),
            (speech[i] + hiss, 0), (effects[i], 0), (speech[j] + noise * effects[i], 0),
            (still, 0), (speech[j] + noise * still, 0),
            (speech[j] + lower * tunes[i], 1), (0.5 * still + tunes[j], 1),
        ):  # fmt: skip
            rows.append(music.features(piece.astype(np.float32)))
            labels.append(label)
    return np.stack(rows), np.asarray(labels)


def fit(x: np.ndarray, y: np.ndarray, ridge: float = 30.0) -> np.ndarray:
    """Logistic regression by Newton's method with an L2 penalty."""
    w = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (p - y) + ridge * w
        hessian = (x * (p * (1 - p))[:, None]).T @ x + ridge * np.eye(len(w))
        w -= np.linalg.solve(hessian, gradient)
    return w


def beside_yamnet(folder: pathlib.Path, model: pathlib.Path, count: int = 120) -> None:
    """Prints what turns our and YAMNet's log-odds into one, fitted on every other file."""
    rng = np.random.default_rng(3)
    cut = {kind: [c for i, c in enumerate(clips(folder, kind)) if i % 2] for kind in KINDS}
    speech, tunes, effects = (windows(cut[k], count, rng) for k in KINDS)
    rows: list[np.ndarray] = []
    labels: list[int] = []
    for i in range(count):
        j, still = int(rng.integers(count)), machine(rng)
        under = [(speech[i] + gain * tunes[j], 1) for gain in (0.5, 0.25, 0.125)]
        rest = (speech[i], effects[i], speech[i] + 0.5 * effects[j], still, speech[i] + 0.3 * still)
        for piece, label in ((tunes[i], 1), *under, *((r, 0) for r in rest)):
            sound = Audio((piece / piece.std() * 0.08).astype(np.float32), music.RATE)
            tagged = sound_events.heard(sound, model)[1].mean(axis=0).tolist()
            odds = [music._log_odds(p) for p in (music._probability(sound.samples[0]), *tagged)]
            rows.append(np.array([*odds, 1.0]))
            labels.append(label)
    print("ours, YAMNet's music, its speech, constant:", np.round(fit(np.stack(rows), np.asarray(labels), 1.0), 3))


def design(raw: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    z = np.clip((raw - mean) / scale, -music.CLIP, music.CLIP)
    return np.column_stack([np.ones(len(z)), z, z**2])


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    if "--yamnet" in sys.argv:
        beside_yamnet(folder, pathlib.Path(sys.argv[-1]))
        return
    (raw, y), (held_raw, held_y) = dataset(folder, 0, 900), dataset(folder, 1, 250)
    mean, scale = raw.mean(axis=0), raw.std(axis=0) + 1e-9
    p = 1 / (1 + np.exp(-(design(held_raw, mean, scale) @ fit(design(raw, mean, scale), y))))
    right = (p > 0.5) == held_y
    print("held-out accuracy:", file=sys.stderr)
    for k, case in enumerate(CASES):
        print(f"  {case:24} {right[k :: len(CASES)].mean():.1%}", file=sys.stderr)
    raw, y = np.concatenate([raw, held_raw]), np.concatenate([y, held_y])
    mean, scale = raw.mean(axis=0), raw.std(axis=0) + 1e-9
    weights = fit(design(raw, mean, scale), y)
    print('"""Numbers of the music detector: made by benchmarks/fit_music.py, which says of what. Do not edit."""\n')
    print("from __future__ import annotations\n\nimport numpy as np\n\n# fmt: off")
    for name, values in (("MEAN", mean), ("SCALE", scale), ("WEIGHTS", weights)):
        print(f"{name} = np.array([")
        for start in range(0, len(values), 10):
            print("    " + ", ".join(f"{v:.5g}" for v in values[start : start + 10]) + ",")
        print("])")


if __name__ == "__main__":
    main()
