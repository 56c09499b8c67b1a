"""Chinese in the characters of a place: Traditional, Simplified, Hong Kong's and Taiwan's forms, by OpenCC."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

from ..core.speech import Transcript, Utterance
from .text import CHINESE, base, is_traditional

#: Name of a variant to the subtags that say it (BCP 47).
VARIANTS = {"hant": "Hant", "hans": "Hans", "hk": "Hant-HK", "tw": "Hant-TW"}
#: OpenCC's configurations from (Traditional source?, variant), one after the other: a place's own forms first become
#: the common ones. Characters only, no regional vocabulary: the words that were said stay.
_CONFIGURATIONS = {
    (False, "hant"): ("s2t",), (False, "hk"): ("s2hk",), (False, "tw"): ("s2tw",),
    (True, "hk"): ("tw2t", "t2hk"), (True, "tw"): ("hk2t", "t2tw"), (True, "hans"): ("tw2t", "hk2t", "t2s"),
}  # fmt: skip


def convert(transcript: Transcript, variant: str) -> Transcript:
    """The Chinese and Cantonese of a transcript in the characters of `variant` (a name of VARIANTS); the rest as it is.

    Whether an utterance is in Traditional characters is judged by itself; where none of its characters tells, by the
    whole. Its tag says the variant: 'zh-Hant-HK'.
    """
    traditional = is_traditional("".join(u.text for u in transcript.utterances if base(u.language) in CHINESE))
    return replace(
        transcript,
        language=_tag(transcript.language, variant),
        utterances=tuple(
            _converted(u, variant, traditional) if base(u.language) in CHINESE else u for u in transcript.utterances
        ),
    )


def simplified(text: str) -> str:
    """The text in Simplified characters: the form in which words of either script are compared."""
    return _to(text, "t2s")


def foreign_characters(text: str, script: str) -> str:
    """The characters of `text`, each once, that only the other script writes; `script` is 'hant' or 'hans'.

    What both write is nobody's: 后 and 里 stand in Traditional text too, which Big5 knows (GB 2312 for Simplified).
    """
    away, back, codec = ("s2t", "t2s", "big5") if script == "hant" else ("t2s", "s2t", "gb2312")
    return "".join(char for char in dict.fromkeys(text) if _is_foreign(char, away, back, codec))


@functools.cache
def _is_foreign(char: str, away: str, back: str, codec: str) -> bool:
    return _to(char, away) != char and _to(char, back) == char and not char.encode(codec, "ignore")


def _tag(language: str, variant: str) -> str:
    return f"{base(language)}-{VARIANTS[variant]}" if base(language) in CHINESE else language


def _converted(utterance: Utterance, variant: str, traditional: bool) -> Utterance:
    text = utterance.text
    own = is_traditional(text)
    tells = own or _to(text, "t2s") == text != _to(text, "s2t")
    configurations = _CONFIGURATIONS.get((own if tells else traditional, variant), ())
    changed = _to(text, *configurations)
    pieces = [word.text for word in utterance.words]
    letters = "".join(changed.split())
    if "".join("".join(pieces).split()) == "".join(text.split()) and len(letters) == len("".join(text.split())):
        words, at = [], 0
        for word in utterance.words:  # cut out of the whole: a character's form depends on its neighbours
            size = len("".join(word.text.split()))
            words.append(replace(word, text=letters[at : at + size]))
            at += size
    else:
        words = [replace(word, text=_to(word.text, *configurations)) for word in utterance.words]
    return replace(utterance, text=changed, words=tuple(words), language=_tag(utterance.language, variant))


def _to(text: str, *configurations: str) -> str:
    for configuration in configurations:
        text = _converter(configuration).convert(text)
    return text


@functools.cache
def _converter(configuration: str) -> Any:
    import opencc

    return opencc.OpenCC(configuration)
