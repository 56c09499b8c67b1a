"""Word error rate, speed and memory of a transcription backend on recordings with a known text.

    python benchmarks/transcribe.py INDEX.csv [--backend pocketsphinx] [--model small] [--only speech_clean/tsp …]

INDEX.csv has the columns path (relative to itself), language and reference. Chinese, Cantonese and Japanese are
scored by character, everything else by word; case and punctuation do not count (jiwer).
"""

import argparse
import csv
import re
import resource
import time
import unicodedata
from collections import defaultdict
from pathlib import Path

import jiwer

from audiopost.core.speech import word_glue
from audiopost.io.decode import decode
from audiopost.stages.transcribe import Options, transcribe


def plain(text: str, language: str) -> str:
    """Lower case, no punctuation; characters apart where the language has no spaces."""
    text = "".join(
        c if unicodedata.category(c)[0] in "LNM" or c in "' " else " " for c in text.lower().replace("’", "'")
    )
    text = re.sub(r"\s+", " ", text).strip()
    return " ".join(text.replace(" ", "")) if word_glue(language) == "" else text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("index", type=Path)
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--language", help="only this one")
    parser.add_argument("--only", nargs="*", default=[""], help="path prefixes")
    chosen = parser.parse_args()
    rows = [
        row
        for row in csv.DictReader(chosen.index.open(encoding="utf-8"))
        if row["reference"]
        and any(row["path"].startswith(prefix) for prefix in chosen.only)
        and chosen.language in (None, row["language"])
    ]
    heard: dict[str, list[tuple[str, str]]] = defaultdict(list)
    sound_s, took_s = 0.0, 0.0
    for row in rows:
        audio = decode(chosen.index.parent / row["path"]).audio
        started = time.perf_counter()
        options = Options(backend=chosen.backend, model=chosen.model, language=row["language"])
        found = transcribe(audio, options)
        took_s += time.perf_counter() - started
        sound_s += audio.duration_s
        pair = plain(row["reference"], row["language"]), plain(found.text.replace("\n", " "), row["language"])
        heard[row["path"].rpartition("/")[0]].append(pair)
    print(f"{'folder':32} {'files':>5} {'error rate':>10}")
    for folder, pairs in sorted(heard.items()):
        print(f"{folder:32} {len(pairs):5} {jiwer.wer([p[0] for p in pairs], [p[1] for p in pairs]):10.1%}")
    pairs = [pair for some in heard.values() for pair in some]
    print(f"{'all':32} {len(pairs):5} {jiwer.wer([p[0] for p in pairs], [p[1] for p in pairs]):10.1%}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{sound_s:.0f} s of sound, real-time factor {took_s / sound_s:.2f}, peak memory {peak_mb:.0f} MB")


if __name__ == "__main__":
    main()
