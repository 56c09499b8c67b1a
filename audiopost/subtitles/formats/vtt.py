"""WebVTT (W3C): speakers as voice spans, languages as language spans, notes on the draft and the main language.

pysubs2 reads it as SRT, without voices, languages, places and notes; so the blocks are read here.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator

from ..encodings import decode
from ..markup import COLOURS, Mark, Run, colour, marked, tagged
from ..text import clean
from . import CAPTIONS, Document, Event, Loaded, clock_ms, draft_in, left_behind

HOLDS = CAPTIONS | {"italic", "bold", "underline", "colour", "position", "speaker", "language", "languages", "draft"}

_LETTERS = {"i": "italic", "b": "bold", "u": "underline"}
_TAGS = {kind: (f"<{letter}>", f"</{letter}>") for letter, kind in _LETTERS.items()}
#: The colour classes of the standard (W3C WebVTT, 5.2).
_CLASSES = {name: COLOURS[name] for name in ("white", "lime", "cyan", "red", "yellow", "magenta", "blue", "black")}
_CLASS_OF = {value: name for name, value in _CLASSES.items()}
#: Cue settings of the nine places; 2 has none.
_ROWS = {0: "", 1: " line:50%", 2: " line:0"}
_ALIGNS = {0: " align:left", 1: "", 2: " align:right"}


def render(document: Document) -> str:
    """WebVTT text with LF line ends."""
    events, language = list(document.events()), clean(document.transcript.language)
    blocks = ["WEBVTT\n"]
    if language and language != "und":
        blocks.append(f"NOTE Language: {escape(language)}\n")
    if document.draft:
        blocks.append(f"NOTE {escape(document.draft)}\n")
    colours = sorted({span.value for event in events for span in event.styling if span.kind == "colour"})
    if colours:  # those with names too: Chromium does not know them by itself
        blocks.append("STYLE\n" + "".join(f"::cue(.{_class(value)}) {{ color: {value}; }}\n" for value in colours))
    blocks += [_cue(event, language) for event in events]
    return "\n".join(blocks)


def _cue(event: Event, language: str) -> str:
    row, column = divmod(event.position - 1, 3)
    times = f"{clock_ms(event.start_ms)} --> {clock_ms(event.end_ms)}{_ROWS[row]}{_ALIGNS[column]}"
    lines = []
    for n, line in enumerate(event.lines):
        text = tagged(line, event.spans(n), escape, _tags)
        spoken, voice = event.line_languages[n], event.line_speakers[n]
        if spoken and spoken != language:
            text = f"<lang {escape(spoken)}>{text}</lang>"
        if voice and not (event.speaker and n):
            text = f"<v {escape(voice)}>{text}" + ("" if event.speaker else "</v>")
        lines.append(text)
    return f"{times}\n{chr(10).join(lines)}\n"


def _tags(mark: Mark) -> tuple[str, str]:
    kind, value = mark
    return (f"<c.{_class(value)}>", "</c>") if kind == "colour" else _TAGS[kind]


def _class(value: str) -> str:
    """The class of a colour '#rrggbb'."""
    return _CLASS_OF.get(value, f"c{value[1:]}")


def escape(text: str) -> str:
    """&, < and > as entities: '-->' and tags in the text stay text."""
    return html.escape(text, quote=False)


_TIMES = re.compile(
    r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})\s+-->\s+(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})(.*)"
)
_TOKEN = re.compile(r"<(/?)([a-zA-Z]*)((?:\.[^\s>.]*)*)(?:\s+([^>]*))?>|<(\d[\d:.]*)>|<[^>]*>")
_RULE = re.compile(r"::cue\(\s*\.([\w-]+)\s*\)\s*\{([^}]*)\}")

#: How deep spans are followed; only hostile files go further.
_DEEPEST = 50


def parse(data: bytes, name: str, encoding: str | None = None) -> Loaded:
    """The captions of a WebVTT file. Raises ValueError for what does not begin as one."""
    text, _, warnings = decode(data, name, encoding)
    if not text.lstrip("\ufeff \n").startswith("WEBVTT"):
        raise ValueError("it does not begin with WEBVTT")
    captions, lost, classes, language, draft = [], Counter[str](), dict(_CLASSES), "", ""
    for number, block in enumerate(re.split(r"\n(?:[ \t]*\n)+", text.strip("\ufeff\n"))):
        lines = block.split("\n")
        at = next((n for n, line in enumerate(lines[:2]) if "-->" in line), None)
        times = _TIMES.match(lines[at].strip()) if at is not None else None
        if number == 0 or lines[0].startswith("NOTE"):
            note = html.unescape(block.removeprefix("NOTE").strip())
            found = re.search(r"^Language:\s*([\w-]+)", note, re.MULTILINE)
            language, draft = found[1] if found else language, draft_in(note) or draft
            lost["note"] += number > 0 and not found and not draft_in(note)
        elif lines[0].startswith("STYLE") and at is None:
            lost["style sheet"] += _styles(block, classes)
        elif lines[0].startswith("REGION") and at is None:
            lost["region"] += 1
        elif times is None or at is None:
            lost["block{s} without a caption"] += 1
        else:
            start, end = _seconds(times.groups()[:4]), _seconds(times.groups()[4:8])
            shown = marked(list(_runs("\n".join(lines[at + 1 :]), classes, lost)))
            lost["cue name"] += at == 1 and not lines[0].strip().isdigit()
            if not shown.lines or end < start:
                lost["caption{s} with an end before the start" if shown.lines else "caption{s} without text"] += 1
            else:
                captions.append(shown.caption(start, end, _place(times[9], lost)))
    captions.sort(key=lambda caption: (caption.start_s, caption.end_s))
    return Loaded(tuple(captions), language, None, warnings + left_behind(lost), draft)


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds = (int(part or 0) for part in parts[:3])
    return (((hours * 60 + minutes) * 60 + seconds) * 1000 + int((parts[3] or "0").ljust(3, "0"))) / 1000


def _styles(block: str, classes: dict[str, str]) -> bool:
    """Takes the colours of classes out of a style sheet; whether it says more than colours."""
    for name, rules in _RULE.findall(block):
        found = re.search(r"(?<![\w-])color:\s*([^;}]+)", rules)
        if found and colour(found[1]):
            classes[name] = colour(found[1])
    rest = re.sub(r"(?<![\w-])color:[^;}]*;?", "", _RULE.sub(lambda rule: rule[2], block))
    return bool(rest.removeprefix("STYLE").strip())


def _place(settings: str, lost: Counter[str]) -> int:
    """The nearest of nine places. Line numbers count fifteen rows, from the bottom where they are negative."""
    values = dict(pair.split(":", 1) for pair in settings.split() if ":" in pair)
    if "vertical" in values:
        lost["vertical caption"] += 1
        return 2
    row, column = 0, 1
    if found := re.match(r"(-?\d+(?:\.\d+)?)(%?)", values.get("line", "")):
        share = float(found[1]) / (100 if found[2] else 15) + (1 if float(found[1]) < 0 else 0)
        row = 2 if share < 1 / 3 else 1 if share < 2 / 3 else 0
    align = values.get("align", "")
    if found := re.match(r"(\d+(?:\.\d+)?)%", values.get("position", "")):
        column = 0 if float(found[1]) < 100 / 3 else 2 if float(found[1]) > 200 / 3 else 1
    elif align in ("start", "left", "end", "right"):
        column = 0 if align in ("start", "left") else 2
    exact = (values.get("line"), values.get("align")) not in _EXACT or set(values) - {"line", "align"}
    lost["place{s} to the percent (the nearest of nine is kept)"] += bool(exact)
    return row * 3 + column + 1


#: Settings that say one of the nine places and nothing more.
_EXACT = {
    (line, align) for line in (None, "50%", "0", "10%") for align in (None, "left", "right", "center", "start", "end")
}


def _runs(text: str, classes: dict[str, str], lost: Counter[str]) -> Iterator[Run]:
    """Runs of a cue's text; a span holds to its end tag, or to the end of what it lies in."""
    opened: list[tuple[str, dict[str, str]]] = [("", {})]
    at = 0
    for found in (*_TOKEN.finditer(text), None):
        piece = text[at : found.start() if found else len(text)]
        look = opened[-1][1]
        if "rt" in look:
            lost["reading{s} above characters"] += bool(piece.strip())
        else:
            yield html.unescape(piece), frozenset(look.items())
        if found is None:
            return
        at = found.end()
        closing, tag, names, annotation, moment = found.groups()
        if moment:
            lost["time{s} inside a caption"] += 1
        elif closing:
            depth = next((n for n in range(len(opened) - 1, 0, -1) if opened[n][0] == tag), len(opened))
            del opened[depth:]
        elif tag and len(opened) < _DEEPEST:
            opened.append((tag, look | _marks(tag, names, html.unescape(annotation or ""), classes, lost)))


def _marks(tag: str, names: str, annotation: str, classes: dict[str, str], lost: Counter[str]) -> dict[str, str]:
    """What a start tag adds to the look of its text."""
    marks = {_LETTERS.get(tag, tag): ""} if tag in (*_LETTERS, "rt") else {}
    if tag in ("v", "lang"):
        marks["speaker" if tag == "v" else "language"] = clean(annotation)
    for name in filter(None, names.split(".")):
        if name in classes:
            marks["colour"] = classes[name]
        else:
            lost["class{es} without a colour"] += 1
    return marks
