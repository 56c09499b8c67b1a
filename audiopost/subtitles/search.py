"""Find and replace in captions. A regular expression runs in a process of its own: one that never ends is stopped."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import BadValue

#: A regular expression that takes longer over all captions is stopped.
TIME_LIMIT_S = 3.0
#: Longer patterns and replacements are a mistake.
_MOST = 2_000
_CHILD = Path(__file__).with_name("search_child.py")


@dataclass(frozen=True)
class Search:
    """What is looked for. `regex`: `find` is a regular expression, and `\\1` in a replacement one of its groups.

    `whole_words` holds for letters and figures; in Chinese and Japanese, which do not part words, it changes nothing.
    """

    find: str
    match_case: bool = False
    whole_words: bool = False
    regex: bool = False

    @property
    def pattern(self) -> str:
        """As a regular expression."""
        pattern = self.find if self.regex else re.escape(self.find)
        # Not \b: a sign at the end of what is looked for has no border of words beside it.
        return rf"(?<![^\W{_HAN}])(?:{pattern})(?![^\W{_HAN}])" if self.whole_words else pattern


_HAN = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"


def counts(texts: Sequence[str], search: Search) -> list[int]:
    """How often each text holds what is looked for. Raises BadValue for a pattern that is none, or takes too long."""
    return [count for count, _ in _ran(texts, search, None)]


def replaced(texts: Sequence[str], search: Search, by: str) -> list[tuple[int, str]]:
    """How often it was replaced in each text, and the text then. Raises BadValue as `counts`."""
    return _ran(texts, search, by)


def _ran(texts: Sequence[str], search: Search, by: str | None) -> list[tuple[int, str]]:
    if not search.find:
        raise BadValue("There is nothing to look for.", value="", remedy="Write what to find.")
    if len(search.find) > _MOST or len(by or "") > _MOST:
        raise BadValue(f"What to find and to put in have at most {_MOST} characters.", value=len(search.find))
    if not search.regex:
        flags = 0 if search.match_case else re.IGNORECASE
        pattern = re.compile(search.pattern, flags)
        if by is None:
            return [(len(pattern.findall(text)), text) for text in texts]
        return [pattern.subn(lambda _: by, text)[::-1] for text in texts]
    asked = {"pattern": search.pattern, "ignore_case": not search.match_case, "by": by, "texts": list(texts)}
    return [(count, text) for count, text in _in_child(asked)]


def _in_child(asked: dict[str, Any]) -> list[tuple[int, str]]:
    try:
        done = subprocess.run(  # noqa: S603 - our own file, and what was asked goes in as data
            [sys.executable, "-I", "-S", str(_CHILD)],
            input=json.dumps(asked).encode(), capture_output=True, timeout=TIME_LIMIT_S, check=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise BadValue(
            f"This regular expression takes longer than {TIME_LIMIT_S:g} s.",
            value=asked["pattern"],
            remedy="Repetitions within repetitions, as (a+)+, are what makes one slow.",
        ) from error
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise BadValue(f"This is no regular expression: {answer['error']}.", value=asked["pattern"])
    found: list[tuple[int, str]] = answer["found"]
    return found
