"""Our loudness meter against pyloudnorm and FFmpeg's ebur128 on real files, and its speed and memory on long ones.

    python benchmarks/loudness.py [FILE …]          default: music and speech of ../shared/audio
    python benchmarks/loudness.py --minutes 60      one file tiled to that length, in a process of its own

Prints a table: LUFS, LRA and true peak by us, the differences to the others (theirs minus ours), and how many times
faster than real time each is. Ours and FFmpeg's measure everything; pyloudnorm is timed for integrated loudness only.
"""

from __future__ import annotations

import argparse
import math
import resource
import time
from pathlib import Path

import numpy as np

from audiopost.core.audio import Audio
from audiopost.dsp.loudness import measure
from audiopost.io.decode import load
from audiopost.io.scratch import Spool
from audiopost.stages.loudness import master

SHARED = Path(__file__).parents[2] / "shared" / "audio"
DEFAULT = [
    "music/*",
    "speech_clean/librispeech/1089-134686-0000.flac",
    "speech_clean/tsp/FA01_0*",
    "asr/*",
    "diarisation/*.flac",
]


def ffmpeg(audio: Audio) -> tuple[float, float, float]:
    """Integrated loudness, range and true peak (dBTP) by libavfilter's ebur128, through PyAV."""
    import av

    layout = {1: "mono", 2: "stereo", 6: "5.1"}[audio.channels]
    graph = av.filter.Graph()
    source = graph.add("abuffer", f"sample_rate={audio.rate}:sample_fmt=fltp:channel_layout={layout}:time_base=1/1")
    meter, sink = graph.add("ebur128", "metadata=1:peak=true"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    seen: dict[str, str] = {}
    for block in [*audio.blocks(audio.rate), None]:
        frame = None
        if block is not None:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout=layout)
            frame.sample_rate = audio.rate
        graph.push(frame)
        while True:
            try:
                seen.update(graph.pull().metadata)
            except (av.error.BlockingIOError, av.error.EOFError):
                break
    peak = max(float(value) for name, value in seen.items() if "true_peaks_ch" in name)
    return float(seen["lavfi.r128.I"]), float(seen["lavfi.r128.LRA"]), 20 * math.log10(peak)


def timed(work, *args):
    start = time.perf_counter()
    result = work(*args)
    return result, time.perf_counter() - start


def compare(files: list[Path]) -> None:
    import pyloudnorm

    measure(Audio(np.zeros((1, 100)), 48_000))  # the first call imports scipy
    print(f"{'':34}{'ours':^24}{'difference to':^34}{'times real time':^24}")
    print(
        f"{'file':34}{'LUFS':>8}{'LRA':>8}{'dBTP':>8}{'pyloudnorm':>12}{'FFmpeg I':>9}{'LRA':>6}{'dBTP':>7}"
        f"{'ours':>8}{'pyloudnorm':>12}{'FFmpeg':>8}"
    )
    differences = []
    for path in files:
        audio = load(path).audio
        samples = audio.samples
        audio = Audio(samples, audio.rate, audio.layout)
        ours, our_s = timed(measure, audio)
        if ours.integrated_lufs is None or audio.channels > 5:
            continue
        # DeMan: the coefficients of BS.1770; pyloudnorm's default rounds the filters' frequencies.
        peer = pyloudnorm.Meter(audio.rate, filter_class="DeMan")
        theirs, their_s = timed(peer.integrated_loudness, samples.T.astype(np.float64))
        (i, lra, peak), ffmpeg_s = timed(ffmpeg, audio)
        difference = theirs - ours.integrated_lufs
        differences.append((difference, i - ours.integrated_lufs, peak - ours.true_peak_dbtp, their_s / our_s))
        span = f"{ours.loudness_range_lu:8.2f}" if ours.loudness_range_lu is not None else f"{'-':>8}"
        span_difference = f"{lra - ours.loudness_range_lu:6.2f}" if ours.loudness_range_lu is not None else f"{'-':>6}"
        print(
            f"{path.name[:33]:34}{ours.integrated_lufs:8.2f}{span}{ours.true_peak_dbtp:8.2f}{difference:12.3f}"
            f"{i - ours.integrated_lufs:9.3f}{span_difference}{peak - ours.true_peak_dbtp:7.2f}"
            f"{audio.duration_s / our_s:8.0f}{audio.duration_s / their_s:12.0f}{audio.duration_s / ffmpeg_s:8.0f}"
        )
    table = np.array(differences)
    worst = np.abs(table[:, :3]).max(axis=0)
    print(
        f"\n{len(table)} files; largest difference to pyloudnorm {worst[0]:.3f} LU, to FFmpeg {worst[1]:.3f} LU and "
        f"{worst[2]:.2f} dBTP; median time of pyloudnorm / ours {np.median(table[:, 3]):.1f}"
    )


def long(path: Path, minutes: float) -> None:
    """Measure and master one file tiled to a length; prints seconds and the peak memory they added."""
    piece = load(path).audio
    samples = np.repeat(piece.samples, 2, axis=0) if piece.channels == 1 else piece.samples
    with Spool(piece.rate, samples.shape[0]) as target:
        for _ in range(round(minutes * 60 / piece.duration_s)):
            target.write(samples)
    audio = target.audio
    measure(Audio(samples, piece.rate))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report, seconds = timed(measure, audio)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{audio}: {report.integrated_lufs:.2f} LUFS, {report.true_peak_dbtp:.2f} dBTP; {before / 1024:.0f} MB before"
    )
    print(f"measure {seconds:7.1f} s, {audio.duration_s / seconds:5.0f} x real time, peak {peak / 1024:.0f} MB")
    result, seconds = timed(lambda: master(audio, spec="streaming"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"master  {seconds:7.1f} s, {audio.duration_s / seconds:5.0f} x real time, peak {peak / 1024:.0f} MB")
    reached = measure(result)
    print(f"master to streaming: {reached.integrated_lufs:.2f} LUFS, {reached.true_peak_dbtp:.2f} dBTP")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--minutes", type=float, help="tile the first file to this length and time it")
    options = parser.parse_args()
    files = options.files or [path for pattern in DEFAULT for path in sorted(SHARED.glob(pattern))]
    if not files:
        parser.error(f"no recordings in {SHARED}: name some")
    if options.minutes:
        long(files[0], options.minutes)
    else:
        compare(files)


if __name__ == "__main__":
    main()
