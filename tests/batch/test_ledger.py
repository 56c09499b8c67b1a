"""The ledger: what is written stays, whoever dies; nothing is counted twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiopost.batch import places
from audiopost.batch.job import STATES, Order, Outcome, Output
from audiopost.batch.ledger import Ledger, Request
from audiopost.core.errors import BadValue, DiskFull

Make = Callable[..., Order]


def test_a_job_goes_from_waiting_to_done_and_keeps_all_it_was_told(ledger: Ledger, order: Make) -> None:
    asked = order("ep 1", fps="25", tagged=True, language="yue", title="第一集")
    number = ledger.place(asked, settings="s", size=10, mtime_ns=7)
    ledger.begin(number, "worker 1")
    ledger.move(number, "denoise", 0.5)
    held = ledger.get(number)
    assert (held.state, held.attempts, held.stage, held.share, held.worker) == (
        "running",
        1,
        "denoise",
        0.5,
        "worker 1",
    )
    outcome = Outcome(
        content="abc", media_s=12.5, seconds={"decode": 0.1, "denoise": 2.0}, peak_mb=300.0,
        outputs=(Output("srt", "ep 1.srt", 9, "11"), Output("master", "ep 1.master.wav", 99, "22")),
        figures={"captions": 3, "lufs": -16.0}, warnings=("a draft",), backends={"denoise": "rnnoise"},
    )  # fmt: skip
    ledger.finish(number, outcome)
    found = ledger.get(number)
    assert found.order == asked
    assert (found.state, found.settings, found.size, found.mtime_ns) == ("done", "s", 10, 7)
    assert set(found.outcome.outputs) == set(outcome.outputs)
    assert found.outcome.total_s == pytest.approx(2.1)
    assert found.outcome.figures == outcome.figures
    assert found.outcome.warnings == outcome.warnings
    (attempt,) = ledger.attempts(number)
    assert (attempt.ending, attempt.worker) == ("done", "worker 1")
    assert attempt.ended >= attempt.begun > 0


def test_an_order_of_the_same_name_begins_from_the_beginning(ledger: Ledger, order: Make) -> None:
    number = ledger.place(order("a"), settings="old")
    ledger.begin(number, "w")
    ledger.finish(number, Outcome(outputs=(Output("srt", "a.srt", 1, "1"),)))
    assert ledger.place(order("a"), settings="new") == number
    found = ledger.get(number)
    assert (found.state, found.settings, found.attempts, found.outcome) == ("waiting", "new", 0, Outcome())
    assert ledger.attempts(number) == ()


def test_waiting_gives_the_first_that_nobody_has_and_the_careful_apart(ledger: Ledger, order: Make) -> None:
    a, b, c = (ledger.place(order(name)) for name in "abc")
    ledger.begin(b, "w")
    ledger.again(b, "crash", "a memory fault", crash=True)
    assert [job.id for job in ledger.waiting(9, careful=False)] == [a, c]
    assert [job.id for job in ledger.waiting(9, careful=False, without=[a])] == [c]
    assert [job.id for job in ledger.waiting(9, careful=True)] == [b]
    assert ledger.waiting(0, careful=False) == []


def test_what_was_in_hand_waits_again_and_counts_as_an_attempt(ledger: Ledger, order: Make) -> None:
    a, b = (ledger.place(order(name)) for name in "ab")
    ledger.begin(a, "w")
    assert ledger.cut_off() == (a,)
    assert ledger.cut_off() == ()
    found = ledger.get(a)
    assert (found.state, found.losses, found.crashes, found.attempts) == ("waiting", 0, 0, 1)
    assert ledger.attempts(a)[0].ending == "interrupted"
    assert ledger.get(b).losses == 0


def test_what_was_in_hand_was_so_until_its_driver_was_last_heard_of(
    ledger: Ledger, order: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("audiopost.batch.ledger.time.time", lambda: now[0])
    early, late = (ledger.place(order(name)) for name in ("early", "late"))
    ledger.begin(early, "w")
    now[0] = 1060.0
    ledger.alive()
    now[0] = 1065.0
    ledger.begin(late, "w")
    now[0] = 90_000.0  # the next morning
    ledger.cut_off()
    assert [ledger.get(job).spent_s for job in (early, late)] == [60.0, 0.0]
    ledger.begin(early, "w")
    now[0] = 90_007.0
    assert ledger.get(early).spent_s == 60.0  # the one that goes on is not told yet
    ledger.finish(early, Outcome())
    assert ledger.get(early).spent_s == 67.0


def test_reset_and_drop_touch_only_what_they_may(ledger: Ledger, order: Make) -> None:
    waiting, running, failed = (ledger.place(order(name)) for name in "abc")
    for number in (running, failed):
        ledger.begin(number, "w")
    ledger.finish(failed, Outcome("BadValue", "no"), "failed")
    assert not ledger.reset(waiting)
    assert not ledger.reset(running)
    assert ledger.reset(failed)
    assert ledger.get(failed).outcome.reason == ""
    assert not ledger.drop(running)
    assert ledger.drop(waiting)
    assert ledger.counts() == dict.fromkeys(STATES, 0) | {"waiting": 1, "running": 1, "cancelled": 1}


def test_requests_of_others_are_taken_once(ledger: Ledger, order: Make) -> None:
    number = ledger.place(order("a"))
    other = Ledger(ledger.path)
    other.ask("cancel", [number])
    other.close()
    assert ledger.asked() == (Request("cancel", number),)
    assert ledger.asked() == ()


def test_a_transaction_is_all_or_nothing(ledger: Ledger, order: Make) -> None:
    with pytest.raises(RuntimeError), ledger.writing():
        ledger.place(order("a"))
        ledger.note("paused", "yes")
        raise RuntimeError
    assert list(ledger.jobs()) == []
    assert ledger.about("paused") == ""
    ledger.note("paused", "yes")  # and the next one works
    assert ledger.about("paused") == "yes"


@given(names=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), unique=True, max_size=8))
@settings(max_examples=25, deadline=None)
def test_any_name_and_any_bytes_of_a_path_come_back(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    path = tmp_path_factory.mktemp("l") / "ledger.sqlite"
    made = Ledger(path, make=True)
    orders = [Order(f"/in/{name}\udcff.wav", "/out", name, "p") for name in names]
    for each in orders:
        number = made.place(each)
        made.begin(number, "w")
        made.finish(number, Outcome("UnreadableMedia", f"{each.source} is broken"), "failed")
    made.close()
    again = Ledger(path)
    assert [job.order for job in again.jobs()] == orders
    assert all("\udcff" in job.outcome.reason for job in again.jobs())
    again.close()


def test_thousands_of_jobs_are_read_page_by_page(ledger: Ledger, order: Make) -> None:
    one = order("x")
    with ledger.writing():
        numbers = [ledger.place(Order(one.source, one.out, f"{n}", one.preset)) for n in range(1203)]
    assert [job.id for job in ledger.jobs()] == numbers
    assert [job.id for job in ledger.jobs(limit=501)] == numbers[:501]
    assert list(ledger.jobs("done")) == []


def test_a_killed_driver_loses_nothing_that_it_had_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    code = textwrap.dedent(
        f"""
        import os, signal
        from pathlib import Path
        from audiopost.batch.job import Order, Outcome
        from audiopost.batch.ledger import Ledger
        ledger = Ledger(Path({str(path)!r}), make=True)
        for n in range(1000):
            number = ledger.place(Order("/in", "/out", str(n), "p"))
            ledger.begin(number, "w")
            ledger.finish(number, Outcome(content=str(n)))
            print(n, flush=True)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(120)]
    process.send_signal(signal.SIGKILL)
    told += [int(line) for line in process.stdout.read().splitlines()]
    process.wait()
    ledger = Ledger(path)
    kept = {job.order.name for job in ledger.jobs("done")}
    assert {str(n) for n in told} <= kept
    ledger.cut_off()
    assert ledger.counts()["running"] == 0
    ledger.close()


