"""What `ping` tries at Sterling: the connection, the login, each mailbox in use, the routing rules on them, partners' names.

Nothing is written, and the first login that is refused ends it: users are locked after a few wrong ones. What our user may not
look at (accounts, rules, partners) is no failure.

Knows: collections, mailboxes. Does not know: the journal, settings.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal
from urllib.parse import quote_plus, urlsplit

from d365edi import certificates
from d365edi.endpoints.base import Check
from d365edi.endpoints.sterling import responses
from d365edi.endpoints.sterling.auth import Basic
from d365edi.endpoints.sterling.client import Client
from d365edi.endpoints.sterling.connection import Connection
from d365edi.endpoints.sterling.mailboxes import Mailboxes
from d365edi.endpoints.sterling.responses import Record
from d365edi.endpoints.tls import Trust, digest, pin_remedy, presented
from d365edi.errors import CredentialsRejected, EndpointError, PlaceRefused, Refused, SecretError

SOON = 30
"""Days before its end from which on a certificate is worth a warning."""
SINGLE = 50
"""So many partners are looked up one by one; more, in one listing of all."""

_NOWHERE = "/d365edi/ping"
"""A path that is asked for to see who is let in; nothing has to be there."""


@dataclass(frozen=True, slots=True)
class Uses:
    """What the settings do with mailboxes of this server: by path, the flows that poll it, the flows that deliver there; where
    messages are moved to, the partners, and what is done about a message that is not there after a lost reply."""

    polled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    delivered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    move_to: str = ""
    partners: tuple[str, ...] = ()
    absent: Literal["ask", "again"] = "ask"

    @property
    def paths(self) -> tuple[str, ...]:
        """Every mailbox, once, in the order of the settings."""
        return tuple(dict.fromkeys((*self.polled, *self.delivered, *filter(None, (self.move_to,)))))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A mailbox that was listed: its id, and whether a name stands in it twice."""

    id: str
    repeated: bool


async def run(
    connection: Connection, mailboxes: Mailboxes, uses: Uses, *, clock: Callable[[], float] = time.time
) -> list[Check]:
    """Everything in turn. Never raises; after a refused login, or without a connection, nothing more is tried."""
    found = list[Check]()
    async for check, last in _each(connection, mailboxes, uses, clock()):
        found.append(check)
        if last:
            break
    return found


async def _each(
    connection: Connection, mailboxes: Mailboxes, uses: Uses, now: float
) -> AsyncIterator[tuple[Check, bool]]:
    """Each check, and whether it has to be the last."""
    client, seen = connection.client.begin(), dict[str, _Seen]()
    check, error = await _timed("login", partial(_who, client, connection))
    refused = isinstance(error, CredentialsRejected) and connection.trust.last is not None
    if error is not None and not refused:
        yield await _untrusted(replace(check, what="connection"), connection), True
    if connection.trust.last is not None:
        yield _connection(connection.trust, now, check.milliseconds), False
    yield check, refused
    for path in uses.paths:
        ask = partial(_mailbox, client, mailboxes, uses, path, seen, now)
        check, error = await _timed(f"mailbox {path}", ask)
        yield check, isinstance(error, CredentialsRejected)
    for what, ask in (
        ("routing rules", partial(_rules, client, uses)),
        ("mailboxes in common", partial(_common, uses, seen)),
        ("names", partial(_unique, uses, seen)),
        ("partners", partial(_partners, client, uses.partners)),
    ):
        check, error = await _timed(what, ask)
        if check.sentence:
            yield check, isinstance(error, CredentialsRejected)


async def _timed(what: str, ask: Callable[[], Awaitable[str]]) -> tuple[Check, EndpointError | None]:
    start, failed = time.perf_counter(), None
    try:
        ok, sentence, remedy = True, await ask(), ""
    except EndpointError as error:
        ok, sentence, remedy, failed = False, error.message, error.remedy, error
    return Check(what, ok, (time.perf_counter() - start) * 1000, sentence, remedy), failed


