"""The buying day of `d365edi demo`, and what became of each record and direction that d365edi moves between D365 and partners.

Knows: the course of that day, and where each result is seen: in a partner's folder or in D365. Does not know: how the sandbox or
the daemon work.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from d365edi.sandbox import buying_day as goods
from d365edi.sandbox import x12
from d365edi.sandbox.day import INVOICED
from d365edi.sandbox.profiles import COMPANY
from d365edi.sandbox.purchases import ITEMS

if TYPE_CHECKING:
    from d365edi.cli.demo_stage import DemoStage

VENDOR_JOURNAL = ("VendorPaymentJournalHeaders", "VendorPaymentJournalLines", "DebitAmount")
CUSTOMER_JOURNAL = ("CustomerPaymentJournalHeaders", "CustomerPaymentJournalLines", "CreditAmount")


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What became of one record in one direction: the claim, what was seen of it ("" nothing), whether that is as expected."""

    claim: str
    seen: str
    good: bool


async def play(here: DemoStage, headline: Callable[[str], None]) -> None:
    """Step by step; each waits for its result, and continues in any case after a timeout."""
    buying = here.buying
    headline("a buying day: we confirm a purchase order and enter invoices of two vendors")
    buying.order()
    await here.until(lambda: all(result.good for result in results(here)[:2]) and _entered(here))
    headline("D365 posts: freight invoices, a journal, and the packing slip and invoice of the shop's order")
    await anyio.to_thread.run_sync(buying.post)
    await here.until(lambda: all(result.good for result in results(here)[2:10]))
    headline("remittances: what the freight company was paid, and what the shop pays")
    buying.pay()
    await here.until(lambda: all(result.good for result in results(here)) and not waiting(here))


def waiting(here: DemoStage) -> list[str]:
    """Files of the buying day that were not taken yet."""
    return [drop.name for drop in here.buying.drops if here.buying.place(drop).exists()]


def _entered(here: DemoStage) -> bool:
    """Whether what came in the morning stands in D365, and the freight invoices went out while they were pending."""
    found = results(here)
    return all(found[row - 1].good for row in (4, 5, 6, 12, 13, 14, 15, 16))


def results(here: DemoStage) -> list[RecordResult]:
    """One result for each record and direction, what goes out first."""
    return [*_out(here), *_in(here)]


def _out(here: DemoStage) -> Iterator[RecordResult]:
    sent, listed = partial(_sent, here), partial(_listed, here)
    yield sent("purchase order out as 850", "supplier", "850_", ("BEG", 3), goods.CONFIRMED)
    yield listed("purchase order out as CSV", "supplier", "PurchaseOrder_", "PO Number", goods.CONFIRMED)
    freight = (goods.FREIGHT, goods.FREIGHT_NEXT)
    yield sent("posted vendor invoice out as 810", "freight", "810_", ("BIG", 2), *freight)
    yield listed("pending vendor invoice out as CSV", "planner", "Invoice_", "Invoice Number", goods.PENDING)
    vendors = values(here, "VendorsV3", "VendorAccountNumber")
    yield listed("vendors out as CSV", "office", "Vendor_", "Vendor Account", *vendors)
    items = [ours for ours, *_ in ITEMS.values()]
    yield listed("items out as CSV", "office", "Item_", "Item Number", *items)
    yield listed("journal entries out as CSV", "office", "JournalEntry_", "Account", *goods.ACCOUNTS)
    customers = [name for name, profile in here.town.profiles.items() if not profile.flows]
    invoices = [file for name in customers for file in _files(here, name, "810_")]
    yield RecordResult("customer invoice out as 810", _count(invoices, "file"), len(invoices) == len(INVOICED))
    yield listed("customer invoice out as CSV", "shop", "Invoice_", "Invoice Number", here.buying.invoice)
    yield sent("ship notice out as 856", "shop", "856_", ("PRF", 1), goods.SHOP_ORDER)


