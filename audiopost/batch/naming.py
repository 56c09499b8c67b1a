"""What results are called: after the source tree, or by a template such as '{show}/S{season}E{episode}.{lang}.{ext}'.

Names hold on every system that files may be copied to: no two that differ in capitals alone, none that Windows refuses,
none so long that a deliverable's ending finds no room.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from ..core.errors import BadValue, UnknownName
from .search import FILM, SOUND, Found

#: What stands in braces in a template.
FIELDS = ("show", "season", "episode", "title", "stem", "parent", "lang", "ext", "preset")

#: Bytes of UTF-8 that a part of a name may have: file systems hold 255, the longest endings of deliverables take 60.
_MOST = 180
#: An ending of this length is kept whole where a name is cut, in bytes.
_ENDING = 40
#: What a name neither begins nor ends with.
_EDGE = " .\u00a0\u3000"
_REFUSED = frozenset('<>:"|?*\\/')
#: Control characters, halves of surrogate pairs (bytes that are no UTF-8), ends of lines and paragraphs.
_REFUSED_KINDS = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: Devices of Windows, whatever stands behind a dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Name:
    """Where the results of a recording go: `name` below the folder of results, without suffix. `tagged`: the names of
    its subtitles carry their language."""

    name: str
    tagged: bool = False


def names(found: Sequence[tuple[Found, Mapping[str, str]]], template: str = "") -> list[Name]:
    """A name for each recording, no two the same, the same in every run over the same recordings.

    With each comes what is known of it: 'name', which it then gets, 'show', 'season', 'episode', 'title', 'language',
    'preset', as far as they are stated. Without a template names follow the source tree. Those that would be the same
    (also but for capitals) keep their suffixes where these differ ('a.wav', 'a.mp3'), else get '-2', '-3' in order.
    Raises UnknownName for a field, BadValue for a template that cannot be and for a field that has no value.
    """
    made = Template(template) if template else None
    wanted = [_wanted(each, known, made) for each, known in found]
    return [Name(name, made is not None and made.tagged) for name in _apart(wanted)]


class Template:
    """A checked template: `tagged` where it ends in '.{lang}' or '.{lang}.{ext}'."""

    def __init__(self, text: str) -> None:
        self.text = text
        body = re.sub(r"\.?\{ext\}$", "", text)
        untagged = re.sub(r"(?<=[^/])\.\{lang\}$", "", body)
        self.tagged = untagged != body
        self._pieces = list(_pieces(untagged))
        literal = "".join(piece for piece, is_field in self._pieces if not is_field)
        if not self._pieces or text.startswith("/") or ".." in re.split(r"[/\\]", text):
            raise BadValue(
                f"The template {text!r} names no place below the folder of results.", value=text,
                remedy="For example {show}/S{season}E{episode}.{lang}.{ext}.",
            )  # fmt: skip
        if "{" in literal or "}" in literal:
            raise BadValue(
                f"The template {text!r} has a brace without its other half.", value=text,
                remedy="Fields are written {stem}; braces themselves cannot be part of a name.",
            )  # fmt: skip
        for piece, is_field in self._pieces:
            if is_field and piece not in FIELDS:
                raise UnknownName("field", piece, FIELDS, where=f"the template {text!r}")
            if is_field and piece == "ext":
                raise BadValue(
                    f"The template {text!r} has {{ext}} in its middle.", value=text,
                    remedy="It stands at the very end: every deliverable has its own ending.",
                )  # fmt: skip

    def filled(self, found: Found, known: Mapping[str, str]) -> str:
        """The name of a recording, not yet made safe. Raises BadValue for a field without a value."""
        told = _told(found.relative)
        known = {column: value.strip() for column, value in known.items()}
        values = {
            "show": known.get("show") or told.show,
            "season": _digits(known.get("season") or told.season),
            "episode": _digits(known.get("episode") or told.episode),
            "title": known.get("title") or "",
            "stem": found.relative.stem or "_",  # of a URL without a path
            "lang": known.get("language") or "",
            "preset": known.get("preset") or "",
        }
        text = ""
        for piece, is_field in self._pieces:
            if not is_field:
                text += piece
            elif piece == "parent":  # '' at the top of the tree, which is a place as well
                text += "" if found.relative.parent == PurePosixPath() else found.relative.parent.as_posix()
            elif value := values[piece]:
                text += value.replace("/", "_")  # a title is no folder
            else:
                column = "language" if piece == "lang" else piece
                raise BadValue(
                    f"{found.source} has no {column}, which the template {self.text!r} asks for.", value=found.source,
                    remedy=f"Give it in a manifest's column {column}, or leave {{{piece}}} out.",
                )  # fmt: skip
        return text


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The text between fields and the names of fields in turn, each with whether it is a field."""
    for n, piece in enumerate(re.split(r"\{([^{}]*)\}", text)):
        if piece or n % 2:
            yield piece, bool(n % 2)


def _digits(value: str) -> str:
    """A number with at least two digits, in ASCII."""
    return unicodedata.normalize("NFKC", value).zfill(2) if value.isdecimal() else value


# --- what a file's name tells


class _Told(NamedTuple):
    show: str
    season: str
    episode: str


