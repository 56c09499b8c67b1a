"""Alignment of a script by each aligner: times, and what is reported of lines that were not said so."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, MissingModel, StageError
from audiopost.core.speech import Remark, Transcript, Utterance, Word
from audiopost.core.stage import silent
from audiopost.core.time import Span
from audiopost.io.decode import load
from audiopost.io.scratch import at_rate
from audiopost.models import torch_setup
from audiopost.stages.transcribe import Options, transcribe
from audiopost.stages.transcribe.run import run as transcription
from audiopost.stages.transcribe.script import align, ctc_models, needs_words
from audiopost.stages.transcribe.script.ctc import CTCAligner
from audiopost.stages.transcribe.script.ctc_models import CTCModel
from audiopost.stages.transcribe.script.parse import Line, read_script
from audiopost.stages.transcribe.script.words import words_of
from audiopost.stages.transcribe.windows import Window

#: What the first 5.7 s of the fixture `speech` say (the example scene from 23 s on).
SPOKEN = ("TOM: Tom, where is the money from the box?", "ANNA: What money? I never touched your money!")


@pytest.fixture(scope="module")
def sound(speech: Audio) -> Audio:
    return at_rate(speech.between(0.0, 5.9), 16_000)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple]:
    """run(lines, sound, transcript=None, **options): what `align` gives for a text script of these lines."""

    def call(lines: tuple[str, ...], sound: Audio, transcript: Transcript | None = None, **options: object) -> tuple:
        path = tmp_path / "script.txt"
        path.write_text("\n".join(lines), "utf-8")
        return align(str(path), sound, transcript, Options(script=str(path), **options), silent)

    return call


def assert_in_order(found: Transcript, duration_s: float) -> None:
    at = 0.0
    for word in found.words:
        assert at <= word.start_s <= word.end_s <= duration_s
        at = word.end_s
    for utterance in found.utterances:
        assert utterance.start_s == utterance.words[0].start_s
        assert utterance.end_s == utterance.words[-1].end_s
        assert "".join(utterance.text.split()) == "".join("".join(word.text.split()) for word in utterance.words)


def errors_s(found: Transcript, truth: list[dict]) -> np.ndarray:
    words = [word for line in truth for word in line["words"]]
    pairs = zip(found.words, words, strict=True)
    return np.array([(w.start_s - t["start_s"], w.end_s - t["end_s"]) for w, t in pairs])


def test_pocketsphinx_times_words_and_keeps_the_script(run: Callable, sound: Audio, scene: Path) -> None:
    found, choice, warnings = run(SPOKEN, sound)
    assert choice.backend == "script-pocketsphinx"
    assert choice.reason.startswith("auto: the script is in English")
    assert choice.model.licence.startswith("BSD")
    assert [u.text for u in found.utterances] == [line.partition(": ")[2] for line in SPOKEN]
    assert [u.speaker for u in found.utterances] == ["TOM", "ANNA"]
    assert {word.speaker for word in found.utterances[1].words} == {"ANNA"}
    assert found.language == "en"
    assert not found.remarks
    assert not warnings
    assert_in_order(found, sound.duration_s)
    truth = json.loads(scene.with_suffix(".json").read_text("utf-8"))["utterances"][4:6]
    off = errors_s(found, truth) + 23.0
    assert np.median(np.abs(off)) < 0.03
    assert np.abs(off).max() < 0.25


def test_lines_outside_of_the_clips_are_not_looked_for(speech: Audio, tmp_path: Path) -> None:
    path = tmp_path / "script.txt"
    path.write_text("\n".join(SPOKEN), "utf-8")
    found = transcribe(speech, script=str(path), language="en", clip_timestamps="0,3")
    assert [u.speaker for u in found.utterances] == ["TOM"]
    assert [(remark.kind, remark.text) for remark in found.remarks] == [("not spoken", SPOKEN[1].partition(": ")[2])]


def test_what_a_script_has_no_use_for_is_said(speech: Audio, tmp_path: Path) -> None:
    path = tmp_path / "script.txt"
    path.write_text("\n".join(SPOKEN), "utf-8")
    options = Options(script=str(path), language="en", hotwords="Ada", glossary="names.txt")
    assert any(
        "no use for glossary, hotwords" in warning for warning in transcription(speech, options, silent).warnings
    )
    with pytest.raises(BadValue, match="translation makes a second text"):
        transcribe(speech, script=str(path), language="en", task="translate")


@pytest.mark.slow
@pytest.mark.parametrize("file", ["scene.flac", "scene.dialogue.flac"])
def test_the_scene_is_aligned_within_80_ms(run: Callable, scene: Path, file: str) -> None:
    truth = json.loads(scene.with_suffix(".json").read_text("utf-8"))["utterances"]
    mix = at_rate(load(scene.with_name(file)).audio, 16_000, mono=True)
    found, _, _ = run(tuple(line["text"] for line in truth), mix)
    assert not found.remarks
    off = np.abs(errors_s(found, truth))
    assert np.median(off[:, 0]) < 0.03
    assert np.median(off[:, 1]) < 0.03
    assert np.percentile(off, 90) < 0.08


@pytest.mark.slow
def test_changes_of_the_script_are_reported(run: Callable, scene: Path) -> None:
    truth = json.loads(scene.with_suffix(".json").read_text("utf-8"))["utterances"]
    texts = [line["text"] for line in truth]
    script = [*texts[:2], "Nobody ever painted this wooden fence.", *texts[2:7], *texts[8:]]
    script[-3] = texts[9].replace("doctor", "saxophone")
    script[-2:] = script[-1:], script[-2]
    script[-2:] = [texts[11], texts[10]]
    mix = at_rate(load(scene).audio, 16_000, mono=True)
    found, _, warnings = run(tuple(script), mix)
    told = {(remark.kind, remark.text): remark for remark in found.remarks}
    assert ("not spoken", "Nobody ever painted this wooden fence.") in told
    assert "'saxophone'" in told["spoken otherwise", script[-3]].detail
    assert {text for kind, text in told if kind == "spoken otherwise"} & {texts[10], texts[11]}
    free = told["not in the script", ""]
    assert truth[7]["start_s"] - 0.5 < free.start_s < free.end_s < truth[7]["end_s"] + 0.5
    assert len(told) == 4
    assert len(warnings) == 3
    assert {u.text for u in found.utterances} == set(texts) - {texts[7], texts[9]} | {script[-3]}
    starts = [u.start_s for u in found.utterances]
    assert starts == sorted(starts)


def test_names_that_no_dictionary_has_are_aligned(run: Callable, sound: Audio) -> None:
    found, _, _ = run(("Tomm, where is the munny from the box?", "What munny? I never touched your munny!"), sound)
    assert len(found.words) == 15
    assert_in_order(found, sound.duration_s)


def test_a_foreign_script_is_not_found(run: Callable, sound: Audio) -> None:
    found, _, warnings = run(
        ("Seven grey horses crossed a frozen lake.", "Whoever painted this?"), sound, language="en"
    )
    assert found.utterances == ()
    assert [remark.kind for remark in found.remarks][:2] == ["not spoken", "not spoken"]
    assert found.remarks[0] == Remark(
        "not spoken", None, None, "Seven grey horses crossed a frozen lake.", "line 1: not found in the recording"
    )
    assert "is it the script of this recording" in warnings[0]


@pytest.mark.parametrize("kind", ["empty", "silence", "noise", "not a number"])
def test_sound_without_speech_has_no_lines(run: Callable, rng: np.random.Generator, kind: str) -> None:
    samples = {
        "empty": np.zeros(0),
        "silence": np.zeros(32_000),
        "noise": 0.1 * rng.standard_normal(32_000),
        "not a number": np.full(32_000, np.nan),
    }[kind]
    found, _, _ = run(SPOKEN, Audio(samples, 16_000))
    assert found.utterances == ()
    assert [remark.kind for remark in found.remarks] == ["not spoken", "not spoken"]


def test_two_runs_are_alike(run: Callable, sound: Audio) -> None:
    assert run(SPOKEN, sound)[0] == run(SPOKEN, sound)[0]


# -- words of a recogniser


def recognised(text: str, language: str, *, at_s: float = 0.0, step_s: float = 0.4, sure: float = 0.9) -> Utterance:
    """Each word (each character of Chinese) of `text` for `step_s`; Latin words are whole."""
    parts = text.split() if language == "en" else list(text)
    words = tuple(Word(at_s + i * step_s, at_s + (i + 1) * step_s, part, sure) for i, part in enumerate(parts))
    return Utterance(at_s, at_s + len(parts) * step_s, text, language, words)


QUIET = Audio(np.zeros(60 * 16_000), 16_000)


def test_word_times_go_onto_a_cantonese_script(run: Callable) -> None:
    script = ("阿明：你去咗邊度呀？", "美玲：我同Tom去咗買餸。", "阿明：食飯啦！")
    # Whisper writes simplified characters and misses one; nobody calls for dinner.
    words = [*recognised("你去咗边度呀", "yue", at_s=1.0).words, *recognised("我同", "yue", at_s=5.0).words]
    words += [Word(5.8, 6.4, "Tom", 0.9), *recognised("去买餸", "yue", at_s=6.4).words]
    heard = Transcript("yue", (Utterance(1.0, 7.6, "", "yue", tuple(words)),))
    found, choice, _ = run(script, QUIET, heard)
    assert choice.backend == "script-words"
    assert choice.reason.startswith("auto: the script has lines in yue; passed over ctc")
    assert [(u.text, u.speaker, u.language) for u in found.utterances] == [
        ("你去咗邊度呀？", "阿明", "yue"),
        ("我同Tom去咗買餸。", "美玲", "yue"),
    ]
    second = found.utterances[1].words
    assert [word.text for word in second] == ["我", "同", "Tom", "去", "咗", "買", "餸。"]
    assert (second[2].start_s, second[2].end_s) == (5.8, 6.4)
    assert second[3].end_s <= second[4].start_s <= second[4].end_s <= second[5].end_s
    assert [(remark.kind, remark.text) for remark in found.remarks] == [("not spoken", "食飯啦！")]
    assert_in_order(found, QUIET.duration_s)


def test_words_said_otherwise_are_quoted(run: Callable) -> None:
    script = ("The ferry was slow today.", "Sit down and drink your tea.", "Goodbye my old friend.")
    heard = Transcript(
        "en",
        (
            recognised("The ferry was slow today", "en", at_s=1.0),
            recognised("sit down and drink your lemonade", "en", at_s=5.0),
            recognised("nobody asked the harbour master", "en", at_s=9.0),
            recognised("goodbye my friend", "en", at_s=13.0),
        ),
    )
    found, _, warnings = run(script, QUIET, heard, aligner="words", language="en")
    assert [u.text for u in found.utterances] == list(script)
    assert [(remark.kind, remark.text) for remark in found.remarks] == [
        ("spoken otherwise", "Sit down and drink your tea."),
        ("not in the script", "nobody asked the harbour master"),
    ]
    assert any("stretch" in warning for warning in warnings)
    assert_in_order(found, QUIET.duration_s)


def test_a_changed_word_inside_a_line_is_reported_where_the_recogniser_is_sure(run: Callable) -> None:
    script = ("Please bring the yellow umbrella tomorrow.",)
    said = "please bring the broken window tomorrow"
    sure, _, _ = run(script, QUIET, Transcript("en", (recognised(said, "en"),)), aligner="words", language="en")
    assert [remark.kind for remark in sure.remarks] == ["spoken otherwise"]
    assert sure.remarks[0].detail == "line 1: 'yellow umbrella' was heard as 'broken window'"
    doubtful = Transcript("en", (recognised(said, "en", sure=0.2),))
    assert run(script, QUIET, doubtful, aligner="words", language="en")[0].remarks == ()


def test_misheard_spelling_is_no_change(run: Callable) -> None:
    script = ("My favourite colour is grey, Katharine.",)
    heard = Transcript("en", (recognised("my favorite color is gray catherine", "en"),))
    found, _, _ = run(script, QUIET, heard, aligner="words", language="en")
    assert found.remarks == ()
    assert [word.text for word in found.words] == script[0].split()


def test_long_lines_end_at_sentences_and_pauses(run: Callable) -> None:
    script = ("NARRATOR: The ferry was slow. Nobody on board complained. It rained and rained.",)
    heard = (
        recognised("the ferry was slow nobody on board complained", "en", step_s=1.0),
        recognised("it rained", "en", at_s=8.0),
        recognised("and rained", "en", at_s=15.0),
    )
    found, _, _ = run(script, QUIET, Transcript("en", heard), aligner="words", language="en")
    assert [u.text for u in found.utterances] == [
        "The ferry was slow.",
        "Nobody on board complained.",
        "It rained",
        "and rained.",
    ]
    assert {u.speaker for u in found.utterances} == {"NARRATOR"}


def test_hours_of_words_are_matched_in_time(run: Callable, rng: np.random.Generator) -> None:
    vocabulary = ["".join(rng.choice(list("abcdefghijklm"), 5)) for _ in range(800)]
    texts = [" ".join(rng.choice(vocabulary, 8)) for _ in range(1500)]
    heard = [recognised(text, "en", at_s=7.0 * i) for i, text in enumerate(texts) if i % 10]
    long = Audio.backed(_Silence(), channels=1, frames=3 * 3600 * 16_000, rate=16_000)
    found, _, _ = run(tuple(texts), long, Transcript("en", tuple(heard)), aligner="words", language="en")
    assert [u.text for u in found.utterances] == [text for i, text in enumerate(texts) if i % 10]
    assert [r.text for r in found.remarks] == texts[::10]
    assert found.utterances[-1].start_s == pytest.approx(7.0 * 1499)


class _Silence:
    """Hours of silence, with `speech` at 150 s, that nobody may read whole."""

    def __init__(self, speech: Audio | None = None) -> None:
        self.speech = speech

    def read(self, start: int, stop: int) -> np.ndarray:
        assert stop - start <= 60 * 16_000
        if self.speech is None:
            return np.zeros((1, stop - start), np.float32)
        return self.speech.read(start - 150 * 16_000, stop - 150 * 16_000)


def test_a_long_recording_is_never_read_whole(run: Callable, sound: Audio) -> None:
    long = Audio.backed(_Silence(sound), channels=1, frames=300 * 16_000, rate=16_000)
    found, _, _ = run(SPOKEN, long)
    assert [u.speaker for u in found.utterances] == ["TOM", "ANNA"]
    assert 150.0 < found.utterances[0].start_s < found.utterances[1].end_s < 156.0
    assert not found.remarks


# -- a CTC model

LETTERS = ("<pad>", "<s>", "</s>", "<unk>", "|", "'", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
FRAME_S = 0.02


@pytest.fixture(scope="module")
def ctc_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wav2vec 2.0 checkpoint with random weights in Hugging Face's layout."""
    torch = pytest.importorskip("torch")
    torch_setup.prepare()
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("ctc") / "tiny-ctc"
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(
        vocab_size=len(LETTERS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8, 8, 8, 8, 8, 8, 8),
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    transformers.Wav2Vec2ForCTC(config).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps({letter: i for i, letter in enumerate(LETTERS)}), "utf-8")
    return folder


