"""The captions of a Project as people edit them: the transcript, the check and the speakers follow every change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..core.errors import BadValue, UnknownName
from ..core.marks import CaptionIssue
from ..core.options import change
from ..core.project import Project
from ..core.serial import to_json
from ..core.speech import Caption, Transcript
from ..core.stage import Step
from ..core.time import clock
from ..delivery.provenance import SUPPLIED
from ..stages.subtitles import Options, chosen_style
from ..stages.transcribe import Options as TranscribeOptions
from ..subtitles import edit, edit_borders, fix
from ..subtitles.check import Judge, judge
from ..subtitles.edit import Bounds, Edited
from ..subtitles.formats import Loaded
from ..subtitles.reader import transcript_of
from ..subtitles.retell import own_lines, retold, with_known_words
from ..subtitles.rules import RULES, Finding
from ..subtitles.search import Search, replaced
from ..subtitles.styles import Style, load_style, style_names
from ..subtitles.timed_words import TimedWords
from .speakers import given_to

#: A caption with more characters is a mistake, or an attack.
MOST_CHARACTERS = 10_000
#: More captions than a day of film has.
MOST_CAPTIONS = 50_000

#: Edits one Project's captions: what `changed` takes.
Edit = Callable[[tuple[Caption, ...], Bounds], Edited]


def working_style(project: Project, chosen: str = "") -> Style:
    """The style that captions are held against: `chosen` by name, else the one they were laid out in.

    Raises UnknownName: a name is never taken for a file's.
    """
    if chosen:
        if chosen not in style_names():
            raise UnknownName("subtitle style", chosen, style_names())
        return load_style(chosen)
    return chosen_style(project.transcript or Transcript("und"), layout_options(project))


def layout_options(project: Project) -> Options:
    """The options that the captions were laid out with, the defaults where they were not."""
    step = project.step("subtitles")
    return change(None, Options, dict(step.options) if step else {}, "subtitles.")


def shot_changes(project: Project) -> tuple[float, ...]:
    """The shot changes that a run found, in seconds, in order."""
    return tuple(sorted({cut for scene in project.scenes or () for cut in scene.cuts_s}))


def bounds(project: Project, style: Style) -> Bounds:
    """What edits of this recording's captions keep to."""
    media = project.media
    return Bounds(
        style, media.timebase.rate, media.duration_s, project.transcript.language if project.transcript else ""
    )


class Checked:
    """Captions held against a style again and again: what was judged once is not judged anew. Not thread-safe."""

    def __init__(self, project: Project, style: Style) -> None:
        self.style, self._timebase = style, project.media.timebase
        self._shots = shot_changes(project)
        self._language = project.transcript.language if project.transcript else ""
        self._judge: Judge | None = None
        self._known: dict[tuple[Caption, Caption | None], tuple[Finding, ...]] = {}

    def fits(self, project: Project, style: Style) -> bool:
        """Whether it still says what this Project's captions come to in a style."""
        return (style, project.media.timebase, shot_changes(project)) == (self.style, self._timebase, self._shots) and (
            (project.transcript.language if project.transcript else "") == self._language
        )

    def judge(self, captions: Sequence[Caption]) -> Judge:
        """Who judges them."""
        if self._judge is None or not self._language:
            self._judge = judge(
                captions, self.style, self._timebase, shots=self._shots, language=self._language, advice=True
            )
        return self._judge

    def findings(self, captions: Sequence[Caption], number: int) -> tuple[Finding, ...]:
        """What breaks the rules, or is advised against, in one of captions that are in order of time."""
        caption = captions[number]
        following = captions[number + 1] if number + 1 < len(captions) else None
        key = caption, following
        if key not in self._known:
            self._known[key] = tuple(self.judge(captions).findings(caption, following))
        return self._known[key]

    def issues(self, captions: Sequence[Caption]) -> tuple[CaptionIssue, ...]:
        """What breaks the style, as `subtitles.check` tells it."""
        found = [(n, each) for n in range(len(captions)) for each in self.findings(captions, n)]
        return tuple(
            CaptionIssue(n + 1, captions[n].start_s, *each, "error", RULES[each.rule].fixable)
            for n, each in found
            if RULES[each.rule].severity == "error"
        )

    def renewed(self, project: Project) -> Project:
        """The Project with what in its captions breaks the style."""
        if project.captions is None:
            return project
        issues = self.issues(captions_of(project))
        return project if issues == project.caption_issues else replace(project, caption_issues=issues)

    def forget(self, captions: Sequence[Caption]) -> None:
        """Drops what was judged of captions that are none of these, where much of it has gathered."""
        if len(self._known) > 4 * len(captions) + 10_000:
            kept = set(captions)
            self._known = {key: found for key, found in self._known.items() if key[0] in kept}


