"""What 1,000 and 1,000,000 hours take: python benchmarks/scaling.py [TABLE …] [--write] [--gpu-hour 0.8 …]

Prints the tables of docs/scaling.md, computed out of the figures below and a simulation of the queue
(scaling_queue.py); with --write puts them into that page. MEASURED and LIMITS were measured by scaling_measure.py on
the machine that stands in benchmarks/README.md. All else is a published figure of others or an assumption, and says so
in its own line. Prices are inputs: give yours. The same inputs give the same tables.
"""

from __future__ import annotations

import argparse
import functools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal

import scaling_queue as queue
from scaling_queue import HOUR_S, MEAN_S, Result, Setting, averaged, simulate

PAGE = Path(__file__).parent.parent / "docs" / "scaling.md"
AMOUNTS = (1_000, 1_000_000)
#: Until when it has to be done, in hours.
DEADLINES: Mapping[str, float] = {"a night (10 h)": 10.0, "a week": 168.0, "30 days": 720.0}
#: Workers are counted so much more than the work divided by the time: the simulation shows what for.
MARGIN = 1.2

# --- measured here


@dataclass(frozen=True)
class Stage:
    """CPU seconds of all threads and wall seconds, for a second of film; peak RSS in MB, 0 where it is not told."""

    cpu: float
    wall: float
    peak_mb: float = 0.0


#: By preset and stage, with what pip installs alone, models loaded: two films of a minute, 48 kHz stereo 24 bit,
#: meetings and telephone with music beneath a half, on two cores. Of two runs the one during which less else ran.
MEASURED: Mapping[str, Mapping[str, Stage]] = {
    "subtitles-yue": {
        "decode": Stage(0.0003, 0.0003),
        "diagnose": Stage(0.0457, 0.0580, 710),
        "separate": Stage(0.1877, 0.2139, 891),
        "denoise": Stage(0.0019, 0.0025, 789),
        "diarise": Stage(0.0339, 0.0266, 790),
        "deliver": Stage(0.0296, 0.0312),
    },
    "subtitles-en": {
        "decode": Stage(0.0003, 0.0003),
        "diagnose": Stage(0.0353, 0.0357, 849),
        "separate": Stage(0.1705, 0.1759, 1042),
        "denoise": Stage(0.0017, 0.0026, 929),
        "transcribe": Stage(0.2504, 0.2751, 929),
        "diarise": Stage(0.1411, 0.2355, 930),
        "subtitles": Stage(0.0007, 0.0010, 930),
        "deliver": Stage(0.0287, 0.0376),
    },
    "film-dialogue": {
        "decode": Stage(0.0003, 0.0003),
        "diagnose": Stage(0.0377, 0.0379, 803),
        "restore": Stage(0.0139, 0.0140, 803),
        "separate": Stage(0.1645, 0.1664, 983),
        "denoise": Stage(0.0018, 0.0025, 855),
        "diarise": Stage(0.1282, 0.1261, 855),
        "emotion": Stage(0.0148, 0.0133, 855),
        "scenes": Stage(0.0021, 0.0021, 855),
        "cues": Stage(0.0071, 0.0071, 855),
        "loudness": Stage(0.0092, 0.0092, 855),
        "deliver": Stage(0.0363, 0.0386),
    },
    "podcast": {
        "decode": Stage(0.0003, 0.0003),
        "diagnose": Stage(0.0402, 0.0580, 655),
        "restore": Stage(0.0125, 0.0169, 694),
        "denoise": Stage(0.1809, 0.2521, 700),
        "diarise": Stage(0.0850, 0.1270, 709),
        "loudness": Stage(0.0187, 0.0208, 747),
        "deliver": Stage(0.0256, 0.0306),
    },
}
#: All stages, in the order in which they run.
STAGES = (
    "decode", "diagnose", "restore", "separate", "denoise", "transcribe", "diarise", "emotion", "scenes", "cues",
    "subtitles", "loudness", "deliver",
)  # fmt: skip
#: Files of sound by preset, in bytes for a second of film: stereo files of 288,012, mono ones of 144,006.
SOUND_BYTES_PER_S = {
    "subtitles-yue": 5 * 288_012,
    "subtitles-en": 5 * 288_012,
    "film-dialogue": 6 * 288_012 + 2 * 144_006,
    "podcast": 3 * 288_012 + 2 * 144_006,
}
#: All else: captions, lists, RTTM, cue sheets, Project, record, and the page for people, which is most of it.
TEXT_BYTES_PER_S = {"subtitles-yue": 8_258, "subtitles-en": 9_463, "film-dialogue": 13_438, "podcast": 6_336}
#: The same films delivered as FLAC, by WAV: speech of 16 kHz, alike on both channels, is far easier than a film.
FLAC_MEASURED = 376_594 / SOUND_BYTES_PER_S["film-dialogue"]


