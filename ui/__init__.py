"""The workbench: audiopost in the browser. `command` is what `audiopost ui` runs; gradio loads when it starts."""

from __future__ import annotations

from .command import command

__all__ = ["command"]
