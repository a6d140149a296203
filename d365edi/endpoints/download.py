"""Picking up from a tree of files: list, fetch and settle, over the file operations.

Knows: names, and when a file is still what was listed. Does not know: SSH, disks, the journal.
"""

import hashlib

from d365edi import failpoints
from d365edi.endpoints import filenames
from d365edi.endpoints.base import After, Listing, Place, Remote, Settlement
from d365edi.endpoints.file_operations import AlreadyExists, FileOperations, PathNotFound, Stat
from d365edi.endpoints.filenames import NameRules
from d365edi.endpoints.portion import Portion
from d365edi.errors import EndpointError, Refused, Unavailable


class Downloader(FileOperations):
    """`list`, `fetch` and `settle` of `base.Endpoint`. `rules`: which names are offered."""

    rules: NameRules

    async def list(self, place: Place) -> Listing:
        """What is in the folder now: see `filenames.NameFilter` for what is passed over, `portion` for how many are offered.
        A missing folder is Refused."""
        portion = Portion(place, self.rules)
        await self._scan(place.path, portion.add)
        return portion.listing()

    async def fetch(self, remote: Remote, limit: int) -> bytes:
        """The bytes of one file; `Unavailable` when it is no longer what was listed: it is still growing."""
        path = filenames.join(remote.path, remote.name)
        if remote.size > limit:
            raise self._too_large(path, remote.size, limit)
        data, after = await self._read(path, remote.size)
        if after.size is not None and after.size > limit:
            raise self._too_large(path, after.size, limit)
        if len(data) != remote.size or not _same(after, remote):
            sizes = f"{remote.size} bytes when listed, {after.size} now"
            raise Unavailable(f'"{path}" on {self.name} is still growing or was replaced: {sizes}', endpoint=self.name)
        return data

    def _too_large(self, path: str, size: int, limit: int) -> Refused:
        sentence = f'"{path}" on {self.name} has {size} bytes, more than the {limit} that are allowed'
        return Refused(sentence, endpoint=self.name, remedy="ask the partner what it is, or raise the limit")

    # -- settling -----------------------------------------------------------------------------------------------------
    async def settle(self, remote: Remote, after: After, digest: str) -> Settlement:
        """Move, delete or leave what was fetched, after comparing it again. Call again after a lost reply."""
        path = filenames.join(remote.path, remote.name)
        now = await self._look(path)
        if now is None:
            return await self._gone(remote, after, digest)
        if not _same(now, remote):
            return Settlement("changed")
        if after.action == "leave":
            return Settlement("settled", path)
        try:
            if not await self._is_fetched(path, remote, digest):
                return Settlement("changed")
            failpoints.reach("receive.compared")
            return await self._clear(path, remote, after, digest)
        except PathNotFound:
            if await self._look(path) is not None:
                raise
            return await self._gone(remote, after, digest)

    async def _clear(self, path: str, remote: Remote, after: After, digest: str) -> Settlement:
        """Move or delete a file; its sentinel goes first, so that no later file of this name is taken for complete."""
        if self.rules.sentinel:
            await self._remove(filenames.join(remote.path, self.rules.sentinel.replace("{name}", remote.name)))
        if after.action == "delete":
            await self._remove(path)
            return Settlement("settled")
        return Settlement("settled", await self._move(path, remote.name, after.to, digest))

    async def _is_fetched(self, path: str, remote: Remote, digest: str) -> bool:
        """Whether the bytes there are those that were fetched. SFTP tells times in whole seconds, and some writers set them: a
        file that was overwritten with as many bytes looks the same, so it is read again. A finer time tells."""
        if remote.modified is not None and remote.modified % 1:
            return True
        data, now = await self._read(path, remote.size + 1)
        return hashlib.sha256(data).hexdigest() == digest and _same(now, remote)

    async def _gone(self, remote: Remote, after: After, digest: str) -> Settlement:
        """Nothing is there: did we move it, and the answer was lost?"""
        if after.action == "move":
            for name in filenames.alternatives(remote.name, digest):
                target = filenames.join(after.to, name)
                there = await self._look(target)
                if there is None:
                    break
                if _same(there, remote):
                    return Settlement("settled", target)
        return Settlement("gone")

    async def _move(self, path: str, name: str, to: str, digest: str) -> str:
        """Rename into the folder `to` under the first name that is free there."""
        for candidate in filenames.alternatives(name, digest):
            target = filenames.join(to, candidate)
            try:
                await self._rename_into(path, to, target)
            except AlreadyExists:
                continue
            return target
        message = f'"{to}" on {self.name} holds every name that "{name}" could take'
        raise Refused(message, endpoint=self.name, remedy="clear that folder")

    async def _rename_into(self, path: str, to: str, target: str) -> None:
        """Rename; when the folder is missing (or was, until another file made it), make it and try again."""
        try:
            return await self._rename(path, target)
        except AlreadyExists:
            raise
        except EndpointError as failure:
            if isinstance(failure, Unavailable) and failure.unclear:
                raise
            missing = await self._look(to) is None
            if not missing and not isinstance(failure, PathNotFound):
                raise
        if missing:
            await self._make_folders(to)
        await self._rename(path, target)

    async def _make_folders(self, path: str) -> None:
        parent = path.rstrip("/").rpartition("/")[0]
        if parent and await self._look(parent) is None:
            await self._make_folders(parent)
        try:
            await self._make_folder(path)
        except AlreadyExists:  # another file of this pass was quicker
            return


def _same(stat: Stat, remote: Remote) -> bool:
    """Is it still what was listed? Sizes, and times where the server reports them."""
    times_differ = None not in {stat.modified, remote.modified} and stat.modified != remote.modified
    return stat.regular and stat.size == remote.size and not times_differ
