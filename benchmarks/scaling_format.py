"""Numbers and tables as docs/scaling.md has them, for scaling.py."""

from __future__ import annotations

import math
from collections.abc import Sequence


def figure(value: float) -> str:
    """Three figures, thousands marked."""
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{min(max(0, digits), 4)}f}"


def count(value: float) -> str:
    """A whole number, thousands marked; three figures of large ones."""
    return figure(value) if value >= 1_000 else f"{value:.0f}"


def percent(share: float) -> str:
    """As people read it."""
    digits = 0 if share >= 0.1 else 1 if share >= 0.01 else 2
    return f"{100 * share:.{digits}f} %"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
