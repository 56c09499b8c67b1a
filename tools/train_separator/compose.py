"""Music by rule, played by FluidSynth: more instruments, keys and textures than the recordings have.

Pieces of half a minute: a scale, four chords, and a texture of one to five parts out of General MIDI. They need not be
good music; they have to sound like instruments. With voices, the tune is sung. `fluidsynth` and a General MIDI sound
font (FluidR3, MIT) are needed.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile

from .clips import COMPOSED, RATE, Library, floats
from .sing import Sung, sing

Dice = np.random.Generator

SECONDS = 26
TICKS = 480
MODES = (
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10),
    (0, 1, 3, 5, 7, 8, 10),
    (0, 2, 4, 7, 9, 12, 14),
)
PROGRESSIONS = (
    (0, 4, 5, 3),
    (5, 3, 0, 4),
    (0, 5, 3, 4),
    (0, 3, 0, 4),
    (0, 2, 3, 4),
    (0, 6, 5, 4),
    (0, 0, 3, 3),
    (0, 1, 0, 1),
)
#: General MIDI programs (from 0) of each part's family.
KEYS = (0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 16, 18, 19, 20, 21)
PLUCKED = (24, 25, 26, 27, 28, 45, 46, 104, 105, 106, 107)
SUSTAINED = (40, 41, 42, 44, 48, 49, 50, 51, 52, 53, 54, 60, 61, 63, 88, 89, 90, 91, 92, 93, 94, 95)
LEADS = (
    40,
    42,
    52,
    56,
    57,
    58,
    59,
    60,
    64,
    65,
    66,
    67,
    68,
    69,
    70,
    71,
    72,
    73,
    74,
    75,
    77,
    78,
    79,
    80,
    81,
    82,
    85,
    110,
    111,
)
BASSES = (32, 33, 34, 35, 36, 38, 39, 43, 58)
TEXTURES = (
    ("pad",), ("pad", "lead"), ("pad", "drone"), ("arpeggio",), ("arpeggio", "lead"), ("arpeggio", "bass", "lead"),
    ("chords", "bass", "drums", "lead"), ("chords", "bass", "drums"), ("drums",), ("drums", "bass"), ("lead",),
    ("pad", "arpeggio", "bass", "lead", "drums"), ("drone", "lead"), ("chords",), ("pad", "chords", "drums"),
)  # fmt: skip


@dataclass(frozen=True)
class _Note:
    start: float
    length: float
    pitch: int
    loudness: int


@dataclass(frozen=True)
class _Song:
    """`scale` are pitches of five octaves, `size` of each; `chords` are degrees; times are in beats."""

    scale: list[int]
    size: int
    chords: tuple[int, ...]
    beats: int
    bar: int

    def chord(self, number: int, octave: int) -> list[int]:
        lowest = self.chords[number % len(self.chords)] + self.size * octave
        return [self.scale[min(lowest + step, len(self.scale) - 1)] for step in (0, 2, 4)]


def compose(folder: Path, font: Path, count: int, seed: int, voices: Library | None = None) -> None:
    """Writes `count` pieces and an index.csv of them into `folder`, as FLAC; those that are there are kept.

    With `voices`, each has a tune, and somebody who speaks there sings it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fields = ["path", "kind", "offset_s", "duration_s", "speaker", "source", "licence"]
    with (folder / "index.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        for number in range(count):
            name = f"composed {seed}-{number:04}.flac"
            if not (folder / name).exists():
                _play(folder / name, font, np.random.default_rng((seed, 4, number)), voices)
            writer.writerow({
                "path": name, "kind": "music", "offset_s": 0, "duration_s": SECONDS, "speaker": "",
                "source": f"{COMPOSED}{seed}/{number}@",
                "licence": f"by rule; sounds of {font.name}" + (", voices of the speech" if voices else ""),
            })  # fmt: skip


def _play(path: Path, font: Path, dice: Dice, voices: Library | None) -> None:
    score = path.with_suffix(".mid")
    file, tune = _score(dice, sung=voices is not None)
    file.save(score)
    wave = path.with_suffix(".wav")
    subprocess.run(  # noqa: S603 - our own arguments
        [
            shutil.which("fluidsynth") or "fluidsynth", "-ni", "-q", "-r", str(RATE), "-g", "0.4", "-F", str(wave),
            str(font), str(score),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    sound, _ = soundfile.read(wave, dtype="float32", always_2d=True)
    mono = sound.mean(axis=1)[: SECONDS * RATE]
    mono = np.pad(mono, (0, SECONDS * RATE - len(mono)))
    if voices is not None:
        pieces = voices.pieces("speech", int(dice.integers(voices.owners("speech"))))
        said = np.concatenate([floats(pieces[each]) for each in dice.permutation(len(pieces))[:20]])[: 8 * RATE]
        voice = sing(said, tune, SECONDS, dice)
        level = float(np.sqrt(np.mean(mono**2))) or 0.1
        mono += voice * np.float32(10 ** (dice.uniform(-3, 8) / 20) * level / (np.sqrt(np.mean(voice**2)) + 1e-6))
    mono *= 0.7 / max(float(np.abs(mono).max()), 1e-3)
    part = path.with_suffix(".part.flac")
    soundfile.write(part, mono, RATE)
    part.replace(path)
    score.unlink()
    wave.unlink()


def _score(dice: Dice, *, sung: bool) -> tuple[mido.MidiFile, list[Sung]]:
    """The instruments' score, and the tune if it is not for them."""
    tempo = float(dice.uniform(55, 150))
    beats = int(SECONDS * tempo / 60)
    mode, tonic = MODES[dice.integers(len(MODES))], int(dice.integers(36, 48))
    chords = PROGRESSIONS[dice.integers(len(PROGRESSIONS))]
    scale = [tonic + 12 * octave + step for octave in range(5) for step in mode]
    bar = int(dice.choice([3, 4, 4, 4]))
    textures = [each for each in TEXTURES if "lead" in each] if sung else TEXTURES
    parts = textures[dice.integers(len(textures))]
    tune: list[Sung] = []
    file = mido.MidiFile(ticks_per_beat=TICKS)
    first = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo))])
    file.tracks.append(first)
    for channel, part in enumerate(parts):
        notes = _PARTS[part](_Song(scale, len(mode), chords, beats, bar), dice)
        if sung and part == "lead":
            tune = [Sung(note.start * 60 / tempo, note.length * 60 / tempo, note.pitch) for note in notes]
            continue
        families = {"pad": SUSTAINED, "drone": SUSTAINED, "lead": LEADS, "bass": BASSES, "arpeggio": KEYS + PLUCKED,
                    "chords": KEYS + PLUCKED, "drums": (0, 8, 16, 24, 25, 32, 40, 48)}  # fmt: skip
        program = int(dice.choice(families[part]))
        file.tracks.append(_track(notes, 9 if part == "drums" else channel, program, int(dice.integers(70, 120)), dice))
    return file, tune


