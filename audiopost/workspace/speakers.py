"""Who speaks in a Project: counted, renamed once and everywhere, made one, given other captions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeVar

from ..core.errors import BadValue, UnknownName
from ..core.project import Project
from ..core.speech import Caption, CastRole, SpeakerTurn, Transcript, Utterance, Word
from ..core.time import Span, merge_spans
from ..subtitles.retell import with_words
from ..subtitles.sdh import is_labelled
from ..subtitles.text import clean
from ..subtitles.timed_words import TimedWords

#: Longer names fit no label.
MOST_CHARACTERS = 60

#: They would turn round whatever stands beside the name.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")

_Named = TypeVar("_Named")


@dataclass(frozen=True)
class Speaker:
    """One speaker: how many captions and words are theirs, and for how many seconds they speak."""

    name: str
    captions: int
    words: int
    seconds: float


def speakers(project: Project) -> tuple[Speaker, ...]:
    """Everybody who speaks, in the order in which they are first heard or shown."""
    turns = project.turns or ()
    utterances = project.transcript.utterances if project.transcript else ()
    heard = [(turn.start_s, turn.speaker) for turn in turns]
    heard += [(utterance.start_s, utterance.speaker) for utterance in utterances if utterance.speaker]
    heard += [(c.start_s, name) for c in project.captions or () for name in (c.speaker, *c.line_speakers) if name]
    names = dict.fromkeys(name for _, name in sorted(heard, key=lambda entry: entry[0]))
    captions, words, seconds = dict.fromkeys(names, 0), dict.fromkeys(names, 0), dict.fromkeys(names, 0.0)
    for caption in project.captions or ():
        for name in set(filter(None, (caption.speaker, *caption.line_speakers))):
            captions[name] += 1
    for utterance in utterances:
        for word in utterance.words:
            if (who := word.speaker or utterance.speaker) is not None:
                words[who] = words.get(who, 0) + 1
    spoken = turns or [SpeakerTurn(u.start_s, u.end_s, u.speaker) for u in utterances if u.speaker]
    for turn in spoken:
        seconds[turn.speaker] += turn.end_s - turn.start_s
    return tuple(Speaker(name, captions[name], words[name], round(seconds[name], 2)) for name in names)


def tidy_name(given: str) -> str:
    """A name as one line without control characters, those of writing direction among them.

    Raises BadValue for none, or one that is too long.
    """
    name = clean(_DIRECTION.sub("", given))
    if not name or len(name) > MOST_CHARACTERS:
        raise BadValue(
            f"{name[:80]!r} is no name for a speaker." if name else "A speaker's name is not empty.",
            value=given,
            remedy=f"It has 1 to {MOST_CHARACTERS} characters.",
        )
    return name


def renamed(project: Project, old: str, new: str, *, merge: bool = False) -> Project:
    """Another name for a speaker, everywhere. Where somebody has it, both become one, if `merge` says so.

    Raises UnknownName, BadValue.
    """
    names = [each.name for each in speakers(project)]
    if old not in names:
        raise UnknownName("speaker", old, names)
    new = tidy_name(new)
    if new == old:
        return project
    if new in names and not merge:
        raise BadValue(f"There is a speaker {new!r} already.", value=new, remedy="Merge the two, or take another name.")

    def name(who: str | None) -> str | None:
        return new if who == old else who

    def text(transcript: Transcript | None) -> Transcript | None:
        return transcript and replace(transcript, utterances=_each(transcript.utterances, lambda u: _spoken(u, name)))

    return replace(
        project,
        captions=_all(project.captions, lambda c: _shown(c, old, new, name)),
        transcript=text(project.transcript),
        translation=text(project.translation),
        turns=_turns(_all(project.turns, lambda t: replace(t, speaker=new) if t.speaker == old else t)),
        cast=_cast(_all(project.cast, lambda r: replace(r, speaker=new) if r.speaker == old else r)),
        emotion_utterances=_all(
            project.emotion_utterances, lambda u: replace(u, speaker=new) if u.speaker == old else u
        ),
        scenes=_all(
            project.scenes,
            lambda s: (
                replace(s, speakers=tuple(dict.fromkeys(new if who == old else who for who in s.speakers)))
                if old in s.speakers
                else s
            ),
        ),
        beats=_all(project.beats, lambda b: replace(b, detail=_told(b.detail, old, new)) if b.kind == "speaker" else b),
    )


def _all(items: tuple[_Named, ...] | None, change: Callable[[_Named], _Named]) -> tuple[_Named, ...] | None:
    return None if items is None else _each(items, change)


def _each(items: Iterable[_Named], change: Callable[[_Named], _Named]) -> tuple[_Named, ...]:
    return tuple(map(change, items))


def _spoken(utterance: Utterance, name: Callable[[str | None], str | None]) -> Utterance:
    words = tuple(replace(w, speaker=name(w.speaker)) if w.speaker != name(w.speaker) else w for w in utterance.words)
    return replace(utterance, words=words, speaker=name(utterance.speaker))


def _shown(caption: Caption, old: str, new: str, name: Callable[[str | None], str | None]) -> Caption:
    """A caption with the new name, and with it in the label that a line of SDH begins with."""
    if old not in (caption.speaker, *caption.line_speakers):
        return caption
    who = caption.line_speakers or (caption.speaker,) * len(caption.lines)
    lines = tuple(
        _told(line, old, new, once=True) if speaker == old and is_labelled(line, old) else line
        for line, speaker in zip(caption.lines, who, strict=True)
    )
    by_line = tuple(name(speaker) for speaker in caption.line_speakers)
    if len(set(by_line)) == 1:
        return replace(caption, speaker=by_line[0], line_speakers=(), lines=lines)
    return replace(caption, speaker=name(caption.speaker), line_speakers=by_line, lines=lines)


def _told(text: str, old: str, new: str, *, once: bool = False) -> str:
    return re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _: new, text, count=1 if once else 0)


def _turns(turns: tuple[SpeakerTurn, ...] | None) -> tuple[SpeakerTurn, ...] | None:
    """Turns in order; those of one speaker that overlap are one."""
    if turns is None:
        return None
    by_speaker: dict[str, list[Span]] = {}
    for turn in turns:
        by_speaker.setdefault(turn.speaker, []).append(Span(turn.start_s, turn.end_s))
    merged = [
        SpeakerTurn(span.start_s, span.end_s, who) for who, spans in by_speaker.items() for span in merge_spans(spans)
    ]
    return tuple(sorted(merged, key=lambda turn: (turn.start_s, turn.end_s, turn.speaker)))


def _cast(roles: tuple[CastRole, ...] | None) -> tuple[CastRole, ...] | None:
    """One role a speaker: the one whose voice is known best."""
    if roles is None:
        return None
    best: dict[str, CastRole] = {}
    for role in roles:
        known = best.get(role.speaker)
        if known is None or (role.similarity or 0.0) > (known.similarity or 0.0):
            best[role.speaker] = role
    return tuple(best.values())


def given_to(project: Project, caption: Caption, speaker: str, line: int | None = None) -> Project:
    """What is said over a caption's time, or in one line of it, given to another speaker: words, utterances, turns."""
    if project.transcript is None:
        return project
    placed = TimedWords(project.transcript).of(caption)
    own = {id(each.word) for each in placed if line in (None, each.line)}
    spans: list[tuple[float, float]] = []
    utterances: list[Utterance] = []
    before: set[str | None] = set()
    for utterance in project.transcript.utterances:
        taken = [word for word in utterance.words if id(word) in own]
        if taken:
            words = [replace(word, speaker=speaker) if id(word) in own else word for word in utterance.words]
            spans += [(word.start_s, word.end_s) for word in taken]
            before |= {word.speaker or utterance.speaker for word in taken}
            utterances += _by_speaker(utterance, words)
        elif not utterance.words and line is None and _is_of(caption, utterance):
            spans.append((utterance.start_s, utterance.end_s))
            before.add(utterance.speaker)
            utterances.append(replace(utterance, speaker=speaker))
        else:
            utterances.append(utterance)
    if not spans:
        return project
    whole = Span(min(span[0] for span in spans), max(span[1] for span in spans))
    turns = None if project.turns is None else _turns(_taken(project.turns, before, whole, speaker))
    return replace(project, transcript=replace(project.transcript, utterances=tuple(utterances)), turns=turns)


