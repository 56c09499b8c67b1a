"""A film with new sound: the picture's packets copied untouched, the sound encoded, captions as a text track."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..core.audio import Audio
from ..core.errors import BadValue, UnreadableMedia
from ..core.stage import Progress, silent
from ..core.time import FrameRate, Timebase
from .atomic import replacing
from .codecs import CODECS, Codec, check_layout
from .container import open_media
from .decode import audio_track
from .track import Track, muxer_options, reported

log = logging.getLogger("audiopost")


@dataclass(frozen=True)
class Container:
    """Codecs of sound that a film may have, those of 'auto' in their order first, how many these are, and its text."""

    codecs: tuple[str, ...]
    automatic: int
    text: str


#: Containers by suffix. Everything else becomes Matroska, which has no PCM here: it would lose the channels' names.
CONTAINERS: Mapping[str, Container] = {
    ".mp4": Container(("aac", "flac", "opus", "mp3", "ac3", "eac3"), 2, "mov_text"),
    ".m4v": Container(("aac", "ac3"), 1, "mov_text"),
    ".mov": Container(("pcm", "aac", "mp3", "ac3", "eac3"), 1, "mov_text"),
    ".mkv": Container(("flac", "aac", "opus", "mp3", "ac3", "eac3"), 1, "subrip"),
}
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


def film_codec(suffix: str, layout: tuple[str, ...], wanted: str = "auto") -> str:
    """The codec of a film's sound: `wanted`, or for 'auto' the container's first that holds the layout.

    To be asked before the work. Raises BadValue where the container lacks the codec, or the codec the layout.
    """
    container = CONTAINERS[suffix]
    if len(layout) > 8:
        raise BadValue(
            f"A film's sound has 1 to 8 channels, not {len(layout)}.",
            value=len(layout),
            remedy="Sound files in wav hold any number.",
        )
    fit = [name for name in container.codecs if CODECS[name].holds(layout)]
    if wanted == "auto":
        wanted = next((name for name in container.codecs[: container.automatic] if name in fit), container.codecs[0])
    if wanted not in container.codecs:
        raise BadValue(f"A film in {suffix} has no {wanted} here.", value=wanted, choices=("auto", *container.codecs))
    check_layout(wanted, layout, _choose(fit))
    return wanted


def check(source: Path, layout: tuple[str, ...], rate: int, codec: str = "auto", kbps: int | None = None) -> str:
    """The codec for a film made of `source` with sound of that layout and rate: found out in milliseconds.

    Raises what `mux` would, and BadValue for a source whose edit list cuts pieces out of the picture: copied packets
    would show them.
    """

    chosen = film_codec(target_suffix(source), layout, codec)
    CODECS[chosen].kbps_for(len(layout), rate, kbps)
    with reported(source), open_media(source) as film:
        entries = _picture(film, source).index_entries
        shown = [not entry.is_discard for entry in entries]
        cuts = False in shown[shown.index(True) : len(shown) - shown[::-1].index(True)] if True in shown else False
        times = [entry.timestamp for entry in entries]
        if cuts or any(later <= earlier for earlier, later in itertools.pairwise(times)):
            raise BadValue(
                f"The edit list of {source.name} cuts pieces out of its picture, which cannot be copied untouched.",
                value=str(source),
                remedy="Export the film flattened (as a self-contained file without edits).",
            )
    return chosen


def _choose(fit: Sequence[str]) -> str:
    return f"Choose the film codec {' or '.join(fit)}." if fit else "Sound files in wav hold any layout."


def iso_639_2(language: str) -> str:
    """The three-letter code containers hold: 'eng' for 'en-GB', 'zho' for 'yue', 'und' where unknown."""
    base = language.replace("_", "-").split("-")[0].lower()
    return _ISO_639_2.get(base) or (base if len(base) == 3 and base.isascii() and base.isalpha() else "und")


def mux(
    source: Path,
    audio: Audio,
    target: Path,
    *,
    codec: str = "auto",
    kbps: int | None = None,
    captions: Sequence[Line] = (),
    language: str = "und",
    timebase: Timebase | None = None,
    progress: Progress = silent,
) -> Path:
    """Writes `target`: the first video stream of `source` as it is, `audio` as its only sound, `captions` as text.

    `audio` begins where `source` begins (its earliest stream), as `decode` gives it. `codec` as in `film_codec`, at
    `kbps` for all channels. Sound and text are interleaved with the picture, so that memory does not grow with length.
    Metadata, rotation and timecode go along, the timecode of `timebase` in place of the source's; other audio,
    subtitle and data streams do not.
    Raises BadValue for another suffix or codec and for layouts that it lacks, UnreadableMedia for a source without
    picture, OutputError, DiskFull.
    """

    suffix = target.suffix.lower()
    if suffix not in CONTAINERS:
        raise BadValue(f"Films are not written as {suffix!r}.", value=str(target), choices=CONTAINERS)
    chosen = film_codec(suffix, audio.layout, codec)
    remedy = "Matroska takes nearly every video codec: name a target that ends in .mkv."
    made = _Made(audio, CODECS[chosen], kbps, captions, language, timebase)
    with replacing(target) as temporary, reported(target, remedy), open_media(source) as film:
        _write(film, _picture(film, source), made, temporary, progress)
    return target


@dataclass(frozen=True)
class _Made:
    """What of a delivered film is not its source's."""

    audio: Audio
    codec: Codec
    kbps: int | None
    captions: Sequence[Line]
    language: str
    timebase: Timebase | None


