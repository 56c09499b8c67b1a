"""The login page: one form, no scripts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from html import escape

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from . import texts
from .gate import cookie
from .visitors import COOKIE, Visitors

router = APIRouter()
#: How long the answer to a wrong password is held back after several of them, in seconds.
_WAIT_S = 2.0

_PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>audiopost</title>
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="audiopost/static/login.css">
<main><h1>audiopost</h1><form method="post" action="login">
<label>{user}<input name="user" autocomplete="username" autofocus required></label>
<label>{password}<input name="password" type="password" autocomplete="current-password" required></label>
{wrong}<button>{enter}</button></form></main></html>"""


def _page(request: Request, *, wrong: bool) -> str:
    language = texts.language_for(request.cookies, request.headers.get("accept-language", ""))

    def say(key: str) -> str:
        return escape(texts.tell(f"login.{key}", language))

    told = f'<p role="alert">{say("wrong")}</p>' if wrong else ""
    return _PAGE.format(lang=language, user=say("user"), password=say("password"), enter=say("enter"), wrong=told)


@router.get("/login", response_class=HTMLResponse)
def form(request: Request) -> str:
    """The form."""
    return _page(request, wrong=False)


@router.post("/login")
async def log_in(request: Request, user: str = Form(max_length=200), password: str = Form(max_length=1000)) -> Response:
    """A session, or the form again.

    Wrong passwords of one address are answered one after the other, and held back after several: guessing is slow, and
    nobody else waits for it.
    """
    visitors: Visitors = request.app.state.visitors
    address = request.client.host if request.client else ""
    async with _turn(request.app.state.login_turns, address):
        token = visitors.log_in(user, password, address)
        if token is None and visitors.has_to_wait(address):
            await asyncio.sleep(_WAIT_S)
    if token is None:
        return HTMLResponse(_page(request, wrong=True), 401)
    visitors.log_out(request.cookies.get(COOKIE))  # what was open in this browser before ends
    answer = RedirectResponse("./", 303)
    answer.headers.append("set-cookie", cookie(token, secure=request.url.scheme == "https"))
    return answer


@contextlib.asynccontextmanager
async def _turn(turns: dict[str, tuple[asyncio.Lock, int]], address: str) -> AsyncIterator[None]:
    """The turn of an address among its own requests; `turns` holds for each its lock and how many want it."""
    lock, waiting = turns.get(address, (asyncio.Lock(), 0))
    turns[address] = lock, waiting + 1
    try:
        async with lock:
            yield
    finally:
        lock, waiting = turns[address]
        if waiting == 1:
            del turns[address]
        else:
            turns[address] = lock, waiting - 1


@router.post("/logout")
def log_out(request: Request) -> Response:
    """Ends the session."""
    visitors: Visitors = request.app.state.visitors
    visitors.log_out(request.cookies.get(COOKIE))
    answer = RedirectResponse("login" if visitors.needs_login else "./", 303)
    answer.headers.append("set-cookie", cookie("", secure=False))
    return answer
