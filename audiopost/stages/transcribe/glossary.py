"""Names and terms of a production: said to the engine beforehand, and near misses corrected afterwards.

A glossary is a text file with one term a line; `right: wrong, wrong` lists spellings that are always corrected (a
space follows the colon, so that "Re:Zero" is a term); lines that begin with # are comments. A CSV has the term in the
first column and one wrong spelling in the second. Any encoding that `subtitles.encodings` knows.

A term corrects what was written, from the surest sign to the least:

- a listed wrong spelling, in any language, as whole words (in languages without spaces as characters);
- the same letters written otherwise: "Facetime", "Wanchai" for "FaceTime", "Wan Chai"; not where they make ordinary
  words ("mark my words" for "Mark");
- a near miss in Latin letters, of five letters or more: at most a quarter of the letters differ (edit distance over
  the longer), or half where three consonants or more sound alike. Precision comes before recall: an ordinary word is
  never touched, that is one that PocketSphinx's pronouncing dictionary has (English) or one written in lower case
  (other languages), nor another term; and what is as like to two terms is left alone.

Near misses in Chinese and Japanese are not sought: whether two characters sound alike takes a table of sounds that no
library at hand brings. List them.
"""

from __future__ import annotations

import csv
import functools
import importlib.util
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...core.errors import BadValue, InputError
from ...core.speech import Remark, Utterance, Word, joined
from ...subtitles.encodings import decode

#: Terms, and characters of one, that a glossary may have; hot words beyond ROOM_TOKENS never reach an engine.
MOST_TERMS, LONGEST_TERM = 10_000, 100
#: Tokens that Whisper gives to hot words (half of its context of 448, less the other marks).
ROOM_TOKENS = 220
#: Least likeness (1 less the edit distance over the longer) of a near miss, and where the consonants sound alike.
LIKE, SOUNDS_LIKE = 0.75, 0.5
#: Letters below which a near miss may be any word.
SHORTEST = 5

_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
#: Scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana, Han.
_RUN_ON = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_EDGES = re.compile(r"^(?P<before>[\W_]*)(?P<core>.*?)(?P<after>(?:['’]s)?[\W_]*)$", re.DOTALL)
#: Spellings of one sound, tried in this order, for the consonants of a word.
_SOUNDS = (
    ("sch|sh|ch|tch|tsch|cz", "S"), ("ph|gh(?=t)|v|w", "f"), ("th", "t"), ("ck|qu|kh|x|c(?![eiy])|q", "k"),
    ("[cz]", "s"), ("dg|j|g(?=[eiy])", "j"), ("kn|gn", "n"), ("wr|rh", "r"), ("h|[aeiouy]", ""), (r"(.)\1+", r"\1"),
)  # fmt: skip


@dataclass(frozen=True)
class Term:
    """A spelling that is right, and those listed as wrong."""

    right: str
    wrong: tuple[str, ...] = ()


def read(path: str | Path) -> tuple[Term, ...]:
    """The terms of a glossary file. Raises InputError where it cannot be read, BadValue where it is no glossary."""
    path = Path(path).expanduser()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"Cannot read the glossary {path}: {error.strerror}.", value=str(path), remedy="Check transcribe.glossary."
        ) from error
    try:
        text = decode(data, path.name).text
    except BadValue as error:
        raise BadValue(error.problem, value=str(path), remedy="Save it as UTF-8.") from error
    rows = _from_csv(text) if path.suffix.lower() == ".csv" else _from_lines(text)
    wrong: dict[str, list[str]] = {}
    for right, others in rows:
        wrong.setdefault(right, []).extend(other for other in others if other and other != right)
    too_long = next((term for term in wrong if len(term) > LONGEST_TERM), None)
    if not wrong or too_long is not None or len(wrong) > MOST_TERMS or "\0" in text:
        fault = f"holds {too_long[:20]!r}… as a term" if too_long else f"holds {len(wrong)} terms"
        raise BadValue(
            f"{path.name} is no glossary: it {fault}.",
            value=str(path),
            remedy=f"Write one term of at most {LONGEST_TERM} characters a line, 1 to {MOST_TERMS} of them, "
            "or 'right: wrong, wrong'.",
        )
    return tuple(Term(right, tuple(dict.fromkeys(others))) for right, others in wrong.items())


