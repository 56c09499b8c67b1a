"""The cues' routes: the session's own only, from our scripts only, all checked; what stands is what comes out."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("gradio", reason="the workbench needs gradio")

from audiopost_ui.jobs import ENDED
from audiopost_ui.server import create
from audiopost_ui.visitors import COOKIE, Visitors
from fastapi.testclient import TestClient

from audiopost.core.audio import Audio
from audiopost.core.marks import Activity
from audiopost.core.spotting import Alternative, Cue, EmotionPoint, Scene
from audiopost.io.encode import write_wav
from audiopost.workspace import Desk

RATE = 16_000
US = {"x-audiopost": "1"}


def cue(number: int, in_s: float, out_s: float, **fields: object) -> Cue:
    plain = Cue(
        number, in_s, out_s, "underscore", "sadness", (60, 72), "minor", ("piano",), "Because.", 0.7,
        alternatives=(Alternative("underscore", "joy", (104, 120), "major", "Or glad."),),
    )  # fmt: skip
    return replace(plain, **fields)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Desk]]:
    """A client of a workbench in which a minute of noise is open."""
    root = tmp_path_factory.mktemp("bench")
    media = root / "project" / "media"
    media.mkdir(parents=True)
    noise = 0.05 * np.random.default_rng(2).standard_normal((1, 60 * RATE))
    write_wav(media / "take 粵.wav", Audio(noise, RATE), "PCM_16")
    visitors = Visitors(root / "project")
    with TestClient(create(visitors, scratch=root / "scratch", hosts=None)) as client:
        token, visitor = visitors.enter()
        client.cookies.set(COOKIE, token)
        visitor.folder.remember(recording="take 粵")
        yield client, visitor.folder.open("take 粵")


@pytest.fixture
def desk(bench: tuple[TestClient, Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[TestClient, Desk]:
    """The same with three cues, and no music library."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    client, open_desk = bench
    cues = (cue(1, 10.0, 20.0), cue(2, 36.0, 46.0), cue(3, 50.0, 58.0, status="existing"))
    made = {
        "cues": cues,
        "emotion": tuple(EmotionPoint(float(t), -0.5, -0.5, -0.3, 0.8) for t in range(10, 46)),
        "scenes": (Scene(1, 0.0, 60.0, "It begins.", mood="sadness"),),
        "activity": (Activity("speech", 12.0, 16.0),),
        "steps": (),
    }
    open_desk.edit("cuespage.did_spot", lambda project: replace(project, **made))
    open_desk.note(programme={})
    return client, open_desk


def post(client: TestClient, path: str, **body: Any) -> Any:
    answer = client.post(f"/audiopost/cues/{path}", json=body, headers=US)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_is_listed_is_said_in_the_pages_language(desk: tuple[TestClient, Desk]) -> None:
    client, _ = desk
    found = client.get("/audiopost/cues", headers={"accept-language": "zh-HK"}).json()
    assert [each["label"] for each in found["cues"]] == ["1m01", "1m02", "1m03"]
    assert found["names"]["emotion"]["sadness"] == "悲傷"
    assert found["scenes"][0]["mood"] == "悲傷"
    assert found["emotion"][0] == [10.0, -0.5, -0.5, 0.8]
    assert (found["library"], found["film"], found["decided"]) == (None, False, 0)
    assert {option["name"] for option in found["spotting"]} >= {"rules", "language", "share"}


def test_a_change_is_undone_by_its_name(desk: tuple[TestClient, Desk]) -> None:
    client, open_desk = desk
    answer = post(client, "change", cue="1m01", fields={"in_s": 9.0, "out_s": 18.6})
    assert (answer["cue"], answer["cues"][0]["in_s"], answer["cues"][0]["out_s"]) == ("1m01", 9.0, 18.6)
    assert "has moved" in answer["messages"][0]
    assert (open_desk.done[-1].label, open_desk.done[-1].detail) == ("cuespage.did_moved", "1m01")
    post(client, "change", cue="1m01", fields={"status": "accepted"})
    assert open_desk.done[-1].label == "cuespage.did_accepted"
    client.post("/audiopost/undo", headers=US)
    client.post("/audiopost/undo", headers=US)
    assert client.get("/audiopost/cues").json()["cues"][0]["in_s"] == 10.0