def _write(film: Any, picture: Any, made: _Made, target: Path, progress: Progress) -> None:
    import av

    suffix, length_s = target.suffix.lower(), made.audio.duration_s
    options = muxer_options(suffix, made.codec.rate_for(made.audio.rate))
    if suffix != ".mkv":  # two passes put the index first, so that a player on the web can start at once
        options["movflags"] = "+faststart"
    with av.open(str(target), "w", options=options) as output:
        copy = output.add_stream_from_template(picture)
        _copy_metadata(film, picture, output, copy)
        _set_timecode(film, picture, copy, made.timebase)
        sound = Track(output, made.audio, made.codec, kbps=made.kbps)
        spoken = audio_track(film).metadata.get("language") if film.streams.audio else None
        code = iso_639_2(made.language)
        code = _QUICKTIME.get(code, code) if suffix == ".mov" else code
        sound.stream.metadata["language"] = spoken if spoken and spoken != "und" else code
        text = _Text(output, made.captions, CONTAINERS[suffix].text, code)
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
            progress("mux", min(max(until_s, 0.0), length_s), length_s)
        text.write_until(float("inf"))
        sound.write_until(float("inf"))
        progress("mux", length_s, length_s)


def _picture(film: Any, source: Path) -> Any:
    import av

    covers = av.stream.Disposition.attached_pic
    picture = next((stream for stream in film.streams.video if not stream.disposition & covers), None)
    if picture is None:
        raise UnreadableMedia(f"{source.name} has no picture.", value=str(source), remedy="Deliver its sound alone.")
    return picture


def _copy_metadata(film: Any, picture: Any, output: Any, copy: Any) -> None:
    """Tags of the film but those that describe the old container, and the timecode."""
    stale = (
        "encoder", "major_brand", "minor_version", "compatible_brands", "duration", "handler_name", "vendor_id",
        "timecode", "reel_name",
    )  # fmt: skip
    for source, target in ((film.metadata, output.metadata), (picture.metadata, copy.metadata)):
        kept = {k: v for k, v in source.items() if k.lower() not in stale and not k.startswith("_STATISTICS")}
        target.update(kept)


def _set_timecode(film: Any, picture: Any, copy: Any, timebase: Timebase | None) -> None:
    """A timecode makes mov and mp4 write a tmcd track: that of `timebase`, counted at the picture's rate, where it says
    anything or the film has one; without a `timebase` the film's own."""
    tags = (tag for holder in (picture, *film.streams.data, film) for tag in holder.metadata.items())
    own = next((value for key, value in tags if key.lower() == "timecode"), None)
    if timebase is None:
        start = own
    elif timebase.start_frame or own:
        rate = timebase.rate
        if picture.average_rate and abs(picture.average_rate - rate.fraction) > Fraction(1, 50):
            rate = FrameRate(picture.average_rate)
        start = rate.timecode(rate.frame_at(timebase.rate.seconds_at(timebase.start_frame)))
    else:
        start = None
    if start:
        copy.metadata["timecode"] = start


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
