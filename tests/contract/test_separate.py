"""What every separator promises, whoever wrote it."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from audiopost.core import registry
from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, MissingModel, StageError, UnknownName
from audiopost.core.stage import Availability
from audiopost.io.decode import load
from audiopost.stages.separate import BACKENDS, STEMS, estimates, separate
from audiopost.stages.separate.vocabulary import FILM

SHAPES = [(1, 44_100), (2, 44_100), (2, 48_000), (6, 44_100), (6, 48_000), (1, 8_000), (2, 192_000)]
#: -90 dBFS
NULL = 10 ** (-90 / 20)


class Thirds:
    """The least that a plug-in needs."""

    name = "thirds"
    draft = ""
    model = None
    note = ""

    def __init__(self, options):
        self.options = options

    @classmethod
    def available(cls, options):
        return Availability(True, "always here")

    def separate(self, audio, progress):
        for block in audio.blocks(10_000):
            yield np.stack([block / 3] * len(estimates(self.options)))


class Short(Thirds):
    name = "short"

    def separate(self, audio, progress):
        yield np.zeros((len(estimates(self.options)), audio.channels, 1), np.float32)


@pytest.fixture(autouse=True)
def plugins(monkeypatch):
    module = types.ModuleType("a_plugin")
    module.Thirds, module.Short = Thirds, Short
    monkeypatch.setitem(sys.modules, "a_plugin", module)
    names = {"separate.thirds": "a_plugin:Thirds", "separate.short": "a_plugin:Short"}
    monkeypatch.setattr(registry, "_plugins", lambda: names)


@pytest.fixture(params=["dsp", "house", pytest.param("demucs", marks=pytest.mark.slow), "thirds"])
def backend(request, tiny_demucs):
    """Keyword arguments that choose a backend; demucs with a tiny random model."""
    repo = {"repo": str(tiny_demucs)} if request.param == "demucs" else {}
    return {"backend": request.param, **repo}


@pytest.fixture(scope="session")
def tiny_demucs(tmp_path_factory):
    """A Demucs repo of one tiny random model of the four music stems."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("demucs")
    from fractions import Fraction

    from demucs.htdemucs import HTDemucs
    from demucs.states import get_state, save_with_checksum

    torch.manual_seed(0)
    model = HTDemucs(
        ["drums", "bass", "other", "vocals"],
        channels=8,
        bottom_channels=32,
        t_layers=1,
        t_heads=2,
        segment=Fraction(1, 2),
    )
    folder = tmp_path_factory.mktemp("demucs")
    args, kwargs = model._init_args_kwargs
    package = {"klass": type(model), "args": args, "kwargs": kwargs, "state": get_state(model, None)}
    save_with_checksum(package, folder / "aaaa1111.th")
    (folder / "tiny.yaml").write_text("models: ['aaaa1111']\n")
    return folder


def fits(backend, kind):
    """Our own network knows films only, and says so; all others do every vocabulary."""
    if backend["backend"] == "house" and kind not in FILM:
        with pytest.raises(MissingModel, match=rf"films, not {kind} stems.*dsp or demucs"):
            separate(Audio(np.zeros(10), 48_000), stems=kind, **backend)
        return False
    return True


def total(stems):
    return sum(stem.samples.astype(np.float64) for stem in stems.values())


