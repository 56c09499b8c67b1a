"""The main job: a recording and a preset in; before and after to listen to, the report to read, the files to take."""

from __future__ import annotations

import html
import logging
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import gradio as gr

from audiopost import presets
from audiopost.core.errors import AudiopostError, BadValue, Cancelled, StageError
from audiopost.core.options import describe
from audiopost.core.registry import AUTO, EMBEDDED
from audiopost.core.stage import Progress
from audiopost.delivery.provenance import stem_title
from audiopost.io.encode import write_wav
from audiopost.pipeline import RunResult, run
from audiopost.stages.cues.ruleset import ruleset_names
from audiopost.stages.loudness import spec_names
from audiopost.stages.separate import STEMS
from audiopost.subtitles import style_names

from .. import summary
from ..controls import setting, widget

log = logging.getLogger("audiopost")

FIRST = "film-dialogue"

#: What the players show, by kind of deliverable; the first is heard against the original at the same level.
_MIXES = {"clean": "After: clean mix, same level", "master": "After: master, delivery loudness",
          "removed": "What was removed"}  # fmt: skip
_STEMS = {name: stem_title(name) for name in dict.fromkeys(chain(*STEMS.values()))}
#: What a run with two_stems leaves without the one.
_RESTS = {f"no_{name}": stem_title(f"no_{name}") for name in _STEMS}
_LANGUAGES = [
    ("detect", ""), ("English", "en"), ("Cantonese 粵語", "yue"), ("Mandarin 普通話", "zh"),
    ("Japanese 日本語", "ja"), ("French", "fr"), ("German", "de"), ("Spanish", "es"),
]  # fmt: skip
#: What browsers play; everything else is heard once the run has decoded it.
_PLAYABLE = {".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus"}
_DRAWN_BYTES = 200_000_000
#: What a stage does, as its progress line says it.
_DOING = {
    "diagnose": "Looking for faults", "restore": "Mending faults", "separate": "Splitting into stems",
    "denoise": "Denoising dialogue", "transcribe": "Writing down what is said", "diarise": "Telling speakers apart",
    "subtitles": "Laying out captions", "emotion": "Following the feeling", "scenes": "Finding scenes",
    "cues": "Spotting for music", "loudness": "Bringing to loudness", "deliver": "Writing deliverables",
}  # fmt: skip

#: What tells a session's job to stop.
_stops: dict[str, threading.Event] = {}


