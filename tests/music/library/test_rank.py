"""Tracks for cues: who comes first, why, and in which words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.language import LANGUAGES
from audiopost.core.music import EditPiece, TrackEdit, TrackInfo, TrackMatch
from audiopost.core.spotting import Cue, CurvePoint, HitPoint
from audiopost.core.time import Span
from audiopost.music.library import Store, suggest_tracks

SPEECH = (Span(101.0, 104.0), Span(106.0, 109.0), Span(300.0, 310.0))


def cue(**more: object) -> Cue:
    known = {
        "number": 1, "in_s": 100.0, "out_s": 146.0, "function": "underscore", "emotion": "sadness",
        "tempo_bpm": (80, 92), "mode": "minor", "instruments": (), "reason": "", "confidence": 0.8,
    }  # fmt: skip
    return Cue(**{**known, **more})


def names(cue: Cue) -> list[str]:
    return [match.track.title for match in cue.tracks]


def ranked(library: Path, wanted: Cue, **more: object) -> Cue:
    (found,) = suggest_tracks([wanted], library, **{"speech": SPEECH, **more})
    return found


@pytest.mark.parametrize(
    ("worse", "change"),
    [
        ("tempo", {"bpm": 120.0, "bpm_other": 60.0}),
        ("double", {"bpm": 168.0, "bpm_other": 84.0}),
        ("mode", {"mode": "major"}),
        ("mood", {"arousal": 0.6, "valence": 0.7}),
        ("voice", {"vocal": 0.9}),
        ("opening", {"energy_db": (-18.0,) * 60}),
        ("length", {"duration_s": 20.0, "energy_db": (-32.0,) * 12 + (-18.0,) * 8}),
        ("unsure", {"bpm_confidence": 0.2}),
        ("pulse", {"bpm": None, "bpm_other": None, "beats_s": (), "downbeats_s": ()}),
    ],
)
def test_each_thing_that_is_asked_for_counts(stock, worse, change):
    # The worse one comes first in the alphabet: ties would go to it.
    found = ranked(stock(a_worse=change, b_right={}), cue())
    assert names(found) == ["b_right", "a_worse"], worse
    assert 1 >= found.tracks[0].score > found.tracks[1].score >= 0


def test_the_reasons_that_the_issue_asks_for(stock):
    shorter = {"duration_s": 48.2, "energy_db": (-32.0,) * 12 + (-18.0,) * 37}
    (match,) = ranked(stock(tune=shorter), cue(out_s=148.0)).tracks
    assert match.reasons == (
        "tempo 84 of 80–92",
        "minor, as asked",
        "mood close: arousal -0.3 for -0.3, valence -0.5 for -0.6",
        "quiet opening fits 6 s of dialogue",
        "no voice heard, and there is dialogue",
        "ends at 0:48, cue is 0:48",
    )


def test_every_reason_in_every_language(stock):
    tracks = {
        "double": {"bpm": 42.0, "bpm_other": 84.0}, "half": {"bpm": 168.0, "bpm_other": 84.0},
        "off": {"bpm": 130.0, "bpm_other": 65.0, "mode": "major"}, "loud": {"energy_db": (-18.0,) * 60, "vocal": 0.8},
        "free": {"bpm": None, "bpm_other": None, "beats_s": (), "downbeats_s": ()},
        "far": {"arousal": 0.9, "valence": 0.9}, "tiny": {"duration_s": 5.0, "energy_db": (-18.0,) * 5},
    }  # fmt: skip
    library = stock(**tracks)
    told = {
        language: {m.track.title: m.reasons for m in ranked(library, cue(key="A"), count=9, language=language).tracks}
        for language in LANGUAGES
    }
    english = told["en"]
    assert english["double"][0] == "tempo 42 felt as 84 (double reading), of 80–92"
    assert english["half"][0] == "tempo 168 felt as 84 (half reading), of 80–92"
    assert english["off"][:2] == ("tempo 130, outside 80–92", "major, though minor was asked for")
    assert english["free"][0] == "no steady pulse; 80–92 was asked for"
    assert "opens loud over 6 s of dialogue" in english["loud"]
    assert "a voice is likely (80%), and there is dialogue" in english["loud"]
    assert any(r.startswith("mood differs") for r in english["far"])
    assert "in A, the cue's key" in english["far"]
    assert any(r.startswith("too short: ends at 0:05, cue is 0:46") for r in english["tiny"])
    assert "runs on to 1:00; faded out at 0:46" in english["free"]
    assert told["zh-hant"]["half"][0] == "速度 168 BPM，以一半速度 84 計算，要求 80–92"
    assert told["zh-hans"]["half"][0] == "速度 168 BPM，按一半速度 84 计算，要求 80–92"
    for language in LANGUAGES[1:]:
        for name, reasons in told[language].items():
            assert len(reasons) == len(english[name])
            assert not set(reasons) & set(english[name])


def test_the_curve_says_what_is_felt_where_there_is_one(stock):
    library = stock(calm={"arousal": -0.6, "valence": 0.5}, wild={"arousal": 0.7, "valence": -0.4})
    curve = tuple(CurvePoint(100.0 + t, 0.7, -0.4) for t in range(3))
    assert names(ranked(library, cue(emotion="tenderness")))[0] == "calm"
    assert names(ranked(library, cue(emotion="tenderness", curve=curve)))[0] == "wild"


def test_a_track_takes_along_whether_a_voice_was_heard(stock):
    found = ranked(stock(a_sung={"vocal": 0.9}, b_plain={}), cue())
    assert {match.track.title: match.track.vocal for match in found.tracks} == {"a_sung": 0.9, "b_plain": 0.02}


def test_a_voice_matters_only_under_dialogue(stock):
    library = stock(a_sung={"vocal": 0.9}, b_plain={})
    assert names(ranked(library, cue()))[0] == "b_plain"
    assert names(ranked(library, cue(), speech=()))[0] == "a_sung"


def test_hit_points_are_told_where_they_are_met(stock):
    hit = HitPoint(100.0 + 8 * 60 / 84, "the door", 0.9)
    (match,) = ranked(stock(tune={}), cue(hits=(hit,))).tracks
    assert match.reasons[-1] == "1 of 1 hit points fall on its beats"


def test_gain_follows_the_dialogue(stock):
    (match,) = ranked(stock(tune={}), cue(level_lu=-12.0), dialogue_lufs=-27.0).tracks
    assert match.edit.gain_db == -15.0


def test_silences_existing_and_rejected_cues_get_none(stock):
    library = stock(tune={})
    old = TrackMatch(TrackInfo("/old.wav"), 0.5, (), TrackEdit((EditPiece(100, 0, 46),)))
    for more in ({"function": "silence"}, {"status": "existing"}, {"status": "rejected"}, {"out_s": 100.0}):
        assert ranked(library, cue(tracks=(old,), **more)).tracks == ()
    assert len(ranked(library, cue(tracks=(old,))).tracks) == 1
    kept = replace(old, accepted=True)
    accepted = ranked(library, cue(status="accepted", tracks=(kept,)))
    assert accepted.track == kept
    assert names(accepted) == ["", "tune"]


def test_a_mode_that_no_track_is_told_in_is_met_by_its_third(stock):
    found = ranked(stock(bright={"mode": "major"}, dark={}), cue(mode="yu"), language="zh-hant")
    told = {match.track.title: match.reasons[1] for match in found.tracks}
    assert told == {"dark": "小調，接近要求的羽調式", "bright": "大調，但要求的是羽調式"}


def test_a_silent_file_is_no_music(stock):
    silent = {"bpm": None, "bpm_other": None, "beats_s": (), "downbeats_s": (), "key": "", "mode": "",
              "key_confidence": 0.0, "energy_db": (-120.0,) * 60, "brightness_hz": 0.0, "density": 0.0,
              "loudness_lufs": None, "arousal": 0.0, "valence": 0.0}  # fmt: skip
    assert names(ranked(stock(a_silent=silent, tune={}), cue())) == ["tune"]


def test_where_no_pulse_is_asked_for_one_without_comes_first(stock):
    free = {"bpm": None, "bpm_other": None, "beats_s": (), "downbeats_s": ()}
    found = ranked(stock(a_beat={}, b_free=free), cue(tempo_bpm=(0, 0)))
    assert names(found) == ["b_free", "a_beat"]
    told = [match.reasons[0] for match in found.tracks]
    assert told == ["no steady pulse, as asked", "tempo 84, though no pulse was asked for"]


def test_copies_come_once_and_ties_by_path(stock):
    library = stock(c={}, a={}, b={})
    assert names(ranked(library, cue())) == ["a", "b", "c"]
    with Store(library) as store:
        store._db.execute("UPDATE tracks SET sha256 = 'same'")
    assert names(ranked(library, cue())) == ["a"]


def test_count_missing_files_and_wrong_use(stock, tmp_path):
    library = stock(**{f"t{n}": {"arousal": n / 100} for n in range(12)})
    assert len(ranked(library, cue(), count=3).tracks) == 3
    first = ranked(library, cue()).tracks[0].track
    with Store(library) as store:
        store.mark([Path(first.path)], "missing")
    assert first not in [match.track for match in ranked(library, cue(), count=12).tracks]
    assert ranked(library, cue()) == ranked(library, cue())
    with pytest.raises(BadValue, match="0 tracks"):
        ranked(library, cue(), count=0)
    with pytest.raises(UnknownName):
        ranked(library, cue(), language="fr")
    with pytest.raises(BadValue, match="no music library"):
        ranked(tmp_path / "none.sqlite", cue())


def test_an_empty_library_gives_no_tracks_and_says_so(tmp_path, caplog):
    Store(tmp_path / "empty.sqlite", new=True).close()
    assert ranked(tmp_path / "empty.sqlite", cue()).tracks == ()
    assert "holds no track" in caplog.text
