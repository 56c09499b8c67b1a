"""Music that is already there, as cues of its own: heard, named, never covered."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ...analysis.affect import label
from ...core.audio import Audio
from ...core.marks import Activity
from ...core.music import TrackAnalysis
from ...core.spotting import Affect, Cue, CurvePoint, StoryBeat, TempoFit
from ...core.stage import Progress
from ...core.time import Span, clock, merge_spans
from .ruleset import Ruleset
from .timeline import Timeline
from .words import Words

#: Pauses within one piece of music; what is shorter than a piece is none.
_GAP_S, _SHORTEST_S = 1.5, 1.0
#: How far its ends may be off.
_FOUND_S = 2.5
#: Music that begins, or ends, this near to the recording's ends opens or closes it.
_EDGE_S = 2.0
#: From here on music is told to be sung.
_SUNG = 0.5
_THERE = 0.9


def stretches(activity: Sequence[Activity], duration_s: float) -> tuple[Span, ...]:
    """Where music is, within the recording: what cues keep clear of."""
    heard = [
        Span(max(0.0, a.start_s), min(a.end_s, duration_s))
        for a in activity if a.kind == "music" and min(a.end_s, duration_s) > max(0.0, a.start_s)
    ]  # fmt: skip
    return tuple(merge_spans(heard, _GAP_S))


def edged(span: Span, beats: Sequence[StoryBeat]) -> Span:
    """A stretch of music with its ends where story beats hear it enter and leave: to the second is how it was found."""
    times = [beat.time_s for beat in beats if beat.kind == "music"]

    def moved(edge_s: float) -> float:
        return min((t for t in times if abs(t - edge_s) <= _FOUND_S), key=lambda t: abs(t - edge_s), default=edge_s)

    start, end = moved(span.start_s), moved(span.end_s)
    return Span(start, end) if end - start >= _SHORTEST_S else span


def existing_cues(
    spans: Sequence[Span], audio: Audio | None, line: Timeline, rules: Ruleset, words: Words, progress: Progress
) -> tuple[Cue, ...]:
    """A cue of status 'existing' for each stretch of music, analysed where `audio` (the music stem, or all) is given.

    Its function is told by where it lies and how much is said over it; whether it comes from within the picture
    (source) is not known from its sound. Without a pulse the tempo is (0, 0).
    """
    cues = []
    rate = line.material.rate
    last = math.floor(line.end_s * float(rate.fraction) + 1e-4)
    for span in spans:
        first = math.floor(span.start_s * float(rate.fraction) + 1e-4)
        end = min(math.ceil(span.end_s * float(rate.fraction) - 1e-4), last)
        if end <= first or span.duration_s < _SHORTEST_S:
            continue
        heard = _analysed(audio, span, progress)
        there = Span(rate.seconds_at(first), rate.seconds_at(end))
        said = line.spoken_share(there.start_s, there.end_s)
        cues.append(_cue(there, _function(there, said, line.end_s, rules), said, heard, words))
        progress("music that is there", span.end_s, line.end_s)
    return tuple(cues)


def _function(there: Span, said: float, end_s: float, rules: Ruleset) -> str:
    """What music does by where it lies and the share of words over it; what fills the recording opens nothing."""
    opens, closes = there.start_s <= _EDGE_S, there.end_s >= end_s - _EDGE_S
    if opens != closes:
        return "opening" if opens else "closing"
    if said > rules.thresholds.montage_speech:
        return "underscore"
    # What is over before pictures could be told by it leads from one talk to the next.
    return "montage" if there.duration_s >= rules.functions["montage"].length_s[0] else "transition"


def _analysed(audio: Audio | None, span: Span, progress: Progress) -> TrackAnalysis | None:
    if audio is None:
        return None
    from ...music.track import analyse

    return analyse(audio.between(span.start_s, span.end_s), progress=progress)


def _cue(there: Span, function: str, said: float, heard: TrackAnalysis | None, words: Words) -> Cue:
    in_s, out_s = there.start_s, there.end_s
    over = [] if function in ("opening", "closing") else [_over(said, words)]
    facts = words.listed([*_facts(heard, words), *over])
    reason = words.say("existing", start=clock(in_s, 1), end=clock(out_s, 1), facts=facts)
    if heard is None:
        return Cue(0, in_s, out_s, function, "neutral", (0, 0), "", (), reason, _THERE, status="existing", metre="")
    tempo = (round(heard.bpm), round(heard.bpm)) if heard.bpm else (0, 0)
    fit = TempoFit(heard.bpm, in_s + heard.beats_s[0], 0.0, 0.0) if heard.bpm and heard.beats_s else None
    curve = tuple(CurvePoint(at, heard.arousal, heard.valence) for at in (in_s, out_s))
    mood = label(Affect(heard.arousal, heard.valence, 0.0, 1.0))
    return Cue(
        0, in_s, out_s, function, mood, tempo, heard.mode, (), reason, _THERE,
        status="existing", metre=f"{heard.metre}/4" if heard.metre else "", key=heard.key, curve=curve, tempo=fit,
    )  # fmt: skip


def _facts(heard: TrackAnalysis | None, words: Words) -> Iterator[str]:
    if heard is None:
        yield words.say("fact_unheard")
        return
    if heard.bpm and heard.bpm_other:
        yield words.say("fact_tempo_other", bpm=heard.bpm, other=heard.bpm_other)
    else:
        yield words.say("fact_tempo", bpm=heard.bpm) if heard.bpm else words.say("fact_no_pulse")
    if heard.key and heard.mode:
        yield words.say("fact_key", key=heard.key, mode=words.scoring(heard.mode))
    else:
        yield words.say("fact_no_key")
    mood = words.emotion(label(Affect(heard.arousal, heard.valence, 0.0, 1.0)))
    yield words.say("fact_mood", emotion=mood, arousal=heard.arousal, valence=heard.valence)
    if heard.vocal >= _SUNG:
        yield words.say("fact_vocal", percent=100 * heard.vocal)


def _over(said: float, words: Words) -> str:
    percent = 100 * said
    return words.say("fact_words", percent=percent) if percent >= 0.5 else words.say("fact_wordless")
