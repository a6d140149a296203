# ruff: noqa: E501 - a row stands on one line
"""Allowances of an order through the day: 850 with SAC, the sales order's discounts, the posted invoice, the 810.

The figures are recomputed by hand: line 1 is 12 at 10.50 (126.00), line 2 is 3 at 99.99 (299.97), 425.97 together."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.journeys.test_edifact import RECEIVE, orders
from tests.journeys.test_invoices import segments
from tests.journeys.world import World


def counted(data: bytes, added: int = 1) -> bytes:
    """A file of one set, to which so many segments were added, with their number corrected."""
    return re.sub(rb"(SE[*]|UNT[+])(\d+)", lambda found: found[1] + str(int(found[2]) + added).encode(), data)


LINE, HEAD = b"~PO1*2*", b"~DTM*010*"
"""What a SAC of the first line, and one of the whole order, stands before."""

DAYS = [
    # where, SAC of the order, what was agreed, discounts in D365, line amounts in D365, SAC of the 810, TDS01
    (LINE, b"SAC*A*C310****6*3", "discount", [(3, 0), (0, 0)], ["122.22", "299.97"], ["SAC", "A", "C310", "", "", "378", "6", "3"], "42219"),
    (LINE, b"SAC*A*C310***378*6*3*****02", "discount", [(3, 0), (0, 0)], ["122.22", "299.97"], ["SAC", "A", "C310", "", "", "378", "6", "3", "", "", "", "", "02"], "42219"),
    (LINE, b"SAC*A*C310***500", "discount", [(0, "0.416667"), (0, 0)], ["121.00", "299.97"], ["SAC", "A", "C310", "", "", "500"], "42097"),
    (HEAD, b"SAC*A*C310****6*2*****02", "discount", [(2, 0), (2, 0)], ["123.48", "293.97"], ["SAC", "A", "C310", "", "", "852", "6", "2", "", "", "", "", "02"], "41745"),
    (HEAD, b"SAC*A*C310****6*2*****02", "2%", [(0, 0), (0, 0)], ["126.00", "299.97"], ["SAC", "A", "C310", "", "", "", "6", "2", "", "", "", "", "15"], "42597"),
    (HEAD, b"SAC*A*C310***1250*******01", "12.50", [(0, 0), (0, 0)], ["126.00", "299.97"], ["SAC", "A", "C310", "", "", "1250", "", "", "", "", "", "", "01"], "42597"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "sac", "agreed", "discounts", "amounts", "echo", "total"), DAYS)
async def test_an_agreed_allowance_comes_back_once_on_the_810_and_the_total_is_what_d365_posted(
    before: bytes, sac: bytes, agreed: str, discounts: list[tuple[object, object]], amounts: list[str], echo: list[str],
    total: str, town: World,
) -> None:  # fmt: skip
    """Each of these orders was held for its SAC."""
    town.extra = f'[partners.acme.receive.850.agreed]\nC310 = "{agreed}"\n'
    town.partner.drop("PO-1.edi", counted(town.order("4500123").replace(before, b"~" + sac + before)))
    await town.once()
    [lines] = town.sales_orders().values()
    found = [(line["LineDiscountPercentage"], line["LineDiscountAmount"]) for line in lines]
    assert found == [(Decimal(percent), Decimal(str(amount))) for percent, amount in discounts]  # type: ignore[arg-type]
    assert [line["LineAmount"] for line in lines] == [Decimal(amount) for amount in amounts]
    town.simulator.post_invoice(str(lines[0]["SalesOrderNumber"]))
    await town.once()
    [name] = town.partner.received()
    sent = segments(town, name)
    assert [segment for segment in sent if segment[0] == "SAC"] == [echo]
    assert [segment[1] for segment in sent if segment[0] == "TDS"] == [total]


async def test_half_of_a_line_gives_half_of_its_allowance(town: World) -> None:
    """6 of 12 at 10.50: 63.00 less 2.50 of 5.00."""
    town.extra = '[partners.acme.receive.850.agreed]\nC310 = "discount"\n'
    town.partner.drop("PO-1.edi", counted(town.order("4500123").replace(LINE, b"~SAC*A*C310***500" + LINE)))
    await town.once()
    [lines] = town.sales_orders().values()
    lot = str(lines[0]["InventoryLotId"])
    town.simulator.post_invoice(str(lines[0]["SalesOrderNumber"]), quantities={lot: 6})
    await town.once()
    sent = segments(town, next(iter(town.partner.received())))
    assert [segment for segment in sent if segment[0] == "SAC"] == [["SAC", "A", "C310", "", "", "250"]]
    assert [segment[1] for segment in sent if segment[0] == "TDS"] == ["6050"]


@pytest.mark.parametrize(
    ("sac", "agreed", "says"),
    [
        (b"SAC*A*C310****6*4", 'C310 = "3%"', "allowance C310 (SAC) is 4%, and 3% is agreed"),
        (b"SAC*A*C310***500*Z*2", 'C310 = "discount"', "allowance C310 (SAC) is 2% and 5, and 2% of 425.97 is 8.52"),
        (b"SAC*A*C310***500", 'C310 = "discount"', "an amount for the whole order has no place in a sales order"),
        (
            b"SAC*C*D240***500",
            'C310 = "discount"',
            "the order as a whole: charge D240 (SAC) is 5, about which nothing is agreed",
        ),
        (
            b"SAC*A*C310****6*4",
            'F800 = "3%"',
            "the order as a whole: allowance C310 (SAC) is 4%, about which nothing is agreed",
        ),
    ],
)
async def test_an_allowance_that_is_not_as_agreed_holds(sac: bytes, agreed: str, says: str, town: World) -> None:
    town.extra = f"[partners.acme.receive.850.agreed]\n{agreed}\n"
    town.partner.drop("PO-1.edi", counted(town.order("4500123").replace(HEAD, b"~" + sac + HEAD)))
    async with town.app() as app:
        await app.once()
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert says in held.reason
    assert town.sales_orders() == {}


async def test_what_is_ignored_by_its_segment_does_not_hold(town: World) -> None:
    town.knobs["receive"] = 'ignore = ["SAC"]'
    town.partner.drop("PO-1.edi", counted(town.order("4500123").replace(HEAD, b"~SAC*A*C310***500" + HEAD)))
    await town.once()
    assert list(town.sales_orders()) == ["4500123"]


async def test_information_needs_no_action(town: World) -> None:
    town.partner.drop("PO-1.edi", counted(town.order("4500123").replace(HEAD, b"~SAC*N*C310***500" + HEAD)))
    await town.once()
    assert list(town.sales_orders()) == ["4500123"]


@pytest.mark.parametrize(
    ("alc", "agreed", "discounts"),
    [
        (b"ALC+A++++TD'PCD+3:5", 'TD = "discount"', [(5, 0), (0, 0)]),
        (b"ALC+A++++TD'MOA+8:2.52", 'TD = "discount"', [(0, "0.21"), (0, 0)]),
        (b"ALC+A+:64'PCD+3:5", '64 = "discount"', [(5, 0), (0, 0)]),
        (b"ALC+A+++1+TD'PCD+3:10'ALC+A+++2+DI'PCD+3:5", 'TD = "discount"\nDI = "discount"', [("14.5", 0), (0, 0)]),
        (b"ALC+A++++TD'PCD+3:5", 'TD = "5%"', [(0, 0), (0, 0)]),
    ],
)
async def test_an_edifact_allowance_becomes_the_discount_of_its_line(
    alc: bytes, agreed: str, discounts: list[tuple[object, object]], town: World
) -> None:
    """Each of these orders was held for its ALC."""
    town.knobs["edifact"] = 'edifact = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }'
    town.extra = f"{RECEIVE}[partners.acme.receive.ORDERS.agreed]\n{agreed}\n"
    data = orders("4500123").replace(b"PRI+AAA:10.5'", b"PRI+AAA:10.5'" + alc + b"'")
    town.partner.drop("ORDERS-77.edi", counted(data, alc.count(b"'") + 1))
    await town.once()
    [lines] = town.sales_orders().values()
    found = [(line["LineDiscountPercentage"], line["LineDiscountAmount"]) for line in lines]
    assert found == [(Decimal(str(percent)), Decimal(str(amount))) for percent, amount in discounts]


INVOICES = [
    # ALC of the order, what was agreed, ALC of the INVOIC with what follows it, MOA 77
    (b"ALC+A++2++TD'PCD+3:3", "discount", ["ALC+A++2++TD", "PCD+3:3", "MOA+8:3.78"], "MOA+77:422.19"),
    (b"ALC+A++2++TD'MOA+8:5", "discount", ["ALC+A++2++TD", "MOA+8:5"], "MOA+77:420.97"),
    (b"ALC+A++2++TD'RTE+1:0.25", "discount", ["ALC+A++2++TD", "MOA+8:3", "RTE+1:0.25"], "MOA+77:422.97"),
    (b"ALC+A++2++TD'PCD+3:3", "3%", ["ALC+A++1++TD", "PCD+3:3"], "MOA+77:425.97"),
]


@pytest.mark.parametrize(("alc", "agreed", "echo", "total"), INVOICES)
async def test_an_invoic_says_the_allowance_of_its_orders_once(
    alc: bytes, agreed: str, echo: list[str], total: str, town: World
) -> None:
    town.knobs |= {
        "edifact": 'edifact = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }',
        "invoice": "INVOIC",
    }
    town.extra = f'{RECEIVE}[partners.acme.receive.ORDERS.agreed]\nTD = "{agreed}"\n'
    data = orders("4500123").replace(b"PRI+AAA:10.5'", b"PRI+AAA:10.5'" + alc + b"'")
    town.partner.drop("ORDERS-77.edi", counted(data, 2))
    await town.once()
    [lines] = town.sales_orders().values()
    town.simulator.post_invoice(str(lines[0]["SalesOrderNumber"]))
    await town.once()
    [sent] = [each.decode().split("'") for each in town.partner.received().values()]
    [at] = [place for place, segment in enumerate(sent) if segment.startswith("ALC+")]
    assert sent[at : at + len(echo)] == echo
    assert [segment for segment in sent if segment.startswith("MOA+77")] == [total]
