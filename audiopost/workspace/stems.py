"""The stems as a mixer has them: faders, the mix that they make, and whether stems and mix null."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ..core.audio import Audio, FloatArray, difference
from ..core.errors import BadValue, UnknownName
from ..core.made import made
from ..core.marks import LoudnessReport
from ..core.options import build
from ..core.project import Project
from ..core.stage import Progress, Step, silent
from ..dsp.loudness import MIN_RATE, Meter
from ..io import scratch
from ..pipeline import apply
from ..pipeline.state import separated_from
from ..stages import loudness
from .background import Background, Work
from .cache import Cache
from .delivery import with_master
from .desk import Desk
from .runs import MIXDOWN
from .tracks import version_of

#: What a fader can be set to, in dB; below its lowest place a stem is muted.
LOWEST_DB, HIGHEST_DB = -60.0, 12.0
#: Stems and mix null where nothing louder is left, in dBFS: dither of 24 bits stays below it.
NULL_DBFS = -100.0
_NOTED = "faders"
_READ = 1 << 17


@dataclass(frozen=True)
class Fader:
    """Where a stem's fader stands: `gain_db` from LOWEST_DB to HIGHEST_DB."""

    gain_db: float = 0.0
    muted: bool = False

    @property
    def factor(self) -> float:
        """What samples are multiplied by."""
        return 0.0 if self.muted else float(10 ** (self.gain_db / 20))


def strips(project: Project) -> dict[str, Audio]:
    """The stems by name as they are mixed: with the repaired dialogue, or vocals, in its stem's place."""
    found = dict(project.stems or {})
    if project.voice and project.repaired is not None:
        found[project.voice] = project.repaired
    return found


def faders(desk: Desk) -> dict[str, Fader]:
    """The fader of each stem as it was left; at 0 dB where nobody touched it."""
    kept = desk.noted(_NOTED) or {}
    return {name: Fader(**kept[name]) if name in kept else Fader() for name in strips(desk.project)}


def set_faders(desk: Desk, places: Mapping[str, Fader]) -> None:
    """Keeps the places of some or all faders with the Project. Raises UnknownName, BadValue."""
    now = faders(desk)
    for name, fader in places.items():
        if name not in now:
            raise UnknownName("stem", name, list(now))
        if not LOWEST_DB <= fader.gain_db <= HIGHEST_DB:
            raise BadValue(
                f"A fader stands from {LOWEST_DB:g} to {HIGHEST_DB:g} dB, not at {fader.gain_db:g}.",
                value=fader.gain_db,
                remedy="Mute the stem to leave it out.",
            )
    if (after := {**now, **places}) != now:
        desk.note(**{_NOTED: {name: asdict(fader) for name, fader in after.items()}})


def summed(stems: Mapping[str, Audio], places: Mapping[str, Fader]) -> Audio:
    """The sum of stems of one shape at their faders, worked out when read. Raises BadValue where none is heard."""
    if not stems:
        raise BadValue("There are no stems to mix.", value=None, remedy="Run a preset that separates: film-dialogue.")
    heard = [(stems[name], places.get(name, Fader()).factor) for name in stems]
    heard = [(stem, factor) for stem, factor in heard if factor]
    if not heard:
        raise BadValue("Every stem is muted: there is nothing to mix.", value=list(stems), remedy="Unmute a stem.")

    def read(start: int, stop: int) -> FloatArray:
        total = np.zeros((heard[0][0].channels, stop - start), np.float32)
        for stem, factor in heard:
            total += np.float32(factor) * stem.read(start, stop)
        return total

    return made(read, like=heard[0][0])


# The mix down ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mixdown:
    """A mix of the stems and how loud it is; `report` is None at rates that are too low to be measured.

    `peak_dbfs` is the highest sample, None for silence: above 0 it passes full scale, and files of whole numbers clip.
    """

    audio: Audio
    report: LoudnessReport | None
    peak_dbfs: float | None


