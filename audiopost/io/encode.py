"""Sound files out: WAV (RF64 past 4 GiB, with bext), FLAC, AAC, MP3 and Opus; whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..core.audio import Audio, FloatArray
from ..core.errors import BadValue
from ..core.options import option
from ..dsp.quantise import quantised
from ..dsp.resample import length
from .atomic import replacing
from .codecs import CODECS, check_layout
from .mp3_tag import say_length
from .riff import RIFF_LIMIT, Broadcast, header
from .track import Track, muxer_options, reported

#: Formats of sound files and their suffixes.
FORMATS: Mapping[str, str] = {"wav": ".wav", "flac": ".flac", "aac": ".m4a", "mp3": ".mp3", "opus": ".opus"}
#: Bytes a sample of a WAV, by libsndfile's name for the format.
SUBTYPES: Mapping[str, int] = {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}
_DEPTHS: Mapping[str, str] = {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"}
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Encoding:
    """How sound is delivered: the options of a preset's [deliver]."""

    format: str = option("wav", "format of the sound files: aac is written as .m4a", choices=tuple(FORMATS))
    bit_depth: str = option(
        "auto",
        "bits of a sample in wav: auto is 24, and float where the source is float or anything passes full scale",
        choices=("auto", *_DEPTHS),
    )
    bitrate_kbps: int | None = option(
        None,
        "bit rate of aac, mp3 and opus, all channels together; by itself 128 a channel, 80 in opus",
        low=6,
        high=4608,
        unit="kbit/s",
    )
    film_codec: str = option(
        "auto",
        "codec of a delivered film's sound: auto is aac in mp4 (flac for layouts aac lacks), pcm in mov, flac in mkv",
        choices=("auto", *CODECS),
    )

    @property
    def lossless(self) -> bool:
        return self.format in ("wav", "flac")

    @property
    def holds_overs(self) -> bool:
        """Whether samples above full scale are written as they are."""
        return self.format == "wav" and self.bit_depth == "float"

    @property
    def film_kbps(self) -> int | None:
        """The bit rate of a film's sound: the one asked for where its codec was asked for too."""
        return None if self.film_codec == "auto" else self.bitrate_kbps

    def check(self, layout: tuple[str, ...], rate: int) -> None:
        """Raises BadValue where sound of that layout and rate cannot be written so: to be asked before the work."""
        if self.format == "flac" and self.bit_depth not in ("auto", "24"):
            raise BadValue(
                f"flac is written with 24 bits, not {self.bit_depth}.",
                value=self.bit_depth,
                remedy="Leave bit_depth out, or choose the format wav.",
            )
        if self.format != "wav":
            fit = [name for name in FORMATS if name == "wav" or CODECS[name].holds(layout)]
            check_layout(self.format, layout, f"Choose the format {' or '.join(fit)}.")
            CODECS[self.format].kbps_for(len(layout), rate, self.bitrate_kbps)

    def settled(self, *, as_float: bool) -> Encoding:
        """The same with 'auto' of a WAV's depth decided."""
        if self.format != "wav" or self.bit_depth != "auto":
            return self
        return replace(self, bit_depth="float" if as_float else "24")

    def describe(self, audio: Audio) -> str:
        """What a file of `audio` holds, in words: 'mp3, 48000 Hz, 256 kbit/s'."""
        if self.lossless:
            depth = "24" if self.format == "flac" else self.settled(as_float=False).bit_depth
            bits = "32 bit float" if depth == "float" else f"{depth} bit, TPDF dither where samples were computed"
            return f"{self.format}, {audio.rate} Hz, {bits}"
        codec = CODECS[self.format]
        kbps = codec.kbps_for(audio.channels, audio.rate, self.bitrate_kbps)
        return f"{self.format}, {codec.rate_for(audio.rate)} Hz, {kbps} kbit/s"


