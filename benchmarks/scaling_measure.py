"""What a second of film costs by stage, for scaling.py: python benchmarks/scaling_measure.py SPEECH … --music FILE

Joins the SPEECH recordings to films of one minute, 48 kHz stereo 24 bit, music 12 dB beneath the second half of each,
and does them one after the other in one process that keeps its models, as a worker of the batch does. The first film
bears what a process loads once; the others are measured. Prints a line for each preset and stage: CPU seconds of all
threads and wall seconds by second of film, peak RSS; then the bytes delivered by kind; then how many jobs a second the
ledger and the whole driver get through. --format flac delivers FLAC. --only takes some.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections import defaultdict, deque
from pathlib import Path

import numpy as np
import soundfile

from audiopost import presets
from audiopost.batch.drive import Batch
from audiopost.batch.engine import Begun, Ended, Event, Moved
from audiopost.batch.job import Order, Outcome, Output, Task
from audiopost.batch.job_logs import JobLogs
from audiopost.batch.ledger import Ledger, default_path
from audiopost.io.decode import load
from audiopost.io.scratch import at_rate
from audiopost.models.held import Shelf
from audiopost.pipeline import run
from audiopost.presets import Preset

RATE, FILM_S, FILMS = 48_000, 60, 3
MUSIC_DB = -12.0
PRESETS = ("subtitles-yue", "subtitles-en", "film-dialogue", "podcast")
JOBS = 10_000
#: Workers, and how often each job tells how far it is: more than the first time in two seconds is not written.
WORKERS = ((2, 0), (1000, 0), (1000, 50))


def films(speech: list[Path], music: Path, folder: Path) -> list[Path]:
    """Films of a minute: speech in the middle, music in stereo beneath the second half."""
    spoken = np.concatenate([at_rate(load(path).audio, RATE, mono=True).samples[0] for path in speech])
    spoken = np.resize(spoken, FILMS * FILM_S * RATE)
    bed = at_rate(load(music).audio, RATE).samples
    bed = np.resize(bed[[0, -1]].T, (FILM_S * RATE // 2, 2))
    made = []
    for number, words in enumerate(np.split(spoken, FILMS)):
        film = np.stack([words, words], axis=1)
        level = np.sqrt(np.mean(words**2) / np.mean(bed**2)) * 10 ** (MUSIC_DB / 20)
        film[FILM_S * RATE // 2 :] += level * bed
        made.append(folder / f"film {number}.wav")
        soundfile.write(made[-1], film / max(1.0, float(np.abs(film).max())), RATE, "PCM_24")
    return made


def cpu_s() -> float:
    """CPU seconds of this process and of those that it waited for."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


class Clock:
    """CPU and wall seconds by stage; each stage tells its end."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self._at = (cpu_s(), time.perf_counter())

    def mark(self, stage: str) -> None:
        """All since the last mark was `stage`'s."""
        now = (cpu_s(), time.perf_counter())
        for i in (0, 1):
            self.spent[stage][i] += now[i] - self._at[i]
        self._at = now


def one(source: Path, preset: Preset, out: Path, clock: Clock) -> tuple[dict[str, float], dict[str, int]]:
    """Does a film; peak RSS in MB by stage, bytes by kind."""
    clock.mark("")
    decoded = load(source)
    clock.mark("decode")
    result = run(
        source, preset, out, decoded=decoded,
        progress=lambda stage, done, total: clock.mark(stage) if stage != "deliver" else None,
    )  # fmt: skip
    clock.mark("deliver")
    peaks = {step.stage: float((step.timing or {}).get("peak_rss_mb", 0.0)) for step in result.project.steps}
    return peaks, {kind: path.stat().st_size for kind, path in result.outputs.items()}


def stages(name: str, kind_of_file: str, sources: list[Path], folder: Path) -> None:
    """Measures a preset, stage by stage."""
    preset = presets.load(name).changed([f"deliver.format={kind_of_file}"])
    clock, peaks, sizes = Clock(), dict[str, float](), defaultdict[str, int](int)
    with Shelf().holding():
        one(sources[0], preset, folder / "cold", Clock())
        for source in sources[1:]:
            held, made = one(source, preset, folder / name, clock)
            peaks |= {stage: max(held[stage], peaks.get(stage, 0.0)) for stage in held}
            for kind, size in made.items():
                sizes[kind] += size
    length = FILM_S * (len(sources) - 1)
    for stage, (cpu, wall) in clock.spent.items():
        if stage:
            spent = f"cpu {cpu / length:.4f} wall {wall / length:.4f}"
            print(f"{name:14} {stage:10} {spent} peak {peaks.get(stage, 0):.0f} MB")
    print(f"{name:14} bytes a second:", {kind: round(size / length) for kind, size in sizes.items()}, flush=True)


