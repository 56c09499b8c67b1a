"""The Demucs backend with tiny random models: loading, mapping, safety, determinism."""

from __future__ import annotations

import dataclasses
import random
from fractions import Fraction

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, Cancelled, MissingExtra, MissingModel, StageError
from audiopost.models import hashes
from audiopost.models.catalogue import get
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
        sources=sources,
        channels=8,
        bottom_channels=32,
        t_layers=1,
        t_heads=2,
        segment=Fraction(1, 2),
        samplerate=44_100,
    )


def save(model, folder, signature="aaaa1111", bag="tiny"):
    from demucs.states import get_state, save_with_checksum

    args, kwargs = model._init_args_kwargs
    package = {"klass": type(model), "args": args, "kwargs": kwargs, "state": get_state(model, None)}
    save_with_checksum(package, folder / f"{signature}.th")
    (folder / f"{bag}.yaml").write_text(f"models: ['{signature}']\n")
    return folder


def pickled(package, folder, signature="aaaa1111"):
    """A pickle of anything, with its hash in its name."""
    torch.save(package, folder / "new")
    return (folder / "new").rename(folder / f"{signature}-{hashes.compute(folder / 'new')[:8]}.th")


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


@pytest.fixture(scope="session")
def bag(tmp_path_factory):
    """A bag like htdemucs_ft: two models, one of them for the drums alone."""
    folder = save(tiny(MUSIC), tmp_path_factory.mktemp("bag"))
    torch.manual_seed(1)
    second = tiny(MUSIC)
    with torch.no_grad():
        for parameter in second.parameters():
            parameter.mul_(1.1)
    save(second, folder, "bbbb2222")
    weights = "[[0., 1., 1., 1.], [1., 1., 0., 0.]]"
    (folder / "tiny.yaml").write_text(f"models: ['aaaa1111', 'bbbb2222']\nweights: {weights}\n")
    return folder


@pytest.fixture
def long(rng):
    """Several segments, louder at its end, not around zero."""
    return Audio(rng.normal(0.05, 0.1, (2, 60_001)) * np.linspace(0.1, 2, 60_001), 44_100)


def theirs(folder, audio, monkeypatch, **changes):
    """What demucs makes of the whole; models draw numbers between the shifts, so these come from a generator apart."""
    from demucs.api import Separator

    monkeypatch.setattr("demucs.apply.random.randint", random.Random(0).randint)
    settings = {"device": "cpu", "shifts": 0, "overlap": 0.25, **changes}
    return Separator("tiny", repo=folder, **settings).separate_tensor(torch.from_numpy(audio.samples.copy()))[1]


@pytest.mark.parametrize(
    "changes",
    [{}, {"shifts": 2}, {"overlap": 0.6}, {"overlap": 0.0}, {"segment": 0.4, "shifts": 1}],
    ids=lambda changes: " ".join(f"{k}={v}" for k, v in changes.items()) or "defaults",
)
def test_equals_demucs_on_the_whole_recording(bag, long, changes, monkeypatch):
    """Streamed by segments, and yet the same: normalisation over the file, grid, weights, padding, shifts, bag."""
    expected = theirs(bag, long, monkeypatch, **changes)
    ours = separate(long, options(bag, stems="music", **changes))
    for name in ("vocals", "drums", "bass"):
        assert np.abs(ours[name].samples - expected[name].numpy()).max() < 1e-5


def test_other_kinds_of_demucs_go_the_same_way(tmp_path, rng, monkeypatch):
    """hdemucs_mmi is an HDemucs, some models of mdx are plain Demucs: neither says how long a segment must be."""
    from demucs.demucs import Demucs as TimeDomain
    from demucs.hdemucs import HDemucs

    audio = Audio(rng.normal(0, 0.1, (2, 60_001)), 44_100)
    torch.manual_seed(0)
    for i, model in enumerate((HDemucs(MUSIC, channels=4, segment=1), TimeDomain(MUSIC, channels=4, segment=0.5))):
        folder = tmp_path / str(i)
        folder.mkdir()
        save(model, folder)
        ours = separate(audio, options(folder, stems="vocals"))
        assert np.abs(ours["vocals"].samples - theirs(folder, audio, monkeypatch)["vocals"].numpy()).max() < 1e-5


def test_models_that_add_nothing_do_not_run(bag, long, monkeypatch):
    from demucs.htdemucs import HTDemucs

    calls = []
    forward = HTDemucs.forward
    monkeypatch.setattr(HTDemucs, "forward", lambda self, mix: calls.append(self) or forward(self, mix))
    whole = separate(long, options(bag, stems="music"))
    both, calls[:] = len(calls), []
    vocals = separate(long, options(bag, stems="music", two_stems="vocals"))["vocals"]
    assert len(set(map(id, calls))) == 1
    assert 2 * len(calls) == both
    assert np.array_equal(vocals.samples, whole["vocals"].samples)


def test_a_segment_longer_than_the_training_is_refused(music, audio):
    with pytest.raises(BadValue, match=r"segment = 2\.5 s is more than tiny was trained with, 0.5 s.*at most 0.5"):
        separate(audio, options(music, segment=2.5))


