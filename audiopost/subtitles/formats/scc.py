"""SCC (CEA-608 in Scenarist's form): pop-on captions, 32 characters a row, 29.97 frames a second, Latin script only.

Read by ttconv; the codes are its tables too. Its writer leaves out captions that follow each other closely and puts
spaces for what it cannot spell, so the stream is put together here: each caption is loaded before its in-time, two
bytes a frame, and shows late where the caption before took the line for longer.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...core.errors import BadValue, UnreadableMedia
from ...core.speech import Caption
from ...core.time import FrameRate, Timebase
from ..encodings import decode
from ..text import clean_lines
from . import Document, Loaded
from .rows import fitted
from .ttconv_model import captions_of, said

log = logging.getLogger("audiopost")

HOLDS = frozenset({"text", "times", "ends", "lines", "position"})

_CELLS, _MOST_ROWS, _LOWEST_ROW = 32, 4, 15
_MAGIC = "Scenarist_SCC V1.0"
#: What CEA-608 lacks and what stands for it; ttconv's table has the dash as a heavy line.
_STANDS_FOR = str.maketrans(
    {"…": "...", "⋯": "...", "–": "-", "‐": "-", "‑": "-", "’": "'", "♫": "♪", "—": "━", "\u00ad": "", "\u00a0": " "}
)

#: Two-byte words; a command is sent twice.
_Token = tuple[int, ...]


def render(document: Document) -> str:
    """The file's text. Raises BadValue for a rate other than 29.97 or 30, and for what CEA-608 cannot spell."""
    timebase = _timebase(document.timebase)
    lines = [f"{_MAGIC}\n"]
    # The first frame at which the line is free: a programme that starts at an hour may load before it.
    free, late, erase = -timebase.start_frame, 0, None
    for number, caption in enumerate(document.captions, 1):
        rows = [row for line in clean_lines(caption.lines) for row in fitted(line.translate(_STANDS_FOR), _CELLS)]
        if not rows:
            continue
        if len(rows) > _MOST_ROWS:
            raise BadValue(
                f"Caption {number} takes {len(rows)} rows of {_CELLS} characters, SCC shows {_MOST_ROWS}.",
                value=caption.text,
                remedy="Lay it out anew with shorter captions: --style ebu-teletext.",
            )
        wanted, end = timebase.rate.frame_at(caption.start_s), timebase.rate.frame_at(caption.end_s)
        tokens = list(_load(rows, caption))
        shown_after = sum(map(len, tokens)) - 2
        begin = max(free, wanted - shown_after)
        if erase is not None and erase < wanted:
            if erase + 2 <= begin:
                lines.append(_line(timebase, max(erase, free), [_command("EDM")]))
                free = max(erase, free) + 2
                begin = max(free, wanted - shown_after)
            else:
                begin = max(free, begin - 2)
                tokens = _inserted(tokens, max(0, erase - begin))
                shown_after += 2
        late += begin + shown_after > wanted + 1
        lines.append(_line(timebase, begin, tokens))
        free, erase = begin + shown_after + 2, end
    if erase is not None:
        lines.append(_line(timebase, max(free, erase), [_command("EDM")]))
    if late:
        log.warning("scc: %d captions show late, the line was busy with the one before", late)
    return "\n".join(lines)


def _timebase(timebase: Timebase) -> Timebase:
    if timebase.rate.nominal != 30:
        raise BadValue(
            f"SCC exists at 29.97 frames a second, not at {timebase.rate}.",
            value=str(timebase.rate),
            choices=("29.97", "29.97df", "30"),
            remedy="Convert to it: audiopost subtitles convert A B.scc --fps 29.97df.",
        )
    return timebase


