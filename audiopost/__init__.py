"""audiopost: AI post-production audio.

    import audiopost as ap
    film = ap.load("film.mov")
    stems = ap.separate(film.audio)
    dialogue = ap.denoise(stems["dialogue"])
    words = ap.transcribe(dialogue, language="en")

Everything below is imported when it is first used: `import audiopost` loads neither torch nor gradio.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .core.audio import Audio as Audio
    from .core.errors import AudiopostError as AudiopostError
    from .core.project import Project as Project
    from .core.time import FrameRate as FrameRate
    from .core.time import Span as Span
    from .core.time import Timebase as Timebase
    from .io.decode import load as load
    from .io.encode import write_wav as write_wav
    from .pipeline import RunResult as RunResult
    from .pipeline import run as run
    from .stages.cues import suggest_cues as suggest_cues
    from .stages.denoise import denoise as denoise
    from .stages.diagnose import diagnose as diagnose
    from .stages.diarise import diarise as diarise
    from .stages.emotion import emotion as emotion
    from .stages.loudness import master as master
    from .stages.loudness import measure_loudness as measure_loudness
    from .stages.restore import repair as repair
    from .stages.restore import restore as restore
    from .stages.scenes import find_beats as find_beats
    from .stages.scenes import find_scenes as find_scenes
    from .stages.separate import separate as separate
    from .stages.transcribe import transcribe as transcribe

_PUBLIC = {
    "Audio": "audiopost.core.audio",
    "AudiopostError": "audiopost.core.errors",
    "FrameRate": "audiopost.core.time",
    "Project": "audiopost.core.project",
    "RunResult": "audiopost.pipeline",
    "Span": "audiopost.core.time",
    "Timebase": "audiopost.core.time",
    "denoise": "audiopost.stages.denoise",
    "diagnose": "audiopost.stages.diagnose",
    "diarise": "audiopost.stages.diarise",
    "emotion": "audiopost.stages.emotion",
    "find_beats": "audiopost.stages.scenes",
    "find_scenes": "audiopost.stages.scenes",
    "load": "audiopost.io.decode",
    "master": "audiopost.stages.loudness",
    "measure_loudness": "audiopost.stages.loudness",
    "repair": "audiopost.stages.restore",
    "restore": "audiopost.stages.restore",
    "run": "audiopost.pipeline",
    "separate": "audiopost.stages.separate",
    "suggest_cues": "audiopost.stages.cues",
    "transcribe": "audiopost.stages.transcribe",
    "write_wav": "audiopost.io.encode",
}

__all__ = [*_PUBLIC]

# Telemetry of what we build on stays off unless the user has said otherwise.
for _name, _value in (
    ("PYANNOTE_METRICS_ENABLED", "0"), ("HF_HUB_DISABLE_TELEMETRY", "1"), ("GRADIO_ANALYTICS_ENABLED", "False"),
    ("DO_NOT_TRACK", "1"),
):  # fmt: skip
    os.environ.setdefault(_name, _value)


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        import importlib

        value = getattr(importlib.import_module(_PUBLIC[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'audiopost' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
