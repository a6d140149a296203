"""One packing slip or one invoice of D365 for several sales orders (summary update): each line goes under its own order."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest

from d365edi.cli.history import look_up
from d365edi.cli.why import lines as told
from d365edi.errors import D365EdiError, SettingsError
from d365edi.flows.named import Candidate
from tests.journeys.test_invoices import made_order
from tests.journeys.world import World

EDIFACT = 'edifact = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }'
SEND = """
[partners.acme.send.{set}]
of    = "{of}"
to    = {{ endpoint = "acme", path = "{root}/inbound", file = "{set}_{{number}}_{{control:09}}.edi" }}
since = 2026-01-01
every = "1s"
{more}
"""


def sends(world: World, of: str, *sets: str, more: str = "") -> None:
    """The partner gets a record as each of these sets."""
    world.extra += "".join(SEND.format(set=each, of=of, root=world.prefix, more=more) for each in sets)


@pytest.fixture
def town(town: World) -> World:
    town.knobs["edifact"] = EDIFACT
    return town


def by_hand(world: World, like: str, reference: str, item: str = "D0003") -> str:
    """An order of one line that a person entered in D365 as another one: its number."""
    state, number = world.simulator.state, f"SO-{reference}"
    header = state.one("SalesOrderHeadersV4", SalesOrderNumber=like)
    line = state.rows("SalesOrderLinesV3", SalesOrderNumber=like)[0]
    state.add("SalesOrderHeadersV4", **{**header, "SalesOrderNumber": number, "CustomersOrderReference": reference})
    own = {"SalesOrderNumber": number, "InventoryLotId": f"LOT-{reference}", "ItemNumber": item}
    status = {"SalesOrderLineStatus": "Backorder", "CustomersLineNumber": 0}
    state.add("SalesOrderLinesV3", **{**line, **own, **status})
    return number


def text(world: World, prefix: str) -> str:
    """The only file of that kind at the partner."""
    ((_, data),) = [each for each in world.partner.received().items() if each[0].startswith(f"{prefix}_")]
    return data.decode()


def notice(world: World) -> list[tuple[str, str]]:
    """The order and the GTIN of each line of the 856."""
    order, found = "", []
    for segment in (each.split("*") for each in text(world, "856").split("~")):
        order = segment[1] if segment[0] == "PRF" else order
        found += [(order, segment[3])] if segment[0] == "LIN" else []
    return found


def despatch(world: World) -> list[tuple[str, str]]:
    """The order and the GTIN of each line of the DESADV."""
    gtin, found = "", []
    for segment in text(world, "DESADV").split("'"):
        gtin = segment.split("+")[3].split(":")[0] if segment.startswith("LIN+") else gtin
        found += [(segment.split(":")[1], gtin)] if segment.startswith("RFF+ON") else []
    return found


def columns(world: World, prefix: str) -> list[tuple[str, str]]:
    """The order and the GTIN of each row of the flat file."""
    return [(row["PO Number"], row["GTIN"]) for row in csv.DictReader(io.StringIO(text(world, prefix)))]


def shipped(world: World) -> list[tuple[str, str]]:
    return columns(world, "ShipNotice")


FIRST, SECOND, THIRD = "614141000012", "614141000029", "614141000036"


@pytest.mark.parametrize(("kind", "read"), [("856", notice), ("DESADV", despatch), ("ShipNotice", shipped)])
async def test_a_packing_slip_over_several_orders_names_the_order_of_each_line(
    kind: str, read: Callable[[World], list[tuple[str, str]]], town: World
) -> None:
    """Its journal row has the first order's number, under which all lines were reported."""
    sends(town, "PackingSlip", kind)
    first, second = await made_order(town), await made_order(town, "4500124")
    third = by_hand(town, first, "4500125")
    town.simulator.post_summary_slip([second, first, third])
    await town.once()
    assert read(town) == [
        *(("4500124", FIRST), ("4500124", SECOND)),
        *(("4500123", FIRST), ("4500123", SECOND)),
        ("4500125", THIRD),
    ]


