"""Mends that move text: other line breaks, parts, joins, and signs as the style writes them. Words stay as they are."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from ..core.speech import Caption
from .breaks import CLAUSE, SENTENCE, border_cost
from .cells import Line, broken, caption_of, lines_of, opened, parted, restyled, run_on, substitute, text_of, timed
from .check import Judge
from .check_text import CARRY_END, CARRY_START, MARKUP, SOUND, SPEAKER, UNSEEN, carries, dashes, dashes_wanted
from .fix_time import Change, Place, lengthen, on_grid, only, trim
from .lines import DASH, is_one_voice, language_ranks, pieces
from .styles import Style
from .text import CHINESE, base, width

#: How many places to part a caption are tried.
_TRIES = 6


def rebreak(by: Judge, place: Place) -> Iterator[Change]:
    """The same text on other lines."""
    made = _rebroken(by, place.caption)
    if made is not None:
        yield only(made)


def _rebroken(by: Judge, caption: Caption) -> Caption | None:
    """The lines of each language broken anew; None where they do not fit or two speakers share the caption."""
    if not caption.lines or any(map(DASH.match, caption.lines)) or len(set(caption.line_speakers)) > 1:
        return None
    made: list[Line] = []
    numbered = zip(by.languages(caption), lines_of(caption), strict=True)
    groups = [(language, [line for _, line in own]) for language, own in groupby(numbered, key=lambda pair: pair[0])]
    for language, lines in groups:
        most = max(by.style.max_lines - len(groups) + 1, 1)
        new = broken(run_on(lines, language), language, by.style.limits_for(language).cpl, most)
        if new is None:
            return None
        made += new
    return caption_of(made, caption)


def part(by: Judge, place: Place) -> Iterator[Change]:
    """One caption as two, at the best border for which both fit; time in proportion to the text."""
    caption = place.caption
    languages = by.languages(caption)
    if not is_one_voice(caption, languages):
        yield from _part_voices(by, caption)
        return
    language = languages[0]
    whole = run_on(lines_of(caption), language)
    made = pieces(text_of(whole), language)
    cpl, most = by.style.limits_for(language).cpl, by.style.max_lines
    total = width(text_of(whole), language)

    def cost(k: int) -> float:
        return made[k].cost + 6.0 * abs(2 * width("".join(a.text for a in made[:k]), language) / total - 1)

    for k in sorted(range(1, len(made)), key=cost)[:_TRIES]:
        halves = [broken(half, language, cpl, most) for half in parted(whole, language, (0, k))]
        fitting = [half for half in halves if half is not None]
        if len(fitting) == 2:
            yield Change(0, 1, _shared_time(by, caption, fitting))
        elif (half := halves[0]) is not None:
            # The rest is longer than a caption: it is parted in its turn.
            rest = parted(whole, language, (0, k))[1]
            yield Change(0, 1, _shared_time(by, caption, [half, [rest]]))


def part_at_clause(by: Judge, place: Place) -> Iterator[Change]:
    """As `part`, but only where a sentence or clause ends: a long caption of one phrase is only shown too long."""
    language = by.languages(place.caption)[-1] if place.caption.lines else ""
    for change in part(by, place):
        if len(change.captions) == 2:
            upper, lower = (caption.text for caption in change.captions)
            left, right = (pieces(text.replace("\n", " "), language) for text in (upper, lower))
            if left and right and border_cost(left[-1].text, right[0].text, language) <= CLAUSE:
                yield change


def _part_voices(by: Judge, caption: Caption) -> Iterator[Change]:
    """A caption of several speakers as captions that hold as many of them as fit, or as one each, without dashes."""
    lines, signs, speakers = lines_of(caption), dashes(caption, by.style), caption.line_speakers
    voices: list[list[Line]] = []
    for n, (line, dash) in enumerate(zip(lines, signs, strict=True)):
        if n == 0 or dash or (len(speakers) > n and speakers[n] != speakers[n - 1]):
            voices.append([])
        voices[-1].append(line[len(dash) :])
    if len(voices) < 2:
        return
    shared: list[list[list[Line]]] = [[]]
    for voice in voices:
        if sum(map(len, shared[-1])) + len(voice) > by.style.max_lines:
            shared.append([])
        shared[-1].append(voice)
    if by.style.dash and 1 < len(shared) < len(voices):
        yield Change(0, 1, _shared_time(by, caption, [_together(group, by.style.dash) for group in shared if group]))
    yield Change(0, 1, _shared_time(by, caption, voices))


def _together(voices: Sequence[Sequence[Line]], dash: str) -> list[Line]:
    """The lines of several speakers, a dash before each one's first."""
    if len(voices) == 1:
        return list(voices[0])
    return [opened(line, dash) if n == 0 else line for voice in voices for n, line in enumerate(voice)]


