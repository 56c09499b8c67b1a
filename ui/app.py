"""Assembles the workbench and serves it. Nothing here processes sound: it calls what everybody calls."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import click
import gradio as gr

from audiopost.core.errors import Unavailable

from .tabs import job

#: Fonts of the visitor's own machine: a web font would be a request to somebody else.
FONTS = ["system-ui", "Segoe UI", "Noto Sans", "Noto Sans CJK TC", "PingFang TC", "sans-serif"]
MONO = ["ui-monospace", "Consolas", "monospace"]
CSS = Path(__file__).parent / "static" / "workbench.css"


def theme() -> gr.Theme:
    """The workbench's look; what themes cannot say is in static/workbench.css."""
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


def build(results: Path, served: Path) -> gr.Blocks:
    """The page; jobs write below `results`, each in a folder of its own, and show what they made out of `served`."""
    with gr.Blocks(title="audiopost", analytics_enabled=False, delete_cache=(3600, 86_400), fill_width=True) as page:
        gr.HTML("<h1>audiopost</h1><p>From a recording to its deliverables.</p>", elem_id="masthead")
        job.build(results, served)
    return page


def serve(
    results: Path,
    scratch: Path,
    *,
    host: str,
    port: int,
    auth: tuple[str, str] | None,
    root_path: str,
    max_size: str,
    in_browser: bool,
) -> None:
    """Serves until interrupted. Uploads and what players load lie in `scratch`, which the caller removes."""
    cache = scratch / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    os.environ["GRADIO_TEMP_DIR"] = str(cache)
    # Jobs wait for each other: each takes all cores.
    page = build(results, cache).queue(default_concurrency_limit=1)
    try:
        page.launch(
            server_name=host,
            server_port=port or None,
            auth=auth,
            root_path=root_path or None,
            max_file_size=max_size,
            inbrowser=in_browser,
            share=False,
            ssr_mode=False,
            enable_monitoring=False,
            run_history=False,  # a browser may have several users
            footer_links=[],
            theme=theme(),
            css_paths=CSS,
            allowed_paths=[],
            quiet=True,
            prevent_thread_lock=True,
        )
    except OSError as error:
        raise Unavailable(
            f"Cannot listen on {host}, port {port}: {error}", value=port, remedy="--port 0 takes a free port."
        ) from error
    click.echo(f"audiopost workbench: {page.local_url} (Ctrl+C ends it)")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the caller shall get to remove `scratch`
    page.block_thread()
