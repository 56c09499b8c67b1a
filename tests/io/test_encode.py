from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, DiskFull, OutputError
from audiopost.io import atomic, encode, scratch
from audiopost.io.decode import load


@pytest.mark.parametrize("channels", [1, 2, 6, 8])
@pytest.mark.parametrize("subtype", ["PCM_24", "FLOAT"])
def test_round_trip_keeps_samples_and_layout(
    tmp_path: Path, rng: np.random.Generator, channels: int, subtype: str
) -> None:
    audio = Audio(rng.uniform(-1, 1, (channels, 5000)), 48_000)
    path = encode.write_wav(tmp_path / "a.wav", audio, subtype)
    back = load(path).audio
    assert back.layout == audio.layout
    assert np.abs(back.samples - audio.samples).max() <= (0 if subtype == "FLOAT" else 1.5 * 2**-23)
    assert soundfile.info(path).subtype == subtype


def test_past_the_limit_it_is_rf64(tmp_path: Path) -> None:
    path = encode.write_wav(tmp_path / "a.wav", Audio(np.zeros((6, 500)), 48_000), limit=1000)
    assert path.read_bytes()[:4] == b"RF64"
    assert load(path).audio.layout == ("L", "R", "C", "LFE", "Ls", "Rs")


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_untouched_audio_is_bit_identical(tmp_path: Path, rng: np.random.Generator, subtype: str) -> None:
    first = encode.write_wav(tmp_path / "a.wav", Audio(rng.uniform(-1, 1, (2, 99_999)), 48_000), subtype)
    again = encode.write_wav(tmp_path / "b.wav", load(first).audio, subtype, seed=9)
    assert again.read_bytes() == first.read_bytes()


def test_stems_with_their_own_dither_sum_to_the_mix(tmp_path: Path, rng: np.random.Generator) -> None:
    parts = [Audio(rng.uniform(-0.2, 0.2, (2, 48_000)), 48_000) for _ in range(3)]
    written = [encode.write_wav(tmp_path / f"{n}.wav", part, seed=n) for n, part in enumerate(parts)]
    rest = sum(load(path).audio.samples.astype(float) for path in written) - sum(p.samples for p in parts)
    assert 20 * np.log10(np.sqrt(np.mean(rest**2))) < -135


def test_unknown_subtype(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="PCM_24"):
        encode.write_wav(tmp_path / "a.wav", Audio(np.zeros(5), 8000), "MP3")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    atomic.write_text(path, "old")
    with pytest.raises(RuntimeError), atomic.replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("killed")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_full_disk_is_named(tmp_path: Path) -> None:
    def full(path: Path) -> None:
        with atomic.replacing(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DiskFull, match="No room"):
        full(tmp_path / "a.wav")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_while_spooling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "MEMORY_SAMPLES", 0)
    with scratch.using(tmp_path), pytest.raises(DiskFull), scratch.Spool(48_000, 1) as spool:
        spool.write(np.zeros((1, 10), np.float32))
        spool._file.close()
        spool._file = soundfile.SoundFile("/dev/full", "w", 48_000, 1, "FLOAT", format="RAW")
        spool.write(np.zeros((1, 1 << 20), np.float32))


def test_unwritable_folder(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(OutputError, match="-o"):
        atomic.make_folder(blocker / "sub")


def test_spool_goes_to_disk_when_long(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "MEMORY_SAMPLES", 1000)
    samples = rng.standard_normal((2, 3000)).astype(np.float32)
    with scratch.using(tmp_path):
        audio = scratch.spool(Audio(samples, 48_000).blocks(333), like=Audio(samples, 48_000))
    assert not audio.in_memory
    assert np.array_equal(audio.samples, samples)
    assert len(list(tmp_path.iterdir())) == 1
    del audio
    assert not list(tmp_path.iterdir()), "scratch files go with their audio"


def test_failed_spool_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "MEMORY_SAMPLES", 10)
    with scratch.using(tmp_path), pytest.raises(RuntimeError), scratch.Spool(48_000, 1) as spool:
        spool.write(np.zeros((1, 100), np.float32))
        raise RuntimeError
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rate", [8000, 44_100, 96_000])
def test_conversion_keeps_time(rate: int) -> None:
    t = np.arange(rate * 2) / rate
    audio = Audio(0.5 * np.sin(2 * np.pi * 440 * t), rate)
    got = scratch.at_rate(audio, 16_000, mono=True)
    want = 0.5 * np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000)
    assert got.frames == 32_000
    assert np.abs(got.samples[0, 800:-800] - want[800:-800]).max() < 1e-3
