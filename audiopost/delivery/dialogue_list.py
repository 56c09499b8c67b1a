"""The dialogue list that dubbing and ADR work from: who says what when, in how many syllables."""

from __future__ import annotations

import datetime
import functools
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core.speech import Transcript, Utterance, joined
from ..core.time import Timebase
from ..io.atomic import write_bytes, write_text
from ..subtitles.text import CHINESE, base, clean
from .tables import csv_text

COLUMNS = ("number", "in_timecode", "out_timecode", "duration_s", "speaker", "language", "line", "syllables")
_TRANSLATED = ("translation", "translation_syllables")
#: Widths of the spreadsheet's columns, in characters.
_WIDTHS = {"line": 60, "translation": 60, "in_timecode": 13, "out_timecode": 13, "speaker": 16}

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_HANGUL = re.compile("[\uac00-\ud7af]")
#: Kana that are a mora of their own; small ya, yu, yo and vowels belong to the one before.
_MORA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc]")
_SMALL = re.compile("[ゃゅょぁぃぅぇぉゎャュョァィゥェォヮ]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_PHONE = re.compile(r"\d$|^[AEIOU]")


def rows(transcript: Transcript, timebase: Timebase, translation: Transcript | None = None) -> list[dict[str, Any]]:
    """One row an utterance with the keys of COLUMNS, and 'translation', 'translation_syllables' where there is one.

    A translated utterance stands in the row that it shares most time with.
    """
    utterances = sorted(transcript.utterances, key=lambda u: (u.start_s, u.end_s))
    translated = _by_row(utterances, translation) if translation is not None else {}
    made = []
    for n, utterance in enumerate(utterances):
        row: dict[str, Any] = {
            "number": n + 1,
            "in_timecode": timebase.timecode(utterance.start_s),
            "out_timecode": timebase.timecode(utterance.end_s),
            "duration_s": round(utterance.end_s - utterance.start_s, 2),
            "speaker": utterance.speaker or "",
            "language": utterance.language,
            "line": clean(utterance.text),
            "syllables": syllables(utterance.text, utterance.language),
        }
        if translation is not None:
            text = joined((clean(u.text) for u in translated.get(n, ())), translation.language)
            row |= {"translation": text, "translation_syllables": syllables(text, translation.language)}
        made.append(row)
    return made


def _by_row(utterances: Sequence[Utterance], translation: Transcript) -> dict[int, list[Utterance]]:
    placed: dict[int, list[Utterance]] = {}
    for other in translation.utterances if utterances else ():
        shared = [min(u.end_s, other.end_s) - max(u.start_s, other.start_s) for u in utterances]
        placed.setdefault(max(range(len(shared)), key=shared.__getitem__), []).append(other)
    return placed


def write_csv(path: Path, made: Sequence[dict[str, Any]]) -> Path:
    """UTF-8 with a byte order mark, which Excel needs; formulas defused. Raises OutputError."""
    return write_text(path, csv_text(made, _columns(made)), bom=True)


def write_xlsx(path: Path, made: Sequence[dict[str, Any]]) -> Path:
    """A spreadsheet with a frozen header; text stays text, and equal rows give equal bytes. Raises OutputError."""
    import xlsxwriter

    columns, data = _columns(made), io.BytesIO()
    with xlsxwriter.Workbook(
        data, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    ) as book:
        book.set_properties({"title": "Dialogue list", "created": datetime.datetime(2000, 1, 1)})
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet("Dialogue")
        sheet.freeze_panes(1, 0)
        for n, column in enumerate(columns):
            sheet.set_column(n, n, _WIDTHS.get(column, 10), wrapped)
            sheet.write_string(0, n, column.replace("_", " "), bold)
            for line, row in enumerate(made, 1):
                value = row[column]
                if isinstance(value, str):
                    sheet.write_string(line, n, value)
                else:
                    sheet.write_number(line, n, value)
        sheet.autofilter(0, 0, len(made), len(columns) - 1)
    return write_bytes(path, data.getvalue())


def _columns(made: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    return (*COLUMNS, *_TRANSLATED) if made and "translation" in made[0] else COLUMNS


def syllables(text: str, language: str) -> int:
    """Syllables (morae in Japanese) as spoken, to fit lips and time.

    Exact for Han characters in Chinese, for Hangul, kana, and English words in the CMU dictionary; other words by the
    hyphenation patterns of their language (pyphen), or by their groups of vowels. Estimates: a kanji counts as two
    morae, a digit as one syllable.
    """
    kind = base(language)
    count = len(_HANGUL.findall(text)) + sum(char.isdigit() for char in text)
    count += len(_HAN.findall(text)) * (2 if kind == "ja" else 1)
    count += len(_MORA.findall(text)) - len(_SMALL.findall(text))
    spelled = "en" if kind in CHINESE or kind in ("ja", "ko") else kind
    for word in _WORD.findall(_HANGUL.sub(" ", _HAN.sub(" ", _MORA.sub(" ", text)))):
        count += _of_word(word.lower().replace("’", "'"), spelled)
    return count


def _of_word(word: str, language: str) -> int:
    if language == "en" and (known := _english().get(word)):
        return known
    vowels = len(re.findall("[aeiouyà-æè-ïò-öø-ýāēīōūαεηιουω]+|[аеёиоуыэюя]", word))
    patterns = _hyphenation(language)
    return max(1, vowels if patterns is None or language == "en" else len(patterns.positions(word)) + 1)


@functools.cache
def _hyphenation(language: str) -> Any:
    import pyphen

    found = pyphen.language_fallback(language)
    return pyphen.Pyphen(lang=found) if found else None


@functools.cache
def _english() -> dict[str, int]:
    """Syllables of the words in the CMU dictionary that PocketSphinx brings along."""
    import pocketsphinx

    path = Path(pocketsphinx.get_model_path()) / "en-us" / "cmudict-en-us.dict"
    entries = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {entry[0]: sum(bool(_PHONE.search(phone)) for phone in entry[1:]) for entry in entries if len(entry) > 1}
