"""The sound rendered anew: what was decided is in it, text stays, and the same settings give the same sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from audiopost.core.project import Project
from audiopost.core.speech import Caption
from audiopost.pipeline import apply
from audiopost.stages.restore.chain import REPAIRS
from audiopost.workspace import chain, render

Decide = Callable[..., Project]
CAPTION = Caption(1.0, 2.0, ("said by a person",), reviewed=True)


def kinds_mended(project: Project) -> set[str]:
    return {f.kind for f in project.findings or () if chain.identity(f) in chain.mended(project)}


def test_only_what_was_accepted_is_mended(hummed: Project, statuses: Decide, work: Path) -> None:
    project = replace(statuses(hummed, clicks="accepted"), captions=(CAPTION,))
    assert render.steps(project) == ("restore",)
    made = render.render(project, work)
    assert [repair.name for repair in made.repairs or ()] == ["clicks"]
    assert kinds_mended(made) == {"clicks"}
    assert made.findings == project.findings
    assert made.captions == (CAPTION,)
    assert chain.pending(made) == ()
    assert chain.chain(made).mend == "accepted"
    assert chain.pending(chain.changed(made, "mend", "all")) == ("findings",)  # the hum is there still
    assert made.restored is not None
    far = slice(0, 2 * 48_000)
    assert np.array_equal(made.restored.samples[:, far], project.audio.samples[:, far])  # the hum is left alone


def test_what_is_dismissed_later_comes_back(hummed: Project, statuses: Decide, work: Path) -> None:
    all_mended = apply(hummed, "restore")
    made = render.render(statuses(all_mended, hum="dismissed"), work)
    assert "hum" not in kinds_mended(made)
    assert "clicks" in kinds_mended(made)
    assert "hum" not in {repair.name for repair in made.repairs or ()}


def test_later_stages_follow_and_earlier_ones_are_kept(hummed: Project, work: Path) -> None:
    ran = apply(apply(apply(hummed, "restore"), "denoise", backend="spectral"), "loudness", spec="podcast")
    softer = chain.changed(ran, "denoise.amount", 50)
    assert render.steps(softer) == ("denoise", "loudness")
    made = render.render(softer, work)
    assert made.restored is ran.restored
    assert made.step("denoise").options["amount"] == 50.0
    assert made.step("loudness").options["spec"] == "podcast"
    assert made.clean != ran.clean
    again = render.render(softer, work)
    assert again.clean == made.clean
    assert again.master == made.master

    left_out = chain.changed(ran, "denoised", False)
    assert render.steps(left_out) == ("loudness",)
    without = render.render(left_out, work)
    assert without.restored is ran.restored
    assert without.clean is None
    assert without.step("denoise") is None
    assert without.mix == without.restored


def test_with_every_amount_at_nothing_the_source_comes_out(hummed: Project, work: Path) -> None:
    project = chain.changed(apply(hummed, "restore"), "mend", "all")
    for link in REPAIRS:
        project = chain.changed(project, f"restore.{link.name}_amount", 0)
    made = render.render(project, work)
    assert made.programme == project.audio
    assert made.repairs == ()


def test_what_a_person_did_meanwhile_stays(hummed: Project, statuses: Decide, work: Path) -> None:
    before = statuses(hummed, clicks="accepted")
    made = render.render(before, work)
    meanwhile = replace(before, captions=(CAPTION,))
    now = render.taken_over(meanwhile, made)
    assert now.captions == (CAPTION,)
    assert now.restored == made.restored
    assert [step.stage for step in now.steps] == ["diagnose", "restore"]
    assert chain.pending(now) == ()
