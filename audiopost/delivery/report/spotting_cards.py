"""A card for every cue on the spotting page: its picture, a close-up of its time, and all that is proposed for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.music import Metre, TrackEdit, TrackMatch
from ...core.spotting import Alternative, Cue, Duck, HitPoint
from ...core.time import clock
from ..cue_sheet import facts
from .charts import HEIGHT, WIDTH, Bar, curve, number
from .emotion_lines import emotion_lines
from .spotting_material import Material, Stretch, colour
from .spotting_rows import kind_of, spoken, talk_of

_COLUMNS = 220
_AXES = ("arousal", "valence")
#: More beats than this in a cue's close-up are drawn as bars only, more bars than this not at all.
_MOST_BEATS, _MOST_BARS = 100, 150
#: Music moves to its level under dialogue, and back, within this time.
_DUCKING_S = 0.4
#: A level under dialogue of this many LU is drawn at the bottom.
_DEEPEST_LU = 30.0


def card(material: Material, index: int, cue: Cue) -> dict[str, Any]:
    """What the template shows of a cue; `index` names its place on the page."""
    return {
        "index": index,
        "label": cue.label,
        "title": cue.title,
        "class": f"{colour(cue.emotion)} {kind_of(cue)}",
        "status": material.name("status", cue.status),
        "in": material.stamp(cue.in_s),
        "out": material.stamp(cue.out_s),
        "length": material.length(cue.duration_s),
        "function": material.name("function", cue.function),
        "emotion": material.feeling(cue.emotion),
        "tempo": "" if cue.function == "silence" else facts.tempo(cue.tempo_bpm),
        "reason": cue.reason,
        "confidence": round(100 * cue.confidence),
        "sure": material.say("sheet.sure", percent=round(100 * cue.confidence)),
        "still": material.stills.get(cue.in_s, ""),
        "close": _close_up(material, cue),
        "facts": _facts(material, cue),
        "hits": [_hit(material, cue, hit) for hit in cue.hits],
        "tracks": [_track(material, match) for match in cue.tracks],
        "alternatives": [_alternative(material, each) for each in cue.alternatives],
    }


def _facts(material: Material, cue: Cue) -> list[tuple[str, str]]:
    if cue.function == "silence":
        return []
    existing = cue.status == "existing"
    own = {
        "tempo": _fit(material, cue) if existing and cue.tempo else facts.tempo(cue.tempo_bpm),
        "fitted": "" if existing else _fit(material, cue),
    }
    said = [(name, value) for name, value in own.items() if value]
    return [(material.words[name], value) for name, value in (*said, *facts.music(cue, material.language))]


def _fit(material: Material, cue: Cue) -> str:
    """The tempo and where it begins; how far hit points are off it, where there are any; the cue in bars of it."""
    fit = cue.tempo
    if fit is None:
        return ""
    pulse = material.say("report.pulse", bpm=f"{fit.bpm:.2f}", first=material.stamp(fit.first_beat_s))
    off = material.say("report.fit", rms=number(fit.rms_frames), worst=number(fit.worst_frames)) if cue.hits else ""
    beats, a_bar = (cue.out_s - fit.first_beat_s) * fit.bpm / 60, beats_a_bar(cue)
    bars = material.say("report.bars", bars=number(beats / a_bar)) if a_bar else ""
    return material.joined(pulse, off, bars)


def beats_a_bar(cue: Cue) -> float:
    """Beats of its tempo in a bar; 0 where its metre is not known."""
    return Metre.parse(cue.metre).beats if cue.metre else 0


def _hit(material: Material, cue: Cue, hit: HitPoint) -> dict[str, Any]:
    return {
        "at": material.stamp(hit.time_s),
        "what": hit.what,
        "strength": round(100 * min(max(hit.strength, 0.0), 1.0)),
        "beat": "" if hit.beat is None else _beat(material, cue, hit.beat),
        "off": "" if hit.error_frames is None else f"{'+' if hit.error_frames > 0 else ''}{number(hit.error_frames)}",
        "far": hit.error_frames is not None and abs(hit.error_frames) > 2,
    }


def _beat(material: Material, cue: Cue, number: int) -> str:
    """Bar and beat of the cue's beat `number`, which counts from 1; where bars are of whole beats."""
    a_bar = beats_a_bar(cue)
    if not a_bar or a_bar % 1:
        return str(number)
    bar, beat = divmod(number - 1, int(a_bar))
    return material.say("report.bar_beat", bar=bar + 1, beat=beat + 1)


def _track(material: Material, match: TrackMatch) -> dict[str, Any]:
    info = match.track
    return {
        "name": facts.track_name(info),
        "by": material.listed(info.artist or info.composer, info.album, clock(info.duration_s)),
        "licence": info.licence,
        "score": round(100 * min(max(match.score, 0.0), 1.0)) if match.reasons else None,  # else put in by hand
        "reasons": material.joined(*match.reasons),
        "edit": material.joined(*_edit(material, match.edit)),
        "accepted": match.accepted,
    }


def _edit(material: Material, edit: TrackEdit) -> list[str]:
    said = []
    for piece in edit.pieces:
        text = material.say(
            "report.piece", start=clock(piece.start_s, 2), end=clock(piece.end_s, 2), at=material.stamp(piece.at_s)
        )
        said.append(material.say("report.joined", piece=text, seconds=f"{piece.join_s:.2f}") if piece.join_s else text)
    if not edit.pieces:
        return said
    ends = {"come": f"{edit.fade_in_s:.1f}", "go": f"{edit.fade_out_s:.1f}", "gain": number(edit.gain_db)}
    return [*said, material.say("report.edit_end", **ends)]


