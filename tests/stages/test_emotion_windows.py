from __future__ import annotations

import pytest

from audiopost.core.speech import SpeakerTurn, Utterance
from audiopost.core.time import Span
from audiopost.stages.emotion.windows import Window, grid_of, utterances_of


def _said(start_s: float, end_s: float, speaker: str | None) -> Utterance:
    return Utterance(start_s, end_s, "", "", (), speaker)


def _grid(*said: Utterance, speech: tuple[Span, ...] = (Span(0, 10),)) -> dict[float, Window]:
    return dict(grid_of(speech, said, step_s=0.5, window_s=3.0, duration_s=10))


def test_the_grid_lies_where_speech_is() -> None:
    grid = _grid(speech=(Span(1.1, 2.2), Span(2.3, 2.4), Span(9.9, 10)))
    assert list(grid) == [1.0, 1.5, 2.0, 2.5, 10.0]
    assert grid[1.0] == Window(0.0, 2.5)
    assert grid[2.0] == Window(0.5, 3.5)


def test_a_window_ends_where_somebody_else_speaks() -> None:
    grid = _grid(_said(0, 4, "A"), _said(4.2, 6, "B"), _said(6.1, 10, "A"))
    assert grid[1.0] == Window(0.0, 2.5, "A")
    assert grid[3.5] == Window(2.0, 4.2, "A")
    assert grid[5.0] == Window(4.0, 6.1, "B")
    assert grid[7.0] == Window(6.0, 8.5, "A")


def test_a_speaker_alone_is_not_cut() -> None:
    grid = _grid(_said(0, 4, "A"), _said(4.2, 6, "A"), _said(6.1, 10, "A"))
    assert all(
        window.end_s - window.start_s == pytest.approx(min(3.0, time_s + 1.5)) for time_s, window in grid.items()
    )


def test_who_is_interrupted_keeps_a_window() -> None:
    grid = _grid(_said(0, 6, "A"), _said(2, 3, "B"), _said(5, 10, "B"))
    assert all(window.start_s < time_s + 1e-9 <= window.end_s + 1e-9 for time_s, window in grid.items())
    assert grid[2.5].speaker == "B"
    assert [grid[at].speaker for at in (1.0, 3.5, 4.0, 4.5, 5.5, 9.0)] == ["A", "A", "A", "A", "B", "B"]


def test_speech_without_words_is_cut_at_turns_and_every_8_s() -> None:
    turns = (SpeakerTurn(0, 3, "A"), SpeakerTurn(3, 20, "B"))
    found = utterances_of(None, (Span(0, 20),), turns, 20)
    assert [u.speaker for u in found] == ["A", "B", "B", "B"]
    assert max(u.end_s - u.start_s for u in found) <= 8
    assert [u.start_s for u in found[1:]] == pytest.approx([u.end_s for u in found[:-1]])
    assert utterances_of(None, (), turns, 20) == []
