"""Captions in two languages, one line over the other, that say the same thing at the same time.

What was said and its translation are paired by the time they share. A dynamic programme over both texts at once ends
captions where both may end: at clauses, and at places of both that were said at the same moment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadValue
from ..core.speech import Caption, Transcript, Utterance
from .breaks import CONJUNCTION, Atom, atoms, border_cost
from .styles import Style
from .text import CHINESE, base, is_unspaced, width
from .timing import NEVER, Timing

#: Utterances are one when they share this much of the shorter one's time.
_SHARED = 0.5
#: Groups of one speaker this near in time are laid out together, up to so many atoms a language.
_NEAR_S, _MOST_ATOMS = 0.6, 48
#: Costs: a caption, a second by which its lines end apart, an utterance that ends inside it, an empty line, a broken
#: rule; the end of a caption beside that of a line.
_CAPTION, _APART, _INSIDE, _EMPTY, _BROKEN = 4.0, 4.0, 3.0, 60.0, 400.0
_ENDS = 1.6

Matrix = NDArray[np.float64]


def bilingual(
    transcript: Transcript, translation: Transcript | None, style: Style, timing: Timing
) -> Iterator[Caption]:
    """Captions of a transcript with its translation in the two languages of `style`, in the order of its lines.

    What has no counterpart stands alone, on one line. Raises BadValue without a translation.
    """
    upper, lower = style.bilingual
    if translation is None:
        raise BadValue(
            f"{style.name} shows {upper} over {lower}, and there is no translation to show.",
            value=None,
            remedy="Transcribe with a translation (transcribe.translation = true), give one with --translation FILE, "
            "or choose another style.",
        )
    sides = tuple(base(language) for language in style.bilingual)
    sections = _sections(transcript, translation, sides)
    blocks = [block for section in sections for block in _blocks(section, style, timing)]
    blocks.sort(key=lambda block: (block.start_s, block.end_s))
    openings = [int(frame) for frame in timing.openings([block.start_s for block in blocks])]
    start = 0
    for n, block in enumerate(blocks):
        start = max(start, openings[n])
        need = math.ceil(style.reading_s(block.lines, block.languages) * timing.fps - 1e-6)
        following = openings[n + 1] if n + 1 < len(blocks) else NEVER
        finish = int(timing.at([block.end_s])[0])
        shown = timing.show(start, finish, following, need)
        out = timing.leave(start, int(shown.end), finish, int(shown.following), need)
        times = timing.rate.seconds_at(start), timing.rate.seconds_at(out)
        yield Caption(*times, block.lines, block.speaker, block.languages[0], line_languages=block.languages)
        start = int(shown.following)


@dataclass(frozen=True)
class _Pair:
    """What is said in one language and what in the other, either of which may be nothing; the first was spoken."""

    said: tuple[tuple[Utterance, ...], tuple[Utterance, ...]]
    start_s: float
    end_s: float
    speaker: str | None
    spoken: int
    """Which of the two was spoken."""


@dataclass(frozen=True)
class _Block:
    """A caption before its frames are known."""

    start_s: float
    end_s: float
    lines: tuple[str, ...]
    languages: tuple[str, ...]
    speaker: str | None


def _side(language: str, sides: Sequence[str]) -> int:
    """On which line a language stands: its own, else Chinese with Chinese and everything else on the other."""
    own = base(language)
    if own in sides:
        return sides.index(own)
    return next((n for n, side in enumerate(sides) if (side in CHINESE) == (own in CHINESE)), 1)


def _pairs(transcript: Transcript, translation: Transcript, sides: Sequence[str]) -> list[_Pair]:
    """Utterances with those of the translation that share their time; one in the language spoken is left out."""
    spoken = sorted(_tagged(transcript), key=lambda u: u.start_s)
    rendered = sorted(_tagged(translation), key=lambda u: u.start_s)
    every = [(u, 0) for u in spoken] + [(u, 1) for u in rendered]
    head = list(range(len(every)))

    def root(n: int) -> int:
        while head[n] != n:
            n = head[n]
        return n

    first = 0
    for n, one in enumerate(spoken):
        while first < len(rendered) and rendered[first].end_s < one.start_s - 10.0:
            first += 1
        for m in range(first, len(rendered)):
            other = rendered[m]
            if other.start_s >= one.end_s:
                break
            shared = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
            if shared >= _SHARED * min(one.end_s - one.start_s, other.end_s - other.start_s):
                a, b = sorted((root(n), root(len(spoken) + m)))
                head[b] = a
    groups: dict[int, list[tuple[Utterance, int]]] = {}
    for n, member in enumerate(every):
        groups.setdefault(root(n), []).append(member)
    pairs = []
    for members in groups.values():
        own = [u for u, source in members if source == 0]
        side = _side((own or [members[0][0]])[0].language, sides)
        lines: tuple[list[Utterance], list[Utterance]] = ([], [])
        for utterance, source in members:
            at = _side(utterance.language, sides)
            if source == 0 or at != side or not own:
                lines[at].append(utterance)
        chief = own or [u for u, _ in members]
        said = tuple(lines[0]), tuple(lines[1])
        pairs.append(_Pair(said, chief[0].start_s, chief[-1].end_s, chief[0].speaker, side))
    return sorted(pairs, key=lambda pair: pair.start_s)


def _tagged(transcript: Transcript) -> Iterator[Utterance]:
    for u in transcript.utterances:
        yield u if u.language else replace(u, language=transcript.language)


def _sections(transcript: Transcript, translation: Transcript, sides: Sequence[str]) -> Iterator[list[_Pair]]:
    """Pairs that may share captions: of one speaker, close in time, whole on both lines."""
    run: list[_Pair] = []
    for pair in _pairs(transcript, translation, sides):
        whole = all(pair.said) and (not run or all(run[-1].said))
        near = run and pair.start_s - run[-1].end_s <= _NEAR_S and pair.speaker == run[-1].speaker
        long = sum(len(u.text) for p in run for u in p.said[0]) > _MOST_ATOMS
        if run and not (whole and near and not long and pair.spoken == run[-1].spoken):
            yield run
            run = []
        run.append(pair)
    if run:
        yield run


class _Line:
    """One of the two texts of a section: its atoms, and what stretches of it cost; stretch [a, c) at (a, c)."""

    def __init__(self, utterances: Iterable[Utterance], style: Style, timing: Timing) -> None:
        self.style = style
        self.atoms: list[Atom] = []
        self.inside: list[float] = []
        self.language = ""
        for utterance in utterances:
            self.language = self.language or utterance.language
            limits, language = style.limits_for(self.language), self.language
            made = atoms(utterance, limits.cpl, lambda text, of=language: style.written(text, of))  # type: ignore[misc]
            for n, atom in enumerate(made):
                if n == 0 and self.atoms:
                    cost = min(CONJUNCTION, border_cost(self.atoms[-1].text, atom.text, self.language))
                    atom = replace(atom, cost=cost, glue="" if is_unspaced(self.language) else " ")
                self.inside.append(_INSIDE if n == 0 and self.atoms else 0.0)
                self.atoms.append(atom)
        n = len(self.atoms)
        #: When each place between two atoms is passed.
        starts, ends = [a.start_s for a in self.atoms], [a.end_s for a in self.atoms]
        self.at = np.array([*starts, ends[-1]] if n else [0.0])
        self.costs = np.zeros((n + 1, n + 1))
        if not n:
            return
        self.costs[:] = np.inf
        np.fill_diagonal(self.costs, _EMPTY)
        self.costs[:n, 1:] = np.minimum(self.costs[:n, 1:], self._stretches(timing))

    def _stretches(self, timing: Timing) -> Matrix:
        """What stretches of atoms from a up to c cost, at (a, c - 1); infinite where they are none or too wide."""
        style, made, n = self.style, self.atoms, len(self.atoms)
        limits = style.limits_for(self.language)
        glues = np.array([width(atom.glue, self.language) for atom in made])
        drops = np.array([1.0 if style.drops_stop(atom.text, self.language) else 0.0 for atom in made])
        widths = np.array([width(atom.text, self.language) for atom in made])
        sums = np.append(0.0, np.cumsum(widths + glues))
        wide = sums[1:] - (sums[:-1] + glues)[:, None] - drops
        inside = np.cumsum(self.inside)
        starts, ends = np.array([atom.start_s for atom in made]), np.array([atom.end_s for atom in made])
        pauses = np.maximum(np.append(0.0, starts[1:] - ends[:-1] - 0.3), 0.0)
        pause = np.maximum.accumulate(np.triu(np.broadcast_to(pauses, (n, n)), 1), axis=1)
        last = np.append(self.at[1:-1], ends[-1] + timing.frames.linger / timing.fps)
        stays = np.maximum(np.minimum(last, ends + timing.frames.hold / timing.fps) - starts[:, None], 0.04)
        closing = np.array([*(_ENDS * atom.cost for atom in made[1:]), 0.0])
        hurried = np.maximum(0.0, wide / limits.cps / stays - 1) + np.maximum(0.0, 1 - stays / style.min_duration_s)
        endless = np.maximum(0.0, ends - starts[:, None] - style.max_duration_s)
        cost = inside - inside[:, None] + 6.0 * pause + closing + _BROKEN * (hurried + endless)
        fits = np.triu((wide <= limits.cpl) | np.eye(n, dtype=bool))
        return np.where(fits, cost, np.inf)

    def text(self, a: int, c: int) -> str:
        if a == c:
            return ""
        text = self.atoms[a].text + "".join(atom.glue + atom.text for atom in self.atoms[a + 1 : c])
        return text.removesuffix("。") if self.style.drops_stop(text, self.language) else text


def _blocks(section: list[_Pair], style: Style, timing: Timing) -> Iterator[_Block]:
    lines = [_Line((u for pair in section for u in pair.said[n]), style, timing) for n in (0, 1)]
    if not any(line.atoms for line in lines):
        return
    spoken = section[0].spoken
    if not lines[spoken].atoms:
        spoken = 1 - spoken
    captions = [((a, c), (b, d)) for (a, b), (c, d) in _cuts(*lines)]
    silent = [parts[spoken][0] == parts[spoken][1] for parts in captions]
    for n, parts in enumerate(captions):
        said, other = (line.atoms[slice(*part)] for line, part in zip(lines, parts, strict=True))
        if spoken == 1:
            said, other = other, said
        # Where nothing of what was said falls to a caption, the other line says when it comes and goes.
        first = other if (silent[n] or (n > 0 and silent[n - 1])) and other else said
        last = other if (silent[n] or (n + 1 < len(captions) and silent[n + 1])) and other else said
        shown = [(line.text(*part), line.language) for line, part in zip(lines, parts, strict=True)]
        texts, languages = zip(*((text, language) for text, language in shown if text), strict=True)
        start_s, end_s = first[0].start_s, last[-1].end_s
        yield _Block(start_s, max(start_s, end_s), texts, languages, section[0].speaker)


def _cuts(upper: _Line, lower: _Line) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The cheapest captions, each by the places in both texts where it begins and ends.

    After k captions `best[c, d]` is the least cost of having shown c atoms of one text and d of the other; one more
    caption is a min-plus product with the costs of either text's stretches.
    """
    n, m = len(upper.atoms), len(lower.atoms)
    apart = _APART * np.abs(upper.at[:, None] - lower.at[None, :]) if n and m else np.zeros((n + 1, m + 1))
    apart[n, m] = 0.0
    best = np.full((n + 1, m + 1), np.inf)
    best[0, 0] = 0.0
    layers: list[tuple[Matrix, NDArray[np.int64], NDArray[np.int64]]] = []
    overall, count = math.inf, 0
    for k in range(1, n + m + 1):
        half = best[:, :, None] + upper.costs[:, None, :]  # (a, b, c)
        from_a = half.argmin(axis=0)  # (b, c)
        reached = np.take_along_axis(half, from_a[None], axis=0)[0]
        whole = reached[:, :, None] + lower.costs[:, None, :]  # (b, c, d)
        from_b = whole.argmin(axis=0)  # (c, d)
        best = np.take_along_axis(whole, from_b[None], axis=0)[0] + apart + _CAPTION
        layers.append((best, from_a, from_b))
        if best[n, m] < overall:
            overall, count = float(best[n, m]), k
        if best.min() >= overall:
            break
    cuts, c, d = [], n, m
    for _, from_a, from_b in reversed(layers[:count]):
        b = int(from_b[c, d])
        a = int(from_a[b, c])
        cuts.append(((a, b), (c, d)))
        c, d = a, b
    return cuts[::-1]
