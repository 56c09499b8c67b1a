"""Files in: sound by libsndfile where it seeks exactly, everything else, films too, by PyAV's own FFmpeg."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..core.audio import LAYOUTS, Audio, FloatArray, is_sound
from ..core.errors import BadValue, EmptyMedia, InputError, NoAudioTrack, UnreadableMedia
from ..core.project import MediaInfo, Project
from ..core.time import FrameRate, Timebase
from . import layouts, riff
from .atomic import native
from .container import open_media
from .film_line import FilmLine
from .scratch import SoundFileSource, Spool

log = logging.getLogger("audiopost")

#: What libsndfile opens by seeking, sample-exact; compressed formats go through PyAV.
_SEEKABLE = {"WAV", "WAVEX", "RF64", "W64", "FLAC", "AIFF", "CAF", "AU"}


@dataclass(frozen=True)
class Decoded:
    """What opening a file gives: the audio and what the container says about it.

    `time_reference` is the bext chunk's, in samples since midnight; `non_finite` counts NaN and infinite samples.
    """

    audio: Audio
    container: str
    subtype: str
    has_video: bool = False
    timebase: Timebase | None = None
    time_reference: int | None = None
    non_finite: int = 0
    warnings: tuple[str, ...] = ()


def load(path: str | Path, *, fps: str | None = None, start_timecode: str | None = None) -> Project:
    """A Project of one sound file or film.

    `fps` ('25', '29.97df') and `start_timecode` override the file's own tmcd or bext timecode; where the file
    has none they are 25 and 00:00:00:00. NaN and infinite samples become silence, with a warning.
    Raises EmptyMedia, UnreadableMedia, NoAudioTrack, BadValue.
    """
    path = Path(path)
    asked = FrameRate.parse(fps) if fps else None  # a wrong one is said before a whole film is decoded
    decoded = decode(path)
    own = decoded.timebase or Timebase()
    rate = asked or own.rate
    start = start_timecode
    if start is None:
        # A start timecode keeps its meaning in seconds when the rate is overridden.
        frame = own.rate.parse_timecode(own.start_timecode)
        start = own.start_timecode if rate == own.rate else rate.timecode(rate.frame_at(own.rate.seconds_at(frame)))
    audio = decoded.audio
    timebase = Timebase(rate, start)
    reference = decoded.time_reference  # to the sample, which a timecode is not
    if reference is None or start_timecode is not None:
        reference = round(timebase.start_frame / rate.fraction * audio.rate)
    warnings = decoded.warnings
    if decoded.non_finite:
        warnings = (
            f"{decoded.non_finite} samples are NaN or infinite or beyond all measure; they are taken as silence",
            *warnings,
        )
    media = MediaInfo(
        path=str(path),
        sha256=file_sha256(path),
        container=decoded.container,
        subtype=decoded.subtype,
        rate=audio.rate,
        channels=audio.channels,
        layout=audio.layout,
        duration_s=audio.duration_s,
        has_video=decoded.has_video,
        timebase=timebase,
        time_reference=reference,
        non_finite=decoded.non_finite,
        warnings=warnings,
    )
    for warning in warnings:
        log.warning("%s: %s", path.name, warning)
    return Project(media, audio)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def decode(path: Path) -> Decoded:
    """The audio of a file and what its container says. Raises InputError's kinds."""
    try:
        if not path.exists():
            raise InputError(f"There is no file {path}.", value=str(path), remedy="Check the path.")
        if path.is_dir():
            raise InputError(f"{path} is a folder.", value=str(path), remedy="Name one sound file or film.")
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise UnreadableMedia(
            f"Cannot read {path}: {error.strerror}.", value=str(path), remedy="Check its name and its permissions."
        ) from error
    if not head:
        raise EmptyMedia(f"{path.name} is empty (0 bytes).", value=str(path), remedy="Copy or export it again.")
    return _by_sndfile(path, head) or _by_av(path)


def _by_sndfile(path: Path, head: bytes) -> Decoded | None:
    import soundfile

    try:
        info = soundfile.info(native(path))
    except soundfile.LibsndfileError:
        return None
    if info.format not in _SEEKABLE:
        return None
    if info.frames == 0:
        raise EmptyMedia(f"{path.name} holds no samples.", value=str(path), remedy="Export or record it again.")
    found: list[str] = []
    layout = None
    timebase = reference = None
    if head[:4] in (b"RIFF", b"RF64"):
        header = riff.read_header(path)
        layout = header.layout(info.channels)
        timebase = header.timebase(info.samplerate)
        reference = header.broadcast.time_reference if header.broadcast else None
        if header.truncated_bytes:
            found.append(f"the file ends {header.truncated_bytes} bytes before its header says; the rest is used")
    elif info.channels > 2:
        layout = _labelled(path)
    try:
        source = SoundFileSource(path)
        source.read(info.frames - 1, info.frames)
    except (UnreadableMedia, soundfile.LibsndfileError):
        return None
    audio = Audio.backed(
        source,
        channels=info.channels,
        frames=info.frames,
        rate=info.samplerate,
        layout=layout or LAYOUTS.get(info.channels),
    )
    return Decoded(
        audio,
        info.format,
        info.subtype,
        timebase=timebase,
        time_reference=reference,
        non_finite=_count_nonfinite(path) if info.subtype in ("FLOAT", "DOUBLE") else 0,
        warnings=tuple(found),
    )


