"""Files of other programs, in whatever encoding, and clear refusals."""

from __future__ import annotations

import pytest

from audiopost.core.errors import BadValue, EmptyMedia, InputError, UnknownName, UnreadableMedia
from audiopost.subtitles import build, read

TRADITIONAL = "我們今天要去公園散步，因為天氣很好"
SIMPLIFIED = "我们今天要去公园散步，因为天气很好"


def srt(text: str) -> str:
    return f"1\n00:00:01,000 --> 00:00:03,500\n{text}\n\n2\n00:00:04,000 --> 00:00:05,000\n{text}\n"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", TRADITIONAL), ("utf-8-sig", TRADITIONAL), ("utf-16", SIMPLIFIED), ("utf-16-le", TRADITIONAL),
        ("utf-16-be", "Plain English."), ("big5", TRADITIONAL), ("gb18030", SIMPLIFIED), ("gbk", SIMPLIFIED),
        ("big5hkscs", "佢哋琴日喺銅鑼灣食飯，我都唔知點解"),
    ],
)  # fmt: skip
def test_encodings_are_found_out(tmp_path, encoding, text):
    path = tmp_path / "x.srt"
    path.write_bytes(srt(text).replace("\n", "\r\n").encode(encoding))
    back = read(path)
    assert [u.text for u in back.utterances] == [text, text]
    assert (back.utterances[0].start_s, back.utterances[0].end_s) == (1.0, 3.5)


def test_other_encodings_by_name(tmp_path):
    path = tmp_path / "x.srt"
    path.write_bytes(srt("Où étiez-vous hier soir, ma chère?").encode("cp1252"))
    with pytest.raises(BadValue, match=r"big5.*gb18030"):
        read(path)
    assert read(path, encoding="cp1252", language="fr").utterances[0].text.startswith("Où étiez")
    with pytest.raises(BadValue, match="is not utf-8"):
        read(path, encoding="utf-8")
    with pytest.raises(BadValue, match="klingon"):
        read(path, encoding="klingon")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Good morning.", "und"), (TRADITIONAL, "zh"), ("佢哋琴日喺屋企食飯", "yue"), ("今日は天気がいいですね", "ja"),
        ("안녕하세요 여러분", "ko"),
    ],
)  # fmt: skip
def test_language_by_the_characters(tmp_path, text, language):
    path = tmp_path / "x.srt"
    path.write_text(srt(text), encoding="utf-8")
    assert read(path).language == language
    assert read(path, language="xx").language == "xx"


def test_markup_goes_and_lines_join(tmp_path):
    path = tmp_path / "x.srt"
    path.write_text(srt("<i>Good</i> {\\an8}morning,\n<font color='red'>you</font> & I < 5"), encoding="utf-8")
    assert read(path).utterances[0].text == "Good morning, you & I < 5"
    path.write_text(srt("我們今天\n要去公園"), encoding="utf-8")
    assert read(path).utterances[0].text == "我們今天要去公園"


def test_machine_labels_become_speakers(tmp_path):
    path = tmp_path / "x.srt"
    tail = "\n3\n00:00:06,000 --> 00:00:07,000\nAgain.\n\n4\n00:00:08,000 --> 00:00:09,000\nNote: no.\n"
    path.write_text(srt("S1: Hello.") + tail, encoding="utf-8")
    back = read(path).utterances
    assert {u.speaker for u in back} == {"S1"}
    assert [u.text for u in back] == ["Hello.", "Hello.", "Again.", "Note: no."]


def test_vtt_voices(tmp_path):
    path = tmp_path / "x.vtt"
    path.write_text(
        "WEBVTT\n\nNOTE x\n\n00:01.000 --> 00:02.000 align:start\n<v.loud Ann &amp; Bob>a &lt;b&gt; <i>c</i></v>\n",
        "utf-8",
    )
    (utterance,) = read(path).utterances
    assert (utterance.speaker, utterance.text) == ("Ann & Bob", "a <b> c")


