"""Pages out of Jinja templates: everything filled in is escaped, and a name that is missing is an error."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any


def page(template: Path, /, **values: Any) -> str:
    """A template filled with `values`; it may include others of its folder."""
    text: str = _templates(template.parent).get_template(template.name).render(**values)
    return text.encode("utf-8", "replace").decode("utf-8")  # a file name may hold bytes that are no text


@functools.cache
def _templates(folder: Path) -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
