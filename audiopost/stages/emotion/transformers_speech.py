"""Feelings in a voice by a wav2vec 2.0, HuBERT or WavLM model in Hugging Face's layout.

Two kinds: classifiers of named feelings (such as superb/hubert-large-superb-er: S. Yang et al., "SUPERB", Interspeech
2021), and audEERING's regression of arousal, dominance and valence (J. Wagner et al., "Dawn of the transformer era in
speech emotion recognition", IEEE TPAMI 45, 2023). Which one a folder is, its config.json says. Weights are read without
running code: safetensors, else a pickle by torch's restricted loader.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from ...analysis.affect import Reading
from ...core.errors import BadValue
from ...core.spotting import Affect
from ...models import torch_setup
from ...models.config_file import read_json
from .listening import RATE, Model, Samples
from .model_folders import Family, Found, broken
from .model_labels import SURE_OF_A_VOICE, emotions_of, reading
from .model_reader import ModelReader

#: Classifiers by the `model_type` of a config.json.
_CLASSIFIERS = {
    "wav2vec2": "Wav2Vec2ForSequenceClassification",
    "hubert": "HubertForSequenceClassification",
    "wavlm": "WavLMForSequenceClassification",
    "unispeech-sat": "UniSpeechSatForSequenceClassification",
    "wav2vec2-conformer": "Wav2Vec2ConformerForSequenceClassification",
}
_AXES = ("arousal", "dominance", "valence")
#: Trust in the regression: on natural speech it agrees with people by .745, .655, .638 (concordance on MSP-Podcast, its
#: model card). Not measured on films.
_REGRESSION = 0.65


class TransformersReader(ModelReader):
    name: ClassVar[str] = "transformers"
    family: ClassVar[Family] = Family(
        stage="emotion",
        backend="transformers",
        option="emotion.model",
        what="speech emotion model",
        needed=("config.json",),
        weights=("model.safetensors", "pytorch_model.bin"),
        packages=("torch", "transformers"),
        install="pip install 'audiopost[emotion]'",
    )

    def load(self) -> Model:
        config = read_json(self.found.folder / "config.json")
        labels = labels_of(config)
        network = _Network(self.found, config, self.device, regression=set(labels) == set(_AXES))
        if set(labels) == set(_AXES):
            return functools.partial(_placed, network, [labels.index(axis) for axis in _AXES])
        return functools.partial(_named, network, emotions_of(labels, self.found.title))


def labels_of(config: dict[str, Any]) -> list[str]:
    """The names of a model's outputs, in order. Raises BadValue where its config.json does not number them."""
    named = config.get("id2label")
    if not isinstance(named, dict) or sorted(named) != sorted(str(i) for i in range(len(named))):
        raise BadValue(
            f"A config.json numbers its labels from 0, this one has {named!r}.",
            value=named,
            remedy='Name what the model\'s numbers mean: "id2label": {"0": "neutral", "1": "anger", …}.',
        )
    return [str(named[str(i)]) for i in range(len(named))]


def _placed(network: _Network, order: Sequence[int], waves: Samples) -> list[Reading]:
    """Readings of a regression, whose 0 to 1 are the raters' 1 to 7: the middle of their scale is neutral."""
    found = []
    for row in network(waves):
        arousal, dominance, valence = (float(np.clip(2 * row[i] - 1, -1, 1)) for i in order)
        found.append(Reading(Affect(arousal, valence, dominance, _REGRESSION)))
    return found


def _named(network: _Network, emotions: Sequence[str | None], waves: Samples) -> list[Reading]:
    """Readings of a classifier."""
    from scipy.special import softmax

    return [reading(row, emotions, SURE_OF_A_VOICE) for row in softmax(network(waves), axis=1)]


