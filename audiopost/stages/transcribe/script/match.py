"""Which words of a script a recogniser heard, and where.

Script and recognition are aligned as two texts by the fewest edits (Levenshtein; Hirschberg's division keeps memory
small for hours). Lone agreements of small words prove nothing, so that an agreement counts only in company.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from .words import ScriptWord, weight

#: Tokens that agree belong together where at most so many letters of script or recognition, and seconds, lie between.
_REACH_LETTERS, _REACH_S = 16, 6.0
#: Inside a line, the pause after which other words that were heard in between part what agrees.
_PARTED_S = 1.0
#: Agreements together count from so many letters, where they make up this share of the letters they span …
_ENOUGH_LETTERS, _DENSE = 8, 0.4
#: … or where they are this share of a line.
_MOST_OF_LINE = 0.6
#: A line is found where this share of its letters agrees.
_FOUND = 0.4
#: Different spellings and small mishearings: how alike (0..100) two stretches must be to count as the same.
_ALIKE = 60.0
#: How alike a line out of its order must be to what is heard there.
_MOVED = 75.0


@dataclass(frozen=True)
class Heard:
    """A token that was heard, in seconds of the recording."""

    start_s: float
    end_s: float
    text: str
    probability: float | None = None


@dataclass(frozen=True)
class Matched:
    """`at` is the index of the heard token for each of the script, -1 for none; `moved` are lines out of order."""

    at: tuple[int, ...]
    moved: frozenset[int]


def match(words: Sequence[ScriptWord], heard: Sequence[Heard]) -> Matched:
    """Places of the script's tokens among those heard; tokens of lines that were not found have none."""
    tokens = [token for word in words for token in word.tokens]
    line_of = [word.line for word in words for _ in word.tokens]
    at: list[int] = []
    found = list(range(len(tokens)))
    # Lines that were not said take words from their neighbours: the others are matched again without them.
    for _ in range(2):
        own, lines = [tokens[i] for i in found], [line_of[i] for i in found]
        places = _paired(own, [h.text for h in heard])
        places = _in_one_place(_in_company(places, own, lines, heard), own, lines, heard)
        places = _of_found_lines(places, own, lines)
        at = [-1] * len(tokens)
        for i, j in zip(found, places, strict=True):
            at[i] = j
        placed = {line_of[i] for i, j in enumerate(at) if j >= 0}
        found = [i for i, line in enumerate(line_of) if line in placed]
    at, moved = _with_moved(at, tokens, line_of, heard)
    return Matched(tuple(at), moved)


