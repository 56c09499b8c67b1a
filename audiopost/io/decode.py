"""Files in: sound by libsndfile where it seeks exactly, everything else, films too, by PyAV's own FFmpeg."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..core.audio import LAYOUTS, Audio, FloatArray
from ..core.errors import BadValue, EmptyMedia, InputError, NoAudioTrack, UnreadableMedia
from ..core.project import MediaInfo, Project
from ..core.time import FrameRate, Timebase
from . import riff
from .atomic import native
from .scratch import SoundFileSource, Spool

log = logging.getLogger("audiopost")

#: What libsndfile opens by seeking, sample-exact; compressed formats go through PyAV.
_SEEKABLE = {"WAV", "WAVEX", "RF64", "W64", "FLAC", "AIFF", "CAF", "AU"}
#: A jump in a film's audio timestamps longer than this is a hole that is filled with silence.
_GAP_S = 0.05

_NONFINITE = "{} samples are NaN or infinite; they are taken as silence"

_AV_LABELS = {"FL": "L", "FR": "R", "FC": "C", "LFE": "LFE", "BL": "Lb", "BR": "Rb", "SL": "Ls", "SR": "Rs", "BC": "Cs"}


@dataclass(frozen=True)
class Decoded:
    """What opening a file gives: the audio and what the container says about it."""

    audio: Audio
    container: str
    subtype: str
    has_video: bool = False
    timebase: Timebase | None = None
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
    if audio.frames == 0:
        raise EmptyMedia(f"{path.name} holds no samples.", value=str(path), remedy="Export or record it again.")
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
        timebase=Timebase(rate, start),
        warnings=decoded.warnings,
    )
    for warning in decoded.warnings:
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
    timebase = None
    if head[:4] in (b"RIFF", b"RF64"):
        header = riff.read_header(path)
        layout = header.layout(info.channels)
        timebase = header.timebase(info.samplerate)
        if header.truncated_bytes:
            found.append(f"the file ends {header.truncated_bytes} bytes before its header says; the rest is used")
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
    if info.subtype in ("FLOAT", "DOUBLE"):
        broken = _count_nonfinite(path)
        if broken:
            found.append(_NONFINITE.format(broken))
    return Decoded(audio, info.format, info.subtype, timebase=timebase, warnings=tuple(found))


def _count_nonfinite(path: Path) -> int:
    import soundfile

    return sum(
        int(np.size(block) - np.count_nonzero(np.isfinite(block)))
        for block in soundfile.blocks(native(path), blocksize=1 << 18, dtype="float32", always_2d=True)
    )


def _by_av(path: Path) -> Decoded:
    import av

    try:
        container = av.open(str(path))
    except (av.error.FFmpegError, ValueError) as error:
        raise UnreadableMedia(
            f"{path.name} is not a sound file or film that can be read ({_reason(error)}).",
            value=str(path),
            remedy="If it was cut off while copying (an mp4 keeps its index at the end), copy it again.",
        ) from error
    with container:
        if not container.streams.audio:
            kinds = ", ".join(sorted({s.type for s in container.streams})) or "no streams"
            raise NoAudioTrack(
                f"{path.name} has no audio track (it has {kinds}).", value=str(path), remedy="Choose a file with sound."
            )
        stream = container.streams.audio[0]
        cover = av.stream.Disposition.attached_pic  # a cover picture in an mp3 or m4a is no film
        video = next((s for s in container.streams.video if not s.disposition & cover), None)
        audio, found = _decode_stream(container, stream, path)
        if len(container.streams.audio) > 1:
            found.append(f"it has {len(container.streams.audio)} audio tracks; the first is used")
        return Decoded(
            audio,
            container.format.name.split(",")[0],
            stream.codec_context.name,
            has_video=video is not None,
            timebase=_timebase(container, video, found),
            warnings=tuple(found),
        )


def _decode_stream(container: Any, stream: Any, path: Path) -> tuple[Audio, list[str]]:
    """All frames of a stream, on the film's time line: a late start and holes become silence, padding goes."""
    import av

    context = stream.codec_context
    rate, channels = context.sample_rate, context.channels
    if not rate or not channels:
        raise UnreadableMedia(f"{path.name} has an audio track without rate or channels.", value=str(path))
    av_layout, layout = context.layout, _layout(context.layout, channels)
    # Packed floats: PyAV 18 miscounts the planes of planar frames with 8 channels.
    resampler = av.AudioResampler("flt", av_layout, rate)
    form: tuple[str, str, int] | None = None
    origin = Fraction(container.start_time or 0, av.time_base) if container.streams.video else None
    found: list[str] = []
    broken = filled = written = nonfinite = changes = 0
    with Spool(rate, channels, layout) as spool:

        def put(samples: FloatArray) -> None:
            nonlocal written, nonfinite
            if not np.isfinite(samples).all():
                nonfinite += int(np.size(samples) - np.count_nonzero(np.isfinite(samples)))
                samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
            spool.write(samples)
            written += samples.shape[1]

        def convert(frame: Any) -> None:
            for converted in resampler.resample(frame):
                flat: FloatArray = converted.to_ndarray()
                put(flat.reshape(-1, channels).T)

        frames = iter(_frames(container, stream))
        for frame in frames:
            if frame is None:
                broken += 1
                continue
            if frame.pts is not None:
                at = frame.pts * stream.time_base
                if origin is None:
                    origin = at
                hole = round((at - origin) * rate) - written
                if hole > _GAP_S * rate:
                    put(np.zeros((channels, hole), np.float32))
                    filled += hole if written > hole else 0
            now = (frame.format.name, frame.layout.name, frame.sample_rate)
            if form not in (None, now):  # files joined end to end: mono after stereo, another rate
                convert(None)
                resampler = av.AudioResampler("flt", av_layout, rate)
                changes += 1
            form = now
            convert(frame)
        convert(None)
    audio = spool.audio
    if audio.frames == 0:
        raise EmptyMedia(
            f"The audio track of {path.name} holds no samples.", value=str(path), remedy="Export or record it again."
        )
    if nonfinite:
        found.append(_NONFINITE.format(nonfinite))
    if changes:
        found.append(f"its sound changes format on the way; all of it is taken as {rate} Hz, {'/'.join(audio.layout)}")
    if broken:
        found.append(f"{broken} damaged packets were skipped")
    if filled:
        found.append(f"{filled / rate:.2f} s of missing sound were filled with silence")
    if container.duration and audio.duration_s < 0.98 * container.duration / av.time_base - 0.5:
        # A film may be longer than its sound, or be cut off: Matroska does not tell which.
        length_s = container.duration / av.time_base
        found.append(f"its sound ends at {audio.duration_s:.1f} s; the file announces {length_s:.1f} s")
    return _without_padding(audio, stream, origin), found


def _without_padding(audio: Audio, stream: Any, origin: Fraction | None) -> Audio:
    """Encoders pad the last frame; the container's track duration says where the sound ends."""
    if not stream.duration or stream.container.format.name.startswith(("mp3", "ogg")):
        return audio
    late = (stream.start_time or 0) * stream.time_base - (origin or 0)
    frames = round((stream.duration * stream.time_base + late) * audio.rate)
    if not 0 < audio.frames - frames <= 4096:
        return audio
    with Spool(audio.rate, audio.channels, audio.layout) as spool:
        for start in range(0, frames, 1 << 18):
            spool.write(audio.read(start, min(start + (1 << 18), frames)))
    return spool.audio


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


def _layout(layout: Any, channels: int) -> tuple[str, ...] | None:
    names = tuple(_AV_LABELS.get(c.name, c.name) for c in layout.channels)
    if channels == 1:
        return ("M",)
    if channels in (5, 6) and "Lb" in names and "Ls" not in names:
        names = tuple({"Lb": "Ls", "Rb": "Rs"}.get(n, n) for n in names)  # 5.1 "back" is what others call side
    return names if len(set(names)) == channels and names[0] == "L" else LAYOUTS.get(channels)


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
