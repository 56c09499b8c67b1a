"""The outline of a waveform."""

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.delivery.report.waveform import outline


def test_an_outline_holds_every_peak_and_any_part_of_it():
    samples = np.zeros((2, 48_000), np.float32)
    samples[1, 30_001], samples[0, 100] = 0.9, -0.7
    drawn = outline(Audio(samples, 8000), 0.01)
    assert len(drawn.low) == 600
    assert np.flatnonzero(drawn.high > 0.5).tolist() == [375]
    assert drawn.rms[375] == pytest.approx(0.9 / np.sqrt(160))
    part = drawn.part(3.0, 9.0, 60)
    assert len(part.low) == 60
    assert part.step_s == pytest.approx(0.1)
    assert np.flatnonzero(part.high > 0.5).tolist() == [7]
    assert part.rms[7] == pytest.approx(0.9 / np.sqrt(1600))
    assert drawn.part(-1.0, 1.0, 20).low.argmin() == 10


def test_an_outline_reads_in_blocks():
    class Source:
        longest = 0

        def read(self, start, stop):
            self.longest = max(self.longest, stop - start)
            return np.zeros((2, stop - start), np.float32)

    source = Source()
    outline(Audio.backed(source, channels=2, frames=8000 * 600, rate=8000), 0.1)
    assert source.longest <= 8000 * 11
