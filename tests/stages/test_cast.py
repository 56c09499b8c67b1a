"""A cast file through a series: who is known again, who is new, what is kept and what is not."""

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.analysis import cast as cast_file
from audiopost.analysis import voice_print
from audiopost.analysis.cast import Appearance, Cast, Encoder, load
from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue
from audiopost.core.project import MediaInfo, Project
from audiopost.core.serial import to_json
from audiopost.core.speech import CastRole, SpeakerTurn, Transcript, Utterance, Word
from audiopost.core.stage import Choice, silent
from audiopost.delivery.provenance import provenance
from audiopost.io import decode
from audiopost.pipeline import state
from audiopost.stages import diarise as stage
from audiopost.stages.diarise import Options, Stage
from audiopost.stages.diarise.cast import ACCEPTED, alone, recognise

SPEC = importlib.util.spec_from_file_location("people", Path(__file__).parents[1] / "fixtures" / "people.py")
people = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(people)
EPISODE_1 = people.EPISODE_1
EPISODE_2 = people.EPISODE_2
GIVEN = people.GIVEN
OTHER = people.OTHER
at_angle = people.at_angle
cast_of = people.cast_of
heard = people.heard
needs_encoder = people.needs_encoder
person = people.person

CONSENT = "Players of the scene, production X; speaker labels of series X; 2026-11-01"


# Who speaks alone, against a slow reference.


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(1, 12), st.sampled_from("abc")), max_size=8
    )
)  # fmt: skip
def test_alone_is_where_exactly_one_speaker_talks(drawn):
    turns = [SpeakerTurn(start, start + length, who) for start, length, who in drawn]
    found = alone(turns)
    for middle in np.arange(0.5, 43):
        talking = {t.speaker for t in turns if t.start_s <= middle < t.end_s}
        claimed = {who for who, spans in found.items() if any(s.start_s <= middle < s.end_s for s in spans)}
        assert claimed == (talking if len(talking) == 1 else set())
    assert all(spans == tuple(sorted(spans)) for spans in found.values())


# Matching.


@needs_encoder
def test_known_again_and_new():
    cast = cast_of(person(1, at_angle(1), "Mary"), person(2, at_angle(0.1)))
    cast, found = recognise(
        [heard("S1", at_angle(0.1)), heard("S2", at_angle(0.95, 3), 20), heard("S3", at_angle(0, 9), 40)],
        cast, EPISODE_2, GIVEN,
    )  # fmt: skip
    assert found.labels == {"S1": "P2", "S2": "Mary", "S3": "P3"}
    assert found.roles == (
        CastRole("P2", "P2", False, 1.0, GIVEN), CastRole("Mary", "P1", False, 0.95, GIVEN),
        CastRole("P3", "P3", True, None, GIVEN),
    )  # fmt: skip
    assert found.warnings == ()
    assert cast.next == 4
    assert cast.person("P3").seen_in == (Appearance("two.wav", "2" * 64, 45.0),)


@needs_encoder
def test_who_is_doubtful_is_new_and_the_warning_says_who_it_may_be():
    cast = cast_of(person(1, at_angle(1), "Mary"))
    cast, found = recognise([heard("S2", at_angle(0.79))], cast, EPISODE_2, GIVEN)
    assert found.labels == {"S2": "P2"}
    (warning,) = found.warnings
    assert f"S2 may be P1 (Mary) (similarity 0.79, accepted from {ACCEPTED:.2f})" in warning
    assert "cast merge FILE P2 P1" in warning
    assert cast.person("P1").name == "Mary"


@needs_encoder
def test_between_two_who_sound_alike_nobody_is_chosen_and_no_print_is_kept():
    first, second = at_angle(1), at_angle(0.97, 2)
    between = (first + second) / np.linalg.norm(first + second)
    cast, found = recognise([heard("S1", between)], cast_of(person(1, first), person(2, second)), EPISODE_2, GIVEN)
    assert found.labels == {"S1": "P3"}
    assert cast.person("P3").voice is None
    assert "no voice print of P3 is kept" in found.warnings[0]
    # Once a person names them they are somebody of their own, and the same recording gives the print.
    cast, found = recognise([heard("S1", between)], cast.named("P3", "Zoë"), EPISODE_2, None)
    assert found.labels == {"S1": "Zoë"}
    assert cast.person("P3").voice is not None


