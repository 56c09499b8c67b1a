"""The whole job on recordings of different kinds: `python benchmarks/job.py [AUDIO_FOLDER]`.

Prints a row for each file: what was delivered, what was found, and the real-time factor and peak memory of each stage.
The folder holds the reference recordings (default ../shared/audio beside the checkout); one is put into an mp4 first.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from audiopost.io.decode import load

#: File, preset, language, what it is.
FILES = (
    ("asr/en_jfk.flac", "interview", "en", "English, one speaker, 1961"),
    ("asr/zh_sensevoice.wav", "subtitles-zh-hant", "zh", "Mandarin"),
    ("asr/yue_sensevoice.wav", "subtitles-yue", "yue", "Cantonese"),
    ("diarisation/pyannote_sample.flac", "interview", "en", "two speakers, telephone"),
    ("denoise_pairs/p287_004_noisy.wav", "podcast", "en", "English in noise, -0.7 dB SNR"),
    ("stems/mir1k/amy_2_03.flac", "film-dialogue", "zh", "singing voice with music"),
    ("music/gold_rush.mp3", "music-stems", "", "music, stereo"),
    ("diarisation/dev00.flac", "film-dialogue", "en", "meeting, put into an mp4 with a picture"),
)


def as_film(sound: Path, target: Path) -> Path:
    """An mp4 with a picture that changes every five seconds, and the sound."""
    audio = load(sound).audio
    with av.open(str(target), "w") as container:
        picture = container.add_stream("mpeg4", rate=Fraction(25))
        picture.width, picture.height, picture.pix_fmt = 320, 180, "yuv420p"
        track = container.add_stream("aac", rate=audio.rate, layout="mono" if audio.channels == 1 else "stereo")
        for i in range(int(audio.duration_s * 25)):
            image = np.full((180, 320, 3), (40, 90, (i // 125 * 70) % 256), np.uint8)
            for packet in picture.encode(av.VideoFrame.from_ndarray(image, format="rgb24")):
                container.mux(packet)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(audio.samples), format="fltp", layout=track.layout.name)
        frame.sample_rate = audio.rate
        for packet in [*picture.encode(None), *track.encode(frame), *track.encode(None)]:
            container.mux(packet)
    return target


def run(source: Path, preset: str, language: str, out: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "audiopost", "run", str(source), "-p", preset, "-o", str(out), "--json"]
    command += ["--set", f"transcribe.language={language}"] if language else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{source.name}: {done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout)
    result["project"] = json.loads(Path(result["outputs"]["project"]).read_text())
    return result


def told(project: dict[str, Any]) -> str:
    """What the report says, in a line."""
    parts = [", ".join(sorted({f["kind"] for f in project["findings"] or []})) or "no findings"]
    if project["turns"] is not None:
        parts.append(f"{len({t['speaker'] for t in project['turns']})} speakers")
    if project["transcript"]:
        parts.append(f"{sum(len(u['words']) for u in project['transcript']['utterances'])} words (draft)")
    if project["cues"] is not None:
        there = sum(cue["status"] == "existing" for cue in project["cues"])
        parts.append(f"{len(project['cues']) - there} cues, {there} there before")
    if project["loudness"]:
        before, after = project["loudness_in"]["integrated_lufs"], project["loudness"]["integrated_lufs"]
        parts.append("silence" if before is None else f"{before:.1f} -> {after:.1f} LUFS")
    parts += ["no transcript: no model"] * any("transcribe" in m for m in project["missing"])
    return "; ".join(parts)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "shared" / "audio")
    print("| file | what, preset | s | deliverables | the report says | times its length | stage: RTF, peak MB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        for name, preset, language, what in FILES:
            source = folder / name
            if what.endswith("picture"):
                source = as_film(source, Path(scratch) / f"{source.stem}.mp4")
            result = run(source, preset, language, Path(scratch) / source.stem)
            length = result["duration_s"]
            steps = [
                f"{s['stage']} {s['timing']['seconds'] / length:.2f}, {s['timing']['peak_rss_mb']:.0f}"
                for s in result["project"]["steps"]
            ]
            kinds = " ".join(result["outputs"])
            whole = sum(result["seconds"].values()) / length
            print(
                f"| {source.name} | {what}, {preset} | {length:.1f} | {len(result['outputs'])}: {kinds} "
                f"| {told(result['project'])} | {whole:.2f} | {'; '.join(steps)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
