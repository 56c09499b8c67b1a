"""The repair assistant: findings become a chain, the chain is shown, and nothing is done without a finding."""

from __future__ import annotations

import json

import numpy as np
import soundfile

from audiopost.core.audio import Audio
from audiopost.core.marks import NOISE_KINDS
from audiopost.delivery.repairs import chain, sentence
from audiopost.io.decode import load
from audiopost.pipeline import run


def test_findings_become_the_chain(take, tmp_path):
    result = run(take, "auto-repair", tmp_path / "out", settings=("denoise.backend=spectral",))
    links = chain(result.project)
    assert links is not None
    found = {f.kind for f in result.project.findings or ()}
    assert [link.name for link in links] == ["hum", "denoise"]
    assert "hum" in found
    assert found & NOISE_KINDS
    assert all(link.done and link.because for link in links)
    assert sentence(links[0]).startswith("hum 100 %: hum at 50")
    report = result.outputs["report"].read_text("utf-8")
    assert "The chain in its order" in report
    assert links[0].because in report
    assert json.loads(result.outputs["project"].read_text("utf-8"))["repairs"][0]["name"] == "hum"

    source, clean, removed = (load(p).audio for p in (take, result.outputs["clean"], result.outputs["removed"]))
    rest = clean.samples + removed.samples - source.samples
    assert 10 * np.log10(np.mean(rest**2) + 1e-30) < -90
    hum = load(result.outputs["removed-hum"]).audio.samples[0]
    spectrum = np.abs(np.fft.rfft(hum * np.hanning(len(hum))))
    strongest = np.argmax(spectrum) * 48_000 / len(hum)
    assert min(abs(strongest - 50 * k) for k in range(1, 9)) < 0.5


def test_without_a_finding_nothing_is_touched(speech, tmp_path):
    path = tmp_path / "clean.wav"
    soundfile.write(path, speech.samples.T, speech.rate, subtype="PCM_16")
    result = run(path, "auto-repair", tmp_path / "out")
    assert not {f.kind for f in result.project.findings or ()} & {"hum", "noise", "hiss", "clicks"}
    assert chain(result.project) == ()
    assert "Nothing was mended" in result.outputs["report"].read_text("utf-8")
    before, after = load(path).audio, load(result.outputs["clean"]).audio
    assert after == Audio(before.samples, before.rate, before.layout)


def test_the_chain_is_kept_by_resume(take, tmp_path):
    settings = ("denoise.backend=spectral",)
    first = run(take, "auto-repair", tmp_path / "out", settings=settings)
    again = run(take, "auto-repair", tmp_path / "out", settings=settings, resume=True)
    assert "restore" not in again.seconds
    assert chain(again.project) == chain(first.project)