def test_refusals(tmp_path):
    with pytest.raises(UnknownName, match=r"\.srt"):
        read(tmp_path / "x.doc")
    with pytest.raises(InputError, match="Cannot read"):
        read(tmp_path / "absent.srt")
    for name, content, error in [
        ("e.srt", "", EmptyMedia), ("t.srt", "no captions here", UnreadableMedia), ("b.ttml", "<tt", UnreadableMedia),
        ("a.json", "{}", BadValue), ("c.json", "nonsense", BadValue),
        ("d.json", '{"utterances": [{"start_s": 1}]}', BadValue),
    ]:  # fmt: skip
        (tmp_path / name).write_text(content, encoding="utf-8")
        with pytest.raises(error):
            read(tmp_path / name)


def test_real_files(shared):
    """Files of other projects' tests: all are read, those with captions yield text and lay out again."""
    folder = shared / "audio" / "subs"
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".srt", ".vtt", ".ass", ".ttml"))
    assert len(paths) >= 10
    empty = []
    for path in paths:
        try:
            transcript = read(path)
        except UnreadableMedia:
            empty.append(path.name)
            continue
        assert transcript.utterances
        captions, _ = build(transcript, "netflix-en")
        assert captions
        assert "{" not in transcript.text
    untimed = {
        "ttml_body_only.ttml",
        "ttml_lwsp_default.ttml",
        "ttml_lwsp_preserve.ttml",
        "ttml_referential_styling.ttml",
    }
    assert set(empty) == untimed | {"subtitle_with_attached_images_aegisub.ass"}  # which has no dialogue


@pytest.mark.parametrize("name", ["ttml_example", "ttml_example2", "ttml_example_apple"])
def test_ttml_reads_as_its_ass_twin(shared, name):
    folder = shared / "audio" / "subs" / "pysubs2"
    ours, twin = read(folder / f"{name}.ttml").utterances, read(folder / f"{name}.ass").utterances
    assert ["".join(u.text.split()) for u in ours] == ["".join(u.text.split()) for u in twin]
    for one, other in zip(ours, twin, strict=True):
        assert one.start_s == pytest.approx(other.start_s, abs=0.011)
        assert one.end_s == pytest.approx(other.end_s, abs=0.011)


TTML = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="{ns}" xmlns:ttp="{ns}#parameter" xmlns:ttm="{ns}#metadata" xml:lang="zh-Hant"
 ttp:frameRate="24" ttp:frameRateMultiplier="1000 1001" ttp:tickRate="10000000">
 <head><metadata><ttm:title>No caption</ttm:title>
 <ttm:agent xml:id="a1"><ttm:name>阿明</ttm:name></ttm:agent></metadata></head>
 <body begin="1s"><div>{p}</div></body></tt>"""


@pytest.mark.parametrize(
    ("p", "start_s", "end_s"),
    [
        ('<p begin="00:00:01:12" end="00:00:02:00" ttm:agent="a1">我們<br/>走吧</p>', 2 + 12 * 1001 / 24000, 3.0),
        ('<p begin="20000000t" end="30000000t" ttm:agent="a1">我們<br/>走吧</p>', 3.0, 4.0),
        ('<p begin="00:00:01.500" dur="250ms" ttm:agent="a1"><span>我們</span><br/>走吧</p>', 2.5, 2.75),
        ('<p ttm:agent="a1"><span begin="1s" end="2s">我們走吧</span></p>', 2.0, 3.0),
    ],
)
@pytest.mark.parametrize("ns", ["http://www.w3.org/ns/ttml", "http://www.w3.org/2006/10/ttaf1"])
def test_ttml_times_of_every_kind(tmp_path, ns, p, start_s, end_s):
    path = tmp_path / "x.dfxp"
    path.write_text(TTML.replace("{ns}", ns).replace("{p}", p), encoding="utf-8")
    transcript = read(path)
    (utterance,) = transcript.utterances
    assert (utterance.text, utterance.speaker, transcript.language) == ("我們走吧", "阿明", "zh-Hant")
    assert utterance.start_s == pytest.approx(start_s, abs=1e-6)
    assert utterance.end_s == pytest.approx(end_s, abs=1e-6)


def test_language_is_guessed_where_the_file_does_not_say():
    from audiopost.subtitles.text import guess_language

    assert guess_language("I am so happy, this is wonderful!") == "en"
    assert guess_language("Ich bin so froh, das ist wunderbar!") == "und"
    assert guess_language("Je suis si heureux, c'est merveilleux !") == "und"
    assert guess_language("我今日好開心呀，佢哋都係") == "yue"
    assert guess_language("我今天很高興") == "zh"
    assert guess_language("") == "und"
