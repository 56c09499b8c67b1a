"""What every tab is built with: who is there, what goes on, and when to show things anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from audiopost.core.errors import AudiopostError
from audiopost.workspace import Desk

from .jobs import Jobs
from .texts import language_for
from .visitors import COOKIE, Visitor, Visitors


@dataclass(frozen=True)
class Shell:
    """`pulse` changes when another recording is open, the Project changed, or a job ended."""

    visitors: Visitors
    jobs: Jobs
    page: gr.Blocks
    pulse: gr.HTML

    def visitor(self, request: gr.Request) -> Visitor:
        """Whose event it is. Raises gr.Error where the session has ended."""
        found = self.visitors.find(request.cookies.get(COOKIE))
        if found is None:
            raise gr.Error("The session has ended: load the page anew.")
        return found

    def desk(self, request: gr.Request) -> Desk | None:
        """The desk of the recording that is open, None where none is."""
        return self.visitor(request).desk()

    def language(self, request: gr.Request) -> str:
        """The language of an event's page."""
        return language_for(request.cookies, request.headers.get("accept-language", ""))

    def refreshed(
        self, show: Callable[..., Any], outputs: Sequence[gr.components.Component], inputs: Sequence[Any] = ()
    ) -> None:
        """Calls `show(*inputs, request)` for `outputs` when the page loads and whenever `pulse` changes."""
        for event in (self.page.load, self.pulse.change):
            event(show, list(inputs), list(outputs), show_progress="hidden", queue=False, api_visibility="private")


def told(error: AudiopostError) -> gr.Error:
    """An error of ours as Gradio shows it: as text, for 10 s."""
    return gr.Error(str(error), duration=10, print_exception=False)
