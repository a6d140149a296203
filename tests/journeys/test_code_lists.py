"""Codes of which D365 has a list (main accounts, terms, modes of delivery, currencies): by the partner's table, else as D365 has
them, else held before any write."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
import pytest

from d365edi.cli import main
from tests.journeys import test_purchase_orders_in as orders
from tests.journeys import test_vendor_invoices_in as invoices
from tests.journeys.bills import ORDER, bill, invoic
from tests.journeys.test_dimensions import activate
from tests.journeys.world import World

billed, buying = invoices.billed, orders.buying
TABLES = """
[partners.acme.codes.payment_terms]
"05" = "Net30"
[partners.acme.codes.delivery_mode]
UPSN = "Ground"
[partners.acme.codes.delivery_terms]
PP = "PPD"
"""


def accounts(world: World, *numbers: str, suspended: str = "No", chart: str = "Shared") -> None:
    for number in numbers:
        world.simulator.state.add("MainAccounts", ChartOfAccounts=chart, MainAccountId=number, IsSuspended=suspended)


def fees(account: str = "6000", number: str = "INV-9") -> bytes:
    """An 810 of two lines without an order and an item, one account each."""
    text = bill(number, order="", total="7500").decode()
    start, end = text.index("IT1*1"), text.index("TDS*")
    lines = f"IT1*1*1*EA*50~REF*11*{account}~PID*F****FREIGHT~IT1*2*1*EA*25~REF*11*600200~PID*F****HANDLING~"
    text = text[:start] + lines + text[end:]
    body = text[text.index("ST*") : text.index("SE*")].count("~") + 1
    return text.replace(text[text.index("SE*") : text.index("~GE*")], f"SE*{body}*0001").encode()


def displayed(world: World) -> list[Any]:
    ((_, lines),) = invoices.pending(world)
    return [line["MainAccountDisplayValue"] for line in lines]


def asked(world: World, set: str) -> int:
    return sum(1 for each in world.simulator.log if each.set == set)


@pytest.fixture
def charged(billed: World) -> World:
    """The partner bills what has no order, and its account 6000 is our 600100."""
    accounts(billed, "600100", "600200")
    activate(billed, "Ledger", "MainAccount-Department-CostCenter")
    billed.extra += '[partners.acme.codes.main_account]\n"6000" = "600100"\n'
    return billed


async def test_lines_without_order_and_item_are_written_to_their_main_accounts(charged: World) -> None:
    charged.partner.drop("bill.edi", fees())
    await charged.once()
    assert displayed(charged) == ["600100", "600200"]
    assert asked(charged, "MainAccounts") == asked(charged, "Ledgers") == 1


async def test_a_main_account_goes_with_the_dimensions_of_the_flow(charged: World) -> None:
    charged.extra += '[partners.acme.receive.810.dimensions]\nDepartment = "022"\n'
    charged.partner.drop("bill.edi", fees())
    await charged.once()
    assert displayed(charged) == ["600100-022", "600200-022"]


@pytest.mark.parametrize("language", ["INVOIC", "columns"])
async def test_the_other_languages_say_an_account_too(charged: World, language: str) -> None:
    if language == "INVOIC":
        text = invoic("INV-9").decode().replace(f"RFF+ON:{ORDER}'", "").replace("PIA+1+V-1:SA'", "")
        text = text.replace("PIA+1+V-2:SA'", "").replace("LIN+1++614141000012:EN", "LIN+1").replace("UNT+22", "UNT+21")
        text = text.replace("LIN+2++614141000029:EN", "LIN+2").replace("PRI+AAA:10.5'", "PRI+AAA:10.5'RFF+ADE:6000'")
        charged.partner.drop("bill.edi", text.replace("PRI+AAA:99.99'", "PRI+AAA:99.99'RFF+ADE:600200'").encode())
    else:
        charged.extra += '[partners.acme.receive.Invoice.map.lines]\nmain_account = "GL Code"\n'
        folder = charged.partner.home / "outbound" / "csv"
        folder.mkdir(parents=True, exist_ok=True)
        head = "Invoice Number,Invoice Date,Line,Description,GL Code,Line Amount,Invoice Total"
        rows = "INV-9,2026-11-02,1,FREIGHT,6000,50,75\nINV-9,2026-11-02,2,HANDLING,600200,25,75"
        (folder / "bills.csv").write_text(f"{head}\n{rows}\n")
    for _ in range(2):
        await charged.once()
    assert displayed(charged) == ["600100", "600200"]


async def test_an_account_that_is_suspended_or_not_in_the_chart_holds_before_any_write(charged: World) -> None:
    accounts(charged, "600100", suspended="Yes")
    accounts(charged, "700000", chart="Other")
    charged.partner.drop("bill.edi", fees())
    charged.partner.drop("bill2.edi", fees("700000", "INV-10").replace(b"000000007", b"000000008"))
    async with charged.app() as app:
        await app.once()
        reasons = {row.number: row.reason for row in await invoices.held(app)}
    assert "main account 600100 is suspended in D365 (IsSuspended Yes)" in reasons["INV-9"]
    assert 'main account "700000" (line 1) is not in chart Shared of usmf' in reasons["INV-10"]
    assert '"700000" = "..." (ours) under [partners.acme.codes.main_account]' in reasons["INV-10"]
    assert invoices.pending(charged) == []


async def test_an_account_with_an_asterisk_is_no_other_account(charged: World) -> None:
    charged.extra += '"9" = "6001*"\n'
    charged.partner.drop("bill.edi", fees("9"))
    assert 'main account "6001*" (line 1) is not in chart Shared' in await invoices.why(charged)


async def test_where_ledgers_may_not_be_read_the_settings_say_the_chart(charged: World) -> None:
    charged.simulator.faults.answer(403, path="/data/Ledgers", times=1 << 30)
    charged.partner.drop("bill.edi", fees())
    assert 'write charts = { usmf = "..." } under [d365], then: d365edi release INV-9' in await invoices.why(charged)
    charged.knobs["events"] = 'charts = { usmf = "shared" }'
    async with charged.app() as app:
        await app.release("INV-9", "pat")
        await app.once()
    assert displayed(charged) == ["600100", "600200"]


async def test_ping_says_which_chart_a_company_has(charged: World) -> None:
    async with charged.app() as app:
        found = {check.what: check.sentence for check in (await app.ping("d365"))["d365"]}
    assert found["chart of usmf"] == "main accounts are those of chart Shared"


def said(world: World, *segments: str) -> bytes:
    """An order with further segments behind its first day."""
    before, rest = orders.order(world).decode().split("DTM*", 1)
    day, rest = rest.split("~", 1)
    first, later = ([f"{each}~" for each in segments if each.startswith("TD5") == late] for late in (False, True))
    text = f"{before}{''.join(first)}DTM*{day}~{''.join(later)}{rest}"
    end = text.index("SE*")
    count = int(text[end:].split("*")[1]) + len(segments)
    return text.replace(text[end : text.index("~GE*")], f"SE*{count}*0001").encode()


CODES = ("FOB*PP", "ITD*05", "TD5**2*UPSN**UPS GROUND")
"""What an order says of freight, terms and carrier."""


async def test_codes_of_a_purchase_order_are_ours_by_the_partners_tables(buying: World) -> None:
    buying.extra = TABLES
    buying.partner.drop("po.edi", said(buying, *CODES))
    await buying.once()
    ((header, _),) = orders.made(buying)
    names = ("DeliveryModeId", "DeliveryTermsId", "PaymentTermsName", "CurrencyCode")
    assert [header[name] for name in names] == ["Ground", "PPD", "Net30", "USD"]


async def test_without_tables_they_are_left_to_d365(buying: World) -> None:
    buying.partner.drop("po.edi", said(buying, *CODES))
    await buying.once()
    ((header, _),) = orders.made(buying)
    assert header["DeliveryModeId"] == ""
    assert asked(buying, "DeliveryModesV2") == asked(buying, "DeliveryTerms") == asked(buying, "PaymentTerms") == 0


async def test_a_code_is_written_as_d365_has_it_and_an_unknown_one_holds(buying: World) -> None:
    buying.extra = TABLES
    buying.partner.drop("po.edi", said(buying, "FOB*CC***01*CIF", "TD5**2*AIR"))
    buying.partner.drop(
        "po2.edi", said(buying, "FOB*XX").replace(b"4500777", b"4500778").replace(b"000000001", b"000000002")
    )
    async with buying.app() as app:
        await app.once()
        held = await orders.held(app)
    ((header, _),) = orders.made(buying)
    assert (header["DeliveryModeId"], header["DeliveryTermsId"]) == ("Air", "CIF")
    assert ['terms of delivery "XX" is none that D365 has of usmf' in row.reason for row in held] == [True]


async def test_a_currency_that_d365_does_not_have_holds(buying: World) -> None:
    buying.partner.drop(
        "po.edi", orders.order(buying).replace(b"REF*DP", b"CUR*BY*XTS~REF*DP").replace(b"SE*10", b"SE*11")
    )
    async with buying.app() as app:
        await app.once()
        (row,) = await orders.held(app)
    assert 'currency "XTS" is none that D365 has; enter it in D365, then: d365edi release 4500777' in row.reason
    assert orders.made(buying) == []


async def test_why_says_what_answered_each_reference(buying: World, capsys: pytest.CaptureFixture[str]) -> None:
    buying.extra = TABLES
    buying.partner.drop("po.edi", said(buying, *CODES))
    await buying.once()
    await anyio.to_thread.run_sync(lambda: main(["why", "4500777", "--settings", str(buying.settings_file)]))
    found = " ".join(capsys.readouterr().out.split())
    assert "vendor account US-101 = US-101 by VendorsV3" in found
    assert "item V-1 = D0001 by VendorProductDescriptionsV2" in found
    assert "warehouse 11 = 11 by Warehouses" in found
    assert "delivery mode Ground = Ground by DeliveryModesV2" in found
