"""A partner's SFTP server as an endpoint: the file operations over one shared session.

Every operation is bounded by a deadline of anyio: a timeout of asyncio would block when the server stalls, since asyncssh
waits for an answer to its CLOSE while it is cancelled. Paths go out as bytes, and names come in as bytes: one name that
is not UTF-8 must not hide the others.

Knows: SFTP's operations and statuses. Does not know: their order (`file_store`, `download`), trust and login (`sftp_session`).
"""

import builtins
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator

import anyio
import asyncssh

from d365edi.endpoints.base import Check
from d365edi.endpoints.file_operations import AlreadyExists, Close, Stat
from d365edi.endpoints.file_store import FileStore
from d365edi.endpoints.filenames import DirectoryEntry, Kind, NameRules
from d365edi.endpoints.sftp_errors import broken
from d365edi.endpoints.sftp_session import Session, SftpConfig
from d365edi.endpoints.upload_protocol import Mode
from d365edi.errors import D365EdiError, EndpointError

__all__ = ["SftpConfig", "SftpEndpoint"]

_BLOCK = 256 * 1024
_SMALL_BLOCK = 32 * 1024  # every server must take this much (draft-ietf-secsh-filexfer-02, section 3)

_KINDS: dict[int, Kind] = {
    asyncssh.FILEXFER_TYPE_REGULAR: "file",
    asyncssh.FILEXFER_TYPE_DIRECTORY: "folder",
    asyncssh.FILEXFER_TYPE_SYMLINK: "link",
    asyncssh.FILEXFER_TYPE_UNKNOWN: "unknown",
}
_LONGNAME_KINDS: dict[bytes, Kind] = {b"-": "file", b"d": "folder", b"l": "link"}


class SftpEndpoint(FileStore):
    """One partner's server. Opens no connection before the first verb; any number of verbs may run at once."""

    def __init__(
        self,
        name: str,
        config: SftpConfig,
        *,
        rules: NameRules | None = None,
        deliver: Mode = "rename",
        sentinel: str = "{name}.done",
        folders: tuple[str, ...] = (),
    ) -> None:
        super().__init__(name, rules=rules, deliver=deliver, sentinel=sentinel, folders=folders)
        self.config = config
        self._session = Session(name, config)
        self._slots = anyio.Semaphore(config.in_flight)

    async def close(self) -> None:
        """Close the connection; a later verb opens it again."""
        await self._session.close()

    @contextlib.asynccontextmanager
    async def _wire(self, doing: str, *, effect: bool = False) -> AsyncIterator[asyncssh.SFTPClient]:
        """The session for one operation, within the deadline; any error inside is raised as `Unavailable` or `Refused`."""
        client: asyncssh.SFTPClient | None = None
        async with self._slots:
            try:
                login = max(self.config.connect_timeout, self.config.login_timeout)
                with anyio.fail_after(max(self.config.deadline, login)):
                    client = await self._session.client()
                with anyio.fail_after(self.config.deadline):
                    yield client
            except D365EdiError:
                raise
            except Exception as error:
                if broken(error):
                    self._session.drop(client)
                raise self._session.explain(error, doing, effect=effect and client is not None) from error

    async def _scan(self, folder: str, take: Callable[[DirectoryEntry], None]) -> None:
        async with self._wire(f'listing "{folder}"') as sftp:
            async for line in sftp.scandir(_path(folder)):
                take(_entry(line))

    async def _look(self, path: str) -> Stat | None:
        async with self._wire(f'looking at "{path}"') as sftp:
            try:
                return _stat(await sftp.lstat(_path(path)))
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return None

    async def _read(self, path: str, limit: int) -> tuple[bytes, Stat]:
        async with (
            self._wire(f'reading "{path}"') as sftp,
            # block_size=0 spares a round trip; the library's own get() cuts a growing file silently
            sftp.open(_path(path), asyncssh.FXF_READ, encoding=None, block_size=0) as file,
        ):
            data = bytearray()
            while len(data) < limit and (piece := await _piece(file, min(_BLOCK, limit - len(data)))):
                data += piece
            return bytes(data), _stat(await file.stat())

    async def _create(self, path: str, pieces: AsyncIterator[bytes]) -> Close:
        async with self._wire(f'writing "{path}"', effect=True) as sftp:
            file = await self._open_new(sftp, path)
            with self._writing(f'writing "{path}"'):
                try:
                    await _fill(file, pieces, sftp.limits.max_write_len or _SMALL_BLOCK)
                except (asyncssh.SFTPError, D365EdiError):  # an open file would keep its room though it is removed
                    with contextlib.suppress(asyncssh.Error):
                        await file.close()
                    raise

        async def close() -> None:
            doing = f'closing "{path}"'
            async with self._wire(doing, effect=True):
                with self._writing(doing):
                    await file.close()

        return close

    @contextlib.contextmanager
    def _writing(self, doing: str) -> Iterator[None]:
        """What the server answers while bytes are stored, as an error that may be `WriteFailed`; silence is left to `_wire`."""
        try:
            yield
        except asyncssh.SFTPError as error:
            if broken(error):
                raise
            raise self._session.explain(error, doing, writing=True) from error

    async def _open_new(self, sftp: asyncssh.SFTPClient, path: str) -> asyncssh.SFTPClientFile:
        """Open what must not be there yet. Version 3 has no status for "exists": look up the path to distinguish it."""
        flags = asyncssh.FXF_WRITE | asyncssh.FXF_CREAT | asyncssh.FXF_EXCL
        try:
            return await sftp.open(_path(path), flags, encoding=None)
        except asyncssh.SFTPError as error:
            if not broken(error) and await self._occupied(sftp, path):
                raise self._taken(path) from error
            raise

    async def _rename(self, old: str, new: str) -> None:
        async with self._wire(f'renaming "{old}" to "{new}"', effect=True) as sftp:
            if await self._occupied(sftp, new):  # most servers refuse to overwrite, some do not
                raise self._taken(new)
            try:
                await sftp.rename(_path(old), _path(new))
            except asyncssh.SFTPError as error:
                if not broken(error) and await self._occupied(sftp, new):
                    raise self._taken(new) from error
                raise

    async def _remove(self, path: str) -> None:
        async with self._wire(f'removing "{path}"', effect=True) as sftp:
            try:
                await sftp.remove(_path(path))
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return

    async def _make_folder(self, path: str) -> None:
        async with self._wire(f'making the folder "{path}"', effect=True) as sftp:
            try:
                await sftp.mkdir(_path(path))
            except asyncssh.SFTPError as error:
                if not broken(error) and await self._occupied(sftp, path):
                    raise self._taken(path) from error
                raise

    async def _occupied(self, sftp: asyncssh.SFTPClient, path: str) -> bool:
        try:
            await sftp.lstat(_path(path))
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return False
        return True

    def _taken(self, path: str) -> AlreadyExists:
        return AlreadyExists(f'{self.name}: there is something under "{path}" already', endpoint=self.name)

    # -- ping ---------------------------------------------------------------------------------------------------------
    async def ping(self) -> builtins.list[Check]:
        """The host key, the login and each folder, over a connection of its own; a failed check is the last."""
        probe = SftpEndpoint(self.name, self.config, rules=self.rules)
        try:
            checks = await probe._log_in()
            if all(check.ok for check in checks):
                checks += [await probe._peek(folder) for folder in self.folders]
            return checks
        finally:
            await probe.close()

    async def _log_in(self) -> builtins.list[Check]:
        """Connect and log in, as two checks."""
        started = time.monotonic()
        failure: EndpointError | None = None
        try:
            async with self._wire("logging in"):
                pass
        except EndpointError as error:
            failure = error
        ended = time.monotonic()
        host_key_check = self._session.host_key_check
        if host_key_check is None or host_key_check.offered is None or not host_key_check.trusted_at:
            return [_failed("host key", started, failure)]
        offered = host_key_check.offered
        where = f"{self.config.host}:{self.config.port}"
        trusted = f"{where} offered {offered.get_algorithm()} {offered.get_fingerprint()}, which is pinned"
        host_key = Check("host key", True, (host_key_check.trusted_at - started) * 1000, trusted)
        if failure is not None:
            return [host_key, _failed("login", host_key_check.trusted_at, failure)]
        who = f'user "{self.config.username}" is logged in'
        return [host_key, Check("login", True, (ended - host_key_check.trusted_at) * 1000, who)]


