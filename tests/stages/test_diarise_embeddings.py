"""The embedded diariser: voice prints, the number of speakers, and where they change."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiopost.analysis import voice_print
from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, MissingExtra
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import SpeakerTurn, Transcript, Utterance, Word
from audiopost.core.stage import silent
from audiopost.core.time import Span
from audiopost.io.decode import load
from audiopost.stages.diarise import Options, Stage, clustering, diarise, embeddings

pytestmark = pytest.mark.skipif(voice_print.weights_path() is None, reason="resemblyzer is not installed")

LINES = (
    "The harbour was quiet when we left it behind us this morning.",
    "Nobody told me that the lamp on the pier had gone out.",
    "We should have turned back before the weather changed, and you know it.",
    "Then give me the map, and I will find the way home myself.",
)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory):
    """spoken(*voices): LINES in turn by these flite voices, 0.4 s apart, 16 kHz, and the turns as they are."""
    if shutil.which("flite") is None:
        pytest.skip("flite is not installed")
    folder = tmp_path_factory.mktemp("flite")

    def make(*voices: str) -> tuple[Audio, list[tuple[float, float, str]]]:
        pieces, truth, at = [], [], 0
        for i, line in enumerate(LINES):
            voice = voices[i % len(voices)]
            path = folder / f"{voice}{i}.wav"
            if not path.exists():
                subprocess.run(["flite", "-voice", voice, "-t", line, "-o", str(path)], check=True)
            said = load(path).audio
            assert said.rate == 16_000
            truth.append((at / 16_000, (at + said.frames) / 16_000, voice))
            pieces += [said.samples[0], np.zeros(6400, np.float32)]
            at += said.frames + 6400
        return Audio(np.concatenate(pieces), 16_000), truth

    return make


def _who_at(turns: tuple[SpeakerTurn, ...], time_s: float) -> str | None:
    return next((t.speaker for t in turns if t.start_s <= time_s < t.end_s), None)


@pytest.mark.parametrize("voices", [("slt", "rms"), ("slt", "kal16"), ("rms",), ("slt",)])
def test_synthetic_voices_are_counted_and_followed(spoken, voices):
    audio, truth = spoken(*voices)
    turns = diarise(audio, backend="embeddings")
    names = dict(zip(voices, ("S1", "S2"), strict=False))
    assert {t.speaker for t in turns} == set(names.values())
    moments = [(a + (b - a) * share, names[who]) for a, b, who in truth for share in (0.25, 0.5, 0.75)]
    right = [_who_at(turns, time_s) == who for time_s, who in moments]
    assert sum(right) >= 0.9 * len(right)


def test_voice_prints_do_not_depend_on_level_or_on_blocks(speech):
    from audiopost.io.scratch import at_rate

    mono = at_rate(speech, voice_print.RATE, mono=True)
    quiet = Audio(mono.samples * 10 ** (-40 / 20), mono.rate)
    quieter = Audio(mono.samples * 10 ** (-46 / 20), mono.rate)
    whole = [Span(0.0, mono.duration_s)]
    a, b = (voice_print.voice_prints(x, whole, hop_s=0.5).vectors for x in (quiet, quieter))
    assert np.sum(a * b, axis=1).min() > 0.999
    assert np.allclose(np.linalg.norm(a, axis=1), 1, atol=1e-5)
    # 18 s of silence first: the speech now lies across a block border, its prints stay the same
    shifted = Audio(np.pad(quiet.samples, ((0, 0), (18 * mono.rate, 0))), mono.rate)
    c = voice_print.voice_prints(shifted, [Span(18.0, 18.0 + mono.duration_s)], hop_s=0.5)
    assert np.abs(c.vectors[c.times_s >= 18.0][2:-2] - a[2:-2]).max() < 0.02
    with pytest.raises(BadValue, match="16000"):
        voice_print.voice_prints(speech, whole, hop_s=0.5)


@pytest.mark.parametrize("duration_s", [0.01, 19.95, 20.0, 40.0])
def test_every_window_has_its_print(rng, duration_s):
    noise = Audio(rng.normal(0, 0.1, (1, round(duration_s * voice_print.RATE))), voice_print.RATE)
    prints = voice_print.voice_prints(noise, [Span(0.0, noise.duration_s)], hop_s=0.5)
    assert len(prints.times_s) == len(prints.vectors) == int(noise.duration_s / 0.5) + 1


def _scattered(counts: list[int], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of the model itself: speakers drawn from it, each for so many points in a row; their labels; `between`."""
    rng = np.random.default_rng(seed)
    between = np.geomspace(20, 0.7, 64)
    centres = rng.normal(0, np.sqrt(between), (len(counts), 64))
    labels = np.repeat(np.arange(len(counts)), counts)
    return (centres[labels] + rng.normal(0, 1, (len(labels), 64))).astype(np.float32), labels, between


