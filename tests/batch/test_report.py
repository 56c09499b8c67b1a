"""The report of a batch: sums that can be recomputed by hand, a page that is complete and harmless, a table of all."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import logging
import os
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.batch import ledger as ledger_module
from audiopost.batch import report
from audiopost.batch.job import HIDDEN, Order, Outcome, Output
from audiopost.batch.job_logs import JobLogs
from audiopost.batch.ledger import Ledger
from audiopost.batch.report import COLUMNS, write_csv, write_html
from audiopost.batch.summary import _covered, row, rows, summarise

T = 1_760_000_000.0
HOSTILE = '</style><script>alert(1)</script><img src="http://x.example/a.png" onerror="alert(2)">{{ 7 * 7 }}'


class Book:
    """A ledger, its logs, and a clock that the test sets."""

    def __init__(self, folder: Path, monkeypatch) -> None:
        self.out = folder / "out"
        self.out.mkdir()
        self.now = T
        monkeypatch.setattr(ledger_module.time, "time", lambda: self.now)
        self.ledger = Ledger(self.out / HIDDEN / "ledger.sqlite", make=True)
        self.logs = JobLogs(self.out / HIDDEN / "logs")

    def place(self, name, **changes):
        values = {"source": f"/rushes/{name}.mov", "out": str(self.out), "preset": "", "preset_name": "subtitles-en"}
        return self.ledger.place(Order(name=name, **{**values, **changes}))

    def begin(self, job, at, worker="worker 1"):
        self.now = T + at
        self.ledger.begin(job, worker)

    def done(self, name, begin, end, media_s, seconds, *, kinds=("report", "subtitles_srt"), place=None, **outcome):
        job = self.place(name, **(place or {}))
        self.begin(job, begin)
        self.now = T + end
        outputs = tuple(Output(kind, f"{name}.{kind}", 100, "ab") for kind in kinds)
        self.ledger.finish(job, Outcome(media_s=media_s, seconds=seconds, outputs=outputs, **outcome))
        return job

    def failed(self, name, begin, end, reason, error="UnreadableMedia", **place):
        job = self.place(name, **place)
        self.begin(job, begin)
        self.logs.add(self.ledger.get(job), logging.INFO, "attempt 1 by worker 1")
        self.logs.add(self.ledger.get(job), logging.ERROR, reason)
        self.now = T + end
        self.ledger.finish(job, Outcome(error, reason), "failed")
        return job

    def page(self, path=None):
        path = path or self.out / "batch.html"
        return Page(write_html(self.ledger, self.logs, path, now=self.now).read_text(encoding="utf-8"))


class Page(HTMLParser):
    """A page's tags, links, attributes that run something, text, and text by section."""

    def __init__(self, source):
        super().__init__()
        self.source, self.tags, self.links, self.handlers = source, [], [], []
        self._told: dict[str, list[str]] = {}
        self._section = ""
        self.feed(source)
        self.sections = {name: "".join(told) for name, told in self._told.items()}
        self.text = "".join(self.sections.values())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        given = dict(attrs)
        self.links += [value for name, value in attrs if name in ("src", "href")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag == "section":
            self._section = given.get("id", "")

    def handle_data(self, data):
        self._told.setdefault(self._section, []).append(data)


@pytest.fixture
def book(tmp_path, monkeypatch):
    book = Book(tmp_path, monkeypatch)
    yield book
    book.ledger.close()


@pytest.fixture
def mixed(book):
    """Two done, one failed, one quarantined at its second attempt, one running, two waiting, one skipped."""
    book.done(
        "s1/a", 0, 60, 600.0, {"decode": 6.0, "transcribe": 30.0, "deliver": 3.0}, peak_mb=900.0,
        figures={"captions": 90, "issues": 2, "unsure": 7, "findings": 0, "lufs": -22.96, "verdict": "FAIL",
                 "spec": "ebu-r128"},
        warnings=("transcribe: a draft, small model",), backends={"transcribe": "whisper"}, content="c0",
    )  # fmt: skip
    book.done("s1/b", 30, 90, 300.0, {"decode": 3.0, "transcribe": 45.0}, figures={"captions": 40, "issues": 0})
    book.failed("s1/c", 60, 70, "s1/c.mov is empty.", "EmptyMedia")
    crashing = book.place("s1/d")
    book.begin(crashing, 100)
    book.now = T + 120
    book.ledger.again(crashing, "crash", "signal 11", crash=True)
    book.begin(crashing, 200, "worker 2")
    book.now = T + 230
    book.ledger.finish(crashing, Outcome("StageError", "It brought its worker down twice."), "quarantined",
                       ending="crash")  # fmt: skip
    running = book.place("s1/e")
    book.begin(running, 220)
    book.ledger.move(running, "transcribe", 0.5)
    for name in ("s1/f", "s1/g"):
        book.place(name)
    book.ledger.place(Order("/rushes/h.mov", str(book.out), "s1/h", ""), state="skipped", reason="h.nosub lies there.")
    book.now = T + 260
    return book


# --- sums


def test_the_sums_are_those_of_the_jobs(mixed):
    sums = summarise(mixed.ledger, now=T + 260)
    assert {state: count for state, count in sums.counts.items() if count} == {
        "waiting": 2, "running": 1, "done": 2, "failed": 1, "quarantined": 1, "skipped": 1,
    }  # fmt: skip
    assert (sums.total, sums.media_s, sums.noted) == (8, 900.0, 1)
    assert (sums.begun, sums.ended, sums.wall_s) == (T, T + 260, 260.0)
    assert sums.busy_s == 90 + 20 + 60  # 0 to 90, 100 to 120, 200 to 260
    assert sums.compute_s == 60 + 60 + 10 + 20 + 30 + 40
    assert sums.lost_s == 10 + 20 + 30
    assert sums.speed == pytest.approx(900 / 170)
    assert (sums.outputs, sums.output_bytes) == (4, 400)
    assert [(s.name, s.jobs, s.seconds, s.media_s) for s in sums.stages] == [
        ("decode", 2, 9.0, 900.0), ("transcribe", 2, 75.0, 900.0), ("deliver", 1, 3.0, 600.0),
    ]  # fmt: skip
    assert [s.rtf for s in sums.stages] == [pytest.approx(0.01), pytest.approx(75 / 900), pytest.approx(0.005)]
    assert [(each.name, each.seconds) for each in sums.slowest] == [("s1/a", 60.0), ("s1/b", 60.0)]


def test_a_job_that_went_on_tells_the_time_of_all_attempts_and_measures_no_stage(book):
    book.done("whole", 0, 40, 100.0, {"decode": 5.0, "transcribe": 30.0})
    cut = book.place("cut")
    book.begin(cut, 50)
    book.ledger.alive()
    book.now = T + 80
    book.ledger.again(cut, "killed", "signal 9")
    book.begin(cut, 100)
    book.now = T + 112
    book.ledger.finish(cut, Outcome(media_s=100.0, seconds={"decode": 5.0, "loudness": 4.0}, resumed=True))
    sums = summarise(book.ledger)
    whole, went_on = rows(book.ledger)
    assert (went_on.seconds, went_on.rtf, went_on.resumed) == (42.0, pytest.approx(0.42), True)
    assert (whole.seconds, whole.resumed) == (40.0, False)
    assert [(s.name, s.jobs, s.seconds, s.media_s) for s in sums.stages] == [
        ("decode", 1, 5.0, 100.0), ("transcribe", 1, 30.0, 100.0),
    ]  # fmt: skip
    assert [each.name for each in sums.slowest] == ["cut", "whole"]


def test_what_is_left_takes_the_mean_where_lengths_are_unknown(mixed):
    # 2.5 jobs of 450 s are left; 900 s and half a job of 450 s took 170 s.
    sums = summarise(mixed.ledger, now=T + 260)
    assert sums.left_s == pytest.approx(2.5 * 450 * 170 / (900 + 225))
    waiting = {each.name: each.id for each in rows(mixed.ledger, "waiting")}
    told = summarise(mixed.ledger, lengths={waiting["s1/f"]: 4500.0}, now=T + 260)
    assert told.left_s == pytest.approx((4500 + 1.5 * 450) * 170 / (900 + 225))


def test_what_was_cut_off_counts_until_the_last_that_is_known(mixed):
    sums = summarise(mixed.ledger, now=T + 9_999_999, live=False)
    assert sums.ended == T + 230
    assert sums.busy_s == 90 + 20 + 30


def test_nothing_is_left_of_a_batch_that_is_over_and_nothing_known_of_one_that_is_not_begun(book):
    assert summarise(book.ledger).left_s == 0.0
    book.place("a")
    sums = summarise(book.ledger)
    assert (sums.left_s, sums.speed, sums.begun, sums.wall_s, sums.slowest) == (None, None, None, 0.0, ())


def test_a_row_says_none_where_nothing_is_known(book):
    book.place("a")
    (waiting,) = rows(book.ledger)
    for name in ("begun", "ended", "media_s", "seconds", "rtf", "peak_mb", "captions", "lufs", "findings"):
        assert getattr(waiting, name) is None
    strange = book.done("b", 0, 1, 0.0, {}, figures={"lufs": float("nan"), "captions": True, "issues": "x"})
    made = row(book.ledger.get(strange))
    assert (made.lufs, made.captions, made.caption_issues, made.rtf) == (None, None, None, None)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=12))
