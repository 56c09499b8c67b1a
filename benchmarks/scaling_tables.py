"""The tables of docs/scaling.md that come of the plan, for scaling.py: what it takes, what it computes with, what
drives its cost. Each takes the prices, whether it needs them or not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import get_args

from scaling_figures import (
    AMOUNTS,
    CPU,
    DEADLINES,
    FLAC_MEASURED,
    GPU,
    HOUR_S,
    KEPT,
    LENGTHS,
    LIMITS,
    MARGIN,
    MEAN_S,
    MEASURED,
    NIGHT_H,
    SOUND_BYTES_PER_S,
    SOURCES,
    STAGES,
    TEXT_BYTES_PER_S,
    TRANSFER,
    WEEK_H,
    Level,
    Prices,
)
from scaling_format import count, figure, percent, table
from scaling_plan import CASES, PLANNED, Case, gbit_per_s, gpus, load, workers
from scaling_queue_tables import done_twice_on_spot


def ranged(case: Case, value: Callable[[Case], float]) -> str:
    """The middle, and the range that the models' costs leave."""
    low, middle, high = (value(replace(case, level=level)) for level in get_args(Level))
    return f"**{figure(middle)}** ({figure(low)} to {figure(high)})"


def answer(prices: Prices) -> str:
    rows = []
    for hours in AMOUNTS:
        for name, case in CASES.items():
            rows.append([
                f"{hours:,}", name,
                ranged(case, lambda each: hours * each.paid_gpu),  # noqa: B023 - called at once
                *(count(gpus(case, hours, deadline)) for deadline in DEADLINES.values()),
                figure(hours * case.bytes_in / 1e12), figure(hours * case.bytes_out / 1e12),
                figure(gbit_per_s(hours * (case.bytes_in + case.bytes_out), WEEK_H)),
                figure(case.cost(hours, prices)),
            ])  # fmt: skip
    until = [f"GPUs for {name}" for name in DEADLINES]
    return table(["hours", "of", "GPU hours", *until, "TB in", "TB out", "Gbit/s over a week", "cost"], rows)


def arithmetic(_: Prices) -> str:
    case, hours = Case(), AMOUNTS[0]
    cores, busy, needed = sum(case.cores.values()), sum(case.gpu.values()), workers(case, hours, NIGHT_H)
    rows: list[list[object]] = [
        ["on cores", " + ".join(f"{stage} {value:.4f}" for stage, value in case.cores.items()), f"{cores:.4f}"],
        ["moved", f"({case.bytes_in / 1e9:.2f} + {case.bytes_out / 1e9:.2f} GB) / {TRANSFER / 1e6:g} MB/s / 3600",
         f"{case.transfer:.4f}"],
        ["on the GPU", " + ".join(f"{stage} {value:.4f}" for stage, value in case.gpu.items()), f"{busy:.4f}"],
        ["on it and waiting for it", f"{busy:.4f}, {case.actors} workers on a GPU", f"{case.waits:.4f}"],
        ["a worker has it in hand", "cores + moved + GPU with waiting", f"{case.wall:.4f}"],
        ["GPU hours paid", f"{case.wall:.4f} / {case.actors}; {percent(busy / case.paid_gpu)} of them busy",
         f"{case.paid_gpu:.4f}"],
        ["workers for a night", f"{hours:,} × {case.wall:.4f} / {NIGHT_H:g} × {MARGIN:g}", needed],
        ["GPUs for a night", f"{needed} / {case.actors}", gpus(case, hours, NIGHT_H)],
        ["TB out", f"{hours:,} × ({case.bytes_sound / 1e9:.3f} sound + {case.bytes_text / 1e9:.3f} else) GB",
         figure(hours * case.bytes_out / 1e12)],
    ]  # fmt: skip
    return table(["an hour of film, `subtitles-yue`, large-v3", "sum", "hours, or as named"], rows)


# --- what it computes with


def measured(_: Prices) -> str:
    rows: list[list[object]] = []
    for stage in STAGES:
        cells = [preset.get(stage) for preset in MEASURED.values()]
        rows.append([stage, *(f"{cell.cpu:.4f}, {cell.wall:.4f}" if cell else "" for cell in cells)])
    totals = [list(preset.values()) for preset in MEASURED.values()]
    rows += [
        ["**all**", *(f"**{sum(s.cpu for s in t):.2f}, {sum(s.wall for s in t):.2f}**" for t in totals)],
        ["most memory, MB", *(f"{max(s.peak_mb for s in t):.0f}" for t in totals)],
        ["sound files, MB a second", *(f"{SOUND_BYTES_PER_S[name] / 1e6:.3f}" for name in MEASURED)],
        ["all else, kB a second", *(f"{TEXT_BYTES_PER_S[name] / 1e3:.1f}" for name in MEASURED)],
    ]
    return table(["stage: core s, wall s for a second", *(f"`{name}`" for name in MEASURED)], rows)


