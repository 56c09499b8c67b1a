"""What `check` finds in our own layout, in every style and at every frame rate, is what nobody could have avoided."""

from __future__ import annotations

import csv
import itertools
import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiopost.core.speech import Caption, Transcript, Utterance, Word, joined, word_glue
from audiopost.core.time import FrameRate, Timebase
from audiopost.subtitles import check, layout, load_style, style_names
from audiopost.subtitles.caption import PAUSE_S
from audiopost.subtitles.text import base, clean, is_unspaced, width

RATES = ("23.976", "24", "25", "29.97", "29.97df", "30", "50", "59.94df", "60")
SENTENCES = {
    "en": ("I never thought that we would come back to the house by the river, but here we are.", "Are you sure?",
           "No.", "It was Dr. Smith who found it in New York on May 5, 1987, and nobody knew what it was worth.",
           "About 10 000 people waited outside until 3 p.m. and then went home...", "Well, I don't know, Mary Jones."),
    "zh": ("我們今天要去公園散步，因為天氣真的很好，所以大家都很開心。", "你知道嗎？", "不。",
           "他問我為什麼沒有參加二十五號的會議……", "昨天晚上我在銀行門口遇見了陳先生。"),
    "yue": ("佢哋琴日喺銅鑼灣食完飯之後就返咗屋企，我都唔知點解佢咁早走㗎。", "係。", "會唔會得閒一齊飲茶？",
            "我同 Peter Chan 講咗好多次，叫佢唔好再 send email 畀我個客。"),
    "ja": ("今日はとても天気がいいので公園に行きましょう。", "はい。",
           "どうしてそんなことを言うのか、私には全然分かりません。"),
    "de": ("Der Raum hinter dem Portal wurde für 25 000 Euro verkauft, obwohl niemand wusste, wozu.", "Nein."),
}  # fmt: skip
#: What no layout can help: speech too fast, or the next line too soon.
HASTE = {"cps", "min_duration"}


def said(text, language, start_s, rate, speaker=None):
    """`text` spoken at `rate` characters a second."""
    words, at = [], start_s
    for token in text.split() if word_glue(language) else [c for c in text if not c.isspace()]:
        words.append(Word(at, at + len(token) / rate, token))
        at += (len(token) + len(word_glue(language))) / rate
    return Utterance(start_s, words[-1].end_s, text, language, tuple(words), speaker)


@st.composite
def programmes(draw, languages=tuple(SENTENCES)):
    """Talk by up to three people in up to two languages, slow and fast, with pauses and interruptions."""
    own = draw(st.lists(st.sampled_from(languages), min_size=1, max_size=2))
    at, utterances = draw(st.floats(0, 3)), []
    for _ in range(draw(st.integers(1, 7))):
        language = draw(st.sampled_from(own))
        rate = draw(st.floats(0.4, 1.6)) * (6 if is_unspaced(language) else 15)
        who = draw(st.sampled_from([None, "S1", "S2", "Ann"]))
        utterances.append(said(draw(st.sampled_from(SENTENCES[language])), language, max(at, 0), rate, who))
        at = utterances[-1].end_s + draw(st.sampled_from([-0.4, 0, 0.05, 0.3, 0.9, 1.5, 4]))
    return Transcript(own[0], tuple(utterances))


def translation_of(transcript):
    """Something said at the same time in the other language of a bilingual style."""
    english = "This is what it means, or something very much like it."
    return Transcript("en", tuple(Utterance(u.start_s, u.end_s, english, "en") for u in transcript.utterances))


def laid_out(transcript, style, timebase, **more):
    if style.bilingual:
        more["translation"] = translation_of(transcript)
    return layout(transcript, style, timebase, **more)


