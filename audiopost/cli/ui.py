"""`audiopost ui`: found through an entry point, so that gradio never enters this package."""

from __future__ import annotations

import click

from ..core.errors import MissingExtra


def command(_: str) -> click.Command:
    """The workbench's own command, from the entry point 'audiopost.commands'. Raises MissingExtra."""
    from importlib.metadata import entry_points

    found = next(iter(entry_points(group="audiopost.commands", name="ui")), None)
    remedy = "pip install 'audiopost[ui]'"
    if found is None:
        raise MissingExtra("The workbench is not installed.", remedy=remedy)
    made: click.Command = found.load()
    return made
