"""The engine in a process of its own: a crash inside a native library costs a stretch of sound, not the run.

The child is plain `python -m` of this module, so that the user's own program is not run again. It gets one line of
JSON on its standard input and answers with lines of JSON on a copy of its standard output, whose number belongs to
standard error from then on: what a library prints cannot break a line. It leaves when its standard input ends, and
so never outlives its parent.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any

from ...core.audio import Audio, FloatArray, Source
from ...core.errors import AudiopostError, StageError
from ...core.options import build
from ...core.registry import load
from ...core.serial import from_json
from ...core.speech import Remark
from ...core.stage import Progress
from ...core.time import clock
from ...io.encode import write_wav
from ...io.scratch import SoundFileSource, folder
from . import Options, Piece, Transcriber
from .run import for_the_rest
from .windows import Window

log = logging.getLogger("audiopost")

#: Windows tried one by one after a crash, where `batch_size` does not say how many were decoded together.
BATCH = 16
#: Windows that one process decodes before a fresh one takes over: engines grow with the hours (faster-whisper #1030).
LIFE = 256
#: Crashes with nothing decoded between them that end the work.
IN_A_ROW = 5
#: Seconds between two looks at whether the user has stopped the work.
_POLL_S = 0.5

_SIGNALS = {
    "SIGSEGV": "a memory fault", "SIGBUS": "a memory fault", "SIGFPE": "a division by zero in native code",
    "SIGABRT": "an abort in native code", "SIGILL": "an instruction that this processor lacks",
    "SIGKILL": "killed from outside, as systems do that run out of memory",
    "SIGTERM": "ended from outside",
}  # fmt: skip
#: What Windows calls the same (NTSTATUS).
_STATUSES = {
    0xC0000005: "a memory fault", 0xC00000FD: "a stack overflow", 0xC0000094: "a division by zero in native code",
    0xC000001D: "an instruction that this processor lacks", 0xC0000409: "an abort in native code",
}  # fmt: skip


def in_words(code: int) -> str:
    """How a process ended, from its exit code as `subprocess` gives it."""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
        return f"{_SIGNALS.get(name, 'a signal')} ({name})"
    status = _STATUSES.get(code)
    return f"{status} (0x{code:08X})" if status else f"left without an answer (exit code {code})"


class Isolated:
    """The transcribing part of a Transcriber (`kind`, its class), done in child processes; see the module."""

    def __init__(self, kind: type[Any], options: Options) -> None:
        self._kind, self._options = kind, options
        self.language = self.spoken = options.language
        self.warnings: list[str] = []
        self._reached_s = 0.0

    def transcribe(self, sound: Audio, windows: tuple[Window, ...], progress: Progress) -> Iterator[Piece]:
        """As Transcriber says; a window that kills the engine twice yields a Piece with a 'crashed' Remark.

        Closing the iterator, or an error raised in `progress`, kills the child at once.
        Raises what the backend raises, and StageError where the engine dies again and again.
        """
        batch = self._options.batch_size or BATCH
        life = batch * max(1, LIFE // batch)
        left, suspects, crashes = list(range(len(windows))), list[int](), 0
        with tempfile.TemporaryDirectory(prefix="heard-", dir=folder(), ignore_cleanup_errors=True) as made:
            path = _file_of(sound, Path(made))
            while left:
                job, begun, ended = suspects or left[:life], set[int](), ""
                moved = self._moved(progress, windows, left, job)
                with closing(self._answers(path, sound, [windows[n] for n in job], bool(suspects), moved)) as answers:
                    for message in answers:
                        begun.update(job[n] for n in message.get("begun", ()))
                        ended = message.get("ended", "")
                        if "piece" in message:
                            piece = from_json(Piece, message["piece"])
                            number, crashes = job[piece.window], 0
                            left.remove(number)
                            yield replace(piece, window=number)
                if not ended:
                    if any(n in left for n in job):
                        return  # it says that it is done; whoever counts the pieces will see that it is not
                    suspects = []
                    continue
                crashes += 1
                self._give_up(ended, begun=bool(begun), crashes=crashes)
                caught = [n for n in job if n in begun and n in left]
                if suspects:
                    for number in caught[:1]:  # alone with the engine, and it died again: this stretch is the cause
                        left.remove(number)
                        yield self._without(number, windows[number], ended)
                    suspects = [n for n in suspects if n in left]
                else:
                    suspects = caught[:batch]
                    log.warning("transcribe: the engine died (%s); trying %d windows one by one", ended, len(suspects))

    def _moved(self, progress: Progress, windows: tuple[Window, ...], left: list[int], job: list[int]) -> Progress:
        """The progress of one job as that of the whole, which never goes back."""
        total_s, left_s, job_s = (sum(windows[n].duration_s for n in ns) for ns in (range(len(windows)), left, job))

        def moved(_: str, done: float, total: float) -> None:
            reached_s = total_s - left_s + job_s * (min(done / total, 1.0) if total else 0.0)
            self._reached_s = max(self._reached_s, reached_s)
            progress("transcribe", self._reached_s, total_s)

        return moved

    def _answers(
        self, path: Path, sound: Audio, windows: list[Window], alone: bool, progress: Progress
    ) -> Generator[dict[str, Any], None, None]:
        """What one child says, and {"ended": how} last where it died; killed when the iterator is closed."""
        asked = for_the_rest(self._options, self.spoken)
        job = {
            "backend": f"{self._kind.__module__}:{self._kind.__qualname__}",
            "options": asdict(replace(asked, batch_size=1) if alone else asked),
            "windows": [asdict(window) for window in windows],
            "sound": {"path": str(path), "frames": sound.frames, "rate": sound.rate},
            "alone": alone,
            "level": log.getEffectiveLevel(),
        }
        with _Child(job) as child:
            last = (0.0, 0.0)
            progress("transcribe", *last)
            while (message := child.next()) is not None:
                if not message:
                    progress("transcribe", *last)  # the user may have stopped the work meanwhile
                    continue
                self.language = message.get("language", self.language)
                self.spoken = message.get("spoken", self.spoken)
                self.warnings += [w for w in message.get("warnings", ()) if w not in self.warnings]
                if "progress" in message:
                    last = tuple(message["progress"])
                    progress("transcribe", *last)
                elif "log" in message:
                    log.log(message["log"][0], "%s", message["log"][1])
                elif "error" in message:
                    raise pickle.loads(base64.b64decode(message["error"]))  # noqa: S301 - our own child wrote it
                elif "done" in message:
                    return
                else:
                    yield message
            yield {"ended": child.end()}

    def _give_up(self, ended: str, *, begun: bool, crashes: int) -> None:
        """Raises StageError where going on has no sense: it died while loading, or too often in a row."""
        if begun and crashes < IN_A_ROW:
            return
        when = f"{crashes} times in a row" if begun else "before it began"
        raise StageError(
            f"transcribe: the engine {self._kind.name} died {when}: {ended}.",
            value=self._kind.name,
            remedy="Set transcribe.compute_type=float32 or transcribe.device=cpu, take a smaller model "
            "or another backend; what was finished is kept for --resume.",
        )

    def _without(self, number: int, window: Window, ended: str) -> Piece:
        start_s, end_s = round(window.spans[0].start_s, 3), round(window.spans[-1].end_s, 3)
        log.warning("transcribe: the engine died again (%s): %s to %s is left out", ended, clock(start_s), clock(end_s))
        return Piece(number, (), (Remark("crashed", start_s, end_s, "", f"the engine died on it twice: {ended}"),))


def _file_of(sound: Audio, made: Path) -> Path:
    """A file with the samples of `sound`: its own where it lies in one, else a float WAV in the folder `made`."""
    source = sound.source
    return source.path if isinstance(source, SoundFileSource) else write_wav(made / "sound.wav", sound, "FLOAT")


class _Child:
    """The process, its answers as dicts, its last words."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        # The child finds what the parent finds, whichever way that was put on the path; -P keeps its folder off.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p or str(Path.cwd()) for p in sys.path)}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                [sys.executable, "-P", "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
            )
        except (OSError, TypeError) as error:
            raise StageError(
                f"transcribe: no process could be started for the engine: {error}.",
                value=sys.executable,
                remedy="Set transcribe.isolate=false.",
            ) from error
        self._answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._last_words = ""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = (
            threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._listen, args=(self._process.stderr,), daemon=True),
        )
        for reader in self._readers:
            reader.start()
        try:
            self._process.stdin.write(json.dumps(job, default=_plain).encode() + b"\n")
            self._process.stdin.flush()  # and stays open: its end would tell the child to leave
        except OSError:
            log.debug("transcribe: the engine's process was gone before it had its work")

    def _read(self, stream: IO[bytes]) -> None:
        for line in stream:
            try:
                self._answers.put(json.loads(line))
            except ValueError:
                break  # it died in the middle of a line
        self._answers.put(None)

    def _listen(self, stream: IO[bytes]) -> None:
        for line in stream:
            if text := line.decode(errors="replace").rstrip():
                self._last_words = text
                log.debug("engine: %s", text)

    def next(self) -> dict[str, Any] | None:
        """The next answer; {} where none came for a while, None where none will come."""
        try:
            return self._answers.get(timeout=_POLL_S)
        except queue.Empty:
            return {}

    def end(self) -> str:
        """How it ended, in words; what it said last where it left by itself."""
        code = self._process.wait()
        self._readers[1].join(timeout=5)
        return in_words(code) + (f": {self._last_words}" if code > 0 and self._last_words else "")

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(timeout=5)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    log.debug("transcribe: a pipe to the engine was broken already")


