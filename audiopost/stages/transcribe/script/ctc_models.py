"""Which CTC models are on this machine, and whether they can spell a script.

A model is a folder in Hugging Face's layout: config.json, vocab.json and weights. Those that the catalogue lists for
the backend 'ctc' are found in the model store and the hub's cache; others are named by their folder.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ....core.errors import BadValue, MissingExtra, MissingModel
from ....core.stage import ModelInfo
from ....models.config_file import read_json
from .words import ScriptWord

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_NEEDED = ("config.json", "vocab.json")
#: At least this share of the script's letters must be in a model's vocabulary.
_KNOWN_SHARE = 0.8
_PACKAGES = ("torch", "transformers")
#: Models of the catalogue that know these languages only, whatever their letters; others take what they can spell.
_LANGUAGES = {"wav2vec2-base-960h": frozenset({"en"})}


@dataclass(frozen=True)
class CTCModel:
    """A model's folder; `entry` is its name in the catalogue, '' for a user's own."""

    folder: Path
    entry: str = ""

    @property
    def title(self) -> str:
        return self.entry or self.folder.name

    @property
    def info(self) -> ModelInfo:
        from ....models import store

        return store.info(self.entry) if self.entry else store.folder_info(self.folder, WEIGHTS)

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """Symbols and their numbers. Raises BadValue for a model with one vocabulary a language."""
        found = read_json(self.folder / "vocab.json")
        if any(isinstance(value, Mapping) for value in found.values()):
            raise BadValue(
                f"{self.title} has a vocabulary for each of several languages.",
                value=str(self.folder),
                remedy="Name a model with one vocabulary, such as a wav2vec2 model of one language.",
            )
        return {str(symbol): int(number) for symbol, number in found.items()}

    def symbol(self, char: str) -> str:
        """A letter as this model writes it."""
        return char.upper() if "A" in self.vocabulary and "a" not in self.vocabulary else char

    def coverage(self, words: Sequence[ScriptWord]) -> float:
        """The share of the script's letters that the model knows."""
        letters = [char for word in words for token in word.tokens for char in token if char.isalnum()]
        return sum(self.symbol(char) in self.vocabulary for char in letters) / max(len(letters), 1)


def located(name: str, words: Sequence[ScriptWord]) -> CTCModel:
    """The model that a folder or a catalogue's name means; with '' the first in the catalogue that is here.

    Raises MissingExtra, MissingModel, and BadValue where it cannot spell the script.
    """
    from ....models import store

    for package in _PACKAGES:
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(
                f"{package} is not installed: the ctc aligner needs it.", remedy=f"pip install {package}"
            )
    folder = Path(name).expanduser()
    entries = _entries()
    if name in entries or not name:
        wanted = [name] if name else entries
        model = next((CTCModel(found, entry) for entry in wanted if (found := store.find(entry))), None)
        if model is None:
            pull = f"Type: {store.pull_command(wanted[0])}, or name" if wanted else "Name"
            raise MissingModel(
                f"transcribe: the ctc aligner needs a model, and {name or 'none'} is {'not ' if name else ''}here.",
                value=name,
                remedy=f"{pull} the folder of a wav2vec2 or MMS model with transcribe.align_model.",
            )
    else:
        lacking = [file for file in _NEEDED if not (folder / file).is_file()]
        if not any((folder / file).is_file() for file in WEIGHTS):
            lacking.append(" or ".join(WEIGHTS))
        if lacking:
            raise MissingModel(
                f"transcribe.align_model: {folder} is no CTC model: it lacks {', '.join(lacking)}.",
                value=name,
                choices=entries,
                remedy="Name the folder of a wav2vec2 CTC model in Hugging Face's layout.",
            )
        model = CTCModel(folder)
    share = model.coverage(words)
    if share < _KNOWN_SHARE:
        raise BadValue(
            f"{model.title} has only {share:.0%} of the script's letters in its vocabulary.",
            value=str(model.folder),
            remedy="Name a model of the script's language and writing, or set transcribe.aligner to words.",
        )
    return model


def fitting(words: Sequence[ScriptWord], languages: Set[str]) -> CTCModel | None:
    """The first model of the catalogue that is on this machine, knows the languages and can spell the script."""
    return next(
        (
            model
            for model in _here()
            if languages <= _LANGUAGES.get(model.entry, languages) and model.coverage(words) >= _KNOWN_SHARE
        ),
        None,
    )


def _here() -> Iterator[CTCModel]:
    from ....models import store

    if all(importlib.util.find_spec(package) for package in _PACKAGES):
        for entry in _entries():
            if folder := store.find(entry):
                yield CTCModel(folder, entry)


def _entries() -> list[str]:
    from ....models.catalogue import ENTRIES

    return [entry.name for entry in ENTRIES if entry.backend == "ctc"]
