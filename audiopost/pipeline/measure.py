"""What a stage cost: seconds and the peak of resident memory."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def measured() -> Iterator[dict[str, float | str]]:
    """Fills the dict at the end: seconds, and peak_rss_mb of the block (Linux) or of the process so far (elsewhere)."""
    cost: dict[str, float | str] = {}
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # resets the kernel's high-water mark of resident memory
    begin = time.perf_counter()
    try:
        yield cost
    finally:
        cost["seconds"] = round(time.perf_counter() - begin, 3)
        peak = peak_rss_mb()
        if peak is not None:
            cost["peak_rss_mb"] = round(peak, 1)


def peak_rss_mb() -> float | None:
    """Peak resident memory in MB; None where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        try:
            import resource
        except ImportError:
            return None
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(match[1]) * 1024 / 1e6 if match else None
