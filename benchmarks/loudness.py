"""Our loudness meter: EBU's vectors, real files against FFmpeg's ebur128 and pyloudnorm, speed, memory of long ones.

    python benchmarks/loudness.py [FILE …]           vectors, files (default: ../shared/audio), speed
    python benchmarks/loudness.py --minutes 180      one file tiled to that length: seconds and memory

Times are CPU seconds of the whole process, the best of three: on a busy machine the ratios tell more than the times.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import resource
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from audiopost.core.audio import Audio
from audiopost.dsp.loudness import integrated_loudness, measure
from audiopost.io.decode import load
from audiopost.io.scratch import Spool, at_rate
from audiopost.stages.loudness import master

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "audio"
DEFAULT = [
    "music/*",
    "stems/mdn_multitrack/horns.mp3",
    "speech_clean/librispeech/1089-134686-0000.flac",
    "asr/en_jfk.flac",
    "diarisation/*.flac",
    "noise/doing_the_dishes.flac",
]
#: How long the file is that speed is measured on.
SPEED_MINUTES = 5


class Peer(NamedTuple):
    integrated_lufs: float
    loudness_range_lu: float
    true_peak_dbtp: float


def ffmpeg(audio: Audio) -> Peer:
    """The measures of libavfilter's ebur128, through PyAV."""
    seen: dict[str, str] = {}
    for frame in _ebur128(audio, "metadata=1:peak=true"):
        seen.update(frame.metadata)
    peak = max(float(value) for name, value in seen.items() if "true_peaks_ch" in name)
    return Peer(float(seen["lavfi.r128.I"]), float(seen["lavfi.r128.LRA"]), 20 * math.log10(peak))


def _ebur128(audio: Audio, arguments: str):
    import av

    layout = {1: "mono", 2: "stereo", 6: "5.1(side)"}[audio.channels]
    graph = av.filter.Graph()
    source = graph.add("abuffer", f"sample_rate={audio.rate}:sample_fmt=fltp:channel_layout={layout}:time_base=1/1")
    meter, sink = graph.add("ebur128", arguments), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    for block in [*audio.blocks(audio.rate), None]:
        frame = None
        if block is not None:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout=layout)
            frame.sample_rate = audio.rate
        graph.push(frame)
        while True:
            try:
                yield graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                break


