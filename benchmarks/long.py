"""Memory and time against length: python benchmarks/long.py [FILE] [--minutes 10 30 60] [--surround 20] [--long 180]

Tiles a real recording, with hum, clicks and gaps planted so that there is something to mend, to films of 48 kHz, and
runs each stage's command on them, every one in a process of its own with its files written: restore, denoise and
separate (dsp) at each of --minutes in stereo and --surround in 5.1, diagnose and loudness at --long. Prints CPU seconds
(all threads; other work disturbs them less than wall time) as such and by the film's minute, and peak RSS, in which
mapped pages count. --only STAGE … takes some.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from audiopost.io.decode import load
from audiopost.io.scratch import at_rate

RATE = 48_000
MENDING = {
    "restore": ["-o", "{out}", "--no-keep-removed"],
    "denoise": ["--backend", "{denoiser}", "-o", "{out}"],
    "separate": ["--backend", "dsp", "-o", "{out}"],
}
MEASURING: dict[str, list[str]] = {"diagnose": [], "loudness": []}


def tiled(source: Path, minutes: float, channels: int, target: Path) -> Path:
    """`source` repeated to a length and over all channels, 24 bit, with faults."""
    audio = at_rate(load(source).audio, RATE)
    piece = 0.7 * np.stack([audio.samples[i % audio.channels] for i in range(channels)], axis=1)
    time = np.arange(len(piece)) / RATE
    piece += 0.004 * sum(np.sin(2 * np.pi * 50.0 * k * time) / k for k in (1, 2, 3))[:, np.newaxis]
    rng = np.random.default_rng(1)
    at = rng.integers(RATE, len(piece) - RATE, len(piece) // RATE)
    piece[at[::2]] += 0.4
    for gap in at[1::2]:
        piece[gap : gap + 240] = 0
    left = round(minutes * 60 * RATE)
    with soundfile.SoundFile(target, "w", RATE, channels, "PCM_24", format="RF64") as file:
        while left:
            part = piece[:left]
            file.write(part)
            left -= len(part)
    return target


def measured(arguments: list[str]) -> tuple[float, float]:
    """CPU seconds and peak RSS in MB of a command, run from a small process so that the peak is the command's."""
    code = (
        "import subprocess, sys, resource\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
        "sys.exit(done.returncode)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).parents[2] / "shared" / "audio" / "music" / "gold_rush.mp3"
    parser.add_argument("source", nargs="?", type=Path, default=default)
    parser.add_argument("--minutes", nargs="*", type=float, default=[10, 30, 60])
    parser.add_argument("--surround", nargs="*", type=float, default=[20])
    parser.add_argument("--long", nargs="*", type=float, default=[180])
    parser.add_argument("--only", nargs="*", choices=[*MENDING, *MEASURING], default=[*MENDING, *MEASURING])
    parser.add_argument("--denoiser", default="embedded", help="the backend of denoise")
    given = parser.parse_args()
    print(f"{given.source.name}, tiled")
    print("| stage | film | CPU s | CPU s a minute | peak RSS MB |")
    print("| --- | --- | --- | --- | --- |")
    jobs = [
        *((MENDING, minutes, 2) for minutes in given.minutes),
        *((MENDING, minutes, 6) for minutes in given.surround),
        *((MEASURING, minutes, 2) for minutes in given.long),
    ]
    for stages, minutes, channels in jobs:
        for stage, extra in stages.items():
            if stage not in given.only:
                continue
            with tempfile.TemporaryDirectory() as scratch:
                film = tiled(given.source, minutes, channels, Path(scratch) / "film.wav")
                flags = [flag.format(out=Path(scratch) / "out", denoiser=given.denoiser) for flag in extra]
                seconds, peak = measured([sys.executable, "-m", "audiopost", stage, str(film), *flags, "--json"])
            name = f"{minutes:g} min {'5.1' if channels == 6 else 'stereo'}"
            print(f"| {stage} | {name} | {seconds:.0f} | {seconds / minutes:.2f} | {peak:.0f} |", flush=True)


if __name__ == "__main__":
    main()