def _paired(script: Sequence[str], heard: Sequence[str]) -> list[int]:
    """For each token of the script the index of the heard one that is, or sounds much like, it; -1 for none."""
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.fuzz import ratio

    at = [-1] * len(script)
    for step in Levenshtein.opcodes(script, heard):
        source, target = range(step.src_start, step.src_end), range(step.dest_start, step.dest_end)
        if step.tag == "equal":
            for i, j in zip(source, target, strict=True):
                at[i] = j
        elif step.tag == "replace":
            said, was = "".join(script[i] for i in source), "".join(heard[j] for j in target)
            if len(source) <= 4 and ratio(said, was) >= _ALIKE:
                for k, i in enumerate(source):
                    at[i] = target[min(k * len(target) // len(source), len(target) - 1)]
    return at


def _runs(
    at: Sequence[int], tokens: Sequence[str], heard: Sequence[Heard], parted_s: float = _REACH_S
) -> Iterator[list[int]]:
    """Indices of placed tokens in groups that lie near each other in the script, in the recognition and in time."""
    run: list[int] = []
    for i, j in enumerate(at):
        if j < 0:
            continue
        if run:
            last = run[-1]
            between = sum(weight(tokens[k]) for k in range(last + 1, i))
            passed = sum(weight(heard[k].text) for k in range(at[last] + 1, j))
            apart_s = heard[j].start_s - heard[at[last]].end_s
            if max(between, passed) > _REACH_LETTERS or apart_s > (parted_s if passed else _REACH_S):
                yield run
                run = []
        run.append(i)
    if run:
        yield run


def _in_company(at: list[int], tokens: list[str], line_of: list[int], heard: Sequence[Heard]) -> list[int]:
    whole = _line_weights(tokens, line_of)
    kept = [-1] * len(at)
    for run in _runs(at, tokens, heard):
        agreed = sum(weight(tokens[i]) for i in run)
        spanned = sum(weight(tokens[i]) for i in range(run[0], run[-1] + 1))
        of_line: dict[int, int] = {}
        for i in run:
            of_line[line_of[i]] = of_line.get(line_of[i], 0) + weight(tokens[i])
        most = max(share / whole[line] for line, share in of_line.items())
        if (agreed >= _ENOUGH_LETTERS and agreed >= _DENSE * spanned) or most >= _MOST_OF_LINE:
            for i in run:
                kept[i] = at[i]
    return kept


def _in_one_place(at: list[int], tokens: list[str], line_of: list[int], heard: Sequence[Heard]) -> list[int]:
    """Of a line with agreements far apart, those where most of it is, and others that are long by themselves."""
    parts: dict[int, list[list[int]]] = {}
    for run in _runs(at, tokens, heard, _PARTED_S):
        for line in dict.fromkeys(line_of[i] for i in run):
            parts.setdefault(line, []).append([i for i in run if line_of[i] == line])
    kept = [-1] * len(at)
    for own in parts.values():
        weights = [sum(weight(tokens[i]) for i in part) for part in own]
        for part, much in zip(own, weights, strict=True):
            if much == max(weights) or much >= _ENOUGH_LETTERS:
                for i in part:
                    kept[i] = at[i]
    return kept


def _line_weights(tokens: Sequence[str], line_of: Sequence[int]) -> dict[int, int]:
    whole: dict[int, int] = {}
    for token, line in zip(tokens, line_of, strict=True):
        whole[line] = whole.get(line, 0) + max(weight(token), 1)
    return whole


def _of_found_lines(at: list[int], tokens: list[str], line_of: list[int]) -> list[int]:
    whole = _line_weights(tokens, line_of)
    agreed = dict.fromkeys(whole, 0)
    for i, j in enumerate(at):
        if j >= 0:
            agreed[line_of[i]] += max(weight(tokens[i]), 1)
    return [j if agreed[line_of[i]] >= _FOUND * whole[line_of[i]] else -1 for i, j in enumerate(at)]


def _with_moved(
    at: list[int], tokens: list[str], line_of: list[int], heard: Sequence[Heard]
) -> tuple[list[int], frozenset[int]]:
    """Also the lines that were said out of the script's order: looked for in what no line has claimed."""
    from rapidfuzz.fuzz import partial_ratio_alignment

    members: dict[int, list[int]] = {}
    for i, line in enumerate(line_of):
        members.setdefault(line, []).append(i)
    moved: set[int] = set()
    for line, own in members.items():
        text = "".join(tokens[i] for i in own)
        if any(at[i] >= 0 for i in own) or sum(weight(tokens[i]) for i in own) < _ENOUGH_LETTERS:
            continue
        best: tuple[float, list[int]] = (_MOVED, [])
        for free in unclaimed({j for j in at if j >= 0}, heard):
            said = "".join(heard[j].text for j in free)
            # The longer text is searched for the shorter: a scrap of speech is no line.
            if len(said) < 0.75 * len(text):
                continue
            found = partial_ratio_alignment(text, said, score_cutoff=best[0])
            if found is not None:
                best = (found.score, _overlapping(free, heard, found.dest_start, found.dest_end))
        if best[1]:
            where = _paired([tokens[i] for i in own], [heard[j].text for j in best[1]])
            for i, j in zip(own, where, strict=True):
                at[i] = best[1][j] if j >= 0 else -1
            moved.add(line)
    return at, frozenset(moved)


def unclaimed(claimed: Container[int], heard: Sequence[Heard]) -> list[list[int]]:
    """Stretches of heard tokens, as indices, between those that are `claimed` by the script."""
    stretches: list[list[int]] = []
    for j, token in enumerate(heard):
        if j in claimed:
            continue
        if stretches and stretches[-1][-1] == j - 1 and token.start_s - heard[j - 1].end_s <= _REACH_S:
            stretches[-1].append(j)
        else:
            stretches.append([j])
    return stretches


def _overlapping(stretch: list[int], heard: Sequence[Heard], start: int, end: int) -> list[int]:
    """Those of a stretch whose letters lie in [start, end) of its joined text."""
    found, offset = [], 0
    for j in stretch:
        after = offset + len(heard[j].text)
        if offset < end and after > start:
            found.append(j)
        offset = after
    return found
