"""Where deliverables go: names beside each other in one folder, and nobody's work overwritten."""

from __future__ import annotations

import filecmp
import logging
from pathlib import Path, PurePosixPath

from ..core.errors import OutputError
from ..io.atomic import guarded, make_folder
from ..io.encode import Encoding
from .record import delivered_names

log = logging.getLogger("audiopost")


class Target:
    """A folder and the base name of a recording, or another; `outputs` tells what was written, by kind.

    `encoding` is how sound is written there, `encoded` what became of it, in words, by kind; `remarks` is what a person
    should know, in sentences. `tagged` puts the language of every subtitle into its name, 'FILM.yue.srt'. `origin` is
    what the Project calls the recording, where `source` is a copy that does not stay.

    What an earlier run on the same recording wrote there, and nobody has edited since, is replaced. Anything else of
    that name is kept beside it; `settle` drops what proves to be the same.
    """

    def __init__(
        self,
        source: Path,
        out: Path,
        work: Path | None = None,
        *,
        base: str = "",
        encoding: Encoding | None = None,
        tagged: bool = False,
        origin: str = "",
    ) -> None:
        self.source, self.out, self.base = source, out, base or source.stem
        self.origin = origin
        self.encoding = encoding or Encoding()
        self._tagged = tagged
        self.outputs: dict[str, Path] = {}
        self.encoded: dict[str, str] = {}
        self.remarks: list[str] = []
        self._journal = work / "delivered.txt" if work else None
        self._ours = delivered_names(out, self.base, source.name) | self._journalled()
        self._kept: list[tuple[Path, Path]] = []

    def language(self, tag: str) -> str:
        """What a BCP 47 tag adds to the name of a subtitle in the recording's own language."""
        return f".{tag}" if self._tagged and tag not in ("", "und") else ""

    def path(self, kind: str, suffix: str) -> Path:
        """Where a deliverable goes that is named after the recording; see `named`."""
        return self.named(kind, PurePosixPath(f"{self.base}{suffix}"))

    def named(self, kind: str, relative: PurePosixPath) -> Path:
        """Where a deliverable goes, below the folder, which is made. Raises OutputError where that is the source."""
        path, name = self.out / relative, relative.as_posix()
        if len(relative.parts) > 1:
            make_folder(path.parent)
        with guarded(path):
            there = path.exists()
        if there:
            if path.samefile(self.source):
                raise OutputError(
                    f"{path} is the source itself and would be overwritten.",
                    value=str(path),
                    remedy="Choose another name or folder.",
                )
            if name not in self._ours:
                aside = _free_name(path)
                with guarded(path):
                    path.rename(aside)
                self._kept.append((aside, path))
        self._ours.add(name)
        self.outputs[kind] = path
        if self._journal is not None:
            with guarded(self._journal), self._journal.open("a", encoding="utf-8", errors="surrogateescape") as journal:
                journal.write(f"{name}\n")
        return path

    def settle(self) -> None:
        """To be called when everything and its record are written: says what was kept of before, and drops what is the
        same."""
        for aside, path in self._kept:
            if filecmp.cmp(aside, path, shallow=False):
                aside.unlink()
            else:
                log.warning("another %s was there: kept as %s", path.name, aside.name)
                self.remarks.append(f"Another {path.name} was there: it is kept as {aside.name}.")
        if self._journal is not None:  # from now on the record tells what is ours
            with guarded(self._journal):
                self._journal.unlink(missing_ok=True)

    def _journalled(self) -> set[str]:
        """What a run that was stopped while it delivered had begun to write."""
        if self._journal is None or not self._journal.exists():
            return set()
        return set(self._journal.read_text(encoding="utf-8", errors="surrogateescape").splitlines())


def _free_name(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.stem}.kept-{number}{path.suffix}")).exists():
        number += 1
    return aside
