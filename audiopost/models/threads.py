"""How many threads a process may compute with."""

from __future__ import annotations

import os

#: Set by whoever shares a machine's cores out among processes.
VARIABLE = "AUDIOPOST_THREADS"
#: What the libraries underneath read: OpenMP (torch, CTranslate2), OpenBLAS, MKL, Accelerate, numexpr.
_LIBRARIES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def cores() -> int:
    """What this process was given, else the cores that it may run on."""
    given = os.environ.get(VARIABLE, "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    if hasattr(os, "sched_getaffinity"):  # a container's share, where it was given whole cores
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def environment(threads: int) -> dict[str, str]:
    """The variables of a process that is to compute with so many threads; to be set before it starts."""
    return dict.fromkeys((VARIABLE, *_LIBRARIES), str(threads))
