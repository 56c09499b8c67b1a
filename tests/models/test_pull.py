"""Against a server on the loopback: downloads, hashes, resuming, refusals. Nothing leaves this machine."""

import functools
import hashlib
import http.server
import importlib.util
import io
import json
import tarfile
import threading
from pathlib import Path

import pytest

from audiopost.core.errors import Cancelled, MissingModel
from audiopost.models import catalogue, store
from audiopost.models.pull import discard, pull

SPEC = importlib.util.spec_from_file_location("model_hub", Path(__file__).parent.parent / "fixtures" / "model_hub.py")
model_hub = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(model_hub)
WEIGHTS, COMMIT, REPO = model_hub.WEIGHTS, model_hub.COMMIT, model_hub.REPO


@pytest.fixture
def bag(hub, monkeypatch):
    """htdemucs, but from the loopback and with weights whose hash its name states."""
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    entry = catalogue._demucs("htdemucs", (f"955717e8-{sha256[:8]}.th",), "models: ['955717e8']\n", 1, "")
    entry = type(entry)(**{**vars(entry), "source": hub.url + "/"})
    monkeypatch.setitem(catalogue._BY_NAME, "htdemucs", entry)
    hub.files["/" + entry.files[0]] = WEIGHTS
    return entry


def leftovers(tmp_path):
    return [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


def test_a_hub_model_comes_whole_with_its_manifest(hub):
    hub.holds_whisper()
    told = []
    folder = pull("whisper-tiny", lambda step, done, total: told.append((step, done, total)))
    assert folder == store.find("whisper-tiny") == store.root() / "whisper-tiny"
    assert (folder / "model.bin").read_bytes() == WEIGHTS
    assert not (folder / "README.md").exists()
    assert store.verify("whisper-tiny") == []
    listed = next(line for line in store.listing() if line.name == "whisper-tiny")
    assert listed.sha256 == {"model.bin": hashlib.sha256(WEIGHTS).hexdigest()}
    info = store.info("whisper-tiny")
    assert info.sha256 == hashlib.sha256(WEIGHTS).hexdigest()
    assert info.version.endswith(f"+{COMMIT[:12]}")
    assert told[-1][1] <= told[-1][2]
    assert max(done for _, done, _ in told) >= len(WEIGHTS)
    assert [path.name for path in store.root().iterdir()] == ["whisper-tiny"]


def test_a_second_pull_asks_nobody(hub):
    hub.holds_whisper()
    pull("whisper-tiny")
    asked = len(hub.asked)
    pull("whisper-tiny")
    assert len(hub.asked) == asked


def test_a_damaged_model_is_replaced(hub):
    hub.holds_whisper()
    folder = pull("whisper-tiny")
    (folder / "model.bin").write_bytes(WEIGHTS[::-1])
    assert store.verify("whisper-tiny") != []
    assert (pull("whisper-tiny") / "model.bin").read_bytes() == WEIGHTS
    assert [path.name for path in store.root().iterdir()] == ["whisper-tiny"]


def test_a_wrong_hash_leaves_nothing_behind(hub, tmp_path):
    hub.holds_whisper(weights=WEIGHTS[:-1] + b"x")
    with pytest.raises(MissingModel, match=hashlib.sha256(WEIGHTS).hexdigest()):
        pull("whisper-tiny")
    assert leftovers(tmp_path) == []
    assert store.find("whisper-tiny") is None


def test_small_files_are_held_against_the_hubs_git_hash(hub, tmp_path):
    hub.holds_whisper()
    hub.files[f"/{REPO}/resolve/{COMMIT}/config.json"] = b"[]"
    with pytest.raises(MissingModel, match="git hash"):
        pull("whisper-tiny")
    assert leftovers(tmp_path) == []


def test_an_interrupted_pull_goes_on_where_it_stopped(hub):
    hub.holds_whisper()
    hub.cut_after = len(WEIGHTS) // 2
    with pytest.raises(MissingModel, match="broke off"):
        pull("whisper-tiny")
    assert store.find("whisper-tiny") is None
    hub.cut_after = None
    hub.asked.clear()
    assert (pull("whisper-tiny") / "model.bin").read_bytes() == WEIGHTS
    ranges = [headers["Range"] for path, headers in hub.asked if path.endswith("model.bin")]
    assert ranges == [f"bytes={len(WEIGHTS) // 2}-"]
    assert not any(path.endswith("config.json") for path, _ in hub.asked)


def test_a_cancelled_pull_is_no_model(hub):
    hub.holds_whisper()

    def stop(step, done, total):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        pull("whisper-tiny", stop)
    assert store.find("whisper-tiny") is None


def test_what_a_stopped_pull_left_can_be_thrown_away(hub, tmp_path):
    hub.holds_whisper()
    hub.cut_after = len(WEIGHTS) // 2
    with pytest.raises(MissingModel):
        pull("whisper-tiny")
    assert leftovers(tmp_path)
    discard("whisper-base")
    assert leftovers(tmp_path)
    discard("whisper-tiny")
    assert not leftovers(tmp_path)


def test_a_gated_model_names_the_token(hub):
    hub.token = "hf_secret"
    with pytest.raises(MissingModel) as caught:
        pull("pyannote-community-1")
    assert "HF_TOKEN=hf_" in str(caught.value)
    assert "https://huggingface.co/pyannote/speaker-diarization-community-1" in str(caught.value)


def test_the_token_opens_it(hub, monkeypatch):
    hub.holds_whisper()
    hub.token = "hf_secret"
    assert pull("whisper-tiny", token="hf_secret").is_dir()
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert all(headers["Authorization"] == "Bearer hf_secret" for _, headers in hub.asked)


def test_the_token_does_not_follow_to_another_host(hub):
    from audiopost.models.pull import _open

    other = model_hub.Hub()
    other.files["/model.bin"] = b"x"

    class Elsewhere(model_hub.Handler):
        def do_GET(self):
            self.send_response(302)
            self.send_header("Location", other.url + "/model.bin")
            self.end_headers()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Elsewhere, hub))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    with _open(f"http://127.0.0.1:{server.server_port}/", "hf_secret") as answer:
        assert answer.read() == b"x"
    assert "Authorization" not in other.asked[0][1]
    for each in (server, other.server):
        each.shutdown()
        each.server_close()


