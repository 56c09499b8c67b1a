"""Each rule found where it is broken, and only there: at its limit, one over, one under."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.errors import UnreadableMedia
from audiopost.core.marks import CaptionIssue
from audiopost.core.serial import from_json, to_json
from audiopost.core.speech import Styling
from audiopost.core.time import FrameRate, Timebase
from audiopost.subtitles import Caption, check, load_captions, load_style, style_names
from audiopost.subtitles.check import guess_rate
from audiopost.subtitles.rules import RULES

STYLE = load_style("netflix-en")
CHINESE = load_style("netflix-zh-hant")
AT_24 = Timebase(FrameRate.parse("24"))


def rules(*captions, fps="24", style=STYLE, advice=False, shots=()):
    timebase = Timebase(FrameRate.parse(fps)) if fps else None
    return [(i.caption, i.rule) for i in check(captions, style, timebase, advice=advice, shots=shots)]


def names(*captions, **options):
    return [rule for _, rule in rules(*captions, **options)]


def on(*lines, start=1.0, seconds=5.0, language="en", **more):
    return Caption(start, start + seconds, lines, language=language, **more)


def test_a_clean_pair():
    assert rules(Caption(1, 3, ("Hello there,", "and welcome.")), Caption(3 + 2 / 24, 5, ("Thank you.",))) == []


@pytest.mark.parametrize(
    ("style", "language", "sign", "cpl", "cps"),
    [
        ("netflix-en", "en", "x", 42, 20),
        ("netflix-zh-hant", "zh", "字", 16, 9),
        ("netflix-zh-hans", "zh", "字", 16, 9),
        ("yue-hant", "yue", "字", 16, 9),
        ("netflix-zh-hant", "yue", "字", 16, 9),
        ("netflix-ja", "ja", "字", 13, 4),
        ("netflix-ja", "ja", "か", 13, 4),
        ("ebu-teletext", "en", "x", 37, 15),
    ],
)
def test_line_length_and_reading_speed(style, language, sign, cpl, cps):
    style = load_style(style)
    for count, found in ((cpl - 1, []), (cpl, []), (cpl + 1, ["cpl"])):
        assert names(on(sign * count, seconds=6, language=language), style=style) == found
    for count, found in ((cps - 1, []), (cps, []), (cps + 1, ["cps"])):
        assert names(on(sign * count, seconds=1, language=language), style=style) == found


def test_a_latin_word_in_a_chinese_line_counts_half():
    assert names(on("我們去" + "x" * 26, language="yue"), style=CHINESE) == []
    assert names(on("我們去" + "x" * 27, language="yue"), style=CHINESE) == ["cpl"]


def test_chinese_in_an_english_file_has_chinese_limits():
    assert names(on("我們今天要去公園散步因為天氣真很好", language="en")) == ["cpl"]


@pytest.mark.parametrize(("frames", "found"), [(19, ["min_duration"]), (20, []), (21, [])])
def test_shortest(frames, found):
    assert names(on("Hm.", seconds=frames / 24)) == found


@pytest.mark.parametrize(("frames", "found"), [(167, []), (168, []), (169, ["max_duration"])])
def test_longest(frames, found):
    assert names(on("Hm.", seconds=frames / 24)) == found


@pytest.mark.parametrize(
    ("frames", "found"), [(-1, "overlap"), (0, "gap"), (1, "gap"), (2, None), (3, "chain"), (11, "chain"), (12, None)]
)
def test_gaps(frames, found):
    pair = Caption(1, 3, ("One.",)), Caption(3 + frames / 24, 6, ("Two.",))
    assert rules(*pair) == ([(1, found)] if found else [])


@pytest.mark.parametrize(("fps", "chain"), [("25", 11), ("29.97", 14), ("60", 28)])
def test_chaining_scales_with_the_frame_rate_and_the_gap_does_not(fps, chain):
    rate = FrameRate.parse(fps)
    for frames, found in ((1, ["gap"]), (2, []), (3, ["chain"]), (chain, ["chain"]), (chain + 1, [])):
        start, end = rate.seconds_at(30), rate.seconds_at(90)
        pair = Caption(start, end, ("One.",)), Caption(rate.seconds_at(90 + frames), rate.seconds_at(200), ("Two.",))
        assert names(*pair, fps=fps) == found, frames


def test_a_gap_that_the_longest_duration_holds_open_is_no_gap_to_close():
    assert names(Caption(1, 8, ("One.",)), Caption(8 + 4 / 24, 10, ("Two.",))) == []
    assert names(Caption(1, 8 - 3 / 24, ("One.",)), Caption(8 + 1 / 24, 10, ("Two.",))) == ["chain"]


@pytest.mark.parametrize(("count", "found"), [(1, []), (2, []), (3, ["lines"])])
def test_lines(count, found):
    assert names(on(*["A line."] * count)) == found


def test_frames_only_where_the_rate_is_known():
    off = Caption(1.02, 3.0, ("Hello.",))
    assert names(off) == ["frames"]
    assert names(off, fps=None) == []
    assert names(Caption(1.0005, 3.0, ("Hello.",))) == []  # milliseconds of a file
    assert names(Caption(round(25 / 24, 2), 3.0, ("Hello.",))) == []  # hundredths of ASS


def test_hundredths_of_a_second_break_no_rule():
    first = Caption(1.0, 1.83, ("Hm.",))  # 20 frames at 24, as ASS writes them
    assert names(first, Caption(1.92, 4.0, ("Well.",))) == []


def test_order_and_overlap_are_told_apart():
    assert rules(Caption(10, 12, ("B.",)), Caption(1, 3, ("A.",))) == [(2, "order")]


@pytest.mark.parametrize(
    ("caption", "found"),
    [
        (on("-Hello.", "-Hi."), []),
        (on("Hello.", "Hi.", line_speakers=("A", "B")), ["dash"]),
        (on("-Hello.", "-Hi.", line_speakers=("A", "B")), []),
        (on("- Hello.", "- Hi."), ["dash"]),
        (on("– Hello.", "– Hi."), ["dash"]),
        (on("Hello.", "-Hi."), ["dash"]),
        (on("-Hello."), ["dash"]),
        (on("-5 degrees and falling."), []),
        (on("—and then he left."), []),
    ],
)
def test_dashes_of_two_speakers(caption, found):
    assert names(caption) == found


def test_a_style_without_dashes_lets_nobody_share_a_caption():
    assert names(on("-Hello.", "-Hi."), style=load_style("netflix-ja")) == ["dash"]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("我們走吧",), []),
        (("我們走吧。",), ["punctuation"]),
        (("走吧。去哪裡？",), []),
        (("等一下⋯",), []),
        (("等一下...",), ["punctuation"]),
        (("等一下……",), ["punctuation"]),
        (("等一下⋯⋯",), ["punctuation"]),
        (("好,走吧",), ["punctuation"]),
        (("真的嗎?",), ["punctuation"]),
        (("他有3,000元",), []),
        (("十點10:30見",), []),
        (("Mr. Lee先生",), []),
        (("我想——", "——去公園"), ["continuation"]),
        (("我想⋯", "⋯去公園"), ["continuation"]),
        (("我想⋯", "去公園"), []),
        (("这个东西",), ["script"]),
        (("皇后大道後面",), []),
    ],
)
def test_chinese_style(lines, found):
    assert names(on(*lines, language="zh"), style=CHINESE) == found


def test_a_sentence_carried_over_to_the_next_caption():
    pair = on("我想⋯", language="zh"), on("⋯去公園", start=7, language="zh")
    assert rules(*pair, style=CHINESE) == [(1, "continuation")]


def test_traditional_characters_in_a_simplified_style():
    issue = check([on("這個東西", language="zh")], load_style("netflix-zh-hans"))[0]
    assert (issue.rule, issue.value, issue.limit) == ("script", "這個東", "hans")


def test_italics_only_where_the_language_has_them():
    italic = (Styling(0, 0, 2, "italic"),)
    assert names(on("我們走吧", language="zh", styling=italic), style=CHINESE) == ["italics"]
    assert names(on("Off we go.", styling=italic), style=CHINESE) == []
    assert names(on("我們走吧", language="zh", styling=(Styling(0, 0, 2, "bold"),)), style=CHINESE) == []


def test_english_pauses():
    assert names(on("Wait...")) == ["punctuation"]
    assert names(on("Wait…")) == []


def test_bilingual_captions():
    style = load_style("hk-bilingual")
    assert names(on("我們走吧", "Let's go.", language=""), style=style) == []
    assert names(on("Let's go.", "我們走吧", language=""), style=style) == ["bilingual"]
    assert names(on("我們走吧", language=""), style=style, advice=True) == ["translation"]
    # Each line has its own limit, and the slower one to read counts.
    assert names(on("字" * 16, "x" * 42, language=""), style=style) == []
    assert names(on("字" * 17, "x" * 42, language=""), style=style) == ["cpl"]
    assert names(on("字" * 16, "x" * 43, language=""), style=style) == ["cpl"]
    assert names(on("字" * 16, "x" * 20, language="", seconds=1), style=style) == ["cps"]
    assert names(on("字" * 9, "x" * 20, language="", seconds=1), style=style) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("caf\u0065\u0301", []),
        ("a\u200bb", ["characters"]),
        ("lost \ufffd here", ["mojibake"]),
        ("trÃ¨s bien", ["mojibake"]),
        ("Itâ€™s late", ["mojibake"]),
        ("São Paulo, très bien, größer", []),
        ("\x07bell", ["characters"]),
    ],
)
def test_what_nobody_can_read(line, found):
    assert names(on(line)) == found


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("I saw the", "dog that bit the postman on Monday night."), ["break"]),
        (("I saw the dog that bit", "the postman on Monday night."), []),
        (("He was walking slowly along the river", "with his dog."), ["top_heavy"]),
        (("I never wanted to see that house again,", "not at all."), []),
        (("Off", "we go."), ["one_line"]),
        (("-Off", "-we go."), []),
        (("He said (quietly that he was here.",), ["pairs"]),
        (("♪ la la la",), ["pairs"]),
        (("♪ la la la ♪",), []),
        (("1) this and 2) that",), []),
        (("Some <i>markup</i>",), ["markup"]),
        (("R&amp;D",), ["markup"]),
        (("a < b and c > d, AT&T",), []),
        (("Two  spaces",), ["spaces"]),
        (("[door slams]",), ["sdh"]),
        (("JOHN: Where are you?",), ["sdh"]),
        (("Note: nothing here.",), []),
    ],
)
def test_advice_is_given_on_request_and_is_no_violation(lines, found):
    assert names(on(*lines)) == []
    assert names(on(*lines), advice=True) == found
    assert all(i.severity == "warning" for i in check([on(*lines)], STYLE, AT_24, advice=True))


def test_sdh_has_its_own_brackets():
    style = load_style("netflix-en-sdh")
    assert names(on("[door slams]"), style=style, advice=True) == []
    assert names(on("(door slams)"), style=style, advice=True) == ["sdh"]
    assert names(on("JOHN: Where?"), style=style, advice=True) == ["sdh"]
    assert names(on("[John] Where?"), style=style, advice=True) == []


def test_a_caption_that_parts_a_phrase():
    pair = on("I saw the", seconds=2), on("dog.", start=3 + 2 / 24)
    assert rules(*pair, advice=True) == [(1, "caption_break")]
    assert rules(pair[0], replace(pair[1], speaker="B"), advice=True) == []


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (10, 14 - 2 / 24, []),
        (10 + 3 / 24, 14 - 2 / 24, ["shot_change"]),
        (10 - 3 / 24, 14 - 2 / 24, ["shot_change"]),
        (10 + 12 / 24, 14 - 2 / 24, []),
        (10, 14 - 3 / 24, ["shot_change"]),
        (10, 14 - 12 / 24, []),
    ],
)
def test_shot_changes(start, end, found):
    assert names(Caption(start, end, ("Hello.",)), advice=True, shots=(10.0, 14.0)) == found


def test_an_issue_says_number_limit_and_kind_and_survives_json():
    issue = check([Caption(1, 5, ("x" * 50,), language="en")], STYLE)[0]
    assert (issue.rule, issue.value, issue.limit, issue.severity, issue.fixable) == ("cpl", 50.0, 42.0, "error", True)
    assert "50" in issue.detail
    assert "42" in issue.detail
    assert from_json(CaptionIssue, to_json(issue)) == issue
    assert from_json(CaptionIssue, {"caption": 1, "start_s": 0.0, "rule": "cps", "detail": "as before"}).value is None


def test_empty():
    assert names(Caption(1, 3, (" ",))) == ["empty"]
    assert names(Caption(1, 3, ())) == ["empty"]
    assert check([], STYLE) == ()


@pytest.mark.parametrize("fps", ["23.976", "24", "25", "29.97", "30"])
def test_the_rate_that_all_times_lie_on_is_found(fps):
    rate = FrameRate.parse(fps)
    times = [round(rate.seconds_at(37 * n), 3) for n in range(1, 40)]
    shown = [Caption(a, b, ("x",)) for a, b in zip(times[::2], times[1::2], strict=False)]
    assert str(guess_rate(shown)) == fps


def test_no_rate_is_guessed_from_whole_seconds_or_any_times(rng):
    assert guess_rate([Caption(n, n + 1, ("x",)) for n in range(40)]) is None
    times = sorted(rng.uniform(0, 100, 60).tolist())
    assert guess_rate([Caption(a, b, ("x",)) for a, b in zip(times[::2], times[1::2], strict=True)]) is None


@given(
    st.lists(
        st.builds(
            lambda at, length, lines, language: Caption(at, at + length, tuple(lines), None, language),
            st.floats(0, 1e6),
            st.floats(0, 100),
            st.lists(st.text(max_size=60), max_size=4),
            st.sampled_from(["", "en", "zh", "yue", "ja", "und", "ar"]),
        ),
        max_size=5,
    ),
    st.sampled_from(style_names()),
)
def test_any_text_is_judged(captions, name):
    for issue in check(captions, load_style(name), AT_24, advice=True, shots=(1.0, 2.0)):
        assert 1 <= issue.caption <= len(captions)
        assert issue.severity == RULES[issue.rule].severity
        assert isinstance(issue.value, float | str | None)


def test_every_file_of_the_reference_recordings(shared):
    files = sorted(path for path in (shared / "audio" / "subs").rglob("*") if path.is_file())
    judged = 0
    for path in files:
        if path.suffix not in (".srt", ".vtt", ".ass", ".ttml", ".stl", ".scc"):
            continue
        try:
            loaded = load_captions(path)
        except UnreadableMedia:  # nothing but attached pictures, or no time at all
            continue
        for name in ("netflix-en", "netflix-zh-hant", "hk-bilingual"):
            issues = check(loaded.captions, load_style(name), advice=True, language=loaded.language)
            assert all(i.detail and 1 <= i.caption <= len(loaded.captions) for i in issues), path
            # What a reader made of the file leaves no markup and no broken characters behind.
            assert not {"markup", "characters", "mojibake"} & {i.rule for i in issues}, (path, issues)
        judged += 1
    assert judged >= 20
