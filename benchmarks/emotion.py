"""Emotion from the voice: `fit` reproduces the constants, `evaluate` measures on recordings that had no part in them.

    python benchmarks/emotion.py fit ../shared/train
    python benchmarks/emotion.py evaluate ../shared/audio

`fit` uses LibriSpeech, VCTK, Kerstin (neutral) and EMO-DB (acted) only: licences that allow use.
"""

from __future__ import annotations

import csv
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from audiopost.analysis import vad
from audiopost.analysis.prosody import HOP_S, prosody, syllables
from audiopost.io.decode import load
from audiopost.stages.emotion import emotion
from audiopost.stages.emotion.prosody import features, mask

# Where the acted feelings lie: conventional places in the circumplex (arousal, valence, dominance).
EMODB = {
    "N": (0, 0, 0), "W": (0.8, -0.6, 0.6), "A": (0.6, -0.6, -0.5), "F": (0.6, 0.7, 0.4),
    "E": (0.2, -0.6, 0.2), "T": (-0.5, -0.6, -0.5), "L": (-0.6, -0.3, -0.2),
}  # fmt: skip
HIGH = {"angry", "fearful", "happy", "anger", "fear", "happiness"}
LOW = {"calm", "neutral", "sad", "boredom", "sadness"}
GOOD, BAD = {"happy", "happiness"}, {"angry", "fearful", "sad", "disgust", "anger", "fear", "sadness"}


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "index.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def auc(high: list[float], low: list[float]) -> float:
    """Chance that a value of `high` lies above one of `low`."""
    pairs = [(a > b) + 0.5 * (a == b) for a in high for b in low]
    return float(np.mean(pairs)) if pairs else float("nan")


def fit(folder: Path) -> None:
    files: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of(folder):
        if row["path"].split("/")[1] in ("emodb", "librispeech", "vctk", "kerstin"):
            files[row["path"]].append(row)
    values, targets, corpora, speakers, letters = [], [], [], [], []
    for path, rows in files.items():
        audio = load(folder / path).audio
        track = prosody(audio)
        spoken = mask(vad.speech_spans(audio), len(track))
        marks = syllables(track.syllabic_db, track.f0_hz > 0)
        for row in rows:
            corpus = path.split("/")[1]
            letter = row["source"].split("@")[0].split("/")[-1][5] if corpus == "emodb" else "N"
            start, length = float(row["offset_s"]), float(row["duration_s"])
            starts = [start] if length < 6 else np.arange(start, start + length - 4, 4)
            for begin in starts:
                end = begin + (length if length < 6 else 4)
                found = features(track, spoken, marks, slice(round(begin / HOP_S), round(end / HOP_S)))
                if found:
                    values.append(found.values)
                    targets.append(EMODB[letter])
                    letters.append(letter)
                    corpora.append(corpus)
                    speakers.append(row["speaker"])
    x, y, corpus, who = np.array(values), np.array(targets, float), np.array(corpora), np.array(speakers)
    acted = corpus == "emodb"
    mean, spread = x[corpus == "librispeech"].mean(0), x[corpus == "librispeech"].std(0)
    z = np.c_[np.clip((x - mean) / spread, -4, 4), np.ones(len(x))]
    # Feelings count alike however many sentences each has, so that the commonest (anger) is no prior.
    names, counts = np.unique(np.array(letters)[acted], return_counts=True)
    share = dict(zip(names, np.minimum(acted.sum() / len(names) / counts, 4.0), strict=True))
    weight = np.array([share[c] if a else 0.3 for c, a in zip(letters, acted, strict=True)])[:, None]

    def ridge(keep: np.ndarray) -> np.ndarray:
        penalty = np.diag([10.0] * x.shape[1] + [0.0])
        return np.linalg.solve(z[keep].T @ (z[keep] * weight[keep]) + penalty, z[keep].T @ (y[keep] * weight[keep]))

    guess = np.zeros_like(y)
    for speaker in np.unique(who[acted]):
        guess[who == speaker] = z[who == speaker] @ ridge(who != speaker)
    for k, name in enumerate(("arousal", "valence", "dominance")):
        print(f"leave-one-speaker-out, EMO-DB, {name}: r = {np.corrcoef(guess[acted, k], y[acted, k])[0, 1]:.3f}")
    read = corpus == "librispeech"
    arousal, low = (z @ ridge(np.ones(len(x), bool)))[:, 0], x[:, 0] < 9
    means = arousal[read & low].mean(), arousal[read & ~low].mean(), arousal[read].std()
    print("LibriSpeech arousal: low voices {:.2f}, high voices {:.2f}, sd {:.2f}".format(*means))
    print("MEAN", np.round(mean, 2).tolist(), "SPREAD", np.round(spread, 3).tolist())
    print("WEIGHTS", np.round(ridge(np.ones(len(x), bool))[:-1].T, 3).tolist())


def evaluate(folder: Path) -> None:
    found: dict[str, list[tuple[str, float, float]]] = defaultdict(list)
    seconds = spent = 0.0
    for row in rows_of(folder):
        if row["kind"] != "emotion":
            continue
        audio = load(folder / row["path"]).audio
        begun = time.perf_counter()
        utterances = emotion(audio).utterances
        spent += time.perf_counter() - begun
        seconds += audio.duration_s
        if utterances:
            name = row["reference"].split(";")[0].split("=")[1]
            weights = [u.end_s - u.start_s for u in utterances]
            arousal = float(np.average([u.arousal for u in utterances], weights=weights))
            valence = float(np.average([u.valence for u in utterances], weights=weights))
            found[row["path"].split("/")[1]].append((name, arousal, valence))
    for corpus, rows in found.items():
        low, high = [a for n, a, _ in rows if n in LOW], [a for n, a, _ in rows if n in HIGH]
        truth = [1.0] * len(high) + [0.0] * len(low)
        valence = auc([v for n, _, v in rows if n in GOOD], [v for n, _, v in rows if n in BAD])
        r = np.corrcoef(high + low, truth)[0, 1]
        print(f"{corpus}: {len(rows)} files; arousal AUC {auc(high, low):.3f}, r {r:.3f}; valence AUC {valence:.3f}")
        for name in sorted({n for n, _, _ in rows}):
            means = np.mean([(a, v) for n, a, v in rows if n == name], axis=0)
            print(f"  {name:10s} arousal {means[0]:+.2f}  valence {means[1]:+.2f}")
    print(f"real-time factor {spent / seconds:.4f}")


if __name__ == "__main__":
    {"fit": fit, "evaluate": evaluate}[sys.argv[1]](Path(sys.argv[2]))
