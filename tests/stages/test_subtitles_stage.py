from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from audiopost.core.speech import Transcript, Utterance
from audiopost.core.stage import silent
from audiopost.io.decode import load
from audiopost.stages import subtitles


def test_the_last_caption_ends_with_the_recording(scene: Path) -> None:
    project = load(scene)
    end = project.media.duration_s
    last = Utterance(end - 0.6, end - 0.1, "And that is all there is to say about it.", "en")
    project = replace(project, transcript=Transcript("en", (last,)))
    done = subtitles.Stage()(project, subtitles.Options(), silent)
    assert done.captions
    assert done.captions[-1].end_s <= end


def test_the_style_follows_language_and_script() -> None:
    def style(language: str, text: str) -> str:
        return subtitles.style_for(Transcript(language, (Utterance(0, 1, text, language),)))

    assert style("yue", "我哋走喇") == "yue-hant"
    assert style("zh", "這個電影聲音很好聽") == "netflix-zh-hant"
    assert style("zh-Hans", "这个电影声音很好听") == "netflix-zh-hans"
    assert style("en-US", "Hello") == "netflix-en"
