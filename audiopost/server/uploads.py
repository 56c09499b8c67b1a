"""Recordings as they come in: multipart/form-data, written to disk piece by piece, never whole in memory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import IO, TYPE_CHECKING

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from ..core.errors import BadValue, DiskFull, EmptyMedia, OutputError
from ..io.atomic import disk_full, guarded, make_folder, write_text
from .problems import Refusal

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FORM = "multipart/form-data"
#: The part that is the recording.
FILE = "file"
#: Most parts, and most bytes of all those that are no recording.
_MOST_PARTS, _MOST_TEXT = 200, 1 << 20
#: How the note of an upload is called that is on its way into the ledger.
_NOTE = ".settling"
#: So many bytes are gathered before they are written.
_GATHERED = 1 << 20
_NO_ROOM = "Wait until there is room on the server's disk, or name the recording by its path."

Fields = Mapping[str, list[str]]


@dataclass(frozen=True)
class Received:
    """A recording that came whole: it lies at `path` until the block of `receiving` ends, unless it is moved away.

    `name` is what the client calls it, which is data: anything. `fields` are the other parts, in order.
    """

    path: Path
    name: str
    fields: Fields


@contextlib.asynccontextmanager
async def receiving(
    request: Request, folder: Path, most: int, look: Callable[[Fields], None]
) -> AsyncIterator[Received]:
    """Takes the body of a request, its recording into `folder`; `most` is the largest in bytes.

    `look` sees the fields that came before the recording, and may raise: then nothing of it is written. Raises Refusal
    (400 for a body that is cut off or none, 413, 415), BadValue for a missing part, EmptyMedia, DiskFull.
    """
    boundary = _boundary(request)
    _look_for_room(make_folder(folder), int(request.headers.get("content-length", "0")))
    path = folder / f"{uuid.uuid4().hex}.part"
    parts = _Parts(most, look)
    parser = MultipartParser(boundary, parts.callbacks())
    try:
        with writing(path), path.open("xb", buffering=0) as file:
            try:
                async for chunk in request.stream():
                    parser.write(chunk)
                    if parts.gathered >= _GATHERED:
                        await asyncio.to_thread(parts.write, file)
                if not parts.whole:
                    raise Refusal(400, BadValue(f"The {FORM} ends before its last boundary."))
            except FormParserError as error:
                raise Refusal(400, BadValue(f"The body is no whole {FORM}: {error}.")) from error
            await asyncio.to_thread(parts.write, file, last=True)
        yield Received(path, parts.named(), parts.fields)
    finally:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def settling(incoming: Path, folder: Path, name: str) -> Iterator[None]:
    """The block moves an upload into `folder` and places its order, which is called `name`: all of it or nothing.

    Where it raises, `folder` goes; where the server is killed in it, `sweep` sees to that. Raises OutputError.
    """
    note = incoming / f"{folder.name}{_NOTE}"
    with writing(note):
        write_text(note, name)
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        note.unlink(missing_ok=True)


def sweep(incoming: Path, uploads: Path, is_known: Callable[[str], bool]) -> None:
    """Removes what uploads that were cut off with the server left behind: halves, and whole ones whose order did not
    come into the ledger, as `is_known` says of its name. No server may be running."""
    for path in incoming.glob("*.part"):
        path.unlink(missing_ok=True)
    for note in incoming.glob(f"*{_NOTE}"):
        if not is_known(note.read_text(encoding="utf-8")):
            shutil.rmtree(uploads / note.stem, ignore_errors=True)
        note.unlink(missing_ok=True)


def _boundary(request: Request) -> str:
    # The standard library's reader of such headers: quotes, spaces, capitals.
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    kind, boundary = header.get_content_type(), header.get_boundary()
    if kind != FORM or not request.headers.get("content-type"):
        raise Refusal(
            415, BadValue(f"A recording is uploaded as {FORM}, not as {kind}.", value=kind, choices=(FORM,))
        )  # fmt: skip
    if not boundary or len(boundary) > 200 or not boundary.isascii():
        raise Refusal(400, BadValue(f"The {FORM} has no boundary.", remedy="Let the HTTP library write the header."))
    return boundary


def _look_for_room(folder: Path, size: int) -> None:
    if size > shutil.disk_usage(folder).free:
        raise disk_full(folder / "upload", _NO_ROOM)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """The system's refusals to write below the server's folder, in words for a client. Raises OutputError, DiskFull."""
    try:
        with guarded(path):
            yield
    except DiskFull as error:
        raise disk_full(path, _NO_ROOM) from error
    except OutputError as error:
        raise OutputError(
            error.problem, value=error.value, remedy="Whoever runs the server has to see to it."
        ) from error


@dataclass
class _Part:
    disposition: bytearray = field(default_factory=bytearray)
    name: str = ""
    is_file: bool = False
    text: bytearray = field(default_factory=bytearray)


class _Parts:
    """What the parser finds; it calls us in the event loop, so that nothing is written here."""

    def __init__(self, most: int, look: Callable[[Fields], None]) -> None:
        self.fields: dict[str, list[str]] = {}
        self.gathered = 0
        self.whole = False
        self._most, self._look = most, look
        self._pieces: list[bytes] = []
        self._part = _Part()
        self._header = bytearray()
        self._value = bytearray()
        self._count = self._text = self._size = 0
        self._file: str | None = None

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin, "on_header_field": self._add_header, "on_header_value": self._add_value,
            "on_header_end": self._end_header, "on_headers_finished": self._end_headers, "on_part_data": self._add,
            "on_part_end": self._end, "on_end": self._end_all,
        }  # fmt: skip

    def write(self, file: IO[bytes], *, last: bool = False) -> None:
        """Writes what is gathered; `last` waits until it is on the disk."""
        pieces, self._pieces, self.gathered = self._pieces, [], 0
        data = memoryview(b"".join(pieces))
        while data:
            data = data[file.write(data) :]
        if last:
            os.fsync(file.fileno())

    def named(self) -> str:
        """The recording's name. Raises BadValue where there is none, EmptyMedia where it has no bytes."""
        if self._file is None:
            raise BadValue(f"There is no part {FILE!r} with a recording.", remedy="curl -F file=@RECORDING does it.")
        if not self._size:
            raise EmptyMedia("The recording has no bytes.", value=self._file)
        return self._file

    # --- called by the parser

    def _begin(self) -> None:
        self._count += 1
        if self._count > _MOST_PARTS:
            raise Refusal(400, BadValue(f"The form has more than {_MOST_PARTS} parts.", value=_MOST_PARTS))
        self._part = _Part()

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._part.disposition = self._value
        self._header, self._value = bytearray(), bytearray()

    def _end_headers(self) -> None:
        name, file = _disposition(bytes(self._part.disposition))
        self._part.name, self._part.is_file = name, name == FILE
        if not self._part.is_file:
            if file is not None:
                raise BadValue(f"The part {name!r} is a file.", value=name, remedy=f"The recording's part is {FILE!r}.")
            return
        if self._file is not None:
            raise BadValue("The form holds two recordings.", value=name, remedy="Send each as a job of its own.")
        self._file = file or ""
        self._look(self.fields)

    def _add(self, data: bytes, start: int, end: int) -> None:
        if not self._part.is_file:
            self._text += end - start
            if self._text > _MOST_TEXT:
                raise Refusal(413, BadValue(f"The fields are longer than {_MOST_TEXT} bytes.", value=_MOST_TEXT))
            self._part.text += data[start:end]
            return
        self._size += end - start
        if self._size > self._most:
            raise Refusal(
                413,
                BadValue(
                    f"The recording is larger than {self._most} bytes.", value=self._most,
                    remedy="Name it by its path, or start the server with a larger --max-size.",
                ),
            )  # fmt: skip
        self._pieces.append(data[start:end])
        self.gathered += end - start

    def _end(self) -> None:
        if self._part.is_file:
            return
        try:
            text = self._part.text.decode()
        except UnicodeDecodeError as error:
            raise BadValue(f"The field {self._part.name!r} is no UTF-8.", value=self._part.name) from error
        self.fields.setdefault(self._part.name, []).append(text)

    def _end_all(self) -> None:
        self.whole = True


def _disposition(header: bytes) -> tuple[str, str | None]:
    """The name of a part, and its file's name where it is one."""
    _, options = parse_options_header(header)
    if b"name" not in options:
        raise Refusal(400, BadValue("A part of the form has no name."))
    file = options.get(b"filename")
    return options[b"name"].decode("utf-8", "replace"), None if file is None else file.decode("utf-8", "replace")
