"""RTTM as scorers read it."""

from __future__ import annotations

from audiopost.core.speech import SpeakerTurn
from audiopost.subtitles.formats.rttm import rttm


def test_lines():
    turns = [SpeakerTurn(2.5, 4.0004, "S 2"), SpeakerTurn(0, 1.25, "S1")]
    assert rttm(turns, "my film 1") == (
        "SPEAKER my_film_1 1 0.000 1.250 <NA> <NA> S1 <NA> <NA>\n"
        "SPEAKER my_film_1 1 2.500 1.500 <NA> <NA> S_2 <NA> <NA>\n"
    )
    assert rttm([], "x") == ""
    assert rttm(turns, " ").split()[1] == "unknown"


def test_read_back_by_fields(shared):
    """Our lines have the fields of the AMI reference files beside the recordings."""
    reference = next((shared / "audio" / "diarisation").rglob("*.rttm")).read_text().splitlines()
    ours = rttm([SpeakerTurn(0, 1, "A")], "x").splitlines()
    assert len(ours[0].split(" ")) == len(reference[0].split())
    assert ours[0].split()[0] == reference[0].split()[0] == "SPEAKER"