def captions_of(project: Project) -> tuple[Caption, ...]:
    """The Project's captions in order of time; none where none were made."""
    return tuple(sorted(project.captions or (), key=lambda caption: caption.start_s))


def with_captions(project: Project, captions: Sequence[Caption], checked: Checked) -> Project:
    """The Project with these captions, and what in them breaks the style."""
    new = tuple(captions)
    if len(new) > MOST_CAPTIONS:
        raise BadValue(f"{len(new)} captions are too many, at most {MOST_CAPTIONS}.", value=len(new))
    if new == project.captions:
        return project
    return replace(project, captions=new, caption_issues=checked.issues(new))


def changed(project: Project, checked: Checked, made: Edit) -> tuple[Project, int]:
    """The Project after an edit of times, order or marks, and the caption it leaves a person at. Raises BadValue."""
    edited = made(captions_of(project), bounds(project, checked.style))
    return with_captions(project, edited.captions, checked), edited.at


def written(project: Project, checked: Checked, texts: Mapping[int, Iterable[str]]) -> Project:
    """Other lines in some captions, by number; the transcript's words over their time follow. Raises BadValue."""
    captions = list(captions_of(project))
    for number, lines in texts.items():
        old = edit.at(captions, number)
        new = edit.rewritten(old, lines)
        if len(new.text) > MOST_CHARACTERS:
            raise BadValue(
                f"Caption {number + 1} would have {len(new.text)} characters, at most {MOST_CHARACTERS}.",
                value=len(new.text),
            )
        if new is not old:
            project = _retold(project, old, new, checked.style)
            captions[number] = new
    return with_captions(project, captions, checked)


def deleted(project: Project, checked: Checked, numbers: Collection[int]) -> tuple[Project, int]:
    """Without some captions, and without what they say in the transcript. Raises BadValue."""
    captions = captions_of(project)
    edited = edit.delete(captions, numbers)
    for number in sorted(set(numbers)):
        old = captions[number]
        project = _retold(project, old, replace(old, lines=(), line_languages=()), checked.style)
    return with_captions(project, edited.captions, checked), edited.at


def _retold(project: Project, old: Caption, new: Caption, style: Style) -> Project:
    """The texts of the Project after one caption was written anew; each line goes to the text in its language."""
    transcript, translation = project.transcript, project.translation
    if transcript is not None:
        transcript = _text_retold(transcript, old, new, style)
    if translation is not None and (old.line_languages or new.line_languages):
        translation = _text_retold(translation, old, new, style)
    return replace(project, transcript=transcript, translation=translation)


def _text_retold(transcript: Transcript, old: Caption, new: Caption, style: Style) -> Transcript:
    was, now = (tuple(each.lines[n] for n in own_lines(each, transcript)) for each in (old, new))
    own = replace(old, lines=was, line_languages=(), line_speakers=(), styling=())
    if old.line_languages:
        own = replace(own, language=transcript.language)
    return retold(transcript, own, now, labels=style.sdh)


def spoken_by(project: Project, checked: Checked, numbers: Collection[int], speakers: Sequence[str | None]) -> Project:
    """Other speakers for some captions (one for all lines, or one for each), and for the words, utterances and turns
    over their time. Raises BadValue."""
    captions = captions_of(project)
    for number in sorted(set(numbers)):
        old = edit.at(captions, number)
        captions = edit.speak(captions, number, speakers).captions
        if captions[number] == old:
            continue
        for line, speaker in enumerate(speakers):
            if speaker:
                project = given_to(project, old, speaker, None if len(speakers) == 1 else line)
    return with_captions(project, captions, checked)


