"""Timed text in XML (W3C TTML) and its three dialects: TTML1, the IMSC 1.1 text profile, EBU-TT-D (Tech 3380).

All three are written alike, with styles by reference and one region for each place on the screen: what is legal in
EBU-TT-D, the strictest, is legal in all. They differ in how they name themselves, and EBU-TT-D names no speakers.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ...core.errors import UnreadableMedia
from ...core.speech import Caption
from ..encodings import decode
from ..markup import PLAIN, Look, Run, colour, marked, styled
from ..text import clean
from . import Document, Event, Loaded, clock_ms, counted, draft_in, left_behind, unended_s

_TT = "http://www.w3.org/ns/ttml"
_NAMESPACES = {
    "": _TT,
    "ttm": _TT + "#metadata",
    "tts": _TT + "#styling",
    "ttp": _TT + "#parameter",
    "ebuttm": "urn:ebu:tt:metadata",
}
_COLUMNS = {1: "left", 2: "center", 0: "right"}
_ROWS = {1: ("bottom", "after"), 2: ("middle", "center"), 3: ("top", "before")}
_LOOKS = {
    ("italic", ""): ("italic", {"tts:fontStyle": "italic"}),
    ("bold", ""): ("bold", {"tts:fontWeight": "bold"}),
    ("underline", ""): ("underline", {"tts:textDecoration": "underline"}),
}


@dataclass(frozen=True)
class Dialect:
    """What a dialect says of itself on its root, which standards it lists, and whether it names speakers."""

    parameters: dict[str, str]
    standards: tuple[str, ...] = ()
    agents: bool = True


def render(document: Document, dialect: Dialect) -> str:
    """The file's text; times on the media's clock."""
    language = clean(document.transcript.language) or "und"
    events = list(document.events())
    root = ET.Element(_name("tt"), {"xml:lang": language, "xml:space": "preserve", _name("ttp:timeBase"): "media"})
    for name, value in dialect.parameters.items():
        root.set(_name(name), value)
    agents = _head(root, document, dialect, events)
    division = ET.SubElement(ET.SubElement(root, _name("body"), {"style": "text"}), _name("div"))
    for number, event in enumerate(events, 1):
        row, column = _ROWS[(event.position + 2) // 3][0], _COLUMNS[event.position % 3]
        paragraph = ET.SubElement(
            division,
            _name("p"),
            {"xml:id": f"c{number}", "begin": clock_ms(event.start_ms), "end": clock_ms(event.end_ms), "region": row},
        )
        if column != "center":
            paragraph.set("style", column)
        if event.language and event.language != language:
            paragraph.set("xml:lang", event.language)
        if event.speaker and dialect.agents:
            paragraph.set(_name("ttm:agent"), agents[event.speaker])
        for line in range(len(event.lines)):
            if line:
                ET.SubElement(paragraph, _name("br"))
            _line(paragraph, event, line, agents)
    return _serialised(root)


def _line(paragraph: ET.Element, event: Event, number: int, agents: dict[str, str]) -> None:
    """One span a look; a line with a speaker or language of its own says so on each of them."""
    own: dict[str, str] = {}
    if not event.language and event.line_languages[number]:
        own["xml:lang"] = event.line_languages[number]
    if not event.speaker and (agent := agents.get(event.line_speakers[number])):
        own[_name("ttm:agent")] = agent
    for text, look in styled(event.lines[number], event.spans(number)):
        span = ET.SubElement(paragraph, _name("span"), own)
        if look:
            span.set("style", " ".join(sorted(_style_of(*mark)[0] for mark in look)))
        span.text = text


def _style_of(kind: str, value: str) -> tuple[str, dict[str, str]]:
    """The id of the style of a mark, and its attributes."""
    return _LOOKS.get((kind, value)) or (f"colour{value[1:]}", {"tts:color": value})


def _head(root: ET.Element, document: Document, dialect: Dialect, events: list[Event]) -> dict[str, str]:
    """Metadata, styles, regions; returns the id of each speaker's agent."""
    head = ET.SubElement(root, _name("head"))
    metadata = ET.SubElement(head, _name("metadata"))
    ET.SubElement(metadata, _name("ttm:title")).text = "Subtitles"
    if document.draft:
        ET.SubElement(metadata, _name("ttm:desc")).text = document.draft
    if dialect.standards:
        listed = ET.SubElement(metadata, _name("ebuttm:documentMetadata"))
        for standard in dialect.standards:
            ET.SubElement(listed, _name("ebuttm:conformsToStandard")).text = standard
    agents: dict[str, str] = {}
    for speaker in (name for event in events for name in event.line_speakers if name and dialect.agents):
        if speaker not in agents:
            agents[speaker] = f"agent{len(agents) + 1}"
            agent = ET.SubElement(metadata, _name("ttm:agent"), {"xml:id": agents[speaker], "type": "person"})
            ET.SubElement(agent, _name("ttm:name"), {"type": "full"}).text = speaker
    styling = ET.SubElement(head, _name("styling"))
    plain = {
        "tts:color": "#ffffff", "tts:backgroundColor": "#00000000", "tts:fontFamily": "proportionalSansSerif",
        "tts:fontSize": "100%", "tts:lineHeight": "125%", "tts:textAlign": "center",
    }  # fmt: skip
    styles = {"text": plain}
    for event in events:
        column = _COLUMNS[event.position % 3]
        styles |= {} if column == "center" else {column: {"tts:textAlign": column}}
        styles |= dict(_style_of(span.kind, span.value) for span in event.styling)
    for ident, values in styles.items():
        ET.SubElement(styling, _name("style"), {"xml:id": ident, **{_name(k): v for k, v in values.items()}})
    layout = ET.SubElement(head, _name("layout"))
    for row in sorted({(event.position + 2) // 3 for event in events} or {1}):
        ident, align = _ROWS[row]
        values = {"tts:origin": "10% 10%", "tts:extent": "80% 80%", "tts:displayAlign": align}
        ET.SubElement(layout, _name("region"), {"xml:id": ident, **{_name(k): v for k, v in values.items()}})
    return agents


def _name(prefixed: str) -> str:
    prefix, _, local = prefixed.rpartition(":")
    return prefixed if prefix == "xml" else f"{{{_NAMESPACES[prefix]}}}{local}"


def _serialised(root: ET.Element) -> str:
    for prefix, namespace in _NAMESPACES.items():
        ET.register_namespace(prefix, namespace)
    for parent in root.iter():
        if parent.tag not in (_name("p"), _name("span")) and len(parent):  # white space in a paragraph would be shown
            parent.text = "\n"
            for child in parent:
                child.tail = "\n"
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)(?::(\d+)(?:\.\d+)?)?")
_OFFSET = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|f|t)")
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding=[\"']([\w.-]+)")
_PERCENT = re.compile(r"(-?\d+(?:\.\d+)?)%")
#: What captions cannot hold, by element, as a warning counts it.
_BEHIND = {"image": "picture", "set": "animation", "ruby": "ruby text"}


