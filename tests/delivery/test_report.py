import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.marks import Activity, CaptionIssue, Finding, LoudnessReport, SpecCheck
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import Caption, CastRole, Consent, Remark, SpeakerTurn, Transcript, Utterance, Word
from audiopost.core.spotting import Cue, EmotionPoint, EmotionUtterance, Scene
from audiopost.core.stage import ModelInfo, Step
from audiopost.core.time import FrameRate, Timebase
from audiopost.delivery.report import render, write_report
from audiopost.delivery.report.charts import TimeAxis, curve, envelope, number
from audiopost.delivery.report.pictures import scan

EVIL = "<script>alert('x')</script>"
LOADING = {"src", "href", "srcset", "action", "data", "poster", "background", "formaction", "xlink:href", "ping"}


EXPECTED = (
    "Before: source|After: master|clicks|declick|−23 ±0.2 LUFS|✓ pass|✗ fail|● note|not measured|71 %|bridge|"
    "fails: true peak; not as recommended: loudness range|"
    "uneasy|70–80 BPM|10:00:01:00|Scene|tense 1|你有冇見到嗰隻船？|htdemucs v4 (MIT)|25.0 characters|shifts 1|"
    "9.0 s|English words by a small model|audiopost models pull pyannote-community-1|film-dialogue|"
    "Dialogue separated with htdemucs|"
    "dropped: 1, not spoken: 1|a sign-off over music|TOM: Wait!|similarity 0.91|no voice print is kept"
)