def _failed(what: str, started: float, failure: EndpointError | None) -> Check:
    """A check that failed."""
    milliseconds = (time.monotonic() - started) * 1000
    if failure is None:
        return Check(what, False, milliseconds, "the server showed no host key")
    return Check(what, False, milliseconds, failure.message, failure.remedy)


async def _fill(file: asyncssh.SFTPClientFile, pieces: AsyncIterator[bytes], block: int) -> None:
    """Write all bytes in blocks of that many, and ask for their being durable."""
    written = 0
    async for piece in pieces:
        for start in range(0, len(piece), block):
            await file.write(piece[start : start + block], written + start)
        written += len(piece)
    with contextlib.suppress(asyncssh.SFTPOpUnsupported):  # then its close has to do
        await file.fsync()


async def _piece(file: asyncssh.SFTPClientFile, size: int) -> bytes:
    """Up to `size` bytes from the file's position; none at its end."""
    piece: str | bytes = await file.read(size)
    return piece if isinstance(piece, bytes) else piece.encode()  # opened without an encoding it gives bytes


def _path(path: str) -> bytes:
    return (path or ".").encode("utf-8", "surrogateescape")


def _entry(line: asyncssh.SFTPName) -> DirectoryEntry:
    """One line of a listing. Where the attributes do not give the type, the first letter of the long name does."""
    name = line.filename if isinstance(line.filename, bytes) else line.filename.encode("utf-8", "surrogateescape")
    longname = line.longname if isinstance(line.longname, bytes) else b""
    kind = _KINDS.get(line.attrs.type, "other")
    if kind == "unknown":
        kind = _LONGNAME_KINDS.get(longname[:1], "unknown")
    return DirectoryEntry(name, kind, line.attrs.size, line.attrs.mtime)


def _stat(attrs: asyncssh.SFTPAttrs) -> Stat:
    kind = _KINDS.get(attrs.type, "other")
    return Stat(attrs.size, attrs.mtime, kind in {"file", "unknown"})
