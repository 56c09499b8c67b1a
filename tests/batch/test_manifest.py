"""Manifests: what tables of any program say, and what is refused with the line that says it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost import presets
from audiopost.batch.manifest import COLUMNS, Entry, found, known, read, settings_of
from audiopost.core.errors import BadValue, UnknownName


def write(folder: Path, text: str | bytes, name: str = "jobs.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


FULL = (
    "source,name,title,show,season,episode,language,cast,style,glossary,script,speakers,preset,fps,start_timecode,settings\n"
    'a/ep1.mov,one,"The ""First"", again",Show,1,2,yue,cast.json,netflix-zh,terms.txt,/abs/s.docx,3,interview,25,'
    "10:00:00:00,denoise.amount=80; loudness.spec=podcast\n"
)


def test_every_column(tmp_path):
    (entry,) = read(write(tmp_path, FULL))
    assert entry == Entry(
        source=str(tmp_path / "a" / "ep1.mov"), name="one", title='The "First", again', show="Show", season="1",
        episode="2", language="yue", cast=str(tmp_path / "cast.json"), style="netflix-zh",
        glossary=str(tmp_path / "terms.txt"), script="/abs/s.docx", speakers="3", preset="interview", fps="25",
        start_timecode="10:00:00:00", settings=("denoise.amount=80", "loudness.spec=podcast"), line=2,
    )  # fmt: skip
    assert len(COLUMNS) == 16


def test_the_same_as_json_lines(tmp_path):
    (row,) = csv.DictReader(io.StringIO(FULL))
    values = {**row, "season": 1, "fps": 25, "speakers": 3, "settings": row["settings"].split("; ")}
    path = write(tmp_path, "\n" + json.dumps(values) + "\n", "jobs.jsonl")
    (entry,) = read(path)
    (other,) = read(write(tmp_path, FULL))
    assert entry == other


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_save(tmp_path, delimiter, codec, end):
    text = end.join(["Source;TITLE;Start Timecode;;", "第一集.mov;聲,音/a;;;", ";;;;", "b.mov;x;01:00:00:00;;", ""])
    rows = [row.replace(",", "，") for row in text.split(end)]
    data = end.join(row.replace(";", delimiter) for row in rows).encode(codec)
    first, second = read(write(tmp_path, data))
    assert (Path(first.source).name, first.title, first.start_timecode) == ("第一集.mov", "聲，音/a", None)
    assert (second.start_timecode, second.line) == ("01:00:00:00", 4)


def test_excel_s_own_separator_line_and_rows_of_several_lines(tmp_path):
    first, second = read(write(tmp_path, 'sep=;\nsource;title\na.mov;"two\nlines"\nb.mov;x\n'))
    assert (first.title, first.line, second.line) == ("two\nlines", 3, 5)


def test_big5_is_read_with_a_warning(tmp_path, caplog):
    text = "source,title\n第一集.mov,我們的故事是這樣開始的\n第二集.mov,他們說的話我都不知道\n"
    entries = read(write(tmp_path, text.encode("big5")))
    assert entries[1].title == "他們說的話我都不知道"
    assert "a guess: save it as UTF-8" in caplog.text


def test_urls_and_settings_with_semicolons(tmp_path):
    (entry,) = read(
        write(tmp_path, "source;settings\ns3://b/a.mov;\"diarise.consent=A; all; 2026-01-01; cues.rules = x;\"\n")
    )  # fmt: skip
    assert entry.source == "s3://b/a.mov"
    assert entry.settings == ("diarise.consent=A; all; 2026-01-01", "cues.rules = x")


def test_styles_and_presets_may_be_files(tmp_path):
    (entry,) = read(write(tmp_path, "source,style,preset\na.mov,house.toml,/p/own.toml\n"))
    assert (entry.style, entry.preset) == (str(tmp_path / "house.toml"), "/p/own.toml")


def test_names_that_are_no_text_come_through_json(tmp_path):
    (entry,) = read(write(tmp_path, '{"source": "ep\\udcff .mov "}', "jobs.txt"))
    assert entry.source == f"{tmp_path}/ep\udcff .mov "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no recording"),
        ("source\n", "names no recording"),
        ("title\nx\n", r"line 1: there is no column source"),
        ("source,title\na.mov,x\n,y\n", r"jobs\.csv, line 3: there is no source"),
        ("source,title,source\na,b,c\n", r"line 1: the column source stands there twice"),
        ("source,title\na.mov,x,y\n", r"line 2: it has 3 cells for 2 columns"),
        ("source,\na.mov,x\n", r"line 2: it has a value in a column without a name"),
        ('source,title\na.mov,"x\nb.mov,y\n', r"line 2: it is no row of CSV"),
        ("source\na.mov\n\n./a.mov\n", r"line 4: .*a\.mov stands in line 2 already"),
        ("source,name\na.mov,x\na.mov,y\na.mov,x\n", r"line 4: .*stands in line 2 already"),
        ("source,settings\na.mov,denoise\n", r"line 2: 'denoise' is not stage\.option=value"),
        ("source,fps\na.mov,soon\n", r"line 2: 'soon' is not a frame rate"),
        ('{"source": "a"}\n{"source": }', r"line 2: it is no JSON"),
        ('{"source": "a"}\n[1]', r"line 2: it is no JSON object"),
        ('{"title": "a"}', r"line 1: there is no source"),
        ('{"source": ["a"]}', r"line 1: source is not text or a number"),
        ('{"source": "a", "cast": true}', r"line 1: cast is not text or a number"),
        ('{"source": "a", "settings": {"denoise.amount": 8}}', r"line 1: settings is not text, or a list of texts"),
        ('{"source": "a", "Source": "b"}', r"line 1: source stands there twice"),
        ('{"source": "a\\u0000"}', r"line 1: it holds a zero character"),
        ('{"source": ' + "[" * 100_000, r"line 1: it is no JSON"),
    ],
)
def test_what_is_refused(tmp_path, text, message):
    with pytest.raises(BadValue, match=message):
        read(write(tmp_path, text))


def test_an_unknown_column_is_named_with_the_choices(tmp_path):
    with pytest.raises(
        UnknownName, match=r"no column 'Langage' in jobs\.csv, line 1.*Did you mean 'language'"
    ) as caught:
        read(write(tmp_path, "source,Langage\na.mov,yue\n"))
    assert caught.value.choices == COLUMNS
    with pytest.raises(UnknownName, match="line 2"):
        read(write(tmp_path, '{"source": "a"}\n{"src": "b"}'))


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(BadValue, match=r"none\.csv cannot be read: No such file"):
        read(tmp_path / "none.csv")
    damaged = "source,title\n" + "".join(f"{n}.mov,聲音\n" for n in range(30)) + "x.mov,\xff\n"
    with pytest.raises(BadValue, match=r"line 32: it has bytes that are no UTF-8"):
        read(write(tmp_path, damaged.encode("utf-8").replace(b"\xc3\xbf", b"\xff")))
    with pytest.raises(BadValue, match="in no encoding"):
        read(write(tmp_path, bytes(range(128, 256)) * 3))


# Not at the edges of cells, where white space is no part of a value.
CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=20).map(str.strip)


@given(st.lists(st.tuples(CELL.filter(bool), CELL), min_size=1, max_size=5, unique_by=lambda row: row[0]))
def test_any_text_comes_back(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("manifest")
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(["source", "title"])
    writer.writerows([f"s3://b/{name}", title] for name, title in rows)
    entries = read(write(folder, made.getvalue().encode("utf-8-sig")))
    assert [(entry.source, entry.title) for entry in entries] == [(f"s3://b/{name}", title) for name, title in rows]


def test_columns_as_settings(tmp_path):
    (entry,) = read(write(tmp_path, FULL))
    stages = ("transcribe", "diarise", "subtitles", "denoise", "loudness")
    assert settings_of(entry, stages) == (
        "transcribe.language=yue", f"diarise.cast={tmp_path}/cast.json", "subtitles.style=netflix-zh",
        f"transcribe.glossary={tmp_path}/terms.txt", "transcribe.script=/abs/s.docx", "diarise.speakers=3",
        "denoise.amount=80", "loudness.spec=podcast",
    )  # fmt: skip


def test_the_settings_are_options_that_stages_have(tmp_path):
    entry = Entry(
        "a", language="yue", cast="c.json", style="netflix-zh-hk", glossary="g", script="s", speakers="3",
        settings=("deliver.format=flac",),
    )  # fmt: skip
    preset = presets.load("subtitles-yue")
    changed = preset.changed(settings_of(entry, preset.stages))
    assert changed.options["transcribe"].language == "yue"
    assert changed.options["diarise"].speakers == 3
    assert changed.encoding.format == "flac"


def test_a_column_without_its_stage_is_refused():
    with pytest.raises(
        BadValue, match=r"Line 7 of the manifest, column cast: diarise\.cast=c needs the stage 'diarise'"
    ):
        settings_of(Entry("a", cast="c", line=7), ("denoise",))
    with pytest.raises(BadValue, match=r"column settings: cues\.rules=x needs the stage 'cues'"):
        settings_of(Entry("a", settings=("cues.rules=x",)), ("denoise",))
    assert settings_of(Entry("a", title="T", preset="p"), ()) == ()


def test_recordings_are_seen_from_the_manifest_s_folder(tmp_path):
    entries = read(write(tmp_path, "source\ns1/ep1.mov\n/else/ep2.mov\ns3://b/s/ep3.mov\n"))
    seen = [found(entry, tmp_path / "jobs.csv") for entry in entries]
    assert [each.relative for each in seen] == [PurePosixPath(p) for p in ("s1/ep1.mov", "ep2.mov", "ep3.mov")]
    assert [each.source for each in seen] == [entry.source for entry in entries]


def test_what_is_known_is_what_was_said():
    entry = Entry("/a.mov", title="T", season="1", settings=("a.b=c",), line=3)
    assert known(entry) == {"source": "/a.mov", "title": "T", "season": "1"}
