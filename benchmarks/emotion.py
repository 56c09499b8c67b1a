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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
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
Heard = tuple[str, str, str]


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


@dataclass
class Figures:
    """By corpus: whether each clip's arousal is right, and (acted, heard, heard of FOUR); the rest over all clips."""

    signs: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    labels: dict[str, list[Heard]] = field(default_factory=lambda: defaultdict(list))
    utterance_signs: list[bool] = field(default_factory=list)
    worst_change: float = 0.0
    cpu_s: float = 0.0
    sound_s: float = 0.0

    @property
    def all_signs(self) -> list[bool]:
        return [sign for own in self.signs.values() for sign in own]

    @property
    def all_labels(self) -> list[Heard]:
        return [each for own in self.labels.values() for each in own]


def measure(folder: Path, backend: str, *, gains_db: Sequence[float] = (-12, 12)) -> Figures:
    with (folder / "index.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "emotion"]
    figures = Figures()
    for row in rows:
        corpus, stated = row["path"].split("/")[1], row["reference"].split(";")[0].split("=")[1]
        truth, audio = NAMES.get(stated, stated), levelled(load(folder / row["path"]).audio)
        begun = time.process_time()
        found = emotion(audio, backend=backend)
        figures.cpu_s += time.process_time() - begun
        figures.sound_s += audio.duration_s
        for gain_db in gains_db:
            scaled = Audio(audio.samples * 10 ** (gain_db / 20), audio.rate)
            figures.worst_change = max(figures.worst_change, change(found, emotion(scaled, backend=backend)))
        if truth in HIGH | LOW:
            figures.signs[corpus].append((mean_arousal(found.points) > 0) == (truth in HIGH))
            figures.utterance_signs.append((mean_arousal(found.utterances) > 0) == (truth in HIGH))
        figures.labels[corpus].append((truth, *heard(found)))
    return figures


def heard(found: Emotion) -> tuple[str, str]:
    """The label of the longest utterance, and that of FOUR which stands for it."""
    longest = max(found.utterances, key=lambda u: u.end_s - u.start_s, default=None)
    if longest is None:
        return "none", "none"
    place = Affect(longest.arousal, longest.valence, longest.dominance, longest.confidence)
    return longest.label, longest.label if longest.label in FOUR else label(place, FOUR)


def recall(found: Sequence[Heard], name: str, *, of_four: bool = True) -> float:
    return float(np.mean([(four if of_four else said) == name for truth, said, four in found if truth == name]))


def uar(found: Sequence[Heard], *, of_four: bool = True) -> float:
    """Unweighted average recall of FOUR; `of_four` False counts any other label as an error."""
    return float(np.mean([recall(found, name, of_four=of_four) for name in FOUR]))


def main(folder: Path, backend: str) -> None:
    figures = measure(folder, backend)
    for corpus, signs in figures.signs.items():
        print(f"{corpus}: arousal right {np.mean(signs):.3f} of {len(signs)} clips, {uars(figures.labels[corpus])}")
    print(f"all: arousal right {np.mean(figures.all_signs):.3f} of {len(figures.all_signs)} clips (by utterances "
          f"{np.mean(figures.utterance_signs):.3f}), {uars(figures.all_labels)}")  # fmt: skip
    for corpus, own in figures.labels.items():
        confusion(corpus, own)
    print(f"\nlargest change of any value at +-12 dB: {figures.worst_change:.4f}")
    print(f"CPU seconds a second of sound: {figures.cpu_s / figures.sound_s:.4f}")


def uars(found: Sequence[Heard]) -> str:
    return f"UAR of {'/'.join(FOUR)} {uar(found):.3f}; any other label an error: {uar(found, of_four=False):.3f}"


def confusion(corpus: str, found: Sequence[Heard]) -> None:
    said = [name for name in EMOTIONS if any(name == each for _, each, _ in found)]
    counts = Counter((truth, each) for truth, each, _ in found)
    print(f"\n| {corpus}: acted \\ heard | {' | '.join(said)} |\n| --- |{' --- |' * len(said)}")
    for truth in sorted({truth for truth, _, _ in found}):
        print(f"| {truth} | {' | '.join(str(counts[truth, name]) for name in said)} |")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(Path(arguments[0]), arguments[2] if arguments[1:2] == ["--backend"] else "prosody")
