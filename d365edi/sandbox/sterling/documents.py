"""Documents: what each request does, and what it refuses.

Knows: the resource of the reference. Does not know: HTTP, logins, mailboxes beyond who may reach a document through them.
"""

import base64
import binascii

from . import forms
from .mailboxes import Document
from .refusals import bad, forbidden, not_found
from .requests import Request, is_on
from .server import Answer, Routes, Server, encoded, ok

DOCUMENT: dict[str, type] = dict.fromkeys(
    (
        "payload", "documentName", "bodyName", "subject", "characterEncoding", "contentType", "contentSubtype",
        "storageType",
    ),
    str,
)  # fmt: skip


def list_documents(server: Server, request: Request) -> Answer:
    """What is known of one document, without its payload."""
    request.knows({"documentId"})
    if not request.query.get("documentId"):
        bad("Query parameter documentId is required")
    found = server.state.documents.get(request.query["documentId"])
    if found is None:
        return Answer(200, server.no_rows())
    _reachable(server, request, found, "view")
    stamp = forms.date(found.created, server.switches)
    row = {"documentId": found.id, **found.said, "bodySize": found.size, "createTime": stamp, "modifiedTime": stamp}
    return ok([{**row, "lifeSpan": found.life_span} if found.life_span is not None else row])


def create_document(server: Server, request: Request) -> Answer:
    """Keep a payload in Base64, with or without line breaks, or as text."""
    given = request.json({**DOCUMENT, "isPlainText": bool, "lifeSpan": int})
    if "payload" not in given:
        bad("Field payload is required")
    text, plain = given.pop("payload"), is_on(given.pop("isPlainText", False))
    made = server.state.add_document(text.encode() if plain else _decoded(text), by=request.user.name, **given)
    return Answer(201, encoded(forms.location(request.base, "documents", made.id, server.switches)))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        bad("The payload is not Base64")


def delete_document(server: Server, request: Request) -> Answer:
    """Delete a document; a message that carries it has no payload from then on."""
    document = _document(server, request, "delete")
    server.check_deletion(request)
    server.state.delete_document(document.id)
    return ok(forms.rows_affected(server.switches))


def get_payload(server: Server, request: Request) -> Answer:
    """The bytes of a document, in Base64 or as text."""
    document = _document(server, request, "read")
    request.knows({"isPlainText"})
    in_query, in_body = "isPlainText" in request.query, bool(request.body)
    if (server.switches.payload == "body" and not in_body) or (server.switches.payload == "query" and not in_query):
        bad(f"isPlainText is expected in the {server.switches.payload}")
    given = request.json({"isPlainText": bool})
    plain = is_on(request.query.get("isPlainText") or given.get("isPlainText"))
    data = server.state.payload(document.id)
    if server.switches.getpayload_counts:
        for message in server.state.of_document(document.id):
            if message.count:
                server.state.change(message, count=message.count - 1)
    return ok({"response": data.decode("utf-8", "replace") if plain else forms.base64_of(data, server.switches)})


def _document(server: Server, request: Request, right: str) -> Document:
    """The document that an address names, in the form that this server takes."""
    if (server.switches.colon == "raw" and "%3a" in request.raw_id.lower()) or (
        server.switches.colon == "encoded" and ":" in request.raw_id
    ):
        bad(f"Invalid document id: {request.raw_id}")
    found = server.state.documents.get(request.id)
    if found is None:
        not_found(f"document {request.id}")
    _reachable(server, request, found, right)
    return found


def _reachable(server: Server, request: Request, document: Document, right: str) -> None:
    """Refuse a document that is not the user's and lies in no mailbox, and never lay in one, on which it has the right."""
    mailboxes = [server.state.mailboxes.get(message.mailbox) for message in server.state.carried(document.id)]
    paths = [mailbox.path for mailbox in mailboxes if mailbox is not None]
    if document.by != request.user.name and not any(request.user.may(right, path) for path in paths):
        forbidden(f"user {request.user.name} has no right to {right} document {document.id}")


ROUTES: Routes = {
    ("GET", "documents", "*"): list_documents,
    ("POST", "documents", "*"): create_document,
    ("DELETE", "documents", "id"): delete_document,
    ("POST", "documents", "getpayload"): get_payload,
}
"""What answers them."""
