"""A full disk, and when there is room on it again."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path

log = logging.getLogger("audiopost")

#: A full disk is looked at this often; work goes on once so much more is free (in bytes), or after so many seconds.
LOOK_S, MORE, TRY_S = 1.0, 4 << 20, 60.0


class NoRoom:
    """A disk that was full, and whether there is more room now than there was."""

    def __init__(self, disk: Path) -> None:
        self._disk = disk
        self._since = self._looked = time.monotonic()
        self._least: int | None = None

    def is_over(self) -> bool:
        now = time.monotonic()
        if now - self._looked < LOOK_S and self._least is not None:
            return False
        self._looked = now
        try:
            free = shutil.disk_usage(self._disk).free
        except OSError as error:
            log.warning("%s cannot be looked at: %s", self._disk, error)
            return now - self._since >= TRY_S
        self._least = free if self._least is None else min(self._least, free)
        return free >= self._least + MORE or now - self._since >= TRY_S
