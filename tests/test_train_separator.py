"""The recipe of the film separator: what it may train on, what it mixes, and that it trains, resumes and exports."""

from __future__ import annotations

import csv
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).parents[1]))

from tools.train_separator.clips import HELD_OUT, RATE, Library, index  # noqa: E402
from tools.train_separator.losses import loss, si_sdr  # noqa: E402
from tools.train_separator.mix import CODECS, STEMS, Rooms, coded, example  # noqa: E402
from tools.train_separator.network import BINS, CHUNK, HOP, Network, Size, separate  # noqa: E402

TINY = Size(width=8, along=8, across=8, blocks=2)
FIELDS = ("path", "kind", "offset_s", "duration_s", "speaker", "source", "licence")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder like the one to train on: tones for speech, chords for music, noise for effects."""
    folder = tmp_path_factory.mktemp("data")
    dice = np.random.default_rng(0)
    t = np.arange(3 * RATE) / RATE
    rows = []
    for number in range(2 * HELD_OUT):
        sounds = {
            "speech": np.sin(2 * np.pi * (120 + number) * t) * (np.sin(2 * np.pi * 4 * t) > 0),
            "music": np.sin(2 * np.pi * 440 * t) + np.sin(2 * np.pi * (550 + number) * t),
            "effects": dice.standard_normal(len(t)),
        }
        for kind, sound in sounds.items():
            name = f"{kind}-{number}.wav"
            soundfile.write(folder / name, 0.1 * sound, RATE)
            rows.append((name, kind, 0.5, 2.0, f"person {number}", f"repo/{kind}/{number}@1", "CC0"))
    rows.append(("speech-0.wav", "speech", 0, 1, "x", "repo/x", "CC BY-NC-SA 4.0"))
    rows.append(("speech-0.wav", "speech", 0, 1, "x", "repo/x", "not stated in the repo"))
    with (folder / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows([FIELDS, *rows])
    return folder


@pytest.fixture
def rooms():
    response = np.zeros((1, RATE // 2), np.float32)
    response[0, [0, 900]] = 1, 0.4
    return Rooms(response)


def test_what_nobody_may_ship_is_left_out_and_nobody_is_on_both_sides(data):
    clips = index(data)
    assert {clip.licence for clip in clips} == {"CC0"}
    for kind in ("speech", "music", "effects"):
        sides = [
            {clip.owner for clip in clips if clip.kind == kind and clip.held_out == side} for side in (True, False)
        ]
        assert not sides[0] & sides[1]


def test_mixtures_are_the_same_for_a_seed_and_as_loud_as_films(data, rooms):
    library = Library([data], held_out=False)
    assert library.minutes("music") == pytest.approx(library.owners("music") * 2 / 60)
    made = [example(library, rooms, 2 * RATE, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])
    levels, there = [], []
    for seed in range(40):
        stems = example(library, rooms, 2 * RATE, np.random.default_rng(seed))
        assert stems.shape == (len(STEMS), 2 * RATE)
        assert stems.dtype == np.float32
        assert np.isfinite(stems).all()
        there.append(stems.any(axis=1))
        levels.append(20 * np.log10(np.sqrt(np.mean(stems.sum(axis=0) ** 2))))
    assert all(there_is.any() for there_is in there)
    assert 0 < np.mean(there) < 1  # any stem may be missing
    assert -30 < min(levels) < max(levels) < -10


def test_what_comes_out_of_a_lossy_file_is_as_long_and_as_loud_but_not_the_same(data):
    sound = Library([data], held_out=False).pieces("music", 0)[0].astype(np.float32) / 32768
    for seed in range(4 * len(CODECS)):
        heard = coded(3 * sound, np.random.default_rng(seed)) / 3
        assert heard.shape == sound.shape
        assert heard.dtype == np.float32
        assert np.sqrt(np.mean(heard**2)) == pytest.approx(np.sqrt(np.mean(sound**2)), rel=0.1)
        assert not np.array_equal(heard, sound)


def test_who_speaks_sings_the_notes():
    pytest.importorskip("pyworld", reason="the recipe's own dependency")
    import librosa

    from tools.train_separator.sing import Sung, sing

    t = np.arange(2 * RATE) / RATE
    said = sum(np.sin(2 * np.pi * 150 * k * t) / k for k in range(1, 20)).astype(np.float32) * 0.1
    notes = [Sung(0.5, 1.0, 57), Sung(1.5, 1.0, 60), Sung(4.0, 1.0, 62)]
    sung = sing(said, notes, 6.0, np.random.default_rng(0))
    assert sung.shape == (6 * RATE,)
    heard = librosa.yin(sung, fmin=60, fmax=1000, sr=RATE, frame_length=4096, hop_length=480)
    middles = [heard[round((n.start_s + 0.3) * 100) : round((n.start_s + 0.8) * 100)] for n in notes]
    shifts = {round(float(librosa.hz_to_midi(np.median(m)))) - n.pitch for m, n in zip(middles, notes, strict=True)}
    assert shifts in ({0}, {12}, {-12})
    assert np.abs(sung[round(2.7 * RATE) : round(3.9 * RATE)]).max() < 0.01 * np.abs(sung).max()
    assert not sing(np.zeros(RATE, np.float32), notes, 6.0, np.random.default_rng(0)).any()


def test_stems_sum_to_the_mix_and_what_comes_later_than_a_second_is_not_heard():
    torch.manual_seed(0)
    network = Network(Size(width=8, along=8, across=8, blocks=4)).eval()
    mix = torch.randn(2, 6 * RATE) * 0.1
    with torch.no_grad():
        stems = separate(network, mix, mix.flip(0))
        assert stems.shape == (2, 3, 6 * RATE)
        assert torch.allclose(stems.sum(dim=1), mix, atol=1e-5)
        spectrum = torch.randn(1, 10 * CHUNK, BINS, 2)
        speech = torch.randn_like(spectrum)
        before = network(spectrum, speech)
        for at in (5 * CHUNK, 5 * CHUNK + 7, 6 * CHUNK - 1):
            changed = spectrum.clone()
            changed[:, at:] = torch.randn_like(changed[:, at:])
            after = network(changed, speech)
            same = (after == before).flatten(2).all(dim=2)[0]
            first = int((~same).nonzero()[0])
            assert (at - first) * HOP / RATE <= 0.77


def test_the_loss_prefers_the_truth_and_silence_is_no_trap():
    torch.manual_seed(0)
    stems = torch.randn(2, 3, RATE) * 0.1
    stems[0, 1] = 0
    wrong = stems.roll(1, dims=1).clone().requires_grad_()
    value = loss(wrong, stems)
    assert loss(stems, stems) < loss(0.9 * stems, stems) < value
    value.backward()
    assert torch.isfinite(wrong.grad).all()
    assert float(si_sdr(2 * stems[1] + 1e-4, stems[1]).min()) > 40


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names an instruction set of x86")
def test_bfloat16_is_for_processors_that_have_it():
    code = "from tools.train_separator.train import has_bfloat16; print(has_bfloat16('cpu'))"
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    command = [sys.executable, "-c", code]
    assert subprocess.check_output(command, cwd=Path(__file__).parents[1], env=environment, text=True) == "False\n"


@pytest.mark.slow
def test_it_trains_goes_on_where_it_stopped_and_exports(data, rooms, tmp_path, monkeypatch):
    import onnxruntime

    from tools.train_separator import train as training
    from tools.train_separator.export import export, weights_of

    monkeypatch.setattr(training, "FRAMES", 2 * CHUNK)
    monkeypatch.setattr(training, "VALIDATION", 2)
    ran = {}
    for name, ends in (("whole", (4,)), ("halves", (2, 4))):
        for until in ends:
            plan = training.Plan(4, batch=2, rise=2, validate_every=2)
            training.train([data], tmp_path / name, rooms, plan, TINY, device="cpu", until=until)
        ran[name] = torch.load(tmp_path / name / "last.pt", weights_only=True)
        log = (tmp_path / name / "log.csv").read_text().splitlines()
        assert [line.partition(",")[0] for line in log] == ["step", "2", "4"]
    for key, value in ran["whole"]["average"].items():
        assert torch.equal(value, ran["halves"]["average"][key]), key
    told = export(tmp_path / "whole" / "best.pt", tmp_path / "tiny.onnx", tmp_path / "tiny.safetensors")
    assert "MB" in told
    kept = weights_of(tmp_path / "tiny.safetensors")
    for key, value in weights_of(tmp_path / "whole" / "best.pt").items():
        assert torch.allclose(kept[key], value, atol=2e-3), key
    network = Network(TINY).eval()
    network.load_state_dict(torch.load(tmp_path / "whole" / "best.pt", weights_only=True)["average"])
    session = onnxruntime.InferenceSession(tmp_path / "tiny.onnx")
    for frames in (1, CHUNK, 3 * CHUNK + 5):
        spectrum, speech = torch.randn(2, 2, frames, BINS, 2)
        with torch.no_grad():
            expected = network(spectrum, speech).numpy()
        made = session.run(None, {"spectrum": spectrum.numpy(), "speech": speech.numpy()})[0]
        assert np.abs(made - expected).max() < 0.02
