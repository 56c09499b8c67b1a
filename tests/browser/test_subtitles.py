"""The subtitles tab, used as a subtitler uses it: on a film that was transcribed, and on nothing yet."""

import pytest

from audiopost.core.time import FrameRate, Timebase

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture
def page(edited, visit):
    page = visit(edited, "subtitles", width=1500)
    page.wait_for_selector(".cap-space .cap-row")
    return page


def rows(page):
    return page.locator(".cap-space .cap-row")


def area(page, number):
    """The text field of a caption, counted from 1."""
    return page.get_by_label(f"Text of caption {number}", exact=True)


def listing(page):
    return page.evaluate("fetch('audiopost/captions').then(answer => answer.json())")


def until(page, test):
    """Waits until `test`, JavaScript of `shown`, holds for what the server lists."""
    page.wait_for_function(
        f"() => fetch('audiopost/captions').then(answer => answer.json()).then(shown => ({test}))", polling=150
    )


def exported(page, kind):
    return page.evaluate(f"fetch('audiopost/captions/file?kind={kind}').then(answer => answer.text())")


def retype(page, number, text):
    area(page, number).fill(text)
    page.locator("#cap-reviewed").click()


def test_an_edited_caption_is_in_the_srt_and_in_the_transcript(page):
    assert rows(page).count() == len(listing(page)["captions"])
    retype(page, 1, "Nobody leaves\nthis house tonight.")
    until(page, "shown.captions[0].edited")
    assert "Nobody leaves\nthis house tonight." in exported(page, "srt")
    assert "Nobody leaves this house tonight." in exported(page, "txt")
    page.locator("#cap-panel-files summary").click()
    page.select_option("#cap-format", "srt")
    page.wait_for_selector(".cap-losses li")
    with page.expect_download() as download:
        page.click("#cap-export")
    assert download.value.suggested_filename == "scene 12.srt"
    assert "this house tonight." in download.value.path().read_text("utf-8")


def test_issues_are_seen_while_one_types_and_nothing_is_kept_then(page):
    before = listing(page)["captions"][0]["lines"]
    area(page, 1).fill(
        "A line that is far too long for anybody to read, and longer than any guide would ever let it be"
    )
    row = rows(page).first
    row.locator(".cap-over", has_text="> 42").wait_for()
    row.locator(".ap-tag.bad", has_text="reading speed").wait_for()
    assert listing(page)["captions"][0]["lines"] == before
    area(page, 1).press("Escape")
    row.locator(".cap-over").wait_for(state="detached")
    assert area(page, 1).input_value() == "\n".join(before)


def test_a_speaker_is_renamed_once_and_everywhere(page):
    first = listing(page)["speakers"][0]["name"]
    name = page.get_by_label(f"Name of {first}, everywhere")
    name.fill("Margaret <b>")
    name.press("Enter")
    until(page, "shown.speakers[0].name === 'Margaret <b>'")
    assert "Margaret <b>" in [row["speaker"] for row in listing(page)["captions"]]
    assert "Margaret_<b>" in exported(page, "rttm")
    page.locator("#undo").click()
    until(page, f"shown.speakers[0].name === '{first}'")


def test_split_at_the_caret_and_merge_again(page):
    retype(page, 1, "one two three four")
    until(page, "shown.captions[0].lines[0] === 'one two three four'")
    count = len(listing(page)["captions"])
    area(page, 1).focus()
    page.evaluate("document.activeElement.setSelectionRange(8, 8)")
    page.keyboard.press("Alt+s")
    until(page, f"shown.captions.length === {count + 1}")
    assert [row["lines"] for row in listing(page)["captions"][:2]] == [["one two"], ["three four"]]
    page.wait_for_function("document.activeElement.getAttribute('aria-label') === 'Text of caption 2'")
    page.keyboard.press("Alt+ArrowUp")
    page.wait_for_function("document.activeElement.getAttribute('aria-label') === 'Text of caption 1'")
    page.keyboard.press("Alt+m")
    until(page, f"shown.captions.length === {count}")
    assert " ".join(listing(page)["captions"][0]["lines"]) == "one two three four"
    page.locator("#undo").click()
    until(page, f"shown.captions.length === {count + 1}")
    page.locator("#undo").click()
    until(page, "shown.captions[0].lines[0] === 'one two three four'")