@pytest.mark.parametrize("name", ["whisper-tiny", "pyannote-community-1", "htdemucs"])
def test_without_a_network_it_says_what_to_do_at_once(name, hub, bag, tmp_path):
    hub.server.shutdown()
    hub.server.server_close()
    with pytest.raises(MissingModel) as caught:
        pull(name)
    assert hub.url in caught.value.problem
    assert str(store.root() / name) in caught.value.remedy
    assert leftovers(tmp_path) == []


def test_hf_hub_offline_is_obeyed(hub, monkeypatch):
    hub.holds_whisper()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(MissingModel, match="HF_HUB_OFFLINE"):
        pull("whisper-tiny")
    assert hub.asked == []


def test_a_revision_that_does_not_exist_is_named(hub):
    hub.holds_whisper()
    with pytest.raises(MissingModel, match=r"revision/v9.*404"):
        pull("whisper-tiny", revision="v9")


def test_a_repository_without_the_files_is_refused(hub):
    described = {"sha": COMMIT, "siblings": [{"rfilename": "config.json", "size": 2, "blobId": ""}]}
    hub.files[f"/api/models/{REPO}/revision/main"] = json.dumps(described).encode()
    with pytest.raises(MissingModel, match=r"has no model\.bin"):
        pull("whisper-tiny")


def test_a_portal_page_instead_of_the_hub_is_refused(hub):
    hub.files[f"/api/models/{REPO}/revision/main"] = b"<html>Please log in</html>"
    with pytest.raises(MissingModel, match="not that of a model hub"):
        pull("whisper-tiny")


