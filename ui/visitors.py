"""Who is there, and which project folder is theirs: every request is asked for its session."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audiopost.core.errors import BadValue
from audiopost.workspace import Desk, Folder
from audiopost.workspace.names import safe_name

COOKIE = "audiopost_session"
#: A session lasts so long after its last request.
LIFETIME_S = 7 * 86_400
#: Wrong passwords in a row from one address, after which each further one has to wait.
_PATIENCE = 5
#: So many addresses are remembered with theirs.
_MOST_ADDRESSES = 10_000


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
        """The desk of the recording that is open, where it was opened already (see Folder.open), as it stands now."""
        name = self.recording
        if not name or not self.folder.is_open(name):
            return None
        desk = self.folder.open(name)
        desk.take_over(finished=True)
        return desk


class Visitors:
    """The sessions of a workbench.

    With one login, or none on an address that only this machine reaches, the project folder is `root`; with several
    each has a folder below it. `anonymous`: no login on a public address, each browser has a folder of its own.
    """

    def __init__(self, root: Path, accounts: Mapping[str, str] | None = None, *, anonymous: bool = False) -> None:
        self.root, self.accounts, self.anonymous = root, dict(accounts or {}), anonymous
        self._check_folders()
        self._sessions: dict[str, Visitor] = {}
        self._folders: dict[Path, Folder] = {}
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, int] = OrderedDict()

    def _check_folders(self) -> None:
        taken: dict[str, str] = {}
        for login in self.accounts:
            other = taken.setdefault(safe_name(login, "login").lower(), login)
            if other != login:
                raise BadValue(
                    f"The logins {other} and {login} would have the same folder.", value=login,
                    remedy="Give one of them another name.",
                )  # fmt: skip

    @property
    def needs_login(self) -> bool:
        return bool(self.accounts)

    def find(self, token: str | None) -> Visitor | None:
        """The visitor of a session's token, None where there is none or it has run out."""
        if not token:
            return None
        with self._lock:
            visitor = self._sessions.get(_key(token)) or self._come_back(token)
            if visitor is None or time.time() - visitor.seen > LIFETIME_S:
                self._sessions.pop(_key(token), None)
                return None
            visitor.seen = time.time()
            return visitor

    def _come_back(self, token: str) -> Visitor | None:
        """A browser that comes back after the server was started anew finds its folder by the token alone."""
        where = self._anonymous_root(token)
        if not self.anonymous or not where.is_dir():
            return None
        folder = self._folder(where)
        visitor = self._sessions[_key(token)] = Visitor("", folder, folder.hidden.stat().st_mtime)
        return visitor

    def enter(self) -> tuple[str, Visitor]:
        """A new session without login, and its token. Only where no login is needed."""
        assert not self.needs_login
        token = secrets.token_urlsafe(32)
        root = self._anonymous_root(token) if self.anonymous else self.root
        with self._lock:
            self._forget_old()
            visitor = self._sessions[_key(token)] = Visitor("", self._folder(root), time.time())
        return token, visitor

    def log_in(self, login: str, password: str, address: str = "") -> str | None:
        """The token of a new session, None for a wrong login; `address` is where it was tried from."""
        right = self.accounts.get(login)
        # Compared even for a login that does not exist, so that the time tells nothing.
        good = hmac.compare_digest((right or secrets.token_hex()).encode(), password.encode()) and right is not None
        with self._lock:
            failed = 0 if good else self._failures.pop(address, 0) + 1
            self._failures[address] = failed
            while len(self._failures) > _MOST_ADDRESSES:
                self._failures.popitem(last=False)
        if not good:
            return None
        token = secrets.token_urlsafe(32)
        root = self.root if len(self.accounts) == 1 else self.root / safe_name(login, "login")
        with self._lock:
            self._forget_old()
            self._sessions[_key(token)] = Visitor(login, self._folder(root), time.time())
        return token

    def has_to_wait(self, address: str) -> bool:
        """Whether so many wrong passwords came from an address that the answer to the next is held back."""
        with self._lock:
            return self._failures.get(address, 0) > _PATIENCE

    def _forget_old(self) -> None:
        old = [key for key, visitor in self._sessions.items() if time.time() - visitor.seen > LIFETIME_S]
        for key in old:
            del self._sessions[key]

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
