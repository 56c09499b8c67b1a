"""Guide tracks for the example scene: `python examples/guide_tracks.py [FOLDER]`.

Two cues as a composer might have spotted them, and a sting for the door; each as MIDI and as sound, and all of them
under the scene, ducked at its lines. Written to FOLDER, by itself 'guides' in the folder you are in.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import audiopost as ap
from audiopost.core.spotting import Cue, CurvePoint, Duck, Fades, HitPoint
from audiopost.core.time import PAL
from audiopost.io.atomic import make_folder, write_bytes
from audiopost.music.guide import guide_audio, guide_midi
from audiopost.music.hits import fit_tempo
from audiopost.music.temp_mix import temp_mix

HERE = Path(__file__).parent
DOOR_S = 38.6


def cues(lines: list[tuple[float, float]]) -> list[Cue]:
    """The quarrel up to the door, the door, and what is said after it; under lines music lies 14 LU lower."""
    quarrel = Cue(
        1, 23.0, 38.4, "underscore", "tension", (96, 112), "phrygian", ("low strings", "taiko drums"),
        "Anna asks about the money and both grow louder, until she throws him out.", 0.9,
        key="E", texture="ostinato with accents", dynamics="p to mf", fades=Fades(1.5, 0.3, "equal-power", "linear"),
        curve=(CurvePoint(23.0, 0.1, -0.2), CurvePoint(37.0, 0.8, -0.6)),
        hits=(HitPoint(26.4, "Tom: What money?", 0.5), HitPoint(35.4, "Anna: Then get out!", 0.8)),
    )  # fmt: skip
    door = Cue(
        2, DOOR_S - 0.1, DOOR_S + 3.5, "sting", "fear", (60, 80), "minor", ("low brass", "timpani"),
        "The door slams.", 0.8, key="E minor", dynamics="f", fades=Fades(0.0, 1.5, "cut", "exponential"),
        hits=(HitPoint(DOOR_S, "door", 1.0),),
    )  # fmt: skip
    regret = Cue(
        3, 43.2, 55.6, "underscore", "tenderness", (60, 72), "major", ("felt piano", "warm strings"),
        "Tom explains, and Anna is sorry: warmth without words of it.", 0.8,
        key="G major", texture="melody over broken chords", dynamics="pp to p",
        fades=Fades(1.0, 2.5, "equal-power", "exponential"), hits=(HitPoint(53.2, "I was afraid", 0.5),),
    )  # fmt: skip
    return [replace(fitted(cue), ducks=ducks(cue, lines)) for cue in (quarrel, door, regret)]


def fitted(cue: Cue) -> Cue:
    tempo, hits = fit_tempo(cue.hits, cue.tempo_bpm, PAL, start_s=cue.in_s)
    return replace(cue, tempo=tempo, hits=hits)


def ducks(cue: Cue, lines: list[tuple[float, float]]) -> tuple[Duck, ...]:
    return tuple(Duck(start, end, -14.0) for start, end in lines if start < cue.out_s and end > cue.in_s)


def main() -> None:
    folder = make_folder(Path(sys.argv[1] if len(sys.argv) > 1 else "guides"))
    truth = json.loads((HERE / "scene.json").read_text())
    spotted = cues([(line["start_s"], line["end_s"]) for line in truth["utterances"]])
    for cue in spotted:
        write_bytes(folder / f"{cue.label}.guide.mid", guide_midi(cue))
        ap.write_wav(folder / f"{cue.label}.guide.wav", guide_audio(cue))
        tempo = f"{cue.tempo.bpm:g} BPM, hits within {cue.tempo.worst_frames:.1f} frames" if cue.tempo else ""
        print(f"{cue.label} {cue.function}, {cue.emotion}: {cue.in_s:.1f} to {cue.out_s:.1f} s, {tempo}")
    mix = temp_mix(
        ap.load(HERE / "scene.flac").audio,
        spotted,
        source="guides",
        dialogue=ap.load(HERE / "scene.dialogue.flac").audio,
    )
    ap.write_wav(folder / "scene.temp-mix.wav", mix.audio)
    print(f"temp mix: {ap.measure_loudness(mix.audio).integrated_lufs:.1f} LUFS", *mix.warnings, sep="\n  ")


if __name__ == "__main__":
    main()
