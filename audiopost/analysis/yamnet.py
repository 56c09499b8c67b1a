"""Sound classes by YAMNet: 521 scores for every 0.48 s of sound, streamed.

YAMNet (Plakal & Ellis, Apache-2.0, github.com/tensorflow/models/tree/master/research/audioset/yamnet) tells the
classes of AudioSet in 0.975 s of 16 kHz mono. It runs as its makers' TensorFlow Lite file by LiteRT (the extra
`events`); the file lies in the model store, or where the user says.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio
from ..core.errors import StageError
from ..core.stage import Availability, ModelInfo, Progress, silent
from ..dsp.resample import converted
from ..models import store

NAME = "yamnet"
RATE = 16_000
#: Samples of one decision and between two.
WINDOW, HOP = 15_600, 7680
HOP_S, WINDOW_S = HOP / RATE, WINDOW / RATE
#: AudioSet's classes, in the order of yamnet_class_map.csv.
CLASSES = 521
_EXTRA = "pip install 'audiopost[events]'"


def locate(model: str | None = None) -> Path | None:
    """The model's file: `model` itself, a .tflite file in that folder, or the store's; None where there is none."""
    folder = Path(model).expanduser() if model else store.find(NAME)
    if folder is None or folder.is_file():
        return folder
    return next(iter(sorted(folder.glob("*.tflite"))), None)


def availability(model: str | None = None) -> Availability:
    """Whether it can run, found out without loading it."""
    if locate(model) is None:
        if model:
            return Availability(False, f"{model} holds no .tflite file", "Name yamnet.tflite or its folder")
        return Availability(False, "YAMNet is not on this machine", store.pull_command(NAME))
    if importlib.util.find_spec("ai_edge_litert") is None:
        return Availability(False, "ai-edge-litert, which runs YAMNet, is not installed", _EXTRA)
    return Availability(True, "YAMNet")


def model_info(model: str | None = None) -> ModelInfo:
    """The model as the record names it."""
    path = locate(model)
    if model and path is not None:
        return store.folder_info(path.parent, (path.name,))
    return store.info(NAME)


def scores(audio: Audio, path: Path, classes: Sequence[int], progress: Progress = silent) -> NDArray[np.float32]:
    """Scores 0 to 1 of `classes` (their numbers) in each window: (n, len(classes)); window i begins at i * HOP_S.

    What is left at the end, and a recording shorter than a window, is filled with silence. Raises StageError for a
    file that is no YAMNet.
    """
    network, wanted = _Network(path), list(classes)
    found: list[NDArray[np.float32]] = []
    held, done = np.zeros(0, np.float32), 0
    for block in converted(audio, RATE, mono=True):
        held = np.concatenate([held, np.nan_to_num(block[0], copy=False, posinf=0.0, neginf=0.0)])
        while len(held) >= WINDOW:
            found.append(network(held[:WINDOW])[wanted])
            held = held[HOP:]
        done += block.shape[1]
        progress("sound events", done / RATE, audio.duration_s)
    # Of the last window at least what no other has heard.
    if len(held) > WINDOW - HOP or (not found and len(held)):
        found.append(network(np.pad(held, (0, WINDOW - len(held))))[wanted])
    return np.stack(found) if found else np.zeros((0, len(wanted)), np.float32)


class _Network:
    def __init__(self, path: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            self._interpreter: Any = Interpreter(model_path=str(path), num_threads=1)
            self._interpreter.allocate_tensors()
        except ValueError as error:
            raise StageError(f"{path} cannot be loaded: {error}.", remedy=store.pull_command(NAME)) from error
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]["index"]
        shapes = int(np.prod(self._input["shape"])), int(self._interpreter.get_tensor(self._output).shape[-1])
        if shapes != (WINDOW, CLASSES):
            raise StageError(
                f"{path} is no YAMNet: it takes {shapes[0]} samples and gives {shapes[1]} scores.",
                value=str(path),
                remedy=store.pull_command(NAME),
            )

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        self._interpreter.set_tensor(self._input["index"], samples.reshape(self._input["shape"]))
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output)[0], np.float32)
