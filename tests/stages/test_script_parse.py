"""Scripts as they come: plain text, Fountain, Word, subtitle files; who speaks, what, and in which language."""

from __future__ import annotations

from pathlib import Path

import pytest

from audiopost.core.errors import BadValue, EmptyMedia, InputError, UnknownName, UnreadableMedia
from audiopost.stages.transcribe.script.parse import Line, read_script


def parsed(folder: Path, name: str, content: str | bytes, language: str | None = None) -> list[tuple[str | None, str]]:
    return [(line.speaker, line.text) for line in lines(folder, name, content, language)]


def lines(folder: Path, name: str, content: str | bytes, language: str | None = None) -> tuple[Line, ...]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_script(path, language).lines


def test_labelled_text_gives_speakers_and_leaves_directions_out(tmp_path: Path) -> None:
    text = """ANNA: You're late. (pause) Sit down.
OLD TOM (softly): The ferry was slow.
And the sea was rough.

[a door slams]
Nobody answers.
ANNA: It is 10:30.
"""
    assert parsed(tmp_path, "a.txt", text) == [
        ("ANNA", "You're late. Sit down."),
        ("OLD TOM", "The ferry was slow."),
        ("OLD TOM", "And the sea was rough."),
        (None, "Nobody answers."),
        ("ANNA", "It is 10:30."),
    ]
    assert [line.number for line in lines(tmp_path, "a.txt", text)] == [1, 2, 3, 6, 7]


def test_a_colon_in_a_sentence_names_no_speaker(tmp_path: Path) -> None:
    text = "Listen: the wind.\nIt comes from the sea.\nHe said: wait.\nAt 10:30 it stopped.\nGood."
    assert {speaker for speaker, _ in parsed(tmp_path, "a.txt", text)} == {None}


def test_full_width_colons_and_brackets(tmp_path: Path) -> None:
    text = "阿明：你去咗邊度呀？（生氣）\n美玲：我去咗買餸。【關門】\n阿明：食飯啦！"
    assert parsed(tmp_path, "a.txt", text) == [
        ("阿明", "你去咗邊度呀？"),
        ("美玲", "我去咗買餸。"),
        ("阿明", "食飯啦！"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "big5", "gb18030"])
def test_any_encoding_is_told(tmp_path: Path, encoding: str) -> None:
    text = "老師：今天我們一起去海邊好不好？\r\n學生：好，我們明天也去。\r\n" * 3
    found = parsed(tmp_path, "a.txt", text.encode(encoding))
    assert found[:2] == [("老師", "今天我們一起去海邊好不好？"), ("學生", "好，我們明天也去。")]


FOUNTAIN = """Title: The Ferry
Credit: written by
Author: Somebody

INT. KITCHEN - NIGHT

Anna sits. /* she used
to stand

TOM
This is cut.
*/

ANNA
(without looking up)
You're *late*. [[check this]]
Sit down.

TOM (V.O.) ^
The ferry was slow.
{two spaces}
It always is.

@McAvoy
Aye.

.FLASHBACK

> CUT TO:

EXT. PIER - DAY

THE END OF THE PIER.

= Tom leaves.

# Act two

!NOISE
outside.

ANNA (CONT'D)
~Row, row, row
""".replace("{two spaces}", "  ")


def test_fountain_keeps_dialogue_only(tmp_path: Path) -> None:
    assert parsed(tmp_path, "a.fountain", FOUNTAIN) == [
        ("ANNA", "You're late."),
        ("ANNA", "Sit down."),
        ("TOM", "The ferry was slow."),
        ("TOM", "It always is."),
        ("McAvoy", "Aye."),
        ("ANNA", "Row, row, row"),
    ]
    numbers = [line.number for line in lines(tmp_path, "a.fountain", FOUNTAIN)]
    assert [FOUNTAIN.split("\n")[n - 1].strip(" ~") for n in numbers[2:]] == [
        "The ferry was slow.",
        "It always is.",
        "Aye.",
        "Row, row, row",
    ]


def test_a_screenplay_in_plain_text_is_read_as_one(tmp_path: Path) -> None:
    text = "INT. ROOM - DAY\n\nTwo people.\n\nANNA\nHello.\n\nTOM\n(tired)\nHello to you.\n"
    assert parsed(tmp_path, "a.txt", text) == [("ANNA", "Hello."), ("TOM", "Hello to you.")]


