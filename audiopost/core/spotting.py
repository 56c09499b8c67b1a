"""What a spotting session talks about: feelings, story beats, scenes, music cues. Times in seconds of the recording."""

from __future__ import annotations

from dataclasses import dataclass

from .music import TrackMatch

#: What an utterance or a scene can be labelled as.
EMOTIONS = ("neutral", "joy", "tenderness", "sadness", "fear", "tension", "anger", "surprise", "disgust")
#: What a cue can do for the picture; 'silence' is silence on purpose.
FUNCTIONS = (
    "opening", "underscore", "transition", "sting", "montage", "source", "button", "closing", "silence",
)  # fmt: skip
#: 'existing' music was there before; the others are proposals, as a person left them.
STATUSES = ("suggested", "accepted", "rejected", "existing")
FADES = ("cut", "linear", "equal-power", "exponential")


@dataclass(frozen=True)
class Affect:
    """Arousal, valence and dominance in -1..1, 0 being neutral speech of the population; confidence 0..1."""

    arousal: float
    valence: float
    dominance: float
    confidence: float


@dataclass(frozen=True)
class EmotionPoint:
    """The feeling at a time, fused of what the voice and the words say (None: nothing); numbers as in Affect."""

    time_s: float
    arousal: float
    valence: float
    dominance: float
    confidence: float
    voice: Affect | None = None
    words: Affect | None = None


@dataclass(frozen=True)
class EmotionUtterance:
    """One utterance's feeling: `label` is one of EMOTIONS, the rest as in EmotionPoint."""

    start_s: float
    end_s: float
    label: str
    arousal: float
    valence: float
    confidence: float
    speaker: str | None = None
    text: str = ""
    dominance: float = 0.0
    voice: Affect | None = None
    words: Affect | None = None


@dataclass(frozen=True)
class StoryBeat:
    """A moment where something changes: `kind` is 'shot', 'pause', 'speaker', 'emotion', 'sound' or 'music'.

    `detail` is for a person to read and states the measurement; `strength` 0..1.
    """

    time_s: float
    kind: str
    detail: str
    strength: float


@dataclass(frozen=True)
class Scene:
    """A scene from `start_s` to `end_s`; `reason` says why it begins there; `mood` is one or two of EMOTIONS.

    `affect` is the mean feeling, None where nobody speaks; `cuts_s` are the shot changes inside it.
    """

    number: int
    start_s: float
    end_s: float
    reason: str
    speakers: tuple[str, ...] = ()
    mood: str = ""
    affect: Affect | None = None
    cuts_s: tuple[float, ...] = ()


@dataclass(frozen=True)
class CurvePoint:
    """What a cue's music should feel like at a time of the recording."""

    time_s: float
    arousal: float
    valence: float


@dataclass(frozen=True)
class HitPoint:
    """A moment that music should meet: what happens, how hard it hits (0..1).

    `beat` is the beat of the cue's tempo that falls nearest (1 is its first), `error_frames` how far off it lies, later
    positive; None where no tempo was fitted.
    """

    time_s: float
    what: str
    strength: float
    beat: int | None = None
    error_frames: float | None = None


@dataclass(frozen=True)
class TempoFit:
    """A tempo whose beats meet the hit points: beat 1 at `first_beat_s`, errors in frames over all hit points."""

    bpm: float
    first_beat_s: float
    rms_frames: float
    worst_frames: float


@dataclass(frozen=True)
class Duck:
    """A stretch of dialogue under which the music lies at `level_lu` relative to the dialogue's loudness."""

    start_s: float
    end_s: float
    level_lu: float


@dataclass(frozen=True)
class Fades:
    """How a cue comes and goes: lengths in seconds, shapes out of FADES."""

    in_s: float = 0.0
    out_s: float = 0.0
    in_shape: str = "cut"
    out_shape: str = "cut"


@dataclass(frozen=True)
class Alternative:
    """Another way to treat the same place, and why one might."""

    function: str
    emotion: str
    tempo_bpm: tuple[int, int]
    mode: str
    reason: str


@dataclass(frozen=True)
class Cue:
    """A place for music (or, with function 'silence', for none). `function`, `emotion`, `status` as listed above.

    `tempo_bpm` is a range in beats a minute, `level_lu` the level under dialogue relative to the dialogue's loudness.
    `edited`: a person added it, or changed more of it than its status.
    """

    number: int
    in_s: float
    out_s: float
    function: str
    emotion: str
    tempo_bpm: tuple[int, int]
    mode: str
    instruments: tuple[str, ...]
    reason: str
    confidence: float
    reel: int = 1
    status: str = "suggested"
    title: str = ""
    metre: str = "4/4"
    key: str = ""
    texture: str = ""
    dynamics: str = ""
    level_lu: float = -12.0
    curve: tuple[CurvePoint, ...] = ()
    hits: tuple[HitPoint, ...] = ()
    tempo: TempoFit | None = None
    ducks: tuple[Duck, ...] = ()
    fades: Fades = Fades()
    alternatives: tuple[Alternative, ...] = ()
    tracks: tuple[TrackMatch, ...] = ()
    edited: bool = False

    @property
    def label(self) -> str:
        """The cue as spotting notes call it: reel, m, number ('1m01')."""
        return f"{self.reel}m{self.number:02d}"

    @property
    def duration_s(self) -> float:
        return self.out_s - self.in_s

    @property
    def track(self) -> TrackMatch | None:
        """The track that was accepted for it."""
        return next((match for match in self.tracks if match.accepted), None)
