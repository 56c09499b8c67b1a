"""`audiopost models list | pull | path | verify`."""

from __future__ import annotations

import click

from ..core.errors import MissingModel, OutputError
from ..models import store
from . import options
from .console import print_json, quiet_stdout, reporting

_name = click.argument("name", metavar="NAME")


@click.group("models")
def _models() -> None:
    """Model weights: what there is, what is here, and how to get more. AUDIOPOST_MODELS names another folder."""


@_models.command("list")
@options.as_json
def _list(as_json: bool) -> None:
    """Every known model with size, licence and where it is on this machine."""
    models = store.listing()
    with quiet_stdout() as stdout:
        if as_json:
            rows = [{**vars(m), "sha256": dict(m.sha256), "path": str(m.path) if m.path else None} for m in models]
            print_json({"store": str(store.root()), "models": rows}, stdout)
            return
        stdout.write(f"store: {store.root()}\n")
        for model in models:
            gated = ", needs a token" if model.gated else ""
            terms = "" if model.commercial else ", read its terms before commercial use"
            here = f"here ({model.where})" if model.path else store.pull_command(model.name)
            hashes = ", ".join(f"{file} {digest[:16]}" for file, digest in model.sha256.items())
            stdout.write(
                f"{model.name:<30} {model.stage:<13} {model.size_mb:>6} MB  {model.licence}{terms}{gated}\n"
                f"{'':<30} {here}; sha256 {hashes or 'stated by the hub at download'}\n"
            )


@_models.command("pull")
@_name
@click.option("--revision", metavar="REV", help="Branch, tag or commit of a hub repository.")
def _pull(name: str, revision: str | None) -> None:
    """Fetch a model into the store and check its hashes. Gated ones take the token in HF_TOKEN."""
    from ..models.pull import pull

    with quiet_stdout() as stdout:
        with reporting() as progress:
            path = pull(name, progress, revision=revision)
        stdout.write(f"{path}\n")


@_models.command("path")
@_name
def _path(name: str) -> None:
    """Print the folder of a model; exit code 1 where it is not here."""
    found = store.find(name)
    if found is None:
        raise MissingModel(f"{name} is not on this machine.", value=name, remedy=store.pull_command(name))
    click.echo(found)


@_models.command("verify")
@click.argument("name", metavar="[NAME]", required=False)
def _verify(name: str | None) -> None:
    """Hash a model's files again (or every model's that is here) and compare."""
    names = [name] if name else [m.name for m in store.listing() if m.path]
    problems = [f"{each}: {problem}" for each in names for problem in store.verify(each)]
    if problems:
        raise OutputError("\n".join(problems))
    click.echo(f"{len(names)} models verified" if names else "no models here")


def command(_: str) -> click.Command:
    return _models
