"""What a local folder and an SFTP server have in common: the verbs of the endpoint interface over a tree of files.

Subclasses implement the operations of `file_operations`. In what order they are called, and what a lost reply means, is
written once: here for deliver and probe, in `download` for the rest. So every file store gives the same guarantees.

Knows: the verbs and the upload protocol. Does not know: SSH, disks, the journal.
"""

import contextlib
import time
from abc import abstractmethod
from dataclasses import replace
from typing import Literal

from d365edi import failpoints
from d365edi.endpoints import filenames, upload_protocol
from d365edi.endpoints.base import (
    Check,
    Checkpoint,
    Delivered,
    DeliveryRequest,
    NotDelivered,
    Outcome,
    Place,
    Receipt,
    Unclear,
)
from d365edi.endpoints.download import Downloader
from d365edi.endpoints.file_operations import AlreadyExists, NotPermitted, PathNotFound, Stat, WriteFailed
from d365edi.endpoints.filenames import NameRules
from d365edi.endpoints.payload import SmallPayload
from d365edi.endpoints.upload_protocol import Content, Mode, Next, RemoteState, UploadPlan
from d365edi.errors import Disputed, EndpointError, NotWritable, PlaceRefused, Refused, Unavailable


class FileStore(Downloader):
    """The verbs of `base.Endpoint` over a tree of files.

    `rules`: which names are offered. `deliver`: how a file is uploaded (see `upload_protocol`), and its sentinel's
    name. `folders`: what `ping` lists."""

    delivers_pieces: Literal[True] = True

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

    async def _peek(self, folder: str) -> Check:
        """List one folder, as a check."""
        started = time.monotonic()
        try:
            listing = await self.list(Place(folder))
        except EndpointError as error:
            return Check(f"folder {folder}", False, (time.monotonic() - started) * 1000, error.message, error.remedy)
        files = len(listing.remotes) + listing.beyond
        seen = f"{files} files there, {len(listing.passed_over) + listing.unnamed} passed over"
        return Check(f"folder {folder}", True, (time.monotonic() - started) * 1000, seen)

    @abstractmethod
    async def ping(self) -> list[Check]:
        """See `base.Endpoint.ping`."""

    @abstractmethod
    async def close(self) -> None:
        """See `base.Endpoint.close`."""

    async def deliver(self, request: DeliveryRequest, checkpoint: Checkpoint) -> Receipt:
        """Upload by the table in `upload_protocol`; called again with the recorded progress it continues from there.

        A folder that is missing, or where we have no right, is `PlaceRefused`; one that is full is `NotWritable`."""
        filenames.check_name(request.name, self.name)
        try:
            return await self._deliver(request, checkpoint)
        except (PathNotFound, NotPermitted) as error:
            raise PlaceRefused(error.message, endpoint=self.name, remedy=error.remedy) from error
        except WriteFailed as error:
            full = NotWritable(error.message, endpoint=self.name, remedy=error.remedy)
            full.bare = error.bare
            raise full from error

    async def _deliver(self, request: DeliveryRequest, checkpoint: Checkpoint) -> Receipt:
        plan = self._plan(request)
        step = request.progress.get("step", "")
        todo: Next = await self._next(plan, request, step) if step else "upload"
        if not step:
            await checkpoint("intent", plan.facts())
        if todo in {"upload", "replace"}:
            todo = await self._upload(plan, request, checkpoint, clear=todo == "replace")
        if todo == "rename":
            todo = await self._finish(plan, request)
        if todo == "announce":
            todo = await self._announce(plan)
        if todo == "there" and step and plan.mode == "rename":
            await self._remove(plan.temp)  # a rename by link and unlink that was interrupted between the two
        if todo == "disputed":
            seen = await self._look(plan.final)
            remedy = (
                "ask the partner, clear that name, then release it"
                if seen
                else "ask whether they have it whole; if not, release it"
            )
            raise Disputed(self._question(plan, seen), endpoint=self.name, remedy=remedy)
        return self._receipt(plan, todo)

    async def probe(self, request: DeliveryRequest) -> Outcome:
        """Look up the request's file. Reads only."""
        plan = self._plan(request)
        step = request.progress.get("step", "")
        todo = await self._next(plan, request, step) if step else "upload"
        if todo in {"there", "taken"}:
            return Delivered(self._receipt(plan, todo))
        if todo == "disputed":
            return Unclear(self._question(plan, await self._look(plan.final)))
        return NotDelivered()

    def _plan(self, request: DeliveryRequest) -> UploadPlan:
        return UploadPlan.of(request, self.mode, self.sentinel)

    async def _next(self, plan: UploadPlan, request: DeliveryRequest, step: str) -> Next:
        """Look up sizes, and read what is under the final name where sizes alone do not decide."""
        temp = await self._look(plan.temp) if plan.mode == "rename" else None
        final = await self._look(plan.final)
        sentinel = plan.mode == "sentinel" and await self._look(plan.sentinel) is not None
        seen = RemoteState(_size(temp), _size(final), sentinel)
        todo = upload_protocol.decide(plan, step, seen)
        if todo != "read":
            return todo
        content = await _compare(await self._theirs(plan), request)
        return upload_protocol.decide(plan, step, replace(seen, content=content))

    async def _theirs(self, plan: UploadPlan) -> bytes:
        """What is under the final name. That one file vanished, or is closed to us, says nothing about its folder."""
        try:
            theirs, _ = await self._read(plan.final, plan.size + 1)
        except PathNotFound as error:
            raise self._vanished(plan.final) from error
        except NotPermitted as error:
            raise Refused(error.message, endpoint=self.name, remedy=error.remedy) from error
        return theirs

    async def _upload(self, plan: UploadPlan, request: DeliveryRequest, checkpoint: Checkpoint, *, clear: bool) -> Next:
        """Write the file; `direct` and `sentinel` are recorded before it is closed, since the partner may take it then."""
        path = plan.temp if plan.mode == "rename" else plan.final
        if clear:
            await self._remove(path)
        try:
            close = await self._create(path, request.data.pieces())
        except AlreadyExists as error:
            if plan.mode == "rename":
                raise self._changed_meanwhile(error, path) from error
            todo = await self._next(plan, request, "intent")
            return "disputed" if todo in {"upload", "replace"} else todo
        except WriteFailed:
            with contextlib.suppress(EndpointError):
                await self._remove(path)  # our own piece of it, which takes the room of smaller ones
            raise
        step = ""
        try:
            if plan.mode != "rename":
                step = "unseen" if await self._look(path) is None else "uploaded"
                await checkpoint(step, {})
        finally:
            try:
                await close()
            except WriteFailed:
                if step:  # what was seen may be taken, or its size is all that it has; what was not seen is not stored
                    await checkpoint("unseen" if step == "uploaded" else "intent", {})
                raise
        there = await self._compare_size(plan, path)
        failpoints.reach("sftp.uploaded")
        if plan.mode == "rename":
            await checkpoint("uploaded", {})
            return "rename"
        if not there:
            return "disputed" if step == "unseen" else "taken"
        return "announce" if plan.mode == "sentinel" else "there"

    async def _compare_size(self, plan: UploadPlan, path: str) -> bool:
        """Compare the remote size with ours; False when the file was taken the instant it was closed."""
        there = await self._look(path)
        if there is not None and there.size != plan.size:
            raise Unavailable(
                f'"{path}" arrived on {self.name} with {there.size} of {plan.size} bytes', endpoint=self.name
            )
        if there is None and plan.mode == "rename":
            message = f'"{path}" vanished from {self.name} the instant it was complete, before it had its name'
            remedy = 'ask the partner whether they took it; where they take what is closed set deliver = "direct"'
            raise Refused(message, endpoint=self.name, remedy=remedy)
        return there is not None

    async def _finish(self, plan: UploadPlan, request: DeliveryRequest) -> Next:
        try:
            await self._rename(plan.temp, plan.final)
        except (
            AlreadyExists,
            PathNotFound,
        ) as error:  # or an earlier rename without an answer was carried out only now
            todo = await self._next(plan, request, "uploaded")
            if todo in {"rename", "replace"}:
                raise self._changed_meanwhile(error, plan.final) from error
            return todo
        failpoints.reach("sftp.renamed")
        return "there"

    async def _announce(self, plan: UploadPlan) -> Next:
        try:
            close = await self._create(plan.sentinel, SmallPayload(b"").pieces())
        except AlreadyExists:
            return "there"
        await close()
        return "there"

    def _changed_meanwhile(self, error: Refused, path: str) -> EndpointError:
        """A file that appeared or vanished between two operations is tried again; a missing folder is an error."""
        if isinstance(error, PathNotFound):
            return error
        return self._vanished(path)

    def _vanished(self, path: str) -> Unavailable:
        return Unavailable(f'"{path}" on {self.name} appeared or vanished meanwhile', endpoint=self.name)

    def _question(self, plan: UploadPlan, seen: Stat | None) -> str:
        if seen is None:
            return f'"{plan.final}" was gone from {self.name} before it was closed: it may have been taken unfinished'
        ours = f"ours has {plan.size} bytes"
        return f'"{plan.final}" on {self.name} is taken by something that we did not put there ({ours})'

    def _receipt(self, plan: UploadPlan, todo: Next) -> Receipt:
        return Receipt(
            plan.final, {"size": str(plan.size), "outcome": "taken by the partner" if todo == "taken" else "there"}
        )


async def _compare(theirs: bytes, request: DeliveryRequest) -> Content:
    """Their bytes compared with ours, piece by piece."""
    start = 0
    async for piece in request.data.pieces():
        part = theirs[start : start + len(piece)]
        start += len(part)
        if (content := upload_protocol.compare(part, piece)) != "equal":
            return content
    return "equal" if start == len(theirs) else "other"


def _size(stat: Stat | None) -> int | None:
    """A size for the table; something that is not a file gets a size that no file of ours has."""
    if stat is None:
        return None
    return stat.size if stat.regular and stat.size is not None else 1 << 62
