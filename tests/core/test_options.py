from __future__ import annotations

from dataclasses import dataclass

import pytest

from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.options import build, change, describe, option
from audiopost.core.serial import from_json, to_json


@dataclass(frozen=True)
class Options:
    backend: str = option("auto", "who does it", choices=("auto", "x"))
    amount: float = option(1.0, "how much", low=0, high=2, unit="dB")
    count: int = option(3, "how many", low=1)
    loud: bool = option(False, "whether")
    language: str | None = option(None, "which language")
    speakers: int | None = option(None, "how many speakers", low=1)


def test_strings_become_typed_values() -> None:
    made = build(Options, {"amount": "1.5", "count": "4", "loud": "yes", "language": "yue", "speakers": "2"})
    assert made == Options(amount=1.5, count=4, loud=True, language="yue", speakers=2)


def test_none_clears_what_is_optional() -> None:
    assert build(Options, {"speakers": "none"}).speakers is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"amount": 3}, "0 to 2 dB"),
        ({"amount": float("nan")}, "0 to 2 dB"),
        ({"count": 1.5}, "whole number"),
        ({"count": "many"}, "whole number"),
        ({"count": 0}, "1 or more"),
        ({"loud": "perhaps"}, "true or false"),
        ({"backend": "y"}, "Choices: auto, x"),
        ({"count": None}, "whole number"),
        ({"language": 3}, "text"),
    ],
)
def test_bad_values_name_value_range_and_default(values: dict[str, object], words: str) -> None:
    with pytest.raises(BadValue) as error:
        build(Options, values, "test.")
    assert words in str(error.value)
    assert f"test.{next(iter(values))}" in str(error.value)
    assert "default" in str(error.value)


def test_unknown_names_get_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"Did you mean 'test\.amount'"):
        build(Options, {"amout": 1}, "test.")


def test_change_keeps_the_rest() -> None:
    assert change(Options(count=7), Options, {"amount": 0.5}, "") == Options(count=7, amount=0.5)


def test_describe_tells_kinds() -> None:
    kinds = {spec.name: (spec.kind, spec.optional) for spec in describe(Options)}
    assert kinds["speakers"] == (int, True)
    assert kinds["loud"] == (bool, False)


def test_json_names_the_place_of_a_mistake() -> None:
    data = to_json(Options())
    assert from_json(Options, data) == Options()
    with pytest.raises(BadValue, match="count"):
        from_json(Options, {**data, "count": "three"})
    with pytest.raises(BadValue, match="no field 'colour'"):
        from_json(Options, {**data, "colour": 1})
