"""The chain: no link without a finding, amounts and limits hold for every repair, and what went is kept."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.marks import Finding, share_of
from audiopost.stages.diagnose import diagnose
from audiopost.stages.restore import Options, chain, repair, restore
from audiopost.stages.restore.chain import REPAIRS, plan, unmended


def dbfs(x: np.ndarray) -> float:
    return 10 * float(np.log10(np.mean(np.square(x, dtype=np.float64)) + 1e-30))


@pytest.fixture(scope="module")
def faulty() -> Audio:
    """8 s of tones and noise with hum, clicks, a gap and DC."""
    rng = np.random.default_rng(5)
    rate, t = 16_000, np.arange(8 * 16_000) / 16_000
    x = 0.05 * np.sin(2 * np.pi * 440 * t) * (1 + np.sin(2 * np.pi * 3 * t)) + 0.002 * rng.standard_normal(len(t))
    x += 0.02 * np.sin(2 * np.pi * 50 * t) + 0.01 * np.sin(2 * np.pi * 100 * t)
    x[rng.integers(1000, len(t) - 1000, 12)] += 0.6
    x += 0.03
    x[40_000:40_080] = 0
    return Audio(np.stack([x, 0.8 * x]), rate)


def findings(*kinds: str) -> tuple[Finding, ...]:
    return tuple(Finding(kind, 0.0, 8.0, 0.5, f"{kind} here", "", 50.0 if kind == "hum" else None) for kind in kinds)


def test_every_switch_is_a_link_and_every_link_has_its_three_options():
    names = {field.name for field in dataclasses.fields(Options)}
    for link in REPAIRS:
        assert {link.name, f"{link.name}_amount", f"{link.name}_max_reduction_db"} <= names
    switches = {name.removesuffix("_amount") for name in names if name.endswith("_amount")}
    assert switches == {link.name for link in REPAIRS}


def test_the_plan_follows_the_findings_in_the_chains_order():
    planned = plan(findings("rumble", "hum", "clicks", "noise"), Options(clicks_amount=40, hum_max_reduction_db=20))
    assert [(r.name, r.amount_percent, r.max_reduction_db) for r in planned] == [
        ("clicks", 40, None),
        ("hum", 100, 20),
        ("rumble", 100, None),
    ]
    assert planned[0].because == "clicks here"
    assert all(r.done == "" for r in planned)


def test_what_no_link_was_made_for_is_left():
    found = findings("hum", "noise", "dropouts", "dead-channel")
    assert [f.kind for f in unmended(found, plan(found, Options(hum=False)))] == ["hum", "noise", "dead-channel"]
    # Planned, but in vain: nothing there was mended.
    silent = Audio(np.zeros(16_000, np.float32), 16_000)
    assert unmended(found, repair(silent, found).repairs) == found


def test_switched_off_or_at_nothing_is_no_link(faulty):
    assert plan(findings("hum"), Options(hum=False)) == plan(findings("hum"), Options(hum_amount=0)) == ()
    assert repair(faulty, findings("hum"), hum_amount=0) == chain.Restored(faulty, (), {})
    assert restore(faulty, ()) is faulty


def test_restored_and_removed_make_the_source(faulty):
    found = diagnose(faulty)
    assert {"hum", "clicks", "dc"} <= {f.kind for f in found}
    result = repair(faulty, found)
    assert {r.name for r in result.repairs} == set(result.removed) >= {"hum", "clicks", "dc"}
    back = result.audio.samples + sum(gone.samples for gone in result.removed.values())
    assert dbfs(back - faulty.samples) < -130
    for made in result.repairs:
        assert made.removed_dbfs == pytest.approx(dbfs(result.removed[made.name].samples), abs=0.1)
        assert made.done
    assert repair(faulty, found, keep_removed=False).removed == {}


@pytest.mark.parametrize(("amount", "most"), [(100.0, 12.0), (50.0, None), (50.0, 3.0)])
@pytest.mark.parametrize("name", ["hum", "clicks", "dc", "dropouts"])
def test_amount_and_limit_scale_what_goes(faulty, name, amount, most):
    whole = repair(faulty, findings(name)).removed[name].samples
    options = {f"{name}_amount": amount, f"{name}_max_reduction_db": most}
    part = repair(faulty, findings(name), **options).removed[name].samples
    assert dbfs(part - share_of(amount, most) * whole) < dbfs(whole) - 60


@pytest.mark.parametrize(
    ("amount", "most", "share"),
    [(100, None, 1.0), (30, None, 0.3), (100, 20, 0.9), (50, 20, 0.5), (95, 20, 0.9), (100, 0, 0.0)],
)
def test_share_of(amount, most, share):
    assert share_of(amount, most) == pytest.approx(share)


def test_a_limit_of_nothing_is_no_link(faulty):
    assert repair(faulty, findings("clicks"), clicks_max_reduction_db=0).repairs == ()


def test_the_help_of_each_amount_names_its_fault():
    for field in dataclasses.fields(Options):
        assert "share of it" not in field.metadata["help"]
        assert "which it is" not in field.metadata["help"]
