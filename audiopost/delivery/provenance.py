"""Provenance: what was done to a recording, by what, and one plain sentence of disclosure for each file made."""

from __future__ import annotations

import importlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..core.project import Project
from ..core.serial import to_json
from ..core.stage import Step
from ..io.atomic import write_text
from ..io.decode import file_sha256

#: Raised when a field changes its meaning.
FORMAT = 1

#: Packages whose version changes results: those of every run, of a stage, and of a stage's backend.
_ALWAYS = ("numpy", "scipy", "soundfile", "soxr", "av")
_PACKAGES: Mapping[str, tuple[str, ...]] = {
    "diagnose": ("silero-vad", "onnxruntime"),
    "denoise.rnnoise": ("pyrnnoise",),
    "separate.dsp": ("pyrnnoise", "silero-vad", "onnxruntime", "librosa"),
    "separate.demucs": ("demucs", "torch"),
    "transcribe.pocketsphinx": ("pocketsphinx",),
    "transcribe.faster-whisper": ("faster-whisper", "ctranslate2"),
    "diarise.embeddings": ("resemblyzer", "torch", "silero-vad", "onnxruntime"),
    "diarise.pyannote": ("pyannote.audio", "torch"),
    "emotion.prosody": ("librosa",),
    "subtitles": ("pysubs2", "budoux"),
    "cues": ("opentimelineio",),
}

_SPECS = {"ebu-r128": "EBU R 128", "atsc-a85": "ATSC A/85", "netflix": "the Netflix spec"}
_SOUND = {"restore": "mended", "separate": "split into stems", "denoise": "denoised"}
_TEXT = {"transcribe": "machine-transcribed", "diarise": "speakers told apart"}
_STEMS = ("dialogue", "vocals", "music", "effects", "drums", "bass", "other", "guitar", "piano")
_CAPTIONS = ("srt", "vtt", "ass", "ttml", "json")


def provenance(project: Project, outputs: Mapping[str, Path]) -> dict[str, Any]:
    """JSON values: source, every step, software, and each of `outputs` (kind to existing file) with its disclosure.

    What changes between two equal runs lies under 'timing' and nowhere else, but for files that hold such a time
    themselves (the report, the Project).
    """
    media = project.media
    source = {
        "file": Path(media.path).name,
        "sha256": media.sha256,
        "container": media.container,
        "subtype": media.subtype,
        "rate": media.rate,
        "channels": media.channels,
        "layout": list(media.layout),
        "duration_s": media.duration_s,
        "warnings": list(media.warnings),
    }
    steps = [_step(step) for step in project.steps]
    return {
        "audiopost_provenance": FORMAT,
        "source": source,
        "preset": project.preset,
        "steps": steps,
        "missing": list(project.missing),
        "deliverables": [
            {
                "kind": kind,
                "file": path.name,
                "bytes": path.stat().st_size,
                "sha256": file_sha256(path),
                "disclosure": disclosure(kind, project),
            }
            for kind, path in sorted(outputs.items())
        ],
        "software": software(project),
        "timing": [{"stage": step.stage, **(step.timing or {})} for step in project.steps],
    }


def write_provenance(path: Path, project: Project, outputs: Mapping[str, Path]) -> Path:
    """Writes `provenance` as JSON. Raises OutputError."""
    text = json.dumps(provenance(project, outputs), indent=2, ensure_ascii=False) + "\n"
    # A file name may hold bytes that are no text; as escapes they stay what they are.
    return write_text(path, text.encode("utf-8", "backslashreplace").decode("utf-8"))


def _step(step: Step) -> dict[str, Any]:
    fields: dict[str, Any] = to_json(step)
    del fields["timing"]
    return fields | {"uses_ai_model": step.model is not None}


def software(project: Project) -> dict[str, Any]:
    """Versions of audiopost, Python and the packages that took part."""
    packages = set(_ALWAYS)
    for step in project.steps:
        packages.update(_PACKAGES.get(step.stage, ()), _PACKAGES.get(f"{step.stage}.{step.backend}", ()))
    found = {}
    for package in sorted(packages):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # belongs to a backend that did its work without it
            continue
    # By name: a plain import of the root package would tie this room to every room the root imports from.
    own = importlib.import_module(__name__.partition(".")[0]).__version__
    return {"audiopost": own, "python": platform.python_version(), "packages": found}


