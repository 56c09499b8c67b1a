"""The deck: it plays, switches without losing its place, loops, draws, and answers the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

api = pytest.importorskip("playwright.sync_api")
expect = api.expect

Visit = Callable[..., Any]
PLAYING = "() => window.audiopost?.player.playing"
READY = "() => window.audiopost?.player.manifest?.tracks.length > 1 && !window.audiopost.player.manifest.measuring"


def player(page: Any, code: str) -> Any:
    """What an expression over `player` comes to."""
    return page.evaluate(f"() => {{ const {{ player, view }} = window.audiopost; return {code}; }}")


@pytest.fixture
def page(visit: Visit, edited: Any) -> Any:
    page = visit(edited, "listen")
    page.wait_for_function(READY, timeout=60_000)
    return page


def colours(page: Any, selector: str) -> int:
    """How many colours a canvas shows: 1 is blank."""
    return page.locator(selector).evaluate(
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const found = new Set();
            for (let i = 0; i < data.length; i += 4) found.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
            return found.size;
        }"""
    )


def test_it_plays_and_switching_keeps_the_place(page: Any) -> None:
    page.click("#deck-play")
    page.wait_for_function("() => window.audiopost.player.time() > 0.5")
    assert player(page, "player.level('source')") > 0
    expect(page.locator("#deck-hear-a")).to_have_attribute("aria-pressed", "true")
    before, after = page.evaluate(
        """() => {
            const { player } = window.audiopost;
            const before = player.time();
            player.swap();
            return [before, player.time()];
        }"""
    )
    assert abs(after - before) < 0.05
    expect(page.locator("#deck-hear-b")).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("() => window.audiopost.player.level('clean') > 0")
    page.wait_for_function("() => window.audiopost.player.level('source') === 0")
    assert player(page, "player.playing")
    page.click("#deck-play")
    resting = player(page, "player.time()")
    page.wait_for_timeout(200)
    assert player(page, "player.time()") == resting


def test_mixes_are_heard_at_the_same_loudness(page: Any) -> None:
    tracks = player(page, "player.manifest.tracks")
    heard = {each["key"]: each["lufs"] + each["gain_db"] for each in tracks if each["group"] == "mix"}
    assert {"source", "clean", "master"} <= set(heard)
    assert max(heard.values()) - min(heard.values()) < 0.1
    assert max(each["gain_db"] for each in tracks if each["group"] == "mix") <= 0
    expect(page.locator("#deck-matched")).to_have_attribute("aria-pressed", "true")
    page.click("#deck-matched")
    assert player(page, "player.gain('master')") == 0


def test_meters_say_what_the_manifest_says(page: Any) -> None:
    source = next(each for each in player(page, "player.manifest.tracks") if each["key"] == "source")
    shown = page.locator("[data-meter=integrated] b")
    wanted = source["lufs"] + source["gain_db"]
    expect(shown).to_have_text(f"{wanted:.1f}".replace("-", "−"), timeout=30_000)
    player(page, "player.seek(2)")
    expect(page.locator("[data-meter=true_peak] b")).not_to_have_text("–")
    expect(page.locator("[data-meter=short_term] b")).to_have_text("–")  # three seconds have not passed
    expect(page.locator(".deck-heard b")).to_have_text(source["title"])
    page.keyboard.press("b")
    heard = next(each for each in player(page, "player.manifest.tracks") if each["key"] == player(page, "player.track"))
    expect(page.locator(".deck-heard b")).to_have_text(heard["title"])


def test_a_region_is_drawn_and_looped(page: Any) -> None:
    box = page.locator(".deck-canvas").bounding_box()
    y = box["y"] + 60
    page.mouse.move(box["x"] + box["width"] * 0.25, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.35, y, steps=4)
    page.mouse.up()
    region = player(page, "player.region")
    assert region["start_s"] == pytest.approx(2.0, abs=0.1)
    assert region["end_s"] == pytest.approx(2.8, abs=0.1)
    page.keyboard.press("r")
    page.keyboard.press("Space")
    page.wait_for_function(PLAYING)
    page.wait_for_timeout(2500)
    assert player(page, "player.playing")  # three times round
    assert region["start_s"] - 0.1 <= player(page, "player.time()") <= region["end_s"] + 0.1
    page.keyboard.press("k")
    page.keyboard.press("Escape")
    assert player(page, "player.region") is None


