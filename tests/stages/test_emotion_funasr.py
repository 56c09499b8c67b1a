"""Our emotion2vec and our front end of SenseVoice against FunASR's own, on tiny weights; skipped without FunASR."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest

from audiopost.analysis.sensevoice import _stacked
from audiopost.dsp.filterbank import log_mel

pytestmark = [
    pytest.mark.slow,  # its import takes in all of FunASR
    pytest.mark.skipif(importlib.util.find_spec("funasr") is None, reason="funasr is not installed"),
]


@pytest.mark.parametrize("large", [False, True])
def test_emotion2vec_is_funasrs(tiny_emotion, large):
    import torch
    import yaml

    from audiopost.models import torch_setup
    from audiopost.stages.emotion import BACKENDS, Options

    torch_setup.prepare()
    with contextlib.redirect_stdout(io.StringIO()):
        from funasr.models.emotion2vec.model import Emotion2vec

    folder: Path = tiny_emotion("emotion2vec", large=large)
    config = yaml.safe_load((folder / "config.yaml").read_text("utf-8"))["model_conf"]
    theirs = Emotion2vec(model_conf=config, vocab_size=9).eval()
    held = torch.load(folder / "model.pt", weights_only=True)["model"]
    left = theirs.load_state_dict({k.removeprefix("d2v_model."): v for k, v in held.items()}, strict=False)
    assert all("decoder" in key for key in left.missing_keys)
    ours = BACKENDS.choose(Options(model=str(folder)))[0].network.args[0]
    waves = 0.1 * torch.randn(2, 20_000, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        heard = []
        for wave in waves:
            source = torch.nn.functional.layer_norm(wave, wave.shape)[None]
            heard.append(theirs.proj(theirs.extract_features(source)["x"].mean(dim=1)))
        theirs_said, ours_said = torch.cat(heard).numpy(), ours(waves).numpy()
    assert ours_said == pytest.approx(theirs_said, abs=1e-5)
    assert np.ptp(ours_said) > 0.1


@pytest.mark.parametrize("samples", [4000, 16_000, 20_001, 48_000])
def test_sensevoice_hears_what_funasr_gives_it(rng, samples):
    import torch

    from audiopost.models import torch_setup

    torch_setup.prepare()
    with contextlib.redirect_stdout(io.StringIO()):
        from funasr.frontends.wav_frontend import WavFrontend

    front = WavFrontend(
        fs=16_000, window="hamming", n_mels=80, frame_length=25, frame_shift=10, lfr_m=7, lfr_n=6, dither=0.0
    )
    wave = (0.1 * rng.standard_normal(samples)).astype(np.float32)
    theirs = front(torch.from_numpy(wave)[None], torch.tensor([samples]))[0][0].numpy()
    ours = _stacked(log_mel(wave * np.float32(32768), 16_000), 7, 6)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 0.01
