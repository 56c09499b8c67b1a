"""Sheets as people and spreadsheets leave them."""

from __future__ import annotations

import datetime
import json
import tracemalloc
import zipfile

import openpyxl
import pytest

from audiopost.core.errors import BadValue, UnreadableMedia
from audiopost.core.time import FrameRate, Timebase
from audiopost.delivery.cue_sheet import read_sheet
from audiopost.delivery.cue_sheet.parse import metre_of

BASE = Timebase(FrameRate.parse("25"), "01:00:00:00")
DROP = Timebase(FrameRate.parse("29.97df"), "01:00:00;00")

CHINESE = (
    "樂段編號,入點時碼,出點時碼,功能,情緒,理由\n"
    "1m01,01:00:10:00,01:00:20:00,襯底,緊張,門關上之後的停頓，對白變得很輕\n"
    "1m02,01:00:30:00,01:00:40:00,刻意留白,悲傷,這裡不需要音樂\n"
)


def sheet(tmp_path, text, base=BASE, name="x.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return read_sheet(path, base)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "big5", "gb18030"])
def test_encodings_that_spreadsheets_save(tmp_path, encoding):
    cues = sheet(tmp_path, CHINESE, encoding=encoding).cues
    assert [(c.label, c.in_s, c.out_s, c.function, c.emotion) for c in cues] == [
        ("1m01", 10.0, 20.0, "underscore", "tension"),
        ("1m02", 30.0, 40.0, "silence", "sadness"),
    ]
    assert cues[1].reason == "這裡不需要音樂"


def test_remarks_are_in_the_language_that_is_asked_for(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("in_s,in_timecode,out_s,mine\n1,01:00:05:00,9,x\n2,01:00:06:00,9,\n", encoding="utf-8")
    assert read_sheet(path, BASE, "zh-hant").remarks == (
        "x.csv：不屬點位表的欄位已略過：mine。",
        "x.csv：樂段的秒數與時碼不符時，以時碼為準（第 2、3 行）。",
    )


def test_an_encoding_that_was_guessed_is_said_with_a_remedy_that_works(tmp_path):
    assert sheet(tmp_path, CHINESE).remarks == ()
    (remark,) = sheet(tmp_path, CHINESE, encoding="gb18030").remarks
    assert remark == "x.csv: read as gb18030, a guess; save it in UTF-8 where letters are wrong."
    with pytest.raises(BadValue, match=r"The letters of x\.csv .* Save it as CSV in UTF-8"):
        sheet(tmp_path, "in_s,out_s\n" + "".join(map(chr, range(128, 160))) * 9, encoding="latin-1")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters(tmp_path, mark, end):
    rows = [("in_s", "reason", "out_s"), ("1.5", '"a, b; c"', "2"), ("3", '"d\n""e"""', "4")]
    cues = sheet(tmp_path, end.join(mark.join(row) for row in rows)).cues
    assert [(c.in_s, c.out_s, c.reason) for c in cues] == [(1.5, 2.0, "a, b; c"), (3.0, 4.0, 'd\n"e"')]


def test_excels_own_first_line_and_a_title_above_the_headings(tmp_path):
    text = "sep=;\nMy film;;\n;;\nOut timecode;In timecode;Cue notes\n01:00:02:00;01:00:01:00;loud\n"
    found = sheet(tmp_path, text)
    assert [(c.in_s, c.out_s, c.label) for c in found.cues] == [(1.0, 2.0, "1m00")]
    assert found.remarks == ("x.csv: columns that cue sheets have not were passed over: Cue notes.",)


def test_what_is_missing_has_a_default_and_added_rows_wait_for_their_number(tmp_path):
    first, second = sheet(tmp_path, 'label,in_timecode,duration_s\n2M7,01:00:01:00,4.5\n,01:00:09:00,"1,5"\n').cues
    assert (first.label, first.out_s) == ("2m07", 5.5)
    assert (second.reel, second.number, second.out_s) == (2, 0, 10.5)
    assert (second.function, second.emotion, second.metre, second.status) == (
        "underscore",
        "neutral",
        "4/4",
        "suggested",
    )


@pytest.mark.parametrize(
    ("timecode", "seconds", "base", "expected"),
    [
        ("01:00:10:00", "", BASE, 10.0),
        ("", "10.5", BASE, 10.5),
        ("", "0:01:02.500", BASE, 62.5),
        ("01:00:10:00", "10.013", BASE, 10.013),  # the same frame, more exactly
        ("01:00:12:00", "10.0", BASE, 12.0),  # somebody moved the timecode
        ("01:00:10", "", BASE, 10.0),
        ("01：00：10：05", "", BASE, 10.2),
        ("01:01:00;02", "", DROP, 1800 * 1001 / 30000),
        ("00:59:59:00", "", BASE, -1.0),  # before the start: judged elsewhere
    ],
)
def test_times(tmp_path, timecode, seconds, base, expected):
    text = f"in_timecode,in_s,out_s\n{timecode},{seconds},99\n"
    assert sheet(tmp_path, text, base).cues[0].in_s == pytest.approx(expected, abs=1e-9)


def test_times_that_disagree_are_told(tmp_path):
    found = sheet(tmp_path, "in_timecode,in_s,out_s\n01:00:12:00,10,99\n")
    assert found.remarks == ("x.csv: timecode is believed where the seconds of a cue say otherwise (rows: 2).",)


def test_a_programme_past_midnight(tmp_path):
    base = Timebase(FrameRate.parse("29.97df"), "23:50:00;00")
    (cue,) = sheet(tmp_path, "in_timecode,out_timecode\n23:50:30;00,00:00:30;00\n", base).cues
    assert base.timecode(cue.out_s) == "00:00:30;00"
    assert cue.out_s == pytest.approx(630.0, abs=0.1)


def test_overlaps_and_negative_cues_are_taken_as_they_are(tmp_path):
    cues = sheet(tmp_path, "in_s,out_s\n5,3\n-2,4\n1,9\n").cues
    assert [(c.in_s, c.out_s) for c in cues] == [(5.0, 3.0), (-2.0, 4.0), (1.0, 9.0)]


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ({"in_timecode": "soon"}, "in_timecode", "HH:MM:SS:FF"),
        ({"in_timecode": "01:00:00:25"}, "in_timecode", "frames at 24"),
        ({"in_timecode": "12.5"}, "in_timecode", "timecode"),
        ({"function": "bed"}, "function", "underscore"),
        ({"emotion": "happy"}, "emotion", "joy"),
        ({"status": "maybe"}, "status", "accepted"),
        ({"tempo_bpm": "fast"}, "tempo_bpm", "60-80"),
        ({"metre": "waltz"}, "metre", "4/4"),
        ({"confidence": "7"}, "confidence", "0 to 1"),
        ({"level_lu": "loud"}, "level_lu", "number"),
        ({"hits": "01:00:01:00"}, "hits", "time | what happens"),
        ({"hits": "noon | bang"}, "hits", "not a timecode"),
        ({"ducks": "01:00:01:00 | 01:00:02:00 | nan"}, "ducks", "number"),
        ({"fade_in_shape": "s-curve"}, "fade_in_shape", "equal-power"),
        ({"alternatives": "sting"}, "alternatives", "function | emotion"),
        ({"track_data": "{"}, "track_data", "JSON"),
        ({"reel": "1.5", "number": "2"}, "reel", "whole"),
    ],
)
def test_errors_name_row_column_and_remedy(tmp_path, row, column, said):
    cells = {"in_timecode": "01:00:01:00", "out_timecode": "01:00:02:00"} | row
    text = ",".join(cells) + "\n" + ",".join('"' + cell.replace('"', '""') + '"' for cell in cells.values()) + "\n"
    with pytest.raises(BadValue) as caught:
        sheet(tmp_path, text)
    assert f"x.csv, row 2, column '{column}': " in str(caught.value)
    assert said in str(caught.value)


