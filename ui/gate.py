"""What stands before every request: is it from here, whose is it, and may it be asked at all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response

from .visitors import COOKIE, LIFETIME_S, Visitor, Visitors

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: Ours, and what Gradio's page needs. All else of Gradio's is shut: its files anybody could read, so none lie there.
_OURS = ("/audiopost/", "/assets/", "/static/", "/svelte/", "/gradio_api/heartbeat/")
_PAGES = frozenset(
    {
        "/", "/login", "/logout", "/config", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json",
        "/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/run/predict", "/gradio_api/api/predict",
        "/gradio_api/cancel", "/gradio_api/reset", "/gradio_api/startup-events", "/gradio_api/app_id",
        "/gradio_api/theme.css", "/gradio_api/user", "/gradio_api/login_check",
    }
)  # fmt: skip
#: For whom is not known yet.
_OPEN = ("/audiopost/static/",)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Bytes of a body: what a login may have, and what an edit may; files come by PUT, whose routes count them.
_LOGIN_BYTES, _BODY_BYTES = 1 << 14, 1 << 25
#: So many pages are remembered with whose they are.
_MOST_PAGES = 10_000
_KEPT = "private, no-store"
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
    was pointed at this machine gets no session. None for any. `root_path` is where a proxy serves the workbench.
    """

    def __init__(self, app: Any, visitors: Visitors, hosts: frozenset[str] | None = None, root_path: str = "") -> None:
        self._app, self._visitors, self._hosts, self._root = app, visitors, hosts, root_path.rstrip("/")
        #: Gradio's own sessions, one a page, by whose they are.
        self._pages: OrderedDict[str, Visitor] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # nothing of ours speaks it
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        refused = self._turned_away(request, path, scope["method"])
        if refused is not None:
            await refused(scope, receive, send)
            return
        visitor = self._visitors.find(request.cookies.get(COOKIE))
        token = request.cookies.get(COOKIE) if path == "/" else None  # a page that is loaded renews the cookie
        if visitor is None and path != "/login" and not path.startswith(_OPEN):
            if self._visitors.needs_login or path != "/":
                await self._away(request, scope["method"])(scope, receive, send)
                return
            token, visitor = self._visitors.enter()
        if visitor is not None and not self._own_page(scope, path, visitor):
            await _refused("This page is somebody else's.", 403)(scope, receive, send)
            return
        scope["visitor"] = visitor
        secure = scope.get("scheme") == "https"

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", _POLICY)
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "same-origin"
                headers["cross-origin-resource-policy"] = "same-origin"
                if not path.startswith(("/audiopost/static/", "/assets/", "/static/", "/svelte/")):
                    headers.setdefault("cache-control", _KEPT)
                if token and visitor is not None:
                    headers.append("set-cookie", cookie(token, secure=secure))
            await send(message)

        await self._app(scope, receive, sending)

    def _turned_away(self, request: HTTPConnection, path: str, method: str) -> Response | None:
        """The refusal of what nobody may ask, whoever they are."""
        host = _parted(request.headers.get("host", ""))[0]
        if self._hosts is not None and host not in self._hosts:
            return _refused("This workbench answers to its own address only.", 421)
        if path not in _PAGES and not path.startswith(_OURS):
            return _refused("There is nothing here.", 404)
        if method in _SAFE_METHODS:
            return None
        if not _same_origin(request):
            return _refused("Requests of other pages are not taken.", 403)
        if method == "PUT":
            return None
        length = request.headers.get("content-length", "")
        if "transfer-encoding" in request.headers:
            return _refused("Say how long the body is.", 411)
        if length.isdigit() and int(length) > (_LOGIN_BYTES if path == "/login" else _BODY_BYTES):
            return _refused("This is too long.", 413)
        return None

    def _away(self, request: HTTPConnection, method: str) -> Response:
        """For who has no session: a page goes to where one begins, anything else is told."""
        if method == "GET" and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(f"{self._root}/login" if self._visitors.needs_login else f"{self._root}/", 303)
        return _refused("The session has ended: load the page anew.", 401)

    def _own_page(self, scope: Scope, path: str, visitor: Visitor) -> bool:
        """Whether Gradio's session that is asked for, which has its events, was this visitor's from the first."""
        if path.startswith("/gradio_api/heartbeat/"):
            name = path.rpartition("/")[2]
        elif path == "/gradio_api/queue/data":
            name = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("session_hash", [""])[-1]
        else:
            return True
        owner = self._pages.setdefault(name, visitor)
        self._pages.move_to_end(name)
        while len(self._pages) > _MOST_PAGES:
            self._pages.popitem(last=False)
        return owner.folder is visitor.folder


def cookie(token: str, *, secure: bool) -> str:
    """The header that hands a session's token to the browser, which shows it to no script and no other site."""
    age = LIFETIME_S if token else 0
    return f"{COOKIE}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"


def _same_origin(request: HTTPConnection) -> bool:
    """Whether a request comes from a page of ours; who names no page is no browser.

    Another port of this machine is another page: only where a proxy leaves the port out is the name enough.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    asked = _parted(origin.partition("://")[2])
    for header in ("host", "x-forwarded-host"):
        name, port = _parted(request.headers.get(header, ""))
        if name and name == asked[0] and port in ("", asked[1]):
            return True
    return False


def _parted(authority: str) -> tuple[str, str]:
    """Name and port of 'name:port', both '' for what is none."""
    try:
        found = urlsplit(f"//{authority}")
        return found.hostname or "", str(found.port or "")
    except ValueError:
        return "", ""


def _refused(why: str, status: int) -> Response:
    return JSONResponse({"error": why}, status)
