"""Story beats: the moments where something changes, each told with its measurement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ...core.language import tell
from ...core.marks import Activity
from ...core.speech import SpeakerTurn
from ...core.spotting import StoryBeat
from ...core.time import clock, merge_spans
from ...subtitles.sdh import sound_word
from .material import Material
from .novelty import Sudden
from .words import turn_words

#: Strengths of what has no size of its own.
_CUT, _PLACE, _TURN, _FIRST, _OVER, _EVENT, _MUSIC = 0.25, 0.8, 0.2, 0.4, 0.35, 0.5, 0.6
#: A pause this long, a turn of feeling of this size, a rise of this many dB have full strength.
_PAUSE_S, _FEELING, _RISE_DB = 10.0, 0.8, 40.0
#: A word of assent inside another's turn is no change of speaker.
_ASSENT_S = 0.7
#: An event is heard in steps of half a second; a sudden sound this near is where it begins.
_SAME_S = 1.0
#: Music this near to the recording's end does not leave it.
_END_S = 2.5
#: Strength of a change of the background that nobody misses: what is less is evidence for a scene, and no beat.
_PLAIN = 0.5


def beats(material: Material, pause_s: float, language: str) -> tuple[StoryBeat, ...]:
    """The beats of every kind in order of time; pauses from `pause_s` on."""
    found = [
        *_shots(material, language), *_pauses(material, pause_s, language), *_speakers(material, language),
        *_feelings(material, language), *_sounds(material, language), *_music(material, language),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda beat: (beat.time_s, beat.kind)))


def _shots(material: Material, language: str) -> Iterator[StoryBeat]:
    for cut in material.cuts:
        detail = tell("scenes.shot_place" if cut.to_place else "scenes.shot", language, percent=100 * cut.stays)
        yield StoryBeat(cut.time_s, "shot", detail, _PLACE if cut.to_place else _CUT)


def _pauses(material: Material, pause_s: float, language: str) -> Iterator[StoryBeat]:
    """Where speech falls silent for long, after the first word."""
    speech = merge_spans(list(material.speech), 0.3)
    for before, after in pairwise(speech):
        pause = after.start_s - before.end_s
        if pause >= pause_s:
            detail = tell("scenes.silent_until", language, seconds=pause, time=clock(after.start_s, 1))
            yield StoryBeat(before.end_s, "pause", detail, min(1.0, pause / _PAUSE_S))
    if speech and material.duration_s - speech[-1].end_s >= pause_s:
        rest = material.duration_s - speech[-1].end_s
        detail = tell("scenes.silent_to_end", language, seconds=rest)
        yield StoryBeat(speech[-1].end_s, "pause", detail, min(1.0, rest / _PAUSE_S))


def _speakers(material: Material, language: str) -> Iterator[StoryBeat]:
    """Where another speaker takes over; by the utterances where there are no turns."""
    turns: Sequence[SpeakerTurn] = material.turns or [
        SpeakerTurn(u.start_s, u.end_s, u.speaker) for u in material.utterances if u.speaker
    ]
    known: set[str] = set()
    last: SpeakerTurn | None = None
    for turn in turns:
        if last is not None and turn.end_s <= last.end_s and turn.end_s - turn.start_s < _ASSENT_S:
            continue
        if last is not None and turn.speaker == last.speaker:
            last = last if last.end_s > turn.end_s else turn
            continue
        if turn.speaker not in known:
            detail, strength = tell("scenes.speaks_first", language, speaker=turn.speaker), _FIRST
        else:
            assert last is not None
            gap = turn.start_s - last.end_s
            key, strength = ("scenes.speaks_over", _OVER) if gap < 0 else ("scenes.speaks_after", _TURN)
            detail = tell(key, language, speaker=turn.speaker, before=last.speaker, seconds=abs(gap))
        yield StoryBeat(turn.start_s, "speaker", detail, strength)
        known.add(turn.speaker)
        last = turn


def _feelings(material: Material, language: str) -> Iterator[StoryBeat]:
    for turn in material.feelings:
        yield StoryBeat(turn.time_s, "emotion", turn_words(turn, language), min(1.0, turn.size / _FEELING))


def _sounds(material: Material, language: str) -> Iterator[StoryBeat]:
    """Named events, sudden sounds nobody has named, and changes of the background."""
    named: set[Sudden] = set()
    for event in material.events:
        attack = _attack(event, material.sudden)
        sound = sound_word(event.kind, language)
        if attack is None:
            detail = tell("scenes.sound", language, sound=sound, seconds=event.end_s - event.start_s)
            yield StoryBeat(event.start_s, "sound", detail, _EVENT)
        else:
            named.add(attack)
            detail = tell("scenes.sound_sudden", language, sound=sound, decibels=attack.rise_db)
            yield StoryBeat(attack.time_s, "sound", detail, max(_EVENT, min(1.0, attack.rise_db / _RISE_DB)))
    for attack in material.sudden:
        if attack not in named:
            detail = tell("scenes.sudden", language, decibels=attack.rise_db)
            yield StoryBeat(attack.time_s, "sound", detail, min(1.0, attack.rise_db / _RISE_DB))
    for change in (c for c in material.backgrounds if c.strength >= _PLAIN):
        key = "scenes.louder" if change.rise_db > 0 else "scenes.quieter"
        yield StoryBeat(change.time_s, "sound", tell(key, language, decibels=change.size_db), change.strength)


def _attack(event: Activity, sudden: Sequence[Sudden]) -> Sudden | None:
    """The sudden sound that an event begins with."""
    near = [s for s in sudden if event.start_s - _SAME_S <= s.time_s <= min(event.end_s, event.start_s + _SAME_S)]
    return max(near, key=lambda s: s.rise_db, default=None)


def _music(material: Material, language: str) -> Iterator[StoryBeat]:
    for span in material.music:
        seconds = span.duration_s
        yield StoryBeat(span.start_s, "music", tell("scenes.music_enters", language, seconds=seconds), _MUSIC)
        if span.end_s < material.duration_s - _END_S:
            yield StoryBeat(span.end_s, "music", tell("scenes.music_leaves", language, seconds=seconds), _MUSIC)
