"""What goes wrong, as RFC 9457 problems: application/problem+json with our errors' choices and remedy."""

from __future__ import annotations

import http
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match, Route

from ..core.errors import AudiopostError, DiskFull, InputError, StageError, Unavailable, UsageError

log = logging.getLogger("audiopost")

PROBLEM_TYPE = "application/problem+json"
#: Which status an error is answered with, the first that fits; any other is the server's own fault.
_STATUS: tuple[tuple[type[AudiopostError], int], ...] = (
    (UsageError, 422), (InputError, 422), (DiskFull, 507), (Unavailable, 503), (StageError, 500),
)  # fmt: skip


class Problem(BaseModel):
    """Why a request was not done (RFC 9457), with what can be done about it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank", "title": "Unprocessable Content", "status": 422,
                    "detail": "There is no preset 'podcst'.", "error": "UnknownName",
                    "choices": ["interview", "podcast"], "remedy": "Did you mean 'podcast'?",
                }
            ]
        }
    )  # fmt: skip

    type: str = Field(description="Always about:blank: the status says what kind of problem it is.")
    title: str = Field(description="The name of the status.")
    status: int = Field(description="The HTTP status.", ge=400, le=599)
    detail: str = Field(description="What is wrong, in a sentence for people.")
    error: str = Field(description="The name of the error, for programs: BadValue, UnknownName, DiskFull …")
    choices: list[str] = Field(description="What can be asked for instead, where that is a list.")
    remedy: str = Field(description="What to do about it; empty where nothing can be said.")


class Refusal(Exception):
    """An error that is answered with a status of its own."""

    def __init__(self, status: int, error: AudiopostError) -> None:
        super().__init__(str(error))
        self.status, self.error = status, error


def plain(text: str) -> str:
    """`text` as UTF-8 can hold it: names of files may have bytes that are none, which become escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def problem(status: int, error: AudiopostError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer that tells an error."""
    told = Problem(
        type="about:blank", title=http.HTTPStatus(status).phrase, status=status, detail=plain(error.problem),
        error=type(error).__name__, choices=[plain(choice) for choice in error.choices], remedy=plain(error.remedy),
    )  # fmt: skip
    return JSONResponse(jsonable_encoder(told), status, headers=dict(headers or {}), media_type=PROBLEM_TYPE)


def status_of(error: AudiopostError) -> int:
    """The status that an error is answered with."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def misshapen(errors: Iterable[Mapping[str, Any]]) -> JSONResponse:
    """The answer to a request whose parts are missing or of the wrong kind, as pydantic tells them."""
    found = [({"loc": (), "msg": "", "type": ""} | dict(each)) for each in errors]
    said = "; ".join(
        f"{'.'.join(str(part) for part in each['loc'] if part != 'body') or 'body'}: {each['msg']}" for each in found
    )
    status = 400 if any(each["type"] == "json_invalid" for each in found) else 422
    return problem(status, UsageError(f"This cannot be asked: {said}.", remedy="See /openapi.json."))


def tell_errors(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Every error of an application with these routes becomes a problem; an unexpected one tells nothing more."""

    @app.exception_handler(AudiopostError)
    def _told(request: Request, error: AudiopostError) -> JSONResponse:
        status = status_of(error)
        if status >= 500:
            log.error("%s %s: %s", request.method, request.url.path, error)
        return problem(status, error)

    @app.exception_handler(Refusal)
    def _refused(request: Request, error: Refusal) -> JSONResponse:
        return problem(error.status, error.error)

    @app.exception_handler(RequestValidationError)
    def _misshapen(request: Request, error: RequestValidationError) -> JSONResponse:
        return misshapen(error.errors())

    @app.exception_handler(HTTPException)
    def _answered(request: Request, error: HTTPException) -> JSONResponse:
        # Each route knows its own methods alone.
        headers = {"allow": _methods(request, routes)} if error.status_code == 405 else error.headers
        return problem(error.status_code, UsageError(_sentence(request, error)), headers)

    @app.exception_handler(ClientDisconnect)
    def _gone(request: Request, error: ClientDisconnect) -> JSONResponse:
        return problem(400, UsageError("The request ended before it was whole."))

    @app.exception_handler(Exception)
    def _unexpected(request: Request, error: Exception) -> JSONResponse:
        # It is raised again after the answer, and the server's log has where it came from.
        return problem(500, AudiopostError("Something unexpected happened.", remedy="The server's log tells more."))


def _sentence(request: Request, error: HTTPException) -> str:
    if error.status_code == 404:
        return f"There is nothing at {request.url.path}."
    if error.status_code == 405:
        return f"{request.method} cannot be asked of {request.url.path}."
    return str(error.detail)


def _methods(request: Request, routes: Sequence[BaseRoute]) -> str:
    """All that can be asked of an address."""
    found: set[str] = set()
    for route in routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return ", ".join(sorted(found))
