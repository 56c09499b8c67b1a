"""What the two formats of broadcast rows, EBU STL and SCC, share: lines that fit a row, colours a decoder has."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence


def fitted(line: str, cells: int) -> list[str]:
    """A line as rows of at most `cells` characters, broken at spaces where one is near."""
    return [line] if len(line) <= cells else textwrap.wrap(line, cells, break_on_hyphens=False)


def nearest_colour(colour: str, choices: Sequence[str]) -> str:
    """Of `choices` the one nearest to '#rrggbb'."""

    def parts(value: str) -> tuple[int, ...]:
        return tuple(int(value[i : i + 2], 16) for i in (1, 3, 5))

    return min(choices, key=lambda choice: sum((a - b) ** 2 for a, b in zip(parts(colour), parts(choice), strict=True)))
