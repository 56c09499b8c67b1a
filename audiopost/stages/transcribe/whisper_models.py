"""Whisper models by name: where a size, a folder or a hub id lies on this machine, and how a missing one comes here."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import MissingModel, UnknownName
from ...core.stage import Availability
from ...models import catalogue, store
from . import Options, suggested

log = logging.getLogger("audiopost")

#: What `auto` takes, best first.
BEST = ("whisper-large-v3", "whisper-turbo", "whisper-medium", "whisper-small", "whisper-base", "whisper-tiny")
#: The sizes that faster-whisper knows, and where the hub has them (faster_whisper/utils.py).
SIZES = {
    **{f"{size}.en": f"Systran/faster-whisper-{size}.en" for size in ("tiny", "base", "small", "medium")},
    **{size: f"Systran/faster-whisper-{size}" for size in ("tiny", "base", "small", "medium")},
    **{f"large-v{n}": f"Systran/faster-whisper-large-v{n}" for n in (1, 2, 3)},
    "large": "Systran/faster-whisper-large-v3",
    "turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "large-v3-turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    **{
        f"distil-{size}": f"Systran/faster-distil-whisper-{size}"
        for size in ("small.en", "medium.en", "large-v2", "large-v3")
    },
    "distil-large-v3.5": "distil-whisper/distil-large-v3.5-ct2",
}
#: Without tokenizer.json faster-whisper would ask the hub.
FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.*")
_OPTIONAL = ("preprocessor_config.json",)
_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
_TIMEOUT_S = 8.0


@dataclass(frozen=True)
class Found:
    """A model folder; `entry` is its name in the catalogue, `repo` its hub id; both '' for a user's own."""

    folder: Path
    entry: str = ""
    repo: str = ""

    @property
    def title(self) -> str:
        return self.entry or self.repo or self.folder.name


def locate(options: Options) -> Found | Availability:
    """The folder of `options.model`, or why there is none; ready where `pull` could get it. No network, milliseconds.

    Looked into in order: the model as a folder, `model_dir` (a model folder itself, folders named by size or hub name,
    or a hub cache), the store, the hub's cache. Raises UnknownName for what is no size.
    """
    model = options.model
    own = Path(options.model_dir).expanduser() if options.model_dir else None
    if own is not None and not own.is_dir():
        return Availability(
            False, f"transcribe.model_dir = {options.model_dir!r} is no folder", "Name one that exists."
        )
    if model == "auto":
        return _best(own) or Availability(
            False,
            "no Whisper model is on this machine",
            store.pull_command(suggested(options.language or options.languages)),
        )
    folder = Path(model).expanduser()
    if folder.is_dir():
        lacking = [pattern for pattern in FILES if not any(folder.glob(pattern))]
        if lacking:
            return Availability(
                False,
                f"{model} is no faster-whisper model: it lacks {', '.join(lacking)}",
                f"Convert it with ct2-transformers-converter, or {store.pull_command('whisper-small')}",
            )
        return Found(folder)
    if "/" in model or "\\" in model:
        if found := _named(own, model):
            return found
        if folder.exists() or not _HUB_ID.fullmatch(model):
            return Availability(
                False, f"{model} is neither a folder nor a hub id", "Name a size, a folder or ORG/NAME."
            )
        entry, repo, remedy = "", model, f"Add --pull, or type: hf download {model}"
    else:
        size = model.removeprefix("whisper-")
        if size not in SIZES:
            raise UnknownName("model", model, SIZES, where="transcribe")
        entry, repo = _entry(size), SIZES[size]
        if found := _named(own, repo, size, entry):
            return found
        remedy = store.pull_command(entry) if entry else f"Add --pull, or type: hf download {repo}"
    if options.pull:
        return Availability(True, f"{entry or repo} will be fetched from the hub")
    return Availability(False, f"{entry or repo} is not on this machine", remedy)