@given(st.lists(st.integers(40, 80), min_size=1, max_size=6), st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_speakers_of_the_model_are_all_found(counts, seed):
    points, labels, between = _scattered(counts, seed)
    means = clustering.voices(points, between, step_s=0.5, low=1, high=clustering.MOST)
    assert len(means) == len(counts)
    found = clustering.scores(points, means, 0.5).argmax(axis=1)
    assert len(set(zip(found.tolist(), labels.tolist(), strict=True))) == len(counts)


@given(st.integers(1, 6), st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_the_number_of_speakers_is_kept_within_bounds(asked, seed):
    points, _, between = _scattered([40, 40, 40], seed)
    assert len(clustering.voices(points, between, step_s=0.5, low=asked, high=asked)) == asked
    some = clustering.voices(points, between, step_s=0.5, low=min(asked, 3), high=max(asked, 3))
    assert min(asked, 3) <= len(some) <= max(asked, 3)
    assert len(clustering.voices(points[:1], between, step_s=0.5, low=1, high=12)) == 1


def test_an_interjection_is_said_over_the_turn_that_goes_on():
    def turns(*rows):
        return [SpeakerTurn(*row) for row in rows]

    marked = list(
        embeddings._spoken_over(turns((0, 2, "a"), (2, 2.4, "b"), (2.4, 4, "a"), (4, 4.3, "c"), (4.3, 6, "a")))
    )
    assert sorted(marked, key=lambda t: t.start_s) == turns((0, 6, "a"), (2, 2.4, "b"), (4, 4.3, "c"))
    apart = turns((0, 2, "a"), (2.2, 2.6, "b"), (2.6, 4, "a"))
    answered = turns((0, 2, "a"), (2, 3, "b"), (3, 4, "a"))
    two = turns((0, 2, "a"), (2, 2.4, "b"), (2.4, 4, "c"))
    for unmarked in (apart, answered, two, turns((0, 1, "a")), []):
        assert list(embeddings._spoken_over(unmarked)) == unmarked


def test_following_ignores_a_blip_and_keeps_every_speaker():
    scores = np.zeros((40, 2), np.float32)
    scores[:20, 0] = scores[20:, 1] = 1.0
    scores[10] = (0.0, 0.4)
    assert clustering.follow(scores, 1.0).tolist() == [0] * 20 + [1] * 20
    lost = np.concatenate([scores, np.full((40, 1), -1.0, np.float32)], axis=1)
    assert set(clustering.follow(lost, 1.0)) == {0, 1, 2}


def test_a_gpu_that_is_not_there_is_named(monkeypatch, speech):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BadValue, match=r"diarise.device = 'cuda'"):
        diarise(speech, backend="embeddings", device="cuda")


def test_without_the_encoder_the_remedy_is_named(monkeypatch, speech):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "resemblyzer" else real(name, *a))
    with pytest.raises(MissingExtra, match=r"audiopost\[speakers\]"):
        diarise(speech, backend="embeddings")


def test_the_stage_gives_turns_and_the_words_their_speakers(spoken):
    audio, truth = spoken("slt", "rms")
    words = tuple(Word(a + 0.2, b - 0.2, f"line{i}") for i, (a, b, _) in enumerate(truth))
    said = Utterance(words[0].start_s, words[-1].end_s, " ".join(w.text for w in words), "en", words)
    info = MediaInfo("x.wav", "", "wav", "PCM_16", audio.rate, 1, ("M",), audio.duration_s)
    project = Project(info, audio, transcript=Transcript("en", (said,)), translation=Transcript("fr", (said,)))
    options = Options(backend="embedded")
    done = Stage()(project, options, silent)
    assert [w.speaker for w in done.transcript.words] == ["S1", "S2", "S1", "S2"]
    assert [u.speaker for u in done.translation.utterances] == ["S1", "S2", "S1", "S2"]
    assert done.turns == diarise(audio, options)
    assert done.steps[-1].model.name == "resemblyzer"
    bare = Stage()(replace(project, transcript=None, translation=None), options, silent)
    assert bare.transcript is None
    assert bare.translation is None


def test_one_voice_is_one_speaker_and_noise_is_none(spoken, rng):
    audio, _ = spoken("rms")
    assert {t.speaker for t in diarise(audio, backend="embeddings")} == {"S1"}
    assert diarise(Audio(rng.normal(0, 0.01, (1, 48_000)), 16_000), backend="embeddings") == ()


@pytest.mark.parametrize("asked", [1, 2, 3])
def test_the_number_asked_for_is_found(spoken, asked):
    audio, _ = spoken("slt", "rms")
    assert len({t.speaker for t in diarise(audio, backend="embeddings", speakers=asked)}) == asked
    assert len({t.speaker for t in diarise(audio, backend="embeddings", min_speakers=asked)}) >= asked
    assert len({t.speaker for t in diarise(audio, backend="embeddings", max_speakers=asked)}) <= asked


@pytest.mark.slow
def test_real_conversations_reach_the_error_rate(shared: Path, monkeypatch):
    """Mean DER (collar 0.25 s, overlap scored) over five excerpts, one set of settings, none chosen on them."""
    monkeypatch.setenv("PYANNOTE_METRICS_ENABLED", "0")
    core = pytest.importorskip("pyannote.core")
    metrics = pytest.importorskip("pyannote.metrics.diarization")
    rates, off = [], []
    for rttm in sorted((shared / "audio" / "diarisation").glob("*.rttm")):
        truth, found = core.Annotation(), core.Annotation()
        for i, line in enumerate(rttm.read_text("utf-8").splitlines()):
            field = line.split()
            truth[core.Segment(float(field[3]), float(field[3]) + float(field[4])), i] = field[7]
        for i, turn in enumerate(diarise(load(rttm.with_suffix(".flac")).audio, backend="embeddings")):
            found[core.Segment(turn.start_s, turn.end_s), i] = turn.speaker
        rates.append(metrics.DiarizationErrorRate(collar=0.25)(truth, found))
        off.append(abs(len(found.labels()) - len(truth.labels())))
    assert np.mean(rates) <= 0.35
    # Within one, but for trn05: two of its four people say less than half a second each, under somebody else's words.
    assert sorted(off)[-2] <= 1
