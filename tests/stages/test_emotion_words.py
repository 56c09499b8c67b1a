from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.analysis.affect import label
from audiopost.core.spotting import Affect
from audiopost.stages.emotion.lexicon import PLAIN, chinese, chinese_matching, english, english_matching, parsed
from audiopost.stages.emotion.words import rate_text

_LINES = [
    ("I hate you! Get out of my house!", "en", "anger"),
    ("How dare you lie to me?", "en", "anger"),
    ("You son of a bitch!", "en", "anger"),
    ("She died last night, and I miss her.", "en", "sadness"),
    ("I'm so lonely without you.", "en", "sadness"),
    ("I’m not happy.", "en", "sadness"),
    ("He's got a gun! Run for it!", "en", "fear"),
    ("Help!", "en", "fear"),
    ("I'm afraid of him.", "en", "fear"),
    ("Hurry up, they're coming.", "en", "tension"),
    ("Don't worry, I'm here for you.", "en", "tenderness"),
    ("What the hell?", "en", "surprise"),
    ("I can't believe it, you're kidding!", "en", "surprise"),
    ("That's disgusting, it makes me sick.", "en", "disgust"),
    ("We did it! We won!", "en", "joy"),
    ("I've never been happier.", "en", "joy"),
    ("This is damn good coffee.", "en", "joy"),
    ("It's bloody brilliant!", "en", "joy"),
    ("這份禮物真是好驚喜！", "zh-Hant", "joy"),
    ("沒想到你竟然來了", "zh-Hant", "surprise"),
    ("你這個騙子，滾出去！", "zh-Hant", "anger"),
    ("小心，後面有人來了", "zh-Hant", "tension"),
    ("他昨天去世了，我很难过。", "zh-Hans", "sadness"),
    ("我怎么也高兴不起来", "zh", "sadness"),
    ("开心死了", "zh", "joy"),
    ("快跑！他有枪！", "zh", "fear"),
    ("别怕，我陪你", "zh", "tenderness"),
    ("太恶心了", "zh", "disgust"),
    ("我好驚呀", "yue", "fear"),
    ("笑死我喇", "yue", "joy"),
    ("我開心到喊呀", "yue", "joy"),
    ("我好happy呀", "yue", "joy"),
    ("我嬲到爆", "yue", "anger"),
    ("你夠膽呃我？收聲！", "yue", "anger"),
    ("唔使驚，有我喺度", "yue", "tenderness"),
    ("我好掛住你", "yue", "tenderness"),
    ("咁核突㗎，想嘔", "yue", "disgust"),
    ("咩話？唔係啩！", "yue", "surprise"),
    ("快啲，冇時間喇", "yue", "tension"),
    ("我唔係好開心", "yue", "sadness"),
    ("What money? I never touched your money! Do not lie to me!", "en", "anger"),
    ("I lost my father when I was nine.", "en", "sadness"),
    ("Please, help me! He's going to kill me!", "en", "fear"),
    ("媽媽走了，我再也見不到她了", "zh-Hant", "sadness"),
    ("你敢动她，我杀了你", "zh", "anger"),
    ("弊喇，佢追緊嚟呀，快啲走！", "yue", "fear"),
    ("我好攰，唔想再捱喇", "yue", "sadness"),
]
_NOTHING = [
    ("We need to kill time before the train.", "en"),
    ("It's a dead end, and the phone died.", "en"),
    ("He'll come tomorrow.", "en"),
    ("Lie down on the bed and wait.", "en"),
    ("Good morning, Mr Wong.", "en"),
    ("She left after the photo shoot.", "en"),
    ("Can I help you?", "en"),
    ("I'm afraid the manager is out.", "en"),
    ("Excuse me, the blood test is at three.", "en"),
    ("I'd like a coffee, please.", "en"),
    ("I lost my keys again.", "en"),
    ("Could you help me with this suitcase?", "en"),
    ("It is not a matter of life and death.", "en"),
    ("No way out on this side.", "en"),
    ("She is pretty tall.", "en"),
    ("佢係我死黨", "yue"),
    ("死火，部車死火", "yue"),
    ("不好意思，麻烦让一下", "zh"),
    ("他怕是不来了", "zh"),
    ("他們在談戀愛", "zh-Hant"),
    ("恐怕佢今日唔得閒", "yue"),
    ("呢個好正常", "yue"),
    ("睇吓先啦", "yue"),
    ("佢今日放假囉", "yue"),
    ("我想你幫我拿一下", "zh-Hant"),
    ("他正在殺青", "zh-Hant"),
    ("他的血型是O型", "zh"),
    ("桌子在这里", "zh"),
    ("Ich bin so froh!", "de"),
    ("", "en"),
    ("...", "zh"),
]


