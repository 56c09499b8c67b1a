"""Subtitle files in: as captions that keep what the file holds, or as the transcript they are read for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..core.errors import AudiopostError, EmptyMedia, InputError, UnreadableMedia
from ..core.speech import Caption, Styling, Transcript, Utterance, Word, joined
from .formats import Loaded, find, kind_of
from .text import guess_language, has_han

#: Machine labels that our own SRT, and WhisperX's, put before a line; names a person typed stay in the text.
_LABEL = re.compile(r"\[?(S\d{1,3}|SPEAKER_\d{1,3})\]?: ")


def load_captions(
    path: str | Path, *, kind: str = "", encoding: str | None = None, language: str | None = None, labels: bool = True
) -> Loaded:
    """The captions of a file in any format that has times, with styling, places, speakers and languages.

    `kind` names the format where the suffix does not; `encoding` and `language` are found out without them ('und' for
    Latin text that says nothing). Machine labels ('S1: ') become speakers; `labels` False leaves them in the text, as
    they are on the screen. `Loaded.warnings` counts what was left behind. Raises InputError, EmptyMedia, UnknownName
    for a foreign suffix, UnreadableMedia, BadValue.
    """
    path = Path(path)
    loaded = parse(path, kind, encoding)
    return with_languages(with_speakers(loaded) if labels else loaded, language)


def read(path: str | Path, *, kind: str = "", language: str | None = None, encoding: str | None = None) -> Transcript:
    """A transcript: JSON's own with its words, or one utterance a caption. Raises what `load_captions` raises."""
    return transcript_of(load_captions(path, kind=kind, encoding=encoding, language=language))


def parse(path: Path, kind: str = "", encoding: str | None = None) -> Loaded:
    """What a file says and no more: nothing guessed but its encoding. Raises what `load_captions` raises."""
    kind = kind or kind_of(path)
    module = find(kind)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.", value=str(path)) from error
    if not data.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise EmptyMedia(f"{path.name} is empty.", value=str(path), remedy="Export it again.")
    try:
        loaded = module.parse(data, path.name, encoding)
    except AudiopostError:
        raise
    except Exception as error:  # parsers of foreign files raise what they like
        raise UnreadableMedia(
            f"{path.name} cannot be read as {kind}: {error}.", value=str(path), remedy="Open and save it in an editor."
        ) from error
    transcript = loaded.transcript or Transcript("")
    timed: tuple[Caption | Utterance | Word, ...] = (*loaded.captions, *transcript.utterances, *transcript.words)
    if not all(math.isfinite(item.start_s) and math.isfinite(item.end_s) for item in timed):
        raise UnreadableMedia(f"{path.name} has a time that is no number.", value=str(path), remedy="Export it again.")
    if not loaded.captions and not transcript.utterances:
        left = f" {' '.join(loaded.warnings)}" if loaded.warnings else ""
        raise UnreadableMedia(
            f"{path.name} holds no captions.{left}", value=str(path), remedy=f"Check that it is {kind}."
        )
    return loaded


def with_speakers(loaded: Loaded) -> Loaded:
    """Machine labels before lines taken as the speakers; one holds until the next, as our own SRT writes them."""
    captions: list[Caption] = []
    current: str | None = None
    for caption in loaded.captions:
        found = [_LABEL.match(line) for line in caption.lines]
        if caption.speaker or caption.line_speakers:
            captions.append(caption)
            continue
        names = []
        for label in found:
            current = label[1] if label else current
            names.append(current)
        cut = [label.end() if label else 0 for label in found]
        lines = tuple(line[at:] for line, at in zip(caption.lines, cut, strict=True))
        if not all(lines):
            captions.append(caption)  # a label and nothing else is text
            continue
        same = len(set(names)) == 1
        captions.append(
            replace(
                caption,
                lines=lines,
                speaker=names[0] if same else None,
                line_speakers=() if same else tuple(names),
                styling=tuple(_moved(caption.styling, cut)),
            )
        )
    return loaded._replace(captions=tuple(captions))


