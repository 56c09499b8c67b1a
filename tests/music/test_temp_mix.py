"""The temp mix: where samples land, how far music goes down under lines, what is said of tracks that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, sosfilt

from audiopost.core.audio import LAYOUTS, Audio
from audiopost.core.errors import UnknownName
from audiopost.core.music import EditPiece, Loop, TrackAnalysis, TrackEdit, TrackInfo, TrackMatch
from audiopost.core.spotting import Cue, Duck, Fades
from audiopost.core.time import Span
from audiopost.dsp.loudness import Meter
from audiopost.io import scratch
from audiopost.music import temp_mix as module
from audiopost.music.edits import joins, propose
from audiopost.music.temp_mix import music_bed, temp_mix

RATE = 48_000
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write(samples (channels, n), rate=RATE, name="track.wav") -> path of a float WAV."""

    def put(samples: np.ndarray, rate: int = RATE, name: str = "track.wav") -> str:
        path = tmp_path / name
        soundfile.write(path, np.atleast_2d(samples).T, rate, "FLOAT")
        return str(path)

    return put


def cue(in_s: float = 1.0, out_s: float = 5.0, number: int = 1, **more: object) -> Cue:
    plain = Cue(number, in_s, out_s, "underscore", "sadness", (70, 80), "minor", (), "why", 0.8)
    return replace(plain, **more)


def match(path: str, *pieces: EditPiece, accepted: bool = False, **edit: float) -> TrackMatch:
    return TrackMatch(TrackInfo(path), 0.9, ("fits",), TrackEdit(pieces, **edit), accepted)


def noise(seconds: float, level: float = 0.1, channels: int = 2, seed: int = 1) -> np.ndarray:
    return level * np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE))).astype(np.float32)


def silence(seconds: float, channels: int = 2, rate: int = RATE) -> Audio:
    return Audio(np.zeros((channels, round(seconds * rate))), rate, LAYOUTS[channels])


def lufs(audio: Audio, start_s: float, end_s: float) -> float:
    meter = Meter(audio.rate, audio.layout, true_peak=False)
    meter.push(audio.samples)
    value = meter.mean_lufs([Span(start_s, end_s)])
    assert value is not None
    return value


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_programme_plus_music_is_the_mix(write: Write, channels: int) -> None:
    programme = Audio(noise(6, 0.05, channels), RATE, LAYOUTS[channels])
    path = write(noise(5, 0.05, seed=2))
    cues = [cue(tracks=(match(path, EditPiece(1.0, 0.5, 4.5)),), ducks=(Duck(2.0, 3.0, -10.0),))]
    mix = temp_mix(programme, cues)
    assert mix.audio.rate == RATE
    assert mix.audio.layout == programme.layout
    assert mix.audio.frames == programme.frames
    assert not mix.warnings
    np.testing.assert_array_equal(mix.audio.samples, programme.samples + mix.music.samples)
    bed, _ = music_bed(programme, cues)
    assert bed == mix.music
    assert mix.music.peak() > 0.05
    # Outside the cue nothing at all is changed.
    np.testing.assert_array_equal(mix.audio.samples[:, : RATE - 1], programme.samples[:, : RATE - 1])
    np.testing.assert_array_equal(mix.audio.samples[:, 5 * RATE :], programme.samples[:, 5 * RATE :])


def test_surround_programmes_get_music_on_left_and_right_only(write: Write) -> None:
    path = write(noise(4))
    mix = temp_mix(silence(6, 6), [cue(tracks=(match(path, EditPiece(1.0, 0.0, 4.0)),))])
    heard = [float(np.abs(channel).max()) for channel in mix.music.samples]
    assert [level > 0.1 for level in heard] == [True, True, False, False, False, False]
    assert heard[2:] == [0.0] * 4


def test_mono_keeps_what_lies_in_the_middle(write: Write) -> None:
    path = write(noise(4, channels=1))
    mix = temp_mix(silence(6, 1), [cue(tracks=(match(path, EditPiece(1.0, 0.0, 4.0)),))])
    np.testing.assert_allclose(mix.music.samples[0, RATE : 5 * RATE], noise(4, channels=1)[0], atol=1e-6)


