"""Loudness over time: what the charts mark, and where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.marks import Activity, LoudnessReport, SpecCheck
from audiopost.core.project import MediaInfo, Project
from audiopost.delivery.report.charts import TimeAxis
from audiopost.delivery.report.loudness import render, section, verdict

AUDIO = Audio(np.zeros((2, 8_000)), 1_000)
REPORT = LoudnessReport(
    -23.0, -12.0, -18.0, 4.0, 0.5, 1.0,
    short_term_lufs=(None, None, -20.0, -18.0, -22.0, -23.0, -24.0, -24.0),
    momentary_lufs=(-20.0, -19.0, -12.0, -15.0, -22.0, None, -24.0, -24.0),
    true_peaks_dbtp=(-3.0, -0.9, 0.5, -3.0, -2.0, None, -0.5, -6.0),
)  # fmt: skip
CHECKS = (
    SpecCheck("integrated loudness", -23.0, "-23 ±0.5 LUFS", True, False, "LUFS", -23.5, -22.5, "a remark"),
    SpecCheck("true peak", 0.5, "at most -1 dBTP", False, False, "dBTP", None, -1.0),
)


@pytest.fixture
def project() -> Project:
    media = MediaInfo("a <b>.wav", "ab" * 32, "WAV", "PCM_24", 1_000, 2, AUDIO.layout, 8.0)
    heard = (Activity("speech", 1.0, 3.0), Activity("music", 3.0, 8.0))
    return Project(media, AUDIO, activity=heard, loudness_in=REPORT, loudness_checks=CHECKS)


def test_seconds_over_the_ceiling_and_the_highest_are_marked(project):
    (chart,) = section(project, TimeAxis(8.0))["charts"]
    assert [(bar.at, bar.width) for bar in chart["over"]] == [(12.5, 25.0), (75.0, 12.5)]
    assert "0.5 dBTP" in chart["over"][0].title
    assert (chart["highest"].at, chart["highest"].label) == (25.0, "0.5 dBTP at 0:02")


def test_target_and_band_lie_where_the_axis_has_them(project):
    shown = section(project, TimeAxis(8.0))
    at = {tick.label: tick.at for tick in shown["ticks"]}
    per_lu = (at["−24"] - at["−18"]) / 6
    assert shown["target"][0] == pytest.approx(at["−24"] - per_lu, abs=0.02)
    assert shown["band"] == pytest.approx((at["−24"] - 1.5 * per_lu, per_lu), abs=0.02)
    assert shown["charts"][0]["integrated"] == (pytest.approx(at["−24"] - per_lu, abs=0.02), "−23.0 LUFS")


def test_source_and_master_are_on_one_scale(project):
    quiet = replace(REPORT, momentary_lufs=(-40.0,) * 8, short_term_lufs=(-40.0,) * 8)
    shown = section(replace(project, loudness=quiet), TimeAxis(8.0))
    assert shown["names"] == ["source", "master"]
    assert shown["charts"][0]["short_term"] != shown["charts"][1]["short_term"]
    assert shown["charts"][0]["integrated"] == shown["charts"][1]["integrated"]


def test_dialogue_that_is_judged_has_a_line(project):
    gated = (replace(CHECKS[0], name="dialogue loudness", value=-27.0), CHECKS[1])
    (chart,) = section(replace(project, loudness_checks=gated), TimeAxis(8.0))["charts"]
    assert chart["dialogue"] == (pytest.approx(chart["integrated"][0] + 4 / 42 * 100, abs=0.02), "−27.0 LUFS")
    (chart,) = section(project, TimeAxis(8.0))["charts"]
    assert chart["dialogue"] is None


def test_the_page_is_whole_and_escaped(project):
    page = render(project)
    for words in ("a &lt;b&gt;.wav", "✗ fail", "✓ pass", "a remark", "fails: true peak", ">speech<", "momentary"):
        assert words in page
    assert "://" not in page
    assert ">music<" not in page


def test_silence_draws_nothing(project):
    silent = LoudnessReport(None, None, None, None, None, 0.1, (None,) * 5, (None,) * 5, (None,))
    unjudged = tuple(replace(check, value=None, passed=None) for check in CHECKS)
    mute = replace(project, loudness_in=silent, loudness_checks=unjudged)
    (chart,) = section(mute, TimeAxis(8.0))["charts"]
    assert (chart["momentary"], chart["short_term"], chart["integrated"], chart["highest"]) == ("", "", None, None)
    assert "not measured" in render(mute)


def test_verdict_names_what_fails_and_what_is_only_advised(project):
    advised = replace(CHECKS[1], name="loudness range", recommended=True)
    assert verdict(project) == ("bad", "fails: true peak")
    assert verdict(replace(project, loudness_checks=(CHECKS[0], advised))) == (
        "ok",
        "passes; not as recommended: loudness range",
    )
    assert verdict(replace(project, loudness_checks=None)) is None
