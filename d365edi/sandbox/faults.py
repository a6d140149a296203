"""Things that go wrong on request: each fault waits for a method and a path pattern and applies a given number of
times.

Knows: what a fault is and when it applies. Does not know: how an answer is made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from fnmatch import fnmatchcase
from random import Random
from typing import Literal

HTML = b"<html><head><title>Service Unavailable</title></head><body><h2>Service Unavailable</h2></body></html>"


@dataclass
class PlannedFault:
    """One fault. `path` is a glob over the path without query (`/data/SalesOrder*`, `*/oauth2/*`)."""

    kind: Literal["answer", "drop", "silence", "revoke", "half", "happen"]
    method: str
    path: str
    times: int
    status: int = 0
    retry_after: str | None = None
    page: bytes = b""
    inner: bool = False
    after_work: bool = False
    seconds: float = 0
    body: bytes | None = None
    act: Callable[[str], None] | None = None
    chance: float = 1


class Faults:
    """The faults that still wait, in the order they were planned; the first that matches applies. One that names no path
    concerns those that `everywhere` fits. `random` decides whether one strikes that does so by chance."""

    def __init__(self, everywhere: str = "/data/*", random: Random | None = None) -> None:
        self.waiting: list[PlannedFault] = []
        self.everywhere = everywhere
        self.random = random or Random(7)

    def _plan(self, fault: PlannedFault) -> None:
        fault.path = fault.path or self.everywhere
        self.waiting.append(fault)

    def answer(
        self,
        status: int,
        *,
        method: str = "*",
        path: str = "",
        times: int = 1,
        retry_after: float | datetime | None = None,
        html: bool | bytes = False,
        body: bytes | None = None,
        inner: bool = False,
        after_work: bool = False,
    ) -> None:
        """Answer this status and do nothing, or so after the work. `retry_after`: seconds, an HTTP date, or absent;
        `html`: a page in place of JSON, or this page; `body`: this JSON; `inner`: apply it to the operation inside a
        batch, not the batch."""
        if isinstance(retry_after, datetime):
            text: str | None = format_datetime(retry_after.astimezone(UTC), usegmt=True)
        else:
            text = None if retry_after is None else str(retry_after)
        planned = PlannedFault("answer", method, path, times, status=status, retry_after=text, body=body)
        planned.page = HTML if html is True else html or b""
        planned.inner, planned.after_work = inner, after_work
        self._plan(planned)

    def drop(
        self, *, method: str = "*", path: str = "", times: int = 1, after_work: bool = True, chance: float = 1
    ) -> None:
        """Break the connection, by default after the work was done. Over ASGI alone this is a ConnectionResetError. `chance`: of
        so large a share of the requests that it concerns."""
        self._plan(PlannedFault("drop", method, path, times, after_work=after_work, chance=chance))

    def silence(
        self, seconds: float, *, method: str = "*", path: str = "", times: int = 1, after_work: bool = True
    ) -> None:
        """Answer only after so many seconds, by default with the work done before them: longer than a client waits,
        or just slow."""
        self._plan(PlannedFault("silence", method, path, times, seconds=seconds, after_work=after_work))

    def revoke(self, *, method: str = "*", path: str = "", times: int = 1) -> None:
        """Take back every token just before this request is looked at: it gets a 401."""
        self._plan(PlannedFault("revoke", method, path, times))

    def half(self, *, method: str = "*", path: str = "", times: int = 1) -> None:
        """Break the connection in the middle of the answer's body, with the work done."""
        self._plan(PlannedFault("half", method, path, times, after_work=True))

    def happen(self, act: Callable[[str], None], *, method: str = "*", path: str = "", times: int = 1) -> None:
        """Do something just before this request is looked at, whose path with its query is given."""
        self._plan(PlannedFault("happen", method, path, times, act=act))

    def take(self, method: str, path: str, *, inner: bool = False) -> PlannedFault | None:
        """The fault that applies to this request, used up by one."""
        for fault in self.waiting:
            if fault.inner == inner and fnmatchcase(method, fault.method) and fnmatchcase(path, fault.path):
                if fault.chance < 1 and self.random.random() >= fault.chance:
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None
