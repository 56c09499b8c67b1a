"""How many threads a process may compute with."""

from __future__ import annotations

import os

#: Set by whoever shares a machine's cores out among processes.
VARIABLE = "AUDIOPOST_THREADS"
#: What the libraries underneath read: OpenMP (torch, CTranslate2), MKL, numexpr.
_LIBRARIES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
#: NumPy's BLAS (OpenBLAS, Accelerate) keeps to one thread: shared out, a product is rounded otherwise on some
#: processors, and what is delivered would depend on the number of workers. Our matrices are too small to gain by it.
_BLAS = ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


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
    return dict.fromkeys((VARIABLE, *_LIBRARIES), str(threads)) | dict.fromkeys(_BLAS, "1")


def settle() -> None:
    """For a process of our own, before NumPy is imported: computes as the workers of a batch do.

    What the user has set stays.
    """
    for name in _BLAS:
        os.environ.setdefault(name, "1")
