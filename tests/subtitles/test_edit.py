import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.errors import BadValue
from audiopost.core.speech import Caption, Styling, Transcript, Utterance, Word
from audiopost.core.time import FrameRate
from audiopost.subtitles import edit, load_style
from audiopost.subtitles.edit import Bounds
from audiopost.subtitles.edit_borders import merge, split
from audiopost.subtitles.timed_words import TimedWords

UNTIL_S = 120.0
ON = Bounds(load_style("netflix-en"), FrameRate.parse("25"), UNTIL_S, "en")
RATES = ("23.976", "25", "29.97df", "60")
words = st.text(alphabet="abcdefg'<é夜", min_size=1, max_size=9)
line = st.lists(words, min_size=1, max_size=7).map(" ".join)


@st.composite
def captions(draw, least=1):
    """Captions in order on the frames of a rate, without overlaps, with what bounds them."""
    on = Bounds(load_style("netflix-en"), FrameRate.parse(draw(st.sampled_from(RATES))), UNTIL_S, "en")
    made, frame = [], 0
    for _ in range(draw(st.integers(least, 6))):
        frame += draw(st.integers(0, 50))
        length = draw(st.integers(4, 120))
        lines = tuple(draw(st.lists(line, min_size=1, max_size=2)))
        made.append(Caption(on.rate.seconds_at(frame), on.rate.seconds_at(frame + length), lines, reviewed=True))
        frame += length
    return tuple(made), on


def in_order(made, until_s=UNTIL_S):
    starts = [caption.start_s for caption in made]
    return starts == sorted(starts) and all(0 <= c.start_s < c.end_s <= until_s + 1e-6 for c in made)


def said(*of):
    return " ".join(" ".join(caption.text.split()) for caption in of)


@given(captions(), st.data())
def test_what_is_split_and_merged_is_what_it_was(given_captions, data):
    made, on = given_captions
    number = data.draw(st.integers(0, len(made) - 1))
    old = made[number]
    inside = [n for n in range(len(old.text) + 1) if old.text[:n].strip() and old.text[n:].strip()]
    if not inside:
        with pytest.raises(BadValue):
            split(made, number, on, caret=1)
        return
    caret = data.draw(st.sampled_from(inside))
    parted = split(made, number, on, caret=caret)
    head, tail = parted.captions[number : number + 2]
    assert parted.at == number + 1
    assert in_order(parted.captions)
    assert (head.start_s, tail.end_s) == (old.start_s, old.end_s)
    assert head.end_s <= tail.start_s
    assert said(head, tail).replace(" ", "") == said(old).replace(" ", "")
    whole = merge(parted.captions, number, on)
    again = whole.captions[number]
    assert (again.start_s, again.end_s) == (old.start_s, old.end_s)
    assert again.text.split() == [*old.text[:caret].split(), *old.text[caret:].split()]
    assert len(whole.captions) == len(made)
    assert again.edited
    assert not again.reviewed


@given(captions(), st.floats(-500, 500), st.data())
def test_a_shift_never_leaves_the_recording(given_captions, by_s, data):
    made, on = given_captions
    numbers = data.draw(st.sets(st.integers(0, len(made) - 1), min_size=1))
    moved = edit.shift(made, numbers, by_s, on).captions
    assert in_order(moved)
    assert sorted(c.text for c in moved) == sorted(c.text for c in made)
    durations = sorted(round(c.end_s - c.start_s, 6) for c in made)
    assert sorted(round(c.end_s - c.start_s, 6) for c in moved) == durations


@given(captions(), st.floats(-10, 200), st.floats(-10, 200), st.data())
def test_other_times_keep_order_and_durations(given_captions, start_s, end_s, data):
    made, on = given_captions
    number = data.draw(st.integers(0, len(made) - 1))
    try:
        retimed = edit.retime(made, number, start_s, end_s, on)
    except BadValue:
        assert on.rate.frame_at(min(end_s, UNTIL_S)) <= max(on.rate.frame_at(start_s), 0)
        return
    assert in_order(retimed.captions)
    assert retimed.captions[retimed.at].lines == made[number].lines


