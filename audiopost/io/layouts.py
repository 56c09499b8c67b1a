"""Channel names as files write them: FFmpeg's layouts and the channel mask of WAVEFORMATEXTENSIBLE.

Files name the surrounds of quad to 5.1 "back" or "side" without meaning anything by it. Here they are Ls and Rs, and
are written as "back", which every codec of such a layout knows; beside Cs or beside Lb and Rb they are "side".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.audio import LAYOUTS, Audio, FloatArray

#: Our name and FFmpeg's, in the order of the mask's bits, which is the order of channels in every file.
_NAMES = {
    "L": "FL", "R": "FR", "C": "FC", "LFE": "LFE", "Lb": "BL", "Rb": "BR", "Lc": "FLC", "Rc": "FRC", "Cs": "BC",
    "Ls": "SL", "Rs": "SR",
}  # fmt: skip
_OURS = {theirs: ours for ours, theirs in _NAMES.items()} | {"DL": "L", "DR": "R"}  # a stereo downmix is stereo
_BITS = tuple(_NAMES)
#: How much of each channel left and right get in a stereo downmix (ITU-R BS.775-3, Annex 4; the LFE is left out).
_HALF = 0.5**0.5
_TO_STEREO = {
    "M": (_HALF, _HALF), "L": (1.0, 0.0), "R": (0.0, 1.0), "C": (_HALF, _HALF), "Lc": (1.0, 0.0), "Rc": (0.0, 1.0),
    "Ls": (_HALF, 0.0), "Rs": (0.0, _HALF), "Lb": (_HALF, 0.0), "Rb": (0.0, _HALF), "Cs": (0.5, 0.5),
}  # fmt: skip


def from_ffmpeg(names: Sequence[str]) -> tuple[str, ...] | None:
    """The layout of channels that FFmpeg calls `names` ('FL', 'FR' …); by number where it does not know them."""
    if len(names) == 1:
        return ("M",)
    ours = tuple(_OURS.get(name, "") for name in names)
    if "" in ours or len(set(ours)) < len(ours):
        return LAYOUTS.get(len(names))
    return _plain(ours)


def from_mask(mask: int, channels: int) -> tuple[str, ...] | None:
    """The layout of a channel mask; None (the default order) where there is none or it does not fit."""
    names = tuple(name for bit, name in enumerate(_BITS) if mask >> bit & 1)
    return _plain(names) if len(names) == channels >= 3 else None


def mask_of(layout: tuple[str, ...]) -> int:
    """The channel mask of a layout in mask order, 0 where it has none."""
    names = _written(layout)
    known = set(names) <= set(_BITS) and order(layout) == list(range(len(layout)))
    return sum(1 << _BITS.index(name) for name in names) if known else 0


def ffmpeg_name(layout: tuple[str, ...]) -> str | None:
    """FFmpeg's name ('5.1', '4.0' for L C R S, 'quad'); None beyond 8 channels."""
    import av

    if len(layout) > 8:
        return None
    if len(layout) == 1:
        return "mono"
    names = layout if set(layout) <= set(_BITS) else LAYOUTS[len(layout)]
    return str(av.AudioLayout("+".join(_NAMES[name] for name in sorted(_written(names), key=_BITS.index))).name)


def order(layout: tuple[str, ...]) -> list[int]:
    """Indices that bring the channels into the order of files; as they lie where a name is unknown there."""
    lying = list(range(len(layout)))
    return sorted(lying, key=lambda n: _BITS.index(_written(layout)[n])) if set(layout) <= set(_BITS) else lying


def to_stereo(layout: tuple[str, ...]) -> FloatArray:
    """(2, channels): the matrix of a stereo downmix; channels of unknown names are left and right in turn."""
    unknown = ((1.0, 0.0), (0.0, 1.0))
    named = set(layout) <= set(_BITS) | {"M"}
    gains = [_TO_STEREO.get(name, (0.0, 0.0)) if named else unknown[n % 2] for n, name in enumerate(layout)]
    return np.array(gains, np.float32).T


def from_stereo(layout: tuple[str, ...]) -> FloatArray:
    """(channels, 2): the matrix that lays stereo on left and right; on the first two where names are unknown.

    A single channel gets both at -3 dB, so that what lay in the middle of a downmix of mono is as it was.
    """
    if len(layout) == 1:
        return np.full((1, 2), _HALF, np.float32)
    pair = ("L", "R") if {"L", "R"} <= set(layout) else layout[:2]
    return np.array([[name == pair[0], name == pair[1]] for name in layout], np.float32)


def mixed(matrix: FloatArray, samples: FloatArray) -> FloatArray:
    """`matrix` (m, channels) times `samples` (channels, n), by the few gains that are not zero.

    As a product of matrices BLAS would wake its threads for it, and take several times as long on a busy machine.
    """
    out = np.zeros((len(matrix), samples.shape[1]), np.float32)
    for to, of in zip(*np.nonzero(matrix), strict=True):
        gain = matrix[to, of]
        out[to] += samples[of] if gain == 1 else gain * samples[of]
    return out


class _Stereo:
    def __init__(self, audio: Audio) -> None:
        self._audio, self._matrix = audio, to_stereo(audio.layout)

    def read(self, start: int, stop: int) -> FloatArray:
        return mixed(self._matrix, self._audio.read(start, stop))


def stereo_of(audio: Audio) -> Audio:
    """The stereo downmix of `audio`, mixed when read; stereo as it is."""
    if audio.layout == ("L", "R"):
        return audio
    return Audio.backed(_Stereo(audio), channels=2, frames=audio.frames, rate=audio.rate, layout=("L", "R"))


def _plain(names: tuple[str, ...]) -> tuple[str, ...]:
    """Back surrounds as Ls and Rs where there are no others."""
    return names if "Ls" in names else tuple({"Lb": "Ls", "Rb": "Rs"}.get(name, name) for name in names)


def _written(layout: tuple[str, ...]) -> tuple[str, ...]:
    """Ls and Rs as back surrounds, but beside others behind the listener."""
    if {"Cs", "Lb"} & set(layout):
        return layout
    return tuple({"Ls": "Lb", "Rs": "Rb"}.get(name, name) for name in layout)
