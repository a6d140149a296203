"""How a message comes into a mailbox exactly once: what to do next, from the recorded progress and from what is found. Pure.

A document is made first, then a message of it. Neither request has an idempotency key, and one without a reply may have been
carried out, or may be later. A document without a message is seen by nobody, so that one is simply made again; a message is
looked up by its document first:

    step         found                                        next
    (none)                                                    make a document
    intent                                                    make a document (an earlier one may be there, unseen)
    document                                                  make the message: no request for it is outstanding
    sending,     one with our document                        delivered; in another mailbox: a rule took it
    unclear      several in our mailbox                       delivered, after the younger ones are taken away
                 none, its request may still be carried out   wait
                 none after that, the document is there       by `absent`: ask, or make the message of the same document again
                 none after that, the document is gone        ask
    message      there                                        delivered
                 elsewhere, also where we may not view it     delivered and picked up
                 gone                                         delivered; whether it was picked up is asked later
                 there, with another name or size             ask
    asked                                                     as before the question: no person has answered it yet
    again        none                                         a person has answered: make the message of the same document
                 none, and the document is gone               make both
    intent of a  there, and may be fetched                    delivered
    replay       picked up or gone                            make both
    withdrawing                                               delete the document whose message was refused, then as intent

`sending` is durable directly before the request for the message and says nothing of its end: whoever finds it knows only that the
process that sent it is gone, so its time runs from then. `unclear` has the time of the end of a request without a reply.

A batch is one request for both, and has no document by which it is known. The ids of the messages of its name are noted with
`intent` before it, and what is there afterwards and was not noted, with its name and size in its mailbox, is it. `not_done` says
that its request certainly was not carried out.

Where the server is another one by now (`other_server`) nothing can be looked up: what may have been carried out at the former
one is asked about, everything else is made anew.

Knows: steps, messages and this table. Does not know: HTTP, JSON, the journal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from d365edi.endpoints.sterling.responses import Message

Absent = Literal["ask", "again"]
Next = Literal[
    "document", "message", "batch", "search", "read", "look", "wait", "take", "trim", "picked_up", "there", "ask", "again",
    "renew", "withdraw",
]  # fmt: skip
"""document: make the document · message: make the message of it · batch: send both in one request · search: messages must be
looked up by name · read: the message must be read by its id · look: it must be known whether the document is there · wait: the
request may still be carried out · take: this is our message, record its id · trim: the same, and take the younger ones away ·
picked_up, there: delivered · ask: a person decides · again: make the message again unasked, and report a possible second one ·
renew: forget document and message and make both anew · withdraw: delete the document."""

OUTSTANDING = frozenset({"sending", "unclear", "asked"})
"""Steps at which a request for the message may have been carried out."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is delivered: the mailbox, the file's name, its size in bytes."""

    path: str
    name: str
    size: int


def age(message: Message) -> tuple[float, int, str]:
    """What orders messages by their age, the oldest first: creation date, then id."""
    return message.created or 0.0, int(message.id) if message.id.isdecimal() else 0, message.id


