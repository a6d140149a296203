"""What we say outward is what D365 has: an independent reader recomputes it from the bytes, and nothing in them is unknown.

Each document takes the product's own way from a record of D365 (`path`), is held against the facts that the record was made of
(`x12_truth`, `edifact_truth`), read strictly by our guide, and shown to a checker that is none of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from d365edi.edi import reader
from d365edi.edi.reader import ReadOptions
from d365edi.errors import DocumentError
from tests.edi import independent, see
from tests.edi.edifact import independent as independent_edifact
from tests.outward import edifact_truth, path, records, store_truth, x12_truth
from tests.outward.bills import bills, credits
from tests.outward.deals import Standard, deals, shipments, slips
from tests.outward.store_deals import store_bills, store_deals, store_slips

FEW, MANY, BATCH = 60, 10_002, 500
"""How many documents a map writes here, and in the longer run; how many a checker is shown at a time."""
STRICT = ReadOptions(strictness="strict")
TRUTH: dict[Standard, Any] = {"X12": x12_truth, "EDIFACT": edifact_truth}
Draw = Callable[[st.SearchStrategy[Any]], Any]
Way = Callable[[Draw, Standard], bytes]


def answered(draw: Draw, standard: Standard) -> bytes:
    """The answer to an order from its sales order."""
    deal = draw(deals(standard))
    data = path.sent("SalesOrderResponse", records.sales_order(deal), [deal], standard)
    TRUTH[standard].response(data, deal)
    return data


def confirmed(draw: Draw, standard: Standard) -> bytes:
    """The answer to an order from a posted confirmation."""
    deal = draw(deals(standard))
    data = path.sent("SalesOrderConfirmation", records.confirmation(deal), [deal], standard)
    TRUTH[standard].response(data, deal)
    return data


def shipped(draw: Draw, standard: Standard) -> bytes:
    """The notice of a packing slip."""
    (deal,), boxes = draw(slips(standard).filter(lambda drawn: drawn[1]))
    data = path.sent("PackingSlip", records.packing_slip(deal, boxes), [deal], standard)
    TRUTH[standard].notice(data, [deal], boxes)
    return data


def packed(draw: Draw, standard: Standard) -> bytes:
    """The notice of a packing slip of the warehouse, with packages, for several orders."""
    made, boxes = draw(shipments(standard).filter(lambda drawn: drawn[1]))
    data = path.sent("ShipmentPackingSlip", records.warehouse_slip(made, boxes), made, standard)
    TRUTH[standard].notice(data, made, boxes)
    return data


def billed(draw: Draw, standard: Standard) -> bytes:
    """An invoice."""
    deal = draw(deals(standard))
    bill = draw(bills(deal).filter(bool))
    data = clear(
        lambda: path.sent(
            "SalesInvoice", records.invoice(deal, bill), [deal], standard, rates=bill.rates if bill.agreed else {}
        )
    )
    TRUTH[standard].invoice(data, deal, bill)
    return data


def credited(draw: Draw, standard: Standard) -> bytes:
    """A credit note for some of an invoice, in the signs that the partner wants."""
    deal = draw(deals(standard))
    bill = draw(bills(deal).filter(bool))
    note, signs = (
        draw(credits(bill).filter(lambda made: made.total > 0)),
        draw(st.sampled_from(["negative", "positive"])),
    )
    before = [records.invoice(deal, bill)]
    record = records.invoice(deal, note)
    data = clear(
        lambda: path.sent(
            "SalesInvoice",
            record,
            [deal],
            standard,
            rates=bill.rates if bill.agreed else {},
            invoices=before,
            signs=signs,
        )
    )
    TRUTH[standard].invoice(data, deal, note, positive=signs == "positive")
    return data


def allocated(draw: Draw, standard: Standard) -> bytes:
    """The answer to an order for several stores, from its sales order or a confirmation."""
    deal = draw(store_deals(standard))
    table, record = draw(
        st.sampled_from([("SalesOrderResponse", records.sales_order), ("SalesOrderConfirmation", records.confirmation)])
    )
    data = path.sent(table, record(deal), [deal], standard)
    store_truth.response(data, standard, deal)
    return data


def shipped_to_stores(draw: Draw, standard: Standard) -> bytes:
    """The notice of what goes to several stores."""
    deal, boxes = draw(store_slips(standard).filter(lambda drawn: drawn[1]))
    data = path.sent("PackingSlip", records.packing_slip(deal, boxes), [deal], standard)
    store_truth.notice(data, standard, deal, boxes)
    return data


def billed_for_stores(draw: Draw, standard: Standard) -> bytes:
    """The invoice of what went to several stores."""
    deal = draw(store_deals(standard))
    bill = draw(store_bills(deal).filter(bool))
    data = path.sent("SalesInvoice", records.invoice(deal, bill), [deal], standard)
    store_truth.invoice(data, standard, deal, bill)
    return data


def clear(sending: Callable[[], bytes]) -> bytes:
    """What is sent. A tax of a few cents that fits several rates is held, and one with a base of more digits than TXI08."""
    try:
        return sending()
    except (path.Held, DocumentError) as held:
        assume(re.search("fits .* alike|TXI08.* digits", str(held)) is None)
        raise


def doubted(files: list[bytes], standard: Standard) -> dict[str, str]:
    """What the independent checkers find wrong with files."""
    named = {str(number): data for number, data in enumerate(files)}
    if standard == "X12":
        return {name: said for name, said in independent.judge(named).items() if said}
    read = independent_edifact.read(named)
    return {name: said for name, said in read.items() if isinstance(said, str)}


def tried(way: Way, standard: Standard, size: int) -> None:
    """So many documents of a way, each of them true and strictly valid."""
    files: list[bytes] = []

    @settings(deadline=None, max_examples=size, database=None)
    @given(st.data())
    def each(data: st.DataObject) -> None:
        made = way(data.draw, standard)
        assert [str(found) for found in see.findings(reader.read(made, STRICT))] == []
        files.append(made)

    each()
    assert len(files) >= size
    for start in range(0, len(files), BATCH):
        assert doubted(files[start : start + BATCH], standard) == {}


WAYS: dict[Way, int] = {
    answered: 3, confirmed: 3, allocated: 3, shipped: 3, packed: 3, shipped_to_stores: 3, billed: 3, credited: 3,
    billed_for_stores: 3,
}  # fmt: skip
"""The ways to a document, and how many there are to its kind."""
each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
each_standard = pytest.mark.parametrize("standard", TRUTH)


@each_standard
@each_way
def test_what_is_sent_is_what_d365_has(way: Way, standard: Standard) -> None:
    tried(way, standard, FEW // WAYS[way])


@pytest.mark.slow
@each_standard
@each_way
def test_many_that_are_sent_are_what_d365_has(way: Way, standard: Standard) -> None:
    tried(way, standard, MANY // WAYS[way])
