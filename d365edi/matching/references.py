"""References: whose item, which customer, what unit. Pure: queries go out as values, their rows come
back, and this decides.

The partner's own tables come first, then D365 in the order of trust that `lookups.toml` gives: the customer's own
number for the item, a barcode (with and without leading zeros), our number. One hit decides; several different items under
one number, or none, is a finding with the value, the line and what to do. Outbound the same sets are asked the other way
round, and a miss holds nothing.

Knows: documents, profiles, queries as values. Does not know: HTTP, caches, settings files, entity names (they stand in
the table).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from d365edi.documents import (
    Invoice,
    InvoiceLine,
    OrderChange,
    OrderLine,
    PurchaseOrder,
    Remittance,
)
from d365edi.edi.findings import Finding
from d365edi.matching import code_lists, item_numbers, on_hold, their_numbers, vendor_orders
from d365edi.matching.barcodes import variants, whole_gtins
from d365edi.matching.locations import delivery_places, ordering, paying
from d365edi.matching.lookup import Lookup, Profile, References, Rows, UnresolvedReference, tables, unmet
from d365edi.matching.resolution import Resolution, ResolvedReference
from d365edi.matching.their_numbers import Outbound
from d365edi.odata.plan import Query
from d365edi.odata.quoting import eq, same_text

Ordering = PurchaseOrder | OrderChange
Lined = PurchaseOrder | OrderChange | Invoice
"""Documents that are received, with items and units in their lines."""
Candidates = tuple[tuple[str, str], ...]
"""The numbers of one item with their kinds: buyer, gtin, vendor, or the qualifier of another one."""


def find_references(document: Ordering | Remittance | Outbound, profile: Profile) -> References:
    """The references of a document that must be resolved before it can be delivered."""
    if isinstance(document, Remittance):
        return References(Resolution(), (_payment_account(document, profile),))
    if not isinstance(document, PurchaseOrder | OrderChange):
        return their_numbers.wanted(document, profile)
    known, unresolved = _whose(document, profile)
    if not profile.buys:
        profile = ordering(document, profile)
    elif isinstance(document, PurchaseOrder):  # the numbers of items are those of the vendor that it names
        profile = replace(profile, vendor=vendor_orders.vendor(document, profile).subject)
    _lines(document, profile, known, unresolved)
    return References(Resolution().plus(*known), tuple(unresolved))


def of_invoice(invoice: Invoice, profile: Profile) -> References:
    """The references of a vendor's invoice: its vendor, currency and units, and its items, which the order that it is for may say
    too."""
    whose = vendor_orders.vendor(invoice, profile, "VendorInvoice")
    known, unresolved = list[ResolvedReference](), [whose, *code_lists.of_document(invoice, profile)]
    _lines(invoice, replace(profile, vendor=whose.subject, gtin_unit="take"), known, unresolved)
    left = [
        replace(each, miss=ResolvedReference("item", "", each.lines)) if each.kind == "item" and each.agree else each
        for each in unresolved
    ]
    return References(Resolution().plus(*known), tuple(left))


def _lines(
    document: Lined,
    profile: Profile,
    known: list[ResolvedReference],
    unresolved: list[UnresolvedReference],
) -> None:
    """Add the items and units of lines to what is known and what is not."""
    own = f"[partners.{profile.partner}.{{}}]"
    for (candidates, unit), lines in _by_item(document, profile).items():
        items = {number: profile.items[number] for _, number in candidates if number in profile.items}
        variants = item_numbers.together({profile.variants[number]} for number in items if number in profile.variants)
        if len(set(items.values())) == 1 and variants:
            (theirs, item), *_ = items.items()
            known.append(
                ResolvedReference("item", item, lines, theirs, more=variants[0].said, source=own.format("items"))
            )
        elif items:
            unresolved.append(_torn(document, profile, items, lines))
        else:
            unresolved.append(_item(document, profile, candidates, lines, unit))
    for unit, lines in _by_unit(document).items():
        if unit in profile.units:
            source = own.format("codes.unit")
            known.append(ResolvedReference("unit", profile.units[unit], lines, unit, source=source))
        else:
            unresolved.append(_unit(document, profile, unit, lines))


def _whose(document: Ordering, profile: Profile) -> tuple[list[ResolvedReference], list[UnresolvedReference]]:
    """Who orders of us, or of whom we order, and where the goods go."""
    if profile.buys and isinstance(document, PurchaseOrder):
        found = [vendor_orders.vendor(document, profile), *vendor_orders.places(document, profile)]
        found += code_lists.of_document(document, profile)
        known = [each for each in found if isinstance(each, ResolvedReference)]
        return known, [each for each in found if isinstance(each, UnresolvedReference)]
    profile = ordering(document, profile)
    known, places = delivery_places(document, profile)
    return known, [_customer(document, profile), *places]


def resolve(reference: UnresolvedReference, rows: Sequence[Rows]) -> ResolvedReference | Finding | None:
    """Decide from the rows of the first queries; None: ask the next one. One result decides, different ones hold the document."""
    if reference.agree:
        return item_numbers.agreed(reference, rows) if len(rows) == len(reference.lookups) else None
    for lookup, found in zip(reference.lookups, rows, strict=False):
        hits = _preferred(lookup, lookup.hits(found))
        names = sorted({str(row[lookup.ours]) for row in hits if row.get(lookup.ours)})
        if len(names) == 1:
            if held := on_hold.held(reference, hits[0], names[0]):
                return held
            extra = str(hits[0].get(reference.extra) or "") if reference.extra else ""
            more = tuple((name, str(hits[0].get(field) or "")) for name, field in reference.more)
            notes = tuple(on_hold.elsewhere(reference, hits[0], names[0]))
            source = "" if reference.filled else lookup.query.set
            about = (reference.kind, names[0], reference.lines, reference.subject)
            return ResolvedReference(*about, extra, more, notes, source)
        if names and reference.several:
            remedy = "make it unique in D365, or add it to the partner's own table, then release the document"
            message = f"{reference.several}: {', '.join(names)}"
            return unmet(reference.kind, reference.subject, message, remedy)
    if len(rows) < len(reference.lookups):
        return None
    return reference.miss or ResolvedReference(reference.kind, "", reference.lines, reference.subject)


def _preferred(lookup: Lookup, hits: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    if not lookup.preferred or len(hits) < 2:
        return hits
    points = [sum(same_text(row.get(name), value) for name, value in lookup.preferred) for row in hits]
    return [row for row, point in zip(hits, points, strict=True) if point == max(points)]


# -- inbound: theirs to ours ------------------------------------------------------------------------------------------
def _payment_account(payment: Remittance, profile: Profile) -> UnresolvedReference:
    """Who is paid, a vendor of ours, or who pays, a customer."""
    if profile.buys:
        return vendor_orders.vendor(payment, profile, "VendorPayment")
    table, accounts = tables()["customer"], paying(payment, profile)
    if len(accounts) > 1:
        said = ", ".join(f"{account} (ENT {code})" if code else account for account, code in accounts.items())
        message = f"it is of several customer accounts: {said}; a payment is entered for one"
        remedy = f'enter it by hand, or ask for one payment each, then: d365edi reject {payment.number} --why "..."'
        return UnresolvedReference("customer", "", (), (), unmet("customer", payment.number, message, remedy))
    profile = replace(profile, customer=next(iter(accounts)))
    return replace(_customer(payment, profile), hold=(table["hold"], tuple(table["held_by"]["CustomerPayment"])))


def _customer(order: Ordering | Remittance, profile: Profile) -> UnresolvedReference:
    table = tables()["customer"]
    account = profile.customer or ""
    wrong = f'customer "{account}" is no customer of {profile.company}'
    message = wrong if account else f"no customer of {profile.company} is set"
    remedy = f"correct customer under [partners.{profile.partner}], then: d365edi release {order.number}"
    miss = unmet("customer", account, message, remedy)
    fields = ("dataAreaId", table["account"], table["invoice"], table["hold"])
    query = Query(table["set"], (eq("dataAreaId", profile.company),), fields).among(table["account"], (account,))
    lookups = (Lookup(query, table["account"], (account,), table["account"]),) if account else ()
    hold = (table["hold"], tuple(table["held_by"]["SalesOrder"]))
    return UnresolvedReference("customer", account, (), lookups, miss, extra=table["invoice"], hold=hold)


def _by_item(order: Lined, profile: Profile) -> dict[tuple[Candidates, str], tuple[int, ...]]:
    """The lines of each item, by all of its numbers in the order of trust, and by the unit that a barcode has to be of."""
    found, each = dict[tuple[Candidates, str], list[int]](), _each(order)
    for number, line in enumerate(each, 1):
        unit = line.unit if profile.gtin_unit != "take" and line.item.gtin is not None else None
        found.setdefault((_candidates(line), profile.units.get(unit, unit) if unit else ""), []).append(number)
    return {key: tuple(lines) for key, lines in found.items()}


def _each(document: Lined) -> Sequence[OrderLine | InvoiceLine]:
    return document.lines


def _candidates(line: OrderLine | InvoiceLine) -> Candidates:
    kinds = tables()["items"]["order"]
    ours = [(kind, getattr(line.item, kind)) for kind in kinds]
    again = {line.spelling(f"item.{kind}"): kind for kind in kinds}  # a second number of a kind that has one already
    others = [(again.get(other.qualifier, other.qualifier), other.id) for other in line.item.others]
    return tuple((kind, number) for kind, number in (*ours, *others) if number is not None)


def _item(
    order: Lined, profile: Profile, candidates: Candidates, lines: tuple[int, ...], unit: str
) -> UnresolvedReference:
    table, line = tables()["items"], order.lines[lines[0] - 1]
    lookups = []
    for kind, number in candidates:
        if kind in table["order"] and (kind != "buyer" or profile.customer or profile.buys):
            numbers = table["bought"].get(kind, kind) if profile.buys else kind
            lookups.append(_lookup(numbers, profile, kind, number, line.spelling(f"item.{kind}")))
    subject = candidates[0][1] if candidates else ""
    original = line.spelling(f"item.{candidates[0][0]}") if candidates else None
    place = ", ".join(part for part in (f"line {lines[0]}", line.number and f"PO1*{line.number}", original) if part)
    what = f'item "{subject}" ({place})' if subject else f"the item ({place})"
    message = f"{what} is no item of {profile.company}" if subject else f"{what} has no number that we could look up"
    where = f"under [partners.{profile.partner}.items] or as external item number in D365"
    miss = unmet("item", subject, message, f"add it {where}, then: d365edi release {order.number}")
    several = f"{what} is several items of {profile.company}"
    place = f"[{profile.flow}], then: d365edi release {order.number}"
    found = UnresolvedReference("item", subject, lines, tuple(lookups), miss, several, agree=True)
    return replace(found, unit=unit, gtin_unit=profile.gtin_unit, gtin_unit_place=place)


def _torn(order: Lined, profile: Profile, items: Mapping[str, str], lines: tuple[int, ...]) -> UnresolvedReference:
    """A line whose numbers are two items in the partner's own table."""
    line = order.lines[lines[0] - 1]
    of = {number: f" in {variant}" for number, variant in profile.variants.items()}
    items = {number: item + of.get(number, "") for number, item in items.items()}
    message = f"line {line.number or lines[0]}: {item_numbers.different(items.items())}"
    remedy = f"correct [partners.{profile.partner}.items], then: d365edi release {order.number}"
    subject = next(iter(items))
    return UnresolvedReference("item", subject, lines, (), unmet("item", subject, message, remedy))


