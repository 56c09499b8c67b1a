"""The space in which short voice prints tell speakers apart: linear discriminant analysis (LDA).

In it the prints of one speaker scatter with unit variance in every direction, whatever is said and wherever, and
speakers lie with variance `between`: the two-covariance model (Brümmer and de Villiers, 2010). The numbers were
fitted by benchmarks/fit_voices.py on 100 speakers of openly licensed speech (LibriSpeech and VCTK, CC BY 4.0; EMO-DB,
free to use; audio-cmn, CC BY-SA; CC0), none of it from recordings that figures are measured on, and hold no recording.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.audio import Audio, FloatArray
from ..core.stage import Progress, silent
from ..core.time import Span
from . import voice_print

PATH = Path(__file__).with_name("voice_space.npz")
#: Seconds of sound behind one print: less blurs changes of speaker less, more tells voices apart better.
WINDOW_S = 0.8


@dataclass(frozen=True)
class VoiceSpace:
    """`mean` (256,) and `basis` (256, size) take unit prints into the space; `between` (size,) is the variance there
    of speakers, in units of the variance of one speaker's prints."""

    mean: FloatArray
    basis: FloatArray
    between: FloatArray


@functools.cache
def load() -> VoiceSpace:
    with np.load(PATH) as stored:
        return VoiceSpace(*(stored[name].astype(np.float32) for name in ("mean", "basis", "between")))


def points(
    audio: Audio, spans: Sequence[Span], *, hop_s: float, device: str = "cpu", progress: Progress = silent
) -> voice_print.VoicePrints:
    """As `voice_print.voice_prints`, with vectors (n, size) in the space, of windows of `WINDOW_S`."""
    space = load()
    prints = voice_print.voice_prints(
        audio, spans, hop_s=hop_s, window_s=WINDOW_S, rectified=False, device=device, progress=progress
    )
    vectors = np.asarray((prints.vectors - space.mean) @ space.basis, np.float32)
    return voice_print.VoicePrints(prints.times_s, vectors, hop_s)
