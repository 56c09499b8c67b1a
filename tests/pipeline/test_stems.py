"""Jobs with each vocabulary of stems: what is delivered, under which names, and that later stages take it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiopost import presets
from audiopost.core.audio import Audio
from audiopost.io.decode import load
from audiopost.pipeline import run

NULL = 10 ** (-90 / 20)
STAGES = ("separate", "denoise", "loudness")


@pytest.fixture
def short(tmp_path: Path, excerpt: Audio) -> Path:
    path = tmp_path / "reel 1.wav"
    soundfile.write(path, excerpt.between(4, 8).samples.T, excerpt.rate, subtype="PCM_24")
    return path


@pytest.fixture
def film() -> presets.Preset:
    whole = presets.load("film-dialogue")
    return presets.Preset("stems", "Stems", "", STAGES, {name: whole.options[name] for name in STAGES})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "stems"),
    [
        (("stems=film", "m_and_e=true"), ("dialogue", "music", "effects")),
        (("stems=m-and-e",), ("dialogue", "m_and_e")),
        (("stems=vocals",), ("vocals", "instrumental")),
        (("stems=music",), ("vocals", "drums", "bass", "other")),
        (("stems=music", "two_stems=drums"), ("drums", "no_drums")),
        (("stems=film", "two_stems=dialogue"), ("dialogue", "no_dialogue")),
    ],
)
def test_every_vocabulary_goes_through_the_job(short, film, tmp_path, settings, stems):
    out = tmp_path / "out"
    named = tuple(f"separate.{setting}" for setting in (*settings, "backend=dsp"))
    result = run(short, film, out, settings=(*named, "denoise.backend=rnnoise", "denoise.amount=50"))
    beside = {"m_and_e"} if "m_and_e=true" in settings else set()
    assert {*stems} | beside <= set(result.outputs)
    heard = {name: load(result.outputs[name]).audio.samples for name in (*stems, *beside, "clean", "removed")}
    source = load(short).audio.samples
    assert np.abs(heard["clean"] + heard["removed"] - source).max() < NULL
    if {"dialogue", "vocals"} & set(stems):
        assert np.abs(sum(heard[name] for name in stems) - heard["clean"]).max() < NULL
        assert result.project.repaired is not None
    else:
        assert np.abs(sum(heard[name] for name in stems) - source).max() < NULL
    if beside:
        assert np.abs(heard["music"] + heard["effects"] - heard["m_and_e"]).max() < NULL
    record = json.loads(result.outputs["provenance"].read_text("utf-8"))
    told = {entry["kind"]: entry["disclosure"] for entry in record["deliverables"]}
    assert all("separated by" in told[name] for name in (*stems, *beside))
    report = result.outputs["report"].read_text("utf-8")
    assert all(name.replace("m_and_e", "usic and effects").replace("no_", "verything but ") in report for name in stems)


@pytest.mark.slow
def test_names_as_demucs_has_them(short, film, tmp_path):
    """A folder a track; a second run replaces what the first wrote there, and keeps what is somebody else's."""
    out = tmp_path / "out"
    settings = ("separate.backend=dsp", "separate.filename=demucs", "denoise.backend=spectral")
    (out / "reel 1").mkdir(parents=True)
    (out / "reel 1" / "music.wav").write_bytes(b"not ours")
    for _ in range(2):
        result = run(short, film, out, settings=settings)
    found = sorted(path.relative_to(out).as_posix() for path in (out / "reel 1").iterdir())
    assert found == [f"reel 1/{name}.wav" for name in ("dialogue", "effects", "music.kept-1", "music")]
    assert (out / "reel 1" / "music.kept-1.wav").read_bytes() == b"not ours"
    assert result.outputs["clean"] == out / "reel 1.clean.wav"
    record = json.loads(result.outputs["provenance"].read_text("utf-8"))
    assert {"reel 1/dialogue.wav", "reel 1/music.wav", "reel 1.clean.wav"} <= {
        entry["file"] for entry in record["deliverables"]
    }
    project = json.loads(result.outputs["project"].read_text("utf-8"))
    assert project["stems"]["music"]["file"] == "reel 1/music.wav"


@pytest.mark.slow
def test_names_as_audio_separator_has_them_in_another_format(short, film, tmp_path):
    settings = ("separate.backend=dsp", "separate.stems=vocals", "separate.filename=audio-separator")
    result = run(short, film, tmp_path / "out", settings=settings)
    assert result.outputs["vocals"].name == "reel 1_(Vocals)_dsp.wav"
    assert result.outputs["instrumental"].name == "reel 1_(Instrumental)_dsp.wav"
