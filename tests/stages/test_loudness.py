"""The loudness stage: specs as data, mastering that lands, and what it does with silence and scraps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.marks import Activity, LoudnessReport, overall
from audiopost.core.project import MediaInfo, Project
from audiopost.core.stage import silent
from audiopost.core.time import Span
from audiopost.io.decode import load
from audiopost.io.encode import write_wav
from audiopost.stages.loudness import Options, Stage, assess, check, load_spec, master, measure_loudness, spec_names
from audiopost.stages.loudness.specs import Dialogue

RATE = 48_000


@pytest.fixture
def peaky(rng) -> Audio:
    """Noise of 12 s with bursts: about -27 LUFS, true peaks near 0 dBTP."""
    samples = rng.standard_normal((2, 12 * RATE)) * 0.02
    samples[:, :: RATE // 3] += 0.9
    return Audio(samples, RATE)


def project_of(audio: Audio, **fields: object) -> Project:
    media = MediaInfo("x.wav", "", "WAV", "FLOAT", audio.rate, audio.channels, audio.layout, audio.duration_s)
    return Project(media, audio, **fields)


@pytest.mark.parametrize(
    ("spec", "target", "tolerance", "ceiling"),
    [
        ("ebu-r128", -23, 0.2, -1),
        ("ebu-r128-live", -23, 1, -1),
        ("atsc-a85", -24, 2, -2),
        ("cinema", -24, 3, 0),
        ("netflix", -24, 2, -2),
        ("podcast", -16, 1, -1),
        ("streaming", -14, 1, -1),
    ],
)
def test_master_lands_on_every_spec(peaky, spec, target, tolerance, ceiling):
    shipped = load_spec(spec)
    assert (shipped.integrated_lufs, shipped.tolerance_lu, shipped.true_peak_dbtp) == (target, tolerance, ceiling)
    result = master(peaky, spec=spec, speech=())
    report = measure_loudness(result)
    assert (result.frames, result.rate, result.layout) == (peaky.frames, peaky.rate, peaky.layout)
    assert report.integrated_lufs == pytest.approx(target, abs=0.1)
    assert report.true_peak_dbtp <= ceiling
    loudness, peak = check(report, spec, Dialogue(None, 0.0))[:2]
    assert loudness.passed is True
    assert peak.passed is True


def test_gain_alone_where_no_peak_asks_for_more(rng):
    audio = Audio(rng.standard_normal((1, 5 * RATE)) * 0.2, RATE)
    result = master(audio)
    ratio = result.samples / audio.samples
    assert ratio.std() / ratio.mean() < 1e-5


@pytest.mark.parametrize(("channels", "rate"), [(1, 8_000), (6, 48_000), (8, 44_100), (2, 192_000)])
def test_every_layout_and_rate_lands_under_the_ceiling(rng, channels, rate):
    samples = rng.standard_normal((channels, 3 * rate)) * 0.05
    samples[:, :: rate // 2] += 0.8
    result = master(Audio(samples, rate), spec="streaming")
    report = measure_loudness(result)
    assert result.layout == Audio(samples, rate).layout
    assert report.integrated_lufs == pytest.approx(-14, abs=1.0)
    assert report.true_peak_dbtp <= -1


def test_own_target_and_ceiling_win_over_the_spec(peaky):
    report = measure_loudness(master(peaky, spec="podcast", integrated_lufs=-20.0, true_peak_dbtp=-3.0))
    assert report.integrated_lufs == pytest.approx(-20, abs=0.5)
    assert report.true_peak_dbtp <= -3


def test_without_the_limiter_peaks_pass_and_the_stage_says_so(peaky):
    project = Stage()(project_of(peaky), Options(spec="streaming", limit=False), silent)
    assert project.loudness.true_peak_dbtp > -1
    assert project.loudness_checks[1].passed is False
    assert "limiter is switched off" in project.step("loudness").warnings[0]


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("spec", ["ebu-r128", "netflix"])
def test_silence_passes_untouched(channels, spec):
    silence = Audio(np.zeros((channels, 2 * RATE)), RATE)
    report, checks = assess(silence, spec=spec)
    assert master(silence, spec=spec) == silence
    assert report.integrated_lufs is report.true_peak_dbtp is None
    assert all(c.passed is None for c in checks if c.name != "sample rate")


@pytest.mark.parametrize("frames", [1, 4_800])
def test_scraps_get_no_gain_but_keep_under_the_ceiling(frames):
    scrap = Audio(np.full((2, frames), 1.0), RATE)
    assert measure_loudness(master(scrap)).true_peak_dbtp <= -1
    quiet = Audio(np.full((2, frames), 0.1), RATE)
    assert master(quiet) == quiet


@pytest.mark.parametrize(
    "samples", [np.ones((1, RATE)), np.sign(np.sin(np.arange(RATE) / 9))[None]], ids=["DC", "square"]
)
def test_extremes_come_out_finite_and_under_the_ceiling(samples):
    result = master(Audio(samples, RATE), spec="streaming")
    assert np.isfinite(result.samples).all()
    assert measure_loudness(result).true_peak_dbtp <= -1


def test_dialogue_gate_brings_the_speech_to_its_own_target(rng):
    """Speech at one level for a half, something louder for the other: netflix hears the speech alone."""
    samples = rng.standard_normal((2, 20 * RATE)) * np.repeat([0.03, 0.1], 10 * RATE)
    audio, speech = Audio(samples, RATE), (Span(0.0, 10.0),)
    result = master(audio, spec="netflix", speech=speech)
    assert measure_loudness(result.between(1, 9)).integrated_lufs == pytest.approx(-27, abs=0.2)
    checks = assess(result, spec="netflix", speech=speech)[1]
    assert checks[0].name == "dialogue loudness"
    assert checks[0].passed is True
    assert checks[0].limit == "-27 ±2 LUFS"
    assert "speech is 50 % of the programme" in checks[0].remark
    assert "approximates the licensed" in checks[0].remark


def test_little_speech_is_judged_by_the_programme(rng):
    audio = Audio(rng.standard_normal((2, 20 * RATE)) * 0.1, RATE)
    result = master(audio, spec="netflix", speech=(Span(0.0, 2.9),))
    assert measure_loudness(result).integrated_lufs == pytest.approx(-24, abs=0.2)


def test_check_of_a_dialogue_spec_judges_no_loudness_without_the_speech():
    report = LoudnessReport(-27.0, -20.0, -22.0, 20.0, -1.5)
    loudness, peak, spread, dialogue_spread = check(report, "netflix")
    assert dialogue_spread.passed is None
    assert (loudness.value, loudness.passed) == (None, None)
    assert peak.passed is False
    assert (spread.passed, spread.verdict) == (False, "note")


def test_netflix_finds_real_speech_by_itself(shared):
    audio = load(shared / "audio" / "speech_clean" / "librispeech" / "1089-134686-0000.flac").audio
    checks = assess(master(audio, spec="netflix"), spec="netflix")[1]
    assert checks[0].name == "dialogue loudness"
    assert checks[0].value == pytest.approx(-27, abs=0.3)


@pytest.mark.parametrize("spec", spec_names())
def test_real_music_reaches_every_spec(shared, spec):
    audio = load(shared / "audio" / "music" / "vibe_ace.ogg").audio.between(0, 20)
    checks = assess(master(audio, spec=spec, speech=()), spec=spec, speech=())[1]
    assert [c.passed for c in checks[:2]] == [True, True]


def test_stage_fills_in_what_it_assigns_and_masters_the_mix(peaky):
    clean = Audio(peaky.samples * 0.5, RATE)
    project = Stage()(project_of(peaky, clean=clean), Options(), silent)
    assert all(project.has(name) for name in Stage.assigns)
    assert project.loudness_in == measure_loudness(peaky)
    assert project.loudness == measure_loudness(project.master)
    np.testing.assert_array_equal(project.master.samples, master(clean).samples)
    assert project.step("loudness").backend == "bs1770"


def test_stage_takes_speech_from_the_activity(rng):
    audio = Audio(rng.standard_normal((2, 10 * RATE)) * 0.1, RATE)
    heard = (Activity("speech", 0.0, 5.0), Activity("music", 5.0, 10.0))
    project = Stage()(project_of(audio, activity=heard), Options(spec="netflix"), silent)
    assert project.loudness_checks[0].name == "dialogue loudness"
    assert project.loudness_checks[0].remark.startswith("speech is 50 % of the programme")


def test_heavy_limiting_is_warned_of(peaky):
    project = Stage()(project_of(peaky), Options(spec="streaming"), silent)
    assert any("limiter takes" in warning for warning in project.step("loudness").warnings)


def test_a_target_out_of_reach_is_warned_of():
    """Rare full-scale clicks cannot be loud under a low ceiling, whatever the gain."""
    samples = np.zeros((1, 6 * RATE))
    samples[0, ::RATE] = 1.0
    project = Stage()(project_of(Audio(samples, RATE)), Options(integrated_lufs=-5.0), silent)
    assert any("could not be reached" in warning for warning in project.step("loudness").warnings)
    assert any("limiter takes 30.0 dB" in warning for warning in project.step("loudness").warnings)


def written(audio: Audio, path: Path) -> Audio:
    """What a 24-bit file of it holds."""
    return load(write_wav(path, audio)).audio


REAL = ("music/vibe_ace.ogg", "music/choice_drum_bass.ogg", "speech_clean/librispeech/1089-134686-0000.flac")


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("spec", ["podcast", "streaming", "netflix"])
def test_real_masters_are_within_a_tenth_and_under_the_peak_in_their_file(shared, tmp_path, name, spec):
    audio = load(shared / "audio" / name).audio.between(0, 25)
    report, checks = assess(written(master(audio, spec=spec), tmp_path / "m.wav"), spec=spec)
    shipped = load_spec(spec)
    gated = checks[0].name == "dialogue loudness"
    assert checks[0].value == pytest.approx(shipped.dialogue_lufs if gated else shipped.integrated_lufs, abs=0.1)
    assert report.true_peak_dbtp <= shipped.true_peak_dbtp


@given(
    levels=st.lists(st.floats(-50, 0), min_size=4, max_size=12),
    target=st.floats(-33, -14),
    ceiling=st.floats(-6, -0.5),
    layout=st.sampled_from([("M",), ("L", "R"), ("L", "R", "C", "LFE", "Ls", "Rs")]),
    seed=st.integers(0, 99),
)
@settings(max_examples=25)
def test_any_noise_lands_within_a_tenth_or_is_warned_of(tmp_path_factory, levels, target, ceiling, layout, seed):
    rate = 8_000
    gains = np.repeat([10 ** (level / 20) for level in levels], rate // 2)
    noise = np.random.default_rng(seed).standard_normal((len(layout), len(gains))) * 0.2
    options = Options(integrated_lufs=target, true_peak_dbtp=ceiling)
    project = Stage()(project_of(Audio(noise * gains, rate, layout)), options, silent)
    report = measure_loudness(written(project.master, tmp_path_factory.mktemp("m") / "m.wav"))
    assert report.true_peak_dbtp <= ceiling
    if not any("could not be reached" in warning for warning in project.step("loudness").warnings):
        assert report.integrated_lufs == pytest.approx(target, abs=0.1)


def test_specs_are_files(tmp_path):
    own = tmp_path / "house.toml"
    own.write_text(
        'title = "House"\nintegrated_lufs = -20\ntolerance_lu = 0.5\ntrue_peak_dbtp = -3\n', encoding="utf-8"
    )
    spec = load_spec(str(own))
    assert (spec.name, spec.title, spec.integrated_lufs, spec.dialogue_lufs) == ("house", "House", -20.0, None)
    assert {"atsc-a85", "cinema", "ebu-r128", "netflix", "podcast", "streaming"} <= set(spec_names())
    for name in spec_names():
        assert load_spec(name).source
        assert load_spec(name).name == name


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("integrated_lufs = 3.0", "integrated_lufs"),
        ('recommended = ["truth"]', "recommended"),
        ("range_lu = [18.0, 4.0]", "range_lu"),
        ("loudnes = -3.0", "loudnes"),
        ("tolerance_lu = [", "cannot be read"),
    ],
)
def test_a_file_that_is_no_spec_names_its_field(tmp_path, line, words):
    own = tmp_path / "house.toml"
    rest = {"integrated_lufs": "-20.0", "tolerance_lu": "1.0", "true_peak_dbtp": "-1.0"}
    rest.pop(line.partition(" ")[0], None)
    own.write_text("\n".join([line, *(f"{name} = {value}" for name, value in rest.items())]), encoding="utf-8")
    with pytest.raises(BadValue, match=words):
        load_spec(str(own))


def test_a_recommendation_is_a_note_and_a_rule_a_failure():
    report = LoudnessReport(-24.0, -20.0, -22.0, 20.0, -3.0)
    checks = {c.name: c for c in check(report, "netflix", Dialogue(-27.0, 0.5, 12.0), 48_000)}
    assert [c.verdict for c in checks.values()] == ["pass", "pass", "note", "note", "pass"]
    assert overall(checks.values()) == "pass"
    wrong_rate = check(report, "netflix", Dialogue(-27.0, 0.5, 12.0), 44_100)
    assert (wrong_rate[-1].name, wrong_rate[-1].verdict, overall(wrong_rate)) == ("sample rate", "FAIL", "FAIL")
    assert {c.verdict for c in check(report, "cinema", Dialogue(-10.0, 0.5), 44_100)} == {"note", "pass"}


@pytest.mark.parametrize(("share", "name", "target"), [(0.149, "integrated", -24), (0.151, "dialogue", -27)])
def test_netflix_judges_by_the_speech_from_15_percent_on(share, name, target):
    loudness = check(LoudnessReport(-24.0, -20.0, -22.0, 10.0, -3.0), "netflix", Dialogue(-27.0, share, 5.0))[0]
    assert loudness.name == f"{name} loudness"
    assert loudness.limit == f"{target} ±2 LUFS"


def test_a_target_missed_within_the_tolerance_is_said(rng):
    """Full-scale clicks: the limiter swallows what the gain gives."""
    samples = rng.standard_normal((1, 10 * RATE)) * 0.002
    samples[0, :: RATE // 50] = 1.0
    project = Stage()(project_of(Audio(samples, RATE)), Options(spec="cinema", true_peak_dbtp=-18.0), silent)
    reached = project.loudness.integrated_lufs
    warnings = project.step("loudness").warnings
    assert abs(reached + 24) > 0.1
    assert any("could not be reached" in warning for warning in warnings)


def test_progress_reaches_the_end(peaky):
    seen: list[tuple[str, float, float]] = []
    master(peaky, progress=lambda *step: seen.append(step))
    assert {step for step, _, _ in seen} == {"measure loudness", "master"}
    assert seen[-1][1] == seen[-1][2] == peaky.duration_s


def test_bad_options_name_the_choices(peaky):
    with pytest.raises(UnknownName, match="ebu-r128"):
        master(peaky, spec="vhs")
    with pytest.raises(UnknownName, match="backend"):
        master(peaky, backend="ears")
    with pytest.raises(UnknownName, match="podcast"):
        check(LoudnessReport(None, None, None, None, None), "podcats")


@pytest.mark.parametrize("rate", [44_100, 192_000])
def test_a_master_has_the_sample_rate_that_its_spec_asks_for(rng, rate):
    audio = Audio(rng.standard_normal((2, 3 * rate)) * 0.1, rate)
    project = Stage()(project_of(audio), Options(spec="netflix"), silent)
    assert (project.master.rate, project.master.frames) == (48_000, 3 * 48_000)
    assert project.loudness_checks[-1].verdict == "pass"
    assert f"resampled from {rate} Hz" in project.step("loudness").warnings[0]
    assert project.loudness_in == measure_loudness(audio)
    assert assess(audio, spec="netflix", speech=())[1][-1].verdict == "FAIL"  # as it is


@pytest.mark.parametrize(("value", "shown"), [(-0.99, 2), (-0.94, 1), (-1.2, 1), (-0.996, 3)])
def test_a_value_is_shown_on_its_side_of_the_limit(value, shown):
    peak = check(LoudnessReport(-23.0, -20.0, -22.0, 5.0, value), "ebu-r128")[1]
    assert peak.decimals == shown


@pytest.mark.parametrize("line", ["rate_hz = 7", "range_lu = [0.0, inf]", "dialogue_range_lu = inf"])
def test_a_spec_file_has_sound_rates_and_ranges(tmp_path, line):
    own = tmp_path / "house.toml"
    own.write_text(f"integrated_lufs = -20\ntolerance_lu = 1\ntrue_peak_dbtp = -1\n{line}\n", encoding="utf-8")
    with pytest.raises(BadValue, match=line.partition(" ")[0]):
        load_spec(str(own))
