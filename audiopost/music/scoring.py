"""What cues say of instruments and textures, in the words of rule files, whatever language told it."""

from __future__ import annotations

import functools

from ..core.language import texts


@functools.cache
def _told() -> tuple[tuple[str, str], ...]:
    """(text, the word of rule files that it tells), the longest first."""
    pairs = {(text, word) for word, versions in texts("scoring").items() for text in versions.values() if text != word}
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0]), pair)))


def in_rule_words(text: str) -> str:
    """`text` with what core/texts/scoring.toml tells put back: 'guqin (seven-string zither)' is no strings."""
    for told, word in _told():
        text = text.replace(told, word)
    return text.replace("，", ", ")
