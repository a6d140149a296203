"""What a local folder and an SFTP server have in common: the door's verbs over eight simple acts.

A `Shelf` lists, reads, writes, renames and removes by path; how, its subclasses say. In what order and what a lost
reply means is said here once, so that every shelf keeps the same promises.

Knows: the verbs, names and the table of handing over. Does not know: SSH, files on disk, the journal.
"""

from __future__ import annotations

import builtins
import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from d365edi import failpoints
from d365edi.endpoints import handover, names
from d365edi.endpoints.base import (
    After,
    Knock,
    Landed,
    Listing,
    Mark,
    NotLanded,
    Outcome,
    Parcel,
    Place,
    Receipt,
    Remote,
    Settlement,
    Unclear,
)
from d365edi.endpoints.handover import Mode, Next, Plan, Seen
from d365edi.endpoints.names import NameRules
from d365edi.errors import Disputed, EndpointError, Refused, Unavailable


@dataclass(frozen=True, slots=True)
class Stat:
    """What a path is now: bytes and seconds, None where the server does not say; no link or folder is `regular`."""

    size: int | None
    modified: float | None
    regular: bool = True


class Absent(Refused):
    """There is nothing under this path."""


class Taken(Refused):
    """There is something under this path already."""


Close = Callable[[], Awaitable[None]]


