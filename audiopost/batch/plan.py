"""What a call of the batch would do: every recording found, held against the ledger."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from .. import presets
from ..core.errors import AudiopostError, InputError
from ..core.options import describe
from ..io.decode import file_sha256, probe
from ..presets import Preset
from .fingerprint import fingerprint
from .job import BAD, Job, Order, State
from .ledger import Ledger
from .places import below, is_url, stat
from .speeds import Speed

#: What becomes of an order. 'left': it failed before, and nothing that decides it has changed since.
Verdict = Literal["new", "changed", "forced", "gone", "waits", "done", "left", "skipped"]
#: Those that are put into the ledger (again).
TO_DO = frozenset({"new", "changed", "forced", "gone"})


@dataclass(frozen=True)
class Planned:
    """An order, what is to become of it, and why in words; `job` is its line in the ledger, where it has one.

    `touched`: its recording is what it was, though the ledger has another date of it.
    """

    order: Order
    verdict: Verdict
    why: str = ""
    settings: str = ""
    size: int = -1
    mtime_ns: int = -1
    job: int = 0
    touched: bool = False


class Planner:
    """Holds orders against a ledger. `skip` gives a sentence why an order is passed over, or ''."""

    def __init__(
        self, ledger: Ledger | None, *, force: bool = False, skip: Callable[[Order], str] = lambda order: ""
    ) -> None:
        self._ledger, self._force, self._skip = ledger, force, skip
        self._prints: dict[tuple[str, str | None, str | None, bool, tuple[str, ...]], str] = {}

    def plan(self, orders: Iterable[Order]) -> list[Planned]:
        """What is to become of each order; nothing is written. Raises UsageError's kinds for a wrong preset."""
        return [self._planned(order) for order in orders]

    def place(self, planned: Iterable[Planned]) -> None:
        """Writes what was planned into the ledger."""
        assert self._ledger is not None
        with self._ledger.writing():
            for each in planned:
                if each.verdict in TO_DO or (each.verdict == "skipped" and each.job == 0):
                    state: State = "skipped" if each.verdict == "skipped" else "waiting"
                    self._ledger.place(
                        each.order, settings=each.settings, size=each.size, mtime_ns=each.mtime_ns, state=state,
                        reason=each.why if state == "skipped" else "",
                    )  # fmt: skip
                elif each.touched:
                    self._ledger.seen(each.job, each.size, each.mtime_ns)

    def _planned(self, order: Order) -> Planned:
        settings = self._print(order)
        try:
            size, mtime_ns = stat(order.source)
        except InputError:  # its job will say why
            size, mtime_ns = -1, -1
        job = self._ledger.named(order.name) if self._ledger is not None else None
        verdict, why = self._judged(order, settings, size, mtime_ns, job)
        touched = verdict == "done" and job is not None and (size, mtime_ns) != (job.size, job.mtime_ns)
        return Planned(order, verdict, why, settings, size, mtime_ns, job.id if job else 0, touched)

    def _judged(self, order: Order, settings: str, size: int, mtime_ns: int, job: Job | None) -> tuple[Verdict, str]:
        # A rule may have to open the recording: what is done, and what failed, is past it.
        if (job is None or job.state in ("waiting", "skipped")) and (why := self._skip(order)):
            return "skipped", why
        if job is None or job.state == "skipped":
            return "new", ""
        if job.state == "running":
            return "waits", ""
        if self._force:
            return "forced", "asked for by --force"
        if job.settings != settings:
            return "changed", "another preset, option, model or version"
        if job.state == "waiting":
            return "waits", ""
        if _is_other(order, job, size, mtime_ns):
            return "changed", "the recording has changed"
        if job.state in BAD or job.state == "cancelled":
            return "left", f"{job.state} before, and nothing has changed: 'audiopost batch retry' tries it again"
        if _is_gone(job):
            return "gone", "its results are gone"
        return "done", ""

    def _print(self, order: Order) -> str:
        key = (order.preset, order.fps, order.start_timecode, order.tagged, order.only)
        if key not in self._prints:
            self._prints[key] = fingerprint(presets.parse(order.preset_name, order.preset), order)
        return self._prints[key]


def _is_other(order: Order, job: Job, size: int, mtime_ns: int) -> bool:
    if (size, mtime_ns) == (job.size, job.mtime_ns):
        return False
    if size != job.size or not job.outcome.content or is_url(order.source):
        return True
    # Copied or touched since: only its content tells.
    try:
        return file_sha256(Path(order.source)) != job.outcome.content
    except OSError:
        return True


def _is_gone(job: Job) -> bool:
    """Whether nothing of what it delivered is there any more; what a person removed of it is that person's choice."""
    if is_url(job.order.out):
        return False
    outputs = job.outcome.outputs
    return bool(outputs) and not any(Path(below(job.order.out, output.path)).exists() for output in outputs)


@dataclass(frozen=True)
class Estimate:
    """What planned work would take on this machine; None where nothing was measured yet.

    `media_s` is the length of the recordings that could be opened; `unknown` counts those that could not.
    """

    jobs: int
    media_s: float
    unknown: int
    seconds: float | None
    disk_bytes: float | None
    free_bytes: int | None


def estimate(planned: Sequence[Planned], speeds: dict[str, Speed], workers: int, out: str) -> Estimate:
    """How long, and how much disk, by what was measured here. Opens every recording for its length."""
    media_s, unknown, seconds, disk = 0.0, 0, 0.0, 0.0
    measured = True
    todo = [each for each in planned if each.verdict in TO_DO or each.verdict == "waits"]
    for each in todo:
        length_s = _length_s(each.order.source)
        if length_s is None:
            unknown += 1
            continue
        media_s += length_s
        speed = speeds.get(each.order.preset_name, Speed())
        if speed.real_time_factor is None or speed.bytes_per_s is None:
            measured = False
            continue
        seconds += length_s * speed.real_time_factor
        disk += length_s * speed.bytes_per_s
    return Estimate(
        len(todo), media_s, unknown, seconds / workers if measured else None, disk if measured else None, _free(out)
    )


def _length_s(source: str) -> float | None:
    if is_url(source):
        return None
    try:
        return probe(Path(source)).duration_s
    except (AudiopostError, OSError):
        return None


def _free(out: str) -> int | None:
    if is_url(out):
        return None
    folder = Path(out)
    return shutil.disk_usage(next(each for each in (folder, *folder.absolute().parents) if each.exists())).free


def order_text(preset: Preset) -> str:
    """The text of a preset as orders carry it: files that its options name by relative paths get whole ones."""
    options = {name: _absolute(held) for name, held in preset.options.items()}
    return presets.text_of(replace(preset, options=options))


def _absolute(options: Any) -> Any:
    paths = {
        spec.name: os.path.abspath(os.path.expanduser(value))
        for spec in describe(type(options))
        if spec.names_path and isinstance(value := getattr(options, spec.name), str) and value
        and os.path.exists(os.path.expanduser(value))
    }  # fmt: skip
    return replace(options, **paths) if paths else options