def test_every_deed_has_a_name_to_undo_it_by() -> None:
    from audiopost_ui.routes import cue_files, cues
    from audiopost_ui.texts import texts

    source = "".join(Path(module.__file__).read_text(encoding="utf-8") for module in (cues, cue_files))
    verbs = set(re.findall(r'desk, language, "([a-z_]+)"', source))
    assert len(verbs) >= 9
    assert {f"cuespage.did_{verb}" for verb in verbs} <= set(texts())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("change", {"cue": "9m99", "fields": {"title": "x"}}),
        ("change", {"cue": "1m01", "fields": {"tracks": []}}),
        ("change", {"cue": "1m01", "fields": {"function": "../etc"}}),
        ("change", {"cue": "1m01", "fields": {"title": "x" * 1001}}),
        ("change", {"cue": "1m01", "fields": {"in_s": 30.0}}),
        ("change", {"cue": "1m01", "fields": {"level_lu": 1000}}),
        ("add", {"start_s": 5.0, "end_s": 5.0}),
        ("split", {"cue": "1m01", "time_s": 40.0}),
        ("alternative", {"cue": "1m01", "place": 9}),
        ("track", {"cue": "1m01", "place": 0}),
        ("hear", {"cue": "1m01", "place": 0}),
        ("candidates", {"cue": "1m01"}),
        ("programme", {"secret": "x"}),
        ("spot", {"options": {"rules": "/etc/passwd.toml"}}),
        ("spot", {"options": {"library": "/etc/passwd"}}),
        ("spot", {"options": {"share": 7}}),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(desk: tuple[TestClient, Desk], path: str, body: Any) -> None:
    client, open_desk = desk
    before = open_desk.project.cues
    answer = client.post(f"/audiopost/cues/{path}", json=body, headers=US)
    assert answer.status_code == 422
    assert open_desk.project.cues == before


def test_only_our_own_scripts_change_anything(desk: tuple[TestClient, Desk]) -> None:
    client, _ = desk
    assert client.post("/audiopost/cues/remove", json={"cue": "1m01"}).status_code == 403
    assert client.put("/audiopost/cues/sheet/x.csv", content=b"").status_code == 403
    stranger = {"cookie": f"{COOKIE}=nobody"}
    assert client.request("GET", "/audiopost/cues", headers=stranger, cookies={COOKIE: "x"}).status_code in (401, 403)


def test_the_guide_becomes_a_track(desk: tuple[TestClient, Desk]) -> None:
    client, open_desk = desk
    before = open_desk.project.cues
    made = post(client, "hear", cue="1m01", at_s=12.0)
    assert (made["key"], made["start_s"], made["end_s"]) == ("guide", 7.0, 23.0)
    assert open_desk.previews["guide"].title == "cuespage.preview_guide"
    assert open_desk.project.cues == before  # to hear is to change nothing


def test_every_format_comes_under_its_name(desk: tuple[TestClient, Desk]) -> None:
    client, _ = desk
    for each in client.get("/audiopost/cues").json()["formats"]:
        answer = client.get(f"/audiopost/cues/export/{each['name']}")
        assert answer.status_code == 200, each
        assert answer.content
        assert answer.headers["content-disposition"].startswith("attachment")
    assert client.get("/audiopost/cues/export/..%2Fx").status_code in (404, 422)


