"""Files of other programs, kept whole, and clear refusals."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.errors import AudiopostError, BadValue, EmptyMedia, InputError, UnknownName, UnreadableMedia
from audiopost.core.speech import Styling
from audiopost.subtitles import FORMATS, build, load_captions, read

TRADITIONAL = "我們今天要去公園散步，因為天氣很好"
SIMPLIFIED = "我们今天要去公园散步，因为天气很好"


def srt(*texts: str) -> str:
    return "\n".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},500\n{text}\n" for n, text in enumerate(texts, 1))


@pytest.fixture
def load(tmp_path):
    """load(name, content, **options): the captions of a file with this content."""

    def loaded(name, content, **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_captions(path, **options)

    return loaded


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", TRADITIONAL), ("utf-8-sig", TRADITIONAL), ("utf-16", SIMPLIFIED), ("utf-16-le", TRADITIONAL),
        ("utf-16-be", "Plain English."), ("big5", TRADITIONAL), ("gb18030", SIMPLIFIED), ("gbk", SIMPLIFIED),
        ("big5hkscs", "佢哋琴日喺銅鑼灣食飯，我都唔知點解"), ("latin-1", "Où étais-tu, ma chère ?"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["x.srt", "x.vtt", "x.tsv", "x.lrc"])
def test_encodings_are_found_out_in_every_format(load, encoding, text, name):
    content = {
        "x.srt": srt(text, text),
        "x.vtt": f"WEBVTT\n\n00:01.000 --> 00:01.500\n{text}\n",
        "x.tsv": f"start\tend\ttext\n1.0\t1.5\t{text}\n",
        "x.lrc": f"[00:01.00]{text}\n[00:01.50]\n",
    }[name]
    loaded = load(name, content.replace("\n", "\r\n").encode(encoding))
    first = loaded.captions[0]
    assert (first.start_s, first.end_s, first.lines) == (1.0, 1.5, (text,))


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


def test_lines_of_two_languages_each_have_theirs(load):
    pairs = [(TRADITIONAL, "We are going for a walk in the park."), ("對唔住，我嚟遲咗", "I am sorry that I am late.")]
    loaded = load("x.srt", srt(*("\n".join(pair) for pair in pairs)))
    assert [c.line_languages for c in loaded.captions] == [("yue", "en"), ("yue", "en")]
    both = read_lines(load, pairs)
    assert [(u.language, u.text) for u in both.utterances] == [
        ("yue", pairs[0][0]), ("en", pairs[0][1]), ("yue", pairs[1][0]), ("en", pairs[1][1]),
    ]  # fmt: skip
    assert both.utterances[0].start_s == both.utterances[1].start_s
    alone = load("y.srt", srt("我想飲\ncoffee", "佢話\nOK"))
    assert [c.line_languages for c in alone.captions] == [(), ()]


def read_lines(load, pairs):
    from audiopost.subtitles.reader import transcript_of

    return transcript_of(load("x.srt", srt(*("\n".join(pair) for pair in pairs))))


def test_srt_tags_are_kept(load):
    text = (
        '{\\an8}<i>Good</i> <b><u>morning</u></b>,\n<font color="red" face="Arial">you</font> & I < 5 <blink>!</blink>'
    )
    loaded = load("x.srt", srt(text))
    (caption,) = loaded.captions
    assert caption.lines == ("Good morning,", "you & I < 5 !")
    assert caption.position == 8
    assert caption.styling == (
        Styling(0, 0, 4, "italic"), Styling(0, 5, 12, "bold"), Styling(0, 5, 12, "underline"),
        Styling(1, 0, 3, "colour", "#ff0000"),
    )  # fmt: skip
    assert loaded.warnings == ("Left behind: 1 change of font or size.", "Left behind: 1 <blink> tag.")


def test_srt_keeps_the_last_line_of_digits(load):
    loaded = load("x.srt", srt("It was", "in the year\n1984"))
    assert [c.lines for c in loaded.captions] == [("It was",), ("in the year", "1984")]


def test_untidy_srt(load):
    text = (
        "7\n00:00:05,000 --> 00:00:06,000\nlater\n\n\n\n00:00:01.5 --> 00:00:02.5\nno number\n\n"
        "9\n00:00:09,000 --> 00:00:08,000\nback\n"
    )
    loaded = load("x.srt", text)
    assert [(c.start_s, c.lines) for c in loaded.captions] == [(1.5, ("no number",)), (5.0, ("later",))]
    assert loaded.warnings == ("Left behind: 1 caption with an end before the start.",)


def test_chinese_lines_join_without_a_space(tmp_path):
    path = tmp_path / "x.srt"
    path.write_text(srt("我們今天\n要去公園"), encoding="utf-8")
    assert read(path).utterances[0].text == "我們今天要去公園"


def test_machine_labels_become_speakers(load, tmp_path):
    content = srt("S1: Hello.", "Again.", "[SPEAKER_02]: <i>What</i>?", "Note: no.", "S1: Now\nS2: then")
    captions = load("x.srt", content).captions
    assert [c.speaker for c in captions] == ["S1", "S1", "SPEAKER_02", "SPEAKER_02", None]
    assert captions[4].line_speakers == ("S1", "S2")
    assert captions[2].styling == (Styling(0, 0, 4, "italic"),)
    assert [c.text for c in captions] == ["Hello.", "Again.", "What?", "Note: no.", "Now\nthen"]
    assert load("x.srt", content, labels=False).captions[0].lines == ("S1: Hello.",)
    assert [u.speaker for u in read(tmp_path / "x.srt").utterances][-2:] == ["S1", "S2"]


VTT = """WEBVTT - a film
Kind: captions
Language: en-GB