def outcome() -> Outcome:
    """What a job of subtitles ends with."""
    return Outcome(
        content="0" * 64, media_s=2700.0, seconds=dict.fromkeys(("decode", "diarise", "deliver"), 1.0),
        outputs=tuple(Output(kind, f"a.{kind}", 1, "0" * 64) for kind in ("srt", "json", "project")),
    )  # fmt: skip


def placed(folder: Path, source: Path) -> tuple[Ledger, list[int]]:
    """A ledger of JOBS jobs that wait."""
    out = str(folder / "out")
    book = Ledger(default_path(Path(out)), make=True)
    with book.writing():
        orders = (Order(str(source), out, f"job {i:05}", "", "none") for i in range(JOBS))
        return book, [book.place(order, settings="x" * 64) for order in orders]


def ledger(folder: Path) -> None:
    """Jobs a second that begin and finish in the ledger alone, with three outputs each, as the driver writes them."""
    book, numbers = placed(folder / "ledger", folder / "none.wav")
    begin, before = time.perf_counter(), cpu_s()
    for number in numbers:
        book.begin(number, "worker 1")
        book.finish(number, outcome())
    wall, cpu = time.perf_counter() - begin, cpu_s() - before
    begin = time.perf_counter()
    for number in numbers:
        book.move(number, "diarise", 0.5)
    moves = JOBS / (time.perf_counter() - begin)
    size = sum(path.stat().st_size for path in book.path.parent.iterdir() if path.is_file())
    book.close()
    print(f"ledger: {JOBS / wall:.0f} jobs/s ({cpu / JOBS * 1e6:.0f} us of CPU each), {size / JOBS:.0f} bytes each")
    print(f"ledger: how far a job is, {moves:.0f}/s", flush=True)


class Instant:
    """An engine whose `workers` workers take no time, and tell `moves` times how far they are."""

    def __init__(self, workers: int, moves: int) -> None:
        self._workers, self._moves = workers, moves
        self._waiting: deque[int] = deque()

    @property
    def apart(self) -> bool:
        return False

    @property
    def free(self) -> int:
        return 2 * self._workers - len(self._waiting)

    def submit(self, task: Task) -> None:
        self._waiting.append(task.id)

    def results(self, timeout_s: float) -> list[Event]:
        # A quarter of the workers end at a turn: the others are still in hand while the driver looks for more.
        ended = [self._waiting.popleft() for _ in range(min(len(self._waiting), max(1, self._workers // 4)))]
        return [event for job in ended for event in self._told(job)]

    def _told(self, job: int) -> list[Event]:
        moved = [Moved(job, "diarise", i / self._moves) for i in range(self._moves)]
        return [Begun(job, "worker 1"), *moved, Ended(job, outcome())]

    def cancel(self, job: int) -> None:
        self._waiting.remove(job)

    def close(self) -> None:
        self._waiting.clear()


def driver(folder: Path) -> None:
    """Jobs a second through the whole driver: ledger, logs of the jobs, a look at each recording, handing out."""
    source = folder / "driver.wav"
    source.write_bytes(b"RIFF")
    for workers, moves in WORKERS:
        part = folder / f"driver {workers} {moves}"
        book, _ = placed(part, source)
        begin, before = time.perf_counter(), cpu_s()
        counts = Batch(book, Instant(workers, moves), JobLogs(part / "logs")).go()
        wall, cpu = time.perf_counter() - begin, cpu_s() - before
        assert counts["done"] == JOBS
        book.close()
        each = f"{JOBS / wall:.0f} jobs/s ({cpu / JOBS * 1e6:.0f} us of CPU each)"
        print(f"driver of {workers} workers, {moves} Moved a job: {each}", flush=True)


PARTS = {"ledger": ledger, "driver": driver}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("speech", nargs="*", type=Path)
    parser.add_argument("--music", type=Path)
    parser.add_argument("--only", nargs="+", choices=(*PRESETS, *PARTS), default=(*PRESETS, *PARTS))
    parser.add_argument("--format", choices=("wav", "flac"), default="wav")
    arguments = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if set(arguments.only) - set(PARTS):
            if not arguments.speech or arguments.music is None:
                parser.error("presets want SPEECH recordings and --music")
            sources = films(arguments.speech, arguments.music, folder)
        for each in arguments.only:
            if each in PARTS:
                PARTS[each](folder)
            else:
                stages(each, arguments.format, sources, folder)


if __name__ == "__main__":
    main()
