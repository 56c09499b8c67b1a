"""Formants, jitter and shimmer of voices made to have them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from audiopost.analysis.prosody import Prosody, prosody
from audiopost.core.audio import Audio
from audiopost.dsp.resample import resample

RATE = 16_000


def _vowel(
    formants_hz: tuple[float, ...],
    f0_hz: float = 110.0,
    seconds: float = 1.0,
    jitter: float = 0.0,
    shimmer: float = 0.0,
    tilt: float = 0.95,
) -> Audio:
    """Pulses, `jitter` and `shimmer` being the standard deviation of period and height, through resonators."""
    rng = np.random.default_rng(3)
    pulses = np.zeros(round(seconds * RATE * 4))
    at = 0.0
    while at < len(pulses) - 1:
        whole = int(at)
        pulses[whole] += (1 - (at - whole)) * (height := 1 + shimmer * rng.normal())
        pulses[whole + 1] += (at - whole) * height
        at += 4 * RATE / f0_hz * (1 + jitter * rng.normal())
    samples: NDArray[np.float64] = signal.resample_poly(pulses, 1, 4)
    samples = signal.lfilter([1], [1, -tilt], samples)
    for hz in formants_hz:
        radius = np.exp(-np.pi * 80 / RATE)
        samples = signal.lfilter([1], [1, -2 * radius * np.cos(2 * np.pi * hz / RATE), radius**2], samples)
    return Audio(0.3 * samples / np.abs(samples).max(), RATE)


def _middle(track: Prosody, name: str) -> float:
    values = getattr(track, name)[5:-5]
    return float(np.median(values[track.f0_hz[5:-5] > 0]))


@pytest.mark.parametrize("formants_hz", [(700, 1200, 2500), (300, 2200, 2900), (350, 800, 2400)])
@pytest.mark.parametrize("f0_hz", [100, 130])
def test_formants_are_found_within_8_per_cent(formants_hz: tuple[float, ...], f0_hz: float) -> None:
    track = prosody(_vowel(formants_hz, f0_hz))
    for name, hz in zip(("f1_hz", "f2_hz", "f3_hz"), formants_hz, strict=True):
        assert _middle(track, name) == pytest.approx(hz, rel=0.08)
    assert 40 < _middle(track, "f1_band_hz") < 250


def test_jitter_and_shimmer_rise_with_what_was_put_in() -> None:
    def heard(name: str, amounts: tuple[float, ...]) -> list[float]:
        kind = "jitter" if name == "jitter" else "shimmer"
        return [_middle(prosody(_vowel((600, 1300, 2500), 120, 2.0, **{kind: x})), name) for x in amounts]

    steady, rough, rougher = heard("jitter", (0.0, 0.01, 0.025))
    assert steady < 0.003
    assert 0.5 * 0.01 < rough < 2 * 0.01
    assert rougher > 1.5 * rough
    even, uneven, more = heard("shimmer_db", (0.0, 0.05, 0.12))
    assert even < 0.1
    assert even < uneven < more
    assert 0.2 < uneven < 1.0


def test_brightness_moves_every_measure_of_balance() -> None:
    dark, bright = (prosody(_vowel((600, 1300, 2500), tilt=tilt)) for tilt in (0.98, 0.6))
    assert _middle(bright, "tilt_db") > _middle(dark, "tilt_db")
    assert _middle(bright, "hammarberg_db") < _middle(dark, "hammarberg_db")
    assert _middle(bright, "slope_high") > _middle(dark, "slope_high")
    assert _middle(bright, "mfcc1") < _middle(dark, "mfcc1")
    assert _middle(bright, "h1_h2_db") < _middle(dark, "h1_h2_db")


def test_rate_and_level_change_nothing() -> None:
    voice = _vowel((600, 1300, 2500), 140, jitter=0.01)
    one = prosody(voice)
    names = ("tilt_db", "hammarberg_db", "slope_low", "slope_high", "mfcc2", "h1_h2_db", "f1_hz", "f2_hz", "jitter")
    for rate, gain in ((8_000, 1.0), (48_000, 0.01), (192_000, 1.0)):
        other = prosody(Audio(resample(voice.samples, RATE, rate) * gain, rate))
        for name in names:
            assert _middle(other, name) == pytest.approx(_middle(one, name), rel=0.02, abs=0.05)


def test_unvoiced_frames_have_no_voice_quality(rng: np.random.Generator) -> None:
    track = prosody(Audio(rng.normal(0, 0.1, RATE), RATE))
    unvoiced = track.f0_hz == 0
    assert unvoiced.mean() > 0.9
    silent = prosody(Audio(np.zeros(RATE), RATE))
    assert not any(getattr(silent, name).any() for name in ("jitter", "shimmer_db", "f1_hz", "mfcc1", "h1_h2_db"))
