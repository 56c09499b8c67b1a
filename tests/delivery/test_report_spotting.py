"""The spotting part of the report and the page of its own: contents, languages, escaping, bounds."""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.music import TrackEdit, TrackInfo, TrackMatch
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import Transcript, Utterance
from audiopost.core.spotting import (
    EMOTIONS,
    FUNCTIONS,
    STATUSES,
    Alternative,
    Duck,
    EmotionUtterance,
    Fades,
    HitPoint,
    Scene,
    StoryBeat,
    TempoFit,
)
from audiopost.core.stage import Step
from audiopost.delivery.report import render as render_report
from audiopost.delivery.report import thumbnails
from audiopost.delivery.report.emotion_lines import emotion_lines
from audiopost.delivery.report.spotting import render, write_spotting
from audiopost.delivery.report.spotting_material import Stretch

SPEC = importlib.util.spec_from_file_location(
    "spotting_scene", Path(__file__).parents[1] / "fixtures" / "spotting_scene.py"
)
spotting_scene = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(spotting_scene)
Page = spotting_scene.Page
a_scene = spotting_scene.a_scene
cue = spotting_scene.cue
film = spotting_scene.film
with_film = spotting_scene.with_film

EVIL = "<script>alert('x')</script>"


@pytest.fixture
def project(rng):
    return a_scene(rng)


def spoken(project, language):
    return replace(project, steps=(Step("cues", "rules", "auto", {"language": language}),))


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


def test_the_page_is_the_same_twice(project):
    assert render(project) == render(project)