def _labelled(path: Path) -> tuple[str, ...] | None:
    """The layout that a FLAC, AIFF or CAF states, which libsndfile does not tell; None where FFmpeg cannot read it."""
    import av

    try:
        with open_media(path) as container:
            return layouts.from_ffmpeg([channel.name for channel in container.streams.audio[0].layout.channels])
    except (av.error.FFmpegError, ValueError, IndexError):
        return None


def _count_nonfinite(path: Path) -> int:
    import soundfile

    return sum(
        int(np.size(block) - np.count_nonzero(is_sound(block)))
        for block in soundfile.blocks(native(path), blocksize=1 << 18, dtype="float32", always_2d=True)
    )


class Outline(NamedTuple):
    """What a file's head says of it; `duration_s` is None where it does not say."""

    container: str
    subtype: str
    rate: int
    channels: int
    duration_s: float | None
    has_video: bool


def probe(path: Path, name: str = "") -> Outline:
    """Looks at a file's head and index only: raises InputError's kinds where it is no recording.

    `name` is what the file is called in messages, where it lies under another name for now.
    """
    name = name or path.name
    if not path.stat().st_size:
        raise EmptyMedia(f"{name} is empty (0 bytes).", value=name, remedy="Copy or export it again.")
    import av

    with _container(path, name) as container:
        context = audio_track(container).codec_context
        return Outline(
            container.format.name.split(",")[0],
            context.name if context else "unknown",
            context.sample_rate if context else 0,
            context.channels if context else 0,
            container.duration / av.time_base if container.duration else None,
            _picture(container) is not None,
        )


def _picture(container: Any) -> Any:
    """The video stream of a film, None for none: a cover picture in an mp3 or m4a is no film."""
    import av

    cover = av.stream.Disposition.attached_pic
    return next((s for s in container.streams.video if not s.disposition & cover), None)


def _container(path: Path, name: str) -> Any:
    """The file opened by FFmpeg; it has sound. Raises UnreadableMedia, NoAudioTrack."""
    import av

    try:
        container = open_media(path)
        if path.suffix.lower() == ".mp3" and not container.streams.audio:  # a few frames look like MPEG video
            container.close()
            container = open_media(path, format="mp3")
    except (av.error.FFmpegError, ValueError) as error:
        raise UnreadableMedia(
            f"{name} is not a sound file or film that can be read ({_reason(error)}).",
            value=str(path),
            remedy="If it was cut off while copying (an mp4 keeps its index at the end), copy it again.",
        ) from error
    if not container.streams.audio:
        kinds = ", ".join(sorted({s.type for s in container.streams})) or "no streams"
        container.close()
        raise NoAudioTrack(
            f"{name} has no audio track (it has {kinds}).", value=str(path), remedy="Choose a file with sound."
        )
    return container


def _by_av(path: Path) -> Decoded:
    with _container(path, path.name) as container:
        stream, said = _chosen(container)
        video = _picture(container)
        audio, non_finite, found = _decode_stream(container, stream, path)
        found += said
        if container.format.name == "ogg" and not _ogg_ends(path):
            found.append("the file was cut off: its last page is missing")
        return Decoded(
            audio,
            container.format.name.split(",")[0],
            stream.codec_context.name,
            has_video=video is not None,
            timebase=_timebase(container, video, found),
            non_finite=non_finite,
            warnings=tuple(found),
        )


