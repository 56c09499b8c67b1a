"""The mixer in a browser: heard at once, found again, mixed down and undone, without a mouse too."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile


@pytest.fixture
def mixer(edited: Any, visit: Callable[..., Any]) -> Any:
    page = visit(edited, tab="stems")
    page.wait_for_selector("#stems-fader-music", state="visible")
    page.wait_for_selector("#stems-listen[aria-pressed=true]")
    return page


def mix(page: Any) -> dict[str, Any]:
    found = page.evaluate("() => window.audiopost.player.mix")
    return {entry["key"]: entry for entry in found}


def test_faders_mute_and_solo_are_heard_at_once(mixer: Any) -> None:
    mixer.fill("#stems-db-music", "-12")
    mixer.press("#stems-db-music", "Enter")
    assert mix(mixer)["music"]["gain_db"] == -12
    mixer.click("#stems-mute-effects")
    assert [mix(mixer)[key]["muted"] for key in ("dialogue", "music", "effects")] == [False, False, True]
    mixer.click("#stems-solo-dialogue")
    assert [mix(mixer)[key]["muted"] for key in ("dialogue", "music", "effects")] == [False, True, True]
    mixer.click("#stems-solo-dialogue")
    mixer.reload()  # at once: what was moved last is kept all the same
    mixer.wait_for_selector("#stems-listen[aria-pressed=true]")
    assert [mix(mixer)[key]["gain_db"] for key in ("dialogue", "music", "effects")] == [0, -12, 0]
    assert mix(mixer)["effects"]["muted"]
    with mixer.expect_response("**/stems/faders"):
        mixer.click("#stems-reset")
    assert {(each["gain_db"], each["muted"]) for each in mix(mixer).values()} == {(0, False)}


def test_a_keyboard_does_it_all(mixer: Any) -> None:
    mixer.focus("#stems-fader-music")
    mixer.keyboard.press("ArrowDown")
    assert mix(mixer)["music"]["gain_db"] == -0.5
    mixer.keyboard.press("m")
    assert mix(mixer)["music"]["muted"]
    assert mixer.get_attribute("#stems-mute-music", "aria-pressed") == "true"
    mixer.keyboard.press("m")
    with mixer.expect_response("**/stems/faders"):
        mixer.keyboard.press("0")
    assert mix(mixer)["music"] == {"key": "music", "gain_db": 0, "muted": False}
    assert mixer.get_attribute("#stems-fader-music", "aria-label") == "Music: gain in dB"


def test_levels_move_while_it_plays(mixer: Any) -> None:
    mixer.click("#stems-state")
    mixer.keyboard.press("Space")
    mixer.wait_for_function("() => /[−+]\\d/.test(document.querySelector('.stems-sum .stems-peak').textContent)")
    mixer.keyboard.press("Space")


def test_another_tab_hears_a_and_b_and_this_one_the_faders_again(mixer: Any) -> None:
    mixer.click("#tab-listen-button")
    mixer.wait_for_function("() => window.audiopost.player.mix === null")
    mixer.click("#tab-stems-button")
    mixer.wait_for_function("() => window.audiopost.player.mix !== null")


def test_stems_and_mix_null(mixer: Any) -> None:
    mixer.wait_for_selector("#stems-null tbody tr:nth-child(2)")
    assert mixer.locator("#stems-null .ap-tag").all_inner_texts() == ["nulls", "nulls"]


def test_a_mix_down_is_told_found_again_after_a_reload_and_undone(mixer: Any, edited: Any) -> None:
    mixer.fill("#stems-db-music", "-9")
    mixer.press("#stems-db-music", "Enter")
    mixer.wait_for_function("() => document.querySelector('#stems-state').textContent.includes('differ')")
    mixer.click("#stems-mixdown")
    mixer.wait_for_selector("#stems-result .ap-note.ok", timeout=60_000)
    assert "LUFS" in mixer.inner_text("#stems-result")
    mixer.wait_for_function("() => document.querySelector('#undo').title.includes('music -9 dB')")
    mixer.reload()
    mixer.wait_for_selector("#stems-fader-music", state="visible")
    assert mixer.input_value("#stems-db-music") == "-9.0"
    mixer.wait_for_function("() => document.querySelector('#stems-state').textContent.includes('stands at')")
    mixer.click("#undo")
    mixer.wait_for_function("() => document.querySelector('#stems-state').textContent.includes('differ')")
    mixer.click("#stems-reset")
    mixer.wait_for_function("() => document.querySelector('#stems-state').textContent.includes('stands at')")


def test_a_stem_and_the_mix_are_downloaded(mixer: Any, tmp_path: Path) -> None:
    mixer.select_option("#stems-format", "flac")
    for selector, name in ((".stems-strip:nth-child(2) .stems-file", "music"), ("#stems-download-mix", "mix")):
        with mixer.expect_download() as waiting:
            mixer.click(selector)
        assert waiting.value.suggested_filename == f"scene 12.{name}.flac"
        waiting.value.save_as(tmp_path / f"{name}.flac")
        assert soundfile.info(tmp_path / f"{name}.flac").duration == pytest.approx(8, abs=0.1)


def test_without_a_recording_it_says_what_to_do_in_the_pages_language(
    workbench: Any, visit: Callable[..., Any]
) -> None:
    page = visit(workbench, tab="stems", locale="zh-HK")
    page.wait_for_selector("#stems-empty")
    assert "「項目」" in page.inner_text("#stems-empty")
    page.click("#stems-go")
    page.wait_for_selector("#tab-project-button[aria-selected=true]")
    assert json.loads(page.evaluate("JSON.stringify(document.documentElement.lang)")) == "zh-Hant-HK"
