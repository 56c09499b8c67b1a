"""The JSON files beside a model's weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..core.errors import BadValue


def read_json(file: Path) -> dict[str, Any]:
    """The table in a JSON file. Raises BadValue."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadValue(f"{file} cannot be read: {error}.", value=str(file), remedy="Copy the model again.") from error
    if not isinstance(found, dict):
        raise BadValue(f"{file} holds no table.", value=str(file), remedy="Copy the model again.")
    return found
