"""What every route starts from: the session's visitor, the desk that is open, and errors as JSON."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from audiopost.core.errors import AudiopostError, InputError, OutputError, UsageError
from audiopost.workspace import Desk

from ..jobs import Jobs
from ..texts import language_for
from ..visitors import Visitor

#: Set by static/js/api.js; a form of another site cannot set it.
HEADER = "x-audiopost"


def visitor_of(request: Request) -> Visitor:
    """Whose request it is; `Gate` let nobody else through."""
    return cast(Visitor, request.scope["visitor"])


def desk_of(request: Request) -> Desk:
    """The desk of the recording that is open. 409 where none is."""
    desk = visitor_of(request).desk()
    if desk is None:
        raise HTTPException(409, "No recording is open.")
    return desk


def jobs_of(request: Request) -> Jobs:
    return cast(Jobs, request.app.state.jobs)


def language(request: Request) -> str:
    """The language of a request: the one chosen in the workbench, else the browser's."""
    return language_for(request.cookies, request.headers.get("accept-language", ""))


def from_us(request: Request) -> None:
    """Only our own scripts change something."""
    if HEADER not in request.headers:
        raise HTTPException(403, "Not asked by the workbench.")


VisitorOf = Annotated[Visitor, Depends(visitor_of)]
DeskOf = Annotated[Desk, Depends(desk_of)]
JobsOf = Annotated[Jobs, Depends(jobs_of)]
LanguageOf = Annotated[str, Depends(language)]
FROM_US = [Depends(from_us)]


def tell_errors(app: FastAPI) -> None:
    """Our errors become JSON with the message a person reads: {"error": …}."""

    @app.exception_handler(AudiopostError)
    def _told(request: Request, error: AudiopostError) -> JSONResponse:
        status = 422 if isinstance(error, InputError | UsageError) else 507 if isinstance(error, OutputError) else 500
        return JSONResponse({"error": str(error)}, status)

    @app.exception_handler(HTTPException)
    def _refused(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": error.detail}, error.status_code)

    @app.exception_handler(RequestValidationError)
    def _misshapen(request: Request, error: RequestValidationError) -> JSONResponse:
        said = (f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors())
        return JSONResponse({"error": f"This cannot be asked: {'; '.join(said)}."}, 422)
