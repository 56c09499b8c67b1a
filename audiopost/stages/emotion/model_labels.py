"""What models call feelings, as audiopost's labels; models of other vocabularies are refused, not guessed at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ...analysis.affect import Reading, reading_of
from ...core.errors import BadValue

#: Labels of IEMOCAP, RAVDESS and Ekman's six, of GoEmotions (Demszky et al., ACL 2020), of emotion2vec, SenseVoice and
#: Chinese corpora. A name stands where CIRCUMPLEX has its nearest: caring and calm by tenderness, boredom by sadness.
_NAMES = {
    "neutral": "neu neutral approval realization curiosity desire 中立 中性 平淡 平靜 平静 平淡語氣 疑問語調",
    "joy": "hap happy happiness joy joyful exc excited excitement amusement admiration gratitude optimism pride "
    "开心 開心 高兴 高興 快乐 快樂 喜悦 喜悅 喜 乐 樂 開心語調",
    "tenderness": "love loving tender tenderness caring calm relief content "
    "喜欢 喜歡 喜好 爱 愛 好 关心 關心 关切 關切 關切語調",
    "sadness": "sad sadness sorrow grief disappointment disappointed remorse bored boredom "
    "难过 難過 悲伤 悲傷 伤心 傷心 哀 哀伤 悲傷語調",
    "fear": "fea fear fearful scared afraid 恐惧 恐懼 害怕 惧 懼",
    "tension": "nervousness nervous anxious anxiety tense tension worry worried embarrassment "
    "紧张 緊張 焦虑 焦慮 担心 擔心",
    "anger": "ang angry anger mad rage annoyance annoyed disapproval fru frustrated frustration "
    "生气 生氣 愤怒 憤怒 怒 憤怒語調",
    "surprise": "sur surprise surprised ps pleasant_surprise pleasant_surprised confusion "
    "吃惊 吃驚 惊讶 驚訝 惊奇 驚奇 惊 驚 驚奇語調",
    "disgust": "dis disgust disgusted contempt 厌恶 厭惡 恶 惡 厭惡語調",
}
#: Trust in a speech classifier that is sure: acted feelings are named right in two of three cases by the models of
#: SUPERB (S. Yang et al., Interspeech 2021), natural ones less often. Not measured on films.
SURE_OF_A_VOICE = 0.6
#: What tells no feeling: its share is left out. 'unuse_0' and so on are emotion2vec's.
_NOTHING = frozenset(("other", "others", "oth", "unk", "unknown", "emo_unknown", "xxx", "其他", "未知"))
EMOTION_OF: Mapping[str, str] = {name: label for label, names in _NAMES.items() for name in names.split()}


def emotions_of(labels: Sequence[str], model: str) -> tuple[str | None, ...]:
    """The label of EMOTIONS that each of a model's labels means, None for what tells no feeling.

    Case does not count; '生气/angry' and '<|ANGRY|>' are read too. Raises BadValue where a label is unknown, or where
    the model tells no two feelings apart.
    """
    found = tuple(_emotion(label, model) for label in labels)
    if len(set(found) - {None}) < 2:
        raise BadValue(
            f"{model} tells no two feelings apart: its labels are {', '.join(labels) or 'none'}.",
            value=model,
            remedy="Name a model of several feelings.",
        )
    return found


def _emotion(label: str, model: str) -> str | None:
    parts = [part.strip("<|> ").replace(" ", "_") for part in label.lower().split("/")]
    known = next((EMOTION_OF[part] for part in parts if part in EMOTION_OF), None)
    if known is not None or any(part in _NOTHING or not part or part.startswith("unuse") for part in parts):
        return known
    raise BadValue(
        f"{model} has a label that names no known feeling: {label!r}.",
        value=label,
        choices=sorted(name for name in EMOTION_OF if name.isascii()),
        remedy="Name what the model's numbers mean in the id2label of its config.json.",
    )


def reading(shares: NDArray[np.floating], emotions: Sequence[str | None], trust: float) -> Reading:
    """What a model's (labels,) probabilities say, `emotions` being what its labels mean.

    Confidence is `trust` in a model that is sure, times the share that falls to feelings at all, times how far the
    distribution is from an even one (1 minus its entropy over the highest there could be).
    """
    sums = dict.fromkeys((emotion for emotion in emotions if emotion is not None), 0.0)
    for share, emotion in zip(shares.tolist(), emotions, strict=True):
        if emotion is not None:
            sums[emotion] += share
    total = sum(sums.values())
    if total <= 0:
        return reading_of({}, 0.0)
    likelihood = {name: value / total for name, value in sums.items()}
    entropy = -sum(share * math.log(share) for share in likelihood.values() if share > 0)
    return reading_of(likelihood, trust * min(total, 1.0) * max(0.0, 1 - entropy / math.log(len(likelihood))))
