"""The codecs that sound is written in: which layouts, sample rates and bit rates each has."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass

from ..core.errors import BadValue
from . import layouts

_MPEG1_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBPS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_LAME_SCALE = ((160, 0.95), (192, 0.97), (224, 0.98), (320, 1.0))
_AC3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_UP_TO_5_1 = ("mono", "stereo", "2.1", "3.0", "3.1", "4.0", "4.1", "quad", "5.0", "5.1")
#: What becomes of a rate above a codec's highest.
_COMMON_RATE = 48_000


@dataclass(frozen=True)
class Codec:
    """`encoder` and `layouts` are FFmpeg's names; `rates` ascending. Empty: any up to 8 channels, any.

    `channel_kbps` is the usual bit rate of a channel, 0 in lossless codecs, which hold 24 bits; `kbps_range` a
    channel's limits.
    """

    name: str
    encoder: str
    sample_format: str
    layouts: tuple[str, ...] = ()
    rates: tuple[int, ...] = ()
    channel_kbps: int = 0
    kbps_range: tuple[int, int] = (0, 0)

    @property
    def lossless(self) -> bool:
        return self.channel_kbps == 0

    def rate_for(self, rate: int) -> int:
        """A rate the codec has stays; another becomes the next higher one, and 48 kHz above the highest."""
        if not self.rates:
            return rate
        place = bisect.bisect_left(self.rates, rate)
        return self.rates[place] if place < len(self.rates) else min(_COMMON_RATE, self.rates[-1])

    def holds(self, layout: tuple[str, ...]) -> bool:
        """Whether it writes that layout, with its channels labelled as what they are."""
        name = layouts.ffmpeg_name(layout)
        return name is not None and (not self.layouts or name in self.layouts)

    def kbps_for(self, channels: int, rate: int, asked: int | None = None) -> int | None:
        """The bit rate of all channels: `asked`, else the usual one; None in lossless codecs. Raises BadValue."""
        if self.lossless:
            return None
        rate = self.rate_for(rate)
        low, high = (channels * limit for limit in self.kbps_range)
        if self.encoder == "aac":  # a frame of 1024 samples holds at most 6144 bits a channel
            high = min(high, 6 * rate * channels // 1000)
        steps = _steps(self.encoder, rate)
        if asked is None:
            usual = self.channel_kbps * channels
            return steps[min(bisect.bisect_left(steps, usual), len(steps) - 1)] if steps else min(usual, high)
        if asked in steps or (not steps and low <= asked <= high):
            return asked
        raise BadValue(
            f"{self.name} does not write {channels} channels at {rate} Hz with {asked} kbit/s.",
            value=asked,
            choices=[str(step) for step in steps] or [f"{low} to {high}"],
        )

    def gain_for(self, kbps: int | None) -> float:
        """What the samples are multiplied by: LAME turns the lower bit rates down by up to 0.45 dB (presets.c, scale),
        which would miss a loudness target."""
        return 1.0 if self.encoder != "libmp3lame" or kbps is None else 1 / next(s for k, s in _LAME_SCALE if kbps <= k)


def _steps(encoder: str, rate: int) -> tuple[int, ...]:
    """The only bit rates of a codec, where it has steps."""
    if encoder == "libmp3lame":
        return _MPEG1_KBPS if rate >= 32_000 else _MPEG2_KBPS if rate >= 16_000 else _MPEG2_KBPS[:8]
    return _AC3_KBPS if encoder == "ac3" else ()


#: AAC and Opus lack layouts that FFmpeg would write: AAC's would be read as channels without names; those of Opus in
#: 5.0 and 6.1 come out in another order (libopusenc.c of FFmpeg 8 applies the inverse of its channel map).
CODECS: Mapping[str, Codec] = {
    codec.name: codec
    for codec in (
        Codec(
            "aac", "aac", "fltp", ("mono", "stereo", "2.1", "3.0", "4.0", "quad", "5.0", "5.1", "7.1"),
            (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000), 128, (8, 576),
        ),
        Codec(
            "mp3", "libmp3lame", "fltp", ("mono", "stereo"),
            (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000), 128, (8, 320),
        ),
        Codec("opus", "libopus", "flt", ("mono", "stereo", "3.0", "quad", "5.1", "7.1"), (48_000,), 80, (6, 256)),
        Codec("flac", "flac", "s32"),
        Codec("pcm", "pcm_s24le", "s32"),
        Codec("ac3", "ac3", "fltp", _UP_TO_5_1, (32000, 44100, 48000), 96, (32, 320)),
        Codec("eac3", "eac3", "fltp", _UP_TO_5_1, (32000, 44100, 48000), 96, (32, 512)),
    )
}  # fmt: skip


def check_layout(name: str, layout: tuple[str, ...], remedy: str) -> None:
    """Raises BadValue where the codec `name` cannot hold that layout."""
    if not CODECS[name].holds(layout):
        known = CODECS[name].layouts or ("1 to 8 channels",)
        names = f" of {'/'.join(layout)}" if len(layout) <= 8 else ""
        raise BadValue(
            f"{name} does not hold {len(layout)} channels{names}.",
            value=layout,
            choices=known,
            remedy=remedy,
        )
