"""The writer: units of work wait here, a leader takes all that wait and has them committed together.

The leader is a task that runs as long as something waits. While it commits, the next units queue up; so the more there is
to do, the more units share one fsync. A queued unit is carried out, also when its caller is cancelled meanwhile: it may
record something that already happened at the other side.

That it cannot commit is logged here, once when it begins and once when it ends; the callers get CommitError. On a full disk
small units succeed between large ones that fail: it ends when there is room again.

Knows: the event loop, who waits, which failures are temporary. Does not know: SQL, files.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from d365edi import log
from d365edi.errors import CommitError, JournalError, JournalGoneError
from d365edi.journal.group import ROOM, Outcome, Work
from d365edi.recurring import Recurring

Commit = Callable[[list[Work]], Awaitable[list[Outcome]]]
Room = Callable[[], Awaitable[bool]]

# The next commit may succeed: room on the disk, another program's lock. After any other failure the disk's content is unknown.
_TEMPORARY = frozenset({"SQLITE_FULL", "SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED", "SQLITE_NOMEM"})


class GroupWriter:
    """A queue with a leader. `trouble` says why the last commit failed, "" when it succeeded; `state` since when; `broken`: no
    further one is tried. `commits` and `units` count."""

    def __init__(self, commit: Commit, room: Room) -> None:
        self.trouble = ""
        self.commits = 0
        self.units = 0
        self._commit = commit
        self._room = room
        self.broken = False
        self.state = Recurring()
        self._queue: list[tuple[Work, asyncio.Future[Outcome]]] = []
        self._leader: asyncio.Task[None] | None = None

    async def write(self, work: Work) -> Any:
        """Queue a unit of work; what it returns, once it is durable. What it raises is raised here."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._queue.append((work, future))
        if self._leader is None:
            self._leader = loop.create_task(self._lead())
        value, error = await future
        if error is not None:
            raise error
        return value

    async def drain(self) -> None:
        """Wait until nothing waits any more."""
        while self._leader is not None:
            await asyncio.wait({self._leader})

    async def _lead(self) -> None:
        group: list[tuple[Work, asyncio.Future[Outcome]]] = []
        try:
            while self._queue:
                group, self._queue = self._queue, []
                outcomes = await self._outcomes([work for work, _ in group])
                for (_, future), outcome in zip(group, outcomes, strict=True):
                    if not future.done():
                        future.set_result(outcome)
        finally:
            self._leader = None
            # Callers still wait here only when the event loop itself is being stopped.
            stopped = JournalError("the program was stopped before the journal answered")
            for _, future in (*group, *self._queue):
                if not future.done():
                    future.set_result((None, stopped))
            self._queue = []

    async def _outcomes(self, works: list[Work]) -> list[Outcome]:
        if self.broken:
            self._failed()
            return [(None, CommitError(self.trouble)) for _ in works]
        try:
            outcomes = await self._commit(works)
        except Exception as error:
            self.broken = getattr(error, "sqlite_errorname", "") not in _TEMPORARY
            self.trouble = _sentence(error, self.broken)
            self._failed()
            return [(None, _lost(self.trouble, error)) for _ in works]
        self.commits += 1
        self.units += len(works)
        if full := next((error for _, error in outcomes if isinstance(error, CommitError)), None):
            self.trouble = str(full)
            self._failed()
            return outcomes
        if self.trouble and not await self._room():
            return outcomes
        self.trouble = ""
        if (lasted := self.state.ended()) is not None:
            log.say("INFO", "journal", "commits", f"the journal commits again after {lasted}")
        return outcomes

    def _failed(self) -> None:
        if (lasts := self.state.failed(self.trouble)) is not None:
            log.say("ERROR", "journal", "stopped" if self.broken else "waits", f"{self.trouble}{lasts}")


def _sentence(error: Exception, broken: bool) -> str:
    if isinstance(error, JournalGoneError):
        return str(error)
    if broken:
        return (
            f"the journal could not commit ({error}) and writes nothing more; check the disk and start d365edi again, "
            "which finds out what was kept"
        )
    return f"the journal could not commit ({error}); nothing of it was kept; {ROOM}"


def _lost(words: str, error: Exception) -> CommitError:
    lost = CommitError(words)
    lost.__cause__ = error
    return lost
