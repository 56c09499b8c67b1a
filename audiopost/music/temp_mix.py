"""The temp mix: the programme with music under it, to watch the picture with before music is licensed or recorded."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..core.audio import Audio, FloatArray
from ..core.errors import BadValue, InputError, UnknownName
from ..core.music import EditPiece, TrackEdit, TrackMatch
from ..core.spotting import Cue
from ..core.stage import Progress, silent
from ..core.time import Span
from ..dsp.limiter import limit
from ..dsp.loudness import integrated_loudness
from ..io import layouts
from ..io.decode import decode
from ..io.scratch import Spool, at_rate, spool
from .ducking import IN_THE_CLEAR_LU, DuckCurve, curve, merged
from .guide import guide_audio
from .guide.render import LOUDNESS_LUFS
from .placed import Placed

#: Where the music comes from: tracks of the library, guides, or guides where a cue has no track that can be read.
SOURCES = ("tracks", "guides", "tracks-or-guides")
#: Cues in these states are played: 'existing' music is in the programme already.
_PLAYED = ("suggested", "accepted")
_BLOCK = 1 << 17
#: Tracks kept open at their rate for cues that share them.
_OPEN = 4
#: By how much an edit may reach beyond its track's end before that is worth a word.
_MISSING_S = 0.05


@dataclass(frozen=True)
class TempMix:
    """`audio` is the programme plus `music`, both at its rate and layout; `warnings` say what is not as asked."""

    audio: Audio
    music: Audio
    warnings: tuple[str, ...] = ()


def temp_mix(
    programme: Audio,
    cues: Sequence[Cue],
    *,
    source: str = "tracks",
    dialogue: Audio | None = None,
    progress: Progress = silent,
) -> TempMix:
    """The programme, untouched, with the music of its suggested and accepted cues under it.

    A cue plays the track that was accepted for it, else the first, cut by its edit, faded by the cue's shapes, and
    ducked as `ducking` says under `dialogue` (the dialogue stem where there is one; else the programme itself). Guides
    lie 4 LU under the programme before ducking. Music lies on left and right; other channels are the programme's own.
    A cue without length, or whose track cannot be read, is left out and named in the warnings (with 'tracks-or-guides'
    its guide plays instead of a track).
    Where the sum would exceed full scale a limiter holds it there, and a warning says so: only then is `audio` not
    programme plus `music`. Works in blocks: memory does not grow with length. Raises UnknownName for a source that is
    none of SOURCES, BadValue for ducks at rates below 4 kHz.
    """
    music, warnings = music_bed(programme, cues, source=source, dialogue=dialogue, progress=progress)
    peak, start, sounds = 0.0, 0, False
    with Spool(programme.rate, programme.channels, programme.layout) as target:
        for block in music.blocks(_BLOCK):
            mixed = programme.read(start, start + block.shape[1]) + block
            target.write(mixed)
            sounds = sounds or bool(block.any())
            peak, start = max(peak, float(np.abs(mixed).max(initial=0.0))), start + block.shape[1]
            progress("temp mix", start / programme.rate, programme.duration_s)
    mix = target.audio
    if peak > 1 and sounds:  # what the programme does by itself is its own
        over = 20 * np.log10(peak)
        warnings = (
            *warnings,
            f"programme and music together would peak {over:.1f} dB over full scale; a limiter holds these moments",
        )
        mix = spool(limit(mix, 0.0), like=mix)
    return TempMix(mix, music, warnings)


def music_bed(
    programme: Audio,
    cues: Sequence[Cue],
    *,
    source: str = "tracks",
    dialogue: Audio | None = None,
    progress: Progress = silent,
) -> tuple[Audio, tuple[str, ...]]:
    """The music of `temp_mix` alone, as long as the programme, at its rate and layout; and the warnings."""
    if source not in SOURCES:
        raise UnknownName("source of a temp mix", source, SOURCES)
    wanted = [cue for cue in cues if cue.status in _PLAYED and cue.function != "silence"]
    empty = [f"{cue.label} ends before it begins: it stays without music" for cue in wanted if not cue.duration_s > 0]
    players = _Players(programme, dialogue or programme, source)
    waiting = sorted((cue for cue in wanted if cue.duration_s > 0), key=lambda cue: (cue.in_s, cue.number))
    sounding: list[_Player] = []
    with Spool(programme.rate, programme.channels, programme.layout) as target:
        for start in range(0, programme.frames, _BLOCK):
            stop = min(start + _BLOCK, programme.frames)
            while waiting and waiting[0].in_s * programme.rate < stop:
                if (player := players.of(waiting.pop(0))) is not None:
                    sounding.append(player)
            bed = np.zeros((programme.channels, stop - start), np.float32)
            for player in sounding:
                bed += player.read(start, stop)
            target.write(bed)
            sounding = [player for player in sounding if player.stop > stop]
            progress("music", stop / programme.rate, programme.duration_s)
    late = [f"{cue.label} begins after the end of the programme" for cue in waiting]
    return target.audio, (*empty, *players.warnings, *late)


def heard_under(
    programme: Audio,
    cue: Cue,
    span: Span,
    *,
    source: str = "guides",
    dialogue: Audio | None = None,
    programme_lufs: float | None = None,
) -> TempMix:
    """What `temp_mix` makes of one cue, whatever its status, of a stretch of the programme alone: to hear it at once.

    Both sounds begin at `span.start_s`. `programme_lufs` is the whole programme's loudness where it is known; guides
    are laid by it. Raises BadValue for a cue that has no music of this source, with what is amiss.
    """
    if source not in SOURCES:
        raise UnknownName("source of a temp mix", source, SOURCES)
    if cue.function == "silence" or not cue.duration_s > 0:
        raise BadValue(f"{cue.label} asks for no music: there is nothing to hear.", value=cue.label)
    players = _Players(programme, dialogue or programme, source, programme_lufs)
    player = players.of(cue)
    if player is None:
        raise BadValue("; ".join(players.warnings) or f"{cue.label} has no music.", value=cue.label)
    start, stop = (min(max(round(t * programme.rate), 0), programme.frames) for t in (span.start_s, span.end_s))
    with Spool(programme.rate, programme.channels, programme.layout) as target:
        for at in range(start, stop, _BLOCK):
            target.write(player.read(at, min(at + _BLOCK, stop)))
    music = target.audio
    mixed = Audio(programme.read(start, stop) + music.samples, programme.rate, programme.layout)
    if mixed.frames and float(np.abs(mixed.samples).max()) > 1:
        mixed = spool(limit(mixed, 0.0), like=mixed)
    return TempMix(mixed, music, tuple(players.warnings))


class _Laid:
    """Stereo music on the channels of a programme, before ducking."""

    def __init__(self, placed: Placed, layout: tuple[str, ...]) -> None:
        self._placed, self._matrix = placed, layouts.from_stereo(layout)

    def read(self, start: int, stop: int) -> FloatArray:
        return layouts.mixed(self._matrix, self._placed.read(start, stop))


class _Player:
    """The music of one cue, ducked, on the programme's channels."""

    def __init__(self, placed: Placed, cue: Cue, programme: Audio, dialogue: Audio) -> None:
        self.stop, self._rate = placed.stop, programme.rate
        self._laid = _Laid(placed, programme.layout)
        self._curve = DuckCurve()
        span = Span(max(0.0, placed.start / self._rate), max(0.0, placed.stop / self._rate))
        ducks = merged(cue.ducks, span)
        if ducks:
            alone = Audio.backed(
                self._laid,
                channels=programme.channels,
                frames=max(0, placed.stop),
                rate=programme.rate,
                layout=programme.layout,
            )
            self._curve = curve(ducks, alone, dialogue)

    def read(self, start: int, stop: int) -> FloatArray:
        return self._laid.read(start, stop) * self._curve.gains(start, stop, self._rate)


