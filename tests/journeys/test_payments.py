"""Remittances become lines of payment journals, of vendors and of customers: 820, REMADV and columns; what holds them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import anyio
import pytest

from d365edi.endpoints.health import Rests
from d365edi.errors import SettingsError
from d365edi.journal import Document
from d365edi.partners import compiled
from d365edi.sandbox.d365 import payments
from tests.journeys.world import PROFILE, World

VENDOR = "US-101"
FLOW = """
[partners.acme.receive.{set}]
create  = "{create}"
company = "usmf"
{more}
[partners.acme.receive.{set}.d365.header.constants]
JournalName = "{journal}"
[partners.acme.receive.{set}.d365.lines.constants]
PaymentMethodName = "EFT"
"""
COLUMNS = """
[partners.acme.pickup.columns]
from  = {{ endpoint = "acme", path = "{root}/outbound/csv/*.csv" }}
every = "1s"
holds = "Remittance"
"""
Items = Sequence[tuple[str, str]]
TWO: Items = (("V-1", "100.5"), ("V-2", "49.5"))
SIDES = {"VendorPayment": payments.VENDOR, "CustomerPayment": payments.CUSTOMER}


def wants(world: World, create: str = "VendorPayment", set: str = "820", more: str = "") -> World:
    """The partner's remittances become journals of this kind."""
    journal = "VendPay" if create == "VendorPayment" else "CustPay"
    columns = COLUMNS.format(root=world.prefix) if set == "Remittance" else ""
    world.extra = FLOW.format(set=set, create=create, journal=journal, more=more) + columns
    return world


def post(world: World, *numbers: str, account: str = VENDOR, set: str = "VendInvoiceJourBiEntities") -> None:
    """Posted invoices in D365."""
    tenant = world.simulator.state
    for number in numbers:
        key = tenant.number("", "posted for a payment")
        tenant.add(set, dataAreaId="usmf", SourceKey=key, InvoiceId=number, InvoiceAccount=account)


@pytest.fixture
def paying(town: World) -> World:
    """The town, whose partner pays a vendor of ours for us."""
    return furnished(town)


def furnished(world: World) -> World:
    """The vendors and the posted invoices of a world whose partner pays them."""
    for account in (VENDOR, "US-102"):
        world.simulator.state.add("VendorsV3", dataAreaId="usmf", VendorAccountNumber=account, CurrencyCode="USD")
    post(world, "V-1", "V-2")
    world.partner_extra = f'vendor = {{ usmf = "{VENDOR}" }}'
    world.waits |= {"rests": Rests(first=0.1, longest=0.2), "first_wait": 0.1}
    world.knobs["edifact"] = 'edifact = { us = "14:4012345000009", them = "14:4098765000010" }'
    return wants(world)


def x12(
    world: World,
    number: str = "EFT1",
    items: Items = TWO,
    *,
    total: str = "",
    more: Sequence[str] = (),
    handling: str = "I",
) -> bytes:
    """An 820 of theirs that pays these items; `more` segments follow the last of them."""
    world.control += 1
    amount = total or str(sum(Decimal(paid) for _, paid in items))
    body = [
        "ST*820*0001",
        f"BPR*{handling}*{amount}*C*ACH*CTX***********20261110",
        f"TRN*1*{number}*1555550100*REF-{number}",
        "CUR*PR*USD",
        "N1*PR*ACME*92*1000",
        "N1*PE*OURS*92*4711",
        "ENT*1",
        *(f"RMR*IV*{invoice}**{paid}" for invoice, paid in items),
        *more,
    ]
    body.append(f"SE*{len(body) + 1}*0001")
    head = (
        f"ISA*00*          *00*          *{PROFILE.them[0]}*{PROFILE.them[1]:<15}*{PROFILE.us[0]}*{PROFILE.us[1]:<15}"
        f"*261102*1200*U*00401*{world.control:09d}*0*P*>"
    )
    group = f"GS*RA*{PROFILE.group_them}*{PROFILE.group_us}*20261102*1200*{world.control}*X*004010"
    return "~".join([head, group, *body, f"GE*1*{world.control}", f"IEA*1*{world.control:09d}", ""]).encode()


