"""Tracks of a library by what a person asks for: tempo, mode, key, mood, length, words of their tags."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...analysis.affect import CIRCUMPLEX
from ...core.errors import BadValue, UnknownName
from ..key import MODES, NAMES
from .schema import NUMBERS
from .store import Store, Track, plain, track_info

#: How far around a feeling's place, as far as music reaches it, a track still has that mood.
_MOOD_RADIUS = 0.45
#: From this probability of a voice on a track is not instrumental.
_VOICE = 0.3
#: Columns that a listing has beside the tags.
_TOLD = ("id", "status", "error", "key", "mode", *NUMBERS)
#: What may be a track's number; SQLite has no longer ones.
_NUMBER = re.compile(r"[0-9]{1,18}")
#: Other spellings of NAMES.
_SPELT = {"Db": "C#", "D#": "Eb", "Gb": "F#", "G#": "Ab", "A#": "Bb"}


@dataclass(frozen=True)
class Query:
    """What is asked for; '' and None: anything. Ranges are (lowest, highest); a tempo may be met by either reading."""

    text: str = ""
    bpm: tuple[float, float] | None = None
    duration_s: tuple[float, float] | None = None
    mode: str = ""
    key: str = ""
    mood: str = ""
    instrumental: bool = False


def found(store: Store, query: Query) -> list[dict[str, Any]]:
    """The heard tracks that meet all of a query, in order of path: tags and numbers, as plain values by name.

    Raises UnknownName and BadValue for what cannot be asked for.
    """
    clauses = list(_clauses(query))
    where = " AND ".join(["status = 'ok'", *(clause for clause, _ in clauses)])
    values = [value for _, several in clauses for value in several]
    return [described(row) for row in store.select(where, values)]


def described(row: Any) -> dict[str, Any]:
    """A row of the store as plain values by name."""
    info = json.loads(row["info"])  # not by from_json: thousands of rows are asked for at once
    tags = {name: info[name] for name in ("title", "artist", "composer", "publisher", "genre", "isrc", "licence")}
    return {"path": os.fsdecode(row["path"]), **tags, **{name: row[name] for name in _TOLD}}


def _clauses(query: Query) -> Iterator[tuple[str, list[Any]]]:
    for word in query.text.casefold().split():
        yield "instr(words, ?) > 0", [plain(word)]
    if query.bpm:
        low, high = _range("tempo", query.bpm)
        yield "(bpm BETWEEN ? AND ? OR bpm_other BETWEEN ? AND ?)", [low, high, low, high]
    if query.duration_s:
        yield "duration_s BETWEEN ? AND ?", list(_range("length", query.duration_s))
    if query.mode:
        yield "mode = ?", [_one("mode", query.mode, MODES)]
    if query.key:
        yield "key = ?", [_one("key", _SPELT.get(query.key, query.key), NAMES)]
    if query.mood:
        arousal, valence, _ = CIRCUMPLEX[_one("mood", query.mood, tuple(CIRCUMPLEX))]
        near = "(arousal - ?) * (arousal - ?) + (valence - ?) * (valence - ?) <= ?"
        yield near, [arousal, arousal, valence, valence, _MOOD_RADIUS**2]
    if query.instrumental:
        yield "vocal < ?", [_VOICE]


def _range(what: str, ends: tuple[float, float]) -> tuple[float, float]:
    if not 0 <= ends[0] <= ends[1]:
        raise BadValue(
            f"{ends[0]:g} to {ends[1]:g} is no range of {what}.", value=ends, remedy="Give the lower number first."
        )
    return ends


def _one(kind: str, name: str, choices: tuple[str, ...]) -> str:
    if name not in choices:
        raise UnknownName(kind, name, choices)
    return name


def one(store: Store, name: str) -> Track:
    """The track that a number, a path or words mean. Raises BadValue where none does, or several."""
    # Titles may be numbers, too: '1917'.
    rows = store.select("id = ?", [int(name)]) if _NUMBER.fullmatch(name) else []
    rows = rows or store.select("path = ?", [_stored(name)])
    rows = rows or [row for row in store.select() if all(w in _text(row) for w in name.casefold().split())]
    if not rows:
        raise BadValue(
            f"There is no track {name!r} in {store.path}.",
            value=name,
            remedy="Type 'audiopost library list', or 'audiopost library find' with words of its tags.",
        )
    if len(rows) > 1:
        several = [f"{row['id']} {track_info(row['info'], row['path']).path}" for row in rows[:8]]
        raise BadValue(f"{len(rows)} tracks fit {name!r}.", value=name, choices=several, remedy="Give the number.")
    return store.tracks([rows[0]["id"]])[0]


def _stored(name: str) -> bytes:
    return os.fsencode(Path(os.path.abspath(name)))


def _text(row: Any) -> str:
    info = track_info(row["info"], row["path"])
    return f"{info.path}\n{info.title}\n{info.artist}\n{info.album}".casefold()
