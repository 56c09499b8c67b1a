"""What a person changes in a caption, said again in the transcript: same words keep their times, others share them.

The change itself is carried over, not the caption: labels and sounds that only the caption has never reach the
transcript, and what the caption leaves out of it stays.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from typing import NamedTuple

from ..core.speech import Caption, Transcript, Utterance, Word, joined, word_glue
from .edit import MOST_COMPARED
from .lines import DASH
from .text import base, clean

#: Words so far outside a caption's time may still be its own: in- and out-times move to frames and shots.
_AROUND_S = 1.0
#: A new word takes at least this long; where the gap is shorter, it shares the time of its neighbour.
_SHORTEST_S = 0.06
_OPENING = "「『（《〈“‘\"'(\\[¿¡"
_UNIT = re.compile(rf"[{_OPENING}]*(?:[A-Za-z0-9\u00c0-\u024f]+(?:['’.-][A-Za-z0-9]+)*|\w)[^\w{_OPENING}]*")
_LABELS = re.compile(r"[\[(（［【][^\])）］】]*[\])）］】]:?")


class _Unit(NamedTuple):
    """What is compared: a word, or a character of languages without spaces. `key` has its letters alone."""

    key: str
    text: str


@dataclass
class _Spoken:
    """A word of the transcript: the utterance it stands in, and its units as they stand now (None: taken out)."""

    word: Word
    utterance: int
    units: list[_Unit | None]
    changed: bool = False


def retold(transcript: Transcript, old: Caption, lines: Sequence[str], *, labels: bool = False) -> Transcript:
    """The transcript after the lines of caption `old` became `lines`.

    `labels`: what stands in brackets names speakers and sounds (SDH), and is nobody's words. Where the caption's
    words cannot be found, the transcript stays as it is.
    """
    language = _language(transcript, old)
    before, after = (_units("\n".join(each), language, labels) for each in (old.lines, lines))
    if [unit.text for unit in before] == [unit.text for unit in after]:
        return transcript
    spoken = _around(transcript, old, language)
    places = _found(before, spoken)
    if before and not places:
        return _retold_text(transcript, old, lines)
    if not before:
        return _said_anew(transcript, old, after, language) if after else transcript
    added: dict[int, list[_Unit]] = defaultdict(list)
    for what, a, b, c, d in _compared(before, after):
        if what == "equal":
            for i, j in zip(range(a, b), range(c, d), strict=True):
                if i in places and before[i].text != after[j].text:
                    _put(spoken, places[i], after[j])
            continue
        for i in range(a, b):
            if i in places:
                _put(spoken, places[i], None)
        here = [places[i] for i in range(a, b) if i in places]
        if c < d and (here or a == b):
            added[here[0][0] if here else _place_before(places, a)] += after[c:d]
    return _rebuilt(transcript, spoken, added, language)


def _language(transcript: Transcript, caption: Caption) -> str:
    return caption.language or transcript.language


def _units(text: str, language: str, labels: bool = False) -> list[_Unit]:
    """A text as what is compared; dashes of dialogue are no part of it, signs belong to the word before them."""
    lines = [DASH.sub("", line) for line in text.split("\n")]
    text = " ".join(_LABELS.sub(" ", line) if labels else line for line in lines)
    parts = text.split() if word_glue(language) else [found.strip() for found in _UNIT.findall(text)]
    units: list[_Unit] = []
    for part in parts:
        key = "".join(char.casefold() for char in part if char.isalnum())
        if key:
            units.append(_Unit(key, part))
        elif units:
            units[-1] = _Unit(units[-1].key, f"{units[-1].text}{word_glue(language)}{part}")
    return units


def _compared(a: Sequence[_Unit], b: Sequence[_Unit]) -> list[tuple[str, int, int, int, int]]:
    if len(a) * len(b) > MOST_COMPARED:
        return [("replace", 0, len(a), 0, len(b))]
    keys = [unit.key for unit in a], [unit.key for unit in b]
    return list(SequenceMatcher(None, *keys, autojunk=False).get_opcodes())


def _around(transcript: Transcript, caption: Caption, language: str) -> list[_Spoken]:
    """The words that may be the caption's, in order of time."""
    low, high = caption.start_s - _AROUND_S, caption.end_s + _AROUND_S
    found = [
        _Spoken(word, n, list(_units(word.text, language)))
        for n, utterance in enumerate(transcript.utterances)
        if utterance.start_s < high and utterance.end_s > low and utterance.words
        for word in utterance.words
        if low < (word.start_s + word.end_s) / 2 < high
    ]
    return sorted(found, key=lambda each: (each.word.start_s, each.utterance))


