"""Models that stay loaded: once each inside, each time outside."""

from __future__ import annotations

import os
from typing import Any

from audiopost.models import held, threads


def test_a_shelf_loads_each_model_once_and_keeps_it_over_blocks() -> None:
    shelf, loads = held.Shelf(), list[str]()

    def load(name: str) -> object:
        loads.append(name)
        return object()

    assert not held.is_holding()
    with shelf.holding():
        assert held.is_holding()
        first = held.held("a", lambda: load("a"))
        assert held.held("a", lambda: load("a")) is first
    with shelf.holding():
        assert held.held("a", lambda: load("a")) is first
    assert loads == ["a"]
    assert held.held("a", lambda: load("outside")) is not first
    assert not held.is_holding()


def test_the_longest_unused_goes_first() -> None:
    shelf = held.Shelf()
    with shelf.holding():
        first = held.held(0, object)
        for key in range(1, held.MOST):
            held.held(key, object)
        held.held(0, object)  # used again
        held.held("one more", object)
        assert held.held(0, object) is first
        marker: Any = object()
        assert held.held(1, lambda: marker) is marker  # it had gone


def test_a_process_computes_with_what_it_was_given(monkeypatch: Any) -> None:
    monkeypatch.setenv(threads.VARIABLE, "3")
    assert threads.cores() == 3
    monkeypatch.setenv(threads.VARIABLE, "none")
    assert threads.cores() >= 1
    given = threads.environment(2)
    assert given["OMP_NUM_THREADS"] == given[threads.VARIABLE] == "2"


def test_numpy_s_blas_keeps_to_one_thread_wherever_we_start_it(monkeypatch: Any) -> None:
    """How a product is shared out decides how it is rounded: the number of workers must not show in what they make."""
    name = "OPENBLAS_NUM_THREADS"
    assert threads.environment(2)[name] == "1"
    for given, kept in (({}, "1"), ({name: "4"}, "4")):  # the user's own word stays
        monkeypatch.setattr(os, "environ", given)
        threads.settle()
        assert given[name] == kept
