"""What texts are read as: modes, keys, instruments; and the tables themselves."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from audiopost.core.spotting import EMOTIONS
from audiopost.music.guide.harmony import voiced
from audiopost.music.guide.instruments import cast, instrument
from audiopost.music.guide.rules import FEELS, PATTERNS
from audiopost.music.guide.theory import CHARACTERS, MODES, mode_of, signature, tonic_of
from audiopost.music.guide.timbres import TIMBRES

CUES = Path(__file__).parents[3] / "presets" / "cues"
PRESETS = [tomllib.loads(file.read_text(encoding="utf-8")) for file in CUES.glob("*.toml")]


def said(key: str) -> set[str]:
    """All that the presets say under a key, anywhere."""
    found: set[str] = set()

    def look(value: object) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                if name == key:
                    found.update(inner)
                look(inner)

    for preset in PRESETS:
        look(preset)
    return found


@pytest.mark.parametrize(
    ("text", "key", "valence", "wanted"),
    [
        ("major", "", -1, "major"), ("Minor", "", 1, "minor"), ("dorian or minor", "", 0, "dorian"),
        ("minor or dorian", "", 0, "minor"), ("harmonic minor", "", 0, "harmonic minor"), ("aeolian", "", 0, "minor"),
        ("minor pentatonic", "", 0, "yu"), ("pentatonic", "", 0.5, "gong"), ("pentatonic", "", -0.5, "yu"),
        ("羽調式", "", 0, "yu"), ("宮", "", 0, "gong"), ("atonal", "", 0, "octatonic"),
        ("whole tone", "", 0, "whole-tone"),
        ("", "C minor", 0, "minor"), ("", "F#m", 0, "minor"), ("", "Am", 0.5, "minor"), ("", "D dorian", 0, "dorian"),
        ("modal", "C", -0.5, "dorian"), ("bebop", "", 0.5, "mixolydian"), ("", "", 0.0, "mixolydian"),
    ],
)  # fmt: skip
def test_modes(text: str, key: str, valence: float, wanted: str) -> None:
    assert mode_of(text, key, valence).name == wanted


@pytest.mark.parametrize(
    ("key", "wanted"),
    [("C", 0), ("f# minor", 6), ("Bb", 10), ("B♭ major", 10), ("E♭m", 3), ("b minor", 11), ("Bm", 11), ("A sharp", 10),
     ("", None), ("?", None), ("Am", 9), ("Cb", 11)],
)  # fmt: skip
def test_keys(key: str, wanted: int | None) -> None:
    assert tonic_of(key) == wanted


@pytest.mark.parametrize(
    ("tonic", "mode", "wanted"),
    [(50, "major", "D"), (50, "minor", "Dm"), (50, "dorian", "C"), (52, "phrygian", "C"), (53, "lydian", "C"),
     (55, "mixolydian", "C"), (57, "yu", "Am"), (50, "shang", "C"), (55, "zhi", "C"), (52, "jue", "C"),
     (48, "octatonic", "C")],
)  # fmt: skip
def test_signatures(tonic: int, mode: str, wanted: str) -> None:
    assert signature(tonic, MODES[mode]) == wanted


@pytest.mark.parametrize("name", MODES)
def test_a_signature_holds_the_scale(name: str) -> None:
    """The scale's tones are those of the major key with the same signature."""
    mode = MODES[name]
    if mode.signature is not None and name != "harmonic minor":
        major = {(mode.signature + step) % 12 for step in MODES["major"].steps}
        assert set(mode.steps) <= major
    assert set(mode.loops) == set(CHARACTERS.values())
    assert all(0 <= root < len(mode.steps) for loops in mode.loops.values() for loop in loops for root in loop)


def test_chords_move_little() -> None:
    """I to IV in C: the common tone stays, the others move a step."""
    one = voiced(MODES["major"], 48, 0, 60, ())
    four = voiced(MODES["major"], 48, 3, 60, one)
    assert {tone % 12 for tone in one} == {0, 4, 7}
    assert {tone % 12 for tone in four} == {0, 5, 9}
    assert sum(abs(a - b) for a, b in zip(one, four, strict=True)) <= 3


def test_the_tables_are_whole() -> None:
    assert set(FEELS) == set(CHARACTERS) == set(EMOTIONS)
    assert {name for feel in FEELS.values() for name in feel.pattern} <= set(PATTERNS)
    parts = cast(["strings", "bass drum", "瑟"], plucked=False)
    assert [part.name for part in parts] == ["pad", "figure", "melody", "bass", "pulse", "accent"]


@pytest.mark.parametrize(
    ("text", "program"),
    [("Pizzicato strings", 45), ("bass clarinet", 71), ("solo cello", 42), ("felt piano", 0), ("古箏", 107),
     ("Erhu", 110), ("bass drum", None), ("small gong", None), ("upright bass", 32), ("muted trumpet", 59)],
)  # fmt: skip
def test_instruments(text: str, program: int | None) -> None:
    found = instrument(text)
    assert found is not None
    assert found.program == program


def test_all_that_the_presets_ask_for_is_known() -> None:
    assert {name for name in said("instruments") if instrument(name) is None} == set()
    assert said("modes") <= set(MODES)
    assert {key for key in said("keys") if tonic_of(key) is None} == set()
    assert {instrument(name).timbre for name in said("instruments")} <= set(TIMBRES)


def test_instruments_play_what_they_can() -> None:
    parts = {part.name: part.program for part in cast(["felt piano", "solo cello", "ambient pad"], plucked=True)}
    assert parts == {"pad": 89, "figure": 0, "melody": 42, "bass": 42, "pulse": None, "accent": 47}
    assert {part.name: part.program for part in cast([], plucked=True)}["figure"] == 45