def _is_of(caption: Caption, utterance: Utterance) -> bool:
    at_once = utterance.start_s < caption.end_s and utterance.end_s > caption.start_s
    return at_once and clean(caption.text) == clean(utterance.text)


def _by_speaker(utterance: Utterance, words: list[Word]) -> list[Utterance]:
    """An utterance parted where its speaker changes."""
    runs = [(who, tuple(run)) for who, run in groupby(words, key=lambda word: word.speaker or utterance.speaker)]
    if len(runs) == 1:
        return [replace(utterance, words=runs[0][1], speaker=runs[0][0])]
    return [
        with_words(Utterance(run[0].start_s, run[-1].end_s, "", utterance.language, (), who), run) for who, run in runs
    ]


def _taken(
    turns: tuple[SpeakerTurn, ...], before: set[str | None], span: Span, speaker: str
) -> tuple[SpeakerTurn, ...]:
    """The turns with `span` taken from those who had it and given to another."""
    left: list[SpeakerTurn] = []
    for turn in turns:
        if turn.speaker not in before or turn.end_s <= span.start_s or turn.start_s >= span.end_s:
            left.append(turn)
            continue
        left += [
            replace(turn, start_s=start, end_s=end)
            for start, end in ((turn.start_s, span.start_s), (span.end_s, turn.end_s))
            if end > start
        ]
    return (*left, SpeakerTurn(span.start_s, span.end_s, speaker))
