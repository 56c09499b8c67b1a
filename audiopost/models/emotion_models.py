"""The catalogue's models of the emotion stage: speech (stage 'emotion') and text (stage 'emotion-words').

Their order is the one in which a backend looks for what is here.
"""

from __future__ import annotations

from .entry import Entry

_SAFE, _PICKLE = "model.safetensors", "pytorch_model.bin"
#: github.com/modelscope/FunASR/blob/main/MODEL_LICENSE: free to use, with attribution; commercial use is not named.
_FUNASR = "FunASR Model License 1.1"


def _speech(name: str, source: str, version: str, licence: str, weights: str, size_mb: int, note: str) -> Entry:
    return Entry(
        name=name,
        stage="emotion",
        backend="transformers",
        version=version,
        licence=licence,
        source=source,
        kind="hub",
        files=("config.json", weights),
        optional=("preprocessor_config.json",),
        weights=(weights,),
        size_mb=size_mb,
        note=note,
    )


def _emotion2vec(size: str, size_mb: int, note: str) -> Entry:
    return Entry(
        name=f"emotion2vec-plus-{size}",
        stage="emotion",
        backend="emotion2vec",
        version="2024-05",
        licence=_FUNASR,
        source=f"emotion2vec/emotion2vec_plus_{size}",
        kind="hub",
        files=("config.yaml", "tokens.txt", "model.pt"),
        optional=("configuration.json",),
        weights=("model.pt",),
        size_mb=size_mb,
        note=note,
    )


def _text(
    name: str, source: str, version: str, licence: str, weights: str, size_mb: int, note: str, *, tokenizer: str
) -> Entry:
    return Entry(
        name=name,
        stage="emotion-words",
        backend="transformers",
        version=version,
        licence=licence,
        source=source,
        kind="hub",
        files=("config.json", tokenizer, weights),
        optional=("tokenizer_config.json", "special_tokens_map.json", "vocab.*", "merges.txt", "sentencepiece.*"),
        weights=(weights,),
        size_mb=size_mb,
        note=note,
    )


EMOTION_MODELS = (
    _speech("hubert-large-superb-er", "superb/hubert-large-superb-er", "2021-09", "Apache-2.0", _PICKLE, 1262,
            "neutral, happy, angry, sad; acted American English"),
    _speech("wav2vec2-base-superb-er", "superb/wav2vec2-base-superb-er", "2021-08", "Apache-2.0", _PICKLE, 378,
            "as hubert-large-superb-er, smaller and a little worse"),
    _speech("wav2vec2-msp-dim", "audeering/wav2vec2-large-robust-12-ft-emotion-msp-dim", "2022-04",
            "CC BY-NC-SA 4.0", _SAFE, 661, "arousal, dominance, valence of natural English; non-commercial use only"),
    _emotion2vec("large", 1953, "nine feelings, Chinese and English; best, wants a GPU"),
    _emotion2vec("base", 1122, "nine feelings, Chinese and English"),
    _emotion2vec("seed", 1122, "as base, trained on academic recordings alone"),
    Entry(
        name="sensevoice-small",
        stage="emotion",
        backend="sensevoice",
        version="2024-07-17",
        licence=_FUNASR,
        source="csukuangfj/sherpa-onnx-sense-voice-zh-en-ja-ko-yue-2024-07-17",
        kind="hub",
        files=("model.int8.onnx", "tokens.txt"),
        weights=("model.int8.onnx",),
        size_mb=239,
        note="seven feelings and sound events in Mandarin, Cantonese, English, Japanese, Korean; needs no torch",
    ),
    _text("roberta-go-emotions", "SamLowe/roberta-base-go_emotions", "2022-10", "MIT", _SAFE, 502,
          "28 feelings in English texts", tokenizer="tokenizer.json"),
    _text("chinese-emotion", "Johnson8187/Chinese-Emotion", "2024-12", "MIT", _SAFE, 2262,
          "eight feelings in Chinese dialogue (written in Taiwan)", tokenizer="tokenizer.json"),
    _text("bert-multilingual-go-emotions", "SchuylerH/bert-multilingual-go-emtions", "2023-07", "Apache-2.0",
          _PICKLE, 713, "28 feelings in English and Chinese texts", tokenizer="vocab.txt"),
    _text("xlm-emo-t", "MilaNLProc/xlm-emo-t", "2022-04", "not stated", _PICKLE, 1126,
          "joy, anger, fear, sadness in texts of 19 languages", tokenizer="tokenizer.json"),
    _text("emotion-english-distilroberta", "j-hartmann/emotion-english-distilroberta-base", "2021-12", "not stated",
          _PICKLE, 331, "seven feelings in English texts", tokenizer="tokenizer.json"),
)  # fmt: skip
