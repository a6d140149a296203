"""A vendor's invoices become pending vendor invoices of ours: 810, INVOIC and columns, matched with our orders, once.

The order is 12 of D0001 at 10.50 (126.00) and 3 of D0002 at 99.99 (299.97): 425.97."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from d365edi.app import App
from d365edi.cli.history import look_up
from d365edi.cli.why import lines as shown_by_why
from d365edi.endpoints.health import Rests
from d365edi.journal import Document
from d365edi.sandbox.d365 import purchasing
from tests.journeys.bills import ORDER, VENDOR, bill, invoic, receives
from tests.journeys.test_trouble import until_done
from tests.journeys.world import World

Invoice = tuple[dict[str, Any], list[dict[str, Any]]]


@pytest.fixture
def billed(town: World) -> World:
    """The town, whose partner is a vendor of ours with an open order; the service user's company is another one."""
    receives(town)
    return town


def pending(world: World) -> list[Invoice]:
    """The pending vendor invoices in D365, each with its lines."""
    tenant = world.simulator.state
    return [
        (row, tenant.rows("VendorInvoiceLines", HeaderReference=row["HeaderReference"]))
        for row in tenant.rows("VendorInvoiceHeaders")
    ]


def charges(world: World, set: str = "VendorInvoiceHeaderCharges") -> list[tuple[str, Decimal]]:
    return [(row["PurchaseChargeCode"], row["FixedChargeAmount"]) for row in world.simulator.state.rows(set)]


async def held(app: App) -> list[Document]:
    return await app.journal.read(lambda tx: tx.documents.in_state("held"))


async def done(world: World) -> None:
    """Everything walked until nothing waits any more."""
    world.waits = {"first_wait": 0.2, "rests": Rests(first=0.2)}
    async with world.app() as app:
        await app.tick("acme.pickup.edi")
        await until_done(app)


async def why(world: World) -> str:
    """Everything walked once; why the only held document is held."""
    async with world.app() as app:
        await app.once()
        (row,) = await held(app)
    return row.reason


async def test_an_810_becomes_a_pending_invoice_of_its_order(billed: World) -> None:
    billed.partner.drop("bill.edi", bill(sac="SAC*C*D240***2500", total="45097"))
    for _ in range(2):
        await billed.once()
    ((header, lines),) = pending(billed)
    names = ("InvoiceAccount", "InvoiceNumber", "PurchaseOrderNumber", "Currency", "ImportedAmount", "dataAreaId")
    assert [header[name] for name in names] == [VENDOR, "INV-1", ORDER, "USD", Decimal("450.97"), "usmf"]
    assert str(header["InvoiceDate"]).startswith("2026-11-02")
    fields = ("PurchaseOrder", "PurchLineNumber", "ItemNumber", "ReceiveNow", "Unit", "UnitPrice", "Amount")
    assert [[line[name] for name in fields] for line in lines] == [
        [ORDER, 1, "D0001", 12, "ea", Decimal("10.5"), Decimal(126)],
        [ORDER, 2, "D0002", 3, "ea", Decimal("99.99"), Decimal("299.97")],
    ]
    assert charges(billed) == [("FREIGHT", Decimal(25))]
    async with billed.app() as app:
        (history,) = (await app.journal.read(lambda tx: look_up(tx, "INV-1"))).histories
    shown = "\n".join(shown_by_why(history))
    for number, theirs, item in ((1, "V-1", "D0001"), (2, "V-2", "D0002")):
        assert f"line {number} ({theirs}) = line {number} of order {ORDER} ({item}) by its line number" in shown
    assert [answer.verdict for answer in billed.partner.acknowledgments()] == ["A"]
    assert {each.method for each in billed.simulator.log if each.path.startswith("/data/")} <= {"GET", "POST"}


