"""What the documents say is true of the program: commands parse, names exist, links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from audiopost import presets
from audiopost.cli.main import COMMANDS, cli

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "README.zh-Hant.md")


def command_lines(document: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("audiopost ")]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_line_parses(document: str) -> None:
    lines = command_lines(document)
    assert len(lines) >= 10
    for line in lines:
        name, *arguments = shlex.split(line)[1:]
        context = cli.make_context("audiopost", [name], resilient_parsing=True)
        command = cli.get_command(context, name)
        assert command is not None, line
        # Parses without running: an unknown flag or a missing argument raises.
        parsed = command.make_context(name, arguments, parent=context)
        for preset in [parsed.params.get("preset")]:
            assert preset is None or preset in presets.names(), line


def test_the_readme_names_every_preset_and_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in (*presets.names(), *COMMANDS):
        assert name in text, name


PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("document", [*DOCUMENTS, "ARCHITECTURE.md", "CONTRIBUTING.md", "benchmarks/README.md", *PAGES])
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), f"{document}: {target}"


def test_the_python_example_uses_what_exists() -> None:
    import audiopost

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert block
    compile(block[1], "README.md", "exec")
    for name in re.findall(r"\bap\.(\w+)", block[1]):
        assert name in audiopost.__all__
