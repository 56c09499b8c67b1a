"""Loudness: measured by BS.1770-4, judged by a delivery spec, and brought to it by gain and a true-peak limiter.

To add a backend: write a class with `name`, `draft`, `available`, `model`, `measure` and `amplify` in a file of its
own, add its 'module:Class' to BACKENDS, and run tests/stages. To add a delivery spec, add a file to presets/specs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from ...core.audio import Audio, FloatArray
from ...core.marks import LoudnessReport, SpecCheck
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.stage import Backend, Progress, silent
from ...core.time import Span, merge_spans
from ...io.scratch import at_rate, spool
from .specs import Dialogue, Spec, anchor, check, load_spec, spec_names

__all__ = [
    "BACKENDS", "REACHED_LU", "Options", "Spec", "Stage", "assess", "assessed", "check", "load_spec", "master",
    "measure_loudness", "spec_names",
]  # fmt: skip

#: How near a master comes to its target, whatever the spec tolerates, where the limiter lets it.
REACHED_LU = 0.1
#: Passes of gain and limiter until it is there; half of REACHED_LU leaves room for rounding.
_PASSES = 8
#: Below this share of a gain that comes through, more gain only distorts.
_LEAST_YIELD = 0.2
#: The limiter is heard working beyond the first; beyond the second no target is worth it.
_HEAVY_LIMITING_DB, _MOST_LIMITING_DB = 10.0, 30.0


@dataclass(frozen=True)
class Options:
    """Which delivery the programme is measured against and brought to."""

    backend: str = option(AUTO, "bs1770, a plug-in, auto or embedded")
    spec: str = option(
        "ebu-r128", f"delivery spec: {', '.join(spec_names())}, or a .toml file of your own", names_path=True
    )
    integrated_lufs: float | None = option(
        None, "target loudness instead of the spec's", low=-60.0, high=-5.0, unit="LUFS"
    )
    true_peak_dbtp: float | None = option(None, "ceiling instead of the spec's", low=-20.0, high=0.0, unit="dBTP")
    limit: bool = option(True, "hold true peaks under the ceiling; off, gain alone is applied")

    def __post_init__(self) -> None:
        load_spec(self.spec)  # a wrong name or file is told before the work begins


class Measurement(Protocol):
    """A recording that was measured once and can be asked about stretches of it."""

    def report(self) -> LoudnessReport: ...

    def mean_lufs(self, spans: Iterable[Span]) -> float | None: ...

    def range_lu(self, spans: Iterable[Span]) -> float | None: ...


class LoudnessBackend(Backend, Protocol):
    """Measures, and applies gain: `amplify` yields blocks (channels, n), limited where a ceiling is given."""

    def measure(self, audio: Audio, progress: Progress) -> Measurement: ...

    def amplify(self, audio: Audio, gain_db: float, ceiling_dbtp: float | None) -> Iterator[FloatArray]: ...


BACKENDS = Backends(
    stage="loudness",
    table={"bs1770": "audiopost.stages.loudness.bs1770:BS1770"},
    embedded=("bs1770",),
    auto=("bs1770",),
)


def measure_loudness(
    audio: Audio, options: Options | None = None, *, progress: Progress = silent, **changes: Any
) -> LoudnessReport:
    """BS.1770-4 and R 128 measures; None for each that silence, or too short a recording, does not have.

    Raises UnknownName, BadValue.
    """
    backend, _ = BACKENDS.choose(change(options, Options, changes, "loudness."))
    report: LoudnessReport = backend.measure(audio, progress).report()
    return report


def assess(
    audio: Audio,
    options: Options | None = None,
    *,
    speech: Sequence[Span] | None = None,
    progress: Progress = silent,
    **changes: Any,
) -> tuple[LoudnessReport, tuple[SpecCheck, ...]]:
    """A recording measured and held against the spec of the options, as it is.

    `speech` is where speech is heard; where the spec needs it and it is None, it is detected. Raises as above.
    """
    options = change(options, Options, changes, "loudness.")
    backend, _ = BACKENDS.choose(options)
    spec = _spec(options)
    state = _State.of(backend, audio, _speech(audio, spec, speech), progress)
    return state.report, check(state.report, spec, state.dialogue, audio.rate)


def assessed(project: Project, options: Options, *, progress: Progress = silent) -> Project:
    """`project` with its recording measured and held against the spec as it is: no master is made. Raises as above."""
    backend, choice = BACKENDS.choose(options)
    spec = _spec(options)
    speech = _speech(project.audio, spec, project.speech_spans)
    state = _State.of(backend, project.audio, speech, progress)
    checks = check(state.report, spec, state.dialogue, project.audio.rate)
    return project.after("loudness", choice, options, loudness_in=state.report, loudness_checks=checks)


def master(
    audio: Audio,
    options: Options | None = None,
    *,
    speech: Sequence[Span] | None = None,
    progress: Progress = silent,
    **changes: Any,
) -> Audio:
    """`audio` brought to the spec of the options: gain, then a true-peak limiter where peaks would pass the ceiling.

    Same length and channels, sample-aligned, at the rate that the spec asks for, else the same. What has no loudness
    (silence, less than 0.4 s) gets no gain.
    `speech` as in `assess`. `master(audio, spec="podcast")`. Raises UnknownName, BadValue.
    """
    options = change(options, Options, changes, "loudness.")
    backend, _ = BACKENDS.choose(options)
    spec = _spec(options)
    state = _State.of(backend, _at_rate_of(spec, audio), _speech(audio, spec, speech), progress)
    return _master(backend, state, spec, options.limit, progress)[0].audio


@dataclass(frozen=True)
class _State:
    """A recording with its measurement; `speech` is None where the spec does not ask for it."""

    audio: Audio
    report: LoudnessReport
    speech: tuple[Span, ...] | None
    dialogue: Dialogue | None

    @classmethod
    def of(cls, backend: LoudnessBackend, audio: Audio, speech: tuple[Span, ...] | None, progress: Progress) -> _State:
        measurement = backend.measure(audio, progress)
        dialogue = None
        if speech is not None:
            share = sum(span.duration_s for span in speech) / audio.duration_s if audio.frames else 0.0
            dialogue = Dialogue(measurement.mean_lufs(speech), share, measurement.range_lu(speech))
        return cls(audio, measurement.report(), speech, dialogue)


def _spec(options: Options) -> Spec:
    """The spec with the options' own target and ceiling in place of its own."""
    spec = load_spec(options.spec)
    if options.integrated_lufs is not None:
        dialogue = None if spec.dialogue_lufs is None else options.integrated_lufs
        spec = replace(spec, integrated_lufs=options.integrated_lufs, dialogue_lufs=dialogue)
    if options.true_peak_dbtp is not None:
        spec = replace(spec, true_peak_dbtp=options.true_peak_dbtp)
    return spec


