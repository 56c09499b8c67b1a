"""The plane of feelings: ratings, their combination, and the words for its regions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A stretch to be rated, and who speaks in it where that is known."""

    start_s: float
    end_s: float
    speaker: str | None = None


@dataclass(frozen=True)
class Rating:
    """Arousal, valence, dominance in -1..1 (0: neutral speech of the population); confidence 0..1."""

    arousal: float
    valence: float
    dominance: float
    confidence: float


#: How far a voice alone is trusted for valence, against 1 for arousal: pleasant and unpleasant excitement sound alike.
_VOICE_VALENCE = 0.3
#: How far words are trusted for arousal, against 1 for valence.
_WORD_AROUSAL = 0.4


def combined(voice: Rating | None, words: Rating | None) -> Rating | None:
    """One rating of what the voice and the words say, each weighted by its confidence; None where both are None."""
    if voice is None or words is None:
        return voice or words

    def mean(ours: float, our_weight: float, theirs: float, their_weight: float) -> float:
        total = our_weight + their_weight
        return (ours * our_weight + theirs * their_weight) / total if total > 0 else 0.0

    heard, read = voice.confidence, words.confidence
    return Rating(
        mean(voice.arousal, heard, words.arousal, read * _WORD_AROUSAL),
        mean(voice.valence, heard * _VOICE_VALENCE, words.valence, read),
        mean(voice.dominance, heard, words.dominance, read * _WORD_AROUSAL),
        1 - (1 - heard) * (1 - read),
    )


def label(arousal: float, valence: float, dominance: float = 0.0) -> str:
    """The word for a place in the circumplex (J. Russell, "A circumplex model of affect", JPSP 39, 1980).

    'neutral' around the centre; where valence is undecided the word names arousal only ('intense', 'lively', 'calm').
    """
    if arousal >= 0.25:
        if valence >= 0.15:
            return "excited" if arousal >= 0.5 else "happy"
        if valence <= -0.15:
            if arousal < 0.4:
                return "tense"
            return "afraid" if dominance < 0 else "angry"
        return "tense" if valence <= -0.05 else "intense" if arousal >= 0.4 else "lively"
    if arousal <= -0.2:
        return "sad" if valence <= -0.12 else "calm"
    if valence >= 0.2:
        return "happy" if arousal >= 0.0 else "content"
    if valence <= -0.2:
        return "tense" if arousal >= 0.15 or dominance >= 0.1 else "sad" if arousal <= 0 else "unhappy"
    return "neutral"