def _track(notes: list[_Note], channel: int, program: int, volume: int, dice: Dice) -> mido.MidiTrack:
    events = []
    for note in notes:
        start = max(note.start + dice.normal(0, 0.012), 0.0)  # nobody plays like a clock
        pitch, loudness = min(max(note.pitch, 12), 110), int(np.clip(note.loudness + dice.normal(0, 8), 20, 125))
        events.append((start, 1, mido.Message("note_on", channel=channel, note=pitch, velocity=loudness)))
        events.append((start + note.length, 0, mido.Message("note_off", channel=channel, note=pitch)))
    track = mido.MidiTrack(
        [
            mido.Message("program_change", channel=channel, program=program),
            mido.Message("control_change", channel=channel, control=7, value=volume),
        ]
    )
    at = 0
    for time, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(time * TICKS)
        track.append(message.copy(time=tick - at))
        at = tick
    return track


def _pad(song: _Song, dice: Dice) -> list[_Note]:
    length = song.bar * int(dice.choice([1, 2]))
    octave = int(dice.integers(1, 3))
    return [
        _Note(start, length * 0.98, pitch, 80)
        for i, start in enumerate(range(0, song.beats, length))
        for pitch in song.chord(i % 4, octave)
    ]


def _drone(song: _Song, dice: Dice) -> list[_Note]:
    return [
        _Note(start, 4 * song.bar, song.scale[step], 85)
        for start in range(0, song.beats, 4 * song.bar)
        for step in (0, song.size)
    ]


