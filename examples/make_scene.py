"""Makes the example scene: `python examples/make_scene.py` (needs flite: `apt install flite`).

A kitchen at night, about a minute, 48 kHz stereo. Two flite voices (Anna: slt, Tom: rms) talk, quarrel and make up;
a composed music bed plays at both ends; a door slams; 50 Hz hum, its harmonics and broadband noise lie over all.
Written beside this script: scene.flac (what audiopost gets), scene.dialogue / music / effects.flac (the true stems;
scene = stems + faults) and scene.json (text, word times, speakers, where music lies, what was planted).
Everything is seeded: two runs write the same samples.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy import signal

HERE = Path(__file__).parent
RATE = 48_000
LENGTH_S = 62.0
VOICES = {"Anna": "slt", "Tom": "rms"}
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A line of dialogue; `stretch` above 1 is slower, `pitch` in Hz, `level` in dB against calm speech."""

    start_s: float
    speaker: str
    text: str
    mood: str
    stretch: float = 1.0
    pitch: float | None = None
    level: float = 0.0


SCRIPT = (
    Line(7.0, "Anna", "You are home late tonight.", "calm", 1.05),
    Line(9.8, "Tom", "The last ferry was slow, and the sea was calm and quiet.", "calm", 1.05),
    Line(14.6, "Anna", "Sit down. I made some tea for you.", "calm", 1.05),
    Line(18.2, "Tom", "Thank you. It is good to be home.", "calm", 1.05),
    Line(23.0, "Anna", "Tom, where is the money from the box?", "tense", 0.95, 190, 2),
    Line(26.4, "Tom", "What money? I never touched your money!", "angry", 0.82, 125, 5),
    Line(29.4, "Anna", "Do not lie to me! I hate it when you lie!", "angry", 0.8, 225, 6),
    Line(32.4, "Tom", "Stop it! You always blame me for everything!", "angry", 0.8, 135, 7),
    Line(35.4, "Anna", "Then get out! Leave this house now!", "angry", 0.8, 235, 7),
    Line(44.0, "Tom", "Anna, I am sorry. I paid the doctor with it.", "sad", 1.15, 88, -2),
    Line(49.0, "Anna", "Oh, Tom. Why did you not tell me?", "warm", 1.12, 165, -2),
    Line(53.0, "Tom", "I was afraid. I love you.", "warm", 1.12, 92, -2),
)
MUSIC = ((0.0, 6.0), (55.8, LENGTH_S))
DOOR_S = 38.6
HUM_HZ = 50.0


def speak(line: Line) -> tuple[Array, list[dict[str, Any]]]:
    """A line's samples at RATE and its words with times in seconds of the line.

    flite prints each phone's end; a word's share of them is counted by letting it say the word alone.
    """
    voice = ["flite", "-voice", VOICES[line.speaker], "--setf", f"duration_stretch={line.stretch}"]
    if line.pitch:
        voice += ["--setf", f"int_f0_target_mean={line.pitch}"]
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "line.wav"
        printed = subprocess.run([*voice, "-psdur", "-t", line.text, "-o", str(wav)], check=True, capture_output=True)
        samples, rate = soundfile.read(wav)
    phones = [p.split(":") for p in printed.stdout.decode().split()]
    ends = [(name, float(end)) for name, end in phones]
    words, at = [], 0
    for text in line.text.split():
        count = phone_count(voice, text)
        while ends[at][0] == "pau":
            at += 1
        start = ends[at - 1][1]
        words.append({"start_s": start, "end_s": ends[at + count - 1][1], "text": text})
        at += count
    if any(name != "pau" for name, _ in ends[at:]):
        raise SystemExit(f"the phones of {line.text!r} do not add up to its words")
    return np.asarray(soxr.resample(samples, rate, RATE, "VHQ")), words


def phone_count(voice: list[str], word: str) -> int:
    run = subprocess.run([*voice, "-ps", "-t", word, "-o", "none"], check=True, capture_output=True)
    return sum(phone != "pau" for phone in run.stdout.decode().split())


def dialogue(frames: int) -> tuple[Array, list[dict[str, Any]]]:
    """(frames, 2) of all lines in a small room, and the utterances with word times."""
    dry, spoken = np.zeros(frames), []
    for line in SCRIPT:
        samples, words = speak(line)
        samples *= 0.06 / np.sqrt(np.mean(samples**2)) * 10 ** (line.level / 20)
        at = round(line.start_s * RATE)
        dry[at : at + len(samples)] += samples
        timed = [
            {**w, "start_s": round(w["start_s"] + line.start_s, 3), "end_s": round(w["end_s"] + line.start_s, 3)}
            for w in words
        ]
        span = {"start_s": timed[0]["start_s"], "end_s": timed[-1]["end_s"]}
        spoken.append({**span, "speaker": line.speaker, "text": line.text, "mood": line.mood, "words": timed})
    room = np.random.default_rng(1).standard_normal((round(0.25 * RATE), 2))
    room *= np.exp(-np.arange(len(room)) / (0.045 * RATE))[:, None] * 0.012
    wet = np.stack([signal.fftconvolve(dry, room[:, c])[:frames] for c in (0, 1)], axis=1)
    return dry[:, None] + wet, spoken


