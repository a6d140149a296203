"""What our people change of an order in D365 is what its answer says: price, day, quantity, a cancelled line, another item."""

from __future__ import annotations

from typing import Any

import pytest

from d365edi.edi import reader
from tests.journeys.retail import answering, confirm, drop, only, picked
from tests.journeys.test_answers import RESPONSE
from tests.journeys.test_edifact import RECEIVE
from tests.journeys.world import World

LINES = [(str(number), str(10 * number), "10.5", "ACME-4711") for number in range(1, 7)]
"""Six lines of one item, in different quantities: number, quantity, price, item."""
CHANGES: dict[int, dict[str, Any]] = {
    1: {"SalesPrice": 11},
    2: {"ConfirmedShippingDate": "2026-11-24", "ConfirmedReceiptDate": "2026-11-26"},
    3: {"OrderedSalesQuantity": 20},
    4: {"SalesOrderLineStatus": "Canceled"},
    5: {"ItemNumber": "D0002"},
}
"""What is changed of each line in D365; the sixth stays as it was ordered."""


def change(world: World) -> None:
    """Our people change the order, and confirm it."""
    store = world.simulator.state.store
    for number, fields in CHANGES.items():
        row = store.one("SalesOrderLinesV3", CustomersLineNumber=number)
        assert row is not None
        store.update(row, fields)
    confirm(world)


def strict(world: World) -> None:
    """Every file at the partner is valid, strictly read."""
    for data in world.partner.received().values():
        report = reader.read(data, reader.ReadOptions(strictness="strict"))
        sets = [each for interchange in report.interchanges for group in interchange.groups for each in group.sets]
        assert [str(each) for one in sets for each in (*report.findings, *one.findings)] == []


async def test_an_855_says_what_was_changed_in_d365(town: World) -> None:
    """At b0a5549: IA for the later day and the other item, the old price with IP, IR with the whole quantity."""
    answering(town)
    body = [f"PO1*{number}*{quantity}*EA*{price}*PE*BP*{item}" for number, quantity, price, item in LINES]
    drop(town, "4500123", *body, head=("DTM*010*20261120",))
    await town.once()
    change(town)
    await town.once()
    strict(town)
    found = only(town, "855")
    assert picked(found, "BAK", 2, 3) == [("AC", "4500123")]
    assert picked(found, "PO1", 1, 2, 4, 7) == [
        (number, quantity, "11" if number == "1" else price, item) for number, quantity, price, item in LINES
    ]
    assert picked(found, "ACK", 1, 2, 4, 5, 7, 8, 9, 10) == [
        ("IP", "10", "", "", "", "", "", ""),
        ("DR", "20", "068", "20261124", "", "", "", ""),
        ("IQ", "20", "", "", "", "", "", ""),
        ("IR", "", "", "", "", "", "", ""),
        ("IS", "50", "", "", "UP", "614141000029", "VN", "D0002"),
        ("IA", "60", "", "", "", "", "", ""),
    ]


@pytest.fixture
def edifact(town: World) -> World:
    """The partner trades in EDIFACT, and wants an ORDRSP to each order."""
    town.knobs["edifact"] = 'edifact = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }'
    town.extra = RECEIVE + RESPONSE.format(root=town.prefix).replace("send.855", "send.ORDRSP")
    return town


def orders() -> bytes:
    """An ORDERS of these lines, to be there by the 20th."""
    lines = [
        segment
        for number, quantity, price, item in LINES
        for segment in (f"LIN+{number}", f"PIA+5+{item}:IN", f"QTY+21:{quantity}:EA", f"PRI+AAA:{price}")
    ]
    head = ["UNH+1+ORDERS:D:96A:UN:EAN008", "BGM+220+4500123+9", "DTM+137:20261102:102", "DTM+2:20261120:102"]
    body = [
        *head,
        "NAD+BY+4098765000010::9",
        "NAD+SU+4012345000009::9",
        "NAD+DP+4098765000027::9",
        "CUX+2:USD:9",
        *lines,
    ]
    body += ["UNS+S", f"CNT+2:{len(LINES)}"]
    ends = [f"UNT+{len(body) + 1}+1", "UNZ+1+77"]
    return "".join(
        f"{each}'" for each in ["UNB+UNOC:3+4098765000010:14+4012345000009:14+261102:1200+77", *body, *ends]
    ).encode()


async def test_an_ordrsp_says_what_was_changed_in_d365(edifact: World) -> None:
    """At b0a5549: the old price, LIN+5 of another item, QTY+113 of a cancelled line."""
    edifact.partner.drop("ORDERS-77.edi", orders())
    await edifact.once()
    change(edifact)
    await edifact.once()
    strict(edifact)
    (data,) = edifact.partner.received().values()
    found = data.decode().split("'")
    lines = [
        each
        for each in found
        if each[:3] in ("BGM", "LIN", "PIA", "QTY", "PRI") or each.startswith(("DTM+69", "DTM+11"))
    ]
    assert lines[0].endswith("+4")
    numbers = {number: lines.index(f"LIN+{number}+{action}") for number, action in zip("123456", "333735", strict=True)}
    ends = [*[*numbers.values()][1:], len(lines)]
    said = {number: lines[at + 1 : end] for (number, at), end in zip(numbers.items(), ends, strict=True)}
    same = "PIA+1+ACME-4711:IN"
    assert said == {
        "1": [same, "QTY+21:10:EA", "QTY+113:10:EA", "PRI+AAA:11"],
        "2": [same, "QTY+21:20:EA", "QTY+113:20:EA", "DTM+69:20261126:102", "PRI+AAA:10.5"],
        "3": [same, "QTY+21:30:EA", "QTY+113:20:EA", "PRI+AAA:10.5"],
        "4": [same, "QTY+21:40:EA", "PRI+AAA:10.5"],
        "5": [same, "PIA+3+614141000029:UP+D0002:SA", "QTY+21:50:EA", "QTY+113:50:EA", "PRI+AAA:10.5"],
        "6": [same, "QTY+21:60:EA", "QTY+113:60:EA", "PRI+AAA:10.5"],
    }
