"""The Demucs backend with tiny random models: loading, mapping, safety, determinism."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, Cancelled, MissingModel, StageError
from audiopost.stages.separate import BACKENDS, Options, _run, demucs_models, separate
from audiopost.stages.separate.demucs import Demucs, _groups

torch = pytest.importorskip("torch")
pytest.importorskip("demucs")
pytestmark = pytest.mark.slow

MUSIC, FILM = ["drums", "bass", "other", "vocals"], ["speech", "music", "sfx"]


def tiny(sources):
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(0)
    return HTDemucs(
        sources=sources, channels=8, bottom_channels=32, t_layers=1, t_heads=2, segment=Fraction(2), samplerate=44_100
    )


def save(model, folder, signature="aaaa1111", bag="tiny"):
    from demucs.states import get_state, save_with_checksum

    args, kwargs = model._init_args_kwargs
    package = {"klass": type(model), "args": args, "kwargs": kwargs, "state": get_state(model, None)}
    save_with_checksum(package, folder / f"{signature}.th")
    (folder / f"{bag}.yaml").write_text(f"models: ['{signature}']\n")
    return folder


@pytest.fixture(scope="session")
def music(tmp_path_factory):
    return save(tiny(MUSIC), tmp_path_factory.mktemp("music"))


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    return save(tiny(FILM), tmp_path_factory.mktemp("film"))


@pytest.fixture
def audio(rng):
    return Audio(rng.normal(0, 0.1, (2, 30_000)), 44_100)


def options(repo, **changes):
    return Options(**{"backend": "demucs", "repo": str(repo), **changes})


def test_equals_demucs_own_separator(music, audio):
    """One block without context is what demucs.api makes of the whole recording."""
    from demucs.api import Separator

    wave = torch.from_numpy(audio.samples.copy())
    theirs = Separator("tiny", repo=music, device="cpu", shifts=0).separate_tensor(wave)[1]
    ours = separate(audio, options(music, stems="music"))
    for name in ("vocals", "drums", "bass"):
        assert np.abs(ours[name].samples - theirs[name].numpy()).max() < 1e-4


def test_blocks_join_without_a_seam(music, audio, monkeypatch):
    whole = separate(audio, options(music, stems="music"))["vocals"].samples
    monkeypatch.setattr("audiopost.stages.separate.demucs._BLOCK_S", 0.5)
    monkeypatch.setattr("audiopost.stages.separate.demucs._FADE_S", 0.1)
    pieces = separate(audio, options(music, stems="music"))["vocals"].samples
    # 4 s of context reach over the whole of this recording, so every block sees the same.
    assert np.abs(whole - pieces).max() < 1e-4


def test_custom_sources_map_to_film_stems(film, audio):
    stems, choice = _run(audio, options(film), lambda *_: None)
    assert tuple(stems) == ("dialogue", "music", "effects")
    assert "music model" not in choice.reason
    assert choice.model.name == "tiny"
    assert len(choice.model.sha256) == 64


def test_a_music_model_says_how_it_makes_film_stems(music, audio):
    stems, choice = _run(audio, options(music), lambda *_: None)
    assert tuple(stems) == ("dialogue", "music", "effects")
    assert "music model: dialogue is its vocals" in choice.reason
    vocals = separate(audio, options(music, stems="music"))["vocals"]
    assert np.array_equal(stems["dialogue"].samples, vocals.samples)


def test_film_model_refuses_music_stems(film, audio):
    with pytest.raises(BadValue, match=r"speech, music, sfx.*vocals, drums, bass, other"):
        separate(audio, options(film, stems="music"))


def test_a_damaged_file_is_refused(tmp_path):
    folder = save(tiny(MUSIC), tmp_path)
    path = next(folder.glob("*.th"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(StageError, match="its name says"):
        demucs_models.load(folder, "tiny")


def test_a_pickle_that_runs_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "pwned"), "w"))

    torch.save({"klass": Evil()}, tmp_path / "bad.th")
    with pytest.raises(StageError, match="safely"):
        demucs_models.load(tmp_path, "bad")
    assert not (tmp_path / "pwned").exists()


def test_safetensors_load_and_are_preferred(tmp_path, audio):
    import json

    from safetensors.torch import save_file

    model = tiny(MUSIC)
    folder = save(model, tmp_path)
    expected = separate(audio, options(folder, stems="music"))
    kwargs = dict(model._init_args_kwargs[1])
    segment = kwargs.pop("segment")
    encoded = {**kwargs, "segment": {"_type": "fraction", "numerator": segment.numerator, "denominator": 1}}
    metadata = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": json.dumps(encoded)}
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "aaaa1111.safetensors", metadata)
    next(folder.glob("*.th")).write_bytes(b"broken")
    assert separate(audio, options(folder, stems="music")) == expected
    save_file({"x": torch.zeros(1)}, folder / "aaaa1111.safetensors", {"klass": "os.path.Evil"})
    with pytest.raises(StageError, match=r"os\.path\.Evil"):
        demucs_models.load(folder, "tiny")


def test_shifts_repeat_and_leave_random_alone(music, audio):
    random.seed(5)
    before = random.getstate()
    first = separate(audio, options(music, stems="music", shifts=1))
    assert random.getstate() == before
    random.seed(6)
    assert separate(audio, options(music, stems="music", shifts=1)) == first


def test_cancelling_stops_it(music, audio):
    def cancel(step, done, total):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        separate(audio, options(music), progress=cancel)


def test_progress_goes_up_to_the_end(film, audio):
    seen: list[float] = []
    separate(audio, options(film), progress=lambda _, done, __: seen.append(done))
    assert seen == sorted(seen)
    assert seen[-1] == audio.frames


def test_a_model_that_fails_is_a_stage_error(music, audio, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("out of memory")

    monkeypatch.setattr("demucs.apply.apply_model", fail)
    with pytest.raises(StageError, match=r"tiny failed on cpu: out of memory.*device=cpu"):
        separate(audio, options(music))


def test_what_is_missing_is_said_with_its_remedy(tmp_path, monkeypatch, audio):
    with pytest.raises(MissingModel, match="not a folder"):
        separate(audio, options(tmp_path / "nowhere"))
    with pytest.raises(MissingModel, match="holds no Demucs model"):
        separate(audio, options(tmp_path))
    monkeypatch.setattr("audiopost.models.store.find", lambda name: None)
    with pytest.raises(MissingModel, match="audiopost models pull htdemucs"):
        separate(audio, backend="demucs")
    _, choice = _run(Audio(np.zeros(100), 8_000), Options(), lambda *_: None)
    assert choice.backend == "dsp"
    assert "passed over demucs" in choice.reason


def test_several_models_want_a_name(tmp_path):
    save(tiny(MUSIC), tmp_path)
    (tmp_path / "other.yaml").write_text("models: ['aaaa1111']\n")
    with pytest.raises(BadValue, match="other, tiny"):
        Demucs.available(options(tmp_path))
    assert Demucs.available(options(tmp_path, model="other")).ready


def test_the_model_store_is_used(music, audio, monkeypatch):
    """A catalogued name is looked up in the store; its bag comes from the catalogue where no yaml lies there."""
    monkeypatch.setattr("audiopost.models.store.find", lambda name: music if name == "htdemucs" else None)
    assert demucs_models.locate("", None) == (music, "htdemucs")
    with pytest.raises(MissingModel, match="955717e8"):
        demucs_models.load(music, "htdemucs")


def test_surround_goes_in_pairs_without_the_lfe():
    assert _groups(("L", "R", "C", "LFE", "Ls", "Rs"), 2) == [[0, 1], [4, 5], [2]]
    assert _groups(("L", "R"), 1) == [[0], [1]]
    assert _groups(("M",), 2) == [[0]]


def test_auto_prefers_demucs():
    assert BACKENDS.auto == ("demucs", "dsp")