def _arpeggio(song: _Song, dice: Dice) -> list[_Note]:
    step = float(dice.choice([0.25, 0.5, 0.5, 1.0]))
    order = dice.permutation(6)
    octave = int(dice.integers(1, 3))
    notes = []
    for i, start in enumerate(np.arange(0, song.beats, step)):
        pitches = [*song.chord(int(start // song.bar), octave), *song.chord(int(start // song.bar), octave + 1)]
        notes.append(_Note(start, step * dice.uniform(0.8, 2.5), pitches[order[i % 6]], 80))
    return notes


def _chords(song: _Song, dice: Dice) -> list[_Note]:
    rhythm = sorted(dice.choice(np.arange(0, song.bar, 0.5), size=int(dice.integers(1, 5)), replace=False))
    octave = int(dice.integers(1, 3))
    return [
        _Note(start + at, dice.uniform(0.2, 1.2), pitch, 82)
        for start in range(0, song.beats, song.bar)
        for at in rhythm
        for pitch in song.chord(start // song.bar % 4, octave)
    ]


def _bass(song: _Song, dice: Dice) -> list[_Note]:
    step = float(dice.choice([0.5, 1, 2]))
    starts = np.arange(0, song.beats, step)
    down = 12 if song.scale[0] > 40 else 0
    degrees = [song.chords[int(start // song.bar) % 4] + int(dice.choice([0, 0, 0, 4])) for start in starts]
    return [_Note(start, step * 0.9, song.scale[each] - down, 90) for start, each in zip(starts, degrees, strict=True)]


def _lead(song: _Song, dice: Dice) -> list[_Note]:
    notes, at, place = [], 0.0, int(dice.integers(2 * song.size, 3 * song.size))
    while at < song.beats:
        length = float(dice.choice([0.25, 0.5, 0.5, 1, 1, 2, 3]))
        if dice.random() < 0.82:
            place = int(np.clip(place + dice.choice([-3, -2, -1, -1, 0, 1, 1, 2, 4]), song.size, 4 * song.size))
            notes.append(_Note(at, length * 0.95, song.scale[place], 92))
        at += length
    return notes


def _drums(song: _Song, dice: Dice) -> list[_Note]:
    kick = [0.0, *dice.choice(np.arange(0.5, song.bar, 0.5), size=2, replace=False)]
    snare = [float(each) for each in range(1, song.bar, 2)]
    hat_step = float(dice.choice([0.25, 0.5, 1.0]))
    hat, other = int(dice.choice([42, 46, 51, 70, 69, 54])), int(dice.choice([38, 40, 39, 37]))
    notes = []
    for start in range(0, song.beats, song.bar):
        notes += [_Note(start + at, 0.2, 36, 100) for at in kick]
        notes += [_Note(start + at, 0.2, other, 95) for at in snare]
        notes += [_Note(start + at, 0.1, hat, 70) for at in np.arange(0, song.bar, hat_step)]
        if dice.random() < 0.15:
            notes += [
                _Note(start + song.bar - 1 + i / 4, 0.2, int(dice.choice([41, 43, 45, 47, 48, 50])), 95)
                for i in range(4)
            ]
    return notes


_PARTS = {
    "pad": _pad, "drone": _drone, "arpeggio": _arpeggio, "chords": _chords, "bass": _bass, "lead": _lead,
    "drums": _drums,
}  # fmt: skip