@pytest.mark.parametrize(("at_s", "start_s", "gain_db"), [(1.0, 0.0, 0.0), (1.2345, 0.77, -6.0), (0.0, 1.9, 3.0)])
def test_a_click_lands_on_its_sample(write: Write, at_s: float, start_s: float, gain_db: float) -> None:
    click = np.zeros((2, 4 * RATE), np.float32)
    click[:, 2 * RATE + 17] = 0.5
    track = match(write(click), EditPiece(at_s, start_s, 4.0), gain_db=gain_db)
    music = temp_mix(silence(6), [cue(at_s, 6.0, tracks=(track,))]).music.samples
    where = round(at_s * RATE) - round(start_s * RATE) + 2 * RATE + 17
    assert np.flatnonzero(music[0]).tolist() == [where]
    assert music[1, where] == pytest.approx(0.5 * 10 ** (gain_db / 20), rel=1e-5)


@pytest.mark.parametrize("rate", [22_050, 44_100, 96_000])
def test_tracks_of_other_rates_keep_their_times_and_pitch(write: Write, rate: int) -> None:
    t = np.arange(4 * rate) / rate
    burst = 0.3 * np.sin(2 * np.pi * 1000 * t) * np.exp(-(((t - 2.0) / 0.02) ** 2))
    music = temp_mix(silence(6), [cue(tracks=(match(write(burst, rate), EditPiece(1.0, 0.0, 4.0)),))]).music.samples
    t = np.arange(6 * RATE) / RATE - 1.0
    wanted = 0.3 * np.sin(2 * np.pi * 1000 * t) * np.exp(-(((t - 2.0) / 0.02) ** 2)) * 0.5**0.5
    assert np.abs(music - wanted).max() < 2e-4


@pytest.mark.parametrize("level_lu", [-6.0, -12.0, -20.0])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_music_lies_so_many_lu_under_the_dialogue(write: Write, level_lu: float, channels: int) -> None:
    lines = noise(12, 0.08, channels, seed=5)
    lines[:, : 4 * RATE] = lines[:, 7 * RATE :] = 0
    programme = Audio(lines, RATE, LAYOUTS[channels])
    path = write(noise(12, 0.1))
    cues = [cue(0.0, 12.0, tracks=(match(path, EditPiece(0.0, 0.0, 12.0)),), ducks=(Duck(4.0, 7.0, level_lu),))]
    music = temp_mix(programme, cues).music
    below = lufs(music, 4.1, 6.9) - lufs(programme, 4.1, 6.9)
    assert below == pytest.approx(level_lu, abs=0.3)
    clear = lufs(music, 0.5, 3.5)
    assert lufs(music, 8.2, 11.5) == pytest.approx(clear, abs=0.2)
    # The way down is over when the line begins, and begins when the line is near.
    assert lufs(music, 4.0, 4.2) - lufs(programme, 4.1, 6.9) < level_lu + 0.6
    assert lufs(music, 3.3, 3.6) == pytest.approx(clear, abs=0.5)


def test_ducking_never_lifts_and_stays_down_through_short_pauses(write: Write) -> None:
    programme = Audio(noise(10, 0.1), RATE)
    soft = [match(write(noise(10, 0.001), name="soft.wav"), EditPiece(0.0, 0.0, 10.0))]
    ducks = (Duck(3.0, 4.0, -12.0), Duck(4.6, 5.5, -12.0))
    bare = temp_mix(programme, [cue(0.0, 10.0, tracks=tuple(soft))]).music
    assert temp_mix(programme, [cue(0.0, 10.0, tracks=tuple(soft), ducks=ducks)]).music == bare
    loud = (match(write(noise(10, 0.1)), EditPiece(0.0, 0.0, 10.0)),)
    music = temp_mix(programme, [cue(0.0, 10.0, tracks=loud, ducks=ducks)]).music
    assert lufs(music, 4.1, 4.5) - lufs(programme, 3.0, 5.5) == pytest.approx(-12.0, abs=0.4)


