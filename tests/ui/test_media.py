"""What the deck asks for: tracks, sound, outlines, tiles, loudness, pictures; bounded, of the open recording only."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audiopost.core.audio import Audio
from audiopost.workspace import Preview, meters

pytest.importorskip("gradio", reason="the workbench needs gradio")
from audiopost_ui import server
from audiopost_ui.routes.media import play_rate
from audiopost_ui.visitors import COOKIE, Visitors
from fastapi.testclient import TestClient

HEADERS = {"x-audiopost": "1"}
RATE, SECONDS = 48_000, 6


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a server with a stereo recording open that was split into a loud half and a soft one."""
    folder = tmp_path_factory.mktemp("media")
    media = folder / "project" / "media"
    media.mkdir(parents=True)
    time_s = np.arange(RATE * SECONDS) / RATE
    sound = np.stack([0.3 * np.sin(2 * np.pi * 440 * time_s), 0.1 * np.sin(2 * np.pi * 997 * time_s)])
    soundfile.write(media / "take.wav", sound.T, RATE, subtype="FLOAT")
    visitors = Visitors(folder / "project")
    (folder / "scratch").mkdir()
    application = server.create(visitors, scratch=folder / "scratch", hosts=None)
    with TestClient(application) as client:
        token, visitor = visitors.enter()
        client.cookies.set(COOKIE, token)
        client.post("/audiopost/open", json={"name": "take"}, headers=HEADERS)
        until = time.time() + 30
        while not client.get("/audiopost/pulse").json()["ready"]:
            assert time.time() < until
            time.sleep(0.05)
        client.desk = visitor.folder.open("take")
        clean = Audio(sound * 0.5, RATE)
        stems = {"dialogue": Audio(sound * 0.3, RATE), "music": Audio(sound * 0.2, RATE)}
        client.desk.edit("t", lambda project: replace(project, clean=clean, stems=stems))
        client.sound = sound
        yield client


@pytest.fixture
def tracks(client: Any) -> dict[str, dict[str, Any]]:
    until = time.time() + 30
    while (manifest := client.get("/audiopost/manifest").json())["measuring"]:
        assert time.time() < until
        time.sleep(0.1)
    return {each["key"]: each for each in manifest["tracks"]}


def ask(client: Any, what: str, track: dict[str, Any], **query: Any) -> Any:
    return client.get(f"/audiopost/{what}", params={"track": track["key"], "v": track["version"], **query})


def test_every_state_of_the_sound_is_a_track(client: Any, tracks: dict[str, Any]) -> None:
    groups = {key: each["group"] for key, each in tracks.items()}
    assert groups == {"source": "mix", "clean": "mix", "dialogue": "stem", "music": "stem", "removed": "removed"}
    assert tracks["clean"]["lufs"] == pytest.approx(tracks["source"]["lufs"] - 6.02, abs=0.05)
    assert tracks["clean"]["gain_db"] == 0
    assert tracks["source"]["gain_db"] == pytest.approx(-6.02, abs=0.05)
    assert tracks["dialogue"]["gain_db"] == tracks["source"]["gain_db"]


def test_sound_comes_sample_by_sample(client: Any, tracks: dict[str, Any]) -> None:
    answer = ask(client, "pcm", tracks["source"], start=1000, count=2000)
    samples = np.frombuffer(answer.content, "<f4").reshape(-1, 2).T
    np.testing.assert_allclose(samples, client.sound[:, 1000:3000], atol=1e-7)
    assert "immutable" in answer.headers["cache-control"]
    removed = ask(client, "pcm", tracks["removed"], start=0, count=100)
    np.testing.assert_allclose(np.frombuffer(removed.content, "<f4")[::2], client.sound[0, :100] / 2, atol=1e-6)
    past = np.frombuffer(ask(client, "pcm", tracks["source"], start=RATE * SECONDS - 10, count=20).content, "<f4")
    assert (past[20:] == 0).all()


