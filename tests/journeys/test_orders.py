"""A retailer's order on SFTP becomes a sales order, answered by a 997; a posted invoice goes out as an 810 and is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from d365edi.cli.inspect_file import inspect_file
from tests.journeys.world import World


async def test_an_order_becomes_a_sales_order_and_is_answered(both: World) -> None:
    both.partner.drop("PO-77.edi", both.order("4500123"))
    counters = await both.once()
    assert counters.counts == {"received": 1, "translated": 1, "delivered": 1, "created": 1}
    header = both.simulator.state.one("SalesOrderHeadersV4")
    assert header["OrderingCustomerAccountNumber"] == "US-003"
    assert header["CustomersOrderReference"] == "4500123"
    lines = both.sales_orders()["4500123"]
    found = [(str(line["ItemNumber"]), Decimal(str(line["OrderedSalesQuantity"]))) for line in lines]
    assert found == [("D0001", Decimal(12)), ("D0002", Decimal(3))]
    assert [answer.verdict for answer in both.partner.acknowledgments()] == ["A"]
    assert both.partner.waiting() == []
    assert (both.partner.outbound / "processed" / "PO-77.edi").is_file()


async def test_a_second_pass_changes_nothing(both: World) -> None:
    both.partner.drop("PO-77.edi", both.order("4500123"))
    await both.once()
    counters = await both.once()
    assert counters.counts == {}
    assert list(both.sales_orders()) == ["4500123"]


async def test_a_posted_invoice_goes_out_echoing_its_order_and_their_997_closes_it(both: World) -> None:
    both.partner.drop("PO-77.edi", both.order("4500123"))
    await both.once()
    order = both.simulator.state.one("SalesOrderHeadersV4")
    number = both.simulator.post_invoice(str(order["SalesOrderNumber"]))
    counters = await both.once()
    assert counters.counts["delivered"] == 1
    (name,) = both.partner.received()
    assert name == f"810_{number}_000000002.edi"
    (verdict,) = both.partner.answer_invoices()
    assert verdict.complaints == ()
    async with both.app() as app:
        await app.once()
        (delivery,) = await app.journal.read(lambda tx: tx.deliveries.search(name))
    assert (delivery.state, delivery.ack) == ("delivered", "accepted")
    assert (await both.once()).counts == {}
    assert list(both.partner.received()) == [name]


async def test_items_of_many_lines_are_asked_for_together_and_the_one_that_nobody_knows_is_named(both: World) -> None:
    theirs = [f"T{number:03d}" for number in range(45)]
    for number, name in enumerate(theirs):
        item = f"M{number:03d}"
        both.simulator.state.add("ReleasedProductsV2", dataAreaId="usmf", ItemNumber=item, SalesUnitSymbol="ea")
        both.simulator.state.add(
            "CustomerProductDescriptionsV2",
            dataAreaId="usmf",
            ItemNumber=item,
            CustomerAccountNumber="US-003",
            CustomerProductNumber=name.lower(),
        )
    lines = [(str(number), "1", "2.5", name) for number, name in enumerate(theirs, 1)]
    both.partner.drop("PO-1.edi", both.order("4500123", lines))
    both.partner.drop("PO-2.edi", both.order("4500124", [*lines, ("46", "1", "2.5", "T999")]))
    await both.once()
    made = both.sales_orders()
    assert [line["ItemNumber"] for line in made["4500123"]] == [f"M{number:03d}" for number in range(45)]
    assert "4500124" not in made
    assert both.simulator.count("GET", "CustomerProductDescriptionsV2") <= 2 * 3
    async with both.app() as app:
        (held,) = await app.journal.read(lambda tx: tx.documents.search("4500124"))
    assert held.state == "held"
    assert held.reason.startswith('item "T999" (line 46, PO1*46, BP) is no item of usmf; add it'), held.reason
    assert "T0" not in held.reason


@pytest.mark.parametrize(
    ("setting", "price", "state", "says"),
    [
        ("skip", "10.5", "rejected", "unchanged since message 1"),
        ("skip", "11", "held", "PO 4500123 was received before (message 1, delivered); if it is a repeat: d365edi reject"),
        (
            "hold",
            "10.5",
            "held",
            "PO 4500123 was received before (message 1, delivered); it says the same: d365edi reject 4500123 --why \"...\"; "
            'same_document = "skip" under [partners.acme.duplicates] closes such repeats',
        ),
    ],
)  # fmt: skip
async def test_an_order_that_comes_again_is_closed_where_a_setting_says_so_and_nothing_changed(
    town: World, setting: str, price: str, state: str, says: str
) -> None:
    """Each was held, and no setting changed that."""
    town.partner_extra = f'duplicates = {{ same_document = "{setting}" }}'
    first = town.order("4500123", [("1", "12", "10.5", "ACME-4711")])
    again = town.order("4500123", [("1", "12", price, "ACME-4711")])
    async with town.app() as app:
        for name, data in (("PO-1.edi", first), ("PO-2.edi", again)):
            town.partner.drop(name, data)
            await app.once()
        found = await app.journal.read(lambda tx: tx.documents.search("4500123"))
        checked = inspect_file(first + again, datetime.now(UTC), list(app.ctx.partners.values()))
    [repeat] = [document for document in found if document.message == max(each.message for each in found)]
    assert (repeat.state, repeat.reason[: len(says)]) == (state, says)
    assert checked.good == (state == "rejected")
    assert [len(lines) for lines in town.sales_orders().values()] == [1]
    assert [answer.verdict for answer in town.partner.acknowledgments()] == ["A", "A"]


@pytest.mark.parametrize("again", [b" 4500123", b"  4500123"])
async def test_a_blank_before_the_number_makes_no_second_sales_order(town: World, again: bytes) -> None:
    town.partner.drop("PO-1.edi", town.order("4500123"))
    await town.once()
    second = town.order("4500123", control=8)
    town.partner.drop("PO-2.edi", second.replace(b"*4500123*", b"*" + again + b"*"))
    async with town.app() as app:
        await app.once()
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert (held.number, "was received before (message 1, delivered)" in held.reason) == (again.decode(), True)
    assert list(town.sales_orders()) == ["4500123"]


async def test_a_file_of_which_an_order_was_rejected_is_replayed_without_it(town: World) -> None:
    data = town.order("45", copies=2)
    head, last = data.rsplit(b"ST*850", 1)
    unknown = last.replace(b"ACME-4711", b"ACME-NONE").replace(b"614141000012", b"614141000999")
    town.partner.drop("PO-77.edi", head + b"ST*850" + unknown)
    async with town.app() as app:
        await app.once()
        await app.reject("45-2", "not ours", "pat")
        preview = await app.replay("PO-77.edi", "render", go=False, acks=False, actor="pat")
        said = await app.replay("PO-77.edi", "render", go=True, acks=False, actor="pat")
        await app.once()
        states = {
            row.number: row.state
            for row in await app.journal.read(lambda tx: tx.documents.search("45-1") + tx.documents.search("45-2"))
        }
    closed = "PO 45-2 was rejected (not ours) and cannot be replayed; have acme send it again: its number is free"
    assert closed in preview
    assert said == [*preview, "45-1 continues from render"]
    assert states == {"45-1": "delivered", "45-2": "rejected"}
    assert list(town.sales_orders()) == ["45-1"]
