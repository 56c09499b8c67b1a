"""The cast file: private, locked, damaged; names, merging, forgetting."""

import importlib.util
import json
import stat
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.analysis import cast as cast_file
from audiopost.analysis.cast import Cast, Encoder, load
from audiopost.core.errors import AudiopostError, BadValue, OutputError, UnknownName
from audiopost.stages.diarise.cast import Recording, recognise

SPEC = importlib.util.spec_from_file_location("people", Path(__file__).parents[1] / "fixtures" / "people.py")
people = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(people)
EPISODE_2 = people.EPISODE_2
GIVEN = people.GIVEN
OTHER = people.OTHER
at_angle = people.at_angle
cast_of = people.cast_of
heard = people.heard
needs_encoder = people.needs_encoder
person = people.person

# The file.


@needs_encoder
def test_the_file_is_private_versioned_and_reads_back(tmp_path):
    path = tmp_path / "cast.json"
    cast = cast_of(person(1, at_angle(0.5), "Jo Ann", aliases=("P7",)), person(2)).having(person(3, name="夜"))
    cast_file.change(path, lambda _: (cast, None), new=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text("utf-8"))["audiopost_cast"] == 1
    assert load(path) == cast
    assert sorted(p.name for p in tmp_path.iterdir()) == [".cast.json.lock", "cast.json"]
    assert (tmp_path / ".cast.json.lock").read_bytes() == b""


