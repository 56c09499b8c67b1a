"""The batch against a loop of single runs, and what its ledger costs: `python benchmarks/batch.py [PART …]`.

Parts: throughput (two workers, one worker, a shell loop, in turns), overhead (ledger, logs and hashes on files of five
minutes), tiny (10,000 jobs of a no-op), growth (the worker over 50 files). Everything without a name.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import soundfile

from audiopost import presets
from audiopost.batch.drive import Batch
from audiopost.batch.engine import Begun, Ended, Event
from audiopost.batch.job import Order, Task
from audiopost.batch.job_logs import JobLogs
from audiopost.batch.ledger import Ledger, default_path
from audiopost.batch.local import Local
from audiopost.batch.runner import Runner
from audiopost.batch.session import write_reports
from audiopost.pipeline import run

ROOT = Path(__file__).parent.parent
SCENE = ROOT / "examples" / "scene.flac"
#: A subtitle team's work with what pip installs: it hears, tells speakers apart, lays out.
SUBTITLES = ("-p", "subtitles-en", "--set", "transcribe.backend=embedded", "--set", "diarise.backend=embedded")
LENGTHS_S = (8.0, 30.0)
TIMES = 2


def takes(folder: Path, count: int, seconds: float) -> list[Path]:
    """Pieces of the scene, each another."""
    folder.mkdir(parents=True)
    sound, rate = soundfile.read(SCENE, dtype="float32", always_2d=True)
    made = []
    for number in range(count):
        start = round((number * 2.7 % max(len(sound) / rate - seconds, 1)) * rate)
        piece = sound[start : start + round(seconds * rate)]
        while len(piece) < seconds * rate:
            piece = np.concatenate([piece, sound[: round(seconds * rate) - len(piece)]])
        made.append(folder / f"take {number:02}.wav")
        soundfile.write(made[-1], piece, rate)
    return made


def timed(*commands: list[str]) -> float:
    begin = time.perf_counter()
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
    return time.perf_counter() - begin


def throughput(folder: Path) -> None:
    audiopost = [sys.executable, "-m", "audiopost"]
    print("\n| files | two workers, s | one, s | shell loop, s | two : one | two : loop | one : loop |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for seconds in LENGTHS_S:
        files = takes(folder / f"in {seconds:g}", 8, seconds)
        batch = [*audiopost, "batch", str(files[0].parent), *SUBTITLES]
        measured: dict[str, list[float]] = {"two": [], "one": [], "loop": []}
        for _ in range(TIMES):  # in turns: what else the machine does meets all three
            for workers, name in (("2", "two"), ("1", "one")):
                measured[name].append(timed([*batch, "-o", str(folder / f"out {name}"), "--workers", workers]))
            loop = [[*audiopost, "run", str(file), *SUBTITLES, "-o", str(folder / "out loop")] for file in files]
            measured["loop"].append(timed(*loop))
            for path in folder.glob("out *"):
                shutil.rmtree(path)
        two, one, by_one = (float(np.mean(measured[name])) for name in ("two", "one", "loop"))
        ratios = f"{one / two:.2f} | {by_one / two:.2f} | {by_one / one:.2f}"
        print(f"| 8 of {seconds:g} s | {two:.1f} | {one:.1f} | {by_one:.1f} | {ratios} |", flush=True)


class InProcess:
    """An engine for the measurement: the runner in this very process, so that nothing but the batch is added."""

    def __init__(self) -> None:
        self.stages_s = 0.0
        self._told: list[Event] = []
        self._runner = Runner(self._told.append)
        self._tasks: list[Task] = []

    @property
    def apart(self) -> bool:
        return False

    @property
    def free(self) -> int:
        return 1 - len(self._tasks)

    def submit(self, task: Task) -> None:
        self._tasks.append(task)

    def results(self, timeout_s: float) -> list[Event]:
        if not self._tasks:
            return []
        task = self._tasks.pop()
        outcome = self._runner.run(task)
        self.stages_s += outcome.total_s
        told, self._told[:] = [Begun(task.id, "here"), *self._told], []
        return [*told, Ended(task.id, outcome)]

    def cancel(self, job: int) -> None:
        self._tasks.clear()

    def close(self) -> None:
        self._tasks.clear()


def overhead(folder: Path) -> None:
    """What the batch adds to the work itself."""
    (short,), (file,) = takes(folder / "short", 1, 8.0), takes(folder / "five", 1, 300.0)
    preset = presets.load("podcast")
    run(short, preset, folder / "warm")  # what a process loads once
    begin = time.perf_counter()
    run(file, preset, folder / "plain")
    plain = time.perf_counter() - begin
    out = folder / "batch"
    ledger, logs, engine = Ledger(default_path(out), make=True), JobLogs(out / "logs"), InProcess()
    begin = time.perf_counter()
    ledger.place(Order(str(file), str(out), file.stem, presets.text_of(preset), "podcast"))
    Batch(ledger, engine, logs).go()
    write_reports(ledger, logs, str(out))
    batch = time.perf_counter() - begin
    ledger.close()
    added = batch - engine.stages_s
    print("\n| a file of 5 min, podcast, one process | s |")
    print("| --- | --- |")
    print(f"| a single run | {plain:.1f} |")
    print(f"| by the batch | {batch:.1f} |")
    print(f"| of that in no stage: ledger, logs, hashes, checks, report | {added:.2f} ({100 * added / batch:.2f} %) |")


def tiny(folder: Path, count: int = 10_000) -> None:
    folder.mkdir()
    source = folder / "one.wav"
    soundfile.write(source, np.zeros(480), 48_000)
    module = folder / "noop_worker.py"
    module.write_text(
        "import json, os, sys\n"
        "from audiopost.batch.engine import Ended\nfrom audiopost.batch.job import Outcome\n"
        "from audiopost.batch.runner import as_json\n"
        "for line in sys.stdin.buffer:\n"
        "    task = json.loads(line).get('run')\n"
        "    if task:\n"
        "        print(json.dumps(as_json(Ended(task['id'], Outcome(content='x', media_s=0.01)))), flush=True)\n"
    )
    sys.path.append(str(folder))
    out = str(folder / "out")
    ledger = Ledger(default_path(Path(out)), make=True)
    process = psutil.Process()
    before = process.memory_info().rss / 1e6
    begin = time.perf_counter()
    with ledger.writing():
        for number in range(count):
            ledger.place(Order(str(source), out, f"job {number:05}", 'stages = ["loudness"]', "none"))
    placed = time.perf_counter() - begin
    counts = Batch(ledger, Local(2, 1, module="noop_worker"), JobLogs(folder / "logs")).go()
    total = time.perf_counter() - begin
    after = process.memory_info().rss / 1e6
    assert counts["done"] == count
    begin = time.perf_counter()
    write_reports(ledger, JobLogs(folder / "logs"), out)
    print("\n| 10,000 jobs of a no-op, two workers | |")
    print("| --- | --- |")
    print(f"| placed in the ledger | {placed:.1f} s |")
    print(f"| placed and done | {total:.1f} s |")
    print(f"| report and table | {time.perf_counter() - begin:.1f} s |")
    print(f"| memory of the driver before, after | {before:.0f} MB, {after:.0f} MB |")


def growth(folder: Path, count: int = 50) -> None:
    files = takes(folder / "fifty", count, 8.0)
    out = folder / "out fifty"
    command = [sys.executable, "-m", "audiopost", "batch", str(files[0].parent), *SUBTITLES, "-o", str(out)]
    process = subprocess.Popen(
        [*command, "--workers", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    held: list[float] = []
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("done"):
            for child in psutil.Process(process.pid).children():
                with contextlib.suppress(psutil.Error):  # it has just left
                    if "audiopost.batch.worker" in child.cmdline():
                        held.append(child.memory_info().rss / 1e6)
    assert process.wait() == 0
    print("\n| files done by one worker | its memory, MB |")
    print("| --- | --- |")
    for number in (1, 2, 5, 10, 20, 30, 40, 50):
        if number <= len(held):
            print(f"| {number} | {held[number - 1]:.0f} |")


PARTS = {"throughput": throughput, "overhead": overhead, "tiny": tiny, "growth": growth}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all unless named")
    parts = parser.parse_args().parts
    if strange := {*parts} - {*PARTS}:  # argparse's own choices refuse that none is named
        parser.error(f"{', '.join(sorted(strange))}: not one of {', '.join(PARTS)}")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    print(f"{psutil.cpu_count()} cores")
    for name in parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            PARTS[name](Path(folder) / name)


if __name__ == "__main__":
    main()