async def test_an_invoic_becomes_one(billed: World) -> None:
    billed.partner.drop("bill.edi", invoic())
    await billed.once()
    await billed.once()
    ((header, lines),) = pending(billed)
    assert (header["InvoiceNumber"], header["ImportedAmount"]) == ("INV-1", Decimal("425.97"))
    assert [line["PurchLineNumber"] for line in lines] == [1, 2]


async def test_columns_become_one(billed: World) -> None:
    folder = billed.partner.home / "outbound" / "csv"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bills.csv").write_text(
        "Invoice Number,Invoice Date,PO Number,Line,Vendor Item,Quantity,Unit,Price,Invoice Total\n"
        f"INV-1,2026-11-02,{ORDER},1,V-1,12,EA,10.5,425.97\nINV-1,2026-11-02,{ORDER},2,V-2,3,EA,99.99,425.97\n"
    )
    for _ in range(2):
        await billed.once()
    ((header, lines),) = pending(billed)
    assert (header["InvoiceNumber"], len(lines)) == ("INV-1", 2)


async def test_the_same_invoice_again_is_held_as_a_duplicate(billed: World) -> None:
    billed.partner.drop("bill.edi", bill())
    await billed.once()
    billed.partner.drop("again.edi", bill(control=8))
    assert "received before" in await why(billed)
    assert len(pending(billed)) == 1


@pytest.mark.parametrize("path", ["/data/VendorInvoiceHeaders", "/data/$batch"])
async def test_a_lost_answer_makes_no_second_invoice(billed: World, path: str) -> None:
    billed.simulator.faults.drop(method="POST", path=path)
    billed.partner.drop("bill.edi", bill(sac="SAC*C*D240***2500", total="45097"))
    await done(billed)
    ((_, lines),) = pending(billed)
    assert (len(lines), charges(billed)) == (2, [("FREIGHT", Decimal(25))])


async def test_charges_that_no_set_takes_hold_it(billed: World) -> None:
    receives(billed, '[partners.acme.receive.810.d365.charges.order]\nset = ""')
    billed.partner.drop("bill.edi", bill(sac="SAC*C*D240***2500", total="45097"))
    assert "no set of D365 takes them" in await why(billed)
    assert pending(billed) == []


@pytest.mark.parametrize("same", ["number", "number_and_year"])
async def test_an_invoice_that_was_entered_by_hand_is_a_question(billed: World, same: str) -> None:
    receives(billed, f'same = "{same}"')
    billed.simulator.state.add(
        "VendorInvoiceHeaders", dataAreaId="usmf", HeaderReference="HR-9", InvoiceAccount=VENDOR, InvoiceNumber="inv-1"
    )
    billed.partner.drop("bill.edi", bill())
    said = await why(billed)
    assert "HR-9 of usmf carries invoice INV-1 already" in said
    assert len(pending(billed)) == 1


async def test_an_invoice_that_was_posted_is_held_with_voucher_and_date(billed: World) -> None:
    billed.partner.drop("bill.edi", bill())
    await billed.once()
    await billed.once()
    ((header, _),) = pending(billed)
    voucher = purchasing.post_invoice(billed.simulator.state, header["HeaderReference"], orders=False)
    async with billed.app() as app:
        await app.replay("INV-1", "read", go=True, acks=False, actor="pat")
        await app.once()
        (row,) = await held(app)
    assert f"it was posted before: voucher {voucher} of 2026-11-02" in row.reason
    assert pending(billed) == []


async def test_one_that_is_posted_before_we_learn_that_it_was_made_is_not_made_again(billed: World) -> None:
    billed.simulator.faults.drop(method="POST", path="/data/$batch")
    billed.partner.drop("bill.edi", bill())
    await billed.once()
    ((header, _),) = pending(billed)
    voucher = purchasing.post_invoice(billed.simulator.state, header["HeaderReference"], orders=False)
    await done(billed)
    async with billed.app() as app:
        (row,) = await held(app)
    assert f"invoice INV-1 of usmf is posted: voucher {voucher}" in row.reason
    assert pending(billed) == []


