"""What a stage and a backend are, and how work reports on itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from .project import Project

#: Called with (step, completed, total); total 0 where unknown. Raise Cancelled in it to stop the work.
Progress = Callable[[str, float, float], None]


def silent(step: str, completed: float, total: float) -> None:
    """The progress callable that tells nobody."""


@dataclass(frozen=True)
class ModelInfo:
    """A model that did something: enough to find it again and to judge whether it may be used.

    `parts` are the models it consists of, where they are several: a network, and one whose opinion it hears.
    """

    name: str
    version: str
    licence: str
    source: str
    sha256: str
    parts: tuple[ModelInfo, ...] = ()

    @property
    def each(self) -> tuple[ModelInfo, ...]:
        """Its parts, or itself."""
        return self.parts or (self,)


@dataclass(frozen=True)
class Availability:
    """Whether a backend can run now; where not, `reason` says why and `remedy` what to type."""

    ready: bool
    reason: str
    remedy: str = ""


@dataclass(frozen=True)
class Choice:
    """The backend a stage took and why; `draft` is a warning that the result needs a person, else ''.

    `parts` names the backends of parts of the work, by their tables' names.
    """

    backend: str
    reason: str
    model: ModelInfo | None = None
    draft: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """The record of one stage of one run. The fields under 'timing' are the only ones that change between runs."""

    stage: str
    backend: str
    reason: str
    options: dict[str, Any]
    model: ModelInfo | None = None
    draft: str = ""
    warnings: tuple[str, ...] = ()
    input_sha256: str = ""
    output_sha256: str = ""
    timing: dict[str, float | str] | None = None
    parts: Mapping[str, str] = field(default_factory=dict)


class Backend(Protocol):
    """What every backend class of every stage offers besides its own work. Built with the stage's options.

    A class that loads its model as it is built has a classmethod `identify(options)` too: its `model`, not loaded.
    """

    name: ClassVar[str]
    draft: ClassVar[str]

    @classmethod
    def available(cls, options: Any) -> Availability:
        """Whether it could run with these options, found out in milliseconds and without the network."""
        ...

    def __init__(self, options: Any) -> None: ...

    @property
    def model(self) -> ModelInfo | None:
        """The model it uses; None for plain signal processing."""
        ...


OptionsT = TypeVar("OptionsT")


class BuiltIn(Generic[OptionsT]):
    """Base of the backends that need nothing but what pip installed: a subclass names itself and does the work."""

    name: ClassVar[str]
    draft: ClassVar[str] = ""
    reason: ClassVar[str] = "built in, needs no model"

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @classmethod
    def available(cls, options: OptionsT) -> Availability:
        return Availability(True, cls.reason)

    @property
    def model(self) -> ModelInfo | None:
        return None


class Stage(Protocol):
    """Project in, Project out. `requires` and `assigns` name attributes of Project."""

    name: ClassVar[str]
    requires: ClassVar[frozenset[str]]
    assigns: ClassVar[frozenset[str]]
    options_type: ClassVar[type[Any]]

    def __call__(self, project: Project, options: Any, progress: Progress) -> Project: ...