def test_an_edit_that_fails_or_changes_nothing_leaves_the_file(tmp_path):
    path = tmp_path / "cast.json"
    cast_file.change(path, lambda _: (Cast((person(1),), None, 2), None), new=True)
    before = path.read_bytes(), path.stat().st_mtime_ns
    with pytest.raises(UnknownName):
        cast_file.change(path, lambda cast: (cast.named("P9", "Mary"), None))
    cast_file.change(path, lambda cast: (cast, None))
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_jobs_at_the_same_time_lose_nothing(tmp_path):
    path = tmp_path / "cast.json"

    def add(number):
        def edit(cast):
            return recognise([heard("S1", None)], cast, Recording(f"{number}.wav", str(number)), None)

        cast_file.change(path, edit, new=True)

    jobs = [threading.Thread(target=add, args=(number,)) for number in range(12)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    cast = load(path)
    assert sorted(p.id for p in cast.people) == sorted(f"P{i + 1}" for i in range(12))
    assert {p.seen_in[0].file for p in cast.people} == {f"{i}.wav" for i in range(12)}


def test_a_file_that_another_program_holds_is_waited_for_and_then_told(tmp_path, monkeypatch):
    monkeypatch.setattr(cast_file, "_LOCK_S", 0.05)
    path = tmp_path / "cast.json"

    def hold(cast):
        with pytest.raises(OutputError, match="Another program"):
            cast_file.change(path, lambda cast: (cast, None), new=True)
        return cast, None

    cast_file.change(path, hold, new=True)


def test_a_link_to_the_file_stays_a_link(tmp_path):
    (tmp_path / "link.json").symlink_to(tmp_path / "cast.json")
    cast_file.change(tmp_path / "link.json", lambda _: (Cast((person(1),), None, 2), None), new=True)
    assert (tmp_path / "link.json").is_symlink()
    assert load(tmp_path / "cast.json").person("P1")


def _damage(**changes):
    return lambda data: {**data, **changes}


def _person_damage(**changes):
    return lambda data: {**data, "people": [{**data["people"][0], **changes}]}


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda _: None, "not a cast file"),
        (lambda _: [], "not a cast file"),
        (_damage(audiopost_cast=2), "format '2'"),
        (_damage(people="none"), "people"),
        (_damage(next=1), "id again"),
        (_damage(encoder=None), "no encoder"),
        (_damage(unknown=1), "unknown"),
        (lambda data: {**data, "people": data["people"] * 2}, "each once"),
        (_person_damage(id="../x"), "each once"),
        (_person_damage(name="a\x1b[2Jb"), "control character"),
        (_person_damage(name=" Mary "), "not written as"),
        (_person_damage(aliases=["\u202e"]), "cannot be shown"),
        (_person_damage(consent=None), "no consent"),
        (_person_damage(consent={"who": "x", "scope": "y", "date": "soon"}), "date"),
        (_person_damage(voice={"seconds": -1, "vector": "1 " + "0 " * 255}), "seconds"),
        (_person_damage(voice={"seconds": 1, "vector": "1 2 3"}), "256 numbers"),
        (_person_damage(voice={"seconds": 1, "vector": "nan " * 256}), "256 numbers"),
        (_person_damage(voice={"seconds": 1, "vector": "x " * 256}), "no number"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_told_and_kept(tmp_path, damage, told):
    path = tmp_path / "cast.json"
    cast = Cast((person(1, at_angle(1), "Mary"),), Encoder("encoder", "0" * 64), 2)
    cast_file.change(path, lambda _: (cast, None), new=True)
    path.write_text(json.dumps(damage(json.loads(path.read_text("utf-8")))), "utf-8")
    before = path.read_bytes()
    with pytest.raises(BadValue, match=told) as error:
        cast_file.change(path, lambda cast: (cast.without("P1"), None), new=True)
    assert str(path) in str(error.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json_is_told(tmp_path, data):
    path = tmp_path / "cast.json"
    path.write_bytes(data)
    with pytest.raises(BadValue, match="cannot be used as a cast"):
        load(path)


def test_a_folder_or_a_missing_place_is_told(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere" / "cast.json"):
        with pytest.raises(AudiopostError):
            cast_file.change(path, lambda cast: (cast, None), new=True)
    with pytest.raises(BadValue, match="There is no cast file"):
        load(tmp_path / "cast.json")


# Names.


@pytest.mark.parametrize(
    "name", ["", "  ", "a\nb", "a\tb", "\x1b[31m", "S1=Mary", "<b>", "{\\an8}", "P3", "s12", "x" * 81, "\u202eyraM",
             "\ud800"],
)  # fmt: skip
def test_names_that_would_break_what_shows_them_are_refused(name):
    with pytest.raises(BadValue):
        Cast((person(1),), None, 2).named("P1", name)


@pytest.mark.parametrize("name", ["Mary", "Jo-Ann O'Neil", "Doe, Jane", "陳大文", "نیما\u200cزاده", "Señora Núñez"])
def test_names_of_the_world_are_taken(name):
    assert Cast((person(1),), None, 2).named("P1", name).person(name).id == "P1"


def test_two_people_cannot_have_one_name_and_old_names_stay_as_aliases():
    cast = Cast((person(1, name="Mary"), person(2)), None, 3)
    with pytest.raises(BadValue, match="merge P2 into P1"):
        cast.named("P2", "mary")
    renamed = cast.named("P1", "Maria")
    assert renamed.person("P1").aliases == ("Mary",)
    assert renamed.named("P1", "Mary").person("P1").aliases == ("Maria",)


# Merging and forgetting.


@needs_encoder
def test_merging_averages_under_one_consent_and_drops_under_two():
    cast = cast_of(person(1, at_angle(1), "Mary"), person(2, at_angle(0), "Old Mary"), person(3, at_angle(0.5)))
    kept = cast.merged("P2", "P1").person("P1")
    assert kept.name == "Mary"
    assert kept.aliases == ("P2", "Old Mary")
    assert kept.voice.seconds == 40.0
    assert float(kept.voice.numbers() @ at_angle(1)) == pytest.approx(np.sqrt(0.5), abs=1e-3)
    other = cast.having(replace(cast.person("P2"), consent=OTHER)).merged("P2", "P1").person("P1")
    assert (other.voice, other.consent) == (cast.person("P1").voice, GIVEN)
    with pytest.raises(BadValue):
        cast.merged("P1", "Mary")


@needs_encoder
def test_merging_takes_name_and_consent_over_where_there_is_none():
    cast = cast_of(person(1), person(2, at_angle(1), "Mary"))
    kept = cast.merged("Mary", "P1").person("P1")
    assert (kept.name, kept.consent, kept.voice) == ("Mary", GIVEN, cast.person("P2").voice)


KINDS = st.sampled_from(["add", "name", "merge", "consent", "forget", "drop"])
EDITS = st.lists(st.tuples(KINDS, st.integers(1, 5), st.integers(1, 5)), max_size=12)


@needs_encoder
@given(EDITS)
def test_whatever_is_edited_reads_back_and_holds_no_print_without_consent(tmp_path_factory, edits):
    path, cast = tmp_path_factory.mktemp("edits") / "cast.json", Cast()
    for n, (what, one, other) in enumerate(edits):
        try:
            match what:
                case "add":
                    consent = GIVEN if other > 2 else None
                    speaker = heard("S1", at_angle(one / 6, other))
                    cast, _ = recognise([speaker], cast, Recording(f"{n}.wav", str(n)), consent)
                case "name":
                    cast = cast.named(f"P{one}", f"Name {other}")
                case "merge":
                    cast = cast.merged(f"P{one}", f"P{other}")
                case "consent":
                    cast = cast.consenting(f"P{one}", OTHER)
                case "forget":
                    cast = cast.forgetting(f"P{one}")
                case "drop":
                    cast = cast.without(f"P{one}")
        except (UnknownName, BadValue):
            continue
    cast_file.change(path, lambda _: (cast, None), new=True)
    assert load(path) == cast
    assert all(p.consent for p in cast.people if p.voice)


@needs_encoder
def test_forgetting_leaves_nothing_and_ids_are_not_given_again():
    cast = cast_of(person(1, at_angle(1), "Mary"))
    gone = cast.without("Mary")
    assert gone == Cast((), None, 2)
    assert recognise([heard("S1", at_angle(1))], gone, EPISODE_2, None)[1].labels == {"S1": "P2"}
    nameonly = cast.forgetting("P1").person("P1")
    assert (nameonly.name, nameonly.voice, nameonly.consent) == ("Mary", None, None)
