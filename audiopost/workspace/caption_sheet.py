"""A desk's captions as an editor shows them: rows with what the style says of each, made once for each caption."""

from __future__ import annotations

import math
import secrets
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..core.errors import BadValue
from ..core.project import Project
from ..core.speech import Caption
from ..subtitles import edit
from ..subtitles.rules import RULES, Finding
from ..subtitles.styles import Style
from ..subtitles.text import width
from ..subtitles.timed_words import TimedWords
from .captions import Checked, captions_of, working_style
from .desk import Desk
from .speakers import speakers

#: What `Desk.note` keeps of the style that captions are held against.
_STYLE = "caption_style"


class Sheet:
    """The captions of one desk; thread-safe. A `stamp` names them as they stood: edits of any others are refused."""

    def __init__(self, desk: Desk) -> None:
        self._desk = weakref.ref(desk)
        self._lock = threading.RLock()
        self._checked: Checked | None = None
        self._rows: dict[tuple[Caption, Caption | None], dict[str, Any]] = {}
        self._words: tuple[Any, TimedWords] = (None, TimedWords(None))
        self._run, self._count, self._seen = secrets.token_hex(4), 0, object()

    @property
    def desk(self) -> Desk:
        desk = self._desk()
        assert desk is not None  # whoever asks holds it
        return desk

    def style(self) -> Style:
        """The style that the captions are held against."""
        return working_style(self.desk.project, str(self.desk.noted(_STYLE) or ""))

    def choose(self, style: str) -> None:
        """Holds the captions against a style by name, '' for the one they were laid out in. Raises UnknownName."""
        working_style(self.desk.project, style)
        with self.desk.lock, self._lock:
            self.desk.note(**{_STYLE: style})
            checked = self.checked()
            # What the report and the record say is what was chosen here.
            self.desk.edit("subtitles.did_style", checked.renewed, detail=checked.style.name)

    def checked(self) -> Checked:
        """What the captions are judged with."""
        project, style = self.desk.project, self.style()
        if self._checked is None or not self._checked.fits(project, style):
            self._checked, self._rows = Checked(project, style), {}
        return self._checked

    def stamp(self) -> str:
        """Another one for each state of the captions."""
        with self._lock:
            captions = self.desk.project.captions
            if captions is not self._seen:
                self._seen, self._count = captions, self._count + 1
            return f"{self._run}-{self._count}"

    def edit(
        self, stamp: str, label: str, change: Callable[[Project, Checked], tuple[Project, int]], detail: str = ""
    ) -> int:
        """`Desk.edit` with what judges the captions; returns the caption the change leaves a person at.

        Raises BadValue where the captions are not those of `stamp` any more.
        """
        with self.desk.lock, self._lock:
            if stamp != self.stamp():
                raise BadValue(
                    "The captions were changed meanwhile, in another window or by a job.", value=stamp,
                    remedy="They are shown anew; make the change again.",
                )  # fmt: skip
            new, at = change(self.desk.project, self.checked())
            self.desk.edit(label, lambda _: new, detail=detail)
            return at

    def listing(self) -> dict[str, Any]:
        """Everything that the editor shows, as JSON values."""
        with self._lock:
            revision = self.desk.revision  # before the Project: a change in between is asked for again, not missed
            project = self.desk.project
            stamp, checked, captions = self.stamp(), self.checked(), captions_of(project)
            style, media = checked.style, project.media
            rows = [self._row(captions, n, project, checked) for n in range(len(captions))]
            checked.forget(captions)
            if len(self._rows) > 4 * len(captions) + 10_000:
                kept = set(captions)
                self._rows = {key: row for key, row in self._rows.items() if key[0] in kept}
            return {
                "revision": revision,
                "stamp": stamp,
                "style": {
                    "name": style.name, "title": style.title, "max_lines": style.max_lines,
                    "gap_frames": style.gap_frames, "min_duration_s": style.min_duration_s,
                    "max_duration_s": style.max_duration_s,
                },
                "chosen": str(self.desk.noted(_STYLE) or ""),
                "fps": {
                    "num": media.timebase.rate.fraction.numerator, "den": media.timebase.rate.fraction.denominator,
                    "drop": media.timebase.rate.drop_frame,
                },
                "start_timecode": media.timebase.start_timecode,
                "duration_s": media.duration_s,
                "language": project.transcript.language if project.transcript else "",
                "draft": project.transcript.draft if project.transcript else "",
                "transcribed": project.transcript is not None,
                "captions": rows,
                "speakers": [
                    {"name": s.name, "captions": s.captions, "words": s.words, "seconds": s.seconds}
                    for s in speakers(project)
                ],
                "reviewed": sum(caption.reviewed for caption in captions),
                "edited": sum(caption.edited for caption in captions),
                "mendable": sum(issue["fixable"] for row in rows for issue in row["issues"]),
            }  # fmt: skip

    def row(self, number: int, start_s: float, end_s: float, lines: Sequence[str]) -> dict[str, Any]:
        """What the rows would be of one caption with other times and lines, and of the one before it; nothing changes.

        {"row", "before"}: the second is None for the first caption. Raises BadValue.
        """
        with self._lock:
            project, checked = self.desk.project, self.checked()
            captions = list(captions_of(project))
            old = edit.at(captions, number)
            captions[number] = replace(edit.rewritten(old, lines), start_s=start_s, end_s=end_s)
            before = self._row(captions, number - 1, project, checked) if number else None
            return {"row": self._row(captions, number, project, checked), "before": before}

    def _row(self, captions: Sequence[Caption], n: int, project: Project, checked: Checked) -> dict[str, Any]:
        caption = captions[n]
        key = caption, captions[n + 1] if n + 1 < len(captions) else None
        if key not in self._rows:
            self._rows[key] = _told(caption, checked, captions, n)
        return {"index": n, **self._rows[key], "unsure": self._unsure(caption, project)}

    def _unsure(self, caption: Caption, project: Project) -> list[list[float]]:
        if self._words[0] is not project.transcript:
            self._words = project.transcript, TimedWords(project.transcript)
        return [
            [placed.line, placed.start, placed.end, round(placed.word.probability or 0.0, 3)]
            for placed in self._words[1].unsure(caption)
        ]


