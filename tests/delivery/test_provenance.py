import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.marks import DECISIONS, Finding
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import Caption, CastRole, Consent, Transcript
from audiopost.core.spotting import Cue
from audiopost.core.stage import ModelInfo, Step
from audiopost.delivery.provenance import cue_review, disclosure, provenance, write_provenance
from audiopost.models.store import together

RNNOISE = ModelInfo("RNNoise", "0.4.5", "BSD-3-Clause", "pyrnnoise", "a" * 64)
WHISPER = ModelInfo("whisper-small", "2022-09", "MIT", "https://huggingface.co/Systran/faster-whisper-small", "b" * 64)


def step(stage, backend="dsp", model=None, **changes):
    fields = {"options": {"backend": "auto"}, "reason": "auto"} | changes
    return Step(stage, backend, model=model, **fields)


@pytest.fixture
def project():
    audio = Audio(np.zeros(480), 48000)
    media = MediaInfo("/home/someone/夜.wav", "ab" * 32, "WAV", "PCM_24", 48000, 1, ("M",), 0.01)
    steps = (
        step("restore", timing={"seconds": 1.0, "started": "2026-01-01T00:00:00Z"}),
        step("denoise", "rnnoise", RNNOISE, input_sha256="1" * 64, output_sha256="2" * 64),
        step("transcribe", "faster-whisper", WHISPER),
        step("loudness", "bs1770", options={"backend": "auto", "spec": "ebu-r128", "limit": True}),
    )
    return Project(media, audio, repaired=audio, clean=audio, master=audio, steps=steps, missing=("cues: no speech.",))


@pytest.fixture
def outputs(tmp_path):
    (tmp_path / "夜.clean.wav").write_bytes(b"clean")
    (tmp_path / "夜.srt").write_bytes(b"1\n")
    return {"srt": tmp_path / "夜.srt", "clean": tmp_path / "夜.clean.wav"}


def test_every_file_has_hash_size_and_one_sentence(project, outputs):
    record = provenance(project, outputs)
    assert [entry["file"] for entry in record["deliverables"]] == ["夜.clean.wav", "夜.srt"]
    clean = record["deliverables"][0]
    assert clean["sha256"] == hashlib.sha256(b"clean").hexdigest()
    assert clean["bytes"] == 5
    for entry in record["deliverables"]:
        assert entry["disclosure"].endswith(".")
        assert ". " not in entry["disclosure"]


def test_every_step_says_what_did_it(project, outputs):
    record = provenance(project, outputs)
    denoise = record["steps"][1]
    assert denoise["model"] == {
        "name": "RNNoise", "version": "0.4.5", "licence": "BSD-3-Clause", "source": "pyrnnoise", "sha256": "a" * 64,
        "parts": [],
    }  # fmt: skip
    assert denoise["input_sha256"] == "1" * 64
    assert denoise["options"] == {"backend": "auto"}
    assert [s["uses_ai_model"] for s in record["steps"]] == [False, True, True, False]
    assert record["software"]["audiopost"]
    assert {"numpy", "pyrnnoise"} <= set(record["software"]["packages"])
    assert record["missing"] == ["cues: no speech."]


def test_who_was_recognised_stands_with_the_consent(project, outputs):
    roles = (
        CastRole("Anna", "P1", similarity=0.931, consent=Consent("Anna Lee", "labels of series X", "2026-01-02")),
        CastRole("P2", "P2", new=True),
    )
    speakers = step("diarise", "pyannote", WHISPER, options={"cast": "/home/someone/cast.json"})
    record = provenance(replace(project, cast=roles, steps=(*project.steps, speakers)), outputs)
    entry = record["steps"][-1]
    assert entry["cast"] == [
        {"speaker": "Anna", "person": "P1", "new": False, "similarity": 0.931,
         "consent": {"who": "Anna Lee", "scope": "labels of series X", "date": "2026-01-02"}},
        {"speaker": "P2", "person": "P2", "new": True, "similarity": None, "consent": None},
    ]  # fmt: skip
    assert entry["options"] == {"cast": "cast.json"}
    assert not any("cast" in each for each in record["steps"][:-1])
    text = disclosure("rttm", replace(project, cast=roles, steps=(speakers,)))
    assert text.startswith("Speaker turns found and named by voice with whisper-small")