class Shelf(ABC):
    """The verbs of `base.Endpoint` over a tree of files.

    `rules`: which names are offered. `deliver`: how a file is handed over (see `handover`), and its sentinel's name.
    `folders`: what `ping` looks into.
    """

    def __init__(
        self,
        name: str,
        *,
        rules: NameRules | None = None,
        deliver: Mode = "rename",
        sentinel: str = "{name}.done",
        folders: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.rules = rules or NameRules()
        self.mode: Mode = deliver
        self.sentinel = sentinel
        self.folders = folders

    async def _peek(self, folder: str) -> Knock:
        """Look into one folder, as a knock."""
        started = time.monotonic()
        try:
            listing = await self.list(Place(folder))
        except EndpointError as error:
            return Knock(f"folder {folder}", False, (time.monotonic() - started) * 1000, error.message, error.remedy)
        seen = f"{len(listing.remotes)} files to take, {len(listing.passed_over)} passed over"
        return Knock(f"folder {folder}", True, (time.monotonic() - started) * 1000, seen)

    @abstractmethod
    async def ping(self) -> list[Knock]:
        """See `base.Endpoint.ping`."""

    @abstractmethod
    async def close(self) -> None:
        """See `base.Endpoint.close`."""

    @abstractmethod
    async def _scan(self, folder: str) -> builtins.list[names.Entry]:
        """Every entry of a folder with its attributes, in one pass, links not followed. `Absent` when there is none."""

    @abstractmethod
    async def _look(self, path: str) -> Stat | None:
        """What a path is now, links not followed; None when nothing is there."""

    @abstractmethod
    async def _read(self, path: str, limit: int) -> tuple[bytes, Stat]:
        """Up to `limit` bytes of a file and what it was once they were read. `Absent` when there is none."""

    @abstractmethod
    async def _create(self, path: str, data: bytes) -> Close:
        """Write a new file: all bytes are there, and durable where the server promises it, before `Close`. `Taken`."""

    @abstractmethod
    async def _rename(self, old: str, new: str) -> None:
        """Give a file another name, never over something: `Taken`. `Absent` when `old` or the new folder is missing."""

    @abstractmethod
    async def _remove(self, path: str) -> None:
        """Take a file away; fine when it is gone."""

    @abstractmethod
    async def _make_folder(self, path: str) -> None:
        """Make one folder; `Taken` when something is there."""

    # -- picking up ---------------------------------------------------------------------------------------------------

    async def list(self, place: Place) -> Listing:
        """What is in the folder now: see `names.sift` for what is passed over. A missing folder is Refused."""
        return names.sift(place.path, await self._scan(place.path), place.pattern, self.rules)

    async def fetch(self, remote: Remote, limit: int) -> bytes:
        """The bytes of one file; `Unavailable` when it is no longer what was listed: it is still growing."""
        path = names.join(remote.path, remote.name)
        if remote.size > limit:
            raise self._too_large(path, remote.size, limit)
        data, after = await self._read(path, limit + 1)
        if len(data) > limit:
            raise self._too_large(path, max(len(data), after.size or 0), limit)
        if len(data) != remote.size or not _same(after, remote):
            sizes = f"{remote.size} bytes when listed, {after.size} now"
            raise Unavailable(f'"{path}" on {self.name} is still growing or was replaced: {sizes}', endpoint=self.name)
        return data

    def _too_large(self, path: str, size: int, limit: int) -> Refused:
        sentence = f'"{path}" on {self.name} has {size} bytes, more than the {limit} that are allowed'
        return Refused(sentence, endpoint=self.name, remedy="ask the partner what it is, or raise the limit")

    # -- settling -----------------------------------------------------------------------------------------------------

    async def settle(self, remote: Remote, after: After, digest: str) -> Settlement:
        """Move, delete or leave what was fetched, looked at once more. Ask again after a lost reply."""
        path = names.join(remote.path, remote.name)
        now = await self._look(path)
        if now is None:
            return await self._gone(remote, after, digest)
        if not _same(now, remote):
            return Settlement("changed")
        if after.action == "leave":
            return Settlement("settled", path)
        if self.rules.sentinel:  # first, so that no later file of this name is taken for complete
            await self._remove(names.join(remote.path, self.rules.sentinel.replace("{name}", remote.name)))
        if after.action == "delete":
            await self._remove(path)
            return Settlement("settled", path)
        try:
            return Settlement("settled", await self._move(path, remote.name, after.to, digest))
        except Absent:
            if await self._look(path) is not None:
                raise
            return await self._gone(remote, after, digest)

    async def _gone(self, remote: Remote, after: After, digest: str) -> Settlement:
        """Nothing is there: was it we who moved it, and the answer was lost?"""
        if after.action == "move":
            for name in names.alternatives(remote.name, digest):
                target = names.join(after.to, name)
                there = await self._look(target)
                if there is None:
                    break
                if _same(there, remote):
                    return Settlement("settled", target)
        return Settlement("gone")

    async def _move(self, path: str, name: str, to: str, digest: str) -> str:
        """Rename into the folder `to`, made when it is missing, under the first name that is free there."""
        made = False
        for candidate in names.alternatives(name, digest):
            target = names.join(to, candidate)
            try:
                await self._rename(path, target)
            except Taken:
                continue
            except EndpointError as failure:
                lost = isinstance(failure, Unavailable) and failure.unclear
                if made or lost or await self._look(to) is not None:
                    raise
                await self._make_folders(to)
                made = True
                await self._rename(path, target)
            return target
        raise Refused(
            f'"{to}" on {self.name} holds every name that "{name}" could take',
            endpoint=self.name,
            remedy="clear that folder",
        )

    async def _make_folders(self, path: str) -> None:
        parent = path.rstrip("/").rpartition("/")[0]
        if parent and await self._look(parent) is None:
            await self._make_folders(parent)
        try:
            await self._make_folder(path)
        except Taken:  # another file of this pass was quicker
            return

    # -- delivering ---------------------------------------------------------------------------------------------------

    async def deliver(self, parcel: Parcel, mark: Mark) -> Receipt:
        """Hand the parcel over by the table in `handover`; called again with what it marked it looks and goes on."""
        names.insist(parcel.name, self.name)
        plan = self._plan(parcel)
        step = parcel.progress.get("step", "")
        todo: Next = await self._next(plan, parcel, step) if step else "upload"
        if not step:
            await mark("intent", plan.facts())
        if todo in {"upload", "replace"}:
            todo = await self._upload(plan, parcel, mark, clear=todo == "replace")
        if todo == "rename":
            todo = await self._finish(plan, parcel)
        if todo == "announce":
            todo = await self._announce(plan)
        if todo == "there" and step and plan.mode == "rename":
            await self._remove(plan.temp)  # a rename by link and unlink that was cut between the two
        if todo == "disputed":
            raise Disputed(
                self._question(plan), endpoint=self.name, remedy="ask the partner, clear that name, then release it"
            )
        return self._receipt(plan, todo)

    async def probe(self, parcel: Parcel) -> Outcome:
        """Look where the parcel should be. Asks only."""
        plan = self._plan(parcel)
        step = parcel.progress.get("step", "")
        todo = await self._next(plan, parcel, step) if step else "upload"
        if todo in {"there", "taken"}:
            return Landed(self._receipt(plan, todo))
        return Unclear(self._question(plan)) if todo == "disputed" else NotLanded()

    def _plan(self, parcel: Parcel) -> Plan:
        return Plan.of(parcel, self.mode, self.sentinel, hashlib.sha256(parcel.payload).hexdigest())

    async def _next(self, plan: Plan, parcel: Parcel, step: str) -> Next:
        """Look, and read what stands under the final name where sizes alone do not tell."""
        temp = await self._look(plan.temp) if plan.mode == "rename" else None
        final = await self._look(plan.final)
        sentinel = plan.mode == "sentinel" and await self._look(plan.sentinel) is not None
        seen = Seen(_size(temp), _size(final), sentinel)
        todo = handover.decide(plan, step, seen)
        if todo != "read":
            return todo
        theirs, _ = await self._read(plan.final, plan.size + 1)
        return handover.decide(plan, step, replace(seen, content=handover.compare(theirs, parcel.payload)))

    async def _upload(self, plan: Plan, parcel: Parcel, mark: Mark, *, clear: bool) -> Next:
        """Write the file; `direct` and `sentinel` are marked before it is closed: it may be taken then."""
        path = plan.temp if plan.mode == "rename" else plan.final
        if clear:
            await self._remove(path)
        try:
            close = await self._create(path, parcel.payload)
        except Taken:
            if plan.mode == "rename":
                raise
            todo = await self._next(plan, parcel, "intent")
            return "disputed" if todo in {"upload", "replace"} else todo
        try:
            if plan.mode != "rename":
                await mark("uploaded", {})
        finally:
            await close()
        there = await self._weigh(plan, path)
        failpoints.reach("sftp.uploaded")
        if plan.mode == "rename":
            await mark("uploaded", {})
            return "rename"
        if not there:
            return "taken"
        return "announce" if plan.mode == "sentinel" else "there"

    async def _weigh(self, plan: Plan, path: str) -> bool:
        """Compare the size over there with ours; False when it was taken the instant it was closed."""
        there = await self._look(path)
        if there is not None and there.size != plan.size:
            raise Unavailable(
                f'"{path}" arrived on {self.name} with {there.size} of {plan.size} bytes', endpoint=self.name
            )
        if there is None and plan.mode == "rename":
            raise Refused(
                f'"{path}" vanished from {self.name} the instant it was complete, before it had its name',
                endpoint=self.name,
                remedy='ask the partner whether they took it; where they take what is closed set deliver = "direct"',
            )
        return there is not None

    async def _finish(self, plan: Plan, parcel: Parcel) -> Next:
        try:
            await self._rename(plan.temp, plan.final)
        except Taken:
            return await self._next(plan, parcel, "uploaded")
        failpoints.reach("sftp.renamed")
        return "there"

    async def _announce(self, plan: Plan) -> Next:
        try:
            close = await self._create(plan.sentinel, b"")
        except Taken:
            return "there"
        await close()
        return "there"

    def _question(self, plan: Plan) -> str:
        ours = f"ours has {plan.size} bytes"
        return f'"{plan.final}" on {self.name} is taken by something that we did not put there ({ours})'

    def _receipt(self, plan: Plan, todo: Next) -> Receipt:
        return Receipt(
            plan.final, {"size": str(plan.size), "outcome": "taken by the partner" if todo == "taken" else "there"}
        )


def _same(stat: Stat, remote: Remote) -> bool:
    """Is it still what was listed? Sizes, and times where the server tells them."""
    times_differ = None not in {stat.modified, remote.modified} and stat.modified != remote.modified
    return stat.regular and stat.size == remote.size and not times_differ


def _size(stat: Stat | None) -> int | None:
    """A size for the table; something that is no file has a size that is nobody's."""
    if stat is None:
        return None
    return stat.size if stat.regular and stat.size is not None else 1 << 62
