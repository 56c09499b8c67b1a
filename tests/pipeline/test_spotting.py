"""A sheet that comes back: its tracks are set against the dialogue as they were the first time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.dsp.loudness import integrated_loudness
from audiopost.io.decode import load
from audiopost.music.library import Store
from audiopost.pipeline import spotting
from audiopost.stages.cues import Options


@pytest.mark.parametrize("rate", [48_000, 2_000])
def test_tracks_for_a_sheet_know_how_loud_the_dialogue_is(
    scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: int
) -> None:
    sheet = tmp_path / "cues.csv"
    sheet.write_text("in_timecode,out_timecode\n00:00:01:00,00:00:05:00\n", encoding="utf-8")
    sine = 0.1 * np.sin(np.arange(8 * rate, dtype=np.float32) / 7)
    project = replace(load(scene), audio=Audio(sine[None], rate))
    asked = []

    def with_tracks(cues, speech, options, dialogue_lufs):
        asked.append(dialogue_lufs)
        return tuple(cues)

    monkeypatch.setattr(spotting, "with_tracks", with_tracks)
    spotting.from_sheet(project, sheet, Options())
    assert asked == []
    Store(tmp_path / "music.sqlite", new=True).close()
    spotting.from_sheet(project, sheet, Options(library=str(tmp_path / "music.sqlite")))
    assert asked == [integrated_loudness(project.audio) if rate > 4_000 else None]
