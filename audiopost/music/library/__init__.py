"""The user's own music: heard once, kept in an SQLite file, searched, and matched to cues."""

from __future__ import annotations

from pathlib import Path

from .rank import suggest_tracks as suggest_tracks
from .scan import Scan as Scan
from .scan import rescan as rescan
from .scan import scan as scan
from .store import Store as Store
from .store import Track as Track


def default_path() -> Path:
    """The library's file where none is named: in the user's data folder. It may not exist yet."""
    import platformdirs

    return platformdirs.user_data_path("audiopost", appauthor=False) / "music.sqlite"
