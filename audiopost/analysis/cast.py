"""The cast of a series: who speaks in it, their names, and their voice prints where they consented, in one file.

A voice print is personal data. It lies in the cast file and nowhere else, only beside a consent entry, and the file is
readable by its owner alone. Files are read whole, changed under a lock and written whole, so that jobs that run at the
same time lose nothing of each other's. Ids (P1, P2, …) are never given twice.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..core.audio import FloatArray
from ..core.errors import BadValue, OutputError, UnknownName
from ..core.serial import from_json, to_json
from ..core.shown import printable
from ..core.speech import Consent
from ..io.atomic import guarded, write_bytes
from . import voice_print

#: Raised when a field changes its meaning; a file of another version is refused.
SCHEMA = 1
CONSENT_FORMAT = "WHO; SCOPE; YYYY-MM-DD"
_CONSENT_EXAMPLE = "For example 'Jane Doe, production X; speaker labels of series X; 2026-11-01'."
_MOST_BYTES = 64_000_000
_NAME_CHARACTERS, _CONSENT_CHARACTERS = 80, 300
#: How long a change waits for another job's, which takes milliseconds.
_LOCK_S = 30.0

T = TypeVar("T")


@dataclass(frozen=True)
class Appearance:
    """A recording in which a person was heard: its name and hash, and a moment at which they alone speak."""

    file: str
    sha256: str
    at_s: float


@dataclass(frozen=True)
class Voice:
    """The mean voice print: 256 numbers of unit length, as text; out of so many seconds of speech."""

    seconds: float
    vector: str

    @classmethod
    def of(cls, vector: FloatArray, seconds: float) -> Voice:
        unit = vector / max(float(np.linalg.norm(vector)), 1e-9)
        return cls(round(seconds, 1), " ".join(f"{value:.4g}" for value in unit))

    def numbers(self) -> FloatArray:
        """(256,) unit vector. Raises BadValue."""
        try:
            values = np.array(self.vector.split(), dtype=np.float32)
        except ValueError as error:
            raise BadValue("A voice print holds something that is no number.", value=self.vector[:40]) from error
        length = float(np.linalg.norm(values))
        if values.shape != (voice_print.SIZE,) or not 0.5 < length < 2:  # not a number compares as False
            raise BadValue(f"A voice print is not {voice_print.SIZE} numbers of unit length.", value=self.vector[:40])
        unit: FloatArray = values / np.float32(length)
        return unit

    def joined(self, other: Voice) -> Voice:
        """The mean of two, each counted by its seconds."""
        mean = self.seconds * self.numbers() + other.seconds * other.numbers()
        return Voice.of(mean, self.seconds + other.seconds)


@dataclass(frozen=True)
class Person:
    """Somebody of the cast; `name` is '' until a person types it, `aliases` are names and ids merged into this one."""

    id: str
    name: str = ""
    aliases: tuple[str, ...] = ()
    consent: Consent | None = None
    voice: Voice | None = None
    seen_in: tuple[Appearance, ...] = ()

    @property
    def label(self) -> str:
        """What turns and captions call them."""
        return self.name or self.id

    @property
    def title(self) -> str:
        """Id and name, for messages."""
        return f"{self.id} ({self.name})" if self.name else self.id

    def moments_s(self, sha256: str) -> tuple[float, ...]:
        """When they were heard in that recording."""
        return tuple(each.at_s for each in self.seen_in if each.sha256 == sha256)


@dataclass(frozen=True)
class Encoder:
    """What made the voice prints of a file; those of two encoders cannot be compared."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Cast:
    """The people of a cast file in order of their ids; `next` is the number of the next new id."""

    people: tuple[Person, ...] = ()
    encoder: Encoder | None = None
    next: int = 1

    @property
    def new_id(self) -> str:
        """The id of the next person to be added."""
        return f"P{self.next}"

    def person(self, wanted: str) -> Person:
        """By id, else by name. Raises UnknownName."""
        for found in (lambda p: p.id == wanted, lambda p: bool(p.name) and _key(p.name) == _key(wanted)):
            match = next(filter(found, self.people), None)
            if match is not None:
                return match
        raise UnknownName("person", wanted, [p.id for p in self.people], where="the cast")

    def having(self, person: Person) -> Cast:
        """This cast with `person` in the place of the one of the same id, or added."""
        if all(p.id != person.id for p in self.people):
            return replace(self, people=(*self.people, person), next=self.next + 1)
        return replace(self, people=tuple(person if p.id == person.id else p for p in self.people))

    def named(self, wanted: str, name: str) -> Cast:
        """One person named, or named otherwise; the old name becomes an alias. Raises UnknownName, BadValue."""
        person, name = self.person(wanted), checked_name(name)
        other = next((p for p in self.people if p.id != person.id and _key(p.name) == _key(name)), None)
        if other is not None:
            raise BadValue(
                f"{other.id} is called {other.name!r} already.",
                value=name,
                remedy=f"If both are one person, merge {person.id} into {other.id}; else give a name that tells apart.",
            )
        aliases = (*person.aliases, person.name) if person.name and person.name != name else person.aliases
        aliases = tuple(dict.fromkeys(each for each in aliases if each != name))
        return self.having(replace(person, name=name, aliases=aliases))

    def merged(self, wanted: str, into: str) -> Cast:
        """`wanted` is the same person as `into`, whose id, name and consent count; the names of both are kept.

        Voice prints under one consent are averaged. Under two, only that of `into` is kept. Raises UnknownName,
        BadValue.
        """
        gone, kept = self.person(wanted), self.person(into)
        if gone.id == kept.id:
            raise BadValue(f"{kept.id} cannot be merged into itself.", value=wanted)
        consent, voice = kept.consent or gone.consent, kept.voice
        if gone.voice is not None and gone.consent == consent:
            voice = gone.voice if voice is None else voice.joined(gone.voice)
        name = kept.name or gone.name
        aliases = dict.fromkeys((*kept.aliases, gone.id, gone.name, *gone.aliases))
        person = replace(
            kept,
            name=name,
            aliases=tuple(each for each in aliases if each and each != name),
            consent=consent,
            voice=voice,
            seen_in=tuple(dict.fromkeys((*kept.seen_in, *gone.seen_in))),
        )
        return self.having(person).without(gone.id)

    def consenting(self, wanted: str, consent: Consent) -> Cast:
        """One person with a consent entry; a voice print under another consent goes. Raises UnknownName."""
        person = self.person(wanted)
        voice = person.voice if person.consent == consent else None
        return self.having(replace(person, consent=consent, voice=voice))

    def forgetting(self, wanted: str) -> Cast:
        """One person without voice print and consent, name and appearances kept. Raises UnknownName."""
        return self.having(replace(self.person(wanted), consent=None, voice=None))._settled()

    def without(self, wanted: str) -> Cast:
        """Nobody of that id or name. Raises UnknownName."""
        person = self.person(wanted)
        return replace(self, people=tuple(p for p in self.people if p.id != person.id))._settled()

    def _settled(self) -> Cast:
        """Without voice prints any encoder will do."""
        return self if any(p.voice for p in self.people) else replace(self, encoder=None)


