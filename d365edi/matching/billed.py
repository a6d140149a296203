"""What other invoices have of the lines of our orders, and whether one more is too much.

Pending invoices count as posted ones do, and so do those that are on their way to D365. A pending line says in which invoice
it is by D365's reference alone; only where too much is billed is it asked which invoice that is: it may be the very one.

Knows: rows of invoices, plans. Does not know: HTTP, how a line is matched, sets and fields of D365 (`lookups.toml` has them).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from d365edi.matching.lookup import Row, tables
from d365edi.matching.numbers import plain
from d365edi.odata.plan import Query, WritePlan
from d365edi.odata.quoting import eq, same_text


@dataclass(frozen=True, slots=True)
class BilledBefore:
    """What another invoice has of a line of an order. `invoice` is its number; of a pending one that is "" until it is asked
    for by its `reference`."""

    order: str
    line: int
    quantity: Decimal
    invoice: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceSets:
    """The sets that pending invoices are written to, and the field of a line with its quantity: a flow may name others."""

    header: str
    lines: str
    quantity: str


@dataclass(frozen=True, slots=True)
class ThisInvoice:
    """The invoice that is billed now: its vendor account, its number, and the year within which that counts once ("": for
    ever)."""

    account: str
    number: str
    year: str = ""


def queries(orders: Sequence[str], company: str, sets: InvoiceSets) -> tuple[Query, Query]:
    """The queries for what pending and posted invoices have of these orders."""
    pending, posted = tables()["billed"]["pending"], tables()["billed"]["posted"]
    names = (pending["order"], pending["line"], sets.quantity, pending["invoice"])
    posted_names = (posted["order"], posted["line"], posted["quantity"], posted["invoice"])
    return _among(sets.lines, company, names, orders), _among(posted["set"], company, posted_names, orders)


def headers(found: Iterable[BilledBefore], company: str, sets: InvoiceSets) -> Query | None:
    """The query for the invoices that pending lines are in; None where there are none."""
    table = tables()["billed"]["header"]
    references = tuple(dict.fromkeys(each.reference for each in found if each.reference))
    names = (table["invoice"], table["number"], table["account"], table["date"])
    return _among(sets.header, company, names, references) if references else None


def _among(set: str, company: str, fields: Sequence[str], values: Sequence[str]) -> Query:
    """The rows whose first field is one of these."""
    return Query(set, (eq("dataAreaId", company),), ("dataAreaId", *fields), choice=(fields[0], tuple(values)))


def pending(rows: Iterable[Row], sets: InvoiceSets) -> Iterator[BilledBefore]:
    """What pending invoices have."""
    table = tables()["billed"]["pending"]
    for row in rows:
        line, quantity = int(row.get(table["line"]) or 0), Decimal(row.get(sets.quantity) or 0)
        yield BilledBefore(str(row[table["order"]]), line, quantity, reference=str(row[table["invoice"]]))


def posted(rows: Iterable[Row]) -> Iterator[BilledBefore]:
    """What posted invoices have."""
    table = tables()["billed"]["posted"]
    for row in rows:
        line, quantity = int(row.get(table["line"]) or 0), Decimal(row.get(table["quantity"]) or 0)
        yield BilledBefore(str(row[table["order"]]), line, quantity, str(row.get(table["invoice"]) or ""))


def planned(plan: WritePlan, sets: InvoiceSets) -> Iterator[BilledBefore]:
    """What an invoice has that is on its way to D365."""
    table, header = tables()["billed"]["pending"], tables()["billed"]["header"]
    for line in plan.lines:
        if table["order"] in line:
            quantity = Decimal(str(line.get(sets.quantity, 0)))
            number = str(plan.header.get(header["number"], ""))
            yield BilledBefore(str(line[table["order"]]), int(line.get(table["line"], 0)), quantity, number)


def of_others(
    found: Iterable[BilledBefore], rows: Iterable[Row], own: ThisInvoice, on_their_way: Sequence[str]
) -> tuple[BilledBefore, ...]:
    """What invoices have that are not this one, the pending ones under their numbers; `rows` are the headers of these. Those that
    are on their way count once, although D365 may have them already."""
    table = tables()["billed"]["header"]
    heads = {str(row[table["invoice"]]): row for row in rows}
    kept = list[BilledBefore]()
    for each in found:
        row = heads.get(each.reference) if each.reference else None
        if row is None:
            kept.append(each)
            continue
        number, of_account = str(row.get(table["number"]) or ""), same_text(row.get(table["account"]), own.account)
        same = same_text(number, own.number) and str(row.get(table["date"]) or "").startswith(own.year)
        if not (of_account and (same or any(same_text(number, other) for other in on_their_way))):
            kept.append(replace(each, invoice=number))
    return tuple(kept)


def over(order: str, line: int, unit: str, ordered: Decimal, billed: Decimal, earlier: Iterable[BilledBefore]) -> str:
    """How much more is billed of a line of an order than was ordered, with what others have of it, in words; "" for no more. What
    gives back is never too much where others have it."""
    others = [each for each in earlier if same_text(each.order, order) and each.line == line and each.quantity]
    before = sum((each.quantity for each in others), Decimal(0))
    total = billed + before
    alone = abs(billed) > abs(ordered)
    if not alone and (abs(total) <= abs(ordered) or abs(total) <= abs(before)):
        return ""
    names = ", ".join(dict.fromkeys(each.invoice or each.reference for each in others))
    said = f", and {plain(before)} {unit} by {names} before" if before else ""
    return (
        f"line {line} of order {order}: {plain(abs(billed))} {unit} billed{said}, but {plain(ordered)} {unit} ordered"
    )
