"""`audiopost presets`: the shipped presets and the user's own, or one with every option."""

from __future__ import annotations

from pathlib import Path

import click

from ..core.options import describe
from ..core.serial import to_json
from ..presets import known, load
from . import options
from .console import print_json, quiet_stdout


@click.command("presets")
@click.argument("name", required=False)
@options.as_json
def _presets(name: str | None, as_json: bool) -> None:
    """List the presets, or show the stages and options of one (a name or a .toml file)."""
    chosen = [load(Path(name) if name.endswith(".toml") else name)] if name else [load(each) for each in known()]
    with quiet_stdout() as stdout:
        if as_json:
            print_json({"presets": [to_json(preset) for preset in chosen]}, stdout)
            return
        for preset in chosen:
            stdout.write(f"{preset.name:<18} {preset.title}\n{'':<18} {preset.summary}\n")
            if not name:
                continue
            for stage_name in preset.stages:
                stdout.write(f"\n[{stage_name}]\n")
                for spec in describe(type(preset.options[stage_name])):
                    value = getattr(preset.options[stage_name], spec.name)
                    limits = f" ({spec.range_text})" if spec.range_text else ""
                    stdout.write(f"{spec.name} = {value!r:<16} # {spec.help}{limits}\n")


def command(_: str) -> click.Command:
    return _presets