class Page(HTMLParser):
    """Collects what a page would load, its tags, ids and text."""

    def __init__(self, html):
        super().__init__()
        self.loads, self.tags, self.ids, self.text, self.open, self.policy = [], [], set(), [], [], ""
        self.handled = False
        self.feed(html)
        self.close()
        self.words = " ".join(" ".join(self.text).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        values = dict(attrs)
        self.ids.add(values.get("id"))
        self.handled |= any(name.startswith("on") for name in values)
        self.loads += [value for name, value in attrs if name in LOADING]
        self.loads += re.findall(r"url\(([^)]*)\)", values.get("style", ""))
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]
        if tag not in ("meta", "img", "br", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.loads += re.findall(r"url\(([^)]*)\)|@import", data) if "style" in self.open else []
        self.text.append(data if "style" not in self.open else "")


@pytest.fixture
def audio(rng):
    t = np.arange(48000 * 6) / 48000
    return Audio(np.stack([0.3 * np.sin(2 * np.pi * 440 * t), rng.normal(0, 0.05, t.size)]), 48000)


def media(audio, name="film.mov", **changes):
    return MediaInfo(
        f"/private/{name}",
        "ab" * 32,
        "mov",
        "PCM_24",
        audio.rate,
        audio.channels,
        audio.layout,
        audio.duration_s,
        **changes,
    )


@pytest.fixture
def bare(audio):
    return Project(media(audio), audio)


@pytest.fixture
def full(audio):
    quiet = Audio(audio.samples * 0.25, audio.rate)
    said = Utterance(
        1.0, 2.0, "the the end", "en", (Word(1, 1.3, "the", 0.9), Word(1.3, 1.6, "the", 0.2), Word(1.6, 2, "end")), EVIL
    )
    lufs = LoudnessReport(-23.1, -18.0, -20.0, 4.0, -3.0, 1.0, (None, None, -30.0, -23.0, -22.0, -24.0))
    model = ModelInfo("htdemucs", "v4", "MIT", "https://dl.fbaipublicfiles.com/demucs/", "c" * 64)
    return Project(
        media(
            audio,
            f"夜 {EVIL.replace('/', '')}.mov",
            has_video=True,
            timebase=Timebase(FrameRate.parse("25"), "10:00:00:00"),
        ),
        audio,
        findings=(
            Finding("clicks", 2.0, 2.1, 0.8, f"3 clicks {EVIL}", "declick"),
            Finding("hum", 0, 6, 0.3, "50 Hz", "dehum", 50.0),
        ),
        activity=(Activity("speech", 1, 2), Activity("silence", 4, 6)),
        restored=quiet,
        stems={"dialogue": quiet, "music": quiet},
        repaired=quiet,
        clean=quiet,
        transcript=Transcript(
            "en",
            (said, Utterance(3, 4, "你有冇見到嗰隻船？", "yue", (), "B")),
            remarks=(
                Remark("dropped", 5.0, 5.8, f"Thanks for watching {EVIL}", "a sign-off over music"),
                Remark("not spoken", None, None, "TOM: Wait!", "line 12 of the script"),
            ),
        ),
        turns=(SpeakerTurn(1, 2, EVIL), SpeakerTurn(1.5, 4, "B")),
        cast=(
            CastRole(EVIL, "P1", similarity=0.91, consent=Consent(EVIL, "labels", "2026-11-01")),
            CastRole("B", "P2", new=True),
        ),
        emotion=tuple(EmotionPoint(x, 0.5, -0.5, 0, 0.9) for x in (0.0, 0.5, 1.0, 1.5)),
        emotion_utterances=(EmotionUtterance(1, 2, "tense", 0.5, -0.5, 0.9),),
        scenes=(Scene(1, 0, 6, "start of the recording"),),
        cues=(Cue(1, 1.0, 5.0, "bridge", "uneasy", (70, 80), "minor", ("cello",), f"arousal climbs {EVIL}", 0.6),),
        loudness_in=lufs,
        loudness=lufs,
        loudness_checks=(
            SpecCheck("integrated loudness", -23.1, "-23 ±0.2 LUFS", True, False, "LUFS", -23.2, -22.8),
            SpecCheck("true peak", -0.2, "at most -1 dBTP", False, False, "dBTP", None, -1.0),
            SpecCheck("loudness range", 2.0, "4 to 18 LU, recommended", False, True, "LU", 4.0, 18.0),
            SpecCheck("dialogue range", None, "at most 10 LU, recommended", None, True, "LU", None, 10.0),
        ),
        master=quiet,
        caption_issues=(CaptionIssue(3, 4.0, "cps", "25.0 characters a second, limit 20"),),
        missing=("speaker names: no weights. Type: audiopost models pull pyannote-community-1",),
        steps=(
            Step(
                "separate",
                "demucs",
                "auto: in the store",
                {"backend": "auto", "shifts": 1},
                model,
                timing={"seconds": 9.0},
            ),
            Step(
                "transcribe",
                "pocketsphinx",
                "asked for",
                {"backend": "pocketsphinx"},
                draft="English words by a small model",
            ),
        ),
        preset="film-dialogue",
    )


def test_nothing_outside_is_asked_for(full):
    page = Page(render(full))
    assert page.loads
    assert all(url.startswith(("#", "data:image/png;base64,")) for url in page.loads)
    assert not {"script", "iframe", "link", "object", "embed", "form", "base", "audio", "video"} & set(page.tags)
    assert not page.handled
    assert "default-src 'none'" in page.policy
    assert "img-src data:" in page.policy
    assert "script" not in page.policy


def test_every_link_inside_the_page_has_its_place(full):
    page = Page(render(full))
    assert {url[1:] for url in page.loads if url.startswith("#")} <= page.ids


def test_what_needs_a_person_is_said_in_sentences(full):
    items = re.findall(r"<li[^>]*>(.*?)</li>", render(full).split('id="attention"')[1].split("</section>")[0])
    assert len(items) >= 3
    assert all(item.endswith(".") and not item.endswith("..") for item in items)


def test_numbers_agree_with_their_nouns_and_a_faint_stem_is_not_nothing(full, audio):
    faint = Audio(audio.samples * 0.01, audio.rate)
    page = Page(render(replace(full, captions=(Caption(1.0, 2.0, ("hello",)),), caption_issues=())))
    assert "1 caption. Every caption keeps" in page.words
    page = Page(render(replace(full, stems={"dialogue": audio, "music": faint}, repaired=None)))
    assert "100 % " in page.words
    assert "< 1 %" in page.words


def test_tags_are_balanced_and_text_of_the_media_stays_text(full):
    html = render(full)
    page = Page(html)
    assert page.open == []
    assert EVIL not in html
    assert page.words.count(EVIL) >= 4, "speaker, transcript, finding and cue show it as text"


def test_all_that_was_made_is_there(full):
    page = Page(render(full))
    for words in EXPECTED.split("|"):
        assert words in page.words, words
    assert "Not run" in page.words
    assert "restoration" not in page.words.split("Not run: ")[1].split(".")[0]


def test_the_page_says_how_much_of_the_captions_a_person_reviewed(full):
    shown = tuple(Caption(n, n + 1, ("x",), reviewed=n < 2) for n in range(5))
    assert "2 of 5 captions reviewed by a person" in Page(render(replace(full, captions=shown))).words
    assert "captions reviewed by a person" not in Page(render(full)).words


def test_uncertain_words_are_marked_where_they_stand(full):
    assert 'the <mark title="uncertain">the</mark> end' in render(full)


def test_languages_are_declared_for_their_fonts(full):
    html = render(full)
    assert 'lang="yue"' in html
    assert "Noto Sans CJK" in html


def test_what_was_not_run_is_left_out_and_said(bare):
    project = replace(bare, findings=())
    page = Page(render(project))
    assert not {"loudness", "speakers", "spotting", "transcript", "captions", "stems", "made", "attention"} & page.ids
    said = page.words.split("Not run: ")[1].split(".")[0]
    assert "transcription" in said
    assert "fault finding" not in said
    assert "No fault was found." in page.words
    assert "it was only measured" in page.words


def test_made_and_empty_is_not_the_same_as_not_made(bare):
    project = replace(bare, turns=(), cues=(), emotion=(), scenes=(), transcript=Transcript("en"), caption_issues=())
    words = Page(render(project)).words
    sentences = "Nobody was heard|no place asked|No speech to judge|No scene was|No words were|Every caption keeps"
    for sentence in sentences.split("|"):
        assert sentence in words


def test_one_state_gives_one_picture(bare, full):
    assert render(bare).count('alt="Spectrogram') == 1
    assert render(full).count('alt="Spectrogram') == 2


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("samples", "rate"),
    [
        (np.zeros((1, 1)), 8000),
        (np.zeros((2, 48000)), 48000),
        (np.ones((1, 4000)), 8000),
        (np.full((6, 9000), 0.5), 192000),
        (np.tile([1.0, -1.0], 24000), 48000),
        (np.zeros((1, 0)), 44100),
    ],
    ids=["one frame", "silence", "dc", "5.1 at 192 kHz", "full-scale square", "empty"],
)
def test_odd_audio_makes_a_page(samples, rate):
    audio = Audio(samples, rate)
    silent = LoudnessReport(None, None, None, None, None)
    project = Project(media(audio), audio, loudness_in=silent, stems={"dialogue": audio}, findings=())
    html = render(project)
    page = Page(html)
    assert page.open == []
    drawn = " ".join(re.findall(r' (?:d|style)="([^"]*)"', html))
    assert not re.search(r"\b(nan|inf)\b", f"{drawn} {page.words}", re.IGNORECASE)