def _found(units: Sequence[_Unit], spoken: Sequence[_Spoken]) -> dict[int, tuple[int, int]]:
    """Where the units of a caption are said: (word, unit in it) of each that is found."""
    places = [(n, k) for n, each in enumerate(spoken) for k in range(len(each.units))]
    said = [unit for each in spoken for unit in each.units if unit is not None]
    if len(units) * len(said) > MOST_COMPARED:
        return {}
    blocks = _compared(units, said)
    return {a + i: places[c + i] for what, a, b, c, _ in blocks if what == "equal" for i in range(b - a)}


def _place_before(places: dict[int, tuple[int, int]], at: int) -> int:
    """Behind which word something is put in before unit `at`; -1 - n for before word n."""
    before = [place for i, place in places.items() if i < at]
    if before:
        return max(before)[0]
    return -1 - min(place[0] for i, place in places.items() if i >= at)


def _put(spoken: list[_Spoken], place: tuple[int, int], unit: _Unit | None) -> None:
    spoken[place[0]].units[place[1]] = unit
    spoken[place[0]].changed = True


class _Piece(NamedTuple):
    """A word as it will stand, or what has still to get its time (`word` None); the word it came from, if any."""

    utterance: int
    word: Word | None
    texts: tuple[str, ...]
    was: Word | None


def _rebuilt(
    transcript: Transcript, spoken: Sequence[_Spoken], added: dict[int, list[_Unit]], language: str
) -> Transcript:
    pieces: list[_Piece] = []
    for n, each in enumerate(spoken):
        if before := added.get(-1 - n):
            pieces.append(_Piece(each.utterance, None, _texts(before), None))
        left = [unit for unit in each.units if unit is not None]
        if not each.changed:
            pieces.append(_Piece(each.utterance, each.word, (), each.word))
        elif len(left) == len(each.units):
            word = replace(each.word, text=joined([unit.text for unit in left], language))
            pieces.append(_Piece(each.utterance, word, (), each.word))
        else:
            pieces.append(_Piece(each.utterance, None, _texts(left), each.word))
        if after := added.get(n):
            pieces.append(_Piece(each.utterance, None, _texts(after), None))
    words: dict[int, list[Word]] = defaultdict(list)
    for owner, word in _timed(pieces):
        words[owner].append(word)
    touched = {piece.utterance for piece in pieces if piece.word is None or piece.word is not piece.was}
    ours = {id(each.word) for each in spoken}
    utterances = []
    for n, utterance in enumerate(transcript.utterances):
        if n not in touched:
            utterances.append(utterance)
            continue
        rest = [word for word in utterance.words if id(word) not in ours]
        made = tuple(sorted((*rest, *words[n]), key=lambda word: word.start_s))
        if made:
            utterances.append(with_words(utterance, made))
    return replace(transcript, utterances=tuple(utterances))


def with_words(utterance: Utterance, words: tuple[Word, ...]) -> Utterance:
    """The utterance with other words, in order of time, and their text; it is as long as they are."""
    text = joined((word.text.strip() for word in words), utterance.language)
    start, end = min(utterance.start_s, words[0].start_s), max(utterance.end_s, words[-1].end_s)
    return replace(utterance, start_s=start, end_s=end, words=words, text=text)


def _texts(units: Sequence[_Unit]) -> tuple[str, ...]:
    return tuple(unit.text for unit in units)


def _timed(pieces: Sequence[_Piece]) -> Iterator[tuple[int, Word]]:
    """The words with times: those that stay keep theirs, runs of others share what they replace, or the gap."""
    runs = [(kept, list(run)) for kept, run in groupby(pieces, key=lambda piece: piece.word is not None)]
    made: list[tuple[int, Word]] = []
    for n, (kept, run) in enumerate(runs):
        if kept:
            made += [(piece.utterance, piece.word) for piece in run if piece.word is not None]
            continue
        texts = [text for piece in run for text in piece.texts]
        if not texts:
            continue
        gone = [piece.was for piece in run if piece.was is not None]
        owner = next((piece.utterance for piece in run if piece.was is not None), run[0].utterance)
        if gone:
            span, speaker = (gone[0].start_s, max(word.end_s for word in gone)), gone[0].speaker
        else:
            following = next((piece.word for _, later in runs[n + 1 : n + 2] for piece in later), None)
            before = made.pop()[1] if made else None
            neighbour = before or following
            assert neighbour is not None  # something was found, and is beside it
            speaker = neighbour.speaker
            span = _gap(before, following, len(texts))
            if before is not None and span[0] < before.end_s:
                texts, before = [before.text, *texts], None
            if before is not None:
                made.append((owner, before))
        made += [(owner, word) for word in shared(texts, *span, speaker)]
    yield from made


