"""Where audio goes while it is made: memory when short, a float WAV in the scratch folder when long."""

from __future__ import annotations

import atexit
import contextlib
import contextvars
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..core.audio import Audio, FloatArray, sound
from ..core.errors import UnreadableMedia
from ..dsp import resample as _resample
from .atomic import disk_full, guarded, native

#: Audio up to this many samples (all channels; 32 MiB) stays in memory.
MEMORY_SAMPLES = 8 << 20

_folder: contextvars.ContextVar[Path | None] = contextvars.ContextVar("audiopost_scratch", default=None)
_lock = threading.Lock()
_default: Path | None = None


def folder() -> Path:
    """The scratch folder in force: the one set by `using`, else one of this process, removed when it ends."""
    global _default
    chosen = _folder.get()
    if chosen is not None:
        return chosen
    with _lock:
        if _default is None:
            _default = Path(tempfile.mkdtemp(prefix="audiopost-"))
            atexit.register(shutil.rmtree, _default, ignore_errors=True)
        return _default


@contextlib.contextmanager
def using(path: Path) -> Iterator[None]:
    """Audio made inside goes to `path` (which must exist) instead of the process's own scratch folder."""
    token = _folder.set(path)
    try:
        yield
    finally:
        _folder.reset(token)


def lasting() -> Path | None:
    """The folder set by `using`: what is written there is found again by a later process; None without one."""
    return _folder.get()


class SoundFileSource:
    """Samples of a file that libsndfile seeks in exactly (WAV, RF64, FLAC, AIFF, CAF); thread-safe.

    Samples that are no sound (NaN, infinite, beyond all measure) read as silence.
    """

    def __init__(self, path: Path, *, owned: bool = False) -> None:
        import soundfile

        self.path, self.owned = path, owned
        self._file: Any = soundfile.SoundFile(native(path))
        self._lock = threading.Lock()
        self._finalizer = weakref.finalize(self, _release, self._file, path if owned else None)

    def read(self, start: int, stop: int) -> FloatArray:
        with self._lock:
            self._file.seek(start)
            data = self._file.read(stop - start, dtype="float32", always_2d=True)
        if len(data) < stop - start:
            raise UnreadableMedia(
                f"{self.path.name} ends at frame {start + len(data)}, before frame {stop}.",
                value=str(self.path),
                remedy="The file was changed or truncated while it was read.",
            )
        return sound(data.T)


def _release(file: Any, path: Path | None) -> None:
    file.close()
    if path is not None:
        path.unlink(missing_ok=True)


class Spool:
    """Takes blocks (channels, n), gives an Audio: `with Spool(…) as s: s.write(block)`, then `s.audio`."""

    def __init__(self, rate: int, channels: int, layout: tuple[str, ...] | None = None) -> None:
        self._rate, self._channels, self._layout = rate, channels, layout
        self._blocks: list[FloatArray] = []
        self._frames = 0
        self._file: Any = None
        self._path: Path | None = None

    def __enter__(self) -> Spool:
        return self

    def write(self, block: FloatArray) -> None:
        self._frames += block.shape[1]
        if self._file is None:
            self._blocks.append(np.array(block, dtype=np.float32))
            if self._frames * self._channels <= MEMORY_SAMPLES:
                return
            self._open()
            pending, self._blocks = self._blocks, []
        else:
            pending = [block]
        for part in pending:
            self._put(part)

    def _open(self) -> None:
        import soundfile

        target = folder()
        with guarded(target):
            handle, name = tempfile.mkstemp(prefix="spool-", suffix=".wav", dir=target)
            import os

            os.close(handle)
        self._path = Path(name)
        self._file = soundfile.SoundFile(
            native(self._path), "w", samplerate=self._rate, channels=self._channels, format="RF64", subtype="FLOAT"
        )

    def _put(self, block: FloatArray) -> None:
        import soundfile

        assert self._path is not None
        try:
            self._file.write(np.ascontiguousarray(block.T, dtype=np.float32))
        except (soundfile.LibsndfileError, AssertionError) as error:  # a short write trips soundfile's own assert
            own = _folder.get() is None
            raise disk_full(self._path, "Make room, or name another folder in TMPDIR." if own else "") from error

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._file is not None:
            self._file.close()
            if kind is not None and self._path is not None:
                self._path.unlink(missing_ok=True)

    @property
    def audio(self) -> Audio:
        """What was written. Only after the `with` block."""
        if self._path is None:
            empty = [np.zeros((self._channels, 0), np.float32)]
            return Audio(np.concatenate(self._blocks or empty, axis=1), self._rate, self._layout)
        source = SoundFileSource(self._path, owned=True)
        return Audio.backed(source, channels=self._channels, frames=self._frames, rate=self._rate, layout=self._layout)


def spool(blocks: Iterable[FloatArray], *, like: Audio) -> Audio:
    """Blocks gathered into an Audio with the rate and layout of `like`."""
    with Spool(like.rate, like.channels, like.layout) as target:
        for block in blocks:
            target.write(block)
    return target.audio


def at_rate(audio: Audio, rate: int, *, mono: bool = False) -> Audio:
    """`audio` at another rate, downmixed where `mono`: speech models want `at_rate(audio, 16000, mono=True)`."""
    if rate == audio.rate and (not mono or audio.channels == 1):
        return audio
    layout = ("M",) if mono else audio.layout
    with Spool(rate, len(layout), layout) as target:
        for block in _resample.converted(audio, rate, mono=mono):
            target.write(block)
    return target.audio
