"""Mailboxes, their contents and messages: what each request does, and what it refuses.

Knows: the resources of the reference. Does not know: HTTP, logins.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from . import forms
from .mailboxes import Mailbox, Message
from .refusals import bad, forbidden, not_found
from .requests import Request, is_on
from .server import Answer, Routes, Server, encoded, like, ok, scrambled

POLICIES: dict[str, type] = {"extractableAlways": bool, "extractableCount": int, "extractableUntil": str}
NAME = 255


# ------------------------------------------------------------------------------------------------------ mailboxes
def list_mailboxes(server: Server, request: Request) -> Answer:
    """Mailboxes whose path begins as `path` does, or fits it where it has a %."""
    request.knows({"path"})
    wanted = request.query.get("path", "")
    fits = like(wanted) if "%" in wanted else lambda path: path.startswith(wanted)
    found = [
        mailbox
        for mailbox in server.state.mailboxes.values()
        if fits(mailbox.path) and _any_right(request, mailbox.path)
    ]
    return Answer(200, server.listing(request, [partial(_mailbox, server, request, each) for each in found]))


def read_mailbox(server: Server, request: Request) -> Answer:
    """One mailbox by its id."""
    mailbox = server.state.mailboxes.get(request.number())
    if mailbox is None:
        not_found(f"mailbox {request.id}")
    if not _any_right(request, mailbox.path):
        forbidden(f"user {request.user.name} has no right on {mailbox.path}")
    return ok(_mailbox(server, request, mailbox))


def _any_right(request: Request, path: str) -> bool:
    return any(request.user.may(right, path) for right in ("read", "write", "view", "delete"))


def _mailbox(server: Server, request: Request, mailbox: Mailbox) -> forms.Row:
    return forms.mailbox_row(mailbox, request.base, server.users.named)


def list_contents(server: Server, request: Request) -> Answer:
    """Mailboxes directly below a mailbox, and the messages that lie in it."""
    request.knows({"parentMailboxId", "type", "detail", "name"})
    id = request.query.get("parentMailboxId", "")
    if not id.isdecimal():
        bad(f"parentMailboxId is required and must be a number: {id}")
    mailbox = server.state.mailboxes.get(int(id))
    if mailbox is None:
        not_found(f"mailbox {id}")
    server.permit(request.user, "view", mailbox)
    key = (tuple(sorted(request.query.items())), server.switches.shape())
    if key not in mailbox.pages:
        mailbox.pages[key] = server.listing(request, _contents(server, request, mailbox))
    return Answer(200, mailbox.pages[key])


def _contents(server: Server, request: Request, mailbox: Mailbox) -> list[Callable[[], forms.Row]]:
    kind, detail = request.query.get("type"), is_on(request.query.get("detail"))
    fits = server.named(request)
    rows: list[Callable[[], forms.Row]] = []
    if kind in (None, "mailbox"):
        children = server.state.children(mailbox)
        children = [each for each in children if fits(each.path.rpartition("/")[2])]
        rows += [partial(forms.child_row, each, server.switches, detail) for each in children]
    if kind in (None, "message"):
        messages = [each for each in scrambled(mailbox.messages.values()) if fits(each.name)]
        if server.switches.marked == "hidden":
            messages = [each for each in messages if each.extractable(server.state.now())]
        rows += [partial(forms.content_row, each, server.switches, detail) for each in messages]
    return rows


# ------------------------------------------------------------------------------------------------------- messages
def list_messages(server: Server, request: Request) -> Answer:
    """Messages of a name, in any mailbox that the user may view."""
    request.knows({"name"})
    fits = server.named(request)
    found = [
        message
        for mailbox in server.state.mailboxes.values()
        if request.user.may("view", mailbox.path)
        for message in mailbox.messages.values()
        if fits(message.name)
    ]
    return Answer(200, server.listing(request, [partial(_message, server, request, each) for each in scrambled(found)]))


def read_message(server: Server, request: Request) -> Answer:
    """One message by its id."""
    return ok(_message(server, request, server.message(request, "view")))


def _message(server: Server, request: Request, message: Message) -> forms.Row:
    path = server.state.mailboxes[message.mailbox].path
    return forms.message_row(message, path, request.base, server.switches)


def create_message(server: Server, request: Request) -> Answer:
    """Put a document into a mailbox."""
    given = request.json({"documentId": str, "mailboxPath": str, "name": str, **POLICIES})
    for field in ("documentId", "mailboxPath", "name"):
        if not given.get(field):
            bad(f"Field {field} is required")
    if len(given["name"]) > NAME:
        bad(f"The name has more than {NAME} characters")
    policy = _policy(given) or {"count": 1}
    mailbox = server.mailbox_at(given["mailboxPath"])
    server.permit(request.user, "write", mailbox)
    document = server.state.documents.get(given["documentId"])
    if document is None:
        not_found(f"document {given['documentId']}", 400)
    if server.switches.documents_once and server.state.of_document(document.id):
        bad(f"Document {document.id} belongs to another message")
    made = server.state.add_message(document.id, mailbox, given["name"], by=request.user.name, **policy)
    return Answer(201, encoded(forms.location(request.base, "mailboxmessages", str(made.id), server.switches)))


def _policy(given: dict[str, Any]) -> dict[str, Any]:
    """How long a message may be fetched, as its fields; none is said: nothing."""
    said = [field for field in POLICIES if field in given]
    if len(said) > 1:
        bad("Multiple Extractable Types Specified")
    if not said:
        return {}
    value = given[said[0]]
    if said[0] == "extractableAlways":
        return {"always": is_on(value), "count": None if is_on(value) else 0, "until": None}
    if said[0] == "extractableCount":
        if value < 0:
            bad(f"Field extractableCount cannot be {value}")
        return {"always": False, "count": value, "until": None}
    return {"always": False, "count": None, "until": _until(value)}


def _until(text: str) -> float:
    if not re.fullmatch(r"\d{8}T\d{4}", text):
        bad(f"Field extractableUntil is not yyyyMMddThhmm: {text}")
    return datetime.strptime(text, "%Y%m%dT%H%M").replace(tzinfo=UTC).timestamp()


def update_message(server: Server, request: Request) -> Answer:
    """Change how long a message may be fetched, or offer it to the rules once more."""
    message = server.message(request, "write")
    given = request.json({**POLICIES, "resubmitMessage": bool})
    changes = _policy(given)
    if is_on(given.get("resubmitMessage")):
        changes["routable"] = True
    if not changes:
        bad("Nothing to update")
    if changes.get("count") != 0 or server.switches.marked != "ignored":
        server.state.change(message, **changes)
    return ok(forms.rows_affected(server.switches))


def delete_message(server: Server, request: Request) -> Answer:
    """Delete a message; its document stays for the server's own schedule."""
    server.check_deletion(request)
    server.state.remove(server.message(request, "delete"), f"deleted by {request.user.name}")
    return ok(forms.rows_affected(server.switches))


