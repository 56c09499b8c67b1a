"""What a track sounds like, on music whose tempo, key and form are known."""

from __future__ import annotations

import csv
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.music import TrackAnalysis
from audiopost.core.serial import from_json, to_json
from audiopost.io.decode import decode
from audiopost.music import hearing, structure, tempo
from audiopost.music.key import NAMES, key
from audiopost.music.library import tags
from audiopost.music.mood import Traits, mood
from audiopost.music.track import analyse


@pytest.mark.parametrize("bpm", [52.0, 71.3, 84.0, 97.0, 120.0, 133.7, 174.0])
def test_a_metronome_is_told_to_a_tenth_of_a_beat_a_minute(made, bpm):
    found = tempo.pulse(hearing.listen(made.clicks(bpm, 20.0)).novelty)
    assert min(abs(found.bpm - bpm), abs((found.other or 0) - bpm)) < 0.1
    assert found.confidence > 0.9


@settings(max_examples=10)
@given(bpm=st.floats(60, 160), first=st.floats(0.1, 0.6))
def test_every_steady_tempo_in_the_usual_range(made, bpm, first):
    found = tempo.pulse(hearing.listen(made.clicks(bpm, 12.0, first_s=first)).novelty)
    assert min(abs(found.bpm - bpm), abs((found.other or 0) - bpm)) < 0.15


def test_beats_lie_on_the_clicks(made):
    found = tempo.pulse(hearing.listen(made.clicks(100.0, 15.0, first_s=0.4)).novelty)
    clicks = 0.4 + 0.6 * np.arange(25)
    off = [np.min(np.abs(clicks - beat)) for beat in found.beats_s]
    assert max(off) < 0.01
    assert len(found.beats_s) >= 23


def test_a_player_who_is_not_exact_keeps_the_tempo(made):
    found = tempo.pulse(hearing.listen(made.clicks(96.0, 30.0, jitter_s=0.012)).novelty)
    assert found.bpm == pytest.approx(96.0, abs=0.3)


def test_a_tempo_that_bends_is_followed(made):
    seconds, clicks, at = 60, [], 0.3
    out = np.random.default_rng(1).normal(0, 1e-3, made.RATE * seconds)
    while at < seconds - 0.2:
        clicks.append(at)
        made.lay(made.click(1000), at, out, 0.5)
        at += 60 / (90 + 40 * (1 - abs(2 * at / seconds - 1)))  # 90 to 130 BPM and back
    novelty = hearing.listen(Audio(out, made.RATE)).novelty
    found = tempo.pulse(novelty, musical=True)
    assert not found.steady
    assert found.confidence < 0.5
    assert 90 <= found.bpm <= 130
    beats = np.array(found.beats_s)
    assert np.mean([np.min(np.abs(beats - click)) < 0.05 for click in clicks]) > 0.95
    assert len(beats) == pytest.approx(len(clicks), abs=2)
    assert tempo.pulse(novelty) is None  # what is not known to be music needs more


@pytest.mark.parametrize("tonic", range(0, 12, 3))
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_key_and_mode(made, tonic, mode):
    sound = made.song(100, 8, tonic=tonic, scale=made.MAJOR if mode == "major" else made.MINOR)
    found = key(hearing.chroma(hearing.listen(sound)))
    assert (found.name, found.mode) == (NAMES[tonic], mode)
    assert found.confidence > 0.3


@pytest.mark.parametrize("cents", [-40.0, 30.0, 45.0])
def test_a_track_that_is_not_tuned_to_440_hz(made, cents):
    heard = hearing.listen(made.song(100, 8, tonic=5, cents=cents, drums=False))
    assert heard.tuning * 100 == pytest.approx(cents, abs=8)
    assert key(hearing.chroma(heard)).name == "F"


@pytest.mark.parametrize("metre", [3, 4])
def test_metre_and_downbeats(made, metre):
    found = analyse(made.song(110, 12, metre=metre))
    assert found.metre == metre
    bar_s = metre * 60 / 110
    assert max(abs(t / bar_s - round(t / bar_s)) * bar_s for t in found.downbeats_s) < 0.05


def test_sections_begin_where_the_music_changes(made):
    quiet = made.song(96, 8, tonic=9, scale=made.MINOR, drums=False, gain=0.02)
    loud = made.song(96, 8, tonic=0)
    found = analyse(made.joined(quiet, loud, quiet))
    borders = [s.start_s for s in found.sections[1:]]
    assert borders == pytest.approx([20.0, 40.0], abs=1.0)
    assert found.sections[0].energy < 0.5 < 0.8 < found.sections[1].energy
    assert (found.sections[0].start_s, found.sections[-1].end_s) == (0.0, found.duration_s)


def test_loops_are_whole_rounds_of_what_recurs(made):
    found = analyse(made.song(120, 16, degrees=(0, 5, 3, 4)))
    assert found.loops
    for loop in found.loops:
        assert loop.bars % 4 == 0
        assert loop.end_s - loop.start_s == pytest.approx(loop.bars * 2.0, abs=0.05)
        assert loop.likeness > 0.8


def test_what_never_recurs_has_no_loop(made):
    climbing = [made.song(100, 2, tonic=t, gain=0.02 * 1.3**t, degrees=(0, 4)) for t in range(8)]
    assert not [loop for loop in analyse(made.joined(*climbing)).loops if loop.likeness > 0.9]


