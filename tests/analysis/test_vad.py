"""Speech activity on real speech, music and silence."""

from __future__ import annotations

import numpy as np
import pytest

from audiopost.analysis.vad import (
    HOP,
    HOP_S,
    RATE,
    gain_to_usual,
    model_path,
    spans_of,
    speech_probability,
    speech_spans,
)
from audiopost.core.audio import Audio
from audiopost.io.decode import load
from audiopost.io.scratch import at_rate


def share(audio):
    return sum(s.duration_s for s in speech_spans(audio)) / audio.duration_s


def test_speech_is_found_and_music_is_not(shared):
    assert share(load(shared / "audio/speech_clean/librispeech/237-126133-0000.flac").audio) > 0.7
    assert share(load(shared / "audio/music/brahms_hungarian5_strings.ogg").audio.between(0, 15)) < 0.1


def test_speech_between_silences_is_found_where_it_is(speech):
    quiet = np.zeros(3 * speech.rate, np.float32)
    audio = Audio(np.concatenate([quiet, speech.samples[0], quiet]), speech.rate)
    spans = speech_spans(audio)
    assert 2.7 < spans[0].start_s < 4.5
    assert 8 < spans[-1].end_s < 3 + speech.duration_s + 0.5


@pytest.mark.parametrize("frames", [0, 1, 511, 48_000])
def test_silence_of_any_length_is_not_speech(frames):
    audio = Audio(np.zeros((2, frames)), 48_000)
    assert speech_spans(audio) == ()
    assert len(speech_probability(audio)) == -(-round(frames / 3) // 512)


@pytest.mark.parametrize("frames", [1, HOP, HOP + 1, 20 * HOP + 7, 8 * RATE])
def test_many_windows_at_once_give_what_silero_gives_one_by_one(speech, frames):
    """Against the package's streaming model, fed as its authors do."""
    import onnxruntime

    samples = at_rate(speech, RATE, mono=True).samples[0][:frames]
    session = onnxruntime.InferenceSession(str(model_path().with_name("silero_vad.onnx")))
    state, context, expected = np.zeros((2, 1, 128), np.float32), np.zeros(64, np.float32), []
    for window in np.pad(samples, (0, -frames % HOP)).reshape(-1, HOP):
        piece = np.concatenate([context, window])
        out, state = session.run(None, {"input": piece[None], "state": state, "sr": np.array(RATE, np.int64)})
        context = window[-64:]
        expected.append(out[0, 0])
    assert speech_probability(Audio(samples, RATE)) == pytest.approx(np.array(expected), abs=1e-5)


def test_samples_that_are_no_numbers_do_not_deafen_it(speech):
    samples = at_rate(speech, RATE, mono=True).samples.copy()
    whole = speech_probability(Audio(samples, RATE))
    samples[:, RATE : RATE + 10] = np.nan, np.inf, -np.inf, *[np.nan] * 7
    found = speech_probability(Audio(samples, RATE))
    assert found[70:] == pytest.approx(whole[70:], abs=0.05)


def test_segmentation_keeps_short_dips_and_drops_blips():
    curve = np.zeros(100, np.float32)
    curve[10:40], curve[24:26], curve[60:63] = 0.9, 0.2, 0.9
    spans = spans_of(curve, duration_s=100 * HOP_S, pad_s=0.0)
    assert [(round(s.start_s / HOP_S), round(s.end_s / HOP_S)) for s in spans] == [(10, 40)]


def test_gain_to_usual_sees_through_clicks_and_pauses(speech: Audio) -> None:
    gain = gain_to_usual(speech)
    loud = Audio(speech.samples * gain, speech.rate)
    assert gain_to_usual(loud) == pytest.approx(1.0, abs=1e-3)
    assert gain_to_usual(Audio(speech.samples * 0.01, speech.rate)) == pytest.approx(gain * 100, rel=1e-3)
    samples = np.concatenate([speech.samples, np.zeros_like(speech.samples)], axis=1)
    samples[0, 100_000] = 1.0
    assert gain_to_usual(Audio(samples, speech.rate)) == pytest.approx(gain, rel=0.15)


@pytest.mark.parametrize(
    "samples", [np.zeros((2, 48_000)), np.zeros((1, 0)), np.full((1, 48_000), np.nan), np.ones((1, 3))]
)
def test_silence_is_not_raised(samples: np.ndarray) -> None:
    assert gain_to_usual(Audio(samples, 48_000)) == 1.0
