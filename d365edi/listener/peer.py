"""Who is at the other end of a Unix socket, by the kernel's word and not by his own.

Knows: credentials of processes (unix(7)), the names of users. Does not know: who may do what.
"""

import os
import pwd
import socket
import struct
from dataclasses import dataclass

_SO_PEERGROUPS = 59
"""Linux's number, where Python has no name for it."""
_MOST = 1024
"""Bytes that Python reads of a socket's option: 256 groups."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The user and the groups of the process that opened the connection, as they were then."""

    uid: int
    groups: frozenset[int]


def peer_of(connection: socket.socket) -> Peer:
    """The peer of a connected Unix socket. Of one with more than 256 groups only the first is known."""
    _, uid, gid = struct.unpack("iII", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    try:
        others = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST)
    except OSError:
        others = b""
    return Peer(uid, frozenset((gid, *struct.unpack(f"{len(others) // 4}I", others))))


def trusted(uid: int) -> bool:
    """Whether it is root or the daemon's own user: who is one of these can do everything anyhow."""
    return uid in (0, os.geteuid())


def person(uid: int, claimed: str = "") -> str:
    """The person for the audit: `kim (uid 1001)`. Who acts as root or as the daemon's user may say who he is, as sudo does:
    `kim as root (uid 0)`. Looks into the user database, which may ask a directory."""
    try:
        name = pwd.getpwuid(uid).pw_name
        shown = f"{name} (uid {uid})"
    except KeyError:
        name = shown = f"uid {uid}"
    return f"{claimed} as {shown}" if claimed and claimed != name and trusted(uid) else shown
