from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from audiopost.analysis.vad import speech_probability
from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, MissingModel, StageError, UnknownName
from audiopost.core.time import Span
from audiopost.io.scratch import at_rate
from audiopost.stages.transcribe import Options, _run, transcribe
from audiopost.stages.transcribe.whisper import Found, kept_words, locate
from audiopost.stages.transcribe.windows import Window, plan

CANTONESE = "我哋 love Hong Kong 電影。你好嗎？"


@pytest.fixture(autouse=True)
def _no_models_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def run(audio: Audio, folder: Path, **changes: object):
    return _run(audio, Options(backend="faster-whisper", model=str(folder), **changes), lambda *_: None)


def test_says_what_the_model_says(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    found = transcribe(speech, model=str(tiny_whisper("Hello there, world. It works.")))
    assert [word.text for word in found.words] == ["Hello", "there,", "world.", "It", "works."]
    assert all(word.probability > 0.9 for word in found.words)


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_long_recordings_are_decoded_in_batches_and_words_stay_where_there_is_speech(
    tiny_whisper: Callable[..., Path], speech: Audio, batch_size: int
) -> None:
    """Four minutes: every window says the script once, in order, and no word lies in the silences."""
    stretch = np.concatenate([np.tile(speech.samples[0], 5), np.zeros(speech.rate * 20, np.float32)])
    audio = Audio(np.tile(stretch, 4), speech.rate)
    found, _, _ = run(audio, tiny_whisper("Hello there, world. It works."), batch_size=batch_size, beam_size=1)
    sound = at_rate(audio, 16_000, mono=True)
    windows = plan(speech_probability(sound), sound.duration_s, longest_s=30.0, packed=True)
    assert len(windows) >= 5
    assert [word.text for word in found.words] == ["Hello", "there,", "world.", "It", "works."] * len(windows)
    for n, window in enumerate(windows):
        for word in found.words[5 * n : 5 * n + 5]:
            assert any(s.start_s - 1e-3 <= word.start_s <= word.end_s <= s.end_s + 1e-3 for s in window.spans)


def test_language_is_detected_once_and_tags_every_utterance(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    found, _, warnings = run(speech, tiny_whisper(CANTONESE, language="zh"))
    assert (found.language, {u.language for u in found.utterances}, warnings) == ("zh", {"zh"}, ())
    assert [word.text for word in found.words] == ["我", "哋", "love", "Hong", "Kong", "電影。", "你", "好", "嗎？"]


def test_cantonese_without_its_token_is_decoded_as_chinese_and_says_so(
    tiny_whisper: Callable[..., Path], speech: Audio
) -> None:
    found, _, warnings = run(speech, tiny_whisper(CANTONESE, language="zh"), language="yue")
    assert found.language == found.utterances[0].language == "yue"
    assert len(warnings) == 1
    assert "decoded as Chinese" in warnings[0]


def test_cantonese_with_its_token_is_plain(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    folder = tiny_whisper(CANTONESE, language="yue", cantonese=True)
    for language in ("yue", None):
        found, _, warnings = run(speech, folder, language=language)
        assert (found.language, warnings) == ("yue", ())


def test_a_translation_is_english_and_says_so(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    found, _, warnings = run(speech, tiny_whisper("Good evening.", language="zh"), task="translate")
    assert (found.language, found.utterances[0].language) == ("en", "en")
    assert "translation from zh" in warnings[0]


def test_tags_keep_their_script_and_region(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    assert run(speech, tiny_whisper(CANTONESE, language="zh"), language="zh-Hant")[0].language == "zh-Hant"


def test_loops_are_cut_and_counted(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    found, _, warnings = run(speech, tiny_whisper("So thank you" + " thank you" * 60 + " Bye."))
    assert " ".join(found.text.split()) == "So thank you Bye."
    assert warnings == ("a phrase repeated over and over: text left out, 1 time(s)",)


def segment(**changes: object) -> SimpleNamespace:
    words = [SimpleNamespace(start=0.1, end=0.4, word=" Hi", probability=0.9)]
    plain = {"words": words, "avg_logprob": -0.3, "no_speech_prob": 0.01, "compression_ratio": 1.0}
    return SimpleNamespace(**(plain | changes))


def test_what_cannot_be_believed_is_left_out() -> None:
    window = Window((Span(2.0, 3.0),))
    words, reason = kept_words(window, segment())
    assert [(w.start_s, w.text, reason) for w in words] == [(2.1, " Hi", "")]
    bad_word = SimpleNamespace(start=0.1, end=0.4, word=" Hi", probability=math.nan)
    for untrue in (
        segment(avg_logprob=math.nan),
        segment(words=[bad_word]),
        segment(no_speech_prob=0.8, avg_logprob=-1.4),
    ):
        words, reason = kept_words(window, untrue)
        assert words == []
        assert reason
    assert kept_words(window, segment(words=None)) == ([], "")


def test_bad_requests_name_value_and_choices(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    folder = tiny_whisper("Hi.")
    with pytest.raises(BadValue, match=r"'xx'.*yue"):
        run(speech, folder, language="xx")
    with pytest.raises(BadValue, match="not a language tag"):
        transcribe(speech, language="English!")
    with pytest.raises(BadValue, match=r"bfloat16.*int8"):
        run(speech, folder, device="cpu", compute_type="bfloat16")
    with pytest.raises(BadValue, match="English only"):
        run(speech, tiny_whisper("Hi.", multilingual=False), language="de")
    with pytest.raises(UnknownName, match="Did you mean 'small'"):
        transcribe(speech, backend="faster-whisper", model="smal")


def test_a_broken_model_is_a_stage_error(tmp_path: Path, tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    for file in tiny_whisper("Hi.").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[:1000] if file.name == "model.bin" else file.read_bytes())
    with pytest.raises(StageError, match="does not load on cpu"):
        run(speech, tmp_path, device="cpu")


def test_without_weights_the_pull_command_is_named(speech: Audio) -> None:
    for wanted, command in (
        (Options(), "models pull whisper-small"),
        (Options(language="yue"), "models pull whisper-turbo"),
        (Options(backend="faster-whisper", language="en"), "models pull whisper-small"),
        (Options(model="large-v3", language="en"), "models pull whisper-large-v3"),
        (Options(backend="embedded"), "models pull whisper-small"),
    ):
        with pytest.raises(MissingModel) as raised:
            transcribe(speech, wanted)
        assert command in str(raised.value)


def test_a_folder_that_is_no_model_says_what_it_lacks(tmp_path: Path, speech: Audio) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(MissingModel, match=r"model.bin, tokenizer.json, vocabulary"):
        run(speech, tmp_path)


def put(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for file in source.iterdir():
        (target / file.name).symlink_to(file)


def test_auto_takes_the_best_model_in_store_and_hub_cache(tmp_path: Path, tiny_whisper: Callable[..., Path]) -> None:
    put(tiny_whisper("Hi."), tmp_path / "store" / "whisper-base")
    assert locate("auto") == Found(tmp_path / "store" / "whisper-base", "whisper-base")
    put(tiny_whisper("Hi."), tmp_path / "hub" / "models--Systran--faster-whisper-large-v3" / "snapshots" / "abc")
    assert locate("auto").entry == locate("large").entry == "whisper-large-v3"
    assert not getattr(locate("tiny"), "ready", True)
    own = tmp_path / "hub" / "models--me--my-whisper" / "snapshots" / "def"
    put(tiny_whisper("Hi."), own)
    assert locate("me/my-whisper") == Found(own, repo="me/my-whisper")


def test_an_installed_model_is_named_in_the_record(
    tmp_path: Path, tiny_whisper: Callable[..., Path], speech: Audio
) -> None:
    put(tiny_whisper("Hi."), tmp_path / "store" / "whisper-base")
    _, choice, _ = _run(speech.between(0, 2), replace(Options(), language="en"), lambda *_: None)
    assert choice.backend == "faster-whisper"
    assert (choice.model.name, choice.model.licence) == ("whisper-base", "MIT")
    assert "whisper-base" in choice.reason
