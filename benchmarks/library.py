"""How long a library of 10,000 tracks takes to answer: a query, neighbours, tracks for one cue and for thirty.

python benchmarks/library.py [10000]
The tracks are made: numbers drawn at random, with three minutes of beats and levels each, as heard tracks have.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from audiopost.core.music import Loop, Section, TrackAnalysis, TrackInfo
from audiopost.core.spotting import EMOTIONS, Cue
from audiopost.core.time import Span
from audiopost.music.key import NAMES
from audiopost.music.library import Store, search, suggest_tracks, table
from audiopost.music.library.store import Seen


def made(rng: np.random.Generator, number: int) -> tuple[Seen, TrackInfo, TrackAnalysis]:
    bpm = float(rng.uniform(55, 180))
    seconds = float(rng.uniform(30, 300))
    beats = tuple(np.arange(0.2, seconds, 60 / bpm).round(4).tolist())
    info = TrackInfo(f"/music/{number:05d}.flac", title=f"Track {number}", genre="Drama", duration_s=seconds)
    analysis = TrackAnalysis(
        seconds, bpm, 0.9, bpm * 2 if bpm < 110 else bpm / 2, beats, 4, beats[::4], str(rng.choice(NAMES)),
        str(rng.choice(["major", "minor", ""])), 0.7, tuple(rng.uniform(-30, -15, int(seconds) + 1).round(2).tolist()),
        float(rng.uniform(500, 4000)), float(rng.uniform(1, 8)), float(rng.random() ** 3), float(rng.uniform(-24, -9)),
        (Section(0.0, seconds, 0.8),), (Loop(beats[0], beats[16], 4, 0.9),), float(rng.uniform(-1, 1)),
        float(rng.uniform(-1, 1)),
    )  # fmt: skip
    return Seen(pathlib.Path(info.path), number, 0), info, analysis


def timed(what: str, work: Callable[[], Any]) -> None:
    wall, processor = [], []
    for _ in range(5):
        start = time.perf_counter(), time.process_time()
        result = work()
        wall.append(time.perf_counter() - start[0])
        processor.append(time.process_time() - start[1])
    print(
        f"{what:42} {np.median(wall):6.3f} s (first {wall[0]:.3f}), of the processor {np.median(processor):6.3f} s;"
        f" {len(result)} found"
    )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "music.sqlite"
        with Store(path, new=True) as store:
            start = time.perf_counter()
            for number in range(count):
                store.put(*made(rng, number), f"{number:064x}", None)
            spent = time.perf_counter() - start
            print(f"{count} tracks stored in {spent:.1f} s, {path.stat().st_size / 1e6:.0f} MB")
            query = search.Query(text="drama", bpm=(80, 92), mode="minor", mood="sadness", instrumental=True)
            timed("query by words, tempo, mode, mood, voice", lambda: search.found(store, query))
            timed("query by tempo alone", lambda: search.found(store, search.Query(bpm=(80, 92))))
            timed("10 nearest neighbours", lambda: table.alike(store, 1, 10))
        cues = [
            Cue(n, 60.0 * n, 60.0 * n + 45, "underscore", EMOTIONS[n % 9], (80, 92), "minor", (), "", 0.8)
            for n in range(30)
        ]
        speech = [Span(5.0 * n, 5.0 * n + 3) for n in range(360)]
        timed("5 tracks for one cue, with edits", lambda: suggest_tracks(cues[:1], path, speech=speech))
        timed("5 tracks for each of 30 cues", lambda: suggest_tracks(cues, path, speech=speech))


if __name__ == "__main__":
    main()
