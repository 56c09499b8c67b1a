"""Which engine a batch is given: by what is asked, by what the ledger remembers; and who may drive a ledger."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from audiopost.batch import choice as choices
from audiopost.batch.choice import Choice, duration, remember, remembered, worker_count
from audiopost.batch.claim import _lock_of, claimed
from audiopost.batch.ledger import Ledger
from audiopost.batch.local import Local
from audiopost.batch.speeds import Speed
from audiopost.core.errors import BadValue, Unavailable


def test_a_ledger_remembers_what_worked_on_it(ledger: Ledger) -> None:
    assert remembered(ledger) == Choice()
    choice = Choice("ray", None, "ray://host:10001", "1-8", "cpu=2,gpu=0.5", "/scratch", 3600.0)
    remember(ledger, choice)
    assert remembered(ledger) == choice
    remember(ledger, Choice(workers=2))
    assert remembered(ledger) == Choice(workers=2)


@pytest.mark.parametrize("text", ["{", '{"engine": 1}', '{"engine": "ray", "of a later version": 1}'])
def test_what_it_remembers_and_we_do_not_know_is_left(ledger: Ledger, text: str) -> None:
    ledger.note("engine", text)
    assert remembered(ledger) == Choice()


def test_what_is_asked_is_taken_in_place_of_what_was(ledger: Ledger) -> None:
    before = Choice("ray", None, "auto", "1-8", "cpu=2", "/scratch", 60.0)
    assert before.asked() == before
    assert before.asked(engine="local", workers="3") == Choice("local", 3, "auto", "1-8", "cpu=2", "/scratch", 60.0)
    assert before.asked(workers="auto", actors="2", timeout="none").timeout_s is None
    with pytest.raises(BadValue, match="local, ray"):
        before.asked(engine="dask")


@pytest.mark.parametrize("text", ["0", "1025", "-1", "two", "²", ""])
def test_what_is_no_number_of_workers_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="--workers"):
        worker_count(text)


def test_lengths_of_time() -> None:
    assert [duration(text) for text in ("6h", "90m", "1h30m", "45s", "1h 30m")] == [21600, 5400, 5400, 45, 5400]
    assert duration("none") is None
    for text in ("", "0m", "6", "h", "30m1h", "-1h", "1.5h", "²h"):
        with pytest.raises(BadValue, match="For example 6h"):
            duration(text)


def test_the_local_engine_is_shared_out_by_the_heaviest_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"light": Speed(1, peak_mb=300.0), "heavy": Speed(1, peak_mb=900.0), "other": Speed(1, peak_mb=2000.0)}
    monkeypatch.setattr(choices.speeds, "read", lambda: known)
    assert choices.share_of(1, {"light", "heavy", "new"}).needs_mb == 900.0
    assert choices.share_of(1).needs_mb == 2000.0
    engine, line = Choice(workers=1).made({"light"})
    assert isinstance(engine, Local)
    assert line.startswith("1 workers with ")


def test_who_only_looks_whether_a_ledger_is_claimed_refuses_nobody(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    held = threading.Event()

    def look() -> None:
        with _lock_of(path):
            held.set()
            time.sleep(0.2)

    thread = threading.Thread(target=look)
    thread.start()
    held.wait()
    with claimed(path), pytest.raises(Unavailable, match="Another batch works on"), claimed(path):
        pass
    thread.join()
