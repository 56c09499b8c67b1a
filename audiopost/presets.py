"""Presets: a TOML file names the stages and their options; every key is validated.

title = "Podcast"
summary = "Speech denoised as a whole, -16 LUFS."
stages = ["diagnose", "denoise", "loudness"]

[loudness]
spec = "podcast"

[deliver]
format = "mp3"
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .core.errors import BadValue, UnknownName, UsageError
from .core.options import build, describe
from .core.registry import Backends
from .core.registry import load as load_object
from .core.stage import Stage
from .io.atomic import make_folder, write_text
from .io.encode import Encoding
from .io.resources import presets_folder

#: Every stage by name, in the order of a full job.
STAGES: dict[str, str] = {
    "diagnose": "audiopost.stages.diagnose:Stage",
    "restore": "audiopost.stages.restore:Stage",
    "separate": "audiopost.stages.separate:Stage",
    "denoise": "audiopost.stages.denoise:Stage",
    "transcribe": "audiopost.stages.transcribe:Stage",
    "diarise": "audiopost.stages.diarise:Stage",
    "emotion": "audiopost.stages.emotion:Stage",
    "scenes": "audiopost.stages.scenes:Stage",
    "cues": "audiopost.stages.cues:Stage",
    "subtitles": "audiopost.stages.subtitles:Stage",
    "loudness": "audiopost.stages.loudness:Stage",
}

#: The table of a preset that says how sound is delivered; no stage.
DELIVER = "deliver"


def stage(name: str) -> Stage:
    """The stage of that name, ready to be called. Raises UnknownName."""
    if name not in STAGES:
        raise UnknownName("stage", name, STAGES)
    made: Stage = load_object(STAGES[name])()
    return made


def backends_of(name: str) -> Backends:
    """The backend table of a stage. Raises UnknownName."""
    if name not in STAGES:
        raise UnknownName("stage", name, STAGES)
    table: Backends = load_object(f"{STAGES[name].partition(':')[0]}:BACKENDS")
    return table


@dataclass(frozen=True)
class Preset:
    """A named job: stages in order, each one's Options, and how the sound is delivered."""

    name: str
    title: str
    summary: str
    stages: tuple[str, ...]
    options: Mapping[str, Any]
    encoding: Encoding = field(default_factory=Encoding)

    def changed(self, settings: Iterable[str]) -> Preset:
        """This preset with 'stage.option=value' settings applied, 'deliver.format=flac' too.

        Raises UnknownName, BadValue.
        """
        values: dict[str, dict[str, Any]] = {}
        for setting in settings:
            path, equals, value = setting.partition("=")
            stage_name, dot, name = path.strip().partition(".")
            if not equals or not dot:
                raise BadValue(
                    f"{setting!r} is not stage.option=value.", value=setting, remedy="For example denoise.amount=80."
                )
            if stage_name not in (*self.stages, DELIVER):
                raise UnknownName("stage", stage_name, (*self.stages, DELIVER), where=f"preset {self.name}")
            values.setdefault(stage_name, {})[name] = value.strip()
        options = {**self.options, DELIVER: self.encoding}
        for stage_name, changes in values.items():
            kind = type(options[stage_name])
            now = {spec.name: getattr(options[stage_name], spec.name) for spec in describe(kind)}
            options[stage_name] = build(kind, {**now, **changes}, f"{stage_name}.")
        encoding = options.pop(DELIVER)
        return Preset(self.name, self.title, self.summary, self.stages, options, encoding)


def names() -> tuple[str, ...]:
    """The shipped presets, sorted."""
    return tuple(sorted(path.stem for path in presets_folder().glob("*.toml")))


def own_folder() -> Path:
    """Where a user's own presets lie: in the user's configuration. It may not exist yet."""
    import platformdirs

    return platformdirs.user_config_path("audiopost", appauthor=False) / "presets"


def own_names() -> tuple[str, ...]:
    """The user's own presets, sorted; a shipped one is never hidden by one of the same name."""
    return tuple(sorted({path.stem for path in own_folder().glob("*.toml")} - set(names())))


