"""Denoise: speech comes out, what surrounds it goes.

On a film give it the dialogue stem; run over a whole mix it takes music and effects away.
To add a backend: write a class with what `core.stage.Backend` asks for and `denoise` in a file of its own, add its
'module:Class' to the table of BACKENDS, and to its `auto` if it should be picked unasked; run tests/contract.
From another package it is an entry point 'denoise.NAME': examples/plugin/ has one, and README.md there the outline of
one for ClearerVoice's MossFormer2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np

from ...core.audio import Audio, FloatArray, sound_of
from ...core.errors import BadValue
from ...core.marks import NOISE_KINDS, Finding, share_of
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, EMBEDDED, Backends
from ...core.stage import Backend, Choice, Progress, silent
from ...core.time import Span, merge_spans
from ...io.scratch import spool

#: Fade between treated and untouched sound, outside the stretches that are treated.
_FADE_S = 0.1


@dataclass(frozen=True)
class Options:
    """How dialogue is denoised."""

    backend: str = option(AUTO, "deepfilternet3, guided, rnnoise, spectral, a plug-in, auto or embedded")
    amount: float = option(100.0, "share of the noise that is taken away", low=0.0, high=100.0, unit="%")
    max_reduction_db: float | None = option(
        None, "most by which noise is lowered; none for no limit", low=0.0, high=120.0, unit="dB"
    )
    when: str = option(
        "always", "always, or only where diagnose found noise or hiss (found)", choices=("always", "found")
    )
    linked: bool = option(False, "one gain for all channels, so that the image stays; else each by itself")
    model: str | None = option(None, "deepfilternet3: folder of its graphs instead of the model store", names_path=True)
    post_filter: bool = option(False, "deepfilternet3: take more of the residual noise, at some cost to the voice")


class Denoiser(Backend, Protocol):
    """Audio to the same length, rate and channels, sample-aligned; yields blocks (channels, n)."""

    def denoise(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]: ...


BACKENDS = Backends(
    stage="denoise",
    table={
        "deepfilternet3": "audiopost.stages.denoise.deepfilternet3:DeepFilterNet3",
        "guided": "audiopost.stages.denoise.guided:Guided",
        "rnnoise": "audiopost.stages.denoise.rnnoise:RNNoise",
        "spectral": "audiopost.stages.denoise.spectral:Spectral",
    },
    embedded=("guided",),
    auto=("deepfilternet3", "guided", "spectral"),
)

#: A dialogue stem that one of these made is denoised: on six scenes split by `dsp` a pass of deepfilternet3 after it
#: changed the mean SI-SDR from 12.4 to 11.5 dB (worst 9.8 to 5.1) and STOI from .895 to .884, guided to 10.4 and .884.
#: On twelve split by `house`, which hears RNNoise, guided changed 11.5 to 11.0 (one by -5.1) and .903 to .899.
_SPEECH_NETWORKS = ("RNNoise", "deepfilternet3")
#: The backend that harms sound of the telephone band (STOI .85 to .76 on 8 noisy mixtures; guided .85 to .87).
_WIDEBAND = "deepfilternet3"


@dataclass(frozen=True)
class _Work:
    """What is to be done: by whom, where (None: everywhere), and what is to be said of it."""

    backend: Denoiser
    choice: Choice
    spans: tuple[Span, ...] | None
    warnings: tuple[str, ...]


def denoise(
    audio: Audio,
    findings: Sequence[Finding] | None = None,
    options: Options | None = None,
    *,
    progress: Progress = silent,
    **changes: Any,
) -> Audio:
    """Speech with less noise: same length, rate and channels, sample-aligned with the input.

    NaN and infinite samples are taken as silence. `findings` are wanted by when="found" only; without noise among
    them `audio` itself comes back. `changes` are fields of Options: `denoise(audio, backend="spectral", amount=80)`.
    Raises UnknownName, BadValue, MissingExtra, MissingModel.
    """
    chosen = change(options, Options, changes, "denoise.")
    work = _plan(audio, findings, chosen)
    return _run(work, audio, chosen, progress) if work else audio


def reported(blocks: Iterable[FloatArray], audio: Audio, progress: Progress) -> Iterator[FloatArray]:
    """The blocks, with progress told after each."""
    done = 0
    for block in blocks:
        done += block.shape[1]
        yield block
        progress("denoise", done, audio.frames)


def _plan(audio: Audio, findings: Sequence[Finding] | None, options: Options) -> _Work | None:
    """None where there is nothing to do."""
    spans = None
    if options.when == "found":
        if findings is None:
            raise BadValue(
                "denoise.when = 'found' needs the findings of diagnose, and there are none.",
                value=options.when,
                remedy="Run diagnose before, or set denoise.when=always.",
            )
        spans = tuple(Span(each.start_s, each.end_s) for each in findings if each.kind in NOISE_KINDS)
        if not spans:
            return None
    return _choose(audio, options, spans)


def _choose(audio: Audio, options: Options, spans: tuple[Span, ...] | None) -> _Work:
    """`auto` passes over what would harm sound of the telephone band; asked for by name it runs, with a warning."""
    from .band import telephone_band

    harms = BACKENDS.pick(options) == _WIDEBAND and telephone_band(sound_of(audio))
    why = f"nothing is heard above 4.3 kHz (telephone band), where {_WIDEBAND} harms the voice"
    if harms and options.backend == AUTO:
        backend, choice = BACKENDS.choose(replace(options, backend=EMBEDDED))
        return _Work(backend, replace(choice, reason=f"auto: {why}"), spans, ())
    backend, choice = BACKENDS.choose(options)
    return _Work(backend, choice, spans, (f"{why}; {BACKENDS.embedded[0]} does not",) if harms else ())


def _run(work: _Work, audio: Audio, options: Options, progress: Progress) -> Audio:
    from .linked import linked

    audio = sound_of(audio)
    blocks = work.backend.denoise(audio, progress)
    if options.linked and audio.channels > 1:
        blocks = linked(audio, blocks)
    return spool(_mixed(audio, blocks, options, work.spans), like=audio)


def _mixed(
    audio: Audio, denoised: Iterable[FloatArray], options: Options, spans: tuple[Span, ...] | None
) -> Iterator[FloatArray]:
    """What the backend takes away goes by `amount`, and noise is lowered by no more than `max_reduction_db`."""
    share = share_of(options.amount, options.max_reduction_db)
    at = 0
    for block in denoised:
        stop = at + block.shape[1]
        if share < 1 or spans is not None:
            weight = share if spans is None else share * _inside(spans, at, stop, audio.rate)
            noisy = audio.read(at, stop)
            block = noisy - (weight * (noisy - block)).astype(np.float32)
        at = stop
        yield block


def _inside(spans: tuple[Span, ...], start: int, stop: int, rate: int) -> FloatArray:
    """(frames,) 1 inside the spans, 0 outside, with fades around them."""
    time_s = np.arange(start, stop) / rate
    weight = np.zeros(stop - start, np.float32)
    for span in spans:
        if (span.start_s - _FADE_S) * rate < stop and (span.end_s + _FADE_S) * rate > start:
            near = 1 - np.maximum(span.start_s - time_s, time_s - span.end_s) / _FADE_S
            np.maximum(weight, np.clip(near, 0, 1), out=weight)
    return weight


class Stage:
    """Denoises the Project's dialogue. Without stems that is the programme, and the result is the clean mix."""

    name = "denoise"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"repaired", "clean"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        dialogue = replace(project, repaired=None).dialogue
        reason = _leave(project) if options.backend == AUTO else ""
        if reason:
            done = Choice("none", f"auto: {reason}")
            return project.after(self.name, done, options, repaired=dialogue, clean=_remix(project, dialogue))
        work = _plan(dialogue, _findings(project), options)
        if work is None:
            nothing = Choice("none", "diagnose found no noise or hiss under speech; the sound is unchanged")
            return project.after(self.name, nothing, options, repaired=dialogue, clean=project.programme)
        choice = work.choice
        if work.spans is not None:
            choice = replace(choice, reason=f"{choice.reason}; {_stretches(work.spans)} where noise was found")
        repaired = _run(work, dialogue, options, progress)
        return project.after(
            self.name, choice, options, warnings=work.warnings, repaired=repaired, clean=_remix(project, repaired)
        )


