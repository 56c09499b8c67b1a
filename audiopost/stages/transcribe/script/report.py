"""What a person should look at: lines that were not said, were said otherwise, and speech without a line."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import groupby
from statistics import fmean

from ....core.speech import Remark, joined
from .match import Heard, Matched, unclaimed
from .parse import Line
from .timing import Timed
from .words import ScriptWord, weight

#: A word counts as said otherwise where less than this share of its letters was heard,
_HEARD_SHARE = 0.5
#: where it, with its neighbours that were not heard, has this many letters,
_TELLING_LETTERS = 4
#: and where the recogniser is this sure of what it heard instead.
_SURE = 0.4
#: Words heard at the end of a line go with it where no pause longer than this lies between.
_CLOSE_S = 0.4
#: Speech without a line is told of from this many seconds and letters.
_SPEECH_S, _SPEECH_LETTERS = 1.0, 8


def remarks(
    lines: Sequence[Line],
    words: Sequence[ScriptWord],
    times: Mapping[int, Timed],
    matched: Matched,
    heard: Sequence[Heard],
    misfits: frozenset[int] | None,
) -> list[Remark]:
    """Remarks in the script's order, then speech that no line has.

    `misfits` are words that the sound does not fit, where a biased aligner judged; else what was heard is compared.
    """
    said = _lines_said(words, times)
    found: list[Remark] = []
    taken = {j for j in matched.at if j >= 0}
    for i, line in enumerate(lines):
        place = f"line {line.number}"
        if i not in said:
            found.append(Remark("not spoken", None, None, line.text, f"{place}: not found in the recording"))
            continue
        reasons = ["said out of the script's order"] if i in matched.moved else []
        own = said[i]
        if misfits is None:
            reasons += _heard_otherwise(own, words, matched, heard, line.language, taken)
        elif bad := [words[w].text for w in own if w in misfits]:
            reasons.append("the sound does not fit " + ", ".join(repr(text) for text in bad))
        if reasons:
            span = times[own[0]].start_s, times[own[-1]].end_s
            found.append(Remark("spoken otherwise", *span, line.text, f"{place}: {'; '.join(reasons)}"))
    language = lines[0].language
    return found + list(_without_line(times, taken, heard, "" if misfits is not None else language))


def _lines_said(words: Sequence[ScriptWord], times: Mapping[int, Timed]) -> dict[int, list[int]]:
    said: dict[int, list[int]] = {}
    for w in sorted(times):
        said.setdefault(words[w].line, []).append(w)
    return said


def _heard_otherwise(
    own: Sequence[int],
    words: Sequence[ScriptWord],
    matched: Matched,
    heard: Sequence[Heard],
    language: str,
    others: set[int],
) -> Iterator[str]:
    """'"tea" was heard as "coffee"', for each run of words of a line that were not heard.

    `others` are heard tokens that stand for words of the script; those told of are added.
    """
    first = [0]
    for word in words:
        first.append(first[-1] + len(word.tokens))

    def was_heard(w: int) -> bool:
        places = matched.at[first[w] : first[w + 1]]
        sounds = words[w].tokens
        agreed = sum(weight(t) for t, j in zip(sounds, places, strict=True) if j >= 0)
        return agreed >= _HEARD_SHARE * sum(weight(t) for t in sounds)

    for good, group in groupby(own, key=was_heard):
        run = list(group)
        if good:
            continue
        before = [j for j in matched.at[first[own[0]] : first[run[0]]] if j >= 0]
        behind = [j for j in matched.at[first[run[-1] + 1] : first[own[-1] + 1]] if j >= 0]
        inside = _between(before[-1] if before else None, behind[0] if behind else None, heard, others)
        others.update(inside)
        size = sum(weight(t) for w in run for t in words[w].tokens)
        text = joined((words[w].text for w in run), language)
        sure = [heard[j].probability or 0.0 for j in inside if heard[j].probability is not None]
        if max(size, sum(weight(heard[j].text) for j in inside)) < _TELLING_LETTERS:
            continue
        if not inside:
            yield f"{text!r} was not heard"
        elif not sure or fmean(sure) >= _SURE:
            yield f"{text!r} was heard as {_text([heard[j] for j in inside], language)!r}"


def _between(before: int | None, behind: int | None, heard: Sequence[Heard], taken: Container[int]) -> list[int]:
    """Heard tokens, as indices, where a line's unheard words would be; at its ends those without a pause."""
    if before is not None and behind is not None:
        return list(range(before + 1, behind))
    found: list[int] = []
    step = 1 if before is not None else -1
    at = before if before is not None else behind
    while at is not None and 0 <= at + step < len(heard) and at + step not in taken:
        gap = heard[at + step].start_s - heard[at].end_s if step > 0 else heard[at].start_s - heard[at + step].end_s
        if gap > _CLOSE_S:
            break
        at += step
        found.append(at)
    return found[::step]


def _without_line(
    times: Mapping[int, Timed],
    taken: Container[int],
    heard: Sequence[Heard],
    language: str,
) -> Iterator[Remark]:
    """Speech that was heard where no word of the script lies; with its text where `language` is given."""
    covered = sorted((timed.start_s, timed.end_s) for timed in times.values())
    at = 0
    for stretch in unclaimed(taken, heard):
        free: list[Heard] = []
        for j in stretch:
            middle = (heard[j].start_s + heard[j].end_s) / 2
            while at < len(covered) and covered[at][1] < middle:
                at += 1
            if at >= len(covered) or middle < covered[at][0]:
                free.append(heard[j])
        length = sum(h.end_s - h.start_s for h in free)
        if length >= _SPEECH_S and sum(weight(h.text) for h in free) >= _SPEECH_LETTERS:
            text = _text(free, language) if language else ""
            detail = "speech that no line of the script has"
            yield Remark("not in the script", free[0].start_s, free[-1].end_s, text, detail)


def _text(tokens: Sequence[Heard], language: str) -> str:
    single = all(len(h.text) == 1 for h in tokens)
    return "".join(h.text for h in tokens) if single else joined((h.text for h in tokens), language)