def test_a_loop_file_goes_round_as_a_whole(made):
    found = analyse(made.song(97, 2, degrees=(0, 4)))
    assert [(loop.start_s, loop.bars) for loop in found.loops] == [(0.0, 2)]
    assert found.loops[0].end_s == found.duration_s


def test_nothing_depends_on_the_level_but_the_levels(made):
    song = made.song(104, 8, scale=made.MINOR)
    soft, plain = analyse(Audio(song.samples * 0.1, song.rate)), analyse(song)
    for name in ("bpm", "key", "mode", "metre", "beats_s", "downbeats_s"):
        assert getattr(soft, name) == getattr(plain, name), name
    assert soft.arousal == pytest.approx(plain.arousal, abs=0.02)
    assert soft.loudness_lufs == pytest.approx(plain.loudness_lufs - 20, abs=0.1)
    assert soft.energy_db[2] == pytest.approx(plain.energy_db[2] - 20, abs=0.1)


def test_mood_goes_the_published_way(made):
    sad = analyse(made.song(62, 6, scale=made.MINOR, drums=False))
    happy = analyse(made.song(140, 14))
    assert happy.arousal > sad.arousal + 0.1  # both are dull beside real music
    assert happy.valence > sad.valence + 0.5
    plain = Traits(100.0, 4.0, 1400.0, 0.04, "major", 0.8)
    arousal, valence = mood(plain)
    for change in ({"bpm": 150.0}, {"density": 7.0}, {"brightness_hz": 3000.0}, {"attack": 0.07}):
        assert mood(replace(plain, **change))[0] > arousal + 0.1, change
    assert mood(replace(plain, mode="minor"))[1] < 0 < valence
    assert mood(replace(plain, bpm=None))[0] < arousal


@pytest.mark.parametrize("seconds", [0.0, 0.0001, 0.02, 1.0, 1.6])
def test_short_recordings(made, seconds, rng):
    found = analyse(Audio(rng.normal(0, 0.1, (2, round(seconds * 48_000))), 48_000))
    assert found.bpm is None
    assert found.duration_s == round(seconds * 48_000) / 48_000
    assert np.isfinite([found.arousal, found.valence, found.density, found.brightness_hz]).all()


def test_silence_noise_and_speech_have_no_pulse_and_no_key(rng, speech):
    silence = analyse(Audio(np.zeros((2, 48_000 * 4)), 48_000))
    assert (silence.bpm, silence.key, silence.sections, silence.loudness_lufs) == (None, "", (), None)
    noise = analyse(Audio(rng.normal(0, 0.1, (1, 48_000 * 12)), 48_000))
    assert (noise.bpm, noise.key, noise.beats_s, noise.loops) == (None, "", (), ())
    spoken = analyse(speech)
    assert (spoken.bpm, spoken.key) == (None, "")
    assert spoken.vocal > 0.8


def test_a_drone_has_a_key_note_and_no_pulse(made):
    t = np.arange(20 * made.RATE) / made.RATE
    drone = sum(np.sin(2 * np.pi * 110 * n * t) / n for n in (1, 2, 3, 4, 6, 8))
    assert analyse(Audio(0.1 * np.asarray(drone), made.RATE)).bpm is None


def test_samples_that_are_no_sound_and_low_rates(made):
    samples = made.clicks(100, 12).samples.copy()
    samples[:, 5000:5100] = np.nan
    samples[:, 9000] = np.inf
    assert analyse(Audio(samples, made.RATE)).bpm == pytest.approx(100, abs=0.2)
    assert analyse(Audio(np.tile([0.1, -0.1], 4000), 1000)).loudness_lufs is None


def test_blocks_make_no_difference_and_json_keeps_everything(made):
    song = made.song(100, 6)

    class Source:
        def read(self, start, stop):
            return song.samples[:, start:stop]

    backed = Audio.backed(Source(), channels=1, frames=song.frames, rate=song.rate)
    found = analyse(song)
    assert analyse(backed) == found
    assert from_json(TrackAnalysis, to_json(found)) == found


def test_sections_of_a_two_hour_track_take_no_more_than_the_diagonal(rng):
    rows = rng.normal(0, 1, (14_400, 8)).astype(np.float32)
    rows[7000:] += 3
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert 7000 * structure._STEP_S in structure._boundaries(rows)


@pytest.mark.slow
@pytest.mark.shared
def test_reference_tempi_within_four_percent(shared):
    asked = 0
    for row in csv.DictReader((shared / "audio" / "index.csv").open(encoding="utf-8")):
        if row["kind"] not in ("music", "music_tempo"):
            continue
        stated = re.search(r"bpm=([\d.]+)", row["reference"])
        bpm = float(stated[1]) if stated else tags.read(shared / "audio" / row["path"]).tagged_bpm
        if bpm is None:
            continue
        asked += 1
        found = analyse(decode(shared / "audio" / row["path"]).audio)
        assert found.bpm is not None, row["path"]
        told = [t for t in (found.bpm, found.bpm_other) if t]
        assert min(abs(t / bpm - 1) for t in told) <= 0.04, (row["path"], told, bpm)
    assert asked >= 7