def edifact(world: World, number: str = "EFT1", items: Items = TWO) -> bytes:
    """The same as REMADV."""
    world.control += 1
    total = sum(Decimal(paid) for _, paid in items)
    body = [
        "UNH+1+REMADV:D:96A:UN",
        f"BGM+481+{number}+9",
        "DTM+138:20261110:102",
        f"RFF+PQ:REF-{number}",
        "NAD+PR+4098765000010::9",
        "NAD+PE+4012345000009::9",
        "CUX+2:USD:11",
    ]
    for invoice, paid in items:
        body += [f"DOC+380+{invoice}", f"MOA+12:{paid}"]
    body += ["UNS+S", f"MOA+12:{total}"]
    head = f"UNB+UNOC:3+4098765000010:14+4012345000009:14+261102:1200+{world.control}"
    return "".join(f"{s}'" for s in [head, *body, f"UNT+{len(body) + 1}+1", f"UNZ+1+{world.control}"]).encode()


def columns(number: str = "EFT1", items: Items = TWO) -> bytes:
    """The same as a CSV file."""
    total = sum(Decimal(paid) for _, paid in items)
    rows = [f"{number},2026-11-10,{total},USD,{invoice},{paid}" for invoice, paid in items]
    head = "Payment Number,Payment Date,Payment Amount,Currency,Invoice Number,Amount Paid"
    return "\n".join([head, *rows, ""]).encode()


def drop(world: World, data: bytes, name: str = "pay.edi") -> None:
    folder = world.partner.outbound / ("csv" if name.endswith(".csv") else "")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def journals(world: World, create: str = "VendorPayment") -> dict[str, list[dict[str, Any]]]:
    """The journals in D365 by what they are called, each with its lines; a name twice is distinguished by a mark."""
    side, tenant = SIDES[create], world.simulator.state
    found: dict[str, list[dict[str, Any]]] = {}
    for header in tenant.rows(side.headers):
        key = str(header["Description"])
        while key in found:
            key += " (again)"
        found[key] = tenant.rows(side.lines, JournalBatchNumber=header["JournalBatchNumber"])
    return found


async def held(world: World) -> list[Document]:
    async with world.app() as app:
        await app.once()
        return await app.journal.read(lambda tx: tx.documents.in_state("held"))


async def only_held(world: World) -> str:
    (row,) = await held(world)
    return str(row.reason)


async def _drop_and_walk(world: World, set: str) -> None:
    made = {"820": x12, "REMADV": edifact}
    drop(world, made[set](world) if set in made else columns(), "pay.csv" if set == "Remittance" else "pay.edi")
    for _ in range(2):
        await world.once()


@pytest.mark.parametrize("set", ["820", "REMADV", "Remittance"])
async def test_a_remittance_becomes_a_vendor_payment_journal_with_a_line_for_each_invoice(
    both: World, set: str
) -> None:
    wants(furnished(both), set=set)
    await _drop_and_walk(both, set)
    ((name, lines),) = journals(both).items()
    assert name == "EFT1"
    fields = ("AccountType", "AccountDisplayValue", "DebitAmount", "MarkedInvoice", "MarkedInvoiceCompany")
    assert [[line[field] for field in (*fields, "SettleVoucher")] for line in lines] == [
        ["Vend", "US\\-101", Decimal("100.5"), "V-1", "usmf", "SelectedTransact"],
        ["Vend", "US\\-101", Decimal("49.5"), "V-2", "usmf", "SelectedTransact"],
    ]
    assert [line["LineNumber"] for line in lines] == [1, 2]
    said = ("TransactionDate", "CurrencyCode", "PaymentReference", "PaymentMethodName")
    assert [lines[0][field] for field in said] == ["2026-11-10T12:00:00Z", "USD", "EFT1", "EFT"]
    assert lines[0]["PaymentId"] == ("" if set == "Remittance" else "REF-EFT1")
    assert {each.method for each in both.simulator.log if each.path.startswith("/data/")} <= {"GET", "POST"}