def move_message(server: Server, request: Request) -> Answer:
    """Move a message into a mailbox that there is."""
    message = server.message(request, "delete")
    given = request.json({"path": str})
    mailbox = server.mailbox_at(given.get("path", ""))
    server.permit(request.user, "write", mailbox)
    server.state.move(message, mailbox)
    return ok({"response": "Message moved"})


def extract_message(server: Server, request: Request) -> Answer:
    """Fetch a message as partners do: it uses up the count, whether the answer arrives or not."""
    message = server.message(request, "read")
    request.json({})
    if not message.extractable(server.state.now()):
        bad(f"Message {message.id} is not extractable")
    data = server.state.take(message)
    return ok({"response": forms.base64_of(data, server.switches)})


ROUTES: Routes = {
    ("GET", "mailboxes", "*"): list_mailboxes,
    ("GET", "mailboxes", "id"): read_mailbox,
    ("GET", "mailboxcontents", "*"): list_contents,
    ("GET", "mailboxmessages", "*"): list_messages,
    ("GET", "mailboxmessages", "id"): read_message,
    ("POST", "mailboxmessages", "*"): create_message,
    ("PUT", "mailboxmessages", "id"): update_message,
    ("DELETE", "mailboxmessages", "id"): delete_message,
    ("POST", "mailboxmessages", "movemailboxmessage"): move_message,
    ("POST", "mailboxmessages", "extractmailboxmessage"): extract_message,
}
"""What answers them."""
