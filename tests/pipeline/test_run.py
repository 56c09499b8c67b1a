from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import audiopost as ap
from audiopost import presets
from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, Cancelled, InputError, MissingModel, OutputError, StageError, UnknownName
from audiopost.core.speech import Transcript, Utterance, Word
from audiopost.io import scratch
from audiopost.io.decode import load
from audiopost.pipeline import apply, deliver, state
from audiopost.pipeline import run as run_job
from audiopost.pipeline.target import Target
from audiopost.stages import denoise as denoise_stage
from audiopost.stages import emotion as emotion_stage

EVERYTHING = {
    "dialogue", "music", "effects", "clean", "removed", "master", "srt", "vtt", "ass", "ttml", "json", "rttm",
    "dialogue_list", "dialogue_list_xlsx",
    "scenes", "scenes_otio", "cues", "cues_xlsx", "cues_pdf", "cues_otio", "emotion_csv", "spotting",
    "report", "provenance", "project",
}  # fmt: skip
QUICK = ("diagnose", "restore", "denoise", "loudness")
ENGLISH = ("transcribe.language=en", "transcribe.backend=pocketsphinx")


@pytest.fixture
def quick() -> presets.Preset:
    whole = presets.load("podcast")
    return presets.Preset("quick", "Quick", "", QUICK, {name: whole.options[name] for name in QUICK})


@pytest.mark.slow
def test_a_film_gives_every_deliverable(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run_job(film, "film-dialogue", out, settings=ENGLISH)
    assert set(result.outputs) == EVERYTHING | {"film", "removed-hum"}
    assert all(path.stat().st_size > 0 and path.name.startswith("reel.") for path in result.outputs.values())
    assert sorted(p.name for p in out.iterdir()) == sorted(p.name for p in result.outputs.values()), "nothing else"
    source = load(film)
    assert source.media.timebase.start_timecode == "10:00:00:00"
    audio = {kind: load(result.outputs[kind]).audio for kind in ("dialogue", "music", "effects", "clean", "removed")}
    for each in audio.values():
        assert (each.rate, each.layout, each.frames) == (source.audio.rate, source.audio.layout, source.audio.frames)
    null = audio["clean"].samples + audio["removed"].samples - source.audio.samples
    assert np.abs(null).max() < 10 ** (-90 / 20)
    remix = audio["dialogue"].samples + audio["music"].samples + audio["effects"].samples
    assert np.abs(remix - audio["clean"].samples).max() < 10 ** (-90 / 20)
    master = ap.measure_loudness(load(result.outputs["master"]).audio)
    assert master.integrated_lufs == pytest.approx(-23, abs=0.2)
    assert "10:00:0" in result.outputs["scenes"].read_text(encoding="utf-8-sig")
    muxed = load(result.outputs["film"])
    assert muxed.media.has_video
    assert muxed.audio.duration_s == pytest.approx(source.audio.duration_s, abs=0.05)
    record = json.loads(result.outputs["provenance"].read_text())
    assert {entry["file"] for entry in record["deliverables"]} >= {
        p.name for k, p in result.outputs.items() if k != "provenance"
    }


def test_same_rate_layout_and_null(take: Path, tmp_path: Path, quick: presets.Preset) -> None:
    result = run_job(take, quick, tmp_path / "out")
    source = load(take).audio
    clean, removed = (load(result.outputs[kind]).audio for kind in ("clean", "removed"))
    assert np.abs(clean.samples + removed.samples - source.samples).max() < 10 ** (-90 / 20)
    assert soundfile.info(result.outputs["clean"]).subtype == "PCM_24"
    assert list(result.seconds) == ["decode", *QUICK, "deliver"]
    assert not [p for p in (tmp_path / "out").iterdir() if p.name.startswith(".")], "work files are gone"


def test_float_in_float_out(take: Path, tmp_path: Path, excerpt: Audio, quick: presets.Preset) -> None:
    hot = tmp_path / "hot.wav"
    soundfile.write(hot, excerpt.samples.T * 4, excerpt.rate, subtype="FLOAT")
    result = run_job(hot, quick, tmp_path / "out")
    for kind in ("clean", "removed", "master"):
        assert soundfile.info(result.outputs[kind]).subtype == "FLOAT"


def test_two_runs_give_the_same_deliverables(take: Path, tmp_path: Path, quick: presets.Preset) -> None:
    first, second = (run_job(take, quick, tmp_path / name).outputs for name in ("a", "b"))
    for kind in ("clean", "removed", "master", "project"):
        a, b = first[kind].read_bytes(), second[kind].read_bytes()
        if kind == "project":
            a, b = (json.dumps(_without_timing(json.loads(x))).encode() for x in (a, b))
        assert a == b, kind


def _without_timing(data: dict) -> dict:
    for step in data["steps"]:
        step.pop("timing")
    return data


def test_project_file_is_lossless(take: Path, tmp_path: Path, quick: presets.Preset) -> None:
    result = run_job(take, quick, tmp_path / "out")
    keep = tmp_path / "kept"
    keep.mkdir()
    path = state.save(result.project, keep / "p.json", keep_in=keep)
    assert state.load(path, result.project.audio) == result.project


def test_a_missing_model_is_told_and_the_rest_delivered(
    take: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path / "none"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "none"))
    preset = presets.load("podcast")
    stages = ("transcribe", "subtitles", "loudness")
    short = presets.Preset("p", "P", "", stages, {s: preset.options[s] for s in stages})
    result = run_job(take, short, tmp_path / "out")
    assert "srt" not in result.outputs
    assert {"master", "report"} <= set(result.outputs)
    assert any("audiopost models pull" in sentence for sentence in result.project.missing)
    with pytest.raises(MissingModel, match="audiopost models pull"):
        run_job(take, short, tmp_path / "out2", settings=("transcribe.backend=faster-whisper",))
    assert not (tmp_path / "out2").exists(), "refused before anything began"