def known() -> tuple[str, ...]:
    """Every preset that has a name: the shipped ones, then the user's own."""
    return (*names(), *own_names())


def load(name: str | Path) -> Preset:
    """A preset by name, shipped or the user's own, or a TOML file by path (anything that ends in .toml).

    Raises UnknownName for a preset, key, stage or option that does not exist, BadValue for a bad value.
    """
    if str(name).endswith(".toml"):
        path = Path(name)
    elif str(name) in known():
        path = (presets_folder() if str(name) in names() else own_folder()) / f"{name}.toml"
    else:
        raise UnknownName("preset", str(name), known())
    try:
        return parse(path.stem, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadValue(f"The preset {path} cannot be read: {error}.", value=str(path)) from error


def parse(name: str, text: str) -> Preset:
    """A preset out of the text of a TOML file. Raises TOMLDecodeError (a ValueError), and as `load`."""
    return _checked(name, tomllib.loads(text))


def text_of(preset: Preset) -> str:
    """The TOML text that `parse` makes the same preset of: what differs from the defaults."""
    lines = [f"title = {_toml(preset.title)}", f"summary = {_toml(preset.summary)}", f"stages = {_toml(preset.stages)}"]
    for table, options in (*preset.options.items(), (DELIVER, preset.encoding)):
        default = type(options)()
        now = {spec.name: getattr(options, spec.name) for spec in describe(type(options))}
        own = {key: "none" if value is None else value for key, value in now.items() if value != getattr(default, key)}
        if own:
            lines += ["", f"[{table}]", *(f"{key} = {_toml(value)}" for key, value in own.items())]
    return "\n".join(lines) + "\n"


def save_own(preset: Preset, *, replace: bool = False) -> Path:
    """Writes a preset of the user's own under its name, as far as it differs from the defaults; `run -p` takes it.

    Raises BadValue for a name that cannot be one, is a shipped one's, or is there already and not to be replaced;
    OutputError.
    """
    name = preset.name
    if not re.fullmatch(r"[^\W_][\w -]{0,59}", name) or name.endswith(" "):
        raise BadValue(
            f"{name!r} cannot be a preset's name.", value=name, remedy="Letters, digits, spaces, - and _; at most 60."
        )
    if name in names():
        raise BadValue(f"{name} is a shipped preset.", value=name, remedy="Choose another name.")
    path = own_folder() / f"{name}.toml"
    if path.exists() and not replace:
        raise BadValue(f"There is a preset {name} already.", value=name, remedy="Choose another name, or replace it.")
    make_folder(path.parent)
    return write_text(path, text_of(preset))


def delete_own(name: str) -> None:
    """Removes a preset of the user's own. Raises UnknownName."""
    if name not in own_names():
        raise UnknownName("preset of your own", name, own_names())
    (own_folder() / f"{name}.toml").unlink(missing_ok=True)


def _toml(value: Any) -> str:
    """A TOML value; strings, numbers, truth values and lists are written as JSON writes them."""
    return json.dumps(value, ensure_ascii=False)


def _checked(name: str, data: dict[str, Any]) -> Preset:
    where = f"preset {name}"
    stages = data.pop("stages", None)
    if not isinstance(stages, list) or not stages:
        raise BadValue(f"{where} has no list of stages.", value=stages, choices=STAGES, remedy='stages = ["denoise"].')
    unknown = next((s for s in stages if s not in STAGES), None)
    if unknown is not None:
        raise UnknownName("stage", str(unknown), STAGES, where=where)
    title, summary = str(data.pop("title", name)), str(data.pop("summary", ""))
    for key, table in data.items():
        if key not in (*stages, DELIVER) or not isinstance(table, dict):
            raise UnknownName("key", key, ("title", "summary", "stages", *stages, DELIVER), where=where)
    try:
        options = {s: build(stage(s).options_type, data.get(s, {}), f"{s}.") for s in stages}
        encoding = build(Encoding, data.get(DELIVER, {}), f"{DELIVER}.")
    except UsageError as error:
        error.problem = f"In {where}: {error.problem}"
        raise
    return Preset(name, title, summary, tuple(stages), options, encoding)
