"""asyncssh's own server with faults at will: lost replies, stalls, cuts, growing files, hostile names."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from d365edi.endpoints.sftp import SftpConfig


@functools.cache
def key(algorithm: str = "ssh-ed25519", which: int = 0) -> asyncssh.SSHKey:
    """A key made for this run; `which` distinguishes several."""
    assert which >= 0
    return asyncssh.generate_private_key(algorithm)


@dataclass
class Faults:
    """What goes wrong. FileOperations are SFTP's: open, write, close, rename, remove, lstat, scandir, mkdir, fsync, read, fstat.

    `lose`: the act is done, then the connection is cut before the answer. `cut`: the connection is cut before the act.
    `stall`: no answer ever. `refuse`: this error instead. `clobber`: a rename overwrites. `names`: more lines in every
    listing. `before`, `after`: called around an act. Each holds until `clear`. `acts` counts, "login" (each that was tried)
    and "session" among them. `password` is the one that is right. `down`: a connection is cut at once. `locked`: no key is
    let in. `full`: the name of a folder where nothing can be written.
    """

    lose: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)
    stall: set[str] = field(default_factory=set)
    refuse: dict[str, Exception] = field(default_factory=dict)
    clobber: bool = False
    password: str = "open sesame"
    down: bool = False
    locked: bool = False
    full: str = ""
    names: list[asyncssh.SFTPName] = field(default_factory=list)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    after: dict[str, Callable[[], None]] = field(default_factory=dict)
    acts: Counter[str] = field(default_factory=Counter)
    cleared: asyncio.Event = field(default_factory=asyncio.Event)

    def clear(self) -> None:
        """All is well again."""
        self.clobber = self.down = self.locked = False
        self.full = ""
        self.cleared.set()  # what stalled goes on
        self.cleared = asyncio.Event()
        for kind in (self.lose, self.cut, self.stall, self.refuse, self.names, self.before, self.after):
            kind.clear()


class Server(asyncssh.SFTPServer):
    """A chrooted server that asks the faults before and after every act."""

    def __init__(
        self, chan: asyncssh.SSHServerChannel[bytes], *, home: Path, faults: Faults, opened: list[Any]
    ) -> None:
        super().__init__(chan, chroot=str(home).encode())
        self.faults = faults
        self.opened = opened
        faults.acts["session"] += 1

    async def _act(self, name: str, work: Callable[[], Any]) -> Any:
        faults = self.faults
        faults.acts[name] += 1
        if hook := faults.before.get(name):
            hook()
        if name in faults.stall:
            await faults.cleared.wait()
        if name in faults.cut:
            await self._disconnect()
        if name in faults.refuse:
            raise faults.refuse[name]
        result = work()
        if hook := faults.after.get(name):
            hook()
        if name in faults.lose:
            await self._disconnect()
        return result

    async def _disconnect(self) -> None:
        self.connection.abort()
        await self.faults.cleared.wait()
        raise asyncssh.SFTPConnectionLost("disconnected")

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        return self._act("open", lambda: self._open(path, pflags, attrs))

    def _open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        file: Any = super().open(path, pflags, attrs)
        self.opened.append(file)
        return file

    def read(self, file_obj: object, offset: int, size: int) -> Any:
        return self._act("read", lambda: asyncssh.SFTPServer.read(self, file_obj, offset, size))

    def write(self, file_obj: object, offset: int, data: bytes) -> Any:
        return self._act("write", lambda: self._write(file_obj, offset, data))

    def _write(self, file_obj: Any, offset: int, data: bytes) -> Any:
        if self.faults.full and Path(os.fsdecode(file_obj.name)).parent.name == self.faults.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return asyncssh.SFTPServer.write(self, file_obj, offset, data)

    def fsync(self, file_obj: object) -> Any:
        return self._act("fsync", lambda: asyncssh.SFTPServer.fsync(self, file_obj))

    def close(self, file_obj: object) -> Any:
        return self._act("close", lambda: asyncssh.SFTPServer.close(self, file_obj))

    def fstat(self, file_obj: object) -> Any:
        return self._act("fstat", lambda: asyncssh.SFTPServer.fstat(self, file_obj))

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        plain, clobbering = asyncssh.SFTPServer.rename, asyncssh.SFTPServer.posix_rename
        return self._act("rename", lambda: (clobbering if self.faults.clobber else plain)(self, oldpath, newpath))

    def remove(self, path: bytes) -> Any:
        return self._act("remove", lambda: asyncssh.SFTPServer.remove(self, path))

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> Any:
        return self._act("mkdir", lambda: asyncssh.SFTPServer.mkdir(self, path, attrs))

    def lstat(self, path: bytes) -> Any:
        return self._act("lstat", lambda: asyncssh.SFTPServer.lstat(self, path))

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        await self._act("scandir", lambda: None)
        for name in self.faults.names:
            yield name
        async for name in super().scandir(path):
            yield name


@dataclass
class AsyncsshServer:
    """A running server, its home folder and its faults."""

    home: Path
    port: int
    faults: Faults
    acceptor: asyncssh.SSHAcceptor
    visitors: list[asyncssh.SSHServerConnection]
    listen: Callable[[list[asyncssh.SSHKey], int], Awaitable[asyncssh.SSHAcceptor]]

    def hang_up(self) -> None:
        """Cut every connection."""
        for visitor in self.visitors:
            visitor.abort()

    async def restart(self, *host_keys: asyncssh.SSHKey) -> None:
        """Come back at the same port, with these host keys."""
        self.acceptor.close()
        await self.acceptor.wait_closed()
        self.hang_up()
        self.acceptor = await self.listen(list(host_keys), self.port)

    def config(self, **changes: Any) -> SftpConfig:
        """How to reach it, with its host key pinned."""
        particulars: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "username": "contoso",
            "key": key(which=1).export_private_key().decode(),
            "host_keys": (key().export_public_key().decode(),),
            "deadline": 10.0,
        }
        return SftpConfig(**(particulars | changes))


class _Gate(asyncssh.SSHServer):
    """Lets one user in by key or by password."""

    def __init__(self, visitors: list[asyncssh.SSHServerConnection], faults: Faults) -> None:
        self.visitors = visitors
        self.faults = faults

    def begin_auth(self, _username: str) -> bool:
        self.faults.acts["login"] += 1
        if self.faults.locked:
            other = key(which=9).export_public_key().decode()
            self.conn.set_authorized_keys(asyncssh.import_authorized_keys(other))
        return True

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.visitors.append(conn)
        if self.faults.down:
            conn.abort()
        self.conn = conn

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("contoso", self.faults.password)


@contextlib.asynccontextmanager
async def asyncssh_server(home: Path, host_keys: list[asyncssh.SSHKey] | None = None) -> AsyncIterator[AsyncsshServer]:
    """Serve `home` as the root of everything."""
    faults = Faults()
    opened: list[Any] = []
    visitors: list[asyncssh.SSHServerConnection] = []
    authorized = asyncssh.import_authorized_keys(key(which=1).export_public_key().decode())

    async def listen(keys: list[asyncssh.SSHKey], port: int) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            port,
            server_host_keys=keys,
            server_factory=lambda: _Gate(visitors, faults),
            authorized_client_keys=authorized,
            sftp_factory=lambda chan: Server(chan, home=home, faults=faults, opened=opened),
            encoding=None,
        )

    acceptor = await listen(host_keys or [key()], 0)
    server = AsyncsshServer(home, acceptor.get_port(), faults, acceptor, visitors, listen)
    try:
        yield server
    finally:
        server.acceptor.close()
        faults.clear()
        for visitor in visitors:
            visitor.abort()
            with contextlib.suppress(Exception):  # what it was cut with
                await visitor.wait_closed()
        for file in opened:
            file.close()
