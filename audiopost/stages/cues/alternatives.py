"""What else one might do at a place, and why: another feeling, another colour, another function, or nothing."""

from __future__ import annotations

from ...analysis.affect import label
from ...core.spotting import EMOTIONS, Affect, Alternative
from ...core.time import clock
from .fitting import Placed
from .ideas import Context
from .tempo import narrowed

_MOST = 3
#: Feelings of like arousal on the other side.
_MIRRORED = {
    "joy": "anger", "anger": "joy", "surprise": "fear", "fear": "surprise", "tension": "joy", "tenderness": "sadness",
    "sadness": "tenderness",
}  # fmt: skip


def alternatives(context: Context, place: Placed, emotion: str) -> tuple[Alternative, ...]:
    """One to three."""
    if place.idea.function == "silence":
        return (_sounding(context, place, "underscore", emotion, context.words.say("other_help")),)
    found = [_other_feeling(context, place, emotion)]
    if place.idea.function == "sting":
        found.append(_sounding(context, place, "underscore", emotion, context.words.say("other_under")))
    elif place.idea.function in ("underscore", "transition") and context.line.spoken_share(place.in_s, place.out_s) > 0:
        percent = 100 * context.line.spoken_share(place.in_s, place.out_s)
        found.append(Alternative("silence", emotion, (0, 0), "", context.words.say("other_dry", percent=percent)))
    modes = context.rules.emotions[emotion].modes
    if len(modes) > 1:
        reason = context.words.say("other_mode", mode=context.words.scoring(modes[1]))
        found.append(_sounding(context, place, place.idea.function, emotion, reason, modes[1]))
    return tuple(each for each in found if each is not None)[:_MOST]


def _other_feeling(context: Context, place: Placed, emotion: str) -> Alternative:
    """The feeling that most other words name, else the one whose point lies next to what was measured."""
    line, words, idea = context.line, context.words, place.idea
    if not idea.feeling.named and emotion in _MIRRORED:
        other = _MIRRORED[emotion]
        reason = words.say("other_valence", emotion=words.emotion(other), heard=words.emotion(emotion))
        return _sounding(context, place, idea.function, other, reason)
    second = next((name for name in line.moods(*place.heard) if name not in (emotion, "neutral")), None)
    said = next((u for u in line.utterances(*place.heard) if u.label == second and u.text.strip()), None)
    if second is not None and said is not None:
        quote, time = words.quoted(said.text), clock(said.start_s, 1)
        reason = words.say("other_words", emotion=words.emotion(second), quote=quote, time=time)
    else:
        feeling = idea.feeling
        others = [name for name in EMOTIONS if name not in (emotion, "neutral")]
        second = label(Affect(feeling.arousal, feeling.valence, 0.0, feeling.confidence), others)
        reason = words.say(
            "other_near", emotion=words.emotion(second), arousal=feeling.arousal, valence=feeling.valence
        )
    return _sounding(context, place, idea.function, second, reason[:1].upper() + reason[1:])


def _sounding(
    context: Context, place: Placed, function: str, emotion: str, reason: str, mode: str | None = None
) -> Alternative:
    sounds = context.rules.emotions[emotion]
    tempo = narrowed(emotion, sounds.tempo_bpm, place.idea.feeling.arousal)
    return Alternative(function, emotion, tempo, mode or sounds.modes[0], reason)
