"""The command line: parse, call, print. Each command is imported when it is asked for."""

from __future__ import annotations

from .main import main

__all__ = ["main"]
