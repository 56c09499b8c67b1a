"""Text models of feelings: which language goes to which model, what is refused, what the record says."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from audiopost.core.errors import BadValue, MissingModel, StageError
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import Transcript, Utterance
from audiopost.core.stage import silent
from audiopost.stages.emotion import WORDS, Options, Stage, emotion
from audiopost.stages.emotion.transformers_text import _UNNAMED, FAMILY

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "store"


def read(texts, **options):
    reader, choice = WORDS.choose(Options(**options))
    return reader.rate(texts), choice


def test_each_text_gets_the_feeling_of_its_words_whatever_its_batch(tiny_emotion):
    model = str(
        tiny_emotion("text", ("joy", "sadness", "anger"), words={"happy": "joy", "sad": "sadness", "hate": "anger"})
    )
    texts = [("I am happy", "en"), ("I hate you so so so so so so much", "en"), ("so sad", "en")] * 30
    found, _ = read(texts, backend="transformers", words_model=model)
    assert [max(r.likelihood, key=r.likelihood.get) for r in found[:3]] == ["joy", "anger", "sadness"]
    assert all(r.affect.confidence > 0.4 for r in found)
    for one, other in zip(found[:3], found[-3:], strict=True):
        assert one.likelihood == pytest.approx(other.likelihood, abs=1e-5)
    assert found == read(texts, backend="transformers", words_model=model)[0]


def test_labels_that_hold_at_once_are_shares(tiny_emotion):
    model = str(
        tiny_emotion("text", ("joy", "fear"), words={"happy": "joy", "dark": "fear"}, multi_label=True, safe=False)
    )
    (glad, both), _ = read([("happy", "en"), ("happy dark", "en")], words_model=model)
    assert glad.likelihood["joy"] > 0.7
    assert both.likelihood["joy"] == pytest.approx(0.5, abs=0.05)
    assert both.affect.confidence < glad.affect.confidence


def test_neutral_words_leave_the_feeling_to_the_voice(tiny_emotion, speech):
    model = str(tiny_emotion("text", ("neutral", "anger"), words={"table": "neutral", "hate": "anger"}))
    (plain, angry), _ = read([("table", "en"), ("hate", "en")], words_model=model)
    assert plain.likelihood["neutral"] > 0.95
    assert plain.affect.confidence < 0.05
    assert angry.affect.confidence > 0.5
    voice = str(tiny_emotion("speech", lean=(0.0, 0.0, 4.0, 0.0)))
    said = Transcript("en", (Utterance(0.0, 8.0, "table", "en"),))
    _, (utterance,) = emotion(speech, said, model=voice, words_model=model)
    assert utterance.label == "anger"


def test_a_model_is_not_asked_about_a_language_that_it_does_not_know(tiny_emotion):
    english = str(tiny_emotion("text", ("joy", "anger"), words={"happy": "joy", "hate": "anger"}, languages="en"))
    texts = [("I am happy", "en"), ("我好嬲", "yue"), ("我好嬲", "zh-Hant"), ("je te hais", "fr"), ("happy", "en-GB")]
    found, choice = read(texts, words_model=english)
    assert choice.reason.endswith("tiny (en); other languages by the word list")
    assert found[0].likelihood["joy"] > 0.9
    assert found[4].likelihood["joy"] > 0.9
    # The word list reads Cantonese, and knows no French.
    assert found[1] == read([texts[1]], backend="lexicon")[0][0]
    assert found[1].affect.valence < 0
    assert found[2].affect == found[1].affect
    assert found[3] is None
    chinese = str(tiny_emotion("text", ("joy", "anger"), words={"好": "joy", "嬲": "anger"}, languages="[zh, yue]"))
    (glad, cross), _ = read([("happy", "en"), ("嬲", "yue")], words_model=chinese)
    assert glad.likelihood is None
    assert cross.likelihood["anger"] > 0.9


def test_auto_gives_every_language_the_best_model_that_is_here(tiny_emotion, store):
    assert read([("hate", "en")])[1].backend == "lexicon"
    for name, words in (
        ("roberta-go-emotions", {"happy": "joy", "hate": "anger"}),
        ("bert-multilingual-go-emotions", {"happy": "anger", "嬲": "anger", "hate": "joy"}),
    ):
        safe = name == "roberta-go-emotions"
        model = tiny_emotion("text", ("joy", "anger"), words=words, safe=safe)
        shutil.copytree(model, store / name)
        (store / name / "vocab.txt").write_text("", encoding="utf-8")
    found, choice = read([("happy", "en"), ("嬲", "yue"), ("happy", "de")])
    assert choice.backend == "transformers"
    assert choice.reason.startswith(
        "auto: roberta-go-emotions is here: roberta-go-emotions (en), bert-multilingual-go-emotions (en, zh)"
    )
    assert found[0].likelihood["joy"] > 0.9
    assert found[1].likelihood["anger"] > 0.9
    assert found[2] is None
    assert choice.model is not None
    assert choice.model.licence == "MIT, Apache-2.0"


def test_models_without_a_stated_licence_are_taken_by_name_only(tiny_emotion, store):
    shutil.copytree(tiny_emotion("text", safe=False), store / "xlm-emo-t")
    found, choice = read([("hate", "fr")])
    assert choice.backend == "lexicon"
    assert "xlm-emo-t is here, but its licence (not stated) may not allow every use" in choice.reason
    found, choice = read([("hate", "fr")], words_model="xlm-emo-t")
    assert choice.backend == "transformers"
    assert found[0].likelihood["sadness"] > 0.9


def test_labels_that_only_the_card_names(tiny_emotion, store):
    labels = tuple(f"LABEL_{i}" for i in range(8))
    model = tiny_emotion("text", labels, words={"嬲": "LABEL_3", "喜": "LABEL_2", "嘔": "LABEL_7"})
    shutil.copytree(model, store / "chinese-emotion")
    (angry, glad, sick), choice = read([("嬲", "yue"), ("喜", "zh"), ("嘔", "zh-Hant")])
    assert choice.model is not None
    assert choice.model.name == "chinese-emotion"
    named = [max(r.likelihood, key=r.likelihood.get) for r in (angry, glad, sick)]
    assert named == ["anger", "joy", "disgust"]
    assert set(_UNNAMED) >= {entry.source for entry in FAMILY.entries if entry.name == "chinese-emotion"}
    with pytest.raises(BadValue, match="LABEL_0"):
        read([("嬲", "yue")], words_model=str(model))


def test_what_is_broken_is_told(tiny_emotion, tmp_path):
    texts = [("happy", "en")]
    with pytest.raises(MissingModel, match=r"lacks config\.json, model\.safetensors or pytorch_model\.bin"):
        read(texts, backend="transformers", words_model=str(tmp_path))
    folder = tmp_path / "a"
    shutil.copytree(tiny_emotion("text"), folder)
    (folder / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(StageError, match="its tokenizer cannot be read"):
        read(texts, words_model=str(folder))
    folder = tmp_path / "b"
    shutil.copytree(tiny_emotion("text"), folder)
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:1000])
    with pytest.raises(StageError, match="cannot be loaded"):
        read(texts, words_model=str(folder))
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["id2label"] = {"0": "POSITIVE", "1": "NEGATIVE"}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(BadValue, match="'POSITIVE'"):
        read(texts, words_model=str(folder))


def test_a_pickle_that_would_run_something_is_refused(tiny_emotion, tmp_path):
    class Payload:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    folder = tmp_path / "model"
    shutil.copytree(tiny_emotion("text", safe=False), folder)
    torch.save(Payload(), folder / "pytorch_model.bin")
    with pytest.raises(StageError, match="cannot be loaded"):
        read([("happy", "en")], words_model=str(folder))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("stated", [True, False])
def test_a_text_longer_than_the_model_reads_is_read_as_far_as_it_goes(tiny_emotion, tmp_path, stated):
    made = tiny_emotion("text", ("joy", "sadness"), words={"happy": "joy", "sad": "sadness"})
    folder = tmp_path / "model"
    shutil.copytree(made, folder)
    if not stated:
        facts = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
        del facts["model_max_length"]
        (folder / "tokenizer_config.json").write_text(json.dumps(facts), "utf-8")
    (long, short), _ = read([("happy " * 3000, "en"), ("sad", "en")], words_model=str(folder))
    assert long.likelihood["joy"] > 0.7
    assert short.likelihood["sadness"] > 0.7


def test_code_beside_a_model_is_never_run(tiny_emotion, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_emotion("text"), folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config |= {
        "model_type": "mine",
        "auto_map": {"AutoModelForSequenceClassification": "mine.Mine", "AutoConfig": "mine.C"},
    }
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    (folder / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')", "utf-8")
    with pytest.raises(StageError, match="cannot be loaded"):
        read([("happy", "en")], words_model=str(folder))
    assert not (tmp_path / "ran").exists()


def test_the_record_says_which_model_read_the_words(tiny_emotion, speech, store):
    shutil.copytree(tiny_emotion("text"), store / "roberta-go-emotions")
    media = MediaInfo("speech.wav", "", "WAV", "PCM_16", speech.rate, 1, ("M",), speech.duration_s)
    said = Transcript("en", (Utterance(0.0, 8.0, "I am so happy", "en"),))
    done = Stage()(Project(media, speech, transcript=said), Options(backend="prosody"), silent)
    step = done.steps[-1]
    assert "words by transformers (auto: roberta-go-emotions is here" in step.reason
    assert step.model is not None
    assert "roberta-go-emotions" in step.model.name.split(", ")  # beside the voice's own
    assert "MIT" in step.model.licence
    assert done.emotion_utterances is not None
    assert done.emotion_utterances[0].words is not None
    assert done.emotion_utterances[0].words.valence > 0.5
