"""What this machine can do at once: cores shared out, memory budgeted by what was measured."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

from ..models.threads import cores

#: A worker of which nobody knows yet what it takes, in MB: the heaviest preset with what pip installs took 930.
UNKNOWN_MB = 1500.0
#: Of free memory this much is left to everything else.
SPARE = 0.1


@dataclass(frozen=True)
class Share:
    """So many workers with so many threads each; `reason` says why. `needs_mb` is what one is known to take, 0 where
    nobody knows."""

    workers: int
    threads: int
    reason: str
    needs_mb: float = 0.0


def share(workers: int | None, needs_mb: float) -> Share:
    """How the machine is shared out: threads × workers is never more than the cores, but for one thread each.

    `workers` None decides: one a core, or a GPU where there are any, as far as free memory holds `needs_mb` (measured;
    0 where it was not) for each.
    """
    import psutil

    have = cores()
    if workers is not None:
        return Share(workers, max(1, have // workers), f"{workers} asked for, {have} cores", needs_mb)
    gpus = _gpus()
    most = gpus or have
    need = needs_mb or UNKNOWN_MB
    free_mb = psutil.virtual_memory().available / 1e6 * (1 - SPARE)
    fit = max(1, int(free_mb // need))
    count = max(1, min(most, fit))
    of = f"{gpus} GPUs" if gpus else f"{have} cores"
    measured = "measured" if needs_mb else "not measured yet"
    reason = f"{of}, {free_mb:.0f} MB free for {need:.0f} MB each ({measured})"
    return Share(count, max(1, have // count), reason, needs_mb)


def _gpus() -> int:
    """How many NVIDIA GPUs there are; asked of the driver's own tool, so that torch need not be loaded for it."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    try:
        listed = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - found by name
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())
