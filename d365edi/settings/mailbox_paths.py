"""Checks of the paths of mailboxes: how they are written, and what is fetched, delivered and moved at one place.

Mailboxes are the same without regard to case, and at one server whatever the endpoint is called.

Knows: paths as written. Does not know: which mailboxes a server has.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from d365edi.errors import SettingsError

from .errors import ErrorReporter
from .files import Key
from .written import in_mailbox, partners, table, text

Mailbox = tuple[str, str]
"""The server and the path of a mailbox, as they are compared."""


def check(reporter: ErrorReporter) -> Iterator[SettingsError]:
    """Every error of the paths of mailboxes."""
    delivered: dict[Mailbox, Key] = {}
    for key, place in _destinations(reporter.written):
        path = text(place, "path")
        yield from _path(reporter, (*key, "path"), path)
        delivered.setdefault(_mailbox(reporter.written, text(place, "endpoint"), path), key)
    polled: dict[Mailbox, Key] = {}
    for key, place in _sources(reporter.written):
        path = text(place, "path")
        folder, _, pattern = path.rpartition("/")
        yield from _path(reporter, (*key, "path"), folder if path.startswith("/") else path, f"/{pattern}")
        mailbox = _mailbox(reporter.written, text(place, "endpoint"), folder)
        polled.setdefault(mailbox, key)
        if first := delivered.get(mailbox):
            sentence = f"fetches what {_said(reporter, first)} delivers to the same mailbox"
            yield reporter.report(
                (*key, "path"), sentence, "deliver into one mailbox and fetch from another", value=path
            )
    yield from _moves(reporter, delivered, polled)


def _moves(
    reporter: ErrorReporter, delivered: Mapping[Mailbox, Key], polled: Mapping[Mailbox, Key]
) -> Iterator[SettingsError]:
    for name, endpoint in table(reporter.written, "endpoints").items():
        path = text(table(endpoint, "after"), "move_to")
        if not path or not in_mailbox(reporter.written, {"endpoint": name}):
            continue
        key = ("endpoints", name, "after", "move_to")
        yield from _path(reporter, key, path)
        mailbox = _mailbox(reporter.written, name, path)
        remedy = "move messages into a mailbox that nothing else uses"
        if first := delivered.get(mailbox):
            sentence = (
                f"is the mailbox that {_said(reporter, first)} delivers to: its partner would fetch what was sent to us"
            )
            yield reporter.report(key, sentence, remedy, value=path)
        elif (first := polled.get(mailbox)) and not _reported(reporter, first, name, path):
            sentence = f"is the mailbox that {_said(reporter, first)} fetches from"
            yield reporter.report(key, sentence, remedy, value=path)


def _said(reporter: ErrorReporter, key: Key) -> str:
    return f"[{'.'.join(key)}] (at {reporter.locations.where(*key)})"


def _reported(reporter: ErrorReporter, source: Key, endpoint: str, path: str) -> bool:
    """Whether it is the same folder as it is written, which is reported of every kind of endpoint."""
    place = table(reporter.written, *source)
    folder = text(place, "path").rpartition("/")[0].rstrip("/")
    return (text(place, "endpoint"), folder) == (endpoint, path.rstrip("/"))


def _destinations(written: Mapping[str, Any]) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    for key, body in partners(written):
        keys = [(*key, "acks", "to"), *((*key, "send", flow, "to") for flow in table(body, "send"))]
        yield from ((each, place) for each in keys if in_mailbox(written, place := table(written, *each)))


def _sources(written: Mapping[str, Any]) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    for key, body in partners(written):
        for what in table(body, "pickup"):
            place = table(body, "pickup", what, "from")
            if in_mailbox(written, place):
                yield (*key, "pickup", what, "from"), place


def _mailbox(written: Mapping[str, Any], endpoint: str, path: str) -> Mailbox:
    server = table(written, "endpoints", endpoint)
    return (text(server, "formerly") or text(server, "url") or endpoint).casefold(), path.rstrip("/").casefold()


def _path(reporter: ErrorReporter, key: Key, path: str, pattern: str = "") -> Iterator[SettingsError]:
    """How the path of a mailbox is written; `pattern` is what follows it."""
    shown = path + pattern if path.startswith("/") else path
    if path and not path.startswith("/"):
        yield reporter.report(key, "is no path from the root", f'write "/{path}"', value=shown)
    elif path.endswith("/") and path.strip("/"):
        why = "has two slashes" if pattern else 'ends in "/", and the path of a mailbox does not'
        yield reporter.report(key, why, f'write "{path.rstrip("/")}{pattern}"', value=shown)
