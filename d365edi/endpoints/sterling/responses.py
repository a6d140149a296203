"""What Sterling's REST API answers, read into values: every form that a client or IBM's own description has shown. Pure.

A value comes as a scalar, as text or as `{"code": ..., "display": ...}`; what was created is named by a Location in the body,
whose host is the one that the server takes itself for; an error spells `errorDescription` or `errorDiscription`, or is an HTML
page, XML or the text of a Java exception; Base64 may have line breaks, and they and other signs may be escaped.

Knows: bodies. Does not know: requests, statuses, mailboxes by name.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import unquote, urlsplit

from d365edi.odata import canonical
from d365edi.odata.errors import cut, page_sentence, tidy

Record = dict[str, Any]

NOT_FOUND = "API000464"
"""Sterling's own code for an object that is not there, whatever the status beside it."""

_TRUE, _FALSE = frozenset({"true", "yes", "y", "1"}), frozenset({"false", "no", "n", "0"})
_API = re.compile(r"\bAPI\d{6}\b")
_JAVA = re.compile(r"\b[A-Z]\w+(?:Exception|Error)\b|\bjava[x]?\.\w+|\bat [\w.$]+\(\w+\.java")
_OBJECT = r"(?:rows?|records?|messages?|documents?|mailbox(?:es)?|results?|entry|entries|items?|objects?)"
# "No messages for x were found", "message 7 does not exist": only what names objects, their ids and no other thing of the server.
_WHICH = r"(?: (?:with|for|in|of|at|by|named|having)\b.{1,300}?)?"
_NAMED = r"(?: with)?(?: (?:id|name|key|path|number))?(?:[ :=#]+(?:[\"'(\[].{0,300}?[\"')\]]|\S*[\d/:.]\S*))?"
_AUXILIARY = r"(?: (?:is|are|was|were|has been|have been|could be|can be))?"
_NONE = re.compile(
    rf"\bno (?:such |matching |more |mailbox )*{_OBJECT}{_WHICH}{_AUXILIARY} (?:found|exists?|match\w*|returned|selected)\b"
    rf"|\bno (?:such|matching) {_OBJECT}(?= (?:with|for|in|of|at|named)\b|[.,;:!(]|$)"
    rf"|\b{_OBJECT}{_NAMED}(?: (?:does|do|did) not exist| no longer exists?|{_AUXILIARY} not found| (?:could|can) ?not be found"
    r")\b"
    r"|\bnone (?:was |were )?found\b",
    re.IGNORECASE | re.DOTALL,
)
_BUT = re.compile(
    r"(?<![\w./-])(?:because|due to|connection|session|database|permission|authori\w+|exception)(?![\w/-]|\.\w)",
    re.IGNORECASE,
)
_PASSWORD = re.compile(r"type\s*=\s*[\"']?password|j_security_check", re.IGNORECASE)
_TAG = re.compile(r"<(errorDescription|errorDiscription)[^>]*>(.*?)</\1", re.DOTALL)
_OFFSET = re.compile(r"([+-]\d\d):?(\d\d)$|[zZ]$")
_COMPACT = re.compile(r"(\d{8}T\d{4})(\d\d)?$")
_RESPONSE = re.compile(rb'"response"\s*:\s*(?:"([^"]*)"|null)')
_ESCAPE = re.compile(rb"\\(?:([rntbf/])|u([0-9a-fA-F]{4}))")
_FARTHEST = 12 * 3600.0
"""Seconds that the clock of the westernmost zone is behind UTC: a time without a zone is over by then."""


# -- values ---------------------------------------------------------------------------------------------------------------
def code(value: object) -> object:
    """A value without the words for people that may stand around it."""
    return value.get("code") if isinstance(value, Mapping) else value


def text(value: object) -> str:
    """A value as text, "" where there is none."""
    plain = code(value)
    return "" if plain is None else str(plain)


def truth(value: object) -> bool | None:
    """Yes or no in any spelling; None where it says neither."""
    word = text(value).strip().casefold()
    return True if word in _TRUE else False if word in _FALSE else None


def number(value: object) -> int | None:
    """A whole number, as a number or as text; None where it is none."""
    word = text(value).strip()
    return int(word) if re.fullmatch(r"-?[0-9]{1,19}", word) else None


def moment(value: object) -> float | None:
    """A date with its offset (`±hhmm`, `±hh:mm` or `Z`) in epoch seconds; None where it cannot be read or has no offset."""
    word = text(value).strip()
    found = _OFFSET.search(word)
    if not found:
        return None
    offset = f"{found[1]}:{found[2]}" if found[1] else "+00:00"
    try:
        return datetime.fromisoformat(word[: found.start()] + offset).timestamp()
    except ValueError:
        return None


