"""Lines of a caption: their languages, what they are when joined, and where they had better break."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, combinations, pairwise

from ..core.speech import Caption, Utterance
from .breaks import CLAUSE, CLINGING, Atom, atoms, border_cost, imbalance
from .rules import Finding
from .styles import Style
from .text import CHINESE, base, guess_language, has_han, is_unspaced, width

#: What opens the line of one of two speakers: a hyphen or short dash before a word, no minus before a number.
DASH = re.compile(r"^[-‐‑–－﹣](?:[ \u00a0\u3000]+(?=\S)|(?=[^\W\d]|-\d|[\"'“‘「『¿¡(\[（♪]))")
_ENDS_PUNCTUATED = re.compile(r"[\s、，。；：！？⋯…—」』）”]$")
#: Border costs from here on part what belongs together.
PARTING = CLINGING - 1
#: A text with more ways to break than this is a page, not a caption.
_MOST_WAYS = 4000


def line_languages(caption: Caption, style: Style, main: str = "") -> tuple[str, ...]:
    """The language of each line: as the file says, else by its characters; `main` is that of the whole file."""
    if len(caption.line_languages) == len(caption.lines):
        return tuple(own or caption.language or main for own in caption.line_languages)
    if style.bilingual:
        return tuple(_by_script(line, style.bilingual) for line in caption.lines)
    own = caption.language or guess_language(caption.text)
    # One line of kanji, or one without Cantonese particles, says less than the whole file; so does a short Latin one.
    if not caption.language and main and (own == "und" or (own == "zh" and base(main) in ("yue", "ja"))):
        own = main
    if has_han_language(own) or not has_han(caption.text):
        return (own,) * len(caption.lines)
    # Chinese or Japanese lines in an English file: no tag of the whole makes them Latin.
    return tuple(guessed if has_han_language(guessed := guess_language(line)) else own for line in caption.lines)


def has_han_language(language: str) -> bool:
    return base(language) in CHINESE or base(language) in ("ja", "ko")


def _by_script(line: str, languages: Sequence[str]) -> str:
    wide = has_han(line)
    return next((language for language in languages if has_han_language(language) == wide), languages[0])


def language_ranks(languages: Sequence[str], style: Style) -> list[int]:
    """The place of each line's language in a bilingual style, from the top; a foreign one has the last."""
    wanted = [base(language) for language in style.bilingual]
    named = [as_named(language, wanted) for language in languages]
    return [wanted.index(language) if language in wanted else len(wanted) for language in named]


def as_named(language: str, wanted: Sequence[str]) -> str:
    """A line's language as the style names it: Cantonese counts as Chinese."""
    own = base(language)
    return "zh" if own in CHINESE and own not in wanted else own


def is_one_voice(caption: Caption, languages: Sequence[str]) -> bool:
    """Whether the lines are one text: one language, one speaker, no dashes."""
    return (
        len(set(languages)) == 1
        and len(set(caption.line_speakers)) <= 1
        and not any(DASH.match(line) for line in caption.lines)
    )


def seam(upper: str, lower: str, language: str) -> str:
    """What stands between two lines when they become one: a space where words are spaced.

    In Chinese and Japanese nothing after punctuation or inside a phrase; else a space too, since there a break often
    takes the place of a comma or full stop, and a space does as well. Latin words keep theirs.
    """
    if not is_unspaced(language) or (upper[-1:].isascii() and lower[:1].isascii()):
        return " "
    if _ENDS_PUNCTUATED.search(upper) or not (upper.strip() and lower.strip()):
        return ""
    return "" if _phrase_border(upper, lower, language) >= PARTING else " "


#: So much of a line tells how it ends or begins.
_CONTEXT = 10


@functools.lru_cache(16384)
def _phrase_border(upper: str, lower: str, language: str) -> float:
    left, right = pieces(upper[-_CONTEXT:].strip(), language), pieces(lower[:_CONTEXT].strip(), language)
    return border_cost(left[-1].text, right[0].text, language)


@functools.lru_cache(16384)
def pieces(text: str, language: str) -> tuple[Atom, ...]:
    """The atoms of a text: what stays on one line, with the cost of a break before each. Words are never cut."""
    return tuple(atoms(Utterance(0.0, 1.0, text, language or "und"), math.inf))


def word_count(line: str, language: str) -> int:
    """Words of a line; phrases in languages without spaces."""
    return len(pieces(line, language)) if is_unspaced(language) else len(line.split())