def _told(caption: Caption, checked: Checked, captions: Sequence[Caption], n: int) -> dict[str, Any]:
    judge, style = checked.judge(captions), checked.style
    languages = judge.languages(caption)
    limits = [style.limits_for(language) for language in languages]
    cps = min((limit.cps for limit in limits), default=style.limits.cps)
    speed = judge.haste(caption) * cps if caption.text.strip() else 0.0
    return {
        "start_s": caption.start_s,
        "end_s": caption.end_s,
        "lines": list(caption.lines),
        "speaker": caption.speaker,
        "language": caption.language,
        "line_speakers": list(caption.line_speakers),
        "position": caption.position,
        "italic": [[s.line, s.start, s.end] for s in caption.styling if s.kind == "italic"],
        "reviewed": caption.reviewed,
        "edited": caption.edited,
        "cps": round(speed, 1) if math.isfinite(speed) else None,
        "cps_limit": cps,
        "cpl": [width(line, language) for line, language in zip(caption.lines, languages, strict=True)],
        "cpl_limit": [limit.cpl for limit in limits],
        "issues": [_issue(each) for each in checked.findings(captions, n)],
    }


def _issue(found: Finding) -> dict[str, Any]:
    rule = RULES[found.rule]
    return {
        "rule": found.rule, "detail": found.detail, "value": found.value, "limit": found.limit,
        "severity": rule.severity, "fixable": rule.fixable,
    }  # fmt: skip


_SHEETS: weakref.WeakKeyDictionary[Desk, Sheet] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


def sheet_of(desk: Desk) -> Sheet:
    """The sheet of a desk, the same one for everybody who asks."""
    with _LOCK:
        return _SHEETS.setdefault(desk, Sheet(desk))