def write_sound(
    path: Path,
    audio: Audio,
    encoding: Encoding | None = None,
    *,
    broadcast: Broadcast | None = None,
    tags: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Path:
    """Writes `audio` as `encoding` says (24-bit WAV without one); `path` should end in its suffix of FORMATS.

    `broadcast` goes into a WAV, `tags` (title, artist …) into the others; `seed` is the dither's. The coded formats
    say how much their encoders pad, so that decoding gives the same samples at the same place: exactly as many in
    flac, mp3, opus and m4a. Raises BadValue, also for less than a sample at the codec's rate; OutputError, DiskFull.
    """
    encoding = encoding or Encoding()
    encoding.check(audio.layout, audio.rate)
    if encoding.format == "wav":
        subtype = _DEPTHS[encoding.settled(as_float=False).bit_depth]
        return write_wav(path, audio, subtype, broadcast=broadcast, seed=seed)
    import av

    codec = CODECS[encoding.format]
    rate = codec.rate_for(audio.rate)
    frames = length(audio.frames, audio.rate, rate)
    if not frames:
        raise BadValue(
            f"{path.name} would be empty: {audio.frames} samples at {audio.rate} Hz are less than one at {rate} Hz.",
            value=audio.frames,
            remedy="Choose the format wav or flac.",
        )
    options = muxer_options(FORMATS[encoding.format], rate)
    with replacing(path) as temporary, reported(path):
        with av.open(str(temporary), "w", options=options) as output:
            output.metadata.update(tags or {})
            Track(output, audio, codec, kbps=encoding.bitrate_kbps, seed=seed).write_until(float("inf"))
        if encoding.format == "mp3":
            say_length(temporary, frames)
    return path


def write_wav(
    path: Path,
    audio: Audio,
    subtype: str = "PCM_24",
    *,
    broadcast: Broadcast | None = None,
    seed: int = 0,
    limit: int = RIFF_LIMIT,
) -> Path:
    """Writes `audio` in blocks: PCM_16, PCM_24 (both by `dsp.quantise`: TPDF dither, clipped at full scale) or FLOAT.

    RF64 where it would be longer than `limit` bytes. Raises BadValue for an unknown subtype, OutputError, DiskFull.
    """
    content = wav_content(audio, subtype, broadcast=broadcast, seed=seed, limit=limit)
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.writelines(content)
    return path


def wav_content(
    audio: Audio,
    subtype: str = "PCM_24",
    *,
    broadcast: Broadcast | None = None,
    seed: int = 0,
    limit: int = RIFF_LIMIT,
) -> Iterator[bytes]:
    """The bytes of a WAV as `write_wav` writes it, a block at a time, to be sent while they are made.

    Raises BadValue for an unknown subtype, before anything is made.
    """
    if subtype not in SUBTYPES:
        raise BadValue(f"{subtype!r} is not a WAV sample format.", value=subtype, choices=SUBTYPES)
    size = SUBTYPES[subtype]
    head = header(
        rate=audio.rate, layout=audio.layout, frames=audio.frames, sample_bytes=size, is_float=subtype == "FLOAT",
        broadcast=broadcast, limit=limit,
    )  # fmt: skip
    return _content(head, audio, size, seed)


def _content(head: bytes, audio: Audio, size: int, seed: int) -> Iterator[bytes]:
    yield head
    rng = np.random.default_rng(seed)
    for block in audio.blocks(_BLOCK):
        yield _packed(block, size, rng)
    yield bytes(audio.frames * audio.channels * size % 2)


def _packed(block: FloatArray, size: int, rng: np.random.Generator) -> bytes:
    """Little-endian samples, channel by channel of each frame."""
    if size == 4:
        return np.ascontiguousarray(block.T, "<f4").tobytes()
    levels = np.ascontiguousarray(quantised(block, 8 * size, rng).T, "<i4").view(np.uint8).reshape(-1, 4)
    packed = np.empty((len(levels), size), np.uint8)
    for byte in range(size):  # column by column: a copy of three bytes at a time takes six times as long
        packed[:, byte] = levels[:, byte]
    return packed.tobytes()