def mixed(project: Project, places: Mapping[str, Fader], progress: Progress = silent) -> Mixdown:
    """The stems of a Project mixed and measured in one pass, in blocks. Raises BadValue where there is nothing."""
    mix = summed(strips(project), places)
    meter = Meter(mix.rate, mix.layout) if mix.rate >= MIN_RATE else None
    peak = 0.0

    def blocks() -> Iterator[FloatArray]:
        nonlocal peak
        for start in range(0, mix.frames, _READ):
            block = mix.read(start, min(start + _READ, mix.frames))
            peak = max(peak, float(np.max(np.abs(block), initial=0.0)))
            if meter is not None:
                meter.push(block)
            progress(MIXDOWN, min(start + _READ, mix.frames), mix.frames)
            yield block

    audio = scratch.spool(blocks(), like=mix)
    return Mixdown(audio, meter.report() if meter else None, _dbfs(peak))


def mix_down(desk: Desk, label: str, places: Mapping[str, Fader], progress: Progress = silent) -> Mixdown:
    """Puts the mix of a desk's stems in the clean mix's place, as a change called `label`, and returns it.

    The faders go on record. A master that was made of the old mix is made anew of this one, with the options it had.
    Raises BadValue, OutputError, StageError.
    """
    with scratch.using(desk.work):
        before = desk.project
        mixdown = mixed(before, places, progress)
        after = _with_mix(before, mixdown.audio, places)
        if before.master is not None:
            step = before.step("loudness")
            options = build(loudness.Options, dict(step.options) if step else {}, "loudness.")
            after = with_master(after, apply(after, "loudness", options, progress))

        def change(now: Project) -> Project:
            if _versions(now) != _versions(before):
                raise BadValue("The stems changed while they were mixed.", value=desk.name, remedy="Mix down again.")
            done = _with_mix(now, mixdown.audio, places)
            return done if after.master is None else with_master(done, after)

        desk.edit(label, change, detail=told(places))
    return mixdown


def _versions(project: Project) -> dict[str, str]:
    return {name: version_of(stem) for name, stem in strips(project).items()}


def told(places: Mapping[str, Fader]) -> str:
    """Faders in a few words: 'dialogue +2 dB, music muted'; '' where all stand at 0 dB."""
    moved = {name: fader for name, fader in places.items() if fader != Fader()}
    return ", ".join(
        f"{name} muted" if fader.muted else f"{name} {fader.gain_db:+g} dB" for name, fader in moved.items()
    )


def _with_mix(project: Project, clean: Audio, places: Mapping[str, Fader]) -> Project:
    at = {name: places.get(name, Fader()) for name in strips(project)}
    options = {name: None if fader.muted else fader.gain_db for name, fader in at.items()}
    step = Step(MIXDOWN, "faders", "mixed by a person", options, output_sha256=clean.sha256())
    others = tuple(each for each in project.steps if each.stage != MIXDOWN)
    return replace(project, clean=clean, steps=(*others, step))


def mixed_at(project: Project) -> dict[str, Fader]:
    """The faders that the clean mix was made with: all at 0 dB where it is not a mix down."""
    step = project.step(MIXDOWN)
    if step is None or project.clean is None or step.output_sha256 != project.clean.sha256():
        return {name: Fader() for name in strips(project)}
    return {name: Fader(muted=True) if db is None else Fader(float(db)) for name, db in step.options.items()}


# The null test --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Null:
    """What is left when a mix is taken from the sum of its stems: peak and RMS in dBFS, None where nothing is.

    `of` is 'source' for the stems as they were separated less what they were separated from, 'clean' for the stems at
    the faders of the clean mix less that mix.
    """

    of: str
    peak_dbfs: float | None
    rms_dbfs: float | None

    @property
    def nulls(self) -> bool:
        """Whether nothing is left that could be heard."""
        return self.peak_dbfs is None or self.peak_dbfs <= NULL_DBFS


