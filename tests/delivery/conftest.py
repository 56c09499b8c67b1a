"""Cues that the delivery tests share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audiopost.core.music import EditPiece, TrackEdit, TrackInfo, TrackMatch
from audiopost.core.spotting import (
    Affect,
    Alternative,
    Cue,
    CurvePoint,
    Duck,
    EmotionPoint,
    Fades,
    HitPoint,
    Scene,
    TempoFit,
)
from audiopost.core.time import FrameRate, Timebase
from audiopost.delivery.spotting import Programme, Spotting

#: The rates and starts that times have to survive.
BASES = {
    rate: Timebase(FrameRate.parse(rate), start)
    for rate, start in (("23.976", "01:00:00:00"), ("25", "01:00:00:00"), ("29.97df", "01:00:00;00"))
}


@pytest.fixture(params=BASES)
def timebase(request) -> Timebase:
    return BASES[request.param]


@pytest.fixture
def cues() -> tuple[Cue, ...]:
    return (
        Cue(1, 12.48, 30.0, "bed", "calm", (60, 80), "major", ("strings", "piano"), "+ the scene opens", 0.75),
        Cue(2, 61.04, 90.52, "build", "tense", (100, 130), "minor", ("low brass",), '=the door, "slowly"\n一扇門', 0.5),
        Cue(3, 85.0, 120.04, "release", "sad", (50, 70), "minor", (), "a pause", 1 / 3),
    )  # fmt: skip


def rich_cues(rate: FrameRate) -> tuple[Cue, ...]:
    """Cues on frames of a rate with every field filled, awkward texts, an overlap, each status."""
    at = rate.seconds_at
    track = TrackInfo(
        r"C:\music\Winter|Light.wav", "Winter | Light", "=Ana", composer="Ana Torres", publisher="Northlight",
        society="PRS", isrc="GBABC2400001", duration_s=184.25,
    )  # fmt: skip
    edit = TrackEdit((EditPiece(at(312), 3.5, 11.5), EditPiece(at(600), 31.0, 36.0, 0.25)), 1.5, 3.0, -6.0)
    return (
        Cue(
            1, at(312), at(750), "underscore", "tension", (80, 92), "minor", ("low strings", "a; b \\ c"),
            'Quieter, "slower"\nand <b>dark</b>; 門', 0.78, status="accepted", title="Main, 1", metre="6/8", key="D",
            texture="sparse", dynamics="pp", level_lu=-14.5,
            curve=(CurvePoint(at(312), 0.1, -0.25), CurvePoint(at(500) + 0.01, 0.5, -0.1)),
            hits=(HitPoint(at(355), "the door | slams\n門", 0.9, 3, 0.41), HitPoint(at(520), "=cmd()", 0.5)),
            tempo=TempoFit(84.3521, 12.625123, 0.51, 0.8),
            ducks=(Duck(at(330), at(455), -18.0), Duck(at(600), at(700), -16.5)),
            fades=Fades(1.5, 3.0, "equal-power", "exponential"),
            alternatives=(Alternative("silence", "sadness", (60, 80), "", "Nothing | until\nthe door."),),
            tracks=(
                TrackMatch(track, 0.82, ("tempo 84 of 80–92", "minor"), edit, True),
                TrackMatch(TrackInfo("/m/b.wav", "B", "X"), 0.5, (), TrackEdit(())),
            ),
        ),
        Cue(2, at(700), at(1200), "transition", "joy", (110, 126), "dorian", (), "-cut to day", 0.5, reel=2),
        Cue(3, at(710), at(900), "silence", "sadness", (60, 80), "", (), "No music.", 1.0, status="existing", metre=""),
        Cue(4, at(1500), at(1501), "sting", "fear", (72, 72), "phrygian", ("x",), "hit", 0.25, status="rejected"),
        Cue(
            12, at(86400), at(90000), "closing", "tenderness", (60, 70), "own mode", ("箏",), "末段：離別", 0.6, reel=3,
            hits=(HitPoint(at(86401), "門關上", 0.25),), title="離別",
        ),
    )  # fmt: skip


def a_spotting(timebase: Timebase, language: str = "en", cues: tuple[Cue, ...] | None = None) -> Spotting:
    return Spotting(
        "FILM 電影 <1>",
        rich_cues(timebase.rate) if cues is None else cues,
        timebase,
        timebase.rate.seconds_at(100_000),
        (
            Scene(1, 0.0, timebase.rate.seconds_at(600), "Opening", ("Mei", "=Tom"), "tension",
                  Affect(0.3, -0.4, 0.1, 0.6), (timebase.rate.seconds_at(100), timebase.rate.seconds_at(355))),
            Scene(2, timebase.rate.seconds_at(600), timebase.rate.seconds_at(2000), "A cut", (), "joy/sadness"),
        ),
        tuple(
            EmotionPoint(n / 2, n * 7 % 11 / 11 - 0.5, n / 100, 0.1, 0.5, Affect(0.1, 0.2, 0.3, 0.4) if n % 2 else None)
            for n in range(60)
        ),
        language=language,
        programme=Programme(title="The =Film", broadcaster="RTHK"),
    )  # fmt: skip


@pytest.fixture(scope="session")
def bases() -> dict[str, Timebase]:
    return BASES


@pytest.fixture(scope="session")
def make_spotting() -> Callable[..., Spotting]:
    """make_spotting(timebase, language="en", cues=None): a recording of which everything is known."""
    return a_spotting


@pytest.fixture
def spotting(timebase: Timebase) -> Spotting:
    return a_spotting(timebase)