@pytest.mark.parametrize("kind", [*STEMS])
@pytest.mark.parametrize(("channels", "rate"), SHAPES)
def test_stems_sum_to_the_input(backend, rng, kind, channels, rate):
    if not fits(backend, kind):
        return
    audio = Audio(rng.normal(0, 0.1, (channels, rate // 2 + 7)), rate)
    stems = separate(audio, stems=kind, **backend)
    assert tuple(stems) == STEMS[kind]
    for stem in stems.values():
        assert (stem.rate, stem.layout, stem.frames) == (audio.rate, audio.layout, audio.frames)
    assert np.abs(total(stems) - audio.samples).max() < NULL


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("kind", [*STEMS])
def test_silence_gives_silent_stems(backend, kind):
    if not fits(backend, kind):
        return
    stems = separate(Audio(np.zeros((2, 30_000)), 44_100), stems=kind, **backend)
    assert [stem.peak() for stem in stems.values()] == [0.0] * len(stems)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("samples", [[0.5], np.ones(9_000), np.sign(np.sin(np.arange(9_000) * 0.05) + 1e-9)])
def test_one_frame_dc_and_square(backend, samples):
    audio = Audio(np.array([samples, samples]), 48_000)
    stems = separate(audio, **backend)
    assert np.abs(total(stems) - audio.samples).max() < NULL


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("kind", [*STEMS])
def test_what_is_no_sound_is_silence(backend, rng, kind):
    if not fits(backend, kind):
        return
    samples = rng.normal(0, 0.1, (2, 30_000)).astype(np.float32)
    samples[:, 9_000:9_004] = 0
    whole = separate(Audio(samples, 44_100), stems=kind, **backend)
    samples[:, 9_000:9_004] = (np.nan, np.inf, -np.inf, 1e30)
    assert separate(Audio(samples, 44_100), stems=kind, **backend) == whole


def test_lfe_stays_with_the_effects(backend, rng):
    audio = Audio(rng.normal(0, 0.1, (6, 20_000)), 48_000)
    stems = separate(audio, **backend)
    if backend["backend"] != "thirds":
        assert np.array_equal(stems["effects"].samples[3], audio.samples[3])


def test_same_twice(backend, rng):
    audio = Audio(rng.normal(0, 0.1, (1, 30_000)), 48_000)
    assert separate(audio, **backend) == separate(audio, **backend)


def test_a_backend_that_loses_frames_is_an_error():
    with pytest.raises(StageError, match="1 of 100 frames"):
        separate(Audio(np.zeros(100), 48_000), backend="short")


def test_unknown_backend_and_stems_name_the_choices():
    audio = Audio(np.zeros(10), 48_000)
    with pytest.raises(UnknownName, match=r"demucs"):
        separate(audio, backend="demuks")
    with pytest.raises(BadValue, match=r"film, m-and-e, music, vocals"):
        separate(audio, stems="karaoke")


def test_every_backend_resolves():
    for name in BACKENDS.table:
        assert BACKENDS.resolve(name).name == name


TWO_STEMS = [("film", "dialogue"), ("film", "effects"), ("m-and-e", "m_and_e"), ("music", "drums"), ("music", "other")]


@pytest.mark.parametrize(("kind", "stem"), TWO_STEMS)
def test_two_stems_are_one_of_all_and_the_rest(backend, rng, kind, stem):
    if not fits(backend, kind):
        return
    audio = Audio(rng.normal(0, 0.1, (6, 30_000)), 48_000)
    two, every = separate(audio, stems=kind, two_stems=stem, **backend), separate(audio, stems=kind, **backend)
    assert tuple(two) == (stem, f"no_{stem}")
    assert np.abs(two[stem].samples - every[stem].samples).max() < 1e-5
    assert np.abs(total(two) - audio.samples).max() < NULL
    assert [stem.layout for stem in two.values()] == [audio.layout] * 2


def test_vocabularies_agree(backend, rng):
    audio = Audio(rng.normal(0, 0.1, (2, 30_000)), 48_000)
    film, dubbed = (separate(audio, stems=kind, **backend) for kind in ("film", "m-and-e"))
    assert np.abs(film["dialogue"].samples - dubbed["dialogue"].samples).max() < 1e-5
    if fits(backend, "music"):
        song, sung = (separate(audio, stems=kind, **backend) for kind in ("music", "vocals"))
        assert np.abs(song["vocals"].samples - sung["vocals"].samples).max() < 1e-5
    beside = separate(audio, stems="film", m_and_e=True, **backend)
    assert tuple(beside) == ("dialogue", "music", "effects", "m_and_e")
    assert np.abs(beside["m_and_e"].samples - dubbed["m_and_e"].samples).max() < 1e-5


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"two_stems": "vocals"}, "vocals.*no film stem.*dialogue, music, effects"),
        ({"stems": "music", "m_and_e": True}, "beside dialogue, music and effects"),
        ({"two_stems": "music", "m_and_e": True}, "beside dialogue, music and effects"),
        ({"overlap": 1.0}, "overlap"),
        ({"segment": 0.01}, "segment"),
    ],
)
def test_options_that_make_no_sense_say_why(options, says):
    with pytest.raises(BadValue, match=says):
        separate(Audio(np.zeros(10), 48_000), **options)


@pytest.mark.parametrize("kind", [*STEMS])
def test_no_step_at_block_edges(backend, kind):
    """Steady tones and noise with a period of a tenth of a second: no stem may jump where blocks meet, and built-in
    separation makes the same of every period."""
    if not fits(backend, kind):
        return
    rate, period = 8_000, 800
    grain = np.random.default_rng(3).normal(0, 0.02, period)
    tones = np.sin(2 * np.pi * np.array([[210.0], [640.0]]) * np.arange(period) / rate).sum(axis=0)
    audio = Audio(np.tile(0.1 * tones + grain, 45 * rate // period), rate)
    for name, stem in separate(audio, stems=kind, **backend).items():
        middle = stem.samples[0, 4 * rate : -4 * rate].reshape(-1, period)
        jump = np.abs(np.diff(middle, n=2, axis=1)).max(axis=1)
        rest = backend["backend"] == "demucs" and kind == "film" and name in ("music", "effects")
        if backend["backend"] == "house" or rest:
            # Our network remembers, and so makes every period another: those at edges may not stand out.
            seconds = 4 + (np.arange(len(jump)) + 0.5) * period / rate
            edges = np.abs((seconds + 8) % 16 - 8) < 0.3
            assert jump[edges].max() <= 1.1 * jump[~edges].max(), name
            continue
        assert jump.max() <= 1.1 * np.median(jump) + 1e-4, name
        if backend["backend"] == "dsp":
            strange = np.sqrt(np.mean((middle - np.median(middle, axis=0)) ** 2, axis=1))
            assert strange.max() < 0.03 * audio.samples.std(), name


@pytest.mark.slow
def test_dsp_gains_on_a_mixture_of_real_recordings(shared):
    """SI-SDR over the mixture's; benchmarks/README.md has the means of forty mixtures."""
    folder = shared / "audio"

    def take(name, rms):
        audio = load(folder / name).audio.between(1.0, 6.0)
        from audiopost.dsp.resample import resample

        samples = resample(audio.samples.mean(axis=0, keepdims=True), audio.rate, 48_000)[0]
        samples = np.resize(samples, 5 * 48_000)
        return samples * rms / np.sqrt(np.mean(samples**2))

    parts = {
        "dialogue": take("speech_clean/tsp/FA01_01.flac", 0.10),
        "music": take("music/brahms_hungarian5_strings.ogg", 0.04),
        "effects": take("effects/fire_large.ogg", 0.05),
    }
    mix = sum(parts.values())
    stems = separate(Audio(mix, 48_000), backend="dsp")
    gains = {name: si_sdr(stems[name].samples[0], part) - si_sdr(mix, part) for name, part in parts.items()}
    assert gains["dialogue"] > 3
    assert gains["music"] > 2
    assert gains["effects"] > 2


def si_sdr(estimate, reference):
    scaled = estimate @ reference / (reference @ reference) * reference
    return 10 * np.log10(scaled @ scaled / np.sum((estimate - scaled) ** 2))