@dataclass(frozen=True)
class _Test:
    of: str
    residue: Audio
    #: Names the sounds it is worked out of; the first is the mix.
    versions: tuple[str, ...]

    @property
    def what(self) -> str:
        return f"null-{hashlib.sha256(' '.join(self.versions).encode()).hexdigest()[:16]}.json"

    def kept(self, cache: Cache) -> Null | None:
        content = cache.get(self.versions[0], self.what)
        return Null(self.of, **json.loads(content)) if content else None


class _Nulling(Work):
    """Measures what is left; it is in the cache when it ends."""

    def __init__(self, cache: Cache, test: _Test) -> None:
        super().__init__()
        self._cache, self._test = cache, test

    def run(self) -> None:
        if self._test.kept(self._cache) is not None:
            return  # done between somebody's look and their question
        found = measured(self._test.residue, self._advance)
        self._cache.put(self._test.versions[0], self._test.what, json.dumps(found).encode())

    def _advance(self, step: str, done: float, total: float) -> None:
        self.done = done / total


_nulling: Background[_Nulling] = Background("audiopost-null-test")


def measured(residue: Audio, progress: Progress = silent) -> dict[str, float | None]:
    """Peak and RMS of a sound in dBFS over all channels, read in blocks; None for silence."""
    peak, energy = 0.0, 0.0
    for start in range(0, residue.frames, _READ):
        block = residue.read(start, min(start + _READ, residue.frames))
        peak = max(peak, float(np.max(np.abs(block), initial=0.0)))
        energy += float(np.sum(np.square(block, dtype=np.float64)))
        progress("null", min(start + _READ, residue.frames), residue.frames)
    return {"peak_dbfs": _dbfs(peak), "rms_dbfs": _dbfs(math.sqrt(energy / max(residue.frames * residue.channels, 1)))}


def null_tests(desk: Desk, patience_s: float = 0.0) -> tuple[tuple[Null, ...], float]:
    """The null tests of a desk that are done after so many seconds, and which share of all of them that is.

    Each is measured once for each state of its sounds, in the background. Raises what reading them failed with.
    """
    cache, tests = Cache(desk.cache), tuple(_tests(desk.project))
    shares: list[float] = []
    found: list[Null] = []
    for test in tests:
        kept = test.kept(cache)
        if kept is None:
            work = _nulling.begin((cache.folder, test.versions), lambda test=test: _Nulling(cache, test))  # type: ignore[misc]
            work.ended.wait(patience_s)
            shares.append(work.share)
            if work.error is not None:
                raise work.error
            kept = test.kept(cache)
        else:
            shares.append(1.0)
        found += [kept] if kept else []
    return tuple(found), sum(shares) / len(shares) if shares else 1.0


def _tests(project: Project) -> Iterable[_Test]:
    raw, mixing = dict(project.stems or {}), strips(project)
    if not raw:
        return
    if (separated := separated_from(project)) is not None:
        yield _test("source", raw, {}, separated)
    if project.clean is not None:
        yield _test("clean", mixing, mixed_at(project), project.clean)


def _test(of: str, stems: Mapping[str, Audio], places: Mapping[str, Fader], mix: Audio) -> _Test:
    at = json.dumps({name: asdict(fader) for name, fader in places.items()}, sort_keys=True)
    versions = (version_of(mix), *(version_of(stem) for stem in stems.values()), at)
    return _Test(of, difference(summed(stems, places), mix), versions)


def _dbfs(value: float) -> float | None:
    return 20 * math.log10(value) if value > 0 else None


def fader_of(value: Any) -> Fader:
    """A fader out of JSON: {gain_db, muted}. Raises BadValue."""
    try:
        return Fader(float(value["gain_db"]), bool(value["muted"]))
    except (TypeError, KeyError, ValueError) as error:
        raise BadValue(f"{value!r} is no place of a fader.", value=value) from error
