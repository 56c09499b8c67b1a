"""Cells of tables that spreadsheets open."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$")


def safe_cell(value: object) -> str:
    """A cell no spreadsheet takes for a formula: text that starts with = + - @ or a control character is quoted.

    So is text that looks quoted already: `plain_cell` gives back what was meant. Numbers stay numbers, negative ones
    too; None is empty (OWASP, CSV injection).
    """
    text = "" if value is None else str(value)
    if re.match(r"'*[=+\-@\t\r\n]", text) and not _NUMBER.match(text):
        return "'" + text
    return text


def plain_cell(text: str) -> str:
    """What `safe_cell` made a cell of."""
    return text[1:] if re.match(r"'+[=+\-@\t\r\n]", text) else text
