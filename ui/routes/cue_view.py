"""Cues, feelings and scenes as the page shows them: their own values, and the names of these in its language."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audiopost.core.errors import UnknownName
from audiopost.core.language import tell
from audiopost.core.music import TrackMatch
from audiopost.core.options import change, describe
from audiopost.core.project import Project
from audiopost.core.registry import AUTO
from audiopost.core.serial import to_json
from audiopost.core.spotting import Cue, Scene
from audiopost.delivery.cue_sheet import columns, facts
from audiopost.delivery.cue_sheet.words import ids, shown
from audiopost.delivery.report.spotting_material import moods
from audiopost.delivery.spotting import Programme
from audiopost.delivery.spotting_formats import DEFAULTS, FORMATS
from audiopost.pipeline import spotting
from audiopost.stages.cues import Options
from audiopost.stages.cues.ruleset import ruleset_names

#: What of the cues' options a person chooses in the workbench; the others are paths, or set elsewhere.
SPOTTED_BY = ("rules", "language", "share", "shortest_s", "longest_s", "change", "margin_s")
_KINDS = ("function", "emotion", "status", "fade", "mode")
_TITLES = (
    "label", "status", "in_timecode", "out_timecode", "duration_s", "title", "function", "emotion", "tempo_bpm",
    "metre", "key", "mode", "instruments", "texture", "dynamics", "level_lu", "fade_in_s", "fade_in_shape",
    "fade_out_s", "fade_out_shape", "reel", "reason",
)  # fmt: skip


def cues_of(project: Project, language: str) -> list[dict[str, Any]] | None:
    """Every cue, in order of time; None where no stage looked for any."""
    if project.cues is None:
        return None
    return [_cue(index, cue, language) for index, cue in enumerate(project.cues)]


def _cue(index: int, cue: Cue, language: str) -> dict[str, Any]:
    values: dict[str, Any] = to_json(cue)
    return values | {
        "index": index,
        "label": cue.label,
        "plays": cue.function != "silence" and cue.status != "existing",
        "alternatives": [
            {"treatment": facts.alternative(other, language), "reason": other.reason} for other in cue.alternatives
        ],
        "tracks": [_track(match) for match in cue.tracks],
    }


def _track(match: TrackMatch) -> dict[str, Any]:
    """A candidate with what its rights are; where its file lies is the server's own business."""
    info = match.track
    tags = ("artist", "composer", "publisher", "society", "album", "genre", "isrc", "iswc", "licence")
    return {
        "name": facts.track_name(info),
        "file": Path(info.path).name,
        "score": match.score,
        "reasons": list(match.reasons),
        "accepted": match.accepted,
        "duration_s": info.duration_s,
        "bpm": info.tagged_bpm,
        "vocal": info.vocal,
        "pieces": len(match.edit.pieces),
        **{tag: getattr(info, tag) for tag in tags},
    }


def lanes_of(project: Project, language: str) -> dict[str, Any]:
    """What lies above the cues: the curve as [time_s, arousal, valence, confidence], scenes, story beats."""
    rate = project.media.timebase.rate
    return {
        "duration_s": project.media.duration_s,
        "fps": {"num": rate.fraction.numerator, "den": rate.fraction.denominator, "drop": rate.drop_frame},
        "start_timecode": project.media.timebase.start_timecode,
        "film": project.media.has_video,
        "emotion": [
            [round(p.time_s, 3), round(p.arousal, 3), round(p.valence, 3), round(p.confidence, 3)]
            for p in project.emotion or ()
        ],
        "scenes": [_scene(scene, language) for scene in project.scenes or ()],
        "beats": [to_json(beat) for beat in project.beats or ()],
    }


def _scene(scene: Scene, language: str) -> dict[str, Any]:
    return {
        "number": scene.number,
        "start_s": scene.start_s,
        "end_s": scene.end_s,
        "mood": " / ".join(shown("emotion", mood, language) for mood in moods(scene.mood)),
        "reason": scene.reason,
        "cuts_s": list(scene.cuts_s),
    }


def vocabulary(language: str) -> dict[str, Any]:
    """What values and fields are called, and which there are."""
    return {
        "names": {kind: {value: shown(kind, value, language) for value in ids(kind)} for kind in _KINDS},
        "fields": {column: _title(column, language) for column in _TITLES},
        "formats": [
            {"name": name, "suffix": each.suffix, "help": each.help, "needs": each.needs, "usual": name in DEFAULTS}
            for name, each in FORMATS.items()
        ],
    }


def _title(column: str, language: str) -> str:
    """A field's name as people say it; a sheet's column says its unit with it."""
    short = {"in_timecode": "in", "out_timecode": "out", "duration_s": "length"}.get(column)
    return tell(f"sheet.{short}", language) if short else columns.title(column, language)


def spotted_by(project: Project, language: str) -> list[dict[str, Any]]:
    """The options of the cues that a person chooses, with what they are now (None: the rules' own).

    Cues are told in the page's `language` where there are none yet.
    """
    step = project.step("cues")
    now = step.options if step else {"language": language}
    rules = ruleset_names()
    specs = [spec for spec in describe(Options) if spec.name in SPOTTED_BY]
    chosen = {spec.name: now.get(spec.name, spec.default) for spec in specs}
    if chosen["rules"] not in rules:  # a file of one's own is named to the command line, never from a browser
        chosen["rules"] = rules[0]
    return [
        {
            "name": spec.name,
            "help": spec.help,
            "low": spec.low,
            "high": spec.high,
            "unit": spec.unit,
            "choices": list(rules if spec.name == "rules" else spec.choices),
            "value": chosen[spec.name],
        }
        for spec in specs
    ]


def programme(fields: Programme, language: str) -> list[dict[str, str]]:
    """The head of the rights sheet, field by field."""
    return [
        {"name": name, "title": tell(f"sheet.programme_{name}", language), "value": value}
        for name, value in dataclasses.asdict(fields).items()
    ]


def counts(project: Project) -> dict[str, int]:
    """How many cues there are, and how many a person decided on."""
    cues = project.cues or ()
    return {"count": len(cues), "decided": sum(spotting.decided(cue) for cue in cues)}


def chosen_options(project: Project, asked: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The cues' options with what a person chose of SPOTTED_BY, validated: what a job of the kind 'spot' takes.

    Raises BadValue, UnknownName.
    """
    for name in asked:
        if name not in SPOTTED_BY:
            raise UnknownName("option of the cues", name, SPOTTED_BY)
    if asked.get("rules") not in (None, *ruleset_names()):
        raise UnknownName("rules", str(asked["rules"]), ruleset_names())
    step = project.step("cues")
    now = {"language": language, **(step.options if step else {}), "backend": AUTO}
    return dataclasses.asdict(change(None, Options, {**now, **asked}, "cues."))
