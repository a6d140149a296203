"""A local directory as an endpoint: the file operations on disk.

Every path is below `root`; a path that would leave it is Refused. What is created or renamed is durable (file and
directory are synced) before an operation returns. All of it runs in worker threads: a slow network mount stalls nothing else.

Knows: files and directories. Does not know: the order of operations (`file_store`, `download`).
"""

import builtins
import contextlib
import errno
import os
import stat
from collections.abc import AsyncIterator, Callable
from functools import partial
from io import FileIO
from pathlib import Path, PurePosixPath
from typing import TypeVar

import anyio.to_thread

from d365edi.endpoints.base import Check
from d365edi.endpoints.file_operations import AlreadyExists, Close, NotPermitted, PathNotFound, Stat, WriteFailed
from d365edi.endpoints.file_store import FileStore
from d365edi.endpoints.filenames import DirectoryEntry, Kind, NameRules
from d365edi.endpoints.upload_protocol import Mode
from d365edi.errors import EndpointError, Refused, Unavailable, Unreachable

T = TypeVar("T")

_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
_NO_RIGHT = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_MOUNT = frozenset({errno.ENOTCONN, errno.ESTALE, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ETIMEDOUT})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_REMEDIES: dict[int, str] = {
    errno.EACCES: "give the user of the daemon the right",
    errno.EPERM: "give the user of the daemon the right",
    errno.EROFS: "mount it writable",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOTDIR: "check the path",
    errno.EISDIR: "check the path",
    errno.ELOOP: "links are not followed; check the path",
    errno.EXDEV: "keep the folder of processed files on the same file system",
    errno.EINVAL: "check the path",
}
"""What is Refused, with its remedy; every other error of the system may pass and is Unavailable."""


class FolderEndpoint(FileStore):
    """Directories below `root`. `/in` and `in` are the same place."""

    def __init__(
        self,
        name: str,
        root: Path,
        *,
        rules: NameRules | None = None,
        deliver: Mode = "rename",
        sentinel: str = "{name}.done",
        folders: tuple[str, ...] = (),
    ) -> None:
        super().__init__(name, rules=rules, deliver=deliver, sentinel=sentinel, folders=folders)
        self.root = root

    async def close(self) -> None:
        """Nothing is held open."""

    async def ping(self) -> builtins.list[Check]:
        """List each folder."""
        return [await self._peek(folder) for folder in self.folders]

    async def _scan(self, folder: str, take: Callable[[DirectoryEntry], None]) -> None:
        await self._run(f'listing "{folder}"', lambda: _scan(self._below(folder), take))

    async def _look(self, path: str) -> Stat | None:
        return await self._run(f'looking at "{path}"', lambda: _look(self._below(path)))

    async def _read(self, path: str, limit: int) -> tuple[bytes, Stat]:
        return await self._run(f'reading "{path}"', lambda: _read(self._below(path), limit))

    async def _create(self, path: str, pieces: AsyncIterator[bytes]) -> Close:
        doing = f'writing "{path}"'
        file = await self._run(doing, lambda: _open_new(self._below(path)))
        try:
            async for piece in pieces:
                await self._run(doing, partial(_write, file, piece))
            await self._run(doing, lambda: _make_durable(file, self._below(path).parent))
        except BaseException:
            file.close()
            raise

        async def close() -> None:
            await self._run(f'closing "{path}"', file.close)

        return close

    async def _rename(self, old: str, new: str) -> None:
        await self._run(f'renaming "{old}" to "{new}"', lambda: _rename(self._below(old), self._below(new)))

    async def _remove(self, path: str) -> None:
        await self._run(f'removing "{path}"', lambda: _remove(self._below(path)))

    async def _make_folder(self, path: str) -> None:
        await self._run(f'making the folder "{path}"', lambda: _make_folder(self._below(path)))

    async def _run(self, doing: str, work: Callable[[], T]) -> T:
        """Run in a thread; any error of the system is raised as `Unavailable` or `Refused`."""
        try:
            return await anyio.to_thread.run_sync(work)
        except (OSError, ValueError) as error:
            raise self._explain(error, doing) from error

    def _explain(self, error: OSError | ValueError, doing: str) -> EndpointError:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        sentence = f"{self.name}: {doing}: {said}"
        if isinstance(error, FileNotFoundError):
            return PathNotFound(sentence, endpoint=self.name, remedy="make it, or check the path")
        if isinstance(error, FileExistsError):
            return AlreadyExists(sentence, endpoint=self.name)
        remedy = _REMEDIES.get(error.errno or 0) if isinstance(error, OSError) else "check the path"
        if remedy is not None:
            kind = NotPermitted if isinstance(error, OSError) and error.errno in _NO_RIGHT else Refused
            return kind(sentence, endpoint=self.name, remedy=remedy)
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            full = WriteFailed(sentence, endpoint=self.name, remedy="make room on its disk, or raise the quota")
            full.bare = f"{self.name}: {said}"
            return full
        remedy = "if it stays so, check the disk or the mount"
        if isinstance(error, OSError) and error.errno in _NO_MOUNT:
            return Unreachable(f"{self.name}: {said}", endpoint=self.name, remedy=remedy)
        return Unavailable(sentence, endpoint=self.name, remedy=remedy)

    def _below(self, path: str) -> Path:
        parts = PurePosixPath("/", path).parts[1:]
        if ".." in parts:
            raise Refused(f'{self.name}: "{path}" leaves its root folder', endpoint=self.name, remedy="check the path")
        return self.root.joinpath(*parts)


