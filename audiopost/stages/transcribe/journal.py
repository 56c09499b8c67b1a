"""What is finished stays finished: each window's text goes to a file of the job's work folder as it is decoded.

The file is named by a hash of all that decides the text, so it is found again only by the same work: sound, options,
backend, model, windows. Lines of JSON, each on the disk before the next window is awaited; a line that a crash
tore is dropped. Without a work folder (see io.scratch.lasting) nothing is written.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...core.audio import Audio
from ...core.errors import BadValue
from ...core.serial import from_json
from ...core.stage import Choice
from ...io.atomic import guarded
from ...io.scratch import lasting
from . import Options, Piece
from .windows import Window

log = logging.getLogger("audiopost")

#: Version of the lines; part of the name.
_FORMAT = 1
#: Options that do not reach the engine, or only say where the model lies; the backend is named by the choice.
_NEUTRAL = frozenset(
    {"backend", "isolate", "pull", "model_dir", "glossary", "script", "aligner", "align_model", "clip_timestamps"}
)


class Journal:
    """Pieces by window, and what the engine said of the whole; kept on disk where there is a folder for it."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.pieces: dict[int, Piece] = {}
        self.language: str | None = None
        self.spoken: str | None = None
        self.warnings: list[str] = []
        if path is not None and path.exists():
            with guarded(path):
                self._recover(path)

    @classmethod
    def of(cls, sound: Audio, windows: tuple[Window, ...], options: Options, choice: Choice) -> Journal:
        """The journal of this work: with what an earlier process finished, or empty."""
        place = lasting()
        return cls(place / f"transcribe-{key(sound, windows, options, choice)[:24]}.jsonl" if place else None)

    def add(self, piece: Piece, engine: Any) -> None:
        """A finished window, and what the engine says by now. Raises OutputError, DiskFull."""
        self._note(engine)
        self.pieces[piece.window] = piece
        if not any(remark.kind == "crashed" for remark in piece.remarks):  # another day it may be decoded
            self._append({"piece": asdict(piece), **self._state()})

    def close(self, engine: Any) -> None:
        """All windows are finished. Raises OutputError, DiskFull."""
        if self._note(engine):
            self._append(self._state())

    def _note(self, engine: Any) -> bool:
        """Takes what the engine says of the whole: the main language, once it is settled, stays. Whether it is news."""
        before = self._state()
        self.language = self.language or engine.language
        self.spoken = self.spoken or engine.spoken
        self.warnings += [warning for warning in engine.warnings if warning not in self.warnings]
        return before != self._state()

    def _state(self) -> dict[str, Any]:
        return {"language": self.language, "spoken": self.spoken, "warnings": list(self.warnings)}

    def _append(self, line: Mapping[str, Any]) -> None:
        if self.path is None:
            return
        data = json.dumps(line, ensure_ascii=False, default=lambda number: number.item())
        with guarded(self.path), self.path.open("ab") as file:
            file.write(data.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _recover(self, path: Path) -> None:
        """Takes the whole lines and cuts off what follows them."""
        good = 0
        with path.open("rb+") as file:
            for line in file:
                if not line.endswith(b"\n") or not self._take(line):
                    log.warning("transcribe: the journal of the earlier run ends in a torn line, which is dropped")
                    break
                good += len(line)
            file.truncate(good)

    def _take(self, line: bytes) -> bool:
        try:
            data = json.loads(line)
            if "piece" in data:
                piece = from_json(Piece, data["piece"])
                self.pieces[piece.window] = piece
            self.language, self.spoken, self.warnings = data["language"], data["spoken"], list(data["warnings"])
        except (ValueError, KeyError, TypeError, BadValue):
            return False
        return True


def key(sound: Audio, windows: tuple[Window, ...], options: Options, choice: Choice) -> str:
    """Hash of all that decides what the engine writes."""
    from importlib.metadata import version

    decides = {
        "format": _FORMAT,
        "audiopost": version("audiopost"),
        "sound": sound.sha256(),
        "options": {name: value for name, value in asdict(options).items() if name not in _NEUTRAL},
        "backend": choice.backend,
        "model": asdict(choice.model) if choice.model else None,
        "windows": [asdict(window) for window in windows],
    }
    data = json.dumps(decides, sort_keys=True, default=lambda number: number.item())
    return hashlib.sha256(data.encode()).hexdigest()
