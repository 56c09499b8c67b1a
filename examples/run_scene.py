"""The main job on the shipped scene, and how far the results are from the truth: `python examples/run_scene.py OUT`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import audiopost as ap
from audiopost.cli import main as audiopost_command

HERE = Path(__file__).parent


def si_sdr_db(estimate: NDArray[Any], truth: NDArray[Any]) -> float:
    """Scale-invariant signal-to-distortion ratio (Le Roux et al. 2019)."""
    scaled = truth * (np.vdot(estimate, truth) / np.vdot(truth, truth))
    return float(10 * np.log10(np.sum(scaled**2) / np.sum((estimate - scaled) ** 2)))


def word_error_rate(truth: str, heard: str) -> float:
    """Levenshtein distance over words, by the number of true words."""
    a, b = (re.findall(r"[a-z']+", text.lower()) for text in (truth, heard))
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1] / max(len(a), 1)


def overlap_s(a: list[tuple[float, float]], b: list[tuple[float, float]]) -> float:
    return sum(max(0.0, min(a1, b1) - max(a0, b0)) for a0, a1 in a for b0, b1 in b)


def speaker_agreement(truth: list[dict[str, Any]], turns: list[dict[str, Any]]) -> tuple[int, float]:
    """Number of speakers found, and the share of true speech that its best-matching speaker covers."""
    found = sorted({turn["speaker"] for turn in turns})
    total = sum(u["end_s"] - u["start_s"] for u in truth)
    covered = 0.0
    for name in sorted({u["speaker"] for u in truth}):
        mine = [(u["start_s"], u["end_s"]) for u in truth if u["speaker"] == name]
        each = [overlap_s(mine, [(t["start_s"], t["end_s"]) for t in turns if t["speaker"] == who]) for who in found]
        covered += max(each, default=0.0)
    return len(found), covered / total


def figures(out: Path) -> list[tuple[str, str]]:
    """Each line of the table: what, and how it compares."""
    truth = json.loads((HERE / "scene.json").read_text())
    project = json.loads((out / "scene.project.json").read_text())
    mixture = ap.load(HERE / "scene.flac").audio.samples
    rows = []
    for name in ("dialogue", "music", "effects"):
        stem = ap.load(HERE / f"scene.{name}.flac").audio.samples
        got = ap.load(out / f"scene.{name}.wav").audio.samples
        before, after = si_sdr_db(mixture, stem), si_sdr_db(got, stem)
        rows.append((f"{name} stem", f"SI-SDR {after:.1f} dB (in the scene as it came: {before:.1f} dB)"))
    hums = [f["frequency_hz"] for f in project["findings"] if f["kind"] == "hum"]
    rows.append(("hum", f"found at {hums[0]:.1f} Hz (true: 50)" if hums else "not found (true: 50 Hz)"))
    transcript = project["transcript"]
    if transcript:
        said = " ".join(u["text"] for u in truth["utterances"])
        rate = word_error_rate(said, " ".join(u["text"] for u in transcript["utterances"]))
        rows.append(("words", f"{100 * rate:.0f} % word errors ({transcript['draft'] or 'no draft'})"))
    if project["turns"] is not None:
        count, share = speaker_agreement(truth["utterances"], project["turns"])
        rows.append(("speakers", f"{count} found (true: 2), {100 * share:.0f} % of speech with its right speaker"))
    cues = [
        (c["in_s"], c["out_s"])
        for c in project["cues"] or []
        if c["status"] == "suggested" and c["function"] != "silence"
    ]
    wanted = [(c["in_s"], c["out_s"]) for c in truth["cues"]]
    music = [(m["start_s"], m["end_s"]) for m in truth["music"]]
    length = sum(b - a for a, b in wanted)
    rows.append(
        (
            "music cues",
            f"{len(cues)} suggested, {100 * overlap_s(cues, wanted) / length:.0f} % of the planned time covered, "
            f"{overlap_s(cues, music):.1f} s over the music that is there",
        )
    )
    loudness = project["loudness"]
    rows.append(
        (
            "master",
            f"{loudness['integrated_lufs']:.1f} LUFS, {loudness['true_peak_dbtp']:.1f} dBTP (EBU R 128: -23, -1)",
        )
    )
    return rows


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "out/scene")
    job = ["run", str(HERE / "scene.flac"), "--preset", "film-dialogue", "--out", str(out)]
    print("$ audiopost", *job, "--set transcribe.language=en", flush=True)
    try:
        audiopost_command([*job, "--set", "transcribe.language=en"])
    except SystemExit as end:
        if end.code:
            raise
    print("\nAgainst the truth of the scene:")
    for what, comparison in figures(out):
        print(f"  {what:<15} {comparison}")
    print(f"\nOpen the report in a browser: {(out / 'scene.report.html').resolve()}")


if __name__ == "__main__":
    main()