def _end(value: object) -> float | None:
    """When a message may no longer be fetched; of a time without a zone the latest that it can mean."""
    word = text(value).strip()
    if (exact := moment(word)) is not None:
        return exact
    try:
        short = _COMPACT.match(word)
        naive = datetime.strptime(short[1], "%Y%m%dT%H%M") if short else datetime.fromisoformat(word)  # noqa: DTZ007
        return naive.replace(tzinfo=UTC).timestamp() + _FARTHEST
    except ValueError:
        return None


def id_in(location: object) -> str:
    """The id at the end of a Location, percent-decoded; "" where it has none. Neither its host nor its path is looked at."""
    path = urlsplit(text(location).strip()).path if "/" in text(location) else text(location).strip()
    return unquote(path.rstrip("/").rpartition("/")[2])


# -- what lies in a mailbox -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Message:
    """A message as a listing or a lookup shows it; what the answer does not say is "" or None.

    `created` and `until` in epoch seconds, `size` in bytes, `path` and `mailbox` the mailbox that it is in (path and id).
    `always`, `count` and `until` say how often or how long it may be fetched; at most one of them applies. `closed`: it is in a
    mailbox that we may not view, and nothing else is known of it."""

    id: str
    name: str
    document: str
    size: int | None = None
    created: float | None = None
    path: str = ""
    mailbox: str = ""
    always: bool | None = None
    count: int | None = None
    until: float | None = None
    closed: bool = False

    def extractable(self, now: float) -> bool:
        """Whether it may be fetched, as far as is known: yes where nothing was said of it. `now` is epoch seconds."""
        if self.always:
            return True
        if self.count is not None:
            return self.count > 0
        if self.until is not None:
            return self.until > now
        return self.always is None


def message(row: Mapping[str, Any]) -> Message:
    """A row of `mailboxcontents` (with `detail`) or `mailboxmessages` as a message."""
    return Message(
        id=text(row.get("id")) or text(row.get("_id")),
        name=text(row.get("name")),
        document=text(row.get("documentId")),
        size=number(row.get("size")),
        created=moment(row.get("creationDate")),
        path=text(row.get("mailboxPath")),
        mailbox=text(row.get("mailboxId")),
        always=truth(row.get("extractableAlways")),
        count=number(row.get("extractableCount")),
        until=_end(row.get("extractableUntil")),
    )


def is_mailbox(row: Mapping[str, Any]) -> bool:
    """Whether a row of `mailboxcontents` is a mailbox inside this one; every other is a message."""
    return text(row.get("type")).strip().casefold() == "mailbox"


def identity(row: Mapping[str, Any]) -> str:
    """What tells a row from the others of its collection."""
    return text(row.get("id")) or text(row.get("_id")) or repr(sorted((key, str(value)) for key, value in row.items()))


# -- bodies ---------------------------------------------------------------------------------------------------------------
def rows(content: object) -> list[Record]:
    """The rows of a collection. Raises ValueError where it is no list of objects."""
    if isinstance(content, list) and all(isinstance(row, dict) for row in content):
        return content
    raise ValueError("the answer is JSON and no list of rows")


def record(content: object) -> Record | None:
    """One object, which some answer as a list of one; None for an empty list. Raises ValueError where it is neither."""
    if isinstance(content, dict):
        return content
    found = rows(content)
    if len(found) > 1:
        raise ValueError(f"the answer has {len(found)} objects, and one was asked for")
    return found[0] if found else None


def error_status(content: object) -> int:
    """The status inside an error of Sterling's own, 0 where it is no error."""
    if not isinstance(content, Mapping) or "errorCode" not in content:
        return 0
    return number(content["errorCode"]) or 500


def created(content: object, header: str = "") -> str:
    """The id of what was created: of the Location in the body, else of the header of that name; "" where there is none."""
    inside = content.get("Location", content.get("location")) if isinstance(content, Mapping) else None
    return id_in(inside) or id_in(header)


def affected(content: object) -> int:
    """How many objects a PUT or DELETE changed: one where the answer does not say."""
    said = number(content.get("rowsAffected")) if isinstance(content, Mapping) else None
    return 1 if said is None else said


