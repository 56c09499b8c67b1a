"""Emotion from the voice, measured on recordings that had no part in it: one clip a call, as a stranger would.

    python benchmarks/emotion.py ../shared/audio [--backend prosody]

Every clip is brought to the same level first. Arousal is right where the confidence-weighted mean of the curve is above
0 for anger, joy, fear and surprise and not above it for sadness, calm, neutral and boredom. The label is that of the
longest utterance, of the four of FOUR nearest to its place where it is another (tension, say); in the confusion it
stands as it is. The level test scales each clip by 12 dB up and down and states the largest change of any value.
The weights come from tools/train_emotion.py, which reads none of these files. Acted speech is not film.
"""

from __future__ import annotations

import csv
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from audiopost.analysis.affect import label
from audiopost.core.audio import Audio
from audiopost.core.spotting import EMOTIONS, Affect, EmotionPoint, EmotionUtterance
from audiopost.io.decode import load
from audiopost.stages.emotion import Emotion, emotion

NAMES = {
    "angry": "anger", "fearful": "fear", "happy": "joy", "happiness": "joy", "sad": "sadness", "surprised": "surprise",
}  # fmt: skip
HIGH, LOW = {"anger", "joy", "fear", "surprise"}, {"sadness", "calm", "neutral", "boredom"}
FOUR = ("anger", "joy", "sadness", "neutral")
LEVEL_DB = -26.0


def levelled(audio: Audio) -> Audio:
    rms = float(np.sqrt(np.mean(audio.samples.astype(float) ** 2)))
    return Audio(audio.samples * (10 ** (LEVEL_DB / 20) / rms), audio.rate)


def mean_arousal(items: Iterable[EmotionPoint | EmotionUtterance]) -> float:
    pairs = [(each.arousal, each.confidence) for each in items]
    total = sum(weight for _, weight in pairs)
    return sum(value * weight for value, weight in pairs) / total if total else 0.0


def numbers(found: Emotion) -> list[tuple[float, ...]]:
    return [
        *((p.time_s, p.arousal, p.valence, p.dominance) for p in found.points),
        *((u.start_s, u.end_s, u.arousal, u.valence, u.dominance) for u in found.utterances),
    ]


def change(one: Emotion, other: Emotion) -> float:
    """The largest difference of any value; infinite where something is there once only."""
    mine, theirs = numbers(one), numbers(other)
    if [len(each) for each in mine] != [len(each) for each in theirs]:
        return float("inf")
    return max((abs(a - b) for m, t in zip(mine, theirs, strict=True) for a, b in zip(m, t, strict=True)), default=0.0)


def main(folder: Path, backend: str) -> None:
    with (folder / "index.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "emotion"]
    signs: dict[str, list[bool]] = defaultdict(list)
    utterance_signs: list[bool] = []
    labels: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    worst = spent = seconds = 0.0
    for row in rows:
        corpus, stated = row["path"].split("/")[1], row["reference"].split(";")[0].split("=")[1]
        truth, audio = NAMES.get(stated, stated), levelled(load(folder / row["path"]).audio)
        begun = time.perf_counter()
        found = emotion(audio, backend=backend)
        spent += time.perf_counter() - begun
        seconds += audio.duration_s
        for gain_db in (-12, 12):
            scaled = Audio(audio.samples * 10 ** (gain_db / 20), audio.rate)
            worst = max(worst, change(found, emotion(scaled, backend=backend)))
        if truth in HIGH | LOW:
            signs[corpus].append((mean_arousal(found.points) > 0) == (truth in HIGH))
            utterance_signs.append((mean_arousal(found.utterances) > 0) == (truth in HIGH))
        longest = max(found.utterances, key=lambda u: u.end_s - u.start_s, default=None)
        if longest is None:
            labels[corpus].append((truth, "none", "none"))
            continue
        place = Affect(longest.arousal, longest.valence, longest.dominance, longest.confidence)
        four = longest.label if longest.label in FOUR else label(place, FOUR)
        labels[corpus].append((truth, longest.label, four))
    for corpus, found_signs in signs.items():
        print(f"{corpus}: arousal right {np.mean(found_signs):.3f} of {len(found_signs)} clips; {uar(labels[corpus])}")
    everything = [sign for found_signs in signs.values() for sign in found_signs]
    print(f"all: arousal right {np.mean(everything):.3f} of {len(everything)} (by utterances "
          f"{np.mean(utterance_signs):.3f}); {uar([each for own in labels.values() for each in own])}")  # fmt: skip
    for corpus, own in labels.items():
        confusion(corpus, own)
    print(f"largest change of any value at +-12 dB: {worst:.4f}; real-time factor {spent / seconds:.4f}")


def uar(found: list[tuple[str, str, str]]) -> str:
    recalls = [float(np.mean([four == name for truth, _, four in found if truth == name])) for name in FOUR]
    strict = [float(np.mean([said == name for truth, said, _ in found if truth == name])) for name in FOUR]
    return f"UAR of {'/'.join(FOUR)} {np.mean(recalls):.3f}, with all nine labels allowed {np.mean(strict):.3f}"


def confusion(corpus: str, found: list[tuple[str, str, str]]) -> None:
    said = [name for name in EMOTIONS if any(name == each for _, each, _ in found)]
    counts = Counter((truth, each) for truth, each, _ in found)
    print(f"\n| {corpus}: acted \\ heard | {' | '.join(said)} |\n| --- |{' --- |' * len(said)}")
    for truth in sorted({truth for truth, _, _ in found}):
        print(f"| {truth} | {' | '.join(str(counts[truth, name]) for name in said)} |")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(Path(arguments[0]), arguments[2] if arguments[1:2] == ["--backend"] else "prosody")