@dataclass(frozen=True)
class Limits:
    """What a driver was measured to take in a second, its disk a local one: jobs through all of it, jobs through its
    ledger alone, progress written and progress heard; bytes of ledger for a job."""

    jobs_per_s: float
    ledger_jobs_per_s: float
    moves_per_s: float
    heard_per_s: float
    bytes_per_job: float


LIMITS = Limits(jobs_per_s=975, ledger_jobs_per_s=3_746, moves_per_s=33_000, heard_per_s=140_000, bytes_per_job=1_497)
#: Progress of a running job is written every 2 s and told at most every 0.25 s (drive.py, runner.py).
WRITTEN_PER_S, TOLD_PER_S = 0.5, 4.0

# --- models: measured here where the note says so


@dataclass(frozen=True)
class Cost:
    """Seconds for a second of film, from `low` to `high`, and where that is from."""

    low: float
    high: float
    source: str

    @property
    def middle(self) -> float:
        """The geometric mean."""
        return math.sqrt(self.low * self.high)

    def at(self, level: Level) -> float:
        """`low`, `middle` or `high`."""
        return float(getattr(self, level))


Level = Literal["low", "middle", "high"]

#: GPU seconds for a second of film. None was measured here: there is no GPU.
GPU: Mapping[str, Mapping[str, Cost]] = {
    "transcribe": {
        "large-v3": Cost(
            17 / 780, 63 / 780,
            "published for large-v2, 13 min, fp16, beam 5, RTX 3070 Ti: 17 s in batches of 8, 63 s without "
            "(faster-whisper, README)",
        ),
        "large-v3-turbo": Cost(
            19.2 / 780 * 17 / 63, 19.2 / 780,
            "published without batches: 19.2 s, RTX 2080 Ti (faster-whisper issue 1030); in batches: assumed to gain "
            "as large-v2 does",
        ),
    },
    "separate": {
        "htdemucs": Cost(
            0.96 / 50, 25 / 240,
            "low: our CPU figure by the 50 that a maintainer gives for GPUs (demucs issue 426); high: 25 s a song on "
            "an RTX 3090 (MusiConGen), a song assumed to be 4 min",
        ),
    },
    "diarise": {
        "pyannote": Cost(
            0.0125, 0.05,
            "published: 2.5 % (2.1) and 5 % (2.0) of real time on a V100; low: assumed, half of 2.1; community-1 is "
            "another pipeline",
        ),
    },
}  # fmt: skip
#: Core seconds for a second of film, int8 on the CPU.
CPU: Mapping[str, Mapping[str, Cost]] = {
    "transcribe": {
        "tiny": Cost(
            2 * 15.5 / 600, 0.10,
            "measured here on 2 threads, real size, random weights; low: 10 min in batches of 4 (benchmarks); high: "
            "0.05 of real time without",
        ),
        "base": Cost(
            2 * 27.1 / 600, 0.18,
            "as tiny: 27.1 s for 10 min in batches of 4; 0.09 of real time without",
        ),
        "small": Cost(
            0.71, 1.27,
            "low: measured here, 2.3 s a window and 84 ms a token on 2 threads, with 100 tokens a window assumed; "
            "high: published, 124 s for 13 min on 8 threads (faster-whisper, README)",
        ),
        "large-v3": Cost(4.5, 8.1, "assumed: as small, by the number of parameters (1,550 to 244 million)"),
    },
    "separate": {"htdemucs": Cost(0.96, 0.96, "measured here: 0.48 on 2 cores, 42 million random weights")},
    "diarise": {"pyannote": Cost(1.4, 1.4, "measured here: embedding 0.7 on 2 cores, random weights of real size")},
}  # fmt: skip

# --- assumptions

#: Sources: Mbit/s, and what is meant.
SOURCES: Mapping[str, float] = {"sound alone": 2.304, "proxy": 8.0, "broadcast master": 50.0}
#: Sound files by how they are kept: bytes by those of 24-bit WAV.
KEPT: Mapping[str, float] = {"wav": 1.0, "flac": 0.55, "opus": 160_000 / 8 / 288_012, "none": 0.0}
#: What one worker moves from and to where the recordings lie, in bytes a second; it computes nothing meanwhile.
TRANSFER = 100e6


@dataclass(frozen=True)
class Prices:
    """What things cost, in one currency: the defaults are round figures near list prices of large clouds in dollars."""

    gpu_hour: float = 0.80  #: a GPU of 24 GB with its machine's cores
    core_hour: float = 0.04
    gb_month: float = 0.023
    egress_gb: float = 0.09
    months: float = 1.0  #: how long results are kept