def test_find_and_replace_with_count_and_undo(page):
    retype(page, 1, "Cats and cats")
    until(page, "shown.captions[0].lines[0] === 'Cats and cats'")
    page.keyboard.press("Control+f")
    page.fill("#cap-find", "cats")
    page.get_by_text("Hits: 2, captions: 1").wait_for()
    page.check("#cap-match_case")
    page.get_by_text("Hits: 1, captions: 1").wait_for()
    page.uncheck("#cap-match_case")
    page.fill("#cap-replace", "dogs")
    page.click("#cap-replace-all")
    until(page, "shown.captions[0].lines[0] === 'dogs and dogs'")
    page.check("#cap-regex")
    page.fill("#cap-find", "(dogs")
    page.locator(".cap-count.bad", has_text="no regular expression").wait_for()
    page.locator("#undo").click()
    until(page, "shown.captions[0].lines[0] === 'Cats and cats'")
    page.wait_for_function("document.querySelector('.cap-area').value === 'Cats and cats'")


def test_times_are_nudged_by_frames_and_typed(page):
    start = listing(page)["captions"][0]["start_s"]
    field = page.get_by_label("In-time of caption 1", exact=True)
    field.press("Alt+ArrowUp")
    field.press("Alt+ArrowUp")
    field.press("Enter")
    until(page, f"Math.abs(shown.captions[0].start_s - {start} - 0.08) < 1e-6")
    field.fill(f"{start}")
    field.press("Enter")
    until(page, f"Math.abs(shown.captions[0].start_s - {start}) < 1e-6")


def test_reviewed_captions_are_counted_and_found_after_a_reload(page):
    area(page, 1).focus()
    page.keyboard.press("Control+Enter")
    until(page, "shown.reviewed === 1")
    count = len(listing(page)["captions"])
    page.get_by_text(f"1 of {count} captions reviewed by a person").wait_for()
    retype(page, 2, EVIL)
    until(page, "shown.captions[1].edited")
    page.reload()
    page.wait_for_selector(".cap-space .cap-row")
    page.get_by_text(f"1 of {count} captions reviewed by a person").wait_for()
    assert page.get_by_label("Caption 1 reviewed").is_checked()
    assert area(page, 2).input_value() == EVIL
    assert page.locator(".captions img").count() == 0
    retype(page, 1, "changed after the review")
    page.get_by_text(f"0 of {count} captions reviewed by a person").wait_for()


def test_a_click_seeks_and_the_caption_that_is_on_is_marked(page):
    rows(page).nth(1).locator(".cap-number").click()
    page.wait_for_function("document.querySelectorAll('.cap-space .cap-row')[1].classList.contains('now')")
    assert rows(page).nth(1).get_attribute("aria-selected") == "true"


def test_a_caption_is_dragged_on_the_time_line(page):
    row = listing(page)["captions"][0]
    page.locator("#cap-filter").scroll_into_view_if_needed()
    box = page.evaluate(
        """async row => {
          const { view } = await import(new URL('audiopost/static/js/view.js', document.baseURI));
          const canvas = document.querySelector('.deck-canvas');
          const at = canvas.getBoundingClientRect();
          return { x: at.x + view.x((row.start_s + row.end_s) / 2), y: at.bottom - 20, frame: view.x(0.4) - view.x(0) };
        }""",
        row,
    )
    page.mouse.move(box["x"], box["y"])
    page.mouse.down()
    page.mouse.move(box["x"] - box["frame"] / 2, box["y"], steps=3)
    page.mouse.move(box["x"] - box["frame"], box["y"], steps=3)
    page.mouse.up()
    until(page, f"shown.captions[0].start_s < {row['start_s']} - 0.1 || shown.captions[0].start_s === 0")
    now = listing(page)["captions"][0]
    assert abs((now["end_s"] - now["start_s"]) - (row["end_s"] - row["start_s"])) < 1e-6
    assert abs(now["start_s"] * 25 - round(now["start_s"] * 25)) < 1e-6


def test_an_empty_project_says_what_to_do(workbench, visit):
    page = visit(workbench, "subtitles")
    page.get_by_text("Open a recording or a film first.").wait_for()
    page.get_by_role("button", name="To the presets").click()
    page.wait_for_function("document.body.dataset.tab === 'project'")


