"""The small model behind the embedded reader: arousal by a line, named feelings by a linear discriminant.

Data card
---------
- Made by `python tools/train_emotion.py fit TRAIN`, which documents each choice; numbers only, no recording.
- Fitted on: EMO-DB (F. Burkhardt et al., "A database of German emotional speech", Interspeech 2005; free to use), 161
  sentences acted by 8 speakers; as neutral speech 141 readers of LibriSpeech and 4 of VCTK (CC BY 4.0), Kerstin (CC0)
  and commands by Picovoice's contributors (Apache-2.0). No recording under a non-commercial licence, and none of the
  recordings or speakers that figures are measured on.
- Chosen by leaving one speaker of EMO-DB out at a time; RAVDESS (non-commercial) was listened to as a check only.
- Knows neutral, joy, sadness, fear, anger, disgust. Sadness is 3 sentences of one speaker, so 13 of boredom stand
  beside it and its mean is drawn towards the directions that Juslin & Laukka (2003) found over 104 studies.
  Tenderness, tension and surprise were in no recording: they come from the place in the circumplex and from words.
- Not for: judging people. It was fitted on actors, who exaggerate; German, English readers; close, clean microphones.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...analysis.affect import Reading, reading_of
from ...analysis.voice_features import FEATURES
from ...core.spotting import Affect
from ...core.stage import ModelInfo
from ...models import hashes

PATH = Path(__file__).with_name("voice_model.npz")
#: Spreads from the norm that count at most: beyond, a measurement has gone wrong more often than a voice.
CLIP = 4.0

Values = NDArray[np.float64]


@dataclass(frozen=True)
class VoiceModel:
    """`names` of FEATURES, their `mean` and `spread` in neutral reading, and what is computed from the scaled values z.

    Arousal is `slope` @ z + `zero`; the log odds of `classes` are (`weights`.T @ z + `bias`) / `temperature`. Valence
    and dominance are the means of the classes' points less `centre`, those of neutral speech.
    """

    names: tuple[str, ...]
    mean: Values
    spread: Values
    slope: Values
    zero: float
    classes: tuple[str, ...]
    weights: Values
    bias: Values
    temperature: float
    centre: Values

    def scaled(self, values: Values) -> Values:
        """FEATURES (…, all) as spreads from the norm (…, names)."""
        return np.asarray((values[..., [FEATURES.index(name) for name in self.names]] - self.mean) / self.spread)

    def likelihood(self, z: Values) -> Values:
        """The probabilities (…, classes) of scaled values (…, names)."""
        from scipy.special import softmax

        return np.asarray(softmax((np.clip(z, -CLIP, CLIP) @ self.weights + self.bias) / self.temperature, axis=-1))

    def arousal(self, z: Values) -> Values:
        """The arousal (…) of scaled values (…, names)."""
        return np.asarray(np.clip(np.clip(z, -CLIP, CLIP) @ self.slope + self.zero, -1, 1))

    def reading(self, z: Values, confidence: float) -> Reading:
        """What one scaled stretch says."""
        shares = dict(zip(self.classes, self.likelihood(z).tolist(), strict=True))
        mean = reading_of(shares, confidence)
        valence, dominance = np.clip((mean.affect.valence, mean.affect.dominance) - self.centre, -1, 1).tolist()
        return replace(mean, affect=Affect(float(self.arousal(z)), valence, dominance, confidence))

    def save(self, path: Path) -> None:
        arrays = {name: np.asarray(value) for name, value in vars(self).items()}
        np.savez(path, **arrays)  # type: ignore[arg-type]


@functools.cache
def load(path: Path = PATH) -> VoiceModel:
    with np.load(path) as stored:
        return VoiceModel(
            tuple(map(str, stored["names"])), stored["mean"], stored["spread"], stored["slope"],
            float(stored["zero"]), tuple(map(str, stored["classes"])), stored["weights"], stored["bias"],
            float(stored["temperature"]), stored["centre"],
        )  # fmt: skip


@functools.cache
def info() -> ModelInfo:
    """The model as a model of the record."""
    from importlib.metadata import version

    return ModelInfo(
        "audiopost voice model", version("audiopost"), "Apache-2.0", "tools/train_emotion.py", hashes.compute(PATH)
    )
