"""How sound leaves the main job: formats, bext, timecode, films; what cannot be is said before the work."""

from __future__ import annotations

import json
import logging
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from audiopost import presets
from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, UnknownName
from audiopost.dsp.loudness import measure
from audiopost.io.decode import decode
from audiopost.io.encode import FORMATS, Encoding, write_wav
from audiopost.io.riff import Broadcast, read_header
from audiopost.pipeline import deliver, run
from audiopost.pipeline.target import Target


@pytest.fixture
def mastered() -> presets.Preset:
    """Brings a recording to -16 LUFS and nothing else."""
    podcast = presets.load("podcast")
    return presets.Preset("m", "M", "", ("loudness",), {"loudness": podcast.options["loudness"]})


def sound(channels: int = 2, seconds: float = 4.0, rate: int = 48_000) -> Audio:
    noise = np.random.default_rng(3).normal(0, 0.05, (channels, round(seconds * rate)))
    return Audio(np.round(noise * (1 << 23)) / (1 << 23), rate)


def film_of(path: Path, audio: Audio, codec: str = "pcm_s24le", timecode: str = "10:00:00:00") -> Path:
    """Two black seconds with `audio`."""
    layout = {2: "stereo", 9: "9C"}[audio.channels]
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=Fraction(25))
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        picture.metadata["timecode"] = timecode
        track = container.add_stream(codec, rate=audio.rate)
        track.codec_context.layout = layout
        for n in range(50):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), n, np.uint8), format="rgb24")
            container.mux(picture.encode(frame))
        packed = (np.ascontiguousarray(audio.samples.T) * (1 << 31)).astype(np.int32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s32", layout=layout)
        frame.sample_rate, frame.pts = audio.rate, 0
        container.mux([*picture.encode(None), *track.encode(frame), *track.encode(None)])
    return path


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_every_format_is_delivered_under_its_name_and_recorded(
    tmp_path: Path, mastered: presets.Preset, format_: str
) -> None:
    source = write_wav(tmp_path / "take.wav", sound())
    result = run(source, mastered, tmp_path / "out", settings=(f"deliver.format={format_}",))
    path = result.outputs["master"]
    assert path.name == f"take.master{FORMATS[format_]}"
    assert decode(path).audio.frames == 4 * 48_000
    record = json.loads((tmp_path / "out" / "take.provenance.json").read_text())
    (entry,) = [e for e in record["deliverables"] if e["kind"] == "master"]
    assert entry["file"] == path.name
    wanted = {"wav": "24 bit", "flac": "24 bit", "opus": "160 kbit/s"}.get(format_, "256 kbit/s")
    assert entry["encoding"].startswith(f"{format_}, 48000 Hz, {wanted}")


def test_a_preset_of_ones_own_says_how_sound_is_delivered(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('stages = ["loudness"]\n[deliver]\nformat = "opus"\nbitrate_kbps = 96\n')
    assert presets.load(own).encoding == Encoding("opus", bitrate_kbps=96)
    assert presets.load(own).changed(["deliver.format=flac"]).encoding.format == "flac"
    with pytest.raises(BadValue, match=r"deliver.format.*wav, flac"):
        presets.load(own).changed(["deliver.format=ogg"])
    own.write_text('stages = ["loudness"]\n[deliver]\nbits = 3\n')
    with pytest.raises(UnknownName, match=r"deliver\.bits"):
        presets.load(own)


def test_the_source_s_broadcast_chunk_goes_on(tmp_path: Path, mastered: presets.Preset) -> None:
    ours = Broadcast(
        "sSCENE=12;sTAKE=3", "recorder 7", "R1", "2026-05-01", "10:00:00", 48_000 * 36_000 + 17, "A=ANALOGUE"
    )
    source = write_wav(tmp_path / "take.wav", sound(), broadcast=ours)
    result = run(source, mastered, tmp_path / "out")
    made = read_header(result.outputs["master"]).broadcast
    assert made is not None
    kept = (made.description, made.originator, made.reference, made.date, made.time, made.time_reference)
    assert kept == (ours.description, ours.originator, ours.reference, ours.date, ours.time, ours.time_reference)
    first, second = made.coding_history.splitlines()
    assert first == "A=ANALOGUE"
    assert second.startswith("A=PCM,F=48000,W=24,M=stereo,T=audiopost ")
    values = np.frombuffer(result.outputs["master"].read_bytes()[20 + 412 : 20 + 422], "<i2")
    report = result.project.loudness
    assert values[0] == round(100 * report.integrated_lufs)
    assert values[2] == round(100 * report.true_peak_dbtp)


@pytest.mark.parametrize(("asked", "seconds"), [(None, 36_000), ("01:00:00:12", 3600 + 12 / 25)])
def test_a_film_s_timecode_reaches_sound_and_film(
    tmp_path: Path, mastered: presets.Preset, asked: str | None, seconds: float
) -> None:
    source = film_of(tmp_path / "reel.mov", sound(seconds=2.0))
    result = run(source, mastered, tmp_path / "out", start_timecode=asked)
    made = read_header(result.outputs["master"]).broadcast
    assert made is not None
    assert made.time_reference == round(seconds * 48_000)
    assert made.description == "master of reel.mov"
    assert decode(result.outputs["film"]).timebase.start_timecode == (asked or "10:00:00:00")


def test_the_film_has_the_codec_asked_for(tmp_path: Path, mastered: presets.Preset) -> None:
    source = film_of(tmp_path / "reel.mov", sound(seconds=2.0))
    result = run(source, mastered, tmp_path / "out", settings=("deliver.film_codec=aac", "deliver.format=mp3"))
    assert decode(result.outputs["film"]).subtype == "aac"
    assert result.outputs["master"].suffix == ".mp3"
    with pytest.raises(BadValue, match=r"\.mov has no opus"):
        run(source, mastered, tmp_path / "no", settings=("deliver.film_codec=opus",))
    assert not (tmp_path / "no").exists(), "said before the work"


def test_more_than_eight_channels_are_delivered_as_wav_and_the_film_is_left_out(
    tmp_path: Path, mastered: presets.Preset
) -> None:
    source = film_of(tmp_path / "wide.mov", sound(9, 2.0))
    result = run(source, mastered, tmp_path / "out")
    assert "film" not in result.outputs
    assert soundfile.info(result.outputs["master"]).channels == 9
    (said,) = result.project.missing
    assert said.startswith("The film was left out: A film's sound has 1 to 8 channels, not 9.")
    with pytest.raises(BadValue, match="flac does not hold 9 channels"):
        run(source, mastered, tmp_path / "no", settings=("deliver.format=flac",))


def test_resume_reads_no_lossy_file_for_the_sound_itself(tmp_path: Path, mastered: presets.Preset) -> None:
    source = write_wav(tmp_path / "take.wav", sound())
    first = run(source, mastered, tmp_path / "out", settings=("deliver.format=mp3",))
    again = run(source, mastered, tmp_path / "out", settings=("deliver.format=wav",), resume=True)
    other = run(source, mastered, tmp_path / "new")
    assert first.outputs["master"].suffix == ".mp3"
    assert again.outputs["master"].read_bytes() == other.outputs["master"].read_bytes()


def test_clipping_is_said(tmp_path: Path, mastered: presets.Preset, caplog: pytest.LogCaptureFixture) -> None:
    source = write_wav(tmp_path / "take.wav", sound())
    project = run(source, mastered, tmp_path / "out").project
    loud = project.__class__(project.media, project.audio, stems={"music": Audio(sound().samples * 9, 48_000)})
    target = Target(source, tmp_path, encoding=Encoding("flac"))
    with caplog.at_level(logging.WARNING):
        deliver.write_audio(loud, target, lambda *_: None)
    assert "take.music.flac: clipped at full scale, its peak is +" in caplog.text
    plain = Target(source, tmp_path)
    deliver.write_audio(loud, plain, lambda *_: None)
    assert soundfile.info(plain.outputs["music"]).subtype == "FLOAT"


def test_a_lossy_master_of_a_run_is_judged_by_its_file(tmp_path: Path, mastered: presets.Preset) -> None:
    source = write_wav(tmp_path / "take.wav", sound())
    result = run(source, mastered, tmp_path / "out", settings=("deliver.format=mp3", "loudness.integrated_lufs=-9"))
    held = measure(decode(result.outputs["master"]).audio)
    assert result.project.loudness == held
    assert held.true_peak_dbtp is not None
    assert held.true_peak_dbtp <= -1


def test_a_master_at_another_rate_keeps_its_time_of_day(tmp_path: Path, mastered: presets.Preset) -> None:
    source = write_wav(tmp_path / "take.wav", sound(rate=44_100), broadcast=Broadcast(time_reference=3600 * 44_100))
    result = run(source, mastered, tmp_path / "out", settings=("loudness.spec=netflix",))
    written = decode(result.outputs["master"])
    assert (written.audio.rate, written.time_reference) == (48_000, 3600 * 48_000)


def test_curves_take_one_line_each_in_the_project(tmp_path: Path, mastered: presets.Preset) -> None:
    source = write_wav(tmp_path / "take.wav", sound())
    path = run(source, mastered, tmp_path / "out").outputs["project"]
    text = path.read_text(encoding="utf-8")
    assert len(json.loads(text)["loudness"]["short_term_lufs"]) == 40
    assert (
        len([line for line in text.splitlines() if '"short_term_lufs": [' in line and line.rstrip(",").endswith("]")])
        == 2
    )
