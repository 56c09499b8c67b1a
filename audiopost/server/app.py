"""The application: routes, the guard before them, errors as problems, and the OpenAPI schema that says all of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from .. import __version__
from ..batch.engine import Engine
from . import jobs, results
from .auth import OPEN, UPLOAD, Guard
from .problems import PROBLEM_TYPE, Problem, tell_errors
from .settings import Settings
from .works import Works, opened

_ABOUT = (
    "Recordings in, deliverables out: submit a job, look how it stands, fetch what it delivered. Every request but "
    "`GET /v1/health` shows the token. Errors are RFC 9457 problems with what can be asked instead and what to do."
)
#: What may go wrong wherever something is asked: the token, what is sent, the server's state.
_ALWAYS = {401: "The token is missing or wrong.", 413: "Too large.", 500: "The server's own fault.", 503: "Not now."}
_WITH_BODY = {400: "The body cannot be read.", 415: "Another kind of body is wanted."}


def create_app(
    settings: Settings, *, engine: Callable[[], Engine] | None = None, works: Works | None = None
) -> FastAPI:
    """The application. It opens the ledger and drives it while it runs, with what `engine` makes, unless `works` is
    given: then that is used, and left open."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Entered and left in this thread, whose claim it is.
        with contextlib.nullcontext(works) if works is not None else opened(settings, engine) as app.state.works:
            yield

    app = FastAPI(
        title="audiopost", version=__version__, description=_ABOUT, docs_url=None, redoc_url=None, lifespan=lifespan,
        redirect_slashes=False,
    )  # fmt: skip
    app.include_router(jobs.router)
    app.include_router(results.router)
    tell_errors(app, (*jobs.router.routes, *results.router.routes))
    app.add_middleware(Guard, token=settings.token, most_upload=settings.max_upload_bytes, root_path=settings.root_path)
    schema = _schema(app, settings.root_path)
    app.openapi = lambda: schema  # type: ignore[method-assign]
    return app


def _schema(app: FastAPI, root_path: str) -> dict[str, Any]:
    """The OpenAPI schema: what FastAPI finds, with problems for errors and the token."""
    schema = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes,
        tags=[
            {"name": "jobs", "description": "Submit, look, cancel, try again."},
            {"name": "results", "description": "Delivered files and logs."},
            {"name": "server", "description": "What it offers, and whether it is up."},
        ],
        servers=[{"url": root_path or "/"}],
    )  # fmt: skip
    parts = schema["components"]
    for unused in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(unused, None)
    parts["schemas"]["Problem"] = Problem.model_json_schema()
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "description": "The server's one token."}}
    schema["security"] = [{"token": []}]
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if path in OPEN:
                operation["security"] = []
            for status, text in _problems(path, method, operation).items():
                operation["responses"][str(status)] = {
                    "description": text,
                    "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
    return schema


def _problems(path: str, method: str, operation: dict[str, Any]) -> dict[int, str]:
    """What may go wrong with an operation, by status."""
    found = dict(_ALWAYS)
    if path in OPEN:
        del found[401]
    if method != "get":
        found[507] = "No room on the disk."
    if "requestBody" in operation:
        found |= _WITH_BODY
    if "422" in operation["responses"] or path == UPLOAD:
        found[422] = "What is asked for does not exist, or has a wrong value."
    if "{job}" in path:
        found[404] = "There is no such job, or no such file of it."
        if method == "delete" or path.endswith("/retry"):
            found[409] = "The job's state does not allow it."
    if path.startswith(UPLOAD) and "requestBody" in operation:
        found[403] = "A file is named that may not be."
    return dict(sorted(found.items()))
