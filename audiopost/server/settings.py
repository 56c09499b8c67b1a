"""What a server is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .. import presets
from ..batch.job import HIDDEN
from ..batch.ledger import default_path
from .auth import checked_token


@dataclass(frozen=True)
class Settings:
    """`folder` takes uploads and results, `token` is what every client shows; raises BadValue for a poor one.

    `folder` is made absolute. `ledger` is FOLDER/.audiopost-batch/ledger.sqlite where None. `max_upload_bytes` is the
    size of the largest recording. `workers` processes compute with `threads` threads each; one is known to take
    `needs_mb` of memory, 0 where nobody knows. An attempt at a job may take `timeout_s` seconds, None for as long as it
    takes. `presets` are those that may be asked for, all that are known where
    empty. Below `sources` lie the recordings that may be named by their path: none where empty.
    `root_path` is where a reverse proxy serves it.
    """

    folder: Path
    token: str = field(repr=False)
    ledger: Path | None = None
    max_upload_bytes: int = 20_000_000_000
    workers: int = 1
    threads: int = 1
    needs_mb: float = 0.0
    timeout_s: float | None = None
    presets: tuple[str, ...] = ()
    sources: tuple[Path, ...] = ()
    root_path: str = ""

    def __post_init__(self) -> None:
        checked_token(self.token)
        object.__setattr__(self, "folder", self.folder.resolve())

    @property
    def ledger_path(self) -> Path:
        """Where the ledger lies."""
        return self.ledger or default_path(self.folder)

    @property
    def hidden(self) -> Path:
        """The server's own folder in that of the results."""
        return self.folder / HIDDEN

    @property
    def incoming(self) -> Path:
        """Where recordings lie while they are uploaded."""
        return self.hidden / "incoming"

    @property
    def uploads(self) -> Path:
        """Where recordings lie that were uploaded, each in a folder of its own."""
        return self.hidden / "uploads"

    def allowed(self) -> tuple[str, ...]:
        """The presets that may be asked for, by name."""
        return self.presets or presets.known()
