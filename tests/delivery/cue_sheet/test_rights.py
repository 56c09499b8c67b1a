"""The performing rights cue sheet: what societies pay by, and what is missing said, never made up."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from dataclasses import replace

import openpyxl
import pytest

from audiopost.core.music import TrackEdit, TrackInfo, TrackMatch
from audiopost.core.spotting import Cue
from audiopost.delivery.cue_sheet import rights, rights_pdf


def used(number, function, status="accepted", in_s=0.0, **tags):
    track = TrackInfo(f"/m/{number}.wav", **tags)
    match = TrackMatch(track, 0.5, (), TrackEdit(()), accepted=status != "existing")
    tracks = () if status == "existing" else (match,)
    return Cue(number, in_s, in_s + 62.4, function, "joy", (60, 80), "", (), "", 0.5, status=status, tracks=tracks)


FULL = {"title": "Winter", "composer": "Torres, Ana", "publisher": "Northlight", "society": "PRS", "artist": "Trio"}


@pytest.fixture
def session(make_spotting, bases):
    cues = (
        used(1, "underscore", in_s=100.0, isrc="GBABC2400001", iswc="T-034.524.680-1", **FULL),
        used(2, "opening", in_s=4.0, title="=Main"),
        used(3, "source", in_s=300.0, **FULL),
        used(4, "montage", status="existing", in_s=200.0),
        used(5, "closing", status="rejected", in_s=400.0, **FULL),
        replace(used(6, "closing", in_s=500.0, **FULL), tracks=()),
    )
    return make_spotting(bases["25"], "en", cues)


def test_accepted_and_existing_music_in_order(session):
    found = rights.cue_tracks(session)
    assert [t.cells["cue"] for t in found] == ["1m02", "1m01", "1m04", "1m03"]
    assert [t.cells["sequence"] for t in found] == ["1", "2", "3", "4"]
    assert [t.cells["usage"] for t in found] == ["MT", "BI", "BI", "VI"]
    assert [t.cells["use"] for t in found] == ["Signature", "Background", "Background", "Featured"]
    winter = found[1].cells
    assert (winter["in_timecode"], winter["out_timecode"], winter["duration"]) == ("01:01:40:00", "01:02:42:10", "1:02")
    assert (winter["isrc"], winter["iswc"], winter["performer"]) == ("GBABC2400001", "T-034.524.680-1", "Trio")


def test_what_is_missing_is_said_with_a_remedy(session):
    main, winter, existing, _ = rights.cue_tracks(session)
    assert main.missing == ("composer", "publisher", "society")
    assert [main.cells[name] for name in main.missing] == ["MISSING"] * 3
    assert "Missing: Composer, Publisher, Society. Write them into the file's tags" in main.cells["remark"]
    assert winter.missing == ()
    assert winter.cells["remark"] == "Instrumental assumed; write BV if it is sung."
    assert existing.missing == ("title", "composer", "publisher", "society")
    assert existing.cells["title"] == "MISSING"
    assert "was in the programme before" in existing.cells["remark"]


def test_songs_have_codes_of_their_own(make_spotting, bases):
    heard = (("source", 0.83), ("underscore", 0.5), ("underscore", 0.49), ("opening", 0.9), ("closing", None))
    cues = tuple(used(n, function, in_s=100.0 * n, vocal=vocal, **FULL) for n, (function, vocal) in enumerate(heard))
    found = [track.cells for track in rights.cue_tracks(make_spotting(bases["25"], "en", cues))]
    assert [cells["usage"] for cells in found] == ["VV", "BV", "BI", "MT", "ET"]
    assert [cells["remark"] for cells in found] == [
        "A voice is likely; write VI if it is instrumental.",
        "A voice is likely; write BI if it is instrumental.",
        "Instrumental assumed; write BV if it is sung.",
        "",
        "",
    ]


def test_the_table(tmp_path, session):
    path = rights.write_csv(tmp_path / "x.csv", session)
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    gap = rows.index([])
    head = dict(rows[:gap])
    assert (head["Programme title"], head["Broadcaster"], head["Director"]) == ("The =Film", "RTHK", "")
    assert head["Total music"] == "4:10"
    assert head["Programme length"] == "1:06:40"
    assert rows[gap + 1] == rights.titles("en")
    assert len(rows) == gap + 6
    assert rows[gap + 2][2] == "'=Main"


def test_the_spreadsheet(tmp_path, session):
    first = rights.write_xlsx(tmp_path / "x.xlsx", session)
    assert first.read_bytes() == rights.write_xlsx(tmp_path / "y.xlsx", session).read_bytes()
    sheet = openpyxl.load_workbook(first).active
    rows = [[cell.value for cell in row] for row in sheet]
    start = next(n for n, row in enumerate(rows) if row[0] == "Seq.")
    assert rows[start + 2][2:6] == ["Winter", "Torres, Ana", "Northlight", "PRS"]
    assert rows[start + 1][2] == "=Main"
    assert all(cell.data_type != "f" for row in sheet for cell in row)
    assert sheet.cell(start + 2, 4).font.color.rgb == "FFC02F2F"


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_the_print(tmp_path, session, language):
    spoken = replace(session, language=language)
    path = rights_pdf.write(tmp_path / "x.pdf", spoken)
    assert path.read_bytes() == rights_pdf.write(tmp_path / "y.pdf", spoken).read_bytes()
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler) is not on this machine")
    command = ["pdftotext", str(path), "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert ("MISSING" if language == "en" else "缺") in text
    assert "GBABC2400001" in text
    assert "01:01:40:00" in text


@pytest.mark.parametrize("language", ["en", "zh-hant", "zh-hans"])
def test_nothing_used_is_said(tmp_path, make_spotting, bases, language):
    from audiopost.core.language import tell

    empty = make_spotting(bases["25"], language, ())
    said = tell("sheet.no_rights", language)
    assert said in rights.write_csv(tmp_path / "x.csv", empty).read_text(encoding="utf-8-sig")
    values = [
        cell.value
        for row in openpyxl.load_workbook(rights.write_xlsx(tmp_path / "x.xlsx", empty)).active
        for cell in row
    ]
    assert said in values
    assert rights_pdf.write(tmp_path / "x.pdf", empty).stat().st_size > 1000
