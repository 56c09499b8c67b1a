"""What `--fix` promises: words stay, nothing new breaks, mending twice is mending once, what can be mended is."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from audiopost.core.speech import Caption, Styling
from audiopost.core.time import FrameRate, Timebase
from audiopost.subtitles.check import check
from audiopost.subtitles.fix import MENDS, fix
from audiopost.subtitles.rules import RULES
from audiopost.subtitles.styles import load_style, style_names

AT_24 = Timebase(FrameRate.parse("24"))
ENGLISH = load_style("netflix-en")
CHINESE = load_style("netflix-zh-hant")

WORDS = (
    "the a of and I you night door where Mr. Smith never, ever! really? Well... wait— but because remember "
    "incomprehensible 3,000 (quietly) ♪ la ♪ “quoted” -5 U.S. [sigh] so."
)
english = st.lists(st.sampled_from(WORDS.split(" ")), min_size=1, max_size=16).map(" ".join)
chinese = st.lists(
    st.sampled_from(
        [
            "我們今天",
            "去公園",
            "散步,",
            "因為",
            "天氣很好",
            "。",
            "...",
            "⋯",
            "佢哋話",
            "唔好",
            "John",
            "嗎?",
            "——",
            "(笑)",
            "好",
        ]
    ),
    min_size=1,
    max_size=12,
).map("".join)


either = st.one_of(english, chinese)


@st.composite
def captions(draw, text=either):
    """A file as it comes: overlaps, gaps of any length, off frames, out of order, one to four lines."""
    made, at = [], draw(st.floats(0, 3))
    for _ in range(draw(st.integers(1, 6))):
        at = max(at + draw(st.sampled_from([-0.7, -0.05, 0.0, 0.02, 0.0833, 0.2, 0.4, 1.0, 3.0])), 0)
        length = draw(st.sampled_from([0.0, 0.2, 0.5, 0.84, 1.5, 2.713, 4.0, 8.5, 12.0]))
        lines = draw(st.lists(text, min_size=0, max_size=4))
        dashes = draw(st.sampled_from(["", "", "", "-", "- ", "– "]))
        lines = tuple(dashes + line for line in lines)
        speaker = draw(st.sampled_from([None, "A", "B"]))
        speakers = tuple(draw(st.sampled_from(["A", "B"])) for _ in lines) if draw(st.booleans()) else ()
        styling = tuple(
            Styling(n, draw(st.integers(0, 3)), draw(st.integers(3, 9)), draw(st.sampled_from(["italic", "bold"])))
            for n, line in enumerate(lines)
            if len(line) > 9
        )
        made.append(Caption(at, at + length, lines, speaker, "", speakers, (), styling))
        at += length
    return made


def letters(shown):
    """The words as they follow each other: letters and digits, no signs and no spaces."""
    return "".join(re.sub(r"[\W_]", "", "".join(c.lines)) for c in shown)


def bold(shown):
    lines = [
        (line, [s for s in c.styling if s.line == n and s.kind == "bold"])
        for c in shown
        for n, line in enumerate(c.lines)
    ]
    return "".join(
        char
        for line, spans in lines
        for i, char in enumerate(line)
        if char.isalnum() and any(s.start <= i < s.end for s in spans)
    )


def errors(shown, style, timebase):
    return Counter(i.rule for i in check(shown, style, timebase) if i.severity == "error")


@given(captions(), st.sampled_from(style_names()), st.sampled_from([None, "24", "25", "29.97df"]))
def test_promises(shown, name, fps):
    style, timebase = load_style(name), fps and Timebase(FrameRate.parse(fps))
    shown = sorted(shown, key=lambda c: (c.start_s, c.end_s))
    done = fix(shown, style, timebase)
    if style.bilingual:  # its lines change places
        assert sorted(letters(done.captions)) == sorted(letters(shown))
    else:
        assert letters(done.captions) == letters(shown)
        assert bold(done.captions) == bold(shown)
    before, after = errors(shown, style, timebase), errors(done.captions, style, timebase)
    assert all(after[rule] <= before[rule] for rule in after)
    again = fix(done.captions, style, timebase)
    assert again.captions == done.captions
    assert again.mended == ()
    assert Counter(i.rule for i in again.left) == Counter(i.rule for i in done.left)
    assert [c.start_s for c in done.captions] == sorted(c.start_s for c in done.captions)


@given(captions(english), st.sampled_from(["netflix-en", "bbc", "youtube"]))
@settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_what_is_left_could_not_be_mended(shown, name):
    """Each violation that remains is held there by a neighbour, a limit or the words themselves."""
    style = load_style(name)
    done = fix(shown, style, AT_24)
    gap, shortest, cpl = style.gap_frames / 24, style.min_duration_s, style.limits.cpl
    for issue in (issue for issue in done.left if issue.severity == "error"):
        n = issue.caption - 1
        caption, after = done.captions[n], (*done.captions, None)[n + 1]
        until = min(caption.start_s + style.max_duration_s, after.start_s - gap if after else float("inf"))
        duration = caption.end_s - caption.start_s
        assert not issue.fixable
        if issue.rule in ("cps", "min_duration"):  # shown until the next caption or the longest time
            assert caption.end_s > until - 1 / 24 - 1e-6
        elif issue.rule in ("overlap", "gap"):  # ending it sooner would leave less than the least
            assert after.start_s - gap - caption.start_s < shortest
        elif not caption.line_speakers and not any(
            line.startswith(("-", "–")) for line in caption.lines
        ):  # parting it would leave no time for each part, or one word is too long for any line
            assert issue.rule in ("cpl", "lines")
            parts = len(caption.lines) + sum(len(line) for line in caption.lines) / cpl
            hasty = style.reading_s(caption.lines, ("en",) * len(caption.lines)) > 0.8 * duration
            assert hasty or duration < parts * (shortest + gap) or max(map(len, caption.text.split())) > cpl


def one(caption, style=ENGLISH, **options):
    done = fix([caption], style, AT_24, **options)
    return done.captions, done


def test_a_long_line_breaks_where_layout_would():
    (caption,), done = one(Caption(1, 5, ("We left the house before the sun came up that morning.",), None, "en"))
    assert caption.lines == ("We left the house", "before the sun came up that morning.")
    assert [i.rule for i in done.mended] == ["cpl"]
    assert done.left == ()


def test_a_text_for_two_captions_is_parted_at_a_clause_in_proportion():
    text = (
        "When the rain finally stopped, we walked all the way back to the village, "
        "and nobody said a single word until we reached the bridge."
    )
    (first, second), done = one(Caption(0, 10, (text,), None, "en"))
    assert first.text.replace("\n", " ").endswith(",")
    assert second.start_s - first.end_s == pytest.approx(2 / 24)
    share = len(first.text) / len(text)
    assert second.start_s == pytest.approx(10 * share, abs=0.2)
    assert (first.start_s, second.end_s, done.left) == (0, 10, ())


def test_styling_follows_its_words_to_another_line():
    line = "We left the house before the sun came up that morning."
    at = line.index("sun")
    (caption,), _ = one(Caption(1, 5, (line,), None, "en", styling=(Styling(0, at, at + 3, "italic"),)))
    (span,) = caption.styling
    assert caption.lines[span.line][span.start : span.end] == "sun"


def test_overlap_gap_and_chain_close_to_two_frames():
    shown = [
        Caption(1, 3.5, ("One, two, three.",), None, "en"),
        Caption(3, 5, ("Four, five.",), None, "en"),
        Caption(5, 7, ("Six.",), None, "en"),
        Caption(7 + 8 / 24, 9, ("Seven.",), None, "en"),
    ]
    done = fix(shown, ENGLISH, AT_24)
    assert Counter(i.rule for i in done.mended) == {"overlap": 1, "gap": 1, "chain": 1}
    ends = [round((b.start_s - a.end_s) * 24, 6) for a, b in zip(done.captions, done.captions[1:], strict=False)]
    assert ends == [2, 2, 2]
    assert [c.start_s for c in done.captions] == [c.start_s for c in shown]  # in-times are speech


def test_reading_time_is_taken_from_the_silence_after():
    text = "x" * 30 + " " + "y" * 8 + "."
    (caption,), done = one(Caption(1, 2, (text,), None, "en"))
    assert caption.end_s == pytest.approx(3.0)
    assert done.left == ()
    crowded = fix([Caption(1, 2, (text,), None, "en"), Caption(2.5, 5, ("Yes.",), None, "en")], ENGLISH, AT_24)
    assert crowded.captions[0].end_s == pytest.approx(2.5 - 2 / 24)
    assert [i.rule for i in crowded.left] == ["cps"]


def test_brief_captions_join_the_same_speaker_and_nobody_else():
    brief, rest = Caption(1, 1.5, ("I know,",), "A", "en"), Caption(1.5 + 2 / 24, 4, ("but not why.",), "A", "en")
    assert [c.lines for c in fix([brief, rest], ENGLISH, AT_24).captions] == [("I know, but not why.",)]
    other = Caption(1.5 + 2 / 24, 4, ("But not why.",), "B", "en")
    done = fix([brief, other], ENGLISH, AT_24)
    assert [c.lines for c in done.captions] == [("I know,",), ("But not why.",)]
    assert [i.rule for i in done.left] == ["min_duration"]


def test_speakers_who_talk_at_once_share_a_caption_with_dashes():
    done = fix([Caption(1, 3, ("Stop!",), "A", "en"), Caption(1.2, 3, ("Never.",), "B", "en")], ENGLISH, AT_24)
    (caption,) = done.captions
    assert caption.lines == ("-Stop!", "-Never.")
    assert caption.line_speakers == ("A", "B")


@pytest.mark.parametrize(
    ("lines", "style", "want"),
    [
        (("- Hello.", "- Hi."), "netflix-en", [("-Hello.", "-Hi.")]),
        (("Hello.", "-Hi."), "netflix-en", [("-Hello.", "-Hi.")]),
        (("-Hello.",), "netflix-en", [("Hello.",)]),
        (("-Hello there.", "-Hi, you."), "netflix-ja", [("Hello there.",), ("Hi, you.",)]),
        (("Wait...",), "netflix-en", [("Wait…",)]),
        (("R&amp;D <b>now</b>",), "netflix-en", [("R&D now",)]),
        (("a\u200bb",), "netflix-en", [("ab",)]),
        (("(door slams)",), "netflix-en-sdh", [("[door slams]",)]),
        (("JOHN: Where?",), "netflix-en-sdh", [("[JOHN] Where?",)]),
        (("Off", "we go."), "netflix-en", [("Off we go.",)]),
    ],
)
def test_signs_as_the_style_writes_them(lines, style, want):
    shown, _ = one(Caption(1, 5, lines, None, "en"), load_style(style))
    assert [c.lines for c in shown] == want


@pytest.mark.parametrize(
    ("lines", "want"),
    [
        (("我們走吧。",), ("我們走吧",)),
        (("等一下...",), ("等一下⋯",)),
        (("好,走吧!",), ("好，走吧！",)),
        (("我想——", "——去公園"), ("我想", "去公園")),
        (("我們今天要去公園散步，因為天氣真的很好",), ("我們今天要去公園散步，", "因為天氣真的很好")),
    ],
)
def test_chinese_signs(lines, want):
    (caption,), done = one(Caption(1, 6, lines, None, "zh", styling=(Styling(0, 0, 2, "italic"),)), CHINESE)
    assert caption.lines == want
    assert caption.styling == ()
    assert done.left == ()


def test_the_lines_of_two_languages_change_places():
    (caption,), _ = one(Caption(1, 5, ("Let's go.", "我們走吧")), load_style("hk-bilingual"))
    assert caption.lines == ("我們走吧", "Let's go.")


def test_times_move_onto_frames_and_cuts():
    (caption,), done = one(Caption(10.11, 13.88, ("Hello.",), None, "en"), shots=(10.0, 14.0))
    assert (caption.start_s, caption.end_s) == (10.0, pytest.approx(14 - 2 / 24))
    assert {i.rule for i in done.mended} == {"frames", "shot_change"}


def test_what_cannot_be_mended_is_listed():
    done = fix([Caption(1, 5, ("Donau" * 10,), None, "en"), Caption(6, 8, ("这个",), None, "zh")], CHINESE, AT_24)
    assert [(i.caption, i.rule, i.fixable) for i in done.left] == [(1, "cpl", False), (2, "script", False)]


def test_every_rule_that_says_so_has_a_mend():
    assert {rule for rule, known in RULES.items() if known.fixable} == {*MENDS, "order"}
    assert set(MENDS) <= set(RULES)


def test_captions_that_begin_together_are_mended_in_one_go():
    captions = [
        Caption(28.0, 34.6, ("But how is it proved?",), language="en", position=1),
        Caption(28.0, 34.6, ("Thus: what we call",), language="en", position=3),
        Caption(34.6, 40.0, ("the vertex of it is its base.",), language="en", position=3),
    ]
    once = fix(captions, load_style("netflix-en"))
    assert [issue.rule for issue in once.left if issue.severity == "error"] == ["overlap"]
    assert fix(once.captions, load_style("netflix-en")).captions == once.captions