def _moved(styling: Iterable[Styling], cut: list[int]) -> Iterable[Styling]:
    for span in styling:
        start, end = max(span.start - cut[span.line], 0), span.end - cut[span.line]
        if end > 0:
            yield replace(span, start=start, end=end)


def with_languages(loaded: Loaded, language: str | None = None) -> Loaded:
    """The same with a language for every caption: the caller's, the caption's own, the file's, or by the characters.

    Where most captions of two lines have Chinese or Japanese over Latin letters (or under), each line has its own.
    """
    whole = "\n".join(caption.text for caption in loaded.captions)
    main = language or loaded.language or guess_language(whole)
    two = [c for c in loaded.captions if len(c.lines) == 2 and not c.line_languages]
    mixed = [c for c in two if has_han(c.lines[0]) != has_han(c.lines[1])]
    latin = "\n".join(line for c in mixed for line in c.lines if not has_han(line))
    other = guess_language(latin) if len(mixed) > 0.6 * len(two) and len(latin.split()) > 2 * len(mixed) else ""
    captions = []
    for caption in loaded.captions:
        own = caption.language or (main if main != "und" or not has_han(caption.text) else guess_language(caption.text))
        if other and caption in mixed:
            named = tuple(_line_language(line, main, other) for line in caption.lines)
            caption = replace(caption, line_languages=named)
        each = tuple(line or own for line in caption.line_languages)
        captions.append(replace(caption, language=own, line_languages=each))
    return loaded._replace(captions=tuple(captions), language=main)


def _line_language(line: str, main: str, other: str) -> str:
    """The language of a line in a file of two: Chinese or Japanese by its characters."""
    if not has_han(line):
        return other
    return main if main not in (other, "und") else guess_language(line)


def transcript_of(loaded: Loaded) -> Transcript:
    """The transcript in a file, or one made of its captions; a caption whose lines differ in speaker or language
    gives an utterance for each of them."""
    if loaded.transcript is not None and (loaded.transcript.utterances or not loaded.captions):
        return _completed(loaded.transcript, loaded)
    utterances = [utterance for caption in loaded.captions for utterance in _utterances(caption, loaded.language)]
    utterances.sort(key=lambda utterance: (utterance.start_s, utterance.end_s))
    return Transcript(loaded.language or "und", tuple(utterances), loaded.draft)


def _completed(transcript: Transcript, loaded: Loaded) -> Transcript:
    """A file's own transcript, with the languages it leaves open."""
    main = transcript.language or loaded.language or "und"
    utterances = (u if u.language else replace(u, language=main) for u in transcript.utterances)
    return replace(transcript, language=main, utterances=tuple(utterances), draft=transcript.draft or loaded.draft)


def _utterances(caption: Caption, main: str) -> Iterable[Utterance]:
    """The time of a caption is shared by its utterances as their letters are."""
    speakers = caption.line_speakers or (caption.speaker,) * len(caption.lines)
    languages = caption.line_languages or (caption.language or main or "und",) * len(caption.lines)
    runs: list[tuple[str | None, str, list[str]]] = []
    for speaker, language, line in zip(speakers, languages, caption.lines, strict=True):
        if runs and runs[-1][:2] == (speaker, language):
            runs[-1][2].append(line)
        else:
            runs.append((speaker, language, [line]))
    letters = sum(map(len, caption.lines))
    at = caption.start_s
    for speaker, language, lines in runs:
        together = len({run[1] for run in runs}) > 1  # two languages say the same at the same time
        end = (
            caption.end_s
            if together or lines is runs[-1][2]
            else at + (caption.end_s - caption.start_s) * sum(map(len, lines)) / letters
        )
        yield Utterance(at, end, joined(lines, language), language, (), speaker)
        at = caption.start_s if together else end
