"""Which record of D365 fits a set, what a flow must say of it, and which of its keys would do nothing.

They use the tree as written, as those of cross_checks.py do, so that all that is wrong with a flow is reported at once.

Knows: the documents that maps read and write, what a record needs. Does not know: endpoints, how values are written.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal, get_args

from d365edi.edi.syntax import Standard, standard_of
from d365edi.errors import SettingsError
from d365edi.maps import table as maps
from d365edi.maps.d365.schema import header, lines
from d365edi.maps.table import of_vendor

from .errors import ErrorReporter
from .files import Key
from .receive import Created
from .send import LISTS, Record
from .written import partners, table, text

LANGUAGES: dict[Standard, maps.Language] = {"X12": "x12", "EDIFACT": "edifact", "FLAT": "csv"}
Side = Literal["d365/read", "d365/write"]
ORDERS, PAYMENTS = "PurchaseOrder", "Remittance"
ABOUT = {
    **dict.fromkeys(("ship_to", "price", "agreed", "stores", "back", "schedules"), (ORDERS, "orders")),
    **dict.fromkeys(("unknown_invoice", "short_paid"), (PAYMENTS, "payments")),
}
"""Keys of a receive flow that do something for one kind of document alone: that document, and what it is called."""


def check(reporter: ErrorReporter) -> Iterator[SettingsError]:
    """Every error of what flows make and send."""
    for key, body in partners(reporter.written):
        lacking: dict[str, SettingsError] = {}
        for set_id in table(body, "receive"):
            yield from _receive(reporter, (*key, "receive", set_id), body, lacking)
        for set_id in table(body, "send"):
            yield from _send(reporter, (*key, "send", set_id), body, lacking)
        yield from lacking.values()


def _receive(
    reporter: ErrorReporter, key: Key, body: Mapping[str, Any], lacking: dict[str, SettingsError]
) -> Iterator[SettingsError]:
    set_id, flow = key[-1], table(body, *key[2:])
    document = document_of(set_id)
    if not document:
        return  # reported as no set, or as one without a map
    for name, (needed, what) in ABOUT.items():
        if name in flow and document != needed:
            yield reporter.report((*key, name), f"is about {what}, and {set_id} is none", "leave it out")
    if standard_of(set_id) == "FLAT" and not _picked_up(body, set_id):
        sentence = "is received, and no pickup has such files"
        yield reporter.report(key, sentence, f'write holds = "{set_id}" under a pickup of the partner')
    create, company = text(flow, "create"), text(flow, "company")
    if create not in get_args(Created):
        return
    if create not in (fitting := records("d365/write", document)):
        sentence = f"is made of {_a(_document('d365/write', create))}, and {set_id} is read as {_a(document)}"
        remedy = _choice("create", "of", "d365/write", fitting)
        yield reporter.report((*key, "create"), sentence, remedy, value=create)
        return
    if company:
        _account_of(reporter, key, body, lacking)
    yield from _needs(reporter, key, create, table(flow, "d365"))


def _send(
    reporter: ErrorReporter, key: Key, body: Mapping[str, Any], lacking: dict[str, SettingsError]
) -> Iterator[SettingsError]:
    set_id, of = key[-1], text(table(body, *key[2:]), "of")
    document = document_of(set_id)
    if not document or of not in get_args(Record):
        return
    if "changed" in table(body, *key[2:]) and document != ORDERS:
        yield reporter.report((*key, "changed"), f"is about purchase orders, and {set_id} is none", "leave it out")
    fitting = records("d365/read", document)
    if of not in fitting and not (of in LISTS and standard_of(set_id) != "FLAT"):
        sentence = f"is sent as {_a(_document('d365/read', of))}, and {set_id} is written from {_a(document)}"
        remedy = _choice("of", "to", "d365/read", fitting)
        yield reporter.report((*key, "of"), sentence, remedy, value=of)
    elif of not in LISTS:
        _account_for(reporter, key, body, lacking)


@cache
def document_of(set_id: str) -> str:
    """The document that a set is read as and written from, "" where it has no map."""
    try:
        return _document(LANGUAGES[standard_of(set_id)], set_id)
    except SettingsError:
        return ""


@cache
def records(side: Side, document: str) -> tuple[str, ...]:
    """The records of D365 that are made of a document, or that it is read from."""
    known = get_args(Created if side == "d365/write" else Record)
    return tuple(name for name in known if _document(side, name) == document)


@cache
def _document(language: maps.Language, name: str) -> str:
    return maps.load(language, name).document


def _choice(key: str, preposition: str, side: Side, fitting: tuple[str, ...]) -> str:
    """The remedy that names the records which fit, each with whose it is where that differs."""
    if not fitting:
        return (
            'leave it out; then = "hold" (or "keep") says what happens to it' if key == "create" else "send another set"
        )
    whose = {name: "vendor" if of_vendor(side, name) else "customer" for name in fitting}
    several = len(set(whose.values())) > 1
    words = [f'"{name}"' + (f" ({preposition} a {whose[name]})" if several else "") for name in fitting]
    return f"write {key} = {' or '.join(words)}"


def _a(document: str) -> str:
    return f"{'an' if document[0] in 'AEIO' else 'a'} {document}"


def _picked_up(body: Mapping[str, Any], set_id: str) -> bool:
    return any(text(table(body, "pickup", name), "holds") == set_id for name in table(body, "pickup"))


def _needs(reporter: ErrorReporter, key: Key, create: str, rows: Mapping[str, Any]) -> Iterator[SettingsError]:
    """What D365 needs has a row: which journal, for one, only the settings say."""
    for name, (shipped, needed) in _shipped(create).items():
        known = dict.fromkeys(shipped, True)
        for kind in table(rows, name):
            known |= {field: value is not False for field, value in table(rows, name, kind).items()}
        for field in needed:
            if not known.get(field):
                place = (*key, "d365", name, "constants")
                remedy = f'write {field} = "..." under [{".".join(place)}]'
                yield reporter.report(key, f"a {create} needs {field}, and nothing says it", remedy)


@cache
def _shipped(create: str) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The fields of header and lines that the shipped map of a record writes, and those that D365 needs."""
    made = maps.load("d365/write", create)
    sections = {"header": header(made), "lines": lines(made)}
    return {
        name: (tuple(row.name for row in section.rows), tuple(section.tree.get("needs", ())))
        for name, section in sections.items()
    }


