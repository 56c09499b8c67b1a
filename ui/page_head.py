"""What has to stand in the page's head before Gradio loads: its own `head` comes too late for the language."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from .gate import Receive, Scope, Send


class PageHead:
    """ASGI middleware that puts `html` at the top of the head of the page at '/'."""

    def __init__(self, app: Any, html: str) -> None:
        self._app, self._html = app, html.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or path not in ("", "/") or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: MutableMapping[str, Any] = {}
        body = bytearray()

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            page = bytes(body).replace(b"<head>", b"<head>" + self._html, 1)
            headers = [(n, v) for n, v in start["headers"] if n.lower() != b"content-length"]
            headers.append((b"content-length", str(len(page)).encode()))
            await send({**start, "headers": headers})
            await send({"type": "http.response.body", "body": page})

        await self._app({**scope, "headers": plain}, receive, sending)