def _alternative(material: Material, other: Alternative) -> dict[str, str]:
    return {"what": facts.alternative(other, material.language), "reason": other.reason}


def _close_up(material: Material, cue: Cue) -> dict[str, Any]:
    """The cue's time, and a little around it, large."""
    project = material.project
    around_s = max(2.0, 0.08 * cue.duration_s)
    window = Stretch(max(cue.in_s - around_s, 0.0), min(cue.out_s + around_s, max(project.media.duration_s, cue.out_s)))
    beats, bars = _grid(cue, window)
    return {
        "ticks": window.timecodes(project.media.timebase, window.end_s, most=5),
        "span": window.bar(cue.in_s, cue.out_s, ""),
        "wave": material.sound.part(window.start_s, window.end_s, _COLUMNS).paths(material.scale)[0],
        "talk": spoken(talk_of(material), window),
        "lines": _curves(material, cue, window),
        "beats": beats,
        "bars": bars,
        "hits": [{"at": window.at(hit.time_s), "number": i, "title": hit.what} for i, hit in enumerate(cue.hits, 1)],
        "level": "" if cue.function == "silence" or cue.status == "existing" else _level_path(cue, window),
        "ducks": [_duck(material, duck, window) for duck in cue.ducks if window.holds(duck.start_s, duck.end_s)],
    }  # fmt: skip


def _duck(material: Material, duck: Duck, window: Stretch) -> Bar:
    span = {"start": material.stamp(duck.start_s), "end": material.stamp(duck.end_s)}
    return window.bar(duck.start_s, duck.end_s, material.say("report.duck", level=number(duck.level_lu, 0), **span))


def _curves(material: Material, cue: Cue, window: Stretch) -> list[tuple[str, str]]:
    """(class, path): what the music should feel like; where the cue says nothing, what the scene feels like."""
    if not cue.curve:
        lines = emotion_lines(material.project.emotion or (), window, _AXES)
        return [(f"{line.axis} sure{line.sure}", line.path) for line in lines if line.of == "fused"]
    times = [point.time_s for point in cue.curve]
    return [
        (axis, curve(times, [getattr(p, axis) for p in cue.curve], window, -1.0, 1.0, gap_s=float("inf"), most=200))
        for axis in _AXES
    ]


def _grid(cue: Cue, window: Stretch) -> tuple[str, str]:
    """Beats and bar lines of the fitted tempo inside the cue, as upright strokes."""
    if cue.tempo is None or cue.tempo.bpm < 1:
        return "", ""
    beat_s, a_bar = 60 / cue.tempo.bpm, beats_a_bar(cue)
    beats = _strokes(cue, window, cue.tempo.first_beat_s, beat_s, _MOST_BEATS)
    return beats, _strokes(cue, window, cue.tempo.first_beat_s, beat_s * a_bar, _MOST_BARS) if a_bar else ""


def _strokes(cue: Cue, window: Stretch, first_s: float, step_s: float, most: int) -> str:
    """Upright strokes inside the cue at every step; none where they would be more than `most`."""
    count = int(max(cue.out_s - first_s, 0.0) / step_s + 1e-6) + 1
    times = (first_s + i * step_s for i in range(count if count <= most else 0))
    inside = (at for at in times if cue.in_s - 1e-6 <= at <= cue.out_s + 1e-6)
    return "".join(f"M{window.at(at) * WIDTH / 100:.1f} 0V{HEIGHT}" for at in inside)


def _level_path(cue: Cue, window: Stretch) -> str:
    """How loud the music lies over the cue: full where it is free, lower under each line, with its fades."""
    corners = {cue.in_s, cue.out_s, *(at for d in cue.ducks for at in _corners(d.start_s, d.end_s))}
    at = np.array(sorted({*np.linspace(cue.in_s, cue.out_s, 60).tolist(), *corners}))
    at = at[(at >= cue.in_s) & (at <= cue.out_s)]
    level = np.ones_like(at)
    for duck in cue.ducks:
        depth = max(0.12, 1 - max(-duck.level_lu, 0.0) / _DEEPEST_LU)
        level = np.minimum(level, np.interp(at, _corners(duck.start_s, duck.end_s), (1.0, depth, depth, 1.0)))
    level *= _ramp(at - cue.in_s, cue.fades.in_s, cue.fades.in_shape)
    level *= _ramp(cue.out_s - at, cue.fades.out_s, cue.fades.out_shape)
    xs = [window.at(each) * WIDTH / 100 for each in at.tolist()]
    line = "".join(f"L{x:.1f} {HEIGHT * (1 - 0.9 * y):.1f}" for x, y in zip(xs, level.tolist(), strict=True))
    return f"M{xs[0]:.1f} {HEIGHT}{line}L{xs[-1]:.1f} {HEIGHT}Z" if xs else ""


def _corners(start_s: float, end_s: float) -> tuple[float, float, float, float]:
    return start_s - _DUCKING_S, start_s, end_s, end_s + _DUCKING_S


def _ramp(since_s: Any, length_s: float, shape: str) -> Any:
    """Gain `since_s` seconds into a fade."""
    if length_s < 1e-3:
        return np.ones_like(since_s)
    share = np.clip(since_s / length_s, 0, 1)
    return {"equal-power": np.sin(share * np.pi / 2), "exponential": share**2}.get(shape, share)