@needs_encoder
def test_sisters_in_one_recording_are_told_apart_by_each_other():
    ann, bea = at_angle(1), at_angle(0.93, 2)
    like_ann = 0.9 * ann + 0.1 * bea
    cast = cast_of(person(1, ann, "Ann"), person(2, bea, "Bea"))
    both = [heard("S1", bea), heard("S2", like_ann / np.linalg.norm(like_ann), 20)]
    assert recognise(both, cast, EPISODE_2, None)[1].labels == {"S1": "Bea", "S2": "Ann"}


@needs_encoder
def test_one_person_is_never_two_speakers():
    cast = cast_of(person(1, at_angle(1), "Mary"))
    _, found = recognise(
        [heard("S1", at_angle(0.95)), heard("S2", at_angle(0.97), 20)], cast, EPISODE_2, None
    )  # fmt: skip
    assert found.labels == {"S1": "P2", "S2": "Mary"}
    assert "S1 may be P1 (Mary)" in found.warnings[0]


@needs_encoder
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.integers(0, 5))
def test_nobody_is_called_a_name_below_the_threshold_or_near_another(cosines, people):
    rng = np.random.default_rng(people)
    known = [vector / np.linalg.norm(vector) for vector in rng.random((people, voice_print.SIZE)).astype(np.float32)]
    cast = cast_of(*(person(i + 1, v, f"Name {i}") for i, v in enumerate(known)))
    speakers = [heard(f"S{i}", at_angle(c, i + 1), 20.0 * i) for i, c in enumerate(cosines)]
    after, found = recognise(speakers, cast, EPISODE_2, None)
    named = [role for role in found.roles if not role.new]
    assert all(role.similarity >= ACCEPTED - 1e-3 for role in named)
    assert len({role.person for role in found.roles}) == len(speakers)
    assert [(p.id, p.name) for p in after.people[:people]] == [(p.id, p.name) for p in cast.people]


def test_too_little_speech_is_left_alone():
    cast, found = recognise([heard("S1", None, seconds=1.0)], Cast(), EPISODE_1, GIVEN)
    assert (cast, found.labels, found.roles) == (Cast(), {}, ())
    assert "S1 speaks alone for 1.0 s" in found.warnings[0]


# Consent.


@needs_encoder
def test_without_consent_no_print():
    cast, found = recognise([heard("S1", at_angle(1))], Cast(), EPISODE_1, None)
    assert cast.person("P1").voice is None
    assert cast.encoder is None
    assert "No voice print is kept of P1" in found.warnings[0]
    assert cast_file.CONSENT_FORMAT in found.warnings[0]
    # It can be given later: the same recording then makes the print, and nobody is added twice.
    cast, found = recognise([heard("S1", at_angle(1))], cast.consenting("P1", GIVEN), EPISODE_1, None)
    assert [p.id for p in cast.people] == ["P1"]
    assert cast.person("P1").voice is not None
    assert found.warnings == ()


@needs_encoder
def test_a_print_grows_with_the_next_recording_under_the_same_consent_only():
    cast = cast_of(person(1, at_angle(1), "Mary"))
    other, same = (recognise([heard("S1", at_angle(0.9))], cast, EPISODE_2, c)[0].person("P1") for c in (OTHER, GIVEN))
    assert other.voice == cast.person("P1").voice
    assert other.consent == GIVEN
    assert same.voice.seconds == 30.0
    assert 0.9 < float(same.voice.numbers() @ at_angle(0.9)) < 1
    again = recognise([heard("S1", at_angle(0.9))], cast.having(same), EPISODE_2, GIVEN)[0]
    assert again.person("P1") == same


def test_the_same_recording_finds_its_people_without_any_print():
    speakers = [heard("S1", None, 0), heard("S2", None, 20)]
    cast, _ = recognise(speakers, Cast(), EPISODE_1, None)
    swapped = [heard("S1", None, 20), heard("S2", None, 0)]
    again, found = recognise(swapped, cast, EPISODE_1, None)
    assert again == cast
    assert found.labels == {"S1": "P2", "S2": "P1"}
    assert not any(role.new for role in found.roles)
    merged = again.merged("P2", "P1")
    assert recognise(speakers, merged, EPISODE_1, None)[1].labels == {"S1": "P1", "S2": "P1"}


