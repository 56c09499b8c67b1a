"""Tracks for cues, best first, each with its reasons and the edit it would need."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...core.errors import BadValue, UnknownName
from ...core.language import LANGUAGES
from ...core.music import TrackAnalysis, TrackMatch
from ...core.spotting import Cue
from ...core.time import Span
from ..edits import Proposal, propose
from . import clap, reasons
from .store import Store, Track
from .table import Floats, Table
from .wish import WEIGHTS, Wish, parts, shortlist, wish

log = logging.getLogger("audiopost")

#: So many times the tracks that are wanted are looked at closely.
_CLOSER = 4
#: What an edit leaves of a track's length score.
_KINDS = {"whole": 1.0, "ending": 0.95, "early": 0.9, "shortened": 0.9, "faded": 0.8, "looped": 0.7, "short": 0.2}
#: Weight of CLAP's likeness, which is spread over 0..1 within the library first.
_CLAP = 0.25
#: An opening so far below the loud parts is quiet, dB.
QUIET_DB = 6.0


@dataclass(frozen=True)
class Likeness:
    """CLAP's cosine of each track of a table with a cue's words (NaN: not embedded), and its share of the score."""

    cosine: Floats
    part: Floats


def suggest_tracks(
    cues: Sequence[Cue],
    library: Path,
    *,
    speech: Sequence[Span],
    count: int = 5,
    language: str = "en",
    dialogue_lufs: float | None = None,
) -> tuple[Cue, ...]:
    """The cues with up to `count` tracks of a library each, best first, with reasons in `language` and an edit.

    `speech` is where there is dialogue, `dialogue_lufs` how loud it is (None: EBU R 128's -23). Silences and cues that
    are existing or rejected get none; a track that was accepted stays first. The same input gives the same output:
    equal scores keep the order of path. Tracks whose files are missing are passed over. Raises BadValue for a library
    that is none, or a count below 1; UnknownName for a language.
    """
    if count < 1:
        raise BadValue(f"{count} tracks for a cue are none.", value=count, remedy="Ask for 1 or more.")
    if language not in LANGUAGES:
        raise UnknownName("language", language, LANGUAGES)
    with Store(library) as store:
        table = Table.of(store)
        if not len(table):
            log.warning("the music library %s holds no track that was heard", library)
        ranking = _Ranking(store, table, speech, language, dialogue_lufs)
        return tuple(replace(cue, tracks=ranking.matches(cue, count)) if _open(cue) else _without(cue) for cue in cues)


def _open(cue: Cue) -> bool:
    return cue.function != "silence" and cue.status not in ("existing", "rejected") and cue.duration_s > 0


def _without(cue: Cue) -> Cue:
    return replace(cue, tracks=())


class _Ranking:
    def __init__(
        self, store: Store, table: Table, speech: Sequence[Span], language: str, dialogue_lufs: float | None
    ) -> None:
        self._store, self._table, self._speech = store, table, speech
        self._language, self._lufs = language, dialogue_lufs
        self._track: Callable[[int], Track] = functools.lru_cache(512)(lambda number: store.tracks([number])[0])
        self._words = clap.words_of(store)

    def matches(self, cue: Cue, count: int) -> tuple[TrackMatch, ...]:
        kept = tuple(match for match in cue.tracks if match.accepted)[:1]
        wanted = wish(cue, self._speech)
        likeness = self._likeness(cue)
        places = shortlist(self._table, wanted, _CLOSER * count, likeness.part if likeness else None)
        scores = parts(self._table, wanted)
        found = [self._match(cue, wanted, n, scores, likeness) for n in self._once(places.tolist())]
        found.sort(key=lambda match: (-match.score, match.track.path))
        taken = {match.track.path for match in kept}
        return (*kept, *(match for match in found if match.track.path not in taken))[:count]

    def _once(self, places: Sequence[int]) -> list[int]:
        """Without further copies of a file that lies in several places."""
        first: dict[str, int] = {}
        for place in places:
            first.setdefault(self._track(int(self._table.ids[place])).sha256, place)
        return list(first.values())

    def _match(
        self, cue: Cue, wanted: Wish, place: int, scores: dict[str, Floats], likeness: Likeness | None
    ) -> TrackMatch:
        track = self._track(int(self._table.ids[place]))
        assert track.analysis is not None  # the table holds tracks that were heard
        edit = propose(track.analysis, cue, dialogue_lufs=self._lufs)
        opening = opening_db(track.analysis, edit)
        own = {name: float(part[place]) for name, part in scores.items()}
        own["length"] = _KINDS[edit.kind] * min(edit.sounds_s / wanted.duration_s, 1.0)
        own["opening"] = _opening(opening, wanted)
        total = sum(WEIGHTS[name] * part for name, part in own.items())
        if cue.hits:
            total = 0.95 * total + 0.05 * edit.hits / len(cue.hits)
        cosine = None
        if likeness is not None:
            total = (1 - _CLAP) * total + float(likeness.part[place])
            cosine = None if np.isnan(likeness.cosine[place]) else float(likeness.cosine[place])
        told = reasons.told(track.analysis, cue, wanted, edit, opening, cosine, self._language)
        info = replace(track.info, vocal=track.analysis.vocal)
        return TrackMatch(info, round(min(max(total, 0.0), 1.0), 4), told, edit.edit)

    def _likeness(self, cue: Cue) -> Likeness | None:
        if self._words is None:
            return None
        ids, cosines = self._words(clap.described(cue))
        row = {number: n for n, number in enumerate(self._table.ids.tolist())}
        cosine = np.full(len(self._table), np.nan)
        for number, value in zip(ids, cosines.tolist(), strict=True):
            cosine[row[number]] = value
        low, high = float(cosines.min()), float(cosines.max())
        # Cosines of text with sound all lie close together: their order within the library is what counts.
        share = (cosine - low) / (high - low) if high > low else np.full(len(cosine), 0.5)
        return Likeness(cosine, _CLAP * np.nan_to_num(share, nan=0.5))


def opening_db(track: TrackAnalysis, edit: Proposal) -> float:
    """Level of the first 6 s that are used, relative to the track's loud parts."""
    if not track.energy_db:
        return 0.0
    first = int(edit.entry_s)
    used = np.asarray(track.energy_db[first : first + 6] or track.energy_db[-1:])
    return float(10 * np.log10(np.mean(10 ** (used / 10))) - np.percentile(track.energy_db, 95))


def _opening(opening: float, wanted: Wish) -> float:
    if wanted.opening_talk_s < 2.0:
        return 0.7
    return min(max(-opening / (2 * QUIET_DB), 0.0), 1.0)