@given(captions(), st.floats(0, UNTIL_S))
def test_a_new_caption_has_its_place(given_captions, at_s):
    made, on = given_captions
    try:
        new = edit.insert(made, at_s, on)
    except BadValue:
        assert at_s > UNTIL_S - 30
        return
    assert in_order(new.captions)
    assert new.captions[new.at].lines == ()
    assert tuple(c for n, c in enumerate(new.captions) if n != new.at) == made


def test_a_split_falls_where_the_next_word_is_said():
    said = (Word(1, 1.4, "stay"), Word(1.4, 1.8, "here"), Word(3, 3.4, "until"), Word(3.4, 4, "noon"))
    spoken = Utterance(1, 4, "stay here until noon", "en", said)
    caption = Caption(1, 4, ("stay here", "until noon"))
    known = TimedWords(Transcript("en", (spoken,))).of(caption)
    by_caret = split((caption,), 0, ON, caret=10, words=known).captions
    assert [c.lines for c in by_caret] == [("stay here",), ("until noon",)]
    assert by_caret[1].start_s == 3.0
    assert by_caret[0].end_s == pytest.approx(3.0 - 2 / 25)
    by_time = split((caption,), 0, ON, caret=0, at_s=1.56, words=known).captions
    assert [c.text for c in by_time] == ["stay", "here\nuntil noon"]
    assert by_time[1].start_s == pytest.approx(1.56)
    by_letters = split((caption,), 0, ON, caret=10).captions
    assert by_letters[1].start_s == pytest.approx(2.48, abs=0.03)


def test_text_that_stays_keeps_its_look_and_its_speaker():
    old = Caption(
        0, 2, ("- wait here", "- no"), line_speakers=("S1", "S2"), styling=(Styling(0, 2, 6, "italic"),), reviewed=True
    )
    new = edit.rewritten(old, ("- please wait", "- no, never"))
    assert new.line_speakers == ("S1", "S2")
    assert [(s.line, new.lines[s.line][s.start : s.end].strip()) for s in new.styling] == [(0, "wait")]
    assert (new.edited, new.reviewed) == (True, False)
    assert edit.rewritten(old, old.lines) is old
    assert edit.rewritten(old, ("", " ")).lines == ()


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\u202eabc", "字" * 5_000]
)
def test_text_is_data(text):
    made = edit.write((Caption(0, 2, ("x",)),), 0, (text,)).captions
    assert made[0].lines == (text,)
    control = edit.write(made, 0, ("a\x00b\x1bc", "\ud800")).captions
    assert control[0].lines == ("abc",)


def test_two_speakers_in_one_caption_stay_two():
    made = merge((Caption(0, 1, ("- who?",), "S1"), Caption(1.2, 2, ("- me.",), "S2")), 0, ON).captions
    assert (made[0].lines, made[0].line_speakers) == (("- who?", "- me."), ("S1", "S2"))


def test_lines_break_anew_where_there_are_too_many():
    one, two = Caption(0, 1, ("we were", "at home"), "S1"), Caption(1.2, 2, ("all day",), "S1")
    assert merge((one, two), 0, ON).captions[0].lines == ("we were at home all day",)


def test_marks_stay_where_everything_moves_together():
    made = (Caption(0, 1, ("a",), reviewed=True), Caption(2, 3, ("b",), reviewed=True))
    assert all(c.reviewed for c in edit.shift(made, {0, 1}, 1.0, ON).captions)
    assert [c.reviewed for c in edit.shift(made, {1}, 1.0, ON).captions] == [True, False]


def test_a_number_that_is_none_is_refused():
    with pytest.raises(BadValue, match="no caption 3, there are 1"):
        edit.delete((Caption(0, 1, ("a",)),), {2})
    with pytest.raises(BadValue, match="too short"):
        split((Caption(0, 0.04, ("a b",)),), 0, ON, caret=2)
