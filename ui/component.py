"""A live part of the page: an element that a JavaScript module of ours fills. The modules lie in static/js."""

from __future__ import annotations

from typing import Any

import gradio as gr

#: `element` is the component's root; the module's mount(element, {props, trigger, watch}) is called once it loads.
_LOAD = """
const base = new URL(document.querySelector('meta[name="audiopost-base"]')?.content || './', document.baseURI);
import(new URL('audiopost/static/js/%s', base)).then(module => module.mount(element, { props, trigger, watch }));
"""


def component(module: str, elem_id: str, *, value: Any = "", **props: Any) -> gr.HTML:
    """An empty element with `elem_id` whose content `static/js/<module>` makes; `value` and `props` reach it as props.

    What it triggers (`change`, `select` …) are events of the returned component like those of any other.
    """
    return gr.HTML(
        value=value, html_template=f'<div id="{elem_id}-root" class="live"></div>', elem_id=elem_id,
        js_on_load=_LOAD % module, apply_default_css=False, **props,
    )  # fmt: skip
