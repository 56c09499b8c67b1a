"""Where text may break: utterances cut into atoms that stay whole, each with the cost of a break before it.

Costs are in arbitrary units that `caption.layout` weighs: 0 after a sentence, 12 inside what belongs together.
English follows the Netflix rules; other spaced languages break after punctuation and not after short words;
Chinese, Japanese and Thai take the phrases of BudouX, with a lexicon for Cantonese that its models lack.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..core.speech import Utterance, word_glue
from . import words as lexicon
from .text import CHINESE, base, clean, has_han, is_traditional, is_unspaced, width

SENTENCE, CLAUSE, CONJUNCTION, PREPOSITION, PLAIN, UNSURE, CLINGING = 0.0, 1.5, 3.0, 4.0, 6.0, 8.0, 12.0
_BOUND = 20.0  # inside a number, or a name with its title: one atom where a line is long enough
_ATOM_MOST = 0.7  # of a line
_HARD = 30.0  # a word longer than the line, cut because nothing else is possible

_SENTENCE_END = re.compile("[.?!…。？！⋯‽]+[\"'”’」』)）\\]]*$")
_CLAUSE_END = re.compile("[,;:，；：—–]+[\"'”’」』)）\\]]*$")
_LIST_END = re.compile("、$")
_INITIALS = re.compile(r"[\"'“‘(]?(?:[A-Z]\.)+$")
_ACRONYM = re.compile(r"(?:[A-Za-z]\.){2,}$")
_LATIN_LAST = re.compile(r"[A-Za-z0-9À-ɏ][A-Za-z0-9À-ɏ'’.,\-@_/+&%$]*$")
_LATIN_FIRST = re.compile(r"[A-Za-z0-9À-ɏ$][A-Za-z0-9À-ɏ'’.,\-@_/+&%$]*")
_QUOTES = "\"'“”‘’()[]"
_DASH = re.compile("[-–—]+$")
_DAY, _YEAR = re.compile(r"\d{1,2}(st|nd|rd|th)?,$"), re.compile(r"\d{4}$")
_ADJECTIVE = re.compile("..(ful|ous|ive|able|ible|less|ish|ical|ent|ant)$")
_NUMBER_WORD = re.compile("(twen|thir|for|fif|six|seven|eigh|nine)ty(-[a-z]+)?$|(hundred|thousand|million|billion)$")
_QUESTION = re.compile(r"(.)[唔不]\1")
_TITLE = re.compile("《[^》]{1,10}》|[一-鿿]{1,3}(?:·[一-鿿]{1,3})+|[ァ-ヺー]+(?:・[ァ-ヺー]+)+")
_DAY_PART = re.compile(
    "(?:[今明昨前後后當当那這这每][天日晚早]|[琴尋聽听]日)(?:早上|清晨|上午|中午|下午|傍晚|晚上|夜裡|夜里|夜晚|朝早|下晝|晏晝)"
)
_CLASSIFIER = re.compile("[呢嗰這那这哪每一兩两幾几][個个間间次種种件位張张條条隻只啲些]$")
_NO_START = frozenset("」』）》〉】”’，。、；：？！…⋯—～・ー,.!?;:%)]}っゃゅょぁぃぅぇぉッャュョァィゥェォ々")
_NO_END = frozenset("「『（《〈【“‘([{$#")
_WIDE_PUNCTUATION = str.maketrans(",.?!:;()", "，。？！：；（）")
_LATIN = re.compile(r"[A-Za-z0-9À-ɏ'’.\-@_/+&%]")


@dataclass(frozen=True)
class Atom:
    """What stays on one line. `glue` stands before it unless it opens a line; `cost` is that of opening one with it."""

    text: str
    glue: str
    cost: float
    start_s: float
    end_s: float


def atoms(utterance: Utterance, cpl: float, write: Callable[[str], str] = str) -> list[Atom]:
    """The atoms of an utterance, none wider than `cpl`, timed by its words (evenly where it has none).

    `write` puts an atom's text into the punctuation of a guide.
    """
    language = utterance.language
    text = clean(utterance.text) or clean(word_glue(language).join(w.text for w in utterance.words))
    pieces = _unspaced(text, utterance, cpl) if is_unspaced(language) else _spaced(text, language, cpl)
    times = _times(utterance, sum(_letters(piece) for piece, _, _ in pieces))
    made, at = [], 0
    for piece, glue, cost in pieces:
        start, end = times(at)[0], times(at + _letters(piece) - 1)[1]
        at += _letters(piece)
        parts = _cut(write(piece), language, cpl)
        for n, part in enumerate(parts):
            low, high = (start + (end - start) * m / len(parts) for m in (n, n + 1))
            made.append(Atom(part, "" if n else glue, _HARD if n else cost, low, high))
    return made


def _letters(piece: str) -> int:
    return len(piece) - piece.count(" ")


def border_cost(left: str, right: str, language: str) -> float:
    """The cost of a break between two pieces of text."""
    return _cost_unspaced(left, right, base(language)) if is_unspaced(language) else _cost_spaced(left, right, language)


def imbalance(upper: Any, lower: Any, cpl: Any) -> Any:
    """The cost of two lines of different widths (numbers or arrays): bottom-heavy where they differ."""
    return 2.5 * (np.abs(upper - lower) + np.maximum(0.0, upper - lower)) / cpl


def _times(utterance: Utterance, length: int) -> Callable[[int], tuple[float, float]]:
    """character number -> (start_s, end_s), never going back.

    The characters of the words are counted off against those of the text: exact where both are equal but for white
    space, in proportion where the text was edited.
    """
    low, high = utterance.start_s, max(utterance.end_s, utterance.start_s)
    spans: list[tuple[float, float]] = []
    latest = low if not utterance.words else min(low, utterance.words[0].start_s)
    for word in utterance.words:
        chars = len("".join(clean(word.text).split()))
        start = max(word.start_s, latest)
        latest = max(word.end_s, start)
        spans += [
            (start + (latest - start) * i / chars, start + (latest - start) * (i + 1) / chars) for i in range(chars)
        ]
    if not spans:
        return lambda i: (low + (high - low) * i / length, low + (high - low) * (i + 1) / length)
    return lambda i: spans[i * len(spans) // length]


def _cut(piece: str, language: str, cpl: float) -> list[str]:
    """A piece wider than a line, cut by characters."""
    if width(piece, language) <= cpl:
        return [piece]
    parts, start = [], 0
    for end in range(1, len(piece) + 1):
        if end == len(piece) or width(piece[start : end + 1], language) > cpl:
            parts.append(piece[start:end])
            start = end
    return parts


def _spaced(text: str, language: str, cpl: float) -> list[tuple[str, str, float]]:
    pieces: list[tuple[str, str, float]] = []
    for token in text.split():
        for n, part in enumerate(re.findall("[^—]*—+|[^—]+", token)):
            cost = _cost_spaced(pieces[-1][0].rpartition(" ")[2], part, language) if pieces else SENTENCE
            _add(pieces, part, "" if n else " ", cost, language, cpl)
    return pieces


def _add(pieces: list[tuple[str, str, float]], part: str, glue: str, cost: float, language: str, cpl: float) -> None:
    """Adds a piece, to the last one where both are one number or name and a line is long enough for it."""
    if cost == _BOUND and width(pieces[-1][0] + glue + part, language) <= _ATOM_MOST * cpl:
        whole, before, cost = pieces.pop()
        part, glue = whole + glue + part, before
    pieces.append((part, glue, cost))


def _cost_spaced(left: str, right: str, language: str) -> float:
    before, after = left.lower().strip(_QUOTES), right.lower().strip(_QUOTES).rstrip(".,;:?!…")
    initials = _INITIALS.match(left) and right[0].isupper() and before not in lexicon.ABBREVIATIONS
    if initials or before in lexicon.TITLES:
        return _BOUND
    if left[-1] in "$£€¥" and right[0].isdigit():
        return _BOUND
    if right[0] in _NO_START or left[-1] in _NO_END or _DASH.match(right):
        return CLINGING
    if _SENTENCE_END.search(left) and not (before in lexicon.ABBREVIATIONS and not right[0].isupper()):
        return SENTENCE
    if _DAY.match(before) and _YEAR.match(after):
        return _BOUND
    if _CLAUSE_END.search(left) or _DASH.match(left):
        return CLAUSE
    bound = _bound(left, right, before, after, base(language))
    if bound is not None:
        return bound
    if base(language) != "en":
        return UNSURE if len(before) <= 3 else PLAIN
    opens = after in lexicon.PREPOSITIONS or after in lexicon.CONJUNCTIONS
    if opens and right[-1] in ".,;:?!…":
        return CLINGING - 2  # "waiting outside,": the end of a phrase, not the beginning
    if opens and before in lexicon.OBJECTS | lexicon.SOMETIMES_OBJECTS:
        return PREPOSITION
    if before in lexicon.LEANING or before in lexicon.CONJUNCTIONS or before in lexicon.PREPOSITIONS:
        return CLINGING
    if before in lexicon.ADJECTIVES:
        return CLINGING - 2
    if after in lexicon.CONJUNCTIONS:
        return CONJUNCTION
    if after in lexicon.PREPOSITIONS:
        return UNSURE if after in lexicon.PARTICLES else PREPOSITION
    return UNSURE if after in lexicon.OBJECTS or _ADJECTIVE.search(before) else PLAIN


def _bound(left: str, right: str, before: str, after: str, language: str) -> float | None:
    """The cost where a number or a name goes on; None where neither does."""
    if left[-1].isdigit():
        if right[0].isdigit() or after in lexicon.UNITS or after in lexicon.MONTHS:
            return _BOUND
        opens = after in lexicon.CONJUNCTIONS or after in lexicon.PREPOSITIONS
        return None if opens else CLINGING - 2
    if language == "en" and before in lexicon.NAME_LINKS and right[0].isupper():
        return _BOUND
    if _NUMBER_WORD.match(before):
        return None if after in lexicon.CONJUNCTIONS or after in lexicon.PREPOSITIONS else CLINGING - 2
    if right[0].isdigit() and (before in lexicon.NUMBERED or before in lexicon.MONTHS or left[0].isupper()):
        return _BOUND
    if after in lexicon.UNITS and before in lexicon.LEANING:
        return CLINGING
    if language == "en" and left[0].isupper() and after == "of" and before not in lexicon.OPENERS:
        return CLINGING - 2  # the University of …
    named = language != "de" and left[0].isupper() and len(left) > 1 and after not in lexicon.FIRST_PERSON
    if named and (right[0].isupper() or (language == "en" and after in lexicon.NAME_LINKS)):
        # First name and last name; what opens a sentence has its capital for another reason.
        return CLINGING if before in lexicon.OPENERS else _BOUND
    return None


def _unspaced(text: str, utterance: Utterance, cpl: float) -> list[tuple[str, str, float]]:
    language = base(utterance.language)
    pieces: list[tuple[str, str, float]] = []
    for run, glue in _runs(text):
        first = True
        for phrase in _phrases(run, language, utterance):
            cost = _cost_unspaced(pieces[-1][0], phrase, language) if pieces else SENTENCE
            if first and glue and cost > CLAUSE and has_han(pieces[-1][0]) and has_han(phrase):
                cost = CLAUSE  # a space between Han characters stands for a comma
            _add(pieces, phrase, glue if first else "", cost, language, cpl)
            first = False
    return pieces


def _runs(text: str) -> list[tuple[str, str]]:
    """Runs of text with the glue before each. Where nearly every character stands apart, the spaces say nothing."""
    runs = text.split()
    wide = [run for run in runs if has_han(run)]
    spelled = len(wide) > 1 and sum(len(run) == 1 for run in wide) > 0.6 * len(wide)
    joined: list[tuple[str, str]] = []
    for run in runs:
        if spelled and joined and (has_han(run[0]) or has_han(joined[-1][0][-1])):
            joined[-1] = (joined[-1][0] + run, joined[-1][1])
        else:
            joined.append((run, " " if joined else ""))
    return joined


def _phrases(run: str, language: str, utterance: Utterance) -> list[str]:
    """A run without spaces cut where a line may begin."""
    parser = _parser(_model(run, language))
    if parser is None:  # Lao, Burmese, Khmer: the transcriber's words are all there is
        chunks = [w for w in ("".join(clean(w.text).split()) for w in utterance.words) if w]
        if "".join(chunks) != run:
            chunks = [run]
    else:
        chunks = parser.parse(run.translate(_WIDE_PUNCTUATION))
    marks, at = set(), 0
    for chunk in chunks:
        at += len(chunk)
        marks.add(at)
    for i in range(1, len(run)):
        if _CLAUSE_END.search(run[i - 1]) or _SENTENCE_END.search(run[i - 1]):
            marks.add(i)
    if language in CHINESE:
        marks = _whole_words(run, marks, "yue" if language == "yue" else "zh")
        # 會唔會, 是不是: a question is one word
        for found in _QUESTION.finditer(run):
            marks -= {found.start() + 1, found.start() + 2}
        marks |= {found.start() for found in _OPENERS.finditer(run)}
    for found in _TITLE.finditer(run):  # the title of a work, a foreign name
        marks -= set(range(found.start() + 1, found.end()))
    keep = [0, *sorted(i for i in marks if 0 < i < len(run) and _may_break(run, i, language)), len(run)]
    return [run[a:b] for a, b in pairwise(keep)]


def _may_break(run: str, i: int, language: str) -> bool:
    left, right = run[i - 1], run[i]
    if right in _NO_START or left in _NO_END or (_LATIN.match(left) and _LATIN.match(right)):
        return False
    if (left in lexicon.NUMERALS and (right in lexicon.NUMERALS or right in lexicon.COUNTED)) or (
        left == "第" and right in lexicon.NUMERALS
    ):
        return False
    if "·" in (left, right) or "・" in (left, right):
        return False
    if language not in CHINESE:
        return True
    if right in lexicon.CANTONESE_ENDINGS:
        return False
    after = run[i + 1 : i + 2]
    return not (right in lexicon.CHINESE_PARTICLES and (not after or after in _NO_START))


_WORDS = {
    name: re.compile("|".join(sorted(words, key=len, reverse=True)))
    for name, words in (("yue", lexicon.CANTONESE_WORDS), ("zh", lexicon.CHINESE_WORDS))
}
_OPENERS = re.compile("|".join(sorted((w for w in lexicon.CHINESE_OPENERS if len(w) > 1), key=len, reverse=True)))


def _whole_words(run: str, marks: set[int], name: str) -> set[int]:
    """Break places without those inside words of the lexicon, with those round Cantonese ones."""
    for found in _WORDS[name].finditer(run):
        marks -= set(range(found.start() + 1, found.end()))
        if name == "yue":
            marks |= {found.start(), found.end()}
    return marks


def _cost_unspaced(left: str, right: str, language: str) -> float:
    latin = _LATIN_LAST.search(left), _LATIN_FIRST.match(right)
    if latin[0] and latin[1]:
        return _cost_spaced(latin[0][0], latin[1][0], "en")
    if _SENTENCE_END.search(left):
        return CLINGING if _ACRONYM.search(left) else SENTENCE
    if _CLAUSE_END.search(left):
        return CLAUSE
    if _LIST_END.search(left):
        return CONJUNCTION
    if language == "ja":
        bound = len(left) == 1 or left.endswith("の") or right.startswith(lexicon.JAPANESE_FORMAL_NOUNS)
        return CLINGING if bound else PLAIN
    if language not in CHINESE:
        return PLAIN
    if _DAY_PART.search(left + right) and not _DAY_PART.search(left) and not _DAY_PART.search(right):
        return CLINGING
    if left in lexicon.CHINESE_OPENERS or _CLASSIFIER.search(left):
        return CLINGING
    if left.endswith(lexicon.CHINESE_AUXILIARIES) or right.startswith(lexicon.CHINESE_PLACES):
        return CLINGING
    if left in lexicon.CHINESE_LEANING or left[-1] in lexicon.CHINESE_BINDING or right in lexicon.CHINESE_PARTICLES:
        return CLINGING
    if right.startswith(lexicon.CHINESE_OPENERS) and (
        right[:2] in lexicon.CHINESE_OPENERS or not right.startswith((*lexicon.CHINESE_WORDS, *lexicon.CANTONESE_WORDS))
    ):
        return CONJUNCTION
    if len(left) == 1 or left in lexicon.CHINESE_PRONOUNS:
        return CLINGING - 1
    if left.endswith((*lexicon.CHINESE_SUBJECTS, "去", "在")):  # a subject without its verb, a verb without its place
        return CLINGING - 2
    return UNSURE if len(right) == 1 or language == "yue" else PLAIN


def _model(text: str, language: str) -> str:
    if language in CHINESE:
        return "zh-hant" if language == "yue" or is_traditional(text) else "zh-hans"
    return language


@functools.cache
def _parser(model: str) -> Any:
    import budoux

    makers = {
        "zh-hant": budoux.load_default_traditional_chinese_parser,
        "zh-hans": budoux.load_default_simplified_chinese_parser,
        "ja": budoux.load_default_japanese_parser,
        "th": budoux.load_default_thai_parser,
    }
    return makers[model]() if model in makers else None
