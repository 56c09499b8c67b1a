"""Feelings and sound events by SenseVoice (K. An et al., "FunAudioLLM", 2024), on ONNX Runtime.

SenseVoice-Small answers for a stretch of speech in Mandarin, Cantonese, English, Japanese or Korean, before any text,
with a language, a feeling and a sound event: three places of its output, each a choice among tags such as <|HAPPY|>
and <|Laughter|>. It runs from its published ONNX export (sherpa-onnx's: model.onnx or model.int8.onnx with what it
hears in its metadata, and tokens.txt); FunASR and torch are not needed, and no pickle is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio, sound_of
from ..core.errors import BadValue, StageError
from ..core.marks import Activity
from ..core.stage import Availability, ModelInfo, Progress, silent
from ..core.time import Span, merge_spans
from ..dsp.filterbank import log_mel
from ..io.scratch import at_rate
from ..models import store
from ..models.catalogue import get
from . import vad

Samples = NDArray[np.float32]

NAME = "sensevoice-small"
RATE = 16_000
#: Weights, the exact ones first, and what the numbers of the output mean.
WEIGHTS, NEEDED = ("model.onnx", "model.int8.onnx"), ("tokens.txt",)
#: Places of the output, before the text.
_FEELING, _EVENT = 1, 2
FEELINGS = ("HAPPY", "SAD", "ANGRY", "NEUTRAL", "FEARFUL", "DISGUSTED", "SURPRISED", "EMO_UNKNOWN")
_EVENTS = ("BGM", "Speech", "Applause", "Laughter", "Cry", "Sneeze", "Breath", "Cough", "Event_UNK")
#: Its events that have a word in captions. Music and breaths have detectors of their own.
KINDS = {"Applause": "applause", "Laughter": "laughter", "Cry": "crying", "Sneeze": "sneezing", "Cough": "coughing"}
#: Windows that are listened to for events, and how many at once.
_WINDOW_S, _HOP_S, _BATCH = 3.0, 1.5, 8
#: Quieter than this after speech is brought to its usual level, -23 dBFS, nothing is heard.
_SILENT = 1e-3


class Heard(NamedTuple):
    """(n, len(FEELINGS)) and (n, len(events)) probabilities; the events are `Network.events`."""

    feelings: NDArray[np.float32]
    events: NDArray[np.float32]


def locate(model: str | None = None) -> Path | None:
    """The weights file: of the folder `model`, or the store's; None where there is none."""
    folder = Path(model).expanduser() if model else store.find(NAME)
    if folder is None or any(not (folder / name).is_file() for name in NEEDED):
        return None
    names = WEIGHTS if model else get(NAME).weights
    return next((folder / name for name in names if (folder / name).is_file()), None)


def availability(model: str | None = None) -> Availability:
    """Whether it can run, found out without loading it."""
    if locate(model) is not None:
        return Availability(True, "SenseVoice")
    if model:
        wanted = f"{' or '.join(WEIGHTS)} and {', '.join(NEEDED)}"
        return Availability(False, f"{model} holds no SenseVoice", f"Name a folder with {wanted}")
    return Availability(False, "SenseVoice is not on this machine", store.pull_command(NAME))


def model_info(model: str | None = None) -> ModelInfo:
    """The model as the record names it."""
    path = locate(model)
    return store.folder_info(path.parent, (path.name,)) if model and path else store.info(NAME)


def heard(audio: Audio, model: Path, *, threshold: float = 0.5, progress: Progress = silent) -> tuple[Activity, ...]:
    """The sound events of `audio` in order of time, to 0.75 s: windows of 3 s every 1.5 s, one event in each.

    `model` is the weights file. Raises BadValue, StageError for a file that is no SenseVoice.
    """
    audio = sound_of(audio)
    network, mono = Network(model), at_rate(audio, RATE, mono=True)
    gain = vad.gain_to_usual(audio)
    starts = np.arange(0.0, max(mono.duration_s - _WINDOW_S, 0.0) + _HOP_S, _HOP_S)
    spans: dict[str, list[Span]] = {}
    for first in range(0, len(starts), _BATCH):
        progress("sound events", float(starts[first]), mono.duration_s)
        some = starts[first : first + _BATCH]
        waves = np.stack([_window(mono, start) * np.float32(gain) for start in some])
        loud = np.sqrt(np.mean(np.square(waves), axis=1)) >= _SILENT
        for start, row in zip(some[loud], network(waves[loud]).events if loud.any() else (), strict=True):
            kind = KINDS.get(network.events[int(row.argmax())])
            if kind is not None and row.max() >= threshold:
                # Of a window the middle is what the next one does not hear as well.
                middle = min(float(start) + (_WINDOW_S - _HOP_S) / 2, max(mono.duration_s - _HOP_S, 0.0))
                spans.setdefault(kind, []).append(Span(middle, min(middle + _HOP_S, mono.duration_s)))
    marks = [Activity(kind, s.start_s, s.end_s) for kind, own in spans.items() for s in merge_spans(own, _HOP_S / 2)]
    return tuple(sorted(marks, key=lambda mark: (mark.start_s, mark.kind)))