def disclosure(kind: str, project: Project) -> str:
    """One plain sentence on how a deliverable was made; `kind` is its name: 'dialogue', 'master', 'srt', 'cues' …"""
    if kind in _STEMS:
        stages = ("restore", "separate", "denoise") if kind in ("dialogue", "vocals") else ("restore", "separate")
        return _sound(kind.capitalize(), project, stages)
    if kind == "clean":
        return _sound("Programme", project, tuple(_SOUND))
    if kind == "removed":
        return "What was taken away, for a check by ear: the source minus the clean mix; nothing was added."
    if kind in ("master", "film"):
        return _master(project, kind == "film")
    if kind in _CAPTIONS:
        return _captions(project)
    if kind == "rttm":
        return _judged("Speaker turns found", project, "diarise")
    if kind == "scenes":
        return _judged("Scenes proposed", project, "scenes")
    if kind in ("cues", "cues_otio"):
        return _judged("Music cues proposed", project, "cues", "emotion")
    if kind == "report":
        return "Written by audiopost from its own measurements and records; its AI section says what AI did."
    if kind == "project":
        return "The working record of this run, machine-written; it holds everything the stages found and made."
    return f"Made by audiopost{_tail(list(project.steps))}"


def method(step: Step) -> str:
    """What did the work: a model with version and licence, or the kind of plain processing."""
    if step.model:
        name, number = step.model.name, step.model.version
        model = f"{name}{'' if not number or number in name else f' {number}'} ({step.model.licence})"
        return f"signal processing around {model}" if step.backend == "dsp" else model
    kind = "rules" if step.stage in ("cues", "scenes", "subtitles") else "signal processing"
    return kind if step.backend == kind else f"{kind} ({step.backend})"


def _tail(steps: list[Step]) -> str:
    if any(step.model for step in steps):
        return "; made with AI models, not reviewed by a person."
    return "; no AI model, not reviewed by a person."


def _ran(project: Project, stages: tuple[str, ...]) -> list[Step]:
    return [step for stage in stages if (step := project.step(stage))]


def _did(step: Step, verb: str) -> str:
    by = step.model is None or step.backend == "dsp"
    return f"{verb} {'by' if by else 'with'} {method(step)}"


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) < 2 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _sound(subject: str, project: Project, stages: tuple[str, ...]) -> str:
    steps = _ran(project, stages)
    if not steps:
        return f"{subject} as in the source; no AI model."
    verbs = _SOUND if subject == "Programme" else {**_SOUND, "separate": "separated", "denoise": "repaired"}
    return f"{subject} {_joined([_did(step, verbs[step.stage]) for step in steps])}{_tail(steps)}"


def _master(project: Project, film: bool) -> str:
    steps = _ran(project, (*_SOUND, "loudness"))
    parts = [_did(step, _SOUND[step.stage]) for step in steps if step.stage in _SOUND]
    loudness = project.step("loudness")
    if loudness:
        spec = str(loudness.options.get("spec", "the delivery spec"))
        limiting = " and limiting" if loudness.options.get("limit", True) else ""
        parts.append(f"brought to {_SPECS.get(spec, spec)} by gain{limiting}")
    if len(parts) == 1 and loudness:
        text = f"Loudness {parts[0]}; no AI."
    else:
        text = f"Programme {_joined(parts or ['as in the source'])}{_tail(steps)}"
    if not film:
        return text
    words = "; the subtitle track is machine-made" if project.captions else ""
    return f"{text[:-1]}; the picture is copied untouched{words}."


def _captions(project: Project) -> str:
    steps = _ran(project, tuple(_TEXT))
    if not steps:
        return "Subtitles laid out by rules; no AI model."
    draft = next((step for step in steps if step.draft), None)
    made = _joined([_did(step, _TEXT[step.stage]) for step in steps])
    return f"{'Draft subtitles' if draft else 'Subtitles'} {made}; not reviewed."


def _judged(what: str, project: Project, stage: str, helper: str = "") -> str:
    step, helped = project.step(stage), project.step(helper)
    if step is None:
        return f"{what} by audiopost; not reviewed."
    also = f", with emotion judged by {method(helped)}" if helped else ""
    return f"{_did(step, what)}{also}; a suggestion, not reviewed."
