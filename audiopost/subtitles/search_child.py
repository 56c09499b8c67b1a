"""Run by `search` as a process of its own, which can be ended: JSON on standard input, JSON on standard output."""

from __future__ import annotations

import json
import re
import sys
from typing import Any


def main() -> None:
    """{"pattern", "ignore_case", "by" or null, "texts"} in; {"found": [[count, text] …]} or {"error"} out."""
    asked = json.load(sys.stdin)
    answer: dict[str, Any]
    try:
        pattern = re.compile(asked["pattern"], re.IGNORECASE if asked["ignore_case"] else 0)
        if asked["by"] is None:
            found = [(sum(1 for _ in pattern.finditer(text)), text) for text in asked["texts"]]
        else:
            found = [pattern.subn(asked["by"], text)[::-1] for text in asked["texts"]]
    except (re.error, IndexError, OverflowError, RecursionError) as error:
        answer = {"error": str(error)}
    else:
        answer = {"found": found}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