def assert_helpless(captions, style, timebase):
    """Whatever breaks a rule was as long on the screen as it may be: up to the next caption, which waits for nobody."""
    fps, frames = float(timebase.rate.fraction), style.frames(timebase.rate)
    for issue in check(captions, style, timebase):
        if issue.rule == "script":
            continue  # what a transcript is written in is another option's matter
        caption = captions[issue.caption - 1]
        assert issue.rule in HASTE, issue
        following = captions[issue.caption].start_s if issue.caption < len(captions) else math.inf
        until = min(following - frames.gap / fps, caption.start_s + frames.longest / fps)
        assert caption.end_s >= until - 1e-6, issue


def spoken_characters(transcript, style):
    texts = [style.written(clean(u.text), u.language or transcript.language) for u in transcript.utterances]
    return sorted(re.sub(r"[\s。]", "", "".join(texts)))


@pytest.mark.parametrize("name", style_names())
@given(transcript=programmes(), rate=st.sampled_from(RATES), shots=st.lists(st.floats(0, 40), max_size=6))
@settings(max_examples=25)
def test_nothing_breaks_a_rule_that_need_not(name, transcript, rate, shots):
    style, timebase = load_style(name), Timebase(FrameRate.parse(rate), "01:00:00:00")
    captions = laid_out(transcript, style, timebase, shots=shots)
    assert_helpless(captions, style, timebase)
    assert all(abs(t - timebase.rate.snap(t)) < 1e-9 for c in captions for t in (c.start_s, c.end_s))


@pytest.mark.parametrize("name", [n for n in style_names() if not load_style(n).bilingual and not load_style(n).sdh])
@given(transcript=programmes())
@settings(max_examples=15)
def test_every_word_is_shown_once(name, transcript):
    style = load_style(name)
    captions = layout(transcript, style)
    shown = "".join(line.removeprefix(style.dash) if c.line_speakers else line for c in captions for line in c.lines)
    assert sorted(re.sub(r"[\s。]", "", shown)) == spoken_characters(transcript, style)


@given(transcript=programmes(languages=("en",)))
def test_words_of_one_speaker_keep_their_order(transcript):
    alone = replace(transcript, utterances=tuple(replace(u, speaker=None) for u in transcript.utterances))
    ordered = all(b.start_s >= a.end_s for a, b in itertools.pairwise(alone.utterances))
    captions = layout(alone, load_style("plain"))
    if ordered:
        assert " ".join(" ".join(c.lines) for c in captions) == " ".join(u.text for u in alone.utterances)


WORDS = st.lists(
    st.tuples(st.integers(1, 22), st.floats(0.05, 0.7), st.sampled_from([0.0, 0.0, 0.0, 0.1, 0.5, 1.0])),
    min_size=1,
    max_size=7,
)


@given(
    parts=WORDS,
    rate=st.sampled_from(RATES),
    name=st.sampled_from(["netflix-en", "bbc", "youtube", "plain", "ebu-teletext"]),
    turns=st.sets(st.integers(1, 6), max_size=2),
)
@settings(max_examples=120)
def test_a_layout_without_fault_is_found_unless_the_speech_is_too_fast(parts, rate, name, turns):
    style, timebase = load_style(name), Timebase(FrameRate.parse(rate))
    words, at = [], 1.0
    for length, long, pause in parts:
        words.append(Word(at, at + long, "x" * length))
        at += long + pause
    bounds = [0, *sorted(t for t in turns if t < len(words)), len(words)]
    utterances = tuple(
        Utterance(part[0].start_s, part[-1].end_s, joined((w.text for w in part), "en"), "en", tuple(part), f"S{n % 2}")
        for n, part in enumerate(words[a:b] for a, b in itertools.pairwise(bounds))
    )
    if len(utterances) == 1:
        utterances = (replace(utterances[0], speaker=None),)
    captions = layout(Transcript("en", utterances), style, timebase)
    left = [i for i in check(captions, style, timebase) if not is_hurried(captions, i, words, style, timebase.rate)]
    if left:
        speakers = [n for n, (a, b) in enumerate(itertools.pairwise(bounds)) for _ in range(a, b)]
        others = every_layout(words, speakers, style, timebase.rate)
        assert all(check(other, style, timebase) for other in others)


