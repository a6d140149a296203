"""Notifications to systemd: ready, reloading, stopping, still alive.

Knows: the notification socket and the watchdog's environment. Does not know: when to say what (that is `daemon`).
"""

import os
import socket


def notify(message: str) -> bool:
    """Notify systemd. False where there is none, or where it does not listen: a full socket never stops the daemon."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if place[:1] not in ("/", "@"):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as sender:
        try:
            sender.sendto(message.encode(), "\0" + place[1:] if place[0] == "@" else place)
        except OSError:
            return False
    return True


def watchdog_interval() -> float | None:
    """Seconds between two watchdog notifications to systemd: half its limit. None when it expects none of this process."""
    limit, owner = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not limit.isdigit() or (owner and owner != str(os.getpid())):
        return None
    return int(limit) / 2_000_000
