"""The models by way of the routes that the page asks: pulls come from a hub on the loopback."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

from audiopost_ui import server, texts
from audiopost_ui.visitors import COOKIE, Visitors
from fastapi.testclient import TestClient

from audiopost.models import store
from audiopost.models.catalogue import ENTRIES

OURS = {"x-audiopost": "1"}


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    visitors = Visitors(tmp_path_factory.mktemp("models") / "project")
    app = server.create(visitors, scratch=tmp_path_factory.mktemp("scratch"), hosts=None)
    with TestClient(app) as client:
        client.cookies.set(COOKIE, visitors.enter()[0])
        yield client


@pytest.fixture
def client(workbench: TestClient, hub: Any) -> TestClient:
    """A workbench on a machine without models, whose hub is `hub`."""
    return workbench


def model(client: TestClient, name: str, language: str = "en") -> dict[str, Any]:
    listed = client.get("/audiopost/models", headers={"accept-language": language}).json()["models"]
    return next(each for each in listed if each["name"] == name)


def pull(client: TestClient, name: str, accepted: str) -> Any:
    return client.post("/audiopost/models/pull", json={"name": name, "accepted": accepted}, headers=OURS)


def ended(client: TestClient, job: str) -> dict[str, Any]:
    for _ in range(600):
        found = next(each for each in client.get("/audiopost/jobs").json()["jobs"] if each["id"] == job)
        if found["state"] not in ("waiting", "running"):
            return found
        time.sleep(0.05)
    pytest.fail("the job did not end in 30 s")


def test_every_model_is_told_with_its_licence_in_words(client: TestClient) -> None:
    found = client.get("/audiopost/models").json()
    assert [each["name"] for each in found["models"]] == [entry.name for entry in ENTRIES]
    assert found["store"] == str(store.root())
    assert all(each["licence_means"] and each["where"] == "" for each in found["models"])
    assert not model(client, "wav2vec2-msp-dim")["commercial"]
    assert "Not for commercial work" in model(client, "wav2vec2-msp-dim")["licence_means"]
    assert "不可作商業用途" in model(client, "wav2vec2-msp-dim", "zh-HK")["licence_means"]


def test_what_a_model_would_change_is_what_the_backends_say(client: TestClient) -> None:
    (gain,) = model(client, "deepfilternet3")["gains"]
    assert (gain["stage"], gain["before"], gain["after"]) == ("denoise", "guided", "deepfilternet3")
    assert texts.tell("project.preset_podcast", "en") in gain["presets"]
    assert model(client, "whisper-tiny")["gains"] == []
    now = client.get("/audiopost/models").json()["now"]
    assert {"stage": "denoise", "backend": "guided"}.items() <= now["stages"][3].items()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_english_of_a_note_is_the_catalogues_and_every_licence_has_words(entry: Any) -> None:
    assert texts.tell(f"models.note_{entry.name}", "en") == entry.note
    key = entry.licence.lower().replace(" ", "-").replace(".", "-")
    assert f"models.licence_{key}" in texts.texts()


@pytest.mark.parametrize("accepted", ["", "Apache-2.0", "yes"])
def test_nothing_is_fetched_before_its_licence_was_accepted(client: TestClient, hub: Any, accepted: str) -> None:
    hub.holds_whisper()
    answer = pull(client, "whisper-tiny", accepted)
    assert answer.status_code == 422
    assert "MIT" in answer.json()["error"]
    assert hub.asked == []


def test_a_model_that_is_not_known_is_refused(client: TestClient) -> None:
    assert pull(client, "../whisper-tiny", "MIT").status_code == 422
    assert client.post("/audiopost/models/verify", json={"names": ["nothing"]}, headers=OURS).status_code == 422
    assert client.post("/audiopost/models/pull", json={"name": "whisper-tiny", "accepted": "MIT"}).status_code == 403


def test_a_pull_is_a_job_that_brings_the_model_here_and_its_files_are_verified(client: TestClient, hub: Any) -> None:
    hub.holds_whisper()
    job = ended(client, pull(client, "whisper-tiny", "MIT").json()["id"])
    assert (job["state"], job["share"]) == ("done", 1.0)
    found = model(client, "whisper-tiny")
    assert (found["where"], found["path"]) == ("store", str(store.root() / "whisper-tiny"))
    assert len(found["sha256"]["model.bin"]) == 64
    assert model(client, "whisper-small")["gains"] == []  # its backend has a model now

    checked = client.post("/audiopost/models/verify", json={}, headers=OURS).json()["id"]
    assert ended(client, checked)["result"] == {"problems": {"whisper-tiny": []}}
    (Path(found["path"]) / "tokenizer.json").write_bytes(b"{}")
    again = client.post("/audiopost/models/verify", json={"names": ["whisper-tiny"]}, headers=OURS).json()["id"]
    (problem,) = ended(client, again)["result"]["problems"]["whisper-tiny"]
    assert "tokenizer.json" in problem


def test_a_broken_line_fails_the_job_and_trying_again_goes_on_where_it_was(client: TestClient, hub: Any) -> None:
    hub.holds_whisper()
    hub.cut_after = 500_000
    job = ended(client, pull(client, "whisper-tiny", "MIT").json()["id"])
    assert job["state"] == "failed"
    assert "broke off after 500000" in job["message"]
    hub.cut_after, hub.asked[:] = None, []
    again = client.post("/audiopost/jobs/retry", json={"id": job["id"]}, headers=OURS).json()["id"]
    assert ended(client, again)["state"] == "done"
    assert "bytes=500000-" in [headers.get("Range") for _, headers in hub.asked]


def test_without_a_network_it_says_at_once_what_to_do(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    job = ended(client, pull(client, "whisper-base", "MIT").json()["id"])
    assert job["state"] == "failed"
    assert "audiopost models pull whisper-base" in job["message"]


def test_what_a_stopped_pull_left_is_removed(client: TestClient, hub: Any) -> None:
    hub.holds_whisper()
    hub.pausing = True
    started = pull(client, "whisper-tiny", "MIT").json()["id"]
    assert hub.reached.wait(20)
    assert pull(client, "whisper-tiny", "MIT").status_code == 422  # it is on its way
    client.post("/audiopost/jobs/cancel", json={"id": started}, headers=OURS)
    hub.release.set()
    assert ended(client, started)["state"] == "cancelled"
    assert list(store.root().iterdir()) == []
