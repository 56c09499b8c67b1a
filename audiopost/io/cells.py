"""Cells of tables that spreadsheets open."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$")


def safe_cell(value: object) -> str:
    """A cell no spreadsheet takes for a formula: text that starts with = + - @ or a control character is quoted.

    Numbers stay numbers, negative ones too; None is empty (OWASP, CSV injection).
    """
    text = "" if value is None else str(value)
    if text[:1] in "=+-@\t\r\n" and text and not _NUMBER.match(text):
        return "'" + text
    return text