class _Place(NamedTuple):
    """What an element takes from its parents: times in seconds, speaker, language, look, alignment, region."""

    origin: float
    end: float | None
    speaker: str
    language: str
    look: Look
    align: str
    region: str


@dataclass
class _Reader:
    """One document's tables, and its captions as they are found."""

    root: ET.Element
    absolute: bool
    styles: dict[str, dict[str, str]] = field(default_factory=dict)
    regions: dict[str, dict[str, str]] = field(default_factory=dict)
    agents: dict[str, str] = field(default_factory=dict)
    captions: list[Caption] = field(default_factory=list)
    behind: Counter[str] = field(default_factory=Counter)
    endless: int = 0

    def __post_init__(self) -> None:
        parameters = _attributes(self.root)
        numerator, _, denominator = parameters.get("frameRateMultiplier", "1 1").replace(":", " ").partition(" ")
        self.frame_rate = float(parameters.get("frameRate", 30))
        if denominator:
            self.frame_rate *= float(numerator) / float(denominator)
        self.tick_rate = float(parameters.get("tickRate") or parameters.get("frameRate") or 1)
        for element in self.root.iter():
            kind, values = _local(element.tag), _attributes(element)
            ident = values.get("id", "")
            if kind == "style" and ident:
                self.styles[ident] = values
            elif kind == "region":
                nested = [_attributes(child) for child in element if _local(child.tag) == "style"]
                self.regions[ident] = {k: v for part in (*nested, values) for k, v in part.items()}
            elif kind == "agent":
                self.agents[ident] = " ".join("".join(element.itertext()).split())
            elif kind in _BEHIND:
                self.behind[_BEHIND[kind]] += 1

    def read(self) -> None:
        language = _attributes(self.root).get("lang", "")
        for body in self.root:
            if _local(body.tag) == "body":
                self._visit(body, _Place(0.0, None, "", language, PLAIN, "", ""))
        self.captions.sort(key=lambda caption: caption.start_s)
        self.captions = sorted(self._closed(), key=lambda caption: (caption.start_s, caption.end_s))

    def _visit(self, element: ET.Element, parent: _Place) -> float | None:
        """Takes the captions of an element; when it ends, None where nothing says so."""
        place = self._place(element, parent)
        kind = _local(element.tag)
        timed_inside = any(child.get("begin") or child.get("dur") for child in element.iter() if child is not element)
        if kind in ("p", "span") and (element.get("begin") or element.get("dur") or not timed_inside):
            shown = marked(self._runs(element, place))
            end = math.inf if place.end is None else place.end
            if shown.lines and end >= place.origin:
                spans = (child for child in element.iter() if child is not element and _local(child.tag) == "span")
                self.behind["word time"] += sum("begin" in child.attrib for child in spans)
                self.captions.append(shown.caption(place.origin, end, self._position(place)))
        elif kind in ("body", "div", "p", "span"):
            inside, in_turn = place, element.get("timeContainer") == "seq"
            for child in element:
                end_s = self._visit(child, inside)
                if in_turn and end_s is not None:
                    inside = inside._replace(origin=end_s)
        return place.end

    def _closed(self) -> Iterator[Caption]:
        """Captions that nothing ends stay until they are read: to the next one at the longest."""
        for n, caption in enumerate(self.captions):
            if math.isinf(caption.end_s):
                self.endless += 1
                end_s = caption.start_s + unended_s(caption.lines)
                following = (other.start_s for other in self.captions[n + 1 :] if other.start_s > caption.start_s)
                caption = replace(caption, end_s=min(end_s, next(following, end_s)))
            yield caption

    def _place(self, element: ET.Element, parent: _Place) -> _Place:
        values = self._resolved(element)
        begin, stop, length = (element.get(name) for name in ("begin", "end", "dur"))
        origin = 0.0 if self.absolute and begin else parent.origin
        end = origin + self._seconds(stop) if stop else parent.end
        origin += self._seconds(begin) if begin else 0.0
        end = origin + self._seconds(length) if length and not stop else end
        agent = values.get("agent", "")
        return _Place(
            origin,
            end,
            self.agents.get(agent, agent) or parent.speaker,
            values.get("lang", parent.language),
            _look(values, parent.look),
            values.get("textAlign", parent.align),
            values.get("region", parent.region),
        )

    def _resolved(self, element: ET.Element, depth: int = 0) -> dict[str, str]:
        """The attributes of an element, those of the styles it refers to first."""
        own = _attributes(element)
        return self._referred(own.get("style", ""), depth) | own

    def _referred(self, names: str, depth: int) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in names.split() if depth < 8 else ():  # styles may refer to styles, and badly to themselves
            values = self.styles.get(name, {})
            found |= self._referred(values.get("style", ""), depth + 1) | values
        return {key: value for key, value in found.items() if key not in ("id", "style", "lang")}

    def _runs(self, element: ET.Element, place: _Place) -> list[Run]:
        look = place.look | {("speaker", place.speaker), ("language", place.language)}
        runs: list[Run] = [((element.text or "").replace("\n", " "), look)]
        for child in element:
            kind = _local(child.tag)
            if kind == "br":
                runs.append(("\n", PLAIN))
            elif kind != "metadata":
                runs += self._runs(child, self._place(child, place._replace(origin=0.0, end=None)))
            runs.append(((child.tail or "").replace("\n", " "), look))
        return runs

    def _position(self, place: _Place) -> int:
        """As on a number pad: by where the region's text clings to, and how it is aligned."""
        region = self.regions.get(place.region, {})
        region = self._referred(region.get("style", ""), 0) | region
        column = {"left": 1, "start": 1, "right": 3, "end": 3}.get(place.align or region.get("textAlign", ""), 2)
        top = _percent(region.get("origin", ""), 1, 10.0)
        height = _percent(region.get("extent", ""), 1, 80.0)
        at = top + {"before": 0.0, "center": 0.5}.get(region.get("displayAlign", "after"), 1.0) * height
        return column + (6 if at < 34 else 3 if at < 60 else 0)

    def _seconds(self, expression: str) -> float:
        if found := _CLOCK.fullmatch(expression.strip()):
            hours, minutes, rest, frames = found.groups()
            return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(rest) + int(frames or 0) / self.frame_rate
        if found := _OFFSET.fullmatch(expression.strip()):
            units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "f": 1 / self.frame_rate, "t": 1 / self.tick_rate}
            return float(found[1]) * units[found[2]]
        raise ValueError(f"{expression!r} is no time")