def test_in_hong_kong_chinese(edited, visit):
    page = visit(edited, "subtitles", locale="zh-HK")
    page.wait_for_selector(".cap-space .cap-row")
    page.get_by_text("已由人手校對").first.wait_for()
    assert "subtitles." not in page.locator("#subtitles").inner_text()


def test_a_file_is_imported_after_a_question_and_taken_back(page):
    before = [row["lines"] for row in listing(page)["captions"]]
    page.locator("#cap-panel-files summary").click()
    srt = f"1\n00:00:00,500 --> 00:00:02,000\n{EVIL}\n\n2\n00:00:30,000 --> 00:00:31,000\nafter the end\n"
    file = {"name": "new <b>.srt", "mimeType": "text/plain", "buffer": srt.encode()}
    page.set_input_files("#cap-import-file", file)
    page.locator("dialog").get_by_role("button", name="Cancel").click()
    assert [row["lines"] for row in listing(page)["captions"]] == before
    page.set_input_files("#cap-import-file", file)
    page.locator("dialog").get_by_role("button", name="Import").click()
    until(page, "shown.captions.length === 1")
    page.locator("#messages", has_text="1 of 2 captions").wait_for()
    assert page.locator(".captions img, #messages img").count() == 0
    page.locator("#undo").click()
    until(page, f"shown.captions.length === {len(before)}")


def test_another_style_judges_and_lays_out_anew(page):
    own = listing(page)["style"]["name"]
    page.select_option("#cap-style", "youtube")
    until(page, "shown.style.name === 'youtube'")
    page.click("#cap-layout")
    page.locator("dialog").get_by_role("button", name="Lay out anew").click()
    until(page, "shown.chosen === '' && shown.style.name === 'youtube'")
    page.locator("#undo").click()
    until(page, f"shown.style.name === '{own}'")


def test_several_are_selected_by_keys_and_shifted_together(page):
    rows(page).first.locator(".cap-number").click()
    page.keyboard.press("Alt+Shift+ArrowDown")
    page.get_by_text("Selected: 2").wait_for()
    starts = [row["start_s"] for row in listing(page)["captions"][:2]]
    page.locator("#cap-panel-shift summary").click()
    page.fill("#cap-shift", "2")
    page.click("#cap-earlier")
    until(page, f"Math.abs(shown.captions[1].start_s - {starts[1]} + 0.08) < 1e-6 || shown.captions[0].start_s === 0")


def test_a_caption_of_five_thousand_characters_is_shown_and_kept(page):
    retype(page, 1, "字" * 5_000)
    until(page, "shown.captions[0].lines[0].length === 5000")
    page.wait_for_function("document.querySelector('.cap-space .cap-over') !== null")
    page.locator("#undo").click()
    until(page, "shown.captions[0].lines[0].length < 5000")


@pytest.mark.parametrize("rate", ["23.976", "25", "29.97df", "59.94df"])
def test_timecode_in_the_browser_is_that_of_the_package(page, rate):
    base = Timebase(FrameRate.parse(rate), "01:00:00:00")
    frames = [0, 1, 1799, 1800, 1801, 17_981, 17_982, 107_891, 107_892, 250_000]
    rate_json = {
        "num": base.rate.fraction.numerator, "den": base.rate.fraction.denominator, "drop": base.rate.drop_frame,
    }  # fmt: skip
    said = page.evaluate(
        """async ([rate, start, frames]) => {
          const { Timebase } = await import(new URL('audiopost/static/js/timecode.js', document.baseURI));
          const base = new Timebase(rate, start);
          return frames.map(frame => {
            const code = base.code(base.seconds(frame));
            return [code, base.frame(base.parse(code))];
          });
        }""",
        [rate_json, base.start_timecode, frames],
    )
    assert said == [[base.timecode(base.rate.seconds_at(frame)), frame] for frame in frames]


def test_each_line_of_a_caption_may_have_a_speaker(page):
    retype(page, 1, "- who is there?\n- nobody.")
    until(page, "shown.captions[0].lines.length === 2")
    field = page.get_by_label("Speaker of caption 1", exact=True)
    field.fill("Ann / Bob")
    field.press("Enter")
    until(page, "shown.captions[0].line_speakers.join() === 'Ann,Bob'")
    assert {"Ann", "Bob"} <= {speaker["name"] for speaker in listing(page)["speakers"]}
    field.fill("Ann")
    field.press("Enter")
    until(page, "shown.captions[0].speaker === 'Ann'")
