"""A buying day in the sandbox, step by step, beside the trading day of `day`.

    furnish   D365 learns of the items that are bought, and of what a person entered there
    morning   partners leave orders, invoices and an order of a shop
    order     a person confirms a purchase order, and enters invoices of vendors
    post      a person posts the freight invoice, a general journal, and delivers and invoices the shop's order
    pay       remittances are left, for a vendor and from a customer

Knows: the steps, and the rows of D365 that they write. Does not know: the daemon; the caller waits for it between the steps.
"""

from collections.abc import Sequence
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from . import purchases, seeding, x12
from .d365 import ledger, purchasing
from .d365.tenant import Tenant
from .drops import Drop
from .environment import Environment
from .profiles import COMPANY
from .purchases import ITEMS

WAREHOUSE = "11"
CONFIRMED, BILLED, BILLED_IN_COLUMNS = "BUY-101", "BUY-102", "BUY-103"
"""Our purchase orders at the supplier: the one that it is sent, those that it bills."""
INVOICE, INVOICE_IN_COLUMNS = "HP-7001", "HP-7002"
ORDER, ORDER_IN_COLUMNS = "PLAN-31", "PLAN-32"
FREIGHT, FREIGHT_NEXT, PENDING = "CF-501", "CF-502", "RP-21"
"""Invoices that a person enters: two of the freight company, which are posted, and one of the planner, which is not."""
SHOP_ORDER = "SHOP-88"
ACCOUNTS = ("600100", "110180")
"""The main accounts of the journal: debit and credit."""
PAYMENT, PAYMENT_IN_COLUMNS, CUSTOMER_PAYMENT = "EFT-1", "EFT-2", "EFT-3"