def _key(name: str) -> str:
    """What makes two names the same."""
    return unicodedata.normalize("NFC", name).casefold()


def checked_name(name: str) -> str:
    """A name that captions, RTTM and terminals can show, outer spaces off. Raises BadValue."""
    name = unicodedata.normalize("NFC", name.strip())
    problem = ""
    if not name or len(name) > _NAME_CHARACTERS:
        problem = f"has {len(name)} characters: 1 to {_NAME_CHARACTERS} are meant"
    elif not printable(name) or set(name) & set("=<>{}\\"):
        problem = "holds a control character or one of = < > { } \\, which subtitle formats read as markup"
    elif re.fullmatch(r"[PS]\d+", name, re.IGNORECASE):
        problem = "looks like a label of a speaker without a name"
    if problem:
        raise BadValue(f"The name {name[:_NAME_CHARACTERS]!r} {problem}.", value=name)
    return name


def checked_consent(who: str, scope: str, day: str) -> Consent:
    """A consent entry; raises BadValue where a part is empty, cannot be shown, or is no day."""
    who, scope, day = who.strip(), scope.strip(), day.strip()
    for part, text in (("who", who), ("scope", scope)):
        if not text or len(text) > _CONSENT_CHARACTERS or not printable(text):
            raise BadValue(
                f"A consent's {part} is text of 1 to {_CONSENT_CHARACTERS} printable characters, not {text[:60]!r}.",
                value=text,
                remedy=_CONSENT_EXAMPLE,
            )
    try:
        given = date.fromisoformat(day)
    except ValueError as error:
        raise BadValue(
            f"A consent's date is YYYY-MM-DD, not {day[:40]!r}.", value=day, remedy=_CONSENT_EXAMPLE
        ) from error
    return Consent(who, scope, given.isoformat())


def new_consent(who: str, scope: str, day: str) -> Consent:
    """A consent entry that a person types: `checked_consent`, and BadValue for a day to come."""
    consent = checked_consent(who, scope, day)
    if date.fromisoformat(consent.date) > datetime.now(UTC).date() + timedelta(days=1):  # it is tomorrow somewhere
        raise BadValue(f"A consent of {day} has not been given yet.", value=day, remedy="Give the day it was given.")
    return consent


def parse_consent(text: str) -> Consent:
    """A consent entry out of 'WHO; SCOPE; YYYY-MM-DD'. Raises BadValue."""
    parts = text.split(";")
    if len(parts) != 3:
        raise BadValue(f"Consent {text[:80]!r} is not {CONSENT_FORMAT!r}.", value=text, remedy=_CONSENT_EXAMPLE)
    return new_consent(*parts)