def _shared_time(by: Judge, caption: Caption, parts: Sequence[Sequence[Line]]) -> tuple[Caption, ...]:
    """Parts of a caption one after the other, each with time in proportion to its text."""
    made = [caption_of(part, caption) for part in parts]
    weights = [sum(width(line, by.languages(each)[0]) for line in each.lines) or 1.0 for each in made]
    span = caption.end_s - caption.start_s
    out, at, start = [], 0.0, caption.start_s
    for n, (each, weight) in enumerate(zip(made, weights, strict=True)):
        at += weight
        last = n == len(made) - 1
        border = caption.end_s if last else on_grid(by, caption.start_s + span * at / sum(weights))
        out.append(timed(each, start, border if last else max(border - by.gap_s, start)))
        start = border
    return tuple(out)


def merge(by: Judge, place: Place) -> Iterator[Change]:
    """With a neighbour of the same speaker as one caption."""
    if place.after is not None and (made := _merged(by, place.caption, place.after)) is not None:
        yield Change(0, 2, (made,))
    if place.before is not None and (made := _merged(by, place.before, place.caption)) is not None:
        yield Change(-1, 1, (made,))


def _merged(by: Judge, one: Caption, two: Caption) -> Caption | None:
    """Two captions as one, language by language; None where they may be two speakers', lie apart, or do not fit."""
    languages = by.languages(one)
    if not one.text.strip() or not two.text.strip() or languages != by.languages(two)[: len(languages)]:
        return None
    if set(by.languages(two)) != set(languages) or one.position != two.position:
        return None
    if two.start_s - one.end_s > max(by.style.linger_s, by.gap_s) + 1e-6 or not _goes_on(one, two, languages[-1]):
        return None
    if any(DASH.match(line) for line in (*one.lines, *two.lines)) or one.line_speakers or two.line_speakers:
        return None
    made: list[Line] = []
    for language in dict.fromkeys(languages):
        halves = [
            run_on(
                [line for line, own in zip(lines_of(each), by.languages(each), strict=True) if own == language],
                language,
            )
            for each in (one, two)
        ]
        most = max(by.style.max_lines - len(set(languages)) + 1, 1)
        cpl = by.style.limits_for(language).cpl
        lines = broken(run_on(halves, language), language, cpl, most)
        if lines is None:
            return None
        made += lines
    return timed(caption_of(made, one), one.start_s, max(one.end_s, two.end_s))


def _goes_on(one: Caption, two: Caption, language: str) -> bool:
    """Whether one speaker says both: known, or a sentence runs over the border."""
    if one.speaker or two.speaker:
        return one.speaker == two.speaker
    left, right = pieces(one.lines[-1], language), pieces(two.lines[-1], language)
    return bool(left and right) and border_cost(left[-1].text, right[0].text, language) > SENTENCE


def together(by: Judge, place: Place) -> Iterator[Change]:
    """Two speakers in one caption, a dash before each: what guides do with lines that overlap."""
    one, two, style = place.caption, place.after, by.style
    if two is None or not style.dash or style.max_lines < 2 or one.position != two.position:
        return
    if one.speaker == two.speaker and one.speaker is not None:
        return
    lines: list[Line] = []
    for each in (one, two):
        languages = by.languages(each)
        if not each.text.strip() or not is_one_voice(each, languages):
            return
        lines.append(opened(run_on(lines_of(each), languages[0]), style.dash))
    yield Change(0, 2, (timed(caption_of(lines, one), one.start_s, max(one.end_s, two.end_s)),))


def rewrite(by: Judge, place: Place) -> Iterator[Change]:
    """Signs as the style writes them, on the lines that stand, on new ones, or in two captions."""
    for made in (_rewritten(by, place.caption, redash=True), _rewritten(by, place.caption, redash=False)):
        yield only(made)
        if made.text.strip():
            yield from lengthen(by, place._replace(caption=made))
            yield from rebreak(by, place._replace(caption=made))
            yield from part(by, place._replace(caption=made))


