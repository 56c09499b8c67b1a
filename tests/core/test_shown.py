"""Text of others, as terminals can show it."""

from __future__ import annotations

from audiopost.core.shown import printable, shown


def test_what_can_be_printed_stays_and_the_rest_becomes_escapes() -> None:
    assert shown("épisode 海 \u200c") == "épisode 海 \u200c"
    assert shown("a\x1b\udce9\n") == "a\\x1b\\udce9\\n"
    assert shown("\u202egpj") == "\\u202egpj"
    assert printable("第一集")
    assert not printable("a\tb")
