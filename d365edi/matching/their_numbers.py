"""The partner's numbers for our items, in documents that we send: the partner's own table first, then D365, asked the other way
round. A number that is not found holds nothing.

Knows: documents, profiles, queries as values. Does not know: HTTP, caches, settings files, entity names (they stand in
`lookups.toml`).
"""

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from d365edi.documents import (
    Invoice,
    InvoiceLine,
    OrderLine,
    OrderResponse,
    OrderResponseLine,
    PurchaseOrder,
    ShipNotice,
    ShippedLine,
)
from d365edi.documents.values import ItemIds
from d365edi.matching import item_numbers
from d365edi.matching.lookup import Lookup, Profile, References, UnresolvedReference, tables
from d365edi.matching.resolution import VARIANT, PartnerNumbers, ReferenceKind, Resolution, ResolvedReference, Variant
from d365edi.odata.plan import Query
from d365edi.odata.quoting import eq

Outbound = Invoice | OrderResponse | ShipNotice
"""Documents that we send, with our items in their lines."""
AnyOutbound = TypeVar("AnyOutbound", bound=Outbound)
Wanted = tuple[ReferenceKind, str, str | None, Variant]
"""What number is wanted of which item of ours, for which unit and variant."""
NO_UNITS: Mapping[str, str] = MappingProxyType({})


def each_line(document: Outbound) -> Sequence[InvoiceLine | OrderResponseLine | ShippedLine]:
    """The lines of a document, those inside packs included; a resolution counts them from 1."""
    return document.every_line() if isinstance(document, ShipNotice) else document.lines


def _variant(item: ItemIds) -> Variant:
    return Variant(**{name: getattr(item.variant, name) or "" for name in VARIANT})


def _theirs(profile: Profile) -> dict[tuple[str, Variant], str]:
    """The partner's own table the other way round; of several numbers of one item the first counts."""
    items = reversed(list(profile.items.items()))
    return {(ours, profile.variants.get(theirs, Variant())): theirs for theirs, ours in items}


def wanted(document: Outbound, profile: Profile) -> References:
    """The partner's numbers for our items, where the record has none; the partner's own table first."""
    reverse = _theirs(profile)
    known, unresolved = list[ResolvedReference](), list[UnresolvedReference]()
    found: dict[Wanted, list[int]] = {}
    for number, line in enumerate(each_line(document), 1):
        own, variant = line.item.own, _variant(line.item)
        if own is None:
            continue
        theirs = reverse.get((own, variant)) or reverse.get((own, Variant()))
        if line.item.buyer is None and theirs:
            known.append(ResolvedReference("buyer", theirs, (number,)))
        elif line.item.buyer is None and profile.customer:
            found.setdefault(("buyer", own, None, variant), []).append(number)
        if line.item.gtin is None:
            found.setdefault(("gtin", own, line.unit, variant), []).append(number)
    for (kind, own, unit, variant), lines in found.items():
        lookup = _reverse(tables()["items"][kind], profile, own, unit, variant)
        unresolved.append(UnresolvedReference(kind, own, tuple(lines), (lookup,)))
    return References(Resolution().plus(*known), tuple(unresolved))


def vendor_numbers(document: PurchaseOrder | Invoice, profile: Profile) -> References:
    """The vendor's numbers for the items of an order of ours or of an invoice for one, where it has none; the partner's own table
    first."""
    reverse = _theirs(profile)
    known, wanted = list[ResolvedReference](), dict[Wanted, list[int]]()
    lines: Sequence[OrderLine | InvoiceLine] = document.lines
    for number, line in enumerate(lines, 1):
        own, variant = line.item.own, _variant(line.item)
        theirs = own and (reverse.get((own, variant)) or reverse.get((own, Variant())))
        if line.item.vendor is None and theirs:
            known.append(ResolvedReference("vendor", theirs, (number,)))
        elif own is not None and line.item.vendor is None:
            wanted.setdefault(("vendor", own, None, variant), []).append(number)
        if own is not None and line.item.gtin is None:
            wanted.setdefault(("gtin", own, line.unit, variant), []).append(number)
    table: dict[str, Mapping[str, str]] = {"vendor": tables()["items"]["ours"], "gtin": tables()["items"]["gtin"]}
    unresolved = [
        UnresolvedReference(
            kind, own, tuple(places), (_reverse(table[kind], profile, own, unit, variant, profile.vendor),)
        )
        for (kind, own, unit, variant), places in wanted.items()
    ]
    return References(Resolution().plus(*known), tuple(unresolved))


def _reverse(
    table: Mapping[str, str], profile: Profile, own: str, unit: str | None, variant: Variant, account: str | None = None
) -> Lookup:
    filters = [eq("dataAreaId", profile.company)]
    if "account" in table:
        filters.append(eq(table["account"], account or profile.customer))
    preferred = []
    if unit is not None and "unit" in table:
        preferred.append((table["unit"], unit))
    if "preferred" in table:
        preferred.append((table["preferred"], "Yes"))
    more = (name for name, _ in preferred)
    select = tuple(dict.fromkeys((*item_numbers.selected(table, "ours", "theirs"), *more)))
    query = Query(table["set"], tuple(filters), select, choice=(table["ours"], (own,)))
    preferred += item_numbers.preferred(variant)
    same = partial(item_numbers.same_item, field=table["ours"], item=own, variant=variant)
    return Lookup(query, table["ours"], (own,), table["theirs"], tuple(preferred), same)


def complete(document: AnyOutbound, resolution: Resolution, units: Mapping[str, str] = NO_UNITS) -> AnyOutbound:
    """The document with the partner's item numbers and the barcodes that its lines lacked, and the order's words for units.

    `units` are the order's words with D365's, as they were settled when it came in."""
    words = {symbol.casefold(): word for word, symbol in reversed(list(units.items()))}
    lines = [
        _completed(line, resolution.theirs.get(number, PartnerNumbers()), words)
        for number, line in enumerate(each_line(document), 1)
    ]
    made: Any = document
    made = made.with_lines(lines) if isinstance(document, ShipNotice) else made.replace(lines=tuple(lines))
    whole: AnyOutbound = made
    return whole


def _completed(
    line: InvoiceLine | OrderResponseLine | ShippedLine, known: PartnerNumbers, words: Mapping[str, str]
) -> InvoiceLine | OrderResponseLine | ShippedLine:
    item = {"buyer": line.item.buyer or known.buyer, "gtin": line.item.gtin or known.gtin}
    change: dict[str, Any] = {"item": line.item.replace(**item), "unit": _word(line.unit, words)}
    if isinstance(line, ShippedLine):
        change["ordered"] = line.ordered.replace(unit=_word(line.ordered.unit, words))
    return line.replace(**change)


def _word(unit: str | None, words: Mapping[str, str]) -> str | None:
    return words.get(unit.casefold(), unit) if unit is not None else None
