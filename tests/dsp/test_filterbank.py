"""Kaldi's log mel energies, against torchaudio's port of Kaldi's code."""

from __future__ import annotations

import numpy as np
import pytest

from audiopost.dsp.filterbank import log_mel


@pytest.mark.parametrize(("rate", "bands"), [(16_000, 80), (8000, 40), (16_000, 23)])
def test_it_is_kaldis(rng, rate, bands):
    torch = pytest.importorskip("torch")
    pytest.importorskip("torchaudio")
    from audiopost.models import torch_setup

    torch_setup.prepare()
    from torchaudio.compliance.kaldi import fbank

    t = np.arange(rate) / rate
    wave = (3000 * rng.standard_normal(rate) * np.hanning(rate) + 8000 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    theirs = fbank(
        torch.from_numpy(wave)[None], num_mel_bins=bands, sample_frequency=rate, window_type="hamming", dither=0.0,
        energy_floor=0.0,
    ).numpy()  # fmt: skip
    ours = log_mel(wave, rate, bands)
    assert ours.shape == theirs.shape
    # Bins that hold next to nothing differ in the last digits of float32.
    assert np.abs(ours - theirs).max() < 0.01
    assert np.median(np.abs(ours - theirs)) < 1e-5


def test_edges():
    assert log_mel(np.zeros(399, np.float32), 16_000).shape == (0, 80)
    silent = log_mel(np.zeros(400, np.float32), 16_000)
    assert silent.shape == (1, 80)
    assert silent == pytest.approx(np.log(np.finfo(np.float32).eps))
    assert log_mel(np.zeros(560, np.float32), 16_000).shape == (2, 80)
