"""What docs/server.md says is true: its commands work as they stand, its statuses are all there are."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audiopost.cli.serve import command

TEXT = (Path(__file__).parents[2] / "docs" / "server.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)


def test_every_call_of_the_server_parses() -> None:
    lines = [line for block in BLOCKS for line in block.splitlines() if line.startswith("audiopost serve ")]
    lines += re.findall(r"ExecStart=\S+/(audiopost serve .*)", TEXT)
    assert len(lines) >= 3
    for line in lines:
        serve = command("serve")
        with serve.make_context("serve", shlex.split(line)[2:]):
            pass


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="curl or jq is not installed")
def test_the_examples_work_as_they_stand(serve: Callable[..., Any], quick: type[Any], tmp_path: Path) -> None:
    media, here = tmp_path / "media", tmp_path / "here"
    media.mkdir()
    here.mkdir()
    (media / "episode 2.mov").write_bytes(b"film")
    (here / "episode 1.wav").write_bytes(b"sound")

    class Holding(quick):
        HOLD = "Episode 2"

    asked = [block for block in BLOCKS if "curl" in block]
    with serve(engine=Holding, sources=(media,)) as served:
        for block in asked:
            words = block.replace("/media/", f"{media}/").replace("sleep 5", "sleep 0.1")
            told = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", words], cwd=here, capture_output=True, text=True, timeout=60,
                env={"PATH": "/usr/bin:/bin", "S": served.url, "A": f"Authorization: Bearer {served.settings.token}"},
            )  # fmt: skip
            assert told.returncode == 0, (block, told.stdout, told.stderr)
            if "by-path" in block:
                served.until(2, "running")
            if "DELETE" in block:
                served.until(2, "cancelled")
        assert served.until(2, "running")["attempts"] == 2
        described = served.stranger.get("/openapi.json").json()
    assert (here / "episode 1.txt").read_bytes() == b"sound"
    calls = "\n".join(asked)
    for path in described["paths"]:
        pattern = re.escape(path).replace(r"\{job\}", "[12]").replace(r"/\{path\}", ".*outputs\\[\\].url")
        assert re.search(pattern, calls), path


def test_every_status_that_the_schema_tells_of_is_explained() -> None:
    from audiopost.server.app import create_app
    from audiopost.server.settings import Settings

    described = create_app(Settings(Path(), "a-token-of-the-tests")).openapi()
    told = {
        int(status)
        for operations in described["paths"].values() for operation in operations.values()
        for status in operation["responses"] if int(status) >= 400
    }  # fmt: skip
    explained = {
        int(each) for line in re.findall(r"^\| (\d{3}[\d, ]*) \|", TEXT, re.MULTILINE) for each in line.split(",")
    }
    assert told - {500} == explained


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_the_unit_is_one(tmp_path: Path) -> None:
    unit = re.search(r"```ini\n(.*?)```", TEXT, re.DOTALL)[1]
    path = tmp_path / "audiopost.service"
    path.write_text(unit.replace("/opt/audiopost/bin/audiopost", "/bin/true"))
    told = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, timeout=60)
    about = [line for line in told.stderr.splitlines() if path.name in line]
    assert about == []
