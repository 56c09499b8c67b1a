"""Many recordings in one queue; all jobs, with what became of each."""

from __future__ import annotations

import gradio as gr

from ..component import component
from ..shell import Shell


def build(shell: Shell) -> None:
    """The tab's two live parts: what to queue, and the queue."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=400):
            component("batch.js", "batch")
        with gr.Column(scale=8, min_width=620):
            component("queue.js", "queue")
