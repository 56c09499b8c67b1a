"""Recordings, presets, runs and jobs by way of the routes that the page asks: real files, real stages."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("gradio")

from audiopost_ui import offer, server
from audiopost_ui.visitors import COOKIE, Visitors
from fastapi.testclient import TestClient

from audiopost.core.speech import Caption
from audiopost.workspace import Folder

OURS = {"x-audiopost": "1"}


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., TestClient]:
    """make(root) -> a client of a workbench on that folder, with a session."""

    def start(root: Path, **more: Any) -> TestClient:
        scratch = tmp_path_factory.mktemp("scratch")
        visitors = Visitors(root)
        client = TestClient(server.create(visitors, scratch=scratch, hosts=None, **more))
        client.cookies.set(COOKIE, visitors.enter()[0])
        return client

    return start


@pytest.fixture
def client(make: Callable[..., TestClient], tmp_path: Path) -> Iterator[TestClient]:
    with make(tmp_path / "project", max_bytes=2_000_000) as client:
        yield client


@pytest.fixture
def folder(client: TestClient) -> Folder:
    (folder,) = client.app.state.visitors.folders()
    return folder


@pytest.fixture
def sound(tmp_path: Path) -> bytes:
    """Two seconds of quiet noise with hum, as WAV."""
    t = np.arange(2 * 48_000) / 48_000
    noise = np.random.default_rng(3).normal(0, 0.01, len(t))
    path = tmp_path / "sound.wav"
    soundfile.write(path, noise + 0.05 * np.sin(2 * np.pi * 50 * t), 48_000, subtype="PCM_24")
    return path.read_bytes()


def bring(client: TestClient, name: str, body: bytes, **query: Any) -> Any:
    return client.put(f"/audiopost/media/{name}", content=body, headers=OURS, params=query)


def settled(client: TestClient) -> list[dict[str, Any]]:
    """The jobs once none is under way."""
    for _ in range(1200):
        jobs = client.get("/audiopost/jobs").json()["jobs"]
        if all(job["state"] not in ("waiting", "running") for job in jobs):
            return jobs
        time.sleep(0.05)
    pytest.fail("jobs did not end in a minute")


def test_a_recording_comes_in_is_opened_and_listed(client: TestClient, sound: bytes) -> None:
    assert bring(client, "場 1.wav", sound).json() == {"recording": "場 1"}
    settled(client)
    pulse = client.get("/audiopost/pulse").json()
    assert (pulse["recording"], pulse["ready"]) == ("場 1", True)
    (listed,) = client.get("/audiopost/recordings").json()["recordings"]
    assert (listed["name"], listed["rate"], listed["duration_s"], listed["stages"]) == ("場 1", 48_000, 2.0, [])


def test_what_comes_in_for_a_batch_is_not_opened(client: TestClient, sound: bytes) -> None:
    for name in ("a.wav", "b.wav"):
        assert bring(client, name, sound, opened=False).status_code == 200
    assert client.get("/audiopost/jobs").json()["jobs"] == []
    assert [each["name"] for each in client.get("/audiopost/recordings").json()["recordings"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "body", "status", "says"),
    [
        ("notes.wav", b"These are words, not sound. " * 50, 422, "notes.wav"),
        ("empty.wav", b"", 422, "empty"),
        ("huge.wav", bytes(2_000_001), 413, "larger"),
        ("<img src=x onerror=alert(1)>.wav", b"no sound", 422, "onerror"),
    ],
)
def test_what_is_no_recording_is_refused_and_leaves_nothing(
    client: TestClient, folder: Folder, name: str, body: bytes, status: int, says: str
) -> None:
    answer = bring(client, name, body)
    assert answer.status_code == status
    assert says in answer.json()["error"]
    assert answer.headers["content-type"] == "application/json"
    assert list(folder.media.glob("*")) == []


def test_a_refusal_speaks_the_pages_language(client: TestClient) -> None:
    client.cookies.set("audiopost_language", "zh-hant")
    assert "檔案超過" in bring(client, "huge.wav", bytes(2_000_001)).json()["error"]


def test_nothing_changes_without_our_header(client: TestClient) -> None:
    for path in ("run", "recordings/remove", "presets/choose", "jobs/cancel-all", "jobs/go-on"):
        assert client.post(f"/audiopost/{path}", json={"name": "x", "recordings": ["x"]}).status_code == 403


def test_presets_are_told_in_the_pages_language_and_the_choice_is_kept(client: TestClient, folder: Folder) -> None:
    found = client.get("/audiopost/presets").json()
    assert {each["name"] for each in found["presets"]} >= {"film-dialogue", "podcast"}
    assert found["chosen"] == {"preset": "film-dialogue", "language": "", "options": {}}
    client.cookies.set("audiopost_language", "zh-hant")
    told = {each["name"]: each["title"] for each in client.get("/audiopost/presets").json()["presets"]}
    assert told["podcast"] == "播客"
    choice = {"preset": "podcast", "language": "yue"}
    assert client.post("/audiopost/presets/choose", json=choice, headers=OURS).json()["language"] == "yue"
    assert offer.chosen(Folder(folder.root)).preset == "podcast"
    bad = client.post("/audiopost/presets/choose", json={"preset": "../podcast"}, headers=OURS)
    assert bad.status_code == 422
    assert client.post("/audiopost/presets/choose", json={"language": "a b"}, headers=OURS).status_code == 422


def test_every_shipped_preset_has_its_words_in_every_language() -> None:
    from audiopost import presets

    for name in presets.names():
        for language in ("zh-hant", "zh-hans"):
            assert offer.title(name, language) != presets.load(name).title


def test_a_changed_option_is_kept_and_what_the_preset_says_takes_it_back(folder: Folder) -> None:
    offer.change_option(folder, "film-dialogue", "denoise.amount", 50)
    assert offer.chosen(folder).changed == {"denoise.amount": 50}
    assert offer.settled("film-dialogue", "en", {"denoise.amount": 50}).options["denoise"].amount == 50
    offer.change_option(folder, "film-dialogue", "denoise.amount", 100)
    assert offer.chosen(folder).changed == {}


def test_a_run_is_taken_over_as_one_change_that_can_be_undone(client: TestClient, folder: Folder, sound: bytes) -> None:
    bring(client, "take.wav", sound)
    client.post("/audiopost/presets/choose", json={"preset": "music-stems"}, headers=OURS)
    offer.change_option(folder, "music-stems", "loudness.spec", "podcast")
    answer = client.post("/audiopost/run", json={"recordings": ["take"]}, headers=OURS)
    assert [job["kind"] for job in answer.json()["jobs"]] == ["run"]
    job = settled(client)[-1]
    assert (job["state"], job["message"]) == ("done", "")
    assert job["result"]["spec"] == "podcast"
    project = folder.open("take").project
    assert [step.stage for step in project.steps] == ["diagnose", "separate", "loudness"]
    assert not (folder.root / ".take.audiopost" / "run").exists()
    (listed,) = client.get("/audiopost/recordings").json()["recordings"]
    assert (listed["preset"], listed["stages"]) == ("Music stems", ["diagnose", "separate", "loudness"])
    assert client.get("/audiopost/pulse").json()["undo"] == {"label": "project.did_run", "detail": "Music stems"}
    client.post("/audiopost/undo", headers=OURS)
    assert folder.open("take").project.steps == ()
    client.post("/audiopost/redo", headers=OURS)
    stems = folder.open("take").project.stems or {}
    assert stems["vocals"].read(0, 100).shape == (1, 100)


def test_what_people_edited_is_told_before_and_kept_where_they_wish(
    client: TestClient, folder: Folder, sound: bytes
) -> None:
    bring(client, "take.wav", sound)
    settled(client)
    mine = (Caption(0.0, 1.0, ("mine",), edited=True), Caption(1.0, 2.0, ("seen",), reviewed=True))
    folder.open("take").edit("test.wrote", lambda now: replace(now, captions=mine))
    client.post("/audiopost/presets/choose", json={"preset": "subtitles-en"}, headers=OURS)
    told = client.get("/audiopost/run/replaces").json()
    assert (told["parts"], told["captions"], told["captions_edited"]) == (["captions"], 2, 1)
    client.post("/audiopost/presets/choose", json={"preset": "music-stems"}, headers=OURS)
    assert client.get("/audiopost/run/replaces").json()["parts"] == []
    client.post("/audiopost/run", json={"recordings": ["take"], "keep": ["captions"]}, headers=OURS)
    settled(client)
    assert folder.open("take").project.captions == mine


def test_a_batch_goes_on_past_a_bad_file_and_delivers(client: TestClient, folder: Folder, sound: bytes) -> None:
    for name in ("a.wav", "b.wav", "c.wav"):
        bring(client, name, sound, opened=False)
    (folder.media / "b.wav").write_bytes(b"no sound any more")
    client.post("/audiopost/presets/choose", json={"preset": "music-stems"}, headers=OURS)
    body = {"recordings": ["a", "b", "c", "a"], "deliver": True}
    assert len(client.post("/audiopost/run", json=body, headers=OURS).json()["jobs"]) == 3
    jobs = settled(client)
    assert [(job["recording"], job["state"]) for job in jobs] == [("a", "done"), ("b", "failed"), ("c", "done")]
    assert "b.wav" in jobs[1]["message"]
    assert jobs[0]["result"]["files"] > 5
    for end in ("master.wav", "vocals.wav", "report.html", "provenance.json", "project.json"):
        assert (folder.root / f"c.{end}").exists()
    # What is delivered is what the command line delivers, so the files are known as ours when it runs anew.
    body = {"recordings": ["a"], "deliver": True}
    client.post("/audiopost/run", json=body, headers=OURS)
    settled(client)
    assert not list(folder.root.glob("*kept*"))


def test_an_unknown_recording_queues_nothing(client: TestClient, sound: bytes) -> None:
    bring(client, "a.wav", sound, opened=False)
    for name in ("../a", "/etc/passwd", "b"):
        answer = client.post("/audiopost/run", json={"recordings": ["a", name]}, headers=OURS)
        assert answer.status_code == 422
        assert "There is no recording" in answer.json()["error"]
    assert client.get("/audiopost/jobs").json()["jobs"] == []


def test_a_recording_is_taken_out_unless_it_is_worked_on(client: TestClient, folder: Folder, sound: bytes) -> None:
    bring(client, "a.wav", sound)
    settled(client)
    client.post("/audiopost/run", json={"recordings": ["a"]}, headers=OURS)
    refused = client.post("/audiopost/recordings/remove", json={"name": "a"}, headers=OURS)
    assert refused.status_code == 422
    assert "Cancel its jobs" in refused.json()["error"]
    client.post("/audiopost/jobs/cancel-all", headers=OURS)
    settled(client)
    assert client.post("/audiopost/recordings/remove", json={"name": "a"}, headers=OURS).status_code == 200
    assert client.get("/audiopost/recordings").json()["recordings"] == []
    assert client.get("/audiopost/pulse").json()["recording"] == ""


def test_an_interrupted_run_goes_on_from_its_last_finished_stage(
    make: Callable[..., TestClient], tmp_path: Path, sound: bytes
) -> None:
    """What a killed server leaves: a job that was running, and the stages that it had saved."""
    from audiopost.pipeline import process
    from audiopost.presets import load

    folder = Folder(tmp_path / "project")
    folder.media.mkdir()
    (folder.media / "take.wav").write_bytes(sound)
    desk = folder.open("take")

    class Killed(BaseException):
        pass

    def die(step: str, done: float, total: float) -> None:
        if step == "loudness":
            raise Killed

    with pytest.raises(Killed):
        process(desk.project, load("music-stems"), desk.work / "run", progress=die)
    desk.close()
    settings = {"preset": "music-stems", "language": "", "options": {}, "keep": [], "deliver": False}
    job = {"id": "1", "kind": "run", "recording": "take", "settings": settings, "state": "running", "stage": "loudness"}
    (folder.hidden / "jobs.json").write_text(json.dumps([job]))
    with make(folder.root) as client:
        assert client.get("/audiopost/jobs").json()["jobs"][0]["state"] == "interrupted"
        saved = json.loads((desk.work / "run" / "project.json").read_text())
        again = client.post("/audiopost/jobs/retry", json={"id": "1"}, headers=OURS).json()
        assert again["settings"]["resume"] is True
        (ended,) = settled(client)
        assert (ended["state"], ended["message"]) == ("done", "")
        (folder,) = client.app.state.visitors.folders()
        steps = folder.open("take").project.steps
        assert [step.stage for step in steps] == ["diagnose", "separate", "loudness"]
        assert [step.timing["started"] for step in steps[:2]] == [
            each["timing"]["started"] for each in saved["steps"]
        ]  # they were not done anew
        stems = folder.open("take").project.stems or {}
        assert np.any(stems["vocals"].read(0, 4_800))
