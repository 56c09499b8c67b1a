"""Captions as lines of cells: a character with its look, so that whatever text is moved takes its styling along."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from ..core.speech import Caption
from .lines import best_break, pieces, seam
from .markup import PLAIN, Look, caption_runs, marked

Cell = tuple[str, Look]
Line = list[Cell]


def lines_of(caption: Caption) -> list[Line]:
    lines: list[Line] = [[]]
    for text, look in caption_runs(caption):
        if text == "\n":
            lines.append([])
        else:
            lines[-1] += [(char, look) for char in text]
    return lines[:-1]


def caption_of(lines: Sequence[Line], like: Caption) -> Caption:
    """A caption of these lines with times and place of another; cleaned, without empty lines."""
    runs = [cell for line in lines for cell in (*line, ("\n", PLAIN))]
    return marked(runs).caption(like.start_s, like.end_s, like.position)


def text_of(line: Line) -> str:
    return "".join(char for char, _ in line)


def substitute(line: Line, pattern: re.Pattern[str], by: str) -> Line:
    """Like re.sub with group references; what is put in looks like what it replaces."""
    out: Line = []
    at = 0
    for found in pattern.finditer(text_of(line)):
        out += line[at : found.start()]
        if found.end() > found.start():
            out += [(char, line[found.start()][1]) for char in found.expand(by)]
        at = found.end()
    return out + line[at:]


def restyled(line: Line, text: str) -> Line:
    """Another wording of signs: what is the same keeps its look, what is new looks like what it replaces."""
    made: Line = []
    for what, a, b, c, d in SequenceMatcher(None, text_of(line), text, autojunk=False).get_opcodes():
        looks = [look for _, look in (line[a:b] or line[max(a - 1, 0) : a] or line[:1])]
        if what != "delete":
            made += [(char, looks[min(n, len(looks) - 1)]) for n, char in enumerate(text[c:d])]
    return made


def opened(line: Line, sign: str) -> Line:
    """A line with a sign before it that looks like its first character."""
    look = line[0][1] if line else PLAIN
    return [*((char, look) for char in sign), *line]


def run_on(lines: Sequence[Line], language: str) -> Line:
    """Lines as one, as `lines.joined` joins them."""
    whole = list(lines[0])
    for line in lines[1:]:
        between = seam(text_of(whole), text_of(line), language)
        whole += [*_between(between, whole, line), *line]
    return whole


def _between(sign: str, left: Line, right: Line) -> Line:
    """A sign that looks as both of its neighbours do."""
    look = left[-1][1] & right[0][1] if left and right else PLAIN
    return [(char, look) for char in sign]


def broken(whole: Line, language: str, cpl: float, most: int) -> list[Line] | None:
    """A line broken where it does best; None where it does not fit."""
    best = best_break(text_of(whole), language, cpl, most)
    return None if best is None else parted(whole, language, best.opens)


def parted(whole: Line, language: str, opens: Sequence[int]) -> list[Line]:
    """A line cut before the atoms `opens`; the glue before those is dropped."""
    lines: list[Line] = []
    left = iter(cell for cell in whole if not cell[0].isspace())
    for n, atom in enumerate(pieces(text_of(whole), language)):
        taken: Line = []
        for char in atom.text:
            taken.append((char, taken[-1][1]) if char.isspace() else next(left))
        if n in opens:
            lines.append(taken)
        else:
            lines[-1] += [*_between(atom.glue, lines[-1], taken), *taken]
    return lines


def timed(caption: Caption, start_s: float | None = None, end_s: float | None = None) -> Caption:
    """The caption at other times."""
    return replace(
        caption,
        start_s=caption.start_s if start_s is None else start_s,
        end_s=caption.end_s if end_s is None else end_s,
    )
