"""What a client may not do: without the token, with paths, with names."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.errors import BadValue
from audiopost.server.auth import checked_token, kept_token, read_token
from audiopost.server.orders import safe_file, safe_stem
from audiopost.server.results import _attachment

ROUTES = [
    ("GET", "/v1/jobs"), ("POST", "/v1/jobs"), ("POST", "/v1/jobs/by-path"), ("GET", "/v1/jobs/1"),
    ("DELETE", "/v1/jobs/1"), ("POST", "/v1/jobs/1/retry"), ("GET", "/v1/jobs/1/outputs"),
    ("GET", "/v1/jobs/1/outputs/a"), ("GET", "/v1/jobs/1/log"), ("GET", "/v1/presets"), ("GET", "/anything"),
    ("GET", "/v1/health/"), ("GET", "//v1/health"), ("OPTIONS", "/v1/jobs"),
]  # fmt: skip


# --- the token


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_the_token_nothing_is_told(served: Any, method: str, path: str) -> None:
    token = served.settings.token
    for header in (
        None, "", token, "Bearer", f"Bearer {token[:-1]}", f"Bearer {token}x", f"Basic {token}",
        f"Bearer {token.upper()}", "Bearer tökén", f"Bearer {token} {token}",
    ):  # fmt: skip
        headers = {} if header is None else {"authorization": header.encode("latin-1")}
        answer = served.stranger.request(method, path, headers=headers)
        assert answer.status_code == 401, header
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["remedy"]
        assert token not in answer.text


def test_the_scheme_is_read_in_any_case(served: Any) -> None:
    for scheme in ("bearer", "BEARER"):
        headers = {"authorization": f"{scheme} {served.settings.token}"}
        assert served.stranger.get("/v1/jobs", headers=headers).status_code == 200


def test_health_and_schema_are_open_and_tell_of_no_job(served: Any) -> None:
    served.done(served.upload(title="A secret title").json()["id"])
    health = served.stranger.get("/v1/health")
    assert health.json()["driver"] == "running"
    assert set(health.json()) == {"version", "driver"}
    assert "secret" not in health.text + served.stranger.get("/openapi.json").text


def test_there_is_no_page_that_loads_from_elsewhere_and_no_cors(served: Any) -> None:
    for path in ("/docs", "/redoc"):
        assert served.http.get(path).status_code == 404
    asked = served.http.get("/v1/jobs", headers={"origin": "https://elsewhere.example"})
    assert not [name for name in asked.headers if name.startswith("access-control")]


def test_a_token_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    told: list[str] = []
    token = kept_token(tmp_path / "hidden", told.append)
    assert len(token) >= 32
    assert len(told) == 1
    assert token in told[0]
    assert kept_token(tmp_path / "hidden", told.append) == token
    assert len(told) == 1
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / "hidden" / "token").stat().st_mode) == 0o600


@pytest.mark.parametrize("token", ["", "short", "sixteen but spaces", "sixteen-and-ümläut", "sixteen-and-a\nline"])
def test_a_poor_token_is_refused_and_not_repeated(token: str, tmp_path: Path) -> None:
    with pytest.raises(BadValue) as caught:
        checked_token(token)
    assert not token or token not in str(caught.value)
    (tmp_path / "token").write_text(token)
    with pytest.raises(BadValue):
        read_token(tmp_path / "token")


def test_a_token_file_may_end_its_line(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abcdefghijklmnop\n")
    assert read_token(tmp_path / "token") == "abcdefghijklmnop"
    with pytest.raises(BadValue, match="nowhere"):
        read_token(tmp_path / "nowhere")


# --- recordings by their path


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of recordings, with links in it and things beside it that are nobody's business."""
    root = tmp_path_factory.mktemp("disk")
    folder = root / "media"
    (folder / "season 1").mkdir(parents=True)
    (folder / "season 1" / "a.wav").write_bytes(b"sound")
    (folder / "names.txt").write_text("Ödön\n")
    (root / "secret.wav").write_bytes(b"secret")
    (root / "media2").mkdir()
    (root / "media2" / "a.wav").write_bytes(b"secret")
    for name, target in {
        "link.wav": folder / "season 1" / "a.wav", "out.wav": root / "secret.wav", "outside": root,
        "round.wav": folder / "round.wav",
    }.items():  # fmt: skip
        (folder / name).symlink_to(target)
    return folder