class _Players:
    """Opens the music of cues, and notes what could not be opened."""

    def __init__(self, programme: Audio, dialogue: Audio, source: str, lufs: float | None = None) -> None:
        self._programme, self._dialogue, self._source, self._lufs = programme, dialogue, source, lufs
        self.warnings: list[str] = []
        self._open: Callable[[str], Audio] = functools.lru_cache(_OPEN)(self._opened)

    def of(self, cue: Cue) -> _Player | None:
        """The player of a cue; None where it has no music."""
        placed = self._track(cue) if self._source != "guides" else None
        if placed is None and self._source != "tracks":
            placed = self._guide(cue)
        return None if placed is None else _Player(placed, cue, self._programme, self._dialogue)

    def _track(self, cue: Cue) -> Placed | None:
        match = cue.track or next(iter(cue.tracks), None)
        if match is None:
            if self._source == "tracks":
                self.warnings.append(f"{cue.label} has no track: it stays without music")
            return None
        try:
            placed = Placed(self._open(match.track.path), match.edit, cue)
        except InputError as error:
            self.warnings.append(f"{cue.label}: its track {_name(match)} is left out: {error}")
            return None
        if placed.missing_s > _MISSING_S:
            self.warnings.append(
                f"{cue.label}: its track {_name(match)} ends {placed.missing_s:.2f} s before its edit does"
            )
        return placed

    def _opened(self, path: str) -> Audio:
        return at_rate(decode(Path(path)).audio, self._programme.rate)

    def _guide(self, cue: Cue) -> Placed:
        guide = _guide(replace(cue, status="suggested", tracks=(), edited=False), self._programme.rate)
        edit = TrackEdit((EditPiece(cue.in_s, 0.0, guide.duration_s),), gain_db=self._guide_gain_db)
        return Placed(guide, edit, cue)

    @functools.cached_property
    def _guide_gain_db(self) -> float:
        loudness = integrated_loudness(self._programme) if self._lufs is None else self._lufs
        return 0.0 if loudness is None else loudness + IN_THE_CLEAR_LU - LOUDNESS_LUFS


@functools.lru_cache(2)
def _guide(cue: Cue, rate: int) -> Audio:
    """The guide of a cue, kept for when it is heard again from another place."""
    return guide_audio(cue, rate)


def _name(match: TrackMatch) -> str:
    return repr(match.track.title or Path(match.track.path).name)
