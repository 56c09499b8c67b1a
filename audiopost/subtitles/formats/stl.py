"""EBU STL (Tech 3264): a 1024-byte GSI block and 128-byte TTI blocks, teletext rows in the Latin code table.

Read by ttconv, written here: double-height boxed rows on level 1 teletext, 25 or 30 frames a second. A row has 40
cells, of which control codes take three; a longer line is wrapped. Speakers and languages have no place in the format.
"""

from __future__ import annotations

import datetime
import io
import os
import struct
import unicodedata
from dataclasses import replace
from fractions import Fraction
from typing import Any

from ...core.errors import BadValue, UnreadableMedia
from ...core.speech import Caption
from ...core.time import FrameRate, Timebase
from ..text import base, clean_lines
from . import Document, Loaded
from .rows import fitted, nearest_colour
from .ttconv_model import captions_of, said

HOLDS = frozenset({"text", "times", "ends", "lines", "position", "colour", "language"})

_CELLS = 37
_MOST_ROWS = 5
_DOUBLE_HEIGHT, _START_BOX, _END_BOX, _NEW_LINE, _UNUSED = b"\x0d", b"\x0b\x0b", b"\x0a\x0a", b"\x8a\x8a", b"\x8f"
_LOWEST_ROW, _TOP_ROW = 22, 2
_TEXT_SIZE = 112
#: Teletext's alpha colours by their code.
_COLOURS = ("#000000", "#ff0000", "#00ff00", "#ffff00", "#0000ff", "#ff00ff", "#00ffff", "#ffffff")

#: ISO 6937 as Tech 3264 has it, from 0xA0; a space where a code is not used or begins a letter with an accent.
_UPPER = "\u00a0¡¢£$¥ §¤‘“«←↑→↓°±²³×µ¶·÷’”»¼½¾¿                —¹®©™♪¬¦    ⅛⅜⅝⅞ΩÆÐªĦ ĲĿŁØŒºÞŦŊŉĸæđðħıĳŀłøœßþŧŋ"
_CODES = {char: 0xA0 + n for n, char in enumerate(_UPPER) if char != " "} | {chr(n): n for n in range(0x20, 0x7F)}
_CODES["$"] = 0xA4
#: Combining mark to the code that goes before its letter.
_ACCENTS = {
    "\u0300": 0xC1, "\u0301": 0xC2, "\u0302": 0xC3, "\u0303": 0xC4, "\u0304": 0xC5, "\u0306": 0xC6, "\u0307": 0xC7,
    "\u0308": 0xC8, "\u030a": 0xCA, "\u0327": 0xCB, "\u030b": 0xCD, "\u0328": 0xCE, "\u030c": 0xCF,
}  # fmt: skip
#: What the table lacks and what stands for it.
_STANDS_FOR = str.maketrans({"…": "...", "⋯": "...", "–": "-", "‐": "-", "‑": "-", "―": "—", "♫": "♪", "\u00ad": ""})

_LANGUAGES = {
    "sq": "01", "br": "02", "ca": "03", "hr": "04", "cy": "05", "cs": "06", "da": "07", "de": "08", "en": "09",
    "es": "0A", "eo": "0B", "et": "0C", "eu": "0D", "fo": "0E", "fr": "0F", "fy": "10", "ga": "11", "gd": "12",
    "gl": "13", "is": "14", "it": "15", "la": "17", "lv": "18", "lb": "19", "lt": "1A", "hu": "1B", "mt": "1C",
    "nl": "1D", "no": "1E", "nb": "1E", "oc": "1F", "pl": "20", "pt": "21", "ro": "22", "rm": "23", "sr": "24",
    "sk": "25", "sl": "26", "fi": "27", "sv": "28", "tr": "29", "wa": "2B",
}  # fmt: skip
_TAGS = {code: tag for tag, code in reversed(_LANGUAGES.items())}


def render(document: Document) -> bytes:
    """The file's bytes. Raises BadValue for a frame rate other than 25 or 30, and for what is not Latin script."""
    timebase = document.timebase
    if timebase.rate.nominal not in (25, 30):
        raise BadValue(
            f"EBU STL exists at 25 and 30 frames a second, not at {timebase.rate}.",
            value=str(timebase.rate),
            choices=("25", "29.97", "29.97df", "30"),
            remedy="Convert to one of them: audiopost subtitles convert A B --fps 25.",
        )
    blocks, shown = [], [c for c in document.captions if clean_lines(c.lines)]
    for number, caption in enumerate(shown):
        blocks += _text_blocks(number, caption, timebase)
    first = timebase.timecode(shown[0].start_s) if shown else timebase.rate.timecode(timebase.start_frame)
    head = _general(document, timebase, first.replace(":", "").replace(";", ""), len(blocks), len(shown))
    return head + b"".join(blocks)


def _general(document: Document, timebase: Timebase, first: str, blocks: int, subtitles: int) -> bytes:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.datetime.fromtimestamp(float(epoch), datetime.UTC) if epoch else datetime.datetime.now(datetime.UTC)
    date = f"{now:%y%m%d}"
    start = "".join(char for char in timebase.start_timecode if char.isdigit())
    language = _LANGUAGES.get(base(document.transcript.language), "00")
    fields: list[tuple[int, str]] = [
        (3, "850"), (8, f"STL{timebase.rate.nominal}.01"), (1, "1"), (2, "00"), (2, language),
        (32, document.name[:32]), (32, ""), (32, ""), (32, ""), (32, ""), (32, ""), (16, ""), (6, date), (6, date),
        (2, "00"), (5, f"{blocks:05d}"), (5, f"{subtitles:05d}"), (3, "001"), (2, "40"), (2, "23"), (1, "1"),
        (8, start), (8, first), (1, "1"), (1, "1"), (3, ""), (32, ""), (32, ""), (32, ""), (75, ""), (576, ""),
    ]  # fmt: skip
    return b"".join(text.ljust(size).encode("cp850", "replace") for size, text in fields)


