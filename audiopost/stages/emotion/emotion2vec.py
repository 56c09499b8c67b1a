"""Feelings in a voice by emotion2vec+ (seed, base, large), Chinese and English, from a folder as FunASR lays it out.

The folder holds config.yaml, tokens.txt (the labels) and model.pt, a pickle, which torch's restricted loader reads:
tensors and plain values, nothing that runs.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ...analysis.affect import Reading
from ...core.errors import BadValue
from .listening import Model, Samples
from .model_folders import Family, Found, broken
from .model_labels import SURE_OF_A_VOICE, emotions_of, reading
from .model_reader import ModelReader

#: Where a checkpoint's weights lie in it, and what may stand before their names.
_WITHIN, _BEFORE = ("state_dict", "model_state_dict", "model"), ("module.", "d2v_model.")


class Emotion2vecReader(ModelReader):
    name: ClassVar[str] = "emotion2vec"
    family: ClassVar[Family] = Family(
        stage="emotion",
        backend="emotion2vec",
        option="emotion.model",
        what="emotion2vec model",
        needed=("config.yaml", "tokens.txt"),
        weights=("model.pt",),
        packages=("torch", "yaml"),
        install="pip install 'audiopost[emotion]'",
    )

    def load(self) -> Model:
        labels = [line.strip() for line in _text(self.found, "tokens.txt").splitlines() if line.strip()]
        emotions = emotions_of(labels, self.found.title)
        used = [i for i, label in enumerate(labels) if not label.startswith("unuse")]
        network = _network(self.found, len(labels), self.device)
        return functools.partial(_heard, network, used, [emotions[i] for i in used])


def _heard(network: Any, used: Sequence[int], emotions: Sequence[str | None], waves: Samples) -> list[Reading]:
    """Readings of a batch; outputs that the model's makers left untrained ('unuse_0' …) have no part in them."""
    import torch

    with torch.inference_mode():
        logits = network(torch.from_numpy(waves).to(network.proj.weight.device))
        shares: Samples = logits[:, used].float().softmax(dim=-1).cpu().numpy()
    return [reading(row, emotions, SURE_OF_A_VOICE) for row in shares]


def _network(found: Found, labels: int, device: str) -> Any:
    """The network of a folder. Raises BadValue, StageError."""
    from .emotion2vec_network import Emotion2vec

    try:
        network = Emotion2vec(_config(found), labels)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise broken(found, f"config.yaml describes no emotion2vec ({error!r})") from error
    weights = _weights(found)
    wrong = [
        name
        for name, value in network.state_dict().items()
        if name not in weights or tuple(weights[name].shape) != tuple(value.shape)
    ]
    if wrong:
        raise broken(found, f"its weights lack {', '.join(wrong[:3])}, or have them in other sizes")
    network.load_state_dict({name: weights[name] for name in network.state_dict()})
    return network.eval().to(device)


def _text(found: Found, name: str) -> str:
    try:
        return (found.folder / name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise broken(found, f"{name} is no text ({error})") from error


def _config(found: Found) -> Mapping[str, Any]:
    import yaml

    try:
        config = yaml.safe_load(_text(found, "config.yaml"))
    except yaml.YAMLError as error:
        raise broken(found, f"config.yaml is no YAML ({error})") from error
    kind = config.get("model") if isinstance(config, dict) else None
    if kind != "Emotion2vec":
        raise BadValue(
            f"{found.title} is a FunASR model of the kind {kind!r}.",
            value=kind,
            choices=("Emotion2vec",),
            remedy="SenseVoice is run by the backend sensevoice, from its ONNX export.",
        )
    described = config.get("model_conf")
    if not isinstance(described, dict):
        raise broken(found, "config.yaml describes no emotion2vec (it lacks model_conf)")
    return described


def _weights(found: Found) -> dict[str, Any]:
    import torch

    try:
        held = torch.load(found.weights, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged pickles fail in many ways
        why = (str(error).splitlines() or [repr(error)])[0]
        raise broken(found, f"model.pt cannot be read safely ({why})") from error
    for key in _WITHIN:
        held = held[key] if isinstance(held, dict) and isinstance(held.get(key), dict) else held
    if not isinstance(held, dict):
        raise broken(found, "model.pt holds no weights")
    tensors = {str(name): value for name, value in held.items() if isinstance(value, torch.Tensor)}
    for before in _BEFORE:
        tensors = {name.removeprefix(before): value for name, value in tensors.items()}
    return tensors
