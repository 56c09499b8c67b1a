from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.errors import BadValue
from audiopost.core.marks import Finding
from audiopost.core.stage import Choice, silent
from audiopost.delivery.provenance import disclosure
from audiopost.io.decode import load
from audiopost.stages import denoise, separate


def test_a_stem_that_the_same_network_made_is_not_sent_through_it_again(scene: Path) -> None:
    project = load(scene)
    project = replace(project, audio=project.audio.between(22, 27))
    project = separate.Stage()(project, separate.Options(backend="dsp"), silent)
    assert project.stems is not None
    kept = denoise.Stage()(project, denoise.Options(), silent)
    assert kept.repaired == project.stems["dialogue"]
    assert "already" in kept.steps[-1].reason
    assert kept.clean is not None
    assert np.abs(kept.clean.samples - project.audio.samples).max() < 1e-6, "stems sum to the input"
    asked = denoise.Stage()(project, denoise.Options(backend="rnnoise"), silent)
    assert asked.repaired != project.stems["dialogue"], "a backend asked for by name runs"


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
    assert "neither noise nor hiss" in quiet.steps[-1].reason
    assert "denoised" not in disclosure("clean", quiet)
    noisy = replace(project, findings=(Finding("noise", 0.5, 1.0, 1.0, "", ""),))
    done = denoise.Stage()(noisy, found, silent)
    assert "only in the stretch where noise was found" in done.steps[-1].reason
    changed = np.flatnonzero((done.repaired.samples != project.stems["dialogue"].samples).any(axis=0))
    assert 0.39 < changed[0] / 48_000 < changed[-1] / 48_000 < 1.11