def test_a_cue_without_an_end_names_its_row(tmp_path):
    with pytest.raises(BadValue, match=r"x\.csv, row 3: the cue has no out point\. Write a timecode, seconds, or"):
        sheet(tmp_path, "in_s,out_s,reason\n1,2,x\n3,,y\n")
    with pytest.raises(BadValue, match="row 2: the cue has no in point"):
        sheet(tmp_path, "in_s,out_s,reason\n,2,y\n")


@pytest.mark.parametrize("text", ["", "\n\n", "a,b\n1,2\n", "reason,title\nx,y\n"])
def test_what_is_no_cue_sheet_says_what_it_lacks(tmp_path, text):
    with pytest.raises(BadValue, match=r"no column of in points.*in_timecode"):
        sheet(tmp_path, text)


def test_an_empty_sheet_has_no_cues(tmp_path):
    assert sheet(tmp_path, "in_s,out_s\n,\n").cues == ()


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UnreadableMedia, match="nowhere"):
        read_sheet(tmp_path / "nowhere.csv", BASE)
    with pytest.raises(BadValue, match=r"x\.docx is no cue sheet\. Choices: \.csv"):
        sheet(tmp_path, "x", name="x.docx")
    for name in ("x.xlsx", "x.json"):
        with pytest.raises(BadValue, match=name):
            sheet(tmp_path, "PK nonsense", name=name)
    with pytest.raises(BadValue, match=r"x\.json: cue 1 lacks"):
        sheet(tmp_path, '[{"number": 1}]', name="x.json")
    for number in ("NaN", "1e999", "-Infinity"):
        with pytest.raises(BadValue, match=rf"x\.json is no JSON: {number} is no number"):
            sheet(tmp_path, f'[{{"level_lu": {number}}}]', name="x.json")
    with pytest.raises(BadValue, match="nested too deeply"):
        sheet(tmp_path, "[" * 100_000, name="x.json")
    with pytest.raises(BadValue, match="no list of cues"):
        sheet(tmp_path, '{"cues": 3}', name="x.json")


