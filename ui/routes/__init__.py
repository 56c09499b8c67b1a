"""Our own routes below /audiopost: what the live parts of the page ask, answered for the session's folder alone."""

from __future__ import annotations

from . import captions, desk, jobs, media

ROUTERS = (desk.router, jobs.router, captions.router, media.router)
