"""The one interface of every place where messages are picked up and delivered, and what each verb guarantees.

    ping     check with real credentials, write nothing
    list     what is there now, with what was passed over and why
    fetch    the bytes of one remote
    settle   clear the source once the message is durable here
    deliver  put a request's payload there; safe to call again with the progress it recorded
    probe    was this request delivered? a question, never an error about the answer

Knows: the verbs and their values. Does not know: any protocol. One test (`tests/endpoints/test_promise.py`) runs over every
implementation. Every verb raises only `Unavailable` or `Refused` (see errors.py), whatever the library below it raised; flows
use them through a circuit breaker (`breaker`), which lets what has failed as a whole rest.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from d365edi.endpoints.payload import LargePayload, Payload, SmallPayload


@dataclass(frozen=True, slots=True)
class Place:
    """What to list: a folder with a glob pattern, or for D365 a question (`query`, an odata plan).

    `taken`: name, size and time of files that are stored and stay there; they are not offered, nor counted among the others.
    `failing`: the same of files that could not be taken, or not be cleared; they are offered after all others. At most `most`
    files are offered; None: as many as the endpoint takes in a pass. `begun`: keys whose fetch has begun and that are not
    claimed, `unsettled` what is stored and not cleared, as `Remote.id` has it; both are offered whatever the server says of how
    often they may still be fetched."""

    path: str
    pattern: str = "*"
    query: object | None = None
    taken: frozenset[tuple[str, int, float | None]] = frozenset()
    failing: frozenset[tuple[str, int, float | None]] = frozenset()
    most: int | None = None
    begun: frozenset[str] = frozenset()
    unsettled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Remote:
    """One thing listed at a place. `size` in bytes, `modified` in seconds as the server reports them (None where it cannot).

    `key` distinguishes it from all others at its place, whatever their names; left out it is the name. `earlier_key` is the key
    that earlier versions knew it by, "" where that is the same; `full_name` says more than `name`, where others have that. `id`
    is all that `fetch` needs besides. `extractable` is False where it is offered only because it is in `Place.begun`."""

    path: str
    name: str
    size: int
    modified: float | None = None
    id: str = ""
    key: str = ""
    earlier_key: str = ""
    full_name: str = ""
    extractable: bool = True

    def __post_init__(self) -> None:
        if not self.key:
            object.__setattr__(self, "key", self.name)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A name that was seen and not offered, in printable form, and the reason in words; `key` where others have that name, `id`
    as of a remote, where the listing says it."""

    name: str
    reason: str
    key: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a place holds: what can be fetched, and what was passed over.

    A listing is in the order in which messages came, where the place knows it; else in the order of names, and what has one
    name stands oldest first. Keys are unique in a listing, but for a server that lists the name of a file twice and opens the
    files by it: there the later one can be fetched once the earlier one is cleared.

    Of too many the oldest are offered; `beyond` counts the others, `unnamed` what was passed over and is not named here, and
    `left` names what of `Place.taken` is still there.

    `mailbox` is the id of the mailbox, "" where the place is a folder. In a mailbox a key is an id that the server never gives
    again: the same key with the same `id` is the same message, it cannot be overwritten, and it is whole as soon as it is listed.
    A server that was restored, or another one, may give a key again: the `id` is another one then."""

    remotes: tuple[Remote, ...]
    passed_over: tuple[PassedOver, ...] = ()
    beyond: int = 0
    unnamed: int = 0
    left: frozenset[str] = frozenset()
    mailbox: str = ""

    @property
    def whole(self) -> bool:
        """Whether all that is there is in it: what is not in it is gone."""
        return not (self.beyond or self.unnamed)


@dataclass(frozen=True, slots=True)
class After:
    """What to do at the source once a message is durable here: move (to a folder), delete, leave, or mark it there as one that
    nobody may fetch any more (only in a mailbox)."""

    action: Literal["move", "delete", "leave", "mark"]
    to: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """`settled` (done; `name` is where it is now, "" where it is deleted), `gone` (was not there any more), `changed`
    (overwritten since: receive anew)."""

    outcome: Literal["settled", "gone", "changed"]
    name: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryRequest:
    """Something to deliver. `payload` is the exact bytes, `progress` all that earlier attempts recorded (empty at the first).
    `extract`: how often the other side may fetch it, where the place counts that; 0: always. `large` are the bytes in place of
    `payload`, which is empty then; only an endpoint that `DeliversPieces` is given them."""

    id: int
    path: str
    name: str
    payload: bytes
    progress: Mapping[str, str] = field(default_factory=dict)
    extract: int = 0
    large: LargePayload | None = None

    @property
    def data(self) -> Payload:
        """The bytes, wherever they are."""
        return self.large or SmallPayload(self.payload)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side answered when it accepted it: `id` is the name a person would search for there (in a mailbox the id
    of the message), `picked_up` whether somebody had fetched it already when it was looked up."""

    id: str
    detail: Mapping[str, str] = field(default_factory=dict)
    picked_up: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """It was delivered."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """It was not delivered. `wait`: seconds until that is final (a request without an answer may still be carried out)."""

    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Unclear:
    """What is there does not show it; `question` is for a person."""

    question: str


Outcome = Delivered | NotDelivered | Unclear


@dataclass(frozen=True, slots=True)
class Waiting:
    """What was delivered lies there and was not fetched."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """It was fetched: it may be fetched fewer times than when it was delivered."""


@dataclass(frozen=True, slots=True)
class Gone:
    """It is not there any more, though the mailbox is: whether somebody fetched it first does not show there."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What can be asked now says nothing of it: the server, its mailbox or the message of its id is another one. `why` says
    which, and that nobody can know."""

    why: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What was delivered to a mailbox: `id` and `detail` of its receipt, and how often it could be fetched then."""

    id: str
    extract: int
    detail: Mapping[str, str] = field(default_factory=dict)