def models(_: Prices) -> str:
    rows = []
    for unit, costs in (("GPU", GPU), ("core", CPU)):
        for stage, named in costs.items():
            for name, cost in named.items():
                span = figure(cost.low) if cost.low == cost.high else f"{figure(cost.low)} to {figure(cost.high)}"
                rows.append([stage, name, f"{span} {unit} s", figure(cost.middle), cost.source])
    return table(["stage", "model", "for a second of film", "taken", "from"], rows)


def assumptions(prices: Prices) -> str:
    kept = {
        "wav": "exact: 48,000 × 2 × 3 bytes a second",
        "flac": f"assumed for films; measured {FLAC_MEASURED:.2f} on speech of 16 kHz",
        "opus": "exact: `deliver.format=opus` writes 80 kbit/s a channel; lossy",
        "none": "they are removed once a job is done",
    }
    lengths = [f"{share:.0%} {name} {low / 60:g} to {high / 60:g} min" for name, share, low, high in LENGTHS]
    rows: list[Sequence[object]] = [
        *(
            [f"source, {name}", f"{rate:g} Mbit/s", f"{rate * 1e6 / 8 * HOUR_S / 1e9:.2f} GB an hour"]
            for name, rate in SOURCES.items()
        ),
        *([f"sound kept as {name}", f"{share:.3f} of 24-bit WAV", kept[name]] for name, share in KEPT.items()),
        ["transfer", f"{TRANSFER / 1e6:g} MB/s a worker", "assumed; not overlapped with computing"],
        ["length of a recording", f"{MEAN_S / 60:.1f} min in the mean", "; ".join(lengths)],
        ["GPU hour, its cores with it", prices.gpu_hour, "price, an input: `--gpu-hour`"],
        ["core hour", prices.core_hour, "price, an input: `--core-hour`"],
        ["GB for a month", prices.gb_month, f"price, an input: `--gb-month`; kept `--months` ({prices.months:g})"],
        ["GB taken out", prices.egress_gb, "price, an input: `--egress-gb`; 0 on one's own machines"],
        ["margin of workers", f"{MARGIN:g}", "by the simulation below"],
    ]
    return table(["what", "value", "how it is known"], rows)


# --- hours and bytes


def compute(prices: Prices) -> str:
    rows = []
    for preset, plan in PLANNED.items():
        for name, case in {
            "built in, no Whisper": replace(plan, way="built in"),
            "cores, base": replace(plan, way="cores", model="base"),
            "cores, small": replace(plan, way="cores", model="small"),
            "cores, large-v3": replace(plan, way="cores"),
            "GPU, turbo": replace(plan, model="large-v3-turbo"),
            "GPU, large-v3": plan,
        }.items():
            spent = (sum(case.cores.values()), sum(case.gpu.values()), case.paid_gpu)
            rows.append([
                f"`{preset}`", name, *(figure(1_000 * each) for each in spent),
                *(count(workers(case, 1_000, deadline)) for deadline in DEADLINES.values()),
                *(figure(case.computing(hours, prices)) for hours in AMOUNTS),
            ])  # fmt: skip
    head = ["preset", "way", "core hours", "GPU hours busy", "GPU hours paid"]
    until = [f"workers, {name}" for name in DEADLINES]
    return table([*head, *until, "computing costs", "for 1,000,000 h"], rows)


def by_stage(_: Prices) -> str:
    rows: list[list[object]] = []
    for preset, case in PLANNED.items():
        spent = {stage: (value, 0.0) for stage, value in case.cores.items()}
        spent |= {stage: (0.0, value) for stage, value in case.gpu.items()}
        for stage, both in sorted(spent.items(), key=lambda each: -sum(each[1])):
            if sum(both) >= 0.005:
                rows.append([f"`{preset}`", stage, *(figure(hours * each) for hours in AMOUNTS for each in both)])
    head = [f"{hours:,} h: {unit} hours" for hours in AMOUNTS for unit in ("core", "GPU")]
    return table(["preset", "stage", *head], rows)