def test_the_dialogue_stem_is_what_music_goes_under(write: Write) -> None:
    """A door in the programme is no reason to let music up."""
    programme, stem = Audio(noise(6, 0.3), RATE), Audio(noise(6, 0.03, channels=1), RATE)
    cues = [cue(0, 6, tracks=(match(write(noise(6, 0.1)), EditPiece(0.0, 0.0, 6.0)),), ducks=(Duck(1.0, 5.0, -8.0),))]
    music = temp_mix(programme, cues, dialogue=stem).music
    assert lufs(music, 1.5, 4.5) - lufs(stem, 1.5, 4.5) == pytest.approx(-8.0, abs=0.3)


def test_pauses_inside_a_duck_are_no_dialogue(write: Write) -> None:
    """Ducks reach before and after lines and over short gaps: the level is that against the words."""
    lines = noise(10, 0.08)
    lines[:, 3 * RATE : 6 * RATE] = 0
    cues = [
        cue(0, 10, tracks=(match(write(noise(10, 0.1)), EditPiece(0.0, 0.0, 10.0)),), ducks=(Duck(1.0, 9.0, -10.0),))
    ]
    music = temp_mix(Audio(lines, RATE), cues).music
    assert lufs(music, 1.1, 8.9) - lufs(Audio(lines, RATE), 1.1, 2.9) == pytest.approx(-10.0, abs=0.3)


def test_a_short_line_is_ducked_too(write: Write) -> None:
    cues = [cue(0, 4, tracks=(match(write(noise(4, 0.1)), EditPiece(0.0, 0.0, 4.0)),), ducks=(Duck(2.0, 2.1, -10.0),))]
    music = temp_mix(Audio(noise(4, 0.1, seed=3), RATE), cues).music
    at = np.sqrt((music.samples[:, 2 * RATE : 2 * RATE + 4800] ** 2).mean())
    assert 20 * np.log10(at / 0.1) == pytest.approx(-10, abs=0.7)


def test_the_gain_moves_without_a_step(write: Write) -> None:
    t = np.arange(10 * RATE) / RATE
    hum = Audio(np.tile(0.05 * np.sin(2 * np.pi * 300 * t), (2, 1)), RATE)
    tone = write(0.2 * np.sin(2 * np.pi * 300 * t), name="tone.wav")
    cues = [cue(0.0, 10.0, tracks=(match(tone, EditPiece(0.0, 0.0, 10.0)),), ducks=(Duck(4.0, 5.0, -20.0),))]
    music = temp_mix(hum, cues).music.samples[0]
    envelope = np.abs(music).reshape(-1, 480).max(axis=1) / 0.2 / 0.5**0.5
    assert envelope.min() < 0.15
    assert envelope.max() == pytest.approx(1.0, abs=0.001)
    # 10 ms after 10 ms; the whole way is 0.9 in 400 ms.
    assert np.abs(np.diff(envelope)).max() < 0.06


def high(samples: np.ndarray) -> float:
    """What a click leaves above 12 kHz in low tones."""
    return float(np.abs(sosfilt(butter(8, 12_000, "highpass", fs=RATE, output="sos"), samples)).max())


@pytest.mark.parametrize("join_s", [0.0, 0.02, 0.5])
@pytest.mark.parametrize("overlapping", [True, False])
def test_a_loop_is_joined_without_a_click(write: Write, join_s: float, overlapping: bool) -> None:
    """110 Hz cut at places of different phase; the second piece begins under the end of the first, or after it."""
    t = np.arange(8 * RATE) / RATE
    path = write(0.3 * np.sin(2 * np.pi * 110 * t))
    extra = join_s if overlapping else 0.0
    pieces = (EditPiece(1.0, 0.0, 2.0023 + extra), EditPiece(3.0023, 0.5, 3.0, join_s))
    music = temp_mix(silence(8), [cue(1.0, 5.4, tracks=(match(path, *pieces),))]).music.samples[0]
    middle = music[2 * RATE : 4 * RATE]
    assert high(middle) < 2e-3
    spliced = np.concatenate([0.3 * np.sin(2 * np.pi * 110 * t[: 2 * RATE]), 0.3 * np.sin(2 * np.pi * 110 * t[5000:])])
    assert high(spliced) > 0.02  # what a bare splice does


