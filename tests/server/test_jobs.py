"""Jobs from submitting to fetching: uploads, paths, cancel, retry, restarts."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audiopost.batch import speeds
from audiopost.batch.hooks import Hooks
from audiopost.batch.job import Job, Order
from audiopost.batch.ledger import Ledger
from audiopost.core.errors import DiskFull, Unavailable
from audiopost.server import uploads
from audiopost.server.settings import Settings
from audiopost.server.works import opened


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 60.0
    while not until():
        assert time.monotonic() < end
        time.sleep(0.02)


def leftovers(served: Any) -> list[str]:
    """What uploads left on disk that belongs to no job."""
    waiting = [path.name for path in served.settings.incoming.iterdir()]
    kept = [path.name for path in served.settings.uploads.iterdir()] if served.settings.uploads.exists() else []
    jobs = served.http.get("/v1/jobs", params={"limit": 500}).json()["jobs"]
    return waiting + [name for name in kept if name not in {job["name"].split("/")[0] for job in jobs}]


def test_a_recording_goes_in_and_its_results_come_out(served: Any) -> None:
    data = bytes(range(256)) * 20_000  # beyond one chunk of anything
    made = served.upload(
        data, "Épisode 1.wav", language="yue", title="An <b>episode</b>", settings=["loudness.spec=netflix"],
        fps="29.97df", start_timecode="01:00:00;02",
    )  # fmt: skip
    assert made.status_code == 201
    job = made.json()
    assert made.headers["location"] == f"/v1/jobs/{job['id']}"
    assert (job["source"], job["title"], job["language"]) == ("Épisode 1.wav", "An <b>episode</b>", "yue")
    done = served.done(job["id"])
    assert (done["state"], done["share"], done["attempts"], done["outputs"]) == ("done", 1.0, 1, 1)
    assert done["added"] <= done["begun"] <= done["ended"]
    assert done["figures"] == {"lufs": None, "name": "\\udcff"}
    (output,) = served.http.get(f"/v1/jobs/{job['id']}/outputs").json()["outputs"]
    assert output["path"] == f"{job['name']}.txt"
    assert output["path"].endswith("/Épisode 1.txt")
    fetched = served.http.get(output["url"])
    assert fetched.content == data
    assert served.http.get(output["url"], headers={"range": "bytes=1-3"}).content == data[1:4]
    order = served.engines[0].seen[-1].order
    assert 'language = "yue"' in order.preset
    assert 'spec = "netflix"' in order.preset
    assert (order.fps, order.start_timecode) == ("29.97df", "01:00:00;02")
    assert leftovers(served) == []


def test_no_more_than_a_piece_of_a_recording_is_held_in_memory(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    write = uploads._Parts.write

    def watched(parts: Any, *arguments: Any, **more: Any) -> None:
        held.append(parts.gathered)
        write(parts, *arguments, **more)

    monkeypatch.setattr(uploads._Parts, "write", watched)
    job = served.upload(bytes(20_000_000)).json()["id"]
    assert sum(held) == 20_000_000
    assert max(held) < 2 << 20
    assert served.done(job)["state"] == "done"


def test_the_ledger_has_the_settings_and_the_size_of_what_came(served: Any) -> None:
    one, two = (served.upload(b"12345", settings=[f"deliver.format={kind}"]).json()["id"] for kind in ("wav", "flac"))
    served.done(two)
    ledger = Ledger(served.settings.ledger_path)
    jobs = [ledger.get(one), ledger.get(two)]
    ledger.close()
    assert [job.size for job in jobs] == [5, 5]
    assert len({job.settings for job in jobs} - {""}) == 2


def test_two_uploads_of_one_name_do_not_meet(served: Any) -> None:
    jobs = [served.done(served.upload(data, "a.wav").json()["id"]) for data in (b"one", b"two")]
    found = [
        served.http.get(served.http.get(f"/v1/jobs/{job['id']}/outputs").json()["outputs"][0]["url"]) for job in jobs
    ]
    assert [each.content for each in found] == [b"one", b"two"]


def test_a_failure_tells_its_reason_and_its_log(served: Any) -> None:
    job = served.done(served.upload(title="fail").json()["id"])
    assert (job["state"], job["error"], job["reason"]) == ("failed", "UnreadableMedia", "It is no <media> file.")
    entries = served.http.get(f"/v1/jobs/{job['id']}/log").json()["entries"]
    assert [entry["level"] for entry in entries] == ["info", "info", "error"]
    assert entries[1]["text"] == "<b>at work</b>"
    assert served.http.get(f"/v1/jobs/{job['id']}/log", params={"lines": 1}).json()["entries"] == entries[-1:]
    assert served.http.get(f"/v1/jobs/{job['id']}/outputs").json() == {"job": job["id"], "outputs": []}


def test_a_log_that_is_cut_off_or_not_begun_is_read(served: Any) -> None:
    job = served.done(served.upload().json()["id"])["id"]
    path = served.settings.ledger_path.parent / "logs" / f"{job:06d}.jsonl"
    path.write_text(path.read_text() + '{"time": "2025')
    assert len(served.http.get(f"/v1/jobs/{job}/log").json()["entries"]) == 2
    path.unlink()
    assert served.http.get(f"/v1/jobs/{job}/log").json()["entries"] == []


def test_a_running_job_is_cancelled_and_tried_again(served: Any) -> None:
    job = served.upload(title="hold").json()["id"]
    served.until(job, "running")
    assert served.http.post(f"/v1/jobs/{job}/retry").status_code == 409
    assert served.http.delete(f"/v1/jobs/{job}").status_code == 202
    assert served.done(job)["state"] == "cancelled"
    late = served.http.delete(f"/v1/jobs/{job}")
    assert (late.status_code, late.json()["error"]) == (409, "BadValue")
    again = served.http.post(f"/v1/jobs/{job}/retry")
    assert (again.status_code, again.json()["state"]) == (200, "waiting")
    assert served.until(job, "running")["attempts"] == 2


def test_a_waiting_job_is_cancelled(serve: Callable[..., Any]) -> None:
    class Busy:
        free = 0

        def results(self, timeout_s: float) -> list[Any]:
            time.sleep(0.02)
            return []

        def close(self) -> None:
            pass

    with serve(engine=Busy) as served:
        job = served.upload().json()["id"]
        assert served.http.get("/v1/jobs", params={"state": "waiting"}).json()["jobs"][0]["id"] == job
        assert served.http.delete(f"/v1/jobs/{job}").status_code == 202
        assert served.done(job)["state"] == "cancelled"


def test_jobs_are_listed_in_pages_and_by_state(fresh: Any) -> None:
    served = fresh
    ids = [served.upload(title="fail" if n == 2 else "").json()["id"] for n in range(5)]
    for job in ids:
        served.done(job)
    page = served.http.get("/v1/jobs", params={"limit": 2}).json()
    assert ([job["id"] for job in page["jobs"]], page["next"]) == (ids[:2], ids[1])
    assert page["counts"]["done"] == 4
    rest = served.http.get("/v1/jobs", params={"limit": 3, "after": page["next"]}).json()
    assert ([job["id"] for job in rest["jobs"]], rest["next"]) == (ids[2:], None)
    failed = served.http.get("/v1/jobs", params={"state": ["failed", "cancelled"]}).json()
    assert [job["id"] for job in failed["jobs"]] == [ids[2]]
    assert served.http.get("/v1/jobs", params={"state": "odd"}).status_code == 422


def test_the_next_start_goes_on_with_what_was_in_hand(serve: Callable[..., Any]) -> None:
    with serve() as served:
        held, waiting = (served.upload(title="hold").json()["id"] for _ in range(2))
        served.until(held, "running")
        served.until(waiting, "running")
        engine = served.engines[0]
    assert engine.closed
    ledger = Ledger(served.settings.ledger_path)
    assert [(ledger.get(job).state, ledger.get(job).losses) for job in (held, waiting)] == [("waiting", 0)] * 2
    ledger.close()
    with serve() as served:
        told = served.until(held, "running")
        assert (told["attempts"], served.until(waiting, "running")["attempts"]) == (2, 2)
        assert [task.resume for task in served.engines[0].seen] == [True, True]


def test_a_second_server_on_the_same_ledger_or_folder_is_refused(serve: Callable[..., Any], tmp_path: Path) -> None:
    from dataclasses import replace

    with serve() as served:
        for changes in ({}, {"folder": tmp_path / "other", "ledger": served.settings.ledger_path}, {
            "ledger": tmp_path / "other.sqlite"
        }):  # fmt: skip
            with pytest.raises(Unavailable), opened(replace(served.settings, **changes)):
                pass
        assert served.done(served.upload().json()["id"])["state"] == "done"


def test_the_driver_starts_again_after_it_failed(
    serve: Callable[..., Any], quick: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audiopost.server.works._AGAIN_S", 0.5)
    made: list[str] = []

    def engine() -> Any:
        made.append("one")
        if len(made) == 1:
            raise DiskFull("No room.")
        return quick()

    with serve(engine=engine) as served:
        job = served.upload().json()["id"]
        assert served.done(job)["state"] == "done"
        assert served.stranger.get("/v1/health").json()["driver"] == "running"
    assert len(made) == 2


def test_what_a_killed_server_and_its_workers_left_is_swept(serve: Callable[..., Any], tmp_path: Path) -> None:
    incoming = Settings(tmp_path / "served", "x" * 16).incoming
    incoming.mkdir(parents=True)
    (incoming / "half.part").write_bytes(b"half")
    with serve() as up:
        known = Ledger(up.settings.ledger_path).id
    ahead, others = incoming.parent / "ahead" / f"{known}.room", incoming.parent / "ahead" / "other.room"
    ahead.mkdir(parents=True)
    others.mkdir()
    lock = incoming.parent / "locks" / f"{known}.1.lock"
    lock.parent.mkdir()
    lock.touch()
    with serve():
        assert list(incoming.iterdir()) == []
        assert not ahead.exists()
        assert others.exists()  # of a batch that delivers to the same folder
        assert lock.exists()  # a worker that is still dying may hold it
    assert not lock.exists()


#: A server that is killed after it has moved an upload away, before or after the ledger knows of it.
_KILLED = """
import os, signal, sys
from pathlib import Path
from audiopost.batch.job import Order
from audiopost.batch import speeds
from audiopost.batch.hooks import Hooks
from audiopost.batch.job import Job, Order
from audiopost.batch.ledger import Ledger
from audiopost.server import uploads

