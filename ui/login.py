"""The login page: one form, no scripts."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from . import texts
from .gate import cookie
from .visitors import COOKIE, Visitors

router = APIRouter()

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
def log_in(request: Request, user: str = Form(max_length=200), password: str = Form(max_length=1000)) -> Response:
    """A session, or the form again."""
    visitors: Visitors = request.app.state.visitors
    token = visitors.log_in(user, password)
    if token is None:
        return HTMLResponse(_page(request, wrong=True), 401)
    answer = RedirectResponse("./", 303)
    answer.headers.append("set-cookie", cookie(token, secure=request.url.scheme == "https"))
    return answer


@router.post("/logout")
def log_out(request: Request) -> Response:
    """Ends the session."""
    visitors: Visitors = request.app.state.visitors
    visitors.log_out(request.cookies.get(COOKIE))
    answer = RedirectResponse("login" if visitors.needs_login else "./", 303)
    answer.headers.append("set-cookie", cookie("", secure=False))
    return answer
