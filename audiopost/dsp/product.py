"""Matrix products of many short rows, on one thread."""

from __future__ import annotations

import numpy as np

from ..core.audio import FloatArray

#: OpenBLAS shares a product of more multiplications than this among its threads (SMP_THRESHOLD_MIN in its gemm.c).
_ONE_THREAD = 1 << 18


def product(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """`rows` (n, k) times `matrix` (k, m), in pieces so small that BLAS keeps to this thread.

    Its other threads would be woken for each block of sound, and wait for each other longer than they work: on a busy
    machine that takes ten times as long. In processes of our own it has none (`models.threads`); a pipeline's may.
    """
    count = max(1, _ONE_THREAD // matrix.size)
    whole = len(rows) // count * count
    result = np.empty((len(rows), matrix.shape[1]), np.float32)
    pieces = rows[:whole].reshape(-1, count, rows.shape[1])
    np.matmul(pieces, matrix, out=result[:whole].reshape(-1, count, matrix.shape[1]))
    np.matmul(rows[whole:], matrix, out=result[whole:])
    return result
