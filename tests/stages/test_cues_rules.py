"""Rule files: complete, readable, strict; and one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.language import LANGUAGES, texts
from audiopost.core.spotting import EMOTIONS, FUNCTIONS, EmotionPoint, EmotionUtterance
from audiopost.io.resources import presets_folder
from audiopost.stages.cues import Options, suggest_cues
from audiopost.stages.cues.ruleset import MODES, load_ruleset, ruleset_names
from audiopost.stages.cues.words import Words

NAMES = ("comedy", "commercial", "documentary", "film-drama", "thriller", "wuxia")


def write(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_shipped_files_are_these() -> None:
    assert ruleset_names() == NAMES
    assert Options().rules in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_file_has_every_feeling_and_function_and_every_word_in_all_languages(name: str) -> None:
    rules = load_ruleset(name)
    assert set(rules.emotions) == set(EMOTIONS)
    assert set(rules.functions) == set(FUNCTIONS)
    used = {word for each in (*rules.emotions.values(), *rules.functions.values()) for word in each.instruments}
    used |= {word for each in rules.emotions.values() for word in (each.texture, each.articulation, *each.modes)}
    assert used <= set(texts("scoring"))
    assert rules.functions["source"].wanted == 0
    assert max(each.level_lu for each in rules.functions.values() if each.most_hits or each.wanted) <= 0
    text = (presets_folder() / "cues" / f"{name}.toml").read_text(encoding="utf-8")
    assert any(source in text for source in ("J&L", "Karlin", "Torcoli")), "rules name their sources"


@pytest.mark.parametrize("name", NAMES)
def test_tempo_and_mode_go_the_way_that_listening_experiments_found(name: str) -> None:
    """Sadness and tenderness slower than joy and anger; joy not in the minor, sadness not in the major first."""
    feelings = load_ruleset(name).emotions
    for slow in ("sadness", "tenderness"):
        for fast in ("joy", "anger"):
            assert feelings[slow].tempo_bpm[1] < feelings[fast].tempo_bpm[0]
    assert feelings["joy"].modes[0] in ("major", "lydian", "mixolydian", "gong", "zhi")
    assert feelings["sadness"].modes[0] in ("minor", "dorian", "yu")


def test_wuxia_sounds_of_its_instruments_in_pentatonic_modes() -> None:
    rules = load_ruleset("wuxia")
    words = Words("zh-hant")
    named = {words.scoring(word) for each in rules.emotions.values() for word in each.instruments}
    assert {"古箏", "琵琶", "二胡", "笛子"} <= named
    modes = {words.scoring(mode) for each in rules.emotions.values() for mode in each.modes}
    assert modes == {"宮調式", "商調式", "角調式", "徵調式", "羽調式"}


def test_every_mode_has_its_name() -> None:
    assert set(MODES) <= set(texts("scoring"))


def test_ones_own_file_changes_what_it_names(tmp_path: Path) -> None:
    mine = write(
        tmp_path,
        'title = "Mine"\nbased_on = "film-drama"\n[emotions.tension]\ninstruments = ["Glasharfe", "solo viola"]\n'
        'keys = ["B"]\n[words.Glasharfe]\nen = "glass harp"\nzh-hant = "玻璃琴"\n',
    )
    rules, base = load_ruleset(mine), load_ruleset("film-drama")
    assert (rules.name, rules.title) == ("mine", "Mine")
    assert rules.emotions["tension"].tempo_bpm == base.emotions["tension"].tempo_bpm
    assert rules.emotions["sadness"] == base.emotions["sadness"]
    said = [
        EmotionUtterance(at, at + 4.0, "tension", 0.7 * (at >= 60), -0.3 * (at >= 60), 0.6) for at in range(0, 120, 5)
    ]
    points = [EmotionPoint(u.start_s + k, u.arousal, u.valence, 0, 0.6) for u in said for k in range(5)]
    for language, harp in (("en", "glass harp"), ("zh-hant", "玻璃琴"), ("zh-hans", "Glasharfe")):
        (cue,) = suggest_cues(points, said, duration_s=120, rules=mine, language=language)
        assert cue.instruments[0] == harp
        assert cue.key == "B"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[emotions.sadness]\ntempo_bpm = [70, 48]", ("mine.toml", "emotions.sadness.tempo_bpm", "backwards")),
        ("[emotions.sadness]\ntempo_bpm = [4, 48]", ("mine.toml", "emotions.sadness.tempo_bpm", "20")),
        ("[emotions.sadness]\ntempo = [40, 48]", ("mine.toml", "'tempo'", "tempo_bpm")),
        ('[emotions.sadness]\nmodes = ["moll"]', ("mine.toml", "emotions.sadness.modes", "minor", "yu")),
        ("[emotions.sadness]\nmodes = []", ("mine.toml", "emotions.sadness.modes")),
        ('[emotions.sadness]\nkeys = ["H"]', ("mine.toml", "emotions.sadness.keys", "F#")),
        ('[emotions.sadness]\nmetre = "waltz"', ("mine.toml", "emotions.sadness.metre", "4/4")),
        ("[emotions.sadness]\ninstruments = []", ("mine.toml", "emotions.sadness.instruments")),
        ('[emotions.sadness]\ndynamics = ["f", "p"]', ("mine.toml", "dynamics", "backwards")),
        ('[emotions.sadness]\ndynamics = ["loud", "p"]', ("mine.toml", "dynamics", "mf")),
        ("[emotions.sad]\ntempo_bpm = [40, 48]", ("mine.toml", "emotions.sad lacks")),
        ("[functions.sting]\nlevel_lu = 20", ("mine.toml", "functions.sting.level_lu", "-40", "6")),
        ('[functions.sting]\nenter = ["loudly"]', ("mine.toml", "functions.sting.enter", "before-line")),
        ('[functions.sting]\nfade_in_shape = "cosine"', ("mine.toml", "fade_in_shape", "equal-power")),
        ("[functions.sting]\nlength_s = [9, 2]", ("mine.toml", "functions.sting.length_s", "backwards")),
        ("[programme]\nshare = 40", ("mine.toml", "programme.share", "0 and 1")),
        ("[programme]\nshare = nan", ("mine.toml", "programme.share")),
        ("[thresholds]\nturn = 0", ("mine.toml", "thresholds.turn")),
        ("[thresholds]\nturns = 0", ("mine.toml", "'turns'", "turn")),
        ('[words.x]\nfr = "x"', ("mine.toml", "fr", "zh-hant")),
        ("[silence]\nline_s = true", ("mine.toml", "line_s")),
        ("colour = 3", ("mine.toml", "colour")),
        ("[programme", ("mine.toml", "cannot be read")),
    ],
)
def test_a_wrong_file_is_refused_by_file_key_and_choices(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    mine = write(tmp_path, f'based_on = "film-drama"\n{text}\n')
    with pytest.raises((BadValue, UnknownName)) as error:
        load_ruleset(mine)
    for name in names:
        assert name in str(error.value)


def test_a_file_without_a_base_must_be_whole(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match=r"mine\.toml lacks"):
        load_ruleset(write(tmp_path, 'title = "Mine"\n'))


def test_bases_and_files_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="film-drama"):
        load_ruleset(write(tmp_path, 'based_on = "film-darma"\n'))
    with pytest.raises(BadValue, match="cannot be read"):
        load_ruleset(str(tmp_path / "none.toml"))
    with pytest.raises(UnknownName, match="Did you mean 'comedy'"):
        load_ruleset("comedi")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_quotation_is_as_long_as_it_takes_to_find_the_line(language: str) -> None:
    words = Words(language)
    assert "{" in words.quoted("a {brace} in it")
    long = words.quoted("one two three four five six seven eight nine ten eleven")
    assert "nine…" in long
    assert "ten" not in long
    assert len(words.quoted("這是一句很長很長很長很長很長的對白說個不停")) == 16 + 3
