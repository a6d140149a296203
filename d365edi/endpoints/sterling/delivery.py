"""Carry out one delivery to a mailbox, or continue where it stopped: every step durable before what follows it.

What to do next is decided by `delivery_protocol`; here it is done, and what came of it is recorded: a request that certainly was
not carried out takes the step back that announced it, one without a reply gets the time of its end. A document is deleted only
where no message can have been made of it; any other one that stays is reported, for a rule of the server may still read it.

Facts in the progress, beside `step`: `document`, `message` (ids), `at`, `doubted`, `batch`, `before` (see
`delivery_protocol.Progress`), `server`, and `posted` while the request for a document has no reply.

Knows: the steps and who learns of them. Does not know: HTTP, JSON, the journal.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from d365edi import log
from d365edi.endpoints.base import (
    Checkpoint,
    Delivered,
    DeliveryRequest,
    NotDelivered,
    Outcome,
    Receipt,
    Unclear,
)
from d365edi.endpoints.sterling import delivery_protocol as protocol
from d365edi.endpoints.sterling.delivery_protocol import Absent, Found, Next, Progress, Wanted
from d365edi.endpoints.sterling.responses import Message
from d365edi.endpoints.sterling.tracking import Where
from d365edi.errors import CredentialsRejected, Disputed, EndpointError, PlaceRefused, Refused, Unavailable
from d365edi.failpoints import reach

THERE, PICKED_UP, NOT_SEEN = "there", "picked up", "not seen again"


class MessageStore(Protocol):
    """What is asked of a server. Each raises only the errors of an endpoint; a write one that is `unclear` where it may have been
    carried out."""

    async def create_document(self, name: str, payload: bytes) -> str:
        """Make a document; its id."""

    async def has_document(self, id: str) -> bool:
        """Whether a document is there."""

    async def delete_document(self, id: str) -> None:
        """Delete a document; one that is gone already is fine."""

    async def create_message(self, document: str, path: str, name: str, extract: int) -> str:
        """Make a message of a document, which may be fetched `extract` times (0: always); its id."""

    async def message(self, id: str) -> Message | None:
        """A message, None where it is gone; `closed` where it is in a mailbox that we may not view."""

    async def messages(self, name: str) -> Sequence[Message]:
        """The messages of a name, in all mailboxes."""

    async def delete_message(self, id: str) -> None:
        """Delete a message; one that is gone already is fine."""

    async def send_batch(self, path: str, name: str, payload: bytes) -> str:
        """Make document and message in one request; the id that it answers."""

    async def put_count(self, id: str, extract: int) -> None:
        """Set how often a message may still be fetched."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How deliveries of one endpoint go: seconds for which a request without a reply may still be carried out, what happens when
    no message is there after that, and from how many bytes on a file goes as a batch (None: never)."""

    unclear_for: float = 120.0
    absent: Absent = "ask"
    batch_above: int | None = None


class MailboxDelivery:
    """One delivery request at one server. `clock` tells epoch seconds."""

    def __init__(
        self, store: MessageStore, request: DeliveryRequest, rules: Rules, endpoint: str, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._request = request
        self._rules = rules
        self._endpoint = endpoint
        self._clock = clock
        self._facts = dict(request.progress)
        self._wanted = Wanted(request.path, request.name, len(request.payload))
        self._checkpoint: Checkpoint | None = None
        self._detail: dict[str, str] = {}
        self._servers: tuple[str, ...] = ()

    def at(self, where: Where) -> "MailboxDelivery":
        """The same, which records server and mailbox with what it makes there, and knows what was made elsewhere."""
        self._servers = where.servers
        self._detail |= where.facts
        return self

    @property
    def _progress(self) -> Progress:
        return Progress.of(self._facts)

    async def run(self, checkpoint: Checkpoint) -> Receipt:
        """Deliver it, or continue. Raises Disputed with a question, Refused, or Unavailable (with the seconds to wait while a
        request is outstanding)."""
        self._checkpoint = checkpoint
        try:
            return await self._run()
        except Disputed:
            raise
        except Refused as error:
            error.remedy = "; ".join(filter(None, (error.remedy, protocol.REFUSED)))
            raise

    async def _run(self) -> Receipt:
        found = Found()
        while True:
            todo = self._decide(found)
            if todo in ("there", "picked_up"):
                if await self._counted(found):
                    return self._receipt(found, todo)
                found = Found()
            elif todo in ("search", "read", "look"):
                found = await self._look_up(todo, found)
            else:
                await self._do(todo, found)
                found = Found()

    async def probe(self) -> Outcome:
        """Was it delivered? Reads only."""
        found = Found()
        while (todo := self._decide(found)) in ("search", "read", "look"):
            found = await self._look_up(todo, found)
        if todo in ("there", "picked_up", "take", "trim"):
            return Delivered(self._receipt(found, todo))
        if todo == "ask":
            return Unclear(self._question(found))
        return NotDelivered(self._left() if todo == "wait" else 0.0)

    def _decide(self, found: Found) -> Next:
        elsewhere = protocol.other_server(self._progress, self._servers)
        decided = protocol.decide(self._progress, self._wanted, found, wait=self._left(), absent=self._rules.absent)
        return elsewhere or decided

    def _question(self, found: Found) -> str:
        if protocol.other_server(self._progress, self._servers):
            return protocol.question_elsewhere(self._progress, self._wanted, self._servers[0])
        return protocol.question(self._progress, self._wanted, found)

    def _left(self) -> float:
        return self._progress.left(self._clock(), self._rules.unclear_for)

    async def _mark(self, step: str, facts: Mapping[str, str]) -> None:
        assert self._checkpoint is not None
        if self._servers and step != "asked":  # a question is about what is recorded
            facts = {**facts, "server": self._servers[0]}
        await self._checkpoint(step, facts)
        self._facts |= {**facts, "step": step}

    # -- looking up ---------------------------------------------------------------------------------------------------
    async def _look_up(self, todo: Next, found: Found) -> Found:
        if todo == "read":
            return Found(await self._read(), now=self._clock())
        if todo == "look":
            return replace(found, document=await self._store.has_document(self._progress.document))
        return Found(await self._search(), now=self._clock())

    async def _search(self) -> list[Message]:
        return protocol.ours(self._progress, self._wanted, await self._store.messages(self._wanted.name))

    async def _read(self) -> list[Message]:
        """The message of the known id. What a batch answers may be another id than that of its message: then it is searched."""
        made = await self._store.message(self._progress.message)
        if self._progress.batch and (made is None or made.name != self._wanted.name):
            return await self._search()
        return [] if made is None else [made]

    # -- doing --------------------------------------------------------------------------------------------------------
    async def _do(self, todo: Next, found: Found) -> None:
        made = found.messages or ()
        acts: Mapping[Next, Callable[[], Awaitable[None]]] = {
            "document": self._make_document,
            "message": self._make_message,
            "batch": self._send_batch,
            "take": lambda: self._take(made),
            "trim": lambda: self._trim(made),
            "again": self._make_again,
            "renew": self._renew,
            "withdraw": self._withdraw,
            "wait": self._wait,
            "ask": lambda: self._ask(found),
        }
        await acts[todo]()

    async def _make_document(self) -> None:
        above = self._rules.batch_above
        if above is not None and self._wanted.size > above:
            return await self._send_batch()
        if self._facts.get("posted"):
            self._say(
                "left", "a document of it may be there unseen, no reply came; the server purges it by its life span"
            )
        await self._mark("intent", {"posted": "1"})
        try:
            document = await self._store.create_document(self._wanted.name, self._request.payload)
        except EndpointError as error:
            if not _unclear(error):
                await self._mark("intent", {"posted": ""})
            raise
        reach("sterling.document")
        await self._mark("document", {"document": document, "posted": ""})

    async def _make_message(self) -> None:
        wanted, document = self._wanted, self._progress.document
        await self._mark("sending", {"at": self._now()})
        try:
            made = await self._store.create_message(document, wanted.path, wanted.name, self._request.extract)
        except EndpointError as error:
            await self._not_made(error)
            raise
        reach("sterling.message")
        await self._mark("message", {"message": made, "at": ""})

    async def _not_made(self, error: EndpointError) -> None:
        """Record what is known of a request for a message that failed. What was refused leaves no document behind."""
        if _unclear(error):
            await self._mark("unclear", {"at": self._now(), "doubted": "1"})
        elif isinstance(error, Refused) and not self._progress.doubted:
            await self._mark("withdrawing", {"at": ""})
            await self._withdraw()
        else:
            await self._mark("document", {"at": ""})

    async def _withdraw(self) -> None:
        """Delete a document of which no message was made. One that cannot be deleted now is reported and left."""
        document = self._progress.document
        try:
            await self._store.delete_document(document)
        except EndpointError as error:
            self._say("left", f"document {document}, whose message was refused, could not be deleted: {error.message}")
        await self._mark("intent", {"document": "", "at": ""})

    async def _send_batch(self) -> None:
        """Document and message in one request, once it is noted which messages of this name are there."""
        wanted = self._wanted
        if self._progress.batch and self._progress.step not in ("not_done", "again"):
            self._warn_of_second("no such message is there since it was sent as a batch")
        there = [each.id for each in await self._store.messages(wanted.name) if each.path == wanted.path]
        fresh = {"document": "", "message": "", "at": "", "posted": ""}
        await self._mark("intent", {"batch": "1", "before": " ".join(there), **fresh})
        try:
            made = await self._store.send_batch(wanted.path, wanted.name, self._request.payload)
        except EndpointError as error:
            await self._mark(*(("unclear", {"at": self._now()}) if _unclear(error) else ("not_done", {})))
            raise
        reach("sterling.message")
        await self._mark("message", {"message": made})

    async def _counted(self, found: Found) -> bool:
        """Whether the message may be fetched as often as is wanted. One that came in a batch may be fetched always at first: then
        its count is put, and it is read once more. A count that is there is never put again: it may have gone down."""
        here = [each for each in found.messages or () if each.path == self._wanted.path]
        if not (self._progress.batch and self._request.extract and here) or here[0].count is not None:
            return True
        try:
            await self._store.put_count(here[0].id, self._request.extract)
        except PlaceRefused:
            now = await self._store.message(here[0].id)
            if now is not None and not now.closed:
                raise
            return False  # a rule took it meanwhile
        now = await self._store.message(here[0].id)
        if now is not None and not now.closed and now.count is None:
            message = f"{self._wanted.name}: message {now.id} may still be fetched any number of times, though its count was put"
            raise Unavailable(message, endpoint=self._endpoint)
        return False

    async def _take(self, made: Sequence[Message]) -> None:
        """Record which message is ours: it was made, and the reply lost."""
        here = [each for each in made if each.path == self._wanted.path]
        await self._mark("message", {"message": here[0].id, "at": ""})

    async def _trim(self, made: Sequence[Message]) -> None:
        """Several were made. The oldest counts; the others are taken away where nobody has fetched them yet."""
        here = [each for each in made if each.path == self._wanted.path]
        for each in here[1:]:
            if each.extractable(self._clock()):
                await self._store.delete_message(each.id)
                self._say("doubled", f"message {each.id} was there beside message {here[0].id}, and was deleted again")
            else:
                self._say("doubled", f"messages {here[0].id} and {each.id} were made: the partner may have it twice")
        await self._take(here)

    async def _make_again(self) -> None:
        self._warn_of_second(f"no message of document {self._progress.document} is there")
        await self._make_message()

    def _warn_of_second(self, why: str) -> None:
        self._say("sent again", f"{why}, and it is sent again: the partner may get it twice")
        self._detail["second"] = "possible"

    async def _renew(self) -> None:
        """Forget what was made before: it was fetched, or is of no use. What may still be there is reported."""
        progress = self._progress
        if progress.document and progress.doubted:
            where = f"at {progress.server}" if protocol.other_server(progress, self._servers) else "there"
            self._say("left", f"document {progress.document} stays {where}: a rule may still read it")
        fresh = ("document", "message", "at", "doubted", "batch", "before", "posted")
        await self._mark("intent", dict.fromkeys(fresh, ""))

    async def _wait(self) -> None:
        """Raise how long it is not known yet. Where the end of the request is not known either, its time runs from now."""
        left = self._left()
        if self._progress.open_end:
            await self._mark("unclear", {"at": self._now(), "doubted": "1"})
        message = f"{self._wanted.name}: whether {self._endpoint} carried out the last request is not known yet"
        raise Unavailable(message, endpoint=self._endpoint, retry_after=left, unclear=True)

    async def _ask(self, found: Found) -> None:
        """Raise the question. That it was put is durable before, so that a release answers it."""
        question = self._question(found)
        await self._mark("asked", {"doubted": "1"})
        raise Disputed(question, endpoint=self._endpoint, remedy=protocol.remedy(self._wanted))

    # -- what came of it ----------------------------------------------------------------------------------------------
    def _receipt(self, found: Found, todo: Next) -> Receipt:
        """The message's id, its document, and whether somebody has fetched it already: not where it is only not to be seen, as
        a server may answer for a moment after it made it. Then that is asked later (`picked_up`)."""
        here = [each for each in found.messages or () if each.path == self._wanted.path]
        live = [each for each in here if each.extractable(found.now)]
        made = next(iter((*live, *here, *(found.messages or ()))), None)
        extract = self._request.extract
        moved = made is not None and todo == "picked_up"
        fetched = moved or (made is not None and bool(extract) and _fetched(made, extract, found.now))
        document = self._progress.document or (made.document if made else "")
        detail = {
            "document": document,
            "size": str(self._wanted.size),
            "outcome": NOT_SEEN if made is None else PICKED_UP if fetched else THERE,
        }
        id = made.id if made else self._progress.message
        return Receipt(id, {**detail, **self._detail}, picked_up=fetched)

    def _now(self) -> str:
        return f"{self._clock():.3f}"

    def _say(self, verb: str, sentence: str) -> None:
        log.say("WARNING", self._endpoint, verb, f"{self._wanted.name} in {self._wanted.path}: {sentence}")


def _fetched(made: Message, extract: int, now: float) -> bool:
    return not made.extractable(now) or (made.count is not None and made.count < extract)


def _unclear(error: EndpointError) -> bool:
    """Whether a request may have been carried out: never where nobody was let in, whatever answered so."""
    return isinstance(error, Unavailable) and error.unclear and not isinstance(error, CredentialsRejected)
