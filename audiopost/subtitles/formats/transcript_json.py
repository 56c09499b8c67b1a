"""Our JSON: transcript and captions whole, lossless both ways; that of whisper, WhisperX and stable-ts is read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...core.errors import BadValue
from ...core.serial import from_json, to_json
from ...core.speech import Caption, Remark, Transcript, Utterance, Word
from ..encodings import decode
from ..markup import KINDS
from ..text import clean
from . import FEATURES, Document, Loaded, counted

HOLDS = frozenset(FEATURES)


def render(document: Document) -> str:
    """The transcript with its words and remarks, and the captions; times as they are, to the last digit."""
    captions = document.captions
    if not document.speakers:
        captions = tuple(replace(caption, speaker=None, line_speakers=()) for caption in captions)
    transcript = to_json(document.transcript if document.speakers else _nameless(document.transcript))
    keys = ("language", "draft", "utterances", "remarks")
    values = {**{key: transcript[key] for key in keys}, "captions": [_shown(each) for each in captions]}
    return json.dumps(_finite(values), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _nameless(transcript: Transcript) -> Transcript:
    utterances = (
        replace(u, speaker=None, words=tuple(replace(word, speaker=None) for word in u.words))
        for u in transcript.utterances
    )
    return replace(transcript, utterances=tuple(utterances))


def _finite(value: Any) -> Any:
    """JSON has no NaN: a probability or time that is none becomes null."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value


def parse(data: bytes, name: str, encoding: str | None = None) -> Loaded:
    """Our JSON, a project's JSON, or segments as whisper writes them. Raises BadValue that names the place."""
    text, _, warnings = decode(data, name, encoding)
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadValue(f"{name} is not JSON: {error}.", value=name) from error
    if isinstance(values, dict) and isinstance(values.get("transcript"), dict):  # a project: NAME.project.json
        values = {**values["transcript"], "captions": values.get("captions") or []}
    if isinstance(values, dict) and isinstance(values.get("utterances"), list):
        return _ours(values, name)._replace(warnings=warnings)
    segments = values.get("segments") if isinstance(values, dict) else values
    if isinstance(segments, list) and all(isinstance(s, dict) and {"start", "end", "text"} <= set(s) for s in segments):
        language = values.get("language") if isinstance(values, dict) else None
        return _of_segments(segments, language if isinstance(language, str) else "", name, warnings)
    raise BadValue(
        f"{name} is no transcript.",
        value=name,
        remedy="It is an object with a list of utterances (ours), or of segments with start, end and text (whisper's).",
    )


def _ours(values: dict[str, Any], name: str) -> Loaded:
    def each(kind: type[Any], key: str) -> tuple[Any, ...]:
        items = values.get(key) or []
        if not isinstance(items, list):
            raise BadValue(f"{name}.{key} should be a list.", value=key)
        return tuple(from_json(kind, item, where=f"{name}.{key}.{n}") for n, item in enumerate(items))

    utterances = each(Utterance, "utterances")
    language = str(values.get("language") or (utterances[0].language if utterances else "und"))
    draft = str(values.get("draft") or "")
    transcript = Transcript(language, utterances, draft, each(Remark, "remarks"))
    captions = tuple(map(_whole, each(Caption, "captions"))) or tuple(
        Caption(u.start_s, u.end_s, (line,), u.speaker, u.language) for u in utterances if (line := clean(u.text))
    )
    return Loaded(captions, language, transcript, draft=draft)


def _shown(caption: Caption) -> dict[str, Any]:
    """A caption; what a person did to it is said only where somebody did."""
    fields: dict[str, Any] = to_json(caption)
    return {name: value for name, value in fields.items() if name not in ("reviewed", "edited") or value}


def _whole(caption: Caption) -> Caption:
    """The caption, if its parts belong to each other. Raises BadValue."""
    lines = len(caption.lines)
    wrong = {
        "start_s and end_s": not 0 <= caption.start_s <= caption.end_s,
        "position": not 1 <= caption.position <= 9,
        "line_speakers": len(caption.line_speakers) not in (0, lines),
        "line_languages": len(caption.line_languages) not in (0, lines),
        "styling": any(not 0 <= span.line < lines or span.kind not in KINDS for span in caption.styling),
    }
    for name, bad in wrong.items():
        if bad:
            raise BadValue(
                f"The caption {caption.text[:40]!r} has {name} that do not fit it.",
                value=caption,
                remedy="Times ascend from 0, position is 1 to 9, and each line has one speaker, one language, or none.",
            )
    return caption


def _of_segments(segments: list[dict[str, Any]], language: str, name: str, warnings: tuple[str, ...]) -> Loaded:
    """One utterance and one caption a segment; a word without times (WhisperX has them) fills the gap it stands in."""
    utterances = []
    guessed = 0
    for number, segment in enumerate(segments):
        where = f"{name}.segments.{number}"
        start, end = _time(segment["start"], where), _time(segment["end"], where)
        words = list(_words(segment, start, end, where))
        guessed += sum(known is False for _, known in words)
        speaker = segment.get("speaker")
        spoken = segment.get("language")
        utterances.append(
            Utterance(
                start,
                max(end, start),
                clean(str(segment["text"])),
                spoken if isinstance(spoken, str) else language,
                tuple(word for word, _ in words),
                speaker if isinstance(speaker, str) and speaker else None,
            )
        )
    if guessed:
        warnings = (*warnings, f"{counted(guessed, 'word')} had no times and got those between their neighbours.")
    kept = tuple(sorted((u for u in utterances if u.text), key=lambda u: (u.start_s, u.end_s)))
    captions = tuple(Caption(u.start_s, u.end_s, (u.text,), u.speaker, u.language) for u in kept)
    return Loaded(captions, language, Transcript(language, kept), warnings)


def _words(segment: dict[str, Any], start_s: float, end_s: float, where: str) -> Iterator[tuple[Word, bool]]:
    """Words with whether the file gave their times."""
    items = [item for item in segment.get("words") or [] if isinstance(item, dict)]
    at = start_s
    for n, item in enumerate(items):
        text = clean(str(item.get("word", item.get("text", ""))))
        following = next((i["start"] for i in items[n + 1 :] if "start" in i), end_s)
        known = "start" in item and "end" in item
        begin = _time(item["start"], where) if known else at
        at = _time(item["end"], where) if known else max(_time(following, where), begin)
        score = item.get("probability", item.get("score"))
        speaker = item.get("speaker")
        if text:
            sure = float(score) if isinstance(score, int | float) and math.isfinite(score) else None
            yield Word(begin, max(at, begin), text, sure, speaker if isinstance(speaker, str) else None), known


def _time(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise BadValue(f"{where} has {value!r} for a time.", value=value, remedy="Times are seconds from 0.")
    return float(value)
