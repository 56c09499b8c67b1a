"""Tracks heard in child processes, several at once: one that kills its reader costs itself, not the scan.

A child is plain `python -m` of this module, so that the user's own program is not run again. It gets a line of JSON for
each track on its standard input and answers with one on a copy of its standard output, whose number belongs to standard
error from then on: what a library prints cannot break a line. It leaves when its standard input ends.
"""

from __future__ import annotations

import base64
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...core.audio import FloatArray
from ...core.errors import AudiopostError, StageError
from ...core.music import TrackAnalysis, TrackInfo
from ...core.serial import from_json, to_json
from ...models import threads
from .store import Seen

#: How long one file may take: a decoder that hangs would keep its lane for ever. Two hours are heard in a small part of
#: it, in whatever format.
_LEAST_S, _S_A_MEGABYTE = 600.0, 30.0


@dataclass(frozen=True)
class Heard:
    """What a worker found, or the `error` why it found nothing."""

    seen: Seen
    error: str = ""
    info: TrackInfo | None = None
    analysis: TrackAnalysis | None = None
    sha256: str = ""
    embedding: FloatArray | None = None


def hear(path: Path, embedder: str = "") -> dict[str, Any]:
    """Tags, analysis, hash and, where an `embedder` (a CLAP folder) is named, the embedding of one file, as JSON."""
    from ...io.decode import decode, file_sha256
    from ..felt import as_stated
    from ..track import analyse
    from . import tags

    audio = decode(path).audio
    info = replace(tags.read(path), duration_s=audio.duration_s)
    heard = as_stated(analyse(audio), info.tagged_bpm)
    found = {"info": to_json(info), "analysis": to_json(heard), "sha256": file_sha256(path)}
    if embedder:
        from .clap import Clap

        vector = Clap.at(Path(embedder)).sound(audio)
        found["embedding"] = base64.b64encode(np.asarray(vector, np.float32).tobytes()).decode()
    return found


def heard(files: Sequence[Seen], workers: int, embedder: str = "") -> Generator[Heard, None, None]:
    """Each of `files` once, in the order in which they are done. Closing the iterator ends the children.

    Raises StageError where no child can be started.
    """
    waiting: queue.SimpleQueue[Seen] = queue.SimpleQueue()
    for seen in files:
        waiting.put(seen)
    done: queue.Queue[Heard | BaseException | None] = queue.Queue()
    lanes = [_Lane(waiting, done, embedder) for _ in range(min(workers, len(files)))]
    for lane in lanes:
        lane.start()
    try:
        left = len(lanes)
        while left:
            found = done.get()
            if found is None:
                left -= 1
            elif isinstance(found, BaseException):
                raise found
            else:
                yield found
    finally:
        for lane in lanes:
            lane.stop()


class _Lane(threading.Thread):
    """A thread with a child of its own, which it starts again when it dies."""

    def __init__(
        self, waiting: queue.SimpleQueue[Seen], done: queue.Queue[Heard | BaseException | None], embedder: str
    ) -> None:
        super().__init__(daemon=True)
        self._waiting, self._done, self._embedder = waiting, done, embedder
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self) -> None:
        try:
            while not self._stopped:
                self._done.put(self._one(self._waiting.get_nowait()))
        except queue.Empty:
            self._done.put(None)
        except BaseException as error:  # noqa: BLE001  # goes to whoever asked
            self._done.put(error)
        finally:
            self._end()

    def stop(self) -> None:
        """Ends the child, and with it the thread, which waits for its answer."""
        self._stopped = True
        if (child := self._child) is not None:
            child.kill()

    def _end(self) -> int | None:
        """The exit code of the child, which is no more."""
        child, self._child = self._child, None
        if child is None:
            return None
        child.kill()
        child.communicate()
        return child.returncode

    def _one(self, seen: Seen) -> Heard:
        limit_s = _LEAST_S + _S_A_MEGABYTE * seen.size / 1e6
        late = threading.Event()
        line = self._answer(seen, limit_s, late)
        answered = line.endswith(b"\n")
        code = self._end() if late.is_set() or not answered else None
        if answered:
            return _parsed(seen, json.loads(line))
        if late.is_set():
            return Heard(seen, f"it was not heard within {limit_s:.0f} s; convert the file, and scan again")
        return Heard(seen, f"the process that heard it ended (exit code {code})")

    def _answer(self, seen: Seen, limit_s: float, late: threading.Event) -> bytes:
        """The child's line; part of one, or none, where it ended, which after `limit_s` it must: `late` is then set."""
        child = self._child = self._child or _start()
        assert child.stdin is not None
        assert child.stdout is not None

        def end() -> None:
            late.set()
            child.kill()

        alarm = threading.Timer(limit_s, end)
        alarm.daemon = True
        alarm.start()
        try:
            child.stdin.write(json.dumps({"path": str(seen.path), "embedder": self._embedder}).encode() + b"\n")
            child.stdin.flush()
            return child.stdout.readline()
        except OSError:  # it is gone
            return b""
        finally:
            alarm.cancel()


def _parsed(seen: Seen, answer: dict[str, Any]) -> Heard:
    if "error" in answer:
        return Heard(seen, answer["error"])
    vector = answer.get("embedding")
    return Heard(
        seen,
        "",
        from_json(TrackInfo, answer["info"]),
        from_json(TrackAnalysis, answer["analysis"]),
        answer["sha256"],
        np.frombuffer(base64.b64decode(vector), np.float32) if vector else None,
    )


def _start() -> subprocess.Popen[bytes]:
    # The child finds what the parent finds, whichever way that was put on the path; -P keeps its folder off. One
    # thread each: the lanes share the processor already.
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(p or str(Path.cwd()) for p in sys.path),
        **threads.environment(1),
    }
    try:
        return subprocess.Popen(  # noqa: S603  # our own interpreter
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
    except (OSError, TypeError) as error:
        raise StageError(f"library: no process could be started to hear tracks: {error}.") from error


def main() -> None:
    """The child: a line in, a line out."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        try:
            answer = hear(Path(asked["path"]), asked["embedder"])
        except AudiopostError as error:
            answer = {"error": error.problem}
        except Exception as error:  # noqa: BLE001  # one file's trouble, told as such
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