def is_hurried(captions, issue, words, style, rate):
    """Whether what a caption says was itself said faster than it can be read: up to the gap before the next word."""
    if issue.rule != "cps":
        return False
    counts = [sum(len(re.findall("x+", line)) for line in c.lines) for c in captions]
    caption, said = captions[issue.caption - 1], sum(counts[: issue.caption])
    first = said - counts[issue.caption - 1]
    until, gap_s = words[said].start_s if said < len(words) else math.inf, style.gap_frames / float(rate.fraction)
    return style.reading_s(caption.lines, ["en"] * len(caption.lines)) > until - gap_s - words[first].start_s - 0.05


def every_layout(words, speakers, style, rate):
    """All ways to part words into captions and these into lines, each shown as long as it may be: the slow way."""
    n, fps, f = len(words), float(rate.fraction), style.frames(rate)
    for cuts in itertools.chain.from_iterable(itertools.combinations(range(1, n), k) for k in range(n)):
        bounds = [0, *cuts, n]
        captions = []
        for a, b in itertools.pairwise(bounds):
            lines = lines_of(words, speakers, a, b, style)
            if lines is None:
                break
            start, speech = round(words[a].start_s * fps), round(words[b - 1].end_s * fps)
            need = math.ceil(style.reading_s(lines, ["en"] * len(lines)) * fps - 1e-6)
            end = min(max(speech + f.linger, start + f.shortest, start + need), start + f.longest)
            if b < n:
                following = round(words[b].start_s * fps)
                end = following - f.gap if following - end <= f.chain else end
            if end <= start or end > start + f.longest:
                break
            two = speakers[a] != speakers[b - 1]
            captions.append(
                Caption(start / fps, end / fps, lines, language="en", line_speakers=("a", "b") if two else ())
            )
        else:
            yield captions


def lines_of(words, speakers, a, b, style):
    if any(y.start_s - x.end_s > PAUSE_S for x, y in itertools.pairwise(words[a:b])):
        return None
    turns = [k for k in range(a + 1, b) if speakers[k] != speakers[k - 1]]
    if turns and (len(turns) > 1 or not style.dash):
        return None
    cpl = style.limits_for("en").cpl
    for k in turns or range(a, b):
        lines = tuple(" ".join(w.text for w in part) for part in (words[a:k], words[k:b]) if part)
        lines = tuple(style.dash + line for line in lines) if turns else lines
        if all(width(line, "en") <= cpl for line in lines):
            return lines
    return None


@pytest.mark.slow
def test_real_texts_at_any_pace(shared):
    with (shared / "audio/index.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] in ("asr", "speech_clean")]
    for pace in (0.6, 1.0, 1.5):
        by_language: dict[str, list[Utterance]] = {}
        for row in rows:
            language, text = row["language"], row["reference"]
            if not text or "=" in text:
                continue
            told = by_language.setdefault(language, [])
            at = told[-1].end_s + (0.2, 0.7, 2.0)[len(told) % 3] if told else 0.5
            told.append(said(text, language, at, pace * (6 if is_unspaced(language) else 15)))
        assert {"en", "zh", "yue", "ja"} <= {base(language) for language in by_language}
        for name in style_names():
            style, timebase = load_style(name), Timebase(FrameRate.parse("23.976"))
            for language, told in by_language.items():
                assert_helpless(laid_out(Transcript(language, tuple(told)), style, timebase), style, timebase)


def test_a_label_that_leaves_no_room_is_no_fault(spoken):
    transcript = Transcript("en", (spoken("w" * 41, "en", 1, "Somebody"), spoken("Yes.", "en", 9, "Else")))
    captions = layout(transcript, load_style("netflix-en"))
    assert captions[0].lines == ("w" * 41,)