def load(path: Path) -> Cast:
    """The cast of a file. Raises BadValue for one that is missing, damaged, of another version or not a cast."""
    path = path.expanduser()
    if not path.exists():
        raise BadValue(
            f"There is no cast file {path}.", value=str(path), remedy="'audiopost diarise --cast FILE' makes one."
        )
    try:
        data = path.read_bytes() if path.is_file() and path.stat().st_size <= _MOST_BYTES else b""
        return _parsed(json.loads(data.decode("utf-8")))
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise _damaged(path, "it is not JSON of a cast") from error
    except BadValue as error:
        raise _damaged(path, error.problem.rstrip(".")) from error


def load_or_new(path: Path) -> Cast:
    """The cast of a file, an empty one where there is none yet but its folder is. Raises BadValue."""
    path = path.expanduser()
    if path.exists():
        return load(path)
    if not path.parent.is_dir():
        raise BadValue(f"The folder of the cast file {path} is missing.", value=str(path), remedy="Make it first.")
    return Cast()


def change(path: Path, edit: Callable[[Cast], tuple[Cast, T]], *, new: bool = False) -> T:
    """Reads the file, edits, writes; nobody else changes it meanwhile. What `edit` gives besides the cast is returned.

    `new`: the file may not exist yet. A file that the edit leaves as it is, is not written. An empty hidden file, by
    which jobs wait for each other, stays beside it. Raises BadValue, OutputError, and what `edit` raises: then the
    file stays as it was.
    """
    from filelock import FileLock, Timeout

    path = path.expanduser()
    if path.is_symlink():  # the file is replaced, not the link to it
        path = path.resolve()
    read = load_or_new if new else load
    read(path)  # a bad path is told before a lock is made beside it
    lock = path.with_name(f".{path.name}.lock")
    with guarded(path):
        try:
            with FileLock(lock, timeout=_LOCK_S, mode=0o600):
                before = read(path)
                after, result = edit(before)
                if after != before or not path.exists():
                    write_bytes(path, _rendered(after), private=True)
        except Timeout as error:
            raise OutputError(
                f"Another program has been changing {path} for {_LOCK_S:g} s.",
                value=str(path),
                remedy="Wait for it, then run again.",
            ) from error
    return result


def _damaged(path: Path, problem: str) -> BadValue:
    return BadValue(
        f"{path} cannot be used as a cast: {problem}.",
        value=str(path),
        remedy="Mend it, take a copy of it from a backup, or name another file.",
    )


def _rendered(cast: Cast) -> bytes:
    data = {"audiopost_cast": SCHEMA, **to_json(cast)}
    return (json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8", "backslashreplace")


def _parsed(data: Any) -> Cast:
    """Raises BadValue: nothing of a file is believed before it was looked at."""
    if not isinstance(data, dict) or "audiopost_cast" not in data:
        raise BadValue("it is not a cast file of audiopost", value=None)
    schema = data.pop("audiopost_cast")
    if schema != SCHEMA:
        raise BadValue(f"it has format {str(schema)[:20]!r}, and this audiopost reads {SCHEMA}", value=schema)
    cast: Cast = from_json(Cast, data)
    ids = [p.id for p in cast.people]
    if not all(re.fullmatch(r"P[1-9]\d{0,8}", each) for each in ids) or len(set(ids)) < len(ids):
        raise BadValue("its ids are not P1, P2, … each once", value=ids)
    if any(int(each[1:]) >= cast.next for each in ids):
        raise BadValue(f"next = {cast.next} would give an id again", value=cast.next)
    names = [_key(p.name) for p in cast.people if p.name]
    if len(set(names)) < len(names):
        raise BadValue("two people have the same name", value=names)
    for person in cast.people:
        _check_person(person, cast.encoder)
    return cast


def _check_person(person: Person, encoder: Encoder | None) -> None:
    if person.name and checked_name(person.name) != person.name:
        raise BadValue(f"the name of {person.id} is not written as audiopost writes names", value=person.name)
    shown = (*person.aliases, *(each.sha256 for each in person.seen_in))
    if not all(printable(each) and len(each) <= _CONSENT_CHARACTERS for each in shown):
        raise BadValue(f"{person.id} holds text that cannot be shown", value=person.id)
    if person.consent is not None:
        checked_consent(person.consent.who, person.consent.scope, person.consent.date)
    if person.voice is None:
        return
    if person.consent is None or encoder is None:
        missing = "consent" if person.consent is None else "encoder"
        raise BadValue(f"the voice print of {person.id} has no {missing} entry: add it, or set voice to null")
    if not 0 < person.voice.seconds < 1e9:
        raise BadValue(f"the seconds of {person.id} are out of range", value=person.voice.seconds)
    person.voice.numbers()