async def test_a_slip_of_one_order_asks_for_no_order_whether_or_not_its_lines_say_which_it_is(town: World) -> None:
    sends(town, "PackingSlip", "856")
    state, first = town.simulator.state, await made_order(town)
    town.simulator.post_packing_slip(first)
    for row in state.rows("CustPackingSlipTransBiEntities"):
        record = state.store.one("CustPackingSlipTransBiEntities", SourceDocumentLine=row["SourceDocumentLine"])
        assert record is not None
        state.store.update(record, {"OrigSalesId": ""})
    before = town.simulator.count("GET", "SalesOrderHeadersV4")
    await town.once()
    assert notice(town) == [("4500123", FIRST), ("4500123", SECOND)]
    assert town.simulator.count("GET", "SalesOrderHeadersV4") == before


def invoice(world: World) -> list[tuple[str, str]]:
    """The order and the GTIN of each line of the 810."""
    found = list[tuple[str, str]]()
    for segment in (each.split("*") for each in text(world, "810").split("~")):
        found += [("", segment[segment.index("UP") + 1])] if segment[0] == "IT1" else []
        if segment[:2] == ["REF", "PO"]:
            found[-1] = (segment[2], found[-1][1])
    return found


def invoic(world: World) -> list[tuple[str, str]]:
    """The order and the GTIN of each line of the INVOIC."""
    found = list[tuple[str, str]]()
    for segment in text(world, "INVOIC").split("'"):
        found += [("", segment.split("+")[3].split(":")[0])] if segment.startswith("LIN+") else []
        if segment.startswith("RFF+ON"):
            found[-1] = (segment.split(":")[1], found[-1][1])
    return found


def billed(world: World) -> list[tuple[str, str]]:
    return columns(world, "Invoice")


@pytest.mark.parametrize(("kind", "read"), [("810", invoice), ("INVOIC", invoic), ("Invoice", billed)])
async def test_an_invoice_over_several_orders_names_the_order_of_each_line(
    kind: str, read: Callable[[World], list[tuple[str, str]]], town: World
) -> None:
    """The order of its header is the first one's: all of it was held, as an invoice could be of one order only."""
    if kind != "810":
        town.knobs["invoice"] = kind
    first, second = await made_order(town), await made_order(town, "4500124")
    third = by_hand(town, first, "4500125")
    town.simulator.post_summary_invoice([second, first, third], tax_percent=10)
    await town.once()
    assert read(town) == [
        *(("4500124", FIRST), ("4500124", SECOND)),
        *(("4500123", FIRST), ("4500123", SECOND)),
        ("4500125", THIRD),
    ]


SPLIT = 'split = "order"'
"""What `on_event` of the invoices' flow has room for."""


def orders_of(world: World, set: str) -> dict[str, list[str]]:
    """The orders that each file of that kind names, by the number in its name."""
    marks = {"810": ("~", "BIG*", "REF*PO*"), "INVOIC": ("'", "RFF+ON:"), "Invoice": ("\n", "")}
    end, *begins = marks[set]
    found = {}
    for name, data in sorted(world.partner.received().items()):
        if not name.startswith(f"{set}_"):
            continue
        if set == "Invoice":
            named = [row["PO Number"] for row in csv.DictReader(io.StringIO(data.decode()))]
        elif set == "INVOIC":
            named = [each.split(":")[1] for each in data.decode().split(end) if each.startswith(begins[0])]
        else:
            segments = [each.split("*") for each in data.decode().split(end)]
            named = [each[4] for each in segments if each[0] == "BIG"] + [
                e[2] for e in segments if e[:2] == ["REF", "PO"]
            ]
        found[name.split("_")[1]] = list(dict.fromkeys(named))
    return found


@pytest.mark.parametrize("kind", ["810", "INVOIC", "Invoice"])
async def test_split_by_order_each_order_has_an_invoice_of_its_own(kind: str, town: World) -> None:
    town.knobs |= {"on_event": SPLIT} | ({"invoice": kind} if kind != "810" else {})
    first, second = await made_order(town), await made_order(town, "4500124")
    number = town.simulator.post_summary_invoice([second, first, by_hand(town, first, "4500125")], tax_percent=10)
    for _ in range(2):
        await town.once()
    assert orders_of(town, kind) == {
        f"{number}-1": ["4500124"],
        f"{number}-2": ["4500123"],
        f"{number}-3": ["4500125"],
    }