def test_a_title_that_would_be_a_formula_goes_out_as_text_and_comes_back(desk: tuple[TestClient, Desk]) -> None:
    client, open_desk = desk
    title = "=cmd()<img src=x onerror=alert(1)>"
    post(client, "change", cue="1m01", fields={"title": title})
    sheet = client.get("/audiopost/cues/export/csv").content
    assert b"'=cmd()" in sheet
    back = sheet.replace(b"00:00:36:00", b"00:00:35:00")
    answer = client.put("/audiopost/cues/sheet/back.csv", content=back, headers=US).json()
    assert answer["cues"][0]["title"] == title
    assert answer["cues"][1]["in_s"] == 35.0
    assert open_desk.done[-1].label == "cuespage.did_sheet"


@pytest.mark.parametrize("name", ["notes.exe", "..%2F..%2Fx.csv", "x.csv"])
def test_a_sheet_that_is_none_is_refused(desk: tuple[TestClient, Desk], name: str) -> None:
    client, open_desk = desk
    before = open_desk.project.cues
    assert client.put(f"/audiopost/cues/sheet/{name}", content=b"\x00\x01", headers=US).status_code in (404, 422)
    assert open_desk.project.cues == before


def test_a_sheet_that_is_too_large_is_refused(desk: tuple[TestClient, Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    from audiopost_ui.routes import cue_files

    monkeypatch.setattr(cue_files, "MOST_BYTES", 1000)
    client, _ = desk
    assert client.put("/audiopost/cues/sheet/x.csv", content=b"x" * 2000, headers=US).status_code == 413


def test_guides_come_one_by_one_and_all_together(desk: tuple[TestClient, Desk]) -> None:
    client, _ = desk
    midi = client.get("/audiopost/cues/guides", params={"cue": "1m01", "kind": "midi"})
    assert midi.content[:4] == b"MThd"
    sound = client.get("/audiopost/cues/guides", params={"cue": "1m01", "kind": "sound"})
    assert sound.content[:4] in (b"RIFF", b"fLaC")
    packed = zipfile.ZipFile(io.BytesIO(client.get("/audiopost/cues/guides").content))
    assert sorted(name.split(".", 1)[1] for name in packed.namelist() if name.endswith(".mid")) == [
        "1m01.guide.mid", "1m02.guide.mid",
    ]  # fmt: skip
    assert client.get("/audiopost/cues/guides", params={"cue": "../x"}).status_code == 422


def test_the_programme_stands_in_the_rights_sheet(desk: tuple[TestClient, Desk]) -> None:
    client, _ = desk
    client.post("/audiopost/cues/programme", json={"title": "Night Tea", "broadcaster": "RTHK"}, headers=US)
    head = client.get("/audiopost/cues/programme").json()
    assert head[0] == {"name": "title", "title": "Programme title", "value": "Night Tea"}
    text = client.get("/audiopost/cues/export/rights-csv").content.decode("utf-8-sig")
    assert "Night Tea" in text
    assert "RTHK" in text


def test_spotting_anew_is_a_job_that_keeps_what_was_accepted(desk: tuple[TestClient, Desk]) -> None:
    client, open_desk = desk
    post(client, "change", cue="1m02", fields={"status": "accepted"})
    job = post(client, "spot", options={"rules": "documentary", "language": "zh-hant", "share": 0.5}, keep=True)
    until = time.time() + 60
    while (state := _state(client, job["id"])) not in ENDED:
        assert time.time() < until
        time.sleep(0.05)
    assert state == "done"
    kept = open_desk.project
    assert [cue.label for cue in kept.cues or () if cue.status == "accepted"] == ["1m02"]
    assert "1m01" not in [cue.label for cue in kept.cues or () if cue.reason == "Because."]
    step = kept.step("cues")
    assert step is not None
    assert (step.options["rules"], step.options["share"]) == ("documentary", 0.5)
    assert kept.has("beats")  # what had not been done before was done first
    assert open_desk.done[-1].label == "cuespage.did_spot"


def _state(client: TestClient, job_id: str) -> str:
    jobs = client.get("/audiopost/pulse").json()["jobs"]
    return next(job["state"] for job in jobs if job["id"] == job_id)