def storage(_: Prices) -> str:
    film = PLANNED["film-dialogue"]
    rows = []
    for case in (PLANNED["subtitles-yue"], film, replace(film, source="broadcast master"), PLANNED["podcast"]):
        flac, opus = (replace(case, kept=kind).bytes_sound for kind in ("flac", "opus"))
        sizes = (case.bytes_in, case.bytes_sound, flac, opus, case.bytes_film, case.bytes_text)
        rows.append([f"`{case.preset}`", case.source, *(figure(size / 1e9) for size in sizes)])
    head = ["source", "in", "sound as WAV", "as FLAC", "as Opus", "film with new sound", "all else"]
    return table(["preset", *head], rows)


def network(_: Prices) -> str:
    rows = []
    for name, case in CASES.items():
        for hours in AMOUNTS:
            rates = [
                [figure(gbit_per_s(hours * size, deadline)) for size in (case.bytes_in, case.bytes_out)]
                for deadline in DEADLINES.values()
            ]
            rows.append([name, f"{hours:,}", *(f"{into} in, {out} out" for into, out in rates)])
    return table(["of", "hours", *(f"Gbit/s over {name}" for name in DEADLINES)], rows)


# --- money


def drivers(prices: Prices) -> str:
    few, many = AMOUNTS
    rows = []
    for name, case in CASES.items():
        total = case.cost(many, prices)
        for driver, item in case.costs(many, prices).items():
            if item.amount:
                amount, small = f"{figure(item.amount)} {item.unit}", figure(item.cost * few / many)
                share = percent(item.cost / total)
                rows.append([name, driver, amount, f"{item.price:g}", small, figure(item.cost), share])
    return table(["1,000,000 hours of", "driver", "amount", "unit price", "for 1,000 h", "cost", "of all"], rows)


def sensitivity(prices: Prices) -> str:
    plan, none, again = Case(), Case(kept="none"), done_twice_on_spot()
    year = replace(prices, months=12 * prices.months)
    changes: list[tuple[str, Case, Prices]] = [
        ("as planned", plan, prices),
        ("results stay where they are made", replace(plan, leaves=False), prices),
        ("FLAC instead of WAV", replace(plan, kept="flac"), prices),
        ("Opus instead of WAV", replace(plan, kept="opus"), prices),
        ("no sound files kept", none, prices),
        *((f"no sound files kept, {name}", case, prices) for name, case in {
            "turbo": replace(none, model="large-v3-turbo"),
            "models at the low end (batches, a newer GPU)": replace(none, level="low"),
            "models at the high end (no batches)": replace(none, level="high"),
            "one worker on a GPU": replace(none, actors=1),
            "four workers on a GPU": replace(none, actors=4),
            f"spot at 0.4 of the price ({percent(again)} done twice)": replace(none, spot=0.4, again=again),
            "cores with base": replace(none, way="cores", model="base"),
            "cores with large-v3": replace(none, way="cores"),
            "broadcast masters fetched": replace(none, source="broadcast master"),
            "sound alone fetched": replace(none, source="sound alone"),
        }.items()),
        ("kept twelve times as long", plan, year),
        ("no sound files kept, kept twelve times as long", none, year),
    ]  # fmt: skip
    hours = AMOUNTS[1]
    base = plan.cost(hours, prices)
    rows = []
    for name, case, paid in changes:
        computing, cost = case.computing(hours, paid), case.cost(hours, paid)
        rows.append([name, figure(computing), figure(cost - computing), figure(cost), f"{cost / base:.2f}"])
    return table(["`subtitles-yue`, 1,000,000 hours", "computing", "keeping, moving", "cost", "by the plan"], rows)


# --- the driver


def bottleneck(_: Prices) -> str:
    case = Case()
    rows = []
    for hours in AMOUNTS:
        jobs = hours * HOUR_S / MEAN_S
        for name, deadline in DEADLINES.items():
            rate, running = jobs / (deadline * HOUR_S), workers(case, hours, deadline)
            busy = load(rate, running)
            needed, ledger_mb = max(1, math.ceil(busy / 0.5)), jobs * LIMITS.bytes_per_job / 1e6
            rows.append([f"{hours:,}", name, count(running), figure(rate), percent(busy), needed, figure(ledger_mb)])
    head = ["jobs a second", "one driver is busy", "drivers at half load", "ledgers, MB together"]
    return table(["hours", "in", "workers", *head], rows)