def joined(lines: Sequence[str], language: str) -> str:
    text = lines[0]
    for line in lines[1:]:
        text += seam(text, line, language) + line
    return text


class Break:
    """One way to break a text into lines: `opens` are the atoms that open each, `texts` the lines."""

    def __init__(self, made: Sequence[Atom], opens: tuple[int, ...], language: str) -> None:
        self.opens = opens
        ends = (*opens[1:], len(made))
        self.texts = tuple(
            made[a].text + "".join(atom.glue + atom.text for atom in made[a + 1 : b])
            for a, b in zip(opens, ends, strict=True)
        )
        self.widths = tuple(width(text, language) for text in self.texts)
        #: The worst border, and all of them with the shape: lines bottom-heavy where they differ.
        self.parting = max((made[k].cost for k in opens[1:]), default=0.0)
        self.cost = sum(1.0 + made[k].cost for k in opens[1:])

    def weighed(self, cpl: float) -> float:
        """The cost with that of its shape, as `segment` weighs it."""
        return self.cost + sum(float(imbalance(a, b, cpl)) for a, b in pairwise(self.widths))


@functools.lru_cache(16384)
def best_break(text: str, language: str, cpl: float, most: int) -> Break | None:
    """The cheapest lines of a text, as few as will do; None where it does not fit."""
    made = pieces(text, language)
    for count in range(1, most + 1):
        if math.comb(max(len(made) - 1, 0), count - 1) > _MOST_WAYS:
            return None
        # Widths add up, so that most ways are dropped before their lines are made.
        sums = list(accumulate((width(atom.glue + atom.text, language) for atom in made), initial=0.0))
        glues = [width(atom.glue, language) for atom in made]
        ways = ((0, *rest) for rest in combinations(range(1, len(made)), count - 1))
        fitting = [
            Break(made, opens, language)
            for opens in ways
            if all(sums[b] - sums[a] - glues[a] <= cpl for a, b in pairwise((*opens, len(made))))
        ]
        if fitting:
            return min(fitting, key=lambda each: each.weighed(cpl))
    return None


def break_issues(caption: Caption, languages: Sequence[str], style: Style) -> Iterator[Finding]:
    """Lines that break worse than they need (Netflix: one line where it fits; bottom-heavy; phrases kept whole)."""
    if len(caption.lines) < 2 or not is_one_voice(caption, languages):
        return
    language = languages[0]
    cpl = style.limits_for(language).cpl
    text = joined(caption.lines, language)
    best = best_break(text, language, cpl, style.max_lines)
    if best is None or best.texts == caption.lines:
        return
    if len(best.texts) == 1:
        if not is_unspaced(language) or _ENDS_PUNCTUATED.search(caption.lines[0]):
            wide = width(text, language)
            yield Finding("one_line", f"{wide:g} characters fit one line of {cpl:g}", float(len(caption.lines)), 1.0)
        return
    worst, end = max((_border(upper, lower, language), upper) for upper, lower in _borders(caption.lines))
    better = " / ".join(best.texts)
    if worst >= PARTING > best.parting:
        tail = end.split()[-1] if end.split() else end
        yield Finding("break", f"a line ends in {tail!r}, better: {better}", tail, better)
    elif len(caption.lines) == 2 == len(best.texts):
        top, bottom = (width(line, language) for line in caption.lines)
        if top > bottom and best.widths[0] <= best.widths[1] and best.parting <= worst:
            yield Finding("top_heavy", f"{top:g} characters over {bottom:g}, better: {better}", top, bottom)


def caption_break(caption: Caption, following: Caption, language: str) -> Iterator[Finding]:
    """A caption that parts a phrase from the next, which follows at once, by one speaker as far as is known."""
    upper, lower = caption.lines[-1], following.lines[0] if following.lines else ""
    if not lower.strip() or caption.speaker != following.speaker or DASH.match(lower) or _ENDS_PUNCTUATED.search(upper):
        return
    if _border(upper, lower, language) >= CLINGING:
        tail = upper.split()[-1] if upper.split() else upper
        yield Finding("caption_break", f"the caption ends in {tail!r} and goes on with {lower!r}", tail, None)


def _borders(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    return pairwise(lines)


@functools.lru_cache(16384)
def _border(upper: str, lower: str, language: str) -> float:
    """The cost of the break between two lines that stand."""
    if not upper.strip() or not lower.strip():
        return 0.0
    if not is_unspaced(language):
        return border_cost(upper.split()[-1], lower.split()[0], language)
    cost = _phrase_border(upper, lower, language)
    return cost if cost >= PARTING else CLAUSE
