"""Options: frozen dataclasses whose fields carry default, range, unit and a line of help.

    @dataclass(frozen=True)
    class Options:
        backend: str = option("auto", "which backend does the work")
        amount_db: float = option(24.0, "most reduction", low=0, high=60, unit="dB")

From one such class come the TOML validator, the command line flags and the workbench's widgets.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar, Union

from .errors import BadValue, UnknownName

T = TypeVar("T")


def option(
    default: Any,
    help: str,  # noqa: A002 - the word every argument parser uses
    *,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    choices: tuple[str, ...] = (),
    names_path: bool = False,
) -> Any:
    """A dataclass field with what validators and widgets need; `low` and `high` are inclusive.

    `names_path`: the value may be a file or folder of this machine, so the workbench does not offer it to visitors.
    """
    meta = {"help": help, "low": low, "high": high, "unit": unit, "choices": choices, "names_path": names_path}
    return dataclasses.field(default=default, metadata=meta)


@dataclasses.dataclass(frozen=True)
class OptionSpec:
    """One option as a validator or a widget sees it; `kind` is bool, int, float or str; `optional` allows None."""

    name: str
    kind: type
    default: Any
    help: str
    low: float | None
    high: float | None
    unit: str
    choices: tuple[str, ...]
    optional: bool
    names_path: bool = False

    @property
    def range_text(self) -> str:
        if self.choices:
            return ", ".join(self.choices)
        unit = f" {self.unit}" if self.unit else ""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}{unit}"
        if self.low is not None:
            return f"{self.low:g}{unit} or more"
        return f"at most {self.high:g}{unit}" if self.high is not None else self.unit

    def validate(self, value: Any, where: str) -> Any:
        """`value` as this option's type. Raises BadValue with value, range and place."""
        if value is None or (self.optional and isinstance(value, str) and value.lower() in ("none", "")):
            if self.optional:
                return None
            raise self._bad(value, where)
        try:
            value = _convert(value, self.kind)
        except (TypeError, ValueError) as error:
            raise self._bad(value, where) from error
        if self.choices and value not in self.choices:
            raise self._bad(value, where)
        below = self.low is not None and not value >= self.low
        if below or (self.high is not None and not value <= self.high):
            raise self._bad(value, where)
        return value

    def _bad(self, value: Any, where: str) -> BadValue:
        kind = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[self.kind]
        unit = f" in {self.unit}" if self.unit else ""
        wanted = f"{kind}{unit}{f', {self.range_text}' if self.low is not None or self.high is not None else ''}"
        return BadValue(
            f"{where}{self.name} = {value!r} is not {'one of its choices' if self.choices else wanted}.",
            value=value,
            choices=(*self.choices, "none") if self.choices and self.optional else self.choices,
            remedy=f"The default is {self.default!r}: {self.help}.",
        )


def _convert(value: Any, kind: type) -> Any:
    if kind is bool:
        if isinstance(value, bool):
            return value
        words = {
            "true": True,
            "yes": True,
            "on": True,
            "1": True,
            "false": False,
            "no": False,
            "off": False,
            "0": False,
        }
        if isinstance(value, str) and value.lower() in words:
            return words[value.lower()]
        raise ValueError(value)
    if kind is str:
        if isinstance(value, str):
            return value
        raise TypeError(value)
    if isinstance(value, bool):
        raise TypeError(value)
    if kind is int and isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    return kind(value)


def describe(options_type: type[Any]) -> tuple[OptionSpec, ...]:
    """The options of a class, in order."""
    hints = typing.get_type_hints(options_type)
    specs = []
    for field in dataclasses.fields(options_type):
        hint = hints[field.name]
        optional = typing.get_origin(hint) in (Union, types.UnionType)
        kind = next(t for t in typing.get_args(hint) if t is not type(None)) if optional else hint
        meta = field.metadata
        specs.append(
            OptionSpec(
                field.name,
                kind,
                field.default,
                meta["help"],
                meta["low"],
                meta["high"],
                meta["unit"],
                meta["choices"],
                optional,
                meta["names_path"],
            )
        )
    return tuple(specs)


def build(options_type: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """Options out of a mapping; `where` prefixes names in messages ('denoise.'). Raises UnknownName, BadValue."""
    specs = {spec.name: spec for spec in describe(options_type)}
    for name in values:
        if name not in specs:
            raise UnknownName("option", f"{where}{name}", [f"{where}{known}" for known in specs])
    return options_type(**{name: specs[name].validate(value, where) for name, value in values.items()})


def change(options: T | None, options_type: type[T], changes: Mapping[str, Any], where: str) -> T:
    """`options` (or the defaults) with changes, validated: the helper behind every stage function's keywords."""
    base = {} if options is None else dataclasses.asdict(options)  # type: ignore[call-overload]
    return build(options_type, {**base, **changes}, where)
