"""Spotting on scenes of known changes, and on a film of two hours.

    python benchmarks/spotting.py scenes [../shared/audio] [--preset film-drama] [--yamnet FOLDER] [--beats]
    python benchmarks/spotting.py long [../shared/audio] [--minutes 120]
    python benchmarks/spotting.py spread [../shared/train]

`scenes` puts scenes together out of real recordings (spotting_scenes.py), takes the example beside them, and runs
diagnose, emotion, scenes and cues on each, as heard: nothing is separated. Turns and words are the true ones, so that
no diariser or recogniser blurs what is measured. It prints what was planted with the nearest beat of its kind (or scene
border) and the error, the beats by kind, those of feeling that nobody planted, the cues, and the seconds of cue over
music that was there. --yamnet names sounds, too; --beats prints every beat.

`long` tiles real speech with pauses, and an acted quarrel now and then, to a dialogue track of two hours with its
transcript, and runs emotion, scenes and cues on it in a process of its own: times its length, and peak RSS.

`spread` measures how far neighbouring lines of one voice lie apart on the curve, over the speakers of free recordings:
what scenes takes as usual where a recording has few lines.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import spotting_scenes as made
from spotting_scenes import RATE, Built, Planted, Recordings

from audiopost.core.audio import Audio
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import SpeakerTurn, Transcript, Utterance
from audiopost.core.stage import silent
from audiopost.dsp.resample import resample
from audiopost.io.decode import load
from audiopost.stages import cues, diagnose, emotion, scenes
from audiopost.stages.scenes.feelings import line_spread

#: A beat further away than this from anything planted was not planted.
_FOUND_S = 1.0


def project_of(built: Built) -> Project:
    audio = built.audio
    media = MediaInfo(built.name, "", "WAV", "FLOAT", audio.rate, audio.channels, ("M",), audio.duration_s)
    return Project(media, audio, transcript=built.transcript, turns=built.turns)


def spotted(built: Built, preset: str | None = None, yamnet: Path | None = None) -> tuple[Project, dict[str, float]]:
    """The scene with its activity, feelings, scenes, beats and cues, and each stage's seconds."""
    chosen = {"rules": preset} if preset else {}
    heard = diagnose.Options(events_model=str(yamnet)) if yamnet else diagnose.Options(events="none")
    project, seconds = project_of(built), {}
    for stage, options in (
        (diagnose.Stage(), heard),
        (emotion.Stage(), emotion.Options()),
        (scenes.Stage(), scenes.Options()),
        (cues.Stage(), cues.Options(**chosen)),
    ):
        begin = time.perf_counter()
        project = stage(project, options, silent)
        seconds[stage.name] = time.perf_counter() - begin
    return project, seconds


def nearest(planted: Planted, project: Project) -> tuple[float, str] | None:
    """When what was planted was found, and what was said of it."""
    if planted.kind == "scene":
        found = [(scene.start_s, scene.reason) for scene in (project.scenes or ())[1:]]
    else:
        found = [(beat.time_s, beat.detail) for beat in project.beats or () if beat.kind == planted.kind]
    return min(found, key=lambda f: abs(f[0] - planted.time_s), default=None)


def over_music(project: Project, built: Built) -> float:
    """Seconds of suggested music that lie over music which was there."""
    asked = [c for c in project.cues or () if c.status == "suggested" and c.function != "silence"]
    return sum(max(0.0, min(c.out_s, m.end_s) - max(c.in_s, m.start_s)) for c in asked for m in built.music)


