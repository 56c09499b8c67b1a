"""Diarisation error rate (collar 0.25 s, overlap scored) on recordings with RTTM references beside them.

python benchmarks/diarise.py FOLDER [--backend embeddings] [--model FOLDER] [--speakers-known]
"""

from __future__ import annotations

import argparse
import os
import resource
import time
import warnings
from pathlib import Path

os.environ["PYANNOTE_METRICS_ENABLED"] = "0"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--backend", default="embeddings")
    parser.add_argument("--model", default="")
    parser.add_argument("--speakers-known", action="store_true", help="tell the backend how many speak")
    wanted = parser.parse_args()
    warnings.simplefilter("ignore")
    from pyannote.core import Annotation, Segment
    from pyannote.metrics.diarization import DiarizationErrorRate

    from audiopost.io.decode import load
    from audiopost.stages.diarise import diarise

    metric = DiarizationErrorRate(collar=0.25)
    rates: list[float] = []
    off: list[int] = []
    print(f"{'recording':20} {'DER':>6} {'missed':>7} {'false':>7} {'confus.':>7}  speakers (true)    RTF")
    for rttm in sorted(wanted.folder.glob("*.rttm")):
        audio = load(rttm.with_suffix(".flac")).audio
        truth = Annotation()
        for i, line in enumerate(rttm.read_text("utf-8").splitlines()):
            field = line.split()
            truth[Segment(float(field[3]), float(field[3]) + float(field[4])), i] = field[7]
        known = {"speakers": len(truth.labels())} if wanted.speakers_known else {}
        began = time.perf_counter()
        turns = diarise(audio, backend=wanted.backend, model=wanted.model, **known)
        took_s = time.perf_counter() - began
        found = Annotation()
        for i, turn in enumerate(turns):
            found[Segment(turn.start_s, turn.end_s), i] = turn.speaker
        parts = metric(truth, found, detailed=True)
        rates.append(parts["diarization error rate"])
        off.append(abs(len(found.labels()) - len(truth.labels())))
        shares = [parts[k] / parts["total"] for k in ("missed detection", "false alarm", "confusion")]
        print(
            f"{rttm.stem:20} {rates[-1]:6.3f} {shares[0]:7.3f} {shares[1]:7.3f} {shares[2]:7.3f}"
            f"  {len(found.labels()):8} ({len(truth.labels())}) {took_s / audio.duration_s:9.3f}"
        )
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    within = sum(each <= 1 for each in off)
    print(f"number of speakers off by {sum(off) / len(off):.2f}, at most one in {within} of {len(off)}")
    print(f"mean DER {sum(rates) / len(rates):.3f}; peak RSS {peak_mb:.0f} MB; the first RTF includes loading")


if __name__ == "__main__":
    main()