@dataclass(frozen=True)
class Case:
    """One way to do it.

    `way` 'built in' takes what pip installs, on cores; 'cores' and 'gpu' take models. `level` is where in the range of
    the models' costs; `actors` workers share a GPU. `kept` names how sound is kept, `leaves` says whether results are
    taken out of where they are made. `spot` is what a GPU hour costs by the list price, `again` the share of work that
    is done twice for it.
    """

    preset: str = "subtitles-yue"
    way: Literal["built in", "cores", "gpu"] = "gpu"
    model: str = "large-v3"
    level: Level = "middle"
    actors: int = 2
    source: str = "proxy"
    kept: str = "wav"
    leaves: bool = True
    spot: float = 1.0
    again: float = 0.0

    # --- time

    @property
    def cores(self) -> dict[str, float]:
        """Core hours of an hour of film by stage, with what moves it."""
        found = {stage: cost.cpu for stage, cost in MEASURED[self.preset].items()}
        if self.way == "built in":
            return found
        found = {stage: cpu for stage, cpu in found.items() if stage not in GPU}
        if self.way == "cores":
            found |= {stage: CPU[stage][name].at(self.level) for stage, name in self.models.items()}
        found |= {"subtitles": MEASURED["subtitles-en"]["subtitles"].cpu} if "subtitles" not in found else {}
        return found

    @property
    def models(self) -> dict[str, str]:
        """Stages that a model does."""
        named = {"separate": "htdemucs", "transcribe": self.model, "diarise": "pyannote"}
        return {stage: name for stage, name in named.items() if stage in MEASURED[self.preset] or stage == "transcribe"}

    @property
    def gpu(self) -> dict[str, float]:
        """GPU hours of an hour of film by stage; none in the other ways."""
        if self.way != "gpu":
            return {}
        return {stage: GPU[stage][name].at(self.level) for stage, name in self.models.items()}

    @property
    def transfer(self) -> float:
        """Hours to fetch an hour of film and to publish its results, both not overlapped with computing."""
        return (self.bytes_in + self.bytes_out) / TRANSFER / HOUR_S

    @property
    def wall(self) -> float:
        """Hours that a worker has an hour of film in hand: stages one after the other, one core each."""
        return self.think + self._waits() if self.way == "gpu" else self.transfer + sum(self.cores.values())

    @property
    def think(self) -> float:
        """Hours of that without the GPU."""
        return self.transfer + sum(self.cores.values())

    @property
    def paid_gpu(self) -> float:
        """GPU hours that are paid for an hour of film, idle ones among them, at `actors` workers on a GPU."""
        return self.wall / self.actors * (1 + self.again) if self.way == "gpu" else 0.0

    @property
    def paid_cores(self) -> float:
        """Core hours that are paid for an hour of film; those of a GPU's machine are in its price."""
        return 0.0 if self.way == "gpu" else self.wall * (1 + self.again)

    def _waits(self) -> float:
        """Hours for and on the GPU: mean value analysis of one server (the GPU) and `actors` who think between."""
        busy, queued, waits = sum(self.gpu.values()), 0.0, 0.0
        for actors in range(1, self.actors + 1):
            waits = busy * (1 + queued)
            queued = waits * actors / (self.think + waits)
        return waits

    @property
    def stages(self) -> list[float]:
        """Hours by stage for the simulation, in order, waiting for the GPU and transfers among them."""
        factor = self._waits() / sum(self.gpu.values()) if self.gpu else 1.0
        spent = {**self.cores, **{stage: hours * factor for stage, hours in self.gpu.items()}}
        spent["decode"] += self.bytes_in / TRANSFER / HOUR_S
        spent["deliver"] += self.bytes_out / TRANSFER / HOUR_S
        return [spent[stage] for stage in STAGES if stage in spent]

    # --- bytes

    @property
    def bytes_in(self) -> float:
        """Of an hour of film."""
        return SOURCES[self.source] * 1e6 / 8 * HOUR_S

    @property
    def bytes_sound(self) -> float:
        """Of sound files out of an hour of film."""
        return SOUND_BYTES_PER_S[self.preset] * HOUR_S * KEPT[self.kept]

    @property
    def bytes_film(self) -> float:
        """Of the film with the new sound: its picture is copied; only where there is a picture and a master."""
        has_film = "loudness" in MEASURED[self.preset] and self.source != "sound alone"
        return self.bytes_in if has_film else 0.0

    @property
    def bytes_text(self) -> float:
        """Of all else out of an hour of film."""
        return TEXT_BYTES_PER_S[self.preset] * HOUR_S

    @property
    def bytes_out(self) -> float:
        """Of all results of an hour of film."""
        return self.bytes_sound + self.bytes_film + self.bytes_text

    # --- money

    def costs(self, hours: float, prices: Prices) -> dict[str, tuple[float, str, float]]:
        """By driver: how much of it, in what unit, at what unit price."""
        gb = hours * self.bytes_out / 1e9
        return {
            "GPU hours": (hours * self.paid_gpu, "h", prices.gpu_hour * self.spot),
            "core hours": (hours * self.paid_cores, "h", prices.core_hour),
            "results kept": (gb * prices.months, "GB-months", prices.gb_month),
            "results taken out": (gb if self.leaves else 0.0, "GB", prices.egress_gb),
        }

    def cost(self, hours: float, prices: Prices) -> float:
        """All of them together."""
        return sum(amount * price for amount, _, price in self.costs(hours, prices).values())


