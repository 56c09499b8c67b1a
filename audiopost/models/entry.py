"""What the catalogue says of one model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Licences that allow any use, commercial use too.
COMMERCIAL = frozenset({"MIT", "Apache-2.0", "BSD-3-Clause", "CC BY 4.0"})


@dataclass(frozen=True)
class Entry:
    """One model.

    `source` is a Hugging Face repository id where `kind` is 'hub', else the address that `files` are appended to.
    `files` must all be there (glob patterns; for 'url' they are paths below the source, kept by their last part),
    `optional` ones are taken along. `weights` are the files whose hash stands for the model in provenance.
    `sha256` maps file names to a full hash or the prefix its publisher states; a hub publishes hashes at
    download time, which go into the manifest. `texts` are small files written beside the download. `alias` is a hub
    repository with the same model as `alias_files`, which the backend's own package may have left in the hub's cache.
    `archive` is a tar file below the source that holds `files`, in whatever folders of its own.
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
    archive: str = ""
    gated: bool = False
    note: str = ""

    @property
    def commercial(self) -> bool:
        """Whether its licence plainly allows any use; models of which that is not sure are never taken unasked."""
        return self.licence in COMMERCIAL

    @property
    def url(self) -> str:
        """Where a person finds it."""
        return f"https://huggingface.co/{self.source}" if self.kind == "hub" else self.source
