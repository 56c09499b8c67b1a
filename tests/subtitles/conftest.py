"""Transcripts that the subtitle tests share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audiopost.core.speech import Transcript, Utterance, Word, word_glue


def _spoken(text: str, language: str, start_s: float = 1.0, speaker: str | None = None, rate: float = 14) -> Utterance:
    words, at = [], start_s
    for token in text.split() if word_glue(language) else list(text):
        words.append(Word(at, at + len(token) / rate, token, 0.9))
        at += (len(token) + len(word_glue(language))) / rate
    return Utterance(start_s, words[-1].end_s, text, language, tuple(words), speaker)


@pytest.fixture(scope="session")
def spoken() -> Callable[..., Utterance]:
    """spoken(text, language, start_s=1, speaker=None, rate=14): an utterance said at `rate` characters a second."""
    return _spoken


#: Name to style, main language, and (speaker, language, characters a second, text) of what is said.
_FILMS = {
    "english": (
        "netflix-en",
        "en",
        [
            ("S1", "en", 14, "Have you seen the letter that came this morning? It was lying on the kitchen table."),
            ("S2", "en", 13, "No, but Margaret took something with her when she left for the station at seven."),
            ("S1", "en", 12, "Then we have until noon."),
            ("S2", "en", 14, "If the train is late, and it always is, we might still catch her before she reads it."),
        ],
    ),
    "mandarin": (
        "netflix-zh-hant",
        "zh",
        [
            ("S1", "zh", 4.5, "你今天早上有沒有看到那封信？我把它放在廚房的桌子上。"),
            ("S2", "zh", 4.5, "沒有，不過媽媽七點出門去車站的時候，好像帶走了什麼東西。"),
            ("S1", "zh", 4, "那我們只剩下兩個小時……"),
            ("S2", "zh", 4.5, "火車總是誤點，如果現在出發，也許還來得及。"),
        ],
    ),
    "cantonese": (
        "yue-hant",
        "yue",
        [
            ("S1", "yue", 4.5, "你今朝有冇見到Margaret封信呀？我擺咗喺廚房張枱度。"),
            ("S2", "yue", 4.5, "冇喎，不過佢七點去紅磡車站嗰陣，好似攞走咗啲嘢。"),
            ("S1", "yue", 4, "噉我哋得返兩個鐘咋。"),
            ("S2", "yue", 4.5, "Peter話部車成日都遲，而家即刻去，應該仲趕得切。"),
        ],
    ),
    "japanese": (
        "netflix-ja",
        "ja",
        [
            ("S1", "ja", 3.8, "今朝届いた手紙を見ましたか。台所の机の上に置いたのですが。"),
            ("S2", "ja", 3.8, "いいえ、でも母が七時に駅へ行くとき、何か持っていきました。"),
            ("S1", "ja", 3.8, "あと二時間しかありません。"),
            ("S2", "ja", 3.8, "電車はいつも遅れるから、今出ればきっと間に合います。"),
        ],
    ),
    "mixed": (
        "yue-hant",
        "yue",
        [
            ("S1", "yue", 4.5, "喂，你收唔收到封信呀？"),
            ("S2", "en", 13, "I'm sorry, I don't speak Cantonese. Which letter do you mean?"),
            ("S1", "en", 12, "The one Margaret left for you."),
            ("S3", "zh", 4.5, "她說的是今天早上放在桌上的那封。"),
            ("S1", "yue", 4.5, "係呀，就係嗰封。"),
        ],
    ),
}

#: The English film in Chinese, utterance by utterance.
_CHINESE = (
    "你有沒有看到今天早上寄來的信？就放在廚房的桌上。",
    "沒有，不過瑪格麗特七點去車站的時候帶走了一些東西。",
    "那我們還有時間到中午。",
    "如果火車又誤點，我們也許能在她讀信之前趕上她。",
)


def _film(name: str) -> tuple[str, Transcript]:
    style, language, said = _FILMS[name]
    utterances, at = [], 1.0
    for speaker, spoken_in, rate, text in said:
        utterances.append(_spoken(text, spoken_in, at, speaker, rate))
        at = utterances[-1].end_s + 0.6
    return style, Transcript(language, tuple(utterances))


@pytest.fixture(scope="session", params=list(_FILMS))
def film(request) -> tuple[str, str, Transcript]:
    """(name, style, transcript): English, Mandarin, Cantonese with English names, Japanese, mixed."""
    return request.param, *_film(request.param)


@pytest.fixture(scope="session")
def translated() -> tuple[Transcript, Transcript]:
    """The English film, and its translation into Chinese."""
    _, transcript = _film("english")
    chinese = (
        Utterance(u.start_s, u.end_s, text, "zh", (), u.speaker)
        for u, text in zip(transcript.utterances, _CHINESE, strict=True)
    )
    return transcript, Transcript("zh", tuple(chinese))