class _Watched:
    """Samples whose readers are seen: what the engine has in hand is what it has read and not answered."""

    def __init__(self, source: Source, windows: tuple[Window, ...], rate: int, tell: Callable[..., None]) -> None:
        self._source, self._tell = source, tell
        self._ranges = [
            [(round(span.start_s * rate), round(span.end_s * rate)) for span in window.spans] for window in windows
        ]
        self._told: set[int] = set()

    def read(self, start: int, stop: int) -> FloatArray:
        new = [
            n
            for n, ranges in enumerate(self._ranges)
            if n not in self._told and any(low < stop and start < high for low, high in ranges)
        ]
        if new:
            self._told.update(new)
            self._tell(begun=new)
        return self._source.read(start, stop)


class _Forward(logging.Handler):
    def __init__(self, tell: Callable[..., None]) -> None:
        super().__init__()
        self._say = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._say(log=[record.levelno, record.getMessage()])


def _work(job: Mapping[str, Any], tell: Callable[..., None]) -> None:
    """The child's part: builds the backend and passes on what it says."""
    log.setLevel(job["level"])
    log.addHandler(_Forward(tell))
    windows: tuple[Window, ...] = from_json(tuple[Window, ...], job["windows"])
    given = job["sound"]
    source: Source = SoundFileSource(Path(given["path"]))
    if not job["alone"]:
        source = _Watched(source, windows, given["rate"], tell)
    sound = Audio.backed(source, channels=1, frames=given["frames"], rate=given["rate"])
    backend: Transcriber = load(job["backend"])(build(Options, job["options"]))

    def state() -> dict[str, Any]:
        return {"language": backend.language, "spoken": backend.spoken, "warnings": list(backend.warnings)}

    def progress(_: str, done: float, total: float) -> None:
        tell(progress=[done, total])

    for number, window in enumerate(windows) if job["alone"] else ():
        tell(begun=[number])
        for piece in backend.transcribe(sound, (window,), progress):
            tell(piece=asdict(replace(piece, window=number)), **state())
    if not job["alone"]:
        for piece in backend.transcribe(sound, windows, progress):
            tell(piece=asdict(piece), **state())
    tell(done=True, **state())


