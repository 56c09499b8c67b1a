"""Deliveries by way of their routes: chosen, checked, written by a job, and taken home as files, a zip or a page."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import soundfile

pytest.importorskip("gradio")

from audiopost_ui import delivering, server
from audiopost_ui.visitors import COOKIE, Visitors
from fastapi.testclient import TestClient

from audiopost.core.marks import CaptionIssue
from audiopost.core.project import Project
from audiopost.core.speech import Caption, Transcript, Utterance
from audiopost.io.decode import load
from audiopost.pipeline import apply
from audiopost.workspace import Folder

OURS = {"x-audiopost": "1"}
NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A recording with captions and a master for EBU R 128."""
    folder = Folder(tmp_path / "project")
    folder.media.mkdir()
    noise = np.random.default_rng(5).normal(0, 0.1, (2 * 48_000, 2))
    soundfile.write(folder.media / "場 1.wav", noise, 48_000, subtype="PCM_24")

    def filled(project: Project) -> Project:
        said = Utterance(0.2, 1.2, NASTY, "en", ())
        return replace(
            apply(project, "loudness", spec="ebu-r128"),
            transcript=Transcript("en", (said,)),
            captions=(Caption(0.2, 1.2, (NASTY,), None, "en", reviewed=True),),
            caption_issues=(CaptionIssue(1, 0.2, "cps", "25.0 characters a second"),),
            missing=("diarise was left out.",),
        )

    folder.open("場 1").edit("test.filled", filled)
    folder.close()
    return folder


@pytest.fixture
def client(folder: Folder, tmp_path: Path) -> Iterator[TestClient]:
    visitors = Visitors(folder.root)
    with TestClient(server.create(visitors, scratch=tmp_path, hosts=None)) as client:
        client.cookies.set(COOKIE, visitors.enter()[0])
        client.post("/audiopost/open", json={"name": "場 1"}, headers=OURS)
        yield client


def done(client: TestClient) -> dict[str, Any]:
    """The last job once it has ended."""
    for _ in range(600):
        job = client.get("/audiopost/jobs").json()["jobs"][-1]
        if job["state"] not in ("waiting", "running"):
            return job
        time.sleep(0.05)
    pytest.fail("the job did not end in half a minute")


def delivered(client: TestClient, *keys: str) -> dict[str, Any]:
    answer = client.post("/audiopost/deliver", json={"keys": keys}, headers=OURS)
    assert answer.status_code == 200, answer.text
    return done(client)


def test_the_overview_says_what_there_is_and_how_it_stands(client: TestClient) -> None:
    found = client.get("/audiopost/deliver").json()
    needs = {item["key"]: item["needs"] for item in found["items"]}
    assert (needs["audio.master"], needs["audio.dialogue"], needs["cues.csv"]) == ("", "separate", "cues")
    assert "subtitles.srt" in found["chosen"]
    assert "subtitles.stl" not in found["chosen"]
    assert found["missing"] == ["diarise was left out."]
    style = {"name": "netflix-en", "captions": 1, "reviewed": 1, "edited": 0, "issues": {"cps": 1}}
    assert found["style"] == style
    loudness = found["loudness"]
    assert (loudness["spec"], loudness["made_for"], loudness["verdict"]) == ("ebu-r128", "ebu-r128", "pass")
    assert (found["delivered"], found["stale"]) == ([], True)


def test_another_spec_is_checked_at_once_and_a_master_made_for_it(client: TestClient) -> None:
    found = client.get("/audiopost/deliver", params={"spec": "podcast"}).json()["loudness"]
    assert (found["spec"], found["made_for"], found["verdict"]) == ("podcast", "ebu-r128", "FAIL")
    assert client.post("/audiopost/deliver/master", json={"spec": "../x"}, headers=OURS).status_code == 422
    client.post("/audiopost/deliver/master", json={"spec": "podcast"}, headers=OURS)
    assert done(client)["state"] == "done"
    found = client.get("/audiopost/deliver").json()["loudness"]
    assert (found["made_for"], found["verdict"]) == ("podcast", "pass")
    assert client.get("/audiopost/pulse").json()["undo"] == {"label": "deliver.did_master", "detail": "podcast"}


