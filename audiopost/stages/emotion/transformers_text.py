"""Feelings in words by text classifiers in Hugging Face's layout, each asked only about languages that it knows.

Without `words_model` every language goes to the first model of the catalogue that is here and knows it; texts of other
languages are read by the word list. A text that a model calls neutral leaves the feeling to the voice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...analysis.affect import Reading
from ...core.stage import Availability, ModelInfo
from ...models import store, torch_setup
from ...models.catalogue import get
from ...models.config_file import read_json
from ...models.held import held
from ...subtitles.text import CHINESE, base
from . import Options
from .model_folders import Family, Found, availability, broken, locate, located, usable
from .model_labels import emotions_of, reading
from .transformers_speech import labels_of, loaded
from .words import LexiconReader

FAMILY = Family(
    stage="emotion-words",
    backend="transformers",
    option="emotion.words_model",
    what="text emotion model",
    needed=("config.json",),
    weights=("model.safetensors", "pytorch_model.bin"),
    packages=("torch", "transformers"),
    install="pip install 'audiopost[emotion]'",
)
#: Languages that models of the catalogue know, as their cards say; others know any.
_LANGUAGES = {
    "roberta-go-emotions": frozenset({"en"}),
    "emotion-english-distilroberta": frozenset({"en"}),
    "chinese-emotion": frozenset({"zh"}),
    "bert-multilingual-go-emotions": frozenset({"en", "zh"}),
}
#: Labels that a config.json leaves unnamed, as the model's card has them.
_UNNAMED = dict.fromkeys(
    ("Johnson8187/Chinese-Emotion", "Johnson8187/Chinese-Emotion-Small"),
    ("平淡語氣", "關切語調", "開心語調", "憤怒語調", "悲傷語調", "疑問語調", "驚奇語調", "厭惡語調"),
)
#: Trust in a text model that is sure, that of the word list at its surest. Models are trained on written remarks.
_SURE = 0.7
_BATCH = 32
_MOST_TOKENS = 512


class TextReader:
    name: ClassVar[str] = "transformers"
    draft: ClassVar[str] = ""

    def __init__(self, options: Options) -> None:
        self.options = options
        own = options.words_model
        self._found = (located(FAMILY, own),) if own else usable(FAMILY) or (located(FAMILY, ""),)
        self._known = {found: _languages(found) for found in self._found}
        self._models: dict[Found, _Model] = {}

    @classmethod
    def available(cls, options: Options) -> Availability:
        state = availability(FAMILY, options.words_model)
        if not state.ready:
            return state
        found = locate(FAMILY, options.words_model)
        here = usable(FAMILY) if not options.words_model else (found,) if isinstance(found, Found) else ()
        told = ", ".join(f"{each.title} ({', '.join(sorted(_languages(each) or {'any language'}))})" for each in here)
        return Availability(True, f"{state.reason}: {told}; other languages by the word list")

    @property
    def model(self) -> ModelInfo:
        return store.together([found.info for found in self._found])

    def rate(self, texts: Sequence[tuple[str, str]]) -> list[Reading | None]:
        """One reading for each (text, language), None where nothing in it tells. Raises BadValue, StageError."""
        found: list[Reading | None] = [None] * len(texts)
        asked: dict[Found | None, list[int]] = {}
        for i, (text, language) in enumerate(texts):
            if any(char.isalpha() for char in text):
                asked.setdefault(self._knowing(language), []).append(i)
        for model, places in asked.items():
            some = [texts[i] for i in places]
            answers: Sequence[Reading | None] = (
                LexiconReader(self.options).rate(some) if model is None else self._model(model)([t for t, _ in some])
            )
            for i, answer in zip(places, answers, strict=True):
                found[i] = answer
        return found

    def _knowing(self, language: str) -> Found | None:
        tag = _written(language)
        return next((found for found, known in self._known.items() if known is None or tag in known), None)

    def _model(self, found: Found) -> _Model:
        if found not in self._models:
            device = torch_setup.device(self.options.device, "emotion.device")
            self._models[found] = held(("words", found, device), lambda: _Model(found, device))
        return self._models[found]


def _written(language: str) -> str:
    """The language a BCP 47 tag names, Chinese being one as it is written."""
    tag = base(language)
    return "zh" if tag in CHINESE else tag


def _languages(found: Found) -> frozenset[str] | None:
    """What a model knows by the table, else by the card beside it; None where neither says, or it says many."""
    if found.entry:
        return _LANGUAGES.get(found.entry)
    try:
        head = (found.folder / "README.md").read_text("utf-8").split("---")[1]
    except (OSError, UnicodeDecodeError, IndexError):
        return None
    import yaml

    try:
        card = yaml.safe_load(head)
    except yaml.YAMLError:
        return None
    told = card.get("language") if isinstance(card, dict) else None
    names = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    known = frozenset(_written(str(name)) for name in names)
    return None if not known or "multilingual" in known else known


class _Model:
    """Texts to readings."""

    def __init__(self, found: Found, device: str) -> None:
        torch_setup.prepare()
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        config = read_json(found.folder / "config.json")
        labels = labels_of(config)
        if all(label.startswith("LABEL_") for label in labels):
            source = get(found.entry).source if found.entry else found.repo
            labels = list(_UNNAMED.get(source, labels))
        self._emotions = emotions_of(labels, found.title)
        self._several = config.get("problem_type") == "multi_label_classification"
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(
                str(found.folder), local_files_only=True, trust_remote_code=False
            )
        except Exception as error:  # tokenizers of many kinds fail in many ways
            raise broken(found, f"its tokenizer cannot be read ({str(error).splitlines()[0]})") from error
        self._network = loaded(AutoModelForSequenceClassification, found, device)

    def __call__(self, texts: Sequence[str]) -> list[Reading]:
        return [self._reading(row) for rows in self._shares(texts) for row in rows]

    def _reading(self, shares: NDArray[np.float32]) -> Reading:
        found = reading(shares, self._emotions, _SURE)
        told = 1 - (found.likelihood or {}).get("neutral", 0.0)
        return replace(found, affect=replace(found.affect, confidence=found.affect.confidence * told))

    def _shares(self, texts: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        """(n, labels) probabilities of each batch."""
        import torch

        # RoBERTa and its kin keep two positions for themselves; not every tokenizer says where its model ends.
        positions = getattr(self._network.config, "max_position_embeddings", None) or 0
        most = positions - 2 if positions > 2 else _MOST_TOKENS
        longest = min(_MOST_TOKENS, self._tokenizer.model_max_length, most)
        for first in range(0, len(texts), _BATCH):
            some = list(texts[first : first + _BATCH])
            tokens: Any = self._tokenizer(
                some, padding=True, truncation=True, max_length=longest, return_tensors="pt"
            ).to(self._network.device)
            with torch.inference_mode():
                logits = self._network(**tokens).logits.float()
                # Where several labels may hold at once each has a probability of its own.
                shares: NDArray[np.float32] = (
                    (logits.sigmoid() if self._several else logits.softmax(dim=-1)).cpu().numpy()
                )
            yield shares
