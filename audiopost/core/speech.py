"""What is said and by whom: words, utterances, transcript, speaker turns. Times in seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Word:
    """One word (one character or phrase in languages without spaces). `probability` in 0..1, None where unknown."""

    start_s: float
    end_s: float
    text: str
    probability: float | None = None
    speaker: str | None = None


@dataclass(frozen=True)
class Utterance:
    """A stretch of speech in one language; `language` is a BCP 47 tag ('en', 'yue', 'zh')."""

    start_s: float
    end_s: float
    text: str
    language: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None


@dataclass(frozen=True)
class SpeakerTurn:
    """One speaker talks from `start_s` to `end_s`; turns may overlap."""

    start_s: float
    end_s: float
    speaker: str


@dataclass(frozen=True)
class Consent:
    """Who agreed that a voice print is kept, what for (`scope`), and when (`date`, ISO 8601)."""

    who: str
    scope: str
    date: str


@dataclass(frozen=True)
class CastRole:
    """The person of a cast file that a speaker of the turns is; never their voice print.

    `speaker` is the label in the turns, `person` the id in the cast; `similarity` (a cosine) says how the voice was
    recognised: None where the person is `new`, or was known from an earlier run on the same recording.
    """

    speaker: str
    person: str
    new: bool = False
    similarity: float | None = None
    consent: Consent | None = None


@dataclass(frozen=True)
class Styling:
    """A stretch of one line of a caption that looks different: characters `start` to `end` of line `line`.

    `kind` is 'italic', 'bold', 'underline' or 'colour'; `value` is the colour as '#rrggbb', else ''.
    """

    line: int
    start: int
    end: int
    kind: str
    value: str = ""


@dataclass(frozen=True)
class Caption:
    """One subtitle as it stands on the screen, from `start_s` to `end_s`; lines are plain text.

    `line_speakers` and `line_languages` name those of each line where the lines differ (two speakers in one caption,
    Chinese over English), else they are empty and `speaker` and `language` hold for all. `position` is the place on
    the screen as on a number pad: 2 bottom centre, 8 top centre. `reviewed` and `edited` are a person's: they say that
    the caption was looked at and found right, and that its words or times were changed.
    """

    start_s: float
    end_s: float
    lines: tuple[str, ...]
    speaker: str | None = None
    language: str = ""
    line_speakers: tuple[str | None, ...] = ()
    line_languages: tuple[str, ...] = ()
    styling: tuple[Styling, ...] = ()
    position: int = 2
    reviewed: bool = False
    edited: bool = False

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Remark:
    """A place in a transcript that a person should look at; times are None where it has no place in the recording.

    `kind` is 'dropped' (text the engine wrote where nobody speaks), 'corrected' (a glossary's spelling put in),
    'not spoken', 'spoken otherwise' or 'not in the script' (against a supplied script), 'crashed' (a stretch that the
    engine died on). `text` is the text concerned, `detail` the reason or what stands there instead.
    """

    kind: str
    start_s: float | None
    end_s: float | None
    text: str
    detail: str


@dataclass(frozen=True)
class Transcript:
    """Utterances in order of time. `language` is the main one; `draft` says why the text is a draft, else ''."""

    language: str
    utterances: tuple[Utterance, ...] = ()
    draft: str = ""
    remarks: tuple[Remark, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(u.text for u in self.utterances)

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for utterance in self.utterances for word in utterance.words)

    def with_speakers(self, turns: tuple[SpeakerTurn, ...]) -> Transcript:
        """The same words, each given the speaker it overlaps most with; an utterance is split where they change.

        A word outside every turn takes the nearest turn's speaker within 0.5 s, else its predecessor's.
        """
        if not turns:
            return self
        utterances: list[Utterance] = []
        for utterance in self.utterances:
            if not utterance.words:
                who = _speaker_of(utterance.start_s, utterance.end_s, turns)
                utterances.append(replace(utterance, speaker=who))
                continue
            words: list[Word] = []
            for word in utterance.words:
                who = _speaker_of(word.start_s, word.end_s, turns) or (words[-1].speaker if words else None)
                words.append(replace(word, speaker=who))
            utterances += _split_by_speaker(utterance, words)
        return replace(self, utterances=tuple(utterances))


def _speaker_of(start_s: float, end_s: float, turns: tuple[SpeakerTurn, ...], reach_s: float = 0.5) -> str | None:
    overlap: dict[str, float] = {}
    for turn in turns:
        shared = min(end_s, turn.end_s) - max(start_s, turn.start_s)
        if shared > 0:
            overlap[turn.speaker] = overlap.get(turn.speaker, 0.0) + shared
    if overlap:
        return max(sorted(overlap), key=lambda speaker: overlap[speaker])
    nearest = min(turns, key=lambda t: max(t.start_s - end_s, start_s - t.end_s))
    return nearest.speaker if max(nearest.start_s - end_s, start_s - nearest.end_s) <= reach_s else None


def _split_by_speaker(utterance: Utterance, words: list[Word]) -> list[Utterance]:
    runs: list[list[Word]] = []
    for word in words:
        if runs and runs[-1][-1].speaker == word.speaker:
            runs[-1].append(word)
        else:
            runs.append([word])
    if len(runs) == 1:
        return [replace(utterance, words=tuple(words), speaker=words[0].speaker)]
    return [
        Utterance(
            run[0].start_s,
            run[-1].end_s,
            joined((word.text.strip() for word in run), utterance.language),
            utterance.language,
            tuple(run),
            run[0].speaker,
        )
        for run in runs
    ]


#: Languages written without spaces between words; `yue` is one of them (many tools forget it).
UNSPACED = frozenset({"zh", "yue", "cmn", "wuu", "nan", "ja", "th", "lo", "my", "km"})


def word_glue(language: str) -> str:
    """What stands between two words of a language: nothing in Chinese, Cantonese, Japanese, Thai …, else a space."""
    return "" if language.split("-")[0].lower() in UNSPACED else " "


_LATIN = r"[A-Za-z0-9\u00c0-\u024f]"
_LATIN_END, _LATIN_START = re.compile(_LATIN + r"\W?$"), re.compile(_LATIN)


def joined(texts: Iterable[str], language: str) -> str:
    """Words as a text: with spaces, or run on; Latin words keep a space between them even in Chinese."""
    glue = word_glue(language)
    out = ""
    for text in texts:
        latin = _LATIN_END.search(out[-2:]) and _LATIN_START.match(text)
        out += ((glue or (" " if latin else "")) if out else "") + text
    return out
