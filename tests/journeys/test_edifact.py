"""The same journeys in EDIFACT: ORDERS become sales orders answered by a CONTRL, what is wrong is rejected by one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from d365edi.edi import reader
from tests.edi.edifact import independent
from tests.journeys.world import World

RECEIVE = """
[partners.acme.receive.ORDERS]
create  = "SalesOrder"
company = "usmf"
"""


@pytest.fixture
def edifact(town: World) -> World:
    """The world's partner trades in EDIFACT too."""
    town.knobs["edifact"] = 'edifact = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }'
    town.extra = RECEIVE
    return town


def orders(number: str, reference: str = "77", item: str = "ACME-4711", *, una: str = "", suffix: str = "") -> bytes:
    """An ORDERS of theirs in D.96A, in the service characters of the standard."""
    body = [
        "UNH+1+ORDERS:D:96A:UN:EAN008",
        f"BGM+220+{number}+9",
        "DTM+137:20261102:102",
        "DTM+2:20261120:102",
        "NAD+BY+4098765000010::9",
        "NAD+SU+4012345000009::9",
        "NAD+DP+4098765000027::9++ACME DC 7+700 DISTRIBUTION WAY+AUSTIN+TX+78701+US",
        "CUX+2:USD:9",
        "LIN+1++614141000012:EN",
        f"PIA+1+{item}:IN",
        "IMD+F++:::GOODS, 12?'S",
        "QTY+21:12:EA",
        "PRI+AAA:10.5",
        "LIN+2++614141000029:EN",
        "PIA+1+ACME-4712:IN",
        "QTY+21:3:EA",
        "PRI+AAA:99.99",
        "UNS+S",
        "CNT+2:2",
    ]
    segments = [
        f"UNB+UNOC:3+4098765000010:14+4012345000009:14+261102:1200+{reference}",
        *body,
        f"UNT+{len(body) + 1}+1",
        f"UNZ+1+{reference}",
    ]
    return (una + "".join(f"{segment}'{suffix}" for segment in segments)).encode()


def answers(world: World) -> list[list[str]]:
    """The segments of every CONTRL that we sent, from UNH to UNT."""
    files = sorted((world.partner.inbound / "acks").iterdir())
    return [path.read_bytes().decode().split("'")[1:-2] for path in files]


@pytest.mark.parametrize(("una", "suffix"), [("", ""), ("UNA:+.? '", "\r\n")])
async def test_an_edifact_order_becomes_a_sales_order_and_is_answered(una: str, suffix: str, edifact: World) -> None:
    edifact.partner.drop("ORDERS-77.edi", orders("4500123", una=una, suffix=suffix))
    await edifact.once()
    lines = edifact.sales_orders()["4500123"]
    assert [(line["ItemNumber"], line["OrderedSalesQuantity"]) for line in lines] == [("D0001", 12), ("D0002", 3)]
    assert answers(edifact) == [
        [
            "UNH+1+CONTRL:D:3:UN",
            "UCI+77+4098765000010:14+4012345000009:14+7",
            "UNT+3+1",
        ]
    ]


async def test_the_same_edifact_file_twice_makes_one_order_and_one_answer(edifact: World) -> None:
    for name in ("a.edi", "b.edi"):
        edifact.partner.drop(name, orders("4500123"))
        await edifact.once()
    assert list(edifact.sales_orders()) == ["4500123"]
    assert len(answers(edifact)) == 1


async def test_an_edifact_order_that_is_wrong_is_rejected_and_quarantined(edifact: World) -> None:
    edifact.partner.drop("ORDERS-77.edi", orders("4500123").replace(b"BGM+220+4500123+9'", b""))
    async with edifact.app() as app:
        await app.once()
        (message,) = await app.journal.read(lambda tx: tx.messages.search("ORDERS-77.edi"))
    assert message.state == "quarantined"
    assert "BGM" in message.reason
    assert edifact.sales_orders() == {}
    (answer,) = answers(edifact)
    assert answer[2].startswith("UCM+1+ORDERS:D:96A:UN:EAN008+4")


async def test_a_reference_used_before_is_rejected_by_setting(edifact: World) -> None:
    edifact.partner_extra = 'duplicates = { same_interchange = "reject" }'
    edifact.partner.drop("a.edi", orders("4500123"))
    await edifact.once()
    edifact.partner.drop("b.edi", orders("4500124"))
    await edifact.once()
    assert list(edifact.sales_orders()) == ["4500123"]
    assert answers(edifact)[1][1] == "UCI+77+4098765000010:14+4012345000009:14+4+26"


