"""What cues say, in the language asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core.language import tell, texts

#: A quotation this long is enough to find the line by.
_WORDS, _CHARACTERS = 9, 16
_CHINESE = re.compile(r"[\u3400-\u9fff]")
#: A beat's measurement in brackets is for its own list.
_BRACKET = re.compile(r"\s*[(（].*$")


@dataclass(frozen=True)
class Words:
    """Texts of the groups 'cues', 'scoring', 'emotion'; `own` are a rule file's [words]."""

    language: str
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def say(self, key: str, /, **values: Any) -> str:
        return tell(f"cues.{key}", self.language, **{name: _unsigned(value) for name, value in values.items()})

    def emotion(self, name: str) -> str:
        return tell(f"emotion.{name}", self.language)

    def scoring(self, word: str) -> str:
        """An instrument, texture, articulation or mode; a word that nobody has translated as it is."""
        if word in self.own:
            return self.own[word].get(self.language) or word
        return texts("scoring")[word][self.language] if word in texts("scoring") else word

    def quoted(self, text: str) -> str:
        """The beginning of a line, in quotation marks."""
        clean = " ".join(text.split())
        short = clean[:_CHARACTERS] if _CHINESE.search(clean) else " ".join(clean.split(" ")[:_WORDS])
        return self.say("quote", text=short if short == clean else f"{short.rstrip('，,、;；')}…")

    def said(self, text: str, speaker: str | None, how: str = "said") -> str:
        """', as Anna says “…”', or where `how` is 'line' ', Anna’s “…”'; '' without words."""
        if not text.strip():
            return ""
        quote = self.quoted(text)
        return self.say(f"{how}_by", speaker=speaker, quote=quote) if speaker else self.say(how, quote=quote)

    def own_language(self, text: str) -> bool:
        """Whether a text that another stage wrote is in this language (Chinese, or not)."""
        return bool(text) and bool(_CHINESE.search(text)) == (self.language != "en")

    def happening(self, kind: str, detail: str) -> str:
        """What happens at a story beat, without its measurements."""
        short = _BRACKET.sub("", detail)
        return short if self.own_language(short) else self.say(f"hit_{kind}")

    def moved(self, axis: str, before: float, after: float) -> str:
        key = "scenes.rises" if after > before else "scenes.falls"
        axis = tell(f"emotion.{axis}", self.language)
        return tell(key, self.language, axis=axis, before=_unsigned(before), after=_unsigned(after))

    def joined(self, parts: Sequence[str]) -> str:
        first, *rest = parts
        return self.say("and", first=first, second=self.joined(rest)) if rest else first

    def listed(self, parts: Sequence[str]) -> str:
        return (", " if self.language == "en" else "、").join(parts)


def _unsigned(value: Any) -> Any:
    """A number that would be told as -0.00 as 0."""
    return 0.0 if isinstance(value, float) and abs(value) < 0.005 else value


def sentence(text: str) -> str:
    """`text` with a capital where it begins with a letter."""
    return text[:1].upper() + text[1:]