_NUMBER = r"(\d{1,4}|[一二三四五六七八九十百零〇两兩]{1,5})"
_BEFORE, _AFTER = "(?<![A-Za-z0-9])", "(?![A-Za-z0-9])"  # Chinese may stand there
_BOTH = re.compile(
    rf"{_BEFORE}s(?:eason)?[ ._-]*(\d{{1,4}})[ ,._-]*e(?:p|pisode)?[ ._-]*(\d{{1,4}})(?!\d)"
    rf"|{_BEFORE}(\d{{1,2}})x(\d{{2,3}}){_AFTER}",
    re.IGNORECASE,
)
_EPISODE = re.compile(
    rf"{_BEFORE}(?:ep|episode)[ ._#-]*(\d{{1,4}})(?!\d)|{_BEFORE}e(\d{{2,4}})(?!\d)"
    rf"|第[ ]?{_NUMBER}[ ]?[集話话回期]",
    re.IGNORECASE,
)
_SEASON = re.compile(
    rf"{_BEFORE}(?:season|series)[ ._-]*(\d{{1,4}})(?!\d)|{_BEFORE}s(\d{{1,2}}){_AFTER}|第[ ]?{_NUMBER}[ ]?[季部]",
    re.IGNORECASE,
)
_TRIM = " ._-–—([{（【「《"


def _told(relative: PurePosixPath) -> _Told:
    """Show, season, episode, out of names such as 'Show.S01E02', '1x02', 'Ep 3', '第3集', and of the folders above."""
    name = unicodedata.normalize("NFC", relative.name)
    stem = name[: -len(relative.suffix)] if relative.suffix.lower() in SOUND | FILM else name
    above = [unicodedata.normalize("NFC", part) for part in reversed(relative.parts[:-1])]
    both, episode = _BOTH.search(stem), _EPISODE.search(stem)
    seasons = [found for text in (stem, *above) if (found := _SEASON.search(text))]
    if not (both or episode):
        return _Told("", _number(seasons[0]) if seasons else "", "")
    if both:
        season, number = (group for group in both.groups() if group)
        marks = [both.start()]
    else:
        assert episode is not None
        season, number = _number(seasons[0]) if seasons else "", _number(episode)
        marks = [episode.start(), *(found.start() for found in seasons[:1] if found.string == stem)]
    shows = (stem[: min(marks)], *(_SEASON.sub("", part) for part in above))
    return _Told(next(filter(None, map(_show, shows)), ""), season, number)


def _show(text: str) -> str:
    """A show's name out of what stands before its number: dots and underlines are spaces where it has none."""
    text = text.strip(_TRIM)
    return text if " " in text else " ".join(re.split(r"[._]+", text))


def _number(found: re.Match[str]) -> str:
    text = next(group for group in found.groups() if group)
    return text if text.isdecimal() else str(_chinese(text))


def _chinese(text: str) -> int:
    """A number below 1000 in Chinese: 三, 十二, 二十, 一百零五, 二〇."""
    digits = {char: n for n, char in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
    if not set(text) & set("十百"):
        return int("".join(str(digits[char]) for char in text))
    total, last = 0, 0
    for char in text:
        if char in digits:
            last = digits[char]
        else:
            total, last = total + (last or 1) * (10 if char == "十" else 100), 0
    return total + last


# --- names that hold


class _Wanted(NamedTuple):
    """The name that a recording would have alone, and its suffix, as far as it may be part of one."""

    name: str
    suffix: str


def _wanted(found: Found, known: Mapping[str, str], template: Template | None) -> _Wanted:
    if stated := known.get("name", "").strip():
        text = stated
    elif template is not None:
        text = template.filled(found, known)
    else:
        text = (found.relative.parent / found.relative.stem).as_posix()
    return _Wanted(safe(text), _cleaned(found.relative.suffix).rstrip(_EDGE))


def safe(text: str) -> str:
    """A path below the folder of results, with forward slashes, that every file system takes."""
    parts = [_part(part) for part in text.split("/") if part.strip() not in ("", ".", "..")]
    return "/".join(parts) or "_"


def _part(text: str, ending: str = "") -> str:
    """A part of a path that every file system takes, with `ending` behind it."""
    whole = _cleaned(text).strip(_EDGE) or "_"
    if _DEVICES.match(whole):
        whole = f"_{whole}"
    if len(ending.encode()) > _ENDING:
        whole, ending = whole + ending, ""
    room = _MOST - len(ending.encode())
    if len(whole.encode()) > room:
        # Of what was asked for, not of what is left: two that differ behind the cut stay two.
        mark = hashlib.sha256(unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass")).hexdigest()[:8]
        cut = whole.encode()[: room - len(mark) - 1].decode(errors="ignore").rstrip(_EDGE)
        whole = f"{cut}-{mark}"
    return whole + ending


def _cleaned(text: str) -> str:
    return "".join(
        "_" if char in _REFUSED or unicodedata.category(char) in _REFUSED_KINDS else char
        for char in unicodedata.normalize("NFC", text)
    )


def _apart(wanted: Sequence[_Wanted]) -> list[str]:
    """The names, those that would be the same told apart."""
    groups: dict[str, list[int]] = {}
    for n, each in enumerate(wanted):
        groups.setdefault(_key(each.name), []).append(n)
    names = [each.name for each in wanted]
    taken = set(groups)  # nobody gets by an ending what another has by itself
    for group in groups.values():
        suffixed = len({wanted[n].suffix.casefold() for n in group}) > 1
        numbers: Counter[str] = Counter()
        for n in group if suffixed else group[1:]:
            suffix = wanted[n].suffix if suffixed else ""
            made = _ended(names[n], suffix)
            while _key(made) in taken:
                numbers[suffix.casefold()] += 1
                made = _ended(names[n], f"-{numbers[suffix.casefold()] + 1}{suffix}")
            taken.add(_key(made))
            names[n] = made
    return names


def _ended(name: str, ending: str) -> str:
    folder, slash, last = name.rpartition("/")
    return folder + slash + _part(last, ending) if ending else name


def _key(name: str) -> str:
    """What two names share that some file system takes for one."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())