def test_a_url_model_comes_with_the_file_demucs_looks_it_up_in(bag):
    folder = pull("htdemucs")
    assert (folder / bag.files[0]).read_bytes() == WEIGHTS
    assert (folder / "htdemucs.yaml").read_text() == "models: ['955717e8']\n"
    assert store.verify("htdemucs") == []
    assert store.info("htdemucs").sha256 == hashlib.sha256(WEIGHTS).hexdigest()


def test_a_url_model_is_held_against_the_prefix_in_its_name(hub, bag, tmp_path):
    hub.files["/" + bag.files[0]] = b"something else"
    with pytest.raises(MissingModel, match="published is"):
        pull("htdemucs")
    assert leftovers(tmp_path) == []


def packed(**members):
    """A tar.gz of files by their path; a path that ends in '@' is a symbolic link to /etc/passwd."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name.rstrip("@"))
            if name.endswith("@"):
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return raw.getvalue()


@pytest.fixture
def tarred(hub, monkeypatch):
    """tarred(archive) publishes it as deepfilternet3, which then has two files, of WEIGHTS and of b'small'."""

    def publish(archive):
        files = {"enc.onnx": hashlib.sha256(WEIGHTS).hexdigest(), "config.ini": hashlib.sha256(b"small").hexdigest()}
        changes = {"source": hub.url + "/", "files": tuple(files), "weights": ("enc.onnx",), "sha256": files}
        entry = catalogue.get("deepfilternet3")
        monkeypatch.setitem(catalogue._BY_NAME, "deepfilternet3", type(entry)(**{**vars(entry), **changes}))
        hub.files["/" + entry.archive] = archive

    return publish


def test_an_archive_gives_its_files_and_goes(tarred):
    tarred(packed(**{"tmp/export/enc.onnx": WEIGHTS, "tmp/export/config.ini": b"small", "tmp/other": b"not wanted"}))
    folder = pull("deepfilternet3")
    assert sorted(path.name for path in folder.iterdir()) == ["config.ini", "enc.onnx", "manifest.json"]
    assert (folder / "enc.onnx").read_bytes() == WEIGHTS
    assert store.verify("deepfilternet3") == []
    assert store.info("deepfilternet3").sha256 == hashlib.sha256(WEIGHTS).hexdigest()
    assert pull("deepfilternet3") == folder


def test_no_path_in_an_archive_leads_out_of_the_store(tarred, tmp_path):
    tarred(packed(**{"../../../enc.onnx": WEIGHTS, "/config.ini": b"small", "../escaped": b"x"}))
    folder = pull("deepfilternet3")
    written = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {folder / name for name in ("enc.onnx", "config.ini", "manifest.json")}


@pytest.mark.parametrize(
    ("archive", "says"),
    [
        (packed(**{"a/enc.onnx": WEIGHTS}), r"has no config\.ini"),
        (packed(**{"a/enc.onnx": WEIGHTS, "a/config.ini@": b""}), r"has no config\.ini"),
        (packed(**{"a/enc.onnx": WEIGHTS, "a/config.ini": b"other"}), "published is"),
        (packed(**{"a/enc.onnx": bytes(40_000_000), "a/config.ini": b"small"}), "more than"),
        (packed(**{"a/enc.onnx": WEIGHTS, "a/config.ini": b"small"})[:-400], "cannot be unpacked"),
        (b"<html>Please log in</html>", "cannot be unpacked"),
    ],
    ids=["absent", "link", "changed", "bomb", "cut", "portal"],
)
def test_an_archive_that_is_not_the_published_one_leaves_nothing(archive, says, tarred, tmp_path):
    tarred(archive)
    with pytest.raises(MissingModel, match=says):
        pull("deepfilternet3")
    assert leftovers(tmp_path) == []
    assert store.find("deepfilternet3") is None
