"""Speech activity by Silero VAD's ONNX model, which the silero-vad package ships; streamed, no torch.

The model (MIT, github.com/snakers4/silero-vad) reads 512 samples at 16 kHz with the 64 before them and the state of
its LSTM, and gives the probability of speech. The package has it in a form that takes many such windows in one call:
the same numbers to the last bit, for half the time. The segmentation follows its get_speech_timestamps: speech begins
at `threshold` and ends when the probability stays below `threshold - 0.15` for `min_silence_s`.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio, sound
from ..core.errors import MissingExtra
from ..core.stage import ModelInfo
from ..core.time import Span, merge_spans
from ..dsp.resample import converted, downmix

RATE = 16_000
#: Samples, and seconds, of one decision.
HOP = 512
HOP_S = HOP / RATE
_CONTEXT = 64
#: Windows handed to the model at once: 16 s.
_AT_ONCE = 512


def model_path() -> Path:
    """Where the silero-vad package keeps its model; the package itself (and torch) is not imported.

    Raises MissingExtra where there is none, or one of a version that does not have it in this form.
    """
    spec = importlib.util.find_spec("silero_vad")
    path = Path(spec.origin).parent / "data" / "silero_vad_16k_sequence.onnx" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise MissingExtra(
            f"silero-vad {'is not installed' if path is None else 'is too old'}.",
            remedy="pip install 'silero-vad>=6.2.3'",
        )
    return path


@functools.cache
def model_info() -> ModelInfo:
    """The detector as a model of the record. Raises MissingExtra."""
    from importlib.metadata import version

    with model_path().open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ModelInfo("Silero VAD", version("silero-vad"), "MIT", "https://github.com/snakers4/silero-vad", digest)


@functools.cache
def _session() -> Any:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.inter_op_num_threads = settings.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model_path()), settings, providers=["CPUExecutionProvider"])


#: Level that `gain_to_usual` brings speech to, dBFS; recordings quieter than the floor are silence.
_USUAL_DB, _SILENT_DB = -23.0, -85.0


def gain_to_usual(audio: Audio) -> float:
    """The factor that brings the loud parts of `audio` to -23 dBFS; 1.0 for silence. Streamed.

    With it the detector, and what is built on it, finds the same speech in a recording however loud it is. The loud
    parts are the frames of 20 ms within 20 dB of the 99th percentile: a click or a long pause changes nothing.
    """
    hop = max(1, audio.rate // 50)
    squares: list[NDArray[np.float64]] = []
    for block in audio.blocks(hop * 2048):
        mono = downmix(sound(block), audio.layout)[0].astype(float)
        whole = len(mono) // hop * hop
        squares.append(np.mean(mono[:whole].reshape(-1, hop) ** 2, axis=1))
    power = np.concatenate(squares) if squares else np.zeros(0)
    high = float(np.percentile(power, 99)) if len(power) else 0.0
    if high < 10 ** (_SILENT_DB / 10):
        return 1.0
    return float(10 ** (_USUAL_DB / 20) / np.sqrt(np.mean(power[power > high / 100])))


def speech_probability(audio: Audio, gain: float = 1.0) -> NDArray[np.float32]:
    """Probability of speech in each window of `HOP_S` seconds; empty for empty audio. NaN and infinity are silence.

    The detector hears `audio` times `gain`.
    """
    session = _session()
    hidden = cell = np.zeros((1, 1, 128), np.float32)
    # _CONTEXT samples of what was fed already, then those that wait for a whole window.
    rest = np.zeros(_CONTEXT, np.float32)
    probabilities: list[NDArray[np.float32]] = []

    def feed(samples: NDArray[np.float32]) -> None:
        """(_CONTEXT + n * HOP,) samples."""
        nonlocal hidden, cell
        windows = np.lib.stride_tricks.sliding_window_view(samples, _CONTEXT + HOP)[::HOP]
        for at in range(0, len(windows), _AT_ONCE):
            piece = np.ascontiguousarray(windows[at : at + _AT_ONCE])
            found, hidden, cell = session.run(None, {"input": piece, "h": hidden, "c": cell})
            probabilities.append(found)

    for block in converted(audio, RATE, mono=True):
        samples = np.concatenate([rest, block[0] * np.float32(gain)])
        if not np.isfinite(samples).all():  # one would stay in the model's state to the end
            samples = np.nan_to_num(samples, copy=False, posinf=0.0, neginf=0.0)
        whole = (len(samples) - _CONTEXT) // HOP * HOP
        if whole:
            feed(samples[: _CONTEXT + whole])
        rest = samples[whole:]
    if len(rest) > _CONTEXT:
        feed(np.pad(rest, (0, _CONTEXT + HOP - len(rest))))
    return np.concatenate(probabilities) if probabilities else np.zeros(0, np.float32)


def spans_of(
    probability: NDArray[np.float32],
    *,
    duration_s: float,
    threshold: float = 0.5,
    min_speech_s: float = 0.25,
    min_silence_s: float = 0.1,
    pad_s: float = 0.03,
) -> tuple[Span, ...]:
    """Speech spans out of `speech_probability`'s values, padded by `pad_s` on both sides and merged."""
    spans: list[Span] = []
    begin: int | None = None
    quiet: int | None = None
    for i, p in enumerate(probability):
        if begin is None:
            if p >= threshold:
                begin, quiet = i, None
        elif p >= threshold:
            quiet = None
        elif p < threshold - 0.15:
            quiet = i if quiet is None else quiet
            if (i - quiet + 1) * HOP_S >= min_silence_s:
                spans.append(Span(begin * HOP_S, quiet * HOP_S))
                begin = quiet = None
    if begin is not None:
        spans.append(Span(begin * HOP_S, (quiet if quiet is not None else len(probability)) * HOP_S))
    padded = [
        Span(max(0.0, s.start_s - pad_s), min(duration_s, s.end_s + pad_s))
        for s in spans
        if s.duration_s >= min_speech_s and s.start_s < duration_s
    ]
    return tuple(merge_spans(padded))


def speech_spans(audio: Audio, gain: float = 1.0, **settings: float) -> tuple[Span, ...]:
    """Where speech is heard in `audio` times `gain`; `settings` as in `spans_of`."""
    return spans_of(speech_probability(audio, gain), duration_s=audio.duration_s, **settings)
