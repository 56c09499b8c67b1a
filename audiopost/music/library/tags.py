"""What a music file says of itself: title, who made it, who publishes it, codes, licence.

By mutagen where it is installed (the extra `tags`; it is GPL, so that nothing but this reader imports it), and by
PyAV, which knows fewer fields. Both give the same fields under the names of `_NAMES`.
"""

from __future__ import annotations

import importlib.util
import logging
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...core.music import TrackInfo
from ...io.container import open_media

log = logging.getLogger("audiopost")

#: Names of our fields in the containers, lower case: ID3 frames, MP4 atoms, Vorbis comments and FFmpeg's own words.
_NAMES: dict[str, tuple[str, ...]] = {
    "title": ("title", "tit2", "©nam", "inam"),
    "artist": ("artist", "tpe1", "©art", "iart", "album_artist", "tpe2", "aart"),
    "composer": ("composer", "tcom", "©wrt", "imus"),
    "publisher": ("publisher", "tpub", "organization", "label", "©pub"),
    "society": ("society", "pro", "performing rights organization", "performing_rights_society", "composer society"),
    "album": ("album", "talb", "©alb", "iprd"),
    "genre": ("genre", "tcon", "©gen", "ignr"),
    "isrc": ("isrc", "tsrc", "iisr"),
    "iswc": ("iswc", "iswc-t"),
    "licence": ("license", "licence", "wcop", "copyright", "tcop", "cprt", "©cpy", "icop"),
    "bpm": ("bpm", "tbpm", "tmpo", "ibpm", "tempo", "bpm (beats per minute)"),
}
#: A field longer than this is a pasted document; a report needs no more of it.
_LONGEST = 500
_BPM = (20.0, 400.0)

_Fields = Mapping[str, str]


def read(path: Path) -> TrackInfo:
    """The tags of a file; fields that no reader knows, or all of a file without tags, are ''. Never raises."""
    fields: dict[str, str] = {}
    for reader in (mutagen_fields, av_fields):
        for name, text in _guarded(reader, path).items():
            fields.setdefault(name, text)
    return info(path, fields)


def info(path: Path, fields: _Fields) -> TrackInfo:
    """A TrackInfo out of a reader's fields."""
    found: dict[str, Any] = {ours: _first(fields, names) for ours, names in _NAMES.items()}
    return TrackInfo(path=str(path), tagged_bpm=_bpm(found.pop("bpm")), **found)


def _guarded(reader: Any, path: Path) -> _Fields:
    try:
        fields: _Fields = reader(path)
    except Exception as error:  # noqa: BLE001  # broken tags fail in many ways, and are no reason to lose a track
        log.debug("%s: %s cannot read its tags: %s", path, reader.__name__, error)
        return {}
    return fields


def _first(fields: _Fields, names: tuple[str, ...]) -> str:
    return next((fields[name] for name in names if fields.get(name)), "")


def _bpm(text: str) -> float | None:
    number = re.match(r"\d+(?:[.,]\d+)?", text.strip())
    value = float(number[0].replace(",", ".")) if number else 0.0
    return value if _BPM[0] <= value <= _BPM[1] else None


def _clean(values: Iterable[Any]) -> str:
    """Values as one line of text without control characters."""
    text = "; ".join(str(value).strip() for value in values if str(value).strip())
    shown = "".join(" " if unicodedata.category(c).startswith("C") else c for c in text)
    return " ".join(shown.split())[:_LONGEST]


def av_fields(path: Path) -> _Fields:
    """The tags that FFmpeg tells, of the container and of its first sound."""

    with open_media(path, metadata_errors="replace") as container:
        sources = [container.metadata, *(stream.metadata for stream in container.streams.audio[:1])]
        found: dict[str, str] = {}
        for name, value in (item for source in sources for item in source.items()):
            found.setdefault(name.lower(), _clean([value]))
    return found


def mutagen_fields(path: Path) -> _Fields:
    """The tags that mutagen tells; {} where it is not installed or knows no tags of the file."""
    if importlib.util.find_spec("mutagen") is None:
        return {}
    import mutagen

    file = mutagen.File(path)
    found: dict[str, str] = {}
    if file is not None and file.tags is not None:
        for name, values in _pairs(file.tags):
            found.setdefault(name, _clean(values))
    return found


def _pairs(tags: Any) -> Iterator[tuple[str, list[Any]]]:
    """(name in lower case, values) of ID3 frames, MP4 atoms or Vorbis comments."""
    for key, value in tags.items():
        if hasattr(value, "FrameID"):  # ID3: TXXX frames carry their own name
            name = value.desc if value.FrameID == "TXXX" else value.FrameID
            url = getattr(value, "url", "")
            values: list[Any] = [url] if url else [*(getattr(value, "genres", ()) or getattr(value, "text", ()))]
        else:
            name = key.rpartition(":")[2] if key.startswith("----:") else key
            values = list(value) if isinstance(value, list) else [value]
        yield name.lower(), [v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in values]
