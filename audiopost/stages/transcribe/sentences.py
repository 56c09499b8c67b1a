"""Words as recognisers give them, to utterances a person reads: whole words, one sentence or breath each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...core.speech import Utterance, Word, word_glue

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
    pieces = whole_words(words) if word_glue(language) == "" else list(words)
    run: list[Word] = []
    for word in pieces:
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
    """Tokens with the pieces of Latin words joined: Whisper times each token of an unspaced language by itself."""
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


def without_loops(words: Sequence[Word], *, times: int = 4, longest: int = 24) -> list[Word]:
    """Words with every phrase of up to `longest` words that comes `times` times in a row or more left once."""
    texts = [word.text.strip().lower() for word in words]
    kept: list[Word] = []
    at = 0
    while at < len(texts):
        for n in range(1, min(longest, (len(texts) - at) // times) + 1):
            phrase, end = texts[at : at + n], at + n
            while texts[end : end + n] == phrase:
                end += n
            if (end - at) // n >= times:
                kept += words[at : at + n]
                at = end
                break
        else:
            kept.append(words[at])
            at += 1
    return kept
