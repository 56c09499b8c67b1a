"""A whole backend in one file: a noise gate that opens above -45 dBFS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from audiopost.core.audio import Audio, FloatArray
from audiopost.core.stage import BuiltIn, Progress
from audiopost.stages.denoise import Options

THRESHOLD = 10 ** (-45 / 20)
BLOCK_S = 0.02


class Gate(BuiltIn[Options]):
    """Blocks of 20 ms whose RMS lies below the threshold fade to silence."""

    name: ClassVar[str] = "gate"
    reason: ClassVar[str] = "a gate needs nothing"

    def denoise(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]:
        gain = 0.0
        done = 0
        for block in audio.blocks(round(BLOCK_S * audio.rate)):
            target = float(np.sqrt(np.mean(block**2)) > THRESHOLD)
            yield (block * np.linspace(gain, target, block.shape[1])).astype(np.float32)
            gain = target
            done += block.shape[1]
            progress("denoise", done, audio.frames)