def test_time_covered_is_counted_once(pairs):
    spans = sorted((float(begin), float(begin + length)) for begin, length in pairs)
    seconds = {second for begin, end in spans for second in range(int(begin), int(end))}
    assert _covered(spans) == len(seconds)


# --- the table


def test_the_table_holds_every_job_and_column(mixed):
    path = write_csv(mixed.ledger, mixed.out / "batch.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    found = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert tuple(found[0]) == COLUMNS
    assert [each["name"] for each in found] == [f"s1/{letter}" for letter in "abcdefgh"]
    first = {name: value for name, value in found[0].items() if value}
    assert first == {
        "id": "1", "name": "s1/a", "source": "/rushes/s1/a.mov", "state": "done", "preset": "subtitles-en",
        "attempts": "1", "crashes": "0", "losses": "0", "added": "2025-10-09T08:53:20+00:00",
        "begun": "2025-10-09T08:53:20+00:00", "ended": "2025-10-09T08:54:20+00:00", "media_s": "600.0",
        "seconds": "60.0", "rtf": "0.1", "peak_mb": "900.0", "captions": "90", "caption_issues": "2", "unsure": "7",
        "findings": "0", "lufs": "-22.96", "spec": "ebu-r128", "verdict": "FAIL",
        "warnings": "transcribe: a draft, small model", "outputs": "2", "output_bytes": "200", "out": str(mixed.out),
        "backends": "transcribe=whisper", "stage_seconds": "decode=6.000; transcribe=30.000; deliver=3.000",
        "content_sha256": "c0",
    }  # fmt: skip
    assert (found[3]["state"], found[3]["attempts"], found[3]["crashes"]) == ("quarantined", "2", "1")
    assert found[7]["reason"] == "h.nosub lies there."


def test_the_table_defuses_formulas(book):
    book.failed("=cmd()", 0, 1, '@SUM(1), "x"\nand more')
    (found,) = csv.DictReader(io.StringIO(write_csv(book.ledger, book.out / "b.csv").read_text(encoding="utf-8-sig")))
    assert (found["name"], found["reason"]) == ("'=cmd()", '\'@SUM(1), "x"\nand more')


# --- the page


def test_what_failed_comes_first_with_reason_attempts_and_log(mixed):
    page = mixed.page()
    assert list(page.sections) == ["", "bad", "hand", "done", "rest", "speed"]
    bad = page.sections["bad"]
    assert bad.index("s1/d") < bad.index("s1/c")  # what crashed needs a person most
    for words in (
        "Failed: 2", "1 × quarantined", "1 × EmptyMedia", "s1/c.mov is empty.", "It brought its worker down twice.",
        "signal 11", "2025-10-09 08:55:00", "2025-10-09 08:56:40", "worker 2", "attempt 1 by worker 1",
    ):  # fmt: skip
        assert words in bad
    assert "s1/a" not in bad
    assert "0:20" in bad  # how long the first attempt lasted
    assert "signal 11" not in page.sections["done"]


def test_done_jobs_show_their_figures_and_what_to_look_at(mixed):
    page = mixed.page()
    done = page.sections["done"]
    for words in (
        "Done: 2", "s1/a", "10:00", "1:00", "0.10", "−23.0", "transcribe: a draft, small model",
        "subtitles: 2 issues against the style guide", "loudness: FAIL against ebu-r128", "900.0 MB", "Unsure",
    ):  # fmt: skip
        assert words in done
    assert "Cues" not in done  # nobody has any
    assert "h.nosub lies there." in page.sections["rest"]
    assert "No batch works on these" in page.sections["hand"]  # no driver holds this ledger
    assert "0.083" in page.sections["speed"]
    assert "6.4 ×" in page.sections[""]  # 900 s of sound; what was cut off counts until 230 s, less two gaps


def test_links_are_relative_to_the_page_and_encoded(book, tmp_path):
    name = "season 1/#1: 100% <a> 海"
    book.done(name, 0, 1, 60.0, {"decode": 1.0}, kinds=("subtitles_srt", "report"))
    target = book.out / f"{name}.report"
    target.parent.mkdir()
    target.write_text("x", encoding="utf-8")
    for folder in (book.out, tmp_path / "else where"):
        folder.mkdir(exist_ok=True)
        links = [link for link in book.page(folder / "batch.html").links if not link.startswith("#")]
        assert len(links) == 2
        assert all(re.fullmatch(r"[A-Za-z0-9_.~/%-]+", link) for link in links)
        found = Path(os.path.normpath(folder / os.fsdecode(unquote_to_bytes(links[0]))))
        assert found == target  # the report first
        assert not links[0].startswith("/")


def test_results_elsewhere_are_named_but_not_linked(book):
    book.done("s1/a", 0, 1, 60.0, {}, place={"out": "s3://bucket/results"})
    page = book.page()
    assert "s3://bucket/results/s1/a" in page.text
    assert all(link.startswith("#") for link in page.links)


def test_many_results_are_counted(book):
    book.done("a", 0, 1, 60.0, {}, kinds=tuple(f"stem_{n:02d}" for n in range(11)))
    page = book.page()
    assert sum(not link.startswith("#") for link in page.links) == 8
    assert "and 3 more" in page.text


def test_nothing_of_a_file_or_a_message_becomes_markup(book):
    book.done(
        HOSTILE, 0, 1, 60.0, {HOSTILE: 1.0}, kinds=(HOSTILE,), warnings=(HOSTILE,), place={"preset_name": HOSTILE},
        figures={"verdict": HOSTILE, "spec": HOSTILE},
    )  # fmt: skip
    book.failed(f"bad {HOSTILE}", 2, 3, HOSTILE, HOSTILE, source=HOSTILE, out=f"s3://{HOSTILE}")
    running = book.place(f"running {HOSTILE}")
    book.begin(running, 4, HOSTILE)
    book.ledger.move(running, HOSTILE, 0.5)
    book.ledger.note("paused", HOSTILE)
    page = book.page()
    assert page.tags.count("script") == 1
    assert page.tags.count("style") == 1
    assert "img" not in page.tags
    assert page.handlers == []
    assert "{{ 7 * 7 }}" in page.text
    assert page.text.count("alert(1)") >= 12
    assert not any(link.startswith(("http", "//", "javascript")) for link in page.links)


def test_the_page_asks_for_nothing_and_runs_only_its_own_script(mixed):
    page = mixed.page()
    (script,) = re.findall(r"<script>(.*?)</script>", page.source, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page.source)
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy.replace("&#43;", "+")
    assert not re.search(r"https?://|url\(|@import", page.source)
    assert "prefers-color-scheme: dark" in page.source
    assert "@media print" in page.source


def test_an_empty_batch_and_one_that_waits_have_a_page(book):
    assert "No jobs" in book.page().text
    book.place("a")
    page = book.page()
    assert "not known yet" in page.text
    assert "Not done: 1" in page.sections["rest"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names here are Unicode")
def test_folders_whose_names_are_no_text_are_linked_by_their_bytes(book, tmp_path):
    folder = os.fsdecode(b"caf\xe9")
    book.done("a", 0, 1, 60.0, {}, kinds=("report",), place={"out": str(tmp_path / folder)})
    assert "caf%E9/a.report" in book.page(tmp_path / "batch.html").links
    (found,) = csv.DictReader(io.StringIO(write_csv(book.ledger, tmp_path / "b.csv").read_text(encoding="utf-8-sig")))
    assert found["out"].endswith("caf\\udce9")


@pytest.mark.slow
def test_a_thousand_jobs_stay_below_three_megabytes(book):
    show = "山海之間的那些年那些事與那些人們的故事"
    kinds = ("report", "film", "project", "provenance", "rttm", "subtitles_srt", "subtitles_vtt")
    with book.ledger.writing():
        for number in range(1000):
            name = f"{show}/第{number:04d}集"
            if number % 4 == 0:
                book.failed(name, number, number + 1, f"{name}.mov is broken. " + "x" * 5000)
            else:
                book.done(name, number, number + 1, 60.0, {"decode": 1.0}, kinds=kinds, warnings=("w" * 1000,) * 9)
    page = book.page()
    assert len(page.source.encode()) < 3_000_000
    assert page.tags.count("article") == report.MOST_CARDS
    assert f"{show}/第0996集" in page.sections["bad"]  # beyond the cards: in one line
    assert "and 5 more, in its report" in page.sections["done"]
    assert f"{show}/第0999集" in page.sections["done"]


def test_with_more_than_the_page_holds_those_with_notes_stay(book, monkeypatch):
    monkeypatch.setattr(report, "MOST_DONE", 3)
    for number in range(6):
        warned = ("look",) if number >= 4 else ()
        book.done(f"job{number}", number, number + 1, 60.0, {}, warnings=warned)
    done = book.page().sections["done"]
    assert [number for number in range(6) if f"job{number}" in done] == [0, 4, 5]
    assert "And 3 more without notes" in done


@pytest.mark.browser
@pytest.mark.slow
def test_the_table_sorts_and_filters_in_a_browser(mixed):
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("Chromium is not on this machine")
    path = write_html(mixed.ledger, mixed.logs, mixed.out / "batch.html")
    with sync_api.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": 1280, "height": 900})
        trouble: list[str] = []
        view.on("console", lambda message: trouble.append(message.text))
        view.on("pageerror", lambda error: trouble.append(str(error)))
        view.on("request", lambda request: request.url == path.as_uri() or trouble.append(request.url))
        view.goto(path.as_uri())

        def names():
            return view.locator(".jobs tbody tr:visible td:first-child b").all_inner_texts()

        assert names() == ["s1/a", "s1/b"]
        view.click("th:has-text('Length') button")  # the longest first
        assert names() == ["s1/a", "s1/b"]
        view.click("th:has-text('Length') button")
        assert names() == ["s1/b", "s1/a"]
        view.fill("input[type=search]", "DRAFT")
        assert names() == ["s1/a"]
        assert view.inner_text("output") == "1 of 2"
        view.fill("input[type=search]", "")
        view.check("input[type=checkbox]")
        assert names() == ["s1/a"]
        assert view.evaluate("document.documentElement.scrollWidth") <= 1280
        assert trouble == []
        browser.close()
