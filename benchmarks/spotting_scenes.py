"""Scenes of known changes, put together out of real recordings at run time: what benchmarks/spotting.py and a test use.

Nothing is tuned on them. Voices keep the level they were recorded at, relative to each other; lines are cut where they
begin and end to sound, so that a planted change lies where the first changed line begins to be heard. Room tone lies
under everything: digital silence would give every place away.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiopost.core.audio import Audio
from audiopost.core.speech import SpeakerTurn, Transcript, Utterance
from audiopost.core.time import Span
from audiopost.dsp.resample import resample
from audiopost.io.decode import load

RATE = 48_000
#: Level of the room tone, and of the loudest music, dBFS RMS.
_ROOM_DBFS, _MUSIC_DBFS = -62.0, -22.0
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Planted:
    """A change that should be found: `kind` is that of the story beat, or 'scene' for a scene's border."""

    time_s: float
    kind: str
    what: str


@dataclass(frozen=True)
class Built:
    """A scene and what is true of it."""

    name: str
    audio: Audio
    turns: tuple[SpeakerTurn, ...]
    transcript: Transcript
    planted: tuple[Planted, ...]
    music: tuple[Span, ...]


@dataclass
class _Desk:
    """A track that is being put together: everything is laid at `at_s`, which moves on."""

    name: str
    recordings: Recordings
    at_s: float = 0.0
    lines: list[tuple[float, Samples]] = field(default_factory=list)
    turns: list[SpeakerTurn] = field(default_factory=list)
    said: list[Utterance] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    music: list[Span] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.at_s += seconds

    def plant(self, kind: str, what: str) -> None:
        self.planted.append(Planted(self.at_s, kind, what))

    def lay(self, sound: Samples, at_s: float) -> None:
        self.lines.append((at_s, sound))

    def say(self, speaker: str, path: str, pause_s: float = 0.6, gain_db: float = 0.0) -> None:
        """The line of a recording, trimmed; then the pause."""
        sound = trimmed(self.recordings.sound(path)) * np.float32(10 ** (gain_db / 20))
        end_s = self.at_s + len(sound) / RATE
        self.lay(sound, self.at_s)
        self.turns.append(SpeakerTurn(self.at_s, end_s, speaker))
        self.said.append(Utterance(self.at_s, end_s, self.recordings.text(path), "en", (), speaker))
        self.at_s = end_s + pause_s

    def play(self, path: str, seconds: float, dbfs: float = _MUSIC_DBFS) -> None:
        """Music from here on, that comes and goes within 0.2 s; `at_s` stays."""
        sound = levelled(self.recordings.sound(path)[: round(seconds * RATE)], dbfs)
        fade = np.linspace(0, 1, RATE // 5, dtype=np.float32)
        sound[: len(fade)] *= fade
        sound[-len(fade) :] *= fade[::-1]
        span = Span(self.at_s, self.at_s + len(sound) / RATE)
        self.lay(sound, span.start_s)
        self.music.append(span)
        self.planted.append(Planted(span.start_s, "music", f"{Path(path).stem} enters"))
        self.planted.append(Planted(span.end_s, "music", f"{Path(path).stem} leaves"))

    def effect(self, path: str, dbfs: float, what: str = "") -> None:
        """A sound that begins here; a change to be found where it is named."""
        sound = trimmed(self.recordings.sound(path))
        self.lay(levelled(sound, dbfs), self.at_s)
        if what:
            self.plant("sound", what)

    def built(self, rooms: Sequence[tuple[float, str, float]]) -> Built:
        """The scene over its rooms: (where it begins, the recording of its noise, its level in dBFS)."""
        frames = round(self.at_s * RATE)
        mix = np.zeros(frames, np.float32)
        for at_s, sound in self.lines:
            first = round(at_s * RATE)
            part = sound[: max(0, frames - first)]
            mix[first : first + len(part)] += part
        starts = [*(round(room[0] * RATE) for room in rooms), frames]
        for (_, path, dbfs), first, stop in zip(rooms, starts, starts[1:], strict=False):
            noise = levelled(self.recordings.sound(path), dbfs)
            mix[first:stop] += np.resize(noise, stop - first)
        peak = float(np.abs(mix).max())
        audio = Audio((mix / max(1.0, peak / 0.98))[np.newaxis], RATE)
        planted = tuple(sorted(self.planted, key=lambda p: p.time_s))
        return Built(
            self.name, audio, tuple(self.turns), Transcript("en", tuple(self.said)), planted, tuple(self.music)
        )


class Recordings:
    """The reference recordings by their path in index.csv."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with (folder / "index.csv").open(encoding="utf-8") as file:
            self._rows = {row["path"]: row for row in csv.DictReader(file)}

    def sound(self, path: str) -> Samples:
        """(n,) at 48 kHz, mono."""
        audio = load(self.folder / path).audio
        return resample(audio.samples.mean(axis=0, keepdims=True), audio.rate, RATE)[0].astype(np.float32)

    def text(self, path: str) -> str:
        """What is said; nothing where nobody has written it down."""
        reference = self._rows[path]["reference"]
        text = reference.partition("text=")[2] if "text=" in reference else reference
        return text.capitalize() if text.isupper() else text

    def acted(self, actor: int, feeling: str) -> str:
        """RAVDESS: an actor's recording of a feeling."""
        return next(
            path
            for path, row in self._rows.items()
            if path.startswith("emotion/ravdess") and path.endswith(f"-{actor:02d}.flac")
            and row["reference"].startswith(f"emotion={feeling};")
        )  # fmt: skip

    def matching(self, start: str) -> list[str]:
        """Paths that begin so, in order."""
        return sorted(path for path in self._rows if path.startswith(start))


def levelled(sound: Samples, dbfs: float) -> Samples:
    rms = float(np.sqrt(np.mean(np.square(sound))))
    return (sound * (10 ** (dbfs / 20) / max(rms, 1e-9))).astype(np.float32)


def trimmed(sound: Samples) -> Samples:
    """From where it begins to be heard to where it ends: 10 ms frames within 35 dB of the loud ones."""
    size = RATE // 100
    power = np.square(sound[: len(sound) // size * size]).reshape(-1, size).mean(axis=1)
    loud = np.flatnonzero(power > np.percentile(power, 95) * 10**-3.5)
    return sound[int(loud[0]) * size : (int(loud[-1]) + 1) * size]


def interview(recordings: Recordings) -> Built:
    """Somebody asks shortly and somebody answers at length, in a quiet room and then in a kitchen; nobody is moved."""
    desk = _Desk("interview", recordings)
    asks = [
        f"speech_clean/librispeech/1089-{n}.flac" for n in ("134686-0030", "134691-0010", "134686-0036", "134691-0004")
    ]
    answers = [
        f"speech_clean/librispeech/237-{n}.flac" for n in ("134493-0002", "134500-0018", "134493-0016", "134500-0032")
    ]
    desk.wait(2.0)
    for question, answer in zip(asks[:2], answers[:2], strict=True):
        desk.say("Asks", question, 0.5)
        desk.say("Answers", answer, 0.8)
    desk.wait(3.0)
    kitchen_s = desk.at_s - 2.0
    desk.planted.append(Planted(kitchen_s, "scene", "they go on in the kitchen"))
    desk.planted.append(Planted(kitchen_s, "sound", "the kitchen is heard"))
    for question, answer in zip(asks[2:], answers[2:], strict=True):
        desk.say("Asks", question, 0.5)
        desk.say("Answers", answer, 0.8)
    desk.wait(2.0)
    return desk.built(
        [(0.0, "noise/speechbrain_noise5.flac", _ROOM_DBFS), (kitchen_s, "noise/doing_the_dishes.flac", -42)]
    )


def quarrel(recordings: Recordings, first: int = 1, second: int = 2) -> Built:
    """Two people talk quietly; fear and anger rise; a door slams, and after a while somebody is sad."""
    desk = _Desk(f"quarrel {first:02d} and {second:02d}", recordings)

    def lines(pause_s: float, *feelings: str) -> None:
        for feeling in feelings:
            for actor in (first, second):
                desk.say(f"Actor {actor:02d}", recordings.acted(actor, feeling), pause_s, gain_db=10)

    desk.wait(2.5)
    lines(0.9, "neutral", "calm", "neutral", "calm")
    desk.plant("emotion", "fear and anger rise")
    lines(0.5, "fearful", "fearful", "angry", "angry")
    lines(0.3, "angry")
    desk.wait(0.7)
    desk.effect("effects/perc_door.flac", -18, "a door slams")
    desk.wait(6.0)
    desk.plant("emotion", "what is left is sadness")
    lines(1.2, "sad", "sad", "calm")
    desk.wait(3.0)
    return desk.built([(0.0, "noise/speechbrain_noise5.flac", _ROOM_DBFS)])


def telephone(recordings: Recordings) -> Built:
    """One voice, in German, of another corpus: even and bored, then angry and afraid; after a silence, sad."""
    desk = _Desk("telephone", recordings)

    def lines(pause_s: float, *names: str) -> None:
        for name in names:
            desk.say("She", f"emotion/emodb/09{name}.flac", pause_s)

    desk.wait(2.0)
    lines(1.2, "a01Nb", "a02La", "a04Nb", "a04La", "a05Nb", "a05Lc")
    desk.plant("emotion", "anger rises")
    lines(0.8, "a01Wb", "a02Wb", "a04Wa", "b10Aa", "a01Wb", "a02Wb", "a04Wa")
    desk.wait(5.0)
    desk.plant("emotion", "what is left is sadness")
    lines(1.5, "a05Tb", "a07Ta", "b02Tb", "a05Tb")
    desk.wait(2.0)
    return desk.built([(0.0, "noise/speechbrain_noise5.flac", _ROOM_DBFS)])


def montage(recordings: Recordings) -> Built:
    """Talk; a montage under music that is there, with effects and two lines; talk; a second piece at the end."""
    desk = _Desk("montage", recordings)
    hers, his = recordings.matching("speech_clean/tsp/FA01"), recordings.matching("speech_clean/tsp/MC13")
    desk.wait(2.0)
    for k in range(3):
        desk.say("Fay", hers[k], 0.6)
        desk.say("Mac", his[k], 0.6)
    desk.wait(2.0)
    desk.plant("scene", "the montage begins")
    music_s = desk.at_s
    desk.play("music/gold_rush.mp3", 40.0)
    for at_s, path in ((6.0, "esc50_1-100032-A-0.flac"), (12.0, "esc50_2-100648-A-43.flac")):
        desk.at_s = music_s + at_s
        desk.effect(f"effects/{path}", -26)
    desk.at_s = music_s + 20.0
    desk.say("Fay", hers[4], 1.5, gain_db=4)
    desk.say("Mac", his[4], 1.5, gain_db=4)
    desk.at_s = music_s + 32.0
    desk.effect("effects/esc50_3-103051-C-19.flac", -26)
    desk.at_s = music_s + 42.0
    desk.plant("scene", "talk goes on after the montage")
    for k in range(5, 8):
        desk.say("Fay", hers[k], 0.6)
        desk.say("Mac", his[k], 0.6)
    desk.wait(1.5)
    desk.effect("effects/doors_fencegate_close.ogg", -16, "a gate falls shut")
    desk.wait(3.0)
    desk.play("music/sweet_waltz.ogg", 20.0)
    desk.wait(23.0)
    return desk.built([(0.0, "noise/speechbrain_noise5.flac", _ROOM_DBFS)])


def example(folder: Path) -> Built:
    """The example that audiopost ships: synthetic voices, a true script, music at both ends."""
    truth = json.loads((folder / "scene.json").read_text("utf-8"))
    said = tuple(Utterance(u["start_s"], u["end_s"], u["text"], "en", (), u["speaker"]) for u in truth["utterances"])
    moods = [(u["start_s"], u["mood"]) for u in truth["utterances"]]
    planted = [
        Planted(now[0], "emotion", f"{was[1]} turns to {now[1]}") for was, now in pairwise(moods) if was[1] != now[1]
    ]
    planted += [Planted(e["time_s"], "sound", e["kind"]) for e in truth["effects"]]
    music = tuple(Span(m["start_s"], m["end_s"]) for m in truth["music"])
    planted += [
        Planted(music[0].end_s, "music", "the opening leaves"),
        Planted(music[1].start_s, "music", "the close enters"),
    ]
    turns = tuple(SpeakerTurn(u.start_s, u.end_s, u.speaker or "") for u in said)
    audio = load(folder / "scene.flac").audio
    return Built("example", audio, turns, Transcript("en", said), tuple(sorted(planted, key=lambda p: p.time_s)), music)
