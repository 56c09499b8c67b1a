"""Scenes as a table, and as a person reads them."""

from __future__ import annotations

import csv
import io

from audiopost.delivery import scene_list


def test_the_table(tmp_path, spotting, timebase):
    path = scene_list.write(tmp_path / "x.csv", spotting)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    first, second = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    assert tuple(first) == scene_list.SCENE_COLUMNS
    assert (first["number"], first["start_timecode"]) == ("1", timebase.start_timecode)
    assert first["end_timecode"] == second["start_timecode"] == timebase.rate.timecode(timebase.start_frame + 600)
    cuts = [timebase.rate.timecode(timebase.start_frame + frame) for frame in (100, 355)]
    assert first["cuts"] == "; ".join(cuts)
    assert (first["speakers"], first["mood"], first["valence"]) == ("Mei; =Tom", "tension", "-0.4")
    assert (second["speakers"], second["cuts"], second["arousal"]) == ("", "", "")


def test_moods_have_names_and_own_words_stay():
    assert scene_list.mood("joy/sadness", "zh-hant") == "喜悅/悲傷"
    assert scene_list.mood("calm, 緊張", "zh-hant") == "calm, 緊張"


def test_cells_for_people(make_spotting, bases):
    spotting = make_spotting(bases["25"], "zh-hans")
    cells = scene_list.scene_cells(spotting.scenes[0], bases["25"], "zh-hans")
    assert cells == [1, "01:00:00:00", "01:00:24:00", "Mei; =Tom", "紧张", "01:00:04:00; 01:00:14:05", "Opening"]
    assert scene_list.scene_titles("zh-hans")[:3] == ["场次", "入点", "出点"]
