"""Words of feeling, written for this project (Apache-2.0; no other list was copied), and how the tables are read.

A line of a table is a label of the circumplex, how much of it, and the words that have it, longest match first:

    joy 0.7: happy, glad, over the moon

A label with '+' between two lies half way. 'plain' stands for words that look like feelings and are none: 'kill time'.
"""

from __future__ import annotations

from collections.abc import Mapping

from ....analysis.affect import CIRCUMPLEX

#: Arousal, valence, dominance, each in -1..1.
Place = tuple[float, float, float]
PLAIN: Place = (0.0, 0.0, 0.0)


def parsed(table: str) -> Mapping[str, Place]:
    """The place of each entry of a table. Raises ValueError for an entry that stands in it twice."""
    places: dict[str, Place] = {}
    for line in table.strip().splitlines():
        head, _, entries = line.partition(":")
        for entry in filter(None, map(str.strip, entries.split(","))):
            if entry in places:
                raise ValueError(f"{entry!r} stands in the list of words twice")
            places[entry] = _place(head)
    return places


def _place(head: str) -> Place:
    if head == "plain":
        return PLAIN
    names, _, amount = head.partition(" ")
    points = [CIRCUMPLEX[name] for name in names.split("+")]
    arousal, valence, dominance = (float(amount) * sum(axis) / len(points) for axis in zip(*points, strict=True))
    return (arousal, valence, dominance)
