"""Writes the deliverables of a Project: every file whole or not at all, nobody else's file overwritten."""

from __future__ import annotations

import logging
import math
import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from ..core.audio import Audio, difference
from ..core.errors import AudiopostError, BadValue, UnknownName
from ..core.project import MediaInfo, Project
from ..core.stage import Progress
from ..delivery import dialogue_list, spotting_formats
from ..delivery.provenance import software, style_of, write_provenance
from ..delivery.report import write_report
from ..delivery.spotting import Programme
from ..io import mux, riff
from ..io.atomic import write_text
from ..io.encode import FORMATS as SOUND_FORMATS
from ..io.encode import Encoding, write_sound
from ..stages.separate import beside, file_of
from ..stages.separate.vocabulary import M_AND_E, music_and_effects
from ..stages.subtitles import subtitles
from ..subtitles import FORMATS, highlighted, render, save, suffix_of
from ..subtitles.formats import holds
from ..subtitles.formats.rttm import rttm
from . import state
from .choice import PAGE, SUBTITLE_FORMATS, Wanted, expanded
from .proof import proved
from .record import delivered
from .spotting import write_spotting
from .target import Target

log = logging.getLogger("audiopost")

#: Formats whose players show what is underlined as it is said.
_HIGHLIGHTED = frozenset({"srt", "vtt"})


def audio_deliverables(project: Project, *, every: bool = False) -> dict[str, Audio]:
    """Stems (the dialogue repaired) and what stands beside them, clean, removed (the whole, and by repair), master.

    Each as far as it was made. `every`: music and effects together too, where a film's stems are there.
    """
    found: dict[str, Audio] = dict(project.stems or {})
    if project.repaired is not None and project.voice:
        found[project.voice] = project.repaired
    found |= beside(project)
    if every and project.stems and {"music", "effects"} <= project.stems.keys():
        found.setdefault(M_AND_E, music_and_effects(project.stems))
    clean = project.clean or project.restored
    if clean is not None:
        found["clean"] = clean
        found["removed"] = difference(project.audio, clean)
    parts = project.removed or {}
    for repair, sound in parts.items() if len(parts) > 1 or project.clean is not None else ():
        found[f"removed-{repair.replace('_', '-')}"] = sound
    if project.master is not None:
        found["master"] = project.master
    return found


def write_audio(
    project: Project, target: Target, progress: Progress, only: Collection[str] | None = None
) -> dict[str, Path]:
    """Writes what `audio_deliverables` gives, or `only` some of it, as `target.encoding` says.

    Returns hash of each audio to its file. Of a lossy or shortened file there is no hash: it does not hold that audio.
    """
    audio = audio_deliverables(project, every=only is not None)
    audio = {name: sound for name, sound in audio.items() if only is None or name in only}
    peaks = {name: sound.peak() for name, sound in audio.items()}
    loud = project.media.is_float or max(peaks.values(), default=0.0) > 1.0
    encoding = target.encoding.settled(as_float=loud)
    written = {}
    for done, (name, sound) in enumerate(audio.items()):
        progress("deliver", done, len(audio) + 4)
        path = _write_one(project, target, name, sound, encoding, peaks[name])
        if name != "removed" and encoding.lossless and encoding.bit_depth != "16":
            written[sound.sha256()] = path
    return written


def _write_one(project: Project, target: Target, name: str, sound: Audio, encoding: Encoding, peak: float) -> Path:
    path = _sound_path(project, target, name, SOUND_FORMATS[encoding.format])
    target.encoded[name] = encoding.describe(sound)
    if peak > 1.0 and not encoding.holds_overs:
        over = f"clipped at full scale, its peak is {20 * math.log10(peak):+.1f} dBFS"
        log.warning("%s: %s; wav holds it, in float", path.name, over)
        target.remarks.append(f"{path.name}: {over}; wav holds it, in float.")
        target.encoded[name] += f", {over}"
    broadcast = _broadcast(project, target.source, name, sound, encoding) if encoding.format == "wav" else None
    seed = zlib.crc32(name.encode())  # of its own: equal noise in all stems would add up
    return write_sound(path, sound, encoding, broadcast=broadcast, tags={"title": target.base}, seed=seed)


def prove(project: Project, target: Target, progress: Progress) -> Project:
    """The Project with its master as a lossy file holds it, see `proved`; to be asked after `write_audio`."""
    encoding, path = target.encoding, target.outputs.get("master")
    if path is None or encoding.lossless:
        return project

    def write(remade: Project) -> None:
        if remade.master is not None:
            _write_one(remade, target, "master", remade.master, encoding, remade.master.peak())

    return proved(project, path, write, progress)


