"""Our own routes below /audiopost: what the live parts of the page ask, answered for the session's folder alone."""

from __future__ import annotations

from . import (
    caption_files,
    captions,
    cue_files,
    cues,
    deliver,
    desk,
    dialogue,
    findings,
    jobs,
    media,
    models,
    runs,
    stems,
)

ROUTERS = (
    desk.router,
    jobs.router,
    runs.router,
    deliver.router,
    captions.router,
    caption_files.router,
    cues.router,
    cue_files.router,
    media.router,
    stems.router,
    findings.router,
    models.router,
    dialogue.router,
)
