"""What a repair is: one link of the chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...core.audio import Audio
from ...core.marks import Finding
from . import Options

#: Findings of the repair's kinds in order of time; None asks the repair to look for its fault itself.
Found = Sequence[Finding] | None


@dataclass(frozen=True)
class Mended:
    """A repair's whole effect (100 %), and in a few words what was done.

    `limited` says that the repair works by a gain which keeps to `max_reduction_db` already; `whole` that it cannot be
    done by halves.
    """

    audio: Audio
    done: str
    limited: bool = False
    whole: bool = False


#: Audio with its findings to the mended Audio of the same shape; None where there was nothing to do.
Mend = Callable[[Audio, Found, Options], "Mended | None"]


@dataclass(frozen=True)
class Link:
    """A repair: the name of its switch in Options, and the kinds of findings that it mends."""

    name: str
    kinds: tuple[str, ...]
    mend: Mend

    def settings(self, options: Options) -> tuple[float, float | None]:
        """Amount in percent (0 where it is switched off) and most reduction in dB."""
        amount = getattr(options, f"{self.name}_amount") if getattr(options, self.name) else 0.0
        return amount, getattr(options, f"{self.name}_max_reduction_db")
