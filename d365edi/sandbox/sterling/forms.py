"""How the server writes what it says: rows, dates, truth values, addresses of what was made, and all of it in XML.

Knows: the forms, by the switches. Does not know: what is asked for.
"""

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from .mailboxes import Mailbox, Message
from .switches import Switches

Row = dict[str, Any]


def date(moment: float, switches: Switches) -> str:
    """A creationDate, in the server's own zone."""
    offset = switches.offset
    digits = offset.strip("+-Z").replace(":", "") or "0000"
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * (-1 if offset[0] == "-" else 1)
    local = datetime.fromtimestamp(moment, UTC).astimezone(timezone(away))
    fraction = local.microsecond // 1000 if switches.resolution == "milliseconds" else 0
    return f"{local:%Y-%m-%dT%H:%M:%S}.{fraction:03}{offset}"


def coded(value: Any, display: str) -> Row:
    """A value as `{code, display}`."""
    return {"code": value, "display": display}


def policy(message: Message, switches: Switches, *, listed: bool) -> Row:
    """The field that says how long a message may be fetched, and no other."""
    everywhere = switches.coded == "everywhere"
    if message.always:
        if everywhere or (switches.coded == "messages" and not listed):
            return {"extractableAlways": coded(True, "Yes")}
        return {"extractableAlways": "true" if listed else True}
    if message.until is not None:
        return {"extractableUntil": date(message.until, switches)}
    count = message.count or 0
    return {"extractableCount": coded(count, str(count)) if everywhere else count}


def message_row(message: Message, path: str, base: str, switches: Switches) -> Row:
    """One of mailboxmessages."""
    href = f"{base}mailboxmessages/{message.id}"
    return {
        "_id": str(message.id),
        "_title": message.name,
        "$ref": href,
        "href": href,
        "actions": {"href": f"{href}/actions/", "$ref": f"{href}/actions/"},
        "id": message.id,
        "name": message.name,
        "mailboxId": message.mailbox,
        "mailboxPath": path,
        "creationDate": date(message.created, switches),
        "size": message.size,
        "documentId": message.document,
        **policy(message, switches, listed=False),
    }


def content_row(message: Message, switches: Switches, detail: bool) -> Row:
    """A message in mailboxcontents; three fields without detail."""
    kind: Any = coded("message", "Message") if switches.coded == "everywhere" else "message"
    row: Row = {"id": message.id, "name": message.name, "type": kind}
    if detail:
        row |= {
            "creationDate": date(message.created, switches),
            "size": message.size,
            "documentId": message.document,
            **policy(message, switches, listed=True),
        }
    return row


def child_row(child: Mailbox, switches: Switches, detail: bool) -> Row:
    """A mailbox in mailboxcontents."""
    kind: Any = coded("mailbox", "Mailbox") if switches.coded == "everywhere" else "mailbox"
    row: Row = {"id": child.id, "name": child.path.rpartition("/")[2], "type": kind}
    return {**row, "description": child.description} if detail else row


def mailbox_row(mailbox: Mailbox, base: str, users: Iterable[str]) -> Row:
    """One of mailboxes."""
    return {
        "_id": mailbox.id,
        "href": f"{base}mailboxes/{mailbox.id}",
        "path": mailbox.path,
        "description": mailbox.description,
        "mailboxType": coded("R", "Regular"),
        "users": ",".join(users),
        "groups": "",
    }


def location(base: str, collection: str, id: str, switches: Switches) -> Row:
    """What a creation answers."""
    if switches.location == "other-host":
        base = "https://node2.internal:35006/B2BAPIs/svc/"
    elif switches.location == "relative":
        base = "/B2BAPIs/svc/"
    if switches.location == "%3A":
        id = quote(id, safe="")
    return {"Location": f"{base}{collection}/{id}"}


def rows_affected(switches: Switches) -> Row:
    """What an update or a deletion answers."""
    return {"rowsAffected": 1 if switches.rows == "int" else "1"}


def base64_of(data: bytes, switches: Switches) -> str:
    """A payload."""
    encoded = base64.encodebytes(data) if switches.base64 == "wrapped" else base64.b64encode(data)
    return encoded.decode("ascii")


def as_xml(body: bytes) -> bytes:
    """A JSON answer as the XML that comes without `Accept: application/json`."""
    return b'<?xml version="1.0" encoding="UTF-8"?>' + _element("Response", json.loads(body)).encode()


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        inner = "".join(_element("Item", each) for each in value)
    elif isinstance(value, dict):
        inner = "".join(_element(key.lstrip("_$"), each) for key, each in value.items())
    else:
        inner = escape(str(value))
    return f"<{name}>{inner}</{name}>"
