"""The two XML dialects of Final Cut: version 7's, which Premiere and Resolve import, and FCPXML.

Written here: the OTIO adapters know no drop-frame timecode and no markers on an empty timeline.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ...core.time import FrameRate
from ...io.atomic import write_bytes
from ..spotting import Spotting
from .marks import Mark, marks, one_line, timecode


def _text(parent: Element, tag: str, value: object) -> Element:
    child = SubElement(parent, tag)
    child.text = str(value)
    return child


def _document(root: Element, doctype: str) -> bytes:
    ElementTree.indent(root)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE {doctype}>\n'
    body: str = ElementTree.tostring(root, encoding="unicode")
    return f"{head}{body}\n".encode()


def final_cut_7(spotting: Spotting) -> bytes:
    """A sequence of the recording's length and timecode, cues as markers with duration, hit points as markers.

    Premiere imports markers in this form. No clips: it would ask for the media of each. Frames count
    from the sequence's start (Final Cut Pro XML Interchange Format, version 4).
    """
    timebase, length = spotting.timebase, spotting.timebase.rate.frame_at(spotting.end_s)
    root = Element("xmeml", version="4")
    sequence = SubElement(root, "sequence", id="sequence-1")
    _text(sequence, "name", one_line(spotting.name))
    _text(sequence, "duration", length)
    _rate(sequence, timebase.rate)
    clock = SubElement(sequence, "timecode")
    _rate(clock, timebase.rate)
    _text(clock, "string", timecode(timebase, 0))
    _text(clock, "frame", timebase.start_frame)
    _text(clock, "displayformat", "DF" if timebase.rate.drop_frame else "NDF")
    media = SubElement(sequence, "media")
    picture = SubElement(SubElement(SubElement(media, "video"), "format"), "samplecharacteristics")
    _rate(picture, timebase.rate)
    _text(picture, "width", 1920)
    _text(picture, "height", 1080)
    SubElement(media.find("video") or media, "track")
    SubElement(SubElement(media, "audio"), "track")
    for mark in marks(spotting):
        marker = SubElement(sequence, "marker")
        _text(marker, "name", mark.name)
        _text(marker, "comment", mark.note)
        _text(marker, "in", mark.start)
        _text(marker, "out", -1 if mark.is_hit else mark.end)
    return _document(root, "xmeml")


def _rate(parent: Element, rate: FrameRate) -> None:
    child = SubElement(parent, "rate")
    _text(child, "timebase", rate.nominal)
    _text(child, "ntsc", "FALSE" if rate.fraction.denominator == 1 else "TRUE")


def write_final_cut_7(path: Path, spotting: Spotting) -> Path:
    """`final_cut_7` as a file. Raises OutputError."""
    return write_bytes(path, final_cut_7(spotting))


def fcpxml(spotting: Spotting) -> bytes:
    """A project whose one gap, as long as the recording, carries a marker for each cue's in and out and each hit point.

    FCPXML 1.9. Times are fractions of a second, exact to the frame. Markers have no length in Final Cut Pro, which is
    why a cue has two.
    """
    timebase = spotting.timebase
    frame = 1 / timebase.rate.fraction
    length, start = max(timebase.rate.frame_at(spotting.end_s), 1) * frame, timebase.start_frame * frame
    root = Element("fcpxml", version="1.9")
    resources = SubElement(root, "resources")
    SubElement(resources, "format", id="r1", frameDuration=_seconds(frame), width="1920", height="1080")
    event = SubElement(SubElement(root, "library"), "event", name="audiopost")
    project = SubElement(event, "project", name=one_line(spotting.name))
    sequence = SubElement(
        project,
        "sequence",
        format="r1",
        duration=_seconds(length),
        tcStart=_seconds(start),
        tcFormat="DF" if timebase.rate.drop_frame else "NDF",
    )
    gap = SubElement(
        SubElement(sequence, "spine"),
        "gap",
        name="Music cues",
        offset=_seconds(start),
        start=_seconds(start),
        duration=_seconds(length),
    )
    for at, name, note in sorted(_points(spotting)):
        where = _seconds(start + at * frame)
        marker = SubElement(gap, "marker", start=where, duration=_seconds(frame), value=name)
        if note:
            marker.set("note", note)
    return _document(root, "fcpxml")


def _points(spotting: Spotting) -> list[tuple[int, str, str]]:
    """Frame, name and note of each marker."""
    points: list[tuple[int, str, str]] = []
    found: list[Mark] = marks(spotting)
    for mark in found:
        points.append((mark.start, mark.name, mark.note))
        if not mark.is_hit:
            points.append((mark.end, f"{mark.cue.label} out", ""))
    return points


def _seconds(time: Fraction) -> str:
    return f"{time.numerator}s" if time.denominator == 1 else f"{time.numerator}/{time.denominator}s"


def write_fcpxml(path: Path, spotting: Spotting) -> Path:
    """`fcpxml` as a file. Raises OutputError."""
    return write_bytes(path, fcpxml(spotting))
