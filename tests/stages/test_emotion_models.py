"""Speech models of feelings from real files: where they are found, what is refused, what they answer."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, MissingModel, StageError
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import Transcript, Utterance
from audiopost.core.stage import silent
from audiopost.core.time import Span
from audiopost.models.catalogue import get
from audiopost.stages.emotion import BACKENDS, Options, Stage, emotion
from audiopost.stages.emotion.windows import Window

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty store and hub cache, and no network to turn to."""
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")


class Payload:
    """What a malicious pickle does when it is opened."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def copied(model: Path, folder: Path) -> Path:
    shutil.copytree(model, folder)
    return folder


def put(model: Path, name: str, store: Path) -> None:
    """A model as the store has the catalogue's `name`."""
    shutil.copytree(model, store / name)


def rated(model, speech, **more):
    options = Options(model=str(model), **more)
    windows = [Window(0, 3), Window(3, 6), Window(6, 8)]
    reader = BACKENDS.choose(options)[0]
    return reader.rate(speech, [Span(0, 8)], windows, silent)


@pytest.mark.parametrize("kind", ["wav2vec2", "hubert", "wavlm", "unispeech-sat"])
@pytest.mark.parametrize("safe", [True, False])
def test_a_classifier_names_the_feeling_that_it_finds(tiny_emotion, speech, kind, safe):
    model = tiny_emotion("speech", kind=kind, safe=safe, lean=(0.0, 0.0, 4.0, 0.0))
    for reading in rated(model, speech, backend="transformers"):
        assert reading.likelihood["anger"] > 0.9
        assert reading.affect.arousal > 0.4
        assert reading.affect.valence < -0.35
        assert 0.3 < reading.affect.confidence <= 0.6
    points, utterances = emotion(speech, backend="transformers", model=str(model))
    assert {u.label for u in utterances} == {"anger"}
    assert all(p.voice is not None for p in points)


def test_layers_may_be_weighted_and_a_conformer_runs(tiny_emotion, speech):
    model = tiny_emotion("speech", weighted=True, lean=(0.0, 5.0, 0.0, 0.0))
    assert all(r.likelihood["joy"] > 0.9 for r in rated(model, speech))


def test_the_regression_is_its_model_cards_and_its_scale_is_centred(tiny_emotion, speech):
    """Hidden states averaged over time, a dense layer with tanh, an output each for arousal, dominance, valence."""
    model = tiny_emotion("speech", ("arousal", "dominance", "valence"), norm="layer", lean=(0.8, 0.6, 0.3))
    found = rated(model, speech, backend="transformers")
    from safetensors.torch import load_file
    from transformers import Wav2Vec2Model

    from audiopost.io.scratch import at_rate

    weights = load_file(model / "model.safetensors")
    body = Wav2Vec2Model.from_pretrained(model).eval()
    wave = at_rate(speech, 16_000).samples[0][:48_000]
    wave = torch.from_numpy((wave - wave.mean()) / wave.std())[None]
    with torch.inference_mode():
        pooled = body(wave).last_hidden_state.mean(dim=1)
        inner = torch.tanh(pooled @ weights["classifier.dense.weight"].T + weights["classifier.dense.bias"])
        raw = (inner @ weights["classifier.out_proj.weight"].T + weights["classifier.out_proj.bias"])[0].numpy()
    affect = found[0].affect
    assert found[0].likelihood is None
    assert (affect.arousal, affect.dominance, affect.valence) == pytest.approx(2 * raw - 1, abs=1e-3)
    assert affect.arousal == pytest.approx(0.6, abs=0.1)
    assert affect.valence < -0.2


def test_the_order_of_a_regression_is_its_configs(tiny_emotion, speech):
    model = tiny_emotion("speech", ("valence", "arousal", "dominance"), norm="layer", lean=(0.9, 0.5, 0.1))
    affect = rated(model, speech)[0].affect
    assert affect.valence > 0.6 > 0.3 > abs(affect.arousal)
    assert affect.dominance < -0.6


def test_a_stretch_is_read_the_same_alone_and_among_others(tiny_emotion, speech):
    """Models with group norm over time would hear padding: nothing is padded."""
    reader = BACKENDS.choose(Options(model=str(tiny_emotion("speech", lean=(0.1, 0.9, 0.4, 0.2)))))[0]
    windows = [Window(a, a + length) for a, length in ((0, 3), (0.7, 1.1), (2, 3), (3.3, 0.5), (4, 4))]
    together = reader.rate(speech, [Span(0, 8)], windows, silent)
    for window, reading in zip(windows, together, strict=True):
        (alone,) = reader.rate(speech, [Span(0, 8)], [window], silent)
        assert alone.likelihood == pytest.approx(reading.likelihood, abs=1e-5)


