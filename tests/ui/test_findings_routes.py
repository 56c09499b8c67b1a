"""Findings and the chain by their routes: listed, heard, decided on, set, previewed, rendered, kept as presets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audiopost import presets
from audiopost.core.audio import Audio
from audiopost.workspace import chain


@pytest.fixture(scope="module")
def client(serving: Callable[..., Any], speech: Audio) -> Any:
    """Eight seconds of speech with mains hum and three clicks, diagnosed by the job."""

    def put(media: Path) -> str:
        samples = speech.samples[0].copy()
        time_s = np.arange(samples.size) / speech.rate
        for harmonic, level in ((1, 0.02), (2, 0.012), (3, 0.008), (4, 0.005), (5, 0.004)):
            samples += np.float32(level) * np.sin(2 * np.pi * 50 * harmonic * time_s).astype(np.float32)
        for at_s in (3.11, 3.52, 3.93):
            samples[round(at_s * speech.rate)] += np.float32(0.7)
        soundfile.write(media / "take.wav", samples, speech.rate, subtype="FLOAT")
        return "take"

    made = serving(put)
    assert made.get("/audiopost/findings").json()["diagnosed"] is False
    assert made.post("/audiopost/findings/diagnose").status_code == 200
    made.finish("diagnose")
    return made


def listing(client: Any) -> dict[str, Any]:
    return client.get("/audiopost/findings").json()


def index(client: Any, kind: str) -> int:
    return next(each["index"] for each in listing(client)["findings"] if each["kind"] == kind)


def post(client: Any, path: str, expected: int = 200, **body: Any) -> Any:
    answer = client.post(f"/audiopost/{path}", json=body)
    assert answer.status_code == expected, answer.text
    return answer.json()


def test_findings_are_listed_in_the_pages_language(client: Any) -> None:
    hum = next(each for each in listing(client)["findings"] if each["kind"] == "hum")
    assert (hum["title"], hum["state"], hum["mendable"], hum["by"]) == ("Hum", "open", True, "restore")
    assert "restore with hum on" in hum["remedy"]
    told = client.get("/audiopost/findings", headers={"accept-language": "zh-HK"}).json()["findings"]
    chinese = next(each for each in told if each["kind"] == "hum")
    assert chinese["title"] == "交流聲"
    assert "修復" in chinese["remedy"]


def test_a_remedy_is_heard_decided_on_and_rendered(client: Any) -> None:
    clicks = index(client, "clicks")
    heard = post(client, "findings/remedy", index=clicks, at_s=0.0)
    tracks = {each["key"]: each for each in client.get("/audiopost/manifest").json()["tracks"]}
    assert tracks["remedy"]["span"] == [heard["start_s"], heard["end_s"]]
    assert heard["start_s"] < 3.11 < 3.93 < heard["end_s"]
    assert [each["name"] for each in heard["repairs"]] == ["clicks"]

    answer = post(client, "findings/decide", indices=[clicks], status="accepted")
    assert answer["pending"] == ["findings"]
    assert answer["stages"] == ["restore"]
    post(client, "findings/render")
    assert client.finish("render")["result"]["repairs"] == ["clicks"]
    now = listing(client)
    assert now["pending"] == []
    states = {each["kind"]: (each["state"], each["mended"]) for each in now["findings"]}
    assert states["clicks"] == ("accepted", True)
    assert states["hum"] == ("open", False)
    record = client.get("/audiopost/pulse").json()["undo"]
    assert record["label"] == "dialogue.did_render"
    assert client.post("/audiopost/undo").json()["fields"]
    assert listing(client)["pending"] == ["findings"]
    client.post("/audiopost/redo")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("findings/decide", {"indices": [], "status": "accepted"}),
        ("findings/decide", {"indices": [9999], "status": "accepted"}),
        ("findings/decide", {"indices": [0], "status": "mended"}),
        ("findings/remedy", {"index": 9999}),
        ("findings/remedy", {"index": 0, "at_s": -1}),
        ("dialogue/set", {"name": "restore.hum_amount", "value": 1000}),
        ("dialogue/set", {"name": "denoise.model", "value": "/etc"}),
        ("dialogue/set", {"name": "loudness.spec", "value": "netflix"}),
        ("dialogue/preview", {"time_s": -1}),
        ("dialogue/load", {"name": "/etc/passwd.toml"}),
        ("dialogue/load", {"name": "nothing"}),
        ("dialogue/save", {"name": "../evil"}),
        ("dialogue/save", {"name": "podcast"}),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(client: Any, path: str, body: dict[str, Any]) -> None:
    before = client.desk.project
    answer = post(client, path, 422, **body)
    assert answer["error"]
    assert "Traceback" not in answer["error"]
    assert client.desk.project is before


def test_the_chain_is_set_previewed_and_taken_back(client: Any) -> None:
    state = client.get("/audiopost/dialogue").json()
    links = {link["name"]: link for link in state["links"]}
    assert links["clicks"]["found"] == 1
    amount = next(each for each in links["hum"]["controls"] if each["name"] == "restore.hum_amount")
    assert (amount["low"], amount["high"], amount["value"], amount["unit"]) == (0, 100, 100, "%")
    post(client, "dialogue/set", name="mend", value="all")
    post(client, "dialogue/set", name="restore.hum_amount", value=60)
    assert set(client.get("/audiopost/dialogue").json()["pending"]) == {"settings", "findings"}
    heard = post(client, "dialogue/preview", time_s=4.0)
    assert {each["name"] for each in heard["repairs"]} >= {"hum", "clicks"}
    assert heard["removed_dbfs"] < -20
    assert "preview-removed" in client.desk.previews

    history = client.get("/audiopost/dialogue").json()["history"]
    assert [each["label"] for each in history][-2:] == ["dialogue.did_set", "dialogue.did_set"]
    post(client, "dialogue/back", seq=history[-2]["seq"])
    now = client.get("/audiopost/dialogue").json()
    assert now["pending"] == ["findings"]
    assert now["undone"] == 1
    post(client, "dialogue/reset")


def test_a_chain_is_kept_whole_as_a_preset(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "own_folder", lambda: tmp_path)
    client.desk.edit(
        "t", lambda project: chain.changed(chain.changed(project, "denoised", True), "restore.hum_amount", 33)
    )
    assert post(client, "dialogue/save", name="Mine")["name"] == "Mine"
    kept = presets.load("Mine")
    assert kept.options["restore"].hum_amount == 33
    assert kept.stages.index("diagnose") < kept.stages.index("restore") < kept.stages.index("denoise")
    assert post(client, "dialogue/save", 422, name="Mine")["error"]
    post(client, "dialogue/set", name="restore.hum_amount", value=50)
    post(client, "dialogue/load", name="Mine")
    assert chain.chain(client.desk.project).restore.hum_amount == 33
    assert {"name": "Mine", "title": "Mine"} in client.get("/audiopost/dialogue").json()["presets"]["own"]
    post(client, "dialogue/delete", name="Mine")
    assert presets.own_names() == ()


def test_where_several_people_come_in_nobody_changes_the_owners_presets(
    serving: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presets, "own_folder", lambda: tmp_path / "presets")

    def put(media: Path) -> str:
        folder = media.parent / "anna" / "media"
        folder.mkdir(parents=True)
        soundfile.write(folder / "hers.wav", np.zeros(8000), 8000)
        return "hers"

    client = serving(put, accounts={"anna": "a", "ben": "b"})
    assert "owner" in post(client, "dialogue/save", 403, name="Hers")["error"]
    assert not (tmp_path / "presets").exists()
