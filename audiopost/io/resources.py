"""Where the files that ship with audiopost lie: the checkout's folder, or what the wheel installed."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

from ..core.errors import Unavailable


@functools.cache
def presets_folder() -> Path:
    """`presets/` of the checkout this package runs from, else the installed package `audiopost_presets`.

    Raises Unavailable where neither is there (a broken installation).
    """
    checkout = Path(__file__).resolve().parents[2] / "presets"
    if checkout.is_dir():
        return checkout
    found = importlib.util.find_spec("audiopost_presets")
    for place in (found.submodule_search_locations or ()) if found else ():
        return Path(place)
    raise Unavailable(
        f"The presets are neither in {checkout} nor installed as audiopost_presets.",
        value=str(checkout),
        remedy="Install audiopost again: pip install --force-reinstall audiopost.",
    )