@pytest.mark.parametrize("file", ["pytorch_model.bin", "model.pt"])
def test_a_pickle_that_would_run_something_is_refused(tiny_emotion, speech, tmp_path, file):
    if file == "model.pt":
        folder = copied(tiny_emotion("emotion2vec"), tmp_path / "model")
    else:
        folder = copied(tiny_emotion("speech", safe=False), tmp_path / "model")
    mark = tmp_path / "ran"
    torch.save({"model": Payload(mark), "weights": torch.zeros(1)}, folder / file)
    with pytest.raises(StageError, match="cannot be loaded"):
        rated(folder, speech)
    (folder / file).write_bytes(pickle.dumps(Payload(mark)))
    with pytest.raises(StageError, match="cannot be loaded"):
        rated(folder, speech)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("kind", "file"),
    [("speech", "model.safetensors"), ("emotion2vec", "model.pt"), ("sensevoice", "model.onnx")],
)
def test_a_truncated_file_is_told(tiny_emotion, speech, tmp_path, kind, file):
    folder = copied(tiny_emotion(kind), tmp_path / "model")
    whole = (folder / file).read_bytes()
    (folder / file).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StageError, match="cannot be loaded") as caught:
        rated(folder, speech)
    assert str(folder) in str(caught.value)


def test_weights_that_are_absent_are_not_made_up(tiny_emotion, speech, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = copied(tiny_emotion("speech"), tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    save_file({k: v for k, v in weights.items() if not k.startswith("classifier")}, folder / "model.safetensors",
              {"format": "pt"})  # fmt: skip
    with pytest.raises(StageError, match=r"lack classifier\.bias, classifier\.weight"):
        rated(folder, speech)
    folder = copied(tiny_emotion("emotion2vec"), tmp_path / "other")
    (folder / "tokens.txt").write_text("happy\nsad\n", encoding="utf-8")
    with pytest.raises(StageError, match=r"lack proj\.weight, proj\.bias, or have them in other sizes"):
        rated(folder, speech)


def changed(model: Path, folder: Path, file: str, **facts: object) -> Path:
    copied(model, folder)
    config = json.loads((folder / file).read_text("utf-8"))
    (folder / file).write_text(json.dumps(config | facts), "utf-8")
    return folder


def test_what_no_one_can_run_is_refused_with_the_choices(tiny_emotion, speech, tmp_path):
    model = tiny_emotion("speech")
    with pytest.raises(BadValue, match="'whisper'") as caught:
        rated(changed(model, tmp_path / "a", "config.json", model_type="whisper"), speech)
    assert "hubert" in caught.value.choices
    unnamed = {str(i): f"LABEL_{i}" for i in range(4)}
    with pytest.raises(BadValue, match="LABEL_0"):
        rated(changed(model, tmp_path / "b", "config.json", id2label=unnamed), speech)
    for n, labels in enumerate((None, {"zero": "joy", "1": "fear"}, {"1": "joy", "2": "fear"}, ["joy", "fear"])):
        with pytest.raises(BadValue, match="numbers its labels from 0"):
            rated(changed(model, tmp_path / f"labels{n}", "config.json", id2label=labels), speech)
    with pytest.raises(BadValue, match="8000 Hz"):
        rated(changed(model, tmp_path / "c", "preprocessor_config.json", sampling_rate=8000), speech)
    (tmp_path / "c" / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(BadValue, match="cannot be read"):
        rated(tmp_path / "c", speech)


def test_a_folder_that_lacks_files_says_which(tmp_path, speech):
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(MissingModel, match=r"lacks model\.safetensors or pytorch_model\.bin"):
        emotion(speech, backend="transformers", model=str(tmp_path))
    with pytest.raises(MissingModel, match=r"lacks config\.yaml, tokens\.txt, model\.pt"):
        emotion(speech, backend="emotion2vec", model=str(tmp_path))
    with pytest.raises(MissingModel, match=r"lacks tokens\.txt, model\.onnx or model\.int8\.onnx"):
        emotion(speech, backend="sensevoice", model=str(tmp_path))


def test_a_model_that_is_not_here_says_how_it_comes(speech):
    with pytest.raises(MissingModel, match="audiopost models pull wav2vec2-base-superb-er"):
        emotion(speech, backend="transformers", model="superb/wav2vec2-base-superb-er")
    with pytest.raises(MissingModel, match="hf download someone/feelings"):
        emotion(speech, backend="transformers", model="someone/feelings")
    with pytest.raises(MissingModel, match="wav2vec2-msp-dim"):
        emotion(speech, backend="transformers", model="hubert")
    with pytest.raises(MissingModel, match="audiopost models pull emotion2vec-plus-large"):
        emotion(speech, backend="emotion2vec")


def test_a_model_of_the_hubs_cache_is_found_by_its_id(tiny_emotion, speech, tmp_path):
    snapshot = tmp_path / "hub" / "models--someone--feelings" / "snapshots" / ("c0ffee" * 6)
    snapshot.parent.mkdir(parents=True)
    copied(tiny_emotion("speech", lean=(0.0, 0.0, 0.0, 5.0)), snapshot)
    options = Options(backend="transformers", model="someone/feelings")
    reader, choice = BACKENDS.choose(options)
    assert choice.model is not None
    assert (choice.model.name, choice.model.version) == ("someone/feelings", ("c0ffee" * 6)[:12])
    assert choice.model.licence == "not stated"
    assert len(choice.model.sha256) == 64
    assert reader.rate(speech, [Span(0, 8)], [Window(0, 8)], silent)[0].likelihood["sadness"] > 0.9


def test_a_model_that_is_named_and_not_here_is_never_replaced(speech):
    with pytest.raises(MissingModel, match="'nowhere' is no folder"):
        emotion(speech, model="nowhere")
    with pytest.raises(MissingModel, match="hf download someone/words"):
        said = Transcript("en", (Utterance(0.0, 8.0, "I love you", "en"),))
        emotion(speech, said, words_model="someone/words")
    assert emotion(speech, backend="prosody", model="nowhere").points


def test_auto_takes_a_model_whose_licence_allows_any_use(tiny_emotion, tmp_path):
    put(tiny_emotion("speech", safe=False), "wav2vec2-base-superb-er", tmp_path / "store")
    _, choice = BACKENDS.choose(Options())
    assert choice.backend == "transformers"
    assert choice.model is not None
    assert (choice.model.name, choice.model.licence) == ("wav2vec2-base-superb-er", "Apache-2.0")


def test_auto_leaves_other_licences_alone_until_they_are_asked_for(tiny_emotion, speech, tmp_path):
    put(tiny_emotion("speech", ("arousal", "dominance", "valence")), "wav2vec2-msp-dim", tmp_path / "store")
    put(tiny_emotion("emotion2vec"), "emotion2vec-plus-base", tmp_path / "store")
    put(tiny_emotion("sensevoice", name="model.int8.onnx"), "sensevoice-small", tmp_path / "store")
    _, choice = BACKENDS.choose(Options())
    assert choice.backend == "prosody"
    for name in ("wav2vec2-msp-dim", "emotion2vec-plus-base", "sensevoice-small"):
        assert f"{name} is here, but its licence ({get(name).licence}) may not allow every use" in choice.reason
    with pytest.raises(MissingModel, match=r"set emotion\.model=wav2vec2-msp-dim"):
        emotion(speech, backend="transformers")
    for backend, name in (
        ("transformers", "wav2vec2-msp-dim"),
        ("emotion2vec", "emotion2vec-plus-base"),
        ("sensevoice", "sensevoice-small"),
    ):
        _, choice = BACKENDS.choose(Options(backend=backend, model=name))
        assert choice.model is not None
        assert (choice.model.name, choice.model.licence) == (name, get(name).licence)
    # Naming the model is enough: auto finds the backend that it belongs to.
    assert BACKENDS.choose(Options(model="sensevoice-small"))[1].backend == "sensevoice"


def test_the_record_names_model_and_licence(tiny_emotion, speech, tmp_path):
    put(tiny_emotion("speech", ("arousal", "dominance", "valence")), "wav2vec2-msp-dim", tmp_path / "store")
    media = MediaInfo("speech.wav", "", "WAV", "PCM_16", speech.rate, 1, ("M",), speech.duration_s)
    project = Project(media, speech)
    done = Stage()(project, Options(backend="transformers", model="wav2vec2-msp-dim"), silent)
    step = done.steps[-1]
    assert step.model is not None
    assert step.model.licence == "CC BY-NC-SA 4.0"
    assert len(step.model.sha256) == 64


def test_emotion2vec_reads_its_own_labels(tiny_emotion, speech):
    model = tiny_emotion("emotion2vec", lean=(0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    for reading in rated(model, speech):
        assert reading.likelihood["joy"] > 0.9
    # What its makers left untrained is no answer, however loud.
    labels = ("生气/angry", "unuse_0", "难过/sad", "中立/neutral")
    model = tiny_emotion("emotion2vec", labels, lean=(0.0, 50.0, 5.0, 0.0), before="")
    for reading in rated(model, speech):
        assert reading.likelihood["sadness"] > 0.9
        assert reading.affect.confidence > 0.3


def test_a_config_is_data_and_runs_nothing(tiny_emotion, speech, tmp_path):
    import yaml

    for n, spec in enumerate(("__import__('os').mkdir('ran')", "[(12, 10, 5)] * 9999", "[]", "[(12, 10)]", "[(1,1,1)")):
        folder = copied(tiny_emotion("emotion2vec"), tmp_path / str(n))
        config = yaml.safe_load((folder / "config.yaml").read_text("utf-8"))
        config["model_conf"]["modalities"]["audio"]["feature_encoder_spec"] = spec
        (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        with pytest.raises(BadValue, match="describes no convolutions"):
            rated(folder, speech)
    (folder / "config.yaml").write_text("model: !!python/object/apply:os.mkdir ['ran']", encoding="utf-8")
    with pytest.raises(StageError, match="no YAML"):
        rated(folder, speech)
    assert not Path("ran").exists()
    (folder / "config.yaml").write_text("model: SenseVoiceSmall", encoding="utf-8")
    with pytest.raises(BadValue, match="SenseVoiceSmall") as caught:
        rated(folder, speech)
    assert "backend sensevoice" in caught.value.remedy


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("tokens.txt", b"\xff\xfe\x00", "tokens.txt is no text"),
        ("config.yaml", b"\xff\xfe\x00", "config.yaml is no text"),
        ("config.yaml", b"model: Emotion2vec", "it lacks model_conf"),
        ("model.pt", b"", "model.pt cannot be read safely"),
        ("model.pt", b"\x80\x02}q\x00.", "model.pt"),
        ("model.pt", b"no pickle at all", "model.pt cannot be read safely"),
    ],
)
def test_a_damaged_emotion2vec_is_told(tiny_emotion, speech, tmp_path, file, content, told):
    folder = copied(tiny_emotion("emotion2vec"), tmp_path / "model")
    (folder / file).write_bytes(content)
    with pytest.raises(StageError, match=told) as caught:
        emotion(speech, backend="emotion2vec", model=str(folder))
    assert "Copy the model again" in caught.value.remedy


def test_cuda_is_refused_where_there_is_none(tiny_emotion, speech, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BadValue, match="no CUDA GPU"):
        rated(tiny_emotion("speech"), speech, device="cuda")
    with pytest.raises(BadValue, match="no CUDA"):
        rated(tiny_emotion("sensevoice"), speech, device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine")
@pytest.mark.parametrize("kind", ["speech", "emotion2vec"])
def test_a_gpu_answers_as_the_processor_does(tiny_emotion, speech, kind):
    model = tiny_emotion(kind)
    for one, other in zip(rated(model, speech, device="cuda"), rated(model, speech, device="cpu"), strict=True):
        assert one.likelihood == pytest.approx(other.likelihood, abs=1e-3)


def test_five_minutes_are_heard_in_bounded_batches(tiny_emotion, speech, monkeypatch):
    from audiopost.stages.emotion.transformers_speech import _Network

    sizes = []
    heard = _Network.__call__

    def noted(self, waves):
        sizes.append(waves.size)
        return heard(self, waves)

    monkeypatch.setattr(_Network, "__call__", noted)
    long = Audio(np.tile(speech.samples, (1, 38)), speech.rate)
    points, _ = emotion(long, backend="transformers", model=str(tiny_emotion("speech")))
    assert len(points) > 300
    assert max(sizes) <= 24 * 16_000


@pytest.mark.parametrize("kind", ["wav2vec2", "hubert"])
def test_checkpoints_from_before_torch_renamed_weight_norm(tiny_emotion, speech, tmp_path, kind):
    """The published ones of 2021 and 2022 have weight_g and weight_v, and no embedding of the training mask."""
    model = tiny_emotion("speech", kind=kind, safe=False, lean=(0.1, 0.9, 0.4, 0.2))
    folder = copied(model, tmp_path / "old")
    weights = torch.load(folder / "pytorch_model.bin", weights_only=True)
    old = {
        key.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): value
        for key, value in weights.items()
        if not key.endswith("masked_spec_embed")
    }
    assert len(set(old) - set(weights)) == 2
    torch.save(old, folder / "pytorch_model.bin")
    for one, other in zip(rated(folder, speech), rated(model, speech), strict=True):
        assert one.likelihood == other.likelihood


def test_half_precision_is_read_at_full(tiny_emotion, speech, tmp_path):
    from safetensors.torch import load_file, save_file

    model = tiny_emotion("speech", lean=(0.1, 0.9, 0.4, 0.2))
    folder = changed(model, tmp_path / "half", "config.json", torch_dtype="float16", dtype="float16")
    weights = load_file(folder / "model.safetensors")
    save_file({k: v.half() for k, v in weights.items()}, folder / "model.safetensors", {"format": "pt"})
    for one, other in zip(rated(folder, speech), rated(model, speech), strict=True):
        assert one.likelihood == pytest.approx(other.likelihood, abs=1e-3)
