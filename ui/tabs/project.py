"""The main job: recordings in, a preset with its options, the run, and what came out of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from audiopost import presets
from audiopost.core.errors import AudiopostError

from .. import offer, summary
from ..component import component
from ..controls import widget
from ..shell import Shell, told
from ..texts import label


def build(shell: Shell) -> None:
    """The tab's widgets and handlers."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=480):
            component("project.js", "project")
        with gr.Column(scale=7, min_width=560):
            bar = component("run.js", "runbar")
            with gr.Accordion(label("project.options"), open=False, elem_id="options"):
                _options(shell, bar)
            verdict = gr.HTML("", elem_id="verdict")

    def show(request: gr.Request) -> str:
        return _verdict(shell, request)

    shell.refreshed(show, [verdict])


def _verdict(shell: Shell, request: gr.Request) -> str:
    visitor, language = shell.visitor(request), shell.language(request)
    desk = visitor.desk()
    if desk is not None:
        return summary.verdict(desk.project, language)
    return summary.being_read(visitor.recording, language) if visitor.recording else summary.nothing_open(language)


def _options(shell: Shell, bar: gr.HTML) -> None:
    """An accordion a stage of the preset that is chosen; drawn anew where the bar says that another one is."""

    # One after the other: Gradio's table of events is not safe against two that draw at once.
    @gr.render(triggers=[shell.page.load, bar.change], concurrency_limit=1, show_progress="hidden")  # type: ignore[untyped-decorator]
    def _drawn(request: gr.Request) -> None:
        chosen = offer.chosen(shell.visitor(request).folder)
        preset = presets.load(chosen.preset)
        for stage in preset.stages:
            with gr.Accordion(label(f"jobs.name_{stage}"), open=False, elem_id=f"options-{stage}"):
                for spec in offer.shown_options(preset, stage):
                    name = f"{stage}.{spec.name}"
                    value = chosen.changed.get(name, getattr(preset.options[stage], spec.name))
                    made = widget(stage, spec, value, offer.choices_of(stage, spec.name))
                    made.input(
                        _remember(shell, chosen.preset, name), made, None, trigger_mode="always_last",
                        show_progress="hidden", queue=False, api_visibility="private",
                    )  # fmt: skip


def _remember(shell: Shell, preset: str, name: str) -> Callable[[Any, gr.Request], None]:
    def remember(value: Any, request: gr.Request) -> None:
        try:
            offer.change_option(shell.visitor(request).folder, preset, name, value)
        except AudiopostError as error:
            raise told(error) from error

    return remember
