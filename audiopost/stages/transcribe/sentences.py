"""Words as recognisers give them, to utterances a person reads: whole words, one sentence or breath each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...core.speech import Utterance, Word

#: A silence that ends an utterance, in seconds.
PAUSE_S = 0.8
_SENTENCE_END = re.compile(r"""[.!?。！？…][”"'’」』)）]*$""")
_ABBREVIATION = re.compile(r"^(mr|mrs|ms|dr|st|prof|vs|jr|sr|[a-z])\.$", re.IGNORECASE)
_LATIN = r"A-Za-z0-9\u00c0-\u024f"
_ENDS_LATIN, _STARTS_LATIN = re.compile(f"[{_LATIN}'’-]$"), re.compile(f"^[{_LATIN}'’-]")
_CJK = r"\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
_CJK_SPACE = re.compile(f"(?<=[{_CJK}])\\s+(?=[{_CJK}])")


def utterances(words: Sequence[Word], language: str) -> Iterator[Utterance]:
    """Utterances of `words`, split after sentences and at pauses.

    Each word's text is taken as the recogniser writes it, with the space that goes before it; what is yielded
    has words without spaces, and a text in which Chinese and Japanese run on and Latin words stand apart.
    """
    run: list[Word] = []
    for word in whole_words(words):
        if run and (word.start_s - run[-1].end_s >= PAUSE_S or _ends_sentence(run[-1].text.strip())):
            yield from _utterance(run, language)
            run = []
        run.append(word)
    yield from _utterance(run, language)


def _ends_sentence(text: str) -> bool:
    return bool(_SENTENCE_END.search(text)) and not _ABBREVIATION.match(text)


def _utterance(run: list[Word], language: str) -> Iterator[Utterance]:
    # A token that holds half a character decodes to the replacement character.
    text = _CJK_SPACE.sub("", "".join(word.text for word in run).replace("\ufffd", "").strip())
    words = tuple(replace(word, text=clean) for word in run if (clean := word.text.replace("\ufffd", "").strip()))
    if words:
        yield Utterance(words[0].start_s, words[-1].end_s, text, language, words)


def whole_words(tokens: Sequence[Word]) -> list[Word]:
    """Tokens with the pieces of Latin words joined: of a language without spaces Whisper times each token by itself,
    of its translation too.
    """
    words: list[Word] = []
    for token in tokens:
        if words and _ENDS_LATIN.search(words[-1].text) and _STARTS_LATIN.match(token.text):
            known = [p for p in (words[-1].probability, token.probability) if p is not None]
            words[-1] = replace(
                words[-1],
                end_s=token.end_s,
                text=words[-1].text + token.text,
                probability=min(known, default=None),
            )
        else:
            words.append(token)
    return words
