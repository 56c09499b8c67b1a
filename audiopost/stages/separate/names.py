"""File names of stems: our own, those of demucs and audio-separator, or a template of named fields."""

from __future__ import annotations

import re
import string
from pathlib import PurePosixPath

from ...core.errors import BadValue

#: Templates by the name of who uses them; ours puts everything of a recording beside each other.
CONVENTIONS = {
    "audiopost": "{track}.{stem}.{ext}",
    "demucs": "{track}/{stem}.{ext}",
    "audio-separator": "{track}_({Stem})_{model}.{ext}",
}
#: What a template may hold: the recording's name and extension, the stem (also capitalised), the model, the extension.
FIELDS = ("track", "trackext", "stem", "Stem", "model", "ext")
#: What file names cannot hold on some system, and what makes two parts of one.
_FOREIGN, _SEPARATOR = re.compile(r'[\x00-\x1f\\:*?"<>|]'), re.compile(r"[\x00/\\]")


def template_of(filename: str) -> str:
    """The template that a convention's name stands for, else `filename` itself. Raises BadValue for a bad one."""
    template = CONVENTIONS.get(filename, filename)
    try:
        fields = [(name, spec, turn) for _, name, spec, turn in string.Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise _bad(filename, f"cannot be read ({error})") from error
    strange = [name for name, spec, turn in fields if name not in FIELDS or spec or turn]
    if strange:
        raise BadValue(
            f"separate.filename = {filename!r} has the field {strange[0]!r}.",
            value=filename,
            choices=(*CONVENTIONS, *(f"{{{name}}}" for name in FIELDS)),
        )
    names = {name for name, _, _ in fields}
    if not names & {"stem", "Stem"}:
        raise _bad(filename, "gives all stems one name; it needs {stem} or {Stem}")
    if not template.endswith(".{ext}"):
        raise _bad(filename, "must end in .{ext}")
    literal = "".join(text for text, *_ in string.Formatter().parse(template))
    if _FOREIGN.search(literal):
        raise _bad(filename, "holds a character that file names cannot have everywhere")
    if any(part in ("", ".", "..") for part in template.split("/")):
        raise _bad(filename, "must stay below the folder of the results: no '..', no '/' at its start")
    return template


def stem_file(filename: str, *, track: str, trackext: str, stem: str, model: str, ext: str) -> PurePosixPath:
    """Where a stem goes, relative to the folder of the results and never outside it; `ext` without its dot.

    >>> str(stem_file("audio-separator", track="song", trackext="mp3", stem="vocals", model="htdemucs", ext="wav"))
    'song_(Vocals)_htdemucs.wav'
    """
    values = {"track": track, "trackext": trackext, "stem": stem, "Stem": stem.capitalize(), "model": model, "ext": ext}
    # A value is one part of a path, whatever it holds.
    parts = template_of(filename).format(**{name: _SEPARATOR.sub("_", value) for name, value in values.items()})
    return PurePosixPath(*("_" if part.strip(". ") == "" else part for part in parts.split("/")))


def _bad(filename: str, why: str) -> BadValue:
    return BadValue(
        f"separate.filename = {filename!r} {why}.",
        value=filename,
        choices=CONVENTIONS,
        remedy="Or write a template such as {track}/{stem}.{ext}.",
    )