def test_what_is_chosen_is_written_and_the_choice_kept(client: TestClient, folder: Folder) -> None:
    job = delivered(client, "audio.master", "subtitles.srt", "cues.csv")
    assert (job["state"], job["result"]["files"]) == ("done", 4)
    found = client.get("/audiopost/deliver").json()
    assert {each["kind"] for each in found["delivered"]} == {"master", "srt", "project", "provenance"}
    assert all(each["disclosure"] for each in found["delivered"] if each["kind"] != "provenance")
    assert not found["stale"]
    assert sorted(found["chosen"]) == ["audio.master", "cues.csv", "subtitles.srt"]
    assert load(folder.root / "場 1.master.wav").media.subtype == "PCM_24"


def test_the_encoding_is_kept_and_an_impossible_one_refused_at_once(client: TestClient) -> None:
    (folder,) = client.app.state.visitors.folders()
    delivering.change_encoding(folder, "format", "flac")
    delivered(client, "audio.master")
    assert (folder.root / "場 1.master.flac").exists()
    delivering.change_encoding(folder, "bit_depth", "16")
    answer = client.post("/audiopost/deliver", json={"keys": ["audio.master"]}, headers=OURS)
    assert answer.status_code == 422
    assert "flac" in answer.json()["error"]


def test_a_file_is_a_download_whatever_is_in_it(client: TestClient) -> None:
    delivered(client, "subtitles.vtt", "record.report")
    for kind in ("vtt", "report"):
        answer = client.get("/audiopost/deliver/file", params={"key": kind})
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert quote("場 1") in answer.headers["content-disposition"]
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("key", ["../media/場 1.wav", "/etc/passwd", "", "master", "場 1.srt"])
def test_only_what_is_listed_goes_out(client: TestClient, key: str) -> None:
    delivered(client, "subtitles.srt")
    assert client.get("/audiopost/deliver/file", params={"key": key}).status_code == 404
    assert client.get("/audiopost/deliver/page", params={"key": key}).status_code == 404


def test_the_report_is_shown_without_scripts_or_access(client: TestClient) -> None:
    assert client.get("/audiopost/report").status_code == 404
    delivered(client, "record.report")
    answer = client.get("/audiopost/report")
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-scripts" not in policy
    assert "content-disposition" not in answer.headers
    assert NASTY not in answer.text
    assert client.get("/audiopost/deliver/page", params={"key": "provenance"}).status_code == 404


def test_all_as_one_zip(client: TestClient, folder: Folder) -> None:
    assert client.get("/audiopost/deliver/zip").status_code == 404
    delivered(client, "audio.master", "subtitles.srt")
    answer = client.get("/audiopost/deliver/zip")
    assert answer.headers["content-type"] == "application/zip"
    assert quote("場 1.zip") in answer.headers["content-disposition"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    assert set(archive.namelist()) == {
        f"場 1.{end}" for end in ("master.wav", "srt", "project.json", "provenance.json")
    }
    assert archive.read("場 1.srt") == (folder.root / "場 1.srt").read_bytes()
    record = json.loads(archive.read("場 1.provenance.json"))
    assert record["captions"]["reviewed_by_a_person"] == 1


def test_without_an_open_recording_there_is_nothing_to_deliver(tmp_path: Path) -> None:
    visitors = Visitors(tmp_path / "empty")
    with TestClient(server.create(visitors, scratch=tmp_path, hosts=None)) as client:
        client.cookies.set(COOKIE, visitors.enter()[0])
        for path in ("deliver", "deliver/zip", "report"):
            assert client.get(f"/audiopost/{path}").status_code == 409


def test_another_visitor_gets_none_of_it(client: TestClient, folder: Folder, tmp_path: Path) -> None:
    delivered(client, "subtitles.srt")
    stranger = TestClient(client.app)
    for path in ("deliver", "deliver/file?key=srt", "deliver/zip", "report", "recordings", "jobs", "presets"):
        assert stranger.get(f"/audiopost/{path}").status_code == 401
    accounts = Visitors(tmp_path / "both", {"anna": "a-secret", "bert": "b-secret"})
    with TestClient(server.create(accounts, scratch=tmp_path, hosts=None)) as two:
        two.cookies.set(COOKIE, accounts.log_in("anna", "a-secret") or "")
        body = (folder.media / "場 1.wav").read_bytes()
        two.put("/audiopost/media/mine.wav", content=body, headers=OURS)
        done(two)
        two.cookies.set(COOKIE, accounts.log_in("bert", "b-secret") or "")
        assert two.get("/audiopost/recordings").json()["recordings"] == []
        assert two.get("/audiopost/jobs").json()["jobs"] == []
        asked = two.post("/audiopost/run", json={"recordings": ["mine"]}, headers=OURS)
        assert asked.status_code == 422
