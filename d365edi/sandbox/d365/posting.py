"""Posting the sales invoice of an order, or a credit note: its rows in every set, agreeing with each other.

Knows: how header, lines, business document and BI rows of one invoice belong together, by InvoiceId, InvoiceDate and
LineCreationSequenceNumber, and that `InventTransId` is the order line's lot. Does not know: HTTP.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any

from . import charges as charge_lines
from . import progress, values
from .store import FIRST_RECORD
from .tenant import Tenant

Row = dict[str, Any]
_CENT = Decimal("0.01")
_OPEN = ("Backorder", "Delivered")
_SETS = (
    ("SalesInvoiceHeadersV4", "SalesInvoiceV4Lines"),
    ("BusinessDocumentSalesInvoiceBases", "BusinessDocumentSalesInvoiceLineItems"),
    ("CustInvoiceJourBiEntities", "CustInvoiceTransBiEntities"),
)
"""What an invoice leaves: sets of the whole and of its lines. The last two are the BI sets, which a tenant may keep from us."""


def post(
    tenant: Tenant,
    order_numbers: Sequence[str],
    *,
    company: str = "usmf",
    quantities: Mapping[str, Decimal | int] | None = None,
    date: str | None = None,
    due: str | None = None,
    tax_percent: Decimal | int = 0,
    taxes: Mapping[str, Decimal | int] = MappingProxyType({}),
    charges: Decimal | int = 0,
    charges_tax: Decimal | int = 0,
    discount: Decimal | int = 0,
    journal: bool = True,
) -> str:
    """Post one invoice for an open order, or for several (summary update), and return its number.

    Its header is of the first order, and speaks for that one alone; each line names its own in `OrigSalesId`.
    `quantities`: lot to invoiced quantity, all lines in full when None. `date`, `due`: `YYYY-MM-DD`; when None today
    and what the terms of payment say; an invoice can be back-dated. `tax_percent`: of lines that are not in `taxes` (by
    lot); `charges_tax`: of the charges. `discount` is of the whole, and lines are taxed less their share
    of it. `journal`: whether the BI sets get their rows (a
    tenant may keep those from us). LookupError when there is no such order, ValueError when nothing is open, or where another
    customer's order is among them."""
    orders = [tenant.one("SalesOrderHeadersV4", dataAreaId=company, SalesOrderNumber=each) for each in order_numbers]
    progress.of_one_customer(orders)
    head = _head(tenant, orders[0], date, due)
    items = [
        _item(tenant, order, line, Decimal(quantity), Decimal(taxes.get(line["InventoryLotId"], tax_percent)))
        for order in orders
        for line, quantity in _chosen(tenant, order, quantities)
    ]
    _tax(items, Decimal(discount))
    every = Decimal(charges)
    for order in orders:
        own = {item["line"]["InventoryLotId"]: item for item in items if item["order"] is order}
        of_lines = charge_lines.of_lines(tenant, order, {lot: item["amount"] for lot, item in own.items()})
        for lot, item in own.items():
            item["charges"] = of_lines[lot]
        whole = sum((item["amount"] for item in own.values()), Decimal(0))
        every += charge_lines.of_order(tenant, order, whole) + sum(of_lines.values())
    totals = _totals(items, every, Decimal(charges_tax), Decimal(discount))
    _post(tenant, orders[0], head, items, totals, journal=journal)
    for order in orders:
        lots = [item["line"]["InventoryLotId"] for item in items if item["order"] is order]
        progress.advance(tenant, order, lots, "Invoiced")
    return str(head["number"])


def _chosen(
    tenant: Tenant, order: Row, quantities: Mapping[str, Decimal | int] | None
) -> list[tuple[Row, Decimal | int]]:
    """The open lines of an order that are invoiced, each with how much of it."""
    lines = [line for line in progress.lines(tenant, order) if line["SalesOrderLineStatus"] in _OPEN]
    wanted = (
        {line["InventoryLotId"]: line["OrderedSalesQuantity"] for line in lines} if quantities is None else quantities
    )
    chosen = [(line, wanted[line["InventoryLotId"]]) for line in lines if line["InventoryLotId"] in wanted]
    if not chosen:
        raise ValueError(f"order {order['SalesOrderNumber']} has no open line to invoice")
    return chosen


