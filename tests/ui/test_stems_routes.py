"""The Stems tab by its routes: faders, the null test, the mix down, sound as files; and what is refused."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("gradio", reason="the workbench needs gradio")

from audiopost_ui import server
from audiopost_ui.visitors import COOKIE, Visitors
from fastapi.testclient import TestClient

from audiopost.core.audio import Audio
from audiopost.workspace import Desk, stems
from audiopost.workspace.stems import Fader

OURS = {"x-audiopost": "1"}
RATE = 48_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("stems")
    (folder / "scratch").mkdir()
    visitors = Visitors(folder / "project")
    app = server.create(visitors, scratch=folder / "scratch", hosts=None)
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        client.cookies.set(COOKIE, visitors.enter()[0])
        yield client


@pytest.fixture
def desk(served: TestClient) -> Desk:
    """A second of three stems at known levels, open, with all faders at 0 dB."""
    folder = served.app.state.visitors.folders()[0]  # type: ignore[attr-defined]
    parts = {name: noise(n) for n, name in enumerate(("dialogue", "music", "effects"))}
    mix = sum(stem.samples for stem in parts.values())
    folder.media.mkdir(exist_ok=True)
    if not (path := folder.media / "夜 take.wav").exists():
        soundfile.write(path, mix.T, RATE, subtype="FLOAT")  # type: ignore[union-attr]
    desk: Desk = folder.open("夜 take")
    desk.edit("test", lambda p: replace(p, stems=parts, clean=Audio(mix, RATE), master=None, steps=()))
    stems.set_faders(desk, dict.fromkeys(parts, Fader()))
    return desk


def noise(seed: int) -> Audio:
    return Audio(np.random.default_rng(seed).normal(0, 0.1, (2, RATE)).astype(np.float32), RATE)


def heard(answer: Any) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    samples, rate = soundfile.read(io.BytesIO(answer.content), dtype="float32", always_2d=True)
    assert rate == RATE
    return np.asarray(samples.T)


def send(client: TestClient, path: str, faders: dict[str, Any], status: int = 200) -> Any:
    answer = client.post(f"/audiopost/stems/{path}", json={"faders": faders}, headers=OURS)
    assert answer.status_code == status, answer.text
    return answer.json()


def ended(client: TestClient, job: str) -> dict[str, Any]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = next(each for each in client.get("/audiopost/pulse").json()["jobs"] if each["id"] == job)
        if found["state"] not in ("waiting", "running"):
            return dict(found)
        time.sleep(0.05)
    pytest.fail("the job does not end")


def test_without_stems_there_is_nothing_to_move(served: TestClient, desk: Desk) -> None:
    desk.edit("test", lambda p: replace(p, stems=None))
    shown = served.get("/audiopost/stems").json()
    assert shown["faders"] == {}
    assert shown["null"] == []
    assert "film-dialogue" in send(served, "mixdown", {}, 422)["error"]


def test_faders_and_the_null_test_are_shown(served: TestClient, desk: Desk) -> None:
    stems.null_tests(desk, patience_s=30)
    shown = served.get("/audiopost/stems").json()
    assert list(shown["faders"]) == ["dialogue", "music", "effects"]
    assert shown["share"] == 1
    assert [(test["of"], test["nulls"]) for test in shown["null"]] == [("source", True), ("clean", True)]


def test_a_moved_fader_is_kept(served: TestClient, desk: Desk) -> None:
    send(served, "faders", {"music": {"gain_db": -4.5, "muted": False}})
    assert served.get("/audiopost/stems").json()["faders"]["music"] == {"gain_db": -4.5, "muted": False}
    assert desk.done[-1].label == "test"  # no edit


@pytest.mark.parametrize(
    "faders",
    [
        {"drums": {"gain_db": 0}}, {"music": {"gain_db": 13}}, {"music": {"gain_db": -61}},
        {"music": {"gain_db": "loud"}},
        {"../music": {"gain_db": 0}}, {"music": None}, {"m" * 101: {"gain_db": 0}},
    ],
)  # fmt: skip
def test_what_is_no_fader_is_refused_and_moves_nothing(served: TestClient, desk: Desk, faders: dict[str, Any]) -> None:
    before = desk.project
    assert send(served, "faders", faders, 422)["error"]
    assert desk.project is before


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_refused(served: TestClient, desk: Desk, number: str) -> None:
    body = f'{{"faders": {{"music": {{"gain_db": {number}}}}}}}'
    headers = {**OURS, "content-type": "application/json"}
    assert served.post("/audiopost/stems/faders", content=body, headers=headers).status_code == 422


def test_a_mix_down_is_a_job_that_tells_how_loud_it_is(served: TestClient, desk: Desk) -> None:
    job = send(served, "mixdown", {"music": {"gain_db": 12, "muted": False}, "effects": {"gain_db": 0, "muted": True}})
    done = ended(served, job["id"])
    assert done["state"] == "done"
    assert done["result"]["peak_dbfs"] > 0
    assert done["result"]["lufs"] < 0
    strips = stems.strips(desk.project)
    expected = strips["dialogue"].samples + strips["music"].samples * 10 ** (12 / 20)
    assert desk.project.clean is not None
    np.testing.assert_allclose(desk.project.clean.samples, expected, atol=1e-5)
    assert served.get("/audiopost/stems").json()["mixed_at"]["effects"]["muted"]
    undone = served.post("/audiopost/undo", headers=OURS).json()["change"]
    assert undone == {"label": "stems.did_mix", "detail": "music +12 dB, effects muted"}


def test_nothing_is_mixed_where_all_are_muted(served: TestClient, desk: Desk) -> None:
    muted = {name: {"gain_db": 0, "muted": True} for name in ("dialogue", "music", "effects")}
    assert "muted" in send(served, "mixdown", muted, 422)["error"]
    assert served.get("/audiopost/stems/mix").status_code == 422


@pytest.mark.parametrize(("form", "subtype"), [("wav", "PCM_24"), ("wav-float", "FLOAT"), ("flac", "PCM_24")])
def test_a_stem_comes_as_a_file(served: TestClient, desk: Desk, form: str, subtype: str) -> None:
    track = next(t for t in served.get("/audiopost/manifest").json()["tracks"] if t["key"] == "music")
    answer = served.get("/audiopost/stems/file", params={"track": "music", "v": track["version"], "form": form})
    np.testing.assert_allclose(heard(answer), stems.strips(desk.project)["music"].samples, atol=2**-22)
    assert soundfile.info(io.BytesIO(answer.content)).subtype == subtype
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E5%A4%9C%20take.music.")
    assert answer.headers["cache-control"] == "private, no-store"
    assert list(desk.work.glob(".sending-*")) == []


def test_the_mix_comes_as_a_file_as_the_faders_stand(served: TestClient, desk: Desk) -> None:
    send(served, "faders", {"music": {"gain_db": -6, "muted": False}, "dialogue": {"gain_db": 0, "muted": True}})
    strips = stems.strips(desk.project)
    expected = strips["music"].samples * 10 ** (-6 / 20) + strips["effects"].samples
    np.testing.assert_allclose(heard(served.get("/audiopost/stems/mix?form=wav-float")), expected, atol=1e-6)


@pytest.mark.parametrize(
    "query",
    ["track=../music&v=x", "track=/etc/passwd&v=x", "track=music", "track=drums&v=0", "track=music&v=0&form=exe"],
)
def test_what_is_no_track_is_no_file(served: TestClient, desk: Desk, query: str) -> None:
    assert served.get(f"/audiopost/stems/file?{query}").status_code in (410, 422)


def test_nothing_changes_without_our_header(served: TestClient, desk: Desk) -> None:
    for path in ("faders", "mixdown"):
        assert served.post(f"/audiopost/stems/{path}", json={"faders": {}}).status_code == 403


def test_somebody_elses_stems_are_not_there(tmp_path: Path, served: TestClient, desk: Desk) -> None:
    fresh = TestClient(served.app, base_url="http://127.0.0.1:7860")
    assert fresh.get("/audiopost/stems").status_code == 401
    assert fresh.get("/audiopost/stems/mix").status_code == 401