def test_equal_power_joins_keep_the_power_of_unlike_sounds(write: Write) -> None:
    samples = noise(8, 0.1)
    pieces = (EditPiece(0.0, 0.0, 3.0), EditPiece(2.0, 5.0, 8.0, 1.0))
    music = temp_mix(silence(5), [cue(0.0, 5.0, tracks=(match(write(samples), *pieces),))]).music
    assert lufs(music, 2.2, 2.8) == pytest.approx(lufs(music, 0.5, 1.8), abs=0.3)
    assert lufs(music, 2.4, 2.6) == pytest.approx(lufs(music, 3.5, 4.5), abs=0.4)


def test_a_looped_edit_of_the_library_sounds_without_a_gap(write: Write) -> None:
    """What `edits.propose` lays is what the temp mix plays: each join at its place, no hole, no lump."""
    beats = tuple(0.5 * n for n in range(32))
    known = TrackAnalysis(
        16.0, bpm=120.0, beats_s=beats, metre=4, downbeats_s=beats[::4], loudness_lufs=-20.0,
        loops=(Loop(4.0, 12.0, 4, 0.9),), energy_db=(-20.0,) * 16,
    )  # fmt: skip
    asked = cue(2.0, 42.0, level_lu=-3.0)
    found = propose(known, asked, dialogue_lufs=-20.0)
    assert found.kind == "looped"
    assert len(found.edit.pieces) >= 3
    track = TrackMatch(TrackInfo(write(noise(16, 0.1))), 1.0, (), replace(found.edit, fade_in_s=0.0, fade_out_s=0.0))
    music = temp_mix(silence(45), [replace(asked, tracks=(track,))]).music
    sounding = music.samples[0, round(2.05 * RATE) : round((2 + found.sounds_s - 0.05) * RATE)]
    level = np.sqrt((sounding[: len(sounding) // 480 * 480].reshape(-1, 480) ** 2).mean(axis=1))
    assert level.min() > 0.6 * np.median(level)
    assert level.max() < 1.6 * np.median(level)
    # A sound at the loop's start is heard each time the music comes back to it, on the sample.
    click = np.zeros((2, 16 * RATE), np.float32)
    click[:, 4 * RATE] = 0.5
    clicks = replace(track, track=TrackInfo(write(click, name="click.wav")))
    heard = np.flatnonzero(np.abs(temp_mix(silence(45), [replace(asked, tracks=(clicks,))]).music.samples[0]) > 0.2)
    backs = [round(time * RATE) for time in joins(found.edit) if time < 41.9]
    assert heard.tolist() == [6 * RATE, *backs]


def test_pieces_apart_leave_silence_between(write: Write) -> None:
    pieces = (EditPiece(0.0, 0.0, 1.0), EditPiece(2.0, 1.0, 2.0, 0.3))
    music = temp_mix(silence(4), [cue(0.0, 4.0, tracks=(match(write(noise(4)), *pieces),))]).music.samples
    assert np.abs(music[:, round(1.01 * RATE) : 2 * RATE]).max() == 0
    assert np.abs(music[:, round(2.1 * RATE) : round(2.9 * RATE)]).max() > 0.1


@pytest.mark.parametrize(
    ("shape", "quarter", "half"),
    [
        ("linear", 0.25, 0.5),
        ("equal-power", np.sin(np.pi / 8), np.sin(np.pi / 4)),
        ("exponential", 10**-2.25, 10**-1.5),
    ],
)
def test_fades_have_the_cues_shapes(write: Write, shape: str, quarter: float, half: float) -> None:
    path = write(np.full((2, 6 * RATE), 0.5))
    asked = Fades(9.0, 9.0, shape, shape)  # its lengths are the editor's wish, the edit's are what was made of it
    track = match(path, EditPiece(1.0, 1.0, 5.0), fade_in_s=1.0, fade_out_s=2.0)
    gain = temp_mix(silence(6), [cue(1, 5, tracks=(track,), fades=asked)]).music.samples[0] / 0.5
    for at_s, wanted in ((1.25, quarter), (1.5, half), (2.5, 1.0), (4.0, half), (4.5, quarter)):
        assert gain[round(at_s * RATE)] == pytest.approx(wanted, rel=0.01)


def test_an_edit_without_fades_has_none_unless_the_cue_is_shorter(write: Write) -> None:
    path = write(np.full((2, 6 * RATE), 0.5))
    asked = Fades(1.0, 1.0, "linear", "linear")
    track = match(path, EditPiece(0.0, 0.0, 6.0))
    assert np.all(temp_mix(silence(6), [cue(0, 6, tracks=(track,), fades=asked)]).music.samples == 0.5)
    gain = temp_mix(silence(6), [cue(1, 5, tracks=(track,), fades=asked)]).music.samples[0] / 0.5
    assert gain[[RATE - 1, 5 * RATE]].tolist() == [0, 0]
    assert gain[RATE + RATE // 2] == pytest.approx(0.5, abs=0.001)
    assert gain[5 * RATE - RATE // 4] == pytest.approx(0.25, abs=0.001)


def test_a_cut_is_at_once_but_no_click(write: Write) -> None:
    path = write(np.full((2, 6 * RATE), 0.5))
    gain = temp_mix(silence(6), [cue(1, 4, tracks=(match(path, EditPiece(1.0, 1.0, 4.0)),))]).music.samples[0] / 0.5
    assert 0 < gain[RATE] < 0.01
    assert gain[RATE + 240] == 1.0
    assert gain[4 * RATE - 241] == 1.0
    assert 0 < gain[4 * RATE - 1] < 0.01
    whole = match(path, EditPiece(0.0, 0.0, 6.0))
    assert np.all(temp_mix(silence(6), [cue(0, 6, tracks=(whole,))]).music.samples == 0.5)


def test_the_accepted_track_plays_else_the_first(write: Write) -> None:
    low, loud = write(np.full((2, 9600), 0.1), name="a.wav"), write(np.full((2, 9600), 0.2), name="b.wav")
    first, second = (match(path, EditPiece(0.0, 0.0, 0.2)) for path in (low, loud))

    def level(*tracks: TrackMatch) -> float:
        return float(temp_mix(silence(1), [cue(0.0, 0.2, tracks=tracks)]).music.samples[0, 4800])

    assert level(first, second) == pytest.approx(0.1)
    assert level(first, replace(second, accepted=True)) == pytest.approx(0.2)


def test_only_suggested_and_accepted_cues_play(write: Write) -> None:
    track = (match(write(np.full((2, RATE), 0.2)), EditPiece(0.0, 0.0, 1.0)),)
    for status, played in (("suggested", True), ("accepted", True), ("rejected", False), ("existing", False)):
        mix = temp_mix(silence(1), [cue(0.0, 1.0, status=status, tracks=track)])
        assert (mix.music.peak() > 0) == played
        assert not mix.warnings
    assert temp_mix(silence(1), [replace(cue(0.0, 1.0, tracks=track), function="silence")]).music.peak() == 0


def test_a_cue_without_a_readable_track_is_left_out_and_named(write: Write, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF not a wave")
    good = match(write(np.full((2, RATE), 0.2)), EditPiece(2.0, 0.0, 1.0))
    cues = [
        cue(0.0, 1.0, 1, tracks=(match(str(tmp_path / "gone.wav"), EditPiece(0.0, 0.0, 1.0)),)),
        cue(1.0, 2.0, 2, tracks=(match(str(broken), EditPiece(1.0, 0.0, 1.0)),)),
        cue(2.0, 3.0, 3, tracks=(good,)),
        cue(3.0, 4.0, 4),
        cue(9.0, 10.0, 5, tracks=(good,)),
        cue(3.0, 2.0, 6, tracks=(good,)),
    ]
    mix = temp_mix(silence(4), cues)
    assert [warning[:4] for warning in mix.warnings] == ["1m06", "1m01", "1m02", "1m04", "1m05"]
    assert "gone.wav" in mix.warnings[1]
    assert "broken.wav" in mix.warnings[2]
    assert np.abs(mix.music.samples[:, : 2 * RATE]).max() == 0
    assert mix.music.peak() == pytest.approx(0.2)


def test_an_edit_beyond_its_track_is_said(write: Write) -> None:
    short = match(write(np.full((2, RATE), 0.2)), EditPiece(0.0, 0.5, 3.0))
    mix = temp_mix(silence(3), [cue(0.0, 2.5, tracks=(short,))])
    assert mix.warnings == ("1m01: its track 'track.wav' ends 2.00 s before its edit does",)
    assert np.abs(mix.music.samples[:, RATE // 2 :]).max() == 0


def test_a_shortened_cue_cuts_its_edit(write: Write) -> None:
    track = match(write(noise(9)), EditPiece(0.0, 0.0, 9.0))
    music = temp_mix(silence(9), [cue(2.0, 4.0, tracks=(track,))]).music.samples
    assert np.flatnonzero(music[0])[[0, -1]].tolist() == pytest.approx([2 * RATE, 4 * RATE - 1], abs=2)


def test_guides_only_when_asked(write: Write) -> None:
    programme = Audio(noise(8, 0.05), RATE)
    cues = [cue(1.0, 4.0, 1, tracks=(match("gone.wav", EditPiece(1.0, 0.0, 3.0)),)), cue(4.5, 7.5, 2)]
    assert temp_mix(programme, cues).music.peak() == 0
    both = temp_mix(programme, cues, source="tracks-or-guides")
    assert [warning[:4] for warning in both.warnings] == ["1m01"]
    assert both.music == temp_mix(programme, cues, source="guides").music
    for start, end in ((1.0, 4.0), (4.5, 7.5)):
        assert lufs(both.music, start, end) == pytest.approx(lufs(programme, start, end) - 4, abs=2)
    with pytest.raises(UnknownName, match="tracks-or-guides"):
        temp_mix(programme, cues, source="guide")


def test_nothing_exceeds_full_scale_and_the_warning_says_by_how_much(write: Write) -> None:
    t = np.arange(2 * RATE) / RATE
    programme = Audio(np.tile(0.8 * np.sin(2 * np.pi * 200 * t), (2, 1)), RATE)
    track = match(write(np.tile(0.7 * np.sin(2 * np.pi * 200 * t), (2, 1))), EditPiece(0.5, 0.5, 1.5))
    mix = temp_mix(programme, [cue(0.5, 1.5, tracks=(track,))])
    assert 0.95 < mix.audio.peak() <= 1.0
    assert "3.5 dB over full scale" in mix.warnings[0]
    np.testing.assert_allclose(mix.audio.samples[:, : RATE // 4], programme.samples[:, : RATE // 4], atol=1e-6)


def test_blocks_and_spools_leave_no_trace(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    programme = Audio(noise(9, 0.05), RATE)
    track = match(write(noise(8, 0.1)), EditPiece(0.3, 0.0, 4.0), EditPiece(4.3, 1.0, 5.0, 0.2), fade_out_s=1.0)
    cues = [cue(0.3, 8.3, tracks=(track,), ducks=(Duck(2.0, 3.3, -9.0), Duck(6.0, 6.5, -9.0))), cue(8.4, 9.0, 2)]
    whole = temp_mix(programme, cues, source="tracks-or-guides").audio
    monkeypatch.setattr(module, "_BLOCK", 4801)
    monkeypatch.setattr(scratch, "MEMORY_SAMPLES", 1000)
    pieces = temp_mix(programme, cues, source="tracks-or-guides").audio
    assert not pieces.in_memory
    np.testing.assert_allclose(pieces.samples, whole.samples, atol=1e-7)


def test_no_cues_is_the_programme() -> None:
    programme = Audio(noise(1), RATE)
    assert temp_mix(programme, []).audio == programme
    over = Audio(1.2 * np.sin(np.arange(RATE) / 20)[np.newaxis].repeat(2, 0), RATE)  # as decoders of MP3 give it
    mix = temp_mix(over, [])
    assert (mix.audio, mix.warnings) == (over, ())
