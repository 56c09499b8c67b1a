"""A project folder is open in one workbench at a time, however the one before ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from audiopost.core.errors import Unavailable
from audiopost.workspace.claim import claimed

_HOLDING = """
import sys, time
from pathlib import Path
from audiopost.workspace.claim import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_another_process_is_refused_with_what_to_do_until_the_first_is_gone(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", _HOLDING, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Unavailable, match="--project") as caught, claimed(tmp_path):
        pytest.fail("held twice")
    assert str(holder.pid) in str(caught.value)
    holder.kill()  # a crash leaves the file, and no lock
    holder.wait()
    with claimed(tmp_path):
        pass


def test_a_folder_is_free_again_after_the_block(tmp_path: Path) -> None:
    for _ in range(2):
        with claimed(tmp_path / "new"):
            pass
    with pytest.raises(Unavailable), claimed(tmp_path), claimed(tmp_path):
        pytest.fail("held twice")