incoming, folder, ledger, placed = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] == "True"
with uploads.settling(incoming, folder, "0123/film"):
    folder.mkdir(parents=True)
    (folder / "film.wav").write_bytes(b"sound")
    if placed:
        Ledger(ledger).place(Order(str(folder / "film.wav"), str(incoming.parents[1]), "0123/film", "", "podcast"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("placed", [False, True])
def test_an_upload_whose_server_was_killed_stays_only_with_its_job(serve: Callable[..., Any], placed: bool) -> None:
    with serve() as up:
        settings = up.settings
        other = up.upload().json()
    folder = settings.uploads / "0123"
    places = (settings.incoming, folder, settings.ledger_path)
    subprocess.run([sys.executable, "-c", _KILLED, *map(str, places), str(placed)], check=False)
    assert (folder / "film.wav").exists()
    with serve() as up:
        assert folder.exists() == placed
        assert leftovers(up) == []
        jobs = [job["name"] for job in up.http.get("/v1/jobs").json()["jobs"]]
        assert jobs == [other["name"], *["0123/film"] * placed]


def test_others_hear_of_ends_and_the_machine_is_measured(tmp_path: Path, quick: Any, cache: Path) -> None:
    heard: list[Job] = []
    settings = Settings(tmp_path / "served", "x" * 16)
    source = tmp_path / "film.wav"
    source.write_bytes(b"sound")
    before = speeds.read().get("level", speeds.Speed())
    with opened(settings, quick, Hooks(heard.append)) as works:
        for number, title in enumerate(("", "fail", "")):
            order = Order(str(source), str(settings.folder), f"{number}", "", "level", title=title)
            works.place(order, "")
        while works.ledger.counts()["waiting"] or works.ledger.counts()["running"]:
            time.sleep(0.02)
    assert [(job.order.name, job.state) for job in heard] == [("0", "done"), ("1", "failed"), ("2", "done")]
    assert speeds.read()["level"].jobs == before.jobs + 2
    assert (cache / "audiopost" / "speeds.json").exists()


def test_what_takes_longer_than_it_may_is_ended(serve: Callable[..., Any], quick: Any) -> None:
    with serve(timeout_s=0.0) as up:
        told = up.done(up.upload(title=quick.HOLD).json()["id"])
    assert (told["state"], told["attempts"]) == ("quarantined", 2)
    assert "took longer" in told["reason"]


# --- what is refused


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"preset": "podcst"}, "Did you mean 'podcast'?"),
        ({"preset": "../presets/podcast.toml"}, "There is no preset"),
        ({"settings": "loudness.spec"}, "stage.option=value"),
        ({"settings": "loudness.sepc=x"}, "loudness.spec"),
        ({"settings": "denoise.backend=nobody"}, "nobody"),
        ({"fps": "1e999999999"}, "fps"),
        ({"fps": "999999"}, "frame rate"),
        ({"fps": "25", "start_timecode": "01:00:00:25"}, "timecode"),
        ({"start_timecode": "99:00:00:00"}, "start_timecode"),
        ({"language": "x" * 70}, "language"),
        ({"title": "a\nb"}, "title"),
        ({"settings": "transcribe.initial_prompt=\x7f"}, "control characters"),
        ({"colour": "red"}, "colour"),
        ({"title": ["one", "two"]}, "more than once"),
    ],
)
def test_wrong_fields_are_told_with_a_remedy(served: Any, fields: dict[str, Any], words: str) -> None:
    answer = served.upload(**fields)
    told = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in f"{told['detail']} {told['choices']} {told['remedy']}"
    assert leftovers(served) == []


