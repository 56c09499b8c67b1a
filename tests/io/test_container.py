"""A file that names others, or addresses, reads none of them."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from audiopost.core.errors import UnreadableMedia
from audiopost.io import decode
from audiopost.io.container import FORMATS, open_media


@pytest.fixture
def address() -> Iterator[tuple[str, list[str]]]:
    """An HTTP server of this machine, and what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Somebody else's recording."""
    path = tmp_path / "anna" / "secret.wav"
    path.parent.mkdir()
    soundfile.write(path, np.random.default_rng(1).normal(0, 0.1, 48_000), 48_000)
    return path


def hls(target: str) -> str:
    return f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\n{target}\n#EXT-X-ENDLIST\n"


def concat(target: str) -> str:
    return f"ffconcat version 1.0\nfile '{target}'\nduration 1\n"


def sdp(target: str) -> str:
    return (
        f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\na=control:{target}\nm=audio 5004 RTP/AVP 0\n"
    )


@pytest.mark.parametrize("suffix", [".wav", ".mp4", ".m3u8", ".sdp", ".txt", ".ffconcat"])
@pytest.mark.parametrize("written", [hls, concat, sdp])
def test_a_playlist_is_no_recording_and_fetches_nothing(
    tmp_path: Path, address: tuple[str, list[str]], written: Callable[[str], str], suffix: str
) -> None:
    url, asked = address
    for target in (
        f"{url}/seg.ts",
        "/etc/passwd",
        "data:audio/wav;base64,UklGRg==",
        "file:///etc/passwd",
        "tcp://127.0.0.1:1",
    ):
        path = tmp_path / f"upload{suffix}"
        path.write_text(written(target))
        with pytest.raises(UnreadableMedia):
            decode.probe(path)
        with pytest.raises(UnreadableMedia):
            decode.decode(path)
    assert asked == []


def test_a_list_of_files_reads_nobody_elses(secret: Path, tmp_path: Path) -> None:
    path = tmp_path / "anna" / "list.wav"
    path.write_text(concat(secret.name))
    with av.open(str(path)) as plain:  # what FFmpeg does when nobody forbids it
        assert plain.streams.audio
    with pytest.raises(UnreadableMedia):
        decode.probe(path)


def test_a_path_that_is_an_address_is_not_fetched(address: tuple[str, list[str]]) -> None:
    url, asked = address
    with pytest.raises(FileNotFoundError):
        open_media(Path(f"{url}/film.mp4"))
    assert asked == []


def test_every_format_is_one_that_ffmpeg_has_and_none_opens_others() -> None:
    known = {part for name in av.formats_available for part in name.split(",")}
    assert set(FORMATS) <= known
    opening = {
        "hls",
        "concat",
        "sdp",
        "rtsp",
        "rtp",
        "sap",
        "lavfi",
        "image2",
        "dash",
        "vobsub",
        "sbg",
        "webm_dash_manifest",
    }
    assert not opening & set(FORMATS)
