"""Style guides: the numbers captions are laid out and judged by, out of presets/styles/*.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import BadValue, UnknownName
from ..core.serial import from_json
from ..io.resources import presets_folder
from .text import CHINESE, base


@dataclass(frozen=True)
class Limits:
    """`cpl` characters a line, `cps` characters a second; counted as `text.width` does for the language."""

    cpl: float
    cps: float


@dataclass(frozen=True)
class Style:
    """One style guide. `limits` hold where `languages` (by BCP 47 tag or its first part) has nothing of its own."""

    name: str
    title: str
    source: str
    max_lines: int
    min_duration_s: float
    max_duration_s: float
    gap_frames: int
    chain_s: float
    """Gaps up to this long are closed to `gap_frames`."""
    linger_s: float
    """How far a caption may stay past the speech."""
    limits: Limits
    languages: Mapping[str, Limits] = field(default_factory=dict)
    chinese_punctuation: bool = False
    """Chinese lines lose a final full stop, and a pause is written as one ⋯."""

    def limits_for(self, language: str) -> Limits:
        """The limits of a language; a Chinese one (`yue` too) without an entry takes those of `zh`."""
        for tag in (language, base(language), *(("zh",) if base(language) in CHINESE else ())):
            if tag in self.languages:
                return self.languages[tag]
        return self.limits


def style_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (presets_folder() / "styles").glob("*.toml")))


def load_style(name: str) -> Style:
    """A style by name ('netflix-en'), or out of a file of one's own ('house.toml').

    Raises UnknownName; BadValue for a file that is no style, naming the field.
    """
    if name.endswith(".toml"):
        path = Path(name)
    elif name in style_names():
        path = presets_folder() / "styles" / f"{name}.toml"
    else:
        raise UnknownName("subtitle style", name, style_names())
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadValue(f"{path} cannot be read as a style: {error}.", value=str(path)) from error
    style: Style = from_json(Style, {"name": path.stem, **values}, where=path.name)
    _validate(style, path.name)
    return style


def _validate(style: Style, where: str) -> None:
    every = (style.limits, *style.languages.values())
    wrong = (
        ("limits", any(not (limit.cpl >= 4 and limit.cps > 0) for limit in every)),
        ("max_lines", not 1 <= style.max_lines <= 4),
        ("min_duration_s", not 0 < style.min_duration_s < style.max_duration_s),
        ("gap_frames", not 0 <= style.gap_frames <= 25),
        ("chain_s", not 0 <= style.chain_s <= 5),
        ("linger_s", not 0 <= style.linger_s <= 5),
    )
    for name, bad in wrong:
        if bad:
            raise BadValue(
                f"{where}: {name} = {getattr(style, name)!r} makes no captions.",
                value=getattr(style, name),
                remedy="cpl is 4 or more, cps above 0, max_lines 1 to 4, 0 < min_duration_s < max_duration_s, "
                "gap_frames 0 to 25, chain_s and linger_s 0 to 5.",
            )