def _scan(folder: Path, take: Callable[[DirectoryEntry], None]) -> None:
    with os.scandir(os.fsencode(folder)) as lines:
        for line in lines:
            if (entry := _entry(line)) is not None:
                take(entry)


def _entry(line: os.DirEntry[bytes]) -> DirectoryEntry | None:
    try:
        seen = line.stat(follow_symlinks=False)
    except FileNotFoundError:  # removed after it was listed
        return None
    return DirectoryEntry(line.name, _kind(seen.st_mode), seen.st_size, seen.st_mtime)


def _kind(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


def _look(path: Path) -> Stat | None:
    try:
        return _stat(path.lstat())
    except FileNotFoundError:
        return None


def _stat(seen: os.stat_result) -> Stat:
    return Stat(seen.st_size, seen.st_mtime, stat.S_ISREG(seen.st_mode))


def _read(path: Path, limit: int) -> tuple[bytes, Stat]:
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO would block for ever
    with open(number, "rb") as file:
        return file.read(limit), _stat(os.fstat(number))


def _open_new(path: Path) -> FileIO:
    """A new file, open; what is written is in it at once."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    return open(number, "wb", buffering=0)


def _write(file: FileIO, data: bytes) -> None:
    """Write all of this; a system call may take less than it is given."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _make_durable(file: FileIO, folder: Path) -> None:
    os.fsync(file.fileno())
    _sync(folder)


def _rename(old: Path, new: Path) -> None:
    """By link and unlink: the link is refused where something is, which a rename would overwrite."""
    try:
        os.link(old, new, follow_symlinks=False)
    except FileExistsError:
        if not _one_file(old, new):
            raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _rename_without_links(old, new)
        return
    _sync(new.parent)
    old.unlink()
    _sync(old.parent)


def _rename_without_links(old: Path, new: Path) -> None:
    """For file systems without links (FAT, some network mounts): check, then rename."""
    if _look(new) is not None:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    os.replace(old, new)
    _sync(new.parent)
    _sync(old.parent)


def _one_file(old: Path, new: Path) -> bool:
    """Is `new` a link to `old`, from a rename that was interrupted between link and unlink?"""
    with contextlib.suppress(FileNotFoundError):
        return old != new and os.path.samestat(old.lstat(), new.lstat())
    return False


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
        _sync(path.parent)


def _make_folder(path: Path) -> None:
    path.mkdir()
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make the names in a directory durable."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)