def workers(case: Case, hours: float, deadline_h: float) -> int:
    """How many workers have it done in time, with the margin."""
    return math.ceil(hours * case.wall / deadline_h * MARGIN)


def gpus(case: Case, hours: float, deadline_h: float) -> int:
    """How many GPUs those workers share."""
    return math.ceil(workers(case, hours, deadline_h) / case.actors)


def load(jobs_per_s: float, running: float) -> float:
    """What share of its time a driver is busy with so many jobs a second and so many workers."""
    progress = running * (WRITTEN_PER_S / LIMITS.moves_per_s + TOLD_PER_S / LIMITS.heard_per_s)
    return jobs_per_s / LIMITS.jobs_per_s + progress


# --- tables


def figure(value: float) -> str:
    """Three figures, thousands marked."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    rounded = round(value, 2 - math.floor(math.log10(abs(value))))
    return f"{rounded:,.{min(digits, 4)}f}"


def count(value: float) -> str:
    """A whole number, thousands marked; three figures of large ones."""
    return figure(value) if value >= 1_000 else f"{value:.0f}"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def percent(share: float) -> str:
    """As people read it."""
    digits = 0 if share >= 0.1 else 1 if share >= 0.01 else 2
    return f"{100 * share:.{digits}f} %"


#: The cases of the answer.
CASES: Mapping[str, Case] = {
    "subtitles (`subtitles-yue`, large-v3)": Case(),
    "the same, no sound files kept": Case(kept="none"),
    "film (`film-dialogue`, large-v3)": Case("film-dialogue"),
    "podcast (`podcast`, large-v3)": Case("podcast", source="sound alone"),
}


def ranged(case: Case, value: Callable[[Case], float]) -> str:
    """The middle, and the range that the models' costs leave."""
    low, middle, high = (value(replace(case, level=level)) for level in ("low", "middle", "high"))
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
                figure(hours * (case.bytes_in + case.bytes_out) * 8 / 1e9 / (DEADLINES["a week"] * HOUR_S)),
                figure(case.cost(hours, prices)),
            ])  # fmt: skip
    until = [f"GPUs for {name}" for name in DEADLINES]
    return table(["hours", "of", "GPU hours", *until, "TB in", "TB out", "Gbit/s over a week", "cost"], rows)


def measured(prices: Prices) -> str:
    rows: list[list[object]] = []
    for stage in STAGES:
        cells = [preset.get(stage) for preset in MEASURED.values()]
        rows.append([stage, *(f"{cell.cpu:.4f}, {cell.wall:.4f}" if cell else "" for cell in cells)])
    totals = [list(preset.values()) for preset in MEASURED.values()]
    rows.append(["**all**", *(f"**{sum(s.cpu for s in t):.2f}, {sum(s.wall for s in t):.2f}**" for t in totals)])
    rows.append(["most memory, MB", *(f"{max(s.peak_mb for s in t):.0f}" for t in totals)])
    rows.append(["sound files, MB a second", *(f"{SOUND_BYTES_PER_S[name] / 1e6:.3f}" for name in MEASURED)])
    rows.append(["all else, kB a second", *(f"{TEXT_BYTES_PER_S[name] / 1e3:.1f}" for name in MEASURED)])
    return table(["stage: core s, wall s for a second", *(f"`{name}`" for name in MEASURED)], rows)


def models(prices: Prices) -> str:
    rows = []
    for unit, costs in (("GPU", GPU), ("core", CPU)):
        for stage, named in costs.items():
            for name, cost in named.items():
                span = figure(cost.low) if cost.low == cost.high else f"{figure(cost.low)} to {figure(cost.high)}"
                rows.append([stage, name, f"{span} {unit} s", figure(cost.middle), cost.source])
    return table(["stage", "model", "for a second of film", "taken", "from"], rows)


