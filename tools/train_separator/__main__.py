"""Trains the film separator that audiopost ships, or shows what it is made of.

python -m tools.train_separator train ../shared/train --work DIR [--steps N] [--device cuda]
python -m tools.train_separator export DIR/best.pt            # into audiopost/analysis/house.onnx
python -m tools.train_separator listen DIR ../shared/train    # a few of the mixtures, as WAV
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import soundfile
import torch

from .clips import RATE, Library, index
from .compose import compose
from .export import TARGET, WEIGHTS, export
from .mix import STEMS
from .network import Size
from .rooms import rooms
from .train import Plan, batch_of, train


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.train_separator",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("train", help="train, or go on where DIR/last.pt stops")
    one.add_argument("data", type=Path, nargs="+", help="folders with index.csv and the recordings that it names")
    one.add_argument("--work", type=Path, required=True, help="where checkpoints and the log go")
    one.add_argument("--steps", type=int, default=20_000)
    one.add_argument("--batch", type=int, default=8, help="mixtures of 4 s a step")
    one.add_argument("--rate", type=float, default=1.5e-3, help="of learning, at most")
    one.add_argument("--fall", type=float, default=0.3, help="share of the steps in which it goes to nothing")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    one.add_argument("--threads", type=int, default=torch.get_num_threads())
    one.add_argument(
        "--start", type=Path, help="begin with these weights: a checkpoint, or house.safetensors beside this"
    )
    one.add_argument("--until", type=int, help="stop at this step; the next call goes on")
    for name, value in vars(Size()).items():
        one.add_argument(f"--{name}", type=int, default=value)
    two = commands.add_parser("export", help="write the model that the package carries")
    two.add_argument("checkpoint", type=Path)
    two.add_argument("--to", type=Path, default=TARGET)
    two.add_argument("--weights", type=Path, default=WEIGHTS, help="the same, to go on from")
    three = commands.add_parser("listen", help="write mixtures and their stems to look at and listen to")
    three.add_argument("work", type=Path)
    three.add_argument("data", type=Path)
    four = commands.add_parser("data", help="what is trained on, as the model card lists it")
    four.add_argument("data", type=Path)
    six = commands.add_parser("curves", help="draw the log")
    six.add_argument("work", type=Path)
    six.add_argument("picture", type=Path)
    five = commands.add_parser("compose", help="make music by rule, as a further folder to train on")
    five.add_argument("to", type=Path)
    five.add_argument("--font", type=Path, default=Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"))
    five.add_argument("--count", type=int, default=160)
    five.add_argument("--seed", type=int, default=0)
    five.add_argument("--voices", type=Path, help="a folder to train on: who speaks there sings the tunes")
    given = parser.parse_args()
    if given.command == "train":
        torch.set_num_threads(given.threads)
        torch.set_flush_denormal(True)
        size = Size(**{name: getattr(given, name) for name in vars(Size())})
        plan = Plan(given.steps, given.batch, given.rate, fall=given.fall, seed=given.seed)
        train(
            given.data, given.work, rooms(given.work), plan, size, device=given.device, start=given.start,
            until=given.until,
        )  # fmt: skip
    elif given.command == "export":
        print(export(given.checkpoint, given.to, given.weights))
    elif given.command == "listen":
        library = Library([given.data], held_out=True)
        for number in range(6):
            stems = batch_of(library, rooms(given.work), 1, (0, 3, number))[0][0].numpy()
            for name, sound in zip(("mix", *STEMS), [stems.sum(axis=0), *stems], strict=True):
                soundfile.write(given.work / f"{number} {name}.wav", sound, RATE)
    elif given.command == "curves":
        _curves(given.work / "log.csv", given.picture)
    elif given.command == "compose":
        voices = Library([given.voices], held_out=False, kinds=("speech",)) if given.voices else None
        compose(given.to, given.font, given.count, given.seed, voices)
    else:
        _data(given.data)


def _curves(log: Path, picture: Path) -> None:
    from matplotlib.figure import Figure

    names, *rows = csv.reader(log.open(encoding="utf-8"))
    columns = dict(zip(names, np.array(rows, float).T, strict=True))
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(columns["hours heard"], columns["loss"], color="0.3")
    left.set(xlabel="hours of mixtures heard", ylabel="loss", title="Training")
    for stem in STEMS:
        right.plot(columns["hours heard"], columns[f"gain {stem}"], label=stem)
    right.set(xlabel="hours of mixtures heard", ylabel="gain of SI-SDR, dB", title="Held out")
    right.legend()
    figure.savefig(picture, dpi=110)


def _data(folder: Path) -> None:
    rows: dict[tuple[str, str, str], list[float]] = {}
    for clip in index(folder):
        repository = "/".join(clip.source.split("/")[:2])
        rows.setdefault((clip.kind, repository, clip.licence), []).append(clip.duration_s / 60)
    print("| kind | source | licence, as stated there | minutes |\n| --- | --- | --- | --- |")
    for (kind, repository, licence), minutes in sorted(rows.items()):
        print(f"| {kind} | {repository} | {licence} | {np.sum(minutes):.1f} |")


if __name__ == "__main__":
    main()
