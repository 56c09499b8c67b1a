"""The arithmetic of docs/scaling.md, for scaling.py: hours, bytes and money of one hour of film, and what a deadline
takes. All out of scaling_figures.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from scaling_figures import (
    CPU,
    GPU,
    HOUR_S,
    KEPT,
    LIMITS,
    MARGIN,
    MEASURED,
    SOUND_BYTES_PER_S,
    SOURCES,
    STAGES,
    TEXT_BYTES_PER_S,
    TOLD_PER_S,
    TRANSFER,
    WRITTEN_PER_S,
    Level,
    Prices,
)


@dataclass(frozen=True)
class Item:
    """What is paid for: how much of it, in what unit, at what unit price."""

    amount: float
    unit: Literal["h", "GB-months", "GB"]
    price: float

    @property
    def cost(self) -> float:
        """In the currency of the prices."""
        return self.amount * self.price


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
    def models(self) -> dict[str, str]:
        """Stages that a model does; none in the way that is built in."""
        if self.way == "built in":
            return {}
        named = {"separate": "htdemucs", "transcribe": self.model, "diarise": "pyannote"}
        return {stage: name for stage, name in named.items() if stage in MEASURED[self.preset] or stage == "transcribe"}

    @property
    def cores(self) -> dict[str, float]:
        """Core hours of an hour of film by stage."""
        found = {stage: cost.cpu for stage, cost in MEASURED[self.preset].items() if stage not in self.models}
        if self.way == "cores":
            found |= {stage: CPU[stage][name].at(self.level) for stage, name in self.models.items()}
        if self.models:  # a transcript makes captions
            found.setdefault("subtitles", MEASURED["subtitles-en"]["subtitles"].cpu)
        return found

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
    def think(self) -> float:
        """Hours that a worker spends on an hour of film without the GPU: a stage after the other, one core each."""
        return self.transfer + sum(self.cores.values())

    @property
    def waits(self) -> float:
        """Hours for and on the GPU: mean value analysis of one server (the GPU) and `actors` who think between."""
        busy, queued, waits = sum(self.gpu.values()), 0.0, 0.0
        for actors in range(1, self.actors + 1):
            waits = busy * (1 + queued)
            queued = waits * actors / (self.think + waits)
        return waits

    @property
    def wall(self) -> float:
        """Hours that a worker has an hour of film in hand."""
        return self.think + self.waits

    @property
    def stages(self) -> list[float]:
        """Hours by stage for the simulation, in order, waiting for the GPU and transfers among them."""
        factor = self.waits / sum(self.gpu.values()) if self.gpu else 1.0
        spent = {**self.cores, **{stage: hours * factor for stage, hours in self.gpu.items()}}
        spent["decode"] += self.bytes_in / TRANSFER / HOUR_S
        spent["deliver"] += self.bytes_out / TRANSFER / HOUR_S
        return [spent[stage] for stage in STAGES if stage in spent]

    @property
    def paid_gpu(self) -> float:
        """GPU hours that are paid for an hour of film, idle ones among them, at `actors` workers on a GPU."""
        return self.wall / self.actors * (1 + self.again) if self.way == "gpu" else 0.0

    @property
    def paid_cores(self) -> float:
        """Core hours that are paid for an hour of film; those of a GPU's machine are in its price."""
        return 0.0 if self.way == "gpu" else self.wall * (1 + self.again)

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

    def costs(self, hours: float, prices: Prices) -> dict[str, Item]:
        """By driver."""
        gb = hours * self.bytes_out / 1e9
        return {
            "GPU hours": Item(hours * self.paid_gpu, "h", prices.gpu_hour * self.spot),
            "core hours": Item(hours * self.paid_cores, "h", prices.core_hour),
            "results kept": Item(gb * prices.months, "GB-months", prices.gb_month),
            "results taken out": Item(gb if self.leaves else 0.0, "GB", prices.egress_gb),
        }

    def cost(self, hours: float, prices: Prices) -> float:
        """All of them together."""
        return sum(item.cost for item in self.costs(hours, prices).values())

    def computing(self, hours: float, prices: Prices) -> float:
        """Of that the hours of GPUs and cores."""
        return sum(item.cost for item in self.costs(hours, prices).values() if item.unit == "h")


#: The presets of the page, as they are planned.
PLANNED: Mapping[str, Case] = {
    case.preset: case for case in (Case(), Case("film-dialogue"), Case("podcast", source="sound alone"))
}
#: The cases of the answer.
CASES: Mapping[str, Case] = {
    "subtitles (`subtitles-yue`, large-v3)": PLANNED["subtitles-yue"],
    "the same, no sound files kept": replace(PLANNED["subtitles-yue"], kept="none"),
    "film (`film-dialogue`, large-v3)": PLANNED["film-dialogue"],
    "podcast (`podcast`, large-v3)": PLANNED["podcast"],
}


def workers(case: Case, hours: float, deadline_h: float) -> int:
    """How many workers have it done in time, with the margin."""
    return math.ceil(hours * case.wall / deadline_h * MARGIN)


def gpus(case: Case, hours: float, deadline_h: float) -> int:
    """How many GPUs those workers share."""
    return math.ceil(workers(case, hours, deadline_h) / case.actors)


def gbit_per_s(size: float, deadline_h: float) -> float:
    """How wide a line moves `size` bytes in time."""
    return size * 8 / 1e9 / (deadline_h * HOUR_S)


def load(jobs_per_s: float, running: float) -> float:
    """What share of its time a driver is busy with so many jobs a second and so many workers."""
    progress = running * (WRITTEN_PER_S / LIMITS.moves_per_s + TOLD_PER_S / LIMITS.heard_per_s)
    return jobs_per_s / LIMITS.jobs_per_s + progress
