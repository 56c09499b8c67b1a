"""`audiopost batch` as scripts and people meet it: names, exit codes, streams, and what its parts are told."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audiopost.batch.choice import Choice, remember, remembered
from audiopost.batch.job import HIDDEN
from audiopost.batch.ledger import Ledger, default_path

PRESET = 'title = "Level"\nsummary = ""\nstages = ["loudness"]\n[loudness]\nspec = "podcast"\n'


class Place:
    """A folder with a series of short takes, and the command."""

    def __init__(self, folder: Path) -> None:
        self.source, self.out, self.preset = folder / "in", folder / "out", folder / "level.toml"
        (self.source / "season 1").mkdir(parents=True)
        self.preset.write_text(PRESET)
        self.environment = {**os.environ, "LC_ALL": "C", "XDG_CACHE_HOME": str(folder / "cache")}
        for number in (1, 2, 10):
            self.take(f"season 1/Show.S01E{number:02}.wav", number)

    def take(self, name: str, seed: int = 0) -> Path:
        path = self.source / name
        soundfile.write(path, np.random.default_rng(seed).standard_normal(24_000) * 0.05, 48_000)
        return path

    def __call__(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "audiopost", "batch", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", env=self.environment, check=False
        )

    def run(self, *more: str | Path) -> subprocess.CompletedProcess[str]:
        return self(self.source, "-p", self.preset, "-o", self.out, *more)

    def status(self) -> Any:
        told = self("status", self.out, "--json")
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.slow
def test_a_folder_is_done_once_and_tells_of_it(place: Place) -> None:
    first = place.run()
    assert first.returncode == 0, first.stderr
    assert first.stdout == ""
    assert "3 recordings: 3 new" in first.stderr
    made = sorted(path.name for path in (place.out / "season 1").glob("*.master.wav"))
    assert made == ["Show.S01E01.master.wav", "Show.S01E02.master.wav", "Show.S01E10.master.wav"]
    again = place.run()
    assert (again.returncode, "3 done already" in again.stderr) == (0, True)
    assert "begun" not in again.stderr
    place.take("season 1/Show.S01E02.wav", 99)
    third = place.run()
    assert "2 done already" in third.stderr
    assert "1 changed" in third.stderr
    assert third.stderr.count("begun") == 1
    assert not list(place.out.rglob("*.kept-*"))
    rows = list(csv.reader((place.out / "batch.csv").open(encoding="utf-8-sig")))
    assert len(rows) == 4
    assert "S01E10" in (place.out / "batch-report.html").read_text()
    assert not (place.out / HIDDEN / "locks").exists()


@pytest.mark.slow
def test_a_failure_is_code_3_and_retry_mends_it(place: Place) -> None:
    broken = place.source / "season 1" / "broken.wav"
    broken.write_bytes(b"no sound")
    run = place.run("--json")
    assert run.returncode == 3
    told = json.loads(run.stdout)
    assert told["counts"]["failed"] == 1
    assert "broken.wav" in json.dumps(told)
    left = place.run()
    assert left.returncode == 3
    assert "1 failed before" in left.stderr
    assert "begun" not in left.stderr
    place.take("season 1/broken.wav")
    retried = place("retry", place.out)
    assert retried.returncode == 0, retried.stderr
    assert "1 jobs are tried again" in retried.stderr
    assert place.status()["counts"]["done"] == 4
    log = next((place.out / HIDDEN / "logs").glob("*.jsonl"))
    assert all({"time", "job", "level", "text"} <= json.loads(line).keys() for line in log.read_text().splitlines())


@pytest.mark.slow
def test_retry_goes_by_the_engine_of_the_last_batch(place: Place, tmp_path: Path) -> None:
    (place.source / "season 1" / "broken.wav").write_bytes(b"no sound")
    told = tmp_path / "told.json"
    assert place.run("--workers", "1", "--job-timeout", "2h").returncode == 3
    as_before = place("retry", place.out, "--on-finish", f"cp /dev/stdin {told}")
    assert as_before.returncode == 3
    assert "1 workers with" in as_before.stderr
    assert json.loads(told.read_text())["state"] == "failed"
    with contextlib.closing(Ledger(default_path(place.out))) as ledger:
        assert remembered(ledger) == Choice(workers=1, timeout_s=7200.0)
        remember(ledger, Choice("ray", address="127.0.0.1:1"))
    away = place("retry", place.out)
    assert away.returncode == 1
    assert "on ray, as the last batch was; --engine takes another" in away.stderr
    here = place("retry", place.out, "--engine", "local", "--workers", "2")
    assert here.returncode == 3
    assert "2 workers with" in here.stderr
    assert "on ray" not in here.stderr


@pytest.mark.slow
def test_all_broken_is_code_1(place: Place, tmp_path: Path) -> None:
    only = tmp_path / "only"
    only.mkdir()
    (only / "a.wav").write_bytes(b"")
    run = place(only, "-p", place.preset, "-o", place.out)
    assert run.returncode == 1
    assert "0 bytes" in run.stderr


@pytest.mark.slow
def test_a_manifest_and_a_template_say_what_each_is(place: Place, tmp_path: Path) -> None:
    manifest = tmp_path / "jobs.csv"
    manifest.write_text(
        "source,show,season,episode,settings\n"
        "in/season 1/Show.S01E01.wav,春光,2,7,loudness.spec=ebu-r128\n"
        "in/season 1/Show.S01E02.wav,春光,2,8,\n"
    )
    run = place(
        "--manifest",
        manifest,
        "-p",
        place.preset,
        "-o",
        place.out,
        "--output-template",
        "{show}/S{season}E{episode}.{ext}",
    )
    assert run.returncode == 0, run.stderr
    seven = json.loads((place.out / "春光" / "S02E07.provenance.json").read_text())
    eight = json.loads((place.out / "春光" / "S02E08.provenance.json").read_text())
    specs = [
        next(step for step in each["steps"] if step["stage"] == "loudness")["options"]["spec"]
        for each in (seven, eight)
    ]
    assert specs == ["ebu-r128", "podcast"]


@pytest.mark.slow
def test_a_dry_run_writes_nothing_and_knows_the_speed_after_the_first(place: Place) -> None:
    before = place.run("--dry-run")
    assert before.returncode == 0
    assert "new      season 1/Show.S01E02" in before.stdout
    assert "not measured yet" in before.stdout
    assert not place.out.exists()
    assert place.run().returncode == 0
    place.take("more.wav")
    after = json.loads(place.run("--dry-run", "--json").stdout)
    assert [job["verdict"] for job in after["jobs"]].count("done") == 3
    assert after["estimate"]["jobs"] == 1
    assert after["estimate"]["seconds"] > 0
    assert after["estimate"]["disk_bytes"] > 0


@pytest.mark.slow
def test_what_is_not_to_be_done_is_passed_over(place: Place) -> None:
    (place.source / "season 1" / ".nosub").touch()
    place.take("trailer.wav")
    (place.source / "trailer.yue.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nx\n")
    place.take("feature.wav")
    run = place.run("--skip-subtitled", "yue")
    assert run.returncode == 0
    assert "4 passed over" in run.stderr
    assert {path.name for path in place.out.glob("*.master.wav")} == {"feature.master.wav"}


@pytest.mark.slow
def test_others_hear_of_every_end_and_logs_can_be_json(place: Place, tmp_path: Path) -> None:
    script = tmp_path / "told.py"
    script.write_text("import sys\nopen(sys.argv[1], 'a').write(sys.stdin.read() + '\\n')\n")
    told = tmp_path / "told.jsonl"
    run = place.run("--on-finish", f"{sys.executable} {script} {told}", "--log-format", "json", "--workers", "1")
    assert run.returncode == 0
    assert sorted(json.loads(line)["name"][-3:] for line in told.read_text().splitlines()) == ["E01", "E02", "E10"]
    events = [json.loads(line) for line in run.stderr.splitlines()]
    assert [each["event"] for each in events].count("done") == 3
    assert events[-1]["event"] == "ended"


@pytest.mark.slow
def test_cancel_and_report_work_when_nothing_runs(place: Place) -> None:
    place.run()
    (place.out / "batch-report.html").unlink()
    report = place("report", place.out)
    assert report.returncode == 0
    assert (place.out / "batch-report.html").exists()
    assert "0 jobs are cancelled" in place("cancel", place.out).stderr
    shown = place("status", place.out)
    assert "3 done" in shown.stdout
    assert "\x1b" not in shown.stdout


@pytest.mark.slow
def test_two_batches_may_deliver_to_one_place_and_a_second_on_one_ledger_is_refused(
    place: Place, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    place.take("../other/Other.S01E01.wav", 5)
    command = [
        sys.executable,
        "-m",
        "audiopost",
        "batch",
        "-p",
        str(place.preset),
        "-o",
        str(place.out),
        "--workers",
        "1",
    ]
    both = [
        subprocess.Popen(
            [*command, str(source), "--ledger", str(tmp_path / f"{source.name}.sqlite")], env=place.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )
        for source in (place.source, other)
    ]  # fmt: skip
    while not (tmp_path / "other.sqlite.driver").exists():
        assert both[1].poll() is None, both[1].communicate()
    refused = place(other, "-p", place.preset, "-o", place.out, "--ledger", tmp_path / "other.sqlite")
    ends = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    assert {path.name for path in place.out.rglob("*.master.wav")} == {
        "Show.S01E01.master.wav", "Show.S01E02.master.wav", "Show.S01E10.master.wav", "Other.S01E01.master.wav",
    }  # fmt: skip
    assert refused.returncode in (0, 1)  # the first may have ended before it was asked
    assert refused.returncode == 0 or "Another batch works on" in refused.stderr
    assert not list(place.out.rglob(".part-*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-p", "podcast", "-o", "out"], "Nothing is named"),
        (["nowhere", "-p", "podcast", "-o", "out"], "nowhere"),
        ([".", "-p", "no such preset", "-o", "out"], "There is no preset"),
        ([".", "-p", "podcast", "-o", "s3://bucket/out"], "--ledger"),
        ([".", "-p", "podcast", "-o", "out", "--workers", "0"], "--workers"),
        ([".", "-p", "podcast", "-o", "out", "--engine", "dask"], "local, ray"),
        ([".", "-p", "podcast", "-o", "out", "--log-format", "xml"], "text, json"),
        ([".", "-p", "podcast", "-o", "out", "--job-timeout", "soon"], "For example 6h"),
        ([".", "-p", "podcast", "-o", "out", "--webhook", "file:///x"], "webhook"),
        ([".", "-p", "podcast", "-o", "out", "--set", "loudness.spec=no-such-spec"], "no-such-spec"),
        (["status", "nowhere"], "There is no batch ledger"),
        (["retry", "nowhere"], "There is no batch ledger"),
    ],
)
def test_wrong_use_is_one_message_and_writes_nothing(place: Place, arguments: list[str], said: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "audiopost", "batch", *arguments], capture_output=True, text=True, encoding="utf-8",
        cwd=place.source, env=place.environment, check=False,
    )  # fmt: skip
    assert run.returncode in (1, 2)
    assert said in run.stderr
    assert "Traceback" not in run.stderr
    assert not list(place.source.rglob("*.sqlite"))
