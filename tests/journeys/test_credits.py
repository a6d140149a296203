# ruff: noqa: E501 - a row stands on one line
"""Credit notes through the day: an order is invoiced, some of it is credited in D365, and the partner gets a note that names the
invoice.

By hand: line 1 is 12 at 10.50, line 2 is 3 at 99.99. Credited are 5 of line 1 (52.50) and 1 of line 2 (99.99), 4.00 of freight and
10 % of tax on the goods (5.25 and 10.00): 171.74."""

from __future__ import annotations

from decimal import Decimal

import pytest

from d365edi import partners
from d365edi.edi import reader
from d365edi.errors import SettingsError
from tests.journeys.test_charges import counted
from tests.journeys.test_edifact import RECEIVE, TAX, orders
from tests.journeys.test_invoices import made_order
from tests.journeys.world import World

EDIFACT = 'edifact = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }'
MAP = "\n[partners.acme.send.810.map]\n"


def lots(world: World, order: str, *numbers: int) -> list[str]:
    lines = world.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=order)
    return [str(lines[number]["InventoryLotId"]) for number in numbers]


def credited(world: World, order: str, **particulars: object) -> str:
    """A credit note of 5 of the first line and 1 of the second, with freight and tax."""
    first, second = lots(world, order, 0, 1)
    return world.simulator.post_credit(order, {first: 5, second: 1}, tax_percent=10, charges=4, **particulars)


def file_of(world: World, number: str) -> bytes:
    [data] = [data for name, data in world.partner.received().items() if number in name]
    return data


def found(data: bytes, *ids: str) -> list[list[str]]:
    """Segments of an X12 file, read here by nothing but their separators."""
    return [each for each in (segment.split("*") for segment in data.decode().split("~")) if each[0] in ids]


def assert_strict(data: bytes) -> None:
    report = reader.read(data, reader.ReadOptions(strictness="strict"))
    [interchange] = report.interchanges
    assert interchange.verdict == "A", interchange
    assert [str(each) for group in interchange.groups for one in group.sets for each in one.findings] == []


async def test_an_810_credits_with_d365_s_signs_and_names_its_invoice(town: World) -> None:
    order = await made_order(town)
    invoice = town.simulator.post_invoice(order, tax_percent=10)
    await town.once()
    number = credited(town, order)
    await town.once()
    data = file_of(town, number)
    [big] = found(data, "BIG")
    assert (big[2], big[4], big[7]) == (number, "4500123", "CR")
    assert [line[1:5] for line in found(data, "IT1")] == [["1", "-5", "EA", "10.5"], ["2", "-1", "EA", "99.99"]]
    assert ["REF", "OI", invoice] in found(data, "REF")
    assert found(data, "TDS") == [["TDS", "-17174"]]
    assert [each[:6] for each in found(data, "SAC")] == [["SAC", "A", "D240", "", "", "400"]]
    assert [each[2] for each in found(data, "TXI")] == ["-15.25"]
    assert found(data, "CTT") == [["CTT", "2", "-6"]]
    assert_strict(data)


PROMO = b"SAC*A*C310****6*3*****02***PROMO"


async def test_a_discount_is_given_back_in_the_words_of_its_order(town: World) -> None:
    """5 of 12 at 10.50 less 3 %: 52.50 less 1.57 (the line comes to 50.925, posted as 50.93)."""
    town.extra = '[partners.acme.receive.850.agreed]\nC310 = "discount"\n'
    town.partner.drop("PO-1.edi", counted(town.order("4500123").replace(b"~PO1*2*", b"~" + PROMO + b"~PO1*2*")))
    await town.once()
    [lines] = town.sales_orders().values()
    order = str(lines[0]["SalesOrderNumber"])
    town.simulator.post_invoice(order)
    await town.once()
    number = town.simulator.post_credit(order, {lots(town, order, 0)[0]: 5})
    await town.once()
    data = file_of(town, number)
    words = ["6", "3", "", "", "", "", "02", "", "", "PROMO"]
    assert found(data, "SAC") == [["SAC", "C", "C310", "", "", "157", *words]]
    assert found(data, "TDS") == [["TDS", "-5093"]]
    assert_strict(data)


async def test_an_invoic_381_says_the_allowance_of_its_order(town: World) -> None:
    town.knobs |= {"edifact": EDIFACT, "invoice": "INVOIC"}
    town.extra = f'{RECEIVE}[partners.acme.receive.ORDERS.agreed]\nTD = "discount"\n'
    alc = b"ALC+A++2++TD:::PROMO'PCD+3:3'"
    town.partner.drop("ORDERS-77.edi", counted(orders("4500123").replace(b"LIN+2", alc + b"LIN+2"), 2))
    await town.once()
    [lines] = town.sales_orders().values()
    order = str(lines[0]["SalesOrderNumber"])
    town.simulator.post_invoice(order)
    await town.once()
    number = town.simulator.post_credit(order, {lots(town, order, 0)[0]: 5})
    await town.once()
    data = file_of(town, number)
    sent = data.decode().split("'")
    at = next(place for place, each in enumerate(sent) if each.startswith("ALC"))
    assert sent[at : at + 3] == ["ALC+A++2++TD:::PROMO", "PCD+3:3", "MOA+8:1.57"]
    assert "MOA+77:50.93" in sent
    assert_strict(data)


