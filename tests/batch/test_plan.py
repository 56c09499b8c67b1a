"""What a call would do: new, changed, done, left, skipped; what decides a result; what it would take."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiopost import presets
from audiopost.batch.fingerprint import fingerprint
from audiopost.batch.job import Job, Order, Outcome, Output
from audiopost.batch.ledger import Ledger
from audiopost.batch.plan import Planner, estimate, order_text
from audiopost.batch.speeds import Speed
from audiopost.batch.watch import Watch
from audiopost.core.errors import UsageError
from audiopost.io.decode import file_sha256

Make = Callable[..., Order]


def placed(ledger: Ledger, order: Order) -> Job:
    planner = Planner(ledger)
    planner.place(planner.plan([order]))
    job = ledger.named(order.name)
    assert job is not None
    return job


def finished(ledger: Ledger, order: Order, state: str = "done") -> Job:
    job = placed(ledger, order)
    output = Path(order.out) / "a.srt"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("1")
    ledger.begin(job.id, "w")
    content = file_sha256(Path(order.source))
    outputs = (Output("srt", "a.srt", 1, "x"),)
    ledger.finish(job.id, Outcome(content=content, outputs=outputs), state)  # type: ignore[arg-type]
    return ledger.get(job.id)


def verdict(ledger: Ledger, order: Order, *, force: bool = False) -> str:
    return Planner(ledger, force=force).plan([order])[0].verdict


def test_what_is_done_is_not_done_again(ledger: Ledger, order: Make) -> None:
    asked = order("a")
    assert verdict(ledger, asked) == "new"
    assert placed(ledger, asked).state == "waiting"
    assert verdict(ledger, asked) == "waits"
    finished(ledger, asked)
    assert verdict(ledger, asked) == "done"
    assert verdict(ledger, asked, force=True) == "forced"


def test_a_recording_that_was_only_touched_is_done_and_a_changed_one_is_not(ledger: Ledger, order: Make) -> None:
    asked = order("a")
    finished(ledger, asked)
    os.utime(asked.source, (1, 1))
    planner = Planner(ledger)
    planned = planner.plan([asked])
    assert planned[0].verdict == "done"
    planner.place(planned)
    found = ledger.named("a")
    assert found is not None
    assert found.mtime_ns == 1_000_000_000  # the next call need not hash it again
    Path(asked.source).write_bytes(b"same sound")  # as long as before
    assert verdict(ledger, asked) == "changed"
    Path(asked.source).write_bytes(b"longer than before")
    assert verdict(ledger, asked) == "changed"


def test_a_watch_looks_at_the_content_of_a_touched_recording_once(
    ledger: Ledger, order: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = order("a")
    finished(ledger, asked)
    os.utime(asked.source, (1, 1))
    read = []
    monkeypatch.setattr("audiopost.batch.plan.file_sha256", lambda path: read.append(path) or file_sha256(path))
    watch = Watch(lambda: [asked], Planner(ledger))
    assert [watch(), watch(), watch()] == [(), (), ()]
    assert len(read) == 1


def test_rules_are_not_asked_of_what_is_done(ledger: Ledger, order: Make) -> None:
    done, new = order("done"), order("new")
    finished(ledger, done)
    asked: list[str] = []
    planner = Planner(ledger, skip=lambda order: asked.append(order.name) or "")
    assert [each.verdict for each in planner.plan([done, new])] == ["done", "new"]
    assert asked == ["new"]


def test_another_preset_option_or_version_is_done_again(
    ledger: Ledger, order: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = order("a")
    finished(ledger, asked)
    other = replace(asked, preset=asked.preset + '[loudness]\nspec = "podcast"\n')
    assert verdict(ledger, other) == "changed"
    assert verdict(ledger, replace(asked, fps="24")) == "changed"
    assert verdict(ledger, replace(asked, preset=asked.preset.replace("Loudness", "Renamed"))) == "done"
    assert verdict(ledger, replace(asked, title="only told")) == "done"
    monkeypatch.setattr("audiopost.batch.fingerprint.__version__", "99")
    assert verdict(ledger, asked) == "changed"


def test_failures_are_left_until_somebody_asks(ledger: Ledger, order: Make) -> None:
    asked = order("a")
    job = finished(ledger, asked, "failed")
    assert verdict(ledger, asked) == "left"
    assert ledger.reset(job.id)
    assert verdict(ledger, asked) == "waits"


def test_results_that_are_gone_are_made_again_but_not_for_one_that_was_thrown_away(ledger: Ledger, order: Make) -> None:
    asked = order("a")
    job = finished(ledger, asked)
    two = (*job.outcome.outputs, Output("vtt", "a.vtt", 1, "y"))
    ledger.finish(job.id, replace(job.outcome, outputs=two))
    assert verdict(ledger, asked) == "done"
    (Path(asked.out) / "a.srt").unlink()
    assert verdict(ledger, asked) == "gone"


def test_what_is_passed_over_says_why_and_is_taken_later(ledger: Ledger, order: Make) -> None:
    asked = order("a")
    passing = Planner(ledger, skip=lambda each: "there is a .nosub")
    passing.place(passing.plan([asked]))
    job = ledger.named("a")
    assert job is not None
    assert (job.state, job.outcome.reason) == ("skipped", "there is a .nosub")
    assert verdict(ledger, asked) == "new"


def test_a_recording_in_hand_is_left_alone_even_by_force(ledger: Ledger, order: Make) -> None:
    job = placed(ledger, order("a"))
    ledger.begin(job.id, "w")
    assert verdict(ledger, order("a"), force=True) == "waits"


def test_a_file_that_an_option_names_decides_by_its_content(order: Make, tmp_path: Path) -> None:
    glossary = tmp_path / "terms.txt"
    glossary.write_text("Lantau")
    preset = presets.load("subtitles-en").changed((f"transcribe.glossary={glossary}", "transcribe.backend=embedded"))
    before = fingerprint(preset, order("a"))
    assert before == fingerprint(preset, order("b"))
    glossary.write_text("Lantau\nLamma")
    assert fingerprint(preset, order("a")) != before


def test_a_model_decides_by_its_content(order: Make, tiny_whisper: Callable[..., Path], tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    other = tmp_path / "model"
    shutil.copytree(tiny_whisper("Hello there.", language="en"), other)
    preset = presets.load("subtitles-en").changed((f"transcribe.model={other}", "transcribe.backend=faster-whisper"))
    before = fingerprint(preset, order("a"))
    with (other / "model.bin").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x01")
    assert fingerprint(preset, order("a")) != before


def test_files_of_options_get_whole_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "terms.txt").write_text("Lantau")
    text = order_text(presets.load("subtitles-en").changed(("transcribe.glossary=terms.txt",)))
    assert str(tmp_path / "terms.txt") in text
    assert presets.parse("x", text).options["transcribe"].glossary == str(tmp_path / "terms.txt")


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_comes_back_from_its_text(name: str) -> None:
    preset = presets.load(name)
    assert presets.parse(name, presets.text_of(preset)) == preset


def test_an_option_that_is_taken_back_to_none_comes_back_so() -> None:
    preset = presets.load("subtitles-yue").changed(("transcribe.language=none",))
    assert presets.parse(preset.name, presets.text_of(preset)).options["transcribe"].language is None


def test_a_wrong_preset_is_said_before_anything(ledger: Ledger, order: Make) -> None:
    with pytest.raises(UsageError):
        Planner(ledger).plan([replace(order("a"), preset='stages = ["no such"]')])


def test_the_estimate_goes_by_what_was_measured(ledger: Ledger, order: Make, tmp_path: Path) -> None:
    asked = order("a")
    soundfile.write(asked.source, np.zeros(48_000 * 10), 48_000)
    broken = order("b")
    planned = Planner(ledger).plan([asked, broken])
    unmeasured = estimate(planned, {}, 2, asked.out)
    assert (unmeasured.jobs, unmeasured.unknown, unmeasured.seconds, unmeasured.disk_bytes) == (2, 1, None, None)
    assert unmeasured.media_s == pytest.approx(10.0)
    speeds = {"preset": Speed(jobs=3, media_s=100.0, compute_s=50.0, output_bytes=1000)}
    found = estimate(planned, speeds, 2, asked.out)
    assert found.seconds == pytest.approx(10 * 0.5 / 2)
    assert found.disk_bytes == pytest.approx(100.0)
    assert found.free_bytes is not None
    assert found.free_bytes > 0


def test_watching_takes_a_recording_once_it_has_stopped_growing(ledger: Ledger, order: Make) -> None:
    now, orders = [0.0], [order("a")]
    watch = Watch(lambda: orders, Planner(ledger), settle_s=10.0, clock=lambda: now[0])
    assert watch() == ()
    now[0] = 9.0
    Path(orders[0].source).write_bytes(b"it has grown by a good deal")
    assert watch() == ()
    now[0] = 18.0
    assert watch() == ()
    now[0] = 19.0
    assert [each.order.name for each in watch()] == ["a"]
    now[0] = 40.0
    assert watch() == ()
    assert len(list(ledger.jobs())) == 1