def conformance() -> None:
    """Every vector of Tech 3341 and 3342 that can be synthesised."""
    path = ROOT / "tests" / "fixtures" / "ebu_vectors.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    vectors = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(vectors)
    print("| case | signal | expected | measured | off by at most | allowed | |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for case in vectors.CASES:
        readings = np.array(list(case.run()))
        off = readings[:, 1] - readings[:, 0]
        passed = bool((off >= case.low).all() and (off <= case.high).all())
        print(
            f"| {case.name} | {case.signal} | {_span(readings[:, 0], 1)} {case.unit} | {_span(readings[:, 1], 2)} | "
            f"{off[np.abs(off).argmax()]:+.3f} | {case.low:g} to {case.high:+g} | {'pass' if passed else 'FAIL'} |"
        )


def _span(values: np.ndarray, decimals: int) -> str:
    low, high = values.min(), values.max()
    return f"{low:.{decimals}f}" if high - low < 0.01 else f"{low:.{decimals}f} … {high:.{decimals}f}"


def compare(files: list[Path]) -> None:
    """Real files: our measures, and how far FFmpeg's and pyloudnorm's are from them."""
    import pyloudnorm

    print("\n| file | LUFS | LRA | dBTP | FFmpeg: LUFS | LRA | dBTP | pyloudnorm: LUFS |\n" + "| --- " * 8 + "|")
    rows = []
    for path in files:
        audio = load(path).audio
        ours = measure(audio)
        if ours.integrated_lufs is None or audio.channels > 2:
            continue
        # DeMan: the coefficients of BS.1770; pyloudnorm's default rounds the filters' frequencies.
        peer = pyloudnorm.Meter(audio.rate, filter_class="DeMan")
        other = peer.integrated_loudness(audio.samples.T.astype(np.float64))
        measured = Peer(ours.integrated_lufs, ours.loudness_range_lu or math.nan, ours.true_peak_dbtp)
        off = [*(b - a for a, b in zip(measured, ffmpeg(audio), strict=True)), other - ours.integrated_lufs]
        rows.append(off)
        print(
            f"| {path.name} | " + " | ".join(f"{value:.2f}" for value in measured) + " | "
            + " | ".join(f"{value:+.3f}" for value in off) + " |"
        )  # fmt: skip
    worst = np.nanmax(np.abs(rows), axis=0)
    print(f"| largest of {len(rows)} | | | | " + " | ".join(f"{value:.3f}" for value in worst) + " |")


def speed(path: Path) -> None:
    """CPU time of a file of some minutes at 48 kHz stereo, against the peers in the same run."""
    import pyloudnorm

    piece = at_rate(load(path).audio, 48_000)
    stereo = piece.samples if piece.channels == 2 else np.repeat(piece.samples[:1], 2, axis=0)
    samples = np.tile(stereo, (1, math.ceil(SPEED_MINUTES * 60 / piece.duration_s)))[:, : SPEED_MINUTES * 60 * 48_000]
    audio = Audio(np.ascontiguousarray(samples), 48_000)
    columns = np.ascontiguousarray(samples.T.astype(np.float64))
    peer = pyloudnorm.Meter(48_000)
    works = {
        "integrated: pyloudnorm": lambda: peer.integrated_loudness(columns),
        "integrated: audiopost": lambda: integrated_loudness(audio),
        "everything: FFmpeg ebur128=peak=true": lambda: sum(1 for _ in _ebur128(audio, "peak=true")),
        "everything: audiopost": lambda: measure(audio),
    }
    seconds = {name: min(_cpu(work) for _ in range(3)) for name, work in works.items()}
    print(f"\n{path.name}, tiled to {SPEED_MINUTES} minutes of 48 kHz stereo, in memory\n")
    print("| what | CPU s |\n| --- | --- |")
    for name, value in seconds.items():
        print(f"| {name} | {value:.2f} |")
    theirs, ours, filters, all_ours = seconds.values()
    print(
        f"\nIntegrated loudness {theirs / ours:.1f} times as fast as pyloudnorm; everything in "
        f"{all_ours / filters:.2f} times FFmpeg's time."
    )


def _cpu(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def long(path: Path, minutes: float) -> None:
    """Measure and master one file tiled to a length; prints seconds and the peak memory."""
    piece = load(path).audio
    samples = np.repeat(piece.samples, 2, axis=0) if piece.channels == 1 else piece.samples
    with Spool(piece.rate, samples.shape[0]) as target:
        for _ in range(round(minutes * 60 / piece.duration_s)):
            target.write(samples)
    audio = target.audio
    print(f"{audio}\n\n| work | CPU s | times real time | peak MB |\n| --- | --- | --- | --- |")
    found: list[Audio] = []
    for name, work in (
        ("measure", lambda: measure(audio)),
        ("master to streaming", lambda: found.append(master(audio, spec="streaming"))),
    ):
        seconds = _cpu(work)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"| {name} | {seconds:.1f} | {audio.duration_s / seconds:.0f} | {peak:.0f} |", flush=True)
    reached = measure(found[0])
    print(f"\nThe master: {reached.integrated_lufs:.2f} LUFS, {reached.true_peak_dbtp:.2f} dBTP")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--minutes", type=float, help="tile the first file to this length, measure and master it")
    options = parser.parse_args()
    files = options.files or [path for pattern in DEFAULT for path in sorted(SHARED.glob(pattern))]
    if not files:
        parser.error(f"no recordings in {SHARED}: name some")
    if options.minutes:
        long(files[0], options.minutes)
        return
    conformance()
    compare(files)
    speed(max(files, key=lambda path: path.stat().st_size if path.suffix == ".mp3" else 0))


if __name__ == "__main__":
    main()
