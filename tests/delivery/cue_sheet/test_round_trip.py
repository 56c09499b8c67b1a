"""What a sheet holds comes back from it: every field, at every rate, in every language."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.language import LANGUAGES
from audiopost.core.registry import load
from audiopost.core.spotting import EMOTIONS, FADES, FUNCTIONS, STATUSES, Cue, CurvePoint, Duck, Fades, HitPoint
from audiopost.core.time import FrameRate, Timebase
from audiopost.delivery.cue_sheet import csv as csv_sheet
from audiopost.delivery.cue_sheet import read_sheet
from audiopost.delivery.cue_sheet.columns import COLUMNS, column_of, cue_rows, title
from audiopost.delivery.cue_sheet.words import _KINDS, ids, meant, shown
from audiopost.delivery.spotting_formats import FORMATS


def settled(cue: Cue, timebase: Timebase) -> Cue:
    """A cue as a sheet can hold it: moments inside it to a hundredth of a frame."""

    def at(time_s: float) -> float:
        return pytest.approx(time_s, abs=0.005 / float(timebase.rate.fraction) + 1e-9)

    return replace(
        cue,
        curve=tuple(replace(p, time_s=at(p.time_s)) for p in cue.curve),
        hits=tuple(replace(h, time_s=at(h.time_s)) for h in cue.hits),
        ducks=tuple(replace(d, start_s=at(d.start_s), end_s=at(d.end_s)) for d in cue.ducks),
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_every_field_comes_back(tmp_path, make_spotting, timebase, kind, language):
    spotting = make_spotting(timebase, language)
    path = load(FORMATS[kind].writer)(tmp_path / f"FILM{FORMATS[kind].suffix}", spotting)
    sheet = read_sheet(path, timebase)
    assert sheet.remarks == ()
    assert list(sheet.cues) == [settled(cue, timebase) for cue in spotting.cues]
    for read, cue in zip(sheet.cues, spotting.cues, strict=True):  # on the frame to the last bit
        assert (read.in_s, read.out_s) == (cue.in_s, cue.out_s)


text = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20).map(str.strip)
times = st.integers(0, 24 * 3600 * 23)


@st.composite
def some_cue(draw) -> tuple[Timebase, Cue]:
    rate = FrameRate.parse(draw(st.sampled_from(["23.976", "25", "29.97", "29.97df", "50"])))
    start = draw(times)
    base = Timebase(rate, rate.timecode(draw(st.integers(0, 3600 * 20))))
    at = rate.seconds_at
    share = st.integers(0, 1000).map(lambda n: n / 1000)
    hits = st.builds(
        lambda n, what, s, fit: HitPoint(at(n), what, s, *(fit or (None, None))),
        times, text, share, st.none() | st.tuples(st.integers(-3, 400), st.integers(-90, 90).map(lambda n: n / 10)),
    )  # fmt: skip
    cue = Cue(
        draw(st.integers(1, 99)),
        at(start),
        at(start + draw(st.integers(0, 9000))),
        draw(st.sampled_from(FUNCTIONS)),
        draw(st.sampled_from(EMOTIONS)),
        tuple(sorted(draw(st.tuples(st.integers(30, 240), st.integers(30, 240))))),
        draw(st.sampled_from(["", *ids("mode")])),
        tuple(filter(None, draw(st.lists(text, max_size=3)))),
        draw(text),
        draw(share),
        draw(st.integers(1, 9)),
        draw(st.sampled_from(STATUSES)),
        draw(text),
        hits=tuple(draw(st.lists(hits, max_size=3))),
        ducks=tuple(Duck(at(n), at(n + 9), -12.25) for n in draw(st.lists(times, max_size=2))),
        fades=Fades(0.5, 2.25, draw(st.sampled_from(FADES)), draw(st.sampled_from(FADES))),
    )
    return base, cue


@given(some_cue(), st.sampled_from(["csv", "xlsx"]), st.sampled_from(LANGUAGES))
def test_any_cue_comes_back(tmp_path_factory, make_spotting, drawn, kind, language):
    base, cue = drawn
    path = tmp_path_factory.mktemp("sheet") / f"x.{kind}"
    load(FORMATS[kind].writer)(path, make_spotting(base, language, (cue,)))
    (read,) = read_sheet(path, base).cues
    assert read == settled(cue, base)


@given(st.integers(0, 10**9), st.sampled_from(["23.976", "25", "29.97df"]))
def test_times_between_frames_come_back_to_the_millisecond(tmp_path_factory, make_spotting, microseconds, rate):
    base = Timebase(FrameRate.parse(rate), "01:00:00:00")
    cue = Cue(1, microseconds / 1e5, microseconds / 1e5 + 9, "sting", "joy", (60, 80), "", (), "", 0.5)
    path = csv_sheet.write(tmp_path_factory.mktemp("sheet") / "x.csv", make_spotting(base, "en", (cue,)))
    (read,) = read_sheet(path, base).cues
    assert read.in_s == pytest.approx(cue.in_s, abs=0.0012)
    assert base.rate.frame_at(read.in_s) == base.rate.frame_at(cue.in_s)


def test_the_commands_json_is_a_sheet_too(tmp_path, spotting, timebase):
    import json

    path = tmp_path / "x.json"
    path.write_text(json.dumps({"input": "x", "cues": cue_rows(spotting.cues, timebase)}), encoding="utf-8")
    assert read_sheet(path, timebase).cues == spotting.cues


def test_english_titles_are_ids_and_titles_mean_one_column():
    assert [column_of(title(column, "en")) for column in COLUMNS] == list(COLUMNS)
    for language in LANGUAGES:
        assert len({title(column, language) for column in COLUMNS}) == len(COLUMNS)
        assert [column_of(title(column, language).upper()) for column in COLUMNS] == list(COLUMNS)
    assert column_of("In Timecode ") == column_of("IN_TIMECODE") == column_of("入點時碼") == "in_timecode"
    assert column_of("入點(秒)") == "in_s"
    assert column_of("notes of mine") is None


@pytest.mark.parametrize("kind", _KINDS)
def test_values_have_names_that_mean_them(kind):
    for language in LANGUAGES:
        names = [shown(kind, value, language) for value in ids(kind)]
        assert [meant(kind, name) for name in names] == list(ids(kind))
    assert shown(kind, "of my own", "zh-hant") == "of my own"
    assert meant(kind, "of my own") is None


def test_the_table_is_for_programs_and_safe(tmp_path, make_spotting, bases):
    base = bases["25"]
    path = csv_sheet.write(tmp_path / "提示.csv", make_spotting(base))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["label"], rows[0]["in_timecode"], rows[0]["in_s"]) == ("1m01", "01:00:12:12", "12.48")
    assert rows[0]["tempo_bpm"] == "80-92"
    assert rows[1]["reason"] == "'-cut to day"
    assert rows[0]["hits"].splitlines()[1] == "01:00:20:20 | =cmd() | 0.5"
    chinese = csv_sheet.write(tmp_path / "c.csv", make_spotting(base, "zh-hant")).read_text(encoding="utf-8-sig")
    assert chinese.startswith("樂段編號,狀態,入點時碼,出點時碼")
    assert "襯底,緊張" in chinese


def test_a_spreadsheet_has_typed_cells_lists_and_the_other_sheets(tmp_path, make_spotting, bases):
    path = load(FORMATS["xlsx"].writer)(tmp_path / "x.xlsx", make_spotting(bases["25"], "zh-hans"))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["段落", "场次", "对点"]
    sheet = book["段落"]
    heads = [cell.value for cell in sheet[1]]
    row = dict(zip(heads, [cell.value for cell in sheet[2]], strict=True))
    assert row["把握"] == 0.78
    assert row["长度（秒）"] == 17.52
    assert row["功能"] == "衬底"
    assert all(cell.data_type != "f" for line in sheet for cell in line)
    lists = {rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert '"建议,采用,不用,原有"' in lists
    assert sheet.freeze_panes == "B2"
    assert book["场次"]["F2"].value == "01:00:04:00; 01:00:14:05"
    assert book["对点"]["C2"].value == "the door | slams\n門"


def test_what_no_cell_holds_is_cut_between_items_and_said(tmp_path, make_spotting, bases, caplog):
    base = bases["25"]
    (cue, *_) = make_spotting(base).cues
    long = replace(cue, curve=tuple(CurvePoint(n / 2, 0.5, -0.25) for n in range(3000)), tracks=cue.tracks * 60)
    path = load(FORMATS["xlsx"].writer)(tmp_path / "x.xlsx", make_spotting(base, "en", (long,)))
    assert "row 2, Curve: longer than a cell" in caplog.text
    assert "row 2, Track data: longer than a cell" in caplog.text
    (read,) = read_sheet(path, base).cues
    assert 500 < len(read.curve) < 3000
    assert read.curve == long.curve[: len(read.curve)]
    assert [match.track.path for match in read.tracks] == [match.track.path for match in long.tracks]
    (whole,) = read_sheet(csv_sheet.write(tmp_path / "x.csv", make_spotting(base, "en", (long,))), base).cues
    assert len(whole.curve) == 3000
