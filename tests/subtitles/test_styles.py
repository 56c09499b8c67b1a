"""Style files: every one loads, and bad ones say what is wrong."""

from __future__ import annotations

import pytest

from audiopost.core.errors import BadValue, UnknownName
from audiopost.io.resources import presets_folder
from audiopost.subtitles import load_style, style_names

NAMES = ("bbc", "ebu-teletext", "netflix-en", "netflix-zh-hans", "netflix-zh-hant", "plain", "youtube", "yue-hant")


def test_the_names_stay():
    assert style_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_style_loads(name):
    style = load_style(name)
    assert style.name == name
    assert style.source
    assert style.limits_for("yue") == style.limits_for("zh") == style.limits_for("zh-Hant")
    assert style.limits_for("zh").cpl < style.limits_for("en").cpl


def test_published_numbers():
    style = load_style("netflix-en")
    assert (style.limits.cpl, style.limits.cps, style.max_lines, style.gap_frames) == (42, 20, 2, 2)
    assert (style.max_duration_s, style.linger_s) == (7, 0.5)
    assert style.min_duration_s == pytest.approx(5 / 6, abs=0.001)
    assert load_style("ebu-teletext").limits.cpl == 37


def test_what_is_assumed_says_so():
    text = (presets_folder() / "styles" / "yue-hant.toml").read_text(encoding="utf-8")
    assert "ssumption" in text


def test_unknown_and_broken_styles(tmp_path):
    with pytest.raises(UnknownName, match="netflix-en"):
        load_style("netflix-eng")
    own = tmp_path / "house.toml"
    good = (presets_folder() / "styles" / "plain.toml").read_text(encoding="utf-8")
    own.write_text(good.replace("max_lines = 2", "max_lines = 3"), encoding="utf-8")
    assert load_style(str(own)).max_lines == 3
    own.write_text("max_lins = 2", encoding="utf-8")
    with pytest.raises(BadValue, match="max_lins"):
        load_style(str(own))
    own.write_text(good.replace("max_lines = 2", "max_lines = 0"), encoding="utf-8")
    with pytest.raises(BadValue, match="max_lines = 0"):
        load_style(str(own))
    own.write_text("= =", encoding="utf-8")
    with pytest.raises(BadValue, match="cannot be read"):
        load_style(str(own))
