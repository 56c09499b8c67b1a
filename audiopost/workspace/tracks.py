"""What of a recording can be listened to: every state of its mix, its stems, what was removed, what is being tried."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..core.audio import Audio, FloatArray, difference
from ..core.errors import UnknownName
from ..core.project import Project
from ..core.time import Span
from ..dsp.resample import length, section
from ..stages.separate.vocabulary import M_AND_E, music_and_effects
from .desk import Preview

Group = Literal["mix", "stem", "removed", "preview"]


@dataclass(frozen=True)
class Track:
    """A sound on the recording's own timeline: `audio` has the recording's rate and begins when it begins.

    `version` is another one for other sound. `title` is a key of the workbench's texts, `name` what is left where
    that has none. `span` is where a preview has sound.
    """

    key: str
    title: str
    name: str
    group: Group
    audio: Audio
    version: str
    span: Span | None = None


def tracks(project: Project, previews: Mapping[str, Preview] | None = None) -> tuple[Track, ...]:
    """Every track of a Project in the order of its making, previews last. Reads no samples that were hashed before."""
    timeline = project.audio
    made = [
        Track(key, f"tracks.{key.replace('-', '_')}", name, group, placed(audio, timeline), version_of(audio))
        for key, name, group, audio in (*_mixes(project), *_stems(project), *_removed(project))
    ]
    return tuple(made + [_tried(key, each, timeline) for key, each in list((previews or {}).items())])


def track(found: tuple[Track, ...], key: str) -> Track:
    """The track of a key. Raises UnknownName."""
    for each in found:
        if each.key == key:
            return each
    raise UnknownName("track", key, [each.key for each in found])


def version_of(audio: Audio) -> str:
    """Short name of a sound: 16 characters that change when a sample does. Instant for sound whose hash is known."""
    return audio.sha256()[:16]


_Entry = tuple[str, str, Group, Audio]


def _mixes(project: Project) -> Iterator[_Entry]:
    yield "source", "source", "mix", project.audio
    restored = project.restored
    if restored is not None and version_of(restored) != version_of(project.audio):
        yield "restored", "restored", "mix", restored
    for key, audio in (("clean", project.clean), ("master", project.master)):
        if audio is not None:
            yield key, key, "mix", audio


def _stems(project: Project) -> Iterator[_Entry]:
    stems = dict(project.stems or {})
    voice = project.voice
    for name, audio in stems.items():
        repaired = project.repaired if name == voice else None
        yield name, name, "stem", repaired or audio
        if repaired is not None and version_of(repaired) != version_of(audio):
            yield f"{name}-raw", f"{name}, raw", "stem", audio
    if "dialogue" in stems and len(stems) > 2:
        together = _hashed(music_and_effects(stems), *(stem for name, stem in stems.items() if name != "dialogue"))
        yield M_AND_E, M_AND_E, "stem", together


def _removed(project: Project) -> Iterator[_Entry]:
    source, mix = project.audio, project.mix
    same_shape = (source.rate, source.channels, source.frames) == (mix.rate, mix.channels, mix.frames)
    if same_shape and version_of(source) != version_of(mix):
        yield "removed", "removed", "removed", _hashed(difference(source, mix), source, mix)
    for name, audio in (project.removed or {}).items():
        yield f"removed-{name.replace('_', '-')}", name.replace("_", " "), "removed", audio


def _hashed(audio: Audio, *parts: Audio) -> Audio:
    """Sound worked out of others when read, named by theirs: to hash its own samples would be to read them all."""
    name = hashlib.sha256(" ".join(part.sha256() for part in parts).encode()).hexdigest()
    return Audio.backed(
        audio, channels=audio.channels, frames=audio.frames, rate=audio.rate, layout=audio.layout, sha256=name
    )


def _tried(key: str, preview: Preview, timeline: Audio) -> Track:
    start = round(preview.start_s * timeline.rate)
    span = Span(preview.start_s, min(preview.start_s + preview.audio.duration_s, timeline.duration_s))
    version = hashlib.sha256(f"{start} {preview.audio.sha256()}".encode()).hexdigest()[:16]
    audio = placed(preview.audio, timeline, start)
    return Track(key, preview.title, key, "preview", audio, version, span)


def placed(audio: Audio, timeline: Audio, start: int = 0) -> Audio:
    """`audio` as a part of `timeline` that begins at its frame `start`: its rate and length, silence elsewhere."""
    if start == 0 and (audio.rate, audio.frames) == (timeline.rate, timeline.frames):
        return audio
    return Audio.backed(
        _Placed(audio, timeline.rate, start), channels=audio.channels, frames=timeline.frames, rate=timeline.rate,
        layout=audio.layout,
    )  # fmt: skip


class _Placed:
    def __init__(self, audio: Audio, rate: int, start: int) -> None:
        self._audio, self._rate, self._start = audio, rate, start
        self._end = start + length(audio.frames, audio.rate, rate)

    def read(self, start: int, stop: int) -> FloatArray:
        if stop <= self._start or start >= self._end:
            return np.zeros((self._audio.channels, stop - start), np.float32)
        return section(self._audio, self._rate, start - self._start, stop - self._start)
