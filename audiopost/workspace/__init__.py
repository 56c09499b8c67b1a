"""A project folder that people work in: its recordings, each with its Project as it stands and every change undoable.

The folder is the one that `audiopost run -o` writes to, so both see the same work:

    FOLDER/media/FILM.mov              recordings that were brought in
    FOLDER/.FILM.audiopost/            the Project as it stands (project.json) and its audio, as the pipeline keeps them
    FOLDER/FILM.srt, FILM.clean.wav …  what was delivered
    FOLDER/.audiopost/FILM/            the journal of changes; pictures that can be drawn anew
"""

from __future__ import annotations

from .desk import Desk, Preview
from .folder import Folder
from .journal import Change

__all__ = ["Change", "Desk", "Folder", "Preview"]
