"""What a format cannot hold of given captions, counted and said in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..core.speech import Caption, Transcript
from ..core.time import TIMEBASE_25, FrameRate
from .formats import ROW_CELLS, counted, holds
from .text import clean

#: A feature to how its loss is said; '{}' is the count with its noun.
_SAID = {
    "text": "the text of {}",
    "times": "the times of {}",
    "ends": "the ends of {}",
    "milliseconds": "the thousandths in the times of {}",
    "hundredths": "the times of {} between frames",
    "overlaps": "the overlap of {} with the one before",
    "lines": "the line breaks of {}",
    "italic": "italics in {}",
    "bold": "bold type in {}",
    "underline": "underlining in {}",
    "colour": "colours in {}",
    "position": "the place on the screen of {}",
    "speaker": "the speakers of {} (at most as labels in the text)",
    "language": "the language of the text",
    "languages": "the other language of {}",
    "words": "the times of {}",
    "probabilities": "the probabilities of {}",
    "draft": "the note that the text is a machine's draft",
    "remarks": "{}",
}
_NOUNS = {"words": "word", "probabilities": "word", "remarks": "remark{s} on the transcript"}


def features(captions: Iterable[Caption], transcript: Transcript, rate: FrameRate = TIMEBASE_25.rate) -> Counter[str]:
    """How many captions (words, remarks) make use of each of `formats.FEATURES`; those that nothing uses are absent."""
    found = Counter[str]()
    before: Caption | None = None
    for caption in captions:
        kinds = {span.kind for span in caption.styling if span.value != "#ffffff"}
        found.update(kinds)
        found["text"] += 1
        found["times"] += 1
        found["ends"] += 1
        times = (caption.start_s, caption.end_s)
        found["milliseconds"] += any(abs(time - round(time, 2)) > 0.0005 for time in times)
        found["hundredths"] += any(abs(time - rate.snap(time)) > 0.0005 for time in times)
        found["overlaps"] += before is not None and caption.start_s < before.end_s - 0.0005
        found["lines"] += len([line for line in caption.lines if clean(line)]) > 1
        found["position"] += caption.position != 2
        found["speaker"] += any((caption.speaker, *caption.line_speakers))
        found["languages"] += bool({caption.language, *caption.line_languages} - {"", transcript.language})
        before = caption
    found["words"] = len(transcript.words)
    found["probabilities"] = sum(word.probability is not None for word in transcript.words)
    found["language"] = transcript.language not in ("", "und")
    found["draft"] = bool(transcript.draft)
    found["remarks"] = len(transcript.remarks)
    return +found


def losses(
    captions: Iterable[Caption],
    transcript: Transcript,
    kind: str,
    *,
    speakers: bool = True,
    rate: FrameRate = TIMEBASE_25.rate,
) -> list[str]:
    """What a file of format `kind` would not hold, one sentence each; with `speakers` False names are no loss.

    `rate` is that of the file where it counts frames. Raises UnknownName.
    """
    captions = tuple(captions)
    found = features(captions, transcript, rate)
    kept = holds(kind)
    if "times" not in kept:  # who has no times has neither ends nor exact ones
        kept |= {"ends", "milliseconds", "hundredths", "overlaps"}
    if "text" not in kept:
        kept |= {"lines", "italic", "bold", "underline", "colour", "language", "languages"}
    if not speakers:
        kept |= {"speaker"}
    said = [
        f"{kind} cannot hold {_SAID[feature].format(counted(number, _NOUNS.get(feature, 'caption')))}."
        for feature, number in found.items()
        if feature not in kept
    ]
    wide = sum(any(len(line) > ROW_CELLS.get(kind, len(line)) for line in caption.lines) for caption in captions)
    if wide:
        said.append(f"{kind} wraps the lines of {counted(wide, 'caption')} that pass {ROW_CELLS[kind]} characters.")
    return said
