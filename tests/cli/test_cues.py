"""`audiopost cues`: what an editor takes along and brings back."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from audiopost.cli.cues import command
from audiopost.core.errors import AudiopostError, BadValue, UnknownName
from audiopost.io.decode import load
from audiopost.pipeline import run

ROOT = Path(__file__).parents[2]


def cues(*arguments: object) -> str:
    """What the command prints; what it raises is raised."""
    result = CliRunner().invoke(command("cues"), [str(a) for a in arguments], catch_exceptions=False)
    if isinstance(result.exception, AudiopostError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, scene: Path) -> tuple[Path, dict]:
    """A folder with everything of the example scene, and the command's JSON."""
    out = tmp_path_factory.mktemp("cues")
    told = cues(scene, "-o", out, "--start-timecode", "01:00:00:00", "--export", "csv,json,edl", "--json")
    return out, json.loads(told)


def rows_of(sheet: Path) -> list[dict[str, str]]:
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_cues_are_told_and_written(made: tuple[Path, dict]) -> None:
    out, told = made
    assert set(told["outputs"]) == {"cues", "cues_json", "cues_edl", "spotting"}
    assert [cue["label"] for cue in told["cues"]] == [f"1m{n:02d}" for n in range(1, len(told["cues"]) + 1)]
    assert {cue["status"] for cue in told["cues"]} == {"suggested", "existing"}
    assert all(cue["in_timecode"].startswith("01:00:") for cue in told["cues"])
    assert len(rows_of(out / "scene.cues.csv")) == len(told["cues"])


def test_an_edited_sheet_comes_back_and_what_was_there_is_kept(
    made: tuple[Path, dict], tmp_path: Path, scene: Path
) -> None:
    out, told = made
    sheet = tmp_path / "edited.csv"
    rows = rows_of(out / "scene.cues.csv")
    moved = next(row for row in rows if told["cues"][rows.index(row)]["status"] == "suggested")
    for row in rows:  # a person edits timecodes, and leaves the seconds beside them alone
        if row is moved:
            row["in_timecode"] = "01:00:10:00"
    with sheet.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    again = json.loads(
        cues(scene, "-o", tmp_path / "out", "--start-timecode", "01:00:00:00", "--sheet", sheet, "--export", "csv",
             "--json")
    )  # fmt: skip
    assert again["backend"] == "sheet"
    by_label = {cue["label"]: cue for cue in again["cues"]}
    assert by_label[moved["label"]]["in_s"] == 10.0
    assert by_label[moved["label"]]["in_timecode"] == "01:00:10:00"
    untouched = [cue for cue in told["cues"] if cue["label"] != moved["label"]]
    assert [(cue["in_s"], cue["out_s"]) for cue in untouched] == [
        (by_label[cue["label"]]["in_s"], by_label[cue["label"]]["out_s"]) for cue in untouched
    ]


def test_what_a_person_writes_into_a_sheet(made: tuple[Path, dict], tmp_path: Path, scene: Path) -> None:
    """A row without a number takes nobody's; a track that nothing measured has no score; a terminal is not steered."""
    rows = rows_of(made[0] / "scene.cues.csv")[1:]
    blank = dict.fromkeys(rows[0], "")
    times = {"in_timecode": "01:00:30:00", "out_timecode": "01:00:36:00"}
    own = {"function": "sting", "emotion": "joy", "tracks": "[x] \x1b[31mDawn | | | /nowhere/dawn.wav"}
    sheet = tmp_path / "edited.csv"
    with sheet.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, blank)
        writer.writeheader()
        writer.writerows([{**blank, **times, **own}, *rows])
    told = cues(scene, "--start-timecode", "01:00:00:00", "--sheet", sheet, "--language", "zh-hant")
    numbers = {cue["number"] for cue in made[1]["cues"]}
    assert f"1m{max(numbers) + 1:02d}  01:00:30:00 to 01:00:36:00  強音、喜悅、60–120 BPM\n" in told
    assert "\x1b" not in told
    assert "              \\x1b[31mDawn\n" in told
    assert all(f"{row['label']}  {row['in_timecode']} to" in told for row in rows)


def test_a_bad_sheet_names_its_row(made: tuple[Path, dict], tmp_path: Path, scene: Path) -> None:
    sheet = tmp_path / "bad.csv"
    sheet.write_text("in_timecode,out_timecode\n00:00:20:00,00:00:10:00\n", encoding="utf-8")
    with pytest.raises(BadValue, match="Cue 1 of the sheet"):
        cues(scene, "--sheet", sheet)


@pytest.mark.slow
def test_an_earlier_run_is_gone_on_from(tmp_path: Path, scene: Path) -> None:
    """Feelings and scenes are not found again; the language, the guides and the temp mix are this command's."""
    take = tmp_path / "take.flac"
    import soundfile

    part = load(scene).audio.between(20.0, 62.0)
    soundfile.write(take, part.samples.T, part.rate)
    first = run(take, "film-dialogue", tmp_path / "run", settings=("transcribe.backend=pocketsphinx",
                                                                   "transcribe.language=en"))  # fmt: skip
    found = first.outputs["project"]
    told = json.loads(
        cues(take, "-o", tmp_path / "out", "--project", found, "--language", "zh-hant", "--guides", "--temp-mix",
             "guides", "--export", "csv", "--json")
    )  # fmt: skip
    assert {"emotion", "scenes", "transcribe"} <= set(told["seconds"])
    assert [(c["in_s"], c["out_s"]) for c in told["cues"]] == [(c.in_s, c.out_s) for c in first.project.cues]
    assert all(any("\u4e00" <= sign <= "\u9fff" for sign in c["reason"]) for c in told["cues"])
    played = [c for c in told["cues"] if c["status"] == "suggested" and c["function"] != "silence"]
    assert played
    for cue in played:
        guide = load(tmp_path / "out" / f"take.{cue['label']}.guide.wav").audio
        assert guide.duration_s == pytest.approx(cue["out_s"] - cue["in_s"], abs=1e-3)
        assert (tmp_path / "out" / f"take.{cue['label']}.guide.mid").read_bytes()[:4] == b"MThd"
    mix, music = (load(tmp_path / "out" / f"take.temp-{name}.wav").audio for name in ("mix", "music"))
    clean = load(first.outputs["clean"]).audio
    assert np.abs(mix.samples - clean.samples - music.samples).max() < 2**-21
    assert np.abs(music.samples).max() > 0.01


def test_what_cannot_be_is_said(scene: Path, tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="Add -o"):
        cues(scene, "--guides")
    with pytest.raises(UnknownName, match="resolve"):
        cues(scene, "-o", tmp_path, "--export", "davinci")
    with pytest.raises(BadValue, match="field=text"):
        cues(scene, "-o", tmp_path, "--programme", "broadcaster")
    with pytest.raises(UnknownName, match="production_company"):
        cues(scene, "-o", tmp_path, "--programme", "studio=X")
    other = tmp_path / "other.project.json"
    other.write_text("{}", encoding="utf-8")
    with pytest.raises(BadValue, match="not an audiopost project"):
        cues(scene, "--project", other)