def fetched(options: Options) -> Found:
    """The model's folder, brought here first where it may be. Raises MissingModel, OutputError, UnknownName."""
    found = locate(options)
    if isinstance(found, Found):
        return found
    size = options.model.removeprefix("whisper-")
    if not found.ready:
        raise MissingModel(f"transcribe: {found.reason}.", value=options.model, remedy=found.remedy)
    entry = _entry(size)
    if entry and not options.model_dir:
        from ...models.pull import pull

        return Found(pull(entry), entry)
    return _from_hub(SIZES.get(size, options.model), options.model_dir)


def _best(own: Path | None) -> Found | None:
    """The best model there is: what `model_dir` holds is meant, so it goes first."""
    if own is not None:
        if _whole(own):
            return Found(own)
        for entry in BEST:
            size = entry.removeprefix("whisper-")
            if found := _inside(own, SIZES[size], size, entry):
                return found
    return next((Found(folder, entry) for entry in BEST if (folder := store.find(entry))), None)


def _named(own: Path | None, repo: str, size: str = "", entry: str = "") -> Found | None:
    if own is not None and (found := _inside(own, repo, size, entry)):
        return found
    if entry:
        here = store.find(entry)
        return Found(here, entry) if here else None
    cached = store.in_hub_cache(repo, FILES)
    return Found(cached.path, repo=repo) if cached else None


def _inside(own: Path, repo: str, size: str, entry: str) -> Found | None:
    """The model in a folder of models, by whichever name it lies there."""
    org, _, name = repo.partition("/")
    names = (size, f"whisper-{size}" if size else "", f"faster-whisper-{size}" if size else "", name, f"{org}/{name}")
    for folder in _distinct(names):
        if _whole(own / folder):
            # Its hash says what it is: the catalogue answers only for what it pulled itself.
            return Found(own / folder)
    cached = store.in_hub_cache(repo, FILES, own)
    return Found(cached.path, repo=repo) if cached else None


def _distinct(names: tuple[str, ...]) -> Iterator[str]:
    yield from dict.fromkeys(name for name in names if name)


def _whole(folder: Path) -> bool:
    return folder.is_dir() and all(any(folder.glob(pattern)) for pattern in FILES)


def _entry(size: str) -> str:
    """The catalogue's name of a size, '' for what it does not have."""
    sources = {entry.source: entry.name for entry in catalogue.ENTRIES if entry.stage == "transcribe"}
    return sources.get(SIZES.get(size, ""), "")


def _from_hub(repo: str, model_dir: str) -> Found:
    """A model of the hub, in its cache layout in `model_dir` or the hub's own cache; one try, no telemetry."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_ETAG_TIMEOUT", f"{_TIMEOUT_S:g}")
    os.environ.setdefault("HF_HUB_DOWNLOAD_TIMEOUT", f"{_TIMEOUT_S:g}")
    from huggingface_hub import HfApi, snapshot_download

    cache = Path(model_dir).expanduser() if model_dir else store.hub_cache()
    log.info("transcribe: fetching %s into %s", repo, cache)
    try:
        # Asked once and first: snapshot_download alone would try again for half a minute.
        revision = HfApi().model_info(repo, timeout=_TIMEOUT_S).sha
        folder = snapshot_download(
            repo, revision=revision, cache_dir=cache, allow_patterns=[*FILES, *_OPTIONAL], etag_timeout=_TIMEOUT_S
        )
    except Exception as error:  # the hub's client raises errors of four libraries
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise MissingModel(
            f"Cannot get {repo} from the hub: {reason.rstrip('.')}.",
            value=repo,
            remedy=f"On a machine with a network type 'hf download {repo}', then copy the folder and name it as the "
            "model; a private or gated one wants a token in HF_TOKEN.",
        ) from error
    if not _whole(Path(folder)):
        raise MissingModel(
            f"{repo} is no faster-whisper model: it lacks one of {', '.join(FILES)}.",
            value=repo,
            remedy="Name a CTranslate2 conversion of Whisper.",
        )
    return Found(Path(folder), repo=repo)
