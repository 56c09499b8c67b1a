"""`audiopost cast list | name | merge | consent | forget`: the people of a series' cast file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..analysis.cast import Cast, Person, change, load, new_consent
from ..core.serial import to_json
from ..core.shown import shown
from . import options
from .console import print_json, quiet_stdout

_file = click.argument("file", metavar="FILE", type=click.Path(path_type=Path, readable=False))
_id = click.argument("person", metavar="ID")


@click.group("cast")
def _cast() -> None:
    """The cast of a series: who speaks, under which name, with whose consent.

    'audiopost diarise --cast FILE' makes the file and brings it up to date. ID is P1, P2, … or a name.
    """


@_cast.command("list")
@_file
@options.as_json
def _list(file: Path, as_json: bool) -> None:
    """Everybody in FILE: id, name, consent, what is kept of the voice, where they were heard. No voice prints."""
    cast = load(file)
    with quiet_stdout() as stdout:
        if as_json:
            encoder = to_json(cast.encoder) if cast.encoder else None
            print_json({"cast": str(file), "encoder": encoder, "people": [_row(p) for p in cast.people]}, stdout)
            return
        stdout.writelines(f"{line}\n" for person in cast.people for line in _lines(person))
        stdout.write("" if cast.people else "nobody yet\n")


def _row(person: Person) -> dict[str, Any]:
    """What a listing shows of a person: the voice print itself never."""
    row: dict[str, Any] = to_json(person)
    voice = row.pop("voice")
    return {**row, "voice_seconds": voice["seconds"] if voice else None}


def _lines(person: Person) -> list[str]:
    alias = f" (also {', '.join(person.aliases)})" if person.aliases else ""
    voice = f"voice print of {person.voice.seconds:.0f} s" if person.voice else "no voice print"
    consent = person.consent
    agreed = f"consent: {consent.who}; {consent.scope}; {consent.date}" if consent else "no consent"
    lines = [f"{person.id:<5} {person.name or '(no name)'}{alias}", f"{'':<5} {voice}; {agreed}"]
    lines += [f"{'':<5} heard in {file}" for file in _files(person)]
    return [shown(line) for line in lines]


def _files(person: Person) -> list[str]:
    return list(dict.fromkeys(each.file or f"recording {each.sha256[:12]}" for each in person.seen_in))


def _changed(file: Path, edit: Callable[[Cast], Cast], told: Callable[[Cast, Cast], list[str]]) -> None:
    """Changes FILE and says what is different now."""
    before, after = change(file, lambda cast: ((new := edit(cast)), (cast, new)))
    with quiet_stdout() as stdout:
        stdout.writelines(f"{shown(line)}\n" for line in told(before, after))


@_cast.command("name")
@_file
@_id
@click.argument("name", metavar="NAME")
def _name(file: Path, person: str, name: str) -> None:
    """Give ID a name; captions and turns of the next runs carry it. An older name is kept as an alias."""
    _changed(
        file,
        lambda cast: cast.named(person, name),
        lambda before, after: [f"{before.person(person).title} is now {after.person(before.person(person).id).name}"],
    )


@_cast.command("merge")
@_file
@_id
@click.argument("into", metavar="INTO")
def _merge(file: Path, person: str, into: str) -> None:
    """ID is the same person as INTO: INTO stays, with its id, name and consent, and takes over where ID was heard.

    Voice prints under the same consent are averaged; under two, only that of INTO is kept.
    """

    def told(before: Cast, after: Cast) -> list[str]:
        gone, kept = before.person(person), before.person(into)
        now = after.person(kept.id)
        lines = [f"{gone.title} is merged into {now.title}"]
        if gone.name and not kept.name:
            lines.append(f"{kept.id} had no name and takes {gone.name}")
        if gone.consent and not kept.consent:
            lines.append(f"{kept.id} had no consent and takes that of {gone.id}")
        if gone.voice and gone.consent != now.consent:
            lines.append(f"the voice print of {gone.id} is dropped: its consent is another")
        return lines

    _changed(file, lambda cast: cast.merged(person, into), told)


@_cast.command("consent")
@_file
@_id
@click.option("--who", required=True, metavar="TEXT", help="Who gave it, as 'Jane Doe, production X'.")
@click.option("--scope", required=True, metavar="TEXT", help="What for, as 'speaker labels of series X'.")
@click.option("--date", "day", required=True, metavar="YYYY-MM-DD", help="When it was given.")
def _consent(file: Path, person: str, who: str, scope: str, day: str) -> None:
    """Note that ID's voice print may be kept; the next run on a recording of theirs makes it.

    A voice print kept under another consent is dropped.
    """
    consent = new_consent(who, scope, day)

    def told(before: Cast, after: Cast) -> list[str]:
        was, now = before.person(person), after.person(person)
        lines = [f"{now.title}: {consent.who}; {consent.scope}; {consent.date}"]
        if was.voice and not now.voice:
            lines.append("the voice print of the earlier consent is dropped")
        if not now.voice:
            heard = ", ".join(_files(now)) or "a recording of theirs"
            lines.append(f"their voice print is made when audiopost runs with this cast on {heard}")
        return lines

    _changed(file, lambda cast: cast.consenting(person, consent), told)


@_cast.command("forget")
@_file
@_id
@click.option("--keep-name", "--keep_name", is_flag=True, help="Remove voice print and consent, keep the entry.")
def _forget(file: Path, person: str, keep_name: bool) -> None:
    """Remove ID from FILE: voice print, consent, name, everything."""

    def told(before: Cast, _: Cast) -> list[str]:
        gone = before.person(person)
        what = f"{gone.title}: voice print and consent are removed" if keep_name else f"{gone.title} is forgotten"
        return [
            what,
            *(f"not reached: project, provenance, subtitles and RTTM made of {each}" for each in _files(gone)),
            "not reached: copies and backups of the cast file, casts of other series",
        ]

    _changed(file, lambda cast: cast.forgetting(person) if keep_name else cast.without(person), told)


def command(_: str) -> click.Command:
    return _cast
