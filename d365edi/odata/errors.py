"""An error answer, read into one sentence that a person understands.

D365 buries the useful sentence in `error.innererror.message`, behind `Infolog:`, between `Info:`/`Warning:`/`Error:`
marks and beside lines of its own machinery (`validateField failed on field 'Entity.Field'`); a gateway answers with
an HTML page instead. The text is in the language of the user that the application is mapped to, so only three of its
phrases are ever acted upon, and only to do better than the default: that a record exists, that two writers collided, and that
another journal settles an invoice already.
The stack trace is never kept.

Knows: the shapes of bodies. Does not know: what to do about them, HTTP beyond the body, any entity.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from d365edi.odata import canonical

LONGEST = 600
"""A sentence is cut here (characters): an Infolog can repeat itself for every line of an order."""

_MARK = re.compile(r"^(?:Info|Warning|Error|Information):\s*")
_NEXT = re.compile(r";\s*(?=(?:Info|Warning|Error|Information):)|;\s*$")
_NOISE = re.compile(r"^validate(?:Field|Write|Delete)\s+failed on\s", re.IGNORECASE)
_FIELD = re.compile(r"^validateField failed on field '(?:[^'.]*\.)?([^'.]+)'", re.IGNORECASE)
_CANCELED = re.compile(r"^Update has been cancell?ed\.*$", re.IGNORECASE)
_ROW = re.compile(r"for table row of type '([^']+)'")
_TITLE = re.compile(r"<(title|h1)[^>]*>(.*?)</\1", re.IGNORECASE | re.DOTALL)
_EXISTS = "the record already exists"
_MEETING = ("update conflict", "deadlock")
_MARKED = re.compile(r"marked for settlement by (.+?) in company ([^\s.;]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """What an error body says. `entity` and `field` are D365's own names where it gave them.

    `infolog`: the sentence is D365's own business check. `exists`: a record with that key is there. `conflict`: two
    writers met; the same request may pass a moment later. `marked_by`: the journal (its name and number) and the company that
    settle what was to be settled. `readable` is False for a body that is no OData error (an
    HTML page, nothing)."""

    sentence: str
    entity: str = ""
    field: str = ""
    infolog: bool = False
    exists: bool = False
    conflict: bool = False
    marked_by: tuple[str, str] | None = None
    readable: bool = True


def read(body: bytes | bytearray) -> Fault:
    """Read the body of an answer that is not a success. Never raises: an unreadable body gives a Fault that says so."""
    try:
        content = canonical.loads_bounded(body)
    except canonical.TooHeavyError as error:
        return Fault(f"an answer that {error}", readable=False)
    except (ValueError, RecursionError):
        return Fault(page_sentence(body), readable=False)
    message = _message(content)
    if not message:
        return Fault("an error without a message", readable=False)
    head, found, log = message.partition("Infolog:")
    row = _ROW.search(head)
    sentence, field = _infolog(log if found else message)
    low = message.casefold()
    marked = _MARKED.search(tidy(message))
    return Fault(
        sentence=sentence,
        entity=row.group(1) if row else "",
        field=field,
        infolog=bool(found),
        exists=_EXISTS in low,
        conflict=any(phrase in low for phrase in _MEETING),
        marked_by=(marked[1], marked[2]) if marked else None,
    )


def _message(content: Any) -> str:
    """The most specific message: the innermost one that has an Infolog, else the inner error's, else the outer."""
    if not isinstance(content, Mapping):
        return ""
    error = content.get("error", content)
    found: list[str] = []
    depth = 0
    while isinstance(error, Mapping) and depth < 10:
        text = error.get("message", error.get("Message", ""))
        if isinstance(text, str) and text.strip():
            found.append(text)
        error = error.get("innererror", error.get("internalexception"))
        depth += 1
    specific = [text for text in found if "Infolog:" in text]
    return (specific or found[1:2] or found[:1] or [""])[-1]


def _infolog(log: str) -> tuple[str, str]:
    """The sentences of an Infolog joined, and the field that a `validateField` line names."""
    said: list[str] = []
    field = ""
    for piece in _NEXT.split(log):
        text = tidy(_MARK.sub("", piece.strip()))
        if found := _FIELD.match(text):
            field = field or found.group(1)
        if text and not _NOISE.match(text) and text not in said:
            said.append(text)
    specific = [text for text in said if not _CANCELED.match(text)] or said
    sentence = " ".join(specific) or (f"field {field} was refused" if field else "no reason given")
    if field and field.casefold() not in sentence.casefold():
        sentence = f"{sentence} (field {field})"
    return cut(sentence), field


def tidy(text: str) -> str:
    """A text on one line, without what cannot be printed."""
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return re.sub(r"\.{2,}$", ".", flat)


def cut(text: str) -> str:
    """A sentence of at most LONGEST characters."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def page_sentence(body: bytes | bytearray) -> str:
    """What a body that is no JSON is, in words: a page with its title, a text, nothing."""
    text = body[:20_000].decode("utf-8", "replace")
    if not text.strip():
        return "an empty answer"
    if "<" not in text:
        return cut(f"an answer that is no JSON: {tidy(text[:200])}")
    title = _TITLE.search(text)
    words = tidy(unescape(re.sub(r"<[^>]*>", " ", title.group(2)))) if title else ""
    return cut(f'an HTML page, "{words[:120]}"' if words else "an HTML page")