def assumptions(prices: Prices) -> str:
    rows: list[list[object]] = [
        [f"source, {name}", f"{rate:g} Mbit/s", f"{rate * 1e6 / 8 * HOUR_S / 1e9:.2f} GB an hour"]
        for name, rate in SOURCES.items()
    ]
    rows += [
        [f"sound kept as {name}", f"{share:.3f} of 24-bit WAV", {
            "wav": "exact: 48,000 × 2 × 3 bytes a second", "none": "they are removed once a job is done",
            "flac": f"assumed for films; measured {FLAC_MEASURED:.2f} on speech of 16 kHz",
            "opus": "exact: `deliver.format=opus` writes 80 kbit/s a channel; lossy",
        }[name]]
        for name, share in KEPT.items()
    ]  # fmt: skip
    rows += [
        ["transfer", f"{TRANSFER / 1e6:g} MB/s a worker", "assumed; not overlapped with computing"],
        ["length of a recording", f"{MEAN_S / 60:.1f} min in the mean", "; ".join(
            f"{share:.0%} {name} {low / 60:g} to {high / 60:g} min" for name, share, low, high in queue.LENGTHS)],
        ["GPU hour, its cores with it", prices.gpu_hour, "price, an input: `--gpu-hour`"],
        ["core hour", prices.core_hour, "price, an input: `--core-hour`"],
        ["GB for a month", prices.gb_month, "price, an input: `--gb-month`; kept `--months` (1)"],
        ["GB taken out", prices.egress_gb, "price, an input: `--egress-gb`; 0 on one's own machines"],
        ["margin of workers", f"{MARGIN:g}", "by the simulation below"],
    ]  # fmt: skip
    return table(["what", "value", "how it is known"], rows)


def arithmetic(prices: Prices) -> str:
    case, hours, deadline = Case(), 1_000, 10.0
    cores, busy = sum(case.cores.values()), sum(case.gpu.values())
    rows = [
        ["on cores", " + ".join(f"{stage} {value:.4f}" for stage, value in case.cores.items()), f"{cores:.4f}"],
        ["moved", f"({case.bytes_in / 1e9:.2f} + {case.bytes_out / 1e9:.2f} GB) / {TRANSFER / 1e6:g} MB/s / 3600",
         f"{case.transfer:.4f}"],
        ["on the GPU", " + ".join(f"{stage} {value:.4f}" for stage, value in case.gpu.items()), f"{busy:.4f}"],
        ["on it and waiting for it", f"{busy:.4f}, {case.actors} workers on a GPU", f"{case._waits():.4f}"],
        ["a worker has it in hand", "cores + moved + GPU with waiting", f"{case.wall:.4f}"],
        ["GPU hours paid", f"{case.wall:.4f} / {case.actors}; {percent(busy / case.paid_gpu)} of them busy",
         f"{case.paid_gpu:.4f}"],
        ["workers for a night", f"{hours:,} × {case.wall:.4f} / {deadline:g} × {MARGIN:g}",
         workers(case, hours, deadline)],
        ["GPUs for a night", f"{workers(case, hours, deadline)} / {case.actors}", gpus(case, hours, deadline)],
        ["TB out", f"{hours:,} × ({case.bytes_sound / 1e9:.3f} sound + {case.bytes_text / 1e9:.3f} else) GB",
         figure(hours * case.bytes_out / 1e12)],
    ]  # fmt: skip
    return table(["an hour of film, `subtitles-yue`, large-v3", "sum", "hours, or as named"], rows)


def compute(prices: Prices) -> str:
    rows = []
    for preset in ("subtitles-yue", "film-dialogue", "podcast"):
        source = "sound alone" if preset == "podcast" else "proxy"
        for name, case in {
            "built in, no Whisper": Case(preset, "built in", source=source),
            "cores, base": Case(preset, "cores", "base", source=source),
            "cores, small": Case(preset, "cores", "small", source=source),
            "cores, large-v3": Case(preset, "cores", source=source),
            "GPU, turbo": Case(preset, model="large-v3-turbo", source=source),
            "GPU, large-v3": Case(preset, source=source),
        }.items():
            cores, gpu = sum(case.cores.values()), sum(case.gpu.values())
            price = case.paid_gpu * prices.gpu_hour + case.paid_cores * prices.core_hour
            rows.append([
                f"`{preset}`", name, figure(1_000 * cores), figure(1_000 * gpu), figure(1_000 * case.paid_gpu),
                *(count(workers(case, 1_000, deadline)) for deadline in DEADLINES.values()),
                figure(1_000 * price), figure(1_000_000 * price),
            ])  # fmt: skip
    head = ["preset", "way", "core hours", "GPU hours busy", "GPU hours paid"]
    until = [f"workers, {name}" for name in DEADLINES]
    return table([*head, *until, "computing costs", "for 1,000,000 h"], rows)


def by_stage(prices: Prices) -> str:
    rows: list[list[object]] = []
    for preset in ("subtitles-yue", "film-dialogue", "podcast"):
        case = Case(preset, source="sound alone" if preset == "podcast" else "proxy")
        spent = {stage: (value, 0.0) for stage, value in case.cores.items()}
        spent |= {stage: (0.0, value) for stage, value in case.gpu.items()}
        for stage, (cores, gpu) in sorted(spent.items(), key=lambda each: -sum(each[1])):
            if cores + gpu >= 0.005:
                rows.append([f"`{preset}`", stage, *(figure(n * each) for n in AMOUNTS for each in (cores, gpu))])
    head = [f"{hours:,} h: {unit} hours" for hours in AMOUNTS for unit in ("core", "GPU")]
    return table(["preset", "stage", *head], rows)


