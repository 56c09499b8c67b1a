from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from audiopost import presets
from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.options import describe

NAMES = (
    "auto-repair", "documentary", "film-dialogue", "interview", "music-stems", "podcast",
    "subtitles-en", "subtitles-hk", "subtitles-yue", "subtitles-zh-hant",
)  # fmt: skip


def test_the_shipped_presets() -> None:
    assert presets.names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_preset_is_whole_and_in_order(name: str) -> None:
    preset = presets.load(name)
    assert preset.title
    assert preset.summary
    made: set[str] = set()
    for each in preset.stages:
        stage = presets.stage(each)
        assert stage.requires <= made
        made |= stage.assigns


@pytest.mark.parametrize("name", presets.STAGES)
def test_every_option_has_help_and_every_backend_resolves(name: str) -> None:
    stage = presets.stage(name)
    assert stage.name == name
    for spec in describe(stage.options_type):
        assert spec.help, f"{name}.{spec.name}"
    assert {"backend"} <= {spec.name for spec in describe(stage.options_type)}
    table = presets.backends_of(name)
    assert table.stage == name
    assert {*table.embedded, *table.auto} <= set(table.table)
    for backend in table.table:
        assert table.resolve(backend).name == backend


def test_settings_reach_every_option() -> None:
    preset = presets.load("podcast").changed(
        ["denoise.amount=50", "denoise.backend=spectral", "loudness.spec=streaming"]
    )
    assert preset.options["denoise"].amount == 50.0
    assert preset.options["denoise"].backend == "spectral"
    assert preset.options["loudness"].spec == "streaming"


@pytest.mark.parametrize(
    ("setting", "error", "words"),
    [
        ("denoise.amount", BadValue, "stage.option=value"),
        ("amount=1", BadValue, "stage.option=value"),
        ("denoise.amout=1", UnknownName, "Did you mean 'denoise.amount'"),
        ("denoize.amount=1", UnknownName, "Did you mean 'denoise'"),
        ("denoise.amount=700", BadValue, "0 to 100"),
    ],
)
def test_bad_settings(setting: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as raised:
        presets.load("podcast").changed([setting])
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stages = []", "no list of stages"),
        ("stages = ['denoize']", "Did you mean 'denoise'"),
        ("stages = ['denoise']\n[denoise]\namout = 1", "denoise.amount"),
        ("stages = ['denoise']\n[loudness]\nspec = 'podcast'", "'loudness'"),
        ("stages = ['denoise']\ncolour = 'red'", "'colour'"),
        ("stages = [", "cannot be read"),
    ],
)
def test_a_bad_preset_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises((BadValue, UnknownName)) as raised:
        presets.load(path)
    assert words in str(raised.value)
    assert "mine" in str(raised.value)


def test_unknown_preset_offers_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'podcast'"):
        presets.load("podcasts")


def test_a_preset_of_ones_own_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "own_folder", lambda: tmp_path / "presets")
    assert presets.own_names() == ()
    made = presets.load("podcast").changed(("denoise.amount=60", "loudness.spec=netflix", "deliver.format=flac"))
    own = replace(made, name="My show", title='Mine, "gentle"')
    presets.save_own(own)
    assert presets.load("My show") == own
    assert presets.known() == (*presets.names(), "My show")
    with pytest.raises(BadValue, match="already"):
        presets.save_own(own)
    presets.save_own(replace(own, title="Other"), replace=True)
    assert presets.load("My show").title == "Other"
    presets.delete_own("My show")
    assert presets.own_names() == ()
    with pytest.raises(UnknownName):
        presets.delete_own("podcast")


@pytest.mark.parametrize("name", ["podcast", "../evil", "a/b", "", ".hidden", "x" * 61, "tail "])
def test_a_name_that_cannot_be_a_presets_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "own_folder", lambda: tmp_path)
    with pytest.raises(BadValue):
        presets.save_own(replace(presets.load("podcast"), name=name))
    assert list(tmp_path.iterdir()) == []
