"""Files as one zip archive that is made while it is sent: it lies neither in memory nor on disk."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20
#: What is packed already, or sound, which hardly gets smaller and is long.
_STORED = frozenset({".wav", ".flac", ".m4a", ".mp3", ".opus", ".mp4", ".mov", ".mkv", ".pdf", ".xlsx", ".aaf"})


class _Outbox(io.RawIOBase):
    """A file that can only be written to; what was written waits to be taken."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        data = b"".join(self._waiting)
        self._waiting.clear()
        return data


def zipped(files: Iterable[tuple[str, Path]]) -> Iterator[bytes]:
    """The bytes of a zip of (name in it, file), in order, about a MiB at a time.

    Any file and the whole may pass 4 GiB (ZIP64); sound is stored, text deflated; names are UTF-8. Raises OSError for
    a file that cannot be read.
    """
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w") as archive:
        for name, path in files:
            entry = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
            entry.compress_type = zipfile.ZIP_STORED if path.suffix.lower() in _STORED else zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
                    yield outbox.taken()
            yield outbox.taken()
    yield outbox.taken()
