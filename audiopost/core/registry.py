"""Backends by name: a literal table for each stage, imported on use, extended by plug-ins.

A plug-in is any installed package with an entry point in the group `audiopost.backends`
whose name is '<stage>.<backend>' and whose value is 'module:Class'.
"""

from __future__ import annotations

import functools
import importlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .errors import MissingExtra, MissingModel, UnknownName
from .stage import Choice

log = logging.getLogger("audiopost")

#: Accepted wherever a backend's name is.
AUTO, EMBEDDED = "auto", "embedded"


def load(target: str) -> Any:
    """The object that 'module:Name' names."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


@functools.cache
def _plugins() -> Mapping[str, str]:
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group="audiopost.backends")}


@dataclass(frozen=True)
class Part:
    """A part of a stage's work that has backends of its own.

    The stage's option `option` names which; the part is left out where its option `wanted` is false.
    """

    backends: Backends
    option: str
    wanted: str

    def asked(self, options: Any) -> Any:
        """The stage's options as the part's backends read them; None where the part is left out."""
        return replace(options, backend=getattr(options, self.option)) if getattr(options, self.wanted) else None


@dataclass(frozen=True)
class Backends:
    """The backends of one stage: the table, the embedded ones, and what `auto` tries, both best first."""

    stage: str
    table: Mapping[str, str]
    embedded: tuple[str, ...]
    auto: tuple[str, ...]
    parts: tuple[Part, ...] = ()

    @property
    def plugins(self) -> dict[str, str]:
        prefix = self.stage + "."
        return {name[len(prefix) :]: target for name, target in _plugins().items() if name.startswith(prefix)}

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.table, *self.plugins)

    def asked(self, options: Any) -> Iterator[tuple[Backends, Any]]:
        """This table and those of the parts that are wanted, each with the options that its backends read."""
        yield self, options
        for part in self.parts:
            if (own := part.asked(options)) is not None:
                yield part.backends, own

    def resolve(self, name: str) -> Any:
        """The class behind a backend's name. Raises UnknownName."""
        target = self.table.get(name) or self.plugins.get(name)
        if target is None:
            raise UnknownName("backend", name, (AUTO, EMBEDDED, *self.names), where=self.stage)
        return load(target)

    def check(self, options: Any) -> Any:
        """The class of the backend that `options.backend` names. Raises UnknownName, MissingExtra, MissingModel."""
        name = self._named(options)
        cls = self.resolve(name)
        state = cls.available(options)
        if not state.ready:
            missing = MissingExtra if "pip install" in state.remedy else MissingModel
            raise missing(
                f"{self.stage}: {name} cannot run: {state.reason}.", value=name, remedy=f"Remedy: {state.remedy}."
            )
        return cls

    def pick(self, options: Any) -> str | None:
        """The name of the backend that `choose` would take, without building it; None where none can run."""
        if options.backend != AUTO:
            named = self._named(options)
            return named if self.resolve(named).available(options).ready else None
        return next((name for name in self.auto if self.resolve(name).available(options).ready), None)

    def choose(self, options: Any) -> tuple[Any, Choice]:
        """The backend that `options.backend` asks for, built, and the record of the choice.

        A named backend is taken or refused, never replaced; only 'auto' looks further.
        Raises UnknownName, MissingExtra, MissingModel.
        """
        if options.backend != AUTO:
            as_embedded = " as embedded" if options.backend == EMBEDDED else ""
            return self._built(self.check(options), options, f"asked for{as_embedded}")
        passed_over: list[str] = []
        remedies: list[str] = []
        for name in self.auto:
            cls = self.resolve(name)
            state = cls.available(options)
            if state.ready:
                why = f"auto: {state.reason}" + (f"; passed over {', '.join(passed_over)}" if passed_over else "")
                return self._built(cls, options, why)
            passed_over.append(f"{name} ({state.reason})")
            if state.remedy:
                remedies.append(state.remedy)
        raise MissingModel(
            f"{self.stage}: no backend can run here: {'; '.join(passed_over)}.",
            value=AUTO,
            remedy=f"Remedy: {remedies[0]}." if remedies else "See 'audiopost doctor'.",
        )

    def _named(self, options: Any) -> str:
        """What `options.backend` names: of those that are embedded the first that can do what is asked."""
        if options.backend != EMBEDDED:
            return str(options.backend)
        able = (name for name in self.embedded if self.resolve(name).available(options).ready)
        return next(able, self.embedded[0])

    def _built(self, cls: Any, options: Any, reason: str) -> tuple[Any, Choice]:
        backend = cls(options)
        choice = Choice(cls.name, reason, backend.model, cls.draft)
        log.info("%s: %s (%s)", self.stage, choice.backend, reason)
        return backend, choice
