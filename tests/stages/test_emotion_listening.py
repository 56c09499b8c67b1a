"""Which stretches a speech model hears: levels, lengths, overlaps, gaps; by a model that tells what it was given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.analysis.affect import Reading, reading_of
from audiopost.core.audio import Audio
from audiopost.core.errors import StageError
from audiopost.core.spotting import Affect
from audiopost.core.stage import silent
from audiopost.core.time import Span
from audiopost.stages.emotion.listening import RATE, mixed, readings
from audiopost.stages.emotion.windows import Window


class Telling:
    """Reads the pitch of a tone: arousal is hertz over 1000. Remembers the shapes and levels it heard."""

    def __init__(self):
        self.shapes, self.levels = [], []

    def __call__(self, waves):
        self.shapes.append(waves.shape)
        self.levels += list(np.sqrt((waves.astype(float) ** 2).mean(axis=1)))
        crossings = (np.diff(np.signbit(waves).astype(int), axis=1) != 0).sum(axis=1)
        hertz = crossings / 2 / (waves.shape[1] / RATE)
        return [Reading(Affect(float(f) / 1000, 0, 0, 1.0)) for f in hertz]

    @property
    def seconds(self):
        return sum(n * length for n, length in self.shapes) / RATE


def sweep(seconds, *, level=0.1, rate=RATE):
    """A tone from 200 Hz up, 10 Hz a second."""
    t = np.arange(round(seconds * rate)) / rate
    return Audio(level * np.sin(2 * np.pi * (200 * t + 5 * t**2))[None], rate)


def hertz(reading):
    return reading.affect.arousal * 1000


def test_overlapping_windows_are_heard_half_a_length_apart_and_those_between_interpolated():
    audio, model = sweep(60), Telling()
    windows = [Window(0.5 * k, 0.5 * k + 3) for k in range(114)]
    found = readings(lambda: model, audio, [Span(0, 60)], windows, silent)
    # 57 s in steps of 1.5 s: 38 windows and the last, of 3 s each, in place of 114.
    assert model.seconds == pytest.approx(39 * 3)
    for window, reading in zip(windows, found, strict=True):
        assert hertz(reading) == pytest.approx(200 + 10 * (window.start_s + 1.5), abs=1.5)


def test_speakers_lengths_and_gaps_are_not_interpolated_over():
    audio, model = sweep(60), Telling()
    windows = [
        Window(0, 3, "A"), Window(0.5, 3.5, "B"), Window(1, 4, "A"), Window(10, 13, "A"), Window(10.5, 15.5, "A"),
    ]  # fmt: skip
    found = readings(lambda: model, audio, [Span(0, 60)], windows, silent)
    assert sum(n for n, _ in model.shapes) == 5
    assert [hertz(r) for r in found] == pytest.approx([215, 220, 225, 315, 330], abs=1.5)


def test_a_long_stretch_is_heard_in_parts_of_equal_length():
    audio, model = sweep(70), Telling()
    (found,) = readings(lambda: model, audio, [Span(0, 70)], [Window(0, 70)], silent)
    assert {length for _, length in model.shapes} == {round(17.5 * RATE)}
    assert hertz(found) == pytest.approx(550, abs=2)


@pytest.mark.parametrize("level", [1e-3, 0.1, 4.0])
def test_every_stretch_has_one_level_and_no_offset(level):
    audio, model = sweep(8, level=level), Telling()
    shifted = Audio(audio.samples + np.float32(level), RATE)
    found = readings(lambda: model, shifted, [Span(0, 8)], [Window(0, 3), Window(4, 8)], silent)
    assert model.levels == pytest.approx([0.05] * 2, rel=1e-3)
    assert [hertz(r) for r in found] == pytest.approx([215, 260], abs=1.5)


def test_only_speech_is_heard_and_little_of_it_counts_little():
    audio, model = sweep(20, rate=48_000), Telling()
    speech = [Span(5, 5.5), Span(7.9, 9.0), Span(15, 15.1)]
    windows = [Window(0, 4), Window(4, 7), Window(7, 10), Window(14, 17), Window(18, 30)]
    silence, half, full, breath, beyond = readings(lambda: model, audio, speech, windows, silent)
    assert silence is breath is beyond is None
    assert hertz(half) == pytest.approx(252, abs=3)
    assert (half.affect.confidence, full.affect.confidence) == pytest.approx((0.5, 1.0))
    assert sorted(length / RATE for _, length in model.shapes) == [0.5, 1.25]


def test_nothing_is_loaded_where_nobody_speaks():
    def load():
        raise AssertionError("loaded")

    assert readings(load, sweep(3), [], [Window(0, 3)], silent) == [None]
    assert readings(load, sweep(3), [Span(0, 3)], [], silent) == []


def test_digital_silence_in_speech_is_nothing_and_bad_samples_are_silence():
    samples = np.zeros((1, 6 * RATE), np.float32)
    samples[:, 3 * RATE :] = sweep(3).samples
    samples[0, 3 * RATE + 100] = np.nan
    model = Telling()
    found = readings(lambda: model, Audio(samples, RATE), [Span(0, 6)], [Window(0, 3), Window(3, 6)], silent)
    assert found[0] is None
    assert hertz(found[1]) == pytest.approx(215, abs=1.5)


def test_memory_is_bounded_by_batches_not_by_the_length():
    model = Telling()
    windows = [Window(3.0 * k, 3.0 * k + 3) for k in range(200)]
    readings(lambda: model, sweep(600), [Span(0, 600)], windows, silent)
    assert max(n * length for n, length in model.shapes) <= 24 * RATE
    assert model.seconds == pytest.approx(600)


def test_stretches_of_one_length_go_through_a_model_together():
    model = Telling()
    windows = [Window(6.0 * k, 6.0 * k + 2 + k % 2) for k in range(10)]
    readings(lambda: model, sweep(60), [Span(0, 60)], windows, silent)
    assert model.shapes == [(5, 2 * RATE), (5, 3 * RATE)]


def test_a_model_that_runs_out_of_memory_is_told_with_a_remedy():
    def model(_):
        raise RuntimeError("CUDA out of memory\nmore")

    with pytest.raises(StageError, match="CUDA out of memory") as caught:
        readings(lambda: model, sweep(3), [Span(0, 3)], [Window(0, 3)], silent)
    assert "emotion.device=cpu" in caught.value.remedy


def test_progress_is_told_to_the_end():
    steps = []
    readings(Telling, sweep(60), [Span(0, 60)], [Window(0, 30), Window(30, 60)], lambda *step: steps.append(step))
    assert steps[-1] == ("emotion", 60.0, 60.0)
    assert [s[1] for s in steps] == sorted(s[1] for s in steps)


unit = st.floats(-1, 1)


@given(st.lists(st.tuples(unit, st.floats(0.01, 5)), min_size=1, max_size=5))
def test_a_mixture_lies_between_its_parts(parts):
    both = mixed([(Reading(Affect(x, -x, 0, abs(x))), weight) for x, weight in parts])
    assert min(x for x, _ in parts) - 1e-9 <= both.affect.arousal <= max(x for x, _ in parts) + 1e-9
    assert both.affect.valence == pytest.approx(-both.affect.arousal)
    assert both.likelihood is None


def test_a_mixture_of_distributions_is_one():
    both = mixed([(reading_of({"joy": 1.0}, 0.5), 1.0), (reading_of({"anger": 0.5, "joy": 0.5}, 0.5), 3.0)])
    assert both.likelihood == pytest.approx({"joy": 0.625, "anger": 0.375})
