"""The header of a WAV, read and written: channel mask, Broadcast Wave's bext, RF64 past 4 GiB.

Sources: Microsoft's WAVEFORMATEXTENSIBLE; EBU Tech 3285 v2 (Broadcast Wave), EBU Tech 3306 (RF64), EBU R 98 (coding
history). libsndfile, which reads the samples, tells none of the first two and writes no bext from Python.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from ..core.marks import LoudnessReport
from ..core.time import FrameRate, Timebase
from . import layouts

#: A RIFF holds sizes in 32 bits; what is longer becomes RF64. Some room is left for chunks that others add.
RIFF_LIMIT = (1 << 32) - (1 << 16)
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
#: What follows the format tag in the GUID of an extensible header.
_GUID = bytes.fromhex("000000001000800000aa00389b71")
_UNKNOWN = 0x7FFF  # a loudness value that was not measured
#: Description, originator, its reference, date, time, time reference, version, UMID, five loudness values, reserve.
_BEXT = struct.Struct("<256s32s32s10s8sQH64s5h180x")
_BEXT_V0 = 346  # bytes up to the time reference: every version has them


@dataclass(frozen=True)
class Broadcast:
    """The bext chunk. `time_reference` is in samples since midnight; texts are cut to their fields' lengths.

    Of `loudness` the five values of version 2 are written; None, and what it does not hold, as unknown. The UMID is 0.
    """

    description: str = ""
    originator: str = ""
    reference: str = ""
    date: str = ""
    time: str = ""
    time_reference: int = 0
    coding_history: str = ""
    loudness: LoudnessReport | None = None

    def packed(self) -> bytes:
        """The chunk's body."""
        report = self.loudness
        values = report and (
            report.integrated_lufs,
            report.loudness_range_lu,
            report.true_peak_dbtp,
            report.momentary_max_lufs,
            report.short_term_max_lufs,
        )
        texts = (self.description, self.originator, self.reference, self.date, self.time)
        sizes = (256, 32, 32, 10, 8)
        return _BEXT.pack(
            *(_cut(text, size) for text, size in zip(texts, sizes, strict=True)),
            self.time_reference,
            2,
            b"",
            *(_UNKNOWN if value is None else round(100 * value) for value in values or [None] * 5),
        ) + self.coding_history.encode("utf-8")


def _cut(text: str, size: int) -> bytes:
    """At most `size` bytes of whole characters. The standard says ASCII; programs read UTF-8."""
    return text.encode("utf-8", "replace")[:size].decode("utf-8", "ignore").encode("utf-8")


def _text(data: bytes) -> str:
    data = data.partition(b"\0")[0]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _broadcast(body: bytes) -> Broadcast:
    fields = _BEXT.unpack(body[: _BEXT.size].ljust(_BEXT.size, b"\0"))
    description, originator, reference, date, time = (_text(field) for field in fields[:5])
    return Broadcast(description, originator, reference, date, time, fields[5], _text(body[_BEXT.size :]))


@dataclass(frozen=True)
class RiffHeader:
    """What the chunks of a WAV say beside the samples; `truncated_bytes` is how much of the data is not there."""

    channel_mask: int = 0
    broadcast: Broadcast | None = None
    truncated_bytes: int = 0

    def layout(self, channels: int) -> tuple[str, ...] | None:
        """Channel names by the mask; None (the default order) where there is none or it does not fit."""
        return layouts.from_mask(self.channel_mask, channels)

    def timebase(self, rate: int) -> Timebase | None:
        """25 frames a second and the timecode nearest to the bext time reference."""
        if self.broadcast is None or not self.broadcast.time_reference:
            return None
        frames = FrameRate.parse("25")
        return Timebase(frames, frames.timecode(frames.frame_at(self.broadcast.time_reference / rate)))


def read_header(path: Path) -> RiffHeader:
    """What the chunks say; an unreadable header gives an empty RiffHeader (libsndfile judges the file)."""
    size = path.stat().st_size
    mask, broadcast, truncated = 0, None, 0
    long_data: int | None = None
    with path.open("rb") as file:
        if file.read(4) not in (b"RIFF", b"RF64"):
            return RiffHeader()
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, length = head[:4], struct.unpack("<I", head[4:])[0]
            at = file.tell()
            if name == b"ds64" and at + 16 <= size:
                long_data = struct.unpack("<Q", file.read(16)[8:16])[0]
            elif name == b"fmt " and length >= 40:
                body = file.read(40)
                if struct.unpack("<H", body[:2])[0] == _EXTENSIBLE:
                    mask = struct.unpack("<I", body[20:24])[0]
            elif name == b"bext" and length >= _BEXT_V0 and at + _BEXT_V0 <= size:
                broadcast = _broadcast(file.read(length))
            elif name == b"data":
                if length == 0xFFFFFFFF and long_data is not None:
                    length = long_data
                if 0 < length < 0xFFFFFFFF and at + length > size:
                    truncated = at + length - size
            file.seek(at + length + length % 2)
    return RiffHeader(mask, broadcast, truncated)


def header(
    *,
    rate: int,
    layout: tuple[str, ...],
    frames: int,
    sample_bytes: int,
    is_float: bool = False,
    broadcast: Broadcast | None = None,
    limit: int = RIFF_LIMIT,
) -> bytes:
    """Everything of a WAV before its samples; RF64 where the file would be longer than `limit` bytes.

    More than two channels get an extensible header with the mask of `layout` (0 where it has none).
    """
    channels = len(layout)
    frame = channels * sample_bytes
    data = frames * frame
    tag = _FLOAT if is_float else _PCM
    form = struct.pack("<HIIHH", channels, rate, rate * frame, frame, 8 * sample_bytes)
    if channels > 2:
        more = struct.pack("<HHIH", 22, 8 * sample_bytes, layouts.mask_of(layout), tag) + _GUID
        form = struct.pack("<H", _EXTENSIBLE) + form + more
    else:
        form = struct.pack("<H", tag) + form
    chunks = _chunk(b"bext", broadcast.packed()) if broadcast else b""
    chunks += _chunk(b"fmt ", form)
    if is_float:
        chunks += _chunk(b"fact", struct.pack("<I", min(frames, 0xFFFFFFFF)))
    riff = 4 + len(chunks) + 8 + data + data % 2
    if 8 + riff <= limit:
        return b"RIFF" + struct.pack("<I", riff) + b"WAVE" + chunks + b"data" + struct.pack("<I", data)
    sizes = _chunk(b"ds64", struct.pack("<QQQI", riff + 36, data, frames, 0))
    unknown = struct.pack("<I", 0xFFFFFFFF)
    return b"RF64" + unknown + b"WAVE" + sizes + chunks + b"data" + unknown


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