def test_times_lie_apart_and_paths_stay_at_home(project, outputs):
    record = provenance(project, outputs)
    assert record["timing"][0] == {"stage": "restore", "seconds": 1.0, "started": "2026-01-01T00:00:00Z"}
    del record["timing"]
    text = json.dumps(record)
    assert "2026" not in text
    assert "someone" not in text


def test_the_same_work_gives_the_same_bytes(project, outputs, tmp_path):
    first = write_provenance(tmp_path / "a.json", project, outputs).read_bytes()
    assert first == write_provenance(tmp_path / "b.json", project, dict(reversed(outputs.items()))).read_bytes()
    assert "夜" in first.decode()


def test_a_name_that_is_no_text_survives(project, tmp_path):
    odd = replace(project, media=replace(project.media, path="/x/caf\udce9.wav"))
    path = write_provenance(tmp_path / "p.json", odd, {})
    assert json.loads(path.read_text("utf-8"))["source"]["file"] == "caf\udce9.wav"


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (
            "clean",
            "Programme mended by signal processing (dsp) and denoised with RNNoise 0.4.5 (BSD-3-Clause); "
            "made with AI models, not reviewed by a person.",
        ),
        ("music", "Music mended by signal processing (dsp); no AI model, not reviewed by a person."),
        ("srt", "Subtitles machine-transcribed with whisper-small 2022-09 (MIT); not reviewed."),
        ("imsc", "Subtitles machine-transcribed with whisper-small 2022-09 (MIT); not reviewed."),
        (
            "srt.en",
            "Subtitles machine-transcribed and machine-translated with whisper-small 2022-09 (MIT); not reviewed.",
        ),
        ("dialogue_list", "Dialogue list machine-transcribed with whisper-small 2022-09 (MIT); not reviewed."),
        ("removed", "What was taken away, for a check by ear: the source minus the clean mix; nothing was added."),
    ],
)
def test_disclosure_names_what_did_it(project, kind, sentence):
    assert disclosure(kind, project) == sentence


def test_signal_processing_that_uses_a_model_says_both(project):
    split = replace(project, steps=(step("separate", "dsp", RNNOISE),))
    assert disclosure("music", split).startswith(
        "Music separated by signal processing around RNNoise 0.4.5 (BSD-3-Clause)"
    )


def test_each_of_several_models_has_its_own_version_licence_and_hash(project):
    own = ModelInfo("audiopost-house", "2", "Apache-2.0", "here", "b" * 64)
    split = replace(project, steps=(step("separate", "house", together((own, RNNOISE))),))
    assert disclosure("music", split).startswith(
        "Music separated with audiopost-house 2 (Apache-2.0) and RNNoise 0.4.5 (BSD-3-Clause)"
    )
    (recorded,) = provenance(split, {})["steps"]
    assert [part["sha256"] for part in recorded["model"]["parts"]] == ["b" * 64, "a" * 64]


def test_loudness_alone_is_no_ai(project):
    only = replace(project, steps=project.steps[-1:])
    assert disclosure("master", only) == "Loudness brought to EBU R 128 by gain and limiting; no AI."
    assert "picture is copied untouched" in disclosure("film", only)
    whole = disclosure("master", project)
    assert "RNNoise" in whole
    assert "EBU R 128" in whole
    assert "AI models" in whole


def test_a_draft_is_called_one(project):
    draft = step("transcribe", "pocketsphinx", WHISPER, draft="a small model")
    assert disclosure("srt", replace(project, steps=(draft,))).startswith("Draft subtitles")


def test_a_script_and_written_chinese_are_named(project):
    heard = step("transcribe", "faster-whisper", WHISPER)
    script = replace(heard, options={"script": "a.fountain"})
    assert "timed after a supplied script" in disclosure("srt", replace(project, steps=(script,)))
    written = replace(heard, options={"register": "written"})
    chinese = replace(project, steps=(written,), transcript=Transcript("zh-Hant"))
    assert "machine-rendered in written Chinese" in disclosure("srt", chinese)


@pytest.mark.parametrize(
    "kind", ["dialogue", "master", "film", "srt", "rttm", "scenes", "cues", "report", "project", "new"]
)
def test_every_kind_has_a_sentence_even_without_steps(project, kind):
    assert disclosure(kind, replace(project, steps=())).endswith(".")


