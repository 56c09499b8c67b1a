from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from audiopost.core.errors import BadValue, UnreadableMedia
from audiopost.core.marks import Activity
from audiopost.core.speech import Transcript, Utterance
from audiopost.core.stage import silent
from audiopost.io.decode import load
from audiopost.stages import subtitles

TALK = Transcript(
    "en",
    (Utterance(2.1, 4, "Here we are.", "en", (), "S1"), Utterance(9, 11, "And now we go home again.", "en", (), "S2")),
)
CHINESE = Transcript("zh", (Utterance(1, 4, "這個電影的聲音很好聽，我們回去吧。", "zh"),))


@pytest.fixture
def project(scene: Path):
    return replace(load(scene), transcript=TALK)


def run(project, **options):
    return subtitles.Stage()(project, subtitles.Options(**options), silent)


def test_the_last_caption_ends_with_the_recording(project) -> None:
    end = project.media.duration_s
    last = Utterance(end - 0.6, end - 0.1, "And that is all there is to say about it.", "en")
    done = run(replace(project, transcript=Transcript("en", (last,))))
    assert done.captions
    assert done.captions[-1].end_s <= end


def test_the_style_follows_language_and_script() -> None:
    def style(language: str, text: str) -> str:
        return subtitles.style_for(Transcript(language, (Utterance(0, 1, text, language),)))

    assert style("yue", "我哋走喇") == "yue-hant"
    assert style("zh", "這個電影聲音很好聽") == "netflix-zh-hant"
    assert style("zh-Hans", "这个电影声音很好听") == "netflix-zh-hans"
    assert style("ja", "映画の音はとてもいいです") == "netflix-ja"
    assert style("en-US", "Hello") == "netflix-en"


def test_the_step_says_which_style_was_taken(project) -> None:
    assert "netflix-en" in run(project).step("subtitles").reason


def test_script_variants(project) -> None:
    done = run(replace(project, transcript=CHINESE), script_variant="hans")
    assert "".join(line for c in done.captions for line in c.lines).startswith("这个电影")
    assert "netflix-zh-hans" in done.step("subtitles").reason
    assert done.transcript.language == "zh-Hans", "the transcript goes with its captions"


def test_own_limits_go_before_the_styles() -> None:
    captions, _ = subtitles.subtitles(TALK, max_line_width=14)
    assert max(len(line) for c in captions for line in c.lines) <= 14
    captions, _ = subtitles.subtitles(TALK, max_line_count=1, max_line_width=20)
    assert all(len(c.lines) == 1 for c in captions)
    captions, _ = subtitles.subtitles(TALK, max_words_per_line=2)
    assert all(len(line.split()) <= 2 for c in captions for line in c.lines)
    captions, _ = subtitles.subtitles(CHINESE, max_line_width=6)
    assert max(len(line) for c in captions for line in c.lines) <= 6
    with pytest.raises(BadValue, match="max_line_width"):
        subtitles.subtitles(TALK, max_line_width=2)


def test_a_film_in_two_languages_takes_its_translation(project) -> None:
    said = replace(project, transcript=CHINESE)
    with pytest.raises(BadValue, match="translation"):
        run(said, style="hk-bilingual")
    english = Transcript("en", (Utterance(1, 4, "This film sounds very good, let's go back.", "en"),))
    done = run(replace(said, translation=english), style="hk-bilingual")
    assert [c.line_languages for c in done.captions] == [("zh", "en")] * len(done.captions)


def test_sdh_names_speakers_and_what_is_heard(project) -> None:
    heard = (Activity("speech", 2, 4), Activity("door_slams", 6, 6.4), Activity("music", 12, 20))
    done = run(replace(project, activity=heard), style="netflix-en-sdh")
    lines = [line for c in done.captions for line in c.lines]
    assert lines[0].startswith("[Speaker 1]")
    assert "[door slams]" in lines
    assert "♪ music ♪" in lines
    assert done.caption_issues == ()


def test_sounds_without_room_are_told(project) -> None:
    busy = Transcript("en", (Utterance(1, 20, "Here we are and here we stay for as long as it takes. " * 6, "en"),))
    done = run(replace(project, transcript=busy, activity=(Activity("knocking", 6, 6.2),)), style="netflix-en-sdh")
    assert "knocking" in done.step("subtitles").warnings[0]


def test_captions_keep_to_shot_changes(project, monkeypatch) -> None:
    film = replace(project, media=replace(project.media, has_video=True))
    asked = []
    monkeypatch.setattr(subtitles, "shot_changes", lambda path, progress: asked.append(path) or ((2.0,), "a test"))
    done = run(film)
    assert done.captions[0].start_s == pytest.approx(2.0, abs=0.021)
    assert "1 shot changes by a test" in done.step("subtitles").reason
    assert run(film, snap=False).captions[0].start_s == pytest.approx(2.1, abs=0.021)
    assert run(film, style="plain").captions[0].start_s == pytest.approx(2.1, abs=0.021)
    assert len(asked) == 1


def test_pictures_that_cannot_be_read_are_told(project, monkeypatch) -> None:
    def broken(path, progress):
        raise UnreadableMedia("The pictures cannot be read.", value="x")

    monkeypatch.setattr(subtitles, "shot_changes", broken)
    done = run(replace(project, media=replace(project.media, has_video=True)))
    assert done.captions
    assert "cannot be read" in done.step("subtitles").warnings[0]
