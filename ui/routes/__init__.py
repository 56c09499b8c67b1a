"""Our own routes below /audiopost: what the live parts of the page ask, answered for the session's folder alone."""

from __future__ import annotations

from . import captions, cues, desk, jobs, media

ROUTERS = (desk.router, jobs.router, captions.router, cues.router, media.router)
