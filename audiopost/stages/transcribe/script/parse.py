"""Scripts in: plain text, Word, Fountain and subtitle files become lines with a speaker and a language.

What stands in brackets is direction, not speech: (whispering), [door slams], （旁白）, 【關門】.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from ....core.errors import BadValue, EmptyMedia, InputError, UnknownName, UnreadableMedia
from ....subtitles import text as subtitle_text
from ....subtitles.encodings import decode
from ....subtitles.formats import SHARED_SUFFIXES, SUFFIXES
from ....subtitles.reader import read

#: What is read here; subtitle files are read by audiopost.subtitles.
SCRIPTS = (".txt", ".docx", ".fountain")
#: Scripts larger than this are no scripts: the longest films have a few hundred kilobytes of text.
LARGEST_BYTES = 32 << 20

_DIRECTION = re.compile(r"\([^()]*\)|（[^（）]*）|\[[^\[\]]*\]|【[^【】]*】")
_LABEL = re.compile(r"^([^:：]{1,40}?)\s*[:：](?!\d|//)\s*(.*)$")
#: Words inside a name that have no capital: Queen of Hearts.
_SMALL = frozenset({"of", "the", "and", "de", "da", "di", "van", "von", "der", "la", "le", "el", "bin", "al", "y"})
#: A label in a script without capitals (Chinese, Japanese, Arabic …) is a name if it is this short.
_LONGEST_UNCASED = 12


@dataclass(frozen=True)
class Line:
    """A line that is to be spoken; `number` counts the lines (of Word: the paragraphs) of the file from 1."""

    number: int
    text: str
    speaker: str | None = None
    language: str = ""


class Script(NamedTuple):
    """The spoken lines of a script, in order; `warnings` say where its encoding is a guess."""

    lines: tuple[Line, ...]
    warnings: tuple[str, ...] = ()


def read_script(path: str | Path, language: str | None = None) -> Script:
    """The spoken lines of a script, each with its language.

    `language` holds for every line whose characters can be of it; other lines, and all where it is None, are guessed.
    Raises InputError, EmptyMedia, UnknownName for a foreign suffix, UnreadableMedia, BadValue.
    """
    path = Path(path).expanduser()
    suffix = path.suffix.lower()
    known = dict.fromkeys((*SCRIPTS, *SUFFIXES, *SHARED_SUFFIXES))
    if suffix not in known:
        raise UnknownName("script format", path.suffix or path.name, known)
    data = _bytes(path)
    warnings: tuple[str, ...] = ()
    if suffix == ".docx":
        from .word_file import lines_of

        found = lines_of(data, path.name)
    elif suffix in SCRIPTS:
        try:
            text, _, warnings = decode(data, path.name)
        except BadValue as error:
            raise BadValue(error.problem, value=str(path), remedy="Save it as UTF-8.") from error
        found = _from_text(text, fountain=suffix == ".fountain")
    else:
        captions = read(path, language=language).utterances
        found = [Line(i, caption.text, caption.speaker) for i, caption in enumerate(captions, 1)]
    spoken = [line for line in map(_spoken, found) if line is not None]
    if not spoken:
        raise UnreadableMedia(
            f"{path.name} holds no line that could be spoken.",
            value=str(path),
            remedy="Write one line of speech a line, as 'NAME: text' or as text alone, or use Fountain's layout.",
        )
    return Script(tuple(_with_languages(spoken, language)), warnings)


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST_BYTES else b""
    except OSError as error:
        raise InputError(f"Cannot read the script {path}: {error.strerror}.", value=str(path)) from error
    if size > LARGEST_BYTES:
        raise BadValue(
            f"{path.name} has {size >> 20} MiB, a script at most {LARGEST_BYTES >> 20}.",
            value=str(path),
            remedy="Name the script, not the recording.",
        )
    if not data.strip():
        raise EmptyMedia(f"The script {path.name} is empty.", value=str(path), remedy="Export it again.")
    return data


def _from_text(text: str, *, fountain: bool) -> list[Line]:
    from .fountain import is_screenplay, lines_of

    raw = text.split("\n")
    return lines_of(raw) if fountain or is_screenplay(raw) else labelled(enumerate(raw, 1))


def labelled(numbered: Iterable[tuple[int, str]]) -> list[Line]:
    """Lines of plain text; 'NAME: text' gives the speaker, who keeps talking until a blank line or another name.

    'Listen: the wind.' has a colon too. So a label counts where half of the lines have one, where it is in capitals,
    or where it comes twice.
    """
    rows = [(number, subtitle_text.clean(text)) for number, text in numbered]
    split = {number: parts for number, text in rows if (parts := split_label(text))}
    count = Counter(name for name, _ in split.values())
    most = len(split) >= 0.5 * sum(bool(text) for _, text in rows)
    lines: list[Line] = []
    speaker: str | None = None
    for number, text in rows:
        parts = split.get(number)
        if parts and (most or count[parts[0]] > 1 or parts[0].isupper()):
            speaker, text = parts
        elif not text:
            speaker = None
        lines.append(Line(number, text, speaker))
    return lines


def split_label(text: str) -> tuple[str, str] | None:
    """('ANNA', 'Sit down.') of 'ANNA (softly): Sit down.'; None where the text has no name before a colon."""
    found = _LABEL.match(text)
    if not found:
        return None
    name = " ".join(_DIRECTION.sub(" ", found[1]).split())
    return (name, found[2]) if is_name(name) else None


def is_name(text: str) -> bool:
    """Whether `text` could name a speaker: up to four capitalised words, or a few characters of an uncased script."""
    if not any(char.isalpha() for char in text) or re.search(r"[.!?,;。！？，；、…]\s|[!?;。！？，；、…]$", text):
        return False
    words = text.split()
    if not any(char.isupper() or char.islower() for char in text):
        return len(text) <= _LONGEST_UNCASED
    return len(words) <= 4 and all(
        not word[0].islower() or word in _SMALL or not word[0].isalpha() for word in words if word
    )


def _spoken(line: Line) -> Line | None:
    """The line without directions and emphasis marks; None where nothing is left to say."""
    text = line.text
    while (bare := _DIRECTION.sub(" ", text)) != text:
        text = bare
    text = subtitle_text.clean(re.sub(r"\*+|(?<!\w)_+|_+(?!\w)", "", text))
    text = re.sub(r"\s+([,.;:!?，。；：！？、])", r"\1", text)
    if not any(unicodedata.category(char)[0] in "LN" for char in text):
        return None
    return replace(line, text=text, speaker=subtitle_text.clean(line.speaker or "") or None)


def _with_languages(lines: list[Line], stated: str | None) -> Iterable[Line]:
    # A short line has nothing that would tell: lines in Latin letters, and those in others, are also guessed together.
    wide, latin = (
        subtitle_text.guess_language("\n".join(line.text for line in lines if subtitle_text.has_han(line.text) is han))
        for han in (True, False)
    )
    chinese = stated if stated and subtitle_text.base(stated) in subtitle_text.CHINESE else wide
    for line in lines:
        guess = subtitle_text.guess_language(line.text)
        if guess == "und":
            guess = latin
        elif guess == "zh" and subtitle_text.base(chinese) in subtitle_text.CHINESE:
            guess = chinese  # a Cantonese line need not hold one of its own characters
        yield replace(line, language=stated if stated and _fits(stated, line.text, guess) else guess)


def _of_han(language: str) -> bool:
    return subtitle_text.base(language) in subtitle_text.CHINESE or subtitle_text.base(language) == "ja"


def _fits(stated: str, text: str, guess: str) -> bool:
    """Whether a text can be in the stated language, by its writing."""
    if _of_han(stated):
        return subtitle_text.has_han(text) or guess == "und"
    return guess == subtitle_text.base(stated) or guess not in (*subtitle_text.CHINESE, "ja", "ko")
