"""Denoise: speech comes out, what surrounds it goes.

On a film give it the dialogue stem; run over a whole mix it takes music and effects away.
To add a backend: write a class with what `core.stage.Backend` asks for and `denoise` in a file of its own, add its
'module:Class' to the table of BACKENDS, and to its `auto` if it should be picked unasked; run tests/contract.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from ...core.audio import Audio, FloatArray
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.stage import Backend, Progress, silent
from ...io.scratch import spool


@dataclass(frozen=True)
class Options:
    """How dialogue is denoised."""

    backend: str = option(AUTO, "rnnoise, spectral, a plug-in, auto or embedded")
    amount: float = option(1.0, "share of the noise that is taken away", low=0.0, high=1.0)


class Denoiser(Backend, Protocol):
    """Audio to the same length, rate and channels, sample-aligned; yields blocks (channels, n)."""

    def denoise(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]: ...


BACKENDS = Backends(
    stage="denoise",
    table={
        "rnnoise": "audiopost.stages.denoise.rnnoise:RNNoise",
        "spectral": "audiopost.stages.denoise.spectral:Spectral",
    },
    embedded="rnnoise",
    auto=("rnnoise", "spectral"),
)


def denoise(audio: Audio, options: Options | None = None, *, progress: Progress = silent, **changes: Any) -> Audio:
    """Speech with less noise: same length, rate and channels, sample-aligned with the input.

    `changes` are fields of Options: `denoise(audio, backend="spectral", amount=0.8)`.
    Raises UnknownName, BadValue, MissingExtra.
    """
    chosen = change(options, Options, changes, "denoise.")
    backend, _ = BACKENDS.choose(chosen)
    return _run(backend, audio, chosen, progress)


def _run(backend: Denoiser, audio: Audio, options: Options, progress: Progress) -> Audio:
    return spool(_mixed(audio, backend.denoise(audio, progress), options.amount), like=audio)


def _mixed(audio: Audio, denoised: Iterator[FloatArray], amount: float) -> Iterator[FloatArray]:
    at = 0
    for block in denoised:
        if amount < 1.0:
            block = amount * block + (1 - amount) * audio.read(at, at + block.shape[1])
        at += block.shape[1]
        yield block


class Stage:
    """Denoises the Project's dialogue. Without stems that is the programme, and the result is the clean mix."""

    name = "denoise"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"repaired", "clean"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        dialogue = replace(project, repaired=None).dialogue
        backend, choice = BACKENDS.choose(options)
        if options.backend == AUTO and project.stems and choice.model in project.models:
            # A second pass of one network takes no more noise, only speech: 13.9 to 8.8 dB SI-SDR on the example scene.
            why = "made the dialogue stem already; a second pass, at any amount, would harm the speech"
            choice = replace(choice, reason=f"auto: {choice.model.name} {why}")
            return project.after(self.name, choice, options, repaired=dialogue, clean=_remix(project, dialogue))
        repaired = _run(backend, dialogue, options, progress)
        return project.after(self.name, choice, options, repaired=repaired, clean=_remix(project, repaired))


def _remix(project: Project, repaired: Audio) -> Audio:
    """Repaired dialogue plus the other stems, at the source's level; the repaired programme where there are none."""
    others = [stem for name, stem in (project.stems or {}).items() if name not in ("dialogue", "vocals")]
    if not others:
        return repaired

    def blocks() -> Iterator[FloatArray]:
        for start in range(0, repaired.frames, 1 << 17):
            stop = min(start + (1 << 17), repaired.frames)
            mix = repaired.read(start, stop).copy()
            for stem in others:
                mix += stem.read(start, stop)
            yield mix

    return spool(blocks(), like=repaired)