@pytest.mark.parametrize(("text", "language", "feeling"), _LINES)
def test_lines_as_films_have_them(text: str, language: str, feeling: str) -> None:
    affect = rate_text(text, language)
    assert affect is not None
    assert label(affect) == feeling


@pytest.mark.parametrize(("text", "language"), _NOTHING)
def test_what_is_no_feeling_is_not_taken_for_one(text: str, language: str) -> None:
    affect = rate_text(text, language)
    assert affect is None or (label(affect) == "neutral" and affect.confidence <= 0.3)


@pytest.mark.parametrize(
    ("text", "language", "sign"),
    [
        ("No problem", "en", 1), ("I don't hate you", "en-GB", 1), ("dont cry", "en", 0), ("not only happy", "en", 1),
        ("我不難過", "zh", 1), ("我非常开心", "zh", 1), ("我不得不開心", "zh", 1), ("我冇話唔開心", "yue", -1),
        ("我唔係唔開心", "yue", 1), ("笑唔出", "yue", -1),
    ],
)  # fmt: skip
def test_negation_turns_what_it_belongs_to(text: str, language: str, sign: int) -> None:
    affect = rate_text(text, language)
    assert affect is not None
    assert sign in (0, np.sign(affect.valence))


@pytest.mark.parametrize(
    ("weaker", "stronger", "language"),
    [
        ("happy", "very happy", "en"), ("very happy", "extremely happy", "en"), ("a bit happy", "happy", "en"),
        ("happy", "happy joy love", "en"), ("Are you happy?", "You are happy?", "en"), ("開心", "好開心", "yue"),
        ("有啲開心", "開心", "yue"),
         ("開心", "開心到飛起", "yue"), ("你開唔開心", "你開心", "yue"), ("你开心吗？", "你开心", "zh"),
    ],
)  # fmt: skip
def test_degree_number_and_questions_count(weaker: str, stronger: str, language: str) -> None:
    less, more = rate_text(weaker, language), rate_text(stronger, language)
    assert less is not None
    assert more is not None
    assert less.valence < more.valence


def test_marks_and_capitals_raise_arousal() -> None:
    plain, loud, shouted = (rate_text(t, "en") for t in ("i hate you", "i hate you!", "I HATE YOU NOW"))
    assert plain is not None
    assert loud is not None
    assert shouted is not None
    assert plain.arousal < shouted.arousal < loud.arousal
    assert rate_text("What?!", "en") is not None


def test_particles_carry_attitude() -> None:
    def said(text: str) -> Affect:
        affect = rate_text(text, "yue")
        assert affect is not None
        return affect

    assert said("佢去咗囉").valence < said("佢去咗啦").valence
    assert said("佢去咗啩").dominance < 0 < said("佢去咗㗎").dominance
    assert said("佢去咗咩？").arousal > said("佢去咗啫").arousal
    assert said("佢去咗喎").arousal > 0
    assert all(said(f"佢去咗{particle}").confidence < 0.2 for particle in ("喇", "喎", "囉", "啩", "㗎", "啫"))
    assert rate_text("佢去咗", "yue") is None


def test_both_scripts_read_alike() -> None:
    assert rate_text("我好驚，好難過", "zh-Hant") == rate_text("我好惊，好难过", "zh-Hans")


def test_every_english_entry_is_found() -> None:
    for entry, place in english.PLACES.items():
        assert [hit.place for hit in english_matching.hits(entry)] == ([] if place == PLAIN else [place]), entry


def test_every_chinese_entry_is_found() -> None:
    for entry, place in chinese.PLACES.items():
        assert [hit.place for hit in chinese_matching.hits(entry)] == ([] if place == PLAIN else [place]), entry


def test_an_entry_stands_in_the_list_once() -> None:
    with pytest.raises(ValueError, match="'glad'"):
        parsed("joy 1.0: glad, happy\njoy 0.5: glad")


@given(
    st.text(st.sampled_from("ab happy sad not好唔開心死嘩！？!?,。 '\n"), max_size=40),
    st.sampled_from(["en", "zh", "yue"]),
)
def test_any_text_gives_a_reading_within_bounds(text: str, language: str) -> None:
    affect = rate_text(text, language)
    if affect is not None:
        assert max(abs(affect.arousal), abs(affect.valence), abs(affect.dominance)) <= 1
        assert 0 < affect.confidence <= 0.7
