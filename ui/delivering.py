"""The jobs that deliver and that make a master for another spec; what is chosen for them, kept with the folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from audiopost.core.options import build
from audiopost.core.stage import Progress
from audiopost.delivery.figures import figures
from audiopost.io.encode import Encoding
from audiopost.presets import DELIVER
from audiopost.workspace import Desk, Folder, delivery

from .jobs import kind

_ENCODING, _KEYS, _SPEC = "encoding", "deliverables", "spec"


def _remembered(folder: Folder, key: str) -> Any:
    try:
        return json.loads(folder.remembered(key))
    except ValueError:
        return None


def encoding_of(folder: Folder) -> Encoding:
    """How sound is delivered from this folder, as it was chosen last."""
    known = _remembered(folder, _ENCODING)
    return build(Encoding, known, f"{DELIVER}.") if isinstance(known, dict) else Encoding()


def change_encoding(folder: Folder, name: str, value: Any) -> Encoding:
    """Changes one option of the encoding. Raises BadValue."""
    text = "" if value is None else str(value)
    new = build(Encoding, {**asdict(encoding_of(folder)), name: text}, f"{DELIVER}.")
    folder.remember(**{_ENCODING: json.dumps(asdict(new))})
    return new


def chosen_keys(folder: Folder, project_keys: Sequence[str]) -> list[str]:
    """Those of `project_keys` that were chosen last; all of them where nothing was chosen yet."""
    known = _remembered(folder, _KEYS)
    return [key for key in project_keys if not isinstance(known, list) or key in known]


def choose_keys(folder: Folder, keys: Sequence[str]) -> None:
    """Keeps what is chosen."""
    folder.remember(**{_KEYS: json.dumps(list(keys))})


def has_chosen(folder: Folder) -> bool:
    """Whether somebody chose deliverables in this folder; before, what a whole run delivers is proposed."""
    return isinstance(_remembered(folder, _KEYS), list)


def _desk(folder: Folder, settings: dict[str, Any], report: Progress) -> Desk:
    return folder.open(settings["recording"], report)


@kind("deliver", lambda settings: {"open": 1.0, "deliver": 20.0})
def deliver(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Writes what was chosen into the project folder."""
    desk = _desk(folder, settings, report)
    encoding = build(Encoding, settings["encoding"], f"{DELIVER}.")
    outcome = delivery.deliver(desk, "deliver.did_deliver", settings["keys"], encoding, report)
    return {"files": len(outcome.files), "remarks": list(outcome.remarks)}


@kind("master", lambda settings: {"open": 1.0, "loudness": 10.0})
def master(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Brings the mix to another delivery spec."""
    desk = _desk(folder, settings, report)
    made = delivery.remastered(desk.project, settings["spec"], report)
    desk.edit("deliver.did_master", lambda now: delivery.with_master(now, made), detail=settings["spec"])
    return figures(desk.project)
