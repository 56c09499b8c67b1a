"""Key and mode: pitch classes of the whole track against profiles of major and minor (Krumhansl & Schmuckler)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.audio import FloatArray

NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MODES = ("major", "minor")
#: What listeners rate (Krumhansl & Kessler, Psychological Review 1982), with the flat seventh of most minor songs, and
#: what written music holds (Temperley, Music Perception 1999), with the leading note. Their correlations are averaged.
_PROFILES = (
    ((6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
     (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)),
    ((5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0),
     (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0)),
)  # fmt: skip
#: Correlation below which there is no key; lead over the next tonic that makes one certain; lead over the other mode
#: on the same tonic below which the mode is left open.
_LEAST, _CLEAR, _MODE = 0.5, 0.15, 0.05
#: Spread of the pitch classes (root, largest 1) below which nothing is tonal: percussion, noise.
_FLAT = 0.22


@dataclass(frozen=True)
class Key:
    """`name` is a note, '' where no tonic is clear; `mode` 'major', 'minor' or ''. `confidence` 0..1."""

    name: str = ""
    mode: str = ""
    confidence: float = 0.0


def key(chroma: FloatArray) -> Key:
    """The key of (m, 12) pitch classes from C. Frames count by their root: a loud chord does not decide alone."""
    strength = chroma.sum(axis=1, keepdims=True)
    if not len(chroma) or not strength.any():
        return Key()
    mean = (chroma / np.sqrt(strength + 1e-9)).sum(axis=0).astype(np.float64)
    spread = np.sqrt(mean / mean.max())
    spread -= spread.mean()
    if np.linalg.norm(spread) < _FLAT:
        return Key()
    likeness = _likeness(spread / np.linalg.norm(spread))
    mode, tonic = np.unravel_index(int(np.argmax(likeness)), likeness.shape)
    best, same = likeness[mode, tonic], likeness[1 - mode, tonic]
    if best < _LEAST:
        return Key()
    lead = best - float(np.delete(likeness, tonic, axis=1).max())
    sure = min(max(lead, 0.0) / _CLEAR, 1.0) * min((best - _LEAST) / 0.3 + 0.4, 1.0)
    return Key(NAMES[tonic], MODES[mode] if best - same >= _MODE else "", round(float(sure), 3))


def _likeness(classes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 12): correlation with major and minor on each tonic; `classes` of mean 0 and length 1."""
    total = np.zeros((2, 12))
    for pair in _PROFILES:
        for mode, profile in enumerate(pair):
            centred = np.asarray(profile) - np.mean(profile)
            centred /= np.linalg.norm(centred)
            total[mode] += [float(np.roll(centred, tonic) @ classes) for tonic in range(12)]
    return total / len(_PROFILES)
