"""What cues say of instruments and textures, in the English words that music is made by, whatever language told it."""

from __future__ import annotations

import functools

from ..core.language import texts


@functools.cache
def _told() -> tuple[tuple[str, str], ...]:
    """(text in another language, the word of rule files), the longest first."""
    pairs = {(text, word) for word, versions in texts("scoring").items() for text in versions.values() if text != word}
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0]), pair)))


def in_english(text: str) -> str:
    """`text` with what core/texts/scoring.toml says in Chinese put back; what it does not know stays."""
    if text.isascii():
        return text
    for told, word in _told():
        text = text.replace(told, word)
    return text.replace("，", ", ")
