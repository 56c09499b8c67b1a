"""What the engine asks of Ray: resources and addresses as they are written, the connection, how an actor ended."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.errors import BadValue, MissingExtra, Unavailable, UnknownName
from .engine import Cause

log = logging.getLogger("audiopost")

#: What an actor may ask for: cores, share of a GPU (or several whole ones), memory in GB.
RESOURCES = ("cpu", "gpu", "mem")
#: How often a server for this client is asked for.
_TRIES = 3
#: How long it is waited for a head to be reached, in seconds.
_REACH_S = 10.0


def resources(text: str) -> dict[str, float]:
    """What each actor takes, out of 'cpu=2,gpu=0.5,mem=8' (mem in GB, 1e9 bytes); cpu is 1 where it is not named.

    Raises UnknownName, BadValue.
    """
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (each.strip() for each in part.partition("="))
        if name not in RESOURCES:
            raise UnknownName("resource", name, RESOURCES)
        try:
            number = float(value) if equals else float("nan")
        except ValueError:
            number = float("nan")
        if name in found or not 0 <= number < float("inf"):
            raise BadValue(
                f"{part!r} is not a resource with a number of 0 or more, named once.", value=part, choices=RESOURCES,
                remedy="For example cpu=2,gpu=0.5,mem=8: cores, share of a GPU, memory in GB.",
            )  # fmt: skip
        found[name] = number
    return checked({"cpu": 1.0, **found})


def actors(text: str) -> tuple[int, int]:
    """The least and the most actors, out of '1-8', or '4' for always four. Raises BadValue."""
    match = re.fullmatch(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?", text)
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= least <= most:
        raise BadValue(
            f"{text!r} is not a range of actors.", value=text,
            remedy="Give the least and the most, such as 1-8, or one number of at least 1.",
        )  # fmt: skip
    return least, most


def load() -> Any:
    """Ray, with its telemetry off. Raises MissingExtra."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when a cluster starts
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise MissingExtra("Ray is not installed.", value="ray", remedy="pip install 'audiopost[ray]'") from error
    return ray


def checked(values: Mapping[str, float]) -> dict[str, float]:
    """Resources that Ray can give."""
    for name, value in values.items():
        if name not in RESOURCES:
            raise UnknownName("resource", name, RESOURCES)
        problem = ""
        if name == "cpu" and value <= 0:
            problem = "an actor needs a share of a core"
        elif name == "gpu" and value > 1 and value != int(value):
            problem = "more than one GPU is given whole"
        elif 0 < value < 1e-4:
            problem = "0.0001 is the least"
        if problem:
            raise BadValue(
                f"{name}={value:g} cannot be had: {problem}.", value=value, choices=RESOURCES,
                remedy="For example cpu=2,gpu=0.5,mem=8: cores, share of a GPU, memory in GB.",
            )  # fmt: skip
    return dict(values)


def named(values: Mapping[str, float]) -> str:
    """Resources as they are written: 'cpu=2, gpu=0.5'."""
    return ", ".join(f"{name}={value:g}" for name, value in values.items()) or "nothing"


def fate(error: Exception) -> tuple[Cause, str]:
    """Why an actor is gone, from the error that Ray raises of it: as a cause and in words."""
    import ray

    text = str(error)
    if isinstance(error, ray.exceptions.RayTaskError):
        return "killed", f"its actor failed: {shortened(str(error.cause))}"
    if isinstance(error, ray.exceptions.RayActorError) and error.actor_init_failed:
        return "killed", f"its actor did not start: {shortened(text.strip().splitlines()[-1])}"
    if isinstance(error, ray.exceptions.OutOfMemoryError):
        return "memory", f"Ray ended its actor because the node ran out of memory: {shortened(text)}"
    found = re.search(r"^The actor is dead because (.*)", text, re.MULTILINE)
    told = shortened(found[0] if found else text)
    if isinstance(error, ray.exceptions.RayActorError) and error.preempted:
        return "killed", f"its node was taken away: {told}"
    return "killed", f"its actor was lost: {told}"


def shortened(text: str) -> str:
    """The beginning of one of Ray's messages, without its advice."""
    line = " ".join(text.partition("Some common causes")[0].partition("\n")[0].split())
    return line if len(line) <= 400 else f"{line[:400]}…"