async def test_a_partner_may_want_an_810_of_positive_amounts(town: World) -> None:
    town.extra = f'{MAP}credits = "positive"\n'
    order = await made_order(town)
    town.simulator.post_invoice(order, tax_percent=10)
    await town.once()
    number = credited(town, order)
    await town.once()
    data = file_of(town, number)
    assert found(data, "BIG")[0][7] == "CR"
    assert [line[2] for line in found(data, "IT1")] == ["5", "1"]
    assert found(data, "TDS") == [["TDS", "17174"]]
    assert [each[:6] for each in found(data, "SAC")] == [["SAC", "C", "D240", "", "", "400"]]
    assert [each[2] for each in found(data, "TXI")] == ["15.25"]
    assert found(data, "CTT") == [["CTT", "2", "6"]]
    assert_strict(data)


async def test_an_invoic_381_says_what_is_credited_without_a_sign(town: World) -> None:
    """Before, its quantities and amounts were negative beside 381, which takes them off twice, and it named no invoice."""
    town.knobs |= {"edifact": EDIFACT, "invoice": "INVOIC"}
    town.extra = RECEIVE
    town.partner.drop("ORDERS-77.edi", orders("4500123"))
    await town.once()
    [lines] = town.sales_orders().values()
    order = str(lines[0]["SalesOrderNumber"])
    invoice = town.simulator.post_invoice(order)
    await town.once()
    first, second = lots(town, order, 0, 1)
    number = town.simulator.post_credit(order, {first: 5, second: 1}, charges=4)
    await town.once()
    data = file_of(town, number)
    sent = data.decode().split("'")
    assert f"BGM+381+{number}+9" in sent
    assert f"RFF+IV:{invoice}" in sent
    assert [each.split(":")[1] for each in sent if each.startswith("QTY+47")] == ["5", "1"]
    amounts = {each.split(":")[0]: Decimal(each.split(":")[1]) for each in sent if each.startswith("MOA+")}
    assert (amounts["MOA+77"], amounts["MOA+79"]) == (Decimal("156.49"), Decimal("152.49"))
    assert [each[:5] for each in sent if each.startswith("ALC+")] == ["ALC+C"]
    assert "-" not in "".join(each for each in sent if each.startswith(("MOA", "QTY", "PRI")))
    assert_strict(data)


async def test_an_invoic_381_states_its_tax_by_rate_without_a_sign(town: World) -> None:
    """52.50 and 99.99 at 19 % (9.98 and 19.00), 4.00 of freight at 19 % (0.76)."""
    town.knobs |= {"edifact": EDIFACT, "invoice": "INVOIC"}
    town.extra = RECEIVE + TAX
    town.partner.drop("ORDERS-77.edi", orders("4500123"))
    await town.once()
    town.simulator.state.add("LegalEntities", LegalEntityId="usmf", VATNum="DE111111125")
    [lines] = town.sales_orders().values()
    order = str(lines[0]["SalesOrderNumber"])
    town.simulator.post_invoice(order, tax_percent=19)
    await town.once()
    first, second = lots(town, order, 0, 1)
    number = town.simulator.post_credit(order, {first: 5, second: 1}, tax_percent=19, charges=4, charges_tax=19)
    await town.once()
    data = file_of(town, number)
    sent = data.decode().split("'")
    assert sent[sent.index("UNS+S") : -3] == [
        "UNS+S",
        "CNT+2:2",
        "MOA+77:186.23",
        "MOA+79:152.49",
        "MOA+124:29.74",
        "MOA+125:156.49",
        "MOA+176:29.74",
        "MOA+131:4",
        "TAX+7+VAT+++:::19+S",
        "MOA+125:156.49",
        "MOA+124:29.74",
    ]
    assert_strict(data)


async def test_the_field_of_d365_that_a_setting_names_comes_first(town: World) -> None:
    town.knobs["on_event"] = 'original_field = "CustInvoiceJourBiEntities.DocumentNum"'
    order = await made_order(town)
    town.simulator.post_invoice(order)
    await town.once()
    number = credited(town, order, document="CIV-OLD")
    await town.once()
    assert ["REF", "OI", "CIV-OLD"] in found(file_of(town, number), "REF")


async def test_where_the_field_is_empty_the_invoice_is_looked_for(town: World) -> None:
    town.knobs["on_event"] = 'original_field = "CustInvoiceJourBiEntities.DocumentNum"'
    order = await made_order(town)
    invoice = town.simulator.post_invoice(order)
    await town.once()
    number = credited(town, order)
    await town.once()
    assert ["REF", "OI", invoice] in found(file_of(town, number), "REF")


