"""Words and music in one space: CLAP embeddings, where its weights are on this machine.

CLAP (Wu et al., "Large-scale contrastive language-audio pretraining", ICASSP 2023; `laion/clap-htsat-unfused`) is read
from a folder in Hugging Face's layout by transformers, as safetensors or without running code. It only adds to a
ranking that does without it.
"""

from __future__ import annotations

import functools
import importlib.util
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ...core.audio import Audio, FloatArray
from ...core.errors import BadValue, MissingExtra, MissingModel, StageError
from ...core.spotting import Cue
from ...core.stage import ModelInfo
from ...io.scratch import at_rate
from ...models import store as models
from ...models import torch_setup
from ..scoring import in_rule_words
from .store import Store

log = logging.getLogger("audiopost")

NAME = "clap-htsat-unfused"
RATE = 48_000
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
#: Seconds of one hearing, and the most of them in a track, evenly spread: its mean is the track's embedding.
_WINDOW_S, _WINDOWS = 10.0, 6
_EXTRA = "pip install 'transformers>=4.46' 'torch>=2.6' 'safetensors>=0.5'"


def locate(model: str | None = None) -> Path | None:
    """The model's folder: `model` itself, else where the store or the hub's cache has it; None where it is not."""
    return Path(model).expanduser() if model else models.find(NAME)


def required(model: str | None = None) -> Path:
    """`locate`, or why it cannot be used. Raises MissingExtra, MissingModel, BadValue."""
    folder = locate(model)
    if folder is None:
        raise MissingModel("CLAP is not on this machine.", value=NAME, remedy=f"Type: {models.pull_command(NAME)}")
    if not (folder / "config.json").is_file() or not any((folder / name).is_file() for name in WEIGHTS):
        raise BadValue(
            f"{folder} holds no CLAP model.",
            value=str(folder),
            remedy=f"Name a folder with config.json and {' or '.join(WEIGHTS)}.",
        )
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(f"CLAP needs {package}.", value=package, remedy=_EXTRA)
    return folder


def info(folder: Path) -> ModelInfo:
    """The model as the record names it."""
    return models.info(NAME) if folder == models.find(NAME) else models.folder_info(folder, WEIGHTS)


@functools.lru_cache(8)
def identity(folder: Path) -> str:
    """What embeddings are stored under: those of other weights are not comparable."""
    return f"clap:{info(folder).sha256[:16]}"


class Clap:
    """The two encoders. Vectors have length 1."""

    def __init__(self, folder: Path) -> None:
        """Raises StageError for a folder that does not load."""
        torch_setup.prepare()
        import torch
        from transformers import ClapModel, ClapProcessor

        self.identity = identity(folder)
        safe = (folder / WEIGHTS[0]).is_file()
        try:
            self._processor = ClapProcessor.from_pretrained(str(folder), local_files_only=True)
            self._model = ClapModel.from_pretrained(
                str(folder), local_files_only=True, use_safetensors=safe, weights_only=True
            ).eval()
        except Exception as error:  # config, weights and formats fail in many ways
            raise StageError(
                f"library: the CLAP model in {folder} does not load: {error}",
                value=str(folder),
                remedy="Copy the model again, or name another with --clap.",
            ) from error
        self._torch = torch

    @classmethod
    @functools.lru_cache(2)
    def at(cls, folder: Path) -> Clap:
        return cls(folder)

    def sound(self, audio: Audio) -> FloatArray:
        """(size,) of a track: the mean over windows spread over it."""
        mono = at_rate(audio, RATE, mono=True)
        size = round(_WINDOW_S * RATE)
        count = min(max(round(mono.frames / size), 1), _WINDOWS)
        starts = np.linspace(0, max(mono.frames - size, 0), count).round().astype(int).tolist()
        # One draw of a cut for what is longer than the model hears would be random: windows are no longer than that.
        windows = [np.ascontiguousarray(mono.read(start, start + size)[0]) for start in starts]
        inputs = self._processor.feature_extractor(windows, sampling_rate=RATE, return_tensors="pt")
        with self._torch.inference_mode():
            vectors = _unit(self._model.get_audio_features(**inputs))
        return np.asarray(vectors.mean(axis=0), np.float32)

    def text(self, text: str) -> FloatArray:
        """(size,) of words."""
        inputs = self._processor.tokenizer([text], return_tensors="pt", padding=True, truncation=True)
        with self._torch.inference_mode():
            vectors = _unit(self._model.get_text_features(**inputs))
        return np.asarray(vectors[0], np.float32)


def _unit(features: Any) -> FloatArray:
    pooled = getattr(features, "pooler_output", features)
    vectors = pooled.float().cpu().numpy()
    return np.asarray(vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9), np.float32)


#: The numbers of the tracks and the cosine of each with some words.
Words = Callable[[str], tuple[list[int], FloatArray]]


def words_of(store: Store) -> Words | None:
    """A search by words among a library's embeddings; None where there are none of a model that is here."""
    embedders = store.embedders()
    if not embedders:
        return None
    try:
        folder = next((f for f in map(Path, embedders.values()) if f.is_dir()), None) or required()
        if identity(required(str(folder))) not in embedders:
            return None
        model = Clap.at(folder)
    except (MissingExtra, MissingModel, BadValue, StageError) as error:
        log.warning("tracks are ranked without CLAP: %s", error)
        return None
    ids, vectors = store.embeddings(model.identity)
    lengths = np.linalg.norm(vectors, axis=1) + 1e-9

    def search(text: str) -> tuple[list[int], FloatArray]:
        return ids, np.asarray(vectors @ model.text(text) / lengths, np.float32)

    return search


def described(cue: Cue) -> str:
    """The cue in the words that CLAP was trained on: English, short, what is heard."""
    mean = sum(cue.tempo_bpm) / 2
    pace = "slow" if mean < 85 else "fast" if mean > 125 else "moderate tempo"
    instruments = ", ".join(name for name in map(in_rule_words, cue.instruments) if name.isascii())
    parts = [f"{cue.emotion} {cue.mode} music".replace("neutral ", ""), pace, instruments, f"film {cue.function}"]
    return ", ".join(part for part in parts if part)