@pytest.mark.parametrize("content", [b"", b"no ledger at all, but a text that somebody put there" * 40])
def test_what_is_no_ledger_is_refused_or_made(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(content)
    if not content:  # an empty file is what a full disk leaves of a new one
        Ledger(path, make=True).close()
        return
    with pytest.raises(BadValue, match="is no batch ledger"):
        Ledger(path, make=True)
    assert path.read_bytes() == content


def test_a_ledger_of_another_format_or_none_is_refused(tmp_path: Path, ledger: Ledger) -> None:
    ledger.note("schema", "99")
    with pytest.raises(BadValue, match="format '99'"):
        Ledger(ledger.path)
    with pytest.raises(BadValue, match="There is no batch ledger"):
        Ledger(tmp_path / "none.sqlite")


@pytest.mark.parametrize("place", ["s3://bucket/ledger.sqlite", "gs://b/l.sqlite"])
def test_object_stores_are_refused(place: str) -> None:
    with pytest.raises(BadValue, match="no disk"):
        Ledger(Path(place), make=True)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_network_shares_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    from collections import namedtuple

    import psutil

    part = namedtuple("part", "mountpoint fstype opts")
    mounts = [part("/", "ext4", "rw"), part(str(tmp_path), kind, "rw")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: mounts)  # noqa: A006
    assert places.network_of(tmp_path / "deep" / "er") == kind
    assert places.network_of(Path(os.sep)) == ""
    with pytest.raises(BadValue, match=kind):
        Ledger(tmp_path / "deep" / "ledger.sqlite", make=True)


def test_a_full_disk_is_said_and_the_ledger_goes_on(ledger: Ledger, order: Make) -> None:
    pages = ledger._base.execute("PRAGMA page_count").fetchone()[0]
    ledger._base.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull, match="No room for the ledger"):
        for n in range(2000):
            ledger.place(order(f"{n}"))
    ledger._base.execute("PRAGMA max_page_count = 100000")
    before = ledger.counts()["waiting"]
    ledger.place(order("and one more"))
    assert ledger.counts()["waiting"] == before + 1


def test_a_reader_sees_while_the_driver_writes(ledger: Ledger, order: Make) -> None:
    reader = Ledger(ledger.path)
    with ledger.writing():
        ledger.place(order("a"))
        assert list(reader.jobs()) == []
    assert len(list(reader.jobs())) == 1
    reader.close()
    with pytest.raises(sqlite3.ProgrammingError):
        list(reader.jobs())