@dataclass(frozen=True, slots=True)
class Progress:
    """What earlier attempts recorded. `document` and `message` are ids ("" where none is known), `at` is when the last request
    ended that may have been carried out (None: no such request, or its end is not known), `doubted` whether one for a message of
    this document ever was, `batch` whether it goes in one request, `before` the ids that were there before it, `server` the
    address of the server that all this is of ("" where it was not recorded)."""

    step: str = ""
    document: str = ""
    message: str = ""
    at: float | None = None
    doubted: bool = False
    batch: bool = False
    before: frozenset[str] = frozenset()
    server: str = ""

    @classmethod
    def of(cls, facts: Mapping[str, str]) -> "Progress":
        """Read from the facts of a delivery request; unknown ones are left out."""
        at = facts.get("at", "")
        return cls(
            facts.get("step", ""),
            facts.get("document", ""),
            facts.get("message", ""),
            float(at) if at else None,
            bool(facts.get("doubted")),
            bool(facts.get("batch")),
            frozenset(facts.get("before", "").split()),
            facts.get("server", ""),
        )

    @property
    def open_end(self) -> bool:
        """Whether a request was sent of which nothing is known, not even when it ended."""
        return self.step == "sending" or (self.step == "intent" and self.batch and self.at is None and not self.message)

    def left(self, now: float, unclear_for: float) -> float:
        """Seconds for which the last request may still be carried out: at most `unclear_for`, whatever the clock did since."""
        if self.open_end:
            return unclear_for
        return 0.0 if self.at is None else min(max(self.at + unclear_for - now, 0.0), unclear_for)


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked up: the messages that may be ours (None: not looked up), and whether the document is there (None: not
    looked up); `now` is the time by which a message may be fetched or not, in epoch seconds."""

    messages: Sequence[Message] | None = None
    document: bool | None = None
    now: float = 0.0


def ours(progress: Progress, wanted: Wanted, messages: Sequence[Message]) -> list[Message]:
    """Those of the messages of a name that were made by this delivery, the oldest first: by their document, wherever a rule put
    them; of a batch those in its mailbox that were not there before and have its size."""
    named = (each for each in messages if each.name == wanted.name)
    if progress.batch:
        new = (each for each in named if each.path == wanted.path and each.id not in progress.before)
        return sorted((each for each in new if each.size in (None, wanted.size)), key=age)
    same = (each for each in named if progress.document and each.document == progress.document)
    return sorted(same, key=age)


def other_server(progress: Progress, servers: Sequence[str]) -> Next | None:
    """What to do where what was recorded is of another server than this one (`servers`: its addresses); None where it is not, or
    where nothing of it is there."""
    if not (progress.server and servers) or progress.server in servers:
        return None
    posted = progress.batch and progress.step == "intent" and not progress.message
    if progress.step == "message" or progress.step in OUTSTANDING or posted:
        return "ask"
    return "renew" if progress.document or progress.message or progress.batch else None


def decide(progress: Progress, wanted: Wanted, found: Found, *, wait: float, absent: Absent) -> Next:
    """What to do next (the table at the top). `wait` is what `Progress.left` says; `found.messages` are those that `ours` chose,
    or at `message` the one of that id."""
    step = progress.step
    if step == "message":
        return _decide_made(wanted, found)
    if progress.message:
        return _decide_replay(wanted, found, wait, "read") if step == "intent" else _decide_other(progress, found)
    if progress.batch:
        return _decide_batch(progress, found, wait, absent)
    if step == "intent" and progress.document:
        return _decide_replay(wanted, found, wait, "search")
    first: Mapping[str, Next] = {"": "document", "intent": "document", "document": "message", "withdrawing": "withdraw"}
    return first.get(step) or _decide_outstanding(progress, wanted, found, wait, absent)


def _decide_made(wanted: Wanted, found: Found) -> Next:
    """The id of the message is known."""
    if found.messages is None:
        return "read"
    if not found.messages or found.messages[0].path != wanted.path:
        return "picked_up"
    return "ask" if difference(wanted, found.messages[0]) else "there"


def _decide_other(progress: Progress, found: Found) -> Next:
    """The message of a known id is not what was sent; a person has seen that, or has to."""
    if progress.step == "again":
        return "renew"
    return "read" if found.messages is None else "ask"


def _decide_replay(wanted: Wanted, found: Found, wait: float, lookup: Next) -> Next:
    """It was delivered before, and is to be there once more where it is not there to be fetched."""
    if found.messages is None:
        return lookup
    if any(each.path == wanted.path and each.extractable(found.now) for each in found.messages):
        return "there"
    return "wait" if wait > 0 else "renew"


def _decide_outstanding(progress: Progress, wanted: Wanted, found: Found, wait: float, absent: Absent) -> Next:
    """A request for the message may have been carried out, or a person has just decided."""
    if found.messages is None:
        return "search"
    if found.messages:
        here = [each for each in found.messages if each.path == wanted.path]
        return "trim" if len(here) > 1 else "take" if here else "picked_up"
    if wait > 0:
        return "wait"
    if found.document is None:
        return "look"
    if progress.step == "again":
        return "message" if found.document else "renew"
    return "again" if found.document and absent == "again" else "ask"


def _decide_batch(progress: Progress, found: Found, wait: float, absent: Absent) -> Next:
    released, made = progress.step == "again", found.messages
    if progress.step in ("", "not_done"):
        return "batch"
    if made is None or len(made) == 1:
        return "search" if made is None else "take"
    if not made and wait > 0:
        return "wait"
    return "batch" if released or (not made and absent == "again") else "ask"


def difference(wanted: Wanted, made: Message) -> str:
    """How what was made differs from what was sent, in words; "" where it does not."""
    if made.closed:
        return "it is in a mailbox now that we may not view"
    if made.name != wanted.name:
        return f'its name is "{made.name}" there and "{wanted.name}" here'
    if made.size not in (None, wanted.size):
        return f"it has {made.size} bytes there and {wanted.size} here"
    return ""


def question(progress: Progress, wanted: Wanted, found: Found) -> str:
    """What a person has to decide, naming mailbox, file and document."""
    what = f'"{wanted.name}" in {wanted.path}'
    made = found.messages or ()
    document = f"document {progress.document}" if progress.document else "a batch"
    if progress.message:
        told = difference(wanted, made[0]) if made else "it differs from what was sent"
        return f"{what}: message {progress.message} ({document}) was made, but {told}"
    if len(made) > 1:
        ids = ", ".join(each.id for each in made)
        return f"{what}: messages {ids} are there since it was sent as {document}; which of them is it?"
    asked = f"{what}: no clear answer came about its message ({document}), and no such message is there"
    if progress.batch:
        return f"{asked}: was it never made, or was it picked up and deleted meanwhile?"
    if found.document:
        return f"{asked}, though its document is: was it never made, or was it picked up and deleted meanwhile?"
    return f"{asked}, nor its document: was it picked up, or cleared away?"


def question_elsewhere(progress: Progress, wanted: Wanted, server: str) -> str:
    """The same where the server is `server` by now, and another one than what was recorded is of."""
    document = f"document {progress.document}" if progress.document else "a batch"
    made = f", message {progress.message}" if progress.message else ""
    sent = f'"{wanted.name}" in {wanted.path}: it was sent to {progress.server} ({document}{made})'
    return f"{sent}, and the server is {server} now, which knows nothing of it: did the partner get it there?"


def remedy(wanted: Wanted) -> str:
    """What settles such a question: both commands."""
    again = f"d365edi release {wanted.name} puts it there once more"
    return f'ask the partner whether they have it: {again}, d365edi reject {wanted.name} --why "..." if they have it'


REFUSED = "once that is fixed, release this one to send it; or reject this one"
"""What settles a delivery that was refused; whoever shows it writes the commands."""
