"""The presets that a person can choose, in their language, and what they chose last: kept with the project folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from audiopost import presets
from audiopost.core.errors import AudiopostError
from audiopost.core.options import describe
from audiopost.core.registry import AUTO, EMBEDDED
from audiopost.presets import Preset
from audiopost.stages.cues.ruleset import ruleset_names
from audiopost.stages.loudness import spec_names
from audiopost.subtitles import style_names
from audiopost.workspace import Folder

from .controls import setting
from .texts import tell, texts

#: What a workbench that nobody used yet proposes.
FIRST = "film-dialogue"
#: Languages by their tag; others by the option transcribe.language of a preset of one's own.
LANGUAGES = ("en", "yue", "zh", "ja", "ko", "fr", "de", "es", "it", "pt", "ru", "th")
_KEPT = "run"


@dataclass(frozen=True)
class Chosen:
    """What runs next: `options` are 'stage.option' to value, for each preset those that a person changed."""

    preset: str = FIRST
    language: str = ""
    options: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def changed(self) -> dict[str, Any]:
        """The options that were changed for the preset that is chosen."""
        return self.options.get(self.preset, {})


def chosen(folder: Folder) -> Chosen:
    """What was chosen last in this folder."""
    try:
        found = Chosen(**json.loads(folder.remembered(_KEPT)))
    except (ValueError, TypeError):
        return Chosen()
    return found if found.preset in presets.known() else replace(found, preset=FIRST)


def choose(folder: Folder, **fields: Any) -> Chosen:
    """Changes what is chosen. Raises UnknownName."""
    new = replace(chosen(folder), **fields)
    presets.load(new.preset)
    folder.remember(**{_KEPT: json.dumps(asdict(new), ensure_ascii=False)})
    return new


def change_option(folder: Folder, preset: str, name: str, value: Any) -> None:
    """Changes one option ('stage.option') of a preset; the preset's own value takes the change back.

    Raises UnknownName, BadValue.
    """
    shipped = presets.load(preset)
    stage, _, option = name.partition(".")
    own = getattr(shipped.options[stage], option)
    made = shipped.changed((setting(name, value),))
    before = chosen(folder).options
    kept = {key: known for key, known in before.get(preset, {}).items() if key != name}
    if getattr(made.options[stage], option) != own:
        kept[name] = value
    choose(folder, options={**before, preset: kept})


def settled(name: str, language: str, options: dict[str, Any]) -> Preset:
    """A preset with the language that is spoken ('' for what the preset says) and changed options.

    Raises UnknownName, BadValue.
    """
    preset = presets.load(name)
    said = {"transcribe.language": language} if language and "transcribe" in preset.stages else {}
    fitting = {key: value for key, value in options.items() if key.partition(".")[0] in preset.stages}
    return preset.changed(setting(*pair) for pair in {**said, **fitting}.items())


def title(name: str, language: str) -> str:
    """A preset's title in the page's language; its own where it is nobody's of ours; its name where it is gone."""
    key = f"project.preset_{name}"
    if key in texts():
        return tell(key, language)
    try:
        return presets.load(name).title
    except AudiopostError:
        return name


def offers(language: str) -> list[dict[str, Any]]:
    """The presets as JSON: name, title, summary, stages, and the language that each takes as spoken, '' for any."""
    found = []
    for name in presets.known():
        preset = presets.load(name)
        key = f"project.about_{name}"
        about = tell(key, language) if key in texts() else preset.summary
        spoken = preset.options.get("transcribe")
        found.append(
            {
                "name": name,
                "title": title(name, language),
                "summary": about,
                "stages": list(preset.stages),
                "speaks": spoken is not None,
                "language": (spoken.languages or spoken.language or "") if spoken is not None else "",
            }
        )
    return found


def choices_of(stage: str, option: str) -> tuple[str, ...]:
    """What an option can be where its class does not say so: names that are known only at run time."""
    if option == "backend":
        return AUTO, EMBEDDED, *presets.backends_of(stage).names
    if (stage, option) == ("loudness", "spec"):
        return spec_names()
    if (stage, option) == ("cues", "rules"):
        return ruleset_names()
    return (AUTO, *style_names()) if (stage, option) == ("subtitles", "style") else ()


def shown_options(preset: Preset, stage: str) -> Sequence[Any]:
    """The options of a stage that a visitor may set: none that names files of this machine, nor the language, which
    has its own place."""
    return [
        spec
        for spec in describe(type(preset.options[stage]))
        if not (spec.names_path and not choices_of(stage, spec.name))
        and (stage, spec.name) != ("transcribe", "language")
    ]