def _load(rows: list[str], caption: Caption) -> Iterator[_Token]:
    """The words that fill the hidden memory with a caption and swap it onto the screen."""
    from ttconv.scc.codes.preambles_address_codes import SccPreambleAddressCode
    from ttconv.style_properties import NamedColors

    yield _command("RCL")
    yield _command("ENM")
    top = {3: 1, 2: 8 - len(rows) // 2, 1: _LOWEST_ROW + 1 - len(rows)}[(caption.position + 2) // 3]
    for number, row in enumerate(rows, top):
        indent = {1: 0, 2: (_CELLS - len(row)) // 2, 0: _CELLS - len(row)}[caption.position % 3]
        code = SccPreambleAddressCode(1, number, NamedColors.white, 4 * (indent // 4), False, False)
        yield (code.get_ch1_packet(),) * 2
        yield from _spelled(" " * (indent % 4) + row)
    yield _command("EOC")


def _command(name: str) -> _Token:
    from ttconv.scc.codes.control_codes import SccControlCode

    return (SccControlCode[name].get_ch1_value(),) * 2


def _spelled(text: str) -> Iterator[_Token]:
    """Characters as words: standard ones two by two, special and extended ones alone. Raises BadValue."""
    from ttconv.scc.codes.characters import TO_SCC_BYTES
    from ttconv.scc.codes.extended_characters import SccExtendedCharacter
    from ttconv.scc.codes.special_characters import SccSpecialCharacter

    wide = {char.get_unicode_value(): char.get_ch1_value() for char in (*SccExtendedCharacter, *SccSpecialCharacter)}
    special = {char.get_unicode_value() for char in SccSpecialCharacter}
    pending: list[int] = []
    for char in text:
        standard = TO_SCC_BYTES.get(char)
        if standard is None and char not in wide:
            raise BadValue(
                f"SCC cannot spell {char!r} ({unicodedata.name(char, 'unnamed')}): CEA-608 has Latin letters only.",
                value=char,
                remedy="Chinese and other scripts go into ttml, imsc, ebu-tt-d, srt, vtt or ass.",
            )
        if standard is None and char not in special:
            # An extended character takes the place of the one before it, which older decoders show instead.
            plain = unicodedata.normalize("NFD", char)[0]
            pending.append(TO_SCC_BYTES.get(plain, TO_SCC_BYTES["-"]))
        elif standard is not None:
            pending.append(standard)
        if len(pending) == 2 or (standard is None and pending):
            yield (pending[0] << 8 | (pending[1] if len(pending) == 2 else 0),)
            pending = []
        if standard is None:
            yield (wide[char],) * 2
    if pending:
        yield (pending[0] << 8,)


def _inserted(tokens: list[_Token], at: int) -> list[_Token]:
    """Tokens with the command that clears the screen put in at frame `at`, never between a command and its repeat."""
    frame = 0
    for n, token in enumerate(tokens):
        if frame >= at or n == len(tokens) - 1:
            return [*tokens[:n], _command("EDM"), *tokens[n:]]
        frame += len(token)
    return tokens


def _line(timebase: Timebase, frame: int, tokens: list[_Token]) -> str:
    words = " ".join(f"{_parity(word >> 8):02x}{_parity(word & 0xFF):02x}" for token in tokens for word in token)
    return f"{timebase.rate.timecode(timebase.start_frame + frame)}\t{words}\n"


def _parity(octet: int) -> int:
    """With the eighth bit set where that makes the number of ones odd."""
    return octet if octet.bit_count() % 2 else octet | 0x80


def parse(data: bytes, name: str, encoding: str | None = None) -> Loaded:
    """Captions at the file's own timecode, in seconds from 00:00:00:00. Raises UnreadableMedia."""
    from ttconv.scc import reader

    text = decode(data, name, encoding).text
    if not text.lstrip().startswith("Scenarist_SCC"):
        raise UnreadableMedia(f"{name} is no SCC file.", value=name, remedy=f"Its first line says {_MAGIC}.")
    try:
        with said() as warnings:
            document: Any = reader.to_model(text)
        captions = tuple(
            replace(caption, lines=tuple(line.replace("━", "—") for line in caption.lines))
            for caption in captions_of(document, "")
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise UnreadableMedia(f"{name} cannot be read as SCC: {error}.", value=name) from error
    if captions and captions[0].start_s >= 3000:
        start = FrameRate.parse("29.97df").timecode(round(captions[0].start_s * 30000 / 1001))
        warnings.append(f"the first caption stands at {start}: take the programme's start off with --offset")
    return Loaded(captions, "", None, tuple(warnings))
