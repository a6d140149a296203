"""The fault `posted`: the partner, a vendor of ours too, bills by 810 what D365 has posted already.

Knows: what a person has entered and posted, the partner's file, the flow that takes it. Does not know: who begins it.
"""

from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal

from . import seeding, x12
from .d365 import purchasing
from .environment import Environment
from .partner import PartnerProfile
from .profiles import COMPANY

NAME, VENDOR, INVOICE = "posted", "US-101", "INV-7001"
_CONTROL = 700000001
_AMOUNT = Decimal(60)


def vendor_too(profile: PartnerProfile) -> PartnerProfile:
    """The partner as a vendor of ours."""
    return replace(profile, vendor=VENDOR)


def flow(partner: str) -> str:
    """The section of the settings file by which its invoices become ours."""
    return f'\n[partners.{partner}.receive.810]\ncreate  = "VendorInvoice"\ncompany = "{COMPANY}"\n'


def begin(sandbox: Environment) -> None:
    """Post the invoice in D365 as a person would, and leave the partner's 810 for it."""
    tenant, partner = sandbox.d365.state, sandbox.partner
    if tenant.rows("VendInvoiceJourBiEntities", dataAreaId=COMPANY, InvoiceId=INVOICE):
        return
    seeding.add_vendor(tenant, COMPANY, VENDOR, partner.profile.title)
    key, day = {"dataAreaId": COMPANY, "HeaderReference": f"HR-{INVOICE}"}, sandbox.day.isoformat()
    of_vendor = {"InvoiceAccount": VENDOR, "VendorAccount": VENDOR}
    tenant.add("VendorInvoiceHeaders", **key, **of_vendor, InvoiceNumber=INVOICE, InvoiceDate=day, Currency="USD")
    line = {"LineDescription": "FREIGHT", "ReceiveNow": 1, "UnitPrice": _AMOUNT, "Amount": _AMOUNT, "Currency": "USD"}
    tenant.add("VendorInvoiceLines", **key, InvoiceLineNumber=1, **line)
    purchasing.post_invoice(tenant, key["HeaderReference"], company=COMPANY, orders=False)
    sandbox.d365.flush()
    body = [
        ["BIG", f"{sandbox.day:%Y%m%d}", INVOICE],
        ["IT1", "1", "1", "EA", f"{_AMOUNT}"],
        ["PID", "F", "", "", "", "FREIGHT"],
        ["TDS", f"{_AMOUNT * 100}"],
        ["CTT", "1"],
    ]
    at = datetime.combine(sandbox.day, time(6))
    sets = [("810", body)]
    partner.drop("invoice.edi", x12.write(partner.profile.address, "IN", sets, interchange=_CONTROL, group=1, at=at))
