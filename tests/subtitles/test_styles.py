"""Style files: every one loads, and bad ones say what is wrong."""

from __future__ import annotations

import pytest

from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.time import FrameRate
from audiopost.io.resources import presets_folder
from audiopost.subtitles import load_style, style_names

NAMES = (
    "bbc", "ebu-teletext", "hk-bilingual", "netflix-en", "netflix-en-sdh", "netflix-ja", "netflix-zh-hans",
    "netflix-zh-hant", "plain", "youtube", "yue-hant",
)  # fmt: skip


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


def test_published_numbers_of_the_other_languages():
    for name in ("netflix-zh-hant", "netflix-zh-hans", "yue-hant", "hk-bilingual"):
        limits = load_style(name).limits_for("yue")
        assert (limits.cpl, limits.cps) == (16, 9)
    assert (load_style("netflix-ja").limits_for("ja").cpl, load_style("netflix-ja").limits_for("ja").cps) == (13, 4)
    assert load_style("netflix-en-sdh").limits_for("zh").cps == 11
    assert load_style("netflix-en-sdh").sdh
    assert load_style("netflix-en").dash == load_style("netflix-zh-hant").dash == "-"


def test_frames_at_each_rate():
    style = load_style("netflix-en")
    at_24 = style.frames(FrameRate.parse("24"))
    assert (at_24.shortest, at_24.longest, at_24.gap, at_24.chain, at_24.linger, at_24.snap) == (20, 168, 2, 11, 12, 12)
    at_30 = style.frames(FrameRate.parse("29.97df"))
    assert (at_30.shortest, at_30.gap, at_30.chain, at_30.snap) == (25, 2, 14, 15)


def test_time_to_read():
    assert load_style("netflix-en").reading_s(["x" * 10, "x" * 9], ["en", "en"]) == pytest.approx(1.0)
    assert load_style("netflix-ja").reading_s(["あ" * 4, "い" * 4], ["ja", "ja"]) == pytest.approx(2.0)
    assert load_style("yue-hant").reading_s(["我" * 9, "x" * 19], ["yue", "en"]) == pytest.approx(2.0)
    # Chinese over English: everybody reads one of them.
    assert load_style("hk-bilingual").reading_s(["我" * 9, "x" * 60], ["yue", "en"]) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("text", "language", "written"),
    [("你好,世界...", "zh", "你好，世界⋯"), ("3.5,4", "zh", "3.5,4"), ("OK, 好!", "yue", "OK, 好！"),
     ("Well...", "en", "Well...")],
)  # fmt: skip
def test_chinese_punctuation(text, language, written):
    assert load_style("yue-hant").written(text, language) == written


def test_one_ellipsis_in_english():
    assert load_style("netflix-en").written("Well... no....", "en") == "Well… no…"


@pytest.mark.parametrize("name", ["yue-hant", "hk-bilingual", "plain", "youtube"])
def test_what_is_assumed_says_so(name):
    text = (presets_folder() / "styles" / f"{name}.toml").read_text(encoding="utf-8")
    assert "ssumption" in text


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [("linger_s = 0.5", 'linger_s = 0.5\nspeaker_label = "[name]"', "speaker_label"),
     ("linger_s = 0.5", 'linger_s = 0.5\nmusic_tag = "{x}"', "music_tag"),
     ("linger_s = 0.5", 'linger_s = 0.5\nbilingual = ["zh"]', "bilingual"),
     ("linger_s = 0.5", "linger_s = 0.5\nsnap_s = 9", "snap_s"),
     ('dash = "- "', 'dash = "-\\n"', "dash")],
)  # fmt: skip
def test_what_makes_no_captions_is_named(tmp_path, old, new, named):
    own = tmp_path / "house.toml"
    good = (presets_folder() / "styles" / "plain.toml").read_text(encoding="utf-8")
    assert old in good
    own.write_text(good.replace(old, new), encoding="utf-8")
    with pytest.raises(BadValue, match=named):
        load_style(str(own))


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
