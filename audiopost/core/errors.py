"""Every error audiopost raises on purpose.

    AudiopostError                 exit code 1
    ├── InputError                 the recording cannot be used
    │   ├── EmptyMedia               no bytes, or no samples
    │   ├── UnreadableMedia          not a media file, or broken beyond reading
    │   └── NoAudioTrack             a film without sound
    ├── UsageError                 wrong use: exit code 2
    │   ├── UnknownName              an option, preset, backend or stage that does not exist
    │   └── BadValue                 a value outside its range or type
    ├── Unavailable                right use, but something is not installed or not here
    │   ├── MissingExtra             a Python package is missing
    │   └── MissingModel             weights are missing
    ├── OutputError                the result cannot be written
    │   └── DiskFull
    ├── StageError                 a backend failed on this input
    └── Cancelled                  the user stopped the work

A message names the value, the choices and the remedy; the parts stay available as attributes
and survive pickling, so that a worker process can hand its error to its parent whole.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AudiopostError(Exception):
    """Base of all of them. `problem` is a sentence; `choices` and `remedy` may be empty."""

    exit_code = 1

    def __init__(self, problem: str, *, value: object = None, choices: Iterable[str] = (), remedy: str = "") -> None:
        self.problem = problem
        self.value = value
        self.choices = tuple(choices)
        self.remedy = remedy
        super().__init__(problem)

    def __str__(self) -> str:
        parts = [self.problem]
        if self.choices:
            parts.append(f"Choices: {', '.join(self.choices)}.")
        if self.remedy:
            parts.append(self.remedy)
        return " ".join(parts)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.problem, self.value, self.choices, self.remedy)


def _rebuild(
    kind: type[AudiopostError], problem: str, value: object, choices: tuple[str, ...], remedy: str
) -> AudiopostError:
    error = kind.__new__(kind)
    AudiopostError.__init__(error, problem, value=value, choices=choices, remedy=remedy)
    return error


class InputError(AudiopostError):
    """The recording cannot be used."""


class EmptyMedia(InputError):
    """No bytes, or no samples."""


class UnreadableMedia(InputError):
    """Not a media file, or broken beyond reading."""


class NoAudioTrack(InputError):
    """A film without sound."""


class UsageError(AudiopostError):
    """Wrong use: the caller asked for something that cannot be asked for."""

    exit_code = 2


class UnknownName(UsageError):
    """An option, preset, backend or stage that does not exist; the nearest name is offered."""

    def __init__(self, kind: str, name: str, choices: Iterable[str], *, where: str = "") -> None:
        names = tuple(choices)
        near = difflib.get_close_matches(name, names, n=1)
        super().__init__(
            f"There is no {kind} {name!r}{f' in {where}' if where else ''}.",
            value=name,
            choices=names,
            remedy=f"Did you mean {near[0]!r}?" if near else "",
        )


class BadValue(UsageError):
    """A value outside its range or of the wrong type."""


class Unavailable(AudiopostError):
    """Right use, but something is not installed or not on this machine."""


class MissingExtra(Unavailable):
    """A Python package is missing; the remedy is a pip command."""


class MissingModel(Unavailable):
    """Weights are missing; the remedy is a pull command."""


class OutputError(AudiopostError):
    """The result cannot be written."""


class DiskFull(OutputError):
    """No room on the device of the output."""


class StageError(AudiopostError):
    """A backend failed on this input."""


class Cancelled(AudiopostError):
    """The user stopped the work; what was finished is kept."""