FELT = ("transcribe", "emotion")


@pytest.fixture
def felt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> presets.Preset:
    """Words and feelings, without a model of either on this machine."""
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path / "none"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "none"))
    whole = presets.load("film-dialogue")
    return presets.Preset("felt", "Felt", "", FELT, {name: whole.options[name] for name in FELT})


def test_what_reads_the_words_is_refused_before_the_work_where_it_is_named_and_missing(
    take: Path, tmp_path: Path, felt: presets.Preset
) -> None:
    named = ("emotion.words_backend=transformers",)
    with pytest.raises(MissingModel, match=r"emotion-words: transformers cannot run.*audiopost models pull"):
        run_job(tmp_path / "not-there.wav", felt, tmp_path / "out", settings=named)
    assert not (tmp_path / "out").exists()
    with pytest.raises(UnknownName, match="lexicon"):
        run_job(tmp_path / "not-there.wav", felt, tmp_path / "out", settings=("emotion.words_backend=lexikon",))
    # Where words do not count, nothing reads them.
    unread = run_job(take, felt, tmp_path / "out", settings=(*named, "emotion.words=false", *ENGLISH))
    assert "emotion" in unread.seconds


def test_resume_feels_again_where_something_else_would_read_the_words(
    take: Path, tmp_path: Path, felt: presets.Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_job(take, felt, tmp_path / "out", settings=ENGLISH)
    assert first.project.step("emotion").parts == {"emotion-words": "lexicon"}  # type: ignore[union-attr]
    again = run_job(take, felt, tmp_path / "out", settings=ENGLISH, resume=True)
    assert set(again.seconds) == {"decode", "deliver"}
    reads = emotion_stage.WORDS
    monkeypatch.setitem(reads.table, "another", reads.table["lexicon"])  # type: ignore[arg-type]
    monkeypatch.setattr(type(reads), "pick", _picks_another(type(reads).pick))
    other = run_job(take, felt, tmp_path / "out", settings=ENGLISH, resume=True)
    assert set(other.seconds) == {"decode", "emotion", "deliver"}


def _picks_another(pick: Callable[..., str | None]) -> Callable[..., str | None]:
    """As `pick`, but of the tables that have it the backend 'another'."""
    return lambda table, options: "another" if "another" in table.names else pick(table, options)


def test_killed_half_way_goes_on(
    take: Path, tmp_path: Path, quick: presets.Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"

    def stop(step: str, completed: float, total: float) -> None:
        if step == "loudness":
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        run_job(take, quick, out, progress=stop)
    assert not list(out.glob("*.wav")), "no half deliverables"
    calls = []
    real = denoise_stage.Stage.__call__
    monkeypatch.setattr(denoise_stage.Stage, "__call__", lambda self, *a: (calls.append(1), real(self, *a))[1])
    result = run_job(take, quick, out, resume=True)
    assert not calls, "denoise was kept"
    fresh = run_job(take, quick, tmp_path / "fresh")
    assert result.outputs["master"].read_bytes() == fresh.outputs["master"].read_bytes()


def test_resume_after_a_changed_option(take: Path, tmp_path: Path, quick: presets.Preset) -> None:
    out = tmp_path / "out"
    run_job(take, quick, out)
    again = run_job(take, quick, out, resume=True, settings=("loudness.spec=ebu-r128",))
    assert again.project.loudness is not None
    assert again.project.loudness.integrated_lufs == pytest.approx(-23, abs=0.2)
    assert "denoise" not in again.seconds


@pytest.mark.parametrize("damage", ["cut", "text", "edited"])
def test_resume_starts_over_where_a_deliverable_was_changed(
    take: Path, tmp_path: Path, quick: presets.Preset, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    first = run_job(take, quick, out)
    clean = first.outputs["clean"]
    if damage == "cut":
        clean.write_bytes(clean.read_bytes()[:100_000])
    elif damage == "text":
        clean.write_text("not sound")
    else:
        samples, rate = soundfile.read(clean)
        soundfile.write(clean, samples * 0.1, rate, subtype="PCM_24")
        later = first.outputs["project"].stat().st_mtime + 60
        os.utime(clean, (later, later))
    again = run_job(take, quick, out, settings=("loudness.spec=atsc-a85",), resume=True)
    assert "Starting over" in caplog.text
    assert "denoise" in again.seconds
    assert again.project.clean == first.project.clean


def test_resume_lays_captions_out_again_at_another_frame_rate(take: Path, tmp_path: Path) -> None:
    preset = presets.load("podcast")
    stages = ("transcribe", "subtitles", "loudness")
    short = presets.Preset("p", "P", "", stages, {s: preset.options[s] for s in stages})
    run_job(take, short, tmp_path / "out", settings=ENGLISH)
    again = run_job(take, short, tmp_path / "out", settings=ENGLISH, resume=True, fps="24")
    whole = run_job(take, short, tmp_path / "whole", settings=ENGLISH, fps="24")
    assert "transcribe" not in again.seconds
    assert again.project.captions == whole.project.captions
    assert again.project.captions


@pytest.fixture
def spoken() -> presets.Preset:
    whole = presets.load("podcast")
    stages = ("transcribe", "subtitles", "loudness")
    return presets.Preset("spoken", "Spoken", "", stages, {name: whole.options[name] for name in stages})


@pytest.mark.parametrize("way", ["edited", "an older one in its place", "kept"])
def test_resume_reads_a_glossary_again_that_changed(
    take: Path, tmp_path: Path, spoken: presets.Preset, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    names, other = tmp_path / "names.txt", tmp_path / "other.txt"
    names.write_text("Harbour\n")
    settings = (*ENGLISH, "transcribe.glossary=~/names.txt")
    first = run_job(take, spoken, tmp_path / "out", settings=settings)
    timing = first.project.steps[0].timing
    assert timing is not None
    # As if the run had been an hour ago: file systems and the record tell seconds.
    saved = first.outputs["project"]
    data = json.loads(saved.read_text(encoding="utf-8"))
    data["steps"][0]["timing"]["started"] = "2020-01-01T00:00:00+00:00"
    if way == "kept":
        data["steps"][0]["timing"]["seconds"] = 1e9
    else:
        other.write_text("Meilin\n")
        os.utime(other, (0, 0) if way == "an older one in its place" else None)
        other.replace(names)
    saved.write_text(json.dumps(data), encoding="utf-8")
    again = run_job(take, spoken, tmp_path / "out", settings=settings, resume=True)
    assert ("transcribe" in again.seconds) == (way != "kept")


def test_resume_hears_again_where_the_characters_were_converted(
    take: Path, tmp_path: Path, spoken: presets.Preset
) -> None:
    run_job(take, spoken, tmp_path / "out", settings=(*ENGLISH, "subtitles.script_variant=hans"))
    same = run_job(take, spoken, tmp_path / "out", settings=(*ENGLISH, "subtitles.script_variant=hans"), resume=True)
    assert "transcribe" not in same.seconds
    other = run_job(take, spoken, tmp_path / "out", settings=ENGLISH, resume=True)
    assert "transcribe" in other.seconds
    style = run_job(take, spoken, tmp_path / "out", settings=(*ENGLISH, "subtitles.style=bbc"), resume=True)
    assert "transcribe" not in style.seconds


@pytest.mark.parametrize(
    "text", ["[1]", "{}", "no JSON", '{"audiopost_project": 1, "odd": 2}', '{"audiopost_project": 9}']
)
def test_resume_names_a_project_that_cannot_be_read(
    take: Path, tmp_path: Path, quick: presets.Preset, text: str
) -> None:
    saved = tmp_path / f"{take.stem}.project.json"
    saved.write_text(text, encoding="utf-8")
    with pytest.raises(BadValue, match=r"project.*Run without --resume") as raised:
        run_job(take, quick, tmp_path, resume=True)
    assert saved.name in str(raised.value)


def test_bad_input_leaves_no_folder(tmp_path: Path, quick: presets.Preset) -> None:
    with pytest.raises(InputError):
        run_job(tmp_path / "none.wav", quick, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_long_film_is_decoded_beside_its_results(
    film: Path, tmp_path: Path, quick: presets.Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "MEMORY_SAMPLES", 1000)
    project = run_job(film, quick, tmp_path / "out").project
    assert project.audio.source.path.is_relative_to(tmp_path / "out")


def test_resume_passes_over_what_was_left_out(take: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path / "none"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "none"))
    preset, out = presets.load("podcast"), tmp_path / "out"
    stages = ("diagnose", "transcribe", "subtitles", "denoise", "loudness")
    short = presets.Preset("p", "P", "", stages, {s: preset.options[s] for s in stages})
    first = run_job(take, short, out)
    again = run_job(take, short, out, resume=True)
    assert set(again.seconds) == {"decode", "deliver"}, "nothing ran again"
    assert again.project.missing == first.project.missing != ()
    # With the language stated there is a backend now: from there on everything runs.
    english = run_job(take, short, out, resume=True, settings=ENGLISH)
    assert {"transcribe", "subtitles", "denoise", "loudness"} <= set(english.seconds)
    assert "diagnose" not in english.seconds
    assert "srt" in english.outputs


def test_resume_refuses_another_recording(take: Path, tmp_path: Path, quick: presets.Preset, tone) -> None:
    out = tmp_path / "out"
    run_job(take, quick, out)
    soundfile.write(take, tone(440).samples.T, 48_000)
    with pytest.raises(BadValue, match="another recording"):
        run_job(take, quick, out, resume=True)


def test_foreign_files_are_kept(take: Path, tmp_path: Path, quick: presets.Preset) -> None:
    out = tmp_path / "out"
    out.mkdir()
    mine = out / f"{take.stem}.master.wav"
    mine.write_text("an editor's afternoon")
    run_job(take, quick, out)
    assert (out / f"{take.stem}.master.kept-1.wav").read_text() == "an editor's afternoon"
    before = sorted(p.name for p in out.iterdir())
    run_job(take, quick, out, settings=("denoise.amount=50",))
    assert sorted(p.name for p in out.iterdir()) == before, "our own files are replaced"


def test_an_edited_deliverable_is_kept(take: Path, tmp_path: Path, quick: presets.Preset) -> None:
    out = tmp_path / "out"
    result = run_job(take, quick, out)
    report = result.outputs["report"]
    report.write_text("corrected by hand")
    later = report.stat().st_mtime + 60
    os.utime(report, (later, later))
    run_job(take, quick, out)
    assert report.with_name(f"{take.stem}.report.kept-1.html").read_text() == "corrected by hand"
    assert "<html" in report.read_text(encoding="utf-8")


def test_a_recording_of_the_same_name_keeps_the_other_ones_files(
    take: Path, tmp_path: Path, quick: presets.Preset
) -> None:
    out = tmp_path / "out"
    first = run_job(take, quick, out).outputs["master"].read_bytes()
    other = take.with_suffix(".flac")
    soundfile.write(other, soundfile.read(take)[0][:48_000] * 0.5, 48_000)
    run_job(other, quick, out)
    assert (out / f"{take.stem}.master.kept-1.wav").read_bytes() == first


def test_the_source_is_never_overwritten(take: Path, quick: presets.Preset) -> None:
    source = take.with_name("a.wav")
    take.rename(source)
    link = source.with_name("a.clean.wav")
    link.hardlink_to(source)
    with pytest.raises(OutputError, match="source itself"):
        run_job(source, quick, source.parent)


def test_a_bug_in_a_stage_is_a_message(
    take: Path, tmp_path: Path, quick: presets.Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(denoise_stage.Stage, "__call__", broken)
    with pytest.raises(StageError, match=r"denoise failed on 場景 1\.wav: ZeroDivisionError"):
        run_job(take, quick, tmp_path / "out")


def test_wrong_order_and_unknown_names_are_refused_first(tmp_path: Path) -> None:
    whole = presets.load("film-dialogue")
    wrong = presets.Preset("w", "W", "", ("cues", "emotion"), {s: whole.options[s] for s in ("cues", "emotion")})
    with pytest.raises(BadValue, match="cues needs emotion"):
        run_job(tmp_path / "not-there.wav", wrong, tmp_path)
    with pytest.raises(UnknownName, match="Did you mean 'rnnoise'"):
        run_job(tmp_path / "not-there.wav", "podcast", tmp_path, settings=("denoise.backend=rnnoize",))


KINDS = {
    "silence": lambda: np.zeros((2, 48_000 * 3)),
    "one frame": lambda: np.full((1, 1), 0.5),
    "dc": lambda: np.full((1, 48_000 * 2), 0.4),
    "square": lambda: np.sign(np.sin(2 * np.pi * 100 * np.arange(96_000) / 48_000))[None],
    "5.1": lambda: np.random.default_rng(1).standard_normal((6, 48_000 * 2)) * 0.05,
}


def test_broken_numbers_are_told_and_do_not_spread(
    take: Path, tmp_path: Path, excerpt: Audio, quick: presets.Preset
) -> None:
    samples = excerpt.samples.T.copy()
    samples[48_000:48_100] = np.nan
    samples[96_000] = np.inf
    path = tmp_path / "nan.wav"
    soundfile.write(path, samples, excerpt.rate, subtype="FLOAT")
    result = run_job(path, quick, tmp_path / "out")
    for kind in ("clean", "removed", "master"):
        data, _ = soundfile.read(result.outputs[kind])
        assert np.isfinite(data).all()
        assert np.abs(data[200_000:]).max() > 0.01, "the rest of the sound is there"
    assert any(finding.kind == "non-finite" for finding in result.project.findings or ())
    assert "202 samples are NaN or infinite" in result.project.media.warnings[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "rate"),
    [*((kind, 48_000) for kind in KINDS), ("silence", 8000), ("5.1", 44_100), ("dc", 192_000)],
)
def test_odd_input_gives_a_right_result(tmp_path: Path, kind: str, rate: int) -> None:
    samples = KINDS[kind]()
    path = tmp_path / "odd.wav"
    soundfile.write(path, samples.T, rate, subtype="PCM_24")
    result = run_job(path, "film-dialogue", tmp_path / "out", settings=ENGLISH)
    source, clean, removed = load(path).audio, *(load(result.outputs[k]).audio for k in ("clean", "removed"))
    assert np.abs(clean.samples + removed.samples - source.samples).max() < 10 ** (-90 / 20)
    if kind == "silence":
        project = result.project
        assert project.transcript is not None
        assert not project.transcript.utterances
        assert project.turns == ()
        assert project.cues == ()
        assert project.loudness is not None
        assert project.loudness.integrated_lufs is None
        assert np.abs(load(result.outputs["master"]).audio.samples).max() == 0


def test_labels_stand_in_no_guide_and_names_stay_beside_the_text(take: Path, tmp_path: Path) -> None:
    project = load(take)
    words = ((0.0, "Where to?", "Anna"), (3.0, "Home, I think.", "Ben"))
    said = tuple(
        Utterance(at, at + 2.5, text, "en", (Word(at, at + 2.5, text, speaker=who),), who) for at, text, who in words
    )
    project = replace(project, transcript=Transcript("en", said))
    for style, labelled in (("auto", True), ("plain", True), ("netflix-en", False), ("netflix-en-sdh", False)):
        target = Target(take, tmp_path / style)
        target.out.mkdir()
        made = apply(project, "subtitles", style=style)
        deliver.write_captions(made, target, ("srt", "vtt", "json", "txt"))
        text = {kind: path.read_text(encoding="utf-8") for kind, path in target.outputs.items()}
        assert ("Anna: " in text["srt"]) == labelled, style
        assert "Ben" in text["json"]
        assert ("<v Ben>" in text["vtt"]) == ("Ben:" in text["txt"]) == (style != "netflix-en-sdh"), style