def emission_of(words: list[tuple[str, float, float]], duration_s: float) -> np.ndarray:
    """(frames, letters) log-probabilities of a model that is sure: each word's letters spread over its time."""
    likely = np.full((round(duration_s / FRAME_S), len(LETTERS)), 1e-3)
    best = np.zeros(len(likely), int)
    for text, start_s, end_s in words:
        places = np.linspace(start_s / FRAME_S, end_s / FRAME_S - 1, len(text)).round().astype(int)
        for letter, place in zip(text, places, strict=True):
            best[place] = LETTERS.index(letter)
        best[places[-1] + 2] = LETTERS.index("|")
    likely[np.arange(len(best)), best] = 1.0
    return np.log(likely / likely.sum(axis=1, keepdims=True)).astype(np.float32)


def test_ctc_times_words_by_its_letters(run: Callable, ctc_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = [("PLEASE", 1.0, 1.4), ("COME", 1.5, 1.8), ("HOME", 1.9, 2.3), ("I'M", 6.0, 6.2), ("HUNGRY", 6.3, 6.9)]
    emission = emission_of(said, 20.0)

    def of_window(self: CTCAligner, window: object, sound: Audio) -> np.ndarray:
        cuts = [(round(s.start_s / FRAME_S), round(s.end_s / FRAME_S)) for s in window.spans]
        return np.concatenate([emission[a:b] for a, b in cuts])

    monkeypatch.setattr(CTCAligner, "_emission", of_window)
    script = ("ANNA: Please come home!", "TOM: Why should anybody?", "ANNA: I’m hungry.")
    found, choice, _ = run(script, Audio(np.zeros(320_000), 16_000), align_model=str(ctc_folder), vad=False)
    assert choice.backend == "script-ctc"
    assert choice.model.name == "tiny-ctc"
    assert len(choice.model.sha256) == 64
    assert [word.text for word in found.words] == ["Please", "come", "home!", "I’m", "hungry."]
    off = [(w.start_s - start, w.end_s - end) for w, (_, start, end) in zip(found.words, said, strict=True)]
    assert np.abs(off).max() <= FRAME_S + 1e-6
    assert [(r.kind, r.text) for r in found.remarks] == [("not spoken", "Why should anybody?")]
    assert all(0.8 < word.probability <= 1.0 for word in found.words)


def test_a_real_checkpoint_runs_in_windows(run: Callable, ctc_folder: Path, sound: Audio) -> None:
    """Random weights hear nonsense: no line is found, and nothing breaks."""
    found, choice, _ = run(SPOKEN, sound, align_model=str(ctc_folder), aligner="ctc")
    assert choice.reason == "asked for; tiny-ctc is here"
    assert_in_order(found, sound.duration_s)
    aligner = CTCAligner(CTCModel(ctc_folder))
    words = aligner.sounded(words_of([Line(1, "Where is the money?", None, "en")]))
    times = aligner.fit(words, sound, Window((Span(0.0, 2.5),)))
    assert len(times) == 4
    for a, b in itertools.pairwise(times):
        assert 0.0 <= a.start_s < a.end_s <= b.end_s <= 2.5
    assert aligner.fit(words, sound, Window((Span(0.0, 0.1),))) is None


def test_a_model_that_cannot_spell_the_script_is_refused(run: Callable, ctc_folder: Path, sound: Audio) -> None:
    with pytest.raises(BadValue, match="only 0% of the script's letters") as caught:
        run(("你去咗邊度呀？",), sound, align_model=str(ctc_folder))
    assert "words" in caught.value.remedy


def test_broken_model_folders_are_refused(run: Callable, ctc_folder: Path, sound: Audio, tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match=r"lacks config\.json, vocab\.json, model\.safetensors or"):
        run(SPOKEN, sound, align_model=str(tmp_path))
    with pytest.raises(MissingModel, match="needs a model"):
        run(SPOKEN, sound, aligner="ctc")
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in ctc_folder.iterdir():
        (broken / file.name).write_bytes(
            file.read_bytes()[:400] if file.suffix == ".safetensors" else file.read_bytes()
        )
    with pytest.raises(StageError, match="does not load"):
        run(SPOKEN, sound, align_model=str(broken))
    (broken / "vocab.json").write_text('{"eng": {"a": 1}}')
    with pytest.raises(BadValue, match="several languages"):
        run(SPOKEN, sound, align_model=str(broken))


# -- the choice


def test_what_needs_a_recognised_transcript(tmp_path: Path, ctc_folder: Path) -> None:
    english, chinese, mixed = (tmp_path / f"{i}.txt" for i in range(3))
    english.write_text("You are home late tonight.\nAnna!\n", "utf-8")
    chinese.write_text("你去咗邊度呀？\n", "utf-8")
    mixed.write_text("你去咗邊度呀？\nI was at home, of course.\n", "utf-8")
    assert not needs_words(Options(script=str(english)))
    assert needs_words(Options(script=str(english), aligner="words"))
    assert needs_words(Options(script=str(english), language="de"))
    italian = tmp_path / "3.txt"
    italian.write_text("Ciao Anna, come stai?\n", "utf-8")
    assert needs_words(Options(script=str(italian)))
    assert needs_words(Options(script=str(chinese)))
    assert needs_words(Options(script=str(mixed)))
    assert not needs_words(Options(script=str(english), align_model=str(ctc_folder)))
    with pytest.raises(BadValue, match="of the script's letters"):
        needs_words(Options(script=str(mixed), align_model=str(ctc_folder)))
    with pytest.raises(BadValue, match="English only; the script has lines in yue"):
        needs_words(Options(script=str(mixed), aligner="pocketsphinx"))


def test_words_without_a_transcript_are_refused(run: Callable, sound: Audio) -> None:
    with pytest.raises(BadValue, match="needs a recognised transcript"):
        run(SPOKEN, sound, aligner="words")


def test_a_model_in_the_store_is_taken_where_it_knows_the_language(
    tmp_path: Path, ctc_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctc_models, "_entries", lambda: ["wav2vec2-base-960h"])
    monkeypatch.setattr("audiopost.models.store.find", lambda name: ctc_folder)
    text = tmp_path / "a.txt"
    text.write_text("Where is the money?\n", "utf-8")
    lines = read_script(text).lines
    assert ctc_models.fitting(words_of(lines), {"en"}).title == "wav2vec2-base-960h"
    assert ctc_models.fitting(words_of(lines), {"de"}) is None
    text.write_text("你去咗邊度呀？\n", "utf-8")
    assert ctc_models.fitting(words_of(read_script(text).lines), {"en"}) is None
