"""Only some of the deliverables, and other names for them."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from audiopost.core.audio import Audio
from audiopost.core.errors import UnknownName
from audiopost.io import decode
from audiopost.pipeline import run

PRESET = """title = "Words"
stages = ["denoise", "transcribe", "subtitles", "loudness"]
[denoise]
backend = "spectral"
[transcribe]
backend = "pocketsphinx"
language = "en"
"""


@pytest.fixture
def take(tmp_path: Path, speech: Audio) -> Path:
    path = tmp_path / "take.wav"
    soundfile.write(path, speech.between(0, 3).samples.T, speech.rate)
    return path


@pytest.fixture
def preset(tmp_path: Path) -> Path:
    path = tmp_path / "words.toml"
    path.write_text(PRESET)
    return path


def test_only_what_is_named_is_delivered_under_the_name_that_was_given(
    take: Path, preset: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = run(take, preset, out, name="S01E02", tagged=True, only=("subtitles.srt", "audio.master"))
    names = {path.name for path in out.iterdir()}
    assert names == {"S01E02.en.srt", "S01E02.master.wav", "S01E02.project.json", "S01E02.provenance.json"}
    assert set(result.outputs) == {"srt", "master", "project", "provenance"}
    assert result.project.captions
    again = run(take, preset, out, name="S01E02", tagged=True, only=("subtitles", "record"), resume=True)
    assert {"srt", "vtt", "ass", "ttml", "json", "report"} <= set(again.outputs)
    assert not list(out.glob("*.kept-*"))


def test_a_group_or_key_that_is_none_is_refused(take: Path, preset: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="stems"):
        run(take, preset, tmp_path / "out", only=("stems",))
    assert not (tmp_path / "out").exists()
    with pytest.raises(UnknownName, match="no-such"):
        run(take, preset, tmp_path / "out", only=("subtitles.no-such",))


def test_what_was_decoded_ahead_gives_the_same(take: Path, preset: Path, tmp_path: Path) -> None:
    plain = run(take, preset, tmp_path / "a", only=("audio", "subtitles"))
    ahead = run(take, preset, tmp_path / "b", only=("audio", "subtitles"), decoded=decode.load(take))
    for kind, path in plain.outputs.items():
        if kind not in ("project", "provenance"):
            assert path.read_bytes() == ahead.outputs[kind].read_bytes(), kind
