"""What stands of a cue, in a line each, in a reader's language: for the notes, the spotting page and the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from ...core.language import tell
from ...core.music import TrackInfo
from ...core.spotting import Alternative, Cue, Fades
from .cells import number
from .words import joined, shown


def tempo_range(bpm: tuple[int, int]) -> str:
    """'60–80', '72', or '' where there is no pulse."""
    low, high = bpm
    return "" if high <= 0 else str(low) if low == high else f"{low}–{high}"


def tempo(bpm: tuple[int, int]) -> str:
    """`tempo_range` with its unit."""
    span = tempo_range(bpm)
    return f"{span} BPM" if span else ""


def music(cue: Cue, language: str) -> Iterator[tuple[str, str]]:
    """(Text of sheet.toml that names it, value) of all but the tempo; what is not said is left out.

    Music that is in the mix already has neither a level nor fades to choose, silence nothing of the kind.
    """
    if cue.function == "silence":
        return
    mixed = cue.status == "existing"
    values = {
        "column_metre": cue.metre,
        "column_key" if cue.key else "column_mode": f"{cue.key} {shown('mode', cue.mode, language)}".strip(),
        "column_instruments": joined(language, *cue.instruments),
        "column_texture": cue.texture,
        "column_dynamics": cue.dynamics,
        "level": "" if mixed else _level(cue, language),
        "fades": "" if mixed else _fades(cue.fades, language),
    }
    yield from ((name, value) for name, value in values.items() if value)


def _level(cue: Cue, language: str) -> str:
    key = "sheet.over" if cue.level_lu > 0 else "sheet.under"
    said = tell(key, language, level=number(abs(cue.level_lu), 1))
    if not cue.ducks:
        return said
    lowest = number(min(duck.level_lu for duck in cue.ducks), 1).replace("-", "−")
    ducked = tell("sheet.ducked", language, count=len(cue.ducks), level=lowest)
    return joined(language, said, ducked, mark="; ")


def _fades(fades: Fades, language: str) -> str:
    if fades == Fades():
        return ""
    return tell(
        "sheet.fade_pair",
        language,
        in_s=number(fades.in_s, 1),
        in_shape=shown("fade", fades.in_shape, language),
        out_s=number(fades.out_s, 1),
        out_shape=shown("fade", fades.out_shape, language),
    )


def alternative(other: Alternative, language: str) -> str:
    """Function · emotion · tempo · mode, without the reason; a silence has no tempo."""
    silent = other.function == "silence"
    parts = (
        shown("function", other.function, language),
        shown("emotion", other.emotion, language),
        "" if silent else tempo(other.tempo_bpm),
        "" if silent else shown("mode", other.mode, language),
    )
    return " · ".join(filter(None, parts))


def track_name(track: TrackInfo) -> str:
    """The title, else the name of its file, which may be of another system."""
    path = (PureWindowsPath if "\\" in track.path else PurePosixPath)(track.path)
    return track.title or path.stem
