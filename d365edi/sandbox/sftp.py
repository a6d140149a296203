"""The partners' SFTP server on loopback: one login each, by key, into a home of its own.

Knows: asyncssh. Does not know: what the files are.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh


@dataclass(frozen=True, slots=True)
class SftpAddress:
    """A running server: its port, its public host key (one line) and the key that opens it (PEM)."""

    port: int
    host_key: str
    client_key: str


class _LoginServer(asyncssh.SSHServer):
    def __init__(self, homes: Mapping[str, Path], key: asyncssh.SSHKey) -> None:
        self._homes = homes
        self._key = key.public_data

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 (asyncssh's signature: everybody must show a key)
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username in self._homes and key.public_data == self._key


@asynccontextmanager
async def serve(homes: Mapping[str, Path], *, port: int = 0) -> AsyncIterator[SftpAddress]:
    """Serve these homes (user name to folder) until the block ends. Keys are made here; one client key opens every
    home."""
    host, client = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")

    def open_home(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(homes[channel.get_extra_info("username")]).encode())

    acceptor = await asyncssh.listen(
        "127.0.0.1",
        port,
        server_host_keys=[host],
        server_factory=lambda: _LoginServer(homes, client),
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
