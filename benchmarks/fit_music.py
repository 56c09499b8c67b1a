"""Fits the numbers in audiopost/analysis/music_weights.py; needs a folder of labelled sound with index.csv.

    python benchmarks/fit_music.py ../shared/train > audiopost/analysis/music_weights.py

Rows whose licence is non-commercial, copyleft-software only, or not stated are left out. Each second is a window of
music, speech, effects, or of speech and effects with music under (label music down to 20 dB below) or without.
"""

from __future__ import annotations

import csv
import pathlib
import re
import sys

import numpy as np
import soundfile

from audiopost.analysis import music
from audiopost.dsp.resample import resample

FREE = re.compile(r"CC0|CC BY|Public Domain|Apache|BSD|repo MIT|EMO-DB", re.IGNORECASE)
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


def dataset(folder: pathlib.Path, count: int = 2500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    speech, tunes, effects = (windows(clips(folder, k), count, rng) for k in ("speech", "music", "effects"))
    rows: list[np.ndarray] = []
    labels: list[int] = []
    for i in range(count):
        level = 10 ** (-rng.uniform(-5, 20) / 20)
        noise = 10 ** (-rng.uniform(0, 25) / 20)
        j = int(rng.integers(count))
        hiss = rng.standard_normal(len(speech[i])).astype(np.float32) * 10 ** (-rng.uniform(15, 60) / 20)
        for piece, label in (
            (tunes[i], 1), (tunes[i] + 0.3 * noise * effects[j], 1), (speech[i] + level * tunes[j], 1),
            (speech[i] + hiss, 0), (effects[i], 0), (speech[j] + noise * effects[i], 0),
        ):  # fmt: skip
            rows.append(music.features(piece.astype(np.float32)))
            labels.append(label)
    return np.stack(rows), np.asarray(labels)


def fit(x: np.ndarray, y: np.ndarray, ridge: float = 3.0) -> np.ndarray:
    """Logistic regression by Newton's method with an L2 penalty."""
    w = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (p - y) + ridge * w
        hessian = (x * (p * (1 - p))[:, None]).T @ x + ridge * np.eye(len(w))
        w -= np.linalg.solve(hessian, gradient)
    return w


def main() -> None:
    raw, y = dataset(pathlib.Path(sys.argv[1]))
    mean, scale = raw.mean(axis=0), raw.std(axis=0) + 1e-9
    z = np.clip((raw - mean) / scale, -music.CLIP, music.CLIP)
    x = np.column_stack([np.ones(len(z)), z, z**2])
    half = len(x) // 2
    held = fit(x[:half], y[:half])
    p = 1 / (1 + np.exp(-(x[half:] @ held)))
    right = [float(np.mean((p > 0.5)[k::6] == y[half:][k::6])) for k in range(6)]
    print("held-out accuracy by kind:", np.round(right, 3), file=sys.stderr)
    print('"""Numbers of the music detector: made by benchmarks/fit_music.py, which says of what. Do not edit."""\n')
    print("from __future__ import annotations\n\nimport numpy as np\n\n# fmt: off")
    for name, values in (("MEAN", mean), ("SCALE", scale), ("WEIGHTS", fit(x, y))):
        print(f"{name} = np.array([")
        for start in range(0, len(values), 10):
            print("    " + ", ".join(f"{v:.5g}" for v in values[start : start + 10]) + ",")
        print("])")


if __name__ == "__main__":
    main()