def test_the_page_is_the_same_twice(full):
    assert render(full) == render(full)


def test_a_name_that_is_no_text_can_be_written(bare, tmp_path):
    project = replace(bare, media=replace(bare.media, path="/x/caf\udce9.wav"))
    path = write_report(tmp_path / "r.html", project)
    assert "caf?" in path.read_text("utf-8")


def test_long_lists_are_cut_and_say_so(bare):
    many = tuple(
        Finding("clicks", i * 0.005, i * 0.005 + 0.001, i / 1000, f"click {i}", "declick") for i in range(1000)
    )
    page = Page(render(replace(bare, findings=many)))
    assert "And 850 more" in page.words
    assert "click 999" in page.words, "the worst are kept"


def test_a_decision_on_a_finding_stands_beside_it(bare):
    found = tuple(
        Finding("clicks", n, n + 1, 0.5, f"click {n}", "declick.", status=status)
        for n, status in enumerate(("open", "accepted", "dismissed"))
    )
    words = Page(render(replace(bare, findings=found))).words
    assert words.count("by a person") == 2
    assert "no fault, by a person" in words


def test_scan_places_a_tone_at_its_frequency_and_level(tone):
    seen = scan(tone(1000.0, dbfs=-20.0, seconds=2.0))
    row = int(seen.level_db.mean(axis=1).argmax())
    assert seen.edges_hz[row] >= 985
    assert seen.edges_hz[row + 1] <= 1015
    assert seen.peak == pytest.approx(0.1, rel=1e-3)
    assert seen.rms[600] == pytest.approx(0.1 / np.sqrt(2), rel=0.05)
    assert -30 < seen.level_db[row, 600] < -18


def test_scan_shows_a_click_in_its_column():
    samples = np.zeros(48000)
    samples[24000] = 0.9
    seen = scan(Audio(samples, 48000))
    assert np.flatnonzero(seen.high > 0.5).tolist() == [600]


def test_scan_reads_in_pieces():
    class Endless:
        longest = 0

        def read(self, start, stop):
            self.longest = max(self.longest, stop - start)
            return np.zeros((2, stop - start), np.float32)

    source = Endless()
    scan(Audio.backed(source, channels=2, frames=48000 * 600, rate=48000), spectrum=False)
    assert source.longest < 48000 * 2


@given(st.floats(0.001, 40_000))
def test_time_axis_has_few_even_ticks(duration_s):
    ticks = TimeAxis(duration_s).ticks
    assert 1 <= len(ticks) <= 11
    assert ticks[0].at == 0
    assert all(0 <= tick.at <= 100 for tick in ticks)
    assert len({tick.label for tick in ticks}) == len(ticks)


def test_a_curve_breaks_where_nothing_was_measured():
    axis = TimeAxis(10)
    assert curve([0, 1, 2, 3], [0.0, 0.5, None, 1.0], axis, 0, 1, 5).count("M") == 2
    assert curve([0, 1, 8, 9], [0.0, 0.5, 0.5, 1.0], axis, 0, 1, 5).count("M") == 2
    assert curve([], [], axis, 0, 1, 5) == ""


def test_a_long_curve_is_thinned_and_keeps_its_mean():
    path = curve(list(range(100_000)), [0.25] * 100_000, TimeAxis(100_000), 0, 1, 10)
    assert path.count("L") < 1300
    assert path.count("M") == 1
    assert set(re.findall(r" (\d+\.\d)", path)) == {"75.0"}


def test_an_envelope_cuts_off_at_the_edge():
    path = envelope(np.array([-2.0, -0.5]), np.array([2.0, 0.5]), 1.0)
    assert path == "M0 0.0 1200 25.0 1200 75.0 0 100.0Z"


@pytest.mark.parametrize(("value", "text"), [(-23.04, "−23.0"), (-0.04, "0.0"), (None, "–"), (0.0, "0.0")])
def test_numbers_have_a_minus_sign_and_no_negative_zero(value, text):
    assert number(value) == text