@pytest.mark.parametrize(("check", "made"), [("warn", 1), ("hold", 0)])
async def test_where_posted_invoices_may_not_be_read_a_setting_decides(
    billed: World, check: str, made: int, lines: list[str]
) -> None:
    receives(billed, f'posted_check = "{check}"')
    for _ in range(2):
        billed.simulator.faults.answer(403, method="GET", path="/data/VendInvoiceJourBiEntities")
    billed.partner.drop("bill.edi", bill())
    await billed.once()
    await billed.once()
    assert len(pending(billed)) == made
    assert sum("whether it was posted before may not be asked" in line for line in lines) == 1


async def test_a_number_may_come_again_in_another_year_where_that_is_agreed(billed: World) -> None:
    receives(billed, 'same = "number_and_year"\nmatch = { quantity = "warn" }')
    billed.simulator.state.refuses_used_invoice_numbers = False
    billed.partner.drop("a.edi", bill(date="20251103"))
    await billed.once()
    billed.partner.drop("b.edi", bill(control=8))
    await billed.once()
    await billed.once()
    assert [str(header["InvoiceDate"])[:4] for header, _ in pending(billed)] == ["2025", "2026"]


async def test_with_a_reference_of_ours_all_goes_in_one_changeset(billed: World) -> None:
    receives(billed, 'header_reference = "ours"')
    billed.simulator.state.own_references = True
    billed.simulator.faults.drop(method="POST", path="/data/$batch")
    billed.simulator.faults.answer(400, method="POST", path="/data/VendorInvoiceHeaders")
    billed.partner.drop("bill.edi", bill(sac="SAC*C*D240***2500", total="45097"))
    await done(billed)
    ((header, lines),) = pending(billed)
    assert (len(header["HeaderReference"]), len(lines), charges(billed)) == (36, 2, [("FREIGHT", Decimal(25))])
    assert [fault.path for fault in billed.simulator.faults.waiting] == ["/data/VendorInvoiceHeaders"]  # never alone


async def test_in_german_too_a_record_that_exists_is_looked_up_once_and_taken_for_ours(billed: World) -> None:
    """A request of ours that was thought lost arrives late, just before it is made again."""
    receives(billed, 'header_reference = "ours"')
    tenant = billed.simulator.state
    tenant.own_references, tenant.language = True, "de"
    billed.partner.drop("bill.edi", bill())
    await done(billed)
    sets = ("VendorInvoiceHeaders", "VendorInvoiceLines")
    late = [(record.set.name, record, dict(record.values)) for set in sets for record in tenant.store.rows(set)]
    for _, record, _ in late:
        tenant.store.delete(record)
    for file in (billed.folder / "var").glob("journal*"):
        file.unlink()

    def arrive(_: str) -> None:
        for set, _record, values in late:
            tenant.store.insert(set, values)

    billed.simulator.faults.happen(arrive, method="POST", path="/data/$batch")
    billed.simulator.log.clear()
    billed.partner.drop("bill.edi", bill())
    async with billed.app() as app:
        await app.once()
        (row,) = await app.journal.read(lambda tx: tx.documents.search("INV-1"))
    assert (row.state, row.reason, len(pending(billed))) == ("delivered", "", 1)
    calls = [(each.method, each.set) for each in billed.simulator.log if not each.inside]
    after = calls[calls.index(("POST", "$batch")) + 1 :]
    assert [set for _, set in after if set.startswith("VendorInvoice")] == [
        "VendorInvoiceHeaders",
        "VendorInvoiceLines",
    ]


