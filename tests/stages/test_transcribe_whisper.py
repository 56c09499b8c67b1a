"""The faster-whisper backend on checkpoints that always say their script (fixtures/tiny_whisper.py)."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audiopost.analysis.vad import speech_probability
from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, Cancelled, StageError
from audiopost.core.speech import Transcript, Word
from audiopost.io.decode import load
from audiopost.io.scratch import at_rate
from audiopost.stages.transcribe import Options, Piece, transcribe
from audiopost.stages.transcribe.engine import Decoded, Engine, Prompt
from audiopost.stages.transcribe.languages import SAMPLES
from audiopost.stages.transcribe.whisper import Whisper, doubt
from audiopost.stages.transcribe.windows import plan

CANTONESE = "我哋 love Hong Kong 電影。你好嗎？"
ENGLISH = "Hello there, world. It works."
WORDS = ["Hello", "there,", "world.", "It", "works."]
RATE = 16_000


def heard(audio: Audio, folder: Path, **changes: object) -> tuple[list[Piece], Whisper]:
    """The backend's own answer for the windows that it wants of `audio`."""
    backend = Whisper(Options(model=str(folder), **changes))
    sound = at_rate(audio, RATE, mono=True)
    windows = plan(speech_probability(sound), sound.duration_s, longest_s=backend.longest_s, packed=backend.packed)
    return list(backend.transcribe(sound, windows, lambda *_: None)), backend


def texts(pieces: list[Piece]) -> list[str]:
    return [utterance.text for piece in pieces for utterance in piece.utterances]


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, Prompt]]:
    """(language token, task, prompt) of each batch that is decoded, and '+' for each that is encoded before it."""
    calls: list[tuple[str, str, Prompt]] = []
    decode, sequence = Engine.decode, Engine.sequence

    def spy_decode(self, encoded, durations_s, code, task, prompt):
        calls.append((code, task, prompt))
        return decode(self, encoded, durations_s, code, task, prompt)

    def spy_sequence(self, samples, code, task, prompt):
        calls.append((code, task, prompt))
        return sequence(self, samples, code, task, prompt)

    monkeypatch.setattr(Engine, "decode", spy_decode)
    monkeypatch.setattr(Engine, "sequence", spy_sequence)
    return calls