def build(results: Path, served: Path) -> None:
    """The tab's widgets and handlers; each job writes into a new folder below `results`, players load from `served`."""
    shipped = {name: presets.load(name) for name in presets.names()}
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=340):
            upload = gr.File(
                label="Recording or film", file_types=["audio", "video", ".mkv", ".flac", ".opus", ".aiff"],
                height=140, elem_id="upload",
            )  # fmt: skip
            choice = gr.Dropdown(
                [(preset.title, name) for name, preset in shipped.items()], value=FIRST, label="Preset",
                info=shipped[FIRST].summary, elem_id="preset",
            )  # fmt: skip
            language = gr.Dropdown(_LANGUAGES, value="", label="Spoken language", elem_id="language")
            start = gr.Button("Run", variant="primary", elem_id="run")
            stop = gr.Button("Stop", variant="stop", elem_id="stop", visible=False)
            with gr.Accordion("All options", open=False, elem_id="options"):
                changed = gr.State({})

                @gr.render(inputs=choice)  # type: ignore[untyped-decorator]
                def _options(name: str) -> None:
                    _option_widgets(shipped[name], changed)

        with gr.Column(scale=3, min_width=640):
            verdict = gr.HTML(summary.WAITING, elem_id="verdict")
            with gr.Tabs():
                with gr.Tab("Listen"):
                    with gr.Row(elem_classes="players"):
                        before = _player("Before", "before", visible=True)
                        players = {kind: _player(label, kind) for kind, label in _MIXES.items()}
                    with gr.Row(elem_classes="players stems"):
                        players |= {kind: _player(label, kind) for kind, label in (_STEMS | _RESTS).items()}
                with gr.Tab("Report"):
                    report = gr.HTML('<p class="empty">The report of a run appears here.</p>', elem_id="report")
                with gr.Tab("Files"):
                    files = gr.Files(label="Deliverables", interactive=False, elem_id="files")

    def job(
        source: str | None,
        name: str,
        spoken: str,
        options: dict[str, Any],
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),
    ) -> list[Any]:
        nothing = [gr.skip()] * (len(players) + 3)
        session = str(request.session_hash)
        settings = {"transcribe.language": spoken} if "transcribe" in shipped[name].stages else {}
        try:
            if not source:
                raise BadValue("There is no recording yet.", value=source, remedy="Choose one on the left.")
            report_on = _reported(shipped[name], _stops.setdefault(session, threading.Event()), progress)
            result, shown = _run(Path(source), name, {**settings, **options}, results, served, report_on)
        except AudiopostError as error:
            return [summary.failure(error), *nothing]
        finally:
            _stops.pop(session, None)
        return [
            summary.success(result, shipped[name]),
            gr.update(value=shown["before"], waveform_options=_waveform("before", shown["before"])),
            *_heard(shown, players),
            _framed(result.outputs["report"]),
            [shown[kind] for kind in result.outputs],
        ]

    choice.change(
        lambda name: (*_chosen(shipped[name]), {}), choice, [choice, language, changed], show_progress="hidden"
    )
    upload.change(_heard_before, upload, [before], show_progress="hidden")
    busy = start.click(_begin, None, [start, stop, verdict], show_progress="hidden", queue=False)
    done = busy.then(
        job, [upload, choice, language, changed], [verdict, before, *players.values(), report, files],
        show_progress_on=verdict, api_visibility="private",
    )  # fmt: skip
    done.then(lambda: _buttons(running=False), None, [start, stop], show_progress="hidden", queue=False)
    stop.click(_stop, None, stop, show_progress="hidden", queue=False)


def _player(label: str, kind: str, *, visible: bool = False) -> gr.Audio:
    return gr.Audio(
        label=label, interactive=False, visible=visible, type="filepath", buttons=["download"],
        elem_id=f"player-{kind}", min_width=380 if kind in ("before", *_MIXES) else 260,
        waveform_options=_waveform(kind, None),
    )  # fmt: skip


def _waveform(kind: str, path: str | None) -> gr.WaveformOptions:
    """Grey before, coloured after. The browser decodes a file whole to draw it: long ones play without a picture."""
    most = _DRAWN_BYTES if path and path.endswith(".wav") else _DRAWN_BYTES // 5  # compressed sound unpacks
    return gr.WaveformOptions(
        waveform_color="#8b95a1" if kind == "before" else "#5aa9a1",
        waveform_progress_color="#0e7a70",
        show_recording_waveform=path is None or Path(path).stat().st_size <= most,
    )


def _chosen(preset: presets.Preset) -> tuple[dict[str, Any], dict[str, Any]]:
    spoken = preset.options.get("transcribe")
    return gr.update(info=preset.summary), gr.update(
        visible=spoken is not None, value=(spoken and spoken.language) or ""
    )


def _option_widgets(preset: presets.Preset, changed: gr.State) -> None:
    for stage in preset.stages:
        table = presets.backends_of(stage)
        with gr.Accordion(stage, open=False):
            for spec in describe(type(preset.options[stage])):
                choices = _choices(stage, spec.name, table.names)
                if (spec.names_path and not choices) or (stage, spec.name) == ("transcribe", "language"):
                    continue  # a visitor names no files of this machine; the language has its own place above
                made = widget(spec, getattr(preset.options[stage], spec.name), choices)
                made.change(
                    _remember(f"{stage}.{spec.name}"), [made, changed], changed, show_progress="hidden", queue=False
                )


def _choices(stage: str, name: str, backends: Sequence[str]) -> tuple[str, ...]:
    """What an option can be where its class does not say so: names that are known only at run time."""
    if name == "backend":
        return AUTO, EMBEDDED, *backends
    if (stage, name) == ("loudness", "spec"):
        return spec_names()
    if (stage, name) == ("cues", "rules"):
        return ruleset_names()
    return (AUTO, *style_names()) if (stage, name) == ("subtitles", "style") else ()