def _in(here: DemoStage) -> Iterator[RecordResult]:
    sales = partial(made, here, "SalesOrderHeadersV4", "SalesOrderLinesV3")
    bought = partial(made, here, "PurchaseOrderHeadersV2", "PurchaseOrderLinesV2")
    billed = partial(made, here, "VendorInvoiceHeaders", "VendorInvoiceLines")
    first = {"InvoiceNumber": goods.INVOICE, "PurchaseOrderNumber": goods.BILLED}
    second = {"InvoiceNumber": goods.INVOICE_IN_COLUMNS, "PurchaseOrderNumber": goods.BILLED_IN_COLUMNS}
    to_vendor, of_customer = partial(paid, here, VENDOR_JOURNAL), partial(paid, here, CUSTOMER_JOURNAL)
    yield _retail_orders(here)
    yield sales("CSV in as a sales order", CustomersOrderReference=goods.SHOP_ORDER)
    yield bought("850 in as a purchase order", VendorOrderReference=goods.ORDER)
    yield bought("CSV in as a purchase order", VendorOrderReference=goods.ORDER_IN_COLUMNS)
    yield billed("810 in as a vendor invoice with lines", **first)
    yield billed("CSV in as a vendor invoice with lines", **second)
    yield to_vendor("820 in as lines of a vendor payment journal", goods.PAYMENT, goods.FREIGHT)
    yield to_vendor("CSV in as lines of a vendor payment journal", goods.PAYMENT_IN_COLUMNS, goods.FREIGHT_NEXT)
    yield of_customer("820 in as lines of a customer payment journal", goods.CUSTOMER_PAYMENT, here.buying.invoice)


# ------------------------------------------------------------------------------------------------ sent to partners
def _files(here: DemoStage, partner: str, prefix: str) -> dict[str, bytes]:
    received = here.town.partners[partner].received()
    return {name: data for name, data in received.items() if name.startswith(prefix)}


def _sent(
    here: DemoStage, claim: str, partner: str, prefix: str, place: tuple[str, int], *numbers: str
) -> RecordResult:
    """Each of these numbers stands once in the files of that name, in this segment and element."""
    files, (id, element) = _files(here, partner, prefix), place
    groups = [group for data in files.values() for found in x12.split(data) for group in x12.groups(found)]
    named = [segment[element] for group in groups for one in group.sets for segment in one if segment[0] == id]
    return RecordResult(claim, ", ".join(files), sorted(named) == sorted(numbers))


def _listed(here: DemoStage, claim: str, partner: str, prefix: str, column: str, *wanted: str) -> RecordResult:
    """The rows of the files of that name have each of these values in a column."""
    files = _files(here, partner, prefix)
    rows = [row for data in files.values() for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig")))]
    seen = f"{', '.join(files)}: {_count(rows, 'row')}" if files else ""
    return RecordResult(claim, seen, all(wanted) and set(wanted) <= {row[column] for row in rows})


def values(here: DemoStage, set: str, field: str) -> list[str]:
    """One field of all rows of a set, as texts."""
    return [str(row[field]) for row in here.town.d365.state.rows(set, dataAreaId=COMPANY)]


# ------------------------------------------------------------------------------------------------ created in D365
def _retail_orders(here: DemoStage) -> RecordResult:
    orders = [order.number for partner in here.town.partners.values() for order in partner.orders.values()]
    made = values(here, "SalesOrderHeadersV4", "CustomersOrderReference")
    return RecordResult(
        "850 in as a sales order",
        _count([number for number in made if number in orders], "order"),
        set(orders) <= set(made),
    )


def made(here: DemoStage, headers: str, lines: str, claim: str, **equal: str) -> RecordResult:
    """There is one record with these values, and it has the two lines that came."""
    tenant = here.town.d365.state
    found = tenant.rows(headers, dataAreaId=COMPANY, **equal)
    counted = [(_key(row), tenant.rows(lines, dataAreaId=COMPANY, **_key(row))) for row in found]
    seen = "; ".join(f"{' '.join(key.values())}: {_count(rows, 'line')}" for key, rows in counted)
    return RecordResult(claim, seen, [len(rows) for _, rows in counted] == [2])


def _key(header: Mapping[str, Any]) -> dict[str, str]:
    numbers = ("SalesOrderNumber", "HeaderReference", "PurchaseOrderNumber")
    return next({name: str(header[name])} for name in numbers if name in header)


def paid(here: DemoStage, journal: tuple[str, str, str], claim: str, payment: str, invoice: str) -> RecordResult:
    """One journal of that payment has one line, which marks the invoice."""
    (headers, lines, amount), tenant = journal, here.town.d365.state
    numbers = [row["JournalBatchNumber"] for row in tenant.rows(headers, dataAreaId=COMPANY, Description=payment)]
    rows = [row for number in numbers for row in tenant.rows(lines, dataAreaId=COMPANY, JournalBatchNumber=number)]
    seen = "; ".join(f"journal {row['JournalBatchNumber']}: {row[amount]} for {row['MarkedInvoice']}" for row in rows)
    return RecordResult(claim, seen, [row["MarkedInvoice"] for row in rows] == [invoice])


def _count(things: Sequence[Any], word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}" if things else ""