@pytest.mark.parametrize("set", ["820", "REMADV", "Remittance"])
async def test_a_remittance_becomes_a_customer_payment_journal(paying: World, set: str) -> None:
    wants(paying, "CustomerPayment", set)
    post(paying, "V-1", "V-2", account="US-003", set="CustInvoiceJourBiEntities")
    await _drop_and_walk(paying, set)
    ((_, lines),) = journals(paying, "CustomerPayment").items()
    fields = ("AccountType", "AccountDisplayValue", "CreditAmount", "MarkedInvoice", "SettleVoucher")
    assert [[line[field] for field in fields] for line in lines] == [
        ["Cust", "US\\-003", Decimal("100.5"), "V-1", "SelectedTransact"],
        ["Cust", "US\\-003", Decimal("49.5"), "V-2", "SelectedTransact"],
    ]
    assert journals(paying) == {}


async def test_the_same_payment_again_makes_no_second_journal(paying: World) -> None:
    drop(paying, x12(paying), "a.edi")
    await paying.once()
    drop(paying, x12(paying), "b.edi")
    assert "received before" in await only_held(paying)
    assert list(journals(paying)) == ["EFT1"]


@pytest.mark.parametrize("path", ["/data/VendorPaymentJournalHeaders", "/data/$batch"])
async def test_a_lost_answer_makes_no_second_journal_and_no_second_line(paying: World, path: str) -> None:
    paying.simulator.faults.drop(method="POST", path=path)
    drop(paying, x12(paying))
    for _ in range(4):
        await paying.once()
        await anyio.sleep(0.4)
    ((_, lines),) = journals(paying).items()
    assert len(lines) == 2


@pytest.mark.parametrize("lost", ["", "/data/VendorPaymentJournalHeaders", "/data/$batch"])
async def test_another_accounts_payment_of_the_same_number_is_no_question(paying: World, lost: str) -> None:
    """Two partners count their payments alike, and both are written to one journal name."""
    tenant = paying.simulator.state
    key = {"dataAreaId": "usmf", "JournalBatchNumber": "THEIRS"}
    tenant.add("VendorPaymentJournalHeaders", **key, JournalName="VendPay", Description="EFT1", IsPosted="No")
    tenant.add("VendorPaymentJournalLines", **key, LineNumber=1, AccountDisplayValue="US\\-102", DebitAmount=Decimal(5))
    if lost:
        paying.simulator.faults.drop(method="POST", path=lost)
    drop(paying, x12(paying))
    for _ in range(6 if lost else 1):
        await paying.once()
        await anyio.sleep(0.3 if lost else 0)
    assert await held(paying) == []
    found = journals(paying)
    assert {name: len(lines) for name, lines in found.items()} == {"EFT1": 1, "EFT1 (again)": 2}


REFUSED = [
    ({"total": "151"}, "BPR02 says 151, items and adjustments add up to 150.0"),
    ({"more": ["ADX*-5*01"], "total": "145"}, "it has a deduction or another adjustment in ADX"),
    ({"items": (("V-1", "1"), ("V-2", "2"), ("v-1", "3"))}, "invoice v-1 is paid twice, again in item 3"),
    ({"items": (("V-1", "1"), ("V-9", "2"))}, "item 2: invoice V-9 is no posted invoice of vendor US-101 in usmf"),
    ({"items": (("V-1", "1"), ("W-1", "2"))}, "item 2: invoice W-1 is one of vendor US-102, not of US-101 in usmf"),
    ({"more": ["RMR*CM*C-1**-5"], "total": "145"}, "item 3: C-1 is no invoice (its kind is CM)"),
    ({"items": (("V-1", "0"),)}, "item 1: invoice V-1 is paid with 0"),
    ({"handling": "P"}, "its code (BPR01, BGM 1001) is P: it is the prenotification of a future transfer"),
    (
        {"items": (("V-1", "98*100*2"),), "total": "98"},
        "item 1: invoice V-1 of 100 is paid with 98 less a discount of 2",
    ),
    (
        {"more": ["RMR*IV*V-3**10*12**01*-2"], "total": "160"},
        "invoice V-3 is paid with a deduction or another adjustment",
    ),
]


