"""New recordings while a batch goes on: taken when they have stopped growing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from .job import Order
from .plan import TO_DO, Planned, Planner

#: A recording that nothing was written to for so long is complete, in seconds.
SETTLE_S = 10.0


class Watch:
    """To be called again and again: asks `orders` what is there, and places what is new and has settled."""

    def __init__(
        self,
        orders: Callable[[], Iterable[Order]],
        planner: Planner,
        settle_s: float = SETTLE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._orders, self._planner, self._settle_s, self._clock = orders, planner, settle_s, clock
        self._growing: dict[str, tuple[int, int, float]] = {}

    def __call__(self) -> tuple[Planned, ...]:
        """What was placed."""
        planned = self._planner.plan(self._orders())
        seen, steady = {}, []
        for each in (each for each in planned if each.verdict in TO_DO):
            size, mtime_ns, since = self._growing.get(each.order.source, (-1, -1, 0.0))
            if (size, mtime_ns) != (each.size, each.mtime_ns):
                since = self._clock()
            if self._clock() - since >= self._settle_s:
                steady.append(each)
            else:
                seen[each.order.source] = (each.size, each.mtime_ns, since)
        self._growing = seen
        touched = [each for each in planned if each.touched]  # else their content would be looked at each time
        self._planner.place([*steady, *touched])
        return tuple(steady)
