"""Fits audiopost/stages/emotion/voice_model.npz and shows what each choice rests on.

    python tools/train_emotion.py fit ../shared/train      # fit, report, write the weights
    python tools/train_emotion.py check ../shared/train    # the weights on RAVDESS, which had no part in them

TRAIN holds index.csv (path, offset_s, duration_s, speaker, source) and the recordings that it names. Only corpora in
NEUTRAL and EMO-DB are read by `fit`: their licences allow shipping what is fitted on them. RAVDESS is non-commercial;
`check` measures on 12 of its actors and changes nothing.

Choices, by leaving one speaker of EMO-DB out at a time:
- features: all that depend on how, not on what is said. Shares and lengths of voiced parts, F2, F3, MFCC 4 and three
  ranges differ more between the corpora's texts than between feelings, and are left out.
- arousal: ridge regression onto the labels' arousal, feelings weighing alike, neutral corpora three times as much.
- feelings: linear discriminant; covariance within classes, plus that of the neutral corpora's means (what microphone
  and language do), shrunk to its diagonal by SHRINK. No class is likelier beforehand.
- sadness: see `voice_model`; SAD_PRIOR sentences' worth of the published directions, of SAD_SIZE spreads each.
- temperature: the one under which the left-out sentences are likeliest.
Fitting on copies with other spectra and noise, logistic regression and support vectors gave no better figures.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiopost.analysis import vad
from audiopost.analysis.affect import CIRCUMPLEX
from audiopost.analysis.prosody import prosody
from audiopost.analysis.voice_features import FEATURES, features, mask, syllable_marks
from audiopost.core.audio import Audio
from audiopost.io.decode import load
from audiopost.stages.emotion import voice_model
from audiopost.stages.emotion.voice_model import CLIP, VoiceModel

Floats = NDArray[np.float64]

NEUTRAL = ("librispeech", "vctk", "kerstin", "picovoice")
EMODB = {"N": "neutral", "F": "joy", "T": "sadness", "L": "boredom", "A": "fear", "W": "anger", "E": "disgust"}
RAVDESS = {
    "01": "neutral", "02": "calm", "03": "joy", "04": "sadness", "05": "anger", "06": "fear", "07": "disgust",
    "08": "surprise",
}  # fmt: skip
CLASSES = ("neutral", "joy", "sadness", "fear", "anger", "disgust")
FOUR = ("anger", "joy", "sadness", "neutral")
HIGH, LOW = ("anger", "joy", "fear", "surprise"), ("sadness", "boredom", "calm", "neutral")
LEFT_OUT = (
    "f2", "f2 range", "f3", "mfcc4", "periodicity range", "alpha range", "voiced share", "log voiced length",
    "log unvoiced length", "pause share",
)  # fmt: skip
NAMES = tuple(name for name in FEATURES if name not in LEFT_OUT)
#: Arousal of boredom, which has no label: Russell & Mehrabian (1977).
AROUSAL = {**{name: place[0] for name, place in CIRCUMPLEX.items()}, "boredom": -0.62}
RIDGE, NEUTRAL_WEIGHT, SHRINK, SAD_PRIOR, SAD_SIZE = 0.3, 3.0, 0.8, 5.0, 0.7
# Slow, quiet and even, dark, low, monotonous, irregular: Juslin & Laukka 2003, table 11.
SAD = {
    **dict.fromkeys(("syllable rate", "level range", "level rise", "level fall"), -1.0),
    **dict.fromkeys(("alpha ratio", "slope low", "slope high", "pitch median", "pitch 80 %"), -1.0),
    **dict.fromkeys(("pitch range", "pitch rise", "pitch fall", "pitch movement", "periodicity"), -1.0),
    **dict.fromkeys(("hammarberg", "mfcc1", "mfcc2", "jitter", "shimmer"), 1.0),
}
#: Stretches that longer recordings are cut into, seconds.
PIECE_S = 4.0


@dataclass(frozen=True)
class Table:
    """One row a stretch: FEATURES, corpus, speaker, feeling."""

    values: Floats
    corpus: NDArray[np.str_]
    speaker: NDArray[np.str_]
    feeling: NDArray[np.str_]

    def __getitem__(self, rows: NDArray[np.bool_]) -> Table:
        return Table(self.values[rows], self.corpus[rows], self.speaker[rows], self.feeling[rows])


def feeling_of(corpus: str, source: str) -> str:
    """The acted feeling that a recording's name states."""
    name = source.split("@")[0].split("/")[-1]
    if corpus == "emodb":
        return EMODB[name[5]]
    return RAVDESS[name.split("-")[2]] if corpus == "ravdess" else "neutral"