def test_wrong_fields_are_told_before_the_recording_is_sent(served: Any) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    begin = (
        b'--x\r\ncontent-disposition: form-data; name="preset"\r\n\r\npodcst\r\n'
        b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\nthe first bytes'
    )
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(
            f"POST /v1/jobs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {served.settings.token}\r\n"
            "content-type: multipart/form-data; boundary=x\r\ncontent-length: 1000000000\r\n\r\n".encode()
            + begin
        )
        answer = line.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 422")
    assert leftovers(served) == []


def test_a_client_that_hangs_up_leaves_nothing(served: Any) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(
            f"POST /v1/jobs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {served.settings.token}\r\n"
            "content-type: multipart/form-data; boundary=x\r\ncontent-length: 1000000000\r\n\r\n".encode()
            + b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
            + bytes(3 << 20)
        )
        wait(lambda: any(path.stat().st_size for path in served.settings.incoming.iterdir()))
    wait(lambda: leftovers(served) == [])


def test_a_preset_that_is_not_offered_is_refused(serve: Callable[..., Any]) -> None:
    with serve(presets=("interview",)) as served:
        assert [each["name"] for each in served.http.get("/v1/presets").json()["presets"]] == ["interview"]
        assert served.upload().json()["choices"] == ["interview"]
        assert served.upload(preset="interview").status_code == 201


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"", "", 415),
        (b"--x--\r\n", "multipart/form-data", 400),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 422),
        (b"rubbish", "multipart/form-data; boundary=x", 400),
        (b'--x\r\ncontent-disposition: form-data\r\n\r\n1\r\n--x--\r\n', "multipart/form-data; boundary=x", 400),
        (
            b'--x\r\ncontent-disposition: form-data; name="preset"\r\n\r\n\xff\r\n--x--\r\n',
            'Multipart/Form-Data; boundary="x"', 422,
        ),
        (b'--x\r\ncontent-disposition: form-data; name="file"\r\n\r\nhalf', "multipart/form-data; boundary=x", 400),
    ],
)  # fmt: skip
def test_a_body_that_is_no_form_is_refused(served: Any, content: bytes, kind: str, status: int) -> None:
    answer = served.http.post("/v1/jobs", content=content, headers={"content-type": kind})
    assert answer.status_code == status, answer.text
    assert answer.json()["status"] == status
    assert leftovers(served) == []