# -- who and whom -----------------------------------------------------------------------------------------------------------
def _connection(trust: Trust, now: float, milliseconds: float) -> Check:
    """The last handshake: protocol, what the server's certificate is trusted by, how long it lasts."""
    assert trust.last is not None
    by = "by the chain of its authority" if trust.by_chain else "by its pin"
    by += " and its pin" if trust.by_chain and trust.pins else ""
    try:
        subject, end = certificates.subject_and_end(trust.last.certificate)
    except SecretError as error:
        shown = f"{trust.last.protocol}; {error.message}"
        return Check("connection", False, milliseconds, shown, "renew the server's certificate")
    days = int((end - datetime.fromtimestamp(now, UTC)).total_seconds() // 86_400)
    left = f"{days} days left" if days >= 0 else f"ended on {end:%Y-%m-%d}"
    warning = "warning: " if days < SOON else ""
    shown = f"{warning}{trust.last.protocol}, certificate {subject} trusted {by}, {left}"
    return Check("connection", True, milliseconds, shown)


async def _untrusted(check: Check, connection: Connection) -> Check:
    """A failure, with the pin to write where the server's certificate is signed by nobody whom we trust."""
    parts = urlsplit(connection.client.url)
    if "CERTIFICATE_VERIFY_FAILED" not in check.sentence or not parts.hostname:
        return check
    try:
        shown = await presented(parts.hostname, parts.port or 443)
        subject, end = certificates.subject_and_end(shown)
    except (OSError, SecretError, TimeoutError):
        return check
    said = f"{check.sentence}; it shows {subject}, which ends on {end:%Y-%m-%d}"
    return replace(check, sentence=said, remedy=f"{check.remedy}; or, {pin_remedy(digest(shown))}")


async def _who(client: Client, connection: Connection) -> str:
    """As whom we are let in, with a warning for an administrator: first by a request that concerns no mailbox."""
    await client.list_all("mailboxes/", {"path": _NOWHERE})
    who = f"let in as {connection.login.who}"
    if not isinstance(connection.login, Basic):
        return f"{who}; as which user of Sterling, only the rights on mailboxes show"
    name = connection.login.username
    try:
        account = await client.get(f"useraccounts/{quote_plus(name)}", place="user accounts")
    except CredentialsRejected:
        raise
    except EndpointError:
        return f"{who}; whether that is an administrator we are not permitted to check"
    rights = [*_names(account.get("groups")), *_names(account.get("permissions"))]
    admin = [right for right in rights if "admin" in right.casefold()]
    if admin:
        return f"warning: {who}, who is an administrator ({', '.join(admin)}); a user with APIUser and its mailboxes is enough"
    return f"{who}, who is no administrator"


def _names(value: object) -> list[str]:
    """The names in a list of `{"name": ...}`, of texts, or in a text with commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, Sequence):
        return []
    return [
        responses.text(each.get("name", each.get("path", each.get("code")))) if isinstance(each, Mapping) else str(each)
        for each in value
    ]


# -- mailboxes --------------------------------------------------------------------------------------------------------------
async def _mailbox(
    client: Client, mailboxes: Mailboxes, uses: Uses, path: str, seen: dict[str, _Seen], now: float
) -> str:
    """Whether a mailbox may be listed, its id, and how many messages wait there."""
    mailboxes.forget(path)
    mailbox, rows = await mailboxes.contents(client, path)
    messages = [responses.message(row) for row in rows if not responses.is_mailbox(row)]
    waiting = sum(message.extractable(now) for message in messages)
    used_up = f", {len(messages) - waiting} more are used up" if len(messages) > waiting else ""
    spelt = f", spelt {mailbox.path} there" if mailbox.path != path else ""
    what = [
        name for name, there in (("polled", path in uses.polled), ("delivered to", path in uses.delivered)) if there
    ]
    what += ["moved to"] if path == uses.move_to else []
    names = [message.name.casefold() for message in messages]
    seen[path] = _Seen(mailbox.id, len(set(names)) < len(names))
    return f"{', '.join(what)}; id {mailbox.id}{spelt}, {waiting} messages wait{used_up}"


async def _unique(uses: Uses, seen: Mapping[str, _Seen]) -> str:
    """What is to be said of names, as long as none stands twice in a mailbox that is polled: nothing says of which kind it is."""
    if not uses.polled or any(seen[path].repeated for path in uses.polled if path in seen):
        return ""
    return (
        "no name is there twice: if these are Global Mailboxes, a second message of a name (in capitals or not) overwrites the "
        "first before we see it, and senders need a name of its own for each file"
    )


async def _common(uses: Uses, seen: Mapping[str, _Seen]) -> str:
    """Raises Refused where two partners poll one mailbox, or one is polled that we deliver to. Mailboxes are the same by id."""
    polled, delivered = _by_id(uses.polled, seen), _by_id(uses.delivered, seen)
    for id, flows in polled.items():
        where = " and ".join(path for path in uses.polled if path in seen and seen[path].id == id)
        if len({flow.partition(".")[0] for flow in flows}) > 1:
            remedy = "keep one pickup there, with shared = true where several partners send into it"
            raise Refused(f"{where} is polled for several partners: {', '.join(flows)}", remedy=remedy)
        if others := delivered.get(id):
            remedy = "deliver into one mailbox and poll another: we would pick up what we deliver"
            raise Refused(
                f"{where} is polled by {', '.join(flows)} and delivered to by {', '.join(others)}", remedy=remedy
            )
    several = [", ".join(flows) for flows in delivered.values() if len({flow.partition(".")[0] for flow in flows}) > 1]
    return f"several partners fetch from one mailbox: {'; '.join(several)}" if several else ""


def _by_id(flows: Mapping[str, tuple[str, ...]], seen: Mapping[str, _Seen]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path, names in flows.items():
        if path in seen:
            found.setdefault(seen[path].id, []).extend(names)
    return found


# -- routing rules ----------------------------------------------------------------------------------------------------------
async def _rules(client: Client, uses: Uses) -> str:
    """Raises Refused where an automatic rule is on a mailbox that we poll."""
    try:
        rules = [rule for rule in await client.list_all("routingrules/", {}, place="routing rules") if _automatic(rule)]
    except PlaceRefused:
        return "not permitted to check which rules there are: ask for one that polls or deletes in these mailboxes"
    watched = [(rule, path.casefold()) for rule in rules for path in _names(rule.get("mailboxes"))]
    polled, delivered = ({path.casefold(): path for path in used} for used in (uses.polled, uses.delivered))
    both = [f"{_named(rule)} on {polled[path]}" for rule, path in watched if path in polled]
    if both:
        message = f"automatic rules are on mailboxes that we poll, so two consumers take from them: {'; '.join(both)}"
        raise Refused(
            message, remedy="take these mailboxes out of the rules, or the rules' processes off, or poll others"
        )
    routed = [f"{_named(rule)} on {delivered[path]}" for rule, path in watched if path in delivered]
    if not routed:
        return f"{len(rules)} automatic rules, none on a mailbox that is used here"
    listed = "; ".join(routed)
    if uses.absent == "again":
        return (
            f'warning: {listed}; with absent = "again" what such a rule deletes after a lost reply is delivered twice'
        )
    return f'{listed}; absent = "ask": what such a rule deletes after a lost reply is asked of a person'


def _automatic(rule: Record) -> bool:
    return responses.text(rule.get("evaluationMode")).casefold().startswith("auto")


def _named(rule: Record) -> str:
    pattern = responses.text(rule.get("messageNamePattern"))
    return responses.text(rule.get("name")) + (f" ({pattern})" if pattern not in ("", "*") else "")


# -- partners ---------------------------------------------------------------------------------------------------------------
async def _partners(client: Client, partners: Sequence[str]) -> str:
    """Which of our partners Sterling File Gateway knows by the same name; "" where it does not answer."""
    if not partners:
        return ""
    queries: list[dict[str, str]] = [{"searchFor": name} for name in partners] if len(partners) <= SINGLE else [{}]
    known = set[str]()
    try:
        for query in queries:
            asked: dict[str, Any] = {**query, "_include": "partnerName"}
            rows = await client.list_all("tradingpartners/", asked, place="partners")
            known |= {responses.text(row.get("partnerName", row.get("_id"))).casefold() for row in rows}
    except CredentialsRejected:
        raise
    except EndpointError as error:
        if isinstance(error, PlaceRefused):
            return "not permitted to check whether Sterling File Gateway knows them"
        return "Sterling File Gateway does not answer, so names are not compared"
    missing = [name for name in partners if name.casefold() not in known]
    if not missing:
        return f"Sterling File Gateway knows all {len(partners)} by these names"
    return (
        f"warning: Sterling File Gateway has no partner named {', '.join(missing)}; they may be called otherwise there"
    )
