"""Whether a recording has only the telephone band."""

from __future__ import annotations

import numpy as np

from ...core.audio import Audio
from ...dsp.voices import voices
from .estimator import power_of

#: Power density above a telephone line's edge, against that of the upper band of a voice below it.
_DROP_DB = 30.0
_UPPER_HZ, _ABOVE_HZ = (2000.0, 3400.0), (4300.0, 6000.0)
#: As many pieces of a second, spread over the recording, are looked at.
_PIECES = 30


def telephone_band(audio: Audio) -> bool:
    """Whether nothing is heard above 4.3 kHz: a telephone, or a recording at 8 kHz.

    True where the mean power density there is 30 dB under that of 2 to 3.4 kHz; speech in a full band falls by some
    10 dB from one to the other. False for silence.
    """
    from scipy.fft import rfft

    kept = voices(audio.layout)
    starts = np.linspace(0, max(audio.frames - audio.rate, 0), min(_PIECES, 1 + audio.frames // audio.rate))
    size = max(round(0.032 * audio.rate), 16)
    window = np.hanning(size).astype(np.float32)
    power = np.zeros(size // 2 + 1)
    if not kept:
        return False
    for start in np.unique(starts.astype(int)).tolist():
        piece = audio.read(start, start + max(audio.rate, size))[kept]
        frames = np.lib.stride_tricks.sliding_window_view(piece, size, axis=1)[:, ::size]
        power += power_of(rfft(frames * window, axis=2)).mean(axis=(0, 1))
    hz = np.fft.rfftfreq(size, 1 / audio.rate)

    def density(low: float, high: float) -> float:
        inside = power[(hz >= low) & (hz <= high)]
        return float(inside.mean()) if len(inside) else 0.0

    return density(*_ABOVE_HZ) < 10 ** (-_DROP_DB / 10) * density(*_UPPER_HZ)
