"""What a batch passes over: marks, and subtitles beside a recording or in it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from audiopost.batch import skip
from audiopost.batch.skip import language, meets, reason_to_skip
from audiopost.core.errors import BadValue


def film(path: Path, *tags: str) -> Path:
    """A Matroska file of a tenth of a second of silence with a subtitle track of each language; '' states none."""
    from av.subtitles.subtitle import SubtitleSet

    with av.open(str(path), "w", format="matroska") as output:
        sound = output.add_stream("pcm_s16le", rate=8000, layout="mono")
        texts = []
        for tag in tags:
            text = output.add_stream("subrip")
            text.codec_context.subtitle_header = b"[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name\n"
            text.time_base = Fraction(1, 1000)
            if tag:
                text.metadata["language"] = tag
            texts.append(text)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.rate, frame.pts = 8000, 0
        output.mux([*sound.encode(frame), *sound.encode(None)])
        for text in texts:
            made = SubtitleSet.create(text=b"0,0,Default,,0,0,0,,x", start=0, end=50, pts=0)
            packet = text.codec_context.encode_subtitle(made)
            packet.stream, packet.time_base, packet.pts, packet.dts, packet.duration = text, text.time_base, 0, 0, 50
            output.mux(packet)
    return path


def beside(folder: Path, *names: str) -> str:
    """A recording with these files beside it."""
    for name in names:
        (folder / name).write_text("1\n")
    (folder / "ep1.wav").write_bytes(b"")
    return str(folder / "ep1.wav")


def test_nothing_speaks_against_it(tmp_path):
    assert reason_to_skip(beside(tmp_path)) == ""
    assert reason_to_skip(beside(tmp_path), subtitled="yue") == ""


@pytest.mark.parametrize("mark", ["show/s1/ep1.nosub", "show/s1/.nosub", "show/.nosub", ".nosub"])
def test_marks_hold_up_to_the_folder_of_the_input(tmp_path, mark):
    (tmp_path / "show" / "s1").mkdir(parents=True)
    (tmp_path / mark).touch()
    source = beside(tmp_path / "show" / "s1")
    assert reason_to_skip(source, top=tmp_path) == f"{tmp_path / mark} says so."
    inside = mark.startswith("show/s1/")
    assert bool(reason_to_skip(source)) is inside
    assert bool(reason_to_skip(source, top=tmp_path / "show")) is mark.startswith("show/")
    assert bool(reason_to_skip(source, top=tmp_path / "other")) is inside


@pytest.mark.parametrize(
    ("name", "wanted", "skipped"),
    [
        ("ep1.srt", "yue", True),
        ("ep1.wav.srt", "yue", True),
        ("ep1.SRT", "yue", True),
        ("ep1.forced.srt", "yue", True),
        ("ep1.yue.srt", "yue", True),
        ("ep1.zh-yue.srt", "yue", True),
        ("ep1.yue-Hant-HK.ttml", "yue", True),
        ("ep1.yue.srt", "zh", False),
        ("ep1.zh.srt", "yue", False),
        ("ep1.zh-Hant.vtt", "zh", True),
        ("ep1.zh_TW.vtt", "zh-Hant", True),
        ("ep1.zh.srt", "zh-Hant", False),
        ("ep1.cht.ass", "zh-Hant", True),
        ("ep1.chs.ass", "zh-Hant", False),
        ("ep1.chs&eng.ass", "en", True),
        ("ep1.chi.forced.srt", "zh", True),
        ("ep1.forced.zho.srt", "zh", True),
        ("ep1.ger.srt", "de", True),
        ("ep1.deu.srt", "ger", True),
        ("ep1.en.sdh.srt", "en-GB", True),
        ("ep1.en-US.srt", "en-GB", False),
        ("ep1.en.hi.srt", "hi", False),
        ("ep1.hi.srt", "hi", True),
        ("ep1.EN.imsc.xml", "en", True),
        ("ep1.en.srt", "", True),
        ("ep1.part2.srt", "", False),
        ("ep10.srt", "", False),
        ("ep1.txt", "", False),
        ("ep1.json", "", False),
        ("ep1", "", False),
    ],
)
def test_subtitles_beside(tmp_path, name, wanted, skipped):
    reason = reason_to_skip(beside(tmp_path, name), subtitled=wanted)
    assert reason == (f"Its subtitles lie beside it: {name}." if skipped else "")


def test_subtitles_of_another_recording_are_not_its_own(tmp_path):
    source = beside(tmp_path, "ep1.mp3", "ep1.mp3.srt", "ep1.en.mov", "ep1.en.srt")
    assert reason_to_skip(source, subtitled="") == ""
    assert reason_to_skip(str(tmp_path / "ep1.mp3"), subtitled="en") != ""
    assert reason_to_skip(str(tmp_path / "ep1.en.mov"), subtitled="en") != ""


def test_subtitles_that_are_none_yet(tmp_path):
    """An empty file, a link to nowhere, and what a run that was stopped had begun to write."""
    (tmp_path / "ep1.yue.srt").touch()
    source = beside(tmp_path, "ep1.vtt")
    work = tmp_path / ".ep1.audiopost"
    work.mkdir()
    (work / "delivered.txt").write_text("ep1.vtt\n")
    assert reason_to_skip(source, subtitled="yue") == ""
    (work / "delivered.txt").unlink()
    assert reason_to_skip(source, subtitled="yue") == "Its subtitles lie beside it: ep1.vtt."


def test_a_season_s_folder_is_read_again_when_it_has_changed(tmp_path):
    source = beside(tmp_path)
    assert reason_to_skip(source, subtitled="yue") == ""
    skip._listing.cache_clear()  # within one tick of the clock the folder's time need not change
    beside(tmp_path, "ep1.yue.srt")
    assert reason_to_skip(source, subtitled="yue") != ""


def test_names_as_one_system_and_another_write_them(tmp_path):
    (tmp_path / "cafe\u0301.yue.srt").write_text("1")
    (tmp_path / "caf\u00e9.wav").touch()
    assert reason_to_skip(str(tmp_path / "caf\u00e9.wav"), subtitled="yue") != ""


def test_subtitles_in_a_film(tmp_path):
    source = str(film(tmp_path / "a.mkv", "ger", "chi"))
    assert reason_to_skip(source) == ""
    assert reason_to_skip(source, subtitled="zh") == "It has subtitles in it (chi)."
    assert reason_to_skip(source, subtitled="de") == "It has subtitles in it (ger)."
    assert reason_to_skip(source, subtitled="") != ""
    assert reason_to_skip(source, subtitled="yue") == ""
    assert reason_to_skip(source, subtitled="en") == ""


@pytest.mark.parametrize("tag", ["", "und"])
def test_subtitles_without_a_language_count_for_any_alone(tmp_path, tag):
    source = str(film(tmp_path / "a.mkv", tag))
    assert reason_to_skip(source, subtitled="en") == ""
    assert reason_to_skip(source, subtitled="") == "It has subtitles in it."


def test_a_film_without_subtitles(tmp_path):
    assert reason_to_skip(str(film(tmp_path / "a.mkv")), subtitled="") == ""


def test_what_cannot_be_read_is_left_to_its_job(tmp_path, caplog):
    (tmp_path / "a.mkv").write_bytes(b"no film")
    assert reason_to_skip(str(tmp_path / "a.mkv"), subtitled="") == ""
    assert reason_to_skip(str(tmp_path / "none" / "a.mkv"), subtitled="") == ""
    assert "no subtitles are looked for beside it" in caplog.text


def test_urls_are_never_passed_over():
    assert reason_to_skip("memory://x/ep1.mov", subtitled="yue") == ""


@pytest.mark.parametrize("tag", ["cantonese", "xx", "y", "zh--", "zh-Hant-"])
def test_a_wish_that_is_no_language(tmp_path, tag):
    with pytest.raises(BadValue, match="is no language tag"):
        reason_to_skip(beside(tmp_path), subtitled=tag)


@pytest.mark.parametrize(
    ("have", "wanted", "met"),
    [
        ("zho", "zh", True), ("chi", "zh", True), ("cmn-Hans-CN", "zh", True), ("zh-Hans-TW", "zh-Hans", True),
        ("zh-HK", "zh-TW", False), ("zh-Hant", "zh-TW", True), ("yue", "yue-Hant", True), ("yue", "yue-Hans", False),
        ("yue-Hans", "yue", True), ("nb", "nor", True), ("iw", "heb", True), ("fil", "tgl", True),
        ("sr-Latn", "sr", True),
        ("sr", "sr-Latn", False), ("por", "pt-BR", True), ("pt-PT", "pt-BR", False), ("nan", "zh", False),
        ("de-1996", "de", True), ("hak", "zh-hak", True), ("en-x-mine", "en", True),
    ],
)  # fmt: skip
def test_tags_that_mean_the_same(have, wanted, met):
    first, second = language(have), language(wanted)
    assert first is not None
    assert second is not None
    assert meets(first, second) is met


def test_every_language_is_met_by_all_its_codes():
    for codes in (pair.replace("=", "/").split("/") for pair in skip._ISO_639.split()):
        assert len({language(code) for code in codes}) == 1, codes
    assert len(skip._ISO_639.split()) == 184