def parse(data: bytes, name: str, encoding: str | None = None) -> Loaded:
    """The captions of any TTML, DFXP, ITT, IMSC or EBU-TT-D file. Raises UnreadableMedia, BadValue.

    Times in clock, frame and tick form, relative to their parents (timeContainer "par") but in Apple's lyrics, where
    they are absolute.
    """
    declared = _DECLARED.match(data)
    text, _, warnings = decode(data, name, encoding or (declared[1].decode() if declared else None))
    try:
        root = ET.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))  # noqa: S314 - expat bounds entity expansion
        reader = _Reader(root, "http://music.apple.com/" in text)
        reader.read()
    except (ET.ParseError, ValueError, ZeroDivisionError) as error:
        raise UnreadableMedia(
            f"{name} cannot be read as timed text: {error}.", value=name, remedy="Open and save it in an editor."
        ) from error
    described = (clean("".join(e.itertext())) for e in root.iter() if _local(e.tag) == "desc")
    draft = next((found for text in described if (found := draft_in(text))), "")
    language = _attributes(root).get("lang", "")
    notes = [*warnings, *left_behind(reader.behind)]
    if reader.endless:
        notes.append(f"No end is given for {counted(reader.endless, 'caption')}, shown as long as reading takes.")
    return Loaded(tuple(reader.captions), language, None, tuple(notes), draft)


def _attributes(element: ET.Element) -> dict[str, str]:
    return {_local(key): value for key, value in element.attrib.items()}


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]


def _look(values: dict[str, str], parent: Look) -> Look:
    """A parent's look as an element's style attributes change it."""
    look = dict(parent)
    for attribute, kind, off in (
        ("fontStyle", "italic", ("normal",)),
        ("fontWeight", "bold", ("normal",)),
        ("textDecoration", "underline", ("none", "noUnderline")),
    ):
        value = values.get(attribute)
        if value in off:
            look.pop(kind, None)
        elif value in ("italic", "oblique", "bold", "underline"):
            look[kind] = ""
    if value := colour(values.get("color", "")):
        look["colour"] = value
    return frozenset(look.items())


def _percent(pair: str, which: int, default: float) -> float:
    found = _PERCENT.findall(pair)
    return float(found[which]) if len(found) > which else default
