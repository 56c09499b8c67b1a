"""A desk: every change undoable, on disk before it is done, and nothing that others wrote is overwritten."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, DiskFull
from audiopost.core.marks import Finding
from audiopost.core.project import Project
from audiopost.core.speech import Caption
from audiopost.pipeline import state
from audiopost.workspace import Desk, Folder
from audiopost.workspace.desk import TAKEN_OVER
from audiopost.workspace.journal import KEPT

RATE = 8000


def caption(n: int, text: str = "") -> Caption:
    return Caption(float(n), n + 0.9, (text or f"line {n}",), "S1", "en")


def with_captions(*captions: Caption) -> Callable[[Project], Project]:
    return lambda project: replace(project, captions=captions)


def data(project: Project) -> dict[str, object]:
    """What of a Project is the work: all but notes, audio by its hash."""
    from audiopost.core.serial import to_json

    shown = to_json(replace(project, notes={}), lambda audio, _: audio.sha256())
    return dict(shown)


def folder_at(path: Path, seconds: float = 1.0) -> Folder:
    folder = Folder(path)
    folder.media.mkdir(exist_ok=True)
    soundfile.write(folder.media / "take.wav", np.linspace(-0.5, 0.5, round(seconds * RATE)), RATE)
    return folder


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return folder_at(tmp_path / "project").open("take")


def reopened(desk: Desk) -> Desk:
    """As another process would find it: without what this one has not written."""
    return Folder(desk.root).open(desk.name)


def test_an_edit_stands_is_labelled_and_can_be_undone_and_redone(desk: Desk) -> None:
    desk.edit("edits.split", with_captions(caption(1)), detail="1")
    assert (desk.done[-1].label, desk.done[-1].detail) == ("edits.split", "1")
    assert desk.undo() is not None
    assert desk.project.captions is None
    assert desk.redo() is not None
    assert desk.project.captions == (caption(1),)
    assert desk.redo() is None


def test_an_edit_that_changes_nothing_is_no_change(desk: Desk) -> None:
    before = desk.revision
    desk.edit("edits.split", lambda project: replace(project))
    assert desk.revision == before
    assert desk.done == ()


def test_an_edit_that_fails_leaves_all_as_it_was(desk: Desk) -> None:
    desk.edit("a", with_captions(caption(1)))
    before, revision = desk.project, desk.revision

    def fails(project: Project) -> Project:
        raise BadValue("no", value=1)

    with pytest.raises(BadValue):
        desk.edit("b", fails)
    assert desk.project is before
    assert desk.revision == revision


def test_a_new_edit_ends_what_could_be_redone(desk: Desk) -> None:
    desk.edit("a", with_captions(caption(1)))
    desk.undo()
    desk.edit("b", with_captions(caption(2)))
    assert desk.undone == ()
    assert reopened(desk).undone == ()


def test_what_edit_returned_for_is_there_without_a_save(desk: Desk) -> None:
    for n in range(5):
        desk.edit("a", lambda p, n=n: replace(p, captions=(*(p.captions or ()), caption(n))))
    desk.undo()
    again = reopened(desk)
    assert again.project.captions == tuple(map(caption, range(4)))
    assert len(again.done) == 4
    assert len(again.undone) == 1


def test_notes_are_kept_and_are_no_edits(desk: Desk) -> None:
    desk.note(style="netflix")
    desk.note(zoom=3)
    desk.close()
    again = reopened(desk)
    assert (again.noted("style"), again.noted("zoom"), again.noted("else")) == ("netflix", 3, None)
    assert again.done == ()


_CRASHING = """
import sys
from dataclasses import replace
from pathlib import Path
from audiopost.core.speech import Caption
from audiopost.workspace import Folder
desk = Folder(Path(sys.argv[1])).open("take")
for n in range(100_000):
    if n % 7 == 3:
        desk.undo()
    else:
        new = Caption(float(n), n + 0.9, (str(n),), "S1", "en")
        desk.edit("a", lambda p: replace(p, captions=(*(p.captions or ()), new)))
    print(n, *(c.lines[0] for c in desk.project.captions or ()), flush=True)
