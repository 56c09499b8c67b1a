"""The Models tab in a browser: nothing is fetched before its licence is accepted, and what is here is verified."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

#: Files of deepfilternet3, whose hashes the catalogue knows.
FILES = ("enc.onnx", "erb_dec.onnx", "df_dec.onnx", "config.ini")


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The server's store of models, before it starts: deepfilternet3 is in it, with wrong bytes."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "store" / "deepfilternet3").mkdir(parents=True)
    for name in FILES:
        (folder / "store" / "deepfilternet3" / name).write_bytes(b"no weights")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
            patch.delenv(name, raising=False)
        patch.setenv("AUDIOPOST_MODELS", str(folder / "store"))
        patch.setenv("HF_HOME", str(folder / "hf"))
        patch.setenv("TORCH_HOME", str(folder / "torch"))
        yield folder / "store"


def row(page: Any, name: str) -> Any:
    return page.locator(f'[data-model="{name}"]')


def test_the_licence_is_read_and_accepted_first(models: Path, workbench: Any, visit: Callable[..., Any]) -> None:
    page = visit(workbench, tab="models")
    small = row(page, "whisper-small")
    assert "Transcribe: nothing → faster-whisper" in small.inner_text()
    small.get_by_role("button", name="Get whisper-small").click()
    dialog = page.get_by_role("dialog", name="Get whisper-small?")
    assert "Its licence is MIT." in dialog.inner_text()
    assert f"486 MB from https://huggingface.co/Systran/faster-whisper-small into {models}" in dialog.inner_text()
    assert dialog.get_by_role("button", name="Get it").is_disabled()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert small.get_by_role("button", name="Get whisper-small").is_visible()

    small.get_by_role("button", name="Get whisper-small").click()
    dialog.get_by_label("accept the licence").check()
    dialog.get_by_role("button", name="Get it").click()
    # The server of the tests may not ask the network: what helps is said at once.
    failed = small.get_by_role("alert")
    failed.wait_for()
    assert "audiopost models pull whisper-small" in failed.inner_text()
    assert small.get_by_role("button", name="Try again").is_visible()


def test_what_is_here_is_verified_and_what_is_damaged_can_be_fetched_anew(
    workbench: Any, visit: Callable[..., Any]
) -> None:
    page = visit(workbench, tab="models")
    page.select_option("#models-shown", "here")
    assert page.locator("[data-model]").count() == 1
    here = row(page, "deepfilternet3")
    assert "in the store" in here.inner_text()
    here.get_by_role("button", name="Verify deepfilternet3").click()
    here.get_by_role("alert").first.wait_for()
    assert here.get_by_role("alert").count() == len(FILES)
    assert here.get_by_role("button", name="Get deepfilternet3").is_visible()
    here.get_by_role("button", name="deepfilternet3", exact=True).click()
    details = page.locator("#details-deepfilternet3")
    assert "7c5399d3da8a50ebef1c1a0ae421b33376aa5e45d0e92df16da7e83c9c131916" in details.inner_text()


def test_the_tab_speaks_the_pages_language(workbench: Any, visit: Callable[..., Any]) -> None:
    page = visit(workbench, tab="models", locale="zh-HK", dark=True)
    row(page, "wav2vec2-msp-dim").get_by_role("button", name="wav2vec2-msp-dim", exact=True).click()
    assert "不可作商業用途" in page.locator("#details-wav2vec2-msp-dim").inner_text()