async def test_a_reference_of_ours_is_known_again_without_the_journal(billed: World) -> None:
    receives(billed, 'header_reference = "ours"')
    billed.simulator.state.own_references = True
    billed.partner.drop("bill.edi", bill())
    await done(billed)
    for file in (billed.folder / "var").glob("journal*"):
        file.unlink()
    billed.partner.drop("bill.edi", bill())
    async with billed.app() as app:
        await app.once()
        (row,) = await app.journal.read(lambda tx: tx.documents.search("INV-1"))
    assert (row.state, row.reason, len(pending(billed))) == ("delivered", "", 1)


@pytest.mark.parametrize("readable", [True, False])
async def test_ping_says_whether_posted_invoices_may_be_read(billed: World, readable: bool) -> None:
    if not readable:
        billed.simulator.state.hidden.add("VendInvoiceJourBiEntities")
    async with billed.app() as app:
        check = (await app.ping("d365"))["d365"][-1]
    assert (check.what, check.ok) == ("posted vendor invoices of usmf", readable)
    assert readable or "posted_check decides under [partners.acme.receive.810]" in check.remedy


async def test_d365_makes_the_lines_of_the_order_where_that_is_set(billed: World) -> None:
    receives(billed, 'lines = "from_order"')
    billed.partner.drop("bill.edi", bill())
    await billed.once()
    await billed.once()
    ((header, lines),) = pending(billed)
    assert [header[name] for name in ("HeaderOnlyImport", "PurchIdRange")] == ["Yes", ORDER]
    assert lines == []  # the sandbox makes none


async def test_several_invoices_that_d365_made_of_one_are_no_question(billed: World) -> None:
    receives(billed, 'lines = "from_order"')
    billed.simulator.faults.drop(method="POST", path="/data/VendorInvoiceHeaders")
    billed.partner.drop("bill.edi", bill())
    await billed.once()
    billed.simulator.state.add(
        "VendorInvoiceHeaders", dataAreaId="usmf", HeaderReference="HR-9", InvoiceAccount=VENDOR, InvoiceNumber="INV-1"
    )
    await done(billed)
    async with billed.app() as app:
        (row,) = await app.journal.read(lambda tx: tx.documents.search("INV-1"))
    assert (row.state, row.reason, len(pending(billed))) == ("delivered", "", 2)


async def test_charges_are_held_where_d365_makes_the_lines(billed: World) -> None:
    receives(billed, 'lines = "from_order"')
    billed.partner.drop("bill.edi", bill(sac="SAC*C*D240***2500", total="45097"))
    assert "it has charges, and D365 is to make its lines" in await why(billed)
    assert pending(billed) == []


async def test_a_credit_is_negative_and_its_allowance_a_charge(billed: World) -> None:
    billed.partner.drop("bill.edi", bill(quantities=("1", "1"), sense="CR", sac="SAC*A*C310***100", total="10949"))
    await billed.once()
    await billed.once()
    ((header, lines),) = pending(billed)
    assert header["ImportedAmount"] == Decimal("-109.49")
    assert [(line["ReceiveNow"], line["Amount"]) for line in lines] == [
        (-1, Decimal("-10.5")),
        (-1, Decimal("-99.99")),
    ]
    assert charges(billed) == [("PROMO", Decimal(1))]


async def test_the_field_of_the_quantity_is_a_setting(billed: World) -> None:
    receives(billed, '[partners.acme.receive.810.d365.lines]\nquantity = "InventNow"')
    billed.partner.drop("bill.edi", bill())
    await billed.once()
    await billed.once()
    ((_, lines),) = pending(billed)
    assert [(line["InventNow"], line["ReceiveNow"]) for line in lines] == [(12, 0), (3, 0)]


async def test_more_than_was_ordered_is_written_with_a_warning_where_that_is_agreed(
    billed: World, lines: list[str]
) -> None:
    receives(billed, 'match = { quantity = "warn" }')
    billed.partner.drop("bill.edi", bill(quantities=("13", "3"), total="43647"))
    await billed.once()
    await billed.once()
    assert len(pending(billed)) == 1
    assert sum("13 ea billed, but 12 ea ordered" in line for line in lines) == 1