def split(
    project: Project, checked: Checked, number: int, *, caret: int | None = None, at_s: float | None = None
) -> tuple[Project, int]:
    """One caption as two, at a caret or a time; times by the transcript's words where they are known.

    Raises BadValue.
    """
    captions = captions_of(project)
    words = TimedWords(project.transcript).of(edit.at(captions, number))
    edited = edit_borders.split(captions, number, bounds(project, checked.style), caret=caret, at_s=at_s, words=words)
    return with_captions(project, edited.captions, checked), edited.at


class Replaced(NamedTuple):
    """The Project after a replacement, and how often and in how many captions something was put in."""

    project: Project
    hits: int
    captions: int


def replace_text(
    project: Project, checked: Checked, search: Search, by: str, numbers: Collection[int] | None = None
) -> Replaced:
    """Find and replace, in all captions or some. Raises BadValue."""
    captions = captions_of(project)
    chosen = sorted(set(range(len(captions)) if numbers is None else numbers))
    texts = [edit.at(captions, number).text for number in chosen]
    done = replaced(texts, search, by)
    new = {
        number: text.split("\n")
        for number, (count, text), old in zip(chosen, done, texts, strict=True)
        if count and text != old
    }
    count = sum(count for count, _ in done)
    return Replaced(written(project, checked, new), count, len(new))


class Mended(NamedTuple):
    """The Project after `fix`, and how many issues are gone and left."""

    project: Project
    mended: int
    left: int


def mended(project: Project, checked: Checked) -> Mended:
    """What can be mended in the captions without changing a word."""
    captions, language = captions_of(project), project.transcript.language if project.transcript else ""
    done = fix(
        captions, checked.style, project.media.timebase, shots=shot_changes(project), language=language
    )  # fmt: skip
    new = edit.kept_marks(captions, done.captions)
    return Mended(with_captions(project, new, checked), len(done.mended), len(done.left))


def imported(project: Project, checked: Checked, loaded: Loaded, name: str) -> tuple[Project, tuple[str, ...]]:
    """The captions of a file in place of the Project's, and in words what was left behind.

    The transcript becomes the file's text, and is on record as supplied under the file's `name`; words that it has in
    common with the one before keep their times.
    """
    notes = list(loaded.warnings)
    end_s = project.media.duration_s
    inside = tuple(replace(c, edited=True) for c in loaded.captions if c.start_s < end_s and c.end_s > c.start_s)
    if len(inside) < len(loaded.captions):
        notes.append(
            f"{len(loaded.captions) - len(inside)} of {len(loaded.captions)} captions have no duration or lie after "
            f"the recording's end at {clock(end_s)}, and were left out."
        )
    if not inside:
        raise BadValue("No caption of the file lies within this recording.", value=len(loaded.captions))
    transcript = transcript_of(loaded._replace(captions=inside))
    if project.transcript is not None:
        transcript = with_known_words(transcript, project.transcript)
    step = project.step("transcribe")
    others = tuple(each for each in project.steps if each.stage != "transcribe")
    options = step.options if step else to_json(TranscribeOptions())
    record = Step("transcribe", SUPPLIED, f"brought in by a person: {name}", options)
    project = replace(project, transcript=transcript, steps=(*others, record))
    return with_captions(project, tuple(sorted(inside, key=lambda c: (c.start_s, c.end_s))), checked), tuple(notes)


def relaid(before: Project, after: Project, now: Project) -> Project:
    """What the subtitles stage made of `before` (`after`), put into the Project as it stands. Raises BadValue.

    Refused where captions or text were changed meanwhile.
    """
    same = (before.captions, before.transcript, before.translation) == (now.captions, now.transcript, now.translation)
    if not same:
        raise BadValue("The captions were changed meanwhile.", value=None, remedy="Lay them out again.")
    steps = (*now.steps, *after.steps[len(before.steps) :])
    return replace(
        now, captions=after.captions, caption_issues=after.caption_issues, transcript=after.transcript,
        translation=after.translation, steps=steps,
    )  # fmt: skip
