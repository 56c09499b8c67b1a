"""Flags of a batch that several commands have: who does the work, who hears of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_Function = Callable[..., Any]

workers = click.option("--workers", metavar="N", help="How many at once. Default: auto, by cores and memory.")
timeout = click.option(
    "--job-timeout", "--job_timeout", "timeout", metavar="TIME",
    help="End what takes longer (6h, 90m) and try it once more, alone. Default: none, it takes what it takes.",
)  # fmt: skip
on_finish = click.option(
    "--on-finish", "--on_finish", "command", default="", metavar="COMMAND",
    help="Run for each job that ends; gets JSON.",
)  # fmt: skip
webhook = click.option("--webhook", default="", metavar="URL", help="Post each job that ends as JSON.")
_ENGINE = (
    click.option("--engine", metavar="NAME", help="local (the default), or ray: the same jobs on a cluster."),
    workers,
    click.option("--address", metavar="ADDRESS", help="ray: auto, or ray://HOST:PORT. Default: a cluster of its own."),
    click.option("--actors", metavar="N-M", help="ray: how many actors, from at least to at most. Default: 1."),
    click.option(
        "--actor-resources", "--actor_resources", "resources", metavar="R",
        help="ray: of each, cpu=2,gpu=0.5. Default: cpu=1.",
    ),
    click.option(
        "--work", metavar="DIR",
        help="Where a worker makes what goes to a URL. Default: its own scratch folder.",
    ),
    timeout,
)  # fmt: skip
_TELLING = (
    on_finish,
    webhook,
    click.option(
        "--log-format", "--log_format", "log_format", default="text", metavar="KIND",
        help="text, or json: a line an event.",
    ),
)  # fmt: skip
#: Names of the values that `engine` gives.
ENGINE = ("engine", "workers", "address", "actors", "resources", "work", "timeout")


def engine(function: _Function) -> _Function:
    """Who does the work: each value is None where it is not given."""
    return _all(_ENGINE, function)


def telling(function: _Function) -> _Function:
    """Who hears of each job that ends, and how events are printed."""
    return _all(_TELLING, function)


def _all(flags: tuple[Callable[[_Function], _Function], ...], function: _Function) -> _Function:
    for flag in reversed(flags):
        function = flag(function)
    return function
