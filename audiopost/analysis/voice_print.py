"""Voice prints: one vector for each short stretch of speech, near for one speaker, far for two.

The encoder is GE2E (Wan et al., "Generalized end-to-end loss for speaker verification", 2018): 40 mel bands every
10 ms, three LSTM layers of 256, a linear layer, ReLU, unit length. Its weights (Apache-2.0) come inside the
resemblyzer package; only that file is read, the package itself (which wants webrtcvad) is never imported.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio, FloatArray
from ..core.errors import BadValue, MissingExtra
from ..core.stage import ModelInfo, Progress, silent
from ..core.time import Span

RATE = 16_000
#: Values of one voice print.
SIZE = 256
#: Seconds of sound behind one voice print. The encoder was trained on 1.6 s; less follows quick exchanges better.
WINDOW_S = 1.2
_FRAME = 160
#: Seconds of sound turned into mel frames at a time.
_BLOCK_S = 20.0
#: Root mean square, dB below full scale, that quieter speech is brought up to; louder speech stays as it is.
_LEVEL_DBFS = -30.0
_BATCH = 64
REMEDY = "pip install 'audiopost[speakers]'"


def weights_path() -> Path | None:
    """Where the resemblyzer package keeps its weights; None where it is not installed."""
    spec = importlib.util.find_spec("resemblyzer")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "pretrained.pt"
    return path if path.is_file() else None


@functools.cache
def _network(device: str) -> tuple[Any, Any]:
    """The encoder's LSTM and linear layer. Raises MissingExtra."""
    import torch

    path = weights_path()
    if path is None:
        raise MissingExtra("The speaker encoder is not installed.", remedy=REMEDY)
    weights = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
    lstm, linear = torch.nn.LSTM(40, 256, 3, batch_first=True), torch.nn.Linear(256, SIZE)
    for name, layer in (("lstm.", lstm), ("linear.", linear)):
        layer.load_state_dict({k.removeprefix(name): v for k, v in weights.items() if k.startswith(name)})
    return lstm.to(device).eval(), linear.to(device).eval()


def level_gain(rms: float) -> float:
    """What brings speech of this level up to the encoder's; never below 1, as in training."""
    return max(1.0, 10 ** (_LEVEL_DBFS / 20) / max(rms, 1e-6))


def mel_frames(samples: FloatArray) -> FloatArray:
    """(frames, 40): power in mel bands every 10 ms of (n,) samples at 16 kHz."""
    import librosa

    mel = librosa.feature.melspectrogram(y=samples, sr=RATE, n_fft=400, hop_length=_FRAME, n_mels=40)
    return np.asarray(mel.T, dtype=np.float32)


def encode(mels: FloatArray, device: str = "cpu", *, rectified: bool = True) -> FloatArray:
    """(windows, 256) unit vectors of (windows, frames, 40) mel frames; not `rectified`: as they are before the ReLU."""
    import torch

    lstm, linear = _network(device)
    prints = [np.zeros((0, SIZE), np.float32)]
    with torch.inference_mode():
        for start in range(0, len(mels), _BATCH):
            batch = torch.from_numpy(np.ascontiguousarray(mels[start : start + _BATCH])).to(device)
            raw = linear(lstm(batch)[1][0][-1])
            raw = torch.relu(raw) if rectified else raw
            prints.append(torch.nn.functional.normalize(raw, dim=1).cpu().numpy())
    return np.concatenate(prints)


@dataclass(frozen=True)
class VoicePrints:
    """Unit vectors (n, 256) of windows centred at `times_s` (n,), which lie on a grid of `hop_s` inside speech."""

    times_s: NDArray[np.float64]
    vectors: FloatArray
    hop_s: float


def voice_prints(
    audio: Audio,
    spans: Sequence[Span],
    *,
    hop_s: float,
    window_s: float = WINDOW_S,
    rectified: bool = True,
    device: str = "cpu",
    progress: Progress = silent,
) -> VoicePrints:
    """A voice print of `window_s` every `hop_s` seconds of the speech in `spans` of mono audio at 16 kHz.

    The audio is read in blocks; `rectified` as for `encode`.

    Raises BadValue for other audio, MissingExtra.
    """
    if audio.rate != RATE or audio.channels != 1:
        raise BadValue(
            f"Voice prints want mono at {RATE} Hz, got {audio!r}.",
            value=audio.rate,
            remedy="io.scratch.at_rate does it.",
        )
    grid = np.arange(int(audio.duration_s / hop_s) + 1, dtype=np.float64) * np.float64(hop_s)
    # Half a hop of tolerance gives even the shortest span one voice print.
    spoken = np.zeros(len(grid), bool)
    for span in spans:
        spoken[(grid >= span.start_s - hop_s / 2) & (grid <= span.end_s + hop_s / 2)] = True
    times = grid[spoken]
    gain = level_gain(_speech_rms(audio, spans))
    window = round(window_s * RATE) // _FRAME
    prints = [np.zeros((0, SIZE), np.float32)]
    # A window may be centred on the very end, which may be the start of a block.
    for start_s in np.arange(0.0, audio.duration_s + hop_s, _BLOCK_S):
        here = times[(times >= start_s) & (times < start_s + _BLOCK_S)]
        if len(here):
            margin = window * _FRAME
            first = round(start_s * RATE) - margin
            mel = mel_frames(gain * audio.read(first, first + round(_BLOCK_S * RATE) + 2 * margin)[0])
            frames = np.round((here * RATE - first) / _FRAME).astype(int) - window // 2
            prints.append(encode(mel[frames[:, None] + np.arange(window)], device, rectified=rectified))
        progress("voice prints", min(start_s + _BLOCK_S, audio.duration_s), audio.duration_s)
    return VoicePrints(times, np.concatenate(prints), hop_s)


def _speech_rms(audio: Audio, spans: Sequence[Span]) -> float:
    energy, count = 0.0, 0
    for span in spans:
        for start_s in np.arange(span.start_s, span.end_s, _BLOCK_S):
            piece = audio.read(round(start_s * RATE), round(min(start_s + _BLOCK_S, span.end_s) * RATE))
            energy += float(np.sum(np.square(piece, dtype=np.float64)))
            count += piece.size
    return float(np.sqrt(energy / max(count, 1)))


@functools.cache
def model_info() -> ModelInfo:
    """The encoder's weights, for provenance. Raises MissingExtra."""
    from importlib.metadata import version

    path = weights_path()
    if path is None:
        raise MissingExtra("The speaker encoder is not installed.", remedy=REMEDY)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    source = "https://github.com/resemble-ai/Resemblyzer"
    return ModelInfo("resemblyzer", version("resemblyzer"), "Apache-2.0", source, digest)
