"""Who may ask: everybody who knows the one token. And how much they may send."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..core.errors import AudiopostError, BadValue
from ..io.atomic import make_folder, write_bytes
from .problems import problem

#: Of those that may be seen without the token nothing is told of any job.
OPEN = frozenset({"/v1/health", "/openapi.json"})
#: Where recordings are sent to.
UPLOAD = "/v1/jobs"
#: Most bytes of a request that brings no recording, and of what stands around one that is brought.
MOST_JSON, MOST_AROUND = 1 << 20, 2 << 20
_SHORTEST = 16


def checked_token(token: str) -> str:
    """`token`, which can stand in a header and is not to be guessed. Raises BadValue, which does not repeat it."""
    if len(token) < _SHORTEST or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise BadValue(
            f"The token has fewer than {_SHORTEST} characters, or others than ASCII letters, digits and signs.",
            value="(not shown)", remedy="Take 'openssl rand -hex 32', or give none: one is made.",
        )  # fmt: skip
    return token


def read_token(path: Path) -> str:
    """The token that stands in a file. Raises BadValue."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadValue(f"The token file {path} cannot be read: {error}.", value=str(path)) from error
    return checked_token(text.strip())


def kept_token(hidden: Path, tell: Callable[[str], None]) -> str:
    """The token of an earlier start, kept in the folder `hidden`, else a new one, which `tell` is told.

    Raises BadValue, OutputError.
    """
    path = hidden / "token"
    if path.exists():
        return read_token(path)
    token = secrets.token_urlsafe(32)
    make_folder(hidden)
    write_bytes(path, token.encode() + b"\n", private=True)
    tell(f"token, told this once and kept in {path}: {token}")
    return token


class Guard:
    """Answers who does not show the token, and who sends too much, before anything is read.

    `root_path` is where a reverse proxy serves us: it may take that off what it hands on, or leave it.
    """

    def __init__(self, app: ASGIApp, *, token: str, most_upload: int, root_path: str = "") -> None:
        self._app, self._token, self._most_upload, self._root = app, token.encode(), most_upload, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope, "root_path": self._root}
        headers, path = Headers(scope=scope), str(scope["path"])
        if self._root and path.startswith(f"{self._root}/"):
            path = path[len(self._root) :]
        if path not in OPEN and not self._knows(headers):
            error = AudiopostError(
                "This server wants its token.", remedy="Send the header 'Authorization: Bearer TOKEN'."
            )
            await problem(401, error, {"www-authenticate": "Bearer"})(scope, receive, send)
            return
        upload = path == UPLOAD and scope["method"] == "POST"
        most = self._most_upload + MOST_AROUND if upload else MOST_JSON
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > most:
            await problem(413, _too_large(most), {"connection": "close"})(scope, receive, send)
            return
        await self._app(scope, _limited(receive, most), send)

    def _knows(self, headers: Headers) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        # Headers come as Latin-1: any byte may stand in one.
        right = secrets.compare_digest(token.strip().encode("latin-1"), self._token)
        return right and scheme.lower() == "bearer"


def _limited(receive: Receive, most: int) -> Receive:
    """`receive`, which refuses what comes after so many bytes."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise HTTPException(413, str(_too_large(most)))
        return message

    return limited


def _too_large(most: int) -> BadValue:
    return BadValue(
        f"The request is longer than {most} bytes.", value=most,
        remedy="Name the recording by its path, or start the server with a larger --max-size.",
    )  # fmt: skip
