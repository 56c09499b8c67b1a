import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.stages.denoise.estimator import Estimator, power_of, quiet_power
from audiopost.stages.denoise.spectra import by_spectra


@given(st.lists(st.integers(0, 9000), max_size=6), st.sampled_from([8000, 16_000]))
def test_spectra_left_alone_give_the_sound_back(lengths, rate):
    samples = np.random.default_rng(1).normal(0, 0.1, (2, sum(lengths))).astype(np.float32)
    blocks = np.split(samples, np.cumsum(lengths), axis=1)
    out = np.concatenate([np.zeros((2, 0)), *by_spectra(blocks, 2, rate, lambda spectra: spectra)], axis=1)
    assert out.shape == samples.shape
    assert np.abs(out - samples).max(initial=0) < 1e-6


def test_every_frame_is_seen_once_whatever_the_blocks(rng):
    samples = rng.normal(0, 0.1, (1, 40_000)).astype(np.float32)

    def seen(size):
        frames = []
        list(
            by_spectra(
                np.split(samples, range(size, 40_000, size), axis=1), 1, 8000, lambda s: (frames.append(s), s)[1]
            )
        )
        return np.concatenate(frames, axis=1)

    assert np.allclose(seen(700), seen(40_000), atol=1e-5)


def noise_spectra(rng, frames, level=1.0):
    real, imaginary = rng.normal(0, level / np.sqrt(2), (2, 1, frames, 65))
    return (real + 1j * imaginary).astype(np.complex64)


def test_the_quiet_part_of_noise_tells_its_power(rng):
    assert quiet_power(power_of(noise_spectra(rng, 400))).mean() == pytest.approx(1.0, rel=0.1)


def test_steady_noise_goes_to_the_floor_and_speech_stays(rng):
    power = power_of(noise_spectra(rng, 300))
    power[0, 200:, 20] += 1000.0  # 30 dB over the noise in one bin
    estimator = Estimator(quiet_power(power[:, :100]), 0.008)
    gains = np.stack([estimator.next(power[:, i])[0] for i in range(300)])
    assert 20 * np.log10(gains[100:200].mean()) < -14
    assert gains[202:220, 20].min() > 0.9
    assert 20 * np.log10(gains[200:, 30].mean()) < -14


def test_noise_that_rises_is_followed(rng):
    power = power_of(np.concatenate([noise_spectra(rng, 100), noise_spectra(rng, 900, 3.16)], axis=1))
    estimator = Estimator(quiet_power(power[:, :100]), 0.008)
    gains = np.stack([estimator.next(power[:, i])[0] for i in range(1000)])
    assert estimator.noise.mean() == pytest.approx(10.0, rel=0.3)
    assert 20 * np.log10(gains[-200:].mean()) < -12


def test_what_is_known_of_speech_moves_the_gain(rng):
    power = np.full((1, 65), 3.0, np.float32)
    unlikely, likely = (Estimator(np.ones((1, 65), np.float32), 0.008).next(power, p).mean() for p in (0.05, 0.95))
    assert unlikely < likely