async def test_a_field_that_is_not_of_a_whole_invoice_is_named(town: World) -> None:
    town.knobs["on_event"] = 'original_field = "SalesInvoiceV4Lines.ProductName"'
    with pytest.raises(SettingsError, match="names SalesInvoiceV4Lines, which is not read for the whole of an invoice"):
        partners.compiled(town.settings())


async def held_credit(world: World, invoices: int) -> tuple[str, str]:
    """A credit note of 1 of the first line, after so many invoices of 6 each of it: its number, and why it is held."""
    order = await made_order(world)
    [lot] = lots(world, order, 0)
    for _ in range(invoices):
        world.simulator.post_invoice(order, quantities={lot: 6})
        key = {"dataAreaId": "usmf", "InventoryLotId": lot}
        world.simulator.state.add("SalesOrderLinesV3", **key, SalesOrderLineStatus="Backorder")
    world.simulator.state.add(
        "SalesOrderLinesV3", dataAreaId="usmf", InventoryLotId=lot, SalesOrderLineStatus="Invoiced"
    )
    await world.once()
    number = world.simulator.post_credit(order, {lot: 1})
    async with world.app() as app:
        await app.once()
        (document,) = await app.journal.read(lambda tx: tx.documents.search(number))
    return number, document.reason if document.state == "held" else ""


@pytest.mark.parametrize(
    ("invoices", "says"),
    [
        (0, "no invoice of order 4500123 with its lines went out to them"),
        (2, "of order 4500123 can be it"),
    ],
)
async def test_none_or_several_hold_and_a_release_sends_it_without(invoices: int, says: str, town: World) -> None:
    number, reason = await held_credit(town, invoices)
    assert says in reason
    assert "original_field in [partners.acme.send.810] says" in reason
    assert f"d365edi release {number}" in reason
    async with town.app() as app:
        assert await app.release(number, "pat") == [f"{number} continues"]
        await app.once()
    data = file_of(town, number)
    assert found(data, "BIG")[0][7] == "CR"
    assert [each for each in found(data, "REF") if each[1] == "OI"] == []


async def test_a_partner_who_needs_no_original_gets_none(town: World) -> None:
    town.knobs["on_event"] = 'original = "omit"'
    number, reason = await held_credit(town, 0)
    assert reason == ""
    assert [each for each in found(file_of(town, number), "REF") if each[1] == "OI"] == []


async def test_what_was_credited_may_be_billed_again(town: World) -> None:
    """12 were billed of 12, 5 of them credited, and 5 billed again: no one is billed more than was ordered."""
    order = await made_order(town)
    town.simulator.post_invoice(order)
    await town.once()
    number = credited(town, order)
    await town.once()
    [lot] = lots(town, order, 0)
    assert await again(town, order, lot, 5) == ("delivered", "")
    state, reason = await again(town, order, lot, 1)
    assert state == "held"
    assert "13 billed" in reason
    assert number in reason


async def again(world: World, order: str, lot: str, quantity: int) -> tuple[str, str]:
    """A further invoice of a line: what became of it, and why."""
    world.simulator.state.add(
        "SalesOrderLinesV3", dataAreaId="usmf", InventoryLotId=lot, SalesOrderLineStatus="Backorder"
    )
    number = world.simulator.post_invoice(order, quantities={lot: quantity})
    async with world.app() as app:
        await app.once()
        (document,) = await app.journal.read(lambda tx: tx.documents.search(number))
    return document.state, document.reason


async def test_a_credit_that_comes_to_nothing_is_one_all_the_same(town: World) -> None:
    """152.49 of goods are given back, less as much for taking them: it went out as an invoice of negative quantities."""
    order = await made_order(town)
    invoice = town.simulator.post_invoice(order)
    await town.once()
    first, second = lots(town, order, 0, 1)
    number = town.simulator.post_credit(order, {first: 5, second: 1}, charges=Decimal("-152.49"))
    await town.once()
    data = file_of(town, number)
    assert found(data, "BIG")[0][7] == "CR"
    assert [each[1] for each in found(data, "TDS")] == ["0"]
    assert invoice in data.decode()


async def test_more_given_back_than_was_billed_waits_for_a_person(town: World) -> None:
    order = await made_order(town)
    first, second = lots(town, order, 0, 1)
    town.simulator.post_invoice(order, quantities={first: 5, second: 3})
    await town.once()
    number = town.simulator.post_credit(order, {second: 1})
    await town.once()
    assert file_of(town, number)
    again = town.simulator.post_credit(order, {second: 3})
    await town.once()
    async with town.app() as app:
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert held.number == again
    assert "3 credited, but 2 left of what was billed" in held.reason
