"""What a track sounds like: `analyse` asks every question of one listening."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..analysis.music import music_probability
from ..core.audio import Audio, FloatArray, sound_of
from ..core.music import TrackAnalysis
from ..core.stage import Progress, silent
from . import hearing, mood, structure, tempo, voice
from .hearing import Heard
from .key import Key, key
from .metre import metre
from .tempo import Pulse
from .tempogram import levelled

#: Share of speech-like sound, and probability of music (median of the seconds), beyond which a recording is speech.
_SPEECH, _MUSIC = 0.3, 0.5
#: Height of an onset over its surroundings, and the least distance of two: 60 ms.
_ONSET, _APART = 0.8, 5

_Bars = tuple[int | None, tuple[float, ...]]


def analyse(audio: Audio, *, progress: Progress = silent) -> TrackAnalysis:
    """Hears a track of any length: samples are read in blocks, what is kept takes about 30 MB an hour.

    Music without a pulse has no `bpm`, beats and loops, nor have speech and noise; silence has its length and levels.
    """
    audio = sound_of(audio)
    heard = hearing.listen(audio, progress)
    plain = TrackAnalysis(
        duration_s=audio.duration_s,
        energy_db=tuple(np.round(heard.energy_db, 2).tolist()),
        loudness_lufs=None if heard.loudness_lufs is None else round(heard.loudness_lufs, 2),
    )
    return plain if heard.silent else _described(plain, heard, audio)


def _described(plain: TrackAnalysis, heard: Heard, audio: Audio) -> TrackAnalysis:
    share = voice.speech_share(audio)
    musical = _is_music(audio)
    spoken = share > _SPEECH and not musical
    classes = hearing.chroma(heard)
    pulse = None if spoken else tempo.pulse(heard.novelty, musical=musical and share <= _SPEECH)
    bars: _Bars = (None, ())
    if pulse:
        pulse, bars = _barred(pulse, heard, classes)
    tonic = Key() if spoken else key(classes)
    density = _density(heard.novelty, heard.duration_s)
    attack = float(heard.novelty.mean())
    traits = mood.Traits(
        pulse.bpm if pulse else None, density, heard.brightness_hz, attack, tonic.mode, tonic.confidence
    )
    arousal, valence = mood.mood(traits)
    beats = pulse.beats_s if pulse else ()
    found = replace(
        plain,
        metre=bars[0],
        downbeats_s=bars[1],
        key=tonic.name,
        mode=tonic.mode,
        key_confidence=tonic.confidence,
        brightness_hz=round(heard.brightness_hz, 1),
        density=round(density, 3),
        vocal=voice.vocal(audio, share),
        sections=structure.sections(heard, bars[1] or beats),
        loops=structure.loops(heard, beats, bars[1], bars[0]) if pulse else (),
        arousal=arousal,
        valence=valence,
    )
    return _timed(found, pulse) if pulse else found


def _timed(found: TrackAnalysis, pulse: Pulse) -> TrackAnalysis:
    return replace(
        found,
        bpm=round(pulse.bpm, 2),
        bpm_confidence=round(pulse.confidence, 3),
        bpm_other=None if pulse.other is None else round(pulse.other, 2),
        beats_s=pulse.beats_s,
    )


def _is_music(audio: Audio) -> bool:
    probability = music_probability(audio)
    return bool(len(probability)) and float(np.median(probability)) >= _MUSIC


def _barred(pulse: Pulse, heard: Heard, classes: FloatArray) -> tuple[Pulse, _Bars]:
    """The pulse with its bars; its double where only that makes whole bars of three, as in a quick waltz."""
    bars = metre(pulse.beats_s, heard.novelty, heard.bass, classes)
    if bars[0] is None and pulse.steady and pulse.other and pulse.other > pulse.bpm:
        double = tempo.at_other(heard.novelty, pulse)
        triple = metre(double.beats_s, heard.novelty, heard.bass, classes)
        if triple[0] == 3:
            return double, triple
    return pulse, bars


def _density(novelty: FloatArray, duration_s: float) -> float:
    """Onsets a second."""
    from scipy.signal import find_peaks

    peaks, _ = find_peaks(levelled(novelty), height=_ONSET, distance=_APART)
    return len(peaks) / max(duration_s, 1e-3)
