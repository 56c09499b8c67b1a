"""Who is there, and which project folder is theirs: every request is asked for its session."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audiopost.workspace import Desk, Folder
from audiopost.workspace.names import safe_name

COOKIE = "audiopost_session"
#: A session lasts so long after its last request.
LIFETIME_S = 7 * 86_400
#: Wrong passwords in a row, from anywhere, after which each further one waits.
_PATIENCE, _WAIT_S = 5, 2.0


@dataclass
class Visitor:
    """One session: its login ('' for the machine's owner), and its folder."""

    login: str
    folder: Folder
    seen: float

    @property
    def recording(self) -> str:
        """The recording that is open, '' for none."""
        name = self.folder.remembered("recording")
        names = self.folder.names()
        return name if name in names else (names[0] if names else "")

    def desk(self) -> Desk | None:
        """The desk of the recording that is open, where it was opened already (see Folder.open)."""
        name = self.recording
        return self.folder.open(name) if name and self.folder.is_open(name) else None


class Visitors:
    """The sessions of a workbench.

    With one login, or none on an address that only this machine reaches, the project folder is `root`; with several
    each has a folder below it. `anonymous`: no login on a public address, each browser has a folder of its own.
    """

    def __init__(self, root: Path, accounts: Mapping[str, str] | None = None, *, anonymous: bool = False) -> None:
        self.root, self.accounts, self.anonymous = root, dict(accounts or {}), anonymous
        self._sessions: dict[str, Visitor] = {}
        self._folders: dict[Path, Folder] = {}
        self._lock = threading.Lock()
        self._failures = 0

    @property
    def needs_login(self) -> bool:
        return bool(self.accounts)

    def find(self, token: str | None) -> Visitor | None:
        """The visitor of a session's token, None where there is none or it has run out."""
        if not token:
            return None
        with self._lock:
            visitor = self._sessions.get(_key(token))
            if visitor is None:
                # A browser that comes back after the server was started anew finds its folder by the token alone.
                where = self._anonymous_root(token)
                if not (self.anonymous and where.is_dir()):
                    return None
                visitor = self._sessions[_key(token)] = Visitor("", self._folder(where), time.time())
            if time.time() - visitor.seen > LIFETIME_S:
                del self._sessions[_key(token)]
                return None
            visitor.seen = time.time()
            return visitor

    def enter(self) -> tuple[str, Visitor]:
        """A new session without login, and its token. Only where no login is needed."""
        assert not self.needs_login
        token = secrets.token_urlsafe(32)
        root = self._anonymous_root(token) if self.anonymous else self.root
        with self._lock:
            visitor = self._sessions[_key(token)] = Visitor("", self._folder(root), time.time())
        return token, visitor

    def log_in(self, login: str, password: str) -> str | None:
        """The token of a new session, None for a wrong login. Blocks a while after several wrong ones."""
        right = self.accounts.get(login)
        # Compared even for a login that does not exist, so that the time tells nothing.
        good = hmac.compare_digest((right or secrets.token_hex()).encode(), password.encode()) and right is not None
        with self._lock:
            self._failures = 0 if good else self._failures + 1
            wait = self._failures > _PATIENCE
        if not good:
            if wait:
                time.sleep(_WAIT_S)
            return None
        token = secrets.token_urlsafe(32)
        root = self.root if len(self.accounts) == 1 else self.root / safe_name(login, "login")
        with self._lock:
            self._sessions[_key(token)] = Visitor(login, self._folder(root), time.time())
        return token

    def log_out(self, token: str | None) -> None:
        """Ends a session."""
        with self._lock:
            self._sessions.pop(_key(token or ""), None)

    def folders(self) -> tuple[Folder, ...]:
        """Every folder that somebody works in."""
        with self._lock:
            return tuple(self._folders.values())

    def close(self) -> None:
        """Saves all work."""
        for folder in self.folders():
            folder.close()

    def _anonymous_root(self, token: str) -> Path:
        return self.root / f"visitor-{_key(token)[:24]}"

    def _folder(self, root: Path) -> Folder:
        if root not in self._folders:
            self._folders[root] = Folder(root)
        return self._folders[root]


def _key(token: str) -> str:
    """What is kept of a token: whoever reads the server's memory or folders cannot take a session over."""
    return hashlib.sha256(token.encode()).hexdigest()