def contrl(reference: str, action: str) -> bytes:
    """Their CONTRL for our interchange."""
    return (
        "UNB+UNOC:3+4098765000010:14+4012345000009:14+261103:0900+901'UNH+1+CONTRL:D:3:UN'"
        f"UCI+{reference}+4012345000009:14+4098765000010:14+{action}'UNT+3+1'UNZ+1+901'"
    ).encode()


@pytest.mark.parametrize(("action", "state"), [("7", "accepted"), ("4", "rejected"), ("8", "awaited")])
async def test_an_invoice_leaves_as_invoic_echoing_its_order_and_their_contrl_closes_it(
    action: str, state: str, edifact: World
) -> None:
    edifact.knobs["invoice"] = "INVOIC"
    edifact.partner.drop("ORDERS-77.edi", orders("4500123"))
    await edifact.once()
    order = edifact.simulator.state.one("SalesOrderHeadersV4")
    edifact.simulator.post_invoice(str(order["SalesOrderNumber"]))
    await edifact.once()
    ((name, data),) = edifact.partner.received().items()
    found = data.decode().split("'")
    assert found[0].startswith("UNB+UNOC:3+4012345000009:14+4098765000010:14+")
    assert "RFF+ON:4500123" in found
    assert [segment for segment in found if segment.startswith("QTY+47")] == ["QTY+47:12:EA", "QTY+47:3:EA"]
    assert any(segment.startswith("LIN+1++614141000012:") for segment in found)
    reference = found[0].split("+")[5]
    edifact.partner.drop("CONTRL-1.edi", contrl(reference, action))
    async with edifact.app() as app:
        await app.once()
        (sent,) = await app.journal.read(lambda tx: tx.deliveries.search(name))
    assert sent.ack == state
    assert len(answers(edifact)) == 1


async def test_an_invoice_with_freight_and_a_line_discount_leaves_strictly_valid(edifact: World) -> None:
    """At b0a5549 each INVOIC with a charge was held: D240 does not fit ALC."""
    edifact.knobs["invoice"] = "INVOIC"
    edifact.partner.drop("ORDERS-77.edi", orders("4500123"))
    await edifact.once()
    state = edifact.simulator.state
    first = state.rows("SalesOrderLinesV3")[0]
    key = {name: first[name] for name in ("dataAreaId", "InventoryLotId")}
    state.add("SalesOrderLinesV3", **key, LineDiscountPercentage=Decimal(10), LineAmount=Decimal("113.4"))
    edifact.simulator.post_invoice(str(first["SalesOrderNumber"]), charges=25, tax_percent=19)
    await edifact.once()
    ((_, data),) = edifact.partner.received().items()
    found = data.decode().split("'")
    assert [segment for segment in found if segment.startswith("ALC")] == [
        "ALC+C++6++FC:::FREIGHT AND CHARGES",
        "ALC+A++2++DI:::LINE DISCOUNT",
    ]
    assert any(segment.startswith("TAX+7+VAT") for segment in found)
    report = reader.read(data, reader.ReadOptions(strictness="strict"))
    sets = [one for each in report.interchanges for group in each.groups for one in group.sets]
    findings = [*report.findings, *(finding for one in sets for finding in one.findings)]
    assert [str(finding) for finding in findings] == []


TAX = """
[partners.acme.tax]
rates = { "19" = "S", "7" = "S", "0" = "Z" }
buyer = "DE222222226"
"""


async def _taxed(world: World, *, second_rate: int = 7, **particulars: Any) -> list[str]:
    """The segments of the INVOIC of an order with 126.00 at 19 % and 299.97 at 7 %, none where it is held."""
    world.knobs["invoice"] = "INVOIC"
    world.extra += TAX
    world.partner.drop("ORDERS-77.edi", orders("4500123"))
    await world.once()
    state = world.simulator.state
    state.add("LegalEntities", LegalEntityId="usmf", VATNum="DE111111125")
    first, second = state.rows("SalesOrderLinesV3")
    taxes = {str(first["InventoryLotId"]): 19, str(second["InventoryLotId"]): second_rate}
    world.simulator.post_invoice(str(first["SalesOrderNumber"]), taxes=taxes, **particulars)
    await world.once()
    files = list(world.partner.received().values())
    if not files:
        return []
    (data,) = files
    report = reader.read(data, reader.ReadOptions(strictness="strict"))
    sets = [one for each in report.interchanges for group in each.groups for one in group.sets]
    assert [str(finding) for one in sets for finding in (*report.findings, *one.findings)] == []
    heard = independent.read({"INVOIC": data})["INVOIC"]
    assert not isinstance(heard, str), heard
    assert [row[1] for row in heard if row[0] == "UNT"] == [str(len(heard) - 2)]
    return data.decode().split("'")


