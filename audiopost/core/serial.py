"""Dataclasses to plain JSON values and back, by their type hints. Audio goes through hooks of the caller."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeVar, Union

from .audio import Audio
from .errors import BadValue

T = TypeVar("T")


def to_json(value: Any, audio: Callable[[Audio, str], Any] | None = None, where: str = "") -> Any:
    """JSON values for `value`; `audio(audio, where)` writes an Audio. Raises BadValue for foreign types."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Audio):
        if audio is None:
            raise BadValue(f"Audio at {where or 'the top'} needs a hook to be written as JSON.", value=where)
        return audio(value, where)
    if isinstance(value, Fraction):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: to_json(getattr(value, f.name), audio, f"{where}.{f.name}".lstrip("."))
            for f in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {str(k): to_json(v, audio, f"{where}.{k}".lstrip(".")) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(v, audio, f"{where}.{i}".lstrip(".")) for i, v in enumerate(value)]
    raise BadValue(f"{type(value).__name__} at {where!r} has no JSON form.", value=value)


def from_json(kind: Any, data: Any, audio: Callable[[Any], Audio] | None = None, where: str = "") -> Any:
    """A `kind` out of JSON values. Raises BadValue that names the place for missing, unknown or mistyped fields."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return data
    if origin in (Union, types.UnionType):
        if data is None and type(None) in arguments:
            return None
        plain = [a for a in arguments if a is not type(None)]
        if len(plain) > 1:
            if not isinstance(data, typing.cast(Any, tuple(plain))):
                raise _mistyped(kind, data, where)
            return data
        return from_json(plain[0], data, audio, where)
    if kind is Audio:
        if audio is None:
            raise BadValue(f"Audio at {where} needs a hook to be read from JSON.", value=where)
        return audio(data)
    if kind is Fraction:
        return Fraction(data)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, data, audio, where)
    if origin is tuple:
        if not isinstance(data, list):
            raise _mistyped(kind, data, where)
        kinds = [arguments[0]] * len(data) if arguments[-1] is Ellipsis else list(arguments)
        if len(kinds) != len(data):
            raise _mistyped(kind, data, where)
        return tuple(from_json(k, v, audio, f"{where}.{i}") for i, (k, v) in enumerate(zip(kinds, data, strict=True)))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(data, dict):
            raise _mistyped(kind, data, where)
        return {k: from_json(arguments[1], v, audio, f"{where}.{k}") for k, v in data.items()}
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        raise _mistyped(kind, data, where)
    return data


@functools.cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _dataclass(kind: Any, data: Any, audio: Callable[[Any], Audio] | None, where: str) -> Any:
    if not isinstance(data, dict):
        raise _mistyped(kind, data, where)
    hints = _hints(kind)
    fields = {f.name: f for f in dataclasses.fields(kind)}
    unknown = [name for name in data if name not in fields]
    if unknown:
        raise BadValue(f"{where or kind.__name__} has no field {unknown[0]!r}.", value=unknown[0], choices=fields)
    required = (n for n, f in fields.items() if f.default is f.default_factory is dataclasses.MISSING)
    absent = [name for name in required if name not in data]
    if absent:
        raise BadValue(f"{where or kind.__name__} lacks {', '.join(absent)}.", value=absent)
    return kind(**{n: from_json(hints[n], v, audio, f"{where}.{n}".lstrip(".")) for n, v in data.items()})


def _mistyped(kind: Any, data: Any, where: str) -> BadValue:
    return BadValue(
        f"{where or 'The value'} should be {getattr(kind, '__name__', kind)}, got {str(data)[:60]!r}.", value=data
    )
