"""Long recordings in parts: where they are cut, whose labels are whose, and that the turns come out whole."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.speech import SpeakerTurn
from audiopost.core.time import Span
from audiopost.stages.diarise import parts


@given(st.floats(0.1, 40_000))
def test_parts_cover_the_recording_and_none_is_long(duration_s):
    spans = parts.spans(duration_s)
    assert spans[0].start_s == 0
    assert spans[-1].end_s == pytest.approx(duration_s)
    assert all(span.duration_s <= parts.PART_S + parts.SHARED_S + 1e-6 for span in spans)
    for before, after in pairwise(spans):
        assert before.end_s - after.start_s == pytest.approx(parts.SHARED_S)


def _part(span: Span, turns: list[tuple[float, float, str]], voices: dict[str, np.ndarray] | None) -> parts.Part:
    made = tuple(SpeakerTurn(*turn) for turn in turns)
    speakers = tuple(sorted({turn.speaker for turn in made}))
    return parts.Part(span, made, made, speakers, np.stack([voices[s] for s in speakers]) if voices else None)


@given(st.integers(0, 1000), st.lists(st.sets(st.integers(0, 4), min_size=1), min_size=2, max_size=6))
def test_speakers_are_known_again_by_their_voices(seed, casts):
    """Each part labels its speakers in an order of its own; the recording's labels stay with the people."""
    rng = np.random.default_rng(seed)
    people = np.eye(5, 32)
    linker, known = parts.Linker(None), {}
    for i, cast in enumerate(casts):
        here = rng.permutation(sorted(cast)).tolist()
        voices = {f"L{k}": people[who] + rng.normal(0, 0.05, 32) for k, who in enumerate(here)}
        span = Span(100.0 * i, 100.0 * i + 110)
        turns = [(span.start_s + 20 + 5 * k, span.start_s + 24 + 5 * k, f"L{k}") for k in range(len(here))]
        names = linker.add(_part(span, turns, voices))
        for k, who in enumerate(here):
            assert known.setdefault(who, names[f"L{k}"]) == names[f"L{k}"]
    assert len(set(known.values())) == len(known)


def test_without_embeddings_common_time_links():
    linker = parts.Linker(None)
    first = linker.add(_part(Span(0, 100), [(0, 50, "a"), (50, 90, "b"), (90, 100, "a")], None))
    second = linker.add(_part(Span(80, 180), [(80, 90, "x"), (90, 110, "y"), (120, 130, "z")], None))
    assert (second["x"], second["y"]) == (first["b"], first["a"])
    assert second["z"] not in first.values()


def test_no_more_speakers_than_asked_for_and_broken_embeddings_do_no_harm():
    linker = parts.Linker(2)
    voices = {"a": np.array([1.0, 0, 0]), "b": np.array([0, 1.0, 0])}
    linker.add(_part(Span(0, 100), [(0, 50, "a"), (50, 60, "b")], voices))
    odd = {"p": np.array([0, 0.2, 1.0]), "q": np.full(3, np.nan)}
    names = linker.add(_part(Span(90, 190), [(110, 120, "p"), (130, 140, "q")], odd))
    assert names["p"] == "1"
    assert set(names.values()) <= {"0", "1"}


def test_a_turn_over_the_seam_comes_out_whole_and_once():
    spans = (Span(0, 100), Span(80, 180))
    found = [
        ((SpeakerTurn(5, 10, "b"), SpeakerTurn(70, 95, "a")), {"a": "0", "b": "1"}),
        ((SpeakerTurn(80.5, 99, "x"), SpeakerTurn(120, 130, "y")), {"x": "0", "y": "1"}),
    ]
    turns = sorted(parts.joined(spans, found), key=lambda t: t.start_s)
    assert turns == [SpeakerTurn(5, 10, "1"), SpeakerTurn(70, 99, "0"), SpeakerTurn(120, 130, "1")]
