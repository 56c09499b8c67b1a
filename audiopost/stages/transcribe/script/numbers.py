"""Numbers as they are said, so that '25' of a script and 'twenty-five' of a recogniser are the same words."""

from __future__ import annotations

import re

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_GROUPS = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_NUMBER = re.compile(r"^(\d{1,12})(?:\.(\d+))?(st|nd|rd|th|s)?$")
_DIGITS = "零一二三四五六七八九"


def english(text: str) -> list[str]:
    """The words of '25', '3.5', '21st', '1984', '1960s'; the text itself where it is no such number."""
    found = _NUMBER.match(text)
    if not found:
        return [text]
    value, decimals, ending = int(found[1]), found[2], found[3]
    if len(found[1]) == 4 and 1100 <= value < 2000 and value % 100 and not decimals:
        low = value % 100
        words = [*_cardinal(value // 100), *(["oh", _UNITS[low]] if low < 10 else _cardinal(low))]
    else:
        words = _cardinal(value)
    if decimals:
        return [*words, "point", *(_UNITS[int(digit)] for digit in decimals)]
    if ending == "s":
        words[-1] = words[-1].removesuffix("y") + ("ies" if words[-1].endswith("y") else "s")
    elif ending:
        last = words[-1]
        words[-1] = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return words


def _cardinal(value: int) -> list[str]:
    if value < 20:
        return [_UNITS[value]]
    if value < 100:
        return [_TENS[value // 10 - 2], *([_UNITS[value % 10]] if value % 10 else [])]
    size, name = next(group for group in _GROUPS if value >= group[0])
    return [*_cardinal(value // size), name, *(_cardinal(value % size) if value % size else [])]


def chinese(digits: str) -> str:
    """'25' as 二十五; what begins with 0 or has more than eight digits is read digit by digit."""
    if len(digits) > 8 or (digits[0] == "0" and len(digits) > 1):
        return "".join(_DIGITS[int(digit)] for digit in digits)
    value = int(digits)
    if value >= 10_000:
        rest = value % 10_000
        gap = "零" if 0 < rest < 1000 else ""
        return chinese(str(value // 10_000)) + "万" + (gap + _below_10000(rest) if rest else "")
    return _below_10000(value) if value else "零"


def _below_10000(value: int) -> str:
    out, pending_zero = "", False
    for size, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // size % 10
        if digit:
            out += ("零" if pending_zero else "") + ("" if (size, digit, out) == (10, 1, "") else _DIGITS[digit]) + name
            pending_zero = False
        else:
            pending_zero = bool(out)
    return out