def word_file(tmp_path: Path, fill: object) -> Path:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    fill(document)
    path = tmp_path / "a.docx"
    document.save(path)
    return path


def test_word_paragraphs_and_tables(tmp_path: Path) -> None:
    def fill(document) -> None:
        document.add_paragraph("ANNA: You are late.")
        document.add_paragraph("TOM: The ferry\nwas slow.")
        table = document.add_table(rows=3, cols=3)
        for row, cells in zip(
            table.rows,
            (("No.", "Character", "Dialogue"), ("1", "ANNA", "Sit down."), ("2", "TOM", "Thank you.")),
            strict=True,
        ):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
        document.add_paragraph("ANNA: Tea?")

    assert [(line.speaker, line.text) for line in read_script(word_file(tmp_path, fill)).lines] == [
        ("ANNA", "You are late."),
        ("TOM", "The ferry"),
        ("TOM", "was slow."),
        ("ANNA", "Sit down."),
        ("TOM", "Thank you."),
        ("ANNA", "Tea?"),
    ]


def test_word_styles_of_a_screenplay(tmp_path: Path) -> None:
    def fill(document) -> None:
        for name in ("Character", "Dialogue", "Action"):
            document.styles.add_style(name, 1)
        for style, text in (
            ("Action", "A kitchen: night."),
            ("Character", "ANNA"),
            ("Dialogue", "You are late."),
            ("Action", "TOM: no line of his."),
        ):
            document.add_paragraph(text, style=style)

    found = read_script(word_file(tmp_path, fill)).lines
    assert [(line.speaker, line.text) for line in found] == [("ANNA", "You are late.")]


def test_subtitle_files_are_scripts_too(tmp_path: Path) -> None:
    srt = "1\n00:00:01,000 --> 00:00:02,000\nYou are\nlate.\n\n2\n00:00:03,000 --> 00:00:04,000\n<i>Sit down.</i>\n"
    assert [text for _, text in parsed(tmp_path, "a.srt", srt)] == ["You are late.", "Sit down."]


def test_each_line_keeps_its_language(tmp_path: Path) -> None:
    text = "你去咗邊度呀？\n今晚八點見。\nI will be there, I promise you that.\nOkay!\n"
    assert [line.language for line in lines(tmp_path, "a.txt", text)] == ["yue", "yue", "en", "en"]
    stated = [line.language for line in lines(tmp_path, "a.txt", text, "zh-Hant-HK")]
    assert stated == ["zh-Hant-HK", "zh-Hant-HK", "en", "en"]
    assert [line.language for line in lines(tmp_path, "a.txt", "Ciao bella.\n", "it")] == ["it"]
    assert [line.language for line in lines(tmp_path, "a.txt", "Ciao bella.\n你今天好。\n", "it")] == ["it", "zh"]


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.txt", b" \r\n\t", EmptyMedia),
        ("a.txt", b"(silence)\n[music]\n...\n", UnreadableMedia),
        ("a.fountain", b"INT. ROOM - DAY\n\nNobody talks.\n", UnreadableMedia),
        ("a.docx", b"PK\x03\x04 no document", UnreadableMedia),
        ("a.docx", b"\xd0\xcf\x11\xe0 an old .doc", UnreadableMedia),
        ("a.pdf", b"%PDF-1.7", UnknownName),
        ("a.txt", bytes(range(128, 256)) * 3, BadValue),
    ],
)
def test_what_is_no_script_is_refused(tmp_path: Path, name: str, content: bytes, error: type[Exception]) -> None:
    pytest.importorskip("docx")
    with pytest.raises(error) as caught:
        lines(tmp_path, name, content)
    assert caught.value.value is not None
    assert "--encoding" not in str(caught.value), "no option of transcribe"


def test_a_missing_script_and_a_recording_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Cannot read the script"):
        read_script(tmp_path / "none.txt")
    huge = tmp_path / "film.txt"
    with huge.open("wb") as file:
        file.truncate(33 << 20)
    with pytest.raises(BadValue, match="33 MiB"):
        read_script(huge)
