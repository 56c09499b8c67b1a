"""Which recordings inputs give: folders, links, patterns, URLs, and nothing of our own."""

from __future__ import annotations

import errno
import functools
import http.server
import json
import os
import threading
import zipfile
from pathlib import Path, PurePosixPath

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.batch.job import HIDDEN
from audiopost.batch.sources import _natural, find
from audiopost.core.errors import BadValue, InputError, MissingExtra


def touch(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def record(folder: Path, base: str, *files: str) -> None:
    text = json.dumps({"source": {"file": f"{base}.mov"}, "deliverables": [{"kind": "x", "file": f} for f in files]})
    touch(folder / f"{base}.provenance.json", text)


def relatives(*inputs: object, **options: object) -> list[str]:
    return [str(each.relative) for each in find([str(each) for each in inputs], **options)]


def test_a_folder_gives_media_below_it_in_natural_order(tmp_path):
    for name in ("season 10/ep1.mov", "season 2/ep10.MOV", "season 2/ep2.wav", "season 2/notes.txt", "film.mkv"):
        touch(tmp_path / name)
    assert relatives(tmp_path) == ["film.mkv", "season 2/ep2.wav", "season 2/ep10.MOV", "season 10/ep1.mov"]
    assert all(os.path.isabs(each.source) for each in find([str(tmp_path)]))


def test_patterns_take_other_names_and_capitals(tmp_path):
    for name in ("a.raw", "b.RAW", "c.mov", "café.raw"):
        touch(tmp_path / name)
    assert relatives(tmp_path, patterns=["*.raw"]) == ["a.raw", "b.RAW", "café.raw"]
    assert relatives(tmp_path, patterns=["cafe\u0301*", "c.*"]) == ["c.mov", "café.raw"]


def test_a_file_named_itself_is_taken_whatever_it_is(tmp_path):
    path = touch(tmp_path / "deep" / "notes.txt")
    assert relatives(path, patterns=["*.mov"]) == ["notes.txt"]
    assert relatives(touch(tmp_path / ".hidden.wav")) == [".hidden.wav"]


def test_relative_inputs_become_absolute(tmp_path, monkeypatch):
    touch(tmp_path / "in" / "a.wav")
    monkeypatch.chdir(tmp_path)
    (found,) = find(["in"])
    assert (found.source, found.relative) == (str(tmp_path / "in" / "a.wav"), PurePosixPath("a.wav"))


def test_each_file_comes_once_and_as_its_first_input_saw_it(tmp_path):
    touch(tmp_path / "s1" / "a.wav")
    assert relatives(tmp_path, tmp_path / "s1", tmp_path / "s1" / "a.wav") == ["s1/a.wav"]
    assert relatives(tmp_path / "s1", tmp_path) == ["a.wav"]


def test_hidden_names_and_the_folder_of_results_are_passed_over(tmp_path):
    for name in ("a.wav", ".b.wav", f"{HIDDEN}/c.wav", ".a.audiopost/d.wav", "out/e.wav", "x/out2/f.wav"):
        touch(tmp_path / name)
    (tmp_path / "x" / "linked").symlink_to(tmp_path / "out")
    assert relatives(tmp_path, without=[tmp_path / "out", tmp_path / "x" / "out2", tmp_path / "none"]) == ["a.wav"]
    assert relatives(tmp_path / "**" / "*.wav", without=[tmp_path / "out", tmp_path / "x" / "out2"]) == ["a.wav"]
    assert relatives(tmp_path / "out", without=[tmp_path / "out"]) == ["e.wav"]


def test_links_are_followed_and_round_ones_end(tmp_path):
    touch(tmp_path / "in" / "a.wav")
    touch(tmp_path / "elsewhere" / "b.wav")
    (tmp_path / "in" / "round").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "self").symlink_to("self")
    (tmp_path / "in" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "in")
    assert relatives(tmp_path / "in") == ["a.wav", "more/b.wav"]
    assert relatives(tmp_path / "in" / "**" / "*.wav") == ["a.wav", "more/b.wav"]


