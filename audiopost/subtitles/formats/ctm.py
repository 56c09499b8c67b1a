"""Words as CTM (NIST), the format recognition is scored in: recording, channel, start, length, word, probability."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

from ...core.errors import BadValue
from ...core.speech import Caption, Transcript, Utterance, Word, joined
from ..encodings import decode
from ..text import clean, guess_language
from . import Document, Loaded, left_behind
from .rttm import spaceless

HOLDS = frozenset({"text", "times", "ends", "milliseconds", "hundredths", "overlaps", "words", "probabilities"})

#: A pause this long ends an utterance; so does the end of a sentence with a pause a quarter as long, and this length.
_PAUSE_S, _LONGEST_S = 0.8, 20.0


def render(document: Document) -> str:
    """One line a word in order of time; ';;' comments are not written. Raises BadValue where no word has times."""
    words = sorted(document.transcript.words, key=lambda word: (word.start_s, word.end_s))
    if not words:
        raise BadValue(
            "CTM lists words with their times, and none are known here.",
            remedy="Transcribe the recording, or align the text: 'audiopost transcribe --script'.",
        )
    name = spaceless(document.name)
    return "".join(
        f"{name} 1 {word.start_s:.3f} {word.end_s - word.start_s:.3f} {spaceless(clean(word.text))}"
        + ("" if word.probability is None or not math.isfinite(word.probability) else f" {word.probability:.4f}")
        + "\n"
        for word in words
        if clean(word.text)
    )


def parse(data: bytes, name: str, encoding: str | None = None) -> Loaded:
    """Words as utterances, cut at pauses. Raises BadValue that names the line, or for several recordings."""
    text, _, warnings = decode(data, name, encoding)
    channels: dict[str, list[Word]] = {}
    recordings, lost = set(), Counter[str]()
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if not fields or line.startswith(";;"):
            lost["comment"] += bool(fields)
            continue
        if "<" in "".join(fields[2:4]):
            lost["mark{s} of alternatives"] += 1
            continue
        try:
            start, length = float(fields[2]), float(fields[3])
            probability = float(fields[5]) if len(fields) > 5 and fields[5] != "NA" else None
            word = Word(start, start + length, clean(fields[4]), probability)
        except (IndexError, ValueError) as error:
            raise BadValue(f"{name}, line {number}: {line[:60]!r} is no word.", value=line) from error
        recordings.add(fields[0])
        channels.setdefault(fields[1], []).append(word)
    if len(recordings) > 1:
        raise BadValue(
            f"{name} holds {len(recordings)} recordings.",
            value=name,
            choices=sorted(recordings)[:9],
            remedy="Split it.",
        )
    utterances = []
    for channel, words in channels.items():
        utterances += _utterances(words, f"channel {channel}" if len(channels) > 1 else None)
    utterances.sort(key=lambda utterance: (utterance.start_s, utterance.end_s))
    captions = tuple(Caption(u.start_s, u.end_s, (u.text,), u.speaker, u.language) for u in utterances)
    language = utterances[0].language if utterances else ""
    return Loaded(captions, "", Transcript(language, tuple(utterances)), warnings + left_behind(lost))


def _utterances(words: list[Word], speaker: str | None) -> list[Utterance]:
    words = sorted(words, key=lambda word: (word.start_s, word.end_s))
    language = guess_language(" ".join(word.text for word in words))
    cuts = [0]
    for n, (before, word) in enumerate(pairwise(words), 1):
        pause = word.start_s - before.end_s
        sentence = pause > _PAUSE_S / 4 and before.text.endswith(tuple(".?!。？！"))
        if pause > _PAUSE_S or sentence or word.end_s - words[cuts[-1]].start_s > _LONGEST_S:
            cuts.append(n)
    return [
        Utterance(
            words[i].start_s, max(word.end_s for word in words[i:j]),
            joined((word.text for word in words[i:j]), language), language, tuple(words[i:j]), speaker,
        )
        for i, j in pairwise([*cuts, len(words)])
    ]  # fmt: skip