class BuyingDay:
    """One day of an environment that has the partners of `profiles.BUYING`; `drops` are the files that were left so far.

    `invoice`: the number of the shop's invoice, once it is posted."""

    def __init__(self, sandbox: Environment) -> None:
        self.sandbox = sandbox
        self.tenant: Tenant = sandbox.d365.state
        self.drops: list[Drop] = []
        self.invoice = ""
        self._journal = ""

    # ------------------------------------------------------------------------------------------------- the steps
    def furnish(self) -> None:
        """Enter items, warehouse, three purchase orders, two freight invoices and a journal, all as a person would."""
        company = {"dataAreaId": COMPANY}
        self.tenant.add("Warehouses", **company, WarehouseId=WAREHOUSE, OperationalSiteId="1")
        purchases.enter_items(self.tenant)
        for profile in self.sandbox.profiles.values():
            if profile.vendor:
                purchases.enter_numbers(self.tenant, profile.vendor)
        for theirs, (ours, _, _) in ITEMS.items():
            seeding.add_external_number(self.tenant, COMPANY, self._profile("shop").account, ours, f"SHOP-{theirs}")
        for number in (CONFIRMED, BILLED, BILLED_IN_COLUMNS):
            purchases.enter_order(self.tenant, number, self._profile("supplier").vendor, self.sandbox.day)
        lines = ({"DebitAmount": Decimal(40)}, {"CreditAmount": Decimal(40)})
        booked = [
            {**line, "AccountDisplayValue": f"{account}-001"} for line, account in zip(lines, ACCOUNTS, strict=True)
        ]
        self._journal = ledger.journal(self.tenant, *booked, company=COMPANY, text="Rent")

    def morning(self) -> None:
        """The supplier bills two orders, the planner orders twice, the shop once; one of each two in columns."""
        lines = purchases.lines("VN")
        self._x12("supplier", "IN", "810", purchases.bill(INVOICE, BILLED, self.sandbox.day))
        head = "Invoice Number,Invoice Date,PO Number,Line,Vendor Item,Quantity,Unit,Price,Invoice Total"
        day = self.sandbox.day.isoformat()
        rows = [
            f"{INVOICE_IN_COLUMNS},{day},{BILLED_IN_COLUMNS},{line[0]},{line[6]},{line[1]},EA,{line[3]},148"
            for line in lines
        ]
        self._csv("supplier", "invoice.csv", head, rows)
        self._x12("planner", "PO", "850", [
            ["BEG", "00", "SA", ORDER, "", self._date()], ["N1", "ST", "OURS", "92", WAREHOUSE],
            *[["PO1", *line] for line in lines], ["CTT", str(len(lines))],
        ])  # fmt: skip
        head = "PO Number,PO Date,Line,Quantity,Unit,Price,Vendor Item,Ship To ID"
        rows = [f"{ORDER_IN_COLUMNS},{day},{line[0]},{line[1]},EA,{line[3]},{line[6]},{WAREHOUSE}" for line in lines]
        self._csv("planner", "order.csv", head, rows)
        head = "PO Number,PO Date,Line,Quantity,Unit,Price,Buyer Item"
        rows = [f"{SHOP_ORDER},{day},{line[0]},{line[1]},EA,{Decimal(line[3]) * 2},SHOP-{line[6]}" for line in lines]
        self._csv("shop", "order.csv", head, rows)

    def order(self) -> None:
        """A person confirms the purchase order at the supplier, and enters invoices of the freight company and the planner."""
        purchasing.confirm(self.tenant, CONFIRMED, company=COMPANY)
        for number, partner in ((FREIGHT, "freight"), (FREIGHT_NEXT, "freight"), (PENDING, "planner")):
            self._enter_invoice(number, partner)

    def post(self) -> None:
        """Post the freight invoices and the journal; deliver and invoice the shop's order. LookupError when it is not in D365."""
        for number in (FREIGHT, FREIGHT_NEXT):
            purchasing.post_invoice(self.tenant, f"HR-{number}", company=COMPANY, orders=False)
        ledger.post(self.tenant, self._journal, company=COMPANY)
        order = self.tenant.one("SalesOrderHeadersV4", dataAreaId=COMPANY, CustomersOrderReference=SHOP_ORDER)
        self.sandbox.d365.post_packing_slip(order["SalesOrderNumber"], company=COMPANY)
        self.invoice = self.sandbox.d365.post_invoice(order["SalesOrderNumber"], company=COMPANY)

    def pay(self) -> None:
        """The freight company reports by 820 and in columns what it was paid, the shop by 820 what it pays."""
        self._x12("freight", "RA", "820", purchases.remittance(PAYMENT, FREIGHT, "60", self.sandbox.day))
        head = "Payment Number,Payment Date,Payment Amount,Currency,Invoice Number,Amount Paid"
        row = f"{PAYMENT_IN_COLUMNS},{self.sandbox.day.isoformat()},60,USD,{FREIGHT_NEXT},60"
        self._csv("freight", "payment.csv", head, [row])
        posted = self.tenant.one("SalesInvoiceHeadersV4", dataAreaId=COMPANY, InvoiceNumber=self.invoice)
        amount = f"{posted['TotalInvoiceAmount']:f}"
        self._x12("shop", "RA", "820", purchases.remittance(CUSTOMER_PAYMENT, self.invoice, amount, self.sandbox.day))

    def place(self, drop: Drop) -> Path:
        """Where a file was left: in csv/ or outbound/ of its partner's home."""
        partner = self.sandbox.partners[drop.partner]
        return (partner.home if drop.name.startswith("csv/") else partner.outbound) / drop.name

    # ------------------------------------------------------------------------------------------------- their files
    def _profile(self, partner: str) -> Any:
        return self.sandbox.profiles[partner]

    def _date(self) -> str:
        return f"{self.sandbox.day:%Y%m%d}"

    def _x12(self, partner: str, functional: str, set: str, body: Sequence[Sequence[str]]) -> None:
        profile, control = self._profile(partner), 1 + len(self.drops)
        sets = [(set, [list(segment) for segment in body])]
        at = datetime.combine(self.sandbox.day, time(6))
        data = x12.write(profile.address, functional, sets, interchange=control, group=control, at=at)
        self._leave(Drop(f"{set}-{control}.edi", partner, data))

    def _csv(self, partner: str, name: str, head: str, rows: Sequence[str]) -> None:
        self._leave(Drop(f"csv/{name}", partner, "\n".join([head, *rows, ""]).encode()))

    def _leave(self, drop: Drop) -> None:
        self.drops.append(drop)
        target = self.place(drop)
        hidden = target.with_name(f".{target.name}.writing")
        hidden.write_bytes(drop.data)
        hidden.replace(target)

    # ------------------------------------------------------------------------------------------ what persons enter
    def _enter_invoice(self, number: str, partner: str) -> None:
        account = self._profile(partner).vendor
        key = {"dataAreaId": COMPANY, "HeaderReference": f"HR-{number}"}
        day = self.sandbox.day.isoformat()
        self.tenant.add(
            "VendorInvoiceHeaders", **key, InvoiceAccount=account, VendorAccount=account, InvoiceNumber=number,
            InvoiceDate=day, DueDate=day, Currency="USD",
        )  # fmt: skip
        self.tenant.add(
            "VendorInvoiceLines", **key, InvoiceLineNumber=1, ItemNumber="NB-BAG", ReceiveNow=48, Unit="ea",
            UnitPrice=Decimal("1.25"), PriceUnit=1, Amount=Decimal(60), Currency="USD", LineDescription="COTTON BAG",
        )  # fmt: skip
