"""Finding tracks by numbers, words and likeness."""

from __future__ import annotations

import pytest

from audiopost.core.errors import BadValue, UnknownName
from audiopost.music.library import Store, search, table
from audiopost.music.library.search import Query


@pytest.fixture
def store(stock):
    library = stock(
        sad={}, quick={"bpm": 140.0, "bpm_other": 70.0, "mode": "major", "key": "C", "arousal": 0.5, "valence": 0.7},
        sung={"vocal": 0.8, "title": "Ünder the Sea", "genre": "Vocal Jazz"}, drone={"bpm": None, "bpm_other": None},
        long={"duration_s": 600.0},
    )  # fmt: skip
    with Store(library) as opened:
        yield opened


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        (Query(), {"sad", "quick", "Ünder the Sea", "drone", "long"}),
        (Query(bpm=(60, 75)), {"quick"}),  # by its half reading
        (Query(bpm=(80, 90), instrumental=True), {"sad", "long"}),
        (Query(mode="major", key="C"), {"quick"}),
        (Query(mood="joy"), {"quick"}),
        (Query(mood="sadness", duration_s=(500, 700)), {"long"}),
        (Query(text="ünder JAZZ"), {"Ünder the Sea"}),
        (Query(text="%"), set()),
        (Query(text="' OR 1 --"), set()),
    ],
)
def test_queries(store, query, titles):
    assert {row["title"] for row in search.found(store, query)} == titles


def test_what_cannot_be_asked_for(store):
    for query in (Query(mode="dur"), Query(key="H"), Query(mood="glum")):
        with pytest.raises(UnknownName):
            search.found(store, query)
    with pytest.raises(BadValue, match="92 to 80"):
        search.found(store, Query(bpm=(92, 80)))


def test_one_track_by_number_path_or_words(store):
    number = search.one(store, "quick").id
    assert search.one(store, str(number)).info.title == "quick"
    assert search.one(store, "/music/long.wav").info.title == "long"
    assert search.one(store, "ünder sea").info.title == "Ünder the Sea"
    for name in ("nothing of that name", "999", "²", "9" * 30, "x' OR 1=1 --", "%"):
        with pytest.raises(BadValue, match="There is no track"):
            search.one(store, name)
    with pytest.raises(BadValue, match="5 tracks fit"):
        search.one(store, "music")


def test_neighbours(stock):
    library = stock(a={}, near={"arousal": -0.25}, octave={"bpm": 168.0, "bpm_other": 84.0}, far={
        "bpm": 128.0, "arousal": 0.8, "valence": 0.6, "brightness_hz": 4000.0, "density": 8.0, "mode": "major",
    })  # fmt: skip
    with Store(library) as store:
        number = search.one(store, "/music/a.wav").id
        found = table.alike(store, number, 3)
        titles = [track.info.title for track in store.tracks([n for n, _ in found])]
        assert titles == ["octave", "near", "far"]  # half and double are one pulse
        assert found[0][1] == pytest.approx(0.0, abs=1e-6)
        assert table.alike(store, 999, 3) == []


def test_an_empty_library_finds_nothing(tmp_path):
    with Store(tmp_path / "empty.sqlite", new=True) as store:
        assert search.found(store, Query()) == []
        assert len(table.Table.of(store)) == 0
