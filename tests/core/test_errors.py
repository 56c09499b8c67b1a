from __future__ import annotations

import pickle

import pytest

from audiopost.core import errors
from audiopost.core.errors import AudiopostError, MissingModel, UnknownName, UsageError

KINDS = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, AudiopostError)]


def test_message_names_value_choices_and_remedy() -> None:
    error = UnknownName("backend", "rnnois", ["rnnoise", "spectral"], where="denoise")
    assert str(error) == (
        "There is no backend 'rnnois' in denoise. Choices: rnnoise, spectral. Did you mean 'rnnoise'?"
    )
    assert (error.value, error.exit_code) == ("rnnois", 2)


def test_every_error_survives_pickling() -> None:
    for kind in KINDS:
        made = (
            UnknownName("preset", "x", ["y"])
            if kind is UnknownName
            else kind("It broke.", value=3, choices=("a",), remedy="Mend it.")
        )
        back = pickle.loads(pickle.dumps(made))
        assert type(back) is kind
        assert (str(back), back.value, back.choices, back.remedy) == (str(made), made.value, made.choices, made.remedy)


def test_exit_codes() -> None:
    assert {kind.exit_code for kind in KINDS if issubclass(kind, UsageError)} == {2}
    assert MissingModel("x").exit_code == 1


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_drawn_in_the_tree(kind: type[AudiopostError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")
