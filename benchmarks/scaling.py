"""What 1,000 and 1,000,000 hours take: python benchmarks/scaling.py [TABLE …] [--write] [--gpu-hour 0.8 …]

Prints the tables of docs/scaling.md; with --write puts them into that page. scaling_figures.py has what they are
computed from, each figure measured, published by others or assumed; scaling_plan.py the arithmetic; scaling_queue.py a
simulation of the queue; scaling_tables.py and scaling_queue_tables.py make the tables. Prices are inputs: give yours.
The same inputs give the same tables.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import scaling_queue_tables as simulation
import scaling_tables as plan
from scaling_figures import Prices

from audiopost.io import atomic

PAGE = Path(__file__).parent.parent / "docs" / "scaling.md"
TABLES: Mapping[str, Callable[[Prices], str]] = {
    "answer": plan.answer, "measured": plan.measured, "models": plan.models, "assumptions": plan.assumptions,
    "arithmetic": plan.arithmetic, "compute": plan.compute, "by stage": plan.by_stage, "storage": plan.storage,
    "network": plan.network, "drivers": plan.drivers, "sensitivity": plan.sensitivity, "order": simulation.order,
    "counts": simulation.counts, "crashes": simulation.crashes, "losses": simulation.losses,
    "slices": simulation.slices, "bottleneck": plan.bottleneck,
}  # fmt: skip


def written(text: str, names: Sequence[str] = tuple(TABLES), prices: Prices = Prices()) -> str:  # noqa: B008 - frozen
    """`text` with the tables between its marks made anew. Raises ValueError for a mark that is not there."""
    for name in names:
        mark = re.compile(rf"(<!-- table: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
        made = TABLES[name](prices) + "\n"
        text, found = mark.subn(lambda match: match[1] + made + match[2], text)  # noqa: B023 - called at once
        if found != 1:
            raise ValueError(f"The page has {found} places for the table {name!r}.")
    return text


def main() -> None:
    """Prints the tables, or puts them into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of: {', '.join(TABLES)}")
    parser.add_argument("--write", action="store_true", help="put them into docs/scaling.md")
    for field in fields(Prices):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float, default=field.default)
    arguments = parser.parse_args()
    if unknown := set(arguments.tables) - set(TABLES):
        parser.error(f"there is no table {', '.join(sorted(unknown))}; there are: {', '.join(TABLES)}")
    prices = Prices(**{field.name: getattr(arguments, field.name) for field in fields(Prices)})
    if arguments.write:
        atomic.write_text(PAGE, written(PAGE.read_text(encoding="utf-8"), arguments.tables or tuple(TABLES), prices))
        return
    for name in arguments.tables or TABLES:
        print(f"\n{name}\n\n{TABLES[name](prices)}")


if __name__ == "__main__":
    main()
