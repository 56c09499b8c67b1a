"""`audiopost cast`: what people and scripts see of a cast file, and what they change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from audiopost.analysis import cast as cast_file
from audiopost.analysis import voice_print
from audiopost.analysis.cast import Appearance, Cast, Encoder, Person, Voice, load
from audiopost.cli.cast import command
from audiopost.core.errors import AudiopostError, BadValue, UnknownName
from audiopost.core.speech import Consent

GIVEN = Consent("Jane Doe, production X", "speaker labels of series X", "2026-11-01")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Mary with a voice print, somebody without a name or a print, heard in files with hostile names."""
    vector = np.zeros(voice_print.SIZE, np.float32)
    vector[3] = 1
    seen = (Appearance("one.wav", "1" * 64, 2.0), Appearance("\x1b[2Jtwo\n.wav", "2" * 64, 3.0))
    people = (Person("P1", "Mary", (), GIVEN, Voice.of(vector, 31.4), seen), Person("P2", seen_in=seen[:1]))
    path = tmp_path / "cast.json"
    cast_file.change(path, lambda _: (Cast(people, Encoder("encoder", "0" * 64), 3), None), new=True)
    return path


def cast(*arguments: object) -> str:
    """What the command prints; what it raises is raised."""
    result = CliRunner().invoke(command("cast"), [str(a) for a in arguments], catch_exceptions=False)
    if isinstance(result.exception, AudiopostError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_list_shows_everybody_and_no_print_and_no_control_characters(file):
    text = cast("list", file)
    assert "P1    Mary" in text
    assert "voice print of 31 s; consent: Jane Doe, production X; speaker labels of series X; 2026-11-01" in text
    assert "no voice print; no consent" in text
    assert "heard in \\x1b[2Jtwo\\n.wav" in text
    assert "\x1b" not in text
    listed = json.loads(cast("list", file, "--json"))
    assert [p["id"] for p in listed["people"]] == ["P1", "P2"]
    assert listed["people"][0]["voice_seconds"] == 31.4
    assert "vector" not in json.dumps(listed)


def test_name_by_id_or_name(file):
    assert cast("name", file, "P2", "Tom") == "P2 is now Tom\n"
    assert cast("name", file, "tom", "Tom Jones") == "P2 (Tom) is now Tom Jones\n"
    assert load(file).person("P2").aliases == ("Tom",)
    with pytest.raises(UnknownName, match="P1, P2"):
        cast("name", file, "P9", "Nobody")
    with pytest.raises(BadValue):
        cast("name", file, "P2", "Tom=Jerry")


def test_merge_says_what_it_took_over(file):
    text = cast("merge", file, "P1", "P2")
    assert text.splitlines() == [
        "P1 (Mary) is merged into P2 (Mary)", "P2 had no name and takes Mary", "P2 had no consent and takes that of P1",
    ]  # fmt: skip
    (person,) = load(file).people
    assert (person.id, person.name, person.aliases, person.consent) == ("P2", "Mary", ("P1",), GIVEN)


def test_consent_later_and_another_one(file):
    asked = ("--who", "Tom", "--scope", "series X", "--date", "2026-02-03")
    assert "made when audiopost runs with this cast on one.wav" in cast("consent", file, "P2", *asked)
    assert load(file).person("P2").consent == Consent("Tom", "series X", "2026-02-03")
    assert "the voice print of the earlier consent is dropped" in cast("consent", file, "Mary", *asked)
    assert load(file).person("P1").voice is None
    with pytest.raises(BadValue, match="date"):
        cast("consent", file, "P2", *asked[:-1], "3 Feb")


def test_forget_leaves_nothing_and_says_what_it_cannot_reach(file):
    text = cast("forget", file, "Mary")
    assert text.startswith("P1 (Mary) is forgotten\n")
    assert "not reached: project, provenance, subtitles and RTTM made of one.wav" in text
    assert "copies and backups" in text
    assert "\x1b" not in text
    kept = file.read_text("utf-8")
    assert not any(word in kept for word in ("Mary", "Jane", '"P1"', "vector"))


def test_forget_may_keep_the_name(file):
    assert "voice print and consent are removed" in cast("forget", file, "P1", "--keep-name")
    person = load(file).person("P1")
    assert (person.name, person.voice, person.consent) == ("Mary", None, None)
    assert load(file).encoder is None


def test_a_missing_file_is_told_by_every_command(tmp_path):
    for arguments in (["list"], ["name", "P1", "Mary"], ["merge", "P1", "P2"], ["forget", "P1"]):
        with pytest.raises(BadValue, match="There is no cast file"):
            cast(arguments[0], tmp_path / "cast.json", *arguments[1:])
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_diarise_with_a_cast_from_the_command_line(tmp_path, scene):
    if voice_print.weights_path() is None:
        pytest.skip("resemblyzer is not installed")
    sound, rate = soundfile.read(scene.with_suffix(".dialogue.flac"), always_2d=True)
    soundfile.write(tmp_path / "part.wav", sound[: 22 * rate].mean(axis=1), rate)

    def audiopost(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "audiopost", *arguments], capture_output=True, encoding="utf-8", cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip

    diarise = ("diarise", "part.wav", "-o", "out", "--backend", "embedded", "--speakers", "2", "--cast", "cast.json")
    refused = audiopost(*diarise, "--consent", "Jane")
    assert refused.returncode == 2
    assert "WHO; SCOPE; YYYY-MM-DD" in refused.stderr
    run = audiopost(*diarise, "--consent", "; ".join((GIVEN.who, GIVEN.scope, GIVEN.date)))
    assert run.returncode == 0, run.stderr
    listed = json.loads(audiopost("cast", "list", "cast.json", "--json").stdout)
    assert [p["consent"]["who"] for p in listed["people"]] == [GIVEN.who] * 2
    assert {line.split()[7] for line in (tmp_path / "out" / "part.rttm").read_text().splitlines()} == {"P1", "P2"}