def _from_lines(text: str) -> Iterator[tuple[str, list[str]]]:
    for line in text.splitlines():
        if (line := line.strip()) and not line.startswith("#"):
            right, *rest = re.split(r":\s+|：\s*", line, maxsplit=1)
            if right := _one_space(right.rstrip(":：")):
                yield right, [_one_space(other) for other in re.split(r"[,;，、；]", rest[0])] if rest else []


def _from_csv(text: str) -> Iterator[tuple[str, list[str]]]:
    for row in csv.reader(io.StringIO(text, newline="")):
        cells = [_one_space(cell) for cell in row]
        if cells and cells[0] and not cells[0].startswith("#"):
            yield cells[0], cells[1:2]


def _one_space(text: str) -> str:
    return " ".join(text.split())


def hotwords(stated: str | None, terms: Sequence[Term]) -> tuple[str | None, int]:
    """The hot words stated and the terms behind them as far as an engine takes them; how many found no room."""
    said = [stated] if stated else []
    room = ROOM_TOKENS - sum(map(_tokens, said))
    taken = 0
    for term in terms:
        room -= _tokens(term.right)
        if room < 0:
            break
        said.append(term.right)
        taken += 1
    return ", ".join(said) or None, len(terms) - taken


def _tokens(text: str) -> int:
    """About as many tokens as Whisper makes of a name: one for three Latin letters, two for a character of others."""
    wide = sum(ord(char) > 0x24F for char in text)
    return 2 * wide + -(-(len(text) - wide) // 3) + 1


def corrected(utterances: Iterable[Utterance], terms: Sequence[Term]) -> tuple[tuple[Utterance, ...], list[Remark]]:
    """The utterances with terms spelt right and a 'corrected' Remark for each place.

    Times stay; where words are merged or split the new ones share the time of the old by their length.
    """
    finder = _Finder(terms)
    done, remarks = list[Utterance](), list[Remark]()
    for utterance in utterances:
        changes = finder.changes(utterance)
        done.append(_changed(utterance, changes) if changes else utterance)
        remarks += [
            Remark("corrected", change.start_s, change.end_s, change.heard, change.written) for change in changes
        ]
    return tuple(done), remarks


@dataclass(frozen=True)
class _Change:
    """Words `first` to `last` (exclusive) of an utterance become the words `new`."""

    first: int
    last: int
    heard: str
    written: str
    new: tuple[Word, ...]
    start_s: float
    end_s: float


class _Finder:
    """The terms, ready to be looked for."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._listed: dict[str, str] = {}
        self._run_on: dict[str, str] = {}
        self._exact: dict[str, str] = {}
        for term in terms:
            if _LATIN.search(term.right):
                self._exact.setdefault(_fold(term.right), term.right)
            for wrong in term.wrong:
                if _RUN_ON.search(wrong):
                    self._run_on[_plain(wrong)] = term.right
                else:
                    self._listed[_fold(wrong)] = term.right
        self._near = [folded for folded in self._exact if len(folded) >= SHORTEST]
        self._spellings = {term.right for term in terms}
        self._most = 1 + max((len(term.split()) for t in terms for term in (t.right, *t.wrong)), default=0)
        self._guessed: dict[str, str | None] = {}

    def changes(self, utterance: Utterance) -> list[_Change]:
        """In order, apart from each other; longer stretches of words first."""
        words = utterance.words or (Word(utterance.start_s, utterance.end_s, utterance.text),)
        cores = [_EDGES.match(word.text) for word in words]
        found: list[_Change] = []
        at = 0
        while at < len(words):
            change = self._run_on_change(words, at, utterance.language)
            for count in range(min(self._most, len(words) - at), 0, -1):
                if change is not None:
                    break
                heard = [match["core"] for match in cores[at : at + count] if match]
                if not all(heard) or any(match and match["after"] for match in cores[at : at + count - 1]):
                    continue  # marks between words end a name
                term = self._term(heard, first=at == 0, language=utterance.language)
                if term is not None and term != " ".join(heard):
                    change = _change(words, at, at + count, term, utterance.language)
                elif term is not None:
                    break  # it is right already
            if change is not None:
                found.append(change)
                at = change.last
            else:
                at += 1
        return found

    def _term(self, heard: Sequence[str], *, first: bool, language: str) -> str | None:
        """The term that these words stand for."""
        text, folded = " ".join(heard), _fold("".join(heard))
        if text in self._spellings:
            return text
        listed = self._listed.get(folded)
        if listed is not None or not _LATIN.search(text):
            return listed
        exact = self._exact.get(folded)
        if exact is not None:
            return exact if self._respells(exact, heard, language, first=first) else None
        if len(folded) < SHORTEST or any(word in self._spellings or not _LATIN.search(word) for word in heard):
            return None
        if all(_ordinary(word, language, first=first and n == 0) for n, word in enumerate(heard)):
            return None
        term = self._nearest(folded, len(heard))
        return term if term is not None and _fits(heard, term, language) else None

    def _respells(self, term: str, heard: Sequence[str], language: str, *, first: bool) -> bool:
        """Whether the same letters are to be written the term's way: not where an ordinary word was meant."""
        if not all(_ordinary(word, language, first=True) for word in heard):
            return True
        if len(heard) != 1 or len(term) <= 3:
            return False
        accents_alone = heard[0][0].isupper() and not first and not term.isascii()
        return accents_alone or bool(re.search(r"[a-zA-Z][A-Z]", term))

    def _nearest(self, folded: str, count: int) -> str | None:
        if folded not in self._guessed:
            from rapidfuzz import process
            from rapidfuzz.distance import Levenshtein

            near = process.extract(
                folded, self._near, scorer=Levenshtein.normalized_similarity, limit=8, score_cutoff=SOUNDS_LIKE
            )
            sound = _sound(folded)
            likely = [
                (score, name) for name, score, _ in near if score >= LIKE or (len(sound) > 2 and _sound(name) == sound)
            ]
            likely.sort(reverse=True)
            tied = len(likely) > 1 and likely[0][0] == likely[1][0]
            self._guessed[folded] = self._exact[likely[0][1]] if likely and not tied else None
        term = self._guessed[folded]
        # Words run together or torn apart are common; a neighbour swallowed by a name is not.
        return term if term is not None and abs(len(term.split()) - count) <= 1 else None

    def _run_on_change(self, words: Sequence[Word], at: int, language: str) -> _Change | None:
        """A listed spelling without spaces that begins in word `at`, wherever in it."""
        if not self._run_on:
            return None
        longest = max(map(len, self._run_on))
        text, last = words[at].text, at + 1
        own = len(text)
        while len(text) < own + longest and last < len(words):
            text, last = text + words[last].text, last + 1
        for start in range(own):
            for length in range(min(longest, len(text) - start), 0, -1):
                right = self._run_on.get(_plain(text[start : start + length]))
                if right is None:
                    continue
                end, reached = at, 0
                while reached < start + length:
                    reached, end = reached + len(words[end].text), end + 1
                whole = text[:start] + right + text[start + length : reached]
                return _change(words, at, end, right, language, heard=text[start : start + length], whole=whole)
        return None


def _fits(heard: Sequence[str], term: str, language: str) -> bool:
    """Whether a near miss of several words is one, word for word.

    An ordinary word at its edge is part of it only where the term has the same ("Ada Lovelase", not "the Kaelit");
    what is left without these must be as like.
    """
    parts = term.split()
    rest = list(heard)
    for edge in (0, -1):
        while rest and parts and _fold(rest[edge]) == _fold(parts[edge]):
            rest.pop(edge)
            parts.pop(edge)
    if not rest or not parts:
        return False
    if any(_ordinary(word, language, first=False) for word in (rest[0], rest[-1])):
        return False
    from rapidfuzz.distance import Levenshtein

    one, other = _fold("".join(rest)), _fold("".join(parts))
    like = Levenshtein.normalized_similarity(one, other)
    return like >= LIKE or (like >= SOUNDS_LIKE and _sound(one) == _sound(other))


def _change(
    words: Sequence[Word], first: int, last: int, term: str, language: str, *, heard: str = "", whole: str = ""
) -> _Change:
    old = words[first:last]
    before, after = _EDGES.match(old[0].text), _EDGES.match(old[-1].text)
    assert before is not None
    assert after is not None
    texts = [whole] if whole else (before["before"] + term + after["after"]).split()
    said = heard or joined((word.text for word in old), language)
    return _Change(first, last, said, term, tuple(_retimed(old, texts)), old[0].start_s, old[-1].end_s)


def _retimed(old: Sequence[Word], texts: Sequence[str]) -> Iterator[Word]:
    if len(old) == len(texts):
        yield from (replace(word, text=text) for word, text in zip(old, texts, strict=True))
        return
    start_s, end_s = old[0].start_s, old[-1].end_s
    known = [word.probability for word in old if word.probability is not None]
    total, at = sum(map(len, texts)), 0
    for text in texts:
        begin_s = start_s + (end_s - start_s) * at / total
        at += len(text)
        until_s = end_s if at == total else start_s + (end_s - start_s) * at / total
        yield Word(round(begin_s, 3), round(until_s, 3), text, min(known, default=None), old[0].speaker)


def _changed(utterance: Utterance, changes: Sequence[_Change]) -> Utterance:
    """The words replaced, and in the text what stood for them; all else in the text stays as it was."""
    words = utterance.words or (Word(utterance.start_s, utterance.end_s, utterance.text),)
    places = _places(utterance.text, words)
    text, new, done, copied = "", list[Word](), 0, 0
    for change in changes:
        new += [*words[done : change.first], *change.new]
        text += utterance.text[copied : places[change.first][0]]
        text += joined((word.text for word in change.new), utterance.language)
        done, copied = change.last, places[change.last - 1][1]
    text += utterance.text[copied:]
    return replace(utterance, text=text, words=(*new, *words[done:]) if utterance.words else ())


def _places(text: str, words: Sequence[Word]) -> list[tuple[int, int]]:
    """Where each word stands in the text of its utterance."""
    places: list[tuple[int, int]] = []
    at = 0
    for word in words:
        start = text.find(word.text, at)
        start = at if start < 0 else start
        at = start + len(word.text) if text.startswith(word.text, start) else start
        places.append((start, at))
    return places


def _fold(text: str) -> str:
    """Letters and digits alone, in lower case, without accents where they are Latin."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in plain if unicodedata.category(char)[0] in "LN")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _sound(folded: str) -> str:
    """The consonants of a word by their sound, roughly, after its first vowel if it begins with one."""
    key = folded[0] if folded[0] in "aeiou" else ""
    for spelling, sound in _SOUNDS:
        folded = re.sub(spelling, sound, folded)
    return key + folded


def _ordinary(word: str, language: str, *, first: bool) -> bool:
    """Whether a word may well be what was said: in the dictionary where there is one, else written small."""
    if language.split("-")[0].lower() == "en" and (known := _english()):
        return word.lower().replace("’", "'") in known
    return word[:1].islower() or (first and len(word) > 1 and word[1:].islower())


@functools.cache
def _english() -> frozenset[str]:
    """The words of PocketSphinx's dictionary (CMUdict, 130 000 with names); empty where it is not installed."""
    spec = importlib.util.find_spec("pocketsphinx")
    if spec is None or spec.origin is None:
        return frozenset()
    path = Path(spec.origin).parent / "model" / "en-us" / "cmudict-en-us.dict"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return frozenset(line.split(" ", 1)[0].partition("(")[0] for line in lines)