@pytest.mark.parametrize(("change", "said"), REFUSED, ids=[said[:30] for _, said in REFUSED])
async def test_what_only_a_person_can_post_holds_the_payment(paying: World, change: dict[str, Any], said: str) -> None:
    post(paying, "W-1", account="US-102")
    drop(paying, x12(paying, **change))
    assert said in await only_held(paying)
    assert journals(paying) == {}
    assert len(paying.partner.acknowledgments()) == 1


async def test_a_discount_is_left_to_d365_where_the_flow_says_so(paying: World, lines: list[str]) -> None:
    wants(paying, more='short_paid = "try"')
    drop(paying, x12(paying, items=(("V-1", "98*100*2"),), total="98"))
    await paying.once()
    await paying.once()
    assert [[line["DebitAmount"] for line in rows] for rows in journals(paying).values()] == [[Decimal(98)]]
    assert sum("invoice V-1 of 100 is paid with 98 less a discount of 2" in line for line in lines) == 1


async def test_a_remadv_that_is_no_remittance_advice_is_held(paying: World) -> None:
    wants(paying, set="REMADV")
    drop(paying, edifact(paying).replace(b"BGM+481", b"BGM+429"), "pay.edi")
    assert "its code (BPR01, BGM 1001) is 429: it is no payment that is made" in await only_held(paying)
    assert journals(paying) == {}


@pytest.mark.parametrize("set", ["REMADV", "Remittance"])
async def test_a_total_that_differs_holds_what_is_no_820_too(paying: World, set: str) -> None:
    wants(paying, set=set)
    data = edifact(paying).replace(b"UNS+S'MOA+12:150.0", b"UNS+S'MOA+12:151") if set == "REMADV" else b""
    drop(paying, data or columns().replace(b",150.0,", b",151,"), "pay.edi" if data else "pay.csv")
    reason = await only_held(paying)
    assert "150.0" in reason
    assert "151" in reason
    assert journals(paying) == {}


async def test_a_deduction_in_columns_and_in_a_remadv_holds_the_payment(paying: World) -> None:
    wants(paying, set="Remittance")
    paying.extra += FLOW.format(set="REMADV", create="VendorPayment", journal="VendPay", more="")
    text = columns("C-1").decode().splitlines()
    drop(paying, "\n".join([f"{text[0]},Deduction", f"{text[1]},-5", f"{text[2]},", ""]).encode(), "pay.csv")
    drop(paying, edifact(paying, "R-1").replace(b"UNS+S'", b"AJT+13'MOA+165:25'UNS+S'").replace(b"UNT+14", b"UNT+16"))
    reasons = {row.number: str(row.reason) for row in await held(paying)}
    assert "invoice V-1 is paid with a deduction or another adjustment of -5" in reasons["C-1"]
    assert "it has a deduction or another adjustment in AJT" in reasons["R-1"]
    assert journals(paying) == {}


async def test_a_test_and_a_cancellation_pay_nothing(paying: World) -> None:
    paying.extra += FLOW.format(set="REMADV", create="VendorPayment", journal="VendPay", more="")
    drop(paying, x12(paying, "T-1").replace(b"*0*P*>", b"*0*T*>"), "test.edi")
    drop(paying, edifact(paying, "C-1").replace(b"C-1+9'", b"C-1+1'"), "cancel.edi")
    reasons = {row.number: str(row.reason) for row in await held(paying)}
    assert reasons["T-1"].startswith("remittance T-1: ISA15 says test, and production is agreed; d365edi release T-1")
    assert "its purpose is cancellation: it is no new payment" in reasons["C-1"]
    assert journals(paying) == {}