NOTE nobody reads this

STYLE
::cue(.loud) { color: #ff8800; font-weight: bold }
::cue { background: black }

REGION
id:fred

intro
00:01.000 --> 00:02.000 align:left line:0
<v.loud Ann &amp; Bob>a &lt;b&gt; <i>c</i></v>

1
01:00:02.500 --> 01:00:03.000 position:20% line:50%
<v Ann>Hello<v Bob>
<lang fr>Où ?</lang> <c.yellow.unknown>No</c>

00:04.000 --> 00:05.000
<ruby>漢<rt>かん</rt></ruby> <00:04.500>later &amp; &copy;
"""


def test_vtt_is_kept(load):
    loaded = load("x.vtt", VTT)
    assert loaded.language == "en-GB"
    first, third, second = loaded.captions
    assert (first.speaker, first.lines, first.position) == ("Ann & Bob", ("a <b> c",), 7)
    assert first.styling == (Styling(0, 0, 7, "colour", "#ff8800"), Styling(0, 6, 7, "italic"))
    assert (second.start_s, second.line_speakers, second.position) == (3602.5, ("Ann", "Bob"), 4)
    assert second.line_languages == ("en-GB", "fr")
    assert Styling(1, 5, 7, "colour", "#ffff00") in second.styling
    assert third.lines == ("漢 later & ©",)
    assert set(loaded.warnings) == {
        "Left behind: 1 note.", "Left behind: 1 style sheet.", "Left behind: 1 region.", "Left behind: 1 cue name.",
        "Left behind: 1 class without a colour.",
        "Left behind: 1 place to the percent (the nearest of nine is kept).",
        "Left behind: 1 reading above characters.", "Left behind: 1 time inside a caption.",
    }  # fmt: skip


ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,20,&H00FFFFFF,&H0,&H0,&H0,0,0,0,0,100,100,0,0,1,2,2,2,10,10,10,1
Style: Sign,Arial,40,&H0000FFFF,&H0,&H0,&H0,-1,0,0,0,100,100,0,0,1,2,2,8,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not this
Dialogue: 0,0:00:01.00,0:00:02.00,Default,Ann,0,0,0,,{\\an5\\i1}So{\\i0} {\\c&H0000FF&}red{\\c} \\hit\\Nis {\\k20}now
Dialogue: 1,0:00:03.00,0:00:04.00,Sign,,0,0,0,,{\\pos(10,20)\\fad(1,2)\\fs9}SHOP{\\b0\\rDefault}s{note}
Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}
Dialogue: 0,0:00:07.00,0:00:08.00,Default,A | B,0,0,0,,{\\a6\\t(0,9,\\c&HFF&)}- One\\N- Two
"""


def test_ass_is_kept(load):
    loaded = load("x.ass", ASS, language="en")
    one, sign, two = loaded.captions
    assert (one.lines, one.speaker, one.position) == (("So red it", "is now"), "Ann", 5)
    assert one.styling == (Styling(0, 0, 2, "italic"), Styling(0, 3, 6, "colour", "#ff0000"))
    assert (sign.position, sign.lines) == (8, ("SHOPs",))
    assert sign.styling == (Styling(0, 0, 4, "bold"), Styling(0, 0, 4, "colour", "#ffff00"))
    assert (two.line_speakers, two.position, two.styling) == (("A", "B"), 8, ())
    for words in ("1 comment.", "1 drawing.", "1 karaoke time.", "1 place by coordinates.", "2 animations.",
                  "1 change of font or size.", "1 comment in braces.", "1 layer over another."):  # fmt: skip
        assert f"Left behind: {words}" in loaded.warnings


def test_a_flood_of_tags_is_read_quickly(load):
    """pysubs2's own parser of tags would take minutes."""
    flood = ASS.split("Comment:")[0] + "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,," + "{\\i1}a{\\i0}b" * 20_000
    assert len(load("x.ass", flood).captions[0].styling) == 20_000
    assert load("x.srt", srt("<i>a</i>b" * 20_000 + "\n" * 50_000 + "x")).captions


def test_lrc_songs(load):
    song = (
        "[ar:Somebody]\n[offset:500]\n[00:10.50][01:00.50]Chorus\n"
        "[00:12.00]<00:12.00>Two <00:12.40>words\n[00:12.00]兩個字\n[00:13.00]\nx\n"
    )
    loaded = load("x.lrc", song)
    assert [(c.start_s, c.end_s, c.lines) for c in loaded.captions] == [
        (10.0, 11.5, ("Chorus",)), (11.5, 12.5, ("Two words", "兩個字")), (60.0, 65.0, ("Chorus",)),
    ]  # fmt: skip
    assert [(w.start_s, w.end_s, w.text) for w in loaded.transcript.words] == [
        (11.5, 11.9, "Two"),
        (11.9, 12.5, "words"),
    ]
    assert [w.split(": ")[1] for w in loaded.warnings] == [
        "1 tag about the song.", "1 line without a time.", "1 last caption's end (5 s are assumed).",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "expected", "said"),
    [
        ("w.tsv", 'start\tend\ttext\n1500\t2500\tHe said "hi\n', (1.5, 2.5, 'He said "hi', None), "milliseconds"),
        ("s.tsv", "start\tend\ttext\n1\t3\tHello\n", (1.0, 3.0, "Hello", None), ""),
        ("c.csv", 'In,Out,Character,Dialogue\n00:00:01.500,00:00:02.250,Ann,"A, b"\n', (1.5, 2.25, "A, b", "Ann"), ""),
        ("t.csv", "TC in;TC out;text\n00:00:01:05;00:00:02:00;Hi\n", (1.2, 2.0, "Hi", None), "25 frames"),
        ("d.csv", "start;end;text\n1,5;2,25;Hi\n", (1.5, 2.25, "Hi", None), ""),
    ],
)
def test_tables_of_others(load, name, content, expected, said):
    loaded = load(name, content)
    (caption,) = loaded.captions
    assert (caption.start_s, caption.end_s, caption.text, caption.speaker) == expected
    assert said in " ".join(loaded.warnings)


