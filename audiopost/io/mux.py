"""A film with new sound: the picture's packets copied untouched, the sound encoded, captions as a text track."""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..core.audio import LAYOUTS, Audio
from ..core.errors import BadValue, OutputError, UnreadableMedia
from ..core.stage import Progress, silent
from ..dsp.resample import converted
from .atomic import disk_full, replacing

log = logging.getLogger("audiopost")

#: Containers by suffix: audio codec, its sample format, text codec. Everything else becomes Matroska.
CONTAINERS = {
    ".mp4": ("aac", "fltp", "mov_text"),
    ".m4v": ("aac", "fltp", "mov_text"),
    ".mov": ("pcm_s24le", "s32", "mov_text"),
    ".mkv": ("flac", "s32", "subrip"),
}
#: Sample rates of AAC; sound at any other becomes 48 kHz, which films use.
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
#: FFmpeg's layouts by number of channels, in the order of core.audio.LAYOUTS.
_AV_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
#: ISO 639-1 to 639-2/T; Cantonese is Chinese there. Other three-letter codes pass as they are.
_ISO_639_2 = {
    "ar": "ara", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "fi": "fin", "fr": "fra",
    "he": "heb", "hi": "hin", "hu": "hun", "id": "ind", "it": "ita", "ja": "jpn", "ko": "kor", "ms": "msa", "nl": "nld",
    "no": "nor", "pl": "pol", "pt": "por", "ro": "ron", "ru": "rus", "sv": "swe", "th": "tha", "tl": "tgl", "tr": "tur",
    "uk": "ukr", "vi": "vie", "zh": "zho", "yue": "zho", "cmn": "zho", "nan": "zho", "wuu": "zho",
}  # fmt: skip
#: QuickTime knows some languages by their bibliographic codes only.
_QUICKTIME = {"zho": "chi", "deu": "ger", "nld": "dut", "ell": "gre", "ces": "cze", "ron": "rum", "msa": "may"}
#: What libavcodec's text encoders want before they open: an ASS header.
_ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""

#: A caption: start and end in seconds of the film, text with line feeds.
Line = tuple[float, float, str]


def target_suffix(source: Path) -> str:
    """The suffix of the film to write: the source's where it can hold what we write, else '.mkv'."""
    suffix = source.suffix.lower()
    return suffix if suffix in CONTAINERS else ".mkv"


def iso_639_2(language: str) -> str:
    """The three-letter code containers hold: 'eng' for 'en-GB', 'zho' for 'yue', 'und' where unknown."""
    base = language.replace("_", "-").split("-")[0].lower()
    return _ISO_639_2.get(base) or (base if len(base) == 3 and base.isascii() and base.isalpha() else "und")


def mux(
    source: Path,
    audio: Audio,
    target: Path,
    *,
    captions: Sequence[Line] = (),
    language: str = "und",
    progress: Progress = silent,
) -> Path:
    """Writes `target`: the first video stream of `source` as it is, `audio` as its only sound, `captions` as text.

    `audio` begins where `source` begins (its earliest stream). mp4 and m4v get AAC, mov 24-bit PCM, mkv FLAC; sound
    and text are interleaved with the picture, so that memory does not grow with length. Metadata, rotation and
    timecode go along; other audio, subtitle and data streams do not.
    Raises BadValue for another suffix or more than 8 channels, UnreadableMedia for a source without picture,
    OutputError, DiskFull.
    """
    suffix = target.suffix.lower()
    if suffix not in CONTAINERS:
        raise BadValue(f"Films are not written as {suffix!r}.", value=str(target), choices=CONTAINERS)
    if audio.channels not in _AV_LAYOUTS:
        raise BadValue(f"A film's sound has 1 to 8 channels, not {audio.channels}.", value=audio.channels)
    with replacing(target) as temporary, _reported(source, target):
        _write(source, audio, temporary, suffix, tuple(captions), language, progress)
    return target


@contextlib.contextmanager
def _reported(source: Path, target: Path) -> Iterator[None]:
    """FFmpeg's errors as ours."""
    import av

    try:
        yield
    except av.error.FFmpegError as error:
        if error.errno == errno.ENOSPC:
            raise disk_full(target) from error
        raise OutputError(
            f"Cannot write {target.name} from {source.name}: {error.strerror}.",
            value=str(target),
            remedy="Matroska takes nearly every video codec: name a target that ends in .mkv.",
        ) from error


