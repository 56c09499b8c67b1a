"""Films that never were: dialogue, music and effects at a film's levels, out of a library and a generator of dice."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.signal
import soundfile
import soxr
from numpy.typing import NDArray

from audiopost.dsp.k_weighting import k_weighting

from .clips import RATE, Library, floats

Floats = NDArray[np.float32]
Dice = np.random.Generator

STEMS = ("dialogue", "music", "effects")
#: Loudness in LUFS, as in DnR v2 (Petermann et al., ICASSP 2022), and how far each may be from it.
LUFS = {"dialogue": -17.0, "music": -24.0, "effects": -21.0}
SPREAD_DB = 5.0
#: How often a stem is missing.
ABSENT = {"dialogue": 0.12, "music": 0.12, "effects": 0.10}
#: How often a stem comes out of a lossy file, and which it may be: (format, its coding).
CODED = 0.1
CODECS = (("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("OGG", "OPUS"))
#: Of rooms, at most so much is heard.
ROOM_S = 0.5


@dataclass(frozen=True)
class Rooms:
    """Impulse responses of rooms, (count, n) at RATE, the direct sound first and at 1."""

    responses: Floats

    def pick(self, dice: Dice) -> Floats:
        return self.responses[dice.integers(len(self.responses))]


def example(library: Library, rooms: Rooms, frames: int, dice: Dice) -> Floats:
    """The stems of one mixture, (3, frames); the mixture is their sum, at an RMS of about .1."""
    made = {"dialogue": _dialogue, "music": _music, "effects": _effects}
    present = {name: dice.random() >= ABSENT[name] for name in STEMS}
    if not any(present.values()):
        present[STEMS[dice.integers(3)]] = True
    stems = np.zeros((3, frames), np.float32)
    for row, name in zip(stems, STEMS, strict=True):
        if present[name]:
            room = rooms.pick(dice) if name == "dialogue" and dice.random() < 0.35 else None
            sound = made[name](library, frames, dice)
            row[:] = _coloured(sound, LUFS[name] + dice.uniform(-SPREAD_DB, SPREAD_DB), room, dice)
            if dice.random() < CODED:
                row[:] = coded(row, dice)
    if dice.random() < 0.1:  # a telephone, an old print, a low bit rate: all of it
        stems = _low_passed(stems, dice.uniform(3_500, 14_000))
    rms = float(np.sqrt(np.mean(np.square(stems.sum(axis=0))))) + 1e-6
    return stems * np.float32(0.1 / rms * 10 ** (dice.uniform(-8, 8) / 20))


def _dialogue(library: Library, frames: int, dice: Dice) -> Floats:
    sound = _spoken(library, frames, dice)
    if dice.random() < 0.1:  # two at once
        sound += _spoken(library, frames, dice) * np.float32(10 ** (dice.uniform(-10, 0) / 20))
    return sound


def _spoken(library: Library, frames: int, dice: Dice) -> Floats:
    pieces = library.pieces("speech", _owner(library, "speech", dice))
    speed = dice.uniform(0.88, 1.15) if dice.random() < 0.5 else 1.0
    longest = dice.choice([0.4, 1.2, 3.0])
    return _strung(lambda: pieces[dice.integers(len(pieces))], frames, (0.05, longest), dice, lambda: speed)


def _music(library: Library, frames: int, dice: Dice) -> Floats:
    sound = _played(library, frames, dice)
    if dice.random() < 0.15:  # a thicker arrangement
        sound += _played(library, frames, dice) * np.float32(10 ** (dice.uniform(-9, 0) / 20))
    if dice.random() < 0.2:  # it enters, leaves or swells
        points = dice.uniform(0, 1, 4) ** 2
        points[dice.integers(4)] = 1.0
        sound *= np.interp(np.linspace(0, 3, frames), np.arange(4), points).astype(np.float32)
    return sound


def _played(library: Library, frames: int, dice: Dice) -> Floats:
    pieces = library.pieces("music", _owner(library, "music", dice))
    speed = 2 ** (dice.uniform(-4, 4) / 12) if dice.random() < 0.6 else 1.0
    piece = _spun(pieces[dice.integers(len(pieces))], frames, speed, dice)
    if len(piece) < frames:  # loops and phrases are repeated
        piece = np.tile(piece, -(-frames // max(len(piece), 1)))
    return piece[:frames].copy()


def _effects(library: Library, frames: int, dice: Dice) -> Floats:
    sound = np.zeros(frames, np.float32)
    if dice.random() < 0.75:
        bed = _noise(frames, dice) if dice.random() < 0.3 else _bed(library, frames, dice)
        sound += _level(bed, 0.03 * 10 ** (dice.uniform(-12, 4) / 20))
    if dice.random() < 0.85 or not sound.any():
        owners = [_owner(library, "effects", dice) for _ in range(dice.integers(1, 5))]

        def pick() -> NDArray[np.int16]:
            pieces = library.pieces("effects", owners[dice.integers(len(owners))])
            return pieces[dice.integers(len(pieces))]

        singles = _strung(
            pick, frames, (0.05, dice.choice([0.5, 1.5, 3.0])), dice,
            lambda: 2 ** (dice.uniform(-8, 8) / 12) if dice.random() < 0.7 else 1.0,
            change_db=6.0,
        )  # fmt: skip
        sound += _level(singles, 0.06)
    return sound


def _bed(library: Library, frames: int, dice: Dice) -> Floats:
    for _ in range(8):
        pieces = library.pieces("effects", _owner(library, "effects", dice))
        piece = pieces[dice.integers(len(pieces))]
        if len(piece) >= 3 * RATE:
            break
    sound = _spun(piece, frames, 2 ** (dice.uniform(-5, 5) / 12), dice)
    # Told backwards every other time, so that a loop has no seam.
    both = np.concatenate([sound, sound[::-1]])
    return np.tile(both, -(-frames // len(both)))[:frames]


def _noise(frames: int, dice: Dice) -> Floats:
    """Air, traffic, hiss: noise of a random tilt and colour, that swells a little."""
    spectrum = scipy.fft.rfft(dice.standard_normal(frames, np.float32))
    hz = np.maximum(np.linspace(0, RATE / 2, len(spectrum)), 30.0)
    spectrum *= ((hz / 1000) ** -dice.uniform(0, 1.2) * _curve(len(spectrum), 8.0, dice)).astype(np.float32)
    swell = np.interp(np.linspace(0, 7, frames), np.arange(8), dice.uniform(0.5, 1.0, 8))
    return np.asarray(scipy.fft.irfft(spectrum, frames) * swell, np.float32)


def _owner(library: Library, kind: str, dice: Dice) -> int:
    return int(dice.choice(library.owners(kind), p=library.weights(kind)))


def _strung(
    pick: Callable[[], NDArray[np.int16]], frames: int, gap_s: tuple[float, float], dice: Dice,
    speed: Callable[[], float], *, change_db: float = 3.0,
) -> Floats:  # fmt: skip
    """Pieces one after the other with pauses."""
    out = np.zeros(frames, np.float32)
    at = round(dice.uniform(-1.0, gap_s[1]) * RATE)
    while at < frames:
        piece = _spun(pick(), min(8 * RATE, frames), speed(), dice)
        piece = piece * np.float32(10 ** (dice.uniform(-change_db, change_db) / 20))
        skip = max(-at, 0)
        piece = piece[skip : skip + frames - max(at, 0)]
        out[max(at, 0) : max(at, 0) + len(piece)] += piece
        at = max(at, 0) + len(piece) + round(dice.uniform(*gap_s) * RATE) + 1
    return out


def _spun(piece: NDArray[np.int16], frames: int, speed: float, dice: Dice) -> Floats:
    """At most `frames` of a piece from anywhere in it, played so much faster, either way up."""
    wanted = round(frames * speed) + 1
    start = int(dice.integers(len(piece) - wanted)) if len(piece) > wanted else 0
    sound = floats(piece[start : start + wanted]) * np.float32(dice.choice([-1, 1]))
    if start or len(piece) > wanted:
        edge = min(480, len(sound) // 2)
        sound[:edge] *= np.linspace(0, 1, edge, dtype=np.float32)
        sound[-edge:] *= np.linspace(1, 0, edge, dtype=np.float32)
    if abs(speed - 1) > 0.005:
        sound = np.asarray(soxr.resample(sound, RATE * speed, RATE, quality="MQ"), np.float32)
    return sound[:frames]


def _level(sound: Floats, rms: float) -> Floats:
    """At an RMS, counted where there is sound."""
    blocks = np.square(sound[: len(sound) // 4800 * 4800]).reshape(-1, 4800).mean(axis=1)
    loud = blocks[blocks > 1e-3 * blocks.max(initial=0) + 1e-12]
    return sound * np.float32(rms / np.sqrt(loud.mean())) if len(loud) else sound


def _coloured(sound: Floats, lufs: float, room: Floats | None, dice: Dice) -> Floats:
    """In a room, through an equaliser, at a loudness (K-weighted, counted where there is sound)."""
    frames = len(sound)
    size = scipy.fft.next_fast_len(frames + round(ROOM_S * RATE), real=True)
    spectrum = scipy.fft.rfft(sound, size)
    if room is not None:
        spectrum *= scipy.fft.rfft(room, size)
    if dice.random() < 0.7:
        spectrum *= _curve(len(spectrum), dice.uniform(1, 7), dice)
    hz = np.linspace(0, RATE / 2, len(spectrum))
    if dice.random() < 0.08:  # narrow sources: old recordings, phones
        spectrum *= (1 / (1 + (hz / dice.uniform(3_000, 12_000)) ** 12)).astype(np.float32)
    weighted = scipy.fft.irfft(spectrum * _k_weights(len(spectrum)), size)[:frames]
    out = np.asarray(scipy.fft.irfft(spectrum, size)[:frames], np.float32)
    blocks = np.square(weighted[: frames // 4800 * 4800]).reshape(-1, 4800).mean(axis=1)
    loud = blocks[blocks > 0.1 * blocks.mean()]
    if not len(loud) or loud.mean() < 1e-12:
        return np.zeros(frames, np.float32)
    return out * np.float32(10 ** ((lufs + 0.691) / 20) / np.sqrt(loud.mean()))


@functools.cache
def _k_weights(bins: int) -> Floats:
    _, response = scipy.signal.sosfreqz(k_weighting(RATE), np.linspace(0, np.pi, bins))
    return np.abs(response).astype(np.float32)


def _curve(bins: int, deviation_db: float, dice: Dice) -> Floats:
    """Gains of a smooth random equaliser, with points every octave and a half."""
    octaves = np.log2(np.maximum(np.linspace(0, RATE / 2, bins), 40.0) / 40.0)
    points = np.arange(0, 10.5, 1.5)
    gains = np.interp(octaves, points, dice.normal(0, deviation_db / 2, len(points)))
    return (10 ** (gains / 20)).astype(np.float32)


def coded(sound: Floats, dice: Dice) -> Floats:
    """Written at a middling to low bit rate, and read again."""
    kind, coding = CODECS[dice.integers(len(CODECS))]
    peak = np.float32(max(float(np.abs(sound).max(initial=0)), 1.0))
    file = io.BytesIO()
    soundfile.write(file, sound / peak, RATE, coding, format=kind, compression_level=dice.uniform(0.5, 0.95))
    file.seek(0)
    out = np.zeros_like(sound)
    heard = soundfile.read(file, dtype="float32")[0][: len(sound)]
    out[: len(heard)] = heard * peak
    return out


def _low_passed(stems: Floats, hz: float) -> Floats:
    spectrum = scipy.fft.rfft(stems, axis=1)
    shape = 1 / (1 + (np.linspace(0, RATE / 2, spectrum.shape[1]) / hz) ** 16)
    return np.asarray(scipy.fft.irfft(spectrum * shape.astype(np.float32), stems.shape[1], axis=1), np.float32)