def _gap(before: Word | None, following: Word | None, count: int) -> tuple[float, float]:
    """The time of `count` words between two: the gap, with the word before where it is too small."""
    if before is None:
        assert following is not None
        return max(following.start_s - _SHORTEST_S * count, 0.0), following.start_s
    most = before.end_s + 4 * _SHORTEST_S * count
    until = most if following is None else min(most, following.start_s)
    if until - before.end_s >= _SHORTEST_S * count:
        return before.end_s, until
    return before.start_s, max(until, before.end_s)


def shared(texts: Sequence[str], start_s: float, end_s: float, speaker: str | None) -> tuple[Word, ...]:
    """Words one after the other, each with time in proportion to its letters; nobody knows how sure they are."""
    whole, at = sum(map(len, texts)) or 1, 0
    words = []
    for text in texts:
        begin, at = at, at + len(text)
        share = (end_s - start_s) / whole
        words.append(Word(start_s + share * begin, start_s + share * at, text, None, speaker))
    return tuple(words)


def _said_anew(transcript: Transcript, caption: Caption, units: Sequence[_Unit], language: str) -> Transcript:
    """What a caption says that had no text before, as an utterance of its own."""
    words = shared(_texts(units), caption.start_s, caption.end_s, caption.speaker)
    new = with_words(Utterance(caption.start_s, caption.end_s, "", language, (), caption.speaker), words)
    where = sum(utterance.start_s <= caption.start_s for utterance in transcript.utterances)
    return replace(transcript, utterances=(*transcript.utterances[:where], new, *transcript.utterances[where:]))


def _retold_text(transcript: Transcript, old: Caption, lines: Sequence[str]) -> Transcript:
    """The same for utterances without timed words, as imported files have them: their text is written anew."""
    language = _language(transcript, old)
    was, now = (joined(map(clean, each), language) for each in (old.lines, lines))
    for n, utterance in enumerate(transcript.utterances):
        apart = utterance.end_s <= old.start_s or utterance.start_s >= old.end_s
        if apart or utterance.words or was not in utterance.text:
            continue
        text = clean(utterance.text.replace(was, now, 1))
        new = (replace(utterance, text=text),) if text else ()
        return replace(transcript, utterances=(*transcript.utterances[:n], *new, *transcript.utterances[n + 1 :]))
    return transcript


def own_lines(caption: Caption, transcript: Transcript) -> list[int]:
    """The lines of a caption that are in a transcript's language; all where the caption has one language."""
    if not caption.line_languages:
        return list(range(len(caption.lines)))
    return [n for n, tag in enumerate(caption.line_languages) if base(tag) == base(transcript.language)]


def with_known_words(transcript: Transcript, known: Transcript) -> Transcript:
    """Utterances without words of their own get those of `known` that are said in their time: same words keep their
    times, what is worded otherwise shares them."""
    return replace(transcript, utterances=tuple(_with_known(utterance, known) for utterance in transcript.utterances))


def _with_known(utterance: Utterance, known: Transcript) -> Utterance:
    if utterance.words:
        return utterance
    said = [
        word
        for other in known.utterances
        if other.start_s < utterance.end_s and other.end_s > utterance.start_s
        for word in other.words
        if utterance.start_s <= (word.start_s + word.end_s) / 2 < utterance.end_s
    ]
    if not said:
        return utterance
    text = joined((word.text.strip() for word in said), utterance.language)
    spoken = Utterance(utterance.start_s, utterance.end_s, text, utterance.language, tuple(said), utterance.speaker)
    old = Caption(utterance.start_s, utterance.end_s, (text,), utterance.speaker, utterance.language)
    told = retold(Transcript(utterance.language, (spoken,)), old, (utterance.text,)).utterances
    return replace(utterance, words=told[0].words) if told else utterance
