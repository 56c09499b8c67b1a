"""What a person sees while work goes on: bars on a terminal, plain lines elsewhere; all of it on stderr."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from collections.abc import Iterator
from typing import IO, Any

from ..core.stage import Progress


def utf8_streams() -> None:
    """Standard input and output speak UTF-8 whatever the locale says; odd file names never break a message."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def say(text: str) -> None:
    """One line for the person, on stderr."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        mark = "warning: " if record.levelno >= logging.WARNING else ""
        say(mark + record.getMessage())


@contextlib.contextmanager
def quiet_stdout() -> Iterator[IO[str]]:
    """Yields the real standard output; whatever else prints meanwhile, native libraries too, goes to stderr."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError, AttributeError):
        yield sys.stdout  # a test's or a notebook's stand-in
        return
    sys.stdout.flush()
    kept = os.dup(descriptor)
    os.dup2(sys.stderr.fileno(), descriptor)
    out = os.fdopen(kept, "w", encoding="utf-8", errors="backslashreplace")
    try:
        yield out
    finally:
        out.flush()
        sys.stdout.flush()
        os.dup2(out.fileno(), descriptor)
        out.close()


def print_json(data: dict[str, Any], out: IO[str]) -> None:
    json.dump(data, out, ensure_ascii=False, indent=1, allow_nan=False)
    out.write("\n")


@contextlib.contextmanager
def reporting(*, quiet: bool = False) -> Iterator[Progress]:
    """A Progress for the work inside, and audiopost's log as lines. `quiet` keeps warnings only."""
    log = logging.getLogger("audiopost")
    log.setLevel(logging.WARNING if quiet else logging.INFO)
    log.propagate = False
    if quiet or not sys.stderr.isatty():
        handler: logging.Handler = _Lines()
        log.addHandler(handler)
        try:
            yield _silent if quiet else _plain()
        finally:
            log.removeHandler(handler)
        return
    with _bars(log) as progress:
        yield progress


def _silent(step: str, completed: float, total: float) -> None:
    pass


def _plain() -> Progress:
    shown: dict[str, int] = {}

    def progress(step: str, completed: float, total: float) -> None:
        quarter = int(4 * completed / total) if total else 0
        if quarter > shown.get(step, 0):
            shown[step] = quarter
            say(f"{step}: {25 * quarter} %")

    return progress


@contextlib.contextmanager
def _bars(log: logging.Logger) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    bars = Bars(
        TextColumn("{task.description:<11}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(), TimeRemainingColumn(), console=console,
    )  # fmt: skip
    tasks: dict[str, Any] = {}

    def progress(step: str, completed: float, total: float) -> None:
        if step not in tasks:
            tasks[step] = bars.add_task(step, total=1.0)
        bars.update(tasks[step], completed=completed / total if total else 0.0)

    class Above(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            style = "yellow" if record.levelno >= logging.WARNING else "dim"
            console.print(record.getMessage(), style=style, markup=False, highlight=False)

    handler = Above()
    log.addHandler(handler)
    try:
        with bars:
            yield progress
    finally:
        log.removeHandler(handler)