def _connect(ray: Any, **how: Any) -> None:
    """Ray forks a server of its own for each client, and some crash at birth, in gRPC's threads: the next one lives."""
    for left in reversed(range(_TRIES)):
        try:
            ray.init(**how)
            return
        except ConnectionAbortedError:
            if not left:
                raise


class Cluster:
    """The connection to a cluster, and whether it, or the cluster itself, is ours to end."""

    def __init__(self, ray: Any, address: str | None) -> None:
        self._ray, self._own = ray, False
        self._print: Any = None
        self._local = address is None
        self.name = "a cluster of this machine" if address is None else address
        if ray.is_initialized() and address in (None, "auto"):
            self._local, self.name = False, "the cluster that is connected to"
            return
        if address is not None and address != "auto":
            _reach(address)
        # Ray takes SIGTERM for itself; whoever drives has their own use for it.
        main = threading.current_thread() is threading.main_thread()
        before = signal.getsignal(signal.SIGTERM) if main else None
        own: dict[str, Any] = {"include_dashboard": False} if self._local else {}
        try:
            _connect(ray, address=address or "local", log_to_driver=False, logging_level=logging.CRITICAL, **own)
        except (OSError, RuntimeError, ValueError, AssertionError, SystemExit, ray.exceptions.RayError) as error:
            raise Unavailable(
                f"No Ray cluster at {address or 'this machine'}: {shortened(str(error))}", value=address,
                choices=("auto", "ray://HOST:10001", "HOST:6379"),
                remedy="Is it running, with the same Ray and Python? Without --address one is started here.",
            ) from error  # fmt: skip
        finally:
            if before is not None:
                signal.signal(signal.SIGTERM, before)
        self._own = True
        self._hush()

    @property
    def path(self) -> dict[str, str]:
        """The variable by which actors of this machine find what this process finds; other machines have their own."""
        return {"PYTHONPATH": os.pathsep.join(part or str(Path.cwd()) for part in sys.path)} if self._local else {}

    def has(self) -> dict[str, float]:
        """All resources of all nodes, as those of `resources()`."""
        found = self._ray.cluster_resources()
        return {"cpu": found.get("CPU", 0.0), "gpu": found.get("GPU", 0.0), "mem": found.get("memory", 0.0) / 1e9}

    def check(self, wanted: Mapping[str, float]) -> None:
        """Raises BadValue where one actor is more than a cluster of this machine, which cannot grow, will ever hold."""
        has = self.has() if self._local else {}
        for name, most in has.items():
            if wanted.get(name, 0.0) > most:
                raise BadValue(
                    f"An actor of {named(wanted)} does not fit this machine, which has {named(has)}.",
                    value=wanted[name], remedy="Ask for less with --actor-resources.",
                )  # fmt: skip

    def leave(self) -> None:
        """Disconnects, where we connected; a cluster that we started ends."""
        if self._own:
            self._own = False
            if self._print is not None:
                self._ray._private.worker.print_to_stdstream = self._print
            self._ray.shutdown()

    def _hush(self) -> None:
        """Ray prints the errors of its nodes on standard output, which may be somebody's JSON; they go to the log."""
        worker = self._ray._private.worker
        self._print = getattr(worker, "print_to_stdstream", None)
        if self._print is not None:
            worker.print_to_stdstream = _to_log


def _to_log(data: Mapping[str, Any], ignore_prefix: bool = False) -> None:
    for line in data.get("lines", ()):
        log.debug("ray: %s", line)


def _reach(address: str) -> None:
    """Raises BadValue for what is no address, Unavailable at once where nobody listens: Ray would try for minutes."""
    match = re.fullmatch(r"(?:ray://)?(?P<host>[^\s:/\[\]]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})/?", address)
    choices = ("auto", "ray://HOST:10001", "HOST:6379")
    if match is None:
        raise BadValue(f"{address!r} is no address of a Ray cluster.", value=address, choices=choices)
    try:
        socket.create_connection((match["host"].strip("[]"), int(match["port"])), timeout=_REACH_S).close()
    except (OSError, OverflowError) as error:
        raise Unavailable(
            f"No Ray cluster at {address}: {error}.", value=address, choices=choices,
            remedy="Is its head running, and is the port open from here?",
        ) from error  # fmt: skip