def _remember(name: str) -> Callable[[Any, dict[str, Any]], dict[str, Any]]:
    return lambda value, known: {**known, name: value}


def _heard_before(source: str | None) -> dict[str, Any]:
    playable = source if source and Path(source).suffix.lower() in _PLAYABLE else None
    shown: dict[str, Any] = gr.update(value=playable, waveform_options=_waveform("before", playable))
    return shown


def _begin(request: gr.Request) -> list[Any]:
    _stops[str(request.session_hash)] = threading.Event()
    return [*_buttons(running=True), summary.RUNNING]


def _buttons(*, running: bool) -> list[dict[str, Any]]:
    return [gr.update(visible=not running), gr.update(visible=running, value="Stop", interactive=True)]


def _stop(request: gr.Request) -> dict[str, Any]:
    stopped = _stops.get(str(request.session_hash))
    if stopped is not None:
        stopped.set()
    button: dict[str, Any] = gr.update(value="Stopping …", interactive=False)
    return button


def _reported(preset: presets.Preset, stopped: threading.Event, progress: gr.Progress) -> Progress:
    order = [*preset.stages, "deliver"]

    def report(step: str, completed: float, total: float) -> None:
        if stopped.is_set():
            raise Cancelled("The job was stopped.")
        share = min(completed / total, 1.0) if total else 0.0
        place = order.index(step) if step in order else len(order) - 1
        line = f"{_DOING.get(step, step)} · {place + 1} of {len(order)}"
        progress((place + share) / len(order), desc=line)

    return report


def _run(
    source: Path, preset: str, settings: Mapping[str, Any], results: Path, served: Path, progress: Progress
) -> tuple[RunResult, dict[str, str]]:
    """Runs into a new folder below `results`; returns the result and what the browser may load, by kind.

    Raises AudiopostError's kinds; then the folder is gone.
    """
    progress("diagnose", 0, 1)  # a job that was stopped while it waited for its turn ends here
    # The folder carries the recording's name for whoever looks into it, reduced to harmless characters.
    out = Path(tempfile.mkdtemp(prefix=re.sub(r"[^\w-]+", "_", source.stem)[:40] + "-", dir=results))
    try:
        result = run(
            source, preset, out, settings=tuple(setting(*pair) for pair in settings.items()), progress=progress
        )
        shelf = Path(tempfile.mkdtemp(dir=served))  # a name that nobody guesses: whoever knows it can load the file
        shown = {kind: _serve(path, shelf) for kind, path in result.outputs.items()}
        shown["before"] = str(source)
        if source.suffix.lower() not in _PLAYABLE:
            shown["before"] = str(write_wav(shelf / f"{source.stem}.before.wav", result.project.audio, "PCM_24"))
    except AudiopostError as error:
        shutil.rmtree(out, ignore_errors=True)
        if isinstance(error, StageError):
            log.exception("the job failed")
        raise
    except Exception as error:
        shutil.rmtree(out, ignore_errors=True)
        log.exception("the job failed")
        raise StageError(
            f"Unexpected {type(error).__name__}: {error}.", value=source.name, remedy="The terminal shows where."
        ) from error
    return result, shown


def _serve(path: Path, shelf: Path) -> str:
    """`path` where gradio may serve it from: a second name for the same bytes, a copy on another file system."""
    target = shelf / path.name
    try:
        os.link(path, target)
    except OSError:
        shutil.copy2(path, target)
    return str(target)


def _heard(shown: Mapping[str, str], players: Mapping[str, gr.Audio]) -> list[Any]:
    return [
        gr.update(
            value=shown.get(kind), visible=kind in shown,
            subtitles=shown.get("vtt") if kind in ("clean", "master") else None,
            waveform_options=_waveform(kind, shown.get(kind)),
        )
        for kind in players
    ]  # fmt: skip


def _framed(report: Path) -> str:
    """The report in a frame without scripts or access to this page."""
    page = html.escape(report.read_text(encoding="utf-8"))
    return f'<iframe sandbox title="Report" srcdoc="{page}"></iframe>'
