"""Decisions on findings, and which stretch of a fault is heard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.marks import Finding
from audiopost.core.project import Project
from audiopost.core.time import Span
from audiopost.workspace import findings


def test_a_decision_is_kept_with_the_finding(hummed: Project) -> None:
    hum = next(each for each in findings.judged(hummed) if each.finding.kind == "hum")
    assert hum.remedy == "restore"
    assert not hum.mended
    decided = findings.decided(hummed, [hum.index], "accepted")
    assert decided.findings[hum.index].status == "accepted"
    assert findings.decided(decided, [hum.index], "open") == hummed
    assert decided.faults == decided.findings
    dismissed = findings.decided(hummed, [hum.index], "dismissed")
    assert hum.finding.kind not in {each.kind for each in dismissed.faults}


def test_what_cannot_be_decided_is_refused(hummed: Project) -> None:
    with pytest.raises(UnknownName):
        findings.decided(hummed, [0], "perhaps")
    with pytest.raises(BadValue, match="no finding 99"):
        findings.decided(hummed, [99], "dismissed")
    silence = replace(hummed, findings=(Finding("silence", 0, 1, 0.5, "nothing is heard", "Look there."),))
    assert findings.judged(silence)[0].remedy == ""
    with pytest.raises(BadValue, match="Look there"):
        findings.decided(silence, [0], "accepted")
    noise = replace(hummed, findings=(Finding("hiss", 0, 1, 0.5, "", ""),))
    assert findings.judged(noise)[0].remedy == "denoise"


def test_a_short_fault_is_heard_whole_a_long_one_around_the_cursor(hummed: Project) -> None:
    long = replace(hummed, audio=hummed.audio.__class__([[0.0] * 60_000], 1000))
    short = Finding("clicks", 20.0, 22.0, 0.5, "", "")
    assert findings.heard_span(long, short) == Span(19.0, 23.0)
    hum = Finding("hum", 0.0, 60.0, 0.5, "", "")
    assert findings.heard_span(long, hum) == Span(0.0, 10.0)
    assert findings.heard_span(long, hum, 30.0) == Span(29.0, 39.0)
    assert findings.heard_span(long, hum, 59.5) == Span(50.0, 60.0)
    assert findings.heard_span(long, short, 50.0) == Span(19.0, 23.0)
