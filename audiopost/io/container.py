"""Media files opened by FFmpeg: as files alone, and as formats that hold their own content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: FFmpeg's names of formats that are sound or film by themselves. Playlists, scripts of files (hls, concat, sdp) and
#: devices are none: a file that came from somebody else could name any file of this machine, or an address.
FORMATS = (
    "mov", "matroska", "avi", "asf", "flv", "live_flv", "mpeg", "mpegts", "mpegtsraw", "mpegvideo", "mxf", "gxf", "lxf",
    "ogg", "rm", "nut", "nsv", "dv", "wtv", "ivf", "smjpeg", "swf", "pva", "ty", "h264", "hevc", "m4v", "vc1", "mjpeg",
    "wav", "w64", "flac", "aiff", "caf", "au", "mp3", "aac", "loas", "ac3", "eac3", "ac4", "dts", "dtshd", "mlp",
    "truehd", "spdif", "amr", "amrnb", "amrwb", "ape", "wv", "tta", "tak", "mpc", "mpc8", "shn", "voc", "sox", "ircam",
    "nistsphere", "dsf", "iff", "xwma", "qcp", "oma", "aa", "dss", "gsm", "sln", "sds", "avr", "pvf", "paf", "mmf",
    "qoa", "lc3", "wve", "daud", "iamf",
)  # fmt: skip
_ALONE = {"protocol_whitelist": "file", "format_whitelist": ",".join(FORMATS)}


def open_media(path: Path, **more: Any) -> Any:
    """PyAV's container of a file, to be closed; `more` as `av.open` takes it.

    Nothing but the file itself is read, whatever it says. Raises FFmpegError, ValueError, FileNotFoundError.
    """
    import av

    if not path.is_file():  # a path out of a project file may be an address, which FFmpeg would fetch
        raise FileNotFoundError(path)
    return av.open(str(path), options=dict(_ALONE), **more)