def test_json_of_a_project_or_of_captions_alone(load, tmp_path):
    caption = {"start_s": 1.0, "end_s": 2.0, "lines": ["Hello", "there"]}
    utterance = {"start_s": 1.0, "end_s": 2.0, "text": "Hello there", "language": "en"}
    values = {"transcript": {"language": "en", "utterances": [utterance]}, "captions": [caption], "media": {}}
    loaded = load("film.project.json", json.dumps(values))
    assert (loaded.captions[0].lines, loaded.transcript.utterances[0].text) == (("Hello", "there"), "Hello there")
    load("x.json", json.dumps({"language": "en", "utterances": [], "captions": [caption]}))
    assert read(tmp_path / "x.json").utterances[0].text == "Hello there"


def test_json_of_whisper_and_whisperx(tmp_path):
    values = {
        "language": "en",
        "segments": [
            {"id": 0, "start": 1, "end": 3.0, "text": " In 1984 it", "speaker": "SPEAKER_01", "words": [
                {"word": " In", "start": 1.0, "end": 1.4, "probability": 0.75},
                {"word": "1984"},
                {"word": "it", "start": 2.5, "end": 2.75, "score": 0.5, "speaker": "SPEAKER_00"}]},
            {"start": 4.0, "end": 5.0, "text": "Yes."},
        ],
    }  # fmt: skip
    path = tmp_path / "x.json"
    path.write_text(json.dumps(values), "utf-8")
    back = read(path)
    assert [(w.start_s, w.end_s, w.text, w.probability, w.speaker) for w in back.words] == [
        (1.0, 1.4, "In", 0.75, None), (1.4, 2.5, "1984", None, None), (2.5, 2.75, "it", 0.5, "SPEAKER_00"),
    ]  # fmt: skip
    assert [(u.text, u.speaker, u.language) for u in back.utterances] == [
        ("In 1984 it", "SPEAKER_01", "en"),
        ("Yes.", None, "en"),
    ]
    assert "1 word had no times" in load_captions(path).warnings[0]
    path.write_text(json.dumps(values["segments"]), "utf-8")
    assert read(path).text == back.text
    values["segments"][0]["start"] = "soon"
    path.write_text(json.dumps(values), "utf-8")
    with pytest.raises(BadValue, match=r"segments.0 has 'soon'"):
        read(path)