@pytest.mark.parametrize("first", ["pending", "posted", "on its way"])
async def test_the_lines_of_an_order_are_billed_once(billed: World, first: str) -> None:
    billed.partner.drop("a.edi", bill())
    if first == "on its way":  # both come at once: neither is in D365 while the other is matched
        billed.partner.drop("b.edi", bill("INV-2", control=8))
        said = await why(billed)
        number = "INV-1" if "by INV-1 before" in said else "INV-2"
    else:
        await billed.once()
        await billed.once()
        if first == "posted":
            ((header, _),) = pending(billed)
            purchasing.post_invoice(billed.simulator.state, header["HeaderReference"], orders=False)
        billed.partner.drop("b.edi", bill("INV-2", control=8))
        said, number = await why(billed), "INV-1"
    assert f"line 1 of order {ORDER}: 12 ea billed, and 12 ea by {number} before, but 12 ea ordered" in said
    assert f"line 2 of order {ORDER}: 3 ea billed, and 3 ea by {number} before, but 3 ea ordered" in said
    assert len(pending(billed)) == (0 if first == "posted" else 1)


async def test_what_is_left_of_an_order_is_billed_by_a_second_invoice(billed: World) -> None:
    for control, number, quantities, total in (
        (7, "INV-1", ("8", "3"), "38397"),
        (8, "INV-2", ("4", "0"), "4200"),
        (9, "CR-1", ("-1", "0"), "-1050"),
    ):
        sense = "CR" if number.startswith("CR") else ""
        billed.partner.drop(
            f"{number}.edi", bill(number, quantities=quantities, total=total, sense=sense, control=control)
        )
        await billed.once()
        await billed.once()
    assert [header["InvoiceNumber"] for header, _ in pending(billed)] == ["INV-1", "INV-2", "CR-1"]


async def test_line_charges_are_written_with_their_line(billed: World) -> None:
    billed.partner.drop("bill.edi", bill(line_sac="SAC*A*C310***100", total="42497"))
    await billed.once()
    await billed.once()
    (row,) = billed.simulator.state.rows("VendorInvoiceLineCharges")
    assert (row["InvoiceLineNumber"], row["PurchaseChargeCode"], row["FixedChargeAmount"]) == (1, "PROMO", -1)


HELD = [
    ({"order": "PO-404"}, "order PO-404 is no purchase order of ours"),
    ({"order": "PO-2"}, "order PO-2 is of vendor US-104, and not of US-101"),
    ({"order": "PO-3"}, "order PO-3 is Canceled"),
    ({"order": "PO-4"}, "line 1 (D0001) fits several lines of order PO-4: 7, 8"),
    ({"currency": "EUR"}, f"it is in EUR, and order {ORDER} in USD"),
    (
        {"prices": ("10.6", "99.99"), "total": "42717"},
        "(0.5% is allowed: match.price under [partners.acme.receive.810])",
    ),
    ({"quantities": ("13", "3"), "total": "43647"}, f"line 1 of order {ORDER}: 13 ea billed, but 12 ea ordered"),
    ({"unit": "CA"}, "line 1: unit cs, but ordered in ea"),
    ({"total": "42598"}, ""),
    ({"total": "42697"}, "lines 425.97, allowances and charges 0.00, taxes 0.00 add up to 425.97"),
    ({"sac": "SAC*C*F050***100", "total": "42697"}, "charge F050 is none of ours"),
    ({"order": ""}, "The item's inventory model policy must be not stocked."),
]


@pytest.mark.parametrize(("change", "said"), HELD)
async def test_what_differs_from_the_order_is_held_with_both_values(
    billed: World, change: dict[str, Any], said: str
) -> None:
    billed.partner.drop("bill.edi", bill(**change))
    await billed.once()
    async with billed.app() as app:
        await app.once()
        rows = await held(app)
    assert len(pending(billed)) == (0 if said else 1)
    assert [said in row.reason for row in rows] == ([True] if said else [])
    assert [answer.verdict for answer in billed.partner.acknowledgments()] == ["A"]


