"""What decides a result beside the recording: options, backends, models, the files that options name, our version."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import __version__
from ..core.errors import AudiopostError
from ..core.options import describe
from ..core.registry import Backends
from ..core.serial import to_json
from ..io.decode import file_sha256
from ..presets import Preset, backends_of
from .job import Order

#: Files that runs themselves add to: their content is no setting.
_ADDED_TO = frozenset({("diarise", "cast")})


def fingerprint(preset: Preset, order: Order) -> str:
    """A hash that is equal exactly where `preset` would give the same result for the same recording, on this machine.

    Raises UnknownName for a backend or model that does not exist.
    """
    stages = {name: to_json(asdict(preset.options[name])) for name in preset.stages}
    data = {
        "audiopost": __version__,
        "stages": [(name, options, _by(name, preset.options[name])) for name, options in stages.items()],
        "deliver": to_json(asdict(preset.encoding)),
        "files": {f"{name}.{option}": digest for name in preset.stages for option, digest in _files(name, preset)},
        "order": [order.fps, order.start_timecode, order.tagged, list(order.only)],
    }
    return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _by(stage: str, options: Any) -> list[Any]:
    """Who would do the work of a stage and its parts now, and with which model."""
    picked = [(table, table.pick(asked), asked) for table, asked in backends_of(stage).asked(options)]
    return [[table.stage, name, _model(table, name, asked)] for table, name, asked in picked if name]


def _model(table: Backends, name: str, options: Any) -> str:
    cls = table.resolve(name)
    try:
        model = cls.identify(options) if hasattr(cls, "identify") else cls(options).model
    except AudiopostError as error:  # the job itself will meet it, and fail with it
        return str(error)
    return "" if model is None else f"{model.name} {model.version} {model.sha256}"


def _files(stage: str, preset: Preset) -> list[tuple[str, str]]:
    options, found = preset.options[stage], []
    for spec in describe(type(options)):
        value = str(getattr(options, spec.name) or "")
        path = os.path.expanduser(value) if spec.names_path and (stage, spec.name) not in _ADDED_TO else ""
        if path and os.path.isfile(path):
            found.append((spec.name, file_sha256(Path(path))))
    return found
