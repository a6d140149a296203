"""How a file is uploaded exactly once: what to do next, from the recorded step and the remote state. Pure.

    rename    write under a hidden name beside it, check its size, rename without overwriting: the final name is whole
    direct    write under the final name (for mailboxes that have no rename or take a file the instant it is closed)
    sentinel  write under the final name, then an empty file beside it says that it is whole

Two steps are recorded. `intent` is durable before anything is sent; `uploaded` once the other side has every byte. Where a
file under its final name is not seen before it is closed, `unseen` is recorded instead: some servers show a file only then, but a
partner may also have taken it unfinished; a file that is not there afterwards either is disputed. Where the server answers that
it cannot close the file, `uploaded` becomes `unseen`, so that it is read, and `unseen` becomes `intent`: it is not stored. A
rename is only tried after `uploaded`: what is under the final name before that was not put there by this request. After it:

    temp name   final name       it is
    there       absent           not renamed yet: rename
    there       there            ours only when the bytes are the same (a server may rename by link and unlink)
    absent      there, our size  delivered
    absent      there, other     disputed: a person decides
    absent      absent           delivered: the partner took it; if not, the awaited acknowledgment will be missing

Knows: steps, sizes and this table. Does not know: SFTP, disks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from d365edi.endpoints import filenames
from d365edi.endpoints.base import DeliveryRequest

Mode = Literal["rename", "direct", "sentinel"]
Content = Literal["unread", "equal", "prefix", "other"]
Next = Literal["upload", "replace", "rename", "announce", "read", "there", "taken", "disputed"]
"""upload: write it · replace: remove our own unfinished piece, then write · rename · announce: put the sentinel ·
read: the file under the final name must be read to know · there, taken: delivered · disputed: ask a person."""


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """One request's places: the final path, the temp path, the sentinel's path; and its size in bytes."""

    mode: Mode
    final: str
    temp: str
    sentinel: str
    size: int

    @classmethod
    def of(cls, request: DeliveryRequest, mode: Mode, sentinel: str) -> UploadPlan:
        """The plan for a request; a temp name recorded earlier is kept, since that is the file on the other side."""
        temp = request.progress.get("temp") or filenames.temporary(request.id, request.data.digest)
        return cls(
            mode,
            filenames.join(request.path, request.name),
            filenames.join(request.path, temp),
            filenames.join(request.path, sentinel.replace("{name}", request.name)),
            request.data.size,
        )

    def facts(self) -> Mapping[str, str]:
        """What is recorded with the intent: the temp name and the size."""
        return {"temp": self.temp.rpartition("/")[2], "size": str(self.size)}


@dataclass(frozen=True, slots=True)
class RemoteState:
    """What is there now: sizes (None: absent), whether the sentinel does, the final file's bytes against ours."""

    temp: int | None = None
    final: int | None = None
    sentinel: bool = False
    content: Content = "unread"


def compare(theirs: bytes, ours: bytes) -> Content:
    """Their bytes compared with ours: the same, the beginning of ours, or something else."""
    if theirs == ours:
        return "equal"
    return "prefix" if ours.startswith(theirs) else "other"


def decide(plan: UploadPlan, step: str, seen: RemoteState) -> Next:
    """What to do next (the table at the top); `step` is the last one recorded, empty before the first."""
    if plan.mode == "rename":
        return _decide_rename(plan, step, seen)
    return _decide_direct(plan, step, seen)


def _decide_rename(plan: UploadPlan, step: str, seen: RemoteState) -> Next:
    if step != "uploaded":
        return "replace" if seen.temp is not None else "upload"
    if seen.final is None:
        if seen.temp is None:
            return "taken"
        return "rename" if seen.temp == plan.size else "replace"
    if seen.final != plan.size:
        return "disputed"
    if seen.temp is None or seen.content == "equal":
        return "there"
    return "read" if seen.content == "unread" else "disputed"


def _decide_direct(plan: UploadPlan, step: str, seen: RemoteState) -> Next:
    if not step or (step == "intent" and seen.final is None):
        return "upload"
    if seen.final is None:
        return "disputed" if step == "unseen" else "taken"
    if seen.final > plan.size:
        return "disputed"
    if (step == "uploaded" and seen.final == plan.size) or seen.content == "equal":
        return "announce" if plan.mode == "sentinel" and not seen.sentinel else "there"
    if seen.content == "prefix":
        return "replace"
    return "read" if seen.content == "unread" else "disputed"
