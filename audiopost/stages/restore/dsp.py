"""Our own signal processing: the chain of repairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ...core.audio import Audio
from ...core.marks import Finding
from ...core.stage import BuiltIn, Progress
from . import Options, Restored, chain


class Dsp(BuiltIn[Options]):
    """See `chain.REPAIRS` for what is done in which order."""

    name: ClassVar[str] = "dsp"
    reason: ClassVar[str] = "needs nothing but numpy and scipy"

    def restore(self, audio: Audio, findings: Sequence[Finding] | None, progress: Progress) -> Restored:
        return chain.run(audio, findings, self.options, progress)