async def test_a_payment_of_6_000_items_is_held(paying: World) -> None:
    drop(paying, x12(paying, items=[(f"V-{number}", "1") for number in range(1, 6001)]))
    assert "it has 6,000 items; D365 takes 5,000 at once" in await only_held(paying)
    assert journals(paying) == {}


async def test_an_invoice_marked_elsewhere_names_that_journal_and_leaves_nothing_behind(paying: World) -> None:
    drop(paying, x12(paying, "BY-HAND", (("V-2", "49.5"),)), "first.edi")
    await paying.once()
    ((_, (line,)),) = journals(paying).items()
    drop(paying, x12(paying), "second.edi")
    reason = await only_held(paying)
    journal = f"VendPay {line['JournalBatchNumber']}"
    assert f"line 2 of 2: This transaction has been marked for settlement by {journal} in company usmf" in reason
    assert f"look into journal {journal} of company usmf in D365" in reason
    assert "has been deleted again" in reason
    assert list(journals(paying)) == ["BY-HAND"]
    paying.simulator.state.store.delete(paying.simulator.state.store.rows(payments.VENDOR.lines)[0])
    async with paying.app() as app:
        await app.release("EFT1", "pat")
        await app.once()
    assert len(journals(paying)["EFT1"]) == 2


async def test_a_journal_that_was_posted_meanwhile_is_not_written_to(paying: World) -> None:
    paying.simulator.faults.drop(method="POST", path="/data/VendorPaymentJournalHeaders")
    drop(paying, x12(paying))
    await paying.once()
    (header,) = paying.simulator.state.rows(payments.VENDOR.headers)
    payments.VENDOR.post(paying.simulator.state, header["JournalBatchNumber"])
    await anyio.sleep(1.1)
    reason = await only_held(paying)
    assert f"vendor payment {header['JournalBatchNumber']}" in reason
    assert "IsPosted Yes" in reason
    assert journals(paying) == {"EFT1": []}


@pytest.mark.parametrize("create", ["VendorPayment", "CustomerPayment"])
@pytest.mark.parametrize(("status", "count"), [("All", 0), ("Payment", 0), ("Invoice", 1), ("No", 1)])
async def test_an_account_on_hold_holds_the_payment(paying: World, create: str, status: str, count: int) -> None:
    wants(paying, create)
    side, account = SIDES[create], VENDOR if create == "VendorPayment" else "US-003"
    post(paying, "V-1", "V-2", account=account, set=side.invoices)
    paying.simulator.state.add(side.accounts, dataAreaId="usmf", **{side.account: account}, OnHoldStatus=status)
    drop(paying, x12(paying))
    await paying.once()
    assert len(journals(paying, create)) == count


async def test_the_payment_names_one_of_several_vendors(paying: World) -> None:
    paying.extra += '[partners.acme.vendors]\n"4711" = "US-102"\n'
    post(paying, "W-1", account="US-102")
    drop(paying, x12(paying, items=(("W-1", "10"),)))
    await paying.once()
    ((_, (line,)),) = journals(paying).items()
    assert line["AccountDisplayValue"] == "US\\-102"


async def test_a_payment_of_a_place_is_of_the_account_that_is_listed_for_it(paying: World) -> None:
    wants(paying, "CustomerPayment").extra += '[partners.acme.locations]\n"0007" = { account = "US-004" }\n'
    post(paying, "V-1", "V-2", account="US-004", set="CustInvoiceJourBiEntities")
    drop(paying, x12(paying).replace(b"ENT*1~", b"ENT*1*2J*92*0007~"))
    await paying.once()
    ((_, lines),) = journals(paying, "CustomerPayment").items()
    assert {line["AccountDisplayValue"] for line in lines} == {"US\\-004"}


