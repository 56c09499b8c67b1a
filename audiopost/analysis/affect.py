"""Where feelings lie and what a place is called: the one table and the one rule that stages share.

The plane is J. Russell's ("A circumplex model of affect", JPSP 39, 1980): arousal against valence. Dominance, which
tells anger from fear, is the third axis of J. Russell and A. Mehrabian ("Evidence for a three-factor theory of
emotions", Journal of Research in Personality 11, 1977).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ..core.spotting import EMOTIONS, Affect

#: Arousal, valence, dominance of each label. Russell & Mehrabian's ratings for joyful, sad, fearful, angry, surprised
#: and disgusted. Tension is their 'anxious', as unpleasant as Russell's (1980) 'tense'; tenderness lies where his
#: 'content' and 'serene' do, since tender voices and tender music are quiet (P. Juslin and P. Laukka, "Communication of
#: emotions in vocal expression and music performance", Psychological Bulletin 129, 2003).
CIRCUMPLEX: Mapping[str, tuple[float, float, float]] = {
    "neutral": (0.0, 0.0, 0.0),
    "joy": (0.48, 0.76, 0.35),
    "tenderness": (-0.35, 0.60, -0.10),
    "sadness": (-0.27, -0.63, -0.33),
    "fear": (0.60, -0.64, -0.43),
    "tension": (0.50, -0.30, -0.15),
    "anger": (0.59, -0.51, 0.25),
    "surprise": (0.67, 0.40, -0.13),
    "disgust": (0.35, -0.60, 0.11),
}
#: Nearer to the centre than this nothing is called a feeling.
NEUTRAL_RADIUS = 0.3
#: Spread of a label around its point, where places are turned into likelihoods.
_LABEL_SPREAD = 0.3

#: Log likelihood that neutral has in advance, as much as a voice of confidence 0.3 that finds a feeling 2.7 times as
#: likely: chosen on EMO-DB, a speaker left out, for most of what people read aloud is neutral and is to stay so.
_NEUTRAL_PRIOR = 0.15
#: No source is sure enough to rule a label out: the least likelihood that counts.
_LEAST = 0.03
#: How far a voice alone is trusted for valence, against 1 for arousal: pleasant and unpleasant excitement sound alike.
VOICE_VALENCE = 0.3
#: How far words are trusted for arousal and dominance, against 1 for valence.
WORD_AROUSAL = 0.4
#: How far a voice is trusted for the name of a feeling, against 1 for words: most names differ by valence.
VOICE_NAMES = 0.5


@dataclass(frozen=True)
class Reading:
    """What one source says of a stretch: the place, and, where it tells feelings apart, how likely each is.

    `likelihood` maps labels out of EMOTIONS to probabilities; None where the place is all there is.
    """

    affect: Affect
    likelihood: Mapping[str, float] | None = None


def reading_of(likelihood: Mapping[str, float], confidence: float) -> Reading:
    """The reading of a source that names feelings: its place is the mean of their points, each by its probability."""
    total = sum(likelihood.values())
    share = {name: value / total for name, value in likelihood.items()} if total > 0 else {"neutral": 1.0}
    arousal, valence, dominance = (sum(p * CIRCUMPLEX[name][axis] for name, p in share.items()) for axis in range(3))
    return Reading(Affect(arousal, valence, dominance, confidence), share)


def label(affect: Affect, among: Collection[str] = EMOTIONS) -> str:
    """The label whose point lies nearest, all three axes weighing alike; 'neutral' within NEUTRAL_RADIUS of the centre.

    `among` restricts the choice.
    """
    place = (affect.arousal, affect.valence, affect.dominance)
    if "neutral" in among and math.hypot(*place) <= NEUTRAL_RADIUS:
        return "neutral"
    return min((name for name in EMOTIONS if name in among), key=lambda name: math.dist(place, CIRCUMPLEX[name]))


def named(voice: Reading | None, words: Reading | None) -> str:
    """The label of a stretch by both sources: the sum of their log likelihoods, each weighted by its confidence.

    The voice counts VOICE_NAMES as much as words that are as sure. A source that gives no likelihoods gives its place,
    the labels lying around their points with a spread of 0.3; a label that one does not know is half as likely as the
    one nearest to it that it knows. Neutral has a little in advance, so that what nobody is sure of is no feeling.
    Without any likelihood the label is that of the fused place.
    """
    sources = [(each, trust * each.affect.confidence) for each, trust in ((voice, VOICE_NAMES), (words, 1.0)) if each]
    if all(source.likelihood is None for source, _ in sources):
        place = fused(*(source.affect if source else None for source in (voice, words)))
        return label(place) if place is not None else "neutral"
    return max(
        EMOTIONS,
        key=lambda name: (
            sum(weight * _log_likelihood(source, name) for source, weight in sources)
            + (_NEUTRAL_PRIOR if name == "neutral" else 0.0)
        ),
    )


def _log_likelihood(source: Reading, name: str) -> float:
    if source.likelihood is not None:
        known = min(source.likelihood, key=lambda each: math.dist(CIRCUMPLEX[each], CIRCUMPLEX[name]))
        return math.log(max(source.likelihood[known], _LEAST) * (1.0 if known == name else 0.5))
    # Neutral is a disc, not a point: within its radius nothing lies nearer.
    place = (source.affect.arousal, source.affect.valence, source.affect.dominance)
    distance = math.dist(place, CIRCUMPLEX[name])
    if name == "neutral":
        distance = max(0.0, distance - NEUTRAL_RADIUS)
    return -0.5 * (distance / _LABEL_SPREAD) ** 2


def fused(voice: Affect | None, words: Affect | None) -> Affect | None:
    """One affect of what the voice and the words say; None where both are None.

    Each axis is a mean weighted by the sources' confidences, times VOICE_VALENCE for the voice's valence and
    WORD_AROUSAL for the words' arousal and dominance; confidence is the chance that not both are wrong.
    """
    if voice is None or words is None:
        return voice or words

    def mean(ours: float, our_weight: float, theirs: float, their_weight: float) -> float:
        total = our_weight + their_weight
        return (ours * our_weight + theirs * their_weight) / total if total > 0 else 0.0

    heard, read = voice.confidence, words.confidence
    return Affect(
        mean(voice.arousal, heard, words.arousal, read * WORD_AROUSAL),
        mean(voice.valence, heard * VOICE_VALENCE, words.valence, read),
        mean(voice.dominance, heard, words.dominance, read * WORD_AROUSAL),
        1 - (1 - heard) * (1 - read),
    )


def mean_affect(weighted: Iterable[tuple[Affect, float]]) -> Affect | None:
    """The mean of affects, each counting by its weight times its confidence; None where nothing counts.

    Its confidence is the mean of theirs by weight alone.
    """
    pairs = list(weighted)
    total = sum(weight * affect.confidence for affect, weight in pairs)
    if total < 1e-9:
        return None
    arousal, valence, dominance = (
        sum(w * a.confidence * getattr(a, axis) for a, w in pairs) / total
        for axis in ("arousal", "valence", "dominance")
    )
    return Affect(arousal, valence, dominance, total / sum(weight for _, weight in pairs))
