"""Rows as CSV that spreadsheets open safely."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..io.cells import safe_cell


def csv_text(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], titles: Mapping[str, str] | None = None) -> str:
    """RFC 4180 with a header of the columns, or their `titles`; lists joined by '; '; formulas defused."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([titles[column] for column in columns] if titles else columns)
    for row in rows:
        writer.writerow([safe_cell(_joined(row[column])) for column in columns])
    return text.getvalue()


def _joined(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list) else value
