"""The workbench over HTTP, as a browser asks it: `python benchmarks/workbench.py`.

Prints the time to the first draw of a one-hour file (cold, and again after a restart), from the click on Preview to the
sound, and the server's memory over 50 runs of a preset on eight seconds. Each server is a process of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import soundfile

from audiopost.pipeline import run

SCENE = Path(__file__).parent.parent / "examples" / "scene.flac"
RUNS = 50
#: Columns of the deck on a screen of 1400 pixels.
WIDTH = 1140


@contextmanager
def server(project: Path) -> Iterator[tuple[httpx.Client, int]]:
    """A client with a session, and the process id."""
    command = [sys.executable, "-m", "audiopost", "ui", "--port", "0", "--project", str(project)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        url = re.search(r"http://\S+", process.stdout.readline())
        assert url
        with httpx.Client(base_url=url[0], headers={"x-audiopost": "1"}, timeout=600) as client:
            client.get("/")
            yield client, process.pid
    finally:
        process.terminate()
        process.wait(30)


def asked(client: httpx.Client, path: str, **query: Any) -> httpx.Response:
    answer = client.get(f"/audiopost/{path}", params=query)
    answer.raise_for_status()
    return answer


def told(client: httpx.Client, path: str, **body: Any) -> Any:
    answer = client.post(f"/audiopost/{path}", json=body)
    assert answer.is_success, answer.text
    return answer.json()


def until(client: httpx.Client, done: Any) -> dict[str, Any]:
    while not done(pulse := asked(client, "pulse").json()):
        time.sleep(0.05)
    return pulse


def ended(pulse: dict[str, Any]) -> bool:
    return all(job["state"] not in ("waiting", "running") for job in pulse["jobs"])


def resident_mb(pid: int, field: str = "VmRSS") -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+)", status)[1]) / 1000


def first_draw(client: httpx.Client, name: str) -> tuple[float, float, float]:
    """Seconds until the outline of all of it is there, until the spectrogram is too, and until the outline is exact."""
    begun = time.perf_counter()
    told(client, "open", name=name)
    until(client, lambda pulse: pulse["ready"])
    manifest = asked(client, "manifest").json()
    track = manifest["tracks"][0]
    named = {"track": track["key"], "v": track["version"]}
    level = manifest["peaks"]["levels"] - 1
    answer = asked(client, "peaks", **named, level=level, start=0, count=4096)
    outlined = time.perf_counter() - begun
    tiles = manifest["tiles"]
    column_s = manifest["duration_s"] / WIDTH
    zoom = 0
    while zoom + 1 < tiles["zooms"] and tiles["column_frames"] * 2 ** (zoom + 1) / manifest["rate"] <= 1.5 * column_s:
        zoom += 1
    shown_s = tiles["column_frames"] * 2**zoom / manifest["rate"] * tiles["width"]
    for number in range(int(manifest["duration_s"] / shown_s) + 1):
        asked(client, "tile", **named, scale="mel", zoom=zoom, n=number)
    drawn = time.perf_counter() - begun
    while float(answer.headers["x-audiopost-share"]) < 1:
        time.sleep(0.1)
        answer = asked(client, "peaks", **named, level=level, start=0, count=4096)
    return outlined, drawn, time.perf_counter() - begun


def click_to_sound(client: httpx.Client, time_s: float) -> float:
    """Seconds from the question for a preview to the first two seconds of its sound and of what it is held against."""
    begun = time.perf_counter()
    heard = told(client, "dialogue/preview", time_s=time_s)
    manifest = asked(client, "manifest").json()
    rate = manifest["play_rate"]
    tracks = {each["key"]: each for each in manifest["tracks"]}
    chunk = int(heard["start_s"] / 2)
    for key in (heard["track"], "source"):
        asked(client, "pcm", track=key, v=tracks[key]["version"], start=chunk * 2 * rate, count=2 * rate)
    return time.perf_counter() - begun


def hour(folder: Path) -> Path:
    (folder / "media").mkdir(parents=True)
    sound, rate = soundfile.read(SCENE, dtype="float32", always_2d=True)
    with soundfile.SoundFile(folder / "media" / "hour.wav", "w", rate, sound.shape[1], "PCM_24") as file:
        for _ in range(round(3600 * rate / len(sound))):
            file.write(sound)
    return folder


def draws(folder: Path) -> None:
    print(
        "\n| first draw of one hour, 48 kHz stereo | outline s | with spectrogram s | outline exact s | peak RSS MB |"
    )
    print("| --- | --- | --- | --- | --- |")
    project = hour(folder / "hour")
    for label in ("never opened before", "after a restart"):
        with server(project) as (client, pid):
            outlined, drawn, exact = first_draw(client, "hour")
            print(f"| {label} | {outlined:.1f} | {drawn:.1f} | {exact:.1f} | {resident_mb(pid, 'VmHWM'):.0f} |")


def previews(folder: Path) -> None:
    project = folder / "scene"
    (project / "media").mkdir(parents=True)
    source = Path(shutil.copy(SCENE, project / "media"))
    run(source, "film-dialogue", project, settings=("transcribe.language=en",))
    print("\n| from the click to the sound, 10 s of stereo | s |\n| --- | --- |")
    with server(project) as (client, _):
        told(client, "open", name="scene")
        until(client, lambda pulse: pulse["ready"])
        changes: tuple[tuple[str, str, Any], ...] = (
            ("first preview: hum repaired, the server just started", "", None),
            ("another place", "", None),
            ("the same place, nothing changed", "", None),
            ("amount of hum changed", "restore.hum_amount", 70),
            ("denoiser `spectral`", "denoise.backend", "spectral"),
            ("its amount changed", "denoise.amount", 60),
            ("denoiser `guided` (built in), first time", "denoise.backend", "guided"),
            ("its amount changed", "denoise.amount", 80),
        )
        for place, (label, name, value) in enumerate(changes):
            if name:
                told(client, "dialogue/set", name=name, value=value)
            print(f"| {label} | {click_to_sound(client, 20.0 if place == 0 else 45.0):.2f} |")


def memory(folder: Path) -> None:
    project = folder / "runs"
    (project / "media").mkdir(parents=True)
    sound, rate = soundfile.read(SCENE, start=23 * 48_000, frames=8 * 48_000)
    soundfile.write(project / "media" / "take.wav", sound + np.float32(1e-4), rate, subtype="PCM_24")
    print(f"\n| server's memory over {RUNS} runs of auto-repair on 8 s | RSS MB |\n| --- | --- |")
    with server(project) as (client, pid):
        print(f"| before | {resident_mb(pid):.0f} |")
        told(client, "open", name="take")
        until(client, lambda pulse: pulse["ready"])
        told(client, "presets/choose", preset="auto-repair")
        for number in range(1, RUNS + 1):
            told(client, "run", recordings=["take"])
            pulse = until(client, ended)
            assert pulse["jobs"][-1]["state"] == "done", pulse["jobs"][-1]["message"]
            if number in (1, 5, 10, 25, RUNS):
                print(f"| after {number} | {resident_mb(pid):.0f} |", flush=True)
        print(f"| peak | {resident_mb(pid, 'VmHWM'):.0f} |")
    size = sum(path.stat().st_size for path in project.rglob("*") if path.is_file()) / 1e6
    print(f"\nThe project folder then takes {size:.0f} MB for a recording of {8 * 48_000 * 2 * 3 / 1e6:.1f} MB.")


def main() -> None:
    print(f"{os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        draws(Path(folder))
        previews(Path(folder))
        memory(Path(folder))


if __name__ == "__main__":
    main()
