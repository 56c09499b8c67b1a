"""The spotting part of the report and the page of its own: contents, languages, escaping, bounds, broken film."""

import re
import tracemalloc
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.music import EditPiece, TrackEdit, TrackInfo, TrackMatch
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import Transcript, Utterance
from audiopost.core.spotting import (
    EMOTIONS,
    FUNCTIONS,
    STATUSES,
    Affect,
    Alternative,
    Cue,
    CurvePoint,
    Duck,
    EmotionPoint,
    EmotionUtterance,
    Fades,
    HitPoint,
    Scene,
    StoryBeat,
    TempoFit,
)
from audiopost.core.stage import Step
from audiopost.core.time import FrameRate, Timebase
from audiopost.delivery.report import render as render_report
from audiopost.delivery.report import thumbnails
from audiopost.delivery.report.emotion_lines import emotion_lines
from audiopost.delivery.report.spotting import render, write_spotting
from audiopost.delivery.report.spotting_material import Stretch, stretches
from audiopost.delivery.report.waveform import outline

EVIL = "<script>alert('x')</script>"
VOID = {"meta", "img", "br", "input"}


class Page(HTMLParser):
    """Tags, ids, what would be loaded, attributes by name, and the words of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.ids, self.loads, self.titles, self.text, self.open = [], [], [], [], [], []
        self.scripted = False
        self.feed(html)
        self.close()
        self.words = " ".join(" ".join(self.text).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            self.scripted |= name.startswith("on")
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "srcset", "action", "data", "poster"):
                self.loads.append(value)
            if name == "title":
                self.titles.append(value)
            if name == "style":
                self.loads += re.findall(r"url\(([^)]*)\)", value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        if tag in VOID:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            self.loads += re.findall(r"url\(([^)]*)\)", data)
        else:
            self.text.append(data)


def cue(number, in_s, out_s, **changes):
    usual = {
        "function": "underscore",
        "emotion": "sadness",
        "tempo_bpm": (60, 72),
        "mode": "minor",
        "instruments": ("solo cello", "felt piano"),
        "reason": "arousal falls by 0.40 from 00:00:04:00 and nobody speaks for 3.1 s",
        "confidence": 0.64,
    }
    return Cue(number, in_s, out_s, **(usual | changes))


@pytest.fixture
def project(rng):
    audio = Audio(rng.normal(0, 0.1, 8000 * 60).astype(np.float32), 8000)
    rich = cue(
        1,
        10.0,
        30.0,
        title="The Harbour",
        metre="3/4",
        key="F#",
        texture="one line over a pedal",
        dynamics="pp to mf",
        level_lu=-14.0,
        status="accepted",
        tempo=TempoFit(66.4, 10.2, 1.24, 2.83),
        fades=Fades(1.5, 3.0, "linear", "exponential"),
        curve=(CurvePoint(10, 0.5, -0.5), CurvePoint(30, -0.1, -0.7)),
        ducks=(Duck(12, 14, -9), Duck(20, 22, -17)),
        hits=(HitPoint(12.0, "the door slams", 0.9, 3, -0.4), HitPoint(25.5, "she turns away", 0.5, 18, 2.6)),
        alternatives=(Alternative("silence", "tension", (0, 0), "", "the pause holds by itself"),),
        tracks=(
            TrackMatch(
                TrackInfo("/lib/rain.wav", "Rain", "K. Lau", licence="CC BY 4.0", duration_s=133.0),
                0.82,
                ("tempo 66 of 60–72", "ends at 0:48"),
                TrackEdit((EditPiece(10, 12, 24), EditPiece(22, 40, 48, 0.05)), 0.5, 2.0, -3.0),
                True,
            ),
        ),
    )
    return Project(
        MediaInfo(
            "/x/scene.wav",
            "ab" * 32,
            "wav",
            "PCM_24",
            8000,
            1,
            ("M",),
            60.0,
            timebase=Timebase(FrameRate.parse("25"), "01:00:00:00"),
        ),
        audio,
        transcript=Transcript("en", (Utterance(12, 14, "You never told me.", "en", (), "ANNA"),)),
        emotion=tuple(
            EmotionPoint(t / 2, np.sin(t / 9), -0.3, 0.2, t / 120, Affect(0.1, 0.2, 0.3, 0.5), Affect(0.2, 0.1, 0, 0.4))
            for t in range(120)
        ),
        emotion_utterances=(EmotionUtterance(12, 14, "sadness", -0.3, -0.4, 0.7),),
        scenes=(
            Scene(1, 0, 32, "the beginning", ("ANNA",), "sadness tension"),
            Scene(2, 32, 60, "a pause of 2.4 s", mood="joy"),
        ),
        beats=(StoryBeat(11.52, "sound", "a door, 21 dB louder", 0.9), StoryBeat(31, "pause", "silent for 2.4 s", 0.4)),
        cues=(
            rich,
            cue(2, 33, 41, function="silence"),
            cue(3, 42, 50, status="existing", tempo_bpm=(84, 84)),
            cue(4, 52, 58, status="rejected"),
        ),
        steps=(Step("cues", "rules", "auto", {"language": "en"}),),
    )


def spoken(project, language):
    return replace(project, steps=(Step("cues", "rules", "auto", {"language": language}),))


def film(path, seconds, fps=5):
    """A colour a second, small."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for number in range(seconds * fps):
            picture = np.full((90, 160, 3), (number // fps * 37) % 200 + 20, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def with_film(project, path):
    return replace(project, media=replace(project.media, path=str(path), has_video=True))


def test_a_card_says_all_that_is_proposed(project):
    words = Page(render(project)).words
    expected = (
        "1m01|The Harbour|01:00:10:00|01:00:30:00|0:20:00|underscore|sadness|accepted|60–72 BPM|66.40 BPM|"
        "beat 1 at 01:00:10:05|1.2 frames RMS, 2.8 at most|7.3 bars|"
        "3/4|F# minor|solo cello, felt piano|one line over a pedal|pp to mf|"
        "14 LU below the dialogue|−17 LU|in 1.5 s linear, out 3 s exponential|64 % sure|arousal falls by 0.40|"
        "01:00:12:00 the door slams|bar 1, beat 3|−0.4|bar 6, beat 3|+2.6|silence · tension|the pause holds by itself|"
        "Rain|K. Lau|CC BY 4.0|82 %|tempo 66 of 60–72; ends at 0:48|0:12.00–0:24.00 of the track at 01:00:10:00|"
        "0.05 s cross-fade|gain −3.0 dB|84 BPM"
    )
    assert [each for each in expected.split("|") if each not in words] == []


@pytest.mark.parametrize(
    ("metre", "bars", "beat"),
    [("6/8", "11.0 bars", "bar 9, beat 2"), ("7/8", "6.3 bars", "18"), ("", None, "18")],
)
def test_bars_are_counted_in_what_the_tempo_counts(project, metre, bars, beat):
    first = replace(project.cues[0], metre=metre)
    words = Page(render(replace(project, cues=(first, *project.cues[1:])))).words
    assert re.findall(r"[\d.]+ bars", words)[:1] == ([bars] if bars else [])
    assert f"she turns away {beat} " in re.sub(r"\s+", " ", words)


def test_a_track_put_in_by_hand_has_no_score(project):
    taken = TrackMatch(TrackInfo(r"D:\music\Dawn Two.wav"), 0.0, (), TrackEdit(()), True)
    words = Page(render(replace(project, cues=(replace(project.cues[0], tracks=(taken,)),)))).words
    assert "Dawn Two" in words
    assert "D:" not in words
    assert "0 %" not in re.sub(r"\b\d\d %", "", words)


def test_silence_on_purpose_proposes_no_music(project):
    card = render(project).split('id="cue-1"')[1].split("</article>")[0]
    assert "felt piano" not in card
    assert "BPM" not in card
    assert "nobody speaks for 3.1 s" in card


def test_the_time_line_tells_kinds_of_cues_apart_and_shows_hits_and_ducks(project):
    html = render(project)
    drawn = re.findall(r'<a class="spot ([^"]*)"', html)
    assert drawn == ["e-sadness existing", "e-sadness accepted", "e-sadness suggested quiet", "e-sadness rejected"]
    bar = html.split('<a class="spot e-sadness accepted"')[1].split("</a>")[0]
    assert bar.count('class="duck"') == 2
    hits = re.findall(r'class="hit" style="left:([\d.]+)%', bar)
    assert [float(at) for at in hits] == pytest.approx([10.0, 77.5])
    style = re.search(r"left:([\d.]+)%;width:([\d.]+)%", bar)
    assert [float(each) for each in style.groups()] == pytest.approx([100 / 6, 100 / 3], abs=0.01)


def test_beats_scenes_and_lines_have_their_words(project):
    page = Page(render(project))
    assert "01:00:11:13 a door, 21 dB louder" in page.titles
    assert "ANNA: You never told me." in page.titles
    assert "Scene 2 01:00:32:00: a pause of 2.4 s" in page.titles
    assert "sadness / tension" in page.words


def test_voice_words_and_sureness_are_lines_of_their_own(project):
    html = render(project)
    for axis in ("arousal", "valence", "dominance"):
        for of in ("fused sure0", "fused sure1", "fused sure2", "voice sure2", "words sure2"):
            assert f'class="line {axis} {of}"' in html
    assert 'id="show-voice"' in html
    alone = replace(project, emotion=tuple(replace(p, voice=None, words=None, dominance=0.0) for p in project.emotion))
    html = render(alone)
    assert 'id="show-voice"' not in html
    assert "line dominance" not in html


def test_lines_of_each_strength_meet(project):
    lines = [line for line in emotion_lines(project.emotion, Stretch(0, 60), ["arousal"]) if line.of == "fused"]
    xs = [[float(x) for x in re.findall(r"[ML]([\d.]+) ", line.path)] for line in lines]
    assert [each[0] for each in xs[1:]] == pytest.approx([each[-1] for each in xs[:-1]], abs=11)
    assert {line.path.count("M") for line in lines} == {1}
    assert sum(each[-1] - each[0] for each in xs) == pytest.approx(1190, abs=2)


@pytest.mark.parametrize(("language", "tag"), [("zh-hant", "zh-Hant-HK"), ("zh-hans", "zh-Hans"), ("en", "en")])
def test_the_page_speaks_the_language_of_its_cues(project, language, tag):
    from audiopost.core.language import tell

    html = render(spoken(project, language))
    page = Page(html)
    assert f'<section id="spotting" class="spotting flows" lang="{tag}">' in html
    for key in (
        "report.spotting",
        "emotion.sadness",
        "emotion.arousal",
        "sheet.hit_points",
        "sheet.status_accepted",
        "report.silence",
    ):
        assert tell(key, language) in page.words, key
    assert f'<html lang="{tag}">' in html
    assert tell("sheet.summary", language, cues=4, music="0:28", length="1:00") in page.words
    assert tell("report.one_file", language) in page.words
    if language != "en":
        assert not re.search(r"\b(sadness|accepted|beat|bars|Tempo|Fades|suggested|Made|Duration|Format)\b", page.words)


def test_a_language_nobody_knows_is_english(project):
    assert "Where music may enter" in Page(render(spoken(project, "tlh"))).words


def test_text_of_the_media_stays_text(project, tmp_path):
    evil = replace(
        project.cues[0],
        title=EVIL,
        reason=EVIL,
        function=EVIL,
        emotion=EVIL,
        mode=EVIL,
        key=EVIL,
        texture=EVIL,
        metre=EVIL,
        dynamics=EVIL,
        status=EVIL,
        instruments=(EVIL,),
        hits=(HitPoint(12, EVIL, 1.0),),
        fades=Fades(1, 1, EVIL, EVIL),
        alternatives=(Alternative(EVIL, EVIL, (60, 70), EVIL, EVIL),),
        tracks=(TrackMatch(TrackInfo(EVIL, EVIL, EVIL, album=EVIL, licence=EVIL), 0.5, (EVIL,), TrackEdit(())),),
    )
    scene = Scene(1, 0, 60, EVIL, (EVIL,), EVIL)
    said = Transcript("en", (Utterance(12, 14, EVIL, "en", (), EVIL),))
    media = replace(project.media, path=f"/x/{EVIL.replace('/', '')}.wav")
    project = replace(
        project,
        media=media,
        cues=(evil,),
        scenes=(scene,),
        transcript=said,
        beats=(StoryBeat(3, "sound", EVIL, 1.0), StoryBeat(4, EVIL, EVIL, 1.0)),
        emotion_utterances=(EmotionUtterance(1, 2, EVIL, 0, 0, 1),),
    )
    for html in (render(project), render_report(project)):
        page = Page(html)
        assert EVIL not in html
        assert "script" not in page.tags
        assert page.words.count(EVIL) >= 15
        assert not page.scripted
    assert write_spotting(tmp_path / "s.html", project).read_text("utf-8") == render(project)


def test_nothing_outside_is_asked_for_and_links_have_their_places(project, tmp_path):
    project = with_film(project, film(tmp_path / "film.mp4", 60))
    for html in (render(project), render_report(project)):
        page = Page(html)
        assert page.open == []
        assert "http" not in " ".join(page.loads)
        assert all(load.startswith(("#", "data:image/png;base64,", "data:image/webp;base64,")) for load in page.loads)
        assert {load[1:] for load in page.loads if load.startswith("#")} <= set(page.ids)
        assert len(page.ids) == len(set(page.ids))
        assert not {"script", "iframe", "link", "object", "form", "audio", "video"} & set(page.tags)
        assert "default-src 'none'" in html


def test_a_film_shows_its_pictures_where_they_are(project, tmp_path):
    html = render(with_film(project, film(tmp_path / "film.mp4", 60)))
    strip = re.findall(
        r'src="data:image/webp;base64,[^"]+" title="([^"]+)"( class="first")? style="left:([\d.]+)%', html
    )
    assert len(strip) == 10
    # The second scene begins at 32 s: in the first half of the place from 30 to 36 s.
    assert [(at, first) for at, first, _ in strip][4:7] == [
        ("01:00:24:00", ""),
        ("01:00:32:12", ' class="first"'),
        ("01:00:36:00", ""),
    ]
    assert [float(left) for _, _, left in strip] == pytest.approx([10 * i for i in range(10)])
    assert html.count('<img class="still"') == 3, "each cue that is not rejected shows the picture it enters on"


def test_sound_alone_has_no_pictures(project):
    html = render(project)
    assert "<img" not in html
    assert "could not be read" not in html


@pytest.mark.parametrize("broken", ["absent", "no film", "cut off", "an address"])
def test_a_film_that_cannot_be_read_is_left_out_with_a_word(project, tmp_path, broken):
    path = tmp_path / "film.mp4"
    if broken == "no film":
        path.write_bytes(b"no film" * 100)
    if broken == "cut off":
        film(path, 20)
        path.write_bytes(path.read_bytes()[:3000])
    html = render(with_film(project, "http://127.0.0.1:9/film.mp4" if broken == "an address" else path))
    assert "<img" not in html
    assert "pictures could not be read" in html
    assert "The Harbour" in html


def test_a_film_that_is_shorter_than_its_sound_shows_its_last_picture(project, tmp_path):
    html = render(with_film(project, film(tmp_path / "film.mp4", 20)))
    assert html.count("data:image/webp") == 13


@pytest.mark.slow
def test_pictures_full_of_grain_keep_the_page_small_and_are_all_there(project, monkeypatch, rng):
    def grain(path, times, *, height, within_s):
        for time_s in times:
            yield time_s, rng.integers(0, 255, (height, height * 16 // 9, 3), dtype=np.uint8)

    monkeypatch.setattr(thumbnails, "frames_at", grain)
    strip = thumbnails.slots(project, [Stretch(i * 5.0, i * 5.0 + 5) for i in range(12)])
    cues_s = [i / 3 + 0.1 for i in range(60)]
    found, lack = thumbnails.stills(with_film(project, "film.mp4"), strip, cues_s)
    assert lack == ""
    assert set(found) == {slot.time_s for slot in strip} | set(cues_s)
    assert len(found) > 170
    assert sum(map(len, found.values())) < 1_000_000


def test_its_style_leaves_the_rest_of_the_report_alone():
    """The report's own parts must not take a look that is meant for the time line or the cards."""
    folder = Path(thumbnails.__file__).parent
    style = re.sub(r"\{[^{}]*\}|@media[^{]*\{", "\n", (folder / "spotting.css").read_text())
    everywhere = {s.strip()[1:] for line in style.split("\n") for s in line.split(",") if re.match(r" *\.[\w-]+ *$", s)}
    assert {"spot", "hits", "card"} <= everywhere
    used = " ".join(re.findall(r'class="([^"]*)"', (folder / "report.html.j2").read_text()))
    assert everywhere & set(re.findall(r"[a-z][\w-]*", used)) == set()


def test_made_and_empty_and_not_made(project):
    bare = replace(project, emotion=None, scenes=None, cues=None, beats=None)
    assert "Neither feelings, scenes nor cues" in Page(render(bare)).words
    assert 'id="spotting"' not in render_report(bare)
    words = Page(render(replace(bare, emotion=(), scenes=(), cues=()))).words
    assert "No speech to judge" in words
    assert "No scene was found" in words
    assert "no place asked for music" in words
    assert "no place" not in Page(render(replace(bare, scenes=()))).words


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seconds", [0.0, 0.2, 1.0])
def test_very_short_recordings(project, seconds):
    audio = Audio(np.zeros(int(8000 * seconds), np.float32), 8000)
    html = render(replace(project, audio=audio, media=replace(project.media, duration_s=seconds)))
    assert Page(html).open == []
    assert not re.search(r'="[^"]*\b(nan|inf)\b', html)


moment = st.floats(-30, 200, allow_nan=False)


@pytest.mark.filterwarnings("error")
@given(
    st.lists(
        st.builds(
            cue,
            st.integers(0, 300),
            moment,
            moment,
            function=st.sampled_from((*FUNCTIONS, "fanfare")),
            emotion=st.sampled_from((*EMOTIONS, "uneasy", "")),
            status=st.sampled_from((*STATUSES, "maybe")),
            tempo_bpm=st.sampled_from(((60, 72), (0, 0), (90, 90))),
            metre=st.sampled_from(("4/4", "6/8", "", "free", "²/4")),
            tempo=st.none() | st.builds(TempoFit, st.floats(0, 400), moment, st.just(1.0), st.just(2.0)),
            ducks=st.lists(st.builds(Duck, moment, moment, st.floats(-60, 6)), max_size=3).map(tuple),
            hits=st.lists(
                st.builds(HitPoint, moment, st.just("x"), st.floats(-1, 2), st.none() | st.integers(-9, 90)), max_size=3
            ).map(tuple),
            fades=st.builds(Fades, st.floats(0, 90), st.floats(0, 90), st.sampled_from(("cut", "equal-power", "odd"))),
        ),
        max_size=4,
    ).map(tuple)
)
def test_cues_as_people_leave_them_make_a_page(cues):
    audio = Audio(np.zeros(8000 * 90, np.float32), 8000)
    media = MediaInfo("/x/a.wav", "ab" * 32, "wav", "PCM_24", 8000, 1, ("M",), 90.0)
    html = render(Project(media, audio, cues=cues))
    assert Page(html).open == []
    assert html.count("<article") == len(cues)
    widths = [float(width) for width in re.findall(r"width:(-?[\d.]+)%", html)]
    assert all(0 <= width <= 100 for width in widths)
    assert not re.search(r'="[^"]*\b(nan|inf)\b', html)


class Endless:
    """Two hours of sound that lie nowhere."""

    def read(self, start, stop):
        return np.tile(np.sin(np.arange(start, stop, dtype=np.float32) / 7), (2, 1))


@pytest.mark.slow
def test_a_two_hour_film_is_readable_small_and_bounded_in_memory(project, tmp_path):
    seconds = 7200
    audio = Audio.backed(Endless(), channels=2, frames=8000 * seconds, rate=8000)
    one = project.cues[0]
    cues = tuple(
        replace(
            one,
            number=i + 1,
            in_s=120.0 * i + 10,
            out_s=120.0 * i + 70,
            tempo=TempoFit(96, 120.0 * i + 10, 1, 2),
            hits=tuple(HitPoint(120.0 * i + 10 + 9 * k, f"hit {k}", 0.5, 8 * k, 0.5) for k in range(6)),
            curve=tuple(CurvePoint(120.0 * i + 10 + k / 2, 0.1, 0.2) for k in range(120)),
            tracks=one.tracks * 5,
        )
        for i in range(60)
    )
    kinds = ("shot", "pause", "speaker", "emotion", "sound", "music")
    long = replace(
        with_film(project, film(tmp_path / "film.mp4", seconds, fps=1)),
        audio=audio,
        cues=cues,
        emotion=tuple(replace(project.emotion[i % 120], time_s=i / 2) for i in range(2 * seconds)),
        scenes=tuple(
            Scene(i + 1, 40.0 * i, 40.0 * i + 40, "a cut", mood="fear", cuts_s=tuple(40.0 * i + np.arange(1, 39, 4.0)))
            for i in range(180)
        ),
        beats=tuple(
            StoryBeat(i * 1.5, kinds[i % 6], "arousal rises by 0.42 within 3 s", i % 10 / 10) for i in range(4800)
        ),
        transcript=Transcript(
            "en", tuple(Utterance(4.0 * i, 4.0 * i + 3, "Then why are you still here?", "en") for i in range(1800))
        ),
    )
    long = replace(long, media=replace(long.media, duration_s=float(seconds)))
    tracemalloc.start()
    html = render(long)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(html) < 3_000_000
    assert peak < 80e6, "the sound alone is 460 MB"
    assert html.count('<div class="reel">') == 12
    assert html.count("<article") == 60
    assert html.count("data:image/webp") == 120 + 60
    page = Page(html)
    assert {load[1:] for load in page.loads if load.startswith("#")} <= set(page.ids)
    assert page.words.count("01:10:00:00–01:20:00:00") == 1


@pytest.mark.parametrize(
    ("duration_s", "rows", "last"),
    [(0.0, 1, 0), (180, 1, 180), (181, 2, 240), (720, 6, 720), (721, 3, 900), (7200, 12, 7200)],
)
def test_long_recordings_break_into_rows_of_round_length(duration_s, rows, last):
    windows = stretches(duration_s)
    assert len(windows) == rows
    assert windows[-1].end_s == pytest.approx(last, abs=1e-5)
    assert all(a.end_s == b.start_s for a, b in pairwise(windows))


@pytest.mark.parametrize("rate", ["23.976", "24", "25", "29.97", "29.97df", "59.94df"])
@pytest.mark.parametrize("start", ["00:00:00:00", "09:59:50:00", "23:50:00:00"])
def test_ticks_stand_where_timecode_is_round(rate, start):
    timebase = Timebase(FrameRate.parse(rate), start)
    window = Stretch(600.0, 1200.0)
    ticks = window.timecodes(timebase, 1100.0)
    assert 3 <= len(ticks) <= 11
    for tick in ticks:
        time_s = 600 + tick.at * 6
        assert 599.9 < time_s < 1100.1
        shown = timebase.timecode(time_s + 0.1 / float(timebase.rate.fraction))
        dropped = timebase.rate.nominal // 15 if timebase.rate.drop_frame else 0
        assert shown[:8] == tick.label
        assert int(shown[9:]) in (0, dropped)


def test_an_outline_holds_every_peak_and_any_part_of_it():
    samples = np.zeros((2, 48_000), np.float32)
    samples[1, 30_001], samples[0, 100] = 0.9, -0.7
    drawn = outline(Audio(samples, 8000), 0.01)
    assert len(drawn.low) == 600
    assert np.flatnonzero(drawn.high > 0.5).tolist() == [375]
    assert drawn.rms[375] == pytest.approx(0.9 / np.sqrt(160))
    part = drawn.part(3.0, 9.0, 60)
    assert len(part.low) == 60
    assert part.step_s == pytest.approx(0.1)
    assert np.flatnonzero(part.high > 0.5).tolist() == [7]
    assert part.rms[7] == pytest.approx(0.9 / np.sqrt(1600))
    assert drawn.part(-1.0, 1.0, 20).low.argmin() == 10


def test_an_outline_reads_in_blocks():
    class Source(Endless):
        longest = 0

        def read(self, start, stop):
            self.longest = max(self.longest, stop - start)
            return super().read(start, stop)

    source = Source()
    outline(Audio.backed(source, channels=2, frames=8000 * 600, rate=8000), 0.1)
    assert source.longest <= 8000 * 11


def test_the_page_is_the_same_twice(project):
    assert render(project) == render(project)
