"""The partners' SFTP server on loopback: one login each, by key, into a home of its own.

Knows: asyncssh. Does not know: what the files are.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh


@dataclass(frozen=True, slots=True)
class SftpAddress:
    """A running server: its port, its public host key (one line) and the key that opens it (PEM)."""

    port: int
    host_key: str
    client_key: str


@dataclass(slots=True)
class Logins:
    """Who is let in, while the server runs. `refused`: nobody is; `connected`: who is in."""

    refused: bool = False
    connected: set[asyncssh.SSHServerConnection] = field(default_factory=set)

    def refuse(self) -> None:
        """Let nobody in, and whoever is in has to log in again."""
        self.refused = True
        for each in list(self.connected):
            each.abort()


class _LoginServer(asyncssh.SSHServer):
    def __init__(self, homes: Mapping[str, Path], key: asyncssh.SSHKey, logins: Logins) -> None:
        self._homes = homes
        self._key = key.public_data
        self._logins = logins

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._logins.connected.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncssh's signature)
        self._logins.connected.discard(self._connection)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 (asyncssh's signature: everybody must show a key)
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return not self._logins.refused and username in self._homes and key.public_data == self._key


@asynccontextmanager
async def serve(
    homes: Mapping[str, Path], *, port: int = 0, keys: Path | None = None, logins: Logins | None = None
) -> AsyncIterator[SftpAddress]:
    """Serve these homes (user name to folder) until the block ends; one client key opens every home. Keys are made here, and
    kept in the folder `keys` where that is given. OSError when a port that was asked for is taken."""
    host, client = _key(keys, "host"), _key(keys, "client")
    admitted = logins or Logins()

    def open_home(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(homes[channel.get_extra_info("username")]).encode())

    acceptor = await asyncssh.listen(
        "127.0.0.1",
        port,
        server_host_keys=[host],
        server_factory=lambda: _LoginServer(homes, client, admitted),
        sftp_factory=open_home,
        encoding=None,
    )
    try:
        yield SftpAddress(
            acceptor.get_port(), host.export_public_key().decode().strip("\n"), client.export_private_key().decode()
        )
    finally:
        acceptor.close()
        await acceptor.wait_closed()


def _key(folder: Path | None, name: str) -> asyncssh.SSHKey:
    path = folder / f"{name}.key" if folder else None
    if path is not None and path.exists():
        return asyncssh.read_private_key(path)
    made = asyncssh.generate_private_key("ssh-ed25519")
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(made.export_private_key())
    return made
