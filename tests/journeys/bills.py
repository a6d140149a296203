"""A vendor's invoices, and a partner whose invoices become vendor invoices of ours."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from d365edi.sandbox.d365.tenant import Tenant
from tests.journeys.world import PROFILE, World

VENDOR, ORDER = "US-101", "PO-1"
SETTINGS = """
[partners.acme.pickup.columns]
from  = {{ endpoint = "acme", path = "{root}/outbound/csv/*.csv" }}
every = "1s"
holds = "Invoice"

[partners.acme.receive.810]
create  = "VendorInvoice"
company = "usmf"
{more}

[partners.acme.receive.INVOIC]
create  = "VendorInvoice"
company = "usmf"

[partners.acme.receive.Invoice]
create  = "VendorInvoice"
company = "usmf"

[partners.acme.codes.charge]
D240 = "FREIGHT"
C310 = "PROMO"
"""


def receives(world: World, more: str = "") -> None:
    """The partner is a vendor with orders, and its invoices become vendor invoices; `more` stands in the flow of the 810."""
    furnish(world.simulator.state)
    lines = ("D0001", 12, "10.5"), ("D0002", 3, "99.99")
    order(world, ORDER, *lines)
    order(world, "PO-2", *lines, vendor="US-104")
    order(world, "PO-3", *lines, status="Canceled")
    order(world, "PO-4", ("D0001", 12, "10.5"), ("D0001", 3, "10.5"), ("D0002", 3, "99.99"), first=7)
    world.partner_extra = f'vendor = {{ usmf = "{VENDOR}" }}'
    world.knobs["edifact"] = 'edifact = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }'
    world.extra = SETTINGS.format(root=world.prefix, more=more)


def furnish(tenant: Tenant) -> None:
    """Two vendors, and the first one's numbers for two items; the service user's company is another one."""
    tenant.companies, tenant.default_company = ["usmf", "dat"], "dat"
    for account in (VENDOR, "US-104"):
        tenant.add(
            "VendorsV3",
            dataAreaId="usmf",
            VendorAccountNumber=account,
            VendorOrganizationName=account,
            CurrencyCode="USD",
            LanguageId="en-US",
        )
    for item, theirs in (("D0001", "V-1"), ("D0002", "V-2")):
        tenant.add("ReleasedProductsV2", dataAreaId="usmf", ItemNumber=item, ProductType="Item")
        tenant.add(
            "VendorProductDescriptionsV2",
            dataAreaId="usmf",
            ItemNumber=item,
            VendorAccountNumber=VENDOR,
            VendorProductNumber=theirs,
        )


def order(
    world: World,
    number: str,
    *lines: tuple[str, int, str],
    vendor: str = VENDOR,
    status: str = "Backorder",
    first: int = 1,
) -> None:
    """A purchase order in D365, its lines as (item, quantity, price)."""
    enter(world.simulator.state, number, lines, vendor=vendor, status=status, first=first)


def enter(
    tenant: Tenant,
    number: str,
    lines: Iterable[tuple[str, int, str]],
    *,
    vendor: str = VENDOR,
    status: str = "Backorder",
    first: int = 1,
) -> None:
    """The same in a tenant."""
    key = {"dataAreaId": "usmf", "PurchaseOrderNumber": number}
    accounts = {"OrderVendorAccountNumber": vendor, "InvoiceVendorAccountNumber": vendor}
    tenant.add("PurchaseOrderHeadersV2", **key, **accounts, CurrencyCode="USD", PurchaseOrderStatus=status)
    for place, (item, quantity, price) in enumerate(lines, first):
        tenant.add(
            "PurchaseOrderLinesV2",
            **key,
            LineNumber=place,
            ItemNumber=item,
            OrderedPurchaseQuantity=quantity,
            PurchaseUnitSymbol="ea",
            PurchasePrice=Decimal(price),
            PurchasePriceQuantity=1,
        )


def bill(
    number: str = "INV-1",
    *,
    order: str = ORDER,
    date: str = "20261102",
    quantities: tuple[str, str] = ("12", "3"),
    prices: tuple[str, str] = ("10.5", "99.99"),
    unit: str = "EA",
    currency: str = "",
    sense: str = "",
    purpose: str = "",
    usage: str = "P",
    line_sac: str = "",
    sac: str = "",
    total: str = "42597",
    control: int = 7,
) -> bytes:
    """An 810 of theirs for an order, in the vendor's item numbers."""
    big = f"BIG*{date}*{number}**{order}".rstrip("*") + (f"***{sense}*{purpose}".rstrip("*"))
    body = ["ST*810*0001", big, *([f"CUR*SE*{currency}"] if currency else [])]
    body += [f"IT1*1*{quantities[0]}*{unit}*{prices[0]}**VN*V-1", *([line_sac] if line_sac else [])]
    body += [f"IT1*2*{quantities[1]}*{unit}*{prices[1]}**VN*V-2", f"TDS*{total}", *([sac] if sac else []), "CTT*2"]
    body.append(f"SE*{len(body) + 1}*0001")
    them, us = PROFILE.them, PROFILE.us
    parties = f"{them[0]}*{them[1]:<15}*{us[0]}*{us[1]:<15}"
    head = f"ISA*00*          *00*          *{parties}*261102*1200*U*00401*{control:09d}*0*{usage}*>"
    group = f"GS*IN*{PROFILE.group_them}*{PROFILE.group_us}*20261102*1200*{control}*X*004010"
    return "~".join([head, group, *body, f"GE*1*{control}", f"IEA*1*{control:09d}", ""]).encode()


def invoic(number: str = "INV-1") -> bytes:
    """An INVOIC of theirs in D.96A with the same lines."""
    body = [
        "UNH+1+INVOIC:D:96A:UN:EAN008",
        f"BGM+380+{number}+9",
        "DTM+137:20261102:102",
        f"RFF+ON:{ORDER}",
        "NAD+BY+4012345000009::9",
        "NAD+SU+4098765000010::9",
        "CUX+2:USD:4",
        "LIN+1++614141000012:EN",
        "PIA+1+V-1:SA",
        "QTY+47:12:EA",
        "MOA+203:126.00",
        "PRI+AAA:10.5",
        "LIN+2++614141000029:EN",
        "PIA+1+V-2:SA",
        "QTY+47:3:EA",
        "MOA+203:299.97",
        "PRI+AAA:99.99",
        "UNS+S",
        "CNT+2:2",
        "MOA+79:425.97",
        "MOA+77:425.97",
    ]
    ends = ["UNB+UNOC:3+4098765000010:14+4012345000009:14+261102:1200+77", *body, f"UNT+{len(body) + 1}+1", "UNZ+1+77"]
    return "".join(f"{segment}'" for segment in ends).encode()