PickedUp = Waiting | Fetched | Gone | Lost
Checkpoint = Callable[[str, Mapping[str, str]], Awaitable[None]]
"""`await checkpoint(step, facts)`: durable when it returns. Facts are merged into the request's progress, `step` under "step"."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that `ping` tried: what, whether it succeeded, milliseconds, what was found, and the remedy when it failed."""

    what: str
    ok: bool
    milliseconds: float
    sentence: str
    remedy: str = ""


class Endpoint(Protocol):
    """The interface. Implementations open no connection before the first verb; `close` is safe to call twice."""

    name: str

    async def ping(self) -> list[Check]:
        """Check this endpoint with real credentials and write nothing. Never raises: a failure is a Check with a remedy."""

    async def list(self, place: Place) -> Listing:
        """What is there now. Reads only; two calls give the same answer when nothing changed. Subfolders are not entered."""

    async def fetch(self, remote: Remote, limit: int) -> bytes:
        """The bytes of one remote, whole or not at all; more than `limit` bytes is Refused. Changes nothing at the source."""

    async def settle(self, remote: Remote, after: After, digest: str) -> Settlement:
        """Clear the source, after checking that it is still what was fetched: by size and time, and by its bytes where these do
        not tell. `changed` leaves it there. May be repeated.

        `digest` is the SHA-256 of what was fetched, in hex; it also distinguishes the name when it is taken in the folder of
        processed files."""

    async def deliver(self, request: DeliveryRequest, checkpoint: Checkpoint) -> Receipt:
        """Put the payload there exactly once, whole, under its name.

        Records its intent before the first side effect and each step after (`checkpoint`); called again with that progress
        it looks up what is there first and continues. `Disputed` when something that we did not put there is in its place.
        """

    async def probe(self, request: DeliveryRequest) -> Outcome:
        """Was it delivered? Reads only."""

    async def close(self) -> None:
        """Close all connections."""


@runtime_checkable
class DeliversPieces(Protocol):
    """An endpoint that sends the bytes of `DeliveryRequest.data` piece by piece."""

    delivers_pieces: Literal[True]


@runtime_checkable
class TracksPickup(Protocol):
    """An endpoint that can say whether what was delivered there was picked up."""

    async def picked_up(self, path: str, sent: Mapping[int, Sent]) -> Mapping[int, PickedUp]:
        """What became of messages delivered to a mailbox, by the caller's keys. Reads only, with one listing of the mailbox, and
        one lookup for each message that is missing in it. What could not be found out is left out of the answer. Raises as
        `list` does."""
