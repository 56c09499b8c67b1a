"""Diagnose: noise and its stretches, band limits, pairs of channels, level, silence, DC."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiopost.analysis import vad
from audiopost.core.audio import Audio
from audiopost.core.time import Span
from audiopost.io.decode import load
from audiopost.stages.diagnose import diagnose
from audiopost.stages.diagnose.band import Band
from audiopost.stages.diagnose.dc import Dc
from audiopost.stages.diagnose.detector import Framer, Speech
from audiopost.stages.diagnose.level import Level
from audiopost.stages.diagnose.noise import Noise
from audiopost.stages.diagnose.phase import Phase
from audiopost.stages.diagnose.silence import Silence

RATE = 48_000


DETECTORS = {
    **dict.fromkeys(("noise", "hiss", "noise or hiss"), lambda a, speech: Noise(a.rate, a.layout, speech)),
    **dict.fromkeys(("polarity", "phase", "dead-channel", "dual-mono"), lambda a, _: Phase(a.rate, a.layout)),
    "level": lambda a, speech: Level(a.rate, a.layout, speech),
    "band-limited": lambda a, _: Band(a.rate, a.layout),
    "silence": lambda a, _: Silence(a.rate, a.channels, -70.0, 10.0),
    "dc": lambda a, _: Dc(a.rate, a.layout),
}


def of(audio, kind):
    """What the detector of a kind finds of it; that all of them run is another test."""
    speech = vad.speech_spans(audio) if kind in ("noise", "hiss", "noise or hiss", "level") else ()
    detector = DETECTORS[kind](audio, speech)
    for i, block in enumerate(audio.blocks(audio.rate)):
        detector.feed(block, i * audio.rate)
    return [f for f in detector.findings() if f.kind in kind.split(" or ")]


def only(audio, kind):
    found = of(audio, kind)
    assert len(found) == 1, found
    return found[0]


@pytest.fixture(scope="module")
def talk(request):
    """40 s of clean sentences, 48 kHz mono, with pauses of 0.1 s."""
    root = request.getfixturevalue("shared")
    files = sorted((root / "audio/speech_clean/tsp").glob("FA0*.flac"))
    parts = [np.concatenate([load(f).audio.samples[0], np.zeros(4800, np.float32)]) for f in files[:20]]
    return np.concatenate(parts)[: 40 * RATE]


def pink(rng, frames):
    spectrum = np.fft.rfft(rng.standard_normal(frames)) / np.sqrt(np.arange(frames // 2 + 1) + 1)
    noise = np.fft.irfft(spectrum, frames)
    return noise / noise.std()


def test_clean_sentences_have_none_of_these(talk):
    assert not {f.kind for f in diagnose(Audio(talk[: 10 * RATE], RATE))} & set(DETECTORS)
    noisy = talk[: 10 * RATE] + 0.01
    assert {"dual-mono", "dc"} <= {f.kind for f in diagnose(Audio(np.stack([noisy, noisy]), RATE))}


@pytest.mark.parametrize("level_db", [-42, -50])
def test_the_level_of_noise_under_speech(talk, rng, level_db):
    noise = 10 ** (level_db / 20) * rng.standard_normal(len(talk))
    found = only(Audio(talk + noise, RATE), "hiss")
    # Noise to 24 kHz; the bands end at 20 kHz.
    assert float(found.detail.split(" at ")[1].split(" dBFS")[0]) == pytest.approx(level_db - 0.8, abs=1.5)
    speech_db = 10 * np.log10(np.mean(talk**2))
    ratio = float(found.detail.split("ratio ")[1].split(" dB")[0])
    assert ratio == pytest.approx(speech_db - level_db, abs=3)
    assert (found.start_s, found.end_s) == (0.0, 40.0)


def test_an_air_conditioner_that_starts_and_stops(talk, rng):
    time = np.arange(len(talk)) / RATE
    on = (time > 12) & (time < 30)
    noise = only(Audio(talk + 10 ** (-46 / 20) * on * pink(rng, len(talk)), RATE), "noise or hiss")
    assert noise.start_s == pytest.approx(12, abs=2.5)
    assert noise.end_s == pytest.approx(30, abs=2.5)


def test_a_noise_that_grows_is_two_findings(talk, rng):
    level = np.where(np.arange(len(talk)) < 20 * RATE, 10 ** (-56 / 20), 10 ** (-42 / 20))
    noise = of(Audio(talk + level * pink(rng, len(talk)), RATE), "noise or hiss")
    assert len(noise) == 2
    assert noise[0].severity < noise[1].severity
    assert noise[1].start_s == pytest.approx(20, abs=2.5)


def test_rain_alone_is_no_noise_floor(rng):
    assert not of(Audio(0.05 * pink(rng, 10 * RATE), RATE), "noise or hiss")


def test_a_telephone_insert_has_its_times(talk):
    from scipy.signal import ellip, sosfilt

    line = sosfilt(ellip(8, 0.5, 60, [300, 3400], "band", fs=RATE, output="sos"), talk)
    x = talk.copy()
    x[10 * RATE : 30 * RATE] = line[10 * RATE : 30 * RATE]
    found = only(Audio(x, RATE), "band-limited")
    assert (found.start_s, found.end_s) == (pytest.approx(10, abs=1), pytest.approx(30, abs=1))
    assert "telephone" in found.detail


@pytest.mark.parametrize(
    ("rate", "edge_khz", "cause"), [(16_000, 7.9, "16 kHz"), (22_050, 10.8, "22.05 kHz"), (32_000, 15.7, "32 kHz")]
)
def test_a_slower_source_is_named(talk, rate, edge_khz, cause):
    import soxr

    slow = soxr.resample(soxr.resample(talk[: 10 * RATE], RATE, rate), rate, RATE)
    found = only(Audio(slow, RATE), "band-limited")
    assert float(found.detail.split("above ")[1].split(" kHz")[0]) == pytest.approx(edge_khz, abs=0.4)
    assert cause in found.detail


@pytest.mark.parametrize(("kbit", "low", "high"), [(64, 10.0, 11.8), (128, 15.5, 17.5), (320, 19.3, 20.7)])
def test_mp3_ends_at_a_wall(rng, kbit, low, high):
    """LAME's low-pass for stereo; the worse the rate the worse the finding."""
    import av

    noise = np.stack([pink(rng, 12 * RATE), pink(rng, 12 * RATE)]).astype(np.float32) * 0.05
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as out:
        stream = out.add_stream("libmp3lame", rate=RATE, layout="stereo")
        stream.bit_rate = kbit * 1000
        for start in range(0, noise.shape[1], 1152):
            piece = np.ascontiguousarray(noise[:, start : start + 1152])
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate = RATE
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as back:
        x = np.concatenate([frame.to_ndarray() for frame in back.decode(audio=0)], axis=1)
    found = only(Audio(x, RATE), "band-limited")
    assert low <= float(found.detail.split("above ")[1].split(" kHz")[0]) <= high
    assert "MP3" in found.detail
    assert found.severity == pytest.approx({64: 0.3, 128: 0.15, 320: 0.1}[kbit], abs=0.03)


