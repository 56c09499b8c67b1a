"""The server: our routes, the gate before them, and Gradio's page mounted below."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import click
import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from starlette.staticfiles import StaticFiles

from audiopost.io.listening import is_loopback

from . import app as page
from . import login, texts
from .gate import Gate
from .jobs import Jobs
from .page_head import PageHead
from .routes import ROUTERS
from .routes.base import tell_errors
from .visitors import Visitors


def create(
    visitors: Visitors, *, scratch: Path, hosts: frozenset[str] | None, root_path: str = "", max_bytes: int = 1 << 42
) -> FastAPI:
    """The whole application. `scratch` takes what Gradio itself may write; recordings lie in the visitors' folders."""
    os.environ["GRADIO_TEMP_DIR"] = str(scratch)
    jobs = Jobs()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        jobs.close()
        await asyncio.to_thread(visitors.close)

    outer = FastAPI(title="audiopost workbench", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    outer.state.visitors, outer.state.jobs, outer.state.max_bytes = visitors, jobs, max_bytes
    outer.state.login_turns = {}
    outer.mount("/audiopost/static", StaticFiles(directory=page.STATIC), name="static")
    for router in (*ROUTERS, login.router):
        outer.include_router(router)
    tell_errors(outer)
    blocks = page.build(visitors, jobs)
    gr.mount_gradio_app(
        outer, blocks, path="/", root_path=root_path or None, auth_dependency=_user, allowed_paths=[],
        max_file_size="1kb", ssr_mode=False, enable_monitoring=False, run_history=False, footer_links=[], pwa=False,
        mcp_server=False, theme=page.theme(), i18n=texts.i18n(),
        show_error=False,
    )  # fmt: skip
    outer.add_middleware(PageHead, html=page.head(root_path))
    outer.add_middleware(Gate, visitors=visitors, hosts=hosts, root_path=root_path)
    return outer


def _user(request: Request) -> str | None:
    """Gradio's own question who it is; `Gate` has answered it."""
    return "visitor" if request.scope.get("visitor") else None


def serve(application: FastAPI, bound: socket.socket, *, root_path: str, in_browser: bool) -> None:
    """Serves until interrupted."""
    host, port = bound.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}{root_path}"
    config = uvicorn.Config(
        application,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=3,
        proxy_headers=bool(root_path),
    )
    server = uvicorn.Server(config)
    click.echo(f"audiopost workbench: {url} (Ctrl+C ends it)")
    if in_browser:
        import threading
        import webbrowser

        threading.Timer(1.0, webbrowser.open, (url,)).start()
    # uvicorn hands the signal on once it has ended: what was opened before it shall be closed then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    server.run([bound])


def names(host: str) -> frozenset[str] | None:
    """The names that a server on `host` without login answers to: those of this machine; None on a public address."""

    return frozenset({"localhost", "127.0.0.1", "::1", host}) if is_loopback(host) else None