def _sound_path(project: Project, target: Target, name: str, suffix: str) -> Path:
    """Where sound goes: stems as separate.filename says, the rest beside them under the recording's name."""
    if name not in (project.stems or {}) and name not in beside(project):
        return target.path(name, f".{name}{suffix}")
    trackext = target.source.suffix.lstrip(".")
    return target.named(name, file_of(project, name, track=target.base, trackext=trackext, ext=suffix.lstrip(".")))


def _broadcast(project: Project, source: Path, kind: str, sound: Audio, encoding: Encoding) -> riff.Broadcast:
    """The bext chunk: what the source's says of the recording stays, the time reference and the history are ours."""
    media = project.media
    own = riff.read_header(source).broadcast or riff.Broadcast()
    mode = {1: "mono", 2: "stereo"}.get(media.channels, "multichannel")
    bits = 32 if encoding.bit_depth == "float" else encoding.bit_depth
    program = f"audiopost {software(project)['audiopost']}"
    history = own.coding_history.rstrip("\r\n")
    line = f"A=PCM,F={sound.rate},W={bits},M={mode},T={program}; {kind}"
    return replace(
        own,
        description=own.description or f"{kind} of {source.name}",
        originator=own.originator or program,
        time_reference=round(media.time_reference * sound.rate / media.rate),
        coding_history="".join(f"{entry}\r\n" for entry in (history, line) if entry),
        loudness=project.loudness if kind == "master" else None,
    )