def test_a_click_seeks_and_the_shuttle_runs(page: Any) -> None:
    box = page.locator(".deck-canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 60)
    assert player(page, "player.time()") == pytest.approx(4.0, abs=0.1)
    page.keyboard.press("l")
    page.keyboard.press("l")
    assert player(page, "player.speed") == 2
    page.wait_for_function("() => window.audiopost.player.time() > 4.6")
    page.keyboard.press("j")
    assert player(page, "player.speed") == -1
    at = player(page, "player.time()")
    page.wait_for_function(f"() => window.audiopost.player.time() < {at} - 0.3")
    page.keyboard.press("k")
    assert not player(page, "player.playing")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert player(page, "player.time()") == pytest.approx(0.04, abs=1e-6)


def test_it_draws_finer_when_it_comes_closer(page: Any) -> None:
    page.wait_for_timeout(1500)
    assert colours(page, ".deck-canvas") > 100
    assert colours(page, ".deck-overview") > 2
    span = player(page, "view.end_s - view.start_s")
    for _ in range(3):
        page.keyboard.press("+")
    page.wait_for_timeout(1500)
    assert player(page, "view.end_s - view.start_s") == pytest.approx(span / 8, rel=0.01)
    assert colours(page, ".deck-canvas") > 100
    page.select_option("#deck-scale", "linear")
    page.wait_for_timeout(1000)
    assert colours(page, ".deck-canvas") > 100
    page.keyboard.press("z")
    assert player(page, "view.end_s - view.start_s") == pytest.approx(span, rel=0.01)


def test_the_picture_is_in_step_with_the_sound(page: Any) -> None:
    page.wait_for_function("() => document.querySelector('.deck-video video').readyState >= 2", timeout=30_000)
    player(page, "player.seek(3)")
    page.wait_for_function("() => Math.abs(document.querySelector('.deck-video video').currentTime - 3) < 0.06")
    page.keyboard.press("Space")
    page.wait_for_function("() => window.audiopost.player.time() > 4")
    apart = page.evaluate(
        "() => document.querySelector('.deck-video video').currentTime - window.audiopost.player.time()"
    )
    assert abs(apart) < 0.25
    page.keyboard.press("Space")


def test_sound_that_cannot_be_had_stops_it_and_is_told_once(page: Any) -> None:
    page.route("**/audiopost/pcm*", lambda route: route.abort())
    page.click("#deck-play")
    page.wait_for_function("() => !window.audiopost.player.playing")
    expect(page.locator("#messages .message.error")).to_have_count(1)
    assert player(page, "player.time()") == 0
    page.unroute("**/audiopost/pcm*")
    page.click("#deck-play")
    page.wait_for_function("() => window.audiopost.player.time() > 0.2")


def test_its_height_is_chosen_by_hand_or_keyboard_and_remembered(page: Any) -> None:
    tall = "() => document.querySelector('.deck-canvas').clientHeight"
    before = page.evaluate(tall)
    page.get_by_role("separator", name="Height of the deck").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.wait_for_function(f"() => ({tall})() > {before} + 60")
    chosen = page.evaluate(tall)
    box = page.get_by_role("separator", name="Height of the deck").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] - 80, steps=4)
    page.mouse.up()
    page.wait_for_function(f"() => ({tall})() < {chosen} - 60")
    chosen = page.evaluate(tall)
    page.reload()
    page.wait_for_function(READY, timeout=60_000)
    page.wait_for_function(f"() => ({tall})() === {chosen}")


def test_keys_belong_to_the_control_that_the_keyboard_chose(page: Any) -> None:
    page.click("#deck-matched")  # by the pointer: Space still plays
    page.keyboard.press("Space")
    page.wait_for_function(PLAYING)
    expect(page.locator("#deck-matched")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("k")
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")  # by the keyboard: Space presses it
    page.keyboard.press("Space")
    expect(page.locator("#deck-matched")).to_have_attribute("aria-pressed", "true")
    assert not player(page, "player.playing")
    page.locator(".deck-canvas").focus()
    for _ in range(4):
        page.keyboard.down("Space")  # held down: once
    page.keyboard.up("Space")
    assert player(page, "player.playing")


def test_the_deck_stays_while_the_page_scrolls(page: Any) -> None:
    page.click("#tab-models-button")
    page.wait_for_function("() => document.scrollingElement.scrollHeight > window.innerHeight + 400")
    page.evaluate("() => window.scrollTo(0, 400)")
    assert page.evaluate("() => window.scrollY") == 400
    assert page.locator("#deck").bounding_box()["y"] >= 0


def test_the_keyboard_commands_are_listed(page: Any) -> None:
    for tab in ("listen", "cues", "subtitles"):  # each registers its own when it is first shown
        page.click(f"#tab-{tab}-button")
        page.wait_for_function(f"() => document.querySelector('#{tab}-root')?.children.length > 0")
    page.locator(".deck-canvas").focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Switch between A and B")
    expect(dialog).to_contain_text("Next finding")
    expect(dialog).to_contain_text("Next cue")
    expect(dialog).to_contain_text("Next caption")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize(
    ("rate", "channels", "seconds"), [(8000, 1, 2.0), (48_000, 1, 0.3), (192_000, 2, 1.0), (48_000, 6, 1.0)]
)
def test_any_recording_plays(
    visit: Visit, workbench: Any, tmp_path: Path, rate: int, channels: int, seconds: float
) -> None:
    name = f"tone-{rate}-{channels}"
    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)
    (workbench.project / "media").mkdir(exist_ok=True)
    soundfile.write(
        workbench.project / "media" / f"{name}.wav", np.tile(tone[:, None], channels), rate, subtype="PCM_24"
    )
    page = visit(workbench)
    page.wait_for_function(f"() => [...document.querySelectorAll('#recording option')].some(o => o.value === '{name}')")
    page.select_option("#recording", name)
    page.wait_for_function(f"() => window.audiopost?.player.manifest?.recording === '{name}'", timeout=30_000)
    page.click("#deck-play")
    page.wait_for_function("() => window.audiopost.player.time() > 0.1")
    page.wait_for_function("() => !window.audiopost.player.playing", timeout=10_000)  # it ends by itself
    assert player(page, "player.time()") == pytest.approx(seconds, abs=0.01)
