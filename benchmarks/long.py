"""Memory and time against length: `python benchmarks/long.py [FILE]`.

Tiles a real recording to 10 and to 60 minutes of 48 kHz stereo, and runs diagnose, denoise, separate (dsp) and loudness
on each, every one in a process of its own. Prints CPU seconds (all threads; other work disturbs them less than wall
time), peak RSS, and the ratios of 60 to 10 minutes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from audiopost.io.decode import load
from audiopost.io.scratch import at_rate

JOBS = {
    "diagnose": [],
    "denoise": ["--backend", "embedded", "-o", "{out}"],
    "separate": ["--backend", "dsp", "-o", "{out}"],
    "loudness": ["-o", "{out}"],
}


def tiled(source: Path, minutes: int, target: Path) -> Path:
    """`source` repeated to a length, at 48 kHz stereo, 24 bit."""
    audio = at_rate(load(source).audio, 48_000)
    samples = audio.samples.T if audio.channels == 2 else np.repeat(audio.samples[:1].T, 2, axis=1)
    left = minutes * 60 * 48_000
    with soundfile.SoundFile(target, "w", 48_000, 2, "PCM_24") as file:
        while left:
            part = samples[:left]
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
    default = Path(__file__).parents[2] / "shared" / "audio" / "music" / "gold_rush.mp3"
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    print(f"{source.name}, tiled")
    print("| stage | 10 min: CPU s, MB | 60 min: CPU s, MB | time ratio | memory ratio |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        files = [tiled(source, minutes, Path(scratch) / f"{minutes}.wav") for minutes in (10, 60)]
        for stage, extra in JOBS.items():
            rows = []
            for file in files:
                flags = [flag.format(out=Path(scratch) / f"{stage}-{file.stem}") for flag in extra]
                rows.append(measured([sys.executable, "-m", "audiopost", stage, str(file), *flags, "--json"]))
            (s10, m10), (s60, m60) = rows
            print(
                f"| {stage} | {s10:.1f}, {m10:.0f} | {s60:.1f}, {m60:.0f} | {s60 / s10:.2f} | {m60 / m10:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
