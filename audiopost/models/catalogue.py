"""The models audiopost knows by name. To add one, add a line to ENTRIES; nothing else has to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..core.errors import UnknownName


@dataclass(frozen=True)
class Entry:
    """One model.

    `source` is a Hugging Face repository id where `kind` is 'hub', else the address that `files` are appended to.
    `files` must all be there (glob patterns; for 'url' they are paths below the source, kept by their last part),
    `optional` ones are taken along. `weights` are the files whose hash stands for the model in provenance.
    `sha256` maps file names to a full hash or the prefix its publisher states; a hub publishes hashes at
    download time, which go into the manifest. `texts` are small files written beside the download. `alias` is a hub
    repository with the same model as `alias_files`, which the backend's own package may have left in the hub's cache.
    """

    name: str
    stage: str
    backend: str
    version: str
    licence: str
    source: str
    kind: str
    files: tuple[str, ...]
    weights: tuple[str, ...]
    size_mb: int
    optional: tuple[str, ...] = ()
    sha256: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    alias: str = ""
    alias_files: tuple[str, ...] = ()
    gated: bool = False
    note: str = ""

    @property
    def url(self) -> str:
        """Where a person finds it."""
        return f"https://huggingface.co/{self.source}" if self.kind == "hub" else self.source


def _whisper(size: str, version: str, size_mb: int, note: str, source: str = "") -> Entry:
    return Entry(
        name=f"whisper-{size}",
        stage="transcribe",
        backend="faster-whisper",
        version=version,
        licence="MIT",
        source=source or f"Systran/faster-whisper-{size}",
        kind="hub",
        files=("config.json", "model.bin", "tokenizer.json", "vocabulary.*"),
        optional=("preprocessor_config.json",),
        weights=("model.bin",),
        size_mb=size_mb,
        note=note,
    )


def _demucs(name: str, files: tuple[str, ...], bag: str, size_mb: int, note: str) -> Entry:
    # Demucs names its files SIGNATURE-<start of the file's sha256>.th and looks bags up in NAME.yaml beside them.
    return Entry(
        name=name,
        stage="separate",
        backend="demucs",
        version="v4",
        licence="MIT",
        source="https://dl.fbaipublicfiles.com/demucs/hybrid_transformer/",
        kind="url",
        files=files,
        weights=files,
        size_mb=size_mb,
        sha256={file: file.partition("-")[2].removesuffix(".th") for file in files},
        texts={f"{name}.yaml": bag},
        alias="adefossez/" + name.replace("htdemucs", "HTDemucs").replace("_", "-"),
        alias_files=(f"{name}.yaml", *(file.partition("-")[0] + ".safetensors" for file in files)),
        note=note,
    )


ENTRIES: tuple[Entry, ...] = (
    _whisper("tiny", "2022-09", 78, "fastest; rough text"),
    _whisper("base", "2022-09", 148, "fast; usable for clear English"),
    _whisper("small", "2022-09", 486, "a good start on two CPU cores"),
    _whisper("medium", "2022-09", 1531, "better; slow without a GPU"),
    _whisper("large-v3", "2023-11", 3091, "best for Mandarin, Cantonese and noisy speech; wants a GPU"),
    _whisper(
        "turbo",
        "2024-09",
        1622,
        "near large-v3 at a fraction of its time",
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    ),
    Entry(
        name="wav2vec2-base-960h",
        stage="transcribe",
        backend="ctc",
        version="2020",
        licence="Apache-2.0",
        source="facebook/wav2vec2-base-960h",
        kind="hub",
        files=("config.json", "vocab.json", "model.safetensors"),
        optional=("preprocessor_config.json",),
        weights=("model.safetensors",),
        size_mb=378,
        note="times the words of an English script",
    ),
    _demucs("htdemucs", ("955717e8-8726e21a.th",), "models: ['955717e8']\n", 84, "vocals, drums, bass, other"),
    _demucs(
        "htdemucs_ft",
        ("f7e0c4bc-ba3fe64a.th", "d12395a8-e57c48e6.th", "92cfc3b6-ef3bcb9c.th", "04573f0d-f3cf25b2.th"),
        "models: ['f7e0c4bc', 'd12395a8', '92cfc3b6', '04573f0d']\n"
        "weights: [[1., 0., 0., 0.], [0., 1., 0., 0.], [0., 0., 1., 0.], [0., 0., 0., 1.]]\n",
        336,
        "one fine-tuned model a stem: a little better, four times slower",
    ),
    Entry(
        name="pyannote-community-1",
        stage="diarise",
        backend="pyannote",
        version="community-1",
        licence="CC BY 4.0",
        source="pyannote/speaker-diarization-community-1",
        kind="hub",
        files=("config.yaml", "segmentation/*", "embedding/*", "plda/*"),
        weights=("segmentation/*.bin", "embedding/*.bin", "plda/*.npz"),
        size_mb=33,
        gated=True,
        note="accept its terms on its page, then give a token as HF_TOKEN",
    ),
)  # fmt: skip

_BY_NAME = {entry.name: entry for entry in ENTRIES}


def get(name: str) -> Entry:
    """The entry of a name. Raises UnknownName."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownName("model", name, _BY_NAME) from None