@pytest.mark.parametrize(
    ("options", "kind", "verb"),
    [
        ({"task": "translate"}, "srt", "machine-translated into English with"),
        ({"script": "s.txt"}, "srt", "timed after a supplied script with"),
        ({"script": "s.txt"}, "srt.en", "machine-transcribed and machine-translated with"),
        ({"script": "s.txt"}, "dialogue_list", "timed after a supplied script and machine-translated with"),
        ({"register": "written"}, "json", "machine-rendered in written Chinese with"),
        ({}, "elrc", "machine-transcribed with"),
    ],
)
def test_text_says_how_it_came_about(project, options, kind, verb):
    texts = {"transcript": Transcript("zh-Hant"), "translation": Transcript("en")}
    made = replace(project, steps=(step("transcribe", "faster-whisper", WHISPER, options=options),), **texts)
    assert f" {verb} whisper-small" in disclosure(kind, made)


def test_captions_in_two_languages_are_said_to_be_translated(project):
    steps = (*project.steps, step("subtitles", "layout", options={"style": "hk-bilingual"}))
    both = replace(project, steps=steps, translation=Transcript("en"))
    assert "machine-transcribed and machine-translated" in disclosure("srt", both)
    assert "translated" not in disclosure("srt", replace(both, steps=project.steps))


def test_files_that_options_name_are_told_without_their_folders(project, outputs):
    named = {"script": "/home/someone/film.fountain", "glossary": "~/names.txt", "initial_prompt": "and/or"}
    made = replace(project, steps=(step("transcribe", "faster-whisper", WHISPER, options=named),))
    assert provenance(made, outputs)["steps"][0]["options"] == {
        "script": "film.fountain", "glossary": "names.txt", "initial_prompt": "and/or",
    }  # fmt: skip


def captions(*marks):
    """One caption for each of 'r' (reviewed), 'e' (edited), 'b' (both) or '-' (neither)."""
    return tuple(
        Caption(n, n + 1, ("x",), reviewed=mark in "rb", edited=mark in "eb") for n, mark in enumerate("".join(marks))
    )


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ("---", "not reviewed"),
        ("r--", "1 of 3 captions reviewed by a person"),
        ("rrr", "all 3 captions reviewed by a person"),
        ("e--", "1 caption edited by a person, not reviewed"),
        ("bbr-", "2 captions edited, 3 of 4 captions reviewed by a person"),
    ],
)
def test_subtitles_say_what_people_reviewed(project, marks, said):
    seen = replace(project, captions=captions(marks))
    assert disclosure("srt", seen) == f"Subtitles machine-transcribed with whisper-small 2022-09 (MIT); {said}."
    assert disclosure("dialogue_list", seen).endswith(f"; {said}.")
    assert f"the subtitle track is machine-made, {said}" in disclosure("film", seen)
    assert disclosure("srt.en", seen).endswith("; not reviewed.")  # the translation is another text


def test_the_record_counts_what_people_reviewed(project, outputs):
    record = provenance(replace(project, captions=captions("rrbe--")), outputs)
    assert record["captions"] == {"count": 6, "reviewed_by_a_person": 3, "edited_by_a_person": 2}
    assert "captions" not in provenance(project, outputs)


def test_the_record_counts_decisions_on_findings(project, outputs):
    found = tuple(Finding("clicks", n, n + 1, 0.5, "", "", status=status) for n, status in enumerate(DECISIONS))
    record = provenance(replace(project, findings=found), outputs)
    assert record["findings"] == {"count": 3, "accepted_by_a_person": 1, "dismissed_by_a_person": 1}
    assert "findings" not in provenance(replace(project, findings=None), outputs)


def test_the_disclosure_counts_what_people_did_to_the_cues() -> None:
    cue = Cue(1, 0, 9, "underscore", "joy", (80, 90), "major", (), "", 0.5)
    left = [replace(cue, number=n) for n in range(1, 9)]
    assert cue_review(left) == cue_review(None) == "not reviewed"
    judged = [replace(each, status="accepted", edited=each.number == 1) for each in left[:3]]
    judged += [replace(each, status="rejected") for each in left[3:5]]
    there = replace(cue, number=9, status="existing")
    said = "3 of 8 cues accepted by a person, 1 changed, 2 rejected"
    assert cue_review([*judged, *left[5:], there]) == said
