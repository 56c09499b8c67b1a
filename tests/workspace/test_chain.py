"""Settings of the chain over what ran, and what of them is not in the sound yet."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audiopost import presets
from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.project import Project
from audiopost.pipeline import apply
from audiopost.workspace import chain

Decide = Callable[..., Project]


def test_the_take_has_the_faults_that_these_tests_are_about(hummed: Project) -> None:
    assert {"hum", "clicks"} <= {each.kind for each in hummed.findings or ()}


def test_before_anything_ran_only_what_was_accepted_is_mended(hummed: Project, statuses: Decide) -> None:
    assert chain.chain(hummed).mend == "accepted"
    assert chain.to_mend(hummed) == ()
    assert chain.pending(hummed) == ()
    accepted = statuses(hummed, hum="accepted")
    assert {each.kind for each in chain.to_mend(accepted)} == {"hum"}
    assert chain.pending(accepted) == ("findings",)
    assert chain.mended(accepted) == frozenset()


def test_after_a_run_all_that_nobody_dismissed_is_mended(hummed: Project, statuses: Decide) -> None:
    restored = apply(hummed, "restore")
    assert chain.chain(restored).mend == "all"
    assert chain.pending(restored) == ()
    mended = {f.kind for f in restored.findings or () if chain.identity(f) in chain.mended(restored)}
    assert {"hum", "clicks"} <= mended
    dismissed = statuses(restored, hum="dismissed")
    assert chain.pending(dismissed) == ("findings",)
    assert "hum" not in {each.kind for each in chain.to_mend(dismissed)}
    only = chain.changed(restored, "mend", "accepted")
    assert chain.to_mend(only) == ()


def test_a_setting_is_pending_until_it_is_what_ran(hummed: Project) -> None:
    restored = apply(hummed, "restore", hum_amount=60.0)
    assert chain.chain(restored).restore.hum_amount == 60.0
    changed = chain.changed(restored, "restore.hum_amount", 80)
    assert chain.chain(changed).restore.hum_amount == 80.0
    assert chain.pending(changed) == ("settings",)
    assert chain.pending(chain.changed(changed, "restore.hum_amount", 60.0)) == ()
    assert chain.pending(chain.reset(changed)) == ()
    with_denoise = chain.changed(restored, "denoised", True)
    assert chain.pending(with_denoise) == ("settings",)
    denoised = apply(with_denoise, "denoise", backend="spectral")
    assert chain.pending(chain.rendered(denoised, with_denoise)) == ()


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("restore.hum_amount", 120, BadValue),
        ("restore.hum_amount", "much", BadValue),
        ("restore.nothing", 1, UnknownName),
        ("denoise.model", "/etc", UnknownName),  # a file of this machine
        ("transcribe.language", "en", UnknownName),
        ("mend", "some", UnknownName),
    ],
)
def test_what_cannot_be_set_is_refused(hummed: Project, name: str, value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        chain.changed(hummed, name, value)


def test_a_preset_gives_its_chain(hummed: Project) -> None:
    loaded = chain.loaded(chain.changed(hummed, "restore.hum", False), presets.load("podcast"))
    now = chain.chain(loaded)
    wanted = presets.load("podcast").options
    assert now.denoised is ("denoise" in wanted)
    if "restore" in wanted:
        assert now.restore == wanted["restore"]
    with pytest.raises(BadValue, match="neither"):
        chain.loaded(hummed, presets.load("subtitles-en").__class__("x", "x", "", ("transcribe",), {}))
