"""Edits of captions on a real desk: what lies in the journal, what undo and a crash make of it."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from audiopost.core.speech import Caption, Transcript, Utterance, Word
from audiopost.workspace import Folder
from audiopost.workspace import captions as work
from audiopost.workspace.caption_sheet import sheet_of


def utterance(n):
    words = tuple(
        Word(2 * n + k / 4, 2 * n + k / 4 + 0.2, text, 0.9, "S1") for k, text in enumerate(("we", "go", "on"))
    )
    return Utterance(2.0 * n, 2 * n + 0.7, "we go on", "en", words, "S1")


@pytest.fixture
def root(tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    soundfile.write(media / "take.wav", np.zeros(400 * 8000), 8000)
    return tmp_path


@pytest.fixture
def desk(root):
    desk = Folder(root).open("take")
    said = tuple(map(utterance, range(200)))
    shown = tuple(Caption(u.start_s, u.start_s + 1.4, (u.text,), "S1", "en") for u in said)
    made = {"transcript": Transcript("en", said), "captions": shown, "caption_issues": ()}
    desk.edit("t", lambda project: replace(project, **made))
    return desk


def reword(desk, number, text):
    sheet = sheet_of(desk)
    sheet.edit(
        sheet.stamp(), "subtitles.did_text", lambda p, checked: (work.written(p, checked, {number: (text,)}), number)
    )


def test_a_changed_word_is_a_line_in_the_journal_not_the_whole_text(desk):
    reword(desk, 120, "we stay on")
    change = desk.done[-1]
    entry = change.fields["transcript"]
    assert (entry["part"], entry["from"], len(entry["before"]), len(entry["after"])) == ("utterances", 120, 1, 1)
    assert len(json.dumps(change.fields)) < 3_000


def test_undo_and_redo_put_the_words_back_and_forth(desk):
    before = desk.project
    reword(desk, 120, "we stay on")
    after = desk.project
    assert after.transcript.utterances[120].text == "we stay on"
    desk.undo()
    assert (desk.project.transcript, desk.project.captions) == (before.transcript, before.captions)
    desk.redo()
    assert (desk.project.transcript, desk.project.captions) == (after.transcript, after.captions)


def test_what_was_written_is_there_after_a_crash(desk, root):
    desk.save()
    reword(desk, 3, "we stay on")
    reword(desk, 4, "")
    desk._timer.cancel()  # the process dies before the Project follows the journal
    again = Folder(root).open("take")
    assert again.project.transcript == desk.project.transcript
    assert again.project.captions == desk.project.captions
    assert len(again.project.transcript.utterances) == 199
    again.undo()
    again.undo()
    assert again.project.transcript.utterances[3].text == "we go on"


def test_a_sheet_lets_nobody_edit_what_they_have_not_seen(desk):
    sheet = sheet_of(desk)
    assert sheet is sheet_of(desk)
    stamp = sheet.stamp()
    reword(desk, 0, "x")
    assert sheet.stamp() != stamp
    desk.note(other=1)
    assert sheet.stamp() == sheet.stamp() != stamp