def test_says_what_the_model_says(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    found = transcribe(speech, model=str(tiny_whisper(ENGLISH)))
    assert [word.text for word in found.words] == WORDS
    assert all(word.probability > 0.9 for word in found.words)


@pytest.fixture(scope="module")
def minutes(speech: Audio) -> Audio:
    """Four minutes of speech with 20 s of silence after each 40 s."""
    stretch = np.concatenate([np.tile(speech.samples[0], 5), np.zeros(speech.rate * 20, np.float32)])
    return at_rate(Audio(np.tile(stretch, 4), speech.rate), RATE, mono=True)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_windows_are_decoded_in_batches_and_words_stay_where_there_is_speech(
    tiny_whisper: Callable[..., Path], minutes: Audio, batch_size: int
) -> None:
    """Every window says the script once, in order, and no word lies in the silences."""
    pieces, _ = heard(minutes, tiny_whisper(ENGLISH), batch_size=batch_size, beam_size=1)
    windows = plan(speech_probability(minutes), minutes.duration_s, longest_s=30.0, packed=True)
    assert [piece.window for piece in pieces] == list(range(len(windows)))
    assert len(windows) >= 5
    for piece in pieces:
        words = [word for utterance in piece.utterances for word in utterance.words]
        assert [word.text for word in words] == WORDS
        for word in words:
            assert any(
                s.start_s - 1e-3 <= word.start_s <= word.end_s <= s.end_s + 1e-3 for s in windows[piece.window].spans
            )


def test_a_window_gives_the_same_whatever_is_decoded_with_it(tiny_whisper: Callable[..., Path], minutes: Audio) -> None:
    """So that a run may stop and go on with the rest."""
    folder = tiny_whisper(ENGLISH)
    options = Options(model=str(folder), language="en", beam_size=1)
    windows = plan(speech_probability(minutes), minutes.duration_s, longest_s=30.0, packed=True)
    whole = list(Whisper(options).transcribe(minutes, windows, lambda *_: None))
    rest = list(Whisper(options).transcribe(minutes, windows[3:], lambda *_: None))
    assert [replace(piece, window=piece.window + 3) for piece in rest] == whole[3:]


def test_language_is_detected_once_and_tags_every_utterance(
    tiny_whisper: Callable[..., Path], speech: Audio, spied: list[tuple[str, str, Prompt]]
) -> None:
    pieces, backend = heard(speech, tiny_whisper(CANTONESE, language="zh"))
    assert (backend.language, backend.spoken, backend.warnings) == ("zh", "zh", [])
    utterances = [utterance for piece in pieces for utterance in piece.utterances]
    assert {utterance.language for utterance in utterances} == {"zh"}
    words = [word.text for utterance in utterances for word in utterance.words]
    assert words == ["我", "哋", "love", "Hong", "Kong", "電影。", "你", "好", "嗎？"]
    assert [call[0] for call in spied] == ["zh"]


def test_detection_encodes_nothing_twice(
    tiny_whisper: Callable[..., Path], minutes: Audio, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []
    encode = Engine.encode

    def count(self, pieces):
        encoded.append(len(pieces))
        return encode(self, pieces)

    monkeypatch.setattr(Engine, "encode", count)
    for changes in ({}, {"language": "en"}, {"translation": True}, {"batch_size": 3}):
        encoded.clear()
        pieces, _ = heard(minutes, tiny_whisper(ENGLISH, language="de"), beam_size=1, **changes)
        assert sum(encoded) == len(pieces), changes


def test_cantonese_without_its_token_is_decoded_as_chinese_and_says_so(
    tiny_whisper: Callable[..., Path], speech: Audio, spied: list[tuple[str, str, Prompt]]
) -> None:
    pieces, backend = heard(speech, tiny_whisper("我哋 love 電影。", language="zh"), language="yue")
    assert backend.language == pieces[0].utterances[0].language == "yue"
    assert "我哋 love 電影。" in texts(pieces)
    assert ["decoded as Chinese" in warning for warning in backend.warnings] == [True, False]
    assert spied == [("zh", "transcribe", Prompt(SAMPLES["yue", "hant"]))]


def test_cantonese_with_its_token(
    tiny_whisper: Callable[..., Path], speech: Audio, spied: list[tuple[str, str, Prompt]]
) -> None:
    folder = tiny_whisper(CANTONESE, language="yue", cantonese=True)
    for language in ("yue", None):
        _, backend = heard(speech, folder, language=language)
        assert backend.language == "yue"
        assert [warning[:24] for warning in backend.warnings] == ["the model was shown '以下係"]
    assert {call[0] for call in spied} == {"yue"}


@pytest.mark.parametrize("cantonese", [False, True])
def test_written_register_takes_the_chinese_token_and_is_marked(
    tiny_whisper: Callable[..., Path], speech: Audio, spied: list[tuple[str, str, Prompt]], cantonese: bool
) -> None:
    folder = tiny_whisper("我們愛。", language="yue" if cantonese else "zh", cantonese=cantonese)
    pieces, backend = heard(speech, folder, language="yue", register="written")
    assert texts(pieces) == ["我們愛。"]
    assert (backend.language, backend.spoken, pieces[0].utterances[0].language) == ("zh-Hant", "yue", "zh-Hant")
    assert "machine rendering of Cantonese speech in written Chinese" in backend.warnings[0]
    assert spied == [("zh", "transcribe", Prompt(SAMPLES["zh", "hant"]))]


def test_the_written_register_of_another_language_is_said_to_change_nothing(
    tiny_whisper: Callable[..., Path], speech: Audio
) -> None:
    _, backend = heard(speech, tiny_whisper("Hello."), language="en", register="written")
    assert any("register written is for Cantonese" in warning for warning in backend.warnings)


def test_a_user_s_prompt_and_hotwords_go_to_every_window_instead_of_ours(
    tiny_whisper: Callable[..., Path], minutes: Audio, spied: list[tuple[str, str, Prompt]]
) -> None:
    folder = tiny_whisper(ENGLISH, language="zh", prompts=(" Ada，Ho。",))
    pieces, backend = heard(minutes, folder, language="zh-TW", initial_prompt="Ho。", hotwords="Ada，", beam_size=1)
    assert backend.warnings == []
    assert " ".join(texts(pieces)) == " ".join([ENGLISH] * len(pieces))
    assert {call[2] for call in spied} == {Prompt("Ho。", "Ada，")}


def test_a_prompt_that_is_too_long_keeps_its_end_and_the_first_hotwords_and_says_so(
    tiny_whisper: Callable[..., Path], speech: Audio, spied: list[tuple[str, str, Prompt]]
) -> None:
    names = " ".join(f"Name{n:03}" for n in range(100))
    _, backend = heard(speech, tiny_whisper(ENGLISH), language="en", hotwords=names, initial_prompt="x" * 500 + "end")
    (_, _, prompt), *_ = spied
    assert prompt.hotwords.startswith("Name000")
    assert prompt.text.endswith("xend")
    assert len(prompt.hotwords) < len(names)
    assert any("longer than the model reads" in warning for warning in backend.warnings)


def test_a_translation_is_english_and_says_so(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    pieces, backend = heard(speech, tiny_whisper("Good evening.", language="zh"), task="translate")
    assert (backend.language, backend.spoken, pieces[0].utterances[0].language) == ("en", "zh", "en")
    assert backend.warnings == ["the text is a machine translation from zh into English"]


@pytest.mark.parametrize("sequential", [{}, {"condition_on_previous_text": True}])
def test_a_second_text_in_english_stands_beside_the_first(
    tiny_whisper: Callable[..., Path], speech: Audio, spied: list[tuple[str, str, Prompt]], sequential: dict[str, bool]
) -> None:
    folder = tiny_whisper("Good evening.", language="zh")
    pieces, backend = heard(speech, folder, translation=True, **sequential)
    assert {utterance.language for utterance in pieces[0].utterances} == {"zh"}
    assert {utterance.language for utterance in pieces[0].translated} == {"en"}
    assert pieces[0].translated[0].text == "Good evening."
    assert [call[:2] for call in spied] == [("zh", "transcribe"), ("zh", "translate")]
    assert "the second text is a machine translation from zh into English" in backend.warnings


def test_english_needs_no_translation(
    tiny_whisper: Callable[..., Path], speech: Audio, spied: list[tuple[str, str, Prompt]]
) -> None:
    pieces, backend = heard(speech, tiny_whisper(ENGLISH), translation=True)
    assert pieces[0].translated == pieces[0].utterances
    assert (len(spied), backend.warnings) == (1, [])


def test_words_of_a_translation_are_whole(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    """Out of Chinese speech faster-whisper times each token by itself: 'Wong' has none of its own here."""
    pieces, _ = heard(speech, tiny_whisper("Wong is here.", language="zh"), task="translate")
    assert [word.text for u in pieces[0].utterances for word in u.words] == ["Wong", "is", "here."]


@pytest.mark.parametrize(
    "changes",
    [{"hallucination_silence_threshold": 2.0}, {"no_speech_threshold": 0.5}, {"condition_on_previous_text": True}],
)
def test_options_that_batches_ignore_are_followed_one_after_the_other_and_said(
    tiny_whisper: Callable[..., Path],
    minutes: Audio,
    spied: list[tuple[str, str, Prompt]],
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, object],
) -> None:
    from faster_whisper import WhisperModel

    given: dict[str, object] = {}
    generate = WhisperModel.generate_segments

    def spy(self, features, tokenizer, options, *rest):
        given.update(vars(options))
        return generate(self, features, tokenizer, options, *rest)

    monkeypatch.setattr(WhisperModel, "generate_segments", spy)
    pieces, backend = heard(minutes.between(0, 100), tiny_whisper(ENGLISH), language="en", beam_size=1, **changes)
    (name, value), *_ = changes.items()
    assert given[name] == value
    assert backend.warnings[0].startswith(f"decoded one after the other because {name} is set")
    assert backend.longest_s > 60
    assert len(pieces) == len(spied) == 1
    assert " ".join(texts(pieces)).startswith("Hello there, world. It works.")


def test_sequential_sampling_is_seeded(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    """A loop makes Whisper fall back to sampling; two runs still agree."""
    folder, phrase = tiny_whisper("no" + " no" * 60), speech.between(0, 3)
    one, two = (heard(phrase, folder, language="en", condition_on_previous_text=True)[0] for _ in range(2))
    assert one == two
    assert texts(one)


def test_tags_keep_their_script_and_region(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    folder = tiny_whisper("我們愛。", language="zh")
    assert heard(speech, folder, language="zh-Hant")[1].language == "zh-Hant"


def test_a_prompt_said_again_is_listed_and_no_text(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    folder = tiny_whisper(SAMPLES["zh", "hant"], language="zh")
    pieces, _ = heard(speech, folder, language="zh-Hant")
    assert texts(pieces) == []
    (remark,) = pieces[0].remarks
    assert (remark.kind, remark.text, remark.detail) == ("dropped", SAMPLES["zh", "hant"], "the prompt, said again")
    assert 0 <= remark.start_s <= remark.end_s <= speech.duration_s
    assert texts(heard(speech, folder, language="zh-Hant", guard=False)[0])


def decoded(**changes: object) -> Decoded:
    return replace(Decoded("Hi", (Word(0.1, 0.4, " Hi", 0.9),), -0.3, 0.01), **changes)


def test_whisper_s_own_signs_of_a_bad_window() -> None:
    assert doubt(decoded(), "") == ""
    nan = (Word(0.1, 0.4, " Hi", math.nan),)
    for untrue in (decoded(log_probability=math.nan), decoded(no_speech=math.nan), decoded(words=nan)):
        assert "counts as silence" in doubt(untrue, "")
        assert "counts as silence" in doubt(untrue, "", guard=False)
    silent = decoded(no_speech=0.8, log_probability=-1.4)
    assert doubt(silent, "") == "the model hears no speech"
    assert doubt(silent, "", guard=False) == ""
    assert doubt(decoded(no_speech=0.8), "") == ""
    assert doubt(decoded(words=()), "") == "no word of it could be timed"


def test_nan_probabilities_leave_no_words_and_a_remark(
    tiny_whisper: Callable[..., Path], speech: Audio, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = Engine.decode

    def broken(self, *given):
        return [[replace(part, log_probability=math.nan) for part in parts] for parts in decode(self, *given)]

    monkeypatch.setattr(Engine, "decode", broken)
    found = transcribe(speech, model=str(tiny_whisper(ENGLISH)), isolate=False)
    assert found.utterances == ()
    (remark,) = [remark for remark in found.remarks if remark.kind == "dropped"]
    assert remark.text.startswith("Hello there")
    assert "counts as silence" in remark.detail


def applause(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """A hall that claps: 400 short bursts of noise a second, each fading in 8 ms."""
    sound = np.zeros(round(seconds * RATE))
    burst = np.exp(-np.arange(round(0.03 * RATE)) / (0.008 * RATE))
    for at in rng.integers(0, len(sound) - len(burst), round(400 * seconds)):
        sound[at : at + len(burst)] += rng.uniform(0.02, 0.2) * burst * rng.standard_normal(len(burst))
    return sound


def music(seconds: float) -> np.ndarray:
    """Chords of harmonic tones with a slow attack, a new one each second."""
    t = np.arange(round(seconds * RATE)) / RATE
    roots = np.array([220.0, 261.6, 196.0, 246.9])[(t % 4).astype(int)]
    chord = sum(np.sin(2 * np.pi * roots * ratio * n * t) / n for ratio in (1, 1.26, 1.5) for n in (1, 2, 3, 4))
    return 0.1 * chord * np.minimum(1, (t % 1) * 8) * np.exp(-(t % 1))


@pytest.mark.parametrize("kind", ["silence", "music", "noise", "applause"])
def test_no_words_without_speech(tiny_whisper: Callable[..., Path], rng: np.random.Generator, kind: str) -> None:
    """Whatever the model would say: half a minute each, a model that always speaks."""
    sound = {
        "silence": lambda: np.zeros(30 * RATE),
        "music": lambda: music(30),
        "noise": lambda: 0.1 * rng.standard_normal(30 * RATE),
        "applause": lambda: applause(rng, 30),
    }[kind]()
    found = transcribe(Audio(sound, RATE), model=str(tiny_whisper(ENGLISH)), language="en", isolate=False)
    assert found == Transcript("en", ())


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["effects", "noise", "music"])
def test_few_words_in_recordings_without_speech(tiny_whisper: Callable[..., Path], shared: Path, folder: str) -> None:
    """Real recordings in which nobody speaks: the speech detector is deceived by one of 33, a vibraphone."""
    spoken = []
    for path in sorted((shared / "audio" / folder).iterdir()):
        audio = load(path).audio
        if audio.duration_s < 120:
            found = transcribe(audio, model=str(tiny_whisper(ENGLISH)), language="en", isolate=False, beam_size=1)
            if found.words:
                spoken.append(path.name)
    assert spoken == (["vibe_ace.ogg"] if folder == "music" else [])


@pytest.mark.parametrize("broken", ["model.bin", "config.json", "tokenizer.json", "vocabulary.json"])
def test_a_broken_model_is_a_stage_error(
    tmp_path: Path, tiny_whisper: Callable[..., Path], speech: Audio, broken: str
) -> None:
    for file in tiny_whisper("Hi.").iterdir():
        data = file.read_bytes()
        (tmp_path / file.name).write_bytes(data[: len(data) // 2] if file.name == broken else data)
    with pytest.raises(StageError, match=r"does not load on cpu: .*\. Pull or copy the model again\."):
        heard(speech, tmp_path, device="cpu")


def test_what_the_engine_raises_is_a_stage_error(
    tiny_whisper: Callable[..., Path], speech: Audio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(Engine, "decode", fails)
    with pytest.raises(StageError, match=r"out of memory.*batch_size=1"):
        heard(speech, tiny_whisper("Hi."))


def test_bad_requests_name_value_and_choices(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    folder = tiny_whisper("Hi.")
    with pytest.raises(BadValue, match=r"'xx'.*yue"):
        heard(speech, folder, language="xx")
    with pytest.raises(BadValue, match=r"bfloat16.*int8"):
        heard(speech, folder, device="cpu", compute_type="bfloat16")
    english = tiny_whisper("Hi.", multilingual=False)
    with pytest.raises(BadValue, match="English only"):
        heard(speech, english, language="de")
    with pytest.raises(BadValue, match="English only"):
        heard(speech, english, languages="en,yue")


def test_an_english_model_speaks_english(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    pieces, backend = heard(speech, tiny_whisper(ENGLISH, multilingual=False))
    assert backend.language == "en"
    # When random weights hear the words, and so whether a pause parts two of a sentence, depends on the processor.
    assert " ".join(texts(pieces)) == ENGLISH
    assert "It works." in texts(pieces)


def test_a_model_of_128_bands_needs_no_preprocessor_config(tiny_whisper: Callable[..., Path], speech: Audio) -> None:
    folder = tiny_whisper(ENGLISH, bands=128, cantonese=True)
    assert not (folder / "preprocessor_config.json").exists()
    assert "Hello there, world." in texts(heard(speech, folder, language="en")[0])


def test_can_be_stopped_in_detection_and_between_batches(tiny_whisper: Callable[..., Path], minutes: Audio) -> None:
    for stop_at in range(1, 4):
        calls: list[float] = []

        def stop(step: str, done: float, total: float, calls: list[float] = calls, stop_at: int = stop_at) -> None:
            calls.append(done)
            if len(calls) > stop_at:
                raise Cancelled("stopped")

        backend = Whisper(Options(model=str(tiny_whisper(ENGLISH)), languages="en,de", batch_size=2))
        windows = plan(speech_probability(minutes), minutes.duration_s, longest_s=backend.longest_s, packed=False)
        with pytest.raises(Cancelled):
            list(backend.transcribe(minutes, windows, stop))
        assert calls == sorted(calls)


#: In a process of its own: the peak of a process counts all that it ever did.
_PEAK = """
import json, resource, sys
from pathlib import Path
from audiopost.core.audio import Audio
from audiopost.io.decode import load
from audiopost.stages.transcribe import transcribe
path, minutes, changes = sys.argv[1], float(sys.argv[2]), json.loads(sys.argv[3])
whole = load(Path(path)).audio
audio = Audio.backed(whole.source, channels=1, frames=round(minutes * 60 * whole.rate), rate=whole.rate)
found = transcribe(audio, beam_size=1, language="en", isolate=False, **changes)
times = [time for word in found.words for time in (word.start_s, word.end_s)]
assert times == sorted(times) and times[-1] <= audio.duration_s
# One sentence again and again is a loop to the guard.
words = len(found.words) + sum(len(remark.text.split()) for remark in found.remarks)
print(json.dumps([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, words]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory in kilobytes")
@pytest.mark.parametrize("changes", [{}, {"languages": "en,de"}, {"condition_on_previous_text": True}])
def test_half_an_hour_in_bounded_memory(
    tiny_whisper: Callable[..., Path], speech: Audio, tmp_path: Path, changes: dict[str, object]
) -> None:
    """Read from a file: no more memory than for 12 minutes (the samples between would be 69 MB)."""
    import soundfile

    path = tmp_path / "long.wav"
    stretch = at_rate(speech, RATE, mono=True).samples[0]
    with soundfile.SoundFile(path, "w", RATE, 1) as file:
        for _ in range(225):
            file.write(stretch)

    def peak_mb(minutes: float) -> tuple[float, int]:
        given = json.dumps({"model": str(tiny_whisper(ENGLISH)), **changes})
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, str(path), str(minutes), given], stdout=subprocess.PIPE, check=True
        )
        found: tuple[float, int] = json.loads(done.stdout)
        return found

    (part_mb, part_words), (whole_mb, whole_words) = peak_mb(12), peak_mb(30)
    assert whole_mb - part_mb < 35
    assert whole_words > 2 * part_words > 24