@pytest.mark.parametrize(
    "text", ["Jane", "Jane; labels", "Jane; labels; yesterday", "; labels; 2026-01-01", "a;b;c;2026-01-01",
             "Jane; labels; 2999-01-01", "Ja\x1bne; labels; 2026-01-01"],
)  # fmt: skip
def test_a_consent_that_does_not_say_who_what_and_when_is_refused(text):
    with pytest.raises(BadValue):
        Options(cast="cast.json", consent=text)


def test_a_consent_without_a_cast_is_refused():
    with pytest.raises(BadValue, match="no cast file"):
        Options(consent=CONSENT)


# The stage, on voices.


@pytest.fixture(scope="module")
def two_episodes(scene):
    """The dialogue of the shipped scene in two parts, and who speaks when in each."""
    dialogue = decode.load(scene.with_suffix(".dialogue.flac")).audio
    mono = Audio(dialogue.samples.mean(axis=0), dialogue.rate)
    spoken = json.loads(scene.with_suffix(".json").read_text("utf-8"))["utterances"]
    parts = []
    for start_s, end_s in ((0.0, 22.0), (22.0, 62.0)):
        inside = [u for u in spoken if start_s <= u["start_s"] < end_s]
        turns = tuple(SpeakerTurn(u["start_s"] - start_s, u["end_s"] - start_s, u["speaker"]) for u in inside)
        parts.append((mono.between(start_s, end_s), turns))
    return parts


@pytest.fixture
def run(monkeypatch, tmp_path):
    """run(audio, turns, **options) -> Project: the stage with a backend that knows the turns."""

    def go(audio, turns, *, exclusive=None, file="episode.wav", transcript=None, **options):
        backend = SimpleNamespace(turns=lambda *_: iter(turns), exclusive=exclusive)
        monkeypatch.setattr(stage, "BACKENDS", SimpleNamespace(choose=lambda _: (backend, Choice("known", "test"))))
        media = MediaInfo(file, audio.sha256(), "WAV", "PCM_16", audio.rate, 1, ("M",), audio.duration_s)
        project = Project(media, audio, transcript=transcript)
        return Stage()(project, Options(**{"cast": str(tmp_path / "cast.json"), **options}), silent)

    return go


def who(project: Project, turns) -> dict[str, str]:
    """The label of each speaker of the truth."""
    in_order = sorted(turns, key=lambda turn: turn.start_s)
    return {true.speaker: found.speaker for true, found in zip(in_order, project.turns, strict=True)}


@pytest.mark.slow
@needs_encoder
def test_a_series_keeps_its_names(run, two_episodes, tmp_path):
    path = tmp_path / "cast.json"
    (first, first_turns), (second, second_turns) = two_episodes
    one = run(first, first_turns, consent=CONSENT)
    assert who(one, first_turns) == {"Anna": "P1", "Tom": "P2"}
    cast_file.change(path, lambda cast: (cast.named("P1", "Anna Lee"), None))
    low = Audio(second.samples, round(second.rate * 0.7))  # slower and deeper: two voices nobody knows
    guests = tuple(SpeakerTurn(t.start_s / 0.7, t.end_s / 0.7, f"guest {t.speaker}") for t in second_turns)
    three = run(low, guests, consent=CONSENT)
    assert set(who(three, guests).values()) == {"P3", "P4"}
    words = tuple(Word(t.start_s, t.end_s, "word") for t in second_turns)
    transcript = Transcript("en", (Utterance(0, 40, "words", "en", words),))
    two = run(second, second_turns, transcript=transcript)
    assert who(two, second_turns) == {"Anna": "Anna Lee", "Tom": "P2"}
    assert [w.speaker for w in two.transcript.words] == [t.speaker for t in two.turns]
    assert {(r.speaker, r.person, r.new, r.consent) for r in two.cast} == {
        ("Anna Lee", "P1", False, GIVEN), ("P2", "P2", False, GIVEN)
    }  # fmt: skip
    assert all(r.similarity >= ACCEPTED for r in two.cast)
    assert load(path).person("P1").name == "Anna Lee"
    assert len(load(path).people) == 4


@needs_encoder
def test_the_same_run_again_changes_nothing(run, two_episodes, tmp_path):
    first, turns = two_episodes[0]
    one = run(first, turns, consent=CONSENT)
    before = (tmp_path / "cast.json").read_bytes()
    again = run(first, turns, consent=CONSENT)
    assert again.turns == one.turns
    assert (tmp_path / "cast.json").read_bytes() == before