def _write(
    source: Path, audio: Audio, target: Path, suffix: str, captions: Sequence[Line], language: str, progress: Progress
) -> None:
    import av

    # Two passes over the file (faststart) put the index first, so that a player on the web can start at once.
    options = {"movflags": "+faststart"} if suffix != ".mkv" else {}
    with av.open(str(source)) as film, av.open(str(target), "w", options=options) as output:
        picture = _picture(film, source)
        copy = output.add_stream_from_template(picture)
        _copy_metadata(film, picture, output, copy)
        sound = _Sound(output, audio, suffix)
        spoken = film.streams.audio[0].metadata.get("language") if film.streams.audio else None
        code = iso_639_2(language)
        code = _QUICKTIME.get(code, code) if suffix == ".mov" else code
        sound.stream.metadata["language"] = spoken if spoken and spoken != "und" else code
        text = _Text(output, captions, CONTAINERS[suffix][2], code)
        origin = Fraction(film.start_time or 0, av.time_base)
        shift = round(origin / picture.time_base)
        for packet in _packets(film, picture):
            packet.pts = None if packet.pts is None else packet.pts - shift
            packet.dts -= shift
            until_s = float(packet.dts * picture.time_base)
            sound.write_until(until_s)
            text.write_until(until_s)
            packet.stream = copy
            output.mux(packet)
            progress("mux", min(max(until_s, 0.0), audio.duration_s), audio.duration_s)
        text.write_until(float("inf"))
        sound.write_until(float("inf"))
        progress("mux", audio.duration_s, audio.duration_s)


def _picture(film: Any, source: Path) -> Any:
    import av

    covers = av.stream.Disposition.attached_pic
    picture = next((stream for stream in film.streams.video if not stream.disposition & covers), None)
    if picture is None:
        raise UnreadableMedia(f"{source.name} has no picture.", value=str(source), remedy="Deliver its sound alone.")
    return picture


def _copy_metadata(film: Any, picture: Any, output: Any, copy: Any) -> None:
    """Tags of the film but those that describe the old container. A timecode makes mov and mp4 write a tmcd track."""
    stale = ("encoder", "major_brand", "minor_version", "compatible_brands", "duration", "handler_name", "vendor_id")
    for source, target in ((film.metadata, output.metadata), (picture.metadata, copy.metadata)):
        kept = {k: v for k, v in source.items() if k.lower() not in stale and not k.startswith("_STATISTICS")}
        target.update(kept)
    tags = (tag for holder in (picture, *film.streams.data, film) for tag in holder.metadata.items())
    timecode = next((value for key, value in tags if key.lower() == "timecode"), None)
    if timecode:
        copy.metadata["timecode"] = timecode


def _packets(film: Any, picture: Any) -> Iterator[Any]:
    """Video packets that all have a decoding time: some containers give none to the first ones (B-frames)."""
    import av

    waiting: list[Any] = []
    step = round(1 / ((picture.average_rate or Fraction(25)) * picture.time_base)) or 1
    last: int | None = None
    demuxed = film.demux(picture)
    while True:
        try:
            packet = next(demuxed)
        except StopIteration:
            break
        except av.error.FFmpegError as error:
            log.warning("the picture ends early: %s", error)
            break
        if not packet.size:
            continue
        if packet.dts is None:
            if last is None:
                waiting.append(packet)
                continue
            packet.dts = last + (packet.duration or step)
        for n, early in enumerate(waiting):
            early.dts = packet.dts - (len(waiting) - n) * step
            yield early
        waiting = []
        last = packet.dts
        yield packet
    for n, packet in enumerate(waiting):
        packet.dts = (waiting[0].pts or 0) + (n - 1) * step
        yield packet