def test_empty_missing_and_doubled_recordings_are_refused(served: Any) -> None:
    assert served.upload(b"").json()["error"] == "EmptyMedia"
    url, fields = "/v1/jobs", {"preset": "podcast"}
    assert "no part 'file'" in served.http.post(url, data=fields, files={"settings": (None, "a")}).json()["detail"]
    twice = served.http.post(url, data=fields, files=[("file", ("a", b"1")), ("file", ("b", b"2"))])
    assert "two recordings" in twice.json()["detail"]
    other = served.http.post(url, data=fields, files={"fil": ("a", b"1")})
    assert "'fil' is a file" in other.json()["detail"]
    assert leftovers(served) == []


@pytest.mark.parametrize("counted", [True, False])
def test_what_is_too_large_is_refused_while_it_comes(serve: Callable[..., Any], counted: bool) -> None:
    with serve(max_upload_bytes=3_000_000) as served:
        assert served.upload(bytes(3_000_000)).status_code == 201
        head = (
            b'--x\r\ncontent-disposition: form-data; name="preset"\r\n\r\npodcast\r\n'
            b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        )
        body = head + bytes(3_000_001) + b"\r\n--x--\r\n"
        pieces = body if counted else (body[at : at + 65536] for at in range(0, len(body), 65536))
        answer = served.http.post(
            "/v1/jobs", content=pieces, headers={"content-type": "multipart/form-data; boundary=x"}
        )
        assert (answer.status_code, answer.json()["status"]) == (413, 413)
        assert leftovers(served) == []


