"""The seven operations that any tree of files offers, and what a path can be.

Every operation raises only `Unavailable` or `Refused`; three kinds of `Refused` and one of `Unavailable` have a name, because
what to do next depends on them.

Knows: paths. Does not know: SSH, disks, messages.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from d365edi.endpoints import filenames
from d365edi.errors import Refused, Unavailable


@dataclass(frozen=True, slots=True)
class Stat:
    """What a path is now: bytes and seconds, None where the server does not say; no link or folder is `regular`."""

    size: int | None
    modified: float | None
    regular: bool = True


class PathNotFound(Refused):
    """There is nothing under this path."""


class NotPermitted(Refused):
    """Our user may not do that there."""


class AlreadyExists(Refused):
    """There is something under this path already."""


class WriteFailed(Unavailable):
    """There is no room for more bytes, or the other side answered that it cannot store them."""


Close = Callable[[], Awaitable[None]]


class FileOperations(ABC):
    """What a subclass implements with paths; everything else is built on it."""

    name: str

    @abstractmethod
    async def _scan(self, folder: str, take: Callable[[filenames.DirectoryEntry], None]) -> None:
        """`take` every entry of a folder with its attributes, in one pass, links not followed, none kept. `PathNotFound` when
        there is none."""

    @abstractmethod
    async def _look(self, path: str) -> Stat | None:
        """What a path is now, links not followed; None when nothing is there."""

    @abstractmethod
    async def _read(self, path: str, limit: int) -> tuple[bytes, Stat]:
        """Up to `limit` bytes of a file and what it was once they were read. `PathNotFound` when there is none."""

    @abstractmethod
    async def _create(self, path: str, pieces: AsyncIterator[bytes]) -> Close:
        """Write a new file (`AlreadyExists`): all pieces are there, durable where the server promises it, before `Close`."""

    @abstractmethod
    async def _rename(self, old: str, new: str) -> None:
        """Rename, never over something (`AlreadyExists`). `PathNotFound` when `old` or the new folder is missing."""

    @abstractmethod
    async def _remove(self, path: str) -> None:
        """Remove a file; no error when there is none."""

    @abstractmethod
    async def _make_folder(self, path: str) -> None:
        """Make one folder; `AlreadyExists` when something is there."""
