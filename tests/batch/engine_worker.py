"""The worker of the engines' tests: audiopost's own, but an order's title may ask for trouble, and it counts loads.

'hang' sleeps for an hour; 'crash' reads address 0; 'crash once: FILE' does while FILE is not there, and makes it;
'wait: FILE' writes its process number into FILE.pid, and goes on when FILE is there. Each model that is loaded is a
line in `loads` in the folder of the results.
"""

from __future__ import annotations

import ctypes
import logging
import os
import time
from pathlib import Path
from typing import Any

from audiopost.batch import runner, worker
from audiopost.batch.job import Outcome, Task
from audiopost.models.held import held
from audiopost.pipeline import run as pipeline_run


class Troubled(runner.Runner):
    def run(self, task: Task) -> Outcome:
        verb, _, place = task.order.title.partition(": ")
        if verb == "crash" or (verb == "crash once" and not Path(place).exists()):
            if place:
                Path(place).touch()
            ctypes.string_at(0)
        if verb == "hang":
            time.sleep(3600)
        if verb == "wait":
            written = Path(f"{place}.part")
            written.write_text(str(os.getpid()))
            written.replace(f"{place}.pid")
            while not Path(place).exists():
                time.sleep(0.05)
        return super().run(task)


def run(source: Path, preset: Any, folder: Path, **rest: Any) -> Any:
    def load() -> str:
        with (folder / "loads").open("a") as file:
            file.write(f"{os.getpid()} {os.environ['AUDIOPOST_THREADS']} {os.environ['HF_HUB_DISABLE_TELEMETRY']}\n")
        return "a model"

    logging.getLogger("audiopost").info("with %s", held("stand-in", load))
    return pipeline_run(source, preset, folder, **rest)


if __name__ == "__main__":
    worker.Runner = Troubled
    runner.run = run
    worker.main()
