from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.analysis.vad import HOP_S
from audiopost.core.audio import Audio
from audiopost.core.time import Span
from audiopost.stages.transcribe.windows import Window, plan

probabilities = st.lists(st.tuples(st.floats(0, 1, width=32), st.integers(1, 200)), min_size=1, max_size=12).map(
    lambda runs: np.concatenate([np.full(n, p, np.float32) for p, n in runs])
)


@given(probabilities, st.booleans(), st.booleans(), st.booleans())
def test_windows_are_short_enough_in_order_and_inside(probability, packed, vad, pauses) -> None:
    duration_s = len(probability) * HOP_S
    windows = plan(probability, duration_s, longest_s=5.0, packed=packed, vad=vad, pauses=pauses)
    spans = [span for window in windows for span in window.spans]
    assert all(window.duration_s <= 5.0 + 1e-9 for window in windows)
    assert all(a.end_s <= b.start_s for a, b in pairwise(spans))
    assert all(0 <= span.start_s < span.end_s <= duration_s for span in spans)
    if not vad:
        assert sum(span.duration_s for span in spans) == pytest.approx(duration_s)
    if not packed:
        assert all(len(window.spans) == 1 for window in windows)


def test_a_long_speech_is_cut_where_it_is_quietest() -> None:
    probability = np.full(round(40 / HOP_S), 0.95, np.float32)
    probability[800] = 0.6
    first, second = plan(probability, 40.0, longest_s=30.0, packed=True)
    assert first.spans[-1].end_s == second.spans[0].start_s == pytest.approx(800 * HOP_S)


def test_packing_joins_what_fits() -> None:
    probability = np.zeros(round(60 / HOP_S), np.float32)
    for start_s in (5, 20, 35, 50):
        probability[round(start_s / HOP_S) : round((start_s + 4) / HOP_S)] = 0.9
    assert [len(w.spans) for w in plan(probability, 60.0, longest_s=30.0, packed=True)] == [4]
    assert [len(w.spans) for w in plan(probability, 60.0, longest_s=11.0, packed=True)] == [2, 2]


def test_joined_speech_keeps_its_places() -> None:
    ramp = np.arange(16_000 * 10) / 160_000
    window = Window((Span(1.0, 2.0), Span(5.0, 8.0)))
    joined = window.samples(Audio(ramp, 16_000))
    assert joined.shape == (64_000,)
    assert joined[20_000] == pytest.approx(0.525)
    assert window.locate(1.25, 1.5) == pytest.approx((5.25, 5.5))
    # A word over the seam stays on the side that holds its middle; one past the end is held back.
    assert window.locate(0.8, 1.1) == pytest.approx((1.8, 2.0))
    assert window.locate(3.9, 4.6) == pytest.approx((7.9, 8.0))


def test_pauses_cut_where_both_sides_stay_long_enough() -> None:
    probability = np.full(round(8 / HOP_S), 0.9, np.float32)
    for start_s in (0.5, 3.0, 4.0, 6.0):
        probability[round(start_s / HOP_S) : round((start_s + 0.25) / HOP_S)] = 0.1
    cuts = [w.spans[0].start_s for w in plan(probability, 8.0, longest_s=30.0, packed=False, pauses=True)]
    assert cuts == pytest.approx([0.0, 3.1, 6.1], abs=0.05)
    assert len(plan(probability, 8.0, longest_s=30.0, packed=False)) == 1