def chosen_formats(kinds: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """Formats out of what a person typed (commas, 'all', nothing for the usual ones), and whether all were asked for.

    Raises UnknownName.
    """
    typed = [kind.strip().lower() for entry in kinds for kind in entry.split(",") if kind.strip()]
    if not typed:
        return SUBTITLE_FORMATS, False
    for kind in typed:
        if kind not in FORMATS and kind != "all":
            raise UnknownName("subtitle format", kind, ("all", *FORMATS))
    return (tuple(FORMATS), True) if "all" in typed else (tuple(dict.fromkeys(typed)), False)


def write_captions(
    project: Project,
    target: Target,
    kinds: Sequence[str],
    *,
    skip_refused: bool = False,
    highlight: bool = False,
) -> None:
    """The captions in each of `kinds`; the translation's beside them, 'FILM.en.srt'.

    A format that cannot hold the text (teletext and Chinese) raises BadValue, or is left out with a warning where
    `skip_refused`. `highlight` underlines each word as it is said, in the formats that players show live.
    """
    if project.transcript is None or project.captions is None:
        return
    timebase = project.media.timebase
    texts = [(project.transcript, project.captions, "", target.language(project.transcript.language))]
    if project.translation is not None:
        captions, _ = subtitles(project.translation, timebase, until_s=project.media.duration_s)
        tag = f".{project.translation.language}"
        texts.append((project.translation, captions, tag, tag))
    for transcript, captions, which, tag in texts:
        live = highlighted(captions, transcript) if highlight else captions
        for kind in kinds:
            shown = live if kind in _HIGHLIGHTED else captions
            named = names_speakers(kind, project)
            try:
                content = render(shown, transcript, kind, speakers=named, timebase=timebase, name=target.base)
            except BadValue as error:
                if not skip_refused:
                    raise
                log.warning("%s was left out: %s", kind, error)
                target.remarks.append(f"{kind} was left out: {error}")
                continue
            save(target.path(kind + which, tag + suffix_of(kind)), content)


def names_speakers(kind: str, project: Project) -> bool:
    """Whether a file says who speaks: not twice where SDH captions say it themselves, and not before the text itself
    ('S1: ') where a broadcaster's guide was asked for, which has no such labels."""
    style = style_of(project)
    if style is None or style.name == "plain" or kind == "json":
        return True
    return not style.sdh and (kind == "txt" or "speaker" in holds(kind))


def write_speech(project: Project, target: Target) -> None:
    """Subtitles in the usual formats, the transcript as JSON, the dialogue list, the turns as RTTM."""
    write_captions(project, target, SUBTITLE_FORMATS)
    write_lists(project, target)


#: The lists beside the captions, as `write_lists` is asked for them.
LISTS = ("dialogue_list", "rttm")


def write_lists(project: Project, target: Target, only: Collection[str] = LISTS) -> None:
    """The dialogue list for dubbing, and the turns as RTTM."""
    if project.transcript is not None and "dialogue_list" in only:
        made = dialogue_list.rows(project.transcript, project.media.timebase, project.translation)
        dialogue_list.write_csv(target.path("dialogue_list", ".dialogue-list.csv"), made)
        dialogue_list.write_xlsx(target.path("dialogue_list_xlsx", ".dialogue-list.xlsx"), made)
    if project.turns is not None and "rttm" in only:
        write_text(target.path("rttm", ".rttm"), rttm(project.turns, target.base))


def film_refusal(media: MediaInfo, source: Path, encoding: Encoding) -> str:
    """Why no film can be made of `source`, in a sentence with a remedy; '' where one can.

    Raises BadValue for a codec asked for by name that cannot be: of 'auto' nothing was asked.
    """
    try:
        mux.check(source, media.layout, media.rate, encoding.film_codec, encoding.film_kbps)
    except BadValue as error:
        if encoding.film_codec != "auto":
            raise
        return f"The film was left out: {error}"
    except AudiopostError as error:
        return f"The film was left out: {error}"
    return ""


def write_film(project: Project, target: Target, progress: Progress) -> None:
    """The film with the master as its sound and the captions as a track; the picture is copied untouched."""
    media, encoding = project.media, target.encoding
    if not media.has_video or project.master is None or film_refusal(media, target.source, encoding):
        return
    captions = [(c.start_s, c.end_s, "\n".join(c.lines)) for c in project.captions or ()]
    language = project.transcript.language if project.transcript else "und"
    path = target.path("film", f".master{mux.target_suffix(target.source)}")
    master = project.master
    codec = mux.check(target.source, master.layout, master.rate, encoding.film_codec, encoding.film_kbps)
    target.encoded["film"] = f"picture copied, sound in {codec}"
    mux.mux(
        target.source, master, path, codec=codec, kbps=encoding.film_kbps, captions=captions,
        language=language, timebase=media.timebase, progress=progress,
    )  # fmt: skip


def deliver(
    project: Project, target: Target, progress: Progress, only: Collection[str] = ()
) -> tuple[Project, dict[str, Path]]:
    """Everything a Project can deliver, or `only` those groups and keys, by kind, and the Project with what a lossy
    master proved to be."""
    chosen = expanded(only, project, audio_deliverables(project, every=True)) if only else None
    return write_all(project, target, progress, chosen), target.outputs


def write_all(
    project: Project, target: Target, progress: Progress, chosen: Collection[str] | None = None, *,
    stays_in: Path | None = None, programme: Programme | None = None,
) -> Project:  # fmt: skip
    """Writes what is `chosen` of `choice.items` by key, or all that a run delivers; the record and the Project always.

    Returns the Project with what a lossy master proved to be. Where something was chosen, what an earlier delivery left
    beside it stays ours and in the record. `stays_in` as in `state.Shelf`; `programme` is the head of rights
    sheets. The report and the record come last: they tell of the others.
    """
    wanted = Wanted(chosen)
    before = () if chosen is None else delivered(target.out, target.base, target.source.name)
    held = write_audio(project, target, progress, None if chosen is None else wanted.of("audio", ()))
    project = prove(project, target, progress)
    texts = wanted.of("subtitles", SUBTITLE_FORMATS)
    sheets = wanted.of("cues", (*spotting_formats.DEFAULTS, PAGE))
    steps: list[Callable[[], object]] = [
        lambda: write_captions(project, target, texts, skip_refused=chosen is not None),
        lambda: write_lists(project, target, wanted.of("lists", LISTS)),
        lambda: write_spotting(project, target, [s for s in sheets if s != PAGE], programme, page=PAGE in sheets),
    ]
    if wanted.has("film.film"):
        steps.append(lambda: write_film(project, target, progress))
    if wanted.has("record.report"):
        steps.append(lambda: write_report(target.path("report", ".report.html"), project))
    for step in steps:
        step()
    named = replace(project, media=replace(project.media, path=target.origin)) if target.origin else project
    state.save(named, target.path("project", ".project.json"), keep_in=None, stays_in=stays_in, delivered=held)
    path = target.path("provenance", ".provenance.json")
    made = {kind: written for kind, written in target.outputs.items() if kind != "provenance"}
    earlier = [each.entry for each in before if each.kind not in target.outputs and not each.edited]
    write_provenance(path, project, made, target.encoded, earlier=earlier)
    target.settle()
    progress("deliver", 1, 1)
    return project
