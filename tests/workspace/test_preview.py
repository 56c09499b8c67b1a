"""Ten seconds by the chain: as the whole render would sound there, with the numbers of what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.errors import BadValue
from audiopost.core.project import Project
from audiopost.core.time import Span
from audiopost.pipeline import apply
from audiopost.workspace import chain, findings, preview, render

Decide = Callable[..., Project]


def kind(project: Project, name: str) -> int:
    return next(n for n, finding in enumerate(project.findings or ()) if finding.kind == name)


def test_the_stretch_lies_around_the_cursor_and_in_the_recording(hummed: Project) -> None:
    assert preview.stretch(hummed, 4.0, 2.0) == Span(3.0, 5.0)
    assert preview.stretch(hummed, 0.1, 2.0) == Span(0.0, 2.0)
    assert preview.stretch(hummed, 99.0, 2.0) == Span(6.0, 8.0)
    assert preview.stretch(hummed, 4.0) == Span(0.0, 8.0)


def test_a_remedy_mends_its_fault_and_nothing_else(hummed: Project) -> None:
    finding = findings.finding_at(hummed, kind(hummed, "clicks"))
    span = findings.heard_span(hummed, finding)
    heard = preview.remedy(hummed, finding, span)
    assert [name for name, _, _ in heard.repairs] == ["clicks"]
    source = hummed.audio.between(span.start_s, span.end_s).samples
    made, gone = heard.made.audio.samples, heard.removed.audio.samples
    np.testing.assert_allclose(made + gone, source, atol=1e-6)
    at = round((3.11 - span.start_s) * 48_000)
    assert abs(gone[0, at]) > 0.4  # the click
    assert np.count_nonzero(gone) < 0.01 * gone.size
    assert heard.made.start_s == span.start_s


def test_a_preview_sounds_as_the_render_does(hummed: Project, statuses: Decide, work: Path) -> None:
    project = statuses(hummed, clicks="accepted")
    span = Span(2.5, 4.5)
    heard = preview.preview(project, span)
    made = render.render(project, work).programme.between(span.start_s, span.end_s)
    np.testing.assert_allclose(heard.made.audio.samples, made.samples, atol=1e-4)


def test_the_denoiser_lowers_the_floor_in_numbers(hummed: Project) -> None:
    project = chain.changed(chain.changed(hummed, "denoised", True), "denoise.backend", "spectral")
    heard = preview.preview(project, Span(0.0, 8.0))
    assert heard.before_floor_dbfs is not None
    assert heard.after_floor_dbfs is not None
    assert heard.after_floor_dbfs < heard.before_floor_dbfs - 3
    assert heard.removed_dbfs is not None


def test_with_stems_their_mix_is_heard(hummed: Project) -> None:
    half = hummed.audio.__class__(hummed.audio.samples / 2, 48_000)
    stems = {"dialogue": half, "music": half}
    project = apply(replace(apply(hummed, "restore"), stems=stems), "denoise", backend="spectral")
    heard = preview.preview(project, Span(1.0, 4.0))
    rendered = project.clean.between(1.0, 4.0)
    correlation = np.corrcoef(heard.made.audio.samples[0], rendered.samples[0])[0, 1]
    assert correlation > 0.99


def test_what_cannot_be_heard_is_refused(hummed: Project) -> None:
    finding = replace(findings.finding_at(hummed, 0), kind="silence")
    with pytest.raises(BadValue, match="No repair"):
        preview.remedy(hummed, finding, Span(0, 1))
    with pytest.raises(BadValue, match="no sound"):
        preview.preview(hummed, Span(8.0, 8.0))
