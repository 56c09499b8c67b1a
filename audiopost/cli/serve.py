"""`audiopost serve`: jobs over HTTP. FastAPI and uvicorn come with the extra `server`, and are imported here alone."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..core.errors import BadValue, MissingExtra, UnknownName
from ..io.listening import is_loopback, listening, parse_size
from . import batch_options
from .console import reporting, say

if TYPE_CHECKING:
    from fastapi import FastAPI

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
#: The environment's token is not seen by others on this machine, as one on the command line would be.
_VARIABLE = "AUDIOPOST_TOKEN"


@click.command("serve", short_help="Take jobs over HTTP.")
@click.argument("folder", metavar="FOLDER", type=_FOLDER)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=7861, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option(
    "--token-file", "--token_file", type=_FILE, metavar="FILE",
    help=f"The token that clients show. Without it: {_VARIABLE} in the environment, else one is made and told.",
)  # fmt: skip
@click.option(
    "--root-path", "--root_path", default="", metavar="PATH", help="Path below which a reverse proxy serves it."
)
@click.option(
    "--source", "sources", multiple=True, type=_FOLDER, metavar="FOLDER",
    help="Recordings below FOLDER may be named by their path. Several times for several; without it, none.",
)  # fmt: skip
@click.option(
    "--preset", "names", multiple=True, metavar="P", help="Offer this preset; several times for several. Default: all."
)
@click.option(
    "--max-size", "--max_size", default="20gb", show_default=True, metavar="SIZE", help="Largest recording to upload."
)
@batch_options.workers
@batch_options.timeout
@batch_options.on_finish
@batch_options.webhook
@click.option("--ledger", type=_FILE, metavar="FILE", help="Default: .audiopost-batch/ledger.sqlite in FOLDER.")
def _serve(
    folder: Path,
    host: str,
    port: int,
    token_file: Path | None,
    root_path: str,
    sources: tuple[Path, ...],
    names: tuple[str, ...],
    max_size: str,
    workers: str | None,
    timeout: str | None,
    command: str,
    webhook: str,
    ledger: Path | None,
) -> None:
    """Take jobs over HTTP: uploads, results and the ledger lie in FOLDER. For pipelines in other languages."""
    try:
        import fastapi  # noqa: F401
        import python_multipart  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtra(
            f"The server needs {error.name}.", value=error.name, remedy="pip install 'audiopost[server]'"
        ) from error
    from .. import presets
    from ..batch import choice as choices
    from ..batch import hooks
    from ..server.app import create_app
    from ..server.settings import Settings
    from ..server.works import opened

    if root_path and not re.fullmatch(r"(/[\w.~-]+)+/?", root_path):
        raise BadValue(f"{root_path!r} is no path.", value=root_path, remedy="For example --root-path /audiopost.")
    for name in names:
        if name not in presets.known():
            raise UnknownName("preset", name, presets.known())
    for source in sources:
        if not source.is_dir():
            raise BadValue(f"There is no folder {source}.", value=str(source), remedy="Make it, or leave out --source.")
    choice = choices.Choice().asked(workers=workers, timeout=timeout)
    share = choices.share_of(choice.workers)
    told = hooks.of(command, webhook)
    settings = Settings(
        folder, _token(token_file, folder), ledger=ledger, max_upload_bytes=parse_size(max_size), workers=share.workers,
        threads=share.threads, needs_mb=share.needs_mb, timeout_s=choice.timeout_s, presets=names, sources=sources,
        root_path=root_path.rstrip("/"),
    )  # fmt: skip
    with reporting(), _ending_well(), listening(host, port) as bound, opened(settings, hooks=told) as works:
        if not is_loopback(host):
            say(
                f"warning: {host} can be reached from other machines, and token and recordings go over the network as "
                "they are. Put a reverse proxy that speaks TLS before it."
            )
        _run(create_app(settings, works=works), bound, settings.root_path)


def _run(application: FastAPI, bound: socket.socket, root_path: str) -> None:
    """Serves until interrupted."""
    import uvicorn

    host, port = bound.getsockname()[:2]
    say(f"audiopost serve: http://{f'[{host}]' if ':' in host else host}:{port}{root_path} (Ctrl+C ends it)")
    config = uvicorn.Config(
        application, log_level="warning", server_header=False, proxy_headers=False, timeout_graceful_shutdown=3
    )
    uvicorn.Server(config).run([bound])


@contextlib.contextmanager
def _ending_well() -> Iterator[None]:
    """SIGTERM ends the block as an exit with 0: uvicorn hands it on, and what was opened before it shall be closed."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _token(file: Path | None, folder: Path) -> str:
    """The token of a file, the environment, or an earlier start, else a new one. Raises BadValue, OutputError."""
    from ..batch.job import HIDDEN
    from ..server.auth import checked_token, kept_token, read_token

    if file is not None:
        return read_token(file)
    given = os.environ.get(_VARIABLE, "")
    return checked_token(given) if given else kept_token(folder / HIDDEN, say)


def command(_: str) -> click.Command:
    return _serve
