"""Spectrograms: a tone stands in its row at its level, on both scales and at every zoom."""

from __future__ import annotations

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import UnknownName
from audiopost.dsp.spectrogram import SCALES, Bands, Spectrum, columns, even_edges_hz


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("step", [256, 4096, 48_000])
def test_a_tone_stands_in_its_row(scale: str, step: int, tone) -> None:
    audio = tone(1000.0, dbfs=-20, seconds=8)
    spectrum = Spectrum(audio.rate)
    edges = even_edges_hz(scale, 20_000, 256)
    level = Bands(spectrum, edges).level_db(columns(audio, spectrum, 4 * 48_000, step, 3))
    assert level.shape == (256, 3)
    row = int(level[:, 1].argmax())
    assert edges[row + 1] - 30 <= 1000 <= edges[row] + 30
    assert level[row].max() <= -19
    assert np.median(level[:, 1]) < -90


def test_edges_fall_from_the_highest_to_nothing() -> None:
    for scale in SCALES:
        edges = even_edges_hz(scale, 24_000, 64)
        assert edges[0] == pytest.approx(24_000)
        assert edges[-1] == 0
        assert (np.diff(edges) < 0).all()
    with pytest.raises(UnknownName):
        even_edges_hz("bark", 24_000, 64)


def test_silence_and_what_lies_outside_are_dark() -> None:
    audio = Audio(np.zeros(4800), 48_000)
    spectrum = Spectrum(48_000)
    level = Bands(spectrum, even_edges_hz("mel", 24_000, 16)).level_db(columns(audio, spectrum, 0, 256, 40))
    assert (level <= -139).all()
