"""Weights from the network into the store: checked against published hashes, moved into place whole, resumable.

The standard library does the transfer, so that both kinds of source time out, resume and report alike and nothing
but the files is sent for: no telemetry, no retries behind the user's back.
"""

from __future__ import annotations

import fnmatch
import functools
import hashlib
import http.client
import json
import os
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from ..core.errors import MissingModel
from ..core.stage import Progress, silent
from ..io.atomic import guarded, make_folder, write_text
from . import archive, hashes, store
from .catalogue import get
from .entry import Entry

#: Seconds without an answer, or without a byte, after which the network counts as gone.
TIMEOUT_S = 8.0
_CHUNK = 1 << 18


@dataclass(frozen=True)
class _Remote:
    """A file to fetch. `sha256` may be a prefix; `git_sha1` is what a hub states of small files; size 0 is unknown."""

    name: str
    url: str
    sha256: str = ""
    git_sha1: str = ""
    size: int = 0


def pull(name: str, progress: Progress = silent, *, token: str | None = None, revision: str | None = None) -> Path:
    """The folder of a model, fetched into the store unless it is on this machine (hub cache too) and whole.

    `token` (else $HF_TOKEN, else the hub's login) opens gated models; `revision` is a branch, tag or commit of a hub
    repository. An interrupted pull goes on where it stopped; a file with a wrong hash is thrown away.
    Raises UnknownName; MissingModel where the network, the source or the permission is missing; OutputError.
    """
    entry = get(name)
    located = store.locate(name)
    if located and revision in (None, located.revision) and not store.verify(name):
        return located.path
    if entry.kind == "hub":
        token = token or _hub_token()
        commit, remotes = _hub_files(entry, token, revision or "main")
    else:
        commit, token = "", None
        fetched = (entry.archive,) if entry.archive else entry.files
        remotes = [_Remote(file, entry.source + file, entry.sha256.get(file, "")) for file in fetched]
    root = make_folder(store.root())
    partial = make_folder(root / f".pull-{entry.name}-{commit[:12] or entry.version}")
    total = sum(remote.size for remote in remotes) or entry.size_mb * 1_000_000
    files: dict[str, dict[str, Any]] = {}
    done = 0
    for remote in remotes:
        path = partial / remote.name
        make_folder(path.parent)
        try:
            sha256 = _fetch(entry, remote, path, token, functools.partial(_tell, progress, name, done, total))
        except _WrongHash:
            shutil.rmtree(partial)
            raise
        files[remote.name] = {"sha256": sha256, "bytes": path.stat().st_size}
        done += path.stat().st_size
    if entry.archive:
        files = _unpacked(entry, partial)
    for text, content in entry.texts.items():
        write_text(partial / text, content)
        files[text] = {"sha256": hashlib.sha256(content.encode()).hexdigest(), "bytes": len(content.encode())}
    noted = {
        "name": entry.name, "version": entry.version, "licence": entry.licence, "source": entry.url,
        "revision": commit, "files": files,
    }  # fmt: skip
    write_text(partial / store.MANIFEST, json.dumps(noted, indent=1, sort_keys=True) + "\n")
    return _move_in(partial, root / entry.name)


def discard(name: str) -> None:
    """Removes what pulls that did not end have left of a model; a pull that is tried again begins anew.

    Raises UnknownName, OutputError.
    """
    entry = get(name)
    with guarded(store.root()):
        for partial in store.root().glob(f".pull-{entry.name}-*"):
            shutil.rmtree(partial)


def _unpacked(entry: Entry, partial: Path) -> dict[str, dict[str, Any]]:
    """The entry's files in place of its archive, as the manifest wants them. Raises MissingModel."""
    packed = partial / entry.archive
    try:
        archive.unpack(packed, entry.files, partial, limit_bytes=2 * entry.size_mb * 1_000_000)
        packed.unlink()
        files = {
            name: {"sha256": hashes.compute(partial / name), "bytes": (partial / name).stat().st_size}
            for name in entry.files
        }
        for name, file in files.items():
            if not str(file["sha256"]).startswith(entry.sha256.get(name, "")):
                raise archive.BadArchive(f"{name} has sha256 {file['sha256']}, published is {entry.sha256[name]}")
    except archive.BadArchive as error:
        shutil.rmtree(partial)
        raise _wrong(entry, entry.source + entry.archive, f"{error}") from error
    return files


def _tell(progress: Progress, name: str, before: int, total: int, received: int) -> None:
    progress(name, before + received, total)


def _move_in(partial: Path, target: Path) -> Path:
    with guarded(target):
        if target.exists():
            old = target.with_name(f".old-{target.name}")
            shutil.rmtree(old, ignore_errors=True)
            target.rename(old)
            partial.rename(target)
            shutil.rmtree(old)
        else:
            partial.rename(target)
    return target


def _hub_token() -> str | None:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import get_token

    found: str | None = get_token()
    return found


