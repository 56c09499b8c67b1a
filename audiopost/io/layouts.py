"""Channel names as files write them: FFmpeg's layouts and the channel mask of WAVEFORMATEXTENSIBLE.

Files name the surrounds of quad to 5.1 "back" or "side" without meaning anything by it. Here they are Ls and Rs, and
are written as "back", which every codec of such a layout knows; beside Cs or beside Lb and Rb they are "side".
"""

from __future__ import annotations

from collections.abc import Sequence

from ..core.audio import LAYOUTS

#: Our name and FFmpeg's, in the order of the mask's bits, which is the order of channels in every file.
_NAMES = {
    "L": "FL", "R": "FR", "C": "FC", "LFE": "LFE", "Lb": "BL", "Rb": "BR", "Lc": "FLC", "Rc": "FRC", "Cs": "BC",
    "Ls": "SL", "Rs": "SR",
}  # fmt: skip
_OURS = {theirs: ours for ours, theirs in _NAMES.items()} | {"DL": "L", "DR": "R"}  # a stereo downmix is stereo
_BITS = tuple(_NAMES)


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


def _plain(names: tuple[str, ...]) -> tuple[str, ...]:
    """Back surrounds as Ls and Rs where there are no others."""
    return names if "Ls" in names else tuple({"Lb": "Ls", "Rb": "Rs"}.get(name, name) for name in names)


def _written(layout: tuple[str, ...]) -> tuple[str, ...]:
    """Ls and Rs as back surrounds, but beside others behind the listener."""
    if {"Cs", "Lb"} & set(layout):
        return layout
    return tuple({"Ls": "Lb", "Rs": "Rb"}.get(name, name) for name in layout)
