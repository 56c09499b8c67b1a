"""Speaker turns as RTTM (NIST Rich Transcription), the format diarisation is scored in. It holds no text."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from ...core.errors import BadValue
from ...core.speech import SpeakerTurn
from ..encodings import decode
from . import Document, Loaded

HOLDS = frozenset({"times", "ends", "milliseconds", "hundredths", "overlaps", "speaker"})


def render(document: Document) -> str:
    """The turns of the transcript's words, or else of the captions. Raises BadValue where nobody is named."""
    turns = list(_turns(document))
    if not turns:
        raise BadValue("RTTM lists speakers, and none is named here.", remedy="Diarise first: 'audiopost diarise'.")
    return rttm(turns, document.name)


def _turns(document: Document) -> Iterable[SpeakerTurn]:
    utterances = document.transcript.utterances
    if not any(utterance.speaker for utterance in utterances):
        for event in document.events():
            for speaker in dict.fromkeys(filter(None, event.line_speakers)):
                yield SpeakerTurn(event.start_ms / 1000, event.end_ms / 1000, speaker)
        return
    for utterance in utterances:
        runs = groupby(utterance.words, key=lambda word: word.speaker or utterance.speaker)
        spans = [(who, list(words)) for who, words in runs]
        if len(spans) > 1:
            yield from (SpeakerTurn(words[0].start_s, words[-1].end_s, who) for who, words in spans if who)
        elif utterance.speaker:
            yield SpeakerTurn(utterance.start_s, utterance.end_s, utterance.speaker)


def rttm(turns: Iterable[SpeakerTurn], uri: str) -> str:
    """One SPEAKER line a turn, in order of time, seconds with milliseconds; '' for no turns.

    `uri` names the recording. The fields are parted by spaces, so spaces in it and in names become underscores.
    """
    name = spaceless(uri)
    ordered = sorted(turns, key=lambda turn: (turn.start_s, turn.end_s, turn.speaker))
    return "".join(
        f"SPEAKER {name} 1 {t.start_s:.3f} {t.end_s - t.start_s:.3f} <NA> <NA> {spaceless(t.speaker)} <NA> <NA>\n"
        for t in ordered
    )


def spaceless(text: str) -> str:
    """A field of NIST's formats, which are parted by spaces."""
    return "_".join(text.split()) or "unknown"


def turns(data: bytes, name: str, encoding: str | None = None) -> tuple[SpeakerTurn, ...]:
    """The turns of an RTTM file, in order of time. Raises BadValue that names the line."""
    found = []
    for number, line in enumerate(decode(data, name, encoding).text.split("\n"), 1):
        fields = line.split()
        if not fields or fields[0] != "SPEAKER":
            continue
        try:
            start, length, speaker = float(fields[3]), float(fields[4]), fields[7]
        except (IndexError, ValueError) as error:
            raise BadValue(f"{name}, line {number}: {line[:60]!r} is no turn.", value=line) from error
        found.append(SpeakerTurn(start, start + length, speaker))
    return tuple(sorted(found, key=lambda turn: (turn.start_s, turn.end_s, turn.speaker)))


def parse(data: bytes, name: str, encoding: str | None = None) -> Loaded:
    """Refuses: turns have no text. Raises BadValue; `turns` reads them."""
    raise BadValue(
        f"{name} lists {len(turns(data, name, encoding))} speaker turns, and no text.",
        value=name,
        remedy="Convert the transcript that belongs to it.",
    )
