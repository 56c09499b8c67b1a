"""What would run now, and what one model more would change: asked of the backends themselves, nothing is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..core.registry import AUTO, Backends
from ..core.stage import Availability
from ..models import store
from ..presets import STAGES, Preset, backends_of, load, names, stage


@dataclass(frozen=True)
class Pick:
    """The `backend` that options would run, '' for none, and `why`; `better` is what to do for one that `auto` puts
    before it, which is `instead`; both '' where nothing helps or it is the best already."""

    backend: str
    why: str
    better: str
    instead: str


@dataclass(frozen=True)
class Gain:
    """What a model would change: `stage` of `preset` would run `after` in place of `before` ('' for none)."""

    preset: str
    stage: str
    before: str
    after: str


def picked(table: Backends, options: Any) -> Pick:
    """What would run with these options of the table's stage."""
    backend = table.pick(options)
    states = {name: table.resolve(name).available(options) for name in table.auto}
    above = table.auto[: table.auto.index(backend)] if backend in table.auto else table.auto
    instead = next((name for name in above if states[name].remedy), "")
    return Pick(
        backend or "",
        states[backend].reason if backend in states else "",
        states[instead].remedy if instead else "",
        instead,
    )


def picks(preset: Preset) -> dict[str, Pick]:
    """What each stage of a preset, and each part of one, would run."""
    return {table.stage: picked(table, options) for table, options in _asked(preset)}


def readiness() -> dict[str, dict[str, Availability]]:
    """By stage, and part of one, whether each of its backends can run here with default options."""
    tables = (each for name in STAGES for each in backends_of(name).asked(stage(name).options_type()))
    return {
        table.stage: {name: table.resolve(name).available(options) for name in table.names} for table, options in tables
    }


def _asked(preset: Preset) -> Iterator[tuple[Backends, Any]]:
    return (each for name in preset.stages for each in backends_of(name).asked(preset.options[name]))


def gains(preset_names: tuple[str, ...] | None = None) -> dict[str, tuple[Gain, ...]]:
    """By model that is not here, what it alone would change of the choices of `auto` in these presets, else in all.

    Only what a backend itself names as its remedy counts: a package that is missing too stands in the way.
    """
    pulls = {store.pull_command(model.name): model.name for model in store.listing() if model.path is None}
    found: dict[str, list[Gain]] = {}
    for name in names() if preset_names is None else preset_names:
        for table, options in _asked(load(name)):
            if options.backend != AUTO:
                continue
            pick = picked(table, options)
            if pick.better in pulls:
                gain = Gain(name, table.stage, pick.backend, pick.instead)
                found.setdefault(pulls[pick.better], []).append(gain)
    return {name: tuple(changes) for name, changes in found.items()}
