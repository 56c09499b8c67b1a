"""Speaker turns as RTTM (NIST Rich Transcription), the format diarisation is scored in."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.speech import SpeakerTurn


def rttm(turns: Iterable[SpeakerTurn], uri: str) -> str:
    """One SPEAKER line a turn, in order of time, seconds with milliseconds; '' for no turns.

    `uri` names the recording. The fields are parted by spaces, so spaces in it and in names become underscores.
    """
    name = _field(uri)
    ordered = sorted(turns, key=lambda turn: (turn.start_s, turn.end_s, turn.speaker))
    return "".join(
        f"SPEAKER {name} 1 {t.start_s:.3f} {t.end_s - t.start_s:.3f} <NA> <NA> {_field(t.speaker)} <NA> <NA>\n"
        for t in ordered
    )


def _field(text: str) -> str:
    return "_".join(text.split()) or "unknown"
