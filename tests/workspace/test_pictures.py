"""Outlines that are asked for while they are made: what is told to be whole is whole."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.dsp.peaks import Peaks, coarser, outline
from audiopost.workspace import pictures
from audiopost.workspace.cache import Cache
from audiopost.workspace.tracks import Track, version_of

FRAMES = 1 << 20


@pytest.fixture
def track() -> Track:
    audio = Audio(np.random.default_rng(1).normal(0, 0.1, FRAMES).astype(np.float32), 48_000)
    return Track("source", "", "", "mix", audio, version_of(audio))


def test_an_outline_that_is_finished_while_it_is_looked_at_is_asked_for_again(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = coarser(outline(track.audio.samples))
    goes_on, asking = threading.Event(), threading.current_thread()

    def half(samples: np.ndarray, *size: int) -> Peaks:
        if np.array_equal(samples, track.audio.samples[:, FRAMES // 2 :]):
            assert goes_on.wait(30)
        return outline(samples, *size)

    def late(values: Peaks, *step: int) -> Peaks:
        found = coarser(values, *step)
        if threading.current_thread() is asking:  # all that is left happens between two steps of whoever asks
            (work,) = pictures._outlining._going.values()
            goes_on.set()
            assert work.ended.wait(30)
        return found

    for name, value in (("_READ", FRAMES // 2), ("_AT_ONCE", 0), ("outline", half), ("coarser", late)):
        monkeypatch.setattr(pictures, name, value)
    cache = Cache(tmp_path)
    seen, share = pictures.peaks(cache, track, 1, 0, len(whole))
    assert not np.array_equal(seen, whole)
    assert share < 1
    seen, share = pictures.peaks(cache, track, 1, 0, len(whole))
    np.testing.assert_array_equal(seen, whole)
    assert share == 1


def test_short_stretches_are_exact_while_the_rest_is_outlined(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on = threading.Event(), threading.Event()
    monkeypatch.setattr(pictures._Outlining, "run", lambda _: (begun.set(), goes_on.wait(30)))
    monkeypatch.setattr(pictures, "_PATIENCE_S", 0)
    try:
        seen, share = pictures.peaks(Cache(tmp_path), track, 0, 4, 8)
    finally:
        goes_on.set()
    np.testing.assert_array_equal(seen, outline(track.audio.samples)[4:12])
    assert share == 1
