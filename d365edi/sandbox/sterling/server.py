"""What requests are answered from, and what all answers have in common.

Knows: the parts of one server, rights, pages of a listing. Does not know: HTTP.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..x12 import X12Address
from .forms import Row
from .mailboxes import Mailbox, MailboxState, Message
from .refusals import Refusal, bad, forbidden, not_found
from .requests import Request
from .switches import Switches
from .users import User, Users

_SCRAMBLE = 2654435761


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an answer."""

    status: int
    body: bytes
    type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Rule:
    """A routing rule: on messages in the mailbox `path` whose name fits `pattern` it does `action` (see `routing.run`), for
    which it may need another mailbox, `to`, and the `address` of an envelope."""

    name: str
    path: str
    action: Literal["keep", "delete", "deenvelope", "envelope"]
    pattern: str = "*"
    to: str = ""
    address: X12Address | None = None


@dataclass(slots=True)
class Server:
    """One server: what it keeps, its switches, its users, its routing rules, the names that Sterling File Gateway knows (None:
    it is not installed)."""

    state: MailboxState
    switches: Switches
    users: Users
    rules: list[Rule] = field(default_factory=list)
    partners: list[str] | None = field(default_factory=list)

    # ----------------------------------------------------------------------------------------------- who may do what
    def permit(self, user: User, right: str, mailbox: Mailbox) -> None:
        """Refuse what the user may not do with a mailbox."""
        if not user.may(right, mailbox.path):
            forbidden(f"user {user.name} has no right to {right} {mailbox.path}")

    def mailbox_at(self, path: str) -> Mailbox:
        """The mailbox of an absolute path."""
        if not path.startswith("/"):
            bad(f"The mailbox path must be absolute: {path}")
        return self.state.find(path) or not_found(f"mailbox {path}")

    def message(self, request: Request, right: str) -> Message:
        """The message that an address names, where the user has this right on its mailbox."""
        found = self.state.messages.get(request.number())
        if found is None or found.gone:
            not_found(f"mailbox message {request.id}")
        self.permit(request.user, right, self.state.mailboxes[found.mailbox])
        return found

    def check_deletion(self, request: Request) -> None:
        """Refuse a DELETE whose body is not in the form that this server takes."""
        request.json({})
        wanted = self.switches.delete
        if (wanted == "bare" and request.body) or (wanted == "empty" and not request.body):
            bad(f"The body of a DELETE must be {'absent' if request.body else '{}'}")

    # ---------------------------------------------------------------------------------------------------- answers
    def listing(self, request: Request, rows: Sequence[Callable[[], Row]]) -> bytes:
        """The page of a listing that a request asks for, of rows that are made when they are on it."""
        if not rows:
            return self.no_rows()
        first, last = request.range()
        cap = self.switches.page_cap or len(rows)
        return encoded([row() for row in rows[first : min(last + 1, first + cap)]])

    def no_rows(self) -> bytes:
        """A listing without rows."""
        if self.switches.empty == "404":
            not_found("no records")
        if self.switches.empty == "400":
            raise Refusal(400, "No records found")
        return b"[]"

    def named(self, request: Request) -> Callable[[str], bool]:
        """Whether a name fits the parameter `name`, if there is one, in the way of this server."""
        wanted = request.query.get("name")
        if wanted is None:
            return like("%")
        if self.switches.name_filter == "prefix":
            return lambda name: name.startswith(wanted)
        if self.switches.name_filter == "%":
            return like(wanted)
        return lambda name: name == wanted


Handler = Callable[[Server, Request], Answer]
Routes = dict[tuple[str, str, str], Handler]
"""What answers a request, by method, collection and `*` (the collection), `id` (one of it) or an action."""


def like(pattern: str) -> Callable[[str], bool]:
    """Whether a text fits a pattern in which % stands for any characters."""
    found = re.compile(".*".join(re.escape(part) for part in pattern.split("%")), re.DOTALL)
    return lambda text: found.fullmatch(text) is not None


def scrambled(messages: Iterable[Message]) -> list[Message]:
    """Messages in the order of the server: always the same, and neither by id nor by date."""
    return sorted(messages, key=lambda message: message.id * _SCRAMBLE & 0xFFFFFFFF)


def encoded(value: Any) -> bytes:
    """A JSON body."""
    return json.dumps(value, separators=(",", ":")).encode()


def ok(value: Any) -> Answer:
    """200 with this body."""
    return Answer(200, encoded(value))
