"""From what a person asks for (inputs, a manifest, a preset, settings) to orders, one a recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .. import presets
from ..core.errors import BadValue, UsageError
from ..pipeline.choice import named
from ..presets import Preset
from . import manifest, naming, sources
from .job import Order
from .places import is_url
from .plan import order_text
from .search import Found
from .skip import reason_to_skip


@dataclass(frozen=True)
class Asked:
    """What a batch is asked for, as the command line says it.

    `inputs` are folders, files, globs and URLs; `manifest` a table of recordings, '' for none. `settings` are
    'stage.option=value' for all of them; `patterns` choose names in folders; `template` names the results; `only` are
    the groups and keys of what is delivered.
    `subtitled` passes over what has subtitles in a language ('' for any); None does not ask.
    """

    out: str
    preset: str
    inputs: tuple[str, ...] = ()
    manifest: str = ""
    settings: tuple[str, ...] = ()
    language: str = ""
    patterns: tuple[str, ...] = ()
    template: str = ""
    only: tuple[str, ...] = ()
    fps: str | None = None
    start_timecode: str | None = None
    subtitled: str | None = None


class Orders:
    """The orders that `asked` means now; asked again, new recordings are among them."""

    def __init__(self, asked: Asked) -> None:
        """Raises UsageError's kinds for a preset, setting or place that cannot be."""
        if not asked.inputs and not asked.manifest:
            raise BadValue(
                "Nothing is named to work on.", value="",
                remedy="Name folders, files or globs, or a table of recordings with --manifest.",
            )  # fmt: skip
        self._asked, self._only = asked, named(asked.only)
        self._presets: dict[tuple[str, tuple[str, ...]], tuple[Preset, str]] = {}
        self._tops: dict[str, Path] = {}
        self._preset(asked.preset, self._common(presets.load(asked.preset)))

    def all(self, *, may_be_empty: bool = False) -> list[Order]:
        """One order a recording, in natural order. Raises InputError, BadValue."""
        asked = self._asked
        without = () if is_url(asked.out) else (Path(asked.out),)
        entries = manifest.read(Path(asked.manifest)) if asked.manifest else ()
        rows = {entry.source: entry for entry in entries}
        there = (
            sources.find(asked.inputs, patterns=asked.patterns, without=without, may_be_empty=may_be_empty)
            if asked.inputs
            else ()
        )
        both: list[tuple[Found, manifest.Entry | None]] = [(each, rows.get(each.source)) for each in there]
        known = {each.source for each in there}
        both += [(manifest.found(row, Path(asked.manifest)), row) for row in entries if row.source not in known]
        names = naming.names([(each, self._told(row)) for each, row in both], asked.template)
        self._tops = {each.source: _top(each) for each, _ in both}
        return [self._order(each.source, name, row) for (each, row), name in zip(both, names, strict=True)]

    def skip(self, order: Order) -> str:
        """Why an order is passed over, '' where it is not."""
        top = self._tops.get(order.source, Path(order.source).parent)
        return reason_to_skip(order.source, subtitled=self._asked.subtitled, top=top)

    def _order(self, source: str, name: naming.Name, entry: manifest.Entry | None) -> Order:
        asked = self._asked
        chosen = (entry and entry.preset) or asked.preset
        settings = self._common(presets.load(chosen))
        if entry is not None:
            settings += manifest.settings_of(entry, presets.load(chosen).stages)
        try:
            preset, text = self._preset(chosen, settings)
        except UsageError as error:
            if entry is not None:
                error.problem = f"Line {entry.line} of {asked.manifest}: {error.problem}"
            raise
        return Order(
            source, asked.out, name.name, text, preset.name,
            fps=(entry and entry.fps) or asked.fps,
            start_timecode=(entry and entry.start_timecode) or asked.start_timecode,
            tagged=name.tagged, only=self._only, language=(entry and entry.language) or asked.language,
            title=entry.title if entry is not None else "",
        )  # fmt: skip

    def _told(self, entry: manifest.Entry | None) -> Mapping[str, str]:
        """What a template may ask of a recording."""
        told = {"preset": presets.load(self._asked.preset).name, "language": self._asked.language}
        return {**told, **manifest.known(entry)} if entry is not None else told

    def _common(self, preset: Preset) -> tuple[str, ...]:
        """The settings that hold for all recordings."""
        language = self._asked.language
        spoken = (f"transcribe.language={language}",) if language and "transcribe" in preset.stages else ()
        return (*spoken, *self._asked.settings)

    def _preset(self, name: str, settings: tuple[str, ...]) -> tuple[Preset, str]:
        key = (name, settings)
        if key not in self._presets:
            made = presets.load(name).changed(settings)
            self._presets[key] = made, order_text(made)
        return self._presets[key]


def _top(found: Found) -> Path:
    """The input that a recording was found under, which is as far up as a '.nosub' is looked for."""
    path = Path(found.source)
    return (
        path.parents[len(found.relative.parts) - 1] if len(found.relative.parts) <= len(path.parents) else path.parent
    )
