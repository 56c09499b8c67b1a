"""Provenance: what was done to a recording, by what, and one plain sentence of disclosure for each file made."""

from __future__ import annotations

import importlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..core.marks import Finding
from ..core.project import Project
from ..core.registry import AUTO
from ..core.serial import to_json
from ..core.speech import Caption
from ..core.spotting import Cue
from ..core.stage import ModelInfo, Step
from ..io.atomic import write_text
from ..io.decode import file_sha256
from ..subtitles.formats import FORMATS
from ..subtitles.styles import Style, load_style
from ..subtitles.text import base

#: Raised when a field changes its meaning.
FORMAT = 1

#: Packages whose version changes results: those of every run, of a stage, and of a stage's backend.
_ALWAYS = ("numpy", "scipy", "soundfile", "soxr", "av")
_PACKAGES: Mapping[str, tuple[str, ...]] = {
    "diagnose": ("silero-vad", "onnxruntime"),
    "denoise.rnnoise": ("pyrnnoise",),
    "denoise.guided": ("pyrnnoise",),
    "denoise.deepfilternet3": ("onnxruntime", "onnx"),
    "separate.dsp": ("pyrnnoise", "silero-vad", "onnxruntime", "librosa"),
    "separate.demucs": ("demucs", "torch"),
    "transcribe": ("silero-vad", "onnxruntime", "rapidfuzz"),
    "transcribe.pocketsphinx": ("pocketsphinx",),
    "transcribe.script-pocketsphinx": ("pocketsphinx",),
    "transcribe.script-ctc": ("transformers", "torch"),
    "transcribe.faster-whisper": ("faster-whisper", "ctranslate2"),
    "diarise.embeddings": ("resemblyzer", "torch", "silero-vad", "onnxruntime"),
    "diarise.pyannote": ("pyannote.audio", "torch"),
    "emotion.prosody": ("silero-vad", "onnxruntime"),
    "emotion.transformers": ("transformers", "torch", "silero-vad", "onnxruntime"),
    "emotion.emotion2vec": ("torch", "PyYAML", "silero-vad", "onnxruntime"),
    "emotion.sensevoice": ("onnxruntime", "silero-vad"),
    "scenes": ("ruptures", "scenedetect-headless", "scenedetect"),
    "subtitles": ("pysubs2", "budoux", "opencc", "scenedetect-headless", "scenedetect"),
    "cues": ("opentimelineio", "librosa", "reportlab", "xlsxwriter"),
}

_SPECS = {"ebu-r128": "EBU R 128", "atsc-a85": "ATSC A/85", "netflix": "the Netflix spec"}
#: The backend on record of a transcript that a person supplied as a file.
SUPPLIED = "supplied"
_SOUND = {"restore": "mended", "separate": "split into stems", "denoise": "denoised"}
_LISTS = ("dialogue_list", "dialogue_list_xlsx")
_STEMS = ("dialogue", "vocals", "music", "effects", "m_and_e", "drums", "bass", "other", "instrumental")


