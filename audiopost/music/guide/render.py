"""The score as sound: voices laid on the time line, a small room around them, fades, one loudness for all guides."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from ...core.audio import Audio, FloatArray
from ...core.errors import BadValue
from ...core.spotting import Cue
from ...dsp.limiter import limit
from ...dsp.loudness import Meter
from ...io.scratch import Spool, spool
from .. import fades
from .accompany import SHAKER
from .compose import compose
from .score import Note, Score
from .synth import tone
from .timbres import TIMBRES

#: What guides are brought to (EBU R 128), and the true peak none exceeds.
LOUDNESS_LUFS, CEILING_DBTP = -23.0, -3.0
#: Peaks are limited by this at most; a guide that would need more stays softer.
_LIMITED_DB = 3.0
_RATES = (8000, 192_000)
_BLOCK_S = 8.0
#: Level and place (-1 left, 1 right) of the parts. A pad's tones stand side by side.
_MIX: Mapping[str, tuple[float, float]] = {
    "pad": (0.16, 0.0), "bass": (0.27, 0.0), "figure": (0.34, -0.25), "melody": (0.36, 0.2), "pulse": (0.5, 0.05),
    "accent": (0.5, 0.0),
}  # fmt: skip
_PAD_PLACES = (-0.4, 0.05, 0.4)
#: The room: its echo against the dry sound, the time in which it falls by 60 dB, when it begins and is whole, its band
#: in Hz.
_WET, _ECHO_S, _PREDELAY_S, _BUILD_UP_S, _ECHO_BAND = 0.22, 1.3, 0.012, 0.08, (180.0, 6000.0)
#: Tones kept for when they come again.
_KEPT = 64
#: Drum keys are no pitches: the one that drums sound at.
_DRUM_PITCH = 36


def guide_audio(cue: Cue, rate: int = 48_000) -> Audio:
    """A cue's guide as stereo of exactly the cue's length, with its fades, at -23 LUFS, no true peak above -3 dBTP.

    Guides that are mostly one hit lie lower than -23 LUFS, since their peak is what counts. Made in blocks: memory does
    not grow with length. Raises BadValue for a rate outside 8000 to 192000 Hz, and as `compose` does.
    """
    if not _RATES[0] <= rate <= _RATES[1]:
        raise BadValue(
            f"Guides are rendered at 8000 to 192000 Hz, got {rate}.", value=rate, remedy="Use the programme's rate."
        )
    score = compose(cue)
    frames = max(1, round(score.duration_s * rate))
    meter, peak, done = Meter(rate, ("L", "R"), true_peak=False), 0.0, 0
    with Spool(rate, 2) as raw:
        for block in _in_room(_dry(score, rate, frames), rate):
            fades.fade(block, cue.fades, frames, rate, done)
            meter.push(block)
            raw.write(block)
            peak, done = max(peak, float(np.abs(block).max(initial=0.0))), done + block.shape[1]
    if peak == 0:
        return raw.audio
    highest = CEILING_DBTP + _LIMITED_DB - 20 * np.log10(peak)
    loudness = meter.report().integrated_lufs
    gain_db = highest - _LIMITED_DB if loudness is None else min(LOUDNESS_LUFS - loudness, highest)
    return spool(limit(raw.audio, CEILING_DBTP, gain_db=float(gain_db)), like=raw.audio)


def _dry(score: Score, rate: int, frames: int) -> Iterator[FloatArray]:
    """The notes as blocks (2, n). Each is rendered whole; what rings over the end of a block waits for the next."""
    voices = {part.name: part.timbre for part in score.parts}
    drums = {part.name for part in score.parts if part.program is None}
    render = functools.lru_cache(_KEPT)(tone)
    block = round(_BLOCK_S * rate)
    held = np.zeros((2, 0), np.float32)
    notes = iter(score.notes)
    note = next(notes, None)
    for start in range(0, frames, block):
        stop = min(start + block, frames)
        while note is not None and (at := round(note.start_s * rate)) < stop:
            timbre, pitch = voices[note.part], note.pitch
            if note.part in drums:
                timbre, pitch = ("shaker" if pitch == SHAKER else timbre), _DRUM_PITCH
            # Lengths to 20 ms and four degrees of brightness, so that tones that come again are made once.
            length_s, bright = round(note.length_s * 50) / 50, round(note.velocity / 127 * 4) / 4
            sound = render(TIMBRES[timbre], pitch, length_s, bright, rate)[: frames - at]
            held = _added(held, at - start, _gains(note)[:, np.newaxis] * sound)
            note = next(notes, None)
        held = np.pad(held, ((0, 0), (0, max(0, stop - start - held.shape[1]))))
        yield held[:, : stop - start].copy()
        held = held[:, stop - start :]


def _added(held: FloatArray, at: int, sound: FloatArray) -> FloatArray:
    end = at + sound.shape[1]
    if end > held.shape[1]:
        held = np.pad(held, ((0, 0), (0, end - held.shape[1])))
    held[:, at:end] += sound
    return held


def _gains(note: Note) -> FloatArray:
    """(2,): level by velocity (squared, as General MIDI 2 recommends), place by equal power."""
    level, place = _MIX[note.part]
    if note.part == "pad":
        place = _PAD_PLACES[note.pitch % len(_PAD_PLACES)]
    angle = (place + 1) * np.pi / 4
    return (level * (note.velocity / 127) ** 2 * np.array([np.cos(angle), np.sin(angle)])).astype(np.float32)


def _in_room(blocks: Iterable[FloatArray], rate: int) -> Iterator[FloatArray]:
    """The dry sound and its echo: convolution with noise that dies away, its tail carried from block to block."""
    from scipy.signal import oaconvolve

    echo = _echo(rate)
    tail = np.zeros((2, echo.shape[1] - 1), np.float32)
    for block in blocks:
        frames = block.shape[1]
        wet = oaconvolve(block, echo, axes=1).astype(np.float32)
        wet[:, : tail.shape[1]] += tail
        tail = wet[:, frames:]
        yield block + _WET * wet[:, :frames]


def _echo(rate: int) -> FloatArray:
    """(2, n) of unit energy each: seeded noise in a band, falling by 60 dB in _ECHO_S."""
    from scipy.signal import butter, sosfilt

    t = np.arange(round(_ECHO_S * rate)) / rate
    noise = np.random.default_rng(5).standard_normal((2, len(t)))
    top = min(_ECHO_BAND[1], 0.45 * rate)
    band = sosfilt(butter(1, [_ECHO_BAND[0], top], "bandpass", fs=rate, output="sos"), noise, axis=1)
    # It builds up: an echo that set in at once would be a second attack.
    shaped = band * 10 ** (-3 * t / _ECHO_S) * np.minimum(t / _BUILD_UP_S, 1)
    shaped /= np.sqrt((shaped**2).sum(axis=1, keepdims=True))
    return np.pad(shaped, ((0, 0), (round(_PREDELAY_S * rate), 0))).astype(np.float32)
