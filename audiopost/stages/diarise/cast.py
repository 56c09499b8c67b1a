"""Who of a series' cast the speakers of a recording are.

Each speaker's voice print is the mean of GE2E embeddings (`analysis.voice_print`) over the turns in which they alone
speak. Speakers and cast are matched one to one (Hungarian method: Kuhn, 1955); a match counts where the cosine is high
and nobody else of the cast comes near. Precision goes before recall: who is doubtful is added as somebody new, with a
warning that names who it may be. Without anything to compare with, and without consent, no voice print is computed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...analysis import voice_print
from ...analysis.cast import (
    CONSENT_FORMAT,
    Appearance,
    Cast,
    Encoder,
    Person,
    Voice,
    change,
    load_or_new,
    parse_consent,
)
from ...core.audio import Audio, FloatArray
from ...core.errors import BadValue
from ...core.speech import CastRole, Consent, SpeakerTurn
from ...core.stage import Progress
from ...core.time import Span
from ...io.scratch import at_rate
from . import Options

log = logging.getLogger("audiopost")

#: A cosine from which a voice is taken for one of the cast, and how far below it the next best must lie.
#: benchmarks/cast.py, 57 speakers, 15 s each. One speaker in the same setting: half below 0.96, 5 % below 0.87; in
#: another room half below 0.86, over a telephone 0.76, with pink noise 15 dB below 0.81. Two speakers: 95 % below
#: 0.82, 99 % below 0.91, most of the rest actors who say the same words in one room. In casts of four 92 % are known
#: again in the same setting, 38 % in another room, 9 % over a telephone, 6 % with the noise (a warning mostly names
#: them); none is called by another's name (0.3 % over a telephone), and 2 % of newcomers are taken for somebody, but
#: a third of those actors.
ACCEPTED, MARGIN = 0.88, 0.03
#: A cosine from which a warning names who it may be.
DOUBTFUL = 0.75
#: Who speaks alone for less is not compared with the cast.
LEAST_SPEECH_S = 3.0
#: Stretches shorter than this give nothing to a voice print; the longest ones, together up to so much, make it.
_STRETCH_S, _MOST_SPEECH_S = 0.5, 120.0
#: Peaks below -80 dBFS are no voice.
_SILENT_PEAK = 1e-4
#: Seconds between the embeddings that a mean is made of.
_HOP_S = 0.4


@dataclass(frozen=True)
class Heard:
    """A speaker of a recording: when they speak alone, and their mean voice print, (256,), None where not computed."""

    speaker: str
    alone: tuple[Span, ...]
    vector: FloatArray | None = None

    @property
    def seconds(self) -> float:
        """Speech that a voice print can be made of."""
        return sum(span.duration_s for span in self.stretches)

    @property
    def stretches(self) -> tuple[Span, ...]:
        """What is long enough, the longest first."""
        long = (span for span in self.alone if span.duration_s >= _STRETCH_S)
        return tuple(sorted(long, key=lambda span: (-span.duration_s, span.start_s)))

    @property
    def at_s(self) -> float:
        """The middle of the longest stretch: where the same recording has the same person in a later run."""
        longest = max(self.alone, key=lambda span: span.duration_s)
        return round((longest.start_s + longest.end_s) / 2, 3)

    def speaks_at(self, time_s: float) -> bool:
        return any(span.start_s <= time_s < span.end_s for span in self.alone)


@dataclass(frozen=True)
class Recording:
    """What tells one recording from another."""

    file: str
    sha256: str


def alone(turns: Iterable[SpeakerTurn]) -> dict[str, tuple[Span, ...]]:
    """The stretches in which exactly one speaker talks, for each speaker that has any, in order of the turns."""
    turns = tuple(turns)
    edges = sorted(
        [(t.start_s, 1, t.speaker) for t in turns] + [(t.end_s, -1, t.speaker) for t in turns], key=lambda edge: edge[0]
    )
    open_turns: dict[str, int] = {}
    found: dict[str, list[Span]] = {t.speaker: [] for t in turns}
    since_s = 0.0
    for time_s, step, speaker in edges:
        talking = [who for who, count in open_turns.items() if count]
        if len(talking) == 1 and time_s > since_s:
            spans = found[talking[0]]
            if spans and spans[-1].end_s == since_s:
                spans[-1] = Span(spans[-1].start_s, time_s)
            else:
                spans.append(Span(since_s, time_s))
        open_turns[speaker] = open_turns.get(speaker, 0) + step
        since_s = time_s
    return {speaker: tuple(spans) for speaker, spans in found.items() if spans}


def check(options: Options) -> None:
    """Raises BadValue where the cast file cannot be used, MissingExtra where its voices cannot be compared."""
    known = load_or_new(Path(options.cast))
    if options.consent or any(p.voice for p in known.people):
        _check_encoder(known)


def bring_up_to_date(
    audio: Audio, turns: Sequence[SpeakerTurn], options: Options, recording: Recording, progress: Progress
) -> Recognised:
    """Compares the speakers with the cast file of the options, adds who is new, and writes it, whole or not at all.

    Raises BadValue, MissingExtra, OutputError.
    """
    path, consent = Path(options.cast), parse_consent(options.consent) if options.consent else None
    before = load_or_new(path)
    # Where there is nothing to compare with and nothing may be kept, no voice print is made.
    wanted = consent is not None or any(p.voice or (p.consent and p.moments_s(recording.sha256)) for p in before.people)
    heard = hear(audio, turns, prints=wanted, progress=progress)
    if not heard:
        return Recognised({}, (), ())

    def edit(cast: Cast) -> tuple[Cast, Recognised]:
        if wanted:
            _check_encoder(cast)
        return recognise(heard, cast, recording, consent)

    found = change(path, edit, new=True)
    for speaker, label in found.labels.items():
        role = next(each for each in found.roles if each.speaker == label)
        how = "new" if role.new else f"similarity {role.similarity:.2f}" if role.similarity else "this recording again"
        log.info("cast: %s is %s (%s)", speaker, label, how)
    return found


def _check_encoder(cast: Cast) -> None:
    model = voice_print.model_info()
    if cast.encoder is not None and cast.encoder.sha256 != model.sha256:
        raise BadValue(
            f"The cast's voice prints are of the encoder {cast.encoder.name} ({cast.encoder.sha256[:12]}), "
            f"and here is {model.name} ({model.sha256[:12]}): they cannot be compared.",
            value=cast.encoder.name,
            remedy="Install that encoder, start another cast file, or drop the prints: "
            "'audiopost cast forget FILE ID --keep-name'.",
        )


def hear(audio: Audio, turns: Sequence[SpeakerTurn], *, prints: bool, progress: Progress) -> tuple[Heard, ...]:
    """Each speaker who speaks alone somewhere; with `prints` the voice print of those who do so for long enough."""
    heard = [Heard(speaker, spans) for speaker, spans in alone(turns).items()]
    if not prints or not heard:
        return tuple(heard)
    mono = at_rate(audio, voice_print.RATE, mono=True)
    for done, each in enumerate(heard):
        if each.seconds >= LEAST_SPEECH_S:
            heard[done] = replace(each, vector=_mean_print(mono, each))
        progress("cast", done + 1, len(heard))
    return tuple(heard)


def _mean_print(mono: Audio, heard: Heard) -> FloatArray | None:
    """None where there is no voice: silence."""
    pieces: list[FloatArray] = []
    left_s = _MOST_SPEECH_S
    for span in heard.stretches:
        start, stop = (round(t * mono.rate) for t in (span.start_s, min(span.end_s, span.start_s + left_s)))
        pieces.append(mono.read(start, stop)[0])
        left_s -= span.duration_s
        if left_s <= 0:
            break
    spoken = Audio(np.concatenate(pieces), mono.rate)
    if spoken.peak() < _SILENT_PEAK:
        return None
    half_s = voice_print.WINDOW_S / 2  # windows lie inside
    inside = Span(half_s, spoken.duration_s - half_s)
    mean: FloatArray = voice_print.voice_prints(spoken, [inside], hop_s=_HOP_S).vectors.mean(axis=0)
    length = float(np.linalg.norm(mean))
    return mean / np.float32(length) if length > 1e-6 else None


@dataclass(frozen=True)
class Recognised:
    """Who the speakers of a recording are: for each speaker the label that turns shall carry, and what to say."""

    labels: Mapping[str, str]
    roles: tuple[CastRole, ...]
    warnings: tuple[str, ...]


def recognise(
    heard: Sequence[Heard], cast: Cast, recording: Recording, consent: Consent | None
) -> tuple[Cast, Recognised]:
    """The cast with who is new, and who each speaker is. Nobody's name changes.

    `consent` holds for who is new in this recording and for its people who have given none. A voice print is kept only
    under a consent, and only where it would not be taken for somebody else's, unless a person has named its owner. The
    same recording heard again finds its people by the moments at which they speak, and changes no voice print.
    """
    roles: list[CastRole] = []
    labels: dict[str, str] = {}
    warnings: list[str] = []
    known = _known(heard, cast, recording)
    present = {name for name, _ in known.values()}
    for each in heard:
        name, similarity = known.get(each.speaker, ("", None))
        if not name and each.seconds < LEAST_SPEECH_S:
            warnings.append(
                f"{each.speaker} speaks alone for {each.seconds:.1f} s, too little to be compared with the cast "
                f"(from {LEAST_SPEECH_S:g} s), and was not added to it."
            )
            continue
        person = cast.person(name) if name else Person(cast.new_id)
        near = _near(each, person, cast, present)
        if near is not None:
            warnings.append(_doubt(each, person, *near))
        person = _updated(person, each, recording, consent, near)
        cast = cast.having(person)
        present.add(person.id)
        labels[each.speaker] = person.label
        roles.append(CastRole(person.label, person.id, not name, similarity, person.consent))
    if cast.encoder is None and any(p.voice for p in cast.people):
        model = voice_print.model_info()
        cast = replace(cast, encoder=Encoder(model.name, model.sha256))
    unconsented = dict.fromkeys(cast.person(role.person).title for role in roles if role.consent is None)
    if unconsented:
        warnings.append(
            f"No voice print is kept of {', '.join(unconsented)}: without consent the next recording will not "
            f"recognise them. With their consent, run again with --consent '{CONSENT_FORMAT}'."
        )
    return cast, Recognised(labels, tuple(dict.fromkeys(roles)), tuple(warnings))


def _known(heard: Sequence[Heard], cast: Cast, recording: Recording) -> dict[str, tuple[str, float | None]]:
    """Speaker to id and cosine; the cosine is None where the same recording was heard before."""
    same: dict[str, tuple[str, float | None]] = {}
    for each in heard:
        person = next((p for p in cast.people if any(map(each.speaks_at, p.moments_s(recording.sha256)))), None)
        if person is not None:
            same[each.speaker] = (person.id, None)
    taken = {name for name, _ in same.values()}
    speakers = [each for each in heard if each.speaker not in same and each.vector is not None]
    people = [p for p in cast.people if p.voice is not None and p.id not in taken]
    return same | _matched(speakers, people)


def _matched(speakers: Sequence[Heard], people: Sequence[Person]) -> dict[str, tuple[str, float | None]]:
    """One to one, of greatest sum; accepted where the cosine is high and no other person comes near it.

    Another person does not come near who fits another speaker better.
    """
    if not speakers or not people:
        return {}
    from scipy.optimize import linear_sum_assignment

    alike = np.stack([_vector(each) for each in speakers]) @ np.stack([_voice(p) for p in people]).T
    high = np.where(alike >= ACCEPTED, alike, 0.0)
    rows, columns = linear_sum_assignment(high, maximize=True)
    pairs = [(i, j) for i, j in zip(rows.tolist(), columns.tolist(), strict=True) if high[i, j]]
    found: dict[str, tuple[str, float | None]] = {}
    for i, j in pairs:
        better_elsewhere = {b for a, b in pairs if a != i and alike[a, b] > alike[i, b]}
        rivals = [float(alike[i, b]) for b in range(len(people)) if b != j and b not in better_elsewhere]
        if alike[i, j] - max(rivals, default=-1.0) >= MARGIN:
            found[speakers[i].speaker] = (people[j].id, round(float(alike[i, j]), 3))
    return found


def _vector(heard: Heard) -> FloatArray:
    assert heard.vector is not None
    return heard.vector


def _voice(person: Person) -> FloatArray:
    assert person.voice is not None
    return person.voice.numbers()


def _near(heard: Heard, person: Person, cast: Cast, present: Set[str]) -> tuple[Person, float] | None:
    """Who else somebody without a name and a voice print may be, and the cosine.

    Those `present` in the recording were told apart from them by their turns: only an accepted likeness counts.
    """
    if heard.vector is None or person.voice is not None or person.name:
        return None
    alike = [(p, float(heard.vector @ _voice(p))) for p in cast.people if p.voice is not None and p.id != person.id]
    counted = [(p, cosine) for p, cosine in alike if cosine >= (ACCEPTED if p.id in present else DOUBTFUL)]
    return max(counted, key=lambda pair: pair[1], default=None)


def _doubt(heard: Heard, person: Person, near: Person, similarity: float) -> str:
    likeness = f"{heard.speaker} may be {near.title} (similarity {similarity:.2f}, accepted from {ACCEPTED:.2f}"
    if similarity < ACCEPTED:
        rest = f") and stands as {person.id}."
    else:
        rest = (
            f" where nobody else comes near) and stands as {person.id}; "
            f"no voice print of {person.id} is kept until it is merged or named."
        )
    return f"{likeness}{rest} If they are one: audiopost cast merge FILE {person.id} {near.id}."


def _updated(
    person: Person,
    heard: Heard,
    recording: Recording,
    consent: Consent | None,
    near: tuple[Person, float] | None,
) -> Person:
    """The person with this recording among those they were heard in, and with a voice print where it may be kept."""
    known_here = any(map(heard.speaks_at, person.moments_s(recording.sha256)))
    own = person.consent or consent
    voice = person.voice
    if own is not None and heard.vector is not None:
        fresh = Voice.of(heard.vector, heard.seconds)
        if voice is None and (near is None or near[1] < ACCEPTED):
            voice = fresh
        elif voice is not None and not known_here and consent in (None, own):
            voice = voice.joined(fresh)
    seen = () if known_here else (Appearance(recording.file, recording.sha256, heard.at_s),)
    return replace(person, consent=own, voice=voice, seen_in=(*person.seen_in, *seen))