async def test_an_invoice_states_its_tax_by_rate_and_the_numbers_of_both(edifact: World) -> None:
    """At b0a5549 an INVOIC said TAX+7+TX and one amount. Here 42.60 off the whole (a tenth) and 25.00 of freight at 19 %.

    At 19 %: 126.00 - 12.60 + 25.00 = 138.40, tax 21.55 + 4.75; at 7 %: 299.97 - 30.00 = 269.97, tax 18.90."""
    found = await _taxed(edifact, charges=25, charges_tax=19, discount=Decimal("42.60"))
    assert found[found.index("UNS+S") : -3] == [
        "UNS+S",
        "CNT+2:2",
        "MOA+77:453.57",
        "MOA+79:425.97",
        "MOA+124:45.2",
        "MOA+125:408.37",
        "MOA+176:45.2",
        "MOA+131:-17.6",
        "TAX+7+VAT+++:::19+S",
        "MOA+125:138.4",
        "MOA+124:26.3",
        "TAX+7+VAT+++:::7+S",
        "MOA+125:269.97",
        "MOA+124:18.9",
    ]
    said = [segment for segment in found[: found.index("UNS+S")] if segment.startswith(("ALC", "LIN", "TAX", "MOA+12"))]
    assert said == [
        "ALC+C++6++FC:::FREIGHT AND CHARGES",
        "TAX+7+VAT+++:::19+S",
        "MOA+125:25",
        "ALC+A++2++DI:::DISCOUNT",
        "TAX+7+VAT+++:::19+S",
        "MOA+125:12.6",
        "TAX+7+VAT+++:::7+S",
        "MOA+125:30",
        "LIN+1++614141000012:EN",
        "TAX+7+VAT+++:::19+S",
        "MOA+125:113.4",
        "MOA+124:21.55",
        "LIN+2++614141000029:EN",
        "TAX+7+VAT+++:::7+S",
        "MOA+125:269.97",
        "MOA+124:18.9",
    ]
    for role, number in (("SU", "DE111111125"), ("IV", "DE222222226"), ("BY", "DE222222226")):
        at = next(at for at, segment in enumerate(found) if segment.startswith(f"NAD+{role}+"))
        assert found[at + 1] == f"RFF+VA:{number}"


@pytest.mark.parametrize(
    ("percents", "summary"),
    [
        ((19, 7), ["MOA+124:44.94", "MOA+125:425.97", "TAX+7+VAT+++:::19", "MOA+125:126", "MOA+124:23.94", "TAX+7+VAT+++:::7",
                   "MOA+125:299.97", "MOA+124:21"]),
        ((0, 0), []),
        (("0.0049", 7), ["MOA+124:21.01"]),
    ],
)  # fmt: skip
async def test_a_partner_without_rates_reads_the_rates_that_the_amounts_show_or_none(
    edifact: World, percents: tuple[str | int, str | int], summary: list[str]
) -> None:
    """At 963ea1f TAX+7+VAT without a rate, and MOA+124:0 where there is no tax."""
    edifact.knobs["invoice"] = "INVOIC"
    edifact.partner.drop("ORDERS-77.edi", orders("4500123"))
    await edifact.once()
    state = edifact.simulator.state
    lines = state.rows("SalesOrderLinesV3")
    taxes = {str(line["InventoryLotId"]): Decimal(each) for line, each in zip(lines, percents, strict=True)}
    edifact.simulator.post_invoice(str(lines[0]["SalesOrderNumber"]), taxes=taxes)
    await edifact.once()
    ((_, data),) = edifact.partner.received().items()
    found = data.decode().split("'")
    whole = found[found.index("UNS+S") :]
    assert [each for each in whole if each.startswith(("TAX", "MOA+124", "MOA+125"))] == summary
    assert all("+:::" in each for each in found if each.startswith("TAX"))
    report = reader.read(data, reader.ReadOptions(strictness="strict"))
    sets = [one for each in report.interchanges for group in each.groups for one in group.sets]
    assert [str(finding) for one in sets for finding in (*report.findings, *one.findings)] == []