def _text_blocks(number: int, caption: Caption, timebase: Timebase) -> list[bytes]:
    lines = clean_lines(caption.lines)
    rows = [row for n, line in enumerate(lines) for row in _rows(caption, n, line)]
    if len(rows) > _MOST_ROWS:
        raise BadValue(
            f"Caption {number + 1} takes {len(rows)} teletext rows, at most {_MOST_ROWS} can be shown.",
            value=caption.text,
            remedy="Lay it out anew: --style ebu-teletext.",
        )
    text = _NEW_LINE.join(rows)
    # A letter with its accent stays in one block.
    pieces = []
    while len(text) > _TEXT_SIZE:
        cut = _TEXT_SIZE - (0xC1 <= text[_TEXT_SIZE - 1] <= 0xCF)
        pieces.append(text[:cut])
        text = text[cut:]
    pieces.append(text)
    height = 2 * (len(rows) - 1)
    row = {3: _TOP_ROW, 2: (_LOWEST_ROW - height) // 2, 1: _LOWEST_ROW - height}[(caption.position + 2) // 3]
    justified = {1: 1, 2: 2, 0: 3}[caption.position % 3]
    begin, end = (_frames(timebase.timecode(at)) for at in (caption.start_s, caption.end_s))
    return [
        struct.pack("<BHBB4s4sBBB", 0, number, 0xFF if n + 1 == len(pieces) else n, 0, begin, end, row, justified, 0)
        + piece.ljust(_TEXT_SIZE, _UNUSED)
        for n, piece in enumerate(pieces)
    ]


def _rows(caption: Caption, number: int, line: str) -> list[bytes]:
    """A line as teletext rows; a colour holds for the whole of it, as its first character has it."""
    colour = next((s.value for s in caption.styling if s.kind == "colour" and s.line == number and s.start == 0), "")
    code = bytes([_COLOURS.index(nearest_colour(colour, _COLOURS[1:]))]) if colour else b""
    made = []
    for row in fitted(line.translate(_STANDS_FOR), _CELLS - len(code)):
        box = _END_BOX if len(row) + len(code) <= _CELLS - 2 else b""  # a full row ends its box by itself
        made.append(_DOUBLE_HEIGHT + code + _START_BOX + encode(row) + box)
    return made


def encode(text: str) -> bytes:
    """Text in the Latin table (ISO 6937). Raises BadValue naming the first character it lacks."""
    out = bytearray()
    for char in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFKD", char)
        if (code := _CODES.get(char)) is not None:
            out.append(code)
        elif len(parts) == 2 and parts[1] in _ACCENTS and parts[0] in _CODES:
            out += bytes((_ACCENTS[parts[1]], _CODES[parts[0]]))
        else:
            raise BadValue(
                f"EBU STL's Latin table has no {char!r} ({unicodedata.name(char, 'unnamed')}).",
                value=char,
                remedy="Chinese and other scripts go into ttml, imsc, ebu-tt-d, srt, vtt or ass.",
            )
    return bytes(out)


def _frames(timecode: str) -> bytes:
    return bytes(int(part) for part in timecode.replace(";", ":").split(":"))


def parse(data: bytes, name: str, encoding: str | None = None) -> Loaded:
    """Captions on the programme's own clock (its start timecode taken off). Raises UnreadableMedia."""
    from ttconv.stl import reader

    if len(data) < 1024 or data[3:6] != b"STL" or not data[6:8].isdigit():
        raise UnreadableMedia(f"{name} is no EBU STL file.", value=name, remedy="Its bytes 3 to 10 say STL25.01.")
    rate = FrameRate.parse(data[6:8].decode())
    language = _TAGS.get(data[14:16].decode("ascii", "replace").upper(), "")
    whole = 1024 + (len(data) - 1024) // 128 * 128
    start = data[256:264].decode("ascii", "replace")
    offset_s = _start_s(start, rate)
    try:
        with said() as warnings:
            document: Any = reader.to_model(io.BytesIO(data[:whole]))
        captions = captions_of(document, language, offset_s)
    except (ValueError, KeyError, IndexError, struct.error, UnicodeError) as error:
        raise UnreadableMedia(f"{name} cannot be read as EBU STL: {error}.", value=name) from error
    # Tech 3264 has the dollar at A4, where ttconv reads the sign for any currency, which nobody writes.
    captions = tuple(replace(c, lines=tuple(line.replace("¤", "$") for line in c.lines)) for c in captions)
    if whole != len(data):
        warnings.append("the last block is cut short and was left out")
    if offset_s:
        warnings.append(f"times count from the programme's start at {start[:2]}:{start[2:4]}:{start[4:6]}:{start[6:]}")
    return Loaded(captions, language, None, tuple(warnings))


def _start_s(start: str, rate: FrameRate) -> Fraction:
    """The start of the programme in seconds, 0 where it is not stated."""
    if not start.isdigit():
        return Fraction(0)
    try:
        return rate.parse_timecode(":".join(start[i : i + 2] for i in range(0, 8, 2))) / rate.fraction
    except BadValue:
        return Fraction(0)