def _lookup(numbers: str, profile: Profile, kind: str, number: str, code: str | None) -> Lookup:
    """Which item a number of a kind is, by a table of `numbers`."""
    table = tables()["items"][numbers]
    values: tuple[str, ...] = (number,)
    if kind == "gtin":
        values = tuple(dict.fromkeys(each for whole in whole_gtins(number, code) for each in variants(whole)))
    account = profile.vendor if profile.buys else profile.customer
    query = _of_account(numbers, profile.company, account).among(table["theirs"], values)
    name, unit = f"{code or kind} {number}", table.get("unit", "")
    return Lookup(query, table["theirs"], values, table["ours"], name=name, unit=unit)


@lru_cache(maxsize=256)
def _of_account(numbers: str, company: str, account: str | None) -> Query:
    """All numbers of a table that count for an account: made once for all lines of an order."""
    table = tables()["items"][numbers]
    filters = (eq("dataAreaId", company), *([eq(table["account"], account)] if "account" in table else ()))
    return Query(table["set"], filters, item_numbers.selected(table, "theirs", "ours", "unit"))


def _by_unit(order: Lined) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for number, line in enumerate(_each(order), 1):
        if line.unit is not None:
            found.setdefault(line.unit, []).append(number)
    return {unit: tuple(lines) for unit, lines in found.items()}


def _unit(order: Lined, profile: Profile, unit: str, lines: tuple[int, ...]) -> UnresolvedReference:
    table = tables()["unit"]
    query = Query(table["set"], (), (table["symbol"],)).among(table["symbol"], (unit,))
    word = order.lines[lines[0] - 1].spelling("unit") or unit
    message = f'unit "{unit}" (line {lines[0]}, theirs: {word}) is no unit of D365'
    remedy = f'add {word} = "..." under [partners.{profile.partner}.codes.unit], then: d365edi release {order.number}'
    miss = unmet("unit", unit, message, remedy)
    return UnresolvedReference("unit", unit, lines, (Lookup(query, table["symbol"], (unit,), table["symbol"]),), miss)
