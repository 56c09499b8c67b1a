"""What music for a feeling sounds like: tempo, mode, instruments.

Tempo follows arousal and mode follows valence, the two links that listening experiments agree on most
(A. Gabrielsson and E. Lindström, "The role of structure in the musical expression of emotions", in Handbook of
Music and Emotion, 2010). Instruments are a composer's first suggestion, not a finding.
"""

from __future__ import annotations

_SLOWEST_BPM, _FASTEST_BPM = 40, 168

# (function or feeling) -> instruments; functions that set their own colour come first.
_BY_FUNCTION = {
    "transition": ("piano", "soft strings"),
    "intro": ("solo piano", "string pad"),
    "outro": ("string ensemble", "piano"),
}
_BY_FEELING = {
    ("high", "bright"): ("drums", "brass", "bright strings"),
    ("high", "open"): ("percussion", "string ostinato", "synth bass"),
    ("high", "dark"): ("low strings", "low brass", "taiko drums"),
    ("middle", "bright"): ("acoustic guitar", "woodwinds", "light strings"),
    ("middle", "open"): ("piano", "string pad"),
    ("middle", "dark"): ("tremolo strings", "bass clarinet", "low piano"),
    ("low", "bright"): ("harp", "flute", "warm strings"),
    ("low", "open"): ("piano", "ambient pad"),
    ("low", "dark"): ("solo cello", "piano"),
}


def tempo_bpm(arousal: float) -> tuple[int, int]:
    """A range of 16 beats a minute around 84 for neutral, 136 at arousal 1, 48 at -1 (kept within 40 to 168)."""
    centre = 84 + (52 if arousal > 0 else 36) * arousal
    return max(_SLOWEST_BPM, round(centre) - 8), min(_FASTEST_BPM, round(centre) + 8)


def mode(valence: float) -> str:
    """'major' for pleasant, 'minor' for unpleasant, 'modal' between."""
    return "major" if valence >= 0.15 else "minor" if valence <= -0.15 else "modal"


def instruments(function: str, arousal: float, valence: float) -> tuple[str, ...]:
    """Instruments for a cue's function, else for its place in the plane of feelings."""
    if function in _BY_FUNCTION:
        return _BY_FUNCTION[function]
    energy = "high" if arousal >= 0.35 else "low" if arousal <= -0.15 else "middle"
    colour = {"major": "bright", "minor": "dark", "modal": "open"}[mode(valence)]
    return _BY_FEELING[energy, colour]