def payload(body: bytes | bytearray, *, piece: int = 1 << 20) -> bytes:
    """The bytes that `getpayload` answers with in Base64, read in pieces of at least six bytes. Raises ValueError where they are
    damaged or absent."""
    found = _RESPONSE.search(body)
    if found is None or not body[-64:].rstrip(b" \t\r\n").endswith(b"}"):
        raise ValueError("the answer holds no payload, or was cut short")
    start, end = found.span(1) if found.start(1) >= 0 else (0, 0)
    read, rest = bytearray(), b""
    while start < end:
        stop = min(start + piece, end)
        if stop < end and (escape := body.rfind(b"\\", stop - 5, stop)) > start:
            stop = escape  # an escape is not cut in two
        signs = rest + _plain(bytes(body[start:stop]))
        whole = len(signs) & ~3
        if read and whole and len(read) % 3:
            raise ValueError("the payload goes on after its end")
        try:
            read += binascii.a2b_base64(signs[:whole], strict_mode=True)
        except binascii.Error as error:
            raise ValueError(f"the payload is no Base64 ({error})") from None
        start, rest = stop, signs[whole:]
    if rest:
        raise ValueError("the payload is cut short")
    return bytes(read)


def _plain(piece: bytes) -> bytes:
    """Base64 without escapes and line breaks; the usual escapes first, of which a payload of 40 MB has a million."""
    piece = piece.replace(b"\\r", b"").replace(b"\\n", b"").replace(b"\\/", b"/")
    return b"".join((_ESCAPE.sub(_unescaped, piece) if b"\\" in piece else piece).split())


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[2]:
        sign = int(found[2], 16)
        return bytes([sign]) if sign < 128 else b"?"
    return b"/" if found[1] == b"/" else b" "


# -- errors ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Fault:
    """What a body says that is no result. `sentence` is for people, `api` Sterling's own code where it gave one.

    `own`: Sterling said it, and no gateway in front of it; `html`: a page; `login`: a page that asks for a password; `java`: the
    text of an exception; `nothing`: it says that no such object is there."""

    sentence: str
    api: str = ""
    own: bool = False
    html: bool = False
    login: bool = False
    java: bool = False
    nothing: bool = False


def fault(body: bytes | bytearray) -> Fault:
    """Read a body that is no result, in any form. Never raises."""
    said = _said(body)
    if said is None:
        return _page(body)
    sentence, found = cut(tidy(said)), _API.search(said)
    return Fault(
        sentence or "an error without a text",
        api=found[0] if found else "",
        own=True,
        java=bool(_JAVA.search(said)),
        nothing=_says_none(said) or (found is not None and found[0] == NOT_FOUND),
    )


def _said(body: bytes | bytearray) -> str | None:
    """The text of an error of Sterling's own, in JSON, XML or a page that has its code; None where it is none."""
    start = body[:20_000].decode("utf-8", "replace")
    if tag := _TAG.search(start):
        return tag[2]
    try:
        content = canonical.loads_bounded(body)
    except (ValueError, RecursionError):
        plain = unescape(re.sub(r"<[^>]*>", " ", start))
        found = _API.search(plain)
        return plain[found.start() :] if found else None
    if isinstance(content, list) and len(content) == 1:
        content = content[0]
    if not isinstance(content, Mapping) or not {"errorCode", "errorDescription", "errorDiscription"} & content.keys():
        return None
    return text(content.get("errorDescription")) or text(content.get("errorDiscription"))


def _page(body: bytes | bytearray) -> Fault:
    start = body[:20_000].decode("utf-8", "replace")
    low = start.lstrip("\ufeff \t\r\n")[:200].casefold()
    html = low.startswith(("<!doctype html", "<html", "<head", "<body")) or "<html" in start.casefold()
    login, java = html and bool(_PASSWORD.search(start)), bool(_JAVA.search(start))
    nothing = _says_none(unescape(re.sub(r"<[^>]*>", " ", start)))
    return Fault(_sentence(body, low, html=html), html=html, login=login, java=java, nothing=nothing)


def _says_none(said: str) -> bool:
    """Whether a text says that there are no such objects, or that the one that it names is not there, and gives no other reason
    for it: that there is no right, no session or no database is said in like words."""
    plain = " ".join(said.split())
    found = _NONE.search(plain)
    return found is not None and not _BUT.search(plain, found.end())


def _sentence(body: bytes | bytearray, low: str, *, html: bool) -> str:
    if low.startswith("<") and not html:
        return "XML in place of JSON"
    try:
        canonical.loads_bounded(body)
    except (ValueError, RecursionError):
        return page_sentence(body)
    return f"JSON that is no error of Sterling's: {tidy(low)}"
