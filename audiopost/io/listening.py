"""Where servers of ours listen, and how much they take: what the workbench and the HTTP server have in common."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from collections.abc import Iterator

from ..core.errors import BadValue, Unavailable


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """The socket that will be served, before anything is built: who comes early waits. Raises Unavailable."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))
            bound.listen()
        except OSError as error:
            raise Unavailable(
                f"Cannot listen on {host}, port {port}: {error}.", value=port, remedy="--port 0 takes a free port."
            ) from error
        yield bound


def parse_size(text: str) -> int:
    """Bytes of '500mb', '4gb', '800000'. Raises BadValue."""
    found = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*([kmgt]?)i?b?\s*", text.lower())
    size = round(float(found[1]) * 1000.0 ** " kmgt".index(found[2] or " ")) if found else 0
    if not size:
        raise BadValue(f"{text!r} is no size.", value=text, remedy="For example 500mb or 4gb.")
    return size
