"""Names of results: after the tree or a template, no two the same, safe on every system."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audiopost.batch.naming import FIELDS, Name, names, safe
from audiopost.batch.search import Found
from audiopost.core.errors import BadValue, UnknownName


def of(*paths: str, template: str = "", **known: str) -> list[str]:
    return [each.name for each in names([(Found(f"/in/{p}", PurePosixPath(p)), known) for p in paths], template)]


def test_names_follow_the_tree():
    assert of("season 1/ep1.mov", "season 1/ep2.mov", "第二季/第三集.wav", "film") == [
        "season 1/ep1", "season 1/ep2", "第二季/第三集", "film",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a.wav", "a.mp3", "b.wav"], ["a.wav", "a.mp3", "b"]),
        (["a.wav", "A.mp3"], ["a.wav", "A.mp3"]),
        (["cafe\u0301.wav", "caf\u00e9.mp3"], ["caf\u00e9.wav", "caf\u00e9.mp3"]),
        (["STRASSE.wav", "straße.mov"], ["STRASSE.wav", "straße.mov"]),
        (["a.wav", "A.wav", "a.WAV"], ["a", "A-2", "a-3"]),
        (["a.wav", "A.WAV", "a.mp3"], ["a.wav", "A-2.WAV", "a.mp3"]),
        (["a.wav", "a.mp3", "a.wav.flac"], ["a-2.wav", "a.mp3", "a.wav"]),
        (["a.wav", "A.wav", "a-2.wav"], ["a", "A-3", "a-2"]),
        (["x/a.wav", "y/a.wav"], ["x/a", "y/a"]),
        (["x?/a.wav", "x*/a.wav"], ["x_/a", "x_/a-2"]),
    ],
)
def test_names_that_would_be_the_same(paths, expected):
    assert of(*paths) == expected


def test_a_name_in_the_manifest_is_taken():
    found = [(Found(f"/in/{n}.mov", PurePosixPath(f"{n}.mov")), {"name": "../best of/take: 1"}) for n in "ab"]
    assert [each.name for each in names(found, "{stem}.{ext}")] == ["best of/take_ 1", "best of/take_ 1-2"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Show.S01E02.mov", "Show/S01E02"),
        ("The.Wire.1x02.mkv", "The Wire/S01E02"),
        ("Mr. Robot - Season 1, Episode 12 (final).mkv", "Mr. Robot/S01E12"),
        ("show_name_s1e2.wav", "show name/S01E02"),
        ("Show.S01E002.mov", "Show/S01E002"),
        ("Show/Season 3/Ep 3.mov", "Show/S03E03"),
        ("Show/S2/E07.mov", "Show/S02E07"),
        ("Show S2/01 EP04 title.mp4", "01/S02E04"),
        ("戲名/第二季/第3集.mp4", "戲名/S02E03"),
        ("戲名第一季第十二集.mp4", "戲名/S01E12"),
        ("戲名S01E02.mp4", "戲名/S01E02"),
        ("戲名 第１季 第１０５集.mp4", "戲名/S01E105"),
        ("Show.S01E02", "Show/S01E02"),
    ],
)
def test_shows_seasons_and_episodes_out_of_names(path, expected):
    assert of(path, template="{show}/S{season}E{episode}.{ext}") == [expected]


@pytest.mark.parametrize(
    ("numeral", "number"),
    [("三", "03"), ("十", "10"), ("十二", "12"), ("二十", "20"), ("二十一", "21"), ("一百零五", "105"), ("二〇", "20")],
)
def test_chinese_numerals(numeral, number):
    assert of(f"第{numeral}集.wav", template="{episode}") == [number]


@pytest.mark.parametrize("name", ["film.1920x1080.mov", "film.x264.mov", "recep2.wav", "e1.mov", "step 3.wav"])
def test_what_is_no_episode(name):
    with pytest.raises(BadValue, match="has no episode"):
        of(name, template="{episode}")


def test_what_the_manifest_says_comes_first():
    template = "{show}/{title} {season}-{episode} {lang} {preset}"
    known = {"show": "A/B", "title": "C", "season": "1", "episode": "final", "language": "yue", "preset": "p"}
    assert of("X.S09E09.mov", template=template, **known) == ["A_B/C 01-final yue p"]


def test_parent_is_the_folder_and_may_be_the_top():
    assert of("s 1/d/a.mov", "a.mov", template="x/{parent}/{stem}.{ext}") == ["x/s 1/d/a", "x/a"]


@pytest.mark.parametrize(
    ("template", "name", "tagged"),
    [
        ("{stem}.{lang}.{ext}", "a", True),
        ("{stem}.{lang}", "a", True),
        ("{lang}/{stem}.{lang}.{ext}", "yue/a", True),
        ("{stem}.{ext}", "a", False),
        ("{stem}{ext}", "a", False),
        ("{stem}", "a", False),
        ("{stem}_{lang}.{ext}", "a_yue", False),
        ("{stem}/{lang}.{ext}", "a/yue", False),
        ("{lang}.{stem}.{ext}", "yue.a", False),
    ],
)
def test_where_the_language_goes(template, name, tagged):
    assert names([(Found("/in/a.mov", PurePosixPath("a.mov")), {"language": "yue"})], template) == [Name(name, tagged)]


def test_a_template_without_what_tells_recordings_apart_numbers_them():
    assert of("a.mov", "b.mov", "c.wav", template="all.{ext}") == ["all.mov", "all-2.mov", "all.wav"]
    assert of("a.mov", "b.mov", template="all.{ext}") == ["all", "all-2"]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{ext}", "names no place"),
        (".{ext}", "names no place"),
        ("/abs/{stem}", "names no place"),
        ("{stem}/../{stem}", "names no place"),
        ("..\\{stem}", "names no place"),
        ("{stem}.{ext}.bak", "in its middle"),
        ("{stem", "without its other half"),
        ("{{stem}}", "without its other half"),
        ("stem}", "without its other half"),
    ],
)
def test_templates_that_cannot_be(template, message):
    with pytest.raises(BadValue, match=message):
        of("a.mov", template=template)


@pytest.mark.parametrize("field", ["sesaon", "", "season:03d", "source.name", "0"])
def test_an_unknown_field_is_named_with_the_choices(field):
    with pytest.raises(UnknownName) as caught:
        of("a.mov", template=f"{{{field}}}.{{ext}}")
    assert caught.value.value == field
    assert caught.value.choices == FIELDS


@pytest.mark.parametrize("field", ["show", "season", "episode", "title", "lang", "preset"])
def test_a_field_without_a_value_names_the_recording(field):
    column = "language" if field == "lang" else field
    with pytest.raises(BadValue, match=rf"/in/s/pilot\.mov has no {column}.*manifest's column {column}"):
        of("s/pilot.mov", template=f"x{{{field}}}y")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/abs/x", "abs/x"),
        ("a/./b//c/", "a/b/c"),
        ("..", "_"),
        ("", "_"),
        (". . ./x", "_/x"),
        ("...And Justice", "And Justice"),
        ('a<b>c:d"e|f?g*h\\i\x00\x1f\x7f\x85', "a_b_c_d_e_f_g_h_i____"),
        ("con/NUL.txt/com1 .x/Com²/lpt/CONfig", "_con/_NUL.txt/_com1 .x/_Com²/lpt/CONfig"),
        ("ep\udcff\ud800\u2028", "ep___"),
        ("x. . /y ", "x/y"),
        ("e\u0301", "\u00e9"),
    ],
)
def test_names_are_made_safe(text, expected):
    assert safe(text) == expected


def test_long_names_are_cut_at_a_character_and_stay_apart(tmp_path):
    stems = ["字" * 80 + "一", "字" * 80 + "二", "x" * 240, "é" * 150]
    made = of(*(f"{stem}.mov" for stem in stems))
    assert len(set(made)) == 4
    assert all(len(name.encode()) <= 180 for name in made)
    assert made[0].startswith("字" * 57 + "-")
    assert re.fullmatch("x{171}-[0-9a-f]{8}", made[2])
    both = of("x" * 240 + ".mov", "x" * 240 + ".wav", "x" * 240 + ".WAV")
    assert [PurePosixPath(name).suffix for name in both] == [".mov", ".wav", ".WAV"]
    for name in (*made, *both):
        (tmp_path / f"{name}.dialogue-list.xlsx").touch()
    assert len(os.listdir(tmp_path)) == 7
    suffix = "a." + "y" * 200
    assert len(set(of("a.mov", suffix, suffix))) == 3


PART = st.one_of(
    st.text(min_size=1, max_size=12),
    st.text("aAéÉ\u0301ß. -2\udcff\x00:*?字", min_size=1, max_size=6),
    st.sampled_from(["..", ".", "con", "NUL.wav", "a.wav", "A.mp3", "a-2.wav", "字" * 90 + ".wav", "x" * 300]),
).map(lambda text: text.replace("/", "_"))
PATHS = st.lists(st.lists(PART, min_size=1, max_size=3), max_size=12)


def key(name: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def assert_good(made: list[str]) -> None:
    assert len({key(name) for name in made}) == len(made)
    for part in (part for name in made for part in name.split("/")):
        assert part == part.strip(" .")
        assert part == unicodedata.normalize("NFC", part)
        assert 0 < len(part.encode()) <= 180
        assert not re.search(r'[<>:"|?*\\\x00-\x1f\x7f]', part)
        assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)( *\..*)?", part, re.IGNORECASE)


@given(PATHS)
@example([["a.wav"], ["a.mp3"], ["a.wav.flac"], ["a-2.wav"], ["A.wav"], ["a-2.wav.mp3"]])
@example([["x" * 300], ["x" * 300], ["X" * 300]])
def test_names_are_safe_apart_and_the_same_every_time(paths):
    found = [(Found("/in", PurePosixPath(*parts)), {}) for parts in paths]
    made = [each.name for each in names(found)]
    assert_good(made)
    assert made == [each.name for each in names(found)]


@given(PATHS, PART, PART, st.sampled_from(["{show}/S{season}E{episode}.{lang}.{ext}", "{parent}{stem}", "{title}/x"]))
def test_filled_templates_are_safe_and_apart(paths, show, title, template):
    show, title = show.strip() or "x", title.strip() or "y"
    known = {"show": show, "season": title, "episode": "1", "title": title, "language": show}
    assert_good([each.name for each in names([(Found("/in", PurePosixPath(*p)), known) for p in paths], template)])


@given(st.text("{}abcextlangstemshow./\\:", max_size=30))
def test_any_template_is_filled_or_refused(template):
    known = dict.fromkeys(("show", "season", "episode", "title", "language", "preset"), "v")
    try:
        made = names([(Found("/in/a.mov", PurePosixPath("a.mov")), known)], template)
    except (BadValue, UnknownName):
        return
    assert_good([each.name for each in made])


def test_ten_thousand_that_would_be_the_same():
    made = of(*(f"{n}.mov" for n in range(10_000)), template="all.{ext}")
    assert (made[0], made[-1], len(set(made))) == ("all", "all-10000", 10_000)


def test_every_name_can_be_made_on_this_machine(tmp_path):
    for name in of("con.wav", "a:b.mov", "ep\udcff.mov", "字" * 100 + ".mov", "..x.wav"):
        path = Path(tmp_path / f"{name}.dialogue-list.xlsx")
        path.touch()
        assert path.parent == tmp_path