def _window(mono: Audio, start_s: float) -> Samples:
    first = round(start_s * RATE)
    samples = mono.read(first, min(first + round(_WINDOW_S * RATE), mono.frames))[0]
    return np.pad(samples, (0, round(_WINDOW_S * RATE) - len(samples)))


class Network:
    """(n, samples) mono at RATE, full scale 1, to what is heard in each. Raises BadValue, StageError."""

    def __init__(self, weights: Path, *, device: str = "cpu") -> None:
        tokens = _numbers(weights.parent / NEEDED[0])
        self.events = tuple(name for name in _EVENTS if f"<|{name}|>" in tokens)
        absent = [name for name in FEELINGS if f"<|{name}|>" not in tokens]
        if absent or len(self.events) < 2:
            raise BadValue(
                f"tokens.txt in {weights.parent} is not SenseVoice's: it lacks {', '.join(absent[:3]) or 'events'}.",
                value=str(weights.parent),
                remedy=store.pull_command(NAME),
            )
        self._feelings = [tokens[f"<|{name}|>"] for name in FEELINGS]
        self._events = [tokens[f"<|{name}|>"] for name in self.events]
        self._session = _opened(weights, device)
        self._facts = _facts(self._session, weights)

    def __call__(self, waves: Samples) -> Heard:
        from scipy.special import softmax

        facts, count = self._facts, len(waves)
        features = np.stack([facts.features(wave) for wave in waves])
        numbers = {
            "x_length": np.full(count, features.shape[1], np.int32),
            "language": np.full(count, facts.language, np.int32),
            "text_norm": np.full(count, facts.text_norm, np.int32),
        }
        (logits,) = self._session.run(None, {"x": features, **numbers})
        feelings, events = logits[:, _FEELING, self._feelings], logits[:, _EVENT, self._events]
        return Heard(softmax(feelings, axis=1), softmax(events, axis=1))


@dataclass(frozen=True)
class _Facts:
    """What an export says of itself: how frames are stacked, its features' mean and spread, and what it is asked with.

    The number `language` means any, `text_norm` text as it is said.
    """

    window: int
    hop: int
    minus_mean: Samples
    per_spread: Samples
    language: int
    text_norm: int

    def features(self, wave: Samples) -> Samples:
        """(frames, window * 80) of samples at full scale 1."""
        stacked = _stacked(log_mel(wave * np.float32(32768), RATE), self.window, self.hop)
        return ((stacked + self.minus_mean) * self.per_spread).astype(np.float32)


def _facts(session: Any, weights: Path) -> _Facts:
    noted = session.get_modelmeta().custom_metadata_map
    try:
        facts = _Facts(
            int(noted["lfr_window_size"]),
            int(noted["lfr_window_shift"]),
            np.array(noted["neg_mean"].split(","), np.float32),
            np.array(noted["inv_stddev"].split(","), np.float32),
            int(noted["lang_auto"]),
            int(noted["without_itn"]),
        )
    except (KeyError, ValueError) as error:
        raise BadValue(
            f"{weights} does not say what it hears ({error!r}): it is no export of SenseVoice by sherpa-onnx.",
            value=str(weights),
            remedy=store.pull_command(NAME),
        ) from error
    return facts


def _opened(weights: Path, device: str) -> Any:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    providers = ["CUDAExecutionProvider"] if device == "cuda" else []
    try:
        session = onnxruntime.InferenceSession(str(weights), settings, providers=[*providers, "CPUExecutionProvider"])
        inputs = {each.name for each in session.get_inputs()}
    except Exception as error:  # onnxruntime raises many kinds, none of them documented
        why = (str(error).splitlines() or [repr(error)])[0]
        raise StageError(
            f"{weights} cannot be loaded: {why}", value=str(weights), remedy=store.pull_command(NAME)
        ) from error
    if inputs != {"x", "x_length", "language", "text_norm"}:
        raise BadValue(
            f"{weights} is no export of SenseVoice by sherpa-onnx: its inputs are {', '.join(sorted(inputs))}.",
            value=str(weights),
            remedy=store.pull_command(NAME),
        )
    return session


def _numbers(file: Path) -> dict[str, int]:
    """Tokens and their numbers. Raises BadValue."""
    try:
        lines = [line.rsplit(maxsplit=1) for line in file.read_text("utf-8").splitlines() if line.strip()]
        return {line[0]: int(line[-1]) for line in lines if len(line) == 2}
    except (OSError, ValueError) as error:
        raise BadValue(f"{file} cannot be read: {error}.", value=str(file), remedy="Copy the model again.") from error


def _stacked(frames: Samples, window: int, hop: int) -> Samples:
    """Low frame rate: `window` frames side by side every `hop`; the first and last frame stand for what lies beyond."""
    before = (window - 1) // 2
    count = -(-len(frames) // hop)
    padded = np.pad(frames, ((before, max(0, (count - 1) * hop + window - before - len(frames))), (0, 0)), mode="edge")
    return np.stack([padded[i * hop : i * hop + window].ravel() for i in range(count)])
