"""Scans: only what is new or changed is heard; nothing on disk stops them; nothing done is lost."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audiopost.core.errors import BadValue, OutputError
from audiopost.music.library import Store, rescan, scan
from audiopost.music.library import store as stores

ROOT = Path(__file__).parents[3]


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "music.sqlite", new=True) as made:
        yield made


def paths(store, status="ok"):
    return sorted(Path(os.fsdecode(row["path"])).name for row in store.select("status = ?", [status]))


def test_what_did_not_change_is_not_heard_again(store, tune, tmp_path, heard_here):
    first, second = tune("a.wav"), tune("sub/b.flac", 300)
    (tmp_path / "music" / "notes.txt").write_text("no music")
    done = scan(store, [tmp_path / "music"])
    assert (done.found, done.heard, done.failed) == (2, 2, {})
    done = scan(store, [tmp_path / "music"])
    assert (done.unchanged, done.heard, len(heard_here)) == (2, 0, 2)
    os.utime(first, (1, 1))  # touched: the same content
    tune("sub/b.flac", 500)
    done = scan(store, [tmp_path / "music"])
    assert (done.unchanged, done.heard) == (1, 1)
    assert heard_here == ["a.wav", "b.flac", "b.flac"]
    assert second.name in paths(store)
    assert scan(store, [tmp_path / "music"]).unchanged == 2


def test_moved_copied_and_vanished_files(store, tune, tmp_path, heard_here):
    first, second, third = tune("a.wav"), tune("b.wav", 300), tune("c.wav", 600)
    scan(store, [tmp_path / "music"])
    numbers = {Path(os.fsdecode(row["path"])).name: row["id"] for row in store.select()}
    first.rename(first.with_name("moved.wav"))
    shutil.copy(second, second.with_name("copy.wav"))
    kept = third.read_bytes()
    third.unlink()
    done = rescan(store)
    assert (done.moved, done.copies, done.missing, done.heard) == (1, 1, 1, 0)
    assert len(heard_here) == 3
    assert paths(store) == ["b.wav", "copy.wav", "moved.wav"]
    assert paths(store, "missing") == ["c.wav"]
    (moved,) = store.select("path = ?", [os.fsencode(first.with_name("moved.wav"))])
    assert moved["id"] == numbers["a.wav"]
    third.write_bytes(kept)  # back, with a new time
    assert rescan(store).heard == 0
    assert paths(store, "missing") == []
    assert store.counts() == {"ok": 4, "failed": 0, "missing": 0}


def test_a_folder_that_is_gone_marks_its_tracks_and_comes_back(store, tune, tmp_path, heard_here):
    tune("a.wav")
    scan(store, [tmp_path / "music"])
    (tmp_path / "music").rename(tmp_path / "away")
    assert rescan(store).missing == 1
    (tmp_path / "away").rename(tmp_path / "music")
    done = rescan(store)
    assert (done.missing, done.unchanged, paths(store)) == (0, 1, ["a.wav"])
    assert heard_here == ["a.wav"]


def test_only_what_lies_in_the_scanned_folders_is_marked(store, tune, tmp_path, heard_here):
    tune("one/a.wav")
    tune("two/b.wav", 300)
    scan(store, [tmp_path / "music"])
    shutil.rmtree(tmp_path / "music" / "two")
    assert scan(store, [tmp_path / "music" / "one"]).missing == 0
    assert rescan(store).missing == 1


def test_files_that_are_no_music_are_named_and_stop_nothing(store, tune, tmp_path, heard_here):
    folder = tune("good.wav").parent
    (folder / "empty.mp3").write_bytes(b"")
    (folder / "text.wav").write_text("this is no sound at all, whatever its name says")
    (folder / "dangling.flac").symlink_to(folder / "nowhere.flac")
    (folder / ".hidden.wav").write_bytes(b"RIFF")
    done = scan(store, [folder])
    assert (done.heard, sorted(p.name for p in done.failed)) == (1, ["empty.mp3", "text.wav"])
    assert "empty" in done.failed[folder / "empty.mp3"]
    assert list(done.unreadable) == [folder / "dangling.flac"]
    assert scan(store, [folder]).unchanged == 3  # not tried again while they are what they are
    tune("text.wav", 333)
    done = scan(store, [folder])
    assert (done.heard, done.failed, paths(store, "failed")) == (1, {}, ["empty.mp3"])
    (folder / "empty.mp3").unlink()
    scan(store, [folder])
    assert paths(store, "failed") == []


def test_a_file_that_goes_while_its_folder_is_read_stops_nothing(store, tune, tmp_path, heard_here, monkeypatch):
    scans = sys.modules["audiopost.music.library.scan"]
    tune("a.wav")
    tune("z.wav", 300)
    real = scans.music_files

    def going(places, unreadable):
        for path in real(places, unreadable):
            if path.name == "a.wav":
                path.unlink()
            yield path

    monkeypatch.setattr(scans, "music_files", going)
    done = scan(store, [tmp_path / "music"])
    assert (done.found, done.heard, [path.name for path in done.unreadable]) == (1, 1, ["a.wav"])


def test_links_that_go_round_and_names_of_every_kind(store, tune, tmp_path, heard_here):
    folder = tune("主題曲 «ö».wav").parent
    tune("x" * 240 + ".wav", 300)
    (folder / "round").symlink_to(folder)
    (folder / "self.wav").symlink_to(folder / "self.wav")
    (folder / "again.wav").symlink_to(folder / "主題曲 «ö».wav")
    try:
        shutil.copy(folder / "主題曲 «ö».wav", os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.wav"))
    except OSError:
        pytest.skip("this file system has no names that are no UTF-8")
    done = scan(store, [folder])
    assert done.found == 3
    assert (done.heard, done.failed, list(done.unreadable)) == (3, {}, [folder / "self.wav"])
    assert scan(store, [folder]).unchanged == 3


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_that_cannot_be_opened_keeps_its_tracks(store, tune, tmp_path, heard_here):
    closed = tune("closed/a.wav").parent
    scan(store, [tmp_path / "music"])
    closed.chmod(0)
    try:
        done = rescan(store)
    finally:
        closed.chmod(0o755)
    assert (done.missing, list(done.unreadable)) == (0, [closed])


def test_nothing_to_scan(store, tmp_path, heard_here):
    (tmp_path / "nothing").mkdir()
    assert scan(store, [tmp_path / "nothing"]).found == 0
    assert rescan(store).found == 0
    with pytest.raises(BadValue, match="no folder"):
        scan(store, [tmp_path / "nowhere"])


def test_another_analyser_hears_everything_again(store, tune, tmp_path, heard_here, monkeypatch):
    tune("a.wav")
    scan(store, [tmp_path / "music"])
    monkeypatch.setattr(stores, "ANALYSER", stores.ANALYSER + 1)
    from audiopost.music.library import scan as scanning

    monkeypatch.setattr(sys.modules[scanning.__module__], "ANALYSER", stores.ANALYSER)
    assert rescan(store).heard == 1


def test_what_is_no_library(tmp_path):
    with pytest.raises(BadValue, match="no music library"):
        Store(tmp_path / "none.sqlite")
    (tmp_path / "text.sqlite").write_text("this is no database, though it has the length of one" * 30)
    with pytest.raises(BadValue, match="not a music library"):
        Store(tmp_path / "text.sqlite")
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE things (name)")
    other.close()
    with pytest.raises(BadValue, match="something else"):
        Store(tmp_path / "other.sqlite")
    later = sqlite3.connect(tmp_path / "later.sqlite")
    later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(BadValue, match="later audiopost"):
        Store(tmp_path / "later.sqlite")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError):
        Store(tmp_path / "folder", new=True)


def test_two_readers_and_a_writer_at_once(store, tune, tmp_path, heard_here):
    tune("a.wav")
    with Store(store.path) as other:
        scan(store, [tmp_path / "music"])
        assert paths(other) == ["a.wav"]
        assert other._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


@pytest.mark.slow
def test_a_track_that_kills_its_reader_costs_itself_only(store, tune, tmp_path, monkeypatch):
    for name in ("a.wav", "deadly.wav", "z.wav"):
        tune(name, 200 + len(name) * 50)
    place = tmp_path / "site"
    place.mkdir()
    (place / "sitecustomize.py").write_text(
        "import os, audiopost.io.decode as d\n"
        "real = d.decode\n"
        "d.decode = lambda path: os.abort() if path.name == 'deadly.wav' else real(path)\n"
    )
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.syspath_prepend(str(ROOT))
    done = scan(store, [tmp_path / "music"], workers=2)
    assert (done.heard, [p.name for p in done.failed]) == (2, ["deadly.wav"])
    assert "ended" in done.failed[tmp_path / "music" / "deadly.wav"]
    assert paths(store) == ["a.wav", "z.wav"]


def test_a_decoder_that_hangs_costs_its_file_only(store, tune, tmp_path, monkeypatch):
    from audiopost.music.library import worker

    # The child plays dead on one name, and for the others answers as if it had heard them.
    child = (
        "import json, sys, time\n"
        "for line in sys.stdin:\n"
        "    path = json.loads(line)['path']\n"
        "    time.sleep(600 if path.endswith('hangs.wav') else 0)\n"
        "    print(json.dumps({'error': 'heard'}), flush=True)\n"
    )
    monkeypatch.setattr(
        worker,
        "_start",
        lambda: subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE),
    )
    monkeypatch.setattr(worker, "_LEAST_S", 5.0)
    for name in ("a.wav", "hangs.wav", "z.wav"):
        tune(name)
    done = scan(store, [tmp_path / "music"], workers=1)
    assert {path.name: why for path, why in done.failed.items()} == {
        "a.wav": "heard",
        "hangs.wav": "it was not heard within 6 s; convert the file, and scan again",
        "z.wav": "heard",
    }


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_scan_goes_on_where_it_was(tune, tmp_path):
    for n in range(6):
        tune(f"{n}.wav", 200 + 40 * n, seconds=20.0)
    library = tmp_path / "music.sqlite"
    command = [
        sys.executable,
        "-m",
        "audiopost",
        "library",
        "add",
        "music",
        "--library",
        str(library),
        "--workers",
        "1",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def done() -> int:
        try:
            with Store(library) as store:
                return store.counts()["ok"]
        except (BadValue, OutputError):
            return 0

    first = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    limit = time.monotonic() + 120
    while done() < 2 and first.poll() is None and time.monotonic() < limit:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    kept = done()
    assert 2 <= kept < 6
    second = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert f"{6 - kept} heard, {kept} unchanged" in second.stdout


def test_a_library_that_broke_later_is_told(store, tune, tmp_path, heard_here):
    for n in range(8):
        tune(f"{n}.wav", 200 + n)
    scan(store, [tmp_path / "music"])
    store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    data = bytearray(store.path.read_bytes())
    data[4096:] = b"\x55" * (len(data) - 4096)
    store.path.write_bytes(data)
    with pytest.raises(BadValue, match=r"cannot be read|not a music library"), Store(store.path) as broken:
        broken.select()


def test_a_failure_with_any_name_is_kept(store, tmp_path):
    name = os.fsdecode(b"\xff.wav")
    store.put_failed(stores.Seen(tmp_path / name, 1, 1), f"{name} is broken")
    (row,) = store.select("status = 'failed'")
    assert row["error"] == "\\udcff.wav is broken"
    assert os.fsdecode(row["path"]) == str(tmp_path / name)


@pytest.mark.slow
def test_children_end_when_the_work_is_stopped(store, tune, tmp_path, monkeypatch):
    from audiopost.core.errors import Cancelled
    from audiopost.music.library import worker

    started = []
    real = worker._start
    monkeypatch.setattr(worker, "_start", lambda: started.append(real()) or started[-1])
    for n in range(4):
        tune(f"{n}.wav", 300 + n, seconds=5.0)

    def stop(step, completed, total):
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        scan(store, [tmp_path / "music"], workers=2, progress=stop)
    assert store.counts()["ok"] == 1
    limit = time.monotonic() + 30
    while any(child.poll() is None for child in started) and time.monotonic() < limit:
        time.sleep(0.05)
    assert started
    assert all(child.poll() is not None for child in started)