async def test_parts_under_one_number_are_no_duplicates_of_each_other_and_another_record_is(town: World) -> None:
    town.knobs["on_event"] = SPLIT + '\nsplit_number = "same"'
    town.extra += '\n[partners.acme.send.810.guard]\nduplicate = "hold"\n'
    first = await made_order(town)
    number = town.simulator.post_summary_invoice([first, by_hand(town, first, "4500125")])
    await town.once()
    found = [each.split("_")[1] for each in sorted(town.partner.received())]
    assert found == [number, number]
    async with town.app() as app:
        (history,) = (await app.journal.read(lambda tx: look_up(tx, number))).histories
    said = "\n".join(told(history))
    assert [f"Invoice {number}, order {order} of usmf" in said for order in ("4500123", "4500125")] == [True, True]
    assert f"invoice {number}, order 4500125 of usmf" in str(Candidate(history.documents[-1]))
    for name in ("SalesInvoiceHeadersV4", "SalesInvoiceV4Lines"):
        for row in town.simulator.state.rows(name, InvoiceNumber=number):
            town.simulator.state.add(name, **{**row, "LedgerVoucher": "ARIV-AGAIN"})
    async with town.app() as app:
        await app.once()
        held = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert len(town.partner.received()) == 2
    assert [f"invoice {number} was collected before" in row.reason for row in held] == [True]


async def test_a_charge_of_no_order_holds_all_parts_and_leaves_as_one_where_that_is_set(town: World) -> None:
    town.knobs["on_event"] = SPLIT
    first = await made_order(town)
    number = town.simulator.post_summary_invoice([first, by_hand(town, first, "4500125")], charges=7)
    async with town.app() as app:
        await app.once()
        (row,) = await app.journal.read(lambda tx: tx.documents.search(number))
    assert (row.state, "charge FREIGHT AND CHARGES of 7 is of the whole" in row.reason) == ("held", True)
    assert f"d365edi release {number}" in row.reason
    assert town.partner.received() == {}
    town.knobs["on_event"] = ""
    async with town.app() as app:
        await app.release(number, "pat")
        await app.once()
    assert orders_of(town, "810") == {number: ["", "4500123", "4500125"]}


async def test_a_set_that_has_room_for_one_order_holds_several(town: World) -> None:
    town.knobs["invoice"] = "InvoiceRecords"
    first = await made_order(town)
    number = town.simulator.post_summary_invoice([first, by_hand(town, first, "4500125")])
    async with town.app() as app:
        await app.once()
        (row,) = await app.journal.read(lambda tx: tx.documents.search(number))
    assert row.state == "held"
    assert "it bills several orders (4500123, 4500125), and what is sent has room for one; write split" in row.reason
    assert town.partner.received() == {}


async def test_parts_go_together_in_one_file_and_are_written_again_by_the_number_of_the_whole(town: World) -> None:
    town.knobs |= {"on_event": SPLIT + "\nbatch = 10", "file": "{control:09}"}
    first = await made_order(town)
    number = town.simulator.post_summary_invoice([first, by_hand(town, first, "4500125")])
    await town.once()
    (before,) = town.partner.received().values()
    assert [each.split("*")[2] for each in before.decode().split("~") if each.startswith("BIG")] == [
        f"{number}-1",
        f"{number}-2",
    ]
    async with town.app() as app:
        said = await app.replay(number, "read", go=True, acks=False, actor="pat")
        await app.once()
    assert [each for each in said if "continues" in each] == [f"{number}-{at} continues from read" for at in (1, 2)]
    again = [data for data in town.partner.received().values() if data != before]
    assert [each.count(b"BIG*") for each in again] == [2]


async def test_an_invoice_over_several_orders_waits_for_the_notice_of_each(town: World) -> None:
    town.extra += '\n[partners.acme.send.810.guard]\nbefore_notice = "hold"\n'
    sends(town, "PackingSlip", "856")
    first, second = await made_order(town), await made_order(town, "4500124")
    town.simulator.post_packing_slip(first)
    await town.once()
    number = town.simulator.post_summary_invoice([first, second])
    async with town.app() as app:
        await app.once()
        (row,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert "no ship notice for order 4500123, 4500124 went out before it" in row.reason
    for line in town.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=second):
        record = town.simulator.state.store.one("SalesOrderLinesV3", InventoryLotId=line["InventoryLotId"])
        assert record is not None
        town.simulator.state.store.update(record, {"SalesOrderLineStatus": "Backorder"})
    town.simulator.post_packing_slip(second)
    for _ in range(2):
        await town.once()
    assert orders_of(town, "810") == {number: ["", "4500123", "4500124"]}