# -- whose records they are -------------------------------------------------------------------------------------------
def _account_of(reporter: ErrorReporter, key: Key, body: Mapping[str, Any], lacking: dict[str, SettingsError]) -> None:
    """Whether the partner has an account for what a flow creates."""
    flow, partner, set_id = table(body, *key[2:]), key[:2], key[-1]
    create, company = text(flow, "create"), text(flow, "company")
    if not of_vendor("d365/write", create):
        _customer_of(reporter, partner, body, company, "receives orders for", lacking)
    elif company not in table(body, "vendor") and not table(body, "vendors"):
        message = f"creates a {create} of each {set_id} and is not a vendor of {company}"
        remedy = f'write vendor = {{ {company} = "US-101" }}, or [partners.NAME.vendors] for those that it names'
        lacking.setdefault(f"vendor {company}", reporter.report(partner, message, remedy))


def _account_for(reporter: ErrorReporter, key: Key, body: Mapping[str, Any], lacking: dict[str, SettingsError]) -> None:
    """Whether the partner has an account for what a flow sends."""
    flow, partner = table(body, *key[2:]), key[:2]
    of, company, vendor = text(flow, "of"), text(flow, "company"), table(body, "vendor")
    if of_vendor("d365/read", of):
        if company not in vendor if company else not vendor:
            message = f"sends each {of} and is not a vendor of {company or 'any company'}"
            remedy = f'write vendor = {{ {company or "usmf"} = "US-101" }}'
            lacking.setdefault(f"vendor {company}", reporter.report(partner, message, remedy))
    elif company:
        _customer_of(reporter, partner, body, company, "sends what is posted in", lacking)
    elif not table(body, "customer"):
        message = "sends posted records and is not a customer of any company"
        lacking.setdefault("customer", reporter.report(partner, message, 'write customer = { usmf = "US-003" }'))


def _customer_of(
    reporter: ErrorReporter,
    partner: Key,
    body: Mapping[str, Any],
    company: str,
    does: str,
    lacking: dict[str, SettingsError],
) -> None:
    """A company in another case is reported by the check of [d365] companies."""
    if company.casefold() not in map(str.casefold, table(body, "customer")):
        message, remedy = (
            f"{does} {company} and is not a customer there",
            f'write customer = {{ {company} = "US-003" }}',
        )
        lacking.setdefault(f"customer {company}", reporter.report(partner, message, remedy))