def post_credit(
    tenant: Tenant,
    order_number: str,
    quantities: Mapping[str, Decimal | int],
    *,
    company: str = "usmf",
    date: str | None = None,
    document: str = "",
    tax_percent: Decimal | int = 0,
    charges: Decimal | int = 0,
    charges_tax: Decimal | int = 0,
    journal: bool = True,
) -> str:
    """Post a credit note for an invoiced order and return its number: quantities and amounts in all sets are negative.

    `quantities`: lot to credited quantity, above 0; `charges`: what of charges is credited, above 0; `document`: the text in
    `DocumentNum`, where a tenant may keep the original invoice. D365 names no original by itself. ValueError when a lot is not
    invoiced."""
    order = tenant.one("SalesOrderHeadersV4", dataAreaId=company, SalesOrderNumber=order_number)
    chosen = [line for line in progress.lines(tenant, order) if line["InventoryLotId"] in quantities]
    if len(chosen) != len(quantities) or any(line["SalesOrderLineStatus"] != "Invoiced" for line in chosen):
        raise ValueError(f"order {order_number} has no such invoiced line to credit")
    if any(quantity <= 0 for quantity in quantities.values()):
        raise ValueError("a credited quantity is above 0")
    head = {**_head(tenant, order, date, None), "document": document}
    items = [
        _item(tenant, order, line, -Decimal(quantities[line["InventoryLotId"]]), Decimal(tax_percent))
        for line in chosen
    ]
    _tax(items, Decimal(0))
    _post(
        tenant, order, head, items, _totals(items, -Decimal(charges), Decimal(charges_tax), Decimal(0)), journal=journal
    )
    return str(head["number"])


def _post(tenant: Tenant, order: Row, head: Row, items: list[Row], totals: Row, *, journal: bool) -> None:
    """The rows of an invoice or a credit note in every set."""
    numbered = [{**item, "sequence": number, "number": Decimal(number)} for number, item in enumerate(items, 1)]
    entity = tenant.one("LegalEntities", LegalEntityId=order["dataAreaId"])
    for head_set, line_set in _SETS if journal else _SETS[:2]:
        _rows(tenant, order, numbered, head_set, line_set, head=head, totals=totals, company=entity)


def _tax(items: list[Row], discount: Decimal) -> None:
    """The tax of each line, on its amount less its share of the discount of the whole."""
    whole = sum((item["amount"] for item in items), Decimal(0))
    for item in items:
        base = item["amount"] - (discount * item["amount"] / whole if whole else 0)
        item["tax"] = (base * item["rate"] / 100).quantize(_CENT, ROUND_HALF_UP)


def _totals(items: list[Row], charges: Decimal, charges_tax: Decimal, discount: Decimal) -> Row:
    sums = {name: sum((item[name] for item in items), Decimal(0)) for name in ("amount", "tax", "discount", "quantity")}
    sums["tax"] += (charges * charges_tax / 100).quantize(_CENT, ROUND_HALF_UP)
    whole = sums["amount"] + sums["tax"] + charges - discount
    return {**sums, "charges": charges, "end_discount": discount, "invoice": whole}


def _head(tenant: Tenant, order: Row, date: str | None, due: str | None) -> Row:
    company = order["dataAreaId"]
    invoiced = values.date_value(date) if date else tenant.today()
    number = tenant.number(company, "invoice")
    return {
        "company": company,
        "number": f"CIV-{number:06}",
        "voucher": f"ARIV-{number:06}",
        "date": invoiced,
        "due": values.date_value(due) if due else _due(tenant, order, invoiced),
        "now": tenant.now(),
        "document": "",
        "sales_order": order["SalesOrderNumber"],
        "record": FIRST_RECORD + tenant.number(company, "journal"),
    }


def _due(tenant: Tenant, order: Row, invoiced: str) -> str:
    days = timedelta(days=tenant.payment_terms.get(order["PaymentTermsName"], 0))
    return values.date_value(f"{datetime.fromisoformat(invoiced) + days:%Y-%m-%d}")


def _item(tenant: Tenant, order: Row, line: Row, quantity: Decimal, tax_percent: Decimal) -> Row:
    share = quantity / line["OrderedSalesQuantity"]
    amount = (line["LineAmount"] * share).quantize(_CENT, ROUND_HALF_UP)
    barcodes = tenant.rows("ProductBarcodesV3", dataAreaId=order["dataAreaId"], ItemNumber=line["ItemNumber"])
    gross = quantity * line["SalesPrice"] / (line["SalesPriceQuantity"] or 1)
    return {
        "order": order,
        "line": line,
        "discount": (gross - amount).quantize(_CENT, ROUND_HALF_UP),
        "quantity": quantity,
        "amount": amount,
        "rate": tax_percent,
        "charges": Decimal(0),
        "barcode": barcodes[0]["Barcode"] if barcodes else "",
    }


def _rows(
    tenant: Tenant, order: Row, items: list[Row], head_set: str, line_set: str, **sources: Mapping[str, Any]
) -> None:
    """The rows of an invoice in two sets that belong together: one of the whole, and one for each of its items."""
    tenant.store.insert(head_set, progress.filled(head_set, order=order, **sources))
    for item in items:
        fields = progress.filled(line_set, order=item["order"], item=item, line=item["line"], **sources)
        tenant.store.insert(line_set, fields)


def post_elsewhere(tenant: Tenant, number: str, company: str, other: str) -> None:
    """The same invoice once more in another company, as two companies that number alike have it."""
    for name in (name for pair in _SETS for name in pair):
        field = "InvoiceNumber" if "InvoiceNumber" in tenant.store.tables[name].blank else "InvoiceId"
        for row in tenant.rows(name, dataAreaId=company, **{field: number}):
            tenant.add(name, **{**row, "dataAreaId": other})
