from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.errors import BadValue
from audiopost.core.marks import Activity, Finding
from audiopost.core.stage import Choice, silent
from audiopost.delivery.provenance import disclosure
from audiopost.io.decode import load
from audiopost.stages import denoise, separate


@pytest.mark.parametrize("split", ["dsp", "house"])
def test_a_stem_that_the_same_network_made_is_not_sent_through_it_again(scene: Path, split) -> None:
    project = load(scene)
    project = replace(project, audio=project.audio.between(22, 27))
    project = separate.Stage()(project, separate.Options(backend=split), silent)
    assert project.stems is not None
    kept = denoise.Stage()(project, denoise.Options(), silent)
    assert kept.repaired == project.stems["dialogue"]
    assert "already" in kept.steps[-1].reason
    assert kept.clean is not None
    assert np.abs(kept.clean.samples - project.audio.samples).max() < 1e-6, "stems sum to the input"
    asked = denoise.Stage()(project, denoise.Options(backend="rnnoise"), silent)
    assert asked.repaired != project.stems["dialogue"], "a backend asked for by name runs"


def test_a_programme_without_a_stem_of_the_voice_is_left_whole(scene: Path) -> None:
    project = load(scene)
    project = replace(project, audio=project.audio.between(22, 24))
    project = separate.Stage()(project, separate.Options(backend="dsp", two_stems="music"), silent)
    kept = denoise.Stage()(project, denoise.Options(), silent)
    assert kept.steps[-1].backend == "none"
    assert "no stem of the voice" in kept.steps[-1].reason
    assert kept.clean == project.audio
    assert denoise.Stage()(project, denoise.Options(backend="rnnoise"), silent).clean != project.audio


def test_a_stem_by_another_way_is_denoised(scene: Path) -> None:
    project = load(scene)
    part = project.audio.between(22, 27)
    stems = {"dialogue": part, "music": part, "effects": part}
    project = replace(project, audio=part, stems=stems).after("separate", Choice("demucs", "x"), separate.Options())
    done = denoise.Stage()(project, denoise.Options(), silent)
    assert done.repaired is not None
    assert done.repaired != part
    assert done.clean is not None
    assert np.allclose(done.clean.samples, done.repaired.samples + 2 * part.samples, atol=1e-6)


def test_without_noise_among_the_findings_nothing_is_touched(scene: Path) -> None:
    project = load(scene)
    project = replace(project, audio=project.audio.between(22, 24))
    project = separate.Stage()(project, separate.Options(backend="dsp"), silent)
    found = denoise.Options(when="found", backend="spectral")
    with pytest.raises(BadValue, match="Run diagnose"):
        denoise.Stage()(project, found, silent)
    quiet = denoise.Stage()(replace(project, findings=(Finding("hum", 0.0, 2.0, 1.0, "", ""),)), found, silent)
    assert quiet.clean is project.audio
    assert quiet.repaired is project.stems["dialogue"]
    assert quiet.steps[-1].backend == "none"
    assert "no noise or hiss under speech" in quiet.steps[-1].reason
    assert "denoised" not in disclosure("clean", quiet)
    noisy = replace(project, findings=(Finding("noise", 0.5, 1.0, 1.0, "", ""),))
    done = denoise.Stage()(noisy, found, silent)
    assert "only in the stretch where noise was found" in done.steps[-1].reason
    changed = np.flatnonzero((done.repaired.samples != project.stems["dialogue"].samples).any(axis=0))
    assert 0.39 < changed[0] / 48_000 < changed[-1] / 48_000 < 1.11


def test_noise_is_taken_out_of_speech_alone(scene: Path) -> None:
    """In a mix, a stretch without speech or with music is left as it is, whatever noise was found there."""
    project = load(scene)
    project = replace(project, audio=project.audio.between(22, 28), findings=(Finding("hiss", 0.0, 6.0, 1.0, "", ""),))
    found = denoise.Options(when="found", backend="spectral")
    alone = replace(project, activity=(Activity("music", 0.0, 6.0),))
    left = denoise.Stage()(alone, found, silent)
    assert left.clean is project.audio
    assert left.steps[-1].backend == "none"
    both = replace(project, activity=(Activity("speech", 0.0, 6.0), Activity("music", 0.0, 3.0)))
    done = denoise.Stage()(both, found, silent)
    changed = np.flatnonzero((done.repaired.samples != project.audio.samples).any(axis=0)) / 48_000
    assert 2.7 < changed[0] < 3.1
    assert changed[-1] > 5.9
    # The dialogue stem holds no music any more.
    stem = replace(both, stems={"dialogue": project.audio})
    done = denoise.Stage()(stem, found, silent)
    assert (np.flatnonzero((done.repaired.samples != project.audio.samples).any(axis=0)) / 48_000)[0] < 0.1
