"""Text as subtitles count and clean it: widths, languages, characters that no format may carry."""

from __future__ import annotations

import functools
import re
import unicodedata

from ..core.speech import UNSPACED

#: Languages whose limits count full-width characters: 1 for a Han character, 0.5 for a Latin letter.
FULL_WIDTH = frozenset({"zh", "yue", "cmn", "wuu", "nan", "ja", "ko"})
#: Written as Chinese is: `yue` among them.
CHINESE = frozenset({"zh", "yue", "cmn", "wuu", "nan"})

#: Put between characters that a format would take for markup; invisible, and taken out again when read.
JOINER = "\u2060"

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff\u2060]")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3040-\u30ff\uff66-\uff9f]")
_HANGUL = re.compile("[\uac00-\ud7af\u1100-\u11ff]")
#: Characters of Cantonese that written Chinese does without (Lau, Lau and To 2024, CanCLID's canto-filter: the common
#: ones); 嗎 is not among them.
_CANTONESE = re.compile("[嘅嗰啲咗佢喺咁噉冇啩哋畀嚟諗乜嘢瞓睇㗎喎啱揾搵攞嘥唔咩]")


@functools.cache
def base(language: str) -> str:
    """The language alone: 'zh' of 'zh-Hant-HK'."""
    return language.replace("_", "-").split("-")[0].lower()


def is_unspaced(language: str) -> bool:
    return base(language) in UNSPACED


@functools.cache
def _cells(char: str) -> tuple[float, float]:
    """Width of a character in full-width counting, and in plain counting."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf", "Cc"):
        return 0.0, 0.0
    kind = unicodedata.east_asian_width(char)
    return (1.0 if kind in "WFA" else 0.5), (2.0 if kind in "WF" else 1.0)


def width(text: str, language: str) -> float:
    """Characters of a line as its language counts them.

    Full-width languages: a Han character, kana, syllable or full-width sign is 1, anything else 0.5. Others: 1 each,
    and 2 for a full-width character, which takes two places on the screen. Combining marks are 0.
    """
    if text.isascii() and text.isprintable():
        return len(text) * (0.5 if base(language) in FULL_WIDTH else 1.0)
    column = 0 if base(language) in FULL_WIDTH else 1
    return sum(_cells(char)[column] for char in text)


def clean(text: str) -> str:
    """One line without control characters, lone surrogates, joiners and runs of white space."""
    return " ".join(_FORBIDDEN.sub("", text).split())


def clean_lines(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Lines as a file may hold them: no empty one, no line break inside."""
    return tuple(line for line in map(clean, lines) if line)


_PAUSE = re.compile("(?:…|⋯|\\.{3,}|。{3,})+")
_WIDE = str.maketrans(",.?!:;", "，。？！：；")
_HALF = re.compile("(?<=[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff」』）》])[,.?!:;]+(?![0-9A-Za-z])")


def one_ellipsis(text: str, sign: str) -> str:
    """Three dots in whatever form written as `sign`."""
    return _PAUSE.sub(sign, text)


def full_width(text: str) -> str:
    """Half-width punctuation after a Han character made full-width; Latin words, numbers and three dots keep theirs."""
    return _HALF.sub(lambda found: found[0] if found[0].startswith("..") else found[0].translate(_WIDE), text)


#: Small words of English that no other language with Latin letters has often.
_ENGLISH_WORDS = "the is you of and it that this my what are with have your he she they i'm it's to am"
_ENGLISH = frozenset(_ENGLISH_WORDS.split())


def guess_language(text: str) -> str:
    """'ja', 'ko', 'yue', 'zh' by the characters, 'en' by its small words, else 'und': for files that do not say."""
    letters = sum(char.isalpha() for char in text) or 1
    if len(_KANA.findall(text)) > 0.1 * letters:
        return "ja"
    if len(_HANGUL.findall(text)) > 0.3 * letters:
        return "ko"
    if len(_HAN.findall(text)) > 0.3 * letters:
        return "yue" if len(_CANTONESE.findall(text)) > 0.03 * letters else "zh"
    words = re.findall(r"[a-z']+", text.lower())
    return "en" if sum(word in _ENGLISH for word in words) > 0.12 * len(words) else "und"


def is_traditional(text: str) -> bool:
    """Whether Chinese text has more characters that only Big5 knows than ones that only GB 2312 knows."""
    return sum(map(_traditional, _HAN.findall(text))) > 0


@functools.cache
def _traditional(char: str) -> int:
    """1 for a character that only Big5 knows, -1 for one that only GB 2312 knows, 0 for what says nothing."""
    return bool(char.encode("big5", "ignore")) - bool(char.encode("gb2312", "ignore"))


def has_han(text: str) -> bool:
    return bool(_HAN.search(text) or _KANA.search(text))
