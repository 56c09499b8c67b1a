"""The stages as plain functions: `python examples/stages.py [FILE]`. Prints what each one gives."""

from __future__ import annotations

import sys
from pathlib import Path

import audiopost as ap


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parent / "scene.flac")
    film = ap.load(path)
    print(film.audio)
    findings = ap.diagnose(film.audio)
    for finding in findings:
        print(f"{finding.kind}: {finding.detail}")
    mended = ap.repair(film.audio, findings)
    for link in mended.repairs:
        print(f"{link.name}: {link.done}, {mended.removed[link.name].peak():.3f} at most")
    stems = ap.separate(mended.audio)
    print({name: stem.peak() for name, stem in stems.items()})
    dialogue = ap.denoise(stems["dialogue"])
    words = ap.transcribe(dialogue, language="en")
    turns = ap.diarise(dialogue)
    for utterance in words.with_speakers(turns).utterances:
        print(f"{utterance.start_s:6.2f} {utterance.speaker}: {utterance.text}")
    print(ap.measure_loudness(film.audio).integrated_lufs, "LUFS")


if __name__ == "__main__":
    main()
