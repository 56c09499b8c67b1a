"""The plan of docs/scaling.md: its tables are what its script computes, its sums add up, its queue loses no job."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiopost import presets
from audiopost.batch.drive import MOST_ATTEMPTS, MOST_LOSSES

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import scaling  # noqa: E402
import scaling_figures as inputs  # noqa: E402
import scaling_plan as plan  # noqa: E402
import scaling_queue as queue  # noqa: E402
from scaling_format import figure, percent  # noqa: E402

SIMULATED = ("order", "counts", "crashes", "losses", "slices")
STAGES = (0.05, 0.1, 0.02, 0.08)
CALM = queue.Setting(4, crash=0.0, spread=0.0, slow=0.0)


def page() -> str:
    return scaling.PAGE.read_text(encoding="utf-8")


# --- the page


def test_the_plans_tables_are_current() -> None:
    computed = [name for name in scaling.TABLES if name not in SIMULATED]
    assert scaling.written(page(), computed) == page(), "run: python benchmarks/scaling.py --write"


@pytest.mark.slow
def test_the_simulations_tables_are_current() -> None:
    assert scaling.written(page(), SIMULATED) == page(), "run: python benchmarks/scaling.py --write"


def test_a_table_without_its_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="answer"):
        scaling.written(page().replace("<!-- table: answer -->", ""), ["answer"])


def test_the_sentences_say_what_the_tables_say() -> None:
    text = " ".join(page().split())
    weeks = [plan.gpus(case, 1_000_000, inputs.WEEK_H) for case in plan.CASES.values()]
    months = [plan.gpus(case, 1_000_000, inputs.DEADLINES["30 days"]) for case in plan.CASES.values()]
    nights = [plan.gpus(case, 1_000, inputs.NIGHT_H) for case in plan.CASES.values()]
    assert "a month for 220 to 310 GPUs, or a week for about 1,000 to 1,300" in text
    assert (min(months), max(months)) == (pytest.approx(220, rel=0.03), pytest.approx(310, rel=0.03))
    assert (min(weeks), max(weeks)) == (pytest.approx(1_000, rel=0.07), pytest.approx(1_300, rel=0.07))
    assert "a night for 16 to 23" in text
    assert (min(nights), max(nights)) == (16, 23)
    for said in (f"**{inputs.LIMITS.jobs_per_s:.0f} jobs a second**", f"alone {inputs.LIMITS.ledger_jobs_per_s:,.0f}"):
        assert said in text
    kept, none = plan.Case().cost(1, inputs.Prices()), plan.Case(kept="none").cost(1, inputs.Prices())
    assert "five sixths of the cost" in text
    assert 1 - none / kept == pytest.approx(5 / 6, abs=0.03)


def test_measured_stages_are_those_of_the_presets() -> None:
    for name, stages in inputs.MEASURED.items():
        asked = presets.load(name).stages
        assert set(stages) - {"decode", "deliver"} <= set(asked), name
        assert set(asked) <= set(inputs.STAGES), name
        assert [stage for stage in inputs.STAGES if stage in asked] == list(asked), name


# --- the plan

CASES = [
    plan.Case(preset, way, source=source)
    for preset in inputs.MEASURED
    for way in ("built in", "cores", "gpu")
    for source in inputs.SOURCES
]


def test_an_hour_of_24_bit_stereo_stems() -> None:
    # Five files of 48,000 samples a second, two channels, three bytes; headers are the rest.
    assert plan.Case().bytes_sound == pytest.approx(5 * 48_000 * 2 * 3 * 3600, rel=1e-4)
    assert plan.Case(kept="none").bytes_out == plan.Case().bytes_text


@pytest.mark.parametrize("hours", inputs.AMOUNTS)
def test_the_plan_by_hand(hours: int) -> None:
    """An hour: 3.6 GB in, 5.214 GB out, 0.0782 h on a core, 0.1117 h on a GPU that two workers share."""
    case, moved_h = plan.Case(), (3.6 + 5.2139) * 1e9 / 100e6 / 3600
    think, busy = 0.0782 + moved_h, 0.002**0.5 + (17 * 63) ** 0.5 / 780 + 0.025
    worker_h = think + busy * (1 + busy / (think + busy))  # an hour of film in hand
    assert case.paid_gpu == pytest.approx(worker_h / 2, rel=1e-4)
    assert plan.gpus(case, hours, 168.0) == pytest.approx(hours * worker_h / 2 / 168 * 1.2, abs=1)
    assert hours * case.bytes_out == pytest.approx(hours * 5.2139e9, rel=1e-4)
    assert plan.gbit_per_s(hours * case.bytes_in, 10.0) == pytest.approx(hours * 3.6 * 8 / 36_000)
    dollars = 0.8 * worker_h / 2 + (0.023 + 0.09) * 5.2139
    assert case.cost(hours, inputs.Prices()) == pytest.approx(hours * dollars, rel=1e-4)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.preset} {case.way} {case.source}")
def test_a_worker_spends_what_its_stages_spend(case: plan.Case) -> None:
    assert sum(case.stages) == pytest.approx(case.wall)
    assert case.wall >= sum(case.cores.values()) + sum(case.gpu.values()) + case.transfer - 1e-12
    assert (case.paid_gpu == 0) == (case.way != "gpu")
    assert (case.paid_cores == 0) == (case.way == "gpu")


def test_a_gpu_that_is_shared() -> None:
    alone = plan.Case(actors=1)
    assert alone.paid_gpu == pytest.approx(alone.think + sum(alone.gpu.values()))
    paid = [plan.Case(actors=actors).paid_gpu for actors in range(1, 40)]
    busy = sum(alone.gpu.values())
    assert all(more <= fewer * (1 + 1e-12) for fewer, more in pairwise(paid))
    assert min(paid) >= busy * (1 - 1e-12)
    assert paid[-1] == pytest.approx(busy, rel=0.001)  # at many workers the GPU never rests


def test_workers_have_it_done_in_time() -> None:
    for case in CASES:
        for deadline in inputs.DEADLINES.values():
            many = plan.workers(case, 1_000, deadline)
            assert many * deadline >= inputs.MARGIN * 1_000 * case.wall - 1e-9
            assert (many - 1) * deadline < inputs.MARGIN * 1_000 * case.wall


def test_the_range_of_the_models_is_in_order() -> None:
    for costs in (inputs.GPU, inputs.CPU):
        for named in costs.values():
            for cost in named.values():
                assert 0 < cost.low <= cost.middle <= cost.high
                assert cost.source
    low, middle, high = (plan.Case(level=level).paid_gpu for level in ("low", "middle", "high"))
    assert low < middle < high


def test_costs_are_prices_by_amounts() -> None:
    case, free = plan.Case(), inputs.Prices(0.0, 0.0, 0.0, 0.0)
    assert case.cost(1_000, free) == 0
    for field in fields(inputs.Prices):
        if field.name != "months":
            one = replace(free, **{field.name: 1.0})
            assert case.cost(1_000_000, one) == pytest.approx(1_000 * case.cost(1_000, one))
    assert case.cost(1, replace(free, gpu_hour=1.0)) == case.paid_gpu
    assert case.cost(1, replace(free, egress_gb=1.0)) == case.bytes_out / 1e9
    assert replace(case, leaves=False).cost(1, replace(free, egress_gb=1.0)) == 0


def test_prices_are_inputs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["scaling.py", "drivers", "--gpu-hour", "8"])
    scaling.main()
    dear = capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["scaling.py", "drivers"])
    scaling.main()
    assert "1,090,000" in dear  # 136,000 GPU hours
    assert "1,090,000" not in capsys.readouterr().out


def test_a_driver_is_busier_with_more_workers_and_jobs() -> None:
    assert plan.load(inputs.LIMITS.jobs_per_s, 0) == 1
    assert plan.load(0, 11_000) == pytest.approx(0.5, abs=0.05)
    assert plan.load(1, 100) < plan.load(2, 100) < plan.load(2, 200)


def test_figures() -> None:
    assert [figure(value) for value in (0, 0.0297, 3.6, 136.3, 999.96, 698_412)] == [
        "0", "0.0297", "3.60", "136", "1,000", "698,000",
    ]  # fmt: skip
    assert percent(0.0005) == "0.05 %"


# --- the simulation


def jobs(setting: queue.Setting, hours: float = 40.0, seed: int = 3) -> list[queue.Work]:
    return queue.work(queue.lengths(hours, Random(seed)), STAGES, setting, Random(seed + 1))


SETTINGS = st.builds(
    queue.Setting,
    workers=st.integers(1, 30),
    crash=st.sampled_from([0.0, 0.05, 0.5]),
    fatal=st.sampled_from([0.0, 0.1]),
    loss_per_h=st.sampled_from([0.0, 0.2, 3.0]),
    restart_per_h=st.sampled_from([0.0, 0.5]),
    resume=st.booleans(),
    alone=st.sampled_from(["batch", "worker"]),
    order=st.sampled_from(["as listed", "longest first", "shortest first"]),
)


@given(SETTINGS, st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_no_job_is_lost_and_time_adds_up(setting: queue.Setting, seed: int) -> None:
    result = queue.simulate(20.0, STAGES, setting, seed)
    assert result.done + result.quarantined == result.jobs
    assert result.busy_s == pytest.approx(result.useful_s + result.lost_s)
    assert result.makespan_s >= result.ideal_s * (1 - 1e-9)
    assert 0 <= result.utilisation <= 1
    assert result.busy_s <= setting.workers * result.makespan_s * (1 + 1e-9)
    assert result == queue.simulate(20.0, STAGES, setting, seed)


@given(st.integers(1, 40), st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_more_workers_are_never_later(workers: int, seed: int) -> None:
    setting = queue.Setting(workers, crash=0.0)
    fewer, more = (queue.simulate(30.0, STAGES, replace(setting, workers=workers + i), seed) for i in (0, 1))
    assert more.makespan_s <= fewer.makespan_s * (1 + 1e-9)


def test_one_worker_does_one_job_after_the_other() -> None:
    some = jobs(CALM)
    result = queue.Simulation(some, replace(CALM, workers=1), Random(1)).run()
    assert result.makespan_s == pytest.approx(CALM.load_s + sum(each.service_s for each in some))
    assert result.busy_s == result.useful_s


def test_lengths_are_those_that_were_asked_for() -> None:
    made = queue.lengths(20_000.0, Random(1))
    assert 20_000 * 3600 <= sum(made) < 20_000 * 3600 + 8400
    assert sum(made) / len(made) == pytest.approx(inputs.MEAN_S, rel=0.02)
    assert sum(share for _, share, _, _ in inputs.LENGTHS) == pytest.approx(1)


@pytest.mark.parametrize("alone", ["batch", "worker"])
def test_chance_quarantines_the_square_of_its_crashes(alone: queue.Alone) -> None:
    some = [queue.Work(60.0, (0.5,))] * 10_000
    result = queue.Simulation(some, replace(CALM, workers=50, crash=0.2, alone=alone), Random(1)).run()
    assert result.quarantined / result.jobs == pytest.approx(0.04, abs=4 * (0.04 * 0.96 / 10_000) ** 0.5)


def test_a_recording_that_always_crashes_is_quarantined_after_two() -> None:
    result = queue.Simulation(jobs(CALM), replace(CALM, fatal=1.0), Random(1)).run()
    assert (result.done, result.quarantined) == (0, result.jobs)
    assert result.crashes == 2 * result.jobs


def test_on_one_machine_second_attempts_run_while_nothing_else_does() -> None:
    setting = replace(CALM, workers=20, crash=0.3)
    batch = queue.simulate(100.0, STAGES, replace(setting, alone="batch"))
    worker = queue.simulate(100.0, STAGES, setting)
    assert batch.makespan_s >= batch.alone_s  # one after the other
    assert worker.makespan_s < batch.makespan_s / 2


def test_a_job_that_never_gets_through_is_quarantined() -> None:
    some = [queue.Work(100 * inputs.HOUR_S, (0.5,))] * 20
    result = queue.Simulation(some, replace(CALM, loss_per_h=0.1, resume=False), Random(1)).run()
    assert result.quarantined == 20
    assert result.losses == 20 * MOST_LOSSES


@pytest.mark.parametrize("setting", [{"loss_per_h": 1e4}, {"restart_per_h": 10.0}], ids=["at once", "with its driver"])
def test_a_job_whose_worker_is_lost_at_once_or_with_its_driver_is_not_suspected_soon(setting: dict[str, float]) -> None:
    # Lost within LOSS_S, or all of them with each driver: only the number of attempts ends it.
    some = [queue.Work(100 * inputs.HOUR_S, (0.5,))] * 4
    result = queue.Simulation(some, replace(CALM, resume=False, **setting), Random(1)).run()
    assert result.quarantined == 4
    assert result.losses == 4 * MOST_ATTEMPTS


def test_stages_that_are_kept_are_not_done_twice() -> None:
    setting = replace(CALM, workers=10, loss_per_h=1.0)
    kept, begun_anew = (queue.simulate(200.0, STAGES, replace(setting, resume=resume)) for resume in (True, False))
    assert 0 < kept.lost_s < begun_anew.lost_s / 2
    assert kept.makespan_s < begun_anew.makespan_s
    whole = queue.simulate(200.0, [sum(STAGES)], setting)  # one stage: nothing can be kept
    assert whole.lost_s > kept.lost_s


def test_the_longest_first_ends_sooner() -> None:
    listed, longest, shortest = (
        queue.averaged(200.0, STAGES, replace(CALM, workers=20, order=order))
        for order in ("as listed", "longest first", "shortest first")
    )
    assert longest.makespan_s < min(listed.makespan_s, shortest.makespan_s)
    assert longest.stretch < 1.05