def test_folders_that_all_link_to_each_other_are_read_once(tmp_path):
    folders = [tmp_path / f"f{n}" for n in range(12)]
    for folder in folders:
        touch(folder / f"{folder.name}.wav")
    for folder in folders:
        for other in folders:
            (folder / f"to-{other.name}").symlink_to(other)
    assert len(relatives(tmp_path)) == 12
    assert len(relatives(tmp_path / "f*" / "**" / "*.wav")) == 12


def test_a_file_stands_under_its_own_name_and_not_a_link_s(tmp_path):
    touch(tmp_path / "z" / "real.wav")
    (tmp_path / "a.wav").symlink_to(tmp_path / "z" / "real.wav")
    (tmp_path / "b").symlink_to(tmp_path / "z")
    assert relatives(tmp_path) == ["z/real.wav"]


def test_what_cannot_be_followed_or_read_is_told_and_the_rest_goes_on(tmp_path, monkeypatch, caplog):
    touch(tmp_path / "a.wav")
    touch(tmp_path / "locked" / "b.wav")
    (tmp_path / "gone.wav").symlink_to(tmp_path / "nowhere")
    listdir = os.listdir

    def refuse(path):
        if Path(path).name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    assert relatives(tmp_path) == ["a.wav"]
    said = caplog.text
    assert "gone.wav is a link to nowhere" in said
    assert "locked is passed over: Permission denied" in said


def test_unreadable_files_stay_and_pipes_do_not(tmp_path):
    touch(tmp_path / "a.wav").chmod(0)
    os.mkfifo(tmp_path / "b.wav")
    assert relatives(tmp_path) == ["a.wav"]
    with pytest.raises(BadValue, match="neither a file nor a folder"):
        find([str(tmp_path / "b.wav")])


def test_names_that_are_no_utf8_are_found(tmp_path):
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/ep\xff.wav"))).write_bytes(b"x")
    (found,) = find([str(tmp_path)])
    assert os.fsencode(found.source).endswith(b"ep\xff.wav")
    assert Path(found.source).exists()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.mov", ["top.mov"]),
        ("**/*.mov", ["s1/ep1.mov", "s1/extra/x.mov", "s2/ep1.mov", "top.mov"]),
        ("s?/ep1.*", ["s1/ep1.mov", "s2/ep1.mov"]),
        ("s[2]", ["s2/ep1.mov"]),
        ("s1/**", ["ep1.mov", "extra/x.mov"]),
        ("**", ["s1/ep1.mov", "s1/extra/x.mov", "s2/ep1.mov", "top.mov"]),
        ("*", ["s1/ep1.mov", "s1/extra/x.mov", "s2/ep1.mov", "top.mov"]),
        ("**/extra/*", ["s1/extra/x.mov"]),
        ("*.raw", ["odd.raw"]),
    ],
)
def test_globs(tmp_path, pattern, expected):
    for name in ("top.mov", "s1/ep1.mov", "s1/extra/x.mov", "s2/ep1.mov", "s2/notes.txt", "odd.raw"):
        touch(tmp_path / name)
    assert relatives(tmp_path / pattern) == expected


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path):
    touch(tmp_path / "ep [1].mov")
    touch(tmp_path / "ep 1.mov")
    assert relatives(tmp_path / "ep [1].mov") == ["ep [1].mov"]


def test_deliverables_among_the_recordings_are_no_recordings(tmp_path, caplog):
    caplog.set_level("INFO", "audiopost")
    for name in ("ep1.mov", "ep1.master.wav", "ep1.master.kept-1.wav", "ep1 stems/dialogue.wav", "ep1.wild.wav"):
        touch(tmp_path / "s1" / name)
    record(tmp_path / "s1", "ep1", "ep1.master.wav", "ep1 stems/dialogue.wav", "../../etc/passwd")
    assert relatives(tmp_path) == ["s1/ep1.mov", "s1/ep1.wild.wav"]
    assert "passed over 3 files that audiopost itself delivered" in caplog.text
    assert relatives(tmp_path / "s1" / "*.wav") == ["ep1.wild.wav"]
    assert relatives(tmp_path / "s1" / "ep1.master.wav") == ["ep1.master.wav"]


