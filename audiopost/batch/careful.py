"""Smaller settings: what a recording is tried with once more after it brought its worker down."""

from __future__ import annotations

from ..presets import Preset

#: By stage, what takes less memory or keeps a crash in a process of its own. Results are as good, or nearly.
_SMALLER: dict[str, tuple[str, ...]] = {
    "transcribe": ("batch_size=1", "threads=1", "isolate=true"),
    "separate": ("segment=4",),
}


def smaller(preset: Preset) -> Preset:
    """`preset` with settings that ask less of the machine; the record says what a recording was made with."""
    settings = [f"{stage}.{setting}" for stage, some in _SMALLER.items() if stage in preset.stages for setting in some]
    return preset.changed(settings)
