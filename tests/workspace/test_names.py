"""File names that come from anywhere."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.workspace.names import safe_name


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("take 1.wav", "take 1.wav"),
        ("夜景 粵.mp4", "夜景 粵.mp4"),
        ("Žižkov é.wav", "Žižkov é.wav"),
        ("हिन्दी.wav", "हिन्दी.wav"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\anna\\take.wav", "take.wav"),
        ("<script>alert(1)</script>.wav", "script_.wav"),
        ("<img src=x onerror=alert(1)>.wav", "_img src_x onerror_alert(1)_.wav"),
        ("a\x00b.wav", "a_b.wav"),
        ("\u202egpj.wav", "_gpj.wav"),
        (".hidden.wav", "hidden.wav"),
        ("con.wav", "_con.wav"),
        ("LPT1.take.wav", "_LPT1.take.wav"),
        ("..", "recording"),
        ("", "recording"),
    ],
)
def test_a_name_stays_readable_and_is_harmless(given_name: str, expected: str) -> None:
    assert safe_name(given_name) == unicodedata.normalize("NFC", expected)


@given(st.text(max_size=300))
def test_any_text_becomes_one_name_in_its_folder(text: str) -> None:
    made = safe_name(text)
    assert made
    assert Path("media", made).parent == Path("media")
    assert made not in (".", "..")
    assert not made.startswith(".")
    assert not made.endswith((" ", "."))
    assert len(made.encode()) <= 160
    assert not any(unicodedata.category(c).startswith("C") for c in made)
    assert not set(made) & set('/\\:*?"<>|')
    assert safe_name(made) == made
