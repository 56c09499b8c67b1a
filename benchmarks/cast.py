"""How well voices are known again from one recording to the next, on speakers with several recordings.

python benchmarks/cast.py INDEX.csv ... [--most-s 15] [--exclude REGEX]

An index has the columns path (relative to it), kind, speaker and, where clips share a file, offset_s and duration_s.
Each speaker's clips, in order of their names, make two episodes. The first is the cast; the second is heard as it is,
with noise, in a room, over a telephone. Pairs: equal error rate, and false accepts and rejects at the threshold.
Series: casts of four with one of them absent and one newcomer, through the stage's own matching.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import defaultdict
from itertools import groupby
from pathlib import Path

import numpy as np
import soundfile

from audiopost.analysis import voice_print
from audiopost.analysis.cast import Cast, Person, Voice
from audiopost.core.audio import Audio
from audiopost.core.speech import SpeakerTurn
from audiopost.core.stage import silent
from audiopost.core.time import Span
from audiopost.dsp.resample import resample
from audiopost.stages.diarise.cast import ACCEPTED, MARGIN, Heard, Recording, hear, recognise

RATE = voice_print.RATE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path, nargs="+")
    parser.add_argument("--most-s", type=float, default=15.0, help="speech of each speaker in each episode")
    parser.add_argument("--least-s", type=float, default=3.0, help="speakers with less are left out")
    parser.add_argument("--exclude", default="unnamed| and |/|contributor", help="speakers who may be several or alike")
    parser.add_argument("--clean-only", action="store_true", help="the second episode as it is, nothing else")
    wanted = parser.parse_args()
    first, second = {}, defaultdict(dict)
    for speaker, clips in sorted(speakers(wanted.index, wanted.exclude).items()):
        before, after = episodes(clips, wanted.most_s)
        if min(len(before), len(after)) < wanted.least_s * RATE:
            continue
        first[speaker] = print_of(before)
        for name, change in CONDITIONS.items():
            if name == "as it is" or not wanted.clean_only:
                second[name][speaker] = print_of(change(after))
    print(
        f"{len(first)} speakers, up to {wanted.most_s:g} s in each episode; accepted from {ACCEPTED}, margin {MARGIN}"
    )
    for name, heard in second.items():
        pairs(name, first, heard)
    for name, heard in second.items():
        series(f"all, {name}", list(first), first, heard)
    for corpus, members in groupby(sorted(first), key=lambda speaker: speaker.split()[0]):
        if len(group := list(members)) >= 5:
            series(f"{corpus} alone, as it is", group, first, second["as it is"])


def speakers(indices: list[Path], exclude: str) -> dict[str, list[np.ndarray]]:
    found = defaultdict(list)
    for index in indices:
        with index.open(encoding="utf-8", newline="") as file:
            rows = [r for r in csv.DictReader(file) if r["kind"] in ("speech", "speech_clean", "emotion")]
        for row in sorted(rows, key=lambda r: (r["path"], float(r.get("offset_s") or 0))):
            if row["speaker"] and not re.search(exclude, row["speaker"]):
                found[row["speaker"]].append(clip(index.parent / row["path"], row))
    return {speaker: clips for speaker, clips in found.items() if len(clips) > 1}


def clip(path: Path, row: dict[str, str]) -> np.ndarray:
    rate = soundfile.info(path).samplerate
    start, frames = 0, -1
    if row.get("offset_s"):
        start, frames = round(float(row["offset_s"]) * rate), round(float(row["duration_s"]) * rate)
    sound, _ = soundfile.read(path, start=start, frames=frames, dtype="float32", always_2d=True)
    return resample(sound.mean(axis=1)[None], rate, RATE)[0]


def episodes(clips: list[np.ndarray], most_s: float) -> tuple[np.ndarray, np.ndarray]:
    half, most = len(clips) // 2, round(most_s * RATE)
    return np.concatenate(clips[:half])[:most], np.concatenate(clips[half:])[:most]


def noisy(sound: np.ndarray) -> np.ndarray:
    """Pink noise 15 dB below."""
    rng = np.random.default_rng(0)
    spectrum = np.fft.rfft(rng.standard_normal(len(sound))) / np.sqrt(np.maximum(np.arange(len(sound) // 2 + 1), 20))
    noise = np.fft.irfft(spectrum, len(sound))
    return sound + noise * (np.std(sound) / np.std(noise) * 10 ** (-15 / 20))


def roomy(sound: np.ndarray) -> np.ndarray:
    """Decaying noise as a room of 0.4 s reverberation time, direct sound 4 dB above it."""
    time_s = np.arange(round(0.4 * RATE)) / RATE
    tail = np.random.default_rng(0).standard_normal(len(time_s)) * np.exp(-6.9 * time_s / 0.4)
    tail *= 10 ** (-4 / 20) / np.linalg.norm(tail)
    tail[0] = 1.0
    size = len(sound) + len(tail)
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: len(sound)]


def telephone(sound: np.ndarray) -> np.ndarray:
    spectrum, hz = np.fft.rfft(sound), np.fft.rfftfreq(len(sound), 1 / RATE)
    return np.fft.irfft(np.where((hz > 300) & (hz < 3400), spectrum, 0), len(sound))


CONDITIONS = {"as it is": lambda sound: sound, "noise 15 dB": noisy, "other room": roomy, "telephone": telephone}


def print_of(sound: np.ndarray) -> np.ndarray:
    audio = Audio(sound.astype(np.float32), RATE)
    (heard,) = hear(audio, (SpeakerTurn(0.0, audio.duration_s, "S1"),), prints=True, progress=silent)
    return heard.vector


def pairs(name: str, first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    alike = np.stack([first[s] for s in first]) @ np.stack([second[s] for s in first]).T
    same, other = np.diag(alike), alike[~np.eye(len(first), dtype=bool)]
    steps = np.linspace(0.3, 1, 1401)
    rejects, accepts = [(same < t).mean() for t in steps], [(other >= t).mean() for t in steps]
    at = int(np.argmin(np.abs(np.subtract(rejects, accepts))))
    print(
        f"{name:12} EER {(rejects[at] + accepts[at]) / 2:.3f} at {steps[at]:.3f}; at {ACCEPTED}: rejected "
        f"{(same < ACCEPTED).mean():.3f} of {len(same)}, accepted {(other >= ACCEPTED).mean():.4f} of {len(other)}; "
        f"one speaker: 5 % below {np.quantile(same, 0.05):.2f}, half below {np.median(same):.2f}; "
        f"two: 95 % below {np.quantile(other, 0.95):.2f}, 99 % below {np.quantile(other, 0.99):.2f}"
    )


def series(
    name: str, group: list[str], first: dict[str, np.ndarray], second: dict[str, np.ndarray], trials: int = 500
) -> None:
    rng = np.random.default_rng(0)
    known = new = right = wrong = taken = 0
    for _ in range(trials):
        chosen = [group[i] for i in rng.permutation(len(group))[:5]]
        people = tuple(Person(f"P{i + 1}", voice=Voice.of(first[s], 10)) for i, s in enumerate(chosen[:4]))
        present = [*chosen[:3], chosen[4]]
        heard = [Heard(s, (Span(10.0 * i, 10.0 * i + 10),), second[s]) for i, s in enumerate(present)]
        _, found = recognise(heard, Cast(people, None, 5), Recording("", "0"), None)
        for i, speaker in enumerate(present):
            label = found.labels[speaker]
            if i == 3:
                new, taken = new + 1, taken + (label in ("P1", "P2", "P3", "P4"))
            else:
                known, right = known + 1, right + (label == f"P{i + 1}")
                wrong += label != f"P{i + 1}" and label in ("P1", "P2", "P3", "P4")
    print(
        f"cast of four, {name:24} known again {right / known:.3f}, called somebody else {wrong / known:.4f}; "
        f"newcomers called somebody {taken / new:.3f}"
    )


if __name__ == "__main__":
    main()
