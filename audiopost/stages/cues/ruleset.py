"""The rules that cues are suggested by, out of presets/cues/*.toml: data that a composer reads and changes."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core.errors import BadValue, UnknownName
from ...core.serial import from_json
from ...core.spotting import EMOTIONS, FADES, FUNCTIONS
from ...io.resources import presets_folder

#: Where a cue may enter; see presets/cues/film-drama.toml.
ENTRIES = ("cut", "pause", "before-line", "exact")
MODES = (
    "major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "octatonic", "whole-tone", "chromatic",
    "gong", "shang", "jue", "zhi", "yu",
)  # fmt: skip
DYNAMICS = ("ppp", "pp", "p", "mp", "mf", "f", "ff", "fff")
_KEY = re.compile(r"[A-G][#b]?")
_METRE = re.compile(r"(?:[2-9]|1[0-2])/(?:2|4|8|16)")


@dataclass(frozen=True)
class ProgrammeRules:
    """How much music, and how far from itself: share 0..1, cues an hour, the rest in seconds."""

    share: float
    cues_an_hour: float
    rest_s: float
    longest_s: float
    margin_s: float


@dataclass(frozen=True)
class Thresholds:
    """From where on something counts: feelings as distances in -1..1, strengths 0..1, times in seconds."""

    turn: float
    strong: float
    spent: float
    sure: float
    suggested: float
    jump: float
    hard: float
    opening_s: float
    closing_s: float
    bridge_s: float
    montage_cuts_a_minute: float
    montage_speech: float


@dataclass(frozen=True)
class SilenceRules:
    """When no music is stronger."""

    line_s: float
    around_s: float
    strong: float
    sparse: float
    after_s: float
    rest_s: float


@dataclass(frozen=True)
class FunctionRules:
    """How a cue of one function is laid. `enter` holds some of ENTRIES, in the order they are tried."""

    wanted: float
    length_s: tuple[float, float]
    enter: tuple[str, ...]
    fade_in_s: float
    fade_in_shape: str
    fade_out_s: float
    fade_out_shape: str
    level_lu: float
    hit_strength: float
    most_hits: int
    instruments: tuple[str, ...] = ()


@dataclass(frozen=True)
class EmotionRules:
    """What music for one feeling sounds like; of modes and keys the likeliest comes first.

    `by_voice` is the feeling it is taken for where voices alone tell it: they hardly tell glad from angry.
    """

    tempo_bpm: tuple[int, int]
    modes: tuple[str, ...]
    keys: tuple[str, ...]
    metre: str
    instruments: tuple[str, ...]
    texture: str
    articulation: str
    dynamics: tuple[str, str]
    by_voice: str = ""


@dataclass(frozen=True)
class Ruleset:
    """One file of rules. `words` says instruments and textures that audiopost does not know in other languages."""

    name: str
    title: str
    programme: ProgrammeRules
    thresholds: Thresholds
    silence: SilenceRules
    functions: Mapping[str, FunctionRules]
    emotions: Mapping[str, EmotionRules]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def ruleset_names() -> tuple[str, ...]:
    """The shipped rule files, sorted."""
    return tuple(sorted(path.stem for path in (presets_folder() / "cues").glob("*.toml")))


def load_ruleset(name: str) -> Ruleset:
    """Rules by name ('film-drama'), or out of a file of one's own ('mine.toml').

    Raises UnknownName; BadValue for a file that holds no rules, naming file and key.
    """
    return _read(Path(name).expanduser()) if name.endswith(".toml") else _shipped(name)


@functools.cache
def _shipped(name: str) -> Ruleset:
    return _read(_path(name))


def _path(name: str, where: str = "") -> Path:
    if name not in ruleset_names():
        raise UnknownName("rule file", name, (*ruleset_names(), "your own file.toml"), where=where)
    return presets_folder() / "cues" / f"{name}.toml"


def _read(path: Path) -> Ruleset:
    values = _table(path)
    base = values.pop("based_on", "")
    if base:
        if not isinstance(base, str):
            raise BadValue(f"{path.name}: based_on = {base!r} is no name.", value=base, choices=ruleset_names())
        under = _table(_path(base, path.name))
        under.pop("based_on", None)
        values = _merged(under, values)
    rules: Ruleset = from_json(Ruleset, {"title": path.stem, **values, "name": path.stem}, where=path.name)
    _check(rules, path.name)
    return rules


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadValue(
            f"{path} cannot be read as rules for cues: {error}.", value=str(path), choices=ruleset_names()
        ) from error


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` laid on `under`: tables key by key, all else replaced."""
    both = dict(under)
    for key, value in over.items():
        old = both.get(key)
        both[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def _check(rules: Ruleset, where: str) -> None:
    """Raises for the first value out of its range, or name out of its choices."""
    for table, given, known in (("functions", rules.functions, FUNCTIONS), ("emotions", rules.emotions, EMOTIONS)):
        for name in given:
            if name not in known:
                raise UnknownName(table.removesuffix("s"), name, known, where=where)
        if absent := [name for name in known if name not in given]:
            raise BadValue(
                f"{where}: {table} lacks {', '.join(absent)}.",
                value=absent,
                remedy='Write them, or take them over: based_on = "film-drama".',
            )
    for key, value, low, high in _numbers(rules):
        if not low <= value <= high:
            raise BadValue(f"{where}: {key} = {value:g} is not between {low:g} and {high:g}.", value=value)
    for key, names, choices in _names(rules):
        for name in names:
            if name not in choices:
                raise BadValue(f"{where}: {key} = {name!r} is not one of its choices.", value=name, choices=choices)
        if not names:
            raise BadValue(f"{where}: {key} is empty.", value=names, choices=choices)
    for key, text, form in _forms(rules):
        if not form.fullmatch(text):
            raise BadValue(
                f"{where}: {key} = {text!r} is none.", value=text, remedy="Keys are like D, F# or Bb, metres like 4/4."
            )
    _check_pairs(rules, where)


def _numbers(rules: Ruleset) -> Iterator[tuple[str, float, float, float]]:
    """(key, value, lowest, highest) of every number."""
    limits = {"share": (0, 1), "longest_s": (2, 3600), "level_lu": (-40, 6), "wanted": (0, 5), "most_hits": (0, 50),
              "montage_cuts_a_minute": (1, 600), "cues_an_hour": (0, 600), "turn": (0.05, 2), "strong": (0.05, 1.5),
              "spent": (0, 1.5), "jump": (0.05, 3)}  # fmt: skip
    tables: dict[str, Any] = {"programme": rules.programme, "thresholds": rules.thresholds, "silence": rules.silence}
    tables |= {f"functions.{name}": each for name, each in rules.functions.items()}
    for table, each in tables.items():
        for key, value in vars(each).items():
            if isinstance(value, int | float):
                yield f"{table}.{key}", value, *limits.get(key, (0, 600) if key.endswith("_s") else (0, 1))
    for name, function in rules.functions.items():
        yield from ((f"functions.{name}.length_s", value, 0.2, 3600) for value in function.length_s)
    for name, emotion in rules.emotions.items():
        yield from ((f"emotions.{name}.tempo_bpm", value, 20, 300) for value in emotion.tempo_bpm)


def _names(rules: Ruleset) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """(key, names, choices) of every name out of a list."""
    for name, function in rules.functions.items():
        yield f"functions.{name}.enter", function.enter, ENTRIES
        yield f"functions.{name}.fade_in_shape", (function.fade_in_shape,), FADES
        yield f"functions.{name}.fade_out_shape", (function.fade_out_shape,), FADES
    for name, emotion in rules.emotions.items():
        yield f"emotions.{name}.modes", emotion.modes, MODES
        yield f"emotions.{name}.dynamics", emotion.dynamics, DYNAMICS
        yield f"emotions.{name}.by_voice", (emotion.by_voice or name,), EMOTIONS


def _forms(rules: Ruleset) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    """(key, text, pattern) of every text that has a form."""
    for name, emotion in rules.emotions.items():
        yield f"emotions.{name}.metre", emotion.metre, _METRE
        yield from ((f"emotions.{name}.keys", key, _KEY) for key in emotion.keys)


def _check_pairs(rules: Ruleset, where: str) -> None:
    """Raises where a range runs backwards, a list that must not be empty is, or words lack a language."""
    for name, function in rules.functions.items():
        if function.length_s[0] > function.length_s[1]:
            raise _backwards(where, f"functions.{name}.length_s", function.length_s)
    for name, emotion in rules.emotions.items():
        if emotion.tempo_bpm[0] >= emotion.tempo_bpm[1]:
            raise _backwards(where, f"emotions.{name}.tempo_bpm", emotion.tempo_bpm)
        if DYNAMICS.index(emotion.dynamics[0]) > DYNAMICS.index(emotion.dynamics[1]):
            raise _backwards(where, f"emotions.{name}.dynamics", emotion.dynamics)
        for key in ("keys", "instruments", "texture"):
            if not getattr(emotion, key):
                raise BadValue(f"{where}: emotions.{name}.{key} is empty.", value="")
    for word, versions in rules.words.items():
        if unknown := set(versions) - {"en", "zh-hant", "zh-hans"}:
            raise UnknownName("language", sorted(unknown)[0], ("en", "zh-hant", "zh-hans"), where=f"{where}: {word}")


def _backwards(where: str, key: str, pair: tuple[Any, Any]) -> BadValue:
    return BadValue(f"{where}: {key} = {list(pair)} runs backwards.", value=pair, remedy="Put the lower one first.")