def test_what_a_stopped_run_had_begun_to_deliver_is_no_recording(tmp_path):
    touch(tmp_path / "ep1.mov")
    touch(tmp_path / "ep1.master.wav")
    touch(tmp_path / ".ep1.audiopost" / "delivered.txt", "ep1.master.wav\n")
    assert relatives(tmp_path) == ["ep1.mov"]


def test_a_delivery_that_is_recorded_while_one_looks_is_no_recording(tmp_path, monkeypatch):
    """The record appears, and the list of what was begun goes, between our looking at the names and at those."""
    touch(tmp_path / "ep1.mov")
    touch(tmp_path / "ep1.master.wav")
    begun = touch(tmp_path / ".ep1.audiopost" / "delivered.txt", "ep1.master.wav\n")
    listdir = os.listdir

    def settle(path):
        names = listdir(path)
        if begun.exists():
            record(tmp_path, "ep1", "ep1.master.wav")
            begun.unlink()
        return names

    monkeypatch.setattr(os, "listdir", settle)
    assert relatives(tmp_path) == ["ep1.mov"]


@pytest.mark.parametrize("text", ["", "[", "[]", '{"deliverables": 3}', '{"deliverables": [{}]}', "[" * 100_000])
def test_a_record_that_is_none_hides_nothing(tmp_path, text):
    touch(tmp_path / "a.wav")
    touch(tmp_path / "a.provenance.json", text)
    assert relatives(tmp_path) == ["a.wav"]


def test_what_gives_nothing_is_said_by_name(tmp_path):
    touch(tmp_path / "notes.txt")
    with pytest.raises(InputError, match=r"nothing\.mov cannot be read: No such file"):
        find([str(tmp_path / "nothing.mov")])
    with pytest.raises(InputError, match=r"There is no recording in .*Give a pattern"):
        find([str(tmp_path)])
    with pytest.raises(InputError, match=r"no recording named like \*\.mov or \*\.wav in"):
        find([str(tmp_path)], patterns=["*.mov", "*.wav"])
    with pytest.raises(InputError, match=r"x\*\.mov"):
        find([str(tmp_path / "x*.mov")])
    with pytest.raises(InputError, match=r"missing"):
        find([str(tmp_path / "missing" / "*.mov")])
    assert find([str(tmp_path)], may_be_empty=True) == ()
    touch(tmp_path / "a.wav")
    record(tmp_path, "a", "a.wav")
    with pytest.raises(InputError, match=r"1 file of audiopost.s own deliveries was passed over"):
        find([str(tmp_path)])


@pytest.mark.parametrize("place", ["", "a\0b"])
def test_what_is_no_place(place):
    with pytest.raises(BadValue, match="is no file, folder or URL"):
        find([place])


@given(st.lists(st.text("ep0123456789 ./x集\udcff", max_size=12), max_size=8))
def test_natural_order_orders_anything(texts):
    assert sorted(sorted(texts), key=_natural) == sorted(sorted(texts, reverse=True), key=_natural)


def test_natural_order_has_no_longest_number():
    many = ["ep" + "9" * 5000, "ep" + "1" + "0" * 5000, "ep007", "ep8"]
    assert sorted(many, key=_natural) == [many[2], many[3], many[0], many[1]]


# --- URLs


@pytest.fixture
def bucket():
    files = fsspec.filesystem("memory")
    files.rm("/", recursive=True) if files.store else None
    for name in ("/shows/s1/ep10.mov", "/shows/s1/ep2.mov", "/shows/s2/ep1.wav", "/shows/s1/.x.mov", "/shows/a.txt"):
        files.pipe_file(name, b"x")
    yield files
    files.store.clear()
    files.pseudo_dirs[:] = [""]