def _at_rate_of(spec: Spec, audio: Audio) -> Audio:
    """At the sample rate that the spec asks for: before the limiter, which would not know the peaks of another."""
    if spec.rate_hz is None or audio.duration_s * spec.rate_hz < 1:  # less than a sample stays what it is
        return audio
    return at_rate(audio, spec.rate_hz)


def _speech(audio: Audio, spec: Spec, speech: Sequence[Span] | None) -> tuple[Span, ...] | None:
    if spec.dialogue_lufs is None:
        return None
    if speech is None:
        from ...analysis.vad import speech_spans

        speech = speech_spans(audio)
    return tuple(merge_spans(tuple(speech)))


def _master(
    backend: LoudnessBackend, source: _State, spec: Spec, limited: bool, progress: Progress
) -> tuple[_State, tuple[str, ...]]:
    """The mastered recording with its measurement, and what a person should know about it."""
    peak = source.report.true_peak_dbtp
    loudness, target = anchor(source.report, spec, source.dialogue)
    wanted_db = 0.0 if loudness is None else target - loudness
    unheard = (
        () if loudness is not None else ("Silence, or less than 0.4 s of sound, has no loudness: it gets no gain.",)
    )
    if peak is None or (loudness is None and (not limited or peak <= spec.true_peak_dbtp)):
        return source, unheard
    last = (0.0, loudness)
    most_db = spec.true_peak_dbtp - peak + _MOST_LIMITING_DB
    for _ in range(_PASSES):
        gain_db = min(wanted_db, most_db) if limited else wanted_db
        # Rounding must not lift a peak that lies at the ceiling over it.
        ceiling = spec.true_peak_dbtp if limited and peak + gain_db > spec.true_peak_dbtp - 0.01 else None
        blocks = _reported(backend.amplify(source.audio, gain_db, ceiling), source.audio, progress)
        result = _State.of(backend, spool(blocks, like=source.audio), source.speech, progress)
        reached, _target = anchor(result.report, spec, result.dialogue)
        if last[1] is None or reached is None or (limited and gain_db == most_db):
            break
        if abs(target - reached) <= REACHED_LU / 2:
            break
        # The limiter swallows part of a gain, and a gain lifts quiet parts over the gate: by what the last step brought
        # (secant).
        yielded = (reached - last[1]) / (gain_db - last[0]) if gain_db != last[0] else 1.0
        last = (gain_db, reached)
        wanted_db = gain_db + (target - reached) / min(max(yielded, _LEAST_YIELD), 1.0)
    return result, (*unheard, *_warnings(result, spec, peak + gain_db - spec.true_peak_dbtp, limited))


