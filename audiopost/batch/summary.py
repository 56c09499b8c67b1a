"""What a batch came to: a row for each job, and the sums over them. Page, CSV, JSON and terminal all show these."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .job import BAD, STATES, Job, State
from .ledger import Ledger

#: So many of the slowest are named.
SLOWEST = 10


@dataclass(frozen=True, slots=True)
class Row:
    """A job as people and tables see it. What was not made, measured or come to is None.

    Lengths and times are in seconds, memory in MB, sizes in bytes; `added`, `begun`, `ended` in seconds since 1970.
    `seconds` is what all attempts took together, `rtf` that by the length of the recording. `stages` is what the steps
    of the last attempt took: less than they do where it is `resumed`, that is went on from an earlier one.
    """

    id: int
    name: str
    source: str
    out: str
    preset: str
    language: str
    title: str
    state: State
    stage: str
    share: float
    worker: str
    error: str
    reason: str
    attempts: int
    crashes: int
    losses: int
    added: float | None
    begun: float | None
    ended: float | None
    media_s: float | None
    seconds: float | None
    rtf: float | None
    peak_mb: float | None
    captions: int | None
    caption_issues: int | None
    unsure: int | None
    findings: int | None
    cues: int | None
    lufs: float | None
    peak_dbtp: float | None
    verdict: str
    spec: str
    warnings: tuple[str, ...]
    outputs: int
    output_bytes: int
    backends: Mapping[str, str]
    stages: Mapping[str, float]
    resumed: bool
    content: str

    @property
    def is_bad(self) -> bool:
        """Whether it failed or is quarantined."""
        return self.state in BAD

    @property
    def is_noted(self) -> bool:
        """Whether it is done and a person should look: warnings, captions against their style, a spec not met."""
        return self.state == "done" and bool(self.warnings or self.caption_issues or self.misses_spec)

    @property
    def misses_spec(self) -> bool:
        """Whether its loudness fails the delivery spec, or could not be measured."""
        return self.verdict not in ("", "pass")


@dataclass(frozen=True)
class StageSpeed:
    """What one step took over the jobs that were done in one go and did it: their number, computing seconds, media
    seconds."""

    name: str
    jobs: int
    seconds: float
    media_s: float

    @property
    def rtf(self) -> float | None:
        """Real-time factor: computing seconds for each second of media; None where there was no media."""
        return self.seconds / self.media_s if self.media_s else None


@dataclass(frozen=True)
class Summary:
    """The sums over a batch; all times in seconds.

    `media_s` is the length of what is done. `wall_s` runs from the first begin to the last end, `busy_s` leaves out of
    it when nothing was in hand (the nights between two calls). `compute_s` is what all attempts took together, `lost_s`
    those of them that did not end well (the next one may have gone on from what they left). `left_s` is how long
    waiting and running jobs will take, None where no done job tells. `noted` is how many done jobs a person should
    look at.
    """

    counts: Mapping[State, int]
    media_s: float
    wall_s: float
    busy_s: float
    compute_s: float
    lost_s: float
    begun: float | None
    ended: float | None
    left_s: float | None
    stages: tuple[StageSpeed, ...]
    outputs: int
    output_bytes: int
    noted: int
    slowest: tuple[Row, ...]

    @property
    def total(self) -> int:
        """All jobs."""
        return sum(self.counts.values())

    @property
    def speed(self) -> float | None:
        """Media seconds done for each second in which something was in hand; None before anything is done."""
        return self.media_s / self.busy_s if self.busy_s and self.media_s else None


def row(job: Job) -> Row:
    """A job as a row."""
    order, outcome = job.order, job.outcome
    media_s, seconds = _known(outcome.media_s), _known(job.spent_s)
    figures = outcome.figures
    return Row(
        id=job.id, name=order.name, source=order.source, out=order.out, preset=order.preset_name,
        language=order.language, title=order.title, state=job.state, stage=job.stage, share=job.share,
        worker=job.worker, error=outcome.error, reason=outcome.reason, attempts=job.attempts, crashes=job.crashes,
        losses=job.losses, added=_known(job.added), begun=_known(job.begun), ended=_known(job.ended), media_s=media_s,
        seconds=seconds, rtf=seconds / media_s if seconds and media_s else None, peak_mb=_known(outcome.peak_mb),
        captions=_count(figures, "captions"), caption_issues=_count(figures, "issues"),
        unsure=_count(figures, "unsure"), findings=_count(figures, "findings"), cues=_count(figures, "cues"),
        lufs=_finite(figures.get("lufs")), peak_dbtp=_finite(figures.get("peak_dbtp")),
        verdict=str(figures.get("verdict", "")), spec=str(figures.get("spec", "")), warnings=outcome.warnings,
        outputs=len(outcome.outputs), output_bytes=sum(output.size for output in outcome.outputs),
        backends=outcome.backends, stages=outcome.seconds, resumed=outcome.resumed, content=outcome.content,
    )  # fmt: skip


def rows(ledger: Ledger, *states: State) -> Iterator[Row]:
    """The jobs of a ledger in these states (all where none is named), a page at a time."""
    return map(row, ledger.jobs(*states))


def summarise(
    ledger: Ledger,
    of: Iterable[Row] | None = None,
    *,
    lengths: Mapping[int, float] | None = None,
    now: float | None = None,
    live: bool = True,
) -> Summary:
    """The sums over all jobs of a ledger; `of` are their rows where the caller has them already.

    `lengths` are media seconds of jobs that are not done, by number; those unknown take the mean of the done ones.
    `live` says that a driver works on it: what is in hand then runs until `now` (seconds since 1970), else it was cut
    off, and counts until the last thing that is known of.
    """
    sums = _Sums(lengths or {})
    for each in rows(ledger) if of is None else of:
        sums.add(each)
        if each.attempts:
            for attempt in ledger.attempts(each.id):
                in_vain = attempt.ending not in ("", "done")
                sums.spans.append((attempt.begun, attempt.ended, in_vain))
    return sums.summary(time.time() if now is None else now, live=live)


class _Sums:
    def __init__(self, lengths: Mapping[int, float]) -> None:
        self.spans: list[tuple[float, float, bool]] = []
        self._lengths = lengths
        self._counts: dict[State, int] = dict.fromkeys(STATES, 0)
        self._media_s, self._outputs, self._bytes, self._noted = 0.0, 0, 0, 0
        self._stages: dict[str, tuple[int, float, float]] = {}
        self._slowest: list[tuple[float, int, Row]] = []
        # Of jobs that wait or run: media seconds left and through; where lengths are unknown, numbers of jobs.
        self._left_s, self._through_s, self._jobs_left, self._jobs_through = 0.0, 0.0, 0.0, 0.0

    def add(self, each: Row) -> None:
        self._counts[each.state] += 1
        if each.state == "done":
            self._add_done(each)
        elif each.state in ("waiting", "running"):
            share = each.share if each.state == "running" else 0.0
            length_s = self._lengths.get(each.id)
            if length_s is None:
                self._jobs_left += 1 - share
                self._jobs_through += share
            else:
                self._left_s += (1 - share) * length_s
                self._through_s += share * length_s

    def _add_done(self, each: Row) -> None:
        media_s = each.media_s or 0.0
        self._media_s += media_s
        self._outputs += each.outputs
        self._bytes += each.output_bytes
        self._noted += each.is_noted
        for name, seconds in each.stages.items() if not each.resumed else ():
            jobs, total_s, of_s = self._stages.get(name, (0, 0.0, 0.0))
            self._stages[name] = (jobs + 1, total_s + seconds, of_s + media_s)
        entry = (each.seconds or 0.0, -each.id, each)
        if len(self._slowest) < SLOWEST:
            heapq.heappush(self._slowest, entry)
        else:
            heapq.heappushpop(self._slowest, entry)

    def summary(self, now: float, *, live: bool) -> Summary:
        last = max((max(begun, ended) for begun, ended, _ in self.spans), default=0.0)
        until = now if live else last
        spans = sorted((begun, max(begun, ended or until)) for begun, ended, _ in self.spans)
        begun, ended = (spans[0][0], max(end for _, end in spans)) if spans else (None, None)
        busy_s = _covered(spans)
        return Summary(
            counts=self._counts,
            media_s=self._media_s,
            wall_s=ended - begun if ended is not None and begun is not None else 0.0,
            busy_s=busy_s,
            compute_s=sum(end - begin for begin, end in spans),
            lost_s=sum(max(0.0, end - begin) for begin, end, in_vain in self.spans if in_vain),
            begun=begun,
            ended=ended,
            left_s=self._left(busy_s),
            stages=tuple(StageSpeed(name, *self._stages[name]) for name in _in_order(self._stages)),
            outputs=self._outputs,
            output_bytes=self._bytes,
            noted=self._noted,
            slowest=tuple(each for _, _, each in sorted(self._slowest, reverse=True)),
        )

    def _left(self, busy_s: float) -> float | None:
        if not self._counts["waiting"] and not self._counts["running"]:
            return 0.0
        if not self._media_s or not busy_s:
            return None
        mean_s = self._media_s / self._counts["done"]
        through_s = self._media_s + self._through_s + self._jobs_through * mean_s
        return (self._left_s + self._jobs_left * mean_s) * busy_s / through_s


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    """How much time sorted spans cover together."""
    covered_s, reached = 0.0, -math.inf
    for begin, end in spans:
        covered_s += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return covered_s


def _in_order(names: Iterable[str]) -> list[str]:
    """Steps as a run takes them; those of plug-ins before the last."""
    from ..presets import STAGES

    known = ["decode", *STAGES]
    return sorted(names, key=lambda name: (name == "deliver", known.index(name) if name in known else len(known), name))


def _known(value: float) -> float | None:
    """0.0 and less mean that nobody knows."""
    return value if value > 0 and math.isfinite(value) else None


def _finite(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _count(figures: Mapping[str, Any], key: str) -> int | None:
    value = _finite(figures.get(key))
    return None if value is None else int(value)
