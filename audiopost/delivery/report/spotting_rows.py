"""The time line of the spotting page, row by row: pictures, scenes, sound, dialogue, feeling, turns, cues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ...core.spotting import Cue, Scene, StoryBeat
from ...core.time import Span, merge_spans
from .charts import HEIGHT, WIDTH, Bar
from .emotion_lines import axes_of, emotion_lines
from .parts import MOST_ROWS
from .spotting_material import Material, Stretch, colour
from .thumbnails import Slot

_COLUMNS = 700
#: Marks of one kind in a row, the strongest; cuts are drawn without words and may be more.
_MOST_BEATS = 30
#: Pauses between lines shorter than this share of a row are not drawn.
_JOINED = 1 / 600
_KINDS = ("shot", "pause", "speaker", "emotion", "sound", "music")


def rows(material: Material, windows: Sequence[Stretch], strip: Sequence[Slot]) -> list[dict[str, Any]]:
    """What the template draws, one row for each window."""
    project = material.project
    beats: dict[str, list[StoryBeat]] = defaultdict(list)
    for beat in project.beats or ():
        beats[beat.kind].append(beat)
    cuts = [at for scene in project.scenes or () for at in scene.cuts_s]
    kinds = [kind for kind in _KINDS if beats[kind] and not (kind == "shot" and cuts)]
    axes = axes_of(project.emotion or ())
    talk = talk_of(material)
    cues = list(enumerate(project.cues or ()))
    return [
        {
            "name": f"{material.stamp(window.start_s)}–{material.stamp(min(window.end_s, project.media.duration_s))}",
            "ticks": window.timecodes(project.media.timebase, project.media.duration_s),
            "beyond": window.at(project.media.duration_s),
            "stills": _strip(material, window, strip),
            "scenes": _scenes(material, window),
            "cuts": _strokes(cuts, window),
            "wave": material.sound.part(window.start_s, window.end_s, _COLUMNS).paths(material.scale),
            "talk": spoken(talk, window),
            "lines": emotion_lines(project.emotion or (), window, axes),
            "beats": [_beats(material, kind, beats[kind], window) for kind in kinds],
            "lanes": _lanes(material, [(i, cue) for i, cue in cues if cue.status != "existing"], window),
            "there": _lanes(material, [(i, cue) for i, cue in cues if cue.status == "existing"], window),
        }
        for window in windows
    ]


def _strip(material: Material, window: Stretch, strip: Sequence[Slot]) -> list[dict[str, Any]]:
    shown = [slot for slot in strip if window.holds(slot.start_s, slot.start_s)]
    return [
        {
            "at": window.at(slot.start_s),
            "width": round(100 * slot.width_s / window.duration_s, 3),
            "uri": material.stills[slot.time_s],
            "title": material.stamp(slot.time_s),
            "first": slot.begins_scene,
        }
        for slot in shown
        if slot.time_s in material.stills
    ]


def _scenes(material: Material, window: Stretch) -> list[dict[str, Any]]:
    return [
        {
            "bar": window.bar(scene.start_s, scene.end_s, _scene_title(material, scene), str(scene.number)),
            "row": row if row < MOST_ROWS else None,
            "mood": material.feeling(scene.mood),
            "class": colour(scene.mood),
        }
        for row, scene in enumerate(material.project.scenes or ())
        if window.holds(scene.start_s, scene.end_s)
    ]


def _scene_title(material: Material, scene: Scene) -> str:
    return f"{material.say('report.scene', number=scene.number)} {material.stamp(scene.start_s)}: {scene.reason}"


def talk_of(material: Material) -> list[tuple[float, float, str]]:
    """What is said when; where nobody listened to words, who speaks, or that somebody does."""
    project = material.project
    if project.transcript and project.transcript.utterances:
        return [(u.start_s, u.end_s, f"{u.speaker}: {u.text}" if u.speaker else u.text)
                for u in project.transcript.utterances]  # fmt: skip
    if project.turns:
        return [(turn.start_s, turn.end_s, turn.speaker) for turn in project.turns]
    return [(span.start_s, span.end_s, "") for span in project.speech_spans or ()]


def spoken(talk: Sequence[tuple[float, float, str]], window: Stretch) -> list[Bar]:
    """Lines of dialogue in a window; those that nearly touch are one."""
    inside = [each for each in talk if window.holds(each[0], each[1])]
    bars = []
    for span in merge_spans([Span(max(s, 0.0), max(e, s, 0.0)) for s, e, _ in inside], window.duration_s * _JOINED):
        said = " ".join(text for s, _, text in inside if span.start_s <= s < span.end_s)
        bars.append(window.bar(span.start_s, span.end_s, said if len(said) < 160 else f"{said[:158]} …"))
    return bars


def _beats(material: Material, kind: str, beats: Sequence[StoryBeat], window: Stretch) -> dict[str, Any]:
    inside = [beat for beat in beats if window.holds(beat.time_s, beat.time_s)]
    name = material.say(f"report.beat_{kind}")
    if kind == "shot":
        return {"kind": kind, "name": name, "marks": [], "strokes": _strokes([b.time_s for b in inside], window)}
    strongest = sorted(inside, key=lambda beat: -beat.strength)[:_MOST_BEATS]
    marks = [
        {"at": window.at(beat.time_s), "title": f"{material.stamp(beat.time_s)} {beat.detail}",
         "strength": round(0.35 + 0.65 * min(max(beat.strength, 0.0), 1.0), 2)}
        for beat in sorted(strongest, key=lambda beat: beat.time_s)
    ]  # fmt: skip
    return {"kind": kind, "name": name, "marks": marks, "strokes": ""}


def _strokes(times_s: Sequence[float], window: Stretch) -> str:
    """Moments as upright strokes: one path, however many there are."""
    places = {round(window.at(at) * WIDTH / 100) for at in times_s if window.holds(at, at)}
    return "".join(f"M{place} 0V{HEIGHT}" for place in sorted(places))


def _lanes(material: Material, cues: Sequence[tuple[int, Cue]], window: Stretch) -> list[list[dict[str, Any]]]:
    """Cues of a window in as few lanes as keep them apart; each knows the room that its words have."""
    lanes: list[list[dict[str, Any]]] = []
    ends: list[float] = []
    for index, cue in sorted(cues, key=lambda each: each[1].in_s):
        if not window.holds(cue.in_s, cue.out_s):
            continue
        lane = next((i for i, end_s in enumerate(ends) if end_s <= cue.in_s), len(ends))
        if lane == len(ends):
            lanes.append([])
            ends.append(0.0)
        ends[lane] = cue.out_s
        lanes[lane].append(_bar(material, index, cue, window))
    for bars in lanes:
        for bar, following in zip(bars, [*(b["at"] for b in bars[1:]), 100.0], strict=True):
            bar["room"] = round(max(following - bar["at"], 0.0), 3)
    return lanes


def _bar(material: Material, index: int, cue: Cue, window: Stretch) -> dict[str, Any]:
    start_s, end_s = max(cue.in_s, window.start_s), min(cue.out_s, window.end_s)
    own = Stretch(start_s, max(end_s, start_s))
    come = own.at(cue.in_s + cue.fades.in_s) if cue.in_s >= window.start_s else 0.0
    go = own.at(cue.out_s - cue.fades.out_s) if cue.out_s <= window.end_s else 100.0
    does, feels = material.name("function", cue.function), material.feeling(cue.emotion)
    return {
        "at": window.at(start_s),
        "width": window.bar(start_s, end_s, "").width,
        "index": index,
        "label": cue.label,
        "says": " · ".join(filter(None, (cue.title, does, feels))),
        "title": f"{cue.label} {material.stamp(cue.in_s)}–{material.stamp(cue.out_s)} {does}, {feels}",
        "class": f"{colour(cue.emotion)} {kind_of(cue)}",
        "shape": f"0 100%,{come}% 0,{max(come, go)}% 0,100% 100%",
        "ducks": [
            own.bar(duck.start_s, duck.end_s, "") for duck in cue.ducks if own.holds(duck.start_s, duck.end_s)
        ],
        "hits": [
            {"at": own.at(hit.time_s), "height": round(35 + 65 * min(max(hit.strength, 0.0), 1.0)),
             "title": f"{material.stamp(hit.time_s)} {hit.what}"}
            for hit in cue.hits if start_s <= hit.time_s <= end_s
        ],
    }  # fmt: skip


def kind_of(cue: Cue) -> str:
    """How a cue is drawn: by its status, silence on purpose unlike music."""
    status = cue.status if cue.status in ("accepted", "rejected", "existing") else "suggested"
    return f"{status} quiet" if cue.function == "silence" else status