def _reported(blocks: Iterator[FloatArray], audio: Audio, progress: Progress) -> Iterator[FloatArray]:
    done = 0
    for block in blocks:
        yield block
        done += block.shape[1]
        progress("master", done / audio.rate, audio.duration_s)


def _warnings(result: _State, spec: Spec, over_db: float, limited: bool) -> tuple[str, ...]:
    warnings = []
    reached, target = anchor(result.report, spec, result.dialogue)
    if reached is not None and abs(reached - target) > REACHED_LU:
        within = ", within the tolerance" if abs(reached - target) <= spec.tolerance_lu else ""
        warnings.append(
            f"{target:g} LUFS could not be reached under {spec.true_peak_dbtp:g} dBTP: the master has "
            f"{reached:.1f} LUFS{within}. Compress the mix, or ask for a lower target."
        )
    if limited and over_db > _HEAVY_LIMITING_DB:
        warnings.append(f"The limiter takes {over_db:.1f} dB from the highest peak, which may be heard.")
    if not limited and over_db > 0:
        warnings.append(
            f"True peaks pass {spec.true_peak_dbtp:g} dBTP by {over_db:.1f} dB: the limiter is switched off."
        )
    return tuple(warnings)


class Stage:
    """Measures the source, brings the mix to the delivery spec, and judges the result by it."""

    name = "loudness"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"loudness_in", "master", "loudness", "loudness_checks"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        backend, choice = BACKENDS.choose(options)
        spec = _spec(options)
        speech = _speech(project.dialogue, spec, project.speech_spans)
        mix = _State.of(backend, _at_rate_of(spec, project.mix), speech, progress)
        source = mix if mix.audio is project.audio else _State.of(backend, project.audio, None, progress)
        result, warnings = _master(backend, mix, spec, options.limit, progress)
        if result.audio.rate != project.mix.rate:
            asked = f"The master has {result.audio.rate} Hz, as the spec {spec.name} asks"
            warnings = (f"{asked}: it is resampled from {project.mix.rate} Hz.", *warnings)
        return project.after(
            self.name,
            choice,
            options,
            warnings=warnings,
            loudness_in=source.report,
            master=result.audio,
            loudness=result.report,
            loudness_checks=check(result.report, spec, result.dialogue, result.audio.rate),
        )
