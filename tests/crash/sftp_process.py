"""An SFTP server in a process of its own, which may be killed: what it has done is on disk before the answer leaves."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import anyio
import asyncssh

LATEST = 0.02
"""Seconds that an answer waits at most after what it tells is durable."""


class DurableServer(asyncssh.SFTPServer):
    """Each write, rename and removal is synced before it is answered."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], *, home: Path) -> None:
        super().__init__(channel, chroot=str(home).encode())
        self.home = home

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        file: Any = file_obj
        file.seek(offset)
        file.write(data)
        _sync(file.fileno())
        await anyio.sleep(random.uniform(0, LATEST))
        return len(data)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        asyncssh.SFTPServer.rename(self, oldpath, newpath)
        await self._renamed(oldpath, newpath)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        asyncssh.SFTPServer.posix_rename(self, oldpath, newpath)
        await self._renamed(oldpath, newpath)

    async def remove(self, path: bytes) -> None:
        asyncssh.SFTPServer.remove(self, path)
        await self._renamed(path)

    async def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        asyncssh.SFTPServer.mkdir(self, path, attrs)
        await self._renamed(path)

    async def _renamed(self, *paths: bytes) -> None:
        """Make the folders of these paths durable; they are absolute below the home."""
        for folder in {os.path.dirname(path.decode()).strip("/") for path in paths}:
            descriptor = os.open(self.home / folder, os.O_RDONLY)
            _sync(descriptor)
            os.close(descriptor)
        await anyio.sleep(random.uniform(0, LATEST))


def _sync(descriptor: int) -> None:
    os.fsync(descriptor)


async def run(home: Path, port: int, host_key: str, client_key: str) -> None:
    """Serve this folder at this port until the process is killed; the keys are PEM, the client's is the public one."""
    acceptor = await asyncssh.listen(
        "127.0.0.1",
        port,
        server_host_keys=[asyncssh.import_private_key(host_key)],
        server_factory=asyncssh.SSHServer,
        authorized_client_keys=asyncssh.import_authorized_keys(client_key),
        sftp_factory=lambda channel: DurableServer(channel, home=home),
        encoding=None,
    )
    await acceptor.wait_closed()