def storage(prices: Prices) -> str:
    rows = []
    for preset, source in (
        ("subtitles-yue", "proxy"),
        ("film-dialogue", "proxy"),
        ("film-dialogue", "broadcast master"),
        ("podcast", "sound alone"),
    ):
        case = Case(preset, source=source)
        flac, opus = (replace(case, kept=kind).bytes_sound for kind in ("flac", "opus"))
        sizes = (case.bytes_in, case.bytes_sound, flac, opus, case.bytes_film, case.bytes_text)
        rows.append([f"`{preset}`", source, *(figure(size / 1e9) for size in sizes)])
    head = ["source", "in", "sound as WAV", "as FLAC", "as Opus", "film with new sound", "all else"]
    return table(["preset", *head], rows)


def network(prices: Prices) -> str:
    rows = []
    for name, case in CASES.items():
        for hours in AMOUNTS:
            rate = [
                [size * hours * 8 / 1e9 / (deadline * HOUR_S) for size in (case.bytes_in, case.bytes_out)]
                for deadline in DEADLINES.values()
            ]
            rows.append([name, f"{hours:,}", *(f"{figure(into)} in, {figure(out)} out" for into, out in rate)])
    return table(["of", "hours", *(f"Gbit/s over {name}" for name in DEADLINES)], rows)


def drivers(prices: Prices) -> str:
    rows = []
    for name, case in CASES.items():
        total = case.cost(1_000_000, prices)
        for driver, (amount, unit, price) in case.costs(1_000_000, prices).items():
            if amount:
                share = percent(amount * price / total)
                small = figure(amount * price / 1_000)
                rows.append(
                    [name, driver, f"{figure(amount)} {unit}", f"{price:g}", small, figure(amount * price), share]
                )
    return table(["1,000,000 hours of", "driver", "amount", "unit price", "for 1,000 h", "cost", "of all"], rows)


def sensitivity(prices: Prices) -> str:
    spot = simulated("spot, share")
    again = spot.lost_s / spot.useful_s
    changes: dict[str, Case] = {
        "as planned": Case(),
        "results stay where they are made": Case(leaves=False),
        "FLAC instead of WAV": Case(kept="flac"),
        "Opus instead of WAV": Case(kept="opus"),
        "no sound files kept": Case(kept="none"),
        "no sound files kept, turbo": Case(kept="none", model="large-v3-turbo"),
        "no sound files kept, models at the low end (batches, a newer GPU)": Case(kept="none", level="low"),
        "no sound files kept, models at the high end (no batches)": Case(kept="none", level="high"),
        "no sound files kept, one worker on a GPU": Case(kept="none", actors=1),
        "no sound files kept, four workers on a GPU": Case(kept="none", actors=4),
        f"no sound files kept, spot at 0.4 of the price ({percent(again)} done twice)": Case(
            kept="none", spot=0.4, again=again
        ),
        "no sound files kept, cores with base": Case(kept="none", way="cores", model="base"),
        "no sound files kept, cores with large-v3": Case(kept="none", way="cores"),
        "no sound files kept, broadcast masters fetched": Case(kept="none", source="broadcast master"),
        "no sound files kept, sound alone fetched": Case(kept="none", source="sound alone"),
    }
    base, year = Case().cost(1_000_000, prices), replace(prices, months=12 * prices.months)
    rows = []
    year_rows = [
        ("kept twelve times as long", Case()),
        ("no sound files kept, kept twelve times as long", Case(kept="none")),
    ]
    for name, case, paid in [
        *((name, case, prices) for name, case in changes.items()),
        *((name, case, year) for name, case in year_rows),
    ]:
        computing = sum(amount * price for amount, unit, price in case.costs(1_000_000, paid).values() if unit == "h")
        cost = case.cost(1_000_000, paid)
        rows.append([name, figure(computing), figure(cost - computing), figure(cost), f"{cost / base:.2f}"])
    return table(["`subtitles-yue`, 1,000,000 hours", "computing", "keeping, moving", "cost", "by the plan"], rows)


def bottleneck(prices: Prices) -> str:
    rows = []
    for hours in AMOUNTS:
        for name, deadline in DEADLINES.items():
            case = Case()
            rate, running = hours * HOUR_S / MEAN_S / (deadline * HOUR_S), workers(case, hours, deadline)
            busy = load(rate, running)
            needed = max(1, math.ceil(busy / 0.5))
            ledger_mb = hours * HOUR_S / MEAN_S * LIMITS.bytes_per_job / 1e6
            rows.append([f"{hours:,}", name, count(running), figure(rate), percent(busy), needed, figure(ledger_mb)])
    head = ["jobs a second", "one driver is busy", "drivers at half load", "ledgers, MB together"]
    return table(["hours", "in", "workers", *head], rows)


