"""LRC, lyrics by the line: `[mm:ss.xx]text`; an empty line says when a caption goes. Hundredths of a second."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise

from ...core.speech import Caption, Transcript, Utterance, Word, joined
from ..encodings import decode
from ..markup import PLAIN, marked
from ..text import JOINER, clean
from . import CAPTIONS, Document, Event, Loaded, draft_in, left_behind

HOLDS = (CAPTIONS - {"milliseconds", "lines", "overlaps"}) | {"language", "draft"}

_TAG = re.compile(r"\[([a-zA-Z#]+):([^\]]*)\]\s*")
_TIME = re.compile(r"\s*\[(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
_WORD = re.compile(r"<(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?>")
#: How long a last line is shown that nothing ends.
_LAST_MS = 5000


def render(document: Document) -> str:
    """LRC text with LF line ends."""
    return rendered(document, lambda event, _: escape(event.text))


def rendered(document: Document, text_of: Callable[[Event, int], str]) -> str:
    """LRC text; `text_of(event, number)` is what stands behind the time of each."""
    language = clean(document.transcript.language)
    lines = [f"[la:{language}]"] if language and language != "und" else []
    lines += [f"[by:{document.draft.replace(']', ')')}]"] if document.draft else []
    events = sorted(enumerate(document.labelled()), key=lambda pair: pair[1].start_ms)
    starts = [_hundredths(event.start_ms) for _, event in events]
    for place, (number, event) in enumerate(events):
        end = max(_hundredths(event.end_ms), starts[place] + 1)
        lines.append(f"[{clock(starts[place])}]{text_of(event, number)}")
        if place + 1 == len(events) or starts[place + 1] > end:
            lines.append(f"[{clock(end)}]")
    return "".join(line + "\n" for line in lines)


def _hundredths(time_ms: int) -> int:
    return (time_ms + 5) // 10


def clock(hundredths: int) -> str:
    """mm:ss.xx; minutes may pass 99."""
    seconds, rest = divmod(hundredths, 100)
    return f"{seconds // 60:02d}:{seconds % 60:02d}.{rest:02d}"


def escape(text: str) -> str:
    """Brackets that would read as times or tags, shown as they are by an invisible joiner."""
    return re.sub(r"([\[<])", rf"\1{JOINER}", text)


def parse(data: bytes, name: str, encoding: str | None = None) -> Loaded:
    """The captions of an LRC file, words of known times as a transcript; lines of one time are one caption."""
    text, _, warnings = decode(data, name, encoding)
    timed: dict[int, list[str]] = {}
    lost = Counter[str]()
    offset_ms, language, draft = 0, "", ""
    for line in text.split("\n"):
        times = list(_times(line))
        if times:
            words = line[times[-1].end() :]
            for time in times:
                timed.setdefault(_ms(time), []).append(words)
        elif tag := _TAG.match(line.lstrip("\ufeff ")):
            key, value = tag[1].lower(), tag[2].strip()
            if key == "offset" and re.fullmatch(r"[+-]?\d+", value):
                offset_ms = int(value)
            elif key == "la":
                language = value
            elif key == "by" and draft_in(value):
                draft = draft_in(value)
            else:
                lost["tag{s} about the song"] += 1
        else:
            lost["line{s} without a time"] += bool(line.strip())
    found = _captions(timed, offset_ms, lost)
    utterances = tuple(utterance for _, utterance in found if utterance.words)
    transcript = Transcript(language, tuple(utterance for _, utterance in found)) if utterances else None
    return Loaded(tuple(caption for caption, _ in found), language, transcript, warnings + left_behind(lost), draft)


def _times(line: str) -> Iterator[re.Match[str]]:
    at = 0
    while found := _TIME.match(line, at):
        yield found
        at = found.end()


def _ms(found: re.Match[str]) -> int:
    return (int(found[1]) * 60 + int(found[2])) * 1000 + int((found[3] or "0").ljust(3, "0"))


def _captions(timed: dict[int, list[str]], offset_ms: int, lost: Counter[str]) -> list[tuple[Caption, Utterance]]:
    """Captions with the words they hold; a positive offset shows them earlier."""
    found = []
    ordered = [*sorted(timed), max(timed, default=0) + _LAST_MS]
    for start, end in pairwise(ordered):
        shown = marked([(_WORD.sub("", line).replace(JOINER, "") + "\n", PLAIN) for line in timed[start]])
        if not shown.lines or end <= offset_ms:
            lost["caption{s} before the beginning"] += bool(shown.lines)
            continue
        lost["last caption's end (5 s are assumed)"] += end == ordered[-1]
        caption = shown.caption(max(start - offset_ms, 0) / 1000, (end - offset_ms) / 1000)
        words = tuple(word for line in timed[start] for word in _words(line, end, offset_ms))
        found.append((caption, Utterance(caption.start_s, caption.end_s, joined(shown.lines, ""), "", words)))
    return found


def _words(line: str, end_ms: int, offset_ms: int) -> Iterator[Word]:
    """The words between the times inside a line; a time with nothing behind it ends the word before."""
    times = list(_WORD.finditer(line))
    for n, time in enumerate(times):
        following = times[n + 1] if n + 1 < len(times) else None
        text = clean(line[time.end() : following.start() if following else len(line)].replace(JOINER, ""))
        if any(map(str.isalnum, text)):
            start = max(_ms(time) - offset_ms, 0)
            end = max((_ms(following) if following else end_ms) - offset_ms, start)
            yield Word(start / 1000, end / 1000, text)
