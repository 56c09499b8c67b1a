"""Cues of all kinds, as hypothesis draws them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from audiopost.core.spotting import EMOTIONS, FADES, FUNCTIONS, Cue, CurvePoint, Duck, Fades, HitPoint, TempoFit
from audiopost.music.guide.theory import MODES

MODE_TEXTS = (*MODES, "", "modal", "natural minor", "Minor or Dorian", "pentatonic", "羽調", "bebop")
METRES = ("4/4", "3/4", "2/4", "6/8", "12/8", "5/4", "7/8", "2/2", "3/8", "", "free")
TEXTURES = ("", "pad", "arpeggios", "string ostinato", "pulse without melody", "drone", "light staccato figures",
            "tremolo", "block chords", "percussion in front", "unheard of")  # fmt: skip
INSTRUMENTS = (
    "piano",
    "low strings",
    "erhu",
    "taiko drums",
    "timpani",
    "felt piano",
    "theremin",
    "bass clarinet",
    "古箏",
)
DYNAMICS = ("", "pp", "p to mf", "mf, building", "f, fading", "mp–f")
KEYS = ("", "D", "D minor", "F#", "Bb major", "E♭ minor", "am", "?")
unit = st.floats(-1, 1)


@st.composite
def cues(draw: st.DrawFn, longest_s: float = 90.0, functions: tuple[str, ...] = FUNCTIONS) -> Cue:
    in_s = round(draw(st.floats(0, 500)), 3)
    length_s = round(draw(st.floats(0.5, longest_s)), 3)
    inside = st.floats(in_s, in_s + length_s)
    slowest = draw(st.integers(40, 180))
    fitted = st.builds(
        TempoFit,
        bpm=st.floats(40, 220).map(lambda bpm: round(bpm, 3)),
        first_beat_s=st.floats(-0.5, 2.0).map(lambda after: in_s + after),
        rms_frames=st.just(0.0),
        worst_frames=st.just(0.0),
    )
    plain = Cue(
        draw(st.integers(1, 40)), in_s, in_s + length_s,
        draw(st.sampled_from([name for name in functions if name != "silence"])),
        draw(st.sampled_from((*EMOTIONS, "longing"))), (slowest, slowest + draw(st.integers(0, 40))),
        draw(st.sampled_from(MODE_TEXTS)), tuple(draw(st.lists(st.sampled_from(INSTRUMENTS), max_size=3))), "why", 0.5,
    )  # fmt: skip
    return replace(
        plain,
        status=draw(st.sampled_from(("suggested", "existing"))),
        metre=draw(st.sampled_from(METRES)),
        key=draw(st.sampled_from(KEYS)),
        texture=draw(st.sampled_from(TEXTURES)),
        dynamics=draw(st.sampled_from(DYNAMICS)),
        curve=tuple(draw(st.lists(st.builds(CurvePoint, inside, unit, unit), max_size=4))),
        hits=tuple(draw(st.lists(st.builds(HitPoint, inside, st.just("hit"), st.floats(0, 1)), max_size=4))),
        tempo=draw(st.none() | fitted),
        ducks=tuple(draw(st.lists(st.builds(Duck, inside, inside, st.just(-12.0)), max_size=2))),
        fades=draw(st.builds(Fades, st.floats(0, 1), st.floats(0, 2), st.sampled_from(FADES), st.sampled_from(FADES))),
    )