def _hub_files(entry: Entry, token: str | None, revision: str) -> tuple[str, list[_Remote]]:
    """The commit of a revision and the files to fetch with their published hashes (the hub's model API)."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        _refuse(entry, entry.url, "HF_HUB_OFFLINE forbids the network")
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    url = f"{endpoint}/api/models/{entry.source}/revision/{quote(revision, safe='')}?blobs=true"
    try:
        with _open(url, token) as answer:
            described = json.load(answer)
        commit: str = described["sha"]
        siblings = {item["rfilename"]: item for item in described["siblings"]}
    except _NETWORK as error:
        _refuse(entry, url, _reason(error), error)
    except (ValueError, KeyError, TypeError) as error:
        _refuse(entry, url, "the answer is not that of a model hub", error)
    names = list(_matching(siblings, entry.files + entry.optional))
    absent = [pattern for pattern in entry.files if not fnmatch.filter(names, pattern)]
    if absent:
        _refuse(entry, url, f"revision {revision!r} has no {', '.join(absent)}")
    base = f"{endpoint}/{entry.source}/resolve/{commit}/"
    return commit, [_remote(name, base, siblings[name]) for name in names]


def _matching(names: Iterable[str], patterns: tuple[str, ...]) -> list[str]:
    safe = (name for name in names if not name.startswith("/") and ".." not in name.split("/"))
    return sorted(name for name in safe if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns))


def _remote(name: str, base: str, item: dict[str, Any]) -> _Remote:
    lfs = item.get("lfs") or {}
    sha256 = lfs.get("sha256", "")
    return _Remote(
        name,
        base + quote(name),
        sha256,
        "" if sha256 else item.get("blobId", ""),
        lfs.get("size") or item.get("size", 0),
    )


def _fetch(entry: Entry, remote: _Remote, path: Path, token: str | None, tell: Callable[[int], None]) -> str:
    """One file, going on where an earlier try stopped; its sha256. Raises MissingModel."""
    if path.is_file():  # checked by an earlier try
        return hashes.compute(path)
    part = path.with_name(path.name + ".part")
    try:
        _stream(remote, part, token, tell)
    except _NETWORK as error:
        _refuse(entry, remote.url, _reason(error), error)
    sha256 = hashes.compute(part)
    wrong = ""
    if remote.sha256 and not sha256.startswith(remote.sha256):
        wrong = f"sha256 {sha256}, published is {remote.sha256}"
    elif remote.git_sha1 and _git_sha1(part) != remote.git_sha1:
        wrong = f"git hash {_git_sha1(part)}, published is {remote.git_sha1}"
    if wrong:
        raise _wrong(entry, remote.url, f"{remote.name} has {wrong}")
    part.rename(path)
    return sha256


class _WrongHash(MissingModel):
    """A file is not what its publisher says."""


def _wrong(entry: Entry, url: str, what: str) -> _WrongHash:
    return _WrongHash(
        f"What came from {url} is not {entry.name}: {what}; it was thrown away.",
        value=entry.name,
        remedy=f"A proxy may interfere, or the source has changed. Try again: {store.pull_command(entry.name)}",
    )


def _git_sha1(path: Path) -> str:
    """The id git gives a file, which hubs state for small files."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _stream(remote: _Remote, part: Path, token: str | None, tell: Callable[[int], None]) -> None:
    have = part.stat().st_size if part.exists() else 0
    if remote.size and have == remote.size:
        return
    with _open(remote.url, token, start=have if have < (remote.size or have + 1) else 0) as answer:
        resumed = answer.status == http.HTTPStatus.PARTIAL_CONTENT
        have = have if resumed else 0
        expected = remote.size or (have + int(answer.headers.get("Content-Length") or 0))
        with guarded(part), part.open("ab" if resumed else "wb") as file:
            while chunk := _read(answer):
                file.write(chunk)
                have += len(chunk)
                tell(have)
    if have < expected:
        raise _CutShort(f"the connection broke off after {have} of {expected} bytes")


class _CutShort(http.client.HTTPException):
    """Fewer bytes than announced."""


def _read(answer: Any) -> bytes:
    """The next bytes; network errors as HTTPException, so that `guarded` sees only the disk's."""
    try:
        chunk: bytes = answer.read(_CHUNK)
    except OSError as error:
        raise _CutShort(_reason(error)) from error
    return chunk


_NETWORK = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, ssl.SSLError)


class _Redirect(urllib.request.HTTPRedirectHandler):
    """Follows to another host without the token: storage hosts refuse it, and it is not theirs."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None and urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            following.remove_header("Authorization")
        return following


def _open(url: str, token: str | None, start: int = 0) -> Any:
    headers = {"User-Agent": "audiopost", "Accept-Encoding": "identity"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if start:
        headers["Range"] = f"bytes={start}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - from the catalogue or HF_ENDPOINT
    handlers: list[Any] = [_Redirect()]
    if url.startswith("https:"):
        import certifi  # comes with huggingface-hub; python.org's macOS builds have no certificates of their own

        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        handlers.append(urllib.request.HTTPSHandler(context=context))
    return urllib.request.build_opener(*handlers).open(request, timeout=TIMEOUT_S)


def _reason(error: BaseException) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code} {error.reason}"
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
        return f"no answer in {TIMEOUT_S:g} s"
    reason = getattr(error, "reason", None) or error
    return str(getattr(reason, "strerror", None) or reason)


def _refuse(entry: Entry, url: str, reason: str, cause: BaseException | None = None) -> NoReturn:
    """Raises MissingModel with what helps: permission where it is refused, else another machine's copy."""
    command = store.pull_command(entry.name)
    if isinstance(cause, urllib.error.HTTPError) and cause.code in (401, 403):
        remedy = (
            f"Accept the terms at {entry.url}, make a token with read access there, "
            f"then type: HF_TOKEN=hf_... {command}"
        )
    else:
        remedy = f"On a machine with a network type '{command}', then copy its folder to {store.root() / entry.name}."
    raise MissingModel(f"Cannot get {entry.name} from {url}: {reason}.", value=entry.name, remedy=remedy) from cause