def test_ctm_of_others(load):
    loaded = load("x.ctm", ";; made by\nf A 0.5 0.25 well NA\nf A 0.8 0.2 then. 0.5\nf B 2 0.5 yes 1\n")
    assert [(c.text, c.speaker) for c in loaded.captions] == [("well then.", "channel A"), ("yes", "channel B")]
    assert loaded.warnings == ("Left behind: 1 comment.",)


def test_refusals(tmp_path):
    with pytest.raises(UnknownName, match=r"\.srt"):
        read(tmp_path / "x.doc")
    with pytest.raises(InputError, match="Cannot read"):
        read(tmp_path / "absent.srt")
    for name, content, error, said in [
        ("e.srt", "", EmptyMedia, "empty"), ("u.srt", "\ufeff \n", EmptyMedia, "empty"),
        ("t.srt", "no captions here", UnreadableMedia, "no captions"), ("b.ttml", "<tt", UnreadableMedia, "timed text"),
        ("v.vtt", "1\n00:01.000 --> 00:02.000\nx", UnreadableMedia, "WEBVTT"),
        ("s.ass", "Dialogue: 1", UnreadableMedia, "ass"),
        ("a.json", "{}", BadValue, "whisper"), ("c.json", "nonsense", BadValue, "not JSON"),
        ("n.json", "[" * 100_000, BadValue, "not JSON"), ("f.json", '{"utterances": 3}', BadValue, "whisper"),
        ("d.json", '{"utterances": [{"start_s": 1}]}', BadValue, r"utterances\.0"),
        ("p.txt", "plain", BadValue, "--script"),
        ("r.rttm", "SPEAKER a 1 0 1 <NA> <NA> S1", BadValue, "1 speaker turns"),
        ("k.csv", "a,b\n1,2\n", BadValue, "no column for end and start and text"),
        ("l.lrc", "x", UnreadableMedia, "no captions"),
        ("m.ctm", "a 1 x y z", BadValue, "line 1"), ("q.ctm", "a 1 0 1 x\nb 1 0 1 x", BadValue, "2 recordings"),
    ]:  # fmt: skip
        (tmp_path / name).write_text(content, encoding="utf-8")
        with pytest.raises(error, match=said):
            read(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.json", '{"utterances": [{"start_s": NaN, "end_s": 1, "text": "x", "language": "en"}]}'),
        ("x.json", '{"utterances": [{"start_s": 0.0, "end_s": 1e999, "text": "x", "language": "en"}]}'),
        ("x.ctm", "f 1 nan 1 x"),
        ("x.csv", f"start,end,text\n1,{'9' * 400},x\n"),
    ],
)
def test_times_are_numbers(load, name, content):
    with pytest.raises(UnreadableMedia, match="no number"):
        load(name, content)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("position", 0, "position"),
        ("line_speakers", ["a", "b"], "line_speakers"),
        ("end_s", 0.5, "start_s and end_s"),
        ("styling", [{"line": 1, "start": 0, "end": 1, "kind": "italic", "value": ""}], "styling"),
    ],
)
def test_json_captions_fit_together(load, name, value, said):
    caption = {"start_s": 1.0, "end_s": 2.0, "lines": ["x"], name: value}
    with pytest.raises(BadValue, match=said):
        load("x.json", json.dumps({"utterances": [], "captions": [caption]}))


HEADS = (
    "",
    "WEBVTT\n\n",
    "1\n00:00:01,000 --> 00:00:02,000\n",
    "[00:01.00]",
    "start,end,text\n",
    '{"segments": [',
    "<tt>",
    "[V4+ Styles]\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,",
    "Scenarist_SCC V1.0\n\n",
)


@pytest.mark.parametrize("kind", FORMATS)
@given(head=st.sampled_from(HEADS), rest=st.one_of(st.binary(max_size=200), st.text(max_size=90).map(str.encode)))
def test_anything_is_read_or_refused(kind, head, rest, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "anything"
    path.write_bytes(head.encode() + rest)
    try:
        loaded = load_captions(path, kind=kind)
    except AudiopostError:
        return
    assert all(caption.lines and 0 <= caption.start_s <= caption.end_s for caption in loaded.captions)


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
    # A body without text, and a script without dialogue.
    assert set(empty) == {"ttml_body_only.ttml", "subtitle_with_attached_images_aegisub.ass"}


def test_real_places(shared):
    folder = shared / "audio" / "subs" / "ttconv"
    assert [c.position for c in load_captions(folder / "srt_alignment.srt").captions] == list(range(1, 10))
    places = [c.position for c in load_captions(folder / "vtt_valid_alignment.vtt").captions]
    assert places == [7, 4, 2, 8, 5, 2, 9, 6, 3]


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
    assert guess_language("你睇下，我諗緊") == "yue"
    assert guess_language("我今天很高興") == "zh"
    assert guess_language("你好嗎？") == "zh"
    assert guess_language("") == "und"
