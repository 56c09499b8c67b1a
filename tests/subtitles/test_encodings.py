"""Encodings found out: in every language they are for, in files of one caption too; and refused where none fits."""

from __future__ import annotations

import pytest

from audiopost.core.errors import BadValue
from audiopost.subtitles.encodings import decode

#: Everyday sentences, our own, with what makes each language's spelling its own.
WESTERN = {
    "fr": "Où étais-tu hier soir ? Je t'ai attendue à la gare, ça m'a semblé très long.",
    "de": "Wo bist du gewesen? Ich wäre für dich länger geblieben, aber draußen war es schön.",
    "es": "¿Dónde estabas? Mañana por la mañana saldrá el último tren, señor.",
    "pt": "Não sei o que você está dizendo. As ações já começaram às três.",
    "it": "Perché non sei venuto? È già tardi, però la città è bellissima.",
    "ca": "Què vols que et digui? Això no és així, fa molt de temps que ho sé.",
    "nl": "Eén kopje koffie alstublieft. Hij heeft ideeën over België, geloof ik.",
    "sv": "Var är du? Jag väntar på dig vid ån, men det är för sent.",
    "da": "Hvor er du henne? Jeg går på broen og spiser æbler med Søren.",
    "no": "Vær så snill, gå ikke på isen før det blir mørkt ute.",
    "fi": "Missä sinä olit? Minä odotin sinua asemalla yöhön asti.",
    "is": "Hvar varstu í gær? Ég beið eftir þér á stöðinni.",
    "en": "It’s a naïve café, isn’t it — “très chic”, as they say… £5 for a coffee.",
}
SHORT = {
    "fr": "À bientôt !",
    "de": "Schön.",
    "es": "¿Qué?",
    "pt": "Não.",
    "it": "È lui.",
    "sv": "Är du där?",
    "fi": "Hyvää yötä.",
}
EASTERN = {
    "big5hkscs": (
        "我們今天要去公園散步，因為天氣很好。",
        "佢哋琴日喺銅鑼灣食飯，我都唔知點解。",
        "你好嗎？",
        "對唔住。",
    ),
    "gb18030": ("我们今天要去公园散步，因为天气很好。", "他说明天早上会来接我们。", "你好吗？", "对不起。"),
    "cp932": ("今日は天気がいいので、公園を散歩しましょう。", "どこへ行くのですか。", "ありがとう。"),
    "cp949": ("오늘은 날씨가 좋으니까 공원에 가자.", "어디에 있었어? 한참 기다렸잖아.", "안녕하세요."),
}


def srt(text: str, count: int = 1) -> bytes:
    blocks = (f"{n}\r\n00:00:0{n},000 --> 00:00:0{n},900\r\n{text}\r\n" for n in range(1, count + 1))
    return "\r\n".join(blocks)


def found(text: str, encoding: str, count: int = 1) -> str:
    decoded = decode(srt(text, count).encode(encoding), "x.srt")
    assert decoded.warnings, "a guess is said"
    return decoded.text


@pytest.mark.parametrize("count", [1, 6])
@pytest.mark.parametrize("language", WESTERN)
def test_western_european_languages(language, count):
    assert WESTERN[language] in found(WESTERN[language], "cp1252", count)


@pytest.mark.parametrize("language", SHORT)
def test_two_words_are_enough(language):
    assert SHORT[language] in found(SHORT[language], "latin-1")


@pytest.mark.parametrize(("encoding", "text"), [(codec, text) for codec, texts in EASTERN.items() for text in texts])
def test_eastern_languages(encoding, text):
    assert text in found(text, encoding)
    assert text in found(text, encoding, 6)


@pytest.mark.parametrize("count", [1, 6])
@pytest.mark.parametrize(("encoding", "text"), [(codec, text) for codec, texts in EASTERN.items() for text in texts])
def test_two_languages_in_one_file(encoding, text, count):
    """As Hong Kong's bilingual files: most letters are Latin."""
    both = f"{text}\r\nI have been waiting for you at the station for over an hour."
    assert both.replace("\r", "") in found(both, encoding, count)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", ["Plain.", "Où étais-tu ?", "我們今天要去公園散步", "오늘은"])
def test_unicode_leaves_no_doubt(encoding, text):
    decoded = decode(srt(text).encode(encoding), "x.srt")
    assert text in decoded.text
    assert "\r" not in decoded.text
    assert decoded.warnings == ()


def test_damaged_utf8_stays_utf8():
    data = srt("我們今天要去公園散步，因為天氣很好。", 6).encode().replace("好".encode(), b"\xe5\xa5", 1)
    decoded = decode(data, "x.srt")
    assert decoded.text.count("\ufffd") == 1
    assert "天氣很好" in decoded.text
    assert "no UTF-8" in decoded.warnings[0]


@pytest.mark.parametrize("text", ["Привет, как дела? Я тебя долго ждал на вокзале.", "Καλημέρα σας, πώς είστε;"])
def test_what_cannot_be_told_is_refused(text):
    data = srt(text, 6).encode("cp1251" if "П" in text else "cp1253")
    with pytest.raises(BadValue, match=r"big5.*gb18030.*latin-1.*--encoding"):
        decode(data, "x.srt")


def test_by_name():
    assert "Привет" in decode("Привет".encode("cp1251"), "x.srt", "cp1251").text
    with pytest.raises(BadValue, match="is not utf-8"):
        decode(b"\xe9t\xe9", "x.srt", "utf-8")
    with pytest.raises(BadValue, match="klingon"):
        decode(b"x", "x.srt", "klingon")