async def test_a_line_whose_tax_is_no_agreed_rate_holds_the_invoice_until_the_rate_is_added(edifact: World) -> None:
    assert await _taxed(edifact, second_rate=16) == []
    async with edifact.app() as app:
        (document,) = await app.journal.read(lambda tx: tx.documents.search("CIV-000001"))
    assert document.state == "held"
    assert document.reason == (
        "line 2 (D0002): its tax 48.00 on 299.97 (16 %) is none of the rates 19 %, 7 %, 0 %; correct it in D365, or if it is "
        "right add it to rates in [partners.acme.tax], then: d365edi release CIV-000001"
    )
    edifact.extra = edifact.extra.replace('"0" = "Z"', '"0" = "Z", "16" = "AA"')
    async with edifact.app() as app:
        await app.release("CIV-000001", "pat")
        await app.once()
    ((_, data),) = edifact.partner.received().items()
    assert "TAX+7+VAT+++:::16+AA'MOA+125:299.97'MOA+124:48'" in data.decode()


async def test_a_confirmed_order_is_answered_by_an_ordrsp_and_its_shipment_reported_by_a_desadv(edifact: World) -> None:
    place = f'{{ endpoint = "acme", path = "{edifact.prefix}/inbound", file = "{{set}}_{{number}}.edi" }}'
    edifact.extra += "".join(
        f'\n[partners.acme.send.{message}]\nof = "{of}"\nto = {place}\nsince = 2026-01-01\nevery = "1s"\n'
        for message, of in (("ORDRSP", "SalesOrderResponse"), ("DESADV", "PackingSlip"))
    )
    edifact.partner.drop("ORDERS-77.edi", orders("4500123"))
    await edifact.once()
    number = str(edifact.simulator.state.one("SalesOrderHeadersV4")["SalesOrderNumber"])
    header = edifact.simulator.state.store.one("SalesOrderHeadersV4", SalesOrderNumber=number)
    assert header is not None
    edifact.simulator.state.store.update(header, {"SalesOrderProcessingStatus": "Confirmed"})
    edifact.simulator.post_packing_slip(number)
    await edifact.once()
    files = {name.split("_")[0]: data.decode().split("'") for name, data in edifact.partner.received().items()}
    assert sorted(files) == ["DESADV", "ORDRSP"]
    assert "NAD+SU+4012345000009::9" in files["DESADV"]
    assert "RFF+ON:4500123" in files["ORDRSP"]
    assert next(segment for segment in files["ORDRSP"] if segment.startswith("LIN+")).startswith(
        "LIN+1+5+614141000012:"
    )
    assert [segment for segment in files["DESADV"] if segment.startswith("QTY+12")] == ["QTY+12:12:EA", "QTY+12:3:EA"]


PLACES = b"PRI+AAA:10.5'LOC+7+0007::92'QTY+11:5:EA'DTM+2:20261205:102'LOC+7+4098765000027::9'QTY+11:7:EA'"


@pytest.mark.parametrize(
    ("usual", "odd", "says"),
    [
        (b"PRI+AAA:10.5'", PLACES, ""),
        (b"PRI+AAA:10.5'", PLACES.replace(b":EA", b":CT"), "its stores are counted in cs"),
        (b"DTM+2:20261120:102'", b"DTM+2:20261120:102'DTM+2:20261130:102'", "another day of the same kind"),
        (b"LIN+1++", b"LIN+1+2+", "an action on the line"),
        (b"PRI+AAA:10.5'", b"PRI+AAA:10.5'PRI+AAA:9.5'", "another price of the same kind"),
        (b"QTY+21:12:EA'", b"QTY+21:12:EA'MOA+203:200'", "the line comes to 126.00"),
        (b"BGM+220", b"BGM+22E", "a consignment order"),
    ],
)
async def test_what_a_line_says_of_places_is_taken_and_what_contradicts_itself_is_held(
    usual: bytes, odd: bytes, says: str, edifact: World
) -> None:
    """Each of these became a sales order, with the date of the place, the second value or the action left out."""
    edifact.extra = f'{RECEIVE}stores = "lines"\n'
    data = orders("4500123")
    assert data.count(usual) == 1
    added = odd.count(b"'") - usual.count(b"'")
    edifact.partner.drop("ORDERS-77.edi", data.replace(usual, odd).replace(b"UNT+20", f"UNT+{20 + added}".encode()))
    async with edifact.app() as app:
        await app.once()
        held = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    if says:
        assert says in held[0].reason
        assert edifact.sales_orders() == {}
    else:
        lines = edifact.sales_orders()["4500123"]
        found = [(line["OrderedSalesQuantity"], str(line["RequestedReceiptDate"])[:10]) for line in lines]
        assert found == [(5, "2026-12-05"), (7, "2026-11-20"), (3, "2026-11-20")]
