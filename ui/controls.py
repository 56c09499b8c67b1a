"""Widgets out of Options: one for each field, with its range, unit, help and default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from audiopost.core.options import OptionSpec

from .texts import label, tell

#: Where a field is left empty.
_EMPTY = "not set"


def widget(table: str, spec: OptionSpec, value: Any, choices: Sequence[str] = ()) -> gr.components.Component:
    """The widget of one option of a stage (or of 'encoding'), holding `value`; the browser tells it in its language.

    `choices` where they are known only at run time (backends). What it returns goes through `setting` and
    `OptionSpec.validate` when the job starts.
    """
    key = f"options.{table}_{spec.name}"
    named: dict[str, Any] = {"value": value, "label": label(key), "info": label(f"{key}_help"), "interactive": True}
    if spec.kind is bool:
        return gr.Checkbox(**named)
    if choices or spec.choices:
        empty = [(_EMPTY, "")] if spec.optional else []  # a choice can be taken back
        return gr.Dropdown([*empty, *(choices or spec.choices)], **{**named, "value": value or ""})
    if spec.kind in (int, float) and not spec.optional:  # an empty Number shows 0
        whole = spec.kind is int
        if spec.low is not None and spec.high is not None:
            return gr.Slider(spec.low, spec.high, step=1 if whole else (spec.high - spec.low) / 100, **named)
        return gr.Number(minimum=spec.low, maximum=spec.high, precision=0 if whole else None, **named)
    text = "" if value is None else str(value)
    return gr.Textbox(max_lines=1, placeholder=_EMPTY if spec.optional else None, **{**named, "value": text})


def setting(name: str, value: Any) -> str:
    """'stage.option=value' of what a widget holds; an emptied one is an empty value, which optional ones take."""
    return f"{name}={'' if value is None else value}"


def described(stage: str, spec: OptionSpec, value: Any, language: str, choices: Sequence[str] = ()) -> dict[str, Any]:
    """One option as JSON for a live part: its name, texts, kind ('bool', 'int', 'float', 'str'), range and value."""
    return {
        "name": f"{stage}.{spec.name}",
        "label": tell(f"options.{stage}_{spec.name}", language),
        "help": tell(f"options.{stage}_{spec.name}_help", language),
        "kind": spec.kind.__name__,
        "low": spec.low,
        "high": spec.high,
        "unit": spec.unit,
        "choices": [*(choices or spec.choices)],
        "optional": spec.optional,
        "default": spec.default,
        "value": value,
    }
