"""Style guides: the numbers captions are laid out and judged by, out of presets/styles/*.toml."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import BadValue, UnknownName
from ..core.serial import from_json
from ..core.time import FrameRate
from ..io.resources import presets_folder
from .text import CHINESE, FULL_WIDTH, base, clean, full_width, is_unspaced, one_ellipsis, width


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
    """How far a caption stays past the speech where there is room."""
    limits: Limits
    languages: Mapping[str, Limits] = field(default_factory=dict)
    hold_s: float = 7.0
    """How far it may stay past the speech where reading it takes longer: reading speed goes before `linger_s`."""
    max_words: int = 0
    """Words a line (phrases in languages without spaces); 0 sets no limit."""
    ellipsis: str = ""
    """The one sign for a pause ('…'), put for three dots; '' leaves what is there."""
    chinese_punctuation: bool = False
    """Chinese has full-width punctuation, lines lose a final full stop, and a pause is written as one ⋯."""
    script: str = ""
    """The characters that Chinese is written in: 'hant' or 'hans'; '' where the style takes both."""
    dash: str = ""
    """What opens each line where two speakers share a caption ('-', '- '); '' where the style never lets them."""
    sdh: bool = False
    """For the deaf and hard of hearing: speakers are named, and sounds and music have captions."""
    speaker_label: str = ""
    """How a speaker is named in SDH, as '[{name}]'."""
    sound_tag: str = "[{text}]"
    music_tag: str = "♪ {text} ♪"
    bilingual: tuple[str, ...] = ()
    """Languages of the lines of each caption from the top, as ('zh', 'en'); each keeps its own limits."""
    snap_s: float = 0.0
    """In- and out-times this near to a shot change move to it (out-times `gap_frames` before it)."""

    def limits_for(self, language: str) -> Limits:
        """The limits of a language; a Chinese one (`yue` too) without an entry takes those of `zh`."""
        for tag in (language, base(language), *(("zh",) if base(language) in CHINESE else ())):
            if tag in self.languages:
                return self.languages[tag]
        return self.limits

    def written(self, text: str, language: str) -> str:
        """`text` with the punctuation of the guide; its words stay."""
        if self.chinese_punctuation and base(language) in CHINESE:
            return one_ellipsis(full_width(text), "⋯")
        return one_ellipsis(text, self.ellipsis) if self.ellipsis and base(language) not in FULL_WIDTH else text

    def drops_stop(self, line: str, language: str) -> bool:
        """Whether a line loses the full stop that it ends with."""
        chinese = self.chinese_punctuation and base(language) in CHINESE
        return chinese and len(line) > 1 and line.endswith("。")

    def frames(self, rate: FrameRate) -> Frames:
        """The times of the guide on the frames of `rate`."""
        fps = float(rate.fraction)
        # A minimum is met by the frames nearest to it: 20 frames at 24 a second are 5/6 s.
        shortest = max(round(self.min_duration_s * fps), 1)
        linger = round(self.linger_s * fps)
        return Frames(
            shortest=shortest,
            longest=max(math.floor(self.max_duration_s * fps + 1e-6), shortest),
            gap=self.gap_frames,
            chain=round(self.chain_s * fps),
            linger=linger,
            hold=max(round(self.hold_s * fps), linger),
            snap=round(self.snap_s * fps),
        )

    def reading_s(self, lines: Sequence[str], languages: Sequence[str]) -> float:
        """Seconds it takes to read `lines`, each at the speed of its language.

        A line break is read as a space where words are spaced. Of bilingual captions everybody reads one language:
        the slowest counts; else all lines are read.
        """
        load: dict[str, float] = {}
        for line, language in zip(lines, languages, strict=True):
            limits, key = self.limits_for(language), base(language) if self.bilingual else ""
            more = width(" ", language) if key in load and not is_unspaced(language) else 0.0
            load[key] = load.get(key, 0.0) + (more + width(line, language)) / limits.cps
        return max(load.values(), default=0.0)


@dataclass(frozen=True)
class Frames:
    """A style's times in whole frames; gaps from `gap` + 1 to `chain` are closed to `gap`."""

    shortest: int
    longest: int
    gap: int
    chain: int
    linger: int
    hold: int
    snap: int


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
        ("hold_s", not 0 <= style.hold_s <= 10),
        ("snap_s", not 0 <= style.snap_s <= 2),
        ("max_words", style.max_words < 0),
        ("dash", style.dash != clean(style.dash) and style.dash != clean(style.dash) + " "),
        ("speaker_label", bool(style.speaker_label) and not _holds(style.speaker_label, "name")),
        ("sound_tag", not _holds(style.sound_tag, "text")),
        ("music_tag", not _holds(style.music_tag, "text")),
        ("bilingual", len(style.bilingual) not in (0, 2)),
    )
    for name, bad in wrong:
        if bad:
            raise BadValue(
                f"{where}: {name} = {getattr(style, name)!r} makes no captions.",
                value=getattr(style, name),
                remedy="cpl is 4 or more, cps above 0, max_lines 1 to 4, 0 < min_duration_s < max_duration_s, "
                "gap_frames 0 to 25, chain_s and linger_s 0 to 5, hold_s 0 to 10, snap_s 0 to 2; a dash is one line, "
                "speaker_label holds {name}, the tags hold {text}, bilingual names two languages or none.",
            )


def _holds(form: str, name: str) -> bool:
    """Whether '{name}' is the one thing that a form asks for."""
    try:
        return form.format(**{name: "x"}) != form
    except (LookupError, ValueError):
        return False
