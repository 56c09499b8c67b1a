"""Assembles the workbench's page. Nothing here processes sound: it calls what everybody calls."""

from __future__ import annotations

from html import escape
from pathlib import Path

import gradio as gr

from .component import component
from .jobs import Jobs
from .shell import Shell
from .tabs import batch, cues, deliver, dialogue, listen, models, project, stems, subtitles
from .texts import label
from .visitors import Visitors

#: Fonts of the visitor's own machine: a web font would be a request to somebody else.
FONTS = ["system-ui", "Segoe UI", "Noto Sans", "Noto Sans CJK TC", "PingFang TC", "sans-serif"]
MONO = ["ui-monospace", "Consolas", "monospace"]
STATIC = Path(__file__).parent / "static"
_LANGUAGE = STATIC / "language.js"


def theme() -> gr.Theme:
    """The look of Gradio's widgets; everything else is in static/css."""
    return gr.themes.Base(
        primary_hue="teal", neutral_hue="slate", radius_size="md", spacing_size="md", font=FONTS, font_mono=MONO
    ).set(
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_600",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
        button_primary_text_color="white",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        block_info_text_color="*neutral_500",
        block_info_text_color_dark="*neutral_400",
        link_text_color="*primary_700",
        link_text_color_hover="*primary_600",
        link_text_color_active="*primary_700",
        link_text_color_visited="*primary_700",
        link_text_color_dark="*primary_400",
        block_label_text_weight="500",
        block_title_text_weight="500",
    )


#: The tabs in their order: each module has build(shell) and a name in texts/workbench.toml.
TABS = (project, listen, dialogue, stems, subtitles, cues, batch, deliver, models)


def build(visitors: Visitors, jobs: Jobs) -> gr.Blocks:
    """The page. Nothing of a visitor's is in it: each part asks for what it shows, and the gate knows who asks."""
    with gr.Blocks(title="audiopost", analytics_enabled=False, fill_width=True) as page:
        component("masthead.js", "masthead")
        component("deck.js", "deck")
        pulse = component("pulse.js", "pulse", visible="hidden")
        shell = Shell(visitors, jobs, page, pulse)
        with gr.Tabs(elem_id="tabs"):
            for tab in TABS:
                name = tab.__name__.rpartition(".")[2]
                with gr.Tab(label(f"workbench.tab_{name}"), id=name, elem_id=f"tab-{name}", render_children=True):
                    tab.build(shell)
    return page.queue(default_concurrency_limit=8)


def head(root_path: str) -> str:
    """What the page's head says: where our routes are, whatever proxy stands before them; the language; our sheets."""
    base = f"{root_path.rstrip('/')}/"
    sheets = "".join(
        f'<link rel="stylesheet" href="{escape(base, quote=True)}audiopost/static/css/{sheet.name}">'
        for sheet in sorted((STATIC / "css").glob("*.css"))
    )
    return (
        f'<meta name="audiopost-base" content="{escape(base, quote=True)}"><link rel="icon" href="data:,">'
        f"<script>{_LANGUAGE.read_text(encoding='utf-8')}</script>{sheets}"
    )