class _Network:
    """(n, samples) to (n, outputs): logits of a classifier, values of a regression."""

    def __init__(self, found: Found, config: dict[str, Any], device: str, *, regression: bool) -> None:
        torch_setup.prepare()
        kind = str(config.get("model_type", ""))
        known = ("wav2vec2",) if regression else tuple(_CLASSIFIERS)
        if kind not in known:
            raise BadValue(
                f"{found.title} is of the type {kind!r}, which audiopost cannot run.",
                value=kind,
                choices=known,
                remedy="Name a model of one of these types.",
            )
        self._normalised = _is_normalised(found)
        self._network = loaded(_regression() if regression else _classifier(kind), found, device)

    def __call__(self, waves: Samples) -> Samples:
        import torch

        if self._normalised:
            waves = (waves - waves.mean(axis=1, keepdims=True)) / np.sqrt(waves.var(axis=1, keepdims=True) + 1e-7)
        with torch.inference_mode():
            heard = torch.from_numpy(np.ascontiguousarray(waves, np.float32)).to(self._network.device)
            answer = self._network(heard)
            outputs: Samples = getattr(answer, "logits", answer).float().cpu().numpy()
        return outputs


def loaded(kind: Any, found: Found, device: str) -> Any:
    """The model of a folder by its transformers class, on a device and ready to ask. Raises StageError.

    No pickle runs code, no file is asked of a hub, and weights that a checkpoint lacks are not made up.
    """
    safe = found.weights.suffix == ".safetensors"
    try:
        with _without_bars():
            network, notes = kind.from_pretrained(
                str(found.folder), local_files_only=True, use_safetensors=safe, weights_only=True,
                trust_remote_code=False, output_loading_info=True,
            )  # fmt: skip
    except Exception as error:  # config, weights and formats fail in many ways
        raise broken(found, error) from error
    # The mask's embedding is for training alone; old checkpoints have none.
    absent = sorted(key for key in notes["missing_keys"] if not key.endswith("masked_spec_embed"))
    if absent or notes.get("mismatched_keys"):
        what = ", ".join(absent[:3]) or "weights of the sizes that its config names"
        raise broken(found, f"its weights lack {what}")
    # Some are published at half precision, which processors have no fast kernels for.
    return network.eval().float().to(device)


@contextlib.contextmanager
def _without_bars() -> Iterator[None]:
    """Without transformers' own progress bars inside."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _is_normalised(found: Found) -> bool:
    """Whether the model wants samples of mean 0 and variance 1, as its preprocessor says."""
    file = found.folder / "preprocessor_config.json"
    facts = read_json(file) if file.is_file() else {}
    rate = facts.get("sampling_rate", RATE)
    if rate != RATE:
        raise BadValue(
            f"{found.title} hears {rate} Hz; models of feelings are asked at {RATE} Hz.",
            value=rate,
            remedy="Name another model.",
        )
    return bool(facts.get("do_normalize", True))


def _classifier(kind: str) -> Any:
    import transformers

    return getattr(transformers, _CLASSIFIERS[kind])


@functools.cache
def _regression() -> Any:
    """The class of audEERING's checkpoints: `wav2vec2.*`, then `classifier.dense` and `classifier.out_proj`."""
    import torch
    from transformers import Wav2Vec2Model, Wav2Vec2PreTrainedModel

    class Head(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, config: Any) -> None:
            super().__init__()
            self.dense = torch.nn.Linear(config.hidden_size, config.hidden_size)
            self.out_proj = torch.nn.Linear(config.hidden_size, config.num_labels)

        def forward(self, pooled: Any) -> Any:
            return self.out_proj(torch.tanh(self.dense(pooled)))

    class Regression(Wav2Vec2PreTrainedModel):  # type: ignore[misc]
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.wav2vec2 = Wav2Vec2Model(config)
            self.classifier = Head(config)
            self.post_init()

        def forward(self, waves: Any) -> Any:
            return self.classifier(self.wav2vec2(waves).last_hidden_state.mean(dim=1))

    return Regression