def provenance(
    project: Project,
    outputs: Mapping[str, Path],
    encoded: Mapping[str, str] | None = None,
    *,
    folder: Path | None = None,
    earlier: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """JSON values: source, every step, software, and each of `outputs` (kind to existing file) with its disclosure.

    `encoded` says of sound how it was written, by kind; files are named relative to `folder`, else by name alone.
    `earlier` are entries of a record before it whose files still lie beside these; they are marked as such.

    What changes between two equal runs lies under 'timing' and nowhere else, but for files that hold such a time
    themselves (the report, the Project).
    """
    media, speakers = project.media, project.step("diarise")
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
    cast = {} if project.cast is None else {"cast": to_json(project.cast)}
    steps = [_step(step) | (cast if step is speakers else {}) for step in project.steps]
    return {
        "audiopost_provenance": FORMAT,
        "source": source,
        "preset": project.preset,
        "steps": steps,
        "missing": list(project.missing),
        **({} if project.findings is None else {"findings": finding_counts(project.findings)}),
        **({} if project.captions is None else {"captions": caption_counts(project.captions)}),
        "deliverables": [
            {
                "kind": kind,
                "file": path.relative_to(folder).as_posix() if folder else path.name,
                "bytes": path.stat().st_size,
                "sha256": file_sha256(path),
                **({"encoding": encoded[kind]} if encoded and kind in encoded else {}),
                "disclosure": disclosure(kind, project),
            }
            for kind, path in sorted(outputs.items())
        ]
        + [{**entry, "earlier": True} for entry in earlier],
        "software": software(project),
        "timing": [{"stage": step.stage, **(step.timing or {})} for step in project.steps],
    }


def write_provenance(
    path: Path,
    project: Project,
    outputs: Mapping[str, Path],
    encoded: Mapping[str, str] | None = None,
    *,
    earlier: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Writes `provenance` as JSON. Raises OutputError."""
    data = provenance(project, outputs, encoded, folder=path.parent, earlier=earlier)
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    # A file name may hold bytes that are no text; as escapes they stay what they are.
    return write_text(path, text.encode("utf-8", "backslashreplace").decode("utf-8"))


def _step(step: Step) -> dict[str, Any]:
    """What a record says of a step. `cast` stands beside that of diarise: who of a cast file was recognised or added,
    under which consent. Voice prints lie in the cast file alone: a Project holds none."""
    fields: dict[str, Any] = to_json(step)
    del fields["timing"]
    return fields | {"options": shown_options(step), "uses_ai_model": step.model is not None}


def finding_counts(findings: Sequence[Finding]) -> dict[str, int]:
    """How many findings there are, how many a person accepted to be mended, and how many a person dismissed."""
    decided = {status: sum(finding.status == status for finding in findings) for status in ("accepted", "dismissed")}
    return {"count": len(findings), **{f"{status}_by_a_person": count for status, count in decided.items()}}


def caption_counts(captions: Sequence[Caption]) -> dict[str, int]:
    """How many captions there are, how many a person marked as reviewed, and how many a person changed."""
    return {
        "count": len(captions),
        "reviewed_by_a_person": sum(caption.reviewed for caption in captions),
        "edited_by_a_person": sum(caption.edited for caption in captions),
    }


def review_of(captions: Sequence[Caption] | None) -> str:
    """What people did to the captions, as the end of a sentence: '3 captions edited, 120 of 340 captions reviewed
    by a person'; 'not reviewed' where nobody did anything."""
    count, reviewed, edited = caption_counts(captions or ()).values()
    said = f"{edited} caption{'' if edited == 1 else 's'} edited by a person" if edited else ""
    if not reviewed:
        return f"{said}, not reviewed" if said else "not reviewed"
    how_many = f"all {count}" if reviewed == count else f"{reviewed} of {count}"
    seen = f"{how_many} captions reviewed by a person"
    return f"{said.removesuffix(' by a person')}, {seen}" if said else seen


def cue_review(cues: Sequence[Cue] | None) -> str:
    """What people did to the cues, as the end of a sentence: '3 of 8 cues accepted by a person, 1 changed, 2 rejected';
    'not reviewed' where nobody did anything. Music that was there before is counted only where it was changed."""
    proposed = [cue for cue in cues or () if cue.status != "existing"]
    accepted, rejected = (sum(cue.status == status for cue in proposed) for status in ("accepted", "rejected"))
    edited = sum(cue.edited for cue in cues or ())
    if not (accepted or rejected or edited):
        return "not reviewed"
    others = [f"{count} {what}" for count, what in ((edited, "changed"), (rejected, "rejected")) if count]
    return ", ".join([f"{accepted} of {len(proposed)} cues accepted by a person", *others])


def shown_options(step: Step) -> dict[str, Any]:
    """The options of a step; of files of this machine (a script, a cast, a model) the name without its folder."""
    options: dict[str, Any] = to_json(step.options)
    return {name: _without_folder(value) if isinstance(value, str) else value for name, value in options.items()}


def _without_folder(text: str) -> str:
    path = Path(text)
    return path.name if path.is_absolute() or text.startswith("~") else text


def software(project: Project) -> dict[str, Any]:
    """Versions of audiopost, Python and the packages that took part."""
    packages = set(_ALWAYS)
    for step in project.steps:
        packages.update(_PACKAGES.get(step.stage, ()), _PACKAGES.get(f"{step.stage}.{step.backend}", ()))
    if project.cast:  # whatever the backend, voices are compared by this encoder
        packages.update(_PACKAGES["diarise.embeddings"])
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
    if kind in _STEMS or kind in (project.stems or {}):
        stages = ("restore", "separate", "denoise") if kind in ("dialogue", "vocals") else ("restore", "separate")
        return _sound(stem_title(kind), project, stages)
    if kind == "clean":
        return _sound("Programme", project, tuple(_SOUND))
    if kind.startswith("removed-"):
        what = kind.removeprefix("removed-").replace("-", " ")
        return f"What the repair of {what} took away, for a check by ear; nothing was added."
    if kind == "removed":
        return "What was taken away, for a check by ear: the source minus the clean mix; nothing was added."
    if kind in ("master", "film"):
        return _master(project, kind == "film")
    if kind == "rttm":
        by_voice = any(role.similarity is not None for role in project.cast or ())
        return _judged(f"Speaker turns found{' and named by voice' if by_voice else ''}", project, "diarise")
    reviewed = review_of(project.captions)
    if kind in _LISTS:
        return _text("Dialogue list", project, _and_translated(project, project.translation is not None), reviewed)
    if (parts := kind.split("."))[0] in FORMATS:  # 'srt', and 'srt.en' for the translation
        if len(parts) > 1:
            return _text("Subtitles", project, "machine-transcribed and machine-translated", "not reviewed")
        style = style_of(project)
        bilingual = style is not None and bool(style.bilingual)
        return _text("Subtitles", project, _and_translated(project, bilingual), reviewed)
    if kind in ("scenes", "scenes_otio"):
        return _judged("Scenes proposed", project, "scenes")
    if kind in ("emotion_csv", "emotion_json"):
        return _judged("Feelings judged", project, "emotion")
    if kind == "spotting" or kind.partition("_")[0] == "cues":
        return _judged("Music cues proposed", project, "cues", "emotion", cue_review(project.cues))
    if kind == "report":
        return "Written by audiopost from its own measurements and records; its AI section says what AI did."
    if kind == "project":
        return "The working record of this run, machine-written; it holds everything the stages found and made."
    return f"Made by audiopost{_tail(list(project.steps))}"


def stem_title(name: str) -> str:
    """A stem's name for people."""
    if name.startswith("no_"):
        return f"Everything but {name.removeprefix('no_')}"
    return "Music and effects" if name == "m_and_e" else name.capitalize()


def method(step: Step) -> str:
    """What did the work: models with version and licence, or the kind of plain processing."""
    if step.model:
        model = " and ".join(_titled(each) for each in step.model.each)
        return f"signal processing around {model}" if step.backend == "dsp" else model
    kind = "rules" if step.stage in ("cues", "scenes", "subtitles") else "signal processing"
    return kind if step.backend == kind else f"{kind} ({step.backend})"


def _titled(model: ModelInfo) -> str:
    name, number = model.name, model.version
    return f"{name}{'' if not number or number in name else f' {number}'} ({model.licence})"


def _tail(steps: list[Step]) -> str:
    if any(step.model for step in steps):
        return "; made with AI models, not reviewed by a person."
    return "; no AI model, not reviewed by a person."


def _ran(project: Project, stages: tuple[str, ...]) -> list[Step]:
    steps = (project.step(stage) for stage in stages)
    return [step for step in steps if step and step.backend != "none"]  # "none": it found nothing to do


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
    transcribed = project.step("transcribe")
    origin = "supplied by a person" if transcribed and transcribed.backend == SUPPLIED else "machine-made"
    words = f"; the subtitle track is {origin}, {review_of(project.captions)}" if project.captions else ""
    return f"{text[:-1]}; the picture is copied untouched{words}."


def _text(subject: str, project: Project, verb: str, reviewed: str) -> str:
    """`verb` is what transcribe did, `reviewed` what people did then."""
    steps = _ran(project, ("transcribe", "diarise"))
    if not steps:
        people = "" if reviewed == "not reviewed" else f"; {reviewed}"
        return f"{subject} laid out by rules; no AI model{people}."
    made = _joined([_worded(step, verb) for step in steps])
    words = f"{subject} {made}; {reviewed}."
    return f"Draft {words[0].lower()}{words[1:]}" if any(step.draft for step in steps) else words


def _worded(step: Step, verb: str) -> str:
    if step.stage != "transcribe":
        return _did(step, "speakers told apart")
    return "taken from a file that a person supplied" if step.backend == SUPPLIED else _did(step, verb)


def style_of(project: Project) -> Style | None:
    """The style guide that the captions were asked for by name, None where it was left to the language."""
    step = project.step("subtitles")
    name = str(step.options.get("style", AUTO)) if step else AUTO
    return None if name == AUTO else load_style(name)


def _and_translated(project: Project, translated: bool) -> str:
    """How the text came about; `translated`: the translation stands beside it."""
    step, transcript = project.step("transcribe"), project.transcript
    options = step.options if step else {}
    verb = "machine-transcribed"
    if options.get("script"):
        verb = "timed after a supplied script"
    elif options.get("task") == "translate":
        verb = "machine-translated into English"
    elif options.get("register") == "written" and transcript and base(transcript.language) == "zh":
        verb = "machine-rendered in written Chinese"
    return f"{verb} and machine-translated" if translated else verb


def _judged(what: str, project: Project, stage: str, helper: str = "", reviewed: str = "not reviewed") -> str:
    step, helped = project.step(stage), project.step(helper)
    if step is None:
        return f"{what} by audiopost; {reviewed}."
    also = f", with emotion judged by {method(helped)}" if helped else ""
    return f"{_did(step, what)}{also}; a suggestion, {reviewed}."