async def test_why_finds_by_each_order_what_is_for_it_also_while_it_is_held(town: World) -> None:
    town.knobs["on_event"] = SPLIT
    sends(town, "PackingSlip", "856")
    first = await made_order(town)
    both = [first, by_hand(town, first, "4500125")]
    slip = town.simulator.post_summary_slip(both)
    for row in town.simulator.state.rows("SalesOrderLinesV3"):
        record = town.simulator.state.store.one("SalesOrderLinesV3", InventoryLotId=row["InventoryLotId"])
        assert record is not None
        town.simulator.state.store.update(record, {"SalesOrderLineStatus": "Delivered"})
    held = town.simulator.post_summary_invoice(both, charges=7)
    async with town.app() as app:
        await app.once()
        states = {row.number: row.state for row in await app.journal.read(lambda tx: tx.documents.in_state("held"))}
        known = [
            await app.journal.read(lambda tx, number=number: look_up(tx, number))  # type: ignore[misc]
            for number in ("4500123", "4500125", both[0], both[1])
        ]
    assert states == {held: "held"}
    found = [{row.number for history in each.histories for row in history.documents} for each in known]
    assert found == [{"4500123", slip, held}, {slip, held}, {"4500123", slip, held}, {slip, held}]


@pytest.mark.parametrize(
    ("of", "more", "says"),
    [
        ("PackingSlip", 'split = "order"', "is for customer invoices, and it sends each PackingSlip; leave it out"),
        (
            "SalesInvoice",
            'split_number = "same"',
            'is for invoices that are sent order by order; write split = "order"',
        ),
    ],
)
async def test_what_split_is_not_for_is_refused_at_start(of: str, more: str, says: str, town: World) -> None:
    if of == "SalesInvoice":
        town.knobs["on_event"] = more
    else:
        sends(town, of, "856", more=more)
    with pytest.raises(SettingsError, match=re.escape(says)):
        town.settings()


async def test_replay_takes_the_parts_that_are_not_rejected_and_says_which_is(town: World) -> None:
    town.knobs["on_event"] = SPLIT
    town.extra += '\n[partners.acme.send.810.guard]\nbefore_notice = "hold"\n'
    sends(town, "PackingSlip", "856")
    first, second = await made_order(town), await made_order(town, "4500124")
    town.simulator.post_packing_slip(first)
    await town.once()
    number = town.simulator.post_summary_invoice([first, second])
    async with town.app() as app:
        await app.once()
        await app.reject(f"{number}-2", "by hand", "pat")
        before = len(town.partner.received())
        preview = await app.replay(number, "render", go=False, acks=False, actor="pat")
        said = await app.replay(number, "render", go=True, acks=False, actor="pat")
        with pytest.raises(D365EdiError) as refused:
            await app.replay(f"{number}-2", "render", go=True, acks=False, actor="pat")
        await app.once()
    closed = f"invoice {number}-2 was rejected (by hand) and cannot be replayed; send it by hand"
    assert closed in preview
    assert sum("it would use" in line for line in preview) == 1
    assert said == [*preview, f"{number}-1 continues from render"]
    assert str(refused.value) == closed
    assert len(town.partner.received()) == before + 1


@pytest.mark.parametrize("kind", ["810", "856"])
async def test_a_summary_with_an_order_that_has_no_reference_of_the_customer_is_held(kind: str, town: World) -> None:
    first = await made_order(town)
    both = [first, by_hand(town, first, "")]
    if kind == "856":
        sends(town, "PackingSlip", kind)
        town.simulator.post_summary_slip(both)
    else:
        town.knobs["on_event"] = SPLIT
        town.simulator.post_summary_invoice(both)
    async with town.app() as app:
        await app.once()
        (row,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert (
        "sales order SO- was made of none of theirs and has no reference of the customer; send this by hand"
        in row.reason
    )
    assert "leave split out" not in row.reason
    assert [name for name in town.partner.received() if name.startswith(kind)] == []
