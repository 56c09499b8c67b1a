"""Widgets out of Options: one for each field, with its range, unit, help and default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from audiopost.core.options import OptionSpec

#: Where a field may be left empty.
_EMPTY = "automatic"


def widget(spec: OptionSpec, value: Any, choices: Sequence[str] = ()) -> gr.components.Component:
    """The widget of one option, holding `value`; `choices` where they are known only at run time (backends).

    What it returns goes through `setting` and `OptionSpec.validate` when the job starts.
    """
    words = spec.name.removesuffix(f"_{spec.unit.lower()}").replace("_", " ")
    label = f"{words} ({spec.unit})" if spec.unit else words
    named: dict[str, Any] = {"value": value, "label": label, "info": spec.help, "interactive": True}
    if spec.kind is bool:
        return gr.Checkbox(**named)
    if choices or spec.choices:
        return gr.Dropdown(list(choices or spec.choices), **named)
    if spec.kind in (int, float):
        whole = spec.kind is int
        if spec.low is not None and spec.high is not None and not spec.optional:
            return gr.Slider(spec.low, spec.high, step=1 if whole else (spec.high - spec.low) / 100, **named)
        return gr.Number(
            minimum=spec.low, maximum=spec.high, precision=0 if whole else None,
            placeholder=_EMPTY if spec.optional else None, **named,
        )  # fmt: skip
    return gr.Textbox(max_lines=1, placeholder=_EMPTY if spec.optional else None, **{**named, "value": value or ""})


def setting(name: str, value: Any) -> str:
    """'stage.option=value' of what a widget holds; an emptied one is an empty value, which optional ones take."""
    return f"{name}={'' if value is None else value}"
