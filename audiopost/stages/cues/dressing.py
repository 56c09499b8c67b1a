"""From a place to a cue that a composer can work from: feeling, tempo, colour, hits, ducks, fades, why, what else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.spotting import Cue, CurvePoint, Fades, HitPoint
from ...core.time import FrameRate, clock
from ...music.hits import fit_tempo
from .alternatives import alternatives
from .fitting import Placed
from .ideas import Context
from .keys import nearest_key
from .ruleset import EmotionRules
from .sync import ducks, hit_points
from .tempo import narrowed
from .timeline import Feeling
from .words import Words, sentence

#: Most points of a cue's curve, and their least distance.
_POINTS, _STEP_S = 9, 2.0
#: Feeling moves the dynamics from here on.
_MOVES = 0.12
#: Fades take at most these shares of a cue.
_MOST_IN, _MOST_OUT = 0.3, 0.5
#: Keys of cues farther apart than this have forgotten each other.
_REMEMBERED_S = 45.0


@dataclass(frozen=True)
class Dresser:
    """Dresses the cues of one recording, in order of time."""

    context: Context
    rate: FrameRate
    reel: int

    def dressed(self, places: Sequence[Placed]) -> tuple[Cue, ...]:
        cues: list[Cue] = []
        for number, place in enumerate(places, start=1):
            if place.idea.function == "silence":
                cues.append(self._silence(place, number))
            else:
                cues.append(self._cue(place, number, self._heard_before(place, cues)))
        return tuple(cues)

    def asked(self, place: Placed, number: int, emotion: str = "") -> Cue:
        """A cue that a person asked for, in `emotion`, or in what the place feels like."""
        if place.idea.function == "silence":
            return self._silence(place, number, emotion)
        return self._cue(place, number, self._heard_before(place, ()), emotion)

    def _heard_before(self, place: Placed, cues: Sequence[Cue]) -> Cue | None:
        """The last music with a key before a cue, suggested or there already, that is still in the ear."""
        past = [
            cue for cue in (*self.context.line.material.existing, *cues)
            if cue.key and place.in_s - _REMEMBERED_S <= cue.out_s <= place.in_s
        ]  # fmt: skip
        return max(past, key=lambda cue: cue.out_s, default=None)

    def _cue(self, place: Placed, number: int, before: Cue | None, emotion: str = "") -> Cue:
        context, idea = self.context, place.idea
        function, words = context.rules.functions[idea.function], context.words
        emotion = emotion or self._emotion(place)
        sounds = context.rules.emotions[emotion]
        tempo = narrowed(emotion, sounds.tempo_bpm, idea.feeling.arousal)
        hits = hit_points(context, place.in_s, place.out_s, idea.function, self.rate)
        fit, hits = fit_tempo(hits, tempo, self.rate, start_s=place.in_s) if hits else (None, hits)
        curve = self._curve(place)
        return Cue(
            number, place.in_s, place.out_s, idea.function, emotion, tempo, sounds.modes[0],
            tuple(words.scoring(name) for name in function.instruments or sounds.instruments),
            _reason(place, words), place.confidence,
            reel=self.reel,
            metre=sounds.metre,
            key=nearest_key(sounds, before),
            texture=_texture(sounds, words),
            dynamics=_dynamics(sounds, curve, words),
            level_lu=function.level_lu,
            curve=curve,
            hits=hits,
            tempo=fit,
            ducks=ducks(context.line.speech, place.in_s, place.out_s, function.level_lu, self.rate),
            fades=self._fades(place, hits),
            alternatives=alternatives(context, place, emotion),
        )  # fmt: skip

    def _emotion(self, place: Placed) -> str:
        """What the place feels like: major under a quarrel does more harm than tension under a cheer."""
        named = self.context.line.mood(*place.heard, place.idea.feeling)
        by_voice = self.context.rules.emotions[named].by_voice
        return by_voice if by_voice and not place.idea.feeling.named else named

    def _silence(self, place: Placed, number: int, emotion: str = "") -> Cue:
        idea = place.idea
        emotion = emotion or self._emotion(place)
        return Cue(
            number, place.in_s, place.out_s, "silence", emotion, (0, 0), "", (), idea.evidence, place.confidence,
            reel=self.reel, metre="", level_lu=0.0, curve=self._curve(place),
            alternatives=alternatives(self.context, place, emotion),
        )  # fmt: skip

    def _curve(self, place: Placed) -> tuple[CurvePoint, ...]:
        """The feeling along the cue: what the voices have around each of its points, the idea's where nobody speaks."""
        length = place.out_s - place.in_s
        count = min(_POINTS, max(2, int(length / _STEP_S) + 1))
        step = length / (count - 1)
        points = []
        last: Feeling = place.idea.feeling
        for at in (place.in_s + i * step for i in range(count)):
            last = self.context.line.feeling(at - step / 2, at + step / 2) or last
            points.append(CurvePoint(self.rate.snap(at), round(last.arousal, 3), round(last.valence, 3)))
        return tuple(points)

    def _fades(self, place: Placed, hits: Sequence[HitPoint]) -> Fades:
        function, length = self.context.rules.functions[place.idea.function], place.out_s - place.in_s
        # What hits at its in has no time to fade in.
        struck = any(abs(hit.time_s - place.in_s) < 1 / float(self.rate.fraction) for hit in hits)
        fade_in = 0.0 if struck else self.rate.snap(min(function.fade_in_s, _MOST_IN * length))
        fade_out = self.rate.snap(min(function.fade_out_s, _MOST_OUT * length))
        return Fades(
            fade_in, fade_out,
            function.fade_in_shape if fade_in > 0 else "cut", function.fade_out_shape if fade_out > 0 else "cut",
        )  # fmt: skip


def _reason(place: Placed, words: Words) -> str:
    leave = words.say("leave_pause" if place.pause else "leave", why=place.leave, time=clock(place.out_s))
    return words.say("reason", evidence=sentence(place.idea.evidence), entry=place.entry, leave=sentence(leave))


def _texture(sounds: EmotionRules, words: Words) -> str:
    return words.say("texture", texture=words.scoring(sounds.texture), articulation=words.scoring(sounds.articulation))


def _dynamics(sounds: EmotionRules, curve: Sequence[CurvePoint], words: Words) -> str:
    """The marks of the feeling, in the order that the curve of arousal asks for."""
    soft, loud = sounds.dynamics
    first, last = curve[0].arousal, curve[-1].arousal
    peak = max(curve, key=lambda point: point.arousal)
    if soft == loud:
        return words.say("dynamics_even", soft=soft)
    if peak.arousal - max(first, last) >= _MOVES:
        return words.say("dynamics_arch", soft=soft, loud=loud, time=clock(peak.time_s))
    if last - first >= _MOVES:
        return words.say("dynamics_grow", soft=soft, loud=loud)
    if first - last >= _MOVES:
        return words.say("dynamics_fall", soft=soft, loud=loud)
    return words.say("dynamics_even", soft=f"{soft}–{loud}")
