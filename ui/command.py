"""`audiopost ui`: starts the workbench's server, on this machine only unless told otherwise."""

from __future__ import annotations

import ipaddress
import tempfile
from pathlib import Path

import click

from audiopost.core.errors import BadValue, MissingExtra
from audiopost.io.atomic import make_folder


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_auth(text: str | None) -> tuple[str, str] | None:
    """'user:password' as a pair. Raises BadValue."""
    if text is None:
        return None
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise BadValue("--auth is user:password, both not empty.", value="(not shown)", remedy="--auth anna:secret")
    return user, password


@click.command("ui")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=7860, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--auth", metavar="USER:PASSWORD", help="Ask visitors for this login.")
@click.option("--insecure", is_flag=True, help="Allow a public address without --auth.")
@click.option("--root-path", default="", metavar="PATH", help="Path below which a reverse proxy serves the workbench.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), metavar="DIR",
    help="Folder that keeps the results; without it they go when the workbench is closed.",
)  # fmt: skip
@click.option("--max-size", default="4gb", show_default=True, metavar="SIZE", help="Largest upload.")
@click.option("--open/--no-open", "in_browser", default=False, help="Open the browser.")
def command(
    host: str,
    port: int,
    auth: str | None,
    insecure: bool,
    root_path: str,
    out: Path | None,
    max_size: str,
    in_browser: bool,
) -> None:
    """Open the workbench: run a preset on a recording, listen before and after, read the report."""
    login = parse_auth(auth)
    if not is_loopback(host) and login is None and not insecure:
        raise BadValue(
            f"{host} can be reached from other machines, and there is no login.",
            value=host,
            remedy="Add --auth user:password, or --insecure if everybody on the network may use it.",
        )
    try:
        import gradio  # noqa: F401
    except ImportError as error:
        raise MissingExtra(
            "The workbench needs gradio.", value="gradio", remedy="pip install 'audiopost[ui]'"
        ) from error
    from .app import serve

    with tempfile.TemporaryDirectory(prefix="audiopost-workbench-") as folder:
        results = make_folder(out) if out else make_folder(Path(folder) / "results")
        serve(
            results, Path(folder), host=host, port=port, auth=login, root_path=root_path, max_size=max_size,
            in_browser=in_browser,
        )  # fmt: skip
