"""How far a batch is: the same for scripts and for a terminal, which is never written beyond or into."""

from __future__ import annotations

import io
import json

import pytest
from rich.cells import cell_len
from rich.console import Console

from audiopost.batch import ledger as ledger_module
from audiopost.batch.claim import claimed
from audiopost.batch.job import HIDDEN, Order, Outcome
from audiopost.batch.job_logs import JobLogs
from audiopost.batch.ledger import Ledger
from audiopost.batch.status import MOST_ENDED, MOST_FAILURES, MOST_IN_HAND, Live, _shortened, as_json, table

T = 1_760_000_000.0


@pytest.fixture
def clock(monkeypatch):
    """Sets what the ledger takes for now, in seconds after T."""
    now = [T]
    monkeypatch.setattr(ledger_module.time, "time", lambda: now[0])

    def at(seconds):
        now[0] = T + seconds

    return at


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(tmp_path / HIDDEN / "ledger.sqlite", make=True)
    yield made
    made.close()


@pytest.fixture
def logs(tmp_path):
    return JobLogs(tmp_path / HIDDEN / "logs")


def place(ledger, name):
    return ledger.place(Order(f"/rushes/{name}.mov", "/results", name, "", "subtitles-en"))


def finish(ledger, clock, name, begin, end, outcome, state="done"):
    job = place(ledger, name)
    clock(begin)
    ledger.begin(job, "worker 1")
    clock(end)
    ledger.finish(job, outcome, state)
    return job


@pytest.fixture
def mixed(ledger, clock):
    """Two done, one failed, one quarantined, one in hand, two waiting."""
    finish(ledger, clock, "season 1/episode 1", 0, 60, Outcome(media_s=600.0, seconds={"transcribe": 54.0}))
    finish(ledger, clock, "season 1/episode 2", 60, 100, Outcome(media_s=600.0, seconds={"transcribe": 36.0},
                                                                  warnings=("a draft",)))  # fmt: skip
    finish(ledger, clock, "season 1/episode 3", 100, 102,
           Outcome("EmptyMedia", "/rushes/season 1/episode 3.mov is empty. Copy it again."), "failed")  # fmt: skip
    finish(ledger, clock, "season 1/episode 4", 102, 120,
           Outcome("StageError", "It brought its worker down twice."), "quarantined")  # fmt: skip
    running = place(ledger, "season 1/episode 5")
    clock(120)
    ledger.begin(running, "worker 2")
    ledger.move(running, "transcribe", 0.25)
    for number in (6, 7):
        place(ledger, f"season 1/episode {number}")
    return ledger


def printed(ledger, width=80, now=T + 200):
    out = io.StringIO()
    Console(file=out, width=width, color_system=None, legacy_windows=False).print(table(ledger, now=now))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_json_tells_counts_progress_and_reasons(mixed, logs):
    mixed.note("paused", "No room for /results: 1.0 MB are free.")
    with claimed(mixed.path):
        told = as_json(mixed, logs, now=T + 200)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["counts"] == {
        "waiting": 2, "running": 1, "done": 2, "failed": 1, "quarantined": 1, "cancelled": 0, "skipped": 0,
    }  # fmt: skip
    assert (told["jobs"], told["driver"]) == (7, True)
    assert told["paused"] == "No room for /results: 1.0 MB are free."
    assert told["running"] == [
        {
            "id": 5, "name": "season 1/episode 5", "source": "/rushes/season 1/episode 5.mov", "worker": "worker 2",
            "attempt": 1, "stage": "transcribe", "share": 0.25, "seconds": 80.0,
        }
    ]  # fmt: skip
    assert told["failures"] == [
        {
            "id": 3, "name": "season 1/episode 3", "source": "/rushes/season 1/episode 3.mov", "state": "failed",
            "error": "EmptyMedia", "reason": "/rushes/season 1/episode 3.mov is empty. Copy it again.",
            "attempts": 1, "crashes": 0, "log": str(logs.path(3)),
        },
        {
            "id": 4, "name": "season 1/episode 4", "source": "/rushes/season 1/episode 4.mov",
            "state": "quarantined", "error": "StageError", "reason": "It brought its worker down twice.",
            "attempts": 1, "crashes": 0, "log": str(logs.path(4)),
        },
    ]  # fmt: skip
    sums = told["summary"]
    assert (sums["media_s"], sums["wall_s"], sums["busy_s"], sums["noted"]) == (1200.0, 200.0, 200.0, 1)
    assert (sums["speed"], sums["began"], sums["ended"]) == (6.0, T, T + 200)
    assert sums["left_s"] == pytest.approx(2.75 * 600 * 200 / 1350, abs=1e-3)
    assert sums["stages"] == [
        {"stage": "transcribe", "jobs": 2, "seconds": 90.0, "media_s": 1200.0, "rtf": 0.075},
    ]  # fmt: skip
    assert [each["name"] for each in sums["slowest"]] == ["season 1/episode 1", "season 1/episode 2"]