def urls(*inputs: str, **options: object) -> list[tuple[str, str]]:
    return [(each.source, str(each.relative)) for each in find(inputs, **options)]


def test_a_url_of_a_file(bucket):
    assert urls("memory://shows/s1/ep2.mov") == [("memory://shows/s1/ep2.mov", "ep2.mov")]
    with pytest.raises(InputError, match=r"memory://shows/none\.mov cannot be read"):
        find(["memory://shows/none.mov"])


@pytest.mark.parametrize("place", ["memory://shows", "memory://shows/"])
def test_a_url_of_a_folder(bucket, place):
    assert urls(place) == [
        ("memory://shows/s1/ep2.mov", "s1/ep2.mov"),
        ("memory://shows/s1/ep10.mov", "s1/ep10.mov"),
        ("memory://shows/s2/ep1.wav", "s2/ep1.wav"),
    ]
    assert [relative for _, relative in urls(place, patterns=["*.txt"])] == ["a.txt"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("memory://shows/s1/*.mov", ["ep2.mov", "ep10.mov"]),
        ("memory://shows/**/ep?.*", ["s1/ep2.mov", "s2/ep1.wav"]),
        ("memory://shows/s*", ["s1/ep2.mov", "s1/ep10.mov", "s2/ep1.wav"]),
        ("memory://sh*/s2/**", ["shows/s2/ep1.wav"]),
    ],
)
def test_a_url_with_a_glob(bucket, pattern, expected):
    found = urls(pattern)
    assert [relative for _, relative in found] == expected
    assert all(bucket.isfile(source.removeprefix("memory:/")) for source, _ in found)


def test_a_url_that_gives_nothing(bucket):
    with pytest.raises(InputError, match=r"There is no recording in memory://shows/x\*\.mov"):
        find(["memory://shows/x*.mov"])


def test_deliverables_at_a_url_are_no_recordings(bucket):
    text = json.dumps({"deliverables": [{"file": "ep2.master.wav"}, {"file": "stems/m.wav"}]})
    bucket.pipe_file("/shows/s1/ep2.provenance.json", text.encode())
    bucket.pipe_file("/shows/s1/ep2.master.wav", b"x")
    bucket.pipe_file("/shows/s1/stems/m.wav", b"x")
    assert [relative for _, relative in urls("memory://shows/s1")] == ["ep2.mov", "ep10.mov"]


def test_a_file_url_is_the_path_it_names(tmp_path):
    path = touch(tmp_path / "in" / "ep 1.wav")
    assert urls(f"file://{tmp_path}/in") == [(str(path), "ep 1.wav")]
    assert urls(f"file://{tmp_path}/*/*.wav", str(path)) == [(str(path), "in/ep 1.wav")]


def test_the_inside_of_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("in/a.wav", b"x")
    archive = f"file://{tmp_path}/x.zip"
    assert urls(f"zip://in::{archive}") == [(f"zip://in/a.wav::{archive}", "a.wav")]
    assert urls(f"zip://*/*.wav::{archive}") == [(f"zip://in/a.wav::{archive}", "in/a.wav")]


def test_a_protocol_of_which_nothing_is_known():
    with pytest.raises(MissingExtra, match=r"nosuch://x/a\.wav cannot be reached"):
        find(["nosuch://x/a.wav"])


@pytest.fixture
def web(tmp_path):
    pytest.importorskip("aiohttp")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            """Nothing: pytest shows what matters."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_web(tmp_path, web):
    touch(tmp_path / "in" / "ep 1.wav")
    assert urls(f"{web}/in/ep%201.wav?token=a*b") == [(f"{web}/in/ep%201.wav?token=a*b", "ep 1.wav")]
    assert urls(f"{web}/in/") == [(f"{web}/in/ep%201.wav", "ep 1.wav")]
    assert urls(f"{web}/in/*.wav") == [(f"{web}/in/ep%201.wav", "ep 1.wav")]
