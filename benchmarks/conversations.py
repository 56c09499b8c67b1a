"""Makes conversations of known turns out of single voices: FLAC at 16 kHz with an RTTM beside each.

    python benchmarks/conversations.py OUT FOLDER [FOLDER …] [--count 60] [--seed 1]

Each FOLDER has an index.csv (path, kind, duration_s, speaker, licence, and offset_s where several clips share a file).
One to eight speakers of unlike shares, turns of 0.5 to 10 s, pauses, overlaps, short answers inside another's turn;
each speaker at a level and a place of their own in a synthetic room, noise, some by telephone. A turn's truth is its
speech with pauses under 0.5 s bridged, as annotators do. The speakers that fit_voices.py learns from are left out.
"""

from __future__ import annotations

import argparse
import csv
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import butter, fftconvolve, sosfilt

from audiopost.dsp.resample import resample

RATE = 16_000
KINDS = ("speech", "speech_clean", "emotion")
BRIDGED_S = 0.5


@dataclass(frozen=True)
class Voice:
    """One speaker's clips, strung together as they are asked for."""

    name: str
    source: str
    licence: str
    clips: tuple[tuple[Path, float, float], ...]

    @property
    def duration_s(self) -> float:
        return sum(length for _, _, length in self.clips)

    @property
    def learnt_from(self) -> bool:
        """Two speakers in three are fit_voices.py's (where their licence is free), the rest are for tests."""
        return zlib.crc32(self.name.encode()) % 3 != 0

    def samples(self) -> np.ndarray:
        """(n,) at 16 kHz, every clip at its own level, none above full scale."""
        parts = []
        for path, offset_s, length_s in self.clips:
            with soundfile.SoundFile(path) as file:
                file.seek(round(offset_s * file.samplerate))
                data = file.read(round(length_s * file.samplerate), dtype="float32", always_2d=True)
            parts.append(resample(data.mean(axis=1)[None], file.samplerate, RATE)[0])
        whole = np.concatenate(parts)
        return whole / max(1.0, float(np.abs(whole).max()))


def voices(folders: list[Path]) -> list[Voice]:
    """Every named speaker with some seconds of speech; a name that stands for many people is left out."""
    found: dict[str, list[tuple[Path, float, float]]] = defaultdict(list)
    facts: dict[str, tuple[str, str]] = {}
    for folder in folders:
        for row in csv.DictReader((folder / "index.csv").open(encoding="utf-8")):
            name = row["speaker"]
            if row["kind"] in KINDS and name and "one of" not in name:
                clip = (folder / row["path"], float(row.get("offset_s") or 0), float(row["duration_s"]))
                found[name].append(clip)
                facts[name] = (row["source"].split("@")[0].rsplit("/", 1)[0].split("/")[0], row["licence"])
    made = [Voice(name, *facts[name], tuple(clips)) for name, clips in sorted(found.items())]
    return [v for v in made if v.duration_s >= 4]


