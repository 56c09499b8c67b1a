"""Delivery: what, how encoded, how it stands against a spec, and the files on their way out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import gradio as gr

from audiopost.core.errors import AudiopostError
from audiopost.core.options import OptionSpec, describe
from audiopost.io.encode import Encoding

from .. import delivering
from ..component import component
from ..controls import widget
from ..shell import Shell, told
from ..texts import label


def build(shell: Shell) -> None:
    """The tab's widgets and handlers."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=480):
            choice = component("deliver.js", "deliver")
            with gr.Accordion(label("deliver.encoding"), open=False, elem_id="encoding"), gr.Row():
                _encoding(shell, choice)
        with gr.Column(scale=7, min_width=560):
            component("delivered.js", "delivered")


def _encoding(shell: Shell, choice: gr.HTML) -> None:
    """A widget for each option of Encoding; the part beside is told to look again."""
    made = {spec: widget("encoding", spec, spec.default) for spec in describe(Encoding)}

    def show(request: gr.Request) -> list[Any]:
        held = asdict(delivering.encoding_of(shell.visitor(request).folder))
        return ["" if held[spec.name] is None else held[spec.name] for spec in made]

    shell.page.load(show, None, list(made.values()), show_progress="hidden", queue=False, api_visibility="private")
    for spec, each in made.items():
        each.input(
            _change(shell, spec), each, choice, trigger_mode="always_last",
            show_progress="hidden", queue=False, api_visibility="private",
        )  # fmt: skip


def _change(shell: Shell, spec: OptionSpec) -> Callable[[Any, gr.Request], str]:
    def change(value: Any, request: gr.Request) -> str:
        try:
            return repr(delivering.change_encoding(shell.visitor(request).folder, spec.name, value))
        except AudiopostError as error:
            raise told(error) from error

    return change