def _ogg_ends(path: Path) -> bool:
    """Whether the last page of an Ogg file is marked as the last (RFC 3533); a page has at most 65307 bytes."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 65_307, 0))
        tail = file.read()
    at = tail.rfind(b"OggS")
    return at >= 0 and bool(tail[at + 5 : at + 6] and tail[at + 5] & 4)


def _chosen(container: Any) -> tuple[Any, list[str]]:
    """The track that players take, the first marked as default, else the first; and what to say of the others."""
    tracks = list(container.streams.audio)
    chosen = audio_track(container)
    if len(tracks) == 1:
        return chosen, []
    names = ", ".join(f"{n} ({_described(track)})" for n, track in enumerate(tracks, 1))
    return chosen, [
        f"it has {len(tracks)} audio tracks, {names}: track {tracks.index(chosen) + 1} is used; the others are neither "
        "worked on nor put into a delivered film"
    ]


def _described(track: Any) -> str:
    language, context = track.metadata.get("language", "und"), track.codec_context
    return f"{language}, {context.name}, {context.layout.name}" if context else f"{language}, of an unknown codec"


def audio_track(container: Any) -> Any:
    """The audio stream that players take: of those that can be decoded the first marked as default, else the first."""
    import av

    tracks = [t for t in container.streams.audio if t.codec_context] or list(container.streams.audio)
    return next((t for t in tracks if t.disposition & av.stream.Disposition.default), tracks[0])


def _decode_stream(container: Any, stream: Any, path: Path) -> tuple[Audio, int, list[str]]:
    """All frames of a stream on the film's time line, how many samples are not finite, and what else to tell."""
    import av

    context = stream.codec_context
    rate, channels = (context.sample_rate, context.channels) if context else (0, 0)
    if not rate or not channels:
        raise UnreadableMedia(
            f"{path.name} has an audio track without rate or channels, or of an unknown codec.",
            value=str(path),
            remedy="Export it with sound in a common codec (pcm, aac, ac3, flac).",
        )
    av_layout, layout = context.layout, layouts.from_ffmpeg([c.name for c in context.layout.channels])
    # Packed floats: PyAV 18 miscounts the planes of planar frames with 8 channels.
    resampler = av.AudioResampler("flt", av_layout, rate)
    form: tuple[str, str, int] | None = None
    origin = Fraction(container.start_time or 0, av.time_base) if container.streams.video else None
    found: list[str] = []
    broken = changes = 0
    with Spool(rate, channels, layout) as spool:
        line = FilmLine(spool, rate, channels)

        def convert(frame: Any) -> None:
            for converted in resampler.resample(frame):
                flat: FloatArray = converted.to_ndarray()
                line.write(flat.reshape(-1, channels).T)

        for frame in _frames(container, stream):
            if frame is None:
                broken += 1
                continue
            if frame.pts is not None:
                at = frame.pts * stream.time_base
                if origin is None:
                    origin = at
                if form is not None:
                    line.keep_up(round((at - origin) * rate))
                elif abs(at - origin) > stream.time_base:  # less is how a container rounds
                    line.begin(round((at - origin) * rate))
            now = (frame.format.name, frame.layout.name, frame.sample_rate)
            if form not in (None, now):  # files joined end to end: mono after stereo, another rate
                convert(None)
                resampler = av.AudioResampler("flt", av_layout, rate)
                changes += 1
            form = now
            convert(frame)
        convert(None)
        line.end(_announced(stream, origin or Fraction(0), rate))
    audio = spool.audio
    if audio.frames == 0:
        raise EmptyMedia(
            f"The audio track of {path.name} holds no samples.", value=str(path), remedy="Export or record it again."
        )
    if changes:
        found.append(f"its sound changes format on the way; all of it is taken as {rate} Hz, {'/'.join(audio.layout)}")
    if broken:
        found.append(f"{broken} damaged packets were skipped")
    if line.filled:
        found.append(f"{line.filled / rate:.2f} s of missing sound were filled with silence")
    if container.duration and audio.duration_s < 0.98 * container.duration / av.time_base - 0.5:
        # A film may be longer than its sound, or be cut off: Matroska does not tell which.
        length_s = container.duration / av.time_base
        found.append(f"its sound ends at {audio.duration_s:.1f} s; the file announces {length_s:.1f} s")
    return audio, line.non_finite, found


def _announced(stream: Any, origin: Fraction, rate: int) -> int | None:
    """Where the container says that the sound ends, in frames of the film; None where it counts the padding too."""
    if not stream.duration or stream.container.format.name.startswith(("mp3", "ogg")):
        return None
    end: Fraction = ((stream.start_time or 0) + stream.duration) * stream.time_base - origin
    return round(end * rate)


def _frames(container: Any, stream: Any) -> Any:
    """Decoded frames; None for a packet that cannot be decoded."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError as error:
            log.debug("demuxing stopped: %s", error)
            yield None
            return
        try:
            yield from packet.decode()
        except av.error.FFmpegError as error:
            log.debug("packet not decoded: %s", error)
            yield None


def _timebase(container: Any, video: Any, found: list[str]) -> Timebase | None:
    """The film's frame rate and start timecode; what is not usable is told in `found`."""
    if video is None:
        return None
    rate = video.average_rate or video.guessed_rate or Fraction(25)
    streams = [video, *(s for s in container.streams if s.type == "data")]
    places = [*(s.metadata for s in streams), container.metadata]
    # Matroska writes the tag in capitals.
    text = next((value for tags in places for key, value in tags.items() if key.lower() == "timecode"), None)
    nearest = min(_STANDARD_RATES, key=lambda standard: abs(standard - rate))
    rate = nearest if abs(nearest - rate) < Fraction(1, 50) else rate
    try:
        plain = Timebase(FrameRate(Fraction(rate)))
    except BadValue as error:
        found.append(f"its frame rate is taken as 25: {error.problem}")
        return None
    if text is None:
        return plain
    try:
        return Timebase(FrameRate(Fraction(rate), drop_frame=";" in text), text)
    except BadValue as error:
        found.append(f"its timecode {text!r} is taken as {plain.start_timecode}: {error.problem}")
        return plain


_STANDARD_RATES = [
    Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30),
    Fraction(48), Fraction(50), Fraction(60000, 1001), Fraction(60),
]  # fmt: skip


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