@dataclass
class _Sound:
    """The audio track: read, resampled and encoded as far as the picture has come."""

    output: Any
    audio: Audio
    suffix: str

    def __post_init__(self) -> None:
        import av

        audio, (codec, sample_format, _) = self.audio, CONTAINERS[self.suffix]
        self.rate = audio.rate if codec != "aac" or audio.rate in _AAC_RATES else 48000
        self.stream = self.output.add_stream(codec, rate=self.rate)
        self.layout = _AV_LAYOUTS[audio.channels]
        self.stream.codec_context.layout = self.layout
        self.stream.codec_context.format = sample_format
        if codec == "aac":
            # 128 kbit/s a channel encodes three times as fast as 160 for 1.6 dB less; a frame of 1024 samples holds
            # at most 6144 bits a channel.
            self.stream.codec_context.bit_rate = min(128_000, 5 * self.rate) * audio.channels
        self.stream.codec_context.open()
        size = self.stream.codec_context.frame_size or 0
        self.resampler = av.AudioResampler(sample_format, self.layout, self.rate, frame_size=size or 4096)
        self.order = _order(audio)
        self.blocks = converted(audio, self.rate, block=audio.rate // 2)
        self.written = 0
        self.finished = False

    def write_until(self, time_s: float) -> None:
        """Encodes and muxes until `time_s` of the film, to the end and the last packet for infinity."""
        import av

        while not self.finished and self.written < time_s * self.rate:
            block = next(self.blocks, None)
            if block is None:
                self.finished = True
                self._mux(None)
                return
            if block.shape[1] == 0:
                continue
            samples = np.clip(block[self.order].T, -1.0, 1.0).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="flt", layout=self.layout)
            frame.sample_rate, frame.pts, frame.time_base = self.rate, self.written, Fraction(1, self.rate)
            self.written += block.shape[1]
            self._mux(frame)

    def _mux(self, frame: Any) -> None:
        for ready in self.resampler.resample(frame):
            self.output.mux(self.stream.encode(ready))
        if frame is None:
            self.output.mux(self.stream.encode(None))


def _order(audio: Audio) -> list[int]:
    """The channels in the order containers want, where all of that order are there; else as they lie."""
    wanted = LAYOUTS[audio.channels]
    if set(wanted) == set(audio.layout):
        return [audio.layout.index(name) for name in wanted]
    return list(range(audio.channels))


class _Text:
    """The subtitle track; none where there are no captions."""

    def __init__(self, output: Any, captions: Sequence[Line], codec: str, language: str) -> None:
        self.output = output
        self.waiting = _apart(captions)
        if not self.waiting:
            return
        self.stream = output.add_stream(codec)
        self.stream.codec_context.subtitle_header = _ASS_HEADER
        self.stream.time_base = Fraction(1, 1000)
        self.stream.metadata["language"] = language
        self.waiting.reverse()

    def write_until(self, time_s: float) -> None:
        from av.subtitles.subtitle import SubtitleSet

        while self.waiting and self.waiting[-1][0] <= time_s * 1000:
            start, end, text = self.waiting.pop()
            body = f"0,0,Default,,0,0,0,,{text}".encode()
            made = SubtitleSet.create(text=body, start=0, end=end - start, pts=start * 1000)
            packet = self.stream.codec_context.encode_subtitle(made)
            packet.stream, packet.time_base = self.stream, Fraction(1, 1000)
            packet.pts = packet.dts = start
            packet.duration = end - start
            self.output.mux(packet)


def _apart(captions: Sequence[Line]) -> list[tuple[int, int, str]]:
    """(start, end, ASS text) in milliseconds, sorted, none over another: text tracks hold one caption at a time."""
    made: list[tuple[int, int, str]] = []
    for start_s, end_s, text in sorted(captions, key=lambda caption: caption[:2]):
        lines = [" ".join(line.split()) for line in text.replace("\0", "").splitlines()]
        # Braces and backslashes are commands to libavcodec's encoders.
        body = r"\N".join(line.translate(_ASS_ESCAPES) for line in lines if line)
        start = max(round(start_s * 1000), 0)
        end = max(round(end_s * 1000), start + 1)
        if not body:
            continue
        if made and made[-1][0] == start:
            made[-1] = (start, max(made[-1][1], end), made[-1][2] + r"\N" + body)
            continue
        if made and made[-1][1] > start:
            made[-1] = (made[-1][0], start, made[-1][2])
        made.append((start, end, body))
    return made


_ASS_ESCAPES = str.maketrans({"{": "｛", "}": "｝", "\\": "＼"})