def _plain(value: Any) -> Any:
    """numpy's numbers as Python's."""
    return value.item()


def main() -> None:
    """Entry point of the child."""
    import faulthandler
    import traceback

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means, and kills
    faulthandler.enable()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    lock = threading.Lock()

    def tell(**message: Any) -> None:
        line = json.dumps(message, default=_plain).encode() + b"\n"
        with lock:
            out.write(line)
            out.flush()

    job = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        _work(job, tell)
    except AudiopostError as error:
        tell(error=_packed(error))
    except Exception as error:  # noqa: BLE001 - it must reach the parent, which cannot see it raised
        traceback.print_exc()
        tell(
            error=_packed(
                StageError(
                    f"transcribe: the engine failed: {type(error).__name__}: {error}.",
                    value=job["backend"],
                    remedy="'--debug' shows where; try another model or backend.",
                )
            )
        )
    os._exit(0)  # native libraries that die while they are unloaded are of no interest any more


def _packed(error: AudiopostError) -> str:
    try:
        return base64.b64encode(pickle.dumps(error)).decode()
    except Exception:  # noqa: BLE001 - `value` may be anything
        error.value = repr(error.value)
        return base64.b64encode(pickle.dumps(error)).decode()


def _leave_with_parent() -> None:
    while os.read(0, 1):
        continue
    os._exit(0)


if __name__ == "__main__":
    main()
