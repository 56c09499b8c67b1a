"""What people changed in a Project, on disk before it is done: each line one change that can be undone and redone."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from ..core.audio import Audio
from ..core.project import Project
from ..core.serial import from_json, to_json
from ..io.atomic import guarded, write_text

log = logging.getLogger("audiopost")

#: So many changes can be undone after a recording is opened anew.
KEPT = 300
_HINTS = typing.get_type_hints(Project)

#: The desk's own entry among Project.notes.
OWN_NOTE = "workspace"

Reference = Callable[[Audio, str], Any]


@dataclass(frozen=True)
class Change:
    """One change: `label` is a key of the workbench's texts, `detail` what it was done to, `at` ISO 8601.

    `fields` holds, by field of Project, what stood there and what stands there now, as JSON; of a list only the part
    that differs, from place `from` on.
    """

    seq: int
    label: str
    detail: str
    at: str
    fields: Mapping[str, Mapping[str, Any]]


def compared(before: Project, after: Project, reference: Reference) -> dict[str, dict[str, Any]]:
    """What differs, by field, as Change holds it."""
    found: dict[str, dict[str, Any]] = {}
    for name in _HINTS:
        old, new = getattr(before, name), getattr(after, name)
        if name == "notes":
            old, new = _others(old), _others(new)
            if old == new:
                continue
        if old is new or name in ("media", "audio"):
            continue
        part = _differing_list(old, new)
        if part:
            old, new = getattr(old, part), getattr(new, part)
        if isinstance(old, tuple) and isinstance(new, tuple):
            first = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
            rest = min(len(old), len(new)) - first
            same = next((n for n in range(rest) if old[-1 - n] != new[-1 - n]), rest)
            old, new = old[first : len(old) - same], new[first : len(new) - same]
            if not old and not new:
                continue
            entry: dict[str, Any] = {"from": first} | ({"part": part} if part else {})
        else:
            entry = {}
        found[name] = entry | {"before": to_json(old, reference, name), "after": to_json(new, reference, name)}
    return found


def applied(
    project: Project, change: Change, audio: Callable[[Any], Audio], *, undo: bool = False
) -> Mapping[str, Any] | None:
    """The fields of `project` with a change made, or unmade; None where the Project does not stand as it says."""
    values: dict[str, Any] = {}
    for name, entry in change.fields.items():
        old, new = (entry["after"], entry["before"]) if undo else (entry["before"], entry["after"])
        kind = _HINTS[name]
        if name == "notes":
            values[name] = {**new, **{key: kept for key, kept in project.notes.items() if key == OWN_NOTE}}
            continue
        if "from" not in entry:
            values[name] = from_json(kind, new, audio, name)
            continue
        whole, part = getattr(project, name), entry.get("part")
        if part and whole is None:
            return None
        now, first = (getattr(whole, part) if part else whole) or (), entry["from"]
        standing = now[first : first + len(old)]
        if to_json(standing) != old:
            return None
        kind = typing.get_type_hints(type(whole))[part] if part else kind
        made = (*now[:first], *from_json(kind, new, audio, name), *now[first + len(old) :])
        values[name] = replace(whole, **{part: made}) if part else made
    return values


def _differing_list(old: Any, new: Any) -> str:
    """The one field in which two texts (or whatever is made of fields) differ, where it is a list; else ''.

    A word that changes in a film's transcript is a line in the journal, not the film's whole text twice.
    """
    if type(old) is not type(new) or not is_dataclass(old) or isinstance(old, Audio):
        return ""
    names = [f.name for f in fields(old) if getattr(old, f.name) is not getattr(new, f.name)]
    names = [name for name in names if getattr(old, name) != getattr(new, name)]
    return names[0] if len(names) == 1 and isinstance(getattr(old, names[0]), tuple) else ""


def _others(notes: Mapping[str, Any]) -> dict[str, Any]:
    """Notes without the desk's own, which are no part of the work and are not undone."""
    return {key: value for key, value in notes.items() if key != OWN_NOTE}


class Journal:
    """The changes of one recording in a file of JSON lines: each is on disk when `write` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: list[Change] = []
        self.undone: list[Change] = []
        self.seq = 0
        #: What was written, in order: (sequence number, the change, whether it was unmade).
        self.log: list[tuple[int, Change, bool]] = []
        self._read()

    def write(self, change: Change) -> None:
        """A new change; what was undone before it cannot be redone any more."""
        self._append({"seq": change.seq, "change": to_json(change)})
        self._take(change.seq, change, None)

    def step(self, change: Change, *, undo: bool) -> None:
        """`change` was undone or redone."""
        seq = self.seq + 1
        self._append({"seq": seq, "undo" if undo else "redo": change.seq})
        self._take(seq, change, undo)

    def _take(self, seq: int, change: Change, undo: bool | None) -> None:
        self.seq = seq
        if undo is None:
            self.done.append(change)
            self.undone.clear()
        elif undo:
            self.undone.append(self.done.pop())
        else:
            self.done.append(self.undone.pop())
        self.log.append((seq, change, bool(undo)))

    def _append(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
        with guarded(self.path), self.path.open("a+b") as file:
            end = file.seek(0, os.SEEK_END)
            try:
                file.write(self._after_torn(file, end) + line.encode("utf-8", "backslashreplace"))
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                with contextlib.suppress(OSError):  # the rest of a full disk's line: reading passes it over
                    os.ftruncate(file.fileno(), end)  # what was refused must not be there when it is opened anew
                raise

    @staticmethod
    def _after_torn(file: BinaryIO, end: int) -> bytes:
        """What has to stand before a new line: where a crash tore the last one it would become part of that."""
        if not end:
            return b""
        file.seek(end - 1)
        return b"" if file.read(1) == b"\n" else b"\n"

    def _read(self) -> None:
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        known: dict[int, Change] = {}
        for line in lines:
            try:
                entry = json.loads(line)
                if "anew" in entry:
                    self.seq = entry["seq"]
                elif "change" in entry:
                    change = known[entry["seq"]] = Change(**entry["change"])
                    self._take(entry["seq"], change, None)
                elif entry.get("undo") and self.done and self.done[-1].seq == entry["undo"]:
                    self._take(entry["seq"], self.done[-1], True)
                elif entry.get("redo") and self.undone and self.undone[-1].seq == entry["redo"]:
                    self._take(entry["seq"], self.undone[-1], False)
            except (ValueError, KeyError, TypeError, AttributeError):
                log.warning("a line of %s is torn; it is passed over", self.path.name)  # a crash while it was written

    def compact(self) -> None:
        """Forgets the oldest changes, and what was undone, where there are many: for when all of them are saved."""
        if len(self.log) <= 2 * KEPT:
            return
        self.done, self.undone, self.log = self.done[-KEPT:], [], []
        lines = [{"seq": change.seq, "change": to_json(change)} for change in self.done]
        write_text(self.path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))

    def begin_anew(self) -> None:
        """Forgets every change, for when the Project that they were made in is gone; the file stays as `.old`."""
        if not self.log:
            return
        with guarded(self.path):
            self.path.replace(self.path.with_suffix(".old"))
        self.done, self.undone, self.log = [], [], []
        self._append({"seq": self.seq, "anew": True})