def speakers_apart(by: Judge, place: Place) -> Iterator[Change]:
    """Two speakers as two captions, where the style never lets them share one."""
    if not by.style.dash:
        yield from _part_voices(by, place.caption)


def order_languages(by: Judge, place: Place) -> Iterator[Change]:
    """The lines of a bilingual caption in the style's order."""
    caption = place.caption
    ranks = language_ranks(by.languages(caption), by.style)
    order = sorted(range(len(ranks)), key=lambda n: ranks[n])
    lines = lines_of(caption)
    yield only(caption_of([lines[n] for n in order], caption))


def remove(by: Judge, place: Place) -> Iterator[Change]:
    """A caption without text goes; the one before keeps its distance from the next."""
    yield Change(0, 1, ())
    if place.before is not None and place.after is not None:
        for change in trim(by, Place(None, place.before, place.after)):
            yield Change(-1, 1, change.captions)


def _rewritten(by: Judge, caption: Caption, *, redash: bool) -> Caption:
    style = by.style
    languages = by.languages(caption)
    lines = lines_of(caption)
    if redash:
        lines = _dashed(lines, caption, style)
    lines = [_readable(line) for line in lines]
    lines = [_written(line, language, by) for line, language in zip(lines, languages, strict=True)]
    return caption_of([_labelled(line, by) for line in lines], caption)


def _readable(line: Line) -> Line:
    """Without tags and with what entities stand for; italics of a tag are not kept, the words are."""
    for found in sorted(set(MARKUP.findall(text_of(line)))):
        meant = html.unescape(found) if found.startswith("&") else " " if re.match(r"<br|\\", found) else ""
        line = substitute(line, re.compile(re.escape(found)), meant.replace("\\", r"\\"))
    return substitute(line, UNSEEN, "")


def _written(line: Line, language: str, by: Judge) -> Line:
    """Punctuation as the style has it; Chinese without italics."""
    text = by.style.written(text_of(line), language)
    line = restyled(line, text[:-1] if by.style.drops_stop(text, language) else text)
    if by.style.chinese_punctuation and base(language) in CHINESE:
        return [(char, frozenset(mark for mark in look if mark[0] != "italic")) for char, look in line]
    return line


def uncarry(by: Judge, place: Place) -> Iterator[Change]:
    """Without the dashes or ellipses that carry a sentence over a border, both of them gone."""
    caption, after = place.caption, place.after
    lines = lines_of(caption)
    first = lines_of(after) if after is not None else []
    texts = [text_of(line) for line in (*lines, *first[:1])]
    both = [*lines, *first[:1]]
    for n, (upper, lower) in enumerate(pairwise(texts)):
        if carries(upper, lower):
            both[n] = substitute(both[n], CARRY_END, "")
            both[n + 1] = substitute(both[n + 1], CARRY_START, "")
    made = caption_of(both[: len(lines)], caption)
    if after is None or both[len(lines) :] == first[:1]:
        yield only(made)
    else:
        yield Change(0, 2, (made, caption_of([both[len(lines)], *first[1:]], after)))


def _dashed(lines: list[Line], caption: Caption, style: Style) -> list[Line]:
    wanted = dashes_wanted(caption, style)
    if any(wanted) and not style.dash:
        return lines
    bare = [line[len(dash) :] for line, dash in zip(lines, dashes(caption, style), strict=True)]
    return [opened(line, style.dash) if opens else line for line, opens in zip(bare, wanted, strict=True)]


def _labelled(line: Line, by: Judge) -> Line:
    """Names and sounds of SDH in the style's brackets."""
    style, text = by.style, text_of(line)
    if not style.sdh:
        return line
    found = SPEAKER.match(text)
    if found and style.speaker_label:
        before, after = style.speaker_label.split("{name}")
        end = found.end("name")
        after += "" if after.endswith(" ") else " "
        look = line[0][1]
        return [*opened(line[:end], before), *((char, look) for char in after), *line[found.end() :]]
    if SOUND.match(text) and text[0] != style.sound_tag[0]:
        before, after = style.sound_tag.split("{text}")
        return [*opened(line[1:-1], before), *((char, line[-1][1]) for char in after)]
    return line
