"""Captions, and their layout out of a transcript: who says what in which order, and what stands on the screen."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from ..core.speech import Caption, Transcript, Utterance
from ..core.time import Timebase
from .bilingual import bilingual
from .breaks import CLAUSE, CONJUNCTION, Atom, atoms, border_cost
from .sdh import is_labelled, speaker_label
from .segment import Piece, Span, segment
from .styles import Style
from .text import FULL_WIDTH, base, guess_language, has_han, is_unspaced, width
from .timing import Timing

#: A pause longer than this always ends a caption; up to it captions may be joined to be readable.
PAUSE_S = 1.2
#: An utterance that another one overlaps by more than this is cut where the other begins.
_INTERRUPTED_S = 0.5


#: What transcribers put before a line of dialogue; the layout sets its own.
_DIALOGUE = re.compile(r"^[-‐‑–—](?=\s*[^\W\d])\s*")


def label(speaker: str) -> str:
    """What names a speaker in formats that have no place for it."""
    return f"{speaker}: "


def layout(
    transcript: Transcript,
    style: Style,
    timebase: Timebase | None = None,
    *,
    shots: Sequence[float] = (),
    translation: Transcript | None = None,
    until_s: float = math.inf,
) -> tuple[Caption, ...]:
    """Captions of a transcript by a style guide, on whole frames of `timebase` (25 a second without one).

    `shots` are the seconds at which shots change: times near them move to them where the style says so. No caption
    stays past `until_s`, the recording's length. A change of speaker ends a caption, or opens its second line with a
    dash where the style lets two speakers share it. Where several speakers talk, the first line after each change
    leaves room for `label`, which plain formats put there; in SDH the caption itself names them.

    A bilingual style shows `translation` with the transcript. Raises BadValue where it is wanted and None.
    """
    timing = Timing(style, (timebase or Timebase()).rate, shots, until_s)
    if style.bilingual:
        return tuple(bilingual(transcript, translation, style, timing))
    pieces = list(_pieces(transcript, style))
    return tuple(_caption(pieces, span, style, timing) for span in segment(pieces, style, timing))


def _pieces(transcript: Transcript, style: Style) -> Iterator[Piece]:
    several = len({u.speaker for u in transcript.utterances if u.speaker}) > 1
    before: tuple[Utterance, Atom] | None = None
    shown: str | None = None
    for utterance, made in _in_order(transcript, style):
        border = _border(before, utterance, made[0])
        changed = several and utterance.speaker is not None and utterance.speaker != shown
        named = changed and style.sdh and bool(style.speaker_label)
        named = named and not is_labelled(utterance.text, utterance.speaker or "")
        shown = utterance.speaker
        language, speaker = utterance.language, utterance.speaker
        first = made[0]
        if border == "utterance" and before:
            # The transcriber ended an utterance here: a good place, but one inside a phrase is still a poor one.
            cost = min(CONJUNCTION, border_cost(before[1].text, first.text, language))
            first = replace(first, glue="" if is_unspaced(language) and cost <= CLAUSE else " ", cost=cost)
        if named:
            name = speaker_label(speaker or "", style, language)
            yield Piece(replace(first, text=name, end_s=first.start_s), language, speaker, border, named=True)
            first, border = replace(first, glue=" ", cost=CONJUNCTION), ""
        indent = width(label(speaker or ""), language) if changed and not style.sdh else 0.0
        yield Piece(first, language, speaker, border, indent)
        for atom in made[1:]:
            yield Piece(atom, language, speaker)
        before = utterance, made[-1]


def _border(before: tuple[Utterance, Atom] | None, utterance: Utterance, first: Atom) -> str:
    """What lies between two stretches of speech, as Piece has it."""
    if before is None:
        return ""
    said, last = before
    if first.start_s - last.end_s > PAUSE_S:
        return "end"
    if said.speaker != utterance.speaker:
        return "turn" if said.speaker and utterance.speaker else "end"
    return "utterance" if said.language == utterance.language else "end"


def _in_order(transcript: Transcript, style: Style) -> Iterator[tuple[Utterance, list[Atom]]]:
    """Stretches of speech by their start; one that others interrupt is cut at clauses and where they begin."""
    stretches: list[tuple[Utterance, list[Atom]]] = []
    for utterance in transcript.utterances:
        language = _language(utterance.text, utterance.language or transcript.language)
        utterance = replace(utterance, language=language, text=_DIALOGUE.sub("", utterance.text.strip()))
        cpl = style.limits_for(language).cpl
        made = atoms(utterance, cpl, lambda text, of=language: style.written(text, of))  # type: ignore[misc]
        stretches += [(utterance, part) for part in _at_pauses(made)]
    stretches.sort(key=lambda s: (s[1][0].start_s, s[1][-1].end_s))
    cut: list[tuple[Utterance, list[Atom]]] = []
    latest = -math.inf
    for n, (utterance, made) in enumerate(stretches):
        end = made[-1].end_s
        others = []
        for _, other in stretches[n + 1 :]:
            if other[0].start_s >= end - _INTERRUPTED_S:
                break
            others.append(other[0].start_s)
        if others or made[0].start_s < latest - _INTERRUPTED_S:
            cut += [(utterance, part) for part in _interrupted(made, others)]
        else:
            cut.append((utterance, made))
        latest = max(latest, end)
    cut.sort(key=lambda s: s[1][0].start_s)
    yield from cut


def _language(text: str, tag: str) -> str:
    """The language whose rules a text has: the tag's, but what is written in Han characters is Chinese or Japanese."""
    if base(tag) in FULL_WIDTH or not has_han(text):
        return tag
    guessed = guess_language(text)
    return guessed if guessed in FULL_WIDTH else tag


def _at_pauses(made: list[Atom]) -> Iterator[list[Atom]]:
    """An utterance parted where it pauses for longer than a caption may."""
    first = 0
    for i in range(1, len(made) + 1):
        if i == len(made) or made[i].start_s - made[i - 1].end_s > PAUSE_S:
            if i > first:
                yield made[first:i]
            first = i


def _interrupted(made: list[Atom], others: Sequence[float]) -> Iterator[list[Atom]]:
    """Atoms parted at clauses, and where each of `others` begins to talk."""
    cuts = {i for i in range(1, len(made)) if made[i].cost <= CLAUSE}
    cuts |= {min(range(len(made)), key=lambda i: abs(made[i].start_s - at)) for at in others}
    bounds = [0, *sorted(cuts - {0}), len(made)]
    for a, b in pairwise(bounds):
        yield made[a:b]


def _caption(pieces: Sequence[Piece], span: Span, style: Style, timing: Timing) -> Caption:
    opens = (*span.opens, span.end)
    rows = [pieces[a:b] for a, b in pairwise(opens)]
    lines = []
    for row in rows:
        language = row[0].language
        text = row[0].atom.text + "".join(piece.atom.glue + piece.atom.text for piece in row[1:])
        text = text.removesuffix("。") if style.drops_stop(text, language) else text
        lines.append(style.dash + text if span.two_speakers else text)
    first = rows[0][0]
    caption = Caption(
        timing.rate.seconds_at(span.in_frame),
        timing.rate.seconds_at(span.out_frame),
        tuple(lines),
        first.speaker,
        first.language,
    )
    languages = tuple(row[0].language for row in rows)
    # A word in Han characters makes no Chinese line of an English one.
    told = len(set(languages)) > 1 or (base(first.language) not in FULL_WIDTH and has_han(caption.text))
    caption = replace(caption, line_languages=languages if told else ())
    if not span.two_speakers:
        return caption
    return replace(caption, speaker=None, line_speakers=tuple(row[0].speaker for row in rows))
