"""The package as users meet it: import cost, public names, licences, the wheel."""

from __future__ import annotations

import email
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

import audiopost

ROOT = Path(__file__).parent.parent


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_import_is_light() -> None:
    loaded = set(json.loads(run_python("import audiopost, sys, json; print(json.dumps(list(sys.modules)))")))
    heavy = {"torch", "torchaudio", "gradio", "librosa", "scipy", "soundfile", "av", "onnxruntime", "pyannote", "numpy"}
    assert not loaded & heavy


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, json\nfrom audiopost.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    print('LOADED', json.dumps(list(sys.modules)))"
    )
    loaded = set(json.loads(run_python(code).split("LOADED", 1)[1]))
    assert not loaded & {"torch", "gradio", "librosa", "scipy", "av", "onnxruntime", "rich"}


def test_public_names_are_these() -> None:
    assert sorted(audiopost.__all__) == [
        "Audio", "AudiopostError", "FrameRate", "Project", "RunResult", "Span", "Timebase", "denoise", "diagnose",
        "diarise", "emotion", "find_beats", "find_scenes", "load", "master", "measure_loudness", "repair", "restore",
        "run", "separate", "suggest_cues", "transcribe", "write_wav",
    ]  # fmt: skip
    for name in audiopost.__all__:
        assert getattr(audiopost, name).__doc__, f"{name} has no docstring"
    with pytest.raises(AttributeError, match="no attribute 'denoize'"):
        audiopost.denoize  # noqa: B018


def test_telemetry_of_dependencies_is_off() -> None:
    code = "import audiopost, os; print(os.environ['PYANNOTE_METRICS_ENABLED'], os.environ['GRADIO_ANALYTICS_ENABLED'])"
    assert run_python(code).split() == ["0", "False"]


def declared() -> dict[str, list[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {"default": project["dependencies"], **project["optional-dependencies"]}


def name_of(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def closure(requirements: list[str]) -> set[str]:
    """Names of all installed packages that these pull in, without extras of theirs."""
    seen: set[str] = set()
    todo = [name_of(r) for r in requirements if not r.startswith("audiopost")]
    while todo:
        name = todo.pop()
        if name.lower() in seen:
            continue
        try:
            needs = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        seen.add(name.lower())
        todo += [name_of(r) for r in needs if "extra ==" not in r]
    return seen


def test_no_default_dependency_is_gpl_or_non_commercial() -> None:
    """LGPL libraries (soxr, lameenc) are linked dynamically and stay replaceable: allowed. GPL, AGPL and NC are not.

    A package under a choice of licences (pyphen: GPL, LGPL or MPL) is taken under the one that is allowed.
    """
    groups = declared()
    packages = closure(
        [
            r
            for group in ("default", "whisper", "demucs", "speakers", "pyannote", "align", "video", "ui")
            for r in groups[group]
        ]
    )
    assert {"numpy", "soundfile", "librosa"} <= packages
    for package in packages:
        data: email.message.Message = importlib.metadata.metadata(package)  # type: ignore[assignment]
        licences = [data.get("License-Expression") or data.get("License") or ""]
        licences += [c for c in data.get_all("Classifier", []) if c.startswith("License")]
        free = [c for c in licences if re.search("Lesser General Public|Mozilla Public", c)]
        text = " ".join(free or licences)[:400]
        assert not re.search(r"\bA?GPL|(?<!Lesser )General Public License|non-?commercial|\bNC\b", text, re.I), (
            package,
            text,
        )


def test_lock_covers_what_is_declared() -> None:
    locked = {
        name_of(line).lower().replace("_", "-").replace(".", "-")
        for line in (ROOT / "requirements.lock").read_text().splitlines()
    }
    for group, requirements in declared().items():
        for requirement in requirements if group != "bench" else ():
            name = name_of(requirement).lower().replace("_", "-").replace(".", "-")
            # resemblyzer goes in by a line of its own in the Makefile, without its dependencies.
            assert name in locked or name in ("audiopost", "resemblyzer"), requirement


@pytest.mark.slow
def test_the_wheel_works_in_an_empty_environment(tmp_path: Path) -> None:
    """Build it, install it where nothing of the checkout is, run commands. Dependencies come from this environment."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(tmp_path.glob("*.whl"))
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel)], check=True)
    here = [p for p in sys.path if p.endswith("site-packages")]
    site = next(
        iter(
            subprocess.run(
                [python, "-c", "import site; print(site.getsitepackages()[0])"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout.split()
        )
    )
    # Dependencies by path, but not the checkout's own editable install.
    (Path(site) / "dependencies.pth").write_text("\n".join(here))
    code = "import audiopost, audiopost_ui; print(audiopost.__file__)"
    where = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert str(home) in where
    shown = subprocess.run(
        [python, "-m", "audiopost", "presets", "--json"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert len(json.loads(shown.stdout)["presets"]) == 10
    scene = ROOT / "examples" / "scene.dialogue.flac"
    for command, made in (("denoise", "clean"), ("diarise", "rttm")):
        run = [python, "-m", "audiopost", command, str(scene), "-o", str(tmp_path / "out"), "--json"]
        done = subprocess.run(run, capture_output=True, text=True, check=True, cwd=tmp_path)
        assert Path(json.loads(done.stdout)["outputs"][made]).exists()
