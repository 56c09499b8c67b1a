"""Captions, and their layout out of a transcript.

One dynamic programme over the atoms of a stretch of speech chooses where captions end; inside it another chooses
where lines break. Both minimise the same costs: broken phrases, top-heavy lines, more reading than the time allows,
captions too short to read, pauses and sentence ends inside a caption.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..core.speech import Caption, Transcript, Utterance
from ..core.time import FrameRate, Timebase
from .breaks import CLAUSE, SENTENCE, Atom, atoms, border_cost
from .styles import Limits, Style
from .text import CHINESE, base, is_unspaced, width

#: Speech of one speaker with pauses up to this is laid out together; a longer pause always ends a caption.
_STREAM_PAUSE_S = 1.0
#: An in-time may slip this far behind the speech so that the caption before can be read; more would be out of step.
_SLIP_S = 0.5


def label(speaker: str) -> str:
    """What names a speaker in formats that have no place for it."""
    return f"{speaker}: "


def layout(transcript: Transcript, style: Style, timebase: Timebase | None = None) -> tuple[Caption, ...]:
    """Captions of a transcript by a style guide, on whole frames of `timebase` (25 a second without one).

    Never across a change of speaker or language. Where several speakers talk, the first line after each change
    leaves room for `label`, which plain formats put there.
    """
    rate = (timebase or Timebase()).rate
    several = len({u.speaker for u in transcript.utterances if u.speaker}) > 1
    streams = list(_streams(transcript, style))
    captions: list[Caption] = []
    shown: str | None = None
    for n, stream in enumerate(streams):
        following = streams[n + 1].parts[0][0].start_s if n + 1 < len(streams) else math.inf
        changed = several and stream.speaker is not None and stream.speaker != shown
        indent = width(label(stream.speaker or ""), stream.language) if changed else 0.0
        captions += _Programme(stream, style, rate, following, indent).captions()
        shown = stream.speaker
    return _timed(captions, style, rate)


@dataclass(frozen=True)
class _Stream:
    """Speech of one speaker in one language without a long pause: utterances, each with its atoms (at least one)."""

    speaker: str | None
    language: str
    parts: tuple[tuple[Utterance, list[Atom]], ...]


def _streams(transcript: Transcript, style: Style) -> Iterator[_Stream]:
    run: list[tuple[Utterance, list[Atom]]] = []
    for utterance in sorted(transcript.utterances, key=lambda u: (u.start_s, u.end_s)):
        utterance = utterance if utterance.language else replace(utterance, language=transcript.language)
        made = atoms(utterance, style.limits_for(utterance.language).cpl)
        if not made:
            continue
        before = run[-1][0] if run else None
        if before and (
            (utterance.speaker, utterance.language) != (before.speaker, before.language)
            or utterance.start_s - before.end_s > _STREAM_PAUSE_S
        ):
            yield _Stream(before.speaker, before.language, tuple(run))
            run = []
        run.append((utterance, made))
    if run:
        yield _Stream(run[0][0].speaker, run[0][0].language, tuple(run))


#: Cost so far, the atom that opens the last caption, the atoms that open its lines.
_Best = tuple[float, int, tuple[int, ...]]


class _Programme:
    """The dynamic programme over one stream. Atoms are numbered; [i, j) is a caption or a line."""

    def __init__(self, stream: _Stream, style: Style, rate: FrameRate, following_s: float, indent: float) -> None:
        self.stream, self.style, self.indent = stream, style, indent
        self.limits: Limits = style.limits_for(stream.language)
        self.gap_s = style.gap_frames / float(rate.fraction)
        self.atoms = [atom for _, made in stream.parts for atom in made]
        self.first_of_utterance = {0}
        at = 0
        for _, made in stream.parts:
            self.first_of_utterance.add(at)
            at += len(made)
        self.cost = [atom.cost for atom in self.atoms]
        for i in self.first_of_utterance - {0}:
            # The transcriber ended an utterance here: a good place, but one inside a phrase is still a poor one.
            self.cost[i] = self._across(i)
        self.starts = [atom.start_s for atom in self.atoms]
        self.ends = [atom.end_s for atom in self.atoms]
        self.following_s = following_s
        self.glues = [width(self.glue(i), stream.language) for i in range(len(self.atoms))]
        self.sums = [0.0]
        for atom, glue in zip(self.atoms, self.glues, strict=True):
            self.sums.append(self.sums[-1] + glue + width(atom.text, stream.language))

    def _across(self, i: int) -> float:
        left, right = self.atoms[i - 1].text, self.atoms[i].text
        return min(3.0, border_cost(left, right, self.stream.language))

    def glue(self, i: int) -> str:
        if i == 0 or i not in self.first_of_utterance:
            return self.atoms[i].glue
        return "" if is_unspaced(self.stream.language) and self.cost[i] <= CLAUSE else " "

    def width(self, i: int, j: int) -> float:
        return self.sums[j] - self.sums[i] - self.glues[i]

    def captions(self) -> Iterator[Caption]:
        """Captions timed by their speech."""
        n = len(self.atoms)
        best: list[_Best] = [(0.0, 0, ()), *[(math.inf, 0, ())] * n]
        for i in range(n):
            for j in range(i + 1, n + 1):
                lines = self._lines(i, j, self.style.max_lines)
                if lines is None:
                    if j > i + 1:
                        break
                    lines = (0.0, (i,))  # a label may leave no room for one long word: over the limit, and reported
                cost = best[i][0] + lines[0] + self._caption_cost(i, j)
                if cost < best[j][0]:
                    best[j] = (cost, i, lines[1])
        spans: list[tuple[int, int, tuple[int, ...]]] = []
        j = n
        while j > 0:
            _, i, opens = best[j]
            spans.append((i, j, opens))
            j = i
        for i, j, opens in reversed(spans):
            shown = tuple(self._text(a, b) for a, b in zip(opens, (*opens[1:], j), strict=True))
            yield Caption(self.starts[i], self.ends[j - 1], shown, self.stream.speaker, self.stream.language)

    def _lines(self, i: int, j: int, most: int) -> tuple[float, tuple[int, ...]] | None:
        """The cheapest lines of a caption and the atoms that open them; None where they do not fit."""
        cpl = self.limits.cpl
        room = cpl - self.indent if i == 0 else cpl
        if self.width(i, j) <= room:
            return 0.0, (i,)
        if most == 1:
            return None
        best: tuple[float, tuple[int, ...]] | None = None
        for k in range(i + 1, j):
            top = self.width(i, k)
            if top > room:
                break
            below = self._lines(k, j, most - 1)
            if below is None:
                continue
            bottom = self.width(k, below[1][1] if len(below[1]) > 1 else j)
            shape = abs(top - bottom) + max(0.0, top - bottom)  # bottom-heavy where they differ
            cost = 1.0 + self.cost[k] + 1.2 * shape / cpl + below[0]
            if best is None or cost < best[0]:
                best = cost, (i, *below[1])
        return best

    def _caption_cost(self, i: int, j: int) -> float:
        style, last = self.style, j == len(self.atoms)
        speech_s = self.ends[j - 1] - self.starts[i]
        until = (self.following_s if last else self.starts[j]) - self.gap_s
        wished = max(self.ends[j - 1] + style.linger_s, self.starts[i] + style.min_duration_s)
        shown_s = max(min(wished, until) - self.starts[i], 0.04)
        cost = 4.0 + (0.0 if last else self.cost[j])
        cost += 20.0 * max(0.0, self.width(i, j) / shown_s / self.limits.cps - 1)
        cost += 8.0 * max(0.0, 1 - shown_s / style.min_duration_s)
        cost += 30.0 * max(0.0, speech_s - style.max_duration_s)
        alone = self.width(i, j) < 0.25 * self.limits.cpl
        if alone and not last and self.cost[j] > CLAUSE:
            cost += 3.0  # a word or two on their own
        for k in range(i + 1, j):
            pause = self.starts[k] - self.ends[k - 1]
            cost += 6.0 * max(0.0, pause - 0.3)
            cost += 2.5 if self.cost[k] == SENTENCE else 0.0
            cost += 3.0 if k in self.first_of_utterance else 0.0
        return cost

    def _text(self, i: int, j: int) -> str:
        text = self.atoms[i].text + "".join(self.glue(k) + self.atoms[k].text for k in range(i + 1, j))
        if self.style.chinese_punctuation and base(self.stream.language) in CHINESE:
            text = re.sub("(…|⋯|\\.{3}|。{3})+", "⋯", text)
            text = text.removesuffix("。") or text
        return text


def _timed(captions: list[Caption], style: Style, rate: FrameRate) -> tuple[Caption, ...]:
    """Captions moved from their speech to what can be read, on whole frames, in order, none over another."""
    fps = float(rate.fraction)
    shortest = math.ceil(style.min_duration_s * fps - 1e-6)
    longest = max(math.floor(style.max_duration_s * fps + 1e-6), shortest)
    chain, linger = round(style.chain_s * fps), round(style.linger_s * fps)
    slip, gap = round(_SLIP_S * fps), style.gap_frames
    captions = sorted(captions, key=lambda c: (c.start_s, c.end_s))
    starts: list[int] = []
    for caption in captions:
        natural = max(rate.frame_at(caption.start_s), 0)
        if starts:
            wanted = max(natural, min(starts[-1] + shortest + gap, natural + slip))
            natural = max(wanted, starts[-1] + max(shortest // 2, 1) + gap)
        starts.append(natural)
    timed = []
    for n, (caption, start) in enumerate(zip(captions, starts, strict=True)):
        end = min(max(rate.frame_at(caption.end_s) + linger, start + shortest), start + longest)
        if n + 1 < len(starts):
            until = starts[n + 1] - gap
            end = min(until if until + gap - end <= chain else end, until, start + longest)
        timed.append(replace(caption, start_s=rate.seconds_at(start), end_s=rate.seconds_at(end)))
    return tuple(timed)