def spoken(samples: np.ndarray) -> list[tuple[int, int]]:
    """Stretches of clean speech: 20 ms frames less than 35 dB below the loud ones, pauses bridged."""
    size = RATE // 50
    power = np.square(samples[: len(samples) // size * size]).reshape(-1, size).mean(axis=1)
    loud = np.flatnonzero(power > np.percentile(power, 95) * 10**-3.5) if len(power) else np.zeros(0, int)
    runs: list[tuple[int, int]] = []
    for i in loud.tolist():
        if runs and (i * size - runs[-1][1]) <= BRIDGED_S * RATE:
            runs[-1] = (runs[-1][0], (i + 1) * size)
        else:
            runs.append((i * size, (i + 1) * size))
    return runs


def room(rng: np.random.Generator) -> np.ndarray:
    """An impulse response: the direct sound and exponentially fading noise (Polack, 1988), T60 of 0.15 to 0.8 s."""
    t60_s, direct_db = rng.uniform(0.15, 0.8), rng.uniform(-3, 15)
    n = round(t60_s * RATE)
    tail = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
    tail *= 10 ** (-direct_db / 20) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return tail.astype(np.float32)


def conversation(
    cast: list[Voice], rng: np.random.Generator, longest_s: float
) -> tuple[np.ndarray, list[tuple[float, float, str]]]:
    """Samples (n,) and the turns (start_s, end_s, speaker) of one conversation."""
    material = [v.samples() for v in cast]
    used = [0] * len(cast)
    share = rng.dirichlet(np.full(len(cast), 1.5)) if len(cast) > 1 else np.ones(1)
    roomy, phone = rng.random() < 0.6, rng.random() < 0.25
    gains = 10 ** (rng.normal(0, 4, len(cast)) / 20)
    places = [room(rng) if roomy else np.ones(1, np.float32) for _ in cast]
    mix = np.zeros(round((longest_s + 30) * RATE), np.float32)
    turns: list[tuple[float, float, str]] = []

    def say(who: int, at: int, length_s: float) -> int:
        """Puts the speaker's next words at sample `at`; returns where they end."""
        begin = used[who]
        piece = material[who][begin : begin + round(length_s * RATE)].copy()
        used[who] += len(piece)
        runs = spoken(piece)
        if not runs or runs[-1][1] - runs[0][0] < 0.3 * RATE:
            return at
        first, last = runs[0][0], runs[-1][1]
        piece = piece[first:last]
        fade = np.linspace(0, 1, RATE // 100, dtype=np.float32)
        piece[: len(fade)] *= fade
        piece[-len(fade) :] *= fade[::-1]
        level = gains[who] * 0.05 / max(float(np.sqrt(np.mean(piece**2))), 1e-6)
        wet = fftconvolve(level * piece, places[who]).astype(np.float32)
        end = min(len(mix), at + len(wet))
        mix[at:end] += wet[: end - at]
        turns.extend(((at + a - first) / RATE, (at + b - first) / RATE, cast[who].name) for a, b in runs)
        return at + len(piece)

    at, who, rests = round(rng.uniform(0, 2) * RATE), -1, 0
    while at < longest_s * RATE and rests < 30:
        left = np.array([len(m) - u > 0.6 * RATE for m, u in zip(material, used, strict=True)])
        weight = share * left
        if who >= 0 and np.count_nonzero(left) > 1:
            weight[who] *= 0.1
        if not left.any():
            break
        who = int(rng.choice(len(cast), p=weight / weight.sum()))
        length_s = float(np.clip(rng.lognormal(0.9, 0.8), 0.5, 10))
        end = say(who, at, length_s)
        rests = rests + 1 if end == at else 0
        others = [k for k in np.flatnonzero(left) if k != who]
        if others and end - at > 3 * RATE and rng.random() < 0.2:
            say(int(rng.choice(others)), round(rng.uniform(at + RATE, end - RATE)), rng.uniform(0.4, 1.2))
        gap_s = float(np.clip(rng.normal(0.25, 0.55), -1.2, 3)) if rng.random() < 0.9 else rng.uniform(1, 4)
        at = max(end + round(gap_s * RATE), round(at + 0.3 * RATE))
    stop = round((max((t[1] for t in turns), default=1.0) + rng.uniform(0, 1)) * RATE)
    mix = mix[:stop]
    noise = np.cumsum(rng.standard_normal(stop)) if rng.random() < 0.5 else rng.standard_normal(stop)
    noise = sosfilt(butter(1, 60, "highpass", fs=RATE, output="sos"), noise)
    noise *= 10 ** (-rng.uniform(10, 45) / 20) * np.sqrt(np.mean(mix**2) / np.mean(noise**2))
    mix = mix + noise.astype(np.float32)
    if phone:
        mix = sosfilt(butter(4, (300, 3400), "bandpass", fs=RATE, output="sos"), mix)
    peak = 10 ** (-rng.uniform(3, 25) / 20)
    return (mix * peak / np.abs(mix).max()).astype(np.float32), turns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    rng = np.random.default_rng(wanted.seed)
    people = [v for v in voices(wanted.folder) if not v.learnt_from]
    by_source: dict[str, list[Voice]] = defaultdict(list)
    for voice in people:
        by_source[voice.source].append(voice)
    rooms = [v for v in by_source.values() if len(v) > 1]
    wanted.out.mkdir(parents=True, exist_ok=True)
    for i in range(wanted.count):
        count = 1 + i % 8
        # Half of the casts come from one corpus: then the recording's sound does not give the speakers away.
        fit = [group for group in rooms if len(group) >= count]
        group = fit[int(rng.integers(len(fit)))] if fit and rng.random() < 0.5 else people
        cast = [group[int(k)] for k in rng.permutation(len(group))[:count]]
        samples, turns = conversation(cast, rng, float(rng.uniform(25, 60) * (1 + count / 4)))
        name = f"c{wanted.seed}_{i:03}"
        soundfile.write(wanted.out / f"{name}.flac", samples, RATE)
        lines = (
            f"SPEAKER {name} 1 {a:.3f} {b - a:.3f} <NA> <NA> {who.replace(' ', '_')} <NA> <NA>\n"
            for a, b, who in sorted(turns)
        )
        (wanted.out / f"{name}.rttm").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()