async def test_a_line_of_the_order_that_is_over_or_another_item_holds_it(billed: World) -> None:
    for record in billed.simulator.state.store.rows("PurchaseOrderLinesV2", PurchaseOrderNumber=ORDER):
        if record.values["LineNumber"] == 1:
            billed.simulator.state.store.update(record, {"PurchaseOrderLineStatus": "Canceled"})
        else:
            billed.simulator.state.store.update(record, {"LineDiscountPercentage": Decimal(10)})
    billed.partner.drop("bill.edi", bill().replace(b"*VN*V-2", b"*VN*V-9"))
    said = await why(billed)
    assert f"line 1: line 1 of order {ORDER} is Canceled" in said
    assert "line 2: price 99.99, but ordered at 89.991, which is 99.99 less its discounts" in said
    assert f"line 2: V-9 is no item that is known, and line 2 of order {ORDER} is D0002" in said
    assert pending(billed) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"purpose": "01"}, "invoice INV-1: purpose cancellation asks for a change or a copy, not a new invoice"),
        ({"usage": "T"}, "invoice INV-1: ISA15 says test, and production is agreed"),
    ],
)  # fmt: skip
async def test_what_is_no_new_invoice_is_held_and_leaves_its_number(
    billed: World, change: dict[str, Any], said: str
) -> None:
    billed.partner.drop("bill.edi", bill(**change))
    assert said in await why(billed)
    billed.partner.drop("real.edi", bill(control=8))
    await billed.once()
    await billed.once()
    assert len(pending(billed)) == 1


@pytest.mark.parametrize("color", ["RED", ""])
async def test_a_service_without_an_order_is_billed_in_its_variant_or_held(billed: World, color: str) -> None:
    tenant, key = billed.simulator.state, {"dataAreaId": "usmf", "ItemNumber": "S0001"}
    tenant.add("ReleasedProductsV2", **key, ProductType="Service", ProductDimensionGroupName="Col")
    for shown in {color, "RED"}:
        known = {"VendorAccountNumber": VENDOR, "VendorProductNumber": f"S-{shown}"}
        tenant.add("VendorProductDescriptionsV2", **key, **known, ProductColorId=shown)
    text = bill(order="").decode().replace("VN*V-1", f"VN*S-{color}").replace("VN*V-2", f"VN*S-{color}")
    billed.partner.drop("bill.edi", text.encode())
    if not color:
        assert 'item "S0001" (line 1) has variants, and none of its numbers says which is meant' in await why(billed)
        assert pending(billed) == []
        return
    await billed.once()
    ((_, lines),) = pending(billed)
    assert [(line["ItemNumber"], line["ProductColorId"]) for line in lines] == [("S0001", "RED")] * 2


async def test_a_stocked_item_without_an_order_is_left_to_d365_where_that_is_set(billed: World) -> None:
    receives(billed, 'stocked = "try"')
    billed.partner.drop("bill.edi", bill(order=""))
    said = await why(billed)
    assert "The item's inventory model policy must be not stocked." in said
    assert pending(billed) == []
    assert any(each.path == "/data/$batch" for each in billed.simulator.log)


@pytest.mark.parametrize(("status", "count"), [("All", 0), ("Invoice", 0), ("PurchOrder", 1)])
async def test_a_vendor_on_hold_holds_the_invoice(billed: World, status: str, count: int, lines: list[str]) -> None:
    billed.simulator.state.add("VendorsV3", dataAreaId="usmf", VendorAccountNumber=VENDOR, OnHoldStatus=status)
    billed.partner.drop("bill.edi", bill())
    await billed.once()
    await billed.once()
    assert len(pending(billed)) == count
    assert sum("on hold in D365 for PurchOrder" in line for line in lines) == count