def test_a_file_of_8_khz_is_a_telephone(talk):
    import soxr

    assert "8000 Hz" in only(Audio(soxr.resample(talk[: 5 * RATE], RATE, 8000), 8000), "band-limited").detail


def test_an_inverted_channel_also_behind(talk, rng):
    assert only(Audio(np.stack([talk, -0.9 * talk]), RATE), "polarity").severity == 1.0
    film = np.stack([0.02 * pink(rng, len(talk)) for _ in range(6)])
    film[2] += talk
    film[5] = -film[4]
    assert "right surround" in only(Audio(film, RATE), "polarity").detail


@pytest.mark.parametrize("late", [-30, 5, 48, 700])
@pytest.mark.parametrize("sign", [1, -1])
def test_an_offset_between_the_channels(talk, late, sign):
    x = talk[: 8 * RATE]
    found = only(Audio(np.stack([x, sign * np.roll(x, late)]), RATE), "phase")
    assert f"{abs(late) / 48:.2f} ms" in found.detail
    assert ("the right channel" if late > 0 else "the left channel") in found.detail
    assert ("turned round" in found.detail) == (sign < 0)


def test_a_part_that_cancels_has_its_times(talk):
    x = talk.copy()
    x[10 * RATE : 20 * RATE] *= -1
    found = only(Audio(np.stack([talk, x]), RATE), "phase")
    assert (found.start_s, found.end_s) == (10.0, 20.0)
    assert not of(Audio(np.stack([talk, x]), RATE), "polarity")


