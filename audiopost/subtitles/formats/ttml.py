"""TTML: the IMSC 1.1 text profile (W3C), which EBU-TT-D readers and broadcasters take; speakers as ttm:agent."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from ..text import clean
from . import Document, clock_ms

_TT = "http://www.w3.org/ns/ttml"
_NAMESPACES = {
    "": _TT,
    "ttm": _TT + "#metadata",
    "tts": _TT + "#styling",
    "ttp": _TT + "#parameter",
}
_PROFILE = "http://www.w3.org/ns/ttml/profile/imsc1.1/text"


def render(document: Document) -> str:
    """TTML text: one region at the bottom, one paragraph a caption, times on the media's clock."""
    language = clean(document.transcript.language) or "und"
    root = ET.Element(
        _name("tt"),
        {
            "xml:lang": language,
            "xml:space": "preserve",
            _name("ttp:timeBase"): "media",
            _name("ttp:contentProfiles"): _PROFILE,
            _name("ttp:cellResolution"): "32 15",
        },
    )
    agents = _head(root, document)
    division = ET.SubElement(ET.SubElement(root, _name("body"), {"style": "text"}), _name("div"))
    for number, (start, end, lines, speaker, spoken) in enumerate(document.events(), 1):
        paragraph = ET.SubElement(
            division,
            _name("p"),
            {"xml:id": f"c{number}", "begin": clock_ms(start), "end": clock_ms(end), "region": "bottom"},
        )
        if spoken and spoken != language:
            paragraph.set("xml:lang", clean(spoken))
        if speaker:
            paragraph.set(_name("ttm:agent"), agents[speaker])
        paragraph.text = lines[0]
        for line in lines[1:]:
            ET.SubElement(paragraph, _name("br")).tail = line
    return _serialised(root)


def _head(root: ET.Element, document: Document) -> dict[str, str]:
    """Metadata, one style, one region; returns the id of each speaker's agent."""
    head = ET.SubElement(root, _name("head"))
    metadata = ET.SubElement(head, _name("metadata"))
    ET.SubElement(metadata, _name("ttm:title")).text = "Subtitles"
    if document.draft:
        ET.SubElement(metadata, _name("ttm:desc")).text = document.draft
    agents: dict[str, str] = {}
    for speaker in (event.speaker for event in document.events()):
        if speaker and speaker not in agents:
            agents[speaker] = f"agent{len(agents) + 1}"
            agent = ET.SubElement(metadata, _name("ttm:agent"), {"xml:id": agents[speaker], "type": "person"})
            ET.SubElement(agent, _name("ttm:name"), {"type": "full"}).text = speaker
    style = {
        "xml:id": "text",
        _name("tts:color"): "white",
        _name("tts:backgroundColor"): "transparent",
        _name("tts:fontFamily"): "proportionalSansSerif",
        _name("tts:fontSize"): "100%",
        _name("tts:lineHeight"): "125%",
        _name("tts:textAlign"): "center",
    }
    region = {
        "xml:id": "bottom",
        _name("tts:origin"): "10% 10%",
        _name("tts:extent"): "80% 80%",
        _name("tts:displayAlign"): "after",
        _name("tts:showBackground"): "whenActive",
    }
    ET.SubElement(ET.SubElement(head, _name("styling")), _name("style"), style)
    ET.SubElement(ET.SubElement(head, _name("layout")), _name("region"), region)
    return agents


def _name(prefixed: str) -> str:
    prefix, _, local = prefixed.rpartition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}" if prefix else f"{{{_TT}}}{local}"


def _serialised(root: ET.Element) -> str:
    ET.register_namespace("", _TT)
    for prefix in ("ttm", "tts", "ttp"):
        ET.register_namespace(prefix, _NAMESPACES[prefix])
    for parent in root.iter():
        if parent.tag != _name("p") and len(parent):  # white space inside a paragraph would be shown
            parent.text = "\n"
            for child in parent:
                child.tail = "\n"
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


#: (start_s, end_s, lines, speaker) of one caption.
Read = tuple[float, float, list[str], str | None]

_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)(?::(\d+)(?:\.\d+)?)?")
_OFFSET = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|f|t)")


def parse(text: str) -> list[Read]:
    """The captions of a TTML, DFXP, IMSC or EBU-TT-D file. Raises ValueError (ParseError among them) for what is none.

    Times in clock, frame and tick form, relative to their parents (timeContainer "par") but in Apple's lyrics, where
    they are absolute; styling is left out.
    """
    root = ET.fromstring(text)  # noqa: S314 - expat bounds entity expansion
    parameters = {_local(key): value for key, value in root.attrib.items() if _local(key) != "lang"}
    numerator, _, denominator = parameters.get("frameRateMultiplier", "1 1").replace(":", " ").partition(" ")
    frame_rate = float(parameters.get("frameRate", 30))
    if denominator:
        frame_rate *= float(numerator) / float(denominator)
    tick_rate = float(parameters.get("tickRate") or parameters.get("frameRate") or 1)
    agents = {
        value: " ".join("".join(element.itertext()).split())
        for element in root.iter()
        if _local(str(element.tag)) == "agent"
        for key, value in element.attrib.items()
        if _local(key) == "id"
    }
    absolute = "http://music.apple.com/" in text
    events: list[Read] = []

    def seconds(expression: str) -> float:
        if found := _CLOCK.fullmatch(expression.strip()):
            hours, minutes, rest, frames = found.groups()
            return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(rest) + int(frames or 0) / frame_rate
        if found := _OFFSET.fullmatch(expression.strip()):
            units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "f": 1 / frame_rate, "t": 1 / tick_rate}
            return float(found[1]) * units[found[2]]
        raise ValueError(f"{expression!r} is no time")

    def visit(element: ET.Element, origin: float, end: float | None, speaker: str | None) -> None:
        begin, stop, length = (element.get(name) for name in ("begin", "end", "dur"))
        speaker = next((agents.get(v, v) for k, v in element.attrib.items() if _local(k) == "agent"), speaker)
        origin = 0.0 if absolute and begin else origin
        end = origin + seconds(stop) if stop else end
        origin += seconds(begin) if begin else 0.0
        end = origin + seconds(length) if length and not stop else end
        name = _local(str(element.tag))
        if name in ("p", "span") and end is not None and (begin or not any(c.get("begin") for c in element.iter())):
            lines = [line for line in map(clean, _text(element).split("\n")) if line]
            if lines and end >= origin:
                events.append((origin, end, lines, speaker))
        elif name in ("body", "div", "p", "span"):
            for child in element:
                visit(child, origin, end, speaker)

    for body in root:
        if _local(str(body.tag)) == "body":
            visit(body, 0.0, None, None)
    return events


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _text(element: ET.Element) -> str:
    """Text with line feeds for <br/> alone; metadata inside is no text."""
    parts = [" ".join((element.text or "").split("\n"))]
    for child in element:
        name = _local(str(child.tag))
        parts.append("\n" if name == "br" else "" if name == "metadata" else _text(child))
        parts.append(" ".join((child.tail or "").split("\n")))
    return "".join(parts)
