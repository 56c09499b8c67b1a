from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audiopost.analysis.vad import speech_probability
from audiopost.core.audio import Audio
from audiopost.io.decode import load
from audiopost.io.scratch import at_rate
from audiopost.stages.transcribe import Options, transcribe
from audiopost.stages.transcribe.run import run
from audiopost.stages.transcribe.sphinx import PocketSphinx
from audiopost.stages.transcribe.windows import plan


@pytest.mark.parametrize(
    ("changes", "reason", "model"),
    [
        ({"language": None}, "knows English only, and the language is not stated as en", "whisper-small"),
        # Only large-v3 and turbo have Cantonese.
        ({"language": "yue"}, "knows English only, and the language is yue", "whisper-turbo"),
        ({"language": "en", "task": "translate"}, "does not translate", "whisper-small"),
        ({"language": "en", "model": "large-v3"}, "large-v3 is asked for", "whisper-small"),
    ],
)
def test_runs_only_where_it_can(changes: dict[str, str], reason: str, model: str) -> None:
    state = PocketSphinx.available(Options(**changes))
    assert not state.ready
    assert reason in state.reason
    assert state.remedy == f"audiopost models pull {model}"


@pytest.mark.parametrize("language", ["en", "en-US", "EN-gb"])
def test_takes_every_english(language: str) -> None:
    assert PocketSphinx.available(Options(language=language)).ready


def test_asking_what_is_available_loads_no_engine() -> None:
    code = (
        "import sys; from audiopost.stages.transcribe import BACKENDS, Options\n"
        "for name in BACKENDS.table: BACKENDS.resolve(name).available(Options(language='en'))\n"
        "assert not {'ctranslate2', 'pocketsphinx', 'torch', 'huggingface_hub', 'onnxruntime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_reads_like_sentences_without_recogniser_marks(speech: Audio) -> None:
    found = transcribe(speech, backend="embedded", language="en")
    assert found.draft == PocketSphinx.draft
    for utterance in found.utterances:
        assert re.fullmatch(r"[A-Z][A-Za-z'. -]*\.", utterance.text), utterance.text


def test_a_quiet_recording_reads_the_same(speech: Audio) -> None:
    """Words are found at -60 dB of full scale too: 16 bit integers are filled before decoding."""
    phrase = speech.between(0, 4)
    # The speech detector hears nothing at that level, and the guard believes it.
    options = Options(backend="pocketsphinx", language="en", vad=False, guard=False)
    loud = transcribe(phrase, options)
    quiet = transcribe(Audio(phrase.samples * 1e-3, phrase.rate), options)
    assert loud.text == quiet.text != ""


def test_options_it_cannot_follow_are_named(speech: Audio) -> None:
    options = Options(backend="pocketsphinx", language="en", hotwords="Ada", initial_prompt="Dear")
    assert run(speech.between(0, 1), options, lambda *_: None).warnings == (
        "pocketsphinx takes no initial_prompt and no hotwords",
    )


@pytest.mark.slow
def test_a_window_says_the_same_whatever_was_heard_before(speech: Audio) -> None:
    """The decoder adapts to level and noise as it goes; a run that is resumed must not hear other words."""
    sound = at_rate(speech, 16_000, mono=True)
    windows = plan(speech_probability(sound), sound.duration_s, longest_s=3.0, packed=False)
    assert len(windows) >= 2
    options = Options(backend="pocketsphinx", language="en")
    together = [piece.utterances for piece in PocketSphinx(options).transcribe(sound, windows, lambda *_: None)]
    for window, utterances in zip(windows, together, strict=True):
        (alone,) = PocketSphinx(options).transcribe(sound, (window,), lambda *_: None)
        assert alone.utterances == utterances


def test_a_glossary_is_no_hotword_where_none_is_taken(speech: Audio, tmp_path: Path) -> None:
    path = tmp_path / "cast.txt"
    path.write_text("Kaelith\n", encoding="utf-8")
    options = Options(backend="pocketsphinx", language="en", glossary=str(path))
    assert run(speech.between(0, 1), options, lambda *_: None).warnings == ()


def word_errors(reference: list[str], heard: list[str]) -> int:
    row = np.arange(len(heard) + 1)
    for n, word in enumerate(reference, 1):
        previous, row = row, np.empty_like(row)
        row[0] = n
        for m, other in enumerate(heard, 1):
            row[m] = min(previous[m - 1] + (word != other), previous[m] + 1, row[m - 1] + 1)
    return int(row[-1])


@pytest.mark.slow
@pytest.mark.shared
def test_clean_read_english_is_mostly_right(shared: Path) -> None:
    """Eight sentences of LJSpeech; measured 23 % wrong."""
    errors = total = 0
    for row in csv.DictReader((shared / "audio" / "index.csv").open(encoding="utf-8")):
        if row["path"].startswith("speech_clean/ljspeech"):
            audio = load(shared / "audio" / row["path"]).audio
            found = transcribe(audio, backend="pocketsphinx", language="en")
            spoken, heard = (re.findall(r"[a-z']+", text.lower()) for text in (row["reference"], found.text))
            errors, total = errors + word_errors(spoken, heard), total + len(spoken)
    assert total > 80
    assert errors / total < 0.35