"""


def test_a_process_killed_amid_edits_loses_nothing_that_was_done(tmp_path: Path) -> None:
    folder = folder_at(tmp_path / "project")
    for lines in (3, 40):
        process = subprocess.Popen(
            [sys.executable, "-c", _CRASHING, str(folder.root)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        told = ""
        for _ in range(lines):
            told = process.stdout.readline() or told
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines()
        process.wait()
        told = next((line for line in reversed(rest) if line.endswith(tuple("0123456789"))), told)
        wanted = told.split()[1:]
        found = [c.lines[0] for c in Folder(folder.root).open("take").project.captions or ()]
        # One more may have been done and not been told any more.
        assert found in (wanted, wanted[:-1]) or found[:-1] == wanted


@pytest.mark.parametrize("torn", [b'{"seq": 99, "cha', b"\n", b"null\n", b"[1, 2]\n", b'{"undo": 5}\n', b"\xff\xfe\n"])
def test_a_torn_line_is_passed_over(desk: Desk, torn: bytes) -> None:
    desk.edit("a", with_captions(caption(1)))
    desk.close()
    with (desk.root / ".audiopost" / "take" / "journal.jsonl").open("ab") as file:
        file.write(torn)
    again = reopened(desk)
    assert again.project.captions == (caption(1),)
    again.edit("b", with_captions(caption(2)))
    assert reopened(again).project.captions == (caption(2),)


def test_a_full_disk_refuses_the_edit_and_keeps_the_rest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.edit("a", with_captions(caption(1)))

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DiskFull):
            desk.edit("b", with_captions(caption(2)))
        with pytest.raises(DiskFull):
            desk.undo()
        assert desk.project.captions == (caption(1),)
    desk.edit("c", with_captions(caption(3)))
    assert desk.project.captions == (caption(3),)
    assert reopened(desk).project.captions == (caption(3),)


def test_two_threads_lose_no_edit(desk: Desk) -> None:
    def work(first: int) -> None:
        for n in range(first, first + 25):
            desk.edit("a", lambda p, n=n: replace(p, captions=(*(p.captions or ()), caption(n))))

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {c.start_s for c in desk.project.captions or ()} == {*map(float, range(25)), *map(float, range(100, 125))}
    assert data(reopened(desk).project) == data(desk.project)


def test_new_sound_is_read_from_its_file_and_comes_back_by_undo(desk: Desk) -> None:
    first, second = (Audio(np.full((1, RATE), level, np.float32), RATE) for level in (0.25, 0.5))
    desk.edit("a", lambda p: replace(p, clean=first, stems={"dialogue": first}))
    desk.edit("b", lambda p: replace(p, clean=second))
    assert desk.project.clean is not None
    assert not desk.project.clean.in_memory
    desk.undo()
    assert desk.project.clean == first
    again = reopened(desk)
    again.redo()
    assert again.project.clean == second
    assert again.project.stems == {"dialogue": first}


class Kinds:
    """The edits that the property below makes, by number."""

    @staticmethod
    def apply(desk: Desk, kind: str, n: int) -> None:
        captions = desk.project.captions or ()
        place = n % (len(captions) + 1)
        if kind == "insert":
            desk.edit("i", with_captions(*captions[:place], caption(n, f"ä{n}"), *captions[place:]))
        elif kind == "remove":
            desk.edit("r", with_captions(*captions[:place], *captions[place + 1 :]))
        elif kind == "findings":
            found = Finding("hum", float(n), n + 1.0, 0.5, "hum at 50 Hz", "restore")
            desk.edit("f", lambda p: replace(p, findings=(found,) if n % 2 else None))
        elif kind == "sound":
            sound = Audio(np.full((1, 100), (n % 5) / 10, np.float32), RATE)
            desk.edit("s", lambda p: replace(p, clean=sound if n % 3 else None))
        elif kind == "undo":
            desk.undo()
        elif kind == "redo":
            desk.redo()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "insert", "remove", "findings", "sound", "undo", "undo", "redo", "reopen", "save"]),
        st.integers(0, 30),
    ),
    max_size=18,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_any_edits_undone_redone_and_reopened_stand_as_they_would_in_memory(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    desk = folder_at(tmp_path_factory.mktemp("any") / "project", 0.2).open("take")
    past, future = [data(desk.project)], []
    for kind, n in steps:
        if kind == "reopen":
            desk = reopened(desk)
        elif kind == "save":
            desk.save()
        else:
            before = len(desk.done)
            Kinds.apply(desk, kind, n)
            if kind == "undo" and len(past) > 1:
                future.append(past.pop())
            elif kind == "redo" and future:
                past.append(future.pop())
            elif kind not in ("undo", "redo") and len(desk.done) != before:
                past.append(data(desk.project))
                future.clear()
        assert data(desk.project) == past[-1]
        assert (len(desk.done), len(desk.undone)) == (len(past) - 1, len(future))


def test_a_long_history_is_shortened_when_it_is_opened_anew(desk: Desk) -> None:
    for n in range(2 * KEPT + 5):
        desk.edit("a", with_captions(caption(n)))
    desk.close()
    again = reopened(desk)
    assert len(again.done) == KEPT
    assert again.project.captions == (caption(2 * KEPT + 4),)
    again.undo()
    assert reopened(again).project.captions == (caption(2 * KEPT + 3),)


# What others write ----------------------------------------------------------------------------------------------------


def delivered_by_the_command_line(desk: Desk, *captions: Caption) -> None:
    """As `audiopost run` leaves it: the Project beside the deliverables, its work folder gone."""

    project = replace(Project(desk.project.media, desk.project.audio), captions=captions)
    state.save(project, desk.root / "take.project.json", keep_in=None)
    shutil.rmtree(desk.work)


def test_a_run_of_the_command_line_meanwhile_is_taken_over_and_told(desk: Desk) -> None:
    desk.edit("a", with_captions(caption(1)))
    desk.save()
    delivered_by_the_command_line(desk, caption(7))
    assert desk.take_over()
    assert desk.project.captions == (caption(7),)
    assert desk.done[-1].label == TAKEN_OVER
    assert not desk.take_over()
    desk.save()
    assert reopened(desk).project.captions == (caption(7),)


def test_an_edit_after_such_a_run_is_one_of_its_results(desk: Desk) -> None:
    desk.edit("a", with_captions(caption(1)))
    desk.save()
    delivered_by_the_command_line(desk, caption(7))
    desk.edit("b", lambda p: replace(p, captions=(*(p.captions or ()), caption(8))))
    assert desk.project.captions == (caption(7), caption(8))
    desk.undo()
    desk.undo()
    assert desk.project.captions == (caption(1),)  # what stood here before can be had back


def test_a_save_does_not_write_over_what_others_wrote(desk: Desk) -> None:
    desk.edit("a", with_captions(caption(1)))
    desk.save()
    desk.edit("b", with_captions(caption(2)))  # not saved yet
    delivered_by_the_command_line(desk, caption(7))
    desk.close()
    assert reopened(desk).project.captions == (caption(7),)


def test_a_run_while_the_workbench_was_closed_is_not_undone_by_the_old_journal(desk: Desk) -> None:
    desk.edit("a", with_captions(caption(1)))
    desk.edit("sound", lambda p: replace(p, preset="old"))
    desk.close()
    delivered_by_the_command_line(desk, caption(7))
    again = reopened(desk)
    assert again.project.captions == (caption(7),)
    assert again.project.preset == ""
    assert again.done == ()
    again.edit("b", with_captions(caption(8)))
    assert reopened(again).project.captions == (caption(8),)
    assert (desk.root / ".audiopost" / "take" / "journal.old").exists()


def test_what_a_run_left_is_opened_and_edited(tmp_path: Path) -> None:
    folder = folder_at(tmp_path / "project")
    first = folder.open("take")
    delivered_by_the_command_line(first, caption(3))
    (folder.hidden / "take" / "journal.jsonl").unlink(missing_ok=True)
    desk = Folder(folder.root).open("take")
    assert desk.project.captions == (caption(3),)
    desk.edit("a", with_captions(caption(4)))
    desk.close()
    assert reopened(desk).project.captions == (caption(4),)


def test_a_project_that_cannot_be_read_is_written_over_and_nothing_here_is_lost(desk: Desk) -> None:
    desk.edit("a", with_captions(caption(1)))
    desk.save()
    (desk.work / "project.json").write_text("{ torn")
    desk.edit("b", with_captions(caption(2)))
    desk.save()
    assert reopened(desk).project.captions == (caption(2),)


def test_another_recording_under_the_same_name_is_told(desk: Desk) -> None:
    desk.edit("a", with_captions(caption(1)))
    desk.close()
    time.sleep(0.01)
    soundfile.write(desk.source, np.zeros(RATE // 2), RATE)
    with pytest.raises(BadValue, match="another recording"):
        reopened(desk)


def test_what_a_run_is_still_at_is_left_to_it_until_somebody_edits(desk: Desk) -> None:
    desk.edit("a", with_captions(caption(1)))
    desk.save()
    half = replace(Project(desk.project.media, desk.project.audio), captions=(caption(7),))
    state.save(half, desk.work / "project.json", keep_in=desk.work)
    assert not desk.take_over(finished=True)
    assert desk.project.captions == (caption(1),)
    delivered_by_the_command_line(desk, caption(8))
    assert desk.take_over(finished=True)
    assert [change.label for change in desk.done] == ["a", TAKEN_OVER]
    assert desk.project.captions == (caption(8),)


def test_delivered_sound_gets_its_place_in_the_work_folder_that_the_run_took_away(desk: Desk) -> None:
    sound = Audio(np.full((1, RATE), 0.25, np.float32), RATE)
    soundfile.write(desk.root / "take.clean.wav", sound.samples.T, RATE, subtype="FLOAT")
    desk.save()
    project = replace(Project(desk.project.media, desk.project.audio), clean=sound)
    delivered = {sound.sha256(): desk.root / "take.clean.wav"}
    state.save(project, desk.root / "take.project.json", keep_in=None, delivered=delivered)
    shutil.rmtree(desk.work)
    assert desk.take_over(finished=True)
    (desk.root / "take.clean.wav").unlink()
    assert desk.project.clean == sound