# --- simulations

FILM = Case("film-dialogue")
NIGHT = workers(FILM, 1_000, 10.0)
#: Slices of the large job, in thousands of hours.
SLICES = (1, 10, 100)


def _settings() -> dict[str, tuple[float, Setting]]:
    """By name: hours, and what the queue meets."""
    base = Setting(NIGHT)
    found: dict[str, tuple[float, Setting]] = {
        "plain": (1_000, replace(base, crash=0.0, spread=0.0, slow=0.0)),
        "stragglers": (1_000, replace(base, crash=0.0)),
        "longest first": (1_000, replace(base, crash=0.0, order="longest first")),
        "shortest first": (1_000, replace(base, crash=0.0, order="shortest first")),
    }
    for crash in (0.001, 0.01, 0.05):
        for alone in ("batch", "worker"):
            found[f"crash {crash:g}, {alone}"] = (1_000, replace(base, crash=crash, alone=alone))
    for per_h in (0.001, 0.02, 0.2, 1.0):
        for resume in (True, False):
            setting = replace(base, crash=0.0, loss_per_h=per_h, resume=resume)
            found[f"lost {per_h:g}, {'share' if resume else 'store'}"] = (1_000, setting)
    found["spot, share"] = found["lost 0.02, share"]
    for per_h in (0.1, 1.0):
        found[f"restart {per_h:g}"] = (1_000, replace(base, crash=0.0, restart_per_h=per_h))
    for count in (5, 10, 20, 50, 100, 200, 500, 1_000):
        for order in ("as listed", "longest first"):
            setting = replace(base, workers=count, crash=0.0, order=order)
            found[f"{count} workers, {order}"] = (1_000, setting)
    for times in SLICES:
        for alone in ("batch", "worker"):
            setting = replace(base, workers=NIGHT * times, alone=alone, order="longest first")
            found[f"slice {times}, {alone}"] = (1_000 * times, setting)
    return found


SETTINGS = _settings()


@functools.cache
def simulated(name: str) -> Result:
    """The mean over five seeds; over one for the large slices, whose jobs are many."""
    hours, setting = SETTINGS[name]
    return averaged(hours, FILM.stages, setting) if hours <= 1_000 else simulate(hours, FILM.stages, setting)


def told(name: str) -> list[str]:
    """How a simulation ended, for a row."""
    result = simulated(name)
    return [
        f"{result.ideal_s / HOUR_S:.2f}", f"{result.makespan_s / HOUR_S:.2f}", f"{result.stretch:.2f}",
        percent(result.utilisation), f"{result.tail_s / HOUR_S:.2f}",
    ]  # fmt: skip


HEAD = ["ideal h", "took h", "by ideal", "of the workers' time used", "last 1 % h"]


def order(prices: Prices) -> str:
    rows = [
        ["no stragglers, as listed", *told("plain")],
        ["as listed", *told("stragglers")],
        ["longest first", *told("longest first")],
        ["shortest first", *told("shortest first")],
    ]
    return table([f"{NIGHT} workers, no failures", *HEAD], rows)


def crashes(prices: Prices) -> str:
    rows = []
    for crash in (0.001, 0.01, 0.05):
        for alone, words in (("batch", "one machine: nothing else runs"), ("worker", "Ray: alone on its actor")):
            result = simulated(f"crash {crash:g}, {alone}")
            rows.append([
                percent(crash), words, *told(f"crash {crash:g}, {alone}"), result.crashes,
                f"{result.quarantined} of {result.jobs}", f"{result.alone_s / HOUR_S:.2f}",
            ])  # fmt: skip
    return table(["attempts that crash", "tried again", *HEAD, "crashes", "quarantined", "second attempts h"], rows)


def losses(prices: Prices) -> str:
    rows = []
    for per_h in (0.001, 0.02, 0.2, 1.0):
        for place, words in (("share", "a share: goes on by stages"), ("store", "a store: from the beginning")):
            name = f"lost {per_h:g}, {place}"
            result = simulated(name)
            lost = percent(result.lost_s / result.useful_s)
            rows.append([f"every {1 / per_h:g} h", words, *told(name), result.losses, lost, result.quarantined])
    for per_h in (0.1, 1.0):
        name = f"restart {per_h:g}"
        result = simulated(name)
        lost = percent(result.lost_s / result.useful_s)
        rows.append([
            f"the driver, every {1 / per_h:g} h", "a share: goes on by stages", *told(name), result.losses, lost,
            result.quarantined,
        ])  # fmt: skip
    return table(["a worker is lost", "results on", *HEAD, "jobs cut off", "work done twice", "quarantined"], rows)


