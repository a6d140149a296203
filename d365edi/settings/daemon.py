"""[daemon], [log] and [secrets]: the process itself.

Knows: what a running process needs. Does not know: signals, sockets, how a vault is encrypted.
"""

import grp
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from d365edi.errors import SettingsError

from .section import Secret, SettingsSection
from .values import Duration, Existing, Later, Listening, Made, Zone, invalid


class Tls(SettingsSection):
    """The certificate of the HTTPS listener."""

    certificate: Existing
    """PEM file with the certificate and its chain."""
    key: Secret
    """The certificate's private key, PEM."""


class Retain(SettingsSection):
    """How long stored data is kept. Digests, business keys and the audit trail are never deleted."""

    payloads: Duration = timedelta(days=400)
    """The bytes of messages, received and sent: for so long by the clock, and by the newest entry of the journal, too."""


def loopback(address: str) -> bool:
    """Whether only this machine reaches an address (`host:port`)."""
    return address.rpartition(":")[0] in ("127.0.0.1", "[::1]", "localhost")


def _beside(data: dict[str, Any]) -> Path:
    return Path(data.get("journal", "journal")).with_suffix(".sock")


class Daemon(SettingsSection):
    """The process: where it keeps its journal, where it listens, how it stops."""

    timezone: Zone
    """The zone of schedules, file names, envelopes and log lines."""
    journal: Made
    """The SQLite file of the journal."""
    socket: Made = Field(default_factory=_beside)
    """The Unix socket for the verbs that write; left out: beside the journal."""
    read_socket: Later | None = None
    """A Unix socket of mode 0660 for `status`, `why`, `audit` and `explain`, for members of the daemon's group; left out:
    none."""
    decide_group: str | None = None
    """The group whose members may also `release` and `reject` by `read_socket`; left out: nobody."""
    listen: Listening | None = None
    """Host and port for business events, /healthz and /metrics; left out: no listener."""
    health: Listening | None = None
    """Host and port for /healthz and /metrics alone, which `listen` then has no more; without TLS on a loopback address."""
    tls: Tls | None = None
    """The listeners' certificate; may be left out only on a loopback address."""
    retain: Retain = Retain()
    """How long stored data is kept."""
    stop_within: Duration = timedelta(seconds=30)
    """How long a running step may take to finish after SIGTERM."""

    @model_validator(mode="after")
    def _covered(self) -> Self:
        if not self.tls and not all(loopback(address) for address in (self.listen, self.health) if address):
            message = "listens on a public address without `tls`"
            raise invalid(message, "add tls = { certificate = ..., key = { secret = ... } }")
        if self.health and self.health == self.listen:
            raise invalid(
                "has one address for `listen` and `health`", "leave `health` out, or give it a port of its own"
            )
        if self.decide_group is not None and not self.read_socket:
            raise invalid("has a `decide_group` and no `read_socket`", 'add read_socket = "/run/d365edi/read.sock"')
        # sun_path of unix(7) holds 108 bytes with its closing NUL.
        if any(len(str(place).encode()) > 107 for place in (self.socket, self.read_socket) if place):
            raise invalid("has a socket path of more than 107 bytes", "write a shorter one: socket = ...")
        return self

    def deciders(self) -> tuple[int, ...]:
        """The number of `decide_group`, none where that is left out. SettingsError where this machine does not know the group."""
        if self.decide_group is None:
            return ()
        try:
            return (grp.getgrnam(self.decide_group).gr_gid,)
        except KeyError:
            remedy = f"make it: groupadd --system {self.decide_group}"
            raise SettingsError(
                f"there is no group {self.decide_group}", key="daemon.decide_group", remedy=remedy
            ) from None


class Log(SettingsSection):
    """The log."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The lowest level that is logged."""
    format: Literal["line", "json"] = "line"
    """Lines for people, or one JSON object a line."""


class Secrets(SettingsSection):
    """Where secrets are stored, after the environment and systemd's credentials."""

    vault: Made | None = None
    """The encrypted file that `d365edi secrets set` writes."""
    key_file: Made | None = None
    """The vault's key, mode 0400; left out: the systemd credential `d365edi-vault-key`."""
