"""The rules that captions are held against, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Finding(NamedTuple):
    """A broken rule, before it is known which caption of which file it is in."""

    rule: str
    detail: str
    value: float | str | None = None
    limit: float | str | None = None


class Rule(NamedTuple):
    """`severity` 'error' or 'warning'; `fixable` where `fix` knows a mend to try; `title` for a person."""

    severity: str
    fixable: bool
    title: str


#: Every rule that `check` knows, in the order in which reports list them. Errors are what a style's own numbers and
#: signs say; 'empty', 'order', 'frames', 'characters' and 'mojibake' stand in no guide, but no delivery takes them
#: (assumption). Warnings are what guides call a preference, or an assumption of ours.
RULES: Mapping[str, Rule] = {
    "empty": Rule("error", True, "no text"),
    "order": Rule("error", True, "out of order"),
    "overlap": Rule("error", True, "overlap"),
    "gap": Rule("error", True, "gap too short"),
    "chain": Rule("error", True, "gap to be closed"),
    "min_duration": Rule("error", True, "too brief"),
    "max_duration": Rule("error", True, "on screen too long"),
    "cps": Rule("error", True, "reading speed"),
    "frames": Rule("error", True, "not on a frame"),
    "lines": Rule("error", True, "too many lines"),
    "cpl": Rule("error", True, "line too long"),
    "words": Rule("error", True, "too many words in a line"),
    "bilingual": Rule("error", True, "order of languages"),
    "dash": Rule("error", True, "dashes of speakers"),
    "punctuation": Rule("error", True, "punctuation"),
    "continuation": Rule("error", True, "carried-on sentence"),
    "italics": Rule("error", True, "italics in Chinese"),
    "script": Rule("error", False, "other Chinese script"),
    "characters": Rule("error", True, "unreadable characters"),
    "mojibake": Rule("error", False, "wrong encoding"),
    "translation": Rule("warning", False, "language missing"),
    "shot_change": Rule("warning", True, "near a shot change"),
    "one_line": Rule("warning", True, "could be one line"),
    "break": Rule("warning", True, "line parts a phrase"),
    "caption_break": Rule("warning", False, "caption parts a phrase"),
    "top_heavy": Rule("warning", True, "top-heavy"),
    "markup": Rule("warning", True, "markup in the text"),
    "pairs": Rule("warning", False, "unpaired sign"),
    "sdh": Rule("warning", True, "labels and sound tags"),
    "spaces": Rule("warning", True, "stray spaces"),
}
