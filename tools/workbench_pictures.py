"""Pictures of every tab of the workbench, in English and 繁體中文, light and dark, to be looked at.

    python tools/workbench_pictures.py FOLDER OUT/ [--width 1400] [--tab listen]

FOLDER is a project folder with a finished run; it is copied first. Wants Chromium and playwright.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

TABS = ("project", "listen", "dialogue", "stems", "subtitles", "cues", "batch", "deliver", "models")
#: Milliseconds after which a tab has drawn its canvases.
_SETTLED_MS = 2500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=1400)
    parser.add_argument("--tab", choices=TABS, action="append")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / asked.project.name
        shutil.copytree(asked.project, copy)
        command = [sys.executable, "-m", "audiopost", "ui", "--port", "0", "--project", str(copy)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found, "the workbench did not start"
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                for locale in ("en-US", "zh-HK"):
                    for scheme in ("light", "dark"):
                        _pictures(browser, found[0], locale, scheme, asked.tab or TABS, asked)
                browser.close()
        finally:
            server.terminate()
            server.wait(20)


def _pictures(
    browser: Browser, url: str, locale: str, scheme: str, tabs: tuple[str, ...], asked: argparse.Namespace
) -> None:
    context = browser.new_context(
        viewport={"width": asked.width, "height": 1000},
        locale=locale,
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("#tab-models-button")
    page.wait_for_timeout(_SETTLED_MS)
    for tab in tabs:
        page.click(f"#tab-{tab}-button")
        page.wait_for_timeout(_SETTLED_MS)
        page.screenshot(path=asked.out / f"{tab}-{locale[:2]}-{scheme}.png")
    context.close()


if __name__ == "__main__":
    main()
