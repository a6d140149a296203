"""The one door of every place where messages are picked up and put down, and what each verb promises.

    ping     check with real credentials, write nothing
    list     what is there now, with what was passed over and why
    fetch    the bytes of one remote
    settle   tell the source that we hold it
    deliver  put a request there; safe to call again with the progress it marked
    probe    did this request land? a question, never an error about the answer

Knows: the verbs and their values. Does not know: any wire. One test (`tests/endpoints/test_promise.py`) runs over every
implementation. Every verb raises only `Unavailable` or `Refused` (see errors.py), whatever the library below it raised.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: a folder with a glob pattern, or for D365 a question (`query`, an odata plan)."""

    path: str
    pattern: str = "*"
    query: object | None = None


@dataclass(frozen=True, slots=True)
class Remote:
    """One thing seen at a place. `size` in bytes, `modified` in seconds as the server tells them (None where it cannot)."""

    path: str
    name: str
    size: int
    modified: float | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A name that was seen and not offered, in printable form, and the reason in words."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One look: what can be fetched, in the order of names, and what was passed over."""

    remotes: tuple[Remote, ...]
    passed_over: tuple[PassedOver, ...] = ()


@dataclass(frozen=True, slots=True)
class After:
    """What to do at the source once a message is durable here: move (to a folder), delete or leave."""

    action: Literal["move", "delete", "leave"]
    to: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """`settled` (done; `name` is where it went), `gone` (was not there any more), `changed` (overwritten since: receive anew)."""

    outcome: Literal["settled", "gone", "changed"]
    name: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryRequest:
    """Something to deliver. `progress` is all that earlier attempts marked (empty at the first); payload is the exact bytes."""

    id: int
    path: str
    name: str
    payload: bytes
    progress: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side said when it took it: `id` is the name a person would look for there."""

    id: str
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivered:
    """It is there."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """It is not there. `wait`: seconds until that answer is final (a request without an answer may still be carried out)."""

    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nobody can tell by looking; `question` is for a person."""

    question: str


Outcome = Delivered | NotDelivered | Unclear
Checkpoint = Callable[[str, Mapping[str, str]], Awaitable[None]]
"""`await checkpoint(step, facts)`: durable when it returns. Facts are merged into the request's progress, `step` under "step"."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that `ping` tried: what, whether it went well, milliseconds, what was seen, and the remedy when it did not."""

    what: str
    ok: bool
    milliseconds: float
    sentence: str
    remedy: str = ""


class Endpoint(Protocol):
    """The door. Implementations open no connection before the first verb; `close` is safe to call twice."""

    name: str

    async def ping(self) -> list[Check]:
        """Check on this door with real credentials and write nothing. Never raises: a failure is a Check with a remedy."""

    async def list(self, place: Place) -> Listing:
        """What is there now. Asks only; two calls give the same answer when nothing changed. Subfolders are not entered."""

    async def fetch(self, remote: Remote, limit: int) -> bytes:
        """The bytes of one remote, whole or not at all; more than `limit` bytes is Refused. Changes nothing at the source."""

    async def settle(self, remote: Remote, after: After, digest: str) -> Settlement:
        """Clear the source, after looking that it is still what was fetched (size and time). May be repeated.

        `digest` (hex) distinguishes the name when it is taken in the folder of processed files.
        """

    async def deliver(self, request: DeliveryRequest, checkpoint: Checkpoint) -> Receipt:
        """Put the request there exactly once, whole, under its name.

        Marks its intent before the first side effect and each step after; called again with what was marked it looks first
        and goes on from there. `Disputed` when something that we did not put there stands in its place.
        """

    async def probe(self, request: DeliveryRequest) -> Outcome:
        """Did it land? Asks only."""

    async def close(self) -> None:
        """Let go of connections."""
