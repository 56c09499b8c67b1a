"""`audiopost doctor`: what is here, what each preset would use, what to do for more."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
from typing import Any

import click

from .. import __version__
from ..models import store
from ..pipeline.picks import picks, readiness
from ..presets import Preset, load, names
from . import options
from .console import print_json, quiet_stdout

#: Package of each optional part, and what to type for it.
_PACKAGES = {
    "onnxruntime": "", "silero-vad": "", "pyrnnoise": "", "pocketsphinx": "", "av": "", "librosa": "",
    "faster-whisper": "pip install 'audiopost[whisper]'",
    "demucs": "pip install 'audiopost[demucs]'",
    "pyannote.audio": "pip install 'audiopost[pyannote]'",
    "resemblyzer": "pip install 'audiopost[speakers]'",
    "transformers": "pip install 'audiopost[align]'",
    "scenedetect": "pip install 'audiopost[video]'",
    "gradio": "pip install 'audiopost[ui]'",
    "torch": "", "torchaudio": "",
}  # fmt: skip


def _version(package: str) -> str | None:
    for name in (package, f"{package}-headless"):  # PySceneDetect comes under either
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    return None


def _picks(preset: Preset) -> dict[str, dict[str, str]]:
    """What each stage of a preset, and each part of one, would run."""
    return {
        name: {"backend": pick.backend, "why": pick.why, "better": pick.better} for name, pick in picks(preset).items()
    }


def facts() -> dict[str, Any]:
    """Everything the doctor knows, as JSON values."""
    stages = {
        table: {name: {"ready": s.ready, "reason": s.reason, "remedy": s.remedy} for name, s in states.items()}
        for table, states in readiness().items()
    }
    loaded = {name: load(name) for name in names()}
    return {
        "audiopost": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "model_store": str(store.root()),
        "models": {m.name: m.where or None for m in store.listing()},
        "backends": stages,
        "presets": {name: _picks(preset) for name, preset in loaded.items()},
    }


def _lines(known: dict[str, Any]) -> list[str]:
    lines = [f"audiopost {known['audiopost']}, Python {known['python']}, {known['platform']}", "", "Packages"]
    for name, version in known["packages"].items():
        lines.append(f"  {name:<16} {version or 'not installed'}{'' if version else '   ' + _PACKAGES[name]}")
    lines += ["", f"Models in {known['model_store']}"]
    for name, where in known["models"].items():
        lines.append(f"  {name:<30} {where or 'not here: ' + store.pull_command(name)}")
    lines += ["", "Backends (with default options)"]
    for table, states in known["backends"].items():
        for name, state in states.items():
            more = f" -> {state['remedy']}" if state["remedy"] and not state["ready"] else ""
            lines.append(f"  {table:<13} {name:<15} {'ready' if state['ready'] else 'no   '}  {state['reason']}{more}")
    lines += ["", "What each preset would use now"]
    for preset, picked in known["presets"].items():
        lines.append(f"  {preset}")
        for table, pick in picked.items():
            better = f"   (better: {pick['better']})" if pick["better"] else ""
            lines.append(f"    {table:<13} {pick['backend'] or 'nothing'}{better}")
    return lines


@click.command("doctor")
@options.as_json
def _doctor(as_json: bool) -> None:
    """What is installed, which models are here, what each preset would use, and what to do for more."""
    with quiet_stdout() as stdout:
        known = facts()
        if as_json:
            print_json(known, stdout)
        else:
            stdout.writelines(f"{line}\n" for line in _lines(known))


def command(_: str) -> click.Command:
    return _doctor
