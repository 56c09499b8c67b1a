"""Captions on a frame, as Chromium plays our WebVTT: a picture to look at for each golden film and for each place.

    python benchmarks/captions.py [OUT]

Writes OUT/NAME.png (default: captions/) out of tests/golden/subtitles/*.vtt, and prints what each shows.
"""

from __future__ import annotations

import base64
import shutil
import sys
import tempfile
from pathlib import Path

import av
import numpy as np
from playwright.sync_api import sync_playwright

from audiopost.core.speech import Caption, Styling, Transcript
from audiopost.subtitles import load_captions, render

GOLDEN = Path(__file__).parent.parent / "tests" / "golden" / "subtitles"
FILMS = ("english", "mandarin", "cantonese", "japanese", "mixed", "bilingual", "english.words", "scene")
SIZE = (1280, 720)
PAGE = """<body style="margin:0"><video width="{w}" height="{h}" muted src="data:video/webm;base64,{video}">
<track default kind="subtitles" src="data:text/vtt;base64,{text}"></video>"""


def film(seconds: int) -> str:
    """A dusk sky over water as VP8, base64: a frame that captions can be read on."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] / SIZE[1]
    light = np.exp(-12 * ((x - 0.9) ** 2 + (y - 0.55) ** 2))
    sky = np.stack([70 + 150 * light + 40 * y, 60 + 90 * light + 30 * y, 90 + 30 * light - 10 * y], axis=-1)
    sky[y > 0.62] *= 0.55
    picture = av.VideoFrame.from_ndarray(np.clip(sky, 0, 255).astype(np.uint8), "rgb24")
    with tempfile.NamedTemporaryFile(suffix=".webm") as file:
        with av.open(file.name, "w") as out:
            stream = out.add_stream("libvpx", rate=2)
            stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
            for n in range(2 * seconds):
                frame = picture.reformat(format="yuv420p")
                frame.pts = n
                out.mux(stream.encode(frame))
            out.mux(stream.encode())
        return base64.b64encode(Path(file.name).read_bytes()).decode()


def places() -> str:
    """All nine places at once, each in a look of its own."""
    looks = [("italic", ""), ("bold", ""), ("underline", ""), ("colour", "#ffff00"), ("colour", "#ff8800")]
    captions = tuple(
        Caption(0, 4, (f"place {n}",), None, "en", (), (), (Styling(0, 0, 5, *looks[n % 5]),), n) for n in range(1, 10)
    )
    text = render(captions, Transcript("en"), "vtt")
    assert isinstance(text, str)
    return text


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "captions")
    out.mkdir(parents=True, exist_ok=True)
    shown = {name: GOLDEN / f"{name}.vtt" for name in FILMS if (GOLDEN / f"{name}.vtt").exists()}
    video = film(30)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium") or shutil.which("google-chrome"))
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        for name in (*shown, "places"):
            text, at_s = places(), 2.0
            if name in shown:
                captions = load_captions(shown[name]).captions
                longest = max(
                    captions, key=lambda caption: (bool(caption.styling), len(caption.lines), len(caption.text))
                )
                text, at_s = shown[name].read_text(encoding="utf-8"), (longest.start_s + longest.end_s) / 2
                print(f"{name:14} {at_s:6.2f} s  {' / '.join(longest.lines)}")
            coded = base64.b64encode(text.encode()).decode()
            page.set_content(PAGE.format(w=SIZE[0], h=SIZE[1], video=video, text=coded))
            page.evaluate(
                """at => new Promise(done => { const film = document.querySelector("video");
                film.onseeked = () => setTimeout(done, 400); film.currentTime = at; })""",
                at_s,
            )
            page.screenshot(path=out / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