@needs_encoder
def test_without_consent_no_print_is_anywhere(run, two_episodes, tmp_path):
    first, turns = two_episodes[0]
    project = run(first, turns)
    assert {t.speaker for t in project.turns} == {"P1", "P2"}
    assert "No voice print is kept of P1, P2" in " ".join(project.step("diarise").warnings)
    text = (tmp_path / "cast.json").read_text("utf-8")
    assert [p["voice"] for p in json.loads(text)["people"]] == [None, None]
    assert "0." not in text.replace(f'"at_s": {load(tmp_path / "cast.json").person("P1").seen_in[0].at_s}', "")


@needs_encoder
def test_project_and_provenance_repeat_the_consent_and_never_the_print(run, two_episodes, tmp_path):
    first, turns = two_episodes[0]
    project = run(first, turns, consent=CONSENT)
    voices = [p.voice.vector for p in load(tmp_path / "cast.json").people]
    saved = state.save(project, tmp_path / "project.json", keep_in=None)
    record = provenance(project, {"rttm": saved})
    for text in (saved.read_text("utf-8"), json.dumps(record)):
        assert not any(vector[:40] in text or vector.split()[1] in text for vector in voices)
    (step,) = record["steps"]
    assert step["cast"][0]["consent"] == to_json(GIVEN)
    assert step["options"]["cast"] == "cast.json"
    assert "resemblyzer" in record["software"]["packages"]
    assert state.load(saved, first).cast == project.cast


def test_without_a_cast_nothing_of_it_is_recorded(run, two_episodes, tmp_path):
    first, turns = two_episodes[0]
    project = run(first, turns, cast="")
    assert project.cast is None
    assert "cast" not in provenance(project, {})["steps"][0]
    assert {t.speaker for t in project.turns} == {"S1", "S2"}
    assert not list(tmp_path.iterdir())


def test_words_follow_the_exclusive_turns(run, two_episodes):
    audio, _ = two_episodes[0]
    both = (SpeakerTurn(0, 10, "a"), SpeakerTurn(0, 10, "b"))
    exclusive = (SpeakerTurn(5, 10, "a"), SpeakerTurn(0, 5, "b"))
    words = (Word(1, 2, "one"), Word(6, 7, "two"))
    transcript = Transcript("en", (Utterance(1, 7, "one two", "en", words),))
    project = run(audio, both, exclusive=exclusive, transcript=transcript, cast="")
    assert [w.speaker for w in project.transcript.words] == ["S2", "S1"]


def test_silence_and_prints_of_another_encoder(run, tmp_path):
    silence = Audio(np.zeros(16_000), 16_000)
    assert run(silence, ()).turns == ()
    assert not (tmp_path / "cast.json").exists()
    foreign = Cast((person(1, at_angle(1)),), Encoder("another encoder", "f" * 64), 2)
    cast_file.change(tmp_path / "cast.json", lambda _: (foreign, None), new=True)
    if voice_print.weights_path():
        with pytest.raises(BadValue, match="another encoder"):
            run(silence, ())


@needs_encoder
def test_digital_silence_under_a_turn_has_no_print(run, tmp_path):
    project = run(Audio(np.zeros(160_000), 16_000), (SpeakerTurn(0, 10, "a"),), consent=CONSENT)
    assert [t.speaker for t in project.turns] == ["P1"]
    assert load(tmp_path / "cast.json").person("P1").voice is None


@pytest.mark.slow
@needs_encoder
@pytest.mark.shared
def test_people_of_a_meeting_are_known_in_its_next_part(run, shared, tmp_path):
    labels = []
    for name in ("dev00", "dev01"):
        lines = [line.split() for line in (shared / f"audio/diarisation/{name}.rttm").read_text("utf-8").splitlines()]
        turns = tuple(SpeakerTurn(float(f[3]), float(f[3]) + float(f[4]), f[7]) for f in lines)
        audio = decode.load(shared / f"audio/diarisation/{name}.flac").audio
        labels.append(who(run(audio, turns, file=name, consent=CONSENT), turns))
    assert labels[0] == labels[1]
    assert set(labels[0]) == {"MEE009", "MEE012"}
