"""Demucs models out of a folder, without the network and without running what a pickle asks for.

A folder is as Demucs lays it out: `SIGNATURE-<start of its sha256>.th` or `SIGNATURE.safetensors`, and `NAME.yaml`
for bags of models. `.th` files are pickles: one is opened only if its hash is in its name or in the catalogue, and
torch's restricted loader admits tensors, plain values and the classes in `_ALLOWED`, nothing else; quantised ones need
those of `_QUANTISERS`.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...core.errors import BadValue, MissingExtra, MissingModel, StageError
from ...models import hashes, store
from ...models.catalogue import ENTRIES, get

#: The model of the store that is taken unasked, best first.
DEFAULTS = ("htdemucs", "htdemucs_ft")
_ALLOWED = (("demucs.htdemucs", "HTDemucs"), ("demucs.hdemucs", "HDemucs"), ("demucs.demucs", "Demucs"))
#: What ends the name of a pickle, before '.th': the start of its sha256.
_HASH = re.compile(r"-([0-9a-f]{8,64})$")
_QUANTISERS = (("diffq.diffq", "DiffQuantizer"), ("diffq.uniform", "UniformQuantizer"))


def locate(model: str, repo: str | None) -> tuple[Path, str]:
    """The folder and the model's name in it, found in milliseconds. Raises MissingModel, BadValue, UnknownName."""
    if repo is None:
        names = (get(model).name,) if model else DEFAULTS
        for name in names:
            folder = store.find(name)
            if folder is not None:
                return folder, name
        raise MissingModel(
            f"the weights of {names[0]} are not on this machine", value=names[0], remedy=store.pull_command(names[0])
        )
    folder = Path(repo).expanduser()
    if not folder.is_dir():
        raise MissingModel(f"{folder} is not a folder", value=repo, remedy="Check separate.repo.")
    bags, singles = sorted(path.stem for path in folder.glob("*.yaml")), sorted(_weights(folder))
    if not bags and not singles:
        raise MissingModel(
            f"{folder} holds no Demucs model",
            value=repo,
            remedy="Put NAME.yaml with SIGNATURE-HASH.th or SIGNATURE.safetensors files there.",
        )
    if model in bags or model in singles:
        return folder, model
    candidates = bags or singles
    if not model and len(candidates) == 1:
        return folder, candidates[0]
    what = f"There is no model {model!r} in {folder}." if model else f"{folder} holds several models."
    raise BadValue(what, value=model, choices=(*bags, *singles), remedy="Name one with separate.model.")


def load(folder: Path, name: str) -> Any:
    """A demucs BagOfModels, on the CPU and ready to run. Raises MissingModel, BadValue, StageError."""
    import yaml
    from demucs.apply import BagOfModels

    weights = _weights(folder)
    if name in weights:
        bag: dict[str, Any] = {"models": [name]}
    else:
        path = folder / f"{name}.yaml"
        # Torch's own cache has the weights of a catalogued bag without its yaml.
        bag = yaml.safe_load(path.read_text("utf-8") if path.is_file() else get(name).texts[f"{name}.yaml"])
    absent = [signature for signature in bag["models"] if signature not in weights]
    if absent:
        raise MissingModel(
            f"{name} in {folder} lacks the weights {', '.join(absent)}.",
            value=name,
            remedy="Copy or pull the model again.",
        )
    models = [_load_one(weights[signature]) for signature in bag["models"]]
    loaded = BagOfModels(models, bag.get("weights"), bag.get("segment"))
    loaded.eval()
    return loaded


def weight_files(folder: Path, name: str) -> tuple[Path, ...]:
    """The files whose hashes stand for the model: all weights of the folder, or the one that `name` is."""
    weights = _weights(folder)
    return (weights[name],) if name in weights else tuple(weights[key] for key in sorted(weights))


def _weights(folder: Path) -> dict[str, Path]:
    """Weight files by signature; safetensors win over pickles."""
    pickles = {_HASH.sub("", path.stem): path for path in sorted(folder.glob("*.th"))}
    return pickles | {path.stem: path for path in sorted(folder.glob("*.safetensors"))}


def _load_one(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return _load_safetensors(path)
    import pickle
    from fractions import Fraction

    import torch
    from demucs.states import load_model

    _vouch(path)
    classes = [getattr(importlib.import_module(module), name) for module, name in _ALLOWED]
    quantisers = [getattr(importlib.import_module(m), n) for m, n in _QUANTISERS] if _can_unpack() else []
    try:
        with torch.serialization.safe_globals([*classes, *quantisers, Fraction]):
            package = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        if not quantisers and "diffq." in str(error):
            raise _quantised(path) from error
        raise StageError(
            f"{path.name} is not a Demucs model that can be loaded safely ({str(error).splitlines()[0]}).",
            value=str(path),
            remedy="Convert it to safetensors with Demucs' tools/export_hf.py.",
        ) from error
    if not isinstance(package, dict) or package.get("klass") not in classes:
        raise StageError(f"{path.name} holds no Demucs model.", value=str(path))
    return _built(load_model, package, path)


def _vouch(path: Path) -> None:
    """Raises StageError for a pickle that is not what its name says, or that nothing vouches for."""
    actual, named = hashes.compute(path), _HASH.search(path.stem)
    if named and not actual.startswith(named[1]):
        raise StageError(
            f"{path} has sha256 {actual[: len(named[1])]}…, its name says {named[1]}.",
            value=str(path),
            remedy="It was damaged or changed: copy or pull it again.",
        )
    if not named and not any(actual.startswith(known) for entry in ENTRIES for known in entry.sha256.values()):
        raise StageError(
            f"{path.name} is a pickle from an unknown source: no hash in its name, and none in the catalogue is its.",
            value=str(path),
            remedy="Convert it to safetensors with Demucs' tools/export_hf.py; or, if you trust where it came from, "
            f"rename it to {path.stem}-{actual[:8]}.th.",
        )


def _load_safetensors(path: Path) -> Any:
    from demucs.hf import load_safetensors_model
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise StageError(f"{path.name} is not a safetensors file ({error}).", value=str(path)) from error
    # Demucs imports whatever class the metadata names, and those in the structure of a quantised model.
    named = {metadata.get("klass", ""), *re.findall(r'"_class":\s*"([^"]*)"', metadata.get("structure", ""))}
    strange = named - {f"{module}.{name}" for module, name in (*_ALLOWED, *_QUANTISERS)}
    if strange:
        raise StageError(f"{path.name} asks for {min(strange)!r}, which is no part of Demucs.", value=str(path))
    if "structure" in metadata and not _can_unpack():
        raise _quantised(path)
    return _built(load_safetensors_model, path, path)


def _built(load: Callable[[Any], Any], source: Any, path: Path) -> Any:
    try:
        return load(source)
    except SystemExit as error:  # demucs.utils.fatal
        raise StageError(f"Demucs gave up on {path.name}.", value=str(path)) from error
    except (RuntimeError, TypeError, KeyError, ValueError, AssertionError) as error:
        why = (str(error).splitlines() or [repr(error)])[0]
        raise StageError(f"{path.name} does not fit its Demucs model: {why}", value=str(path)) from error


def _can_unpack() -> bool:
    return importlib.util.find_spec("diffq") is not None


def _quantised(path: Path) -> MissingExtra:
    return MissingExtra(f"{path.name} is quantised, and diffq is not installed.", remedy="pip install diffq")