def test_outlines_and_tiles_are_drawn_from_what_is_there(client: Any, tracks: dict[str, Any]) -> None:
    answer = ask(client, "peaks", tracks["source"], level=0, start=0, count=4096)
    pairs = np.frombuffer(answer.content, "<i2").reshape(-1, 2)
    assert len(pairs) == 4096
    assert (pairs[-(-RATE * SECONDS // 256) :] == 0).all()  # silence behind its end
    assert pairs[5, 1] == pytest.approx(0.3 * 32767, rel=0.02)
    assert float(answer.headers["x-audiopost-share"]) == 1
    from PIL import Image

    tiles = client.get("/audiopost/manifest").json()["tiles"]
    for scale in tiles["scales"]:
        picture = Image.open(io.BytesIO(ask(client, "tile", tracks["source"], scale=scale, zoom=0, n=1).content))
        assert picture.size == (tiles["width"], tiles["height"])
        assert picture.mode == "L"
        grey = np.asarray(picture)
        loudest = int(grey[:, 100].argmax())
        share = 1 - (loudest + 0.5) / tiles["height"]
        high = tiles["high_hz"]
        hz = share * high if scale == "linear" else 700 * np.expm1(share * np.log1p(high / 700))
        assert hz == pytest.approx(440, abs=100)


def test_meters_agree_with_the_manifest(client: Any, tracks: dict[str, Any]) -> None:
    whole = ask(client, "meters", tracks["source"]).json()
    assert whole["share"] == 1
    assert whole["integrated_lufs"] == pytest.approx(tracks["source"]["lufs"])
    curve = np.frombuffer(ask(client, "meters/curve", tracks["source"]).content, "<f4").reshape(-1, 3)
    assert len(curve) == pytest.approx(SECONDS / whole["step_s"], abs=1)
    assert np.nanmax(curve[:, 0]) == pytest.approx(whole["momentary_max_lufs"], abs=0.1)
    assert np.nanmax(curve[:, 2]) == pytest.approx(whole["true_peak_dbtp"], abs=0.1)


def test_loudness_that_comes_while_the_manifest_is_written_is_asked_for_again(
    client: Any, tracks: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, metered, run = threading.Event(), meters.metered, meters._Metering.run

    def slow(work: Any) -> None:
        assert goes_on.wait(30)
        run(work)

    def late(cache: Any, track: Any) -> Any:
        found = metered(cache, track)
        if track.key == "late" and threading.current_thread().name != "audiopost-meters":
            going = list(meters._metering._going.values())
            goes_on.set()
            assert all(work.ended.wait(30) for work in going)
        return found

    monkeypatch.setattr(meters._Metering, "run", slow)
    monkeypatch.setattr(meters, "metered", late)
    client.desk.previews["late"] = Preview("dialogue.track_preview", 2.0, Audio(np.full((2, RATE), 0.2), RATE))
    try:
        answers = [client.get("/audiopost/manifest").json() for _ in range(2)]
    finally:
        del client.desk.previews["late"]
    assert [answer["measuring"] for answer in answers] == [True, False]
    assert [answer["tracks"][-1]["lufs"] is None for answer in answers] == [True, False]


def test_a_preview_is_a_track_of_its_stretch(client: Any) -> None:
    client.desk.previews["try"] = Preview("dialogue.track_preview", 2.0, Audio(np.full((2, RATE), 0.25), RATE))
    try:
        found = {each["key"]: each for each in client.get("/audiopost/manifest").json()["tracks"]}["try"]
        assert (found["group"], found["span"], found["title"]) == ("preview", [2.0, 3.0], "Preview")
        samples = np.frombuffer(ask(client, "pcm", found, start=2 * RATE - 10, count=20).content, "<f4")
        assert (samples[:20] == 0).all()
        assert (samples[20:] == 0.25).all()
    finally:
        client.desk.previews.clear()


@pytest.mark.parametrize(
    ("what", "query", "status"),
    [
        ("pcm", {"start": 0, "count": 10**9}, 422),
        ("pcm", {"start": -1, "count": 10}, 422),
        ("peaks", {"level": 99, "start": 0, "count": 1}, 422),
        ("tile", {"scale": "bark", "zoom": 0, "n": 0}, 422),
        ("tile", {"scale": "mel", "zoom": 29, "n": 10**9}, 422),
    ],
)
def test_questions_without_measure_are_refused(
    client: Any, tracks: dict[str, Any], what: str, query: Any, status: int
) -> None:
    answer = ask(client, what, tracks["source"], **query)
    assert answer.status_code == status
    assert "Traceback" not in answer.text


def test_only_tracks_of_the_open_recording_are_served(client: Any, tracks: dict[str, Any]) -> None:
    source = tracks["source"]
    assert ask(client, "pcm", {**source, "version": "0" * 16}, start=0, count=1).status_code == 410
    for key in ("../../etc/passwd", "/etc/passwd", "media/take.wav"):
        assert ask(client, "pcm", {**source, "key": key}, start=0, count=1).status_code == 422
    assert client.get("/audiopost/video").status_code == 404
    assert client.get("/audiopost/thumb", params={"t": 1, "h": 90}).status_code == 404
    assert client.get("/audiopost/thumb", params={"t": "nan", "h": 90}).status_code == 422
    with TestClient(client.app) as stranger:
        assert stranger.get("/audiopost/manifest").status_code == 401


@pytest.mark.parametrize(
    ("rate", "wanted"),
    [(8000, 8000), (44_100, 44_100), (96_000, 96_000), (192_000, 96_000), (176_400, 88_200), (4000, 8000)],
)
def test_browsers_get_a_rate_they_play(rate: int, wanted: int) -> None:
    assert play_rate(rate) == wanted


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a film whose picture turns from dark to bright, MPEG-2 in mkv: no browser plays it."""
    import av

    path = tmp_path_factory.mktemp("picture") / "film.mkv"
    with av.open(str(path), "w") as output:
        video = output.add_stream("mpeg2video", rate=25)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        audio = output.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for number in range(50):
            frame = av.VideoFrame.from_ndarray(np.full((180, 320, 3), 20 + 4 * number, np.uint8), format="rgb24")
            output.mux(video.encode(frame))
        output.mux(video.encode())
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 2 * RATE), np.int16), format="s16", layout="mono")
        sound.sample_rate = RATE
        output.mux(audio.encode(sound))
        output.mux(audio.encode())
    return path


def test_a_viewing_copy_shows_what_the_film_shows(picture: Path, tmp_path: Path) -> None:
    import av

    from audiopost.io import proxy
    from audiopost.io.frames import frames_at

    assert not proxy.plays(picture)
    copy = proxy.viewing_copy(picture, tmp_path / "view.mp4")
    assert proxy.plays(copy)
    with av.open(str(copy)) as made:
        assert not made.streams.audio
        assert float(made.streams.video[0].duration * made.streams.video[0].time_base) == pytest.approx(2, abs=0.1)
    for at_s in (0.2, 1.0, 1.8):
        ((_, before),) = frames_at(picture, [at_s], height=90)
        ((_, after),) = frames_at(copy, [at_s], height=90)
        assert abs(float(before.mean()) - float(after.mean())) < 6
