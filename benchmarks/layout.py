"""Layout and check (also with advice) of a two-hour programme: seconds for English, Chinese, a mixed film, two lines.

python benchmarks/layout.py [--repeat 3]
"""

from __future__ import annotations

import argparse
import itertools
import re
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from audiopost.core.speech import Transcript, Utterance, Word, joined
from audiopost.core.time import FrameRate, Timebase
from audiopost.subtitles import check, layout, load_style

ENGLISH = (
    "I never thought that we would come back to the house by the river, but here we are. My brother told me you had "
    "been looking for the old map of the valley. It was Doctor Smith who found it in New York in 1987, and nobody knew "
    "what it was worth. Are you sure? No. We had about 10 000 people waiting outside, so the doors were closed at "
    "3 p.m. and stayed that way until the morning. Please don't ask me again, because I really don't know."
)
CHINESE = (
    "我們今天要去公園散步，因為天氣真的很好，所以大家都很開心。但是弟弟說他不想去，他寧願留在家裡看電視。你知道嗎？"
    "昨天晚上我在銀行門口遇見了陳先生，他問我為什麼沒有參加二十五號的會議。我說我根本沒有收到通知，"
    "而且那天我在台北處理一些很重要的事情。如果你有時間，請你明天早上九點來辦公室找我。"
)
HOUR_S = 3600.0


def programme(text: str, language: str, count: int, hours: float = 2.0, speakers: int = 4) -> Transcript:
    """Utterances of one to three sentences by turns, `count` words (characters in Chinese) spread over `hours`."""
    rng = np.random.default_rng(3)
    spaced = language == "en"
    sentences = [s for s in re.split(r"(?<=[。？])|(?<=[.?]) ", text) if s]
    tokens = [s.split() if spaced else list(s) for s in sentences]
    pace = 0.75 * hours * HOUR_S / count
    utterances, said, at = [], 0, 1.0
    while said < count:
        words = []
        for n in rng.integers(0, len(tokens), rng.integers(1, 4)):
            for token in tokens[n]:
                long = pace * rng.uniform(0.6, 1.4)
                words.append(Word(at, at + 0.95 * long, token, 0.9))
                at += long
        said += len(words)
        who = f"S{rng.integers(1, speakers + 1)}"
        text_ = joined((w.text for w in words), language)
        utterances.append(Utterance(words[0].start_s, words[-1].end_s, text_, language, tuple(words), who))
        at += rng.exponential(pace * 4)
    return Transcript(language, tuple(utterances))


def mixed(one: Transcript, other: Transcript) -> Transcript:
    """Two programmes in turns of half an hour."""
    parts = [u for u in one.utterances if u.start_s % HOUR_S < HOUR_S / 2]
    parts += [u for u in other.utterances if u.start_s % HOUR_S >= HOUR_S / 2]
    return Transcript("yue", tuple(sorted(parts, key=lambda u: u.start_s)))


def rendered(transcript: Transcript) -> Transcript:
    """A translation into English as long as it would be, utterance by utterance, without times of words."""
    words = itertools.cycle(ENGLISH.split())
    utterances = (
        replace(u, text=" ".join(itertools.islice(words, max(round(len(u.text) / 1.6), 1))), language="en", words=())
        for u in transcript.utterances
    )
    return Transcript("en", tuple(utterances))


def seconds(work: Callable[[], object], repeat: int) -> float:
    """Processor seconds, the least of `repeat` runs."""
    taken = []
    for _ in range(repeat):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    timebase = Timebase(FrameRate.parse("23.976"), "01:00:00:00")
    english, chinese = programme(ENGLISH, "en", 20_000), programme(CHINESE, "zh", 30_000)
    film = mixed(programme(CHINESE, "yue", 30_000), english)
    for name, transcript, style_name, translation in (
        ("English, 20 000 words", english, "netflix-en", None),
        ("Chinese, 30 000 characters", chinese, "netflix-zh-hant", None),
        ("Cantonese and English", film, "yue-hant", None),
        ("Chinese over English", chinese, "hk-bilingual", rendered(chinese)),
    ):
        style = load_style(style_name)
        build = partial(layout, timebase=timebase, translation=translation)
        build(Transcript("zh", transcript.utterances[:2]), style)  # BudouX reads its models once
        captions = build(transcript, style)
        laid = seconds(partial(build, transcript, style), repeat)
        judged = partial(check, captions, style, timebase)
        checked, advised = seconds(judged, repeat), seconds(partial(judged, advice=True), repeat)
        print(f"{name:<28} layout {laid:.2f} s, check {checked:.2f} s, with advice {advised:.2f} s:"
              f" {len(captions)} captions, {len(judged())} issues")  # fmt: skip


if __name__ == "__main__":
    main()