def test_a_channel_that_dies(talk):
    x = talk.copy()
    x[20 * RATE :] = 0
    found = only(Audio(np.stack([talk, x]), RATE), "dead-channel")
    assert (found.start_s, found.end_s) == (20.0, 40.0)
    assert "right" in found.detail


def test_dual_mono_also_with_a_difference_of_level(talk, rng):
    assert "same signal" in only(Audio(np.stack([talk, talk]), RATE), "dual-mono").detail
    assert "right 1.9 dB softer" in only(Audio(np.stack([talk, 0.8 * talk]), RATE), "dual-mono").detail
    wide = np.stack([talk, talk + 0.05 * pink(rng, len(talk))])
    assert not of(Audio(wide, RATE), "dual-mono")


@pytest.mark.parametrize(("gain_db", "words"), [(-25, "too soft"), (22, "too loud")])
def test_wrong_level_of_speech(talk, gain_db, words):
    found = [f for f in of(Audio(talk * 10 ** (gain_db / 20), RATE), "level") if words in f.detail]
    assert len(found) == 1
    assert "LUFS" in found[0].detail


def test_peaks_between_the_samples():
    t = np.arange(3 * RATE)
    x = 1.3 * np.sin(np.pi / 2 * t + np.pi / 4) * np.hanning(len(t))
    assert "+2.3 dBTP" in of(Audio(x, RATE), "level")[-1].detail


@pytest.mark.parametrize(("floor", "words"), [(0.0, "digital zeros"), (1e-4, "room tone")])
def test_long_silence_says_of_what_kind(talk, rng, floor, words):
    x = talk.copy()
    x[10 * RATE : 25 * RATE] = floor * rng.standard_normal(15 * RATE)
    found = only(Audio(x, RATE), "silence")
    assert words in found.detail
    assert (found.start_s, found.end_s) == (pytest.approx(10, abs=0.1), pytest.approx(25, abs=0.1))


def test_dc_has_its_times(talk):
    x = talk.copy()
    x[10 * RATE : 30 * RATE] += 0.01
    found = only(Audio(x, RATE), "dc")
    assert (found.start_s, found.end_s) == (10.0, 30.0)
    assert "+1.00 %" in found.detail


@given(st.lists(st.tuples(st.floats(0, 99), st.floats(0.01, 5)), max_size=8), st.floats(0, 100), st.floats(0.01, 20))
@settings(max_examples=100)
def test_the_share_of_speech(pairs, start, length):
    from audiopost.core.time import merge_spans

    spans = merge_spans([Span(a, a + d) for a, d in pairs])
    expected = sum(s.duration_s for s in (Span(start, start + length) & each for each in spans) if s) / length
    share = Speech(spans).share(np.array([start]), np.array([start + length]))
    assert share[0] == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.integers(0, 50), max_size=12), st.integers(1, 20))
def test_frames_do_not_depend_on_the_blocks(lengths, size):
    x = np.arange(sum(lengths), dtype=np.float32)[None]
    framer, at, found = Framer(1, size), 0, []
    for length in lengths:
        frames, start = framer.cut(x[:, at : at + length], at)
        if frames.shape[1]:
            assert frames[0, 0, 0] == start
        found.append(frames)
        at += length
    whole = np.concatenate(found, axis=1).ravel() if found else np.zeros(0)
    assert np.array_equal(whole, x[0, : at // size * size])
