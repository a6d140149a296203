"""Message batches: documents and messages by one multipart request, without Base64.

A message that comes this way may be fetched always; nothing in the request says otherwise. The id in the answer is that of the
message, or those of all joined by `_`.

Knows: the resource of the reference, multipart/form-data (RFC 7578) as far as clients send it. Does not know: HTTP, logins.
"""

from dataclasses import dataclass
from email.message import Message as Headers
from email.parser import BytesParser
from email.policy import HTTP

from . import forms
from .refusals import Refusal, bad, not_found
from .requests import Request
from .server import Answer, Routes, Server, encoded, ok

LINE = b"\r\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form: its name, its file's name ("" for none) and its bytes."""

    name: str
    file: str
    data: bytes


def create(server: Server, request: Request) -> Answer:
    """Put each file of the form into its mailbox: one mailbox for all, or one for each."""
    parts = _parts(request.headers.get("content-type", ""), request.body)
    files = [part for part in parts if part.name == "upstream"]
    paths = [part.data.decode("latin-1") for part in parts if part.name == "mailboxName"]
    for part in parts:
        if part.name not in ("upstream", "mailboxName"):
            bad(f"Unrecognized part: {part.name}")
    if not files or len(paths) not in (1, len(files)) or not all(part.file for part in files):
        bad("A batch needs a file upstream with a name, and a mailboxName for it")
    mailboxes = [server.mailbox_at(path) for path in (paths if len(paths) == len(files) else paths * len(files))]
    for mailbox in mailboxes:
        server.permit(request.user, "write", mailbox)
    by = request.user.name
    made = [
        server.state.put(mailbox.path, part.file, part.data, by=by, always=True)
        for mailbox, part in zip(mailboxes, files, strict=True)
    ]
    descriptor = "_".join(str(message.id) for message in made)
    return Answer(201, encoded(forms.location(request.base, "messagebatches", descriptor, server.switches)))


def read(server: Server, request: Request) -> Answer:
    """The messages of one batch, by its descriptor."""
    request.knows({"descriptor"})
    descriptor = request.query.get("descriptor", "")
    ids = descriptor.split("_")
    if not all(id.isdecimal() for id in ids):
        bad("Query parameter descriptor is required")
    found = [server.state.messages.get(int(id)) for id in ids]
    there = [message for message in found if message is not None and not message.gone]
    if not there:
        not_found(f"message batch {descriptor}")
    box = server.state.mailboxes[there[0].mailbox]
    server.permit(request.user, "view", box)
    rows = [{"id": message.id, "name": message.name} for message in there]
    return ok([{"descriptor": descriptor, "mailboxName": box.path, "messageCount": len(rows), "messages": rows}])


def _parts(kind: str, body: bytes) -> list[Part]:
    headers = Headers()
    headers["content-type"] = kind
    boundary = headers.get_boundary()
    if headers.get_content_type() != "multipart/form-data" or not boundary:
        raise Refusal(415, "Unsupported Media Type", page=True)
    first, *rest = (LINE + body).split(LINE + b"--" + boundary.encode())
    if not rest or first or not rest[-1].startswith(b"--"):
        bad("The form has no end")
    return [_part(each) for each in rest[:-1]]


def _part(data: bytes) -> Part:
    head, found, body = data.removeprefix(LINE).partition(LINE + LINE)
    headers = BytesParser(policy=HTTP).parsebytes(head + LINE + LINE, headersonly=True)
    name = headers.get_param("name", "", "content-disposition")
    if not found or not isinstance(name, str) or not name:
        bad("A part of the form has no name")
    return Part(name, headers.get_filename("") or "", body)


ROUTES: Routes = {("POST", "messagebatches", "*"): create, ("GET", "messagebatches", "*"): read}
"""What answers them."""
