"""A font for PDF pages that holds Chinese: one of the system's, only the characters that are used, embedded.

reportlab embeds TrueType outlines. Most Chinese fonts of today (Noto Sans CJK, Source Han) have PostScript ones: those
characters' curves are drawn anew as quadratic ones (fontTools' cu2qu), to a thousandth of the type size. Where a system
has no Chinese font, the page names one of Adobe's CID fonts, which readers bring along or ask for.
"""

from __future__ import annotations

import functools
import hashlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

#: Files that hold both Chinese scripts, best first; and the face to take from a collection, by language.
_FILES = (
    "NotoSansCJK-Regular.ttc", "NotoSansCJKtc-Regular.otf", "NotoSansHK-Regular.otf", "NotoSansTC-Regular.otf",
    "SourceHanSans-Regular.ttc", "SourceHanSansTC-Regular.otf", "PingFang.ttc", "msjh.ttc", "msyh.ttc",
    "STHeiti Light.ttc", "Arial Unicode.ttf", "wqy-zenhei.ttc", "wqy-microhei.ttc", "DroidSansFallbackFull.ttf",
    "DroidSansFallback.ttf", "uming.ttc", "NotoSansSC-Regular.otf", "simsun.ttc",
)  # fmt: skip
_FACES = {"zh-hant": ("HK", "TC", "TW"), "zh-hans": ("SC", "CN"), "en": ("TC", "HK", "SC")}
#: Adobe's CID fonts, which are not embedded.
_CID = {"zh-hant": "MSung-Light", "zh-hans": "STSong-Light", "en": "MSung-Light"}
#: How far a curve may move, in units of a thousandth of the type size.
_CURVE_ERROR = 1.0


#: Fonts that every reader has, for Western text.
WESTERN = ("Helvetica", "Helvetica-Bold")


def fonts_for(text: str, language: str) -> tuple[str, str]:
    """Names, registered with reportlab, of a plain and a bold font for a page that holds `text`.

    WESTERN where that holds it; else Chinese ones, the bold one being the plain where there is no other.
    """
    if western(text):
        return WESTERN
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    file = next(_installed(), None)
    font = _embedded(file, text, language) if file else None
    if file is None or font is None:
        font = UnicodeCIDFont(_CID[language])
    pdfmetrics.registerFont(font)
    heavy = file.with_name(file.name.replace("Regular", "Bold")) if file else None
    bold = _embedded(heavy, text, language, "Bold") if heavy and heavy != file and heavy.exists() else None
    pdfmetrics.registerFont(bold or font)
    return font.fontName, (bold or font).fontName


def western(text: str) -> bool:
    """Whether fonts of WESTERN have all characters."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _folders() -> Iterator[Path]:
    home = Path.home()
    if sys.platform == "win32":
        yield Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"
    elif sys.platform == "darwin":
        yield from (home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts"))
    else:
        yield from (home / ".local/share/fonts", home / ".fonts", Path("/usr/local/share/fonts"))
        yield Path("/usr/share/fonts")


def _installed() -> Iterator[Path]:
    """The fonts of _FILES that are here, best first."""
    found: dict[str, Path] = {}
    for folder in _folders():
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            found.setdefault(path.name, path)
    yield from (found[name] for name in _FILES if name in found)


def _embedded(file: Path, text: str, language: str, weight: str = "Regular") -> Any:
    """The characters of `text` as a reportlab font; None where the file cannot be used.

    Its name tells its characters: reportlab finds fonts by name, and keeps the first that had it.
    """
    from fontTools.ttLib import TTLibError
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    try:
        characters = "".join(sorted(set(text)))
        name = hashlib.sha256(characters.encode("utf-8", "backslashreplace")).hexdigest()[:12]
        name = f"{weight}-{language}-{name}"
        return TTFont(name, io.BytesIO(_subset(file, characters, language, name)))
    except (TTFError, TTLibError, OSError, KeyError, ValueError):
        return None


@functools.lru_cache(maxsize=8)
def _subset(file: Path, characters: str, language: str, name: str) -> bytes:
    """A TrueType font of those characters only, of that PostScript name."""
    from fontTools import subset

    with file.open("rb") as stream:  # tables are read from it when they are asked for
        font = _face(stream, file.suffix.lower() == ".ttc", language)
        options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, name_IDs=[1, 2, 4, 6])
        options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "GPOS", "GSUB", "GDEF", "FFTM"]
        cutter = subset.Subsetter(options)
        cutter.populate(text=characters + "".join(map(chr, range(32, 127))) + "–—…·")
        cutter.subset(font)
        if "CFF " in font or "CFF2" in font:
            _as_truetype(font)
        for record in font["name"].names:
            record.string = name
        font.recalcTimestamp = False  # equal pages, equal bytes
        data = io.BytesIO()
        font.save(data)
        return data.getvalue()


def _face(stream: BinaryIO, collection: bool, language: str) -> Any:
    from fontTools.ttLib import TTCollection, TTFont

    if not collection:
        return TTFont(stream, lazy=True)
    faces = TTCollection(stream, lazy=True).fonts
    names = [face["name"].getDebugName(4) or "" for face in faces]
    for ending in _FACES[language]:
        for face, name in zip(faces, names, strict=True):
            if name.removesuffix(" Regular").removesuffix(" Bold").endswith(f" {ending}") and "Mono" not in name:
                return face
    return faces[0]


def _as_truetype(font: Any) -> None:
    """Replaces cubic outlines by quadratic ones, in place."""
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import newTable

    glyphs, order = {}, font.getGlyphOrder()
    outlines, error = font.getGlyphSet(), _CURVE_ERROR * font["head"].unitsPerEm / 1000
    for name in order:
        pen = TTGlyphPen(None)
        outlines[name].draw(Cu2QuPen(pen, error, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, glyphs
    for name in ("CFF ", "CFF2", "VORG"):
        if name in font:
            del font[name]
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    for field in (
        "maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements",
        "maxSizeOfInstructions", "maxComponentElements", "maxComponentDepth", "maxPoints", "maxContours",
        "maxCompositePoints", "maxCompositeContours",
    ):  # fmt: skip
        setattr(maxp, field, 1 if field == "maxZones" else 0)
    font["post"].formatType, font["post"].extraNames, font["post"].mapping = 3.0, [], {}
    font.sfntVersion = "\x00\x01\x00\x00"