def music(frames: int) -> Array:
    """(frames, 2): a slow minor progression for plucked tones and pad, faded in and out where MUSIC says."""
    out = np.zeros((frames, 2))
    chords = ((57, 60, 64, 69), (53, 57, 60, 65), (48, 55, 60, 64), (55, 59, 62, 67))
    beat = 60 / 72
    for start, end in MUSIC:
        t = np.arange(round((end - start) * RATE)) / RATE
        part = np.zeros((len(t), 2))
        for bar in range(int((end - start) / (4 * beat)) + 1):
            for step, note in enumerate(chords[bar % 4]):
                hz = 440 * 2 ** ((note - 69) / 12)
                pad_at = t - bar * 4 * beat
                pad = np.sin(2 * np.pi * hz * t) * np.clip(pad_at / 0.8, 0, 1) * np.exp(-np.maximum(pad_at, 0) / 3.0)
                since = t - (bar * 4 + step) * beat
                pluck = np.where(since >= 0, np.exp(-np.maximum(since, 0) / 0.5), 0.0)
                tone = sum(np.sin(2 * np.pi * hz * 2 * k * since) / k**2 for k in (1, 2, 3))
                pan = 0.35 + 0.1 * step
                part += (0.3 * pad + 0.5 * pluck * tone)[:, None] * np.array([1 - pan, pan])
        fade = np.clip(np.minimum(t / 0.6, (end - start - t) / 1.5), 0, 1)
        at = round(start * RATE)
        out[at : at + len(t)] += 0.09 * part * fade[:, None]
    return out


def effects(frames: int) -> Array:
    """(frames, 2): steps, the door, and a kettle's hiss, all from shaped noise."""
    rng = np.random.default_rng(2)
    out = np.zeros((frames, 2))

    def burst(at_s: float, hz: float, decay_s: float, gain: float, pan: float) -> None:
        n = round(decay_s * 8 * RATE)
        noise = rng.standard_normal(n) * np.exp(-np.arange(n) / (decay_s * RATE))
        sound = signal.sosfilt(signal.butter(2, [hz / 2, hz * 2], "bandpass", fs=RATE, output="sos"), noise)
        at = round(at_s * RATE)
        out[at : at + n] += gain * sound[: frames - at, None] * np.array([1 - pan, pan])

    for step in range(5):
        burst(36.9 + 0.33 * step, 180, 0.03, 0.5, 0.35 + 0.07 * step)
    burst(DOOR_S, 90, 0.16, 2.2, 0.65)
    burst(DOOR_S + 0.01, 900, 0.05, 0.5, 0.65)
    kettle = signal.sosfilt(
        signal.butter(2, [2500, 6000], "bandpass", fs=RATE, output="sos"), rng.standard_normal(frames)
    )
    t = np.arange(frames) / RATE
    out += (0.01 * kettle * np.clip(np.minimum(t - 13.0, 22.0 - t) / 2, 0, 1))[:, None] * np.array([0.7, 0.3])
    return out


def faults(frames: int) -> Array:
    """(frames, 1): hum with four harmonics near -46 dBFS and a noise floor near -58 dBFS, alike on both channels."""
    t = np.arange(frames) / RATE
    hum = sum(0.006 / k * np.sin(2 * np.pi * HUM_HZ * k * t + k) for k in range(1, 6))
    pink = signal.lfilter([0.05, -0.0478], [1, -0.985], np.random.default_rng(3).standard_normal(frames))
    return np.asarray(hum + 0.00126 * pink / np.sqrt(np.mean(pink**2)))[:, None]


def main() -> None:
    frames = round(LENGTH_S * RATE)
    spoken_stem, utterances = dialogue(frames)
    stems = {"dialogue": spoken_stem, "music": music(frames), "effects": effects(frames)}
    scene = sum(stems.values()) + faults(frames)
    peak = float(np.max(np.abs(scene)))
    if peak > 0.89:
        raise SystemExit(f"the scene peaks at {peak:.2f}")
    for name, stem in stems.items():
        soundfile.write(HERE / f"scene.{name}.flac", stem, RATE, "PCM_16")
    soundfile.write(HERE / "scene.flac", scene, RATE, "PCM_16")
    truth = {
        "title": "Tea at night",
        "language": "en",
        "duration_s": LENGTH_S,
        "utterances": utterances,
        "music": [{"start_s": a, "end_s": b} for a, b in MUSIC],
        "cues": [
            {"in_s": 23.0, "out_s": 38.6, "why": "the quarrel rises from the question about the money to the door"},
            {"in_s": 39.5, "out_s": 55.8, "why": "after the door: regret, then warmth, until the closing music"},
        ],
        "faults": [
            {"kind": "hum", "frequency_hz": HUM_HZ, "level_dbfs": -46},
            {"kind": "noise", "level_dbfs": -58},
        ],
        "effects": [{"kind": "door", "time_s": DOOR_S}],
    }
    (HERE / "scene.json").write_text(json.dumps(truth, indent=1) + "\n")


if __name__ == "__main__":
    main()