def test_without_a_driver_what_is_in_hand_was_cut_off(mixed, logs):
    told = as_json(mixed, logs, now=T + 9999)
    assert told["driver"] is False
    assert told["paused"] is None
    assert told["running"][0]["seconds"] is None
    assert told["summary"]["wall_s"] == 120.0
    assert any(line.startswith("Cut off") for line in printed(mixed))


def test_the_table_is_this(mixed):
    with claimed(mixed.path):
        lines = printed(mixed)
    assert lines == [
        "7 jobs: 2 waiting, 1 running, 2 done, 1 failed, 1 quarantined",
        "20:00 of sound in 3:20, 6.0 times real time; about 4:04 left; 1 to look at",
        "",
        "In hand",
        "━━━╸            25 % transcribe     1:20 season 1/episode 5",
        "",
        "Ended last",
        "quarantined     0:18         season 1/episode 4",
        "failed          0:02         season 1/episode 3",
        "done            0:40  0.07 × season 1/episode 2",
        "done            1:00  0.10 × season 1/episode 1",
        "",
        "Failed (2)",
        "failed      season 1/episode 3",
        "  /rushes/season 1/episode 3.mov is empty. Copy it again.",
        "quarantined season 1/episode 4",
        "  It brought its worker down twice.",
    ]


def test_a_pause_is_told(mixed):
    mixed.note("paused", "No room [bold]here[/bold].")
    assert "Paused: No room [bold]here[/bold]." in printed(mixed)


def test_an_empty_batch_is_one_line(ledger, logs):
    assert printed(ledger) == ["No jobs."]
    assert as_json(ledger, logs)["summary"]["left_s"] == 0.0


@pytest.mark.parametrize("width", [40, 60, 80, 132])
def test_nothing_is_wider_than_the_terminal(ledger, clock, width):
    long = "山海之間/" + "a very long name of a season " * 6 + "/episode"
    for number in range(30):
        finish(ledger, clock, f"{long} {number}", number, number + 1, Outcome(media_s=9e5, seconds={"deliver": 9e5}))
        finish(ledger, clock, f"bad {long} {number}", number, number + 1, Outcome("X", "no room " * 99), "failed")
        running = place(ledger, f"running {long} {number}")
        ledger.begin(running, "w")
        ledger.move(running, "a stage of a plug-in with a long name", 0.5)
    lines = printed(ledger, width, now=T + 1e6)
    assert max(map(cell_len, lines)) <= width
    assert sum(line.startswith(("done ", "failed ")) for line in lines) == MOST_ENDED + MOST_FAILURES
    assert sum("━" in line for line in lines) == MOST_IN_HAND
    assert f"and {30 - MOST_FAILURES} before these, in the report" in " ".join(" ".join(lines).split())
    # Names are cut in the middle: their ends tell episodes apart.
    assert any(line.endswith("29") for line in lines if line.startswith("done"))


def test_names_and_reasons_cannot_write_to_the_terminal(ledger, clock):
    evil = "\x1b[2J\x07[red]x[/red]\u202e\r\nnext"
    finish(ledger, clock, f"a{evil}", 0, 1, Outcome("X", f"because {evil}"), "failed")
    running = place(ledger, f"b{evil}")
    ledger.begin(running, "w")
    ledger.move(running, "\x1b]0;t\x07", 0.5)
    ledger.note("paused", evil)
    out = io.StringIO()
    Console(file=out, width=100, color_system=None).print(table(ledger))
    text = out.getvalue()
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(text)
    assert "[red]x[/red]" in text  # told, and no markup
    assert "\nnext" not in text


def test_a_live_table_is_made_anew_only_when_it_has_earned_it(monkeypatch):
    now, made = [100.0], []

    def slow(ledger):
        made.append(now[0])
        now[0] += 2.0
        return len(made)

    monkeypatch.setattr("audiopost.batch.status.table", slow)
    live = Live(None, share=0.1, clock=lambda: now[0])
    assert live() == 1
    now[0] += 19.0
    assert live() == 1
    now[0] += 2.0
    assert live() == 2


def test_names_are_cut_in_the_middle_by_cells():
    assert _shortened("episode 1", 9) == "episode 1"
    assert _shortened("season 1/episode 17", 11) == "seaso…de 17"
    for width in range(1, 12):
        assert cell_len(_shortened("山海之間山海之間", width)) <= width