def test_digital_silence_stays_silent(music, rng):
    samples = rng.normal(0, 0.1, (2, 150_000))
    samples[:, 40_000:110_000] = 0
    vocals = separate(Audio(samples, 44_100), options(music, stems="vocals"))["vocals"].samples
    assert vocals[:, :40_000].any()
    assert not vocals[:, 65_000:85_000].any()


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


@pytest.mark.parametrize("name", ["mine.th", "my-model.th", "mine-abcdef.th"])
def test_a_pickle_that_nothing_vouches_for_is_not_opened(tmp_path, monkeypatch, audio, name):
    folder = save(tiny(MUSIC), tmp_path)
    path = next(folder.glob("*.th"))
    known = path.stem.rpartition("-")[2]
    path = path.rename(folder / name)
    (folder / "tiny.yaml").unlink()
    opened = []
    with monkeypatch.context() as patch:
        patch.setattr(torch, "load", lambda *args, **kwargs: opened.append(args))
        with pytest.raises(StageError, match=f"unknown source.*safetensors.*rename it to {path.stem}-{known}.th"):
            separate(audio, options(folder, stems="music"))
    assert not opened
    catalogued = dataclasses.replace(get("htdemucs"), sha256={"aaaa1111.th": known})
    monkeypatch.setattr(demucs_models, "ENTRIES", (catalogued,))
    assert separate(audio, options(folder, stems="music")), "the catalogue knows its hash"


def test_a_pickle_that_runs_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "pwned"), "w"))

    pickled({"klass": Evil()}, tmp_path, "bad")
    with pytest.raises(StageError, match="safely"):
        demucs_models.load(tmp_path, "bad")
    assert not (tmp_path / "pwned").exists()


def quantised(folder, monkeypatch):
    """A checkpoint with the class that diffq's states name; diffq itself is not needed to write it."""
    import sys
    import types

    module = types.ModuleType("diffq.diffq")
    module.DiffQuantizer = type("DiffQuantizer", (), {"__module__": "diffq.diffq"})
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "diffq", types.ModuleType("diffq"))
        patch.setitem(sys.modules, "diffq.diffq", module)
        model = tiny(MUSIC)
        args, kwargs = model._init_args_kwargs
        state = {"__quantized": True, "meta": {"klass": module.DiffQuantizer}}
        pickled({"klass": type(model), "args": args, "kwargs": kwargs, "state": state}, folder)
    return folder


def test_a_quantised_model_wants_diffq(tmp_path, monkeypatch):
    with pytest.raises(MissingExtra, match="pip install diffq"):
        demucs_models.load(quantised(tmp_path, monkeypatch), "aaaa1111")


def test_demucs_never_ends_the_process(tmp_path, monkeypatch):
    """Its own loader calls sys.exit, for one where a quantised model meets no diffq."""
    folder = save(tiny(MUSIC), tmp_path)

    def leave(package):
        raise SystemExit(1)

    monkeypatch.setattr("demucs.states.load_model", leave)
    with pytest.raises(StageError, match="Demucs gave up on aaaa1111"):
        demucs_models.load(folder, "tiny")


def test_weights_of_another_shape_are_told(tmp_path):
    package = {"klass": type(tiny(MUSIC)), "args": (MUSIC,), "kwargs": {"channels": 8}, "state": {}}
    pickled(package, tmp_path)
    with pytest.raises(StageError, match="does not fit its Demucs model"):
        demucs_models.load(tmp_path, "aaaa1111")


def test_safetensors_load_and_are_preferred(tmp_path, audio):
    import json

    from safetensors.torch import save_file

    model = tiny(MUSIC)
    folder = save(model, tmp_path)
    expected = separate(audio, options(folder, stems="music"))
    kwargs = dict(model._init_args_kwargs[1])
    segment = kwargs.pop("segment")
    encoded = {
        **kwargs,
        "segment": {"_type": "fraction", "numerator": segment.numerator, "denominator": segment.denominator},
    }
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


def test_cancelling_stops_it_at_the_next_segment(music, long, monkeypatch):
    from demucs.htdemucs import HTDemucs

    calls = []
    forward = HTDemucs.forward
    monkeypatch.setattr(HTDemucs, "forward", lambda self, mix: calls.append(1) or forward(self, mix))

    def cancel(step, done, total):
        if done:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        separate(long, options(music), progress=cancel)
    assert len(calls) == 1
    assert separate(long, options(music)), "and it can go again"


def test_progress_goes_up_to_the_end(film, long):
    for shifts in (0, 2):
        seen: list[float] = []
        separate(long, options(film, shifts=shifts), progress=lambda _, done, __, seen=seen: seen.append(done))
        assert seen == sorted(seen)
        assert seen[-1] == long.frames
        assert len(set(seen)) > 2 * (shifts or 1)


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
    assert choice.backend == "house"
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
    assert BACKENDS.auto == ("demucs", "house", "dsp")
