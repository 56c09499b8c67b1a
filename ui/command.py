"""`audiopost ui`: starts the workbench's server, on this machine only unless told otherwise."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from audiopost.core.errors import BadValue, MissingExtra
from audiopost.io.atomic import make_folder
from audiopost.io.listening import is_loopback, listening, parse_size


def parse_auth(entries: Sequence[str]) -> dict[str, str]:
    """Logins out of 'user:password' entries, each user once. Raises BadValue."""
    accounts: dict[str, str] = {}
    for entry in entries:
        user, colon, password = entry.partition(":")
        if not (user and colon and password):
            raise BadValue("--auth is user:password, both not empty.", value="(not shown)", remedy="--auth anna:secret")
        if user in accounts:
            raise BadValue(f"--auth names {user} twice.", value=user, remedy="Give each user once.")
        accounts[user] = password
    return accounts


@click.command("ui")
@click.option(
    "--project", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="Project folder, made where it is not there; what 'audiopost run -o FOLDER' wrote opens too. "
    "Without it: audiopost in your documents folder.",
)  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=7860, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option(
    "--auth", multiple=True, metavar="USER:PASSWORD", envvar="AUDIOPOST_AUTH",
    help="Ask for this login; several times for several people, each with a project folder of their own below FOLDER. "
    "In the environment, AUDIOPOST_AUTH is not seen by others on this machine.",
)  # fmt: skip
@click.option(
    "--insecure", is_flag=True, help="Allow a public address without --auth: each browser has its own folder."
)
@click.option("--root-path", default="", metavar="PATH", help="Path below which a reverse proxy serves the workbench.")
@click.option("--max-size", default="20gb", show_default=True, metavar="SIZE", help="Largest recording to bring in.")
@click.option("--open/--no-open", "in_browser", default=False, help="Open the browser.")
def command(
    project: Path | None,
    host: str,
    port: int,
    auth: tuple[str, ...],
    insecure: bool,
    root_path: str,
    max_size: str,
    in_browser: bool,
) -> None:
    """Open the workbench on a project folder: listen, repair, correct subtitles, spot music, deliver."""
    accounts, max_bytes = parse_auth(auth), parse_size(max_size)
    public = not is_loopback(host)
    if public and not accounts and not insecure:
        raise BadValue(
            f"{host} can be reached from other machines, and there is no login.",
            value=host,
            remedy="Add --auth user:password, or --insecure if everybody on the network may use it.",
        )
    if root_path and not re.fullmatch(r"(/[\w.~-]+)+/?", root_path):
        raise BadValue(f"{root_path!r} is no path.", value=root_path, remedy="For example --root-path /audiopost.")
    try:
        import gradio  # noqa: F401
    except ImportError as error:
        raise MissingExtra(
            "The workbench needs gradio.", value="gradio", remedy="pip install 'audiopost[ui]'"
        ) from error
    from audiopost.workspace.claim import claimed

    from . import server
    from .visitors import Visitors

    root_path = root_path.rstrip("/")
    root = make_folder(project or default_project()).resolve()
    visitors = Visitors(root, accounts, anonymous=public and not accounts)
    with (
        claimed(root),
        listening(host, port) as bound,
        tempfile.TemporaryDirectory(prefix="audiopost-workbench-") as scratch,
    ):
        application = server.create(
            visitors, scratch=Path(scratch), hosts=None if accounts else server.names(host), root_path=root_path,
            max_bytes=max_bytes,
        )  # fmt: skip
        server.serve(application, bound, root_path=root_path, in_browser=in_browser)


def default_project() -> Path:
    """Where work lies when nobody names a folder."""
    import platformdirs

    return platformdirs.user_documents_path() / "audiopost"