def test_a_length_beyond_the_limit_is_refused_unread(serve: Callable[..., Any]) -> None:
    with serve(max_upload_bytes=1000) as served:
        host, port = served.url.removeprefix("http://").split(":")
        for path, length in (("/v1/jobs", 1 << 40), ("/v1/jobs/by-path", 1 << 21)):
            with socket.create_connection((host, int(port)), timeout=60) as line:
                line.sendall(
                    f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {served.settings.token}\r\n"
                    f"content-type: application/json\r\ncontent-length: {length}\r\n\r\n".encode()
                )
                assert line.recv(4096).startswith(b"HTTP/1.1 413")


def test_long_fields_and_many_parts_are_refused(served: Any) -> None:
    long = served.upload(settings=["a" * 600_000] * 2)
    many = served.upload(settings=["denoise.amount=80"] * 300)
    assert (long.status_code, many.status_code) == (413, 400)


def test_a_disk_without_room_is_507(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 10})()
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda path: usage)
    answer = served.upload(bytes(1000))
    assert (answer.status_code, answer.json()["error"]) == (507, "DiskFull")
    assert "-o/--out" not in answer.text
    assert leftovers(served) == []


def test_a_disk_that_fills_up_while_it_is_written_is_507(
    serve: Callable[..., Any], small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_look_for_room", lambda folder, size: None)
    with serve(folder=small_disk / "served") as served:
        answer = served.upload(bytes(5_000_000))
        assert (answer.status_code, answer.json()["error"]) == (507, "DiskFull")
        assert leftovers(served) == []
        assert served.upload(b"small").status_code == 201


def test_what_the_ledger_refuses_leaves_no_upload(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> int:
        raise DiskFull("No room for the ledger.")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "place", full)
        assert served.upload().status_code == 507
    assert leftovers(served) == []