def show(built: Built, project: Project, seconds: dict[str, float], every_beat: bool) -> None:
    length = built.audio.duration_s
    rtf = ", ".join(f"{name} {taken / length:.3f}" for name, taken in seconds.items())
    print(f"\n### {built.name}, {length:.0f} s\n\nTimes its length: {rtf}\n")
    print("| planted | at s | found at s | error s | as |\n| --- | --- | --- | --- | --- |")
    for planted in built.planted:
        hit = nearest(planted, project)
        if hit is None:
            print(f"| {planted.kind}: {planted.what} | {planted.time_s:.2f} | - | **-** | no such beat |")
            continue
        at, words = hit
        error = at - planted.time_s
        verdict = f"{error:+.2f}" if abs(error) <= _FOUND_S else f"**{error:+.2f}**"
        print(f"| {planted.kind}: {planted.what} | {planted.time_s:.2f} | {at:.2f} | {verdict} | {words} |")
    beats = project.beats or ()
    print("\nBeats:", ", ".join(f"{n} {kind}" for kind, n in sorted(Counter(b.kind for b in beats).items())))
    for kind in ("emotion", "sound", "music"):
        known = [p.time_s for p in built.planted if p.kind == kind]
        wrong = [b for b in beats if b.kind == kind and all(abs(b.time_s - t) > _FOUND_S for t in known)]
        for beat in wrong:
            print(f"- {kind} not planted, at {beat.time_s:.2f}: {beat.detail}")
    if every_beat:
        for beat in beats:
            print(f"    {beat.time_s:7.2f} {beat.kind:8} {beat.strength:.2f} {beat.detail}")
    for scene in project.scenes or ():
        who = ", ".join(scene.speakers)
        print(f"- scene {scene.number}, {scene.start_s:.1f}-{scene.end_s:.1f}: {scene.mood}; {who}; {scene.reason}")
    print(
        "\n| cue | in - out s | function | emotion | BPM | mode | reason |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    for cue in project.cues or ():
        bpm = f"{cue.tempo.bpm:.0f} of " if cue.tempo else ""
        print(
            f"| {cue.label} {'' if cue.status == 'suggested' else cue.status} | {cue.in_s:.2f} - {cue.out_s:.2f} "
            f"| {cue.function} | {cue.emotion} | {bpm}{cue.tempo_bpm[0]}-{cue.tempo_bpm[1]} | {cue.mode} "
            f"| {cue.reason} |"
        )
    print(f"\nCue over music that was there: {over_music(project, built):.1f} s")


def all_scenes(folder: Path) -> list[Callable[[], Built]]:
    recordings = Recordings(folder)
    return [
        lambda: made.interview(recordings),
        lambda: made.quarrel(recordings),
        lambda: made.quarrel(recordings, 3, 4),
        lambda: made.telephone(recordings),
        lambda: made.montage(recordings),
        lambda: made.example(Path(__file__).parent.parent / "examples"),
    ]


def write_film(folder: Path, minutes: float, target: Path) -> None:
    """A dialogue track of real speech with pauses, and its transcript beside it; streamed to disk."""
    recordings = Recordings(folder)
    calm = [p for kind in ("librispeech", "tsp", "arctic") for p in recordings.matching(f"speech_clean/{kind}/")]
    moved = [recordings.acted(actor, f) for f in ("angry", "fearful", "sad") for actor in (1, 2, 3, 4)]
    sounds: dict[str, Any] = {}
    rng = np.random.default_rng(1)
    said, written = [], 0
    with soundfile.SoundFile(target, "w", RATE, 1, "PCM_16") as file:
        while written < minutes * 60 * RATE:
            scene = rng.choice(moved if rng.random() < 0.3 else calm, 12)
            for path in map(str, scene):
                if path not in sounds:
                    sounds[path] = made.levelled(made.trimmed(recordings.sound(path)), -26)
                speaker = path.rsplit("/", 1)[1][:4] if "ravdess" not in path else path[-7:-5]
                times = written / RATE, (written + len(sounds[path])) / RATE
                said.append((*times, recordings.text(path), speaker))
                pause = rng.uniform(0.3, 1.5)
                file.write(np.clip(sounds[path], -1, 1))
                file.write(1e-4 * rng.standard_normal(round(pause * RATE)))
                written += len(sounds[path]) + round(pause * RATE)
            file.write(1e-4 * rng.standard_normal(8 * RATE))
            written += 8 * RATE
    target.with_suffix(".json").write_text(json.dumps(said), "utf-8")


def spot_film(path: Path) -> dict[str, float]:
    """Emotion, scenes and cues of a film: seconds by stage, peak RSS in MB, and how much was found."""
    said = tuple(
        Utterance(a, b, text, "en", (), who) for a, b, text, who in json.loads(path.with_suffix(".json").read_text())
    )
    audio = load(path).audio
    media = MediaInfo(path.name, "", "WAV", "PCM_16", RATE, 1, ("M",), audio.duration_s)
    turns = tuple(SpeakerTurn(u.start_s, u.end_s, u.speaker or "") for u in said)
    project = Project(media, audio, transcript=Transcript("en", said), turns=turns)
    out: dict[str, float] = {"seconds": audio.duration_s}
    for stage in (emotion.Stage(), scenes.Stage(), cues.Stage()):
        begin = time.perf_counter()
        project = stage(project, stage.options_type(), silent)
        out[stage.name] = time.perf_counter() - begin
    out["peak RSS MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for name in ("emotion", "scenes", "beats", "cues"):
        out[f"how many {name}"] = len(getattr(project, name))
    return out


def long(folder: Path, minutes: float) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        film = Path(scratch) / "film.wav"
        write_film(folder, minutes, film)
        # A process of its own: its peak is the stages', not the tiling's.
        done = subprocess.run([sys.executable, __file__, "one", str(film)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found = json.loads(done.stdout.splitlines()[-1])
    length = found["seconds"]
    stages = ("emotion", "scenes", "cues")
    print(f"| film | {' | '.join(stages)} | together | peak RSS MB | points, scenes, beats, cues |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    rtf = [found[name] / length for name in stages]
    counts = ", ".join(str(found[f"how many {name}"]) for name in ("emotion", "scenes", "beats", "cues"))
    print(
        f"| {length / 60:.0f} min | {' | '.join(f'{r:.4f}' for r in rtf)} | {sum(rtf):.4f} "
        f"| {found['peak RSS MB']:.0f} | {counts} |"
    )


def spread(folder: Path) -> None:
    voices: dict[str, list[dict[str, str]]] = {}
    with (folder / "index.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            free = "NC" not in row["licence"] and "not stated" not in row["licence"]
            if row["kind"] == "speech" and row["speaker"] and free and 1.5 <= float(row["duration_s"]) <= 8:
                voices.setdefault(row["speaker"], []).append(row)
    print("| speaker | lines | arousal | valence | dominance |\n| --- | --- | --- | --- | --- |")
    found = []
    for speaker, rows in sorted(voices.items()):
        if len(rows) < 8:
            continue
        parts, said, at_s = [], [], 0.0
        for row in rows[:24]:
            with soundfile.SoundFile(folder / row["path"]) as clips:
                clips.seek(round(float(row["offset_s"]) * clips.samplerate))
                clip = clips.read(round(float(row["duration_s"]) * clips.samplerate), dtype="float32", always_2d=True)
                sound = resample(clip.mean(axis=1)[np.newaxis], clips.samplerate, 16_000)[0]
            said.append(Utterance(at_s, at_s + len(sound) / 16_000, "", "", (), speaker))
            parts += [sound, np.zeros(8_000, np.float32)]
            at_s += len(sound) / 16_000 + 0.5
        audio = Audio(np.concatenate(parts)[np.newaxis], 16_000)
        found.append(line_spread(*emotion.emotion(audio, Transcript("en", tuple(said)), words=False)))
        print(f"| {speaker} | {len(said)} | {' | '.join(f'{value:.3f}' for value in found[-1])} |", flush=True)
    print(f"| median of {len(found)} | | {' | '.join(f'{value:.3f}' for value in np.median(found, axis=0))} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("scenes", "long", "spread", "one"))
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--preset", default=None, help="a set of rules of presets/cues")
    parser.add_argument("--yamnet", type=Path, default=None, help="YAMNet's folder: sounds get names")
    parser.add_argument("--beats", action="store_true", help="print every beat")
    parser.add_argument("--minutes", type=float, default=120.0)
    given = parser.parse_args()
    shared = Path(__file__).parents[2] / "shared"
    if given.what == "long":
        long(given.folder or shared / "audio", given.minutes)
    elif given.what == "spread":
        spread(given.folder or shared / "train")
    elif given.what == "one":
        print(json.dumps(spot_film(given.folder)))
    else:
        for build in all_scenes(given.folder or shared / "audio"):
            built = build()
            show(built, *spotted(built, given.preset, given.yamnet), given.beats)


if __name__ == "__main__":
    main()