def table(folder: Path, corpora: tuple[str, ...]) -> Table:
    """Measures every stretch by itself, as the stage would a file."""
    with (folder / "index.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["path"].split("/")[1] in corpora]
    by_path: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        by_path[row["path"]].append(row)
    found = []
    for path, own in by_path.items():
        audio, corpus = load(folder / path).audio, path.split("/")[1]
        for row in own:
            start_s, length_s = float(row["offset_s"]), float(row["duration_s"])
            pieces = [start_s] if length_s < 6 else np.arange(start_s, start_s + length_s - PIECE_S, PIECE_S)
            for begin_s in pieces:
                values = measured(audio.between(begin_s, begin_s + (length_s if length_s < 6 else PIECE_S)))
                if values is not None:
                    found.append((values, corpus, row["speaker"], feeling_of(corpus, row["source"])))
    values, corpus, speaker, feeling = zip(*found, strict=True)
    return Table(np.array(values), np.array(corpus), np.array(speaker), np.array(feeling))


def measured(audio: Audio) -> Floats | None:
    speech = vad.speech_spans(audio, vad.gain_to_usual(audio))
    if not speech:
        return None
    track = prosody(audio)
    spoken = mask(speech, len(track))
    found = features(track, spoken, syllable_marks(track), speech[0].start_s, speech[-1].end_s)
    return None if found is None else found.values


def class_of(feeling: NDArray[np.str_]) -> NDArray[np.str_]:
    return np.where(feeling == "boredom", "sadness", feeling)


def fitted(data: Table, mean: Floats, spread: Floats, temperature: float = 1.0) -> VoiceModel:
    chosen = [FEATURES.index(name) for name in NAMES]
    z = np.clip((data.values[:, chosen] - mean) / spread, -CLIP, CLIP)
    slope, zero = ridge(data, z)
    weights, bias = discriminant(data, z)
    model = VoiceModel(NAMES, mean, spread, slope, zero, CLASSES, weights, bias, temperature, np.zeros(2))
    places = model.likelihood(z) @ np.array([CIRCUMPLEX[name][1:] for name in CLASSES])
    centre = np.mean([places[data.corpus == corpus].mean(axis=0) for corpus in NEUTRAL], axis=0)
    return replace(model, centre=centre)


def ridge(data: Table, z: Floats) -> tuple[Floats, float]:
    acted = data.corpus == "emodb"
    weight = np.zeros(len(z))
    for feeling in EMODB.values():
        own = acted & (data.feeling == feeling)
        # A feeling of a few sentences does not weigh like one of many.
        weight[own] = 1 / max(own.sum(), 5)
    for corpus in NEUTRAL:
        own = data.corpus == corpus
        weight[own] = NEUTRAL_WEIGHT / len(NEUTRAL) / max(own.sum(), 1)
    weight /= weight.sum()
    target = np.array([AROUSAL[feeling] for feeling in data.feeling])
    columns = np.column_stack([z, np.ones(len(z))])
    penalty = np.diag([RIDGE] * z.shape[1] + [0.0])
    line = np.linalg.solve((columns.T * weight) @ columns + penalty, (columns.T * weight) @ target)
    return line[:-1], float(line[-1])


def discriminant(data: Table, z: Floats) -> tuple[Floats, Floats]:
    acted, name = data.corpus == "emodb", class_of(data.feeling)
    neutral = [z[data.corpus == corpus] for corpus in NEUTRAL if (data.corpus == corpus).any()]
    acted_neutral = z[acted & (name == "neutral")].mean(axis=0)
    read = np.mean([each.mean(axis=0) for each in neutral], axis=0)
    corpora = np.array([*(each.mean(axis=0) for each in neutral), acted_neutral])
    usual = corpora.mean(axis=0)
    means, scatter = [], (corpora - usual).T @ (corpora - usual) / len(corpora) * (len(CLASSES) + 1)
    for each in CLASSES:
        own = z[acted & (name == each)]
        scatter += np.cov(own.T, bias=True)
        mean = own.mean(axis=0)
        if each == "neutral":
            mean = (mean + read) / 2
        if each == "sadness":
            published = usual + SAD_SIZE * np.array([SAD.get(feature, 0.0) for feature in NAMES])
            mean = (len(own) * mean + SAD_PRIOR * published) / (len(own) + SAD_PRIOR)
        means.append(mean)
    scatter += np.mean([np.cov(each.T, bias=True) for each in neutral], axis=0)
    scatter /= len(CLASSES) + 1
    scatter = (1 - SHRINK) * scatter + SHRINK * np.diag(np.diag(scatter))
    centres = np.array(means)
    weights = np.linalg.solve(scatter, centres.T)
    return weights, -0.5 * np.sum(centres.T * weights, axis=0)


def norm(data: Table) -> tuple[Floats, Floats]:
    """Mean and spread of NAMES in what LibriSpeech's readers read."""
    read = data.values[data.corpus == "librispeech"][:, [FEATURES.index(name) for name in NAMES]]
    return read.mean(axis=0), read.std(axis=0)


def report(title: str, data: Table, arousal: Floats, likelihood: Floats) -> None:
    four = [CLASSES.index(name) for name in FOUR]
    guess = np.array(FOUR)[likelihood[:, four].argmax(axis=1)]
    truth = class_of(data.feeling)
    high, low = np.isin(data.feeling, HIGH), np.isin(data.feeling, LOW)
    right = np.mean([*(arousal[high] > 0), *(arousal[low] <= 0)])
    recall = {name: float(np.mean(guess[truth == name] == name)) for name in FOUR}
    print(f"{title}: arousal's sign {right:.3f} ({np.mean(arousal[high] > 0):.2f} of high, "
          f"{np.mean(arousal[low] <= 0):.2f} of low); UAR of four {np.mean(list(recall.values())):.3f} "
          + " ".join(f"{name} {value:.2f}" for name, value in recall.items()))  # fmt: skip


def fit(folder: Path) -> None:
    data = table(folder, ("emodb", *NEUTRAL))
    mean, spread = norm(data)
    acted = data.corpus == "emodb"
    arousal, likelihood = np.zeros(len(acted)), np.zeros((len(acted), len(CLASSES)))
    for speaker in np.unique(data.speaker[acted]):
        out = data.speaker == speaker
        model = fitted(data[~out], mean, spread)
        z = model.scaled(data[out].values)
        arousal[out], likelihood[out] = model.arousal(z), model.likelihood(z)
    report("EMO-DB, speaker left out", data[acted], arousal[acted], likelihood[acted])
    temperature = likeliest(class_of(data.feeling[acted]), likelihood[acted])
    model = fitted(data, mean, spread, temperature)
    print(f"temperature {temperature:.1f}; centre of valence and dominance {np.round(model.centre, 3).tolist()}")
    for corpus in NEUTRAL:
        calm = model.arousal(model.scaled(data[data.corpus == corpus].values))
        print(f"{corpus}: arousal {calm.mean():+.2f}, spread {calm.std():.2f}, of {len(calm)} stretches")
    model.save(voice_model.PATH)
    print(f"{voice_model.PATH.name}: {voice_model.PATH.stat().st_size} bytes")


def likeliest(truth: NDArray[np.str_], likelihood: Floats) -> float:
    """The temperature under which what was left out is likeliest, each class weighing alike."""
    at = np.array([CLASSES.index(name) for name in truth])
    odds = np.log(np.maximum(likelihood, 1e-12))
    weight = 1 / np.bincount(at)[at]

    def loss(temperature: float) -> float:
        share = odds / temperature - np.log(np.sum(np.exp(odds / temperature), axis=1, keepdims=True))
        return -float(weight @ share[np.arange(len(at)), at])

    return min((k / 10 for k in range(5, 51)), key=loss)


def check(folder: Path) -> None:
    data, model = table(folder, ("ravdess",)), voice_model.load()
    z = model.scaled(data.values)
    report("RAVDESS, 12 actors, not fitted on", data, model.arousal(z), model.likelihood(z))


if __name__ == "__main__":
    {"fit": fit, "check": check}[sys.argv[1]](Path(sys.argv[2]))
