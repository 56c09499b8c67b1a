"""The table of formats: every entry resolves, writes what there is, and says when it is nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import UnknownName
from audiopost.core.language import LANGUAGES, tell
from audiopost.core.music import EditPiece, TrackEdit, TrackInfo, TrackMatch
from audiopost.core.project import MediaInfo, Project, Step
from audiopost.core.registry import load
from audiopost.delivery.cue_sheet import read_sheet
from audiopost.delivery.spotting import Programme
from audiopost.delivery.spotting_formats import DEFAULTS, FORMATS, chosen, kind_of, write_spotting_formats


@pytest.fixture
def project(make_spotting, bases) -> Project:
    spotting = make_spotting(bases["25"])
    media = MediaInfo("film.wav", "0" * 64, "wav", "PCM_24", 48_000, 1, ("mono",), 4000.0, timebase=bases["25"])
    audio = Audio(np.zeros((1, 480), np.float32), 48_000)
    return Project(media, audio, cues=spotting.cues, scenes=spotting.scenes, emotion=spotting.emotion)


def write(project, folder: Path, kinds=DEFAULTS, **more):
    asked = []

    def path(kind, suffix):
        asked.append(kind)
        return folder / f"FILM{suffix}"

    written = write_spotting_formats(path, project, "FILM", kinds, **more)
    assert list(written) == asked
    return written


def test_names_kinds_and_suffixes_are_one_each():
    assert len({form.suffix for form in FORMATS.values()}) == len(FORMATS)
    assert len({kind_of(name) for name in FORMATS}) == len(FORMATS)
    assert set(DEFAULTS) <= set(FORMATS)
    assert all(callable(load(form.writer)) and form.help for form in FORMATS.values())
    assert [kind_of(name) for name in ("csv", "otio", "scenes-csv", "pro-tools", "scenes-otio", "emotion-json")] == [
        "cues", "cues_otio", "scenes", "cues_pro_tools", "scenes_otio", "emotion_json",
    ]  # fmt: skip


def test_what_a_person_types():
    assert chosen([]) == DEFAULTS
    assert chosen(["pdf, csv", "pdf"]) == ("pdf", "csv")
    assert chosen(["all"]) == tuple(FORMATS)
    with pytest.raises(UnknownName, match=r"no spotting format 'protools'.*Did you mean 'pro-tools'"):
        chosen(["protools"])


def test_a_whole_run(tmp_path, project):
    written = write(project, tmp_path)
    assert set(written) == {"cues", "cues_xlsx", "cues_pdf", "cues_otio", "scenes", "scenes_otio", "emotion_csv"}
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in written.values()}


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_format_in_every_language_the_same_twice(tmp_path, project, language):
    told = replace(project, steps=(Step("cues", "rules", "auto", {"language": language}),))
    for name in "ab":
        (tmp_path / name).mkdir()
        write(told, tmp_path / name, ["all"], programme=Programme(title="T", director="=D"))
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name
    assert tell("sheet.details", language) in (tmp_path / "a/FILM.cues.html").read_text()


def test_what_was_not_made_is_left_out_and_what_is_empty_is_said(tmp_path, project):
    bare = replace(project, scenes=None, emotion=None, cues=())
    written = write(bare, tmp_path, ["all"])
    assert not any(kind.startswith(("scenes", "emotion")) for kind in written)
    assert all(path.exists() for path in written.values())
    assert written["cues"].read_text(encoding="utf-8-sig").count("\n") == 1
    assert "No music cues" in written["cues_html"].read_text()


@pytest.mark.parametrize("kind", FORMATS)
def test_awkward_texts_are_written_and_names_that_are_no_text(tmp_path, project, kind):
    """Control characters, emoji, other scripts, markup; a file name on Unix may hold bytes that are no UTF-8."""
    awkward = "a\x00b\x0bc\x1f \u202e\u2028 😀 &amp; <i>é</i> ]]> '\"; عربي ไทย \\ \udcff\ufffe" + "x" * 300
    cue = project.cues[0]
    hit = replace(cue.hits[0], what=awkward)
    info = TrackInfo(f"/m/{awkward}.wav", awkward, awkward)
    track = TrackMatch(info, 0.5, (awkward,), TrackEdit((EditPiece(cue.in_s, 0.0, 1.0),)), accepted=True)
    bad = replace(
        cue, reason=awkward, title=awkward, key=awkward, instruments=(awkward,), hits=(hit,), dynamics=awkward,
        tracks=(track,),
    )  # fmt: skip
    scene = replace(project.scenes[0], reason=awkward, speakers=(awkward,), mood=awkward)
    made = replace(project, cues=(bad,), scenes=(scene,))
    write_spotting_formats(
        lambda _, suffix: tmp_path / f"x{suffix}", made, "FILM\udcff\x01", [kind], programme=Programme("\udcff")
    )
    (path,) = tmp_path.iterdir()
    assert path.stat().st_size > 100
    if path.suffix in (".xml", ".fcpxml"):
        ElementTree.parse(path)
    if kind in ("csv", "xlsx", "json"):
        (read,) = read_sheet(path, project.media.timebase).cues
        assert read.hits[0].what.split() == awkward.replace("\udcff", "?").split() or kind == "xlsx"