def counts(prices: Prices) -> str:
    rows = []
    for count in (5, 10, 20, 50, 100, 200, 500, 1_000):
        listed, longest = (simulated(f"{count} workers, {way}") for way in ("as listed", "longest first"))
        rows.append([
            count, f"{listed.jobs / count:.0f}", f"{listed.ideal_s / HOUR_S:.2f}", f"{listed.makespan_s / HOUR_S:.2f}",
            percent(listed.utilisation), f"{longest.makespan_s / HOUR_S:.2f}", percent(longest.utilisation),
        ])  # fmt: skip
    head = ["jobs each", "ideal h", "as listed h", "used", "longest first h", "used"]
    return table(["workers for 1,000 hours", *head], rows)


@functools.cache
def ledgers(many: int) -> tuple[float, float, int]:
    """So many ledgers of 1,000 hours with workers of their own: hours until the last is done, share of all workers'
    time that was used, jobs."""
    setting = SETTINGS["slice 1, batch"][1]
    each = [simulate(1_000, FILM.stages, setting, seed) for seed in range(1_000, 1_000 + 10 * many, 10)]
    last_s = max(result.makespan_s for result in each)
    used = sum(result.useful_s for result in each) / (many * setting.workers * last_s)
    return last_s / HOUR_S, used, sum(result.jobs for result in each)


def slices(prices: Prices) -> str:
    rows = []
    for times in SLICES:
        for alone, words in (("batch", "one machine: nothing else runs"), ("worker", "Ray: alone on its actor")):
            result = simulated(f"slice {times}, {alone}")
            rows.append([
                f"{1_000 * times:,}, one ledger", f"{result.workers:,}", f"{result.jobs:,}", words,
                f"{result.ideal_s / HOUR_S:.1f}", f"{result.makespan_s / HOUR_S:.1f}", percent(result.utilisation),
                f"{result.alone_s / HOUR_S:.1f}",
            ])  # fmt: skip
    hours, used, jobs = ledgers(100)
    setting, words = SETTINGS["slice 1, batch"][1], "one machine each: nothing else of its ledger runs"
    rows.append(
        [
            "100,000, 100 ledgers",
            f"{100 * setting.workers:,}",
            f"{jobs:,}",
            words,
            "",
            f"{hours:.1f}",
            percent(used),
            "",
        ]
    )
    largest = simulated(f"slice {SLICES[-1]}, batch")
    times = 1_000 // SLICES[-1]
    alone_h, ideal_h = times * largest.alone_s / HOUR_S, largest.ideal_s / HOUR_S
    took_h = largest.makespan_s / HOUR_S + alone_h - largest.alone_s / HOUR_S
    used = largest.useful_s * times / (times * largest.workers * took_h * HOUR_S)
    rows.append([
        "1,000,000, one ledger, by ten times the last attempts", f"{times * largest.workers:,}",
        f"{times * largest.jobs:,}", "one machine: nothing else runs", f"{ideal_h:.1f}", f"{took_h:.0f}", percent(used),
        f"{alone_h:.0f}",
    ])  # fmt: skip
    head = ["workers", "jobs", "second attempts", "ideal h", "took h", "of the workers' time used", "second attempts h"]
    return table(["hours", *head], rows)


TABLES: Mapping[str, Callable[[Prices], str]] = {
    "answer": answer, "measured": measured, "models": models, "assumptions": assumptions, "arithmetic": arithmetic,
    "compute": compute, "by stage": by_stage, "storage": storage, "network": network, "drivers": drivers,
    "sensitivity": sensitivity, "order": order, "counts": counts, "crashes": crashes, "losses": losses,
    "slices": slices, "bottleneck": bottleneck,
}  # fmt: skip


def written(text: str, names: Sequence[str] = tuple(TABLES), prices: Prices = Prices()) -> str:
    """`text` with the tables between its marks made anew. Raises ValueError for a mark that is not there."""
    for name in names:
        mark = re.compile(rf"(<!-- table: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
        made = TABLES[name](prices) + "\n"
        text, found = mark.subn(lambda match: match[1] + made + match[2], text)  # noqa: B023 - called at once
        if found != 1:
            raise ValueError(f"The page has {found} places for the table {name!r}.")
    return text


def main() -> None:
    """Prints the tables, or puts them into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of: {', '.join(TABLES)}")
    parser.add_argument("--write", action="store_true", help="put them into docs/scaling.md")
    for field in fields(Prices):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float, default=field.default)
    arguments = parser.parse_args()
    if unknown := set(arguments.tables) - set(TABLES):
        parser.error(f"there is no table {', '.join(sorted(unknown))}; there are: {', '.join(TABLES)}")
    prices = Prices(**{field.name: getattr(arguments, field.name) for field in fields(Prices)})
    if arguments.write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), prices=prices), encoding="utf-8")
        return
    for name in arguments.tables or TABLES:
        print(f"\n{name}\n\n{TABLES[name](prices)}")


if __name__ == "__main__":
    main()