def workbook(tmp_path, *rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    path = tmp_path / "x.xlsx"
    book.save(path)
    return path


def test_cells_that_a_spreadsheet_retyped(tmp_path):
    path = workbook(
        tmp_path,
        ["Label", "In timecode", "Out timecode", "In s", "Metre", "Tempo BPM", "Confidence", "Level LU", "Title"],
        ["1m01", datetime.time(1, 0, 10), "01:00:20:12", None, datetime.datetime(2026, 6, 8), 72, 1, -12, 1984],
        [
            "1m02",
            None,
            "01:02:00:00",
            datetime.time(0, 1, 2, 500_000),
            datetime.datetime(2026, 4, 4),
            "60–80",
            0.5,
            -9.5,
            "",
        ],
    )
    first, second = read_sheet(path, BASE).cues
    assert (first.in_s, first.out_s, first.metre, first.tempo_bpm, first.title) == (
        10.0,
        20.48,
        "6/8",
        (72, 72),
        "1984",
    )
    assert (second.in_s, second.metre, second.tempo_bpm, second.level_lu) == (62.5, "4/4", (60, 80), -9.5)


def bomb(tmp_path, **parts):
    """A workbook with one cue whose parts are replaced by what is given."""
    path = workbook(tmp_path, ["in_s", "out_s"], [1, 2])
    with zipfile.ZipFile(path) as archive:
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    files["xl/worksheets/sheet1.xml"] = files["xl/worksheets/sheet1.xml"].replace(*parts["sheet"])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr("docProps/more.xml", b" " * parts.get("more", 0))
    return path


def test_a_spreadsheet_that_unpacks_to_gigabytes_is_refused(tmp_path):
    path = bomb(tmp_path, sheet=(b"", b""), more=300 << 20)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(BadValue, match=r"x\.xlsx .*unpacks to 300 MiB"):
        read_sheet(path, BASE)


def test_a_cell_in_the_last_corner_of_a_spreadsheet_costs_nothing(tmp_path):
    far = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'
    path = bomb(tmp_path, sheet=(b"</sheetData>", far))
    tracemalloc.start()
    (cue,) = read_sheet(path, BASE).cues
    assert (cue.in_s, cue.out_s) == (1.0, 2.0)
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()


def test_entities_of_a_spreadsheet_are_not_blown_up(tmp_path):
    levels = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    laughs = f'<!DOCTYPE w [<!ENTITY l0 "ha">{levels}]><worksheet'.encode()
    with pytest.raises(BadValue, match=r"x\.xlsx is no spreadsheet"):
        read_sheet(bomb(tmp_path, sheet=(b"<sheetData>", b"<sheetData>&l9;"), more=0), BASE)
    path = bomb(tmp_path, sheet=(b"<worksheet", laughs))
    read_sheet(path, BASE)  # what is not used is not expanded


def test_a_formula_is_refused(tmp_path):
    path = workbook(tmp_path, ["in_s", "out_s"], [1, "=A2+4"])
    with pytest.raises(BadValue, match=r"row 2, column 'out_s': '=A2\+4' is a formula\. Paste its value instead"):
        read_sheet(path, BASE)


def test_the_sheet_with_the_cues_is_found(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Title", "Label"])
    cues = book.create_sheet("mine")
    cues.append(["In s", "Out s", "Reason"])
    cues.append([1, 2.5, "x"])
    book.save(tmp_path / "x.xlsx")
    (cue,) = read_sheet(tmp_path / "x.xlsx", BASE).cues
    assert (cue.in_s, cue.out_s, cue.reason) == (1.0, 2.5, "x")


@pytest.mark.parametrize(
    ("cell", "metre"),
    [
        ("6/8", "6/8"), (" 3 / 4", "3/4"), ("08-Jun", "6/8"), ("06-Aug", "6/8"), ("Apr-04", "4/4"), ("4月4日", "4/4"),
        ("6月8日", "6/8"), (datetime.date(2026, 8, 6), "6/8"), (datetime.date(2026, 3, 4), "3/4"), ("5-Apr", "5/4"),
        ("12-Aug", "12/8"), ("04-Feb", "2/4"), ("04/04", "4/4"),
    ],
)  # fmt: skip
def test_metres_that_became_dates(cell, metre):
    assert metre_of(cell) == metre


def test_tracks_are_accepted_and_put_in_by_their_lines(tmp_path):
    known = [{"track": {"path": "/m/a.wav", "title": "A"}, "score": 0.75, "reasons": ["slow"], "edit": {"pieces": []}}]
    data = json.dumps(known).replace('"', '""')
    lines = "[ ] A | | 0.75 | /m/a.wav\n[x] New | Somebody | | /m/new.wav"
    (cue,) = sheet(tmp_path, f'in_s,out_s,tracks,track_data\n1,2,"{lines}","{data}"\n').cues
    assert [(m.track.path, m.score, m.reasons, m.accepted) for m in cue.tracks] == [
        ("/m/a.wav", 0.75, ("slow",), False),
        ("/m/new.wav", 0.0, (), True),
    ]
    assert cue.track.track.artist == "Somebody"


def test_a_number_that_is_zero_is_not_an_empty_cell(tmp_path):
    (cue,) = read_sheet(workbook(tmp_path, ["in_s", "out_s", "confidence", "level_lu"], [0, 1.5, 0, 0]), BASE).cues
    assert (cue.in_s, cue.confidence, cue.level_lu) == (0.0, 0.0, 0.0)
