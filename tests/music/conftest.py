"""Fixtures of the music room."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def made() -> ModuleType:
    """Music of known tempo, key and form: fixtures/made_music.py."""
    file = Path(__file__).parent.parent / "fixtures" / "made_music.py"
    spec = importlib.util.spec_from_file_location("made_music", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