def _leave(project: Project) -> str:
    """Why `auto` leaves the Project's stems as they are, '' where it does not."""
    separated = project.step("separate")
    if project.stems and not project.voice:
        return "there is no stem of the voice, and over the whole programme it would take music and effects away"
    networks = [model.name for model in separated.model.each] if separated and separated.model else []
    if {*networks} & {*_SPEECH_NETWORKS}:
        return f"{' and '.join(networks)} made the dialogue stem already; another pass harms more than it helps"
    return ""


def _findings(project: Project) -> Sequence[Finding] | None:
    """The findings; of noise and hiss only what lies at speech and, in a mix that was not parted into stems, not where
    music plays: what denoises speech would take that away.
    """
    speech = project.speech_spans
    if project.findings is None or speech is None:
        return project.findings
    music = [Span(a.start_s, a.end_s) for a in project.activity or () if a.kind == "music" and not project.stems]
    return [
        replace(finding, start_s=span.start_s, end_s=span.end_s)
        for finding in project.findings
        if finding.kind in NOISE_KINDS
        for span in _outside(Span(finding.start_s, finding.end_s), music)
        if any(span & spoken for spoken in speech)
    ]


def _outside(span: Span, others: Sequence[Span]) -> list[Span]:
    """What is left of `span` without `others`."""
    left, at = [], span.start_s
    for other in merge_spans(list(others)):
        if span & other:
            left.append(Span(at, max(at, other.start_s)))
            at = max(at, other.end_s)
    return [s for s in (*left, Span(min(at, span.end_s), span.end_s)) if s.duration_s > 0]


def _stretches(spans: tuple[Span, ...]) -> str:
    return "only in the stretch" if len(spans) == 1 else f"only in the {len(spans)} stretches"


def _remix(project: Project, repaired: Audio) -> Audio:
    """Repaired dialogue plus the other stems, at the source's level; the repaired programme where there are none."""
    others = [stem for name, stem in (project.stems or {}).items() if name != project.voice]
    if not others or not project.voice:  # stems without a voice: the programme was denoised as a whole
        return repaired

    def blocks() -> Iterator[FloatArray]:
        for start in range(0, repaired.frames, 1 << 17):
            stop = min(start + (1 << 17), repaired.frames)
            mix = repaired.read(start, stop).copy()
            for stem in others:
                mix += stem.read(start, stop)
            yield mix

    return spool(blocks(), like=repaired)