async def _answer(world: World, status: int) -> None:
    world.simulator.faults.answer(status, method="GET", path="/data/VendInvoiceJourBiEntities*", times=9)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("status", [403, 404])
async def test_where_posted_invoices_may_not_be_read_d365_decides(paying: World, status: int, known: bool) -> None:
    await _answer(paying, status)
    if known:
        paying.simulator.state.journal_invoices.add(("usmf", VENDOR, "J-1"))
    drop(paying, x12(paying, items=(("J-1", "10"),)))
    async with paying.app() as app:
        await app.once()
        found = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert len(journals(paying)) == (1 if known else 0)
    assert [("Invoice J-1 of account US-101 does not exist" in row.reason) for row in found] == [True] * (not known)


async def test_unknown_invoices_are_left_to_d365_where_the_flow_says_so(paying: World) -> None:
    wants(paying, more='unknown_invoice = "try"')
    paying.simulator.state.journal_invoices.add(("usmf", VENDOR, "J-1"))
    drop(paying, x12(paying, items=(("J-1", "10"),)))
    await paying.once()
    assert list(journals(paying)) == ["EFT1"]


async def test_a_payment_held_for_an_invoice_is_released_once_the_invoice_is_posted(paying: World) -> None:
    drop(paying, x12(paying, items=(("V-9", "10"),)))
    assert "d365edi release EFT1" in await only_held(paying)
    post(paying, "V-9")
    async with paying.app() as app:
        await app.release("EFT1", "pat")
        await app.once()
    ((_, (line,)),) = journals(paying).items()
    assert line["MarkedInvoice"] == "V-9"


async def test_lines_that_collide_with_those_of_another_program_are_written_later(paying: World) -> None:
    paying.simulator.state.at_work["usmf vendpay"] = "99999"
    drop(paying, x12(paying))
    await paying.once()
    assert journals(paying) == {"EFT1": []}
    del paying.simulator.state.at_work["usmf vendpay"]
    for _ in range(3):
        await anyio.sleep(0.4)
        await paying.once()
    ((_, lines),) = journals(paying).items()
    assert len(lines) == 2


async def test_journals_of_one_name_are_written_one_after_the_other(paying: World, lines: list[str]) -> None:
    post(paying, *(f"P-{number}" for number in range(5)))
    paying.simulator.faults.silence(0.2, method="POST", path="/data/$batch", times=5)
    for number in range(5):
        drop(paying, x12(paying, f"EFT{number}", ((f"P-{number}", "1"),)), f"{number}.edi")
    await paying.once()
    await paying.once()
    assert sorted(journals(paying)) == [f"EFT{number}" for number in range(5)]
    assert not any("update conflict" in line for line in lines)


async def test_an_account_is_escaped_for_the_delimiter_and_nothing_else(paying: World) -> None:
    paying.simulator.state.add("VendorsV3", dataAreaId="usmf", VendorAccountNumber="A.B~C-1", CurrencyCode="USD")
    paying.partner_extra = 'vendor = { usmf = "A.B~C-1" }'
    post(paying, "V-8", account="A.B~C-1")
    drop(paying, x12(paying, items=(("V-8", "1"),)))
    await paying.once()
    ((_, (line,)),) = journals(paying).items()
    assert line["AccountDisplayValue"] == "A.B~C\\-1"


async def test_without_a_journal_s_name_nothing_starts(paying: World) -> None:
    paying.extra = paying.extra.replace('JournalName = "VendPay"\n', "")
    with pytest.raises(SettingsError) as raised:
        compiled(paying.settings())
    said = str(raised.value)
    assert "a VendorPayment needs JournalName, and nothing says it" in said
    assert 'write JournalName = "..." under [partners.acme.receive.820.d365.header.constants]' in said
    assert "settings.toml:" in said
