"""What stands before every request: is it from here, whose is it, and may it be asked at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlparse

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response

from .visitors import COOKIE, LIFETIME_S, Visitors

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: Gradio's own ways for files in and out: anybody could read what lies in its cache, so nothing lies there.
_SHUT = ("/gradio_api/upload", "/gradio_api/file", "/gradio_api/stream", "/gradio_api/proxy", "/upload", "/file")
_OPEN = ("/login", "/audiopost/static/")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Gradio compiles what components do when they load, hence unsafe-eval; nothing is fetched from elsewhere.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; frame-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)


class Gate:
    """ASGI middleware: finds the visitor (scope['visitor']), or turns the request away.

    `hosts` are the names under which a server without login may be asked for: a page of somebody else whose name
    was pointed at this machine gets no session. None for any.
    """

    def __init__(self, app: Any, visitors: Visitors, hosts: frozenset[str] | None = None) -> None:
        self._app, self._visitors, self._hosts = app, visitors, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        host = urlparse(f"//{request.headers.get('host', '')}").hostname or ""
        if self._hosts is not None and host not in self._hosts:
            await _refused("This workbench answers to its own address only.", 421)(scope, receive, send)
            return
        if scope.get("method") not in _SAFE_METHODS and not _same_origin(request, host):
            await _refused("Requests of other pages are not taken.", 403)(scope, receive, send)
            return
        if path.startswith(_SHUT):
            await _refused("Files come and go by way of the project folder.", 403)(scope, receive, send)
            return
        visitor = self._visitors.find(request.cookies.get(COOKIE))
        token = None
        if visitor is None and not path.startswith(_OPEN):
            if self._visitors.needs_login or path != "/":
                page = scope.get("method") == "GET" and "text/html" in request.headers.get("accept", "")
                root = scope.get("root_path", "")
                where = f"{root}/login" if self._visitors.needs_login else f"{root}/"
                away = (
                    RedirectResponse(where, 303)
                    if page
                    else _refused("The session has ended: load the page anew.", 401)
                )
                await away(scope, receive, send)
                return
            token, visitor = self._visitors.enter()
        scope["visitor"] = visitor
        secure = scope.get("scheme") == "https"

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", _POLICY)
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "same-origin"
                headers["cross-origin-resource-policy"] = "same-origin"
                if token:
                    headers.append("set-cookie", cookie(token, secure=secure))
            await send(message)

        await self._app(scope, receive, sending)


def cookie(token: str, *, secure: bool) -> str:
    """The header that hands a session's token to the browser, which shows it to no script and no other site."""
    age = LIFETIME_S if token else 0
    return f"{COOKIE}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"


def _same_origin(request: HTTPConnection, host: str) -> bool:
    origin = request.headers.get("origin")
    forwarded = request.headers.get("x-forwarded-host", "")
    return origin is None or urlparse(origin).hostname in (host, forwarded.partition(":")[0])


def _refused(why: str, status: int) -> Response:
    return JSONResponse({"error": why}, status)
