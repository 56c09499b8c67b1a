"""Every format into every other: what is lost is what the new format cannot hold, and it is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from audiopost.core.errors import BadValue, UnknownName, UnreadableMedia
from audiopost.core.speech import Remark, Styling, Transcript, Utterance, Word
from audiopost.core.time import FrameRate, Timebase
from audiopost.subtitles import Caption, convert, layout, load_captions, load_style, losses, read, render, write
from audiopost.subtitles.formats import FEATURES, FORMATS, holds, suffix_of
from audiopost.subtitles.losses import features

#: Formats that another file can be read back from as captions, and what those that count frames count in.
READ_BACK = [kind for kind in FORMATS if kind not in ("txt", "rttm", "ctm")]
RATES = {"scc": Timebase(FrameRate.parse("29.97df")), "stl": Timebase(FrameRate.parse("25"))}

WORDS = (
    Word(1.001, 1.5, "Hello", 0.9, "Ann"),
    Word(1.5, 2.0, "there", None, "Ann"),
    Word(2.5, 3.0, "Bonjour", 0.5, "Bob"),
)
TRANSCRIPT = Transcript(
    "en",
    (
        Utterance(1.001, 2.0, "Hello there", "en", WORDS[:2], "Ann"),
        Utterance(2.5, 3.0, "Bonjour", "fr", WORDS[2:], "Bob"),
    ),
    "a draft",
    (Remark("dropped", 5.0, 6.0, "Thanks for watching", "nobody speaks"),),
)
#: Captions that make use of every feature.
CAPTIONS = (
    Caption(
        1.001, 2.25, ("Hello", "there"), "Ann", "en", (), (),
        (Styling(0, 0, 5, "italic"), Styling(1, 0, 2, "bold"), Styling(1, 2, 5, "underline")), 8,
    ),
    Caption(2.0, 3.0, ("Bonjour",), "Bob", "fr", (), (), (Styling(0, 0, 3, "colour", "#ffff00"),)),
)  # fmt: skip


def test_features_are_found():
    assert set(features(CAPTIONS, TRANSCRIPT)) == set(FEATURES)
    plain = (Caption(1, 2, ("x",)),)
    assert set(features(plain, Transcript("und"))) == {"text", "times", "ends"}


@pytest.mark.parametrize("kind", FORMATS)
def test_losses_are_what_is_not_held(kind):
    said = losses(CAPTIONS, TRANSCRIPT, kind)
    missing = set(FEATURES) - holds(kind)
    if "times" in missing:
        missing -= {"ends", "milliseconds", "hundredths", "overlaps"}
    if "text" in missing:
        missing -= {"lines", "italic", "bold", "underline", "colour", "language", "languages"}
    assert len(said) == len(missing)
    assert all(line.startswith(f"{kind} cannot hold ") for line in said)
    assert ("speaker" in missing) == any("the speakers of 2 captions" in line for line in said)
    assert not any("speakers" in line for line in losses(CAPTIONS, TRANSCRIPT, kind, speakers=False))


def seen(captions: tuple[Caption, ...]) -> list[tuple[object, ...]]:
    return [(c.lines, c.styling, c.position, c.speaker, c.line_speakers) for c in captions]


def test_what_is_said_is_what_is_gone(tmp_path):
    """Each feature, alone, through each format and back: gone exactly where it is said."""
    plain = Caption(1.0, 2.0, ("Hello there",))
    second = Caption(3.0, 4.0, ("Again",))
    alone = {
        "italic": replace(plain, styling=(Styling(0, 0, 5, "italic"),)),
        "bold": replace(plain, styling=(Styling(0, 0, 5, "bold"),)),
        "underline": replace(plain, styling=(Styling(0, 0, 5, "underline"),)),
        "colour": replace(plain, styling=(Styling(0, 0, 11, "colour", "#ffff00"),)),
        "position": replace(plain, position=8),
        "speaker": replace(plain, speaker="Ann"),
        "lines": replace(plain, lines=("Hello", "there")),
        "languages": replace(plain, language="fr"),
    }
    for kind in READ_BACK:
        for feature, caption in alone.items():
            shown = (caption, replace(second, speaker="Bob" if feature == "speaker" else None))
            path = tmp_path / f"x{suffix_of(kind)}"
            write(path, shown, Transcript("en"), kind, timebase=RATES.get(kind, Timebase()))
            back = load_captions(path, kind=kind, labels=False).captions
            kept = seen(back[:1]) == seen(shown[:1]) and (feature != "languages" or back[0].language == "fr")
            said = losses(shown, Transcript("und" if feature != "languages" else "en"), kind)
            said = [line for line in said if "language of the text" not in line]
            assert kept == (feature in holds(kind)), (kind, feature, back)
            if feature not in ("lines", "languages"):
                assert kept == (not said), (kind, feature, said)


@pytest.mark.parametrize("kind", [k for k in FORMATS if k not in ("scc", "stl")])
def test_json_into_everything(kind, tmp_path):
    source = write(tmp_path / "x.json", CAPTIONS, TRANSCRIPT)
    said = convert(source, tmp_path / f"y{suffix_of(kind)}")
    assert said == losses(CAPTIONS, TRANSCRIPT, kind)
    if kind == "json":
        assert said == []
        assert (tmp_path / "y.json").read_bytes() == source.read_bytes()


def test_offset_and_rate(tmp_path):
    source = write(tmp_path / "x.json", CAPTIONS, TRANSCRIPT)
    ntsc = Timebase(FrameRate.parse("23.976"))
    assert convert(source, tmp_path / "y.json", timebase=ntsc, rate_from=FrameRate.parse("25"), offset_s=10.0) == []
    slower = 25 * 1001 / 24000
    back = load_captions(tmp_path / "y.json")
    assert back.captions[0].start_s == pytest.approx(1.001 * slower + 10)
    assert back.captions[1].end_s == pytest.approx(3.0 * slower + 10)
    assert back.transcript.words[2].start_s == pytest.approx(2.5 * slower + 10)
    assert back.transcript.utterances[0].end_s == pytest.approx(2.0 * slower + 10)
    assert back.transcript.remarks[0].start_s == pytest.approx(5.0 * slower + 10)
    # Nothing moves where only the timebase of the output is named.
    convert(source, tmp_path / "z.json", timebase=ntsc)
    assert (tmp_path / "z.json").read_bytes() == source.read_bytes()


def test_what_moves_before_the_beginning_goes_and_is_said(tmp_path):
    source = write(
        tmp_path / "x.srt", (Caption(1, 2, ("a",)), Caption(3, 5, ("b",)), Caption(8, 9, ("c",))), Transcript("en")
    )
    said = convert(source, tmp_path / "y.srt", offset_s=-4.0)
    assert said == ["1 caption would lie before the beginning, and went."]
    assert [(c.start_s, c.end_s, c.text) for c in load_captions(tmp_path / "y.srt").captions] == [
        (0.0, 1.0, "b"), (4.0, 5.0, "c"),
    ]  # fmt: skip
    with pytest.raises(BadValue, match="no captions left"):
        convert(source, tmp_path / "z.srt", offset_s=-40.0)
    assert not (tmp_path / "z.srt").exists()


def test_lay_out_anew(tmp_path):
    long = "When the station had closed and nobody was left on the platform, we went home through the empty streets."
    look = (Styling(0, 0, 4, "italic"),)
    source = write(tmp_path / "x.srt", (Caption(1, 8, (long,), styling=look, position=8),), Transcript("en"))
    said = convert(source, tmp_path / "y.srt", style="netflix-en")
    assert said == [
        "Laid out anew, italics of 1 caption went.", "Laid out anew, the places on the screen of 1 caption went.",
    ]  # fmt: skip
    captions = load_captions(tmp_path / "y.srt").captions
    assert max(len(line) for c in captions for line in c.lines) <= 42
    assert "".join(" ".join(c.lines) + " " for c in captions).strip() == long
    with pytest.raises(UnknownName, match="netflix-en"):
        convert(source, tmp_path / "z.srt", style="netflix-xx")


def test_two_languages_laid_out_anew(tmp_path, translated):
    transcript, translation = translated
    captions = layout(transcript, load_style("hk-bilingual"), translation=translation)
    source = write(tmp_path / "x.srt", captions, transcript, speakers=False)
    assert convert(source, tmp_path / "y.vtt", style="hk-bilingual", language="en") == []
    again = load_captions(tmp_path / "y.vtt").captions
    assert [c.line_languages for c in again] == [("zh", "en")] * len(again)
    with pytest.raises(BadValue, match=r"--language.*hk-bilingual"):
        convert(source, tmp_path / "z.srt", style="netflix-zh-hant")
    said = convert(source, tmp_path / "z.srt", style="netflix-zh-hant", language="zh")
    assert said == ["Laid out anew in zh, the lines in another language went."]
    assert "".join(read(tmp_path / "z.srt").text.split()) == "".join(c.lines[0] for c in captions)


def test_warnings_of_the_reader_are_handed_on(tmp_path):
    source = tmp_path / "x.srt"
    source.write_bytes("1\n00:00:01,000 --> 00:00:02,000\n<blink>Où ?</blink>\n".encode("cp1252"))
    said = convert(source, tmp_path / "y.txt")
    assert said[0].startswith("The encoding is a guess: cp1252")
    assert said[1] == "Left behind: 1 <blink> tag."
    assert said[2] == "txt cannot hold the times of 1 caption."
    assert (tmp_path / "y.txt").read_text(encoding="utf-8") == "Où ?\n"


def test_kinds_by_name_and_refusals(tmp_path):
    source = tmp_path / "captions.bak"
    source.write_text(render(CAPTIONS[:1], TRANSCRIPT, "vtt"), "utf-8")
    convert(source, tmp_path / "y.xml", kind_from="vtt", kind_to="ttml")
    assert load_captions(tmp_path / "y.xml").captions[0].styling == CAPTIONS[0].styling
    with pytest.raises(UnknownName, match="subtitle format"):
        convert(source, tmp_path / "y.srt")
    with pytest.raises(BadValue, match="several"):
        convert(source, tmp_path / "y.xml", kind_from="vtt")
    chinese = write(tmp_path / "c.srt", (Caption(1, 3, ("對唔住",)),), Transcript("yue"))
    for kind in ("stl", "scc"):
        with pytest.raises(BadValue):
            convert(chinese, tmp_path / f"c.{kind}", timebase=RATES[kind])
        assert not (tmp_path / f"c.{kind}").exists()


def test_speakers_may_be_left_out(tmp_path):
    source = write(tmp_path / "x.json", CAPTIONS, TRANSCRIPT)
    said = convert(source, tmp_path / "y.vtt", speakers=False)
    assert not any("speakers" in line for line in said)
    assert "Ann" not in (tmp_path / "y.vtt").read_text()


def plain(lines: tuple[str, ...]) -> str:
    return "".join("".join(lines).split())


@pytest.mark.slow
def test_every_real_file_into_every_format_and_back(shared, tmp_path):
    """What is gone on the way is a feature the format does not hold, and is among what was said."""
    sources = sorted(path for path in (shared / "audio" / "subs").rglob("*") if path.is_file())
    assert len(sources) >= 25
    empty, tried = [], 0
    for source in sources:
        try:
            loaded = load_captions(source)
        except UnreadableMedia:
            empty.append(source.name)
            continue
        for kind in FORMATS:
            target = tmp_path / f"{source.stem}{suffix_of(kind)}"
            if kind in ("ctm", "rttm"):
                possible = loaded.transcript is not None if kind == "ctm" else any(c.speaker for c in loaded.captions)
                if not possible:
                    with pytest.raises(BadValue):
                        convert(source, target)
                    continue
            timebase = RATES.get(kind)
            said = convert(source, target, timebase=timebase)
            tried += 1
            if kind in READ_BACK:
                check_round_trip(source, kind, target, said)
    assert tried >= 20 * (len(FORMATS) - 2)
    # A body without text, and a script without dialogue: there is nothing to convert.
    assert set(empty) == {"subtitle_with_attached_images_aegisub.ass", "ttml_body_only.ttml"}


def check_round_trip(source: Path, kind: str, target: Path, said: list[str]) -> None:
    before, after = load_captions(source), load_captions(target, kind=kind, labels=False)
    kept, context = holds(kind), (source.name, kind)
    used = features(before.captions, read(source))
    gone = {feature for feature in used if feature not in kept}
    for feature, words in (
        ("position", "the place on"),
        ("colour", "colours in"),
        ("italic", "italics"),
        ("lines", "line breaks"),
    ):
        assert (feature in gone) == any(words in line for line in said), (*context, feature, said)
    assert (kind in RATES and any(len(line) > 32 for c in before.captions for line in c.lines)) >= any(
        "wraps" in line for line in said
    )
    tolerance = 0.0006 if "milliseconds" in kept else 0.0051 if "hundredths" in kept else 0.0401
    if kind in RATES:
        check_broadcast(before.captions, after.captions)
    elif "overlaps" in kept:
        assert len(after.captions) == len(before.captions), context
        for one, other in zip(before.captions, after.captions, strict=True):
            assert plain(one.lines) == plain(other.lines), context
            assert abs(one.start_s - other.start_s) <= tolerance, context
            assert abs(one.end_s - other.end_s) <= tolerance, context
            assert other.position == (one.position if "position" in kept else 2), context
            if "lines" in kept:
                assert other.lines == one.lines, context
            looks = [span for span in one.styling if span.kind in kept]
            assert list(other.styling) == looks, context
            if "speaker" in kept:
                assert (other.speaker, other.line_speakers) == (one.speaker, one.line_speakers), context
    else:
        assert sorted("".join(plain(c.lines) for c in after.captions)) == sorted(
            "".join(plain(c.lines) for c in before.captions)
        )


def check_broadcast(before: tuple[Caption, ...], after: tuple[Caption, ...]) -> None:
    """One caption at a time, in rows that wrap: those that stand alone come back with their words, nearly in time.

    CEA-608 loads two characters a frame, so that a caption close behind another may come late.
    """
    alone = [c for c in before if not any(c is not o and c.start_s < o.end_s and o.start_s < c.end_s for o in before)]
    for caption in alone:
        late = [back.start_s - caption.start_s for back in after if plain(back.lines) == plain(caption.lines)]
        assert any(-0.1 <= by <= 2.0 for by in late), caption
