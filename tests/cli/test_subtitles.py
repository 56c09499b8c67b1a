"""`audiopost subtitles`: check, fix, convert and styles as scripts and people meet them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from audiopost.cli.main import main
from audiopost.delivery.subtitle_check import COLUMNS
from audiopost.subtitles import load_captions, style_names

GOOD = "1\n00:00:01,000 --> 00:00:03,000\nHello there.\n\n2\n00:00:05,000 --> 00:00:07,000\nOff we go.\n"
BAD = (
    "1\n00:00:01,000 --> 00:00:04,500\nWe left the house before the sun came up that morning.\n\n"
    "2\n00:00:04,000 --> 00:00:07,000\nOff we go.\n\n"
    "3\n00:00:08,000 --> 00:00:08,300\nDonaudampfschifffahrtselektrizitätenhauptbetriebswerk.\n"
)


class Run(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def audiopost(capfd: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """audiopost(*arguments): `audiopost subtitles` in this process."""

    def run(*arguments: str | Path) -> Run:
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main(["subtitles", *map(str, arguments)])
        return Run(int(end.value.code or 0), *capfd.readouterr())

    return run


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.srt"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.srt"
    path.write_text(BAD, encoding="utf-8")
    return path


def test_a_file_that_keeps_to_the_style(audiopost: Callable[..., Run], good: Path) -> None:
    run = audiopost("check", good, "--style", "netflix-en")
    assert (run.returncode, run.stderr) == (0, "")
    assert "2 captions, style netflix-en" in run.stdout
    assert "0 violations" in run.stdout


def test_every_violation_with_time_rule_value_and_limit(audiopost: Callable[..., Run], bad: Path) -> None:
    run = audiopost("check", bad, "--style", "netflix-en", "--fps", "25", "--start-timecode", "10:00:00:00")
    assert run.returncode == 1
    rows = [line.split() for line in run.stdout.splitlines()]
    assert ["10:00:01:00", "1", "cpl", "54", "42"] in [row[:5] for row in rows]
    assert ["10:00:01:00", "1", "overlap", "0.5", "0"] in [row[:5] for row in rows]
    assert "--fps" in audiopost("check", bad, "--start-timecode", "10:00:00:00").stderr


def test_json_csv_and_page(audiopost: Callable[..., Run], good: Path, bad: Path, tmp_path: Path) -> None:
    table, page = tmp_path / "issues.csv", tmp_path / "issues.html"
    run = audiopost("check", good, bad, "--style", "netflix-en", "--json", "--csv", table, "--html", page)
    assert run.returncode == 1
    data = json.loads(run.stdout)
    assert {"input", "duration_s", "backend", "outputs", "seconds", "warnings", "files"} <= set(data)
    assert [each["violations"] > 0 for each in data["files"]] == [False, True]
    issues = data["files"][1]["issues"]
    assert set(issues[0]) == set(COLUMNS)
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    assert [(row["rule"], row["file"]) for row in rows] == [(issue["rule"], "bad.srt") for issue in issues]
    assert "bad.srt" in page.read_text(encoding="utf-8")
    assert data["outputs"] == {"csv": str(table), "html": str(page)}


def test_advice_is_no_violation_unless_strict(audiopost: Callable[..., Run], tmp_path: Path) -> None:
    path = tmp_path / "two.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:03,000\nOff\nwe go.\n", encoding="utf-8")
    assert audiopost("check", path, "--style", "netflix-en").returncode == 0
    assert "one_line (advice)" in audiopost("check", path, "--style", "netflix-en").stdout
    assert audiopost("check", path, "--style", "netflix-en", "--strict").returncode == 1


def test_fix_writes_beside_the_file_and_lists_the_rest(audiopost: Callable[..., Run], bad: Path) -> None:
    run = audiopost("check", bad, "--style", "netflix-en", "--fix", "--json")
    assert run.returncode == 1
    (file,) = json.loads(run.stdout)["files"]
    assert {issue["rule"] for issue in file["mended"]} == {"cpl", "overlap", "min_duration", "cps"}
    assert [issue["rule"] for issue in file["issues"] if issue["severity"] == "error"] == ["cpl"]
    assert bad.read_text(encoding="utf-8") == BAD
    mended = load_captions(bad.with_name("bad.fixed.srt")).captions
    assert mended[0].lines == ("We left the house", "before the sun came up that morning.")
    again = audiopost("check", bad.with_name("bad.fixed.srt"), "--style", "netflix-en", "--json")
    assert [i["rule"] for i in json.loads(again.stdout)["files"][0]["issues"] if i["severity"] == "error"] == ["cpl"]


def test_where_mended_files_go(audiopost: Callable[..., Run], bad: Path, tmp_path: Path) -> None:
    fix = ("check", bad, "--style", "netflix-en", "--fix")
    audiopost(*fix, "-o", tmp_path / "new" / "sub")
    assert (tmp_path / "new" / "sub" / "bad.srt").exists()
    audiopost(*fix, "-o", tmp_path / "mended.vtt")
    assert (tmp_path / "mended.vtt").read_text(encoding="utf-8").startswith("WEBVTT")
    for out in (bad, tmp_path):
        refused = audiopost(*fix, "-o", out)
        assert (refused.returncode, "itself" in refused.stderr) == (1, True)
    assert bad.read_text(encoding="utf-8") == BAD
    audiopost(*fix, "--in-place")
    assert "before the sun" in bad.read_text(encoding="utf-8")
    assert bad.read_text(encoding="utf-8") != BAD


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["check", "nothing.srt"], 1, "nothing.srt"),
        (["check", "*.nothing"], 1, "*.nothing"),
        (["check", "bad.srt", "--style", "netflix-eng"], 2, "Did you mean 'netflix-en'"),
        (["check", "bad.srt", "-o", "x"], 2, "--fix"),
        (["check", "bad.srt", "--fix", "-o", "x", "--in-place"], 2, "exclude"),
        (["check", "bad.srt", "good.srt", "--fix", "-o", "x.srt"], 2, "folder"),
        (["check", "bad.srt", "--fps", "12345"], 2, "240"),
        (["check"], 2, "FILE"),
        (["convert", "bad.srt", "bad.srt"], 1, "itself"),
        (["convert", "bad.srt", "bad.docx"], 2, ".docx"),
        (["convert", "bad.srt", "b.vtt", "--offset", "soon"], 2, "timecode"),
        (["styles", "netflix"], 2, "netflix-en"),
    ],
)
def test_wrong_use_is_told(
    audiopost: Callable[..., Run],
    good: Path,
    bad: Path,
    arguments: list[str],
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(bad.parent)
    run = audiopost(*arguments)
    assert run.returncode == code, run.stderr
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_patterns_are_expanded(
    audiopost: Callable[..., Run], good: Path, bad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bad.parent)
    run = audiopost("check", "*.srt", "--style", "netflix-en", "--json")
    assert json.loads(run.stdout)["input"] == ["bad.srt", "good.srt"]


def test_one_bad_file_of_several_stops_nothing(audiopost: Callable[..., Run], good: Path, tmp_path: Path) -> None:
    (empty := tmp_path / "empty.srt").touch()
    run = audiopost("check", empty, good, "--style", "netflix-en", "--json")
    assert (run.returncode, "empty.srt is empty" in run.stderr) == (1, True)
    assert [each["file"] for each in json.loads(run.stdout)["files"]] == ["good.srt"]


def test_a_file_without_a_subcommand_is_laid_out(audiopost: Callable[..., Run], bad: Path, tmp_path: Path) -> None:
    for arguments in ((bad,), ("layout", bad)):
        run = audiopost(*arguments, "-o", tmp_path / "out", "--style", "netflix-en", "-f", "vtt", "--json")
        data = json.loads(run.stdout)
        assert (run.returncode, data["backend"]) == (0, "layout")
        assert Path(data["outputs"]["vtt"]).read_text(encoding="utf-8").startswith("WEBVTT")
    assert audiopost("-o", tmp_path / "out", bad).returncode == 0


def test_a_translation_makes_bilingual_captions(audiopost: Callable[..., Run], tmp_path: Path) -> None:
    chinese, english = tmp_path / "zh.srt", tmp_path / "en.srt"
    chinese.write_text("1\n00:00:01,000 --> 00:00:03,000\n我們走吧\n", encoding="utf-8")
    english.write_text("1\n00:00:01,000 --> 00:00:03,000\nLet's go.\n", encoding="utf-8")
    run = audiopost(chinese, "--translation", english, "--style", "hk-bilingual", "--json")
    assert [caption["lines"] for caption in json.loads(run.stdout)["captions"]] == [["我們走吧", "Let's go."]]


def test_convert_moves_and_says_what_is_lost(audiopost: Callable[..., Run], tmp_path: Path) -> None:
    source, target = tmp_path / "a.srt", tmp_path / "b.tsv"
    source.write_text("1\n01:00:01,000 --> 01:00:03,000\n<i>Hello</i> there.\n", encoding="utf-8")
    run = audiopost("convert", source, target, "--offset", "-01:00:00:00", "--fps", "25", "--json")
    assert run.returncode == 0, run.stderr
    assert any("italic" in warning for warning in json.loads(run.stdout)["warnings"])
    (caption,) = load_captions(target).captions
    assert (caption.start_s, caption.end_s, caption.lines) == (1.0, 3.0, ("Hello there.",))
    assert audiopost("convert", source, tmp_path / "c.vtt", "--fps", "23.976", "--fps-from", "25").returncode == 0
    assert load_captions(tmp_path / "c.vtt").captions[0].start_s == pytest.approx(3601 * 25 * 1001 / 24000, abs=0.001)


def test_styles_with_their_numbers(audiopost: Callable[..., Run]) -> None:
    run = audiopost("styles")
    assert all(name in run.stdout for name in style_names())
    assert "42 at 20" in run.stdout
    data = json.loads(audiopost("styles", "netflix-zh-hant", "--json").stdout)
    assert data["styles"][0]["languages"]["zh"] == {"cpl": 16, "cps": 9}


def test_every_file_of_the_reference_recordings(audiopost: Callable[..., Run], shared: Path, tmp_path: Path) -> None:
    pattern = shared / "audio" / "subs" / "ttconv" / "*"
    run = audiopost("check", pattern, "--fix", "-o", tmp_path, "--html", tmp_path / "page.html", "--json")
    assert run.returncode in (0, 1), run.stderr
    data = json.loads(run.stdout)
    assert len(data["files"]) >= 15
    for each in data["files"]:
        assert each["captions"] > 0
        assert load_captions(Path(data["outputs"][f"fixed {each['file']}"])).captions


def test_nobodys_file_is_overwritten(audiopost: Callable[..., Run], good: Path, bad: Path, tmp_path: Path) -> None:
    mine = tmp_path / "film.v1.2.vtt"
    mine.write_text("my own work", encoding="utf-8")
    run = audiopost("convert", good, mine)
    assert (run.returncode, load_captions(mine).captions[0].text) == (0, "Hello there.")
    assert (tmp_path / "film.v1.2.kept-1.vtt").read_text(encoding="utf-8") == "my own work"
    assert "kept as film.v1.2.kept-1.vtt" in run.stderr
    audiopost("check", bad, "--fix", "-o", mine)
    assert load_captions(tmp_path / "film.v1.2.kept-2.vtt").captions[0].text == "Hello there."
    assert audiopost("convert", tmp_path / "none.srt", mine).returncode != 0
    assert mine.exists()


def test_a_frame_rate_alone_retimes_nothing_and_says_so(
    audiopost: Callable[..., Run], good: Path, tmp_path: Path
) -> None:
    run = audiopost("convert", good, tmp_path / "a.vtt", "--fps", "23.976")
    assert "--fps-from" in run.stdout
    assert load_captions(tmp_path / "a.vtt").captions[1].start_s == 5.0
    run = audiopost("convert", good, tmp_path / "b.vtt", "--fps", "23.976", "--fps-from", "25")
    assert "--fps-from" not in run.stdout
    assert load_captions(tmp_path / "b.vtt").captions[1].start_s == pytest.approx(5.0 * 25 * 1.001 / 24, abs=0.001)


def test_what_the_format_of_a_mended_file_loses_is_said(
    audiopost: Callable[..., Run], bad: Path, tmp_path: Path
) -> None:
    assert "lrc cannot hold" in audiopost("check", bad, "--fix", "-o", tmp_path / "a.lrc").stdout
