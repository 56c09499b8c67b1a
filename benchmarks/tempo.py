"""How well tempo, beats and key are told: against the references of ../shared/audio, and where there is no pulse.

python benchmarks/tempo.py [../shared/audio]
python benchmarks/tempo.py --population ../shared/train: what the mood's scales are taken from, and how often a pulse
and a key are told in music, speech and effects
"""

from __future__ import annotations

import csv
import itertools
import math
import pathlib
import re
import sys
from collections.abc import Iterator

import numpy as np
import soundfile

from audiopost.core.audio import Audio
from audiopost.core.music import TrackAnalysis
from audiopost.io.decode import decode
from audiopost.music import hearing
from audiopost.music.library import tags
from audiopost.music.track import analyse

#: A beat counts as found within this, as in the field's evaluations (Davies, Degara & Plumbley 2009).
WINDOW_S = 0.07


def f_measure(found: tuple[float, ...], reference: list[float]) -> float:
    """Of the beats in the reference's stretch."""
    low, high = reference[0] - WINDOW_S, reference[-1] + WINDOW_S
    inside = [beat for beat in found if low <= beat <= high]
    hit = sum(any(abs(beat - true) <= WINDOW_S for beat in inside) for true in reference)
    return 2 * hit / (len(inside) + len(reference)) if inside else 0.0


def tempo_verdict(found: TrackAnalysis, bpm: float) -> str:
    if found.bpm is None:
        return "no pulse told"
    if abs(found.bpm / bpm - 1) <= 0.04:
        return f"right ({100 * (found.bpm / bpm - 1):+.1f} %)"
    if found.bpm_other and abs(found.bpm_other / bpm - 1) <= 0.04:
        return "half or double, said as such"
    return "wrong"


def references(folder: pathlib.Path) -> None:
    print(f"{'file':34} {'reference':>9} {'told':>7} {'other':>7} {'sure':>5} {'metre':>5}  tempo; beats F; key")
    for row in csv.DictReader((folder / "index.csv").open(encoding="utf-8")):
        if row["kind"] not in ("music", "music_tempo"):
            continue
        found, told = analyse(decode(folder / row["path"]).audio), []
        stated = re.search(r"bpm=([\d.]+)", row["reference"])
        bpm = float(stated[1]) if stated else tags.read(folder / row["path"]).tagged_bpm
        if bpm:
            told.append(tempo_verdict(found, bpm) + ("" if stated else ", of its BPM tag"))
        if beats := re.search(r"beats=([^;]+)", row["reference"]):
            lines = (folder / beats[1]).read_text("ascii").split("\n")
            told.append(f"F {f_measure(found.beats_s, [float(line.split()[0]) for line in lines if line.strip()]):.2f}")
        if key := re.search(r"key=([^;(]+)", row["reference"]):
            told.append(f"key {found.key} {found.mode} (reference {key[1].strip()})")
        name = row["path"].rpartition("/")[2]
        print(
            f"{name:34} {bpm or '-':>9} {found.bpm or '-':>7} {found.bpm_other or '-':>7} "
            f"{found.bpm_confidence:5.2f} {found.metre or '-':>5}  {'; '.join(told)}"
        )


def pieces(folder: pathlib.Path) -> Iterator[tuple[str, str, Audio]]:
    """(kind, licence, 15 to 30 s of sound); speech and effects of one folder joined."""
    rows = list(csv.DictReader((folder / "index.csv").open(encoding="utf-8")))
    for (kind, _), group in itertools.groupby(rows, lambda r: (r["kind"], r["path"].rpartition("/")[0])):
        held, licences = np.zeros(0, np.float32), set()
        for row in group:
            seconds = float(row["duration_s"])
            if kind == "music" and seconds < 15:
                continue
            start = round(float(row["offset_s"]) * 48_000)
            part, _ = soundfile.read(folder / row["path"], dtype="float32", start=start, frames=round(seconds * 48_000))
            held = np.concatenate([held, part])
            licences.add(row["licence"])
            if len(held) >= 15 * 48_000:
                yield kind, "; ".join(sorted(licences)), Audio(held[: 30 * 48_000], 48_000)
                held, licences = np.zeros(0, np.float32), set()


def population(folder: pathlib.Path) -> None:
    told: dict[str, list[TrackAnalysis]] = {}
    scales: dict[str, list[float]] = {"log2 tempo": [], "density": [], "log2 brightness": [], "attack": []}
    for kind, licence, audio in pieces(folder):
        found = analyse(audio)
        told.setdefault(kind, []).append(found)
        if kind == "music" and "NC" not in licence and "not stated" not in licence:
            if found.bpm:
                scales["log2 tempo"].append(math.log2(found.bpm))
            scales["density"].append(found.density)
            scales["log2 brightness"].append(math.log2(found.brightness_hz))
            scales["attack"].append(float(hearing.listen(audio).novelty.mean()))
    for kind, all_of in told.items():
        pulse, key = (float(np.mean([bool(getattr(t, name)) for t in all_of])) for name in ("bpm", "key"))
        voice = float(np.mean([t.vocal > 0.5 for t in all_of]))
        print(f"{kind:8} {len(all_of):4d} pieces: pulse told {pulse:4.0%}, key {key:4.0%}, voice {voice:4.0%}")
    for name, values in scales.items():
        low, middle, high = np.percentile(values, (16, 50, 84))
        print(f"{name:16} {len(values):4d} pieces: median {middle:.3f}, spread {(high - low) / 2:.3f}")


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--population"]:
        population(pathlib.Path(arguments[1] if len(arguments) > 1 else "../shared/train"))
    else:
        references(pathlib.Path(arguments[0] if arguments else "../shared/audio"))


if __name__ == "__main__":
    main()