@pytest.fixture(scope="module")
def reader(media: Path, start: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server that takes recordings from `media`."""
    with start(tmp_path_factory.mktemp("reader"), sources=(media,)) as up:
        yield up


def by_path(served: Any, source: object, **fields: Any) -> Any:
    return served.http.post("/v1/jobs/by-path", json={"source": str(source), "preset": "podcast", **fields})


def test_a_recording_below_an_allowed_folder_is_taken(reader: Any, media: Path) -> None:
    for source in (media / "season 1" / "a.wav", media / "link.wav"):
        made = by_path(reader, source, name="take 2")
        assert made.status_code == 201, made.text
        assert made.json()["source"] == str(media / "season 1" / "a.wav")
        done = reader.done(made.json()["id"])
        assert (done["state"], PurePath(done["name"]).name) == ("done", "take 2")
    assert (media / "season 1" / "a.wav").read_bytes() == b"sound"


def test_an_allowed_folder_may_be_a_link_itself(serve: Callable[..., Any], media: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(media)
    with serve(sources=(tmp_path / "link",)) as served:
        assert by_path(served, tmp_path / "link" / "season 1" / "a.wav").status_code == 201


@pytest.mark.parametrize(
    "place",
    [
        "{0}/../secret.wav", "{0}/season 1/../../secret.wav", "{0}/out.wav", "{0}/outside/secret.wav", "{0}/round.wav",
        "{0}2/a.wav", "/etc/passwd", "/etc/no-such-file", "season 1/a.wav", "a.wav", "~/a.wav", "s3://bucket/a.wav",
        "file://{0}/season 1/a.wav", "http://127.0.0.1/a.wav", "{0}/a\0.wav", "//etc/passwd",
        "{0}/season 1/a.wav/../../../secret.wav", "\\\\host\\share\\a.wav",
    ],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_is_refused(reader: Any, media: Path, place: str) -> None:
    before = reader.http.get("/v1/jobs").json()["counts"]
    answer = by_path(reader, place.format(media))
    assert answer.status_code == 403, answer.text
    assert "--source" in answer.json()["remedy"]
    assert sum(reader.http.get("/v1/jobs").json()["counts"].values()) == sum(before.values())


def test_of_what_lies_elsewhere_it_is_not_told_whether_it_is_there(reader: Any, media: Path) -> None:
    there, nowhere = by_path(reader, media.parent / "secret.wav"), by_path(reader, media.parent / "nowhere.wav")
    assert there.text.replace("secret", "x") == nowhere.text.replace("nowhere", "x")
    for missing in (media / "none.wav", media / "season 1", media / ("x" * 300)):
        assert (by_path(reader, missing).status_code, missing.name) == (422, missing.name)


def test_without_allowed_folders_no_path_is_taken(served: Any, media: Path) -> None:
    assert by_path(served, media / "season 1" / "a.wav").status_code == 403


# --- settings that name files


@pytest.mark.parametrize(
    ("preset", "setting"),
    [
        ("podcast", "transcribe.glossary=/etc/passwd"),
        ("podcast", "transcribe.script={0}/secret.txt"),
        ("podcast", "transcribe.script={0}/media/../secret.txt"),
        ("podcast", "transcribe.glossary=secret.txt"),
        ("podcast", "transcribe.model={0}"),
        ("podcast", "transcribe.model=../model"),
        ("podcast", "transcribe.model=audiopost"),  # the folder of that name where the server was started
        ("podcast", "diarise.cast={0}/media/cast.json"),  # it would be written to
        ("podcast", "diarise.cast=cast"),
        ("podcast", "loudness.spec=/etc/spec.toml"),
        ("podcast", "loudness.spec=spec.toml"),
        ("film-dialogue", "cues.rules={0}/rules.toml"),
        ("film-dialogue", "cues.library=own"),
        ("film-dialogue", "separate.repo={0}"),
        ("podcast", "denoise.model=deepfilternet3"),
        ("podcast", "transcribe.script={0}/media/a\0b"),
    ],
)
def test_a_setting_may_not_name_files_of_the_server(
    reader: Any, media: Path, monkeypatch: pytest.MonkeyPatch, preset: str, setting: str
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    before = reader.http.get("/v1/jobs").json()["counts"]
    answer = reader.upload(preset=preset, settings=setting.format(media.parent))
    assert answer.status_code == 403, answer.text
    assert sum(reader.http.get("/v1/jobs").json()["counts"].values()) == sum(before.values())


def test_a_setting_may_name_what_is_shipped_or_lies_below_an_allowed_folder(reader: Any, media: Path) -> None:
    settings = ["transcribe.model=large-v3", "loudness.spec=netflix", f"transcribe.glossary={media}/names.txt"]
    made = reader.upload(settings=settings)
    assert made.status_code == 201, made.text
    reader.done(made.json()["id"])
    assert str(media / "names.txt") in reader.engines[0].seen[-1].order.preset


def test_a_setting_may_not_lead_results_out_of_their_folder(served: Any) -> None:
    answer = served.upload(preset="film-dialogue", settings="separate.filename=../{stem}.{ext}")
    assert answer.status_code == 422
    assert "below the folder of the results" in answer.json()["detail"]


# --- delivered files


def test_only_what_the_ledger_lists_for_the_job_is_given(served: Any) -> None:
    one, two = (served.done(served.upload(data).json()["id"]) for data in (b"one", b"two"))
    hidden = served.settings.hidden
    (served.settings.folder / one["name"]).with_suffix(".secret").write_text("not listed")
    for path in (
        f"{one['name']}.secret", f"{two['name']}.txt", f"{one['name']}.txt/", f"./{one['name']}.txt",
        f"x/../{one['name']}.txt", "../" * 8 + "etc/passwd", "%2e%2e%2f" * 8 + "etc/passwd", "..%5c..%5cetc",
        "/etc/passwd", "%2fetc%2fpasswd", f"{hidden.name}/token", f"{hidden.name}/ledger.sqlite", "", "%00", "%ff",
        f"{one['name']}.txt%00", "a" * 4000,
    ):  # fmt: skip
        answer = raw(served, f"/v1/jobs/{one['id']}/outputs/{path.replace(' ', '%20')}")
        assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 422")), path
    assert raw(served, f"/v1/jobs/{one['id']}/outputs/{one['name']}.txt").endswith(b"one")


def raw(served: Any, target: str) -> bytes:
    """An answer to a target that no library has tidied up."""
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(
            f"GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
            f"authorization: Bearer {served.settings.token}\r\n\r\n".encode()
        )
        found = b""
        while piece := line.recv(1 << 16):
            found += piece
    return found


def test_a_link_in_the_place_of_a_delivered_file_is_not_followed(served: Any, tmp_path: Path) -> None:
    job = served.done(served.upload().json()["id"])
    file = served.settings.folder / f"{job['name']}.txt"
    (tmp_path / "secret").write_text("secret")
    url = f"/v1/jobs/{job['id']}/outputs/{job['name']}.txt"
    file.unlink()
    assert served.http.get(url).status_code == 404
    file.symlink_to(tmp_path / "secret")
    assert served.http.get(url).status_code == 404
    shutil.rmtree(file.parent)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / file.name).write_text("secret")
    file.parent.symlink_to(tmp_path / "elsewhere")
    assert served.http.get(url).status_code == 404


def test_delivered_files_are_attachments_that_no_browser_runs(served: Any) -> None:
    job = served.done(served.upload(b"<script>1</script>", "x.html").json()["id"])
    answer = served.http.get(served.http.get(f"/v1/jobs/{job['id']}/outputs").json()["outputs"][0]["url"])
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename=\"x.txt\"; filename*=UTF-8''x.txt"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_names_of_attachments_cannot_break_their_header() -> None:
    odd = 'é"; x="\\\r\n.wav'
    header = _attachment(odd)
    assert header.startswith('attachment; filename="__; x=____.wav"; ')
    assert urllib.parse.unquote(header.rpartition("''")[2]) == odd
    assert header.isascii()
    assert header.isprintable()


def test_results_that_lie_in_a_store_are_not_here(served: Any) -> None:
    from audiopost.batch.job import Order, Outcome, Output
    from audiopost.batch.ledger import Ledger

    ledger = Ledger(served.settings.ledger_path)
    job = ledger.place(Order("a", "s3://bucket/out", "a", ""), state="done")
    ledger.finish(job, Outcome(outputs=(Output("srt", "a.srt", 1, ""),)))
    ledger.close()
    answer = served.http.get(f"/v1/jobs/{job}/outputs/a.srt")
    assert answer.status_code == 404
    assert "s3://bucket/out" in answer.json()["detail"]


# --- names


@pytest.mark.parametrize(
    ("name", "stem", "kept"),
    [
        ("<img src=x onerror=alert(1)>.wav", "_img src=x onerror=alert(1)_", "_img src=x onerror=alert(1)_.wav"),
        ("../../etc/passwd", "passwd", "passwd"),
        ("..\\..\\boot.ini", "boot", "boot.ini"),
        ("....", "recording", "recording"),
        ("", "recording", "recording"),
        ("a:b?.wav", "a_b_", "a_b_.wav"),
        ("片名 第一集.mov", "片名 第一集", "片名 第一集.mov"),
        ("CON.wav", "_CON", "_CON.wav"),
        ("ab\u202egpj.wav", "ab_gpj", "ab_gpj.wav"),
        (".hidden.wav", "hidden", "hidden.wav"),
        ("-rf.wav", "-rf", "-rf.wav"),
        ("s3:__bucket.wav", "s3___bucket", "s3___bucket.wav"),
    ],
)
def test_names_of_uploads_are_data(served: Any, name: str, stem: str, kept: str) -> None:
    made = served.upload(b"sound", name)
    assert made.status_code == 201, made.text
    job = served.done(made.json()["id"])
    assert job["state"] == "done"
    assert PurePath(job["name"]).name == stem
    assert job["source"] == kept
    (path,) = (served.settings.uploads / PurePath(job["name"]).parent).iterdir()
    assert path.name == kept


@given(st.text(max_size=400))
def test_any_name_becomes_one_that_every_system_takes(text: str) -> None:
    for name in (safe_stem(text), safe_file(text)):
        assert len(name.encode()) <= 150
        assert not set(name) & set('/\\<>:"|?*\0')
        assert name not in (".", "..")
        assert name == name.strip(" .")
        assert name.isprintable()
        assert json.loads(json.dumps(name)) == name
    assert safe_file(text)


def test_text_that_is_no_utf8_is_told_as_escapes(served: Any) -> None:
    from audiopost.batch.job import Order, Outcome
    from audiopost.batch.ledger import Ledger

    ledger = Ledger(served.settings.ledger_path)
    order = Order("/media/\udcff.wav", str(served.settings.folder), "a", "", title="\udcff")
    job = ledger.place(order, state="done")
    ledger.finish(job, Outcome("InputError", "\udcff is broken", warnings=("\udcff",)), "failed")
    ledger.close()
    told = served.http.get(f"/v1/jobs/{job}").json()
    assert (told["title"], told["reason"]) == ("\\udcff", "\\udcff is broken")
    assert served.http.get("/v1/jobs").status_code == 200


# --- errors


def test_errors_are_problems_whatever_was_asked(served: Any) -> None:
    for method, path, status in (
        ("GET", "/v1/jobs/999", 404), ("GET", "/v1/jobs/0", 422), ("GET", "/v1/jobs/x", 404),
        ("GET", f"/v1/jobs/{1 << 70}", 422), ("GET", "/nothing", 404), ("PUT", "/v1/jobs", 405),
        ("GET", "/v1/jobs?limit=0", 422), ("GET", "/v1/jobs?limit=999999", 422), ("DELETE", "/v1/jobs/999", 404),
        ("POST", "/v1/jobs/999/retry", 404), ("GET", "/v1/jobs/999/log", 404), ("GET", "/v1/jobs/999/outputs/a", 404),
    ):  # fmt: skip
        answer = served.http.request(method, path)
        assert (answer.status_code, path) == (status, path)
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert {"type", "title", "status", "detail", "error", "choices", "remedy"} == set(told)
        assert told["status"] == status
    assert served.http.put("/v1/jobs").headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400), (b"[1]", "application/json", 422), (b"", "application/json", 422),
        (b"{}", "text/plain", 415), (b"{}", "", 415), (b'"\xff"', "application/json", 400),
        (b'{"preset": "podcast", "source": "\\ud800"}', "application/json", 422),
        (b"[" * 100_000, "application/json", 400), (b" " * 2_000_000, "application/json", 413),
    ],
)  # fmt: skip
def test_a_body_that_is_no_json_is_refused(served: Any, content: bytes, kind: str, status: int) -> None:
    answer = served.http.post("/v1/jobs/by-path", content=content, headers={"content-type": kind})
    assert answer.status_code == status, answer.text
    assert answer.json()["status"] == status


def test_an_unexpected_error_tells_nothing_of_the_inside(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from audiopost.batch.ledger import Ledger

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("/secret/path")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "counts", broken)
        answer = served.http.get("/v1/jobs")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert served.stranger.get("/v1/health").status_code == 200


def test_it_answers_below_the_path_of_a_proxy_that_strips_it_and_of_one_that_does_not(
    serve: Callable[..., Any],
) -> None:
    with serve(root_path="/audiopost") as served:
        for before in ("", "/audiopost"):
            assert served.stranger.get(f"{before}/v1/health").status_code == 200
            assert served.stranger.get(f"{before}/v1/jobs").status_code == 401
            made = served.http.post(f"{before}/v1/jobs", data={"preset": "podcast"}, files={"file": ("a.wav", b"1")})
            assert made.headers["location"] == f"/audiopost/v1/jobs/{made.json()['id']}"
        job = served.done(made.json()["id"])["id"]
        url = served.http.get(f"/v1/jobs/{job}/outputs").json()["outputs"][0]["url"]
        assert url.startswith("/audiopost/v1/jobs/")
        assert served.http.get(url).content == b"1"
