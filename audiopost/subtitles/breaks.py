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

from ..core.speech import Utterance, word_glue
from . import words as lexicon
from .text import CHINESE, base, clean, has_han, is_traditional, is_unspaced, width

SENTENCE, CLAUSE, CONJUNCTION, PREPOSITION, PLAIN, UNSURE, CLINGING = 0.0, 1.5, 3.0, 4.0, 6.0, 8.0, 12.0
_HARD = 30.0  # a word longer than the line, cut because nothing else is possible

_SENTENCE_END = re.compile("[.?!…。？！⋯‽]+[\"'”’」』)）\\]]*$")
_CLAUSE_END = re.compile("[,;:，；：—–]+[\"'”’」』)）\\]]*$")
_LIST_END = re.compile("、$")
_QUESTION = re.compile(r"(.)[唔不]\1")
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


def atoms(utterance: Utterance, cpl: float) -> list[Atom]:
    """The atoms of an utterance, none wider than `cpl`, timed by its words (evenly where it has none)."""
    language = utterance.language
    text = clean(utterance.text) or clean(word_glue(language).join(w.text for w in utterance.words))
    pieces = _unspaced(text, utterance) if is_unspaced(language) else _spaced(text, language)
    pieces = [part for piece in pieces for part in _cut(*piece, language, cpl)]
    times = _times(utterance, sum(len(piece) for piece, _, _ in pieces))
    made, at = [], 0
    for piece, glue, cost in pieces:
        made.append(Atom(piece, glue, cost, times(at)[0], times(at + len(piece) - 1)[1]))
        at += len(piece)
    return made


def border_cost(left: str, right: str, language: str) -> float:
    """The cost of a break between two pieces of text."""
    return _cost_unspaced(left, right, base(language)) if is_unspaced(language) else _cost_spaced(left, right, language)


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


def _cut(piece: str, glue: str, cost: float, language: str, cpl: float) -> list[tuple[str, str, float]]:
    """A piece wider than a line, cut by characters."""
    if width(piece, language) <= cpl:
        return [(piece, glue, cost)]
    parts, start = [], 0
    for end in range(1, len(piece) + 1):
        if end == len(piece) or width(piece[start : end + 1], language) > cpl:
            parts.append(piece[start:end])
            start = end
    return [(part, glue if n == 0 else "", cost if n == 0 else _HARD) for n, part in enumerate(parts)]


def _spaced(text: str, language: str) -> list[tuple[str, str, float]]:
    pieces: list[tuple[str, str, float]] = []
    for token in text.split():
        for n, part in enumerate(re.findall("[^—]*—+|[^—]+", token)):
            cost = _cost_spaced(pieces[-1][0], part, language) if pieces else SENTENCE
            pieces.append((part, "" if n else " ", cost))
    return pieces


def _cost_spaced(left: str, right: str, language: str) -> float:
    before, after = left.lower().strip("\"'“”‘’(["), right.lower().strip("\"'“”‘’()[].,;:?!…")
    if _SENTENCE_END.search(left) and before not in lexicon.ABBREVIATIONS:
        return SENTENCE
    if right[0] in _NO_START or left[-1] in _NO_END:
        return CLINGING
    if _CLAUSE_END.search(left):
        return CLAUSE
    if base(language) != "en":
        return UNSURE if len(before) <= 3 else PLAIN
    if before in lexicon.LEANING or before in lexicon.CONJUNCTIONS or before in lexicon.PREPOSITIONS:
        return CLINGING
    if left[0].isupper() and right[0].isupper() and len(left) > 1:
        return CLINGING - 1  # first name and last name
    if after in lexicon.CONJUNCTIONS:
        return CONJUNCTION
    return PREPOSITION if after in lexicon.PREPOSITIONS else PLAIN


def _unspaced(text: str, utterance: Utterance) -> list[tuple[str, str, float]]:
    language = base(utterance.language)
    pieces: list[tuple[str, str, float]] = []
    for run, glue in _runs(text):
        first = True
        for phrase in _phrases(run, language, utterance):
            cost = _cost_unspaced(pieces[-1][0], phrase, language) if pieces else SENTENCE
            if first and glue and cost > CLAUSE and has_han(pieces[-1][0]) and has_han(phrase):
                cost = CLAUSE  # a space between Han characters stands for a comma
            pieces.append((phrase, glue if first else "", cost))
            first = False
    return pieces


def _runs(text: str) -> list[tuple[str, str]]:
    """Runs of text with the glue before each. Where nearly every character stands apart, the spaces say nothing."""
    runs = text.split()
    wide = [run for run in runs if has_han(run)]
    spelled = bool(wide) and sum(map(len, wide)) / len(wide) < 3 and len(wide) > 1
    joined: list[tuple[str, str]] = []
    for run in runs:
        if spelled and joined and (has_han(run) or has_han(joined[-1][0])):
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
    if language == "yue":
        marks = _cantonese(run, marks)
    if language in CHINESE:  # 會唔會, 是不是: a question is one word
        for found in _QUESTION.finditer(run):
            marks -= {found.start() + 1, found.start() + 2}
    if language in CHINESE:
        for opener in lexicon.CHINESE_OPENERS:
            if len(opener) > 1:
                marks |= {found.start() for found in re.finditer(opener, run)}
    keep = [0, *sorted(i for i in marks if 0 < i < len(run) and _may_break(run, i, language)), len(run)]
    return [run[a:b] for a, b in pairwise(keep)]


def _may_break(run: str, i: int, language: str) -> bool:
    left, right = run[i - 1], run[i]
    if right in _NO_START or left in _NO_END or (_LATIN.match(left) and _LATIN.match(right)):
        return False
    if language not in CHINESE:
        return True
    if right in lexicon.CANTONESE_ENDINGS:
        return False
    after = run[i + 1 : i + 2]
    return not (right in lexicon.CHINESE_PARTICLES and (not after or after in _NO_START))


def _cantonese(run: str, marks: set[int]) -> set[int]:
    for word in lexicon.CANTONESE_WORDS:
        for found in re.finditer(word, run):
            marks = {i for i in marks if not found.start() < i < found.end()} | {found.start(), found.end()}
    return marks


def _cost_unspaced(left: str, right: str, language: str) -> float:
    if _SENTENCE_END.search(left):
        return SENTENCE
    if _CLAUSE_END.search(left):
        return CLAUSE
    if _LIST_END.search(left):
        return CONJUNCTION
    if language not in CHINESE:
        return PLAIN
    if left in lexicon.CHINESE_OPENERS or _CLASSIFIER.search(left):
        return CLINGING
    if left in lexicon.CHINESE_LEANING or left[-1] in lexicon.CHINESE_BINDING or right in lexicon.CHINESE_PARTICLES:
        return CLINGING
    if right.startswith(lexicon.CHINESE_OPENERS):
        return CONJUNCTION
    if len(left) == 1 or left in lexicon.CHINESE_PRONOUNS:
        return CLINGING - 1
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
