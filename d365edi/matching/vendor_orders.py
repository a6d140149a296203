"""References of an order that becomes our purchase order: which vendor of ours, which of our items, to which warehouse; and the
vendor of an invoice that becomes a vendor invoice.

The order is in the numbers of whoever wrote it: a vendor's number (VN) is one of our items by D365's vendor item numbers, a
barcode is one as ever, and a buyer's number is our own. The vendor is the partner, or the one that the order names under
`[partners.X.vendors]`. Goods come to a place of ours: its code is in the partner's `locations`, or is a warehouse in D365.

Knows: orders, profiles, queries as values. Does not know: HTTP, settings files, entity names (they stand in the table).
"""

from collections.abc import Iterator

from d365edi.documents import Invoice, PurchaseOrder, Remittance
from d365edi.documents.values import TradeParty
from d365edi.edi.findings import Finding
from d365edi.matching.lookup import Lookup, Profile, UnresolvedReference, tables, unmet
from d365edi.matching.resolution import WHOLE, ResolvedReference
from d365edi.odata.plan import Query
from d365edi.odata.quoting import eq

Found = ResolvedReference | UnresolvedReference
DETAILS = (
    ("invoice_vendor", "invoice"),
    ("vendor_currency", "currency"),
    ("vendor_language", "language"),
)
"""What is read with a vendor: the name of the answer, and which field of the table it is in."""


def vendor(
    document: PurchaseOrder | Invoice | Remittance, profile: Profile, creates: str = "PurchaseOrder"
) -> UnresolvedReference:
    """The vendor of the order or invoice, or who is paid: the one that it names, where the partner has a table of vendors, else
    the partner. `creates`: what is written, and may be held by the vendor's hold."""
    named, account = document.parties.vendor.id, profile.vendor
    if isinstance(document, Invoice):
        named = named or document.vendor_number
    if profile.vendors and named is not None:
        account = profile.vendors.get(named)
        if account is None:
            message = f'vendor "{named}" is none of those of [partners.{profile.partner}.vendors]'
            remedy = f'add "{named}" = "US-102" there, then: d365edi release {document.number}'
            return UnresolvedReference("vendor_account", named, (), (), unmet("vendor", named, message, remedy))
    return _vendor(account or "", document.number, profile, creates)


def _vendor(account: str, number: str, profile: Profile, creates: str) -> UnresolvedReference:
    table = tables()["vendor"]
    where = f"under [partners.{profile.partner}], then: d365edi release {number}"
    message = f'vendor "{account}" is no vendor of {profile.company}' if account else "it names no vendor of ours"
    miss = unmet("vendor", account, message, f"correct vendor (or vendors) {where}")
    fields = ("dataAreaId", table["account"], table["hold"], *(table[field] for _, field in DETAILS))
    query = Query(table["set"], (eq("dataAreaId", profile.company),), fields).among(table["account"], (account,))
    lookups = (Lookup(query, table["account"], (account,), table["account"]),) if account else ()
    return UnresolvedReference(
        "vendor_account",
        account,
        (),
        lookups,
        miss,
        more=tuple((name, table[field]) for name, field in DETAILS),
        hold=(table["hold"], tuple(table["held_by"][creates])),
    )


def places(order: PurchaseOrder, profile: Profile) -> Iterator[Found]:
    """Where the goods come: for the order as a whole, and for lines with a place of their own."""
    head = order.parties.ship_to
    if head.id is not None or profile.ship_to == "order":
        yield from _place(head, WHOLE, order, profile)
    for number, line in enumerate(order.lines, 1):
        if line.ship_to.id is not None and line.ship_to.id != head.id:
            yield from _place(line.ship_to, (number,), order, profile)


def _place(party: TradeParty, lines: tuple[int, ...], order: PurchaseOrder, profile: Profile) -> Iterator[Found]:
    row = profile.locations.get(party.id) if party.id is not None else None
    own = f"[partners.{profile.partner}.locations]"
    if row is not None and (row.site or row.warehouse):
        if row.site:
            yield ResolvedReference("site", row.site, lines, party.id or "", source=own)
        if row.warehouse:
            yield ResolvedReference("warehouse", row.warehouse, lines, party.id or "", source=own)
    elif profile.ship_to == "order":
        yield ResolvedReference("address", "order", lines)
    elif profile.ship_to != "default" and party.id is not None:
        yield _warehouse(party.id, lines, order, profile)


def _warehouse(code: str, lines: tuple[int, ...], order: PurchaseOrder, profile: Profile) -> UnresolvedReference:
    table = tables()["warehouse"]
    fields = ("dataAreaId", table["ours"], table["site"])
    query = Query(table["set"], (eq("dataAreaId", profile.company),), fields).among(table["ours"], (code,))
    miss: Finding = unmet(
        "warehouse",
        code,
        f'ship-to "{code}" is no warehouse of {profile.company}',
        f'add "{code}" = {{ site = "1", warehouse = "11" }} under [partners.{profile.partner}.locations], or set '
        f'ship_to = "order" under [{profile.flow}] for the address in the order, then: d365edi release {order.number}',
    )
    lookup = Lookup(query, table["ours"], (code,), table["ours"])
    return UnresolvedReference("warehouse", code, lines, (lookup,), miss, more=(("site", table["site"]),))
