"""The parts of a WAV header that libsndfile does not tell: channel mask, bext timecode, truncation.

Sources: Microsoft's WAVEFORMATEXTENSIBLE; EBU Tech 3285 (Broadcast Wave), EBU Tech 3306 (RF64).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from ..core.audio import LAYOUTS
from ..core.time import FrameRate, Timebase

_MASK = ("L", "R", "C", "LFE", "Lb", "Rb", "Lc", "Rc", "Cs", "Ls", "Rs")
_EXTENSIBLE = 0xFFFE


@dataclass(frozen=True)
class RiffHeader:
    """`mask_offset` is the file offset of the channel mask, None in plain WAV headers."""

    channel_mask: int = 0
    mask_offset: int | None = None
    time_reference: int | None = None
    truncated_bytes: int = 0

    def layout(self, channels: int) -> tuple[str, ...] | None:
        """Channel names by the mask; None (the default order) where there is none or it does not fit."""
        names = [name for bit, name in enumerate(_MASK) if self.channel_mask >> bit & 1]
        if len(names) != channels or channels < 3:
            return None
        if "Lb" in names and "Ls" not in names and channels < 7:
            names = [{"Lb": "Ls", "Rb": "Rs"}.get(name, name) for name in names]
        return tuple(names)

    def timebase(self, rate: int) -> Timebase | None:
        """25 frames a second and the timecode of the bext time reference (samples since midnight)."""
        if not self.time_reference:
            return None
        frames = FrameRate.parse("25")
        return Timebase(frames, frames.timecode(frames.frame_at(self.time_reference / rate)))


def read_header(path: Path) -> RiffHeader:
    """What the chunks say; an unreadable header gives an empty RiffHeader (libsndfile judges the file)."""
    size = path.stat().st_size
    mask, mask_offset, reference, truncated = 0, None, None, 0
    long_data: int | None = None
    with path.open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, length = head[:4], struct.unpack("<I", head[4:])[0]
            at = file.tell()
            if name == b"ds64" and at + 16 <= size:
                long_data = struct.unpack("<Q", file.read(16)[8:16])[0]
            elif name == b"fmt " and length >= 40:
                body = file.read(40)
                if struct.unpack("<H", body[:2])[0] == _EXTENSIBLE:
                    mask, mask_offset = struct.unpack("<I", body[20:24])[0], at + 20
            elif name == b"bext" and length >= 346 and at + 346 <= size:
                reference = struct.unpack("<Q", file.read(346)[338:346])[0]
            elif name == b"data":
                if length == 0xFFFFFFFF and long_data is not None:
                    length = long_data
                if 0 < length < 0xFFFFFFFF and at + length > size:
                    truncated = at + length - size
            file.seek(at + length + length % 2)
    return RiffHeader(mask, mask_offset, reference, truncated)


def mask_of(layout: tuple[str, ...]) -> int:
    """The channel mask of a layout in mask order, 0 where it has none."""
    wanted = layout
    if len(layout) in (5, 6, 7) and "Ls" in layout:
        wanted = tuple({"Ls": "Lb", "Rs": "Rb"}.get(name, name) for name in layout) if len(layout) < 7 else layout
    if wanted not in (tuple(n for n in _MASK if n in wanted), LAYOUTS.get(2)):
        return 0
    return sum(1 << _MASK.index(name) for name in wanted)


def write_mask(path: Path, layout: tuple[str, ...]) -> None:
    """Sets the channel mask of an extensible header that libsndfile left at 0."""
    offset = read_header(path).mask_offset
    mask = mask_of(layout)
    if offset is not None and mask:
        with path.open("rb+") as file:
            file.seek(offset)
            file.write(struct.pack("<I", mask))
