"""Listen and Dialogue: a fault is heard, its remedy heard, applied, rendered; the chain is tried and rendered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

api = pytest.importorskip("playwright.sync_api")
expect = api.expect

Visit = Callable[..., Any]


@pytest.fixture(scope="module")
def clicked(workbench: Any, take: Path) -> str:
    """A take with three clicks and hum in the project's folder; its name."""
    sound, rate = soundfile.read(take, always_2d=True)
    hum = 0.02 * np.sin(2 * np.pi * 50 * np.arange(len(sound)) / rate)
    hum += 0.015 * np.sin(2 * np.pi * 100 * np.arange(len(sound)) / rate)
    hum += 0.01 * np.sin(2 * np.pi * 150 * np.arange(len(sound)) / rate)
    sound = 0.5 * sound + hum[:, None]
    for at_s in (0.31, 0.42, 0.53):
        sound[round(at_s * rate)] += 0.6
    (workbench.project / "media").mkdir(exist_ok=True)
    soundfile.write(workbench.project / "media" / "clicked.wav", sound, rate, subtype="PCM_24")
    return "clicked"


def test_a_fault_is_found_heard_and_mended(visit: Visit, workbench: Any, clicked: str) -> None:
    page = visit(workbench, "listen")
    expect(page.locator("#recording")).to_have_value("clicked", timeout=30_000)
    page.click("#diagnose", timeout=30_000)
    row = page.locator("#findings-rows tr", has_text="Clicks").first
    expect(row).to_be_visible(timeout=60_000)
    expect(page.locator("#findings-rows")).to_contain_text("Hum")
    row.get_by_role("button", name="Clicks").click()
    page.wait_for_function("() => window.audiopost.player.playing")
    region = page.evaluate("() => window.audiopost.player.region")
    assert region["start_s"] <= 0.31 <= region["end_s"]
    page.click("#hear-remedy")
    page.wait_for_function("() => window.audiopost.player.track === 'remedy'", timeout=30_000)
    expect(page.locator(".listen-numbers")).to_contain_text("Removed")
    page.keyboard.press("k")

    page.click("#apply-finding")
    expect(page.locator("#listen-pending")).to_be_visible()
    expect(row).to_contain_text("To be mended")
    page.click("#listen-render")
    expect(page.locator("#listen-rendered")).to_be_visible(timeout=60_000)
    page.wait_for_function("() => window.audiopost.player.trackOf('restored')")
    hum = page.locator("#findings-rows tr", has_text="Hum").first
    expect(hum).to_contain_text("Open")  # what was not applied is not mended
    hum.click()
    page.click("#dismiss-finding")
    expect(hum).to_contain_text("No fault")
    page.click("#undo")
    expect(hum).to_contain_text("Open")

    page.reload()
    expect(page.locator("#findings-rows tr", has_text="Clicks").first).to_contain_text("To be mended", timeout=30_000)
    saved = json.loads((workbench.project / ".clicked.audiopost" / "project.json").read_text(encoding="utf-8"))
    assert [repair["name"] for repair in saved["repairs"]] == ["clicks"]
    sound, rate = soundfile.read(workbench.project / ".clicked.audiopost" / saved["restored"]["file"], always_2d=True)
    before, _ = soundfile.read(workbench.project / "media" / "clicked.wav", always_2d=True)
    assert abs(before[round(0.42 * rate), 0] - sound[round(0.42 * rate), 0]) > 0.4


def test_the_chain_is_tried_and_rendered(visit: Visit, workbench: Any, clicked: str) -> None:
    page = visit(workbench, "dialogue")
    link = page.locator("[data-link=hum]")
    page.select_option("#mend", "all")
    expect(link).to_contain_text("1 found", timeout=30_000)
    page.fill("[data-link=hum] .dialogue-slider .dialogue-number", "70")
    page.press("[data-link=hum] .dialogue-slider .dialogue-number", "Tab")
    # It is previewed by itself, against the source.
    page.wait_for_function("() => window.audiopost.player.track === 'preview'", timeout=30_000)
    expect(page.locator("#preview-numbers")).to_contain_text("LUFS")
    page.keyboard.press("k")
    page.click("#render")
    expect(page.locator(".dialogue-render .ap-tag")).to_have_text("Sound is up to date", timeout=60_000)
    page.wait_for_function("() => window.audiopost.player.trackOf('removed-hum')")
    page.fill("#chain-name", "My chain")
    page.click("#chain-save")
    expect(page.locator("#chain-preset")).to_contain_text("My chain")
    kept = (workbench.log.parent / "config" / "audiopost" / "presets" / "My chain.toml").read_text(encoding="utf-8")
    assert "hum_amount = 70.0" in kept
    expect(page.locator(".dialogue-history")).to_contain_text("rendered")
    page.locator(".dialogue-history button").last.click()
    page.wait_for_function("() => !window.audiopost.player.trackOf('removed-hum')")
