"""The emotion curve as a table and as automation."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audiopost.delivery import emotion_curve


def test_every_point_with_both_sources(tmp_path, spotting, timebase):
    path = emotion_curve.write_csv(tmp_path / "x.csv", spotting)
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert tuple(rows[0]) == emotion_curve.COLUMNS
    assert len(rows) == 60
    assert rows[3]["timecode"] == timebase.timecode(1.5)
    assert (rows[3]["time_s"], rows[3]["valence"], rows[3]["voice.dominance"], rows[3]["words.arousal"]) == (
        "1.5", "0.03", "0.3", "",
    )  # fmt: skip
    assert rows[2]["voice.arousal"] == ""


def test_automation_keeps_within_its_tolerance(tmp_path, spotting):
    data = json.loads(emotion_curve.write_json(tmp_path / "x.json", spotting).read_text(encoding="utf-8"))
    assert data["schema"] == "audiopost.emotion/1"
    assert [lane["axis"] for lane in data["lanes"]] == ["arousal", "valence", "dominance"]
    assert data["points"][1]["voice"] == {"arousal": 0.1, "valence": 0.2, "dominance": 0.3, "confidence": 0.4}
    assert data["points"][1]["words"] is None
    times = [point["time_s"] for point in data["points"]]
    for lane in data["lanes"]:
        at, values = zip(*lane["breakpoints"], strict=True)
        drawn = np.interp(times, at, values)
        assert np.abs(drawn - [point[lane["axis"]] for point in data["points"]]).max() <= lane["tolerance"] + 1e-9
    assert [len(lane["breakpoints"]) for lane in data["lanes"][1:]] == [2, 2]  # straight lines need no more


def test_no_points(tmp_path, make_spotting, bases):
    from dataclasses import replace

    empty = replace(make_spotting(bases["25"]), emotion=())
    data = json.loads(emotion_curve.write_json(tmp_path / "x.json", empty).read_text())
    assert (data["points"], [lane["breakpoints"] for lane in data["lanes"]]) == ([], [[], [], []])
    assert len(emotion_curve.write_csv(tmp_path / "x.csv", empty).read_text().splitlines()) == 1


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=200), st.floats(0, 0.5))
def test_simplified_lines_stay_near_and_keep_the_ends(values, tolerance):
    points = [(n / 2, value) for n, value in enumerate(values)]
    kept = emotion_curve.simplified(points, tolerance)
    assert set(kept) <= set(points)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    drawn = np.interp([t for t, _ in points], *zip(*kept, strict=True))
    assert np.abs(drawn - values).max() <= tolerance + 1e-9


def test_a_ramp_is_two_points_and_a_step_four():
    ramp = [(float(n), n / 10) for n in range(11)]
    assert emotion_curve.simplified(ramp, 0.01) == [ramp[0], ramp[-1]]
    step = [(float(n), float(n > 4)) for n in range(10)]
    assert emotion_curve.simplified(step, 0.01) == [step[0], step[4], step[5], step[9]]
