"""File names of stems: conventions, templates, and that nothing leaves the folder."""

from __future__ import annotations

import dataclasses
from pathlib import PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue
from audiopost.core.options import build
from audiopost.core.project import MediaInfo, Project
from audiopost.core.stage import Choice, ModelInfo
from audiopost.stages.separate import Options, beside, file_of, separate
from audiopost.stages.separate.names import CONVENTIONS, stem_file, template_of


def named(filename, **changes):
    values = {"track": "reel.1", "trackext": "mov", "stem": "vocals", "model": "htdemucs_ft", "ext": "wav", **changes}
    return str(stem_file(filename, **values))


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("audiopost", "reel.1.vocals.wav"),
        ("demucs", "reel.1/vocals.wav"),
        ("audio-separator", "reel.1_(Vocals)_htdemucs_ft.wav"),
        ("{model}/{track}.{trackext}/{Stem} {stem}.{ext}", "htdemucs_ft/reel.1.mov/Vocals vocals.wav"),
        ("{{{stem}}}.{ext}", "{vocals}.wav"),
    ],
)
def test_conventions_and_templates(filename, expected):
    assert named(filename) == expected


def test_demucs_default_is_demucs_own():
    separate = pytest.importorskip("demucs.separate")
    assert separate.get_parser().get_default("filename") == CONVENTIONS["demucs"]


@pytest.mark.parametrize(
    ("filename", "says"),
    [
        ("../{stem}.{ext}", "must stay below"),
        ("/tmp/{stem}.{ext}", "must stay below"),
        ("a/../../{stem}.{ext}", "must stay below"),
        ("a//{stem}.{ext}", "must stay below"),
        ("C:{stem}.{ext}", "character"),
        ("..\\{stem}.{ext}", "character"),
        ("{track}.{ext}", "gives all stems one name"),
        ("{stem}", r"must end in \.\{ext\}"),
        ("{stem}{nothing}.{ext}", "the field 'nothing'"),
        ("{stem.__class__}.{ext}", "the field 'stem.__class__'"),
        ("{stem!r}.{ext}", "the field 'stem'"),
        ("{stem:>9999}.{ext}", "the field 'stem'"),
        ("{}{stem}.{ext}", "the field ''"),
        ("{stem.{ext}", "the field|cannot be read"),
        ("{stem", "cannot be read"),
        ("", "gives all stems one name"),
    ],
)
def test_what_is_no_template_is_told_before_the_work(filename, says):
    with pytest.raises(BadValue, match=says):
        build(Options, {"filename": filename}, "separate.")


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=40))
def test_no_name_leaves_the_folder(track, model, filename):
    for template in (*CONVENTIONS, "{model}/{track}/{stem}.{ext}", filename):
        try:
            template_of(template)
        except BadValue:
            continue
        path = PurePosixPath(named(template, track=track, model=model))
        assert not path.is_absolute()
        assert not {"..", "."} & set(path.parts)
        assert "\\" not in str(path)
        assert path.suffix == ".wav"


@pytest.fixture
def project(rng):
    audio = Audio(rng.normal(0, 0.1, (2, 500)), 48_000)
    media = MediaInfo("a/film.mov", "0", "mov", "pcm_s24le", 48_000, 2, audio.layout, audio.duration_s)
    return Project(media, audio)


def separated(project, model=None, backend="dsp", **changes):
    options = Options(**changes)
    stems = separate(project.audio, dataclasses.replace(options, backend="dsp", m_and_e=False))
    return project.after("separate", Choice(backend, "", model), options, stems=stems)


def test_a_project_names_its_model_or_its_backend(project):
    place = {"track": "film", "trackext": "mov", "ext": "flac"}
    model = ModelInfo("htdemucs", "v4", "MIT", "", "")
    by_model = separated(project, model, "demucs", filename="audio-separator")
    assert str(file_of(by_model, "dialogue", **place)) == "film_(Dialogue)_htdemucs.flac"
    built_in = separated(project, model, "dsp", filename="audio-separator")
    assert str(file_of(built_in, "dialogue", **place)) == "film_(Dialogue)_dsp.flac"
    assert str(file_of(project, "dialogue", **place)) == "film.dialogue.flac"


def test_m_and_e_stands_beside_and_is_music_plus_effects(project):
    assert beside(project) == {}
    assert beside(separated(project)) == {}
    made = separated(project, m_and_e=True)
    assert tuple(made.stems) == ("dialogue", "music", "effects")
    both = made.stems["music"].samples + made.stems["effects"].samples
    assert np.array_equal(beside(made)["m_and_e"].samples, both)
    assert np.abs(both + made.stems["dialogue"].samples - project.audio.samples).max() < 1e-6
