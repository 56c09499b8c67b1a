"""Why a track fits a cue, or does not, for a music editor to read."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...core.language import tell
from ...core.music import TrackAnalysis
from ...core.spotting import Cue
from ...core.time import clock
from ..edits import Proposal, joins
from .wish import Wish

#: Distance in the plane of arousal and valence that is still called close; probability from which a voice is named.
_CLOSE, _VOICE = 0.5, 0.3
#: Dialogue shorter than this is no matter for a track's opening or voice; an opening this far down is quiet.
_TALK_S, _QUIET_DB, _LOUD_DB = 2.0, -6.0, -2.0


def told(
    track: TrackAnalysis,
    cue: Cue,
    wanted: Wish,
    edit: Proposal,
    opening_db: float,
    likeness: float | None,
    language: str,
) -> tuple[str, ...]:
    """The reasons, the weightiest first."""
    said = [_tempo(track, wanted, language), *_tonality(track, cue, wanted, language), _mood(track, wanted, language)]
    said += [*_dialogue(track, wanted, opening_db, language), _length(track, cue, edit, language)]
    if edit.hits:
        said.append(tell("library.hits", language, met=edit.hits, all=len(cue.hits)))
    if likeness is not None:
        said.append(tell("library.words", language, likeness=likeness))
    return tuple(said)


def _tempo(track: TrackAnalysis, wanted: Wish, language: str) -> str:
    if wanted.bpm is None:
        return tell("library.pulse_none" if track.bpm is None else "library.pulse_off", language, bpm=track.bpm)
    low, high = wanted.bpm
    if track.bpm is None:
        return tell("library.tempo_none", language, low=low, high=high)
    if round(track.bpm) in range(low, high + 1):
        return tell("library.tempo", language, bpm=track.bpm, low=low, high=high)
    other = track.bpm_other
    if other is not None and round(other) in range(low, high + 1):
        name = "library.tempo_double" if other > track.bpm else "library.tempo_half"
        return tell(name, language, bpm=track.bpm, other=other, low=low, high=high)
    return tell("library.tempo_off", language, bpm=track.bpm, low=low, high=high)


def _tonality(track: TrackAnalysis, cue: Cue, wanted: Wish, language: str) -> Iterator[str]:
    if track.mode and wanted.mode:
        near = (track.mode == "major") == (wanted.mode > 0)
        key = "mode" if track.mode == cue.mode else "mode_near" if near else "mode_off"
        mode, asked = (tell(f"scoring.{name}", language) for name in (track.mode, cue.mode))
        yield tell(f"library.{key}", language, mode=mode, wanted=asked)
    if track.key and track.key == wanted.key:
        yield tell("library.key", language, key=track.key)


def _mood(track: TrackAnalysis, wanted: Wish, language: str) -> str:
    distance = math.hypot(track.arousal - wanted.arousal, track.valence - wanted.valence)
    return tell(
        "library.mood_near" if distance <= _CLOSE else "library.mood_far",
        language,
        arousal=track.arousal,
        valence=track.valence,
        wanted_arousal=wanted.arousal,
        wanted_valence=wanted.valence,
    )


def _dialogue(track: TrackAnalysis, wanted: Wish, opening_db: float, language: str) -> Iterator[str]:
    if wanted.opening_talk_s >= _TALK_S and not _LOUD_DB > opening_db > _QUIET_DB:
        name = "library.opening_quiet" if opening_db <= _QUIET_DB else "library.opening_loud"
        yield tell(name, language, seconds=wanted.opening_talk_s)
    if wanted.talk_s >= _TALK_S:
        if track.vocal >= _VOICE:
            yield tell("library.voice", language, share=track.vocal)
        else:
            yield tell("library.voice_none", language)


def _length(track: TrackAnalysis, cue: Cue, edit: Proposal, language: str) -> str:
    at = joins(edit.edit)
    return tell(
        f"library.{edit.kind}",
        language,
        entry=clock(edit.entry_s),
        end=clock(edit.sounds_s),
        cue=clock(cue.duration_s),
        length=clock(track.duration_s),
        join=clock(at[0] - cue.in_s) if at else "",
        bars=edit.bars,
        rounds=edit.rounds,
    )
