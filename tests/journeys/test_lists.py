"""Lists of D365 reach the partner as files with a row for each record: all of them, or what changed since the last one."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from d365edi.cli.history import look_up
from d365edi.errors import D365EdiError, SettingsError
from d365edi.flows.lists import PAGE
from d365edi.journal.payloads import PIECE
from d365edi.journal.snapshots import PORTION
from d365edi.sandbox.d365 import ledger
from tests.journeys.world import World

SEND = """
[partners.acme.send.{of}]
of      = "{of}"
to      = {{ endpoint = "acme", path = "{root}/inbound", file = "{of}_{{control:09}}.csv" }}
company = "usmf"
every   = "1s"
{more}
"""


def wants(world: World, of: str, more: str = "") -> None:
    world.extra = SEND.format(of=of, root=world.prefix, more=more)


@pytest.fixture
def vendors(town: World) -> World:
    """The town with three vendors in the partner's company and one in another."""
    for number, name in (("V-1", "Fabrikam, Inc."), ("V-2", "Tailspin"), ("V-3", "Litware")):
        vendor(town, number, name)
    vendor(town, "V-9", "Elsewhere", company="demf")
    return town


def vendor(world: World, number: str, name: str = "", *, company: str = "usmf", **more: Any) -> None:
    world.simulator.state.add(
        "VendorsV3", dataAreaId=company, VendorAccountNumber=number, VendorOrganizationName=name, **more
    )


def files(world: World, of: str = "Vendor") -> list[list[dict[str, str]]]:
    """The lists at the partner, in the order in which they were sent, as rows by column."""
    received = world.partner.received()
    texts = [received[name].decode() for name in sorted(received) if name.startswith(f"{of}_")]
    return [list(csv.DictReader(io.StringIO(text))) for text in texts]


def numbers(world: World, of: str = "Vendor", column: str = "Vendor Account") -> list[list[str]]:
    return [[row[column] for row in rows] for rows in files(world, of)]


async def test_all_vendors_of_the_company_go_out_as_one_file_at_each_run(vendors: World) -> None:
    wants(vendors, "Vendor", 'what = "all"')
    vendor(vendors, "V-2", "Tailspin", CurrencyCode="EUR", AddressCity="Berlin", OnHoldStatus="Payment")
    await vendors.once()
    (rows,) = files(vendors)
    assert [(row["Vendor Account"], row["Name"]) for row in rows] == [
        ("V-1", "Fabrikam, Inc."), ("V-2", "Tailspin"), ("V-3", "Litware"),
    ]  # fmt: skip
    assert (rows[1]["Currency"], rows[1]["City"], rows[1]["On Hold"]) == ("EUR", "Berlin", "Payment")
    await vendors.once()
    assert numbers(vendors) == [["V-1", "V-2", "V-3"]] * 2


async def test_a_long_list_is_sent_in_pieces_and_stands_whole_at_the_partner(both: World) -> None:
    """Longer than a page, than a piece of the file, and than the portion of the snapshot that is moved at once."""
    wants(both, "Vendor")
    expected = [f"V-{number:06}" for number in range(PORTION + 100)]
    for number in expected:
        vendor(both, number, "A supplier of parts whose name is long")
    async with both.app() as app:
        await app.once()
        (delivery,) = await app.journal.read(lambda tx: tx.deliveries.search("Vendor_000000001.csv"))
        assert await app.journal.read(lambda tx: tx.payloads.in_pieces(delivery.digest)) > PIECE
    assert numbers(both) == [expected]
    vendor(both, expected[-1], "Another")
    await both.once()
    assert numbers(both) == [expected, [expected[-1]]]


async def test_what_changed_goes_out_once_and_what_did_not_stays(vendors: World) -> None:
    wants(vendors, "Vendor")
    await vendors.once()
    await vendors.once()
    assert numbers(vendors) == [["V-1", "V-2", "V-3"]]
    vendor(vendors, "V-2", "Tailspin Toys")
    vendor(vendors, "V-4", "Wingtip")
    await vendors.once()
    await vendors.once()
    assert numbers(vendors) == [["V-1", "V-2", "V-3"], ["V-2", "V-4"]]
    assert files(vendors)[1][0]["Name"] == "Tailspin Toys"


async def test_from_now_on_sends_only_what_changes_after_the_first_start(vendors: World) -> None:
    wants(vendors, "Vendor", 'since = "now"')
    await vendors.once()
    assert files(vendors) == []
    vendor(vendors, "V-3", "Litware AG")
    await vendors.once()
    assert numbers(vendors) == [["V-3"]]


async def test_a_vendor_that_is_gone_is_reported_once_after_a_look_by_its_key(vendors: World, lines: list[str]) -> None:
    wants(vendors, "Vendor")
    await vendors.once()
    store = vendors.simulator.state.store
    store.delete(store.rows("VendorsV3", dataAreaId="usmf", VendorAccountNumber="V-2")[0])
    before = vendors.simulator.count("GET", "VendorsV3")
    assert (await vendors.once()).counts["gone"] == 1
    assert vendors.simulator.count("GET", "VendorsV3") - before == 2
    assert any("V-2 is not there any more" in line for line in lines)
    assert "gone" not in (await vendors.once()).counts
    assert numbers(vendors) == [["V-1", "V-2", "V-3"]]


async def test_a_row_that_cannot_be_written_is_reported_once_and_the_others_go(
    vendors: World, lines: list[str]
) -> None:
    wants(vendors, "Vendor", '[partners.acme.send.Vendor.map.file]\nencoding = "latin-1"')
    vendor(vendors, "V-2", "Škoda")
    await vendors.once()
    assert numbers(vendors) == [["V-1", "V-3"]]
    await vendors.once()
    assert sum("vendor V-2 is left out of the list" in line for line in lines) == 1
    vendor(vendors, "V-2", "Skoda")
    await vendors.once()
    assert numbers(vendors) == [["V-1", "V-3"], ["V-2"]]


async def test_one_changed_vendor_of_many_costs_few_requests(vendors: World) -> None:
    wants(vendors, "Vendor")
    for number in range(100):
        vendor(vendors, f"W-{number:03}", "Some")
    await vendors.once()
    vendor(vendors, "W-050", "Another")
    before = vendors.simulator.count("GET", "VendorsV3")
    await vendors.once()
    assert vendors.simulator.count("GET", "VendorsV3") - before == 2
    assert numbers(vendors)[1] == ["W-050"]


@pytest.fixture
def items(town: World) -> World:
    """The town, whose item D0001 has a number of the customer's and two barcodes."""
    state = town.simulator.state
    state.add(
        "ReleasedProductsV2", dataAreaId="usmf", ItemNumber="D0001", ProductNumber="D0001",
        ProductSearchName="Speaker", SalesPrice=Decimal("12.5"), SalesPriceQuantity=10,
    )  # fmt: skip
    state.add(
        "ProductBarcodesV3", dataAreaId="usmf", ItemNumber="D0001", BarcodeSetupId="UPC", Barcode="614141000999",
        ProductQuantityUnitSymbol="cs", IsDefaultScannedBarcode="Yes",
    )  # fmt: skip
    return town


async def test_items_go_out_with_the_partners_numbers_and_the_barcode_that_is_scanned(items: World) -> None:
    wants(items, "Item")
    await items.once()
    rows = {row["Item Number"]: row for row in files(items, "Item")[0]}
    assert len(rows) == 3
    first = rows["D0001"]
    assert (first["Your Item"], first["GTIN"], first["GTIN Unit"]) == ("ACME-4711", "614141000999", "cs")
    assert (first["Name"], first["Sales Price"], first["Sales Price Per"]) == ("Speaker", "12.5", "10")
    assert rows["D0002"]["Your Item"] == "ACME-4712"


async def test_items_go_out_without_their_barcodes_where_d365_does_not_show_these(
    items: World, lines: list[str]
) -> None:
    items.simulator.state.hidden.add("ProductBarcodesV3")
    wants(items, "Item")
    await items.once()
    assert [row["GTIN"] for row in files(items, "Item")[0]] == ["", "", ""]
    assert any("ProductBarcodesV3" in line and "stay empty" in line for line in lines)


DEBIT = {"AccountDisplayValue": "600100-001", "DebitAmount": Decimal("100.5"), "Text": "Rent"}
CREDIT = {"AccountDisplayValue": "110180-001", "CreditAmount": Decimal("100.5"), "Text": "Rent"}


async def test_lines_of_a_journal_go_out_once_it_is_posted(town: World) -> None:
    wants(town, "JournalEntry", "since = 2026-01-01")
    state = town.simulator.state
    posted = ledger.journal(state, DEBIT, CREDIT, text="November", date="2026-11-02")
    draft = ledger.journal(state, DEBIT, CREDIT, date="2026-11-03")
    ledger.post(state, posted)
    ledger.post(state, ledger.journal(state, DEBIT, CREDIT, date="2025-12-31"))
    await town.once()
    (rows,) = files(town, "JournalEntry")
    assert [(row["Journal"], row["Line"], row["Account"], row["Debit"], row["Credit"]) for row in rows] == [
        (posted, "1", "600100", "100.5", ""), (posted, "2", "110180", "", "100.5"),
    ]  # fmt: skip
    assert (rows[0]["Journal Name"], rows[0]["Journal Description"], rows[0]["Date"]) == (
        "GenJrn", "November", "2026-11-02",
    )  # fmt: skip
    await town.once()
    ledger.post(state, draft)
    await town.once()
    assert numbers(town, "JournalEntry", "Journal") == [[posted, posted], [draft, draft]]


async def test_of_journals_from_now_on_those_that_were_posted_before_are_not_sent(town: World) -> None:
    wants(town, "JournalEntry", 'since = "now"')
    state = town.simulator.state
    ledger.post(state, ledger.journal(state, DEBIT, CREDIT))
    draft = ledger.journal(state, DEBIT, CREDIT)
    await town.once()
    assert files(town, "JournalEntry") == []
    ledger.post(state, draft)
    await town.once()
    assert numbers(town, "JournalEntry", "Journal") == [[draft, draft]]


async def test_a_line_that_cannot_be_written_keeps_its_whole_journal_and_no_other(
    town: World, lines: list[str]
) -> None:
    wants(town, "JournalEntry", '[partners.acme.send.JournalEntry.map.file]\nencoding = "latin-1"')
    state = town.simulator.state
    bad = ledger.journal(state, DEBIT, {**CREDIT, "Text": "Škoda"})
    good = ledger.journal(state, DEBIT, CREDIT)
    for number in (bad, good):
        ledger.post(state, number)
    await town.once()
    assert numbers(town, "JournalEntry", "Journal") == [[good, good]]
    assert sum(f"journal {bad} is left out" in line for line in lines) == 1


async def test_a_vendor_that_a_setting_leaves_out_from_now_on_is_not_reported_as_gone(
    vendors: World, lines: list[str]
) -> None:
    vendor(vendors, "V-2", "Tailspin", VendorGroupId="20")
    wants(vendors, "Vendor")
    await vendors.once()
    only = '[partners.acme.send.Vendor.d365.header.only]\nVendorGroupId = { is = ["20"] }'
    wants(vendors, "Vendor", only)
    vendor(vendors, "V-2", "Tailspin Toys", VendorGroupId="20")
    vendor(vendors, "V-3", "Litware AG")
    await vendors.once()
    assert numbers(vendors) == [["V-1", "V-2", "V-3"], ["V-2"]]
    assert not any("not there any more" in line for line in lines)


@pytest.mark.parametrize(
    ("of", "more", "sentence"),
    [
        ("Vendor", "since = 2026-01-01", "a Vendor has no date"),
        ("Vendor", "batch = 2", "a flat file holds one document"),
    ],
)
async def test_what_a_list_cannot_do_is_named_at_the_start(of: str, more: str, sentence: str, town: World) -> None:
    wants(town, of, more)
    with pytest.raises(SettingsError, match=sentence):
        town.settings()


async def test_a_list_names_its_company(town: World) -> None:
    wants(town, "Vendor")
    town.extra = town.extra.replace('company = "usmf"', "")
    with pytest.raises(SettingsError, match="names no company"):
        town.settings()


async def test_why_knows_a_list_by_its_file_and_by_each_record_that_was_last_in_it(vendors: World) -> None:
    wants(vendors, "Vendor")
    await vendors.once()
    vendor(vendors, "V-2", "Tailspin Toys")
    async with vendors.app() as app:
        await app.once()
        last = await app.journal.read(lambda tx: {name: look_up(tx, name) for name in ("v-1", "V-2", "V-4")})
        [file] = (await app.journal.read(lambda tx: look_up(tx, "Vendor_000000001.csv"))).histories
        assert set(app.ctx.latencies.now()) == {("send", "acme")}
    assert [history.message.name for history in last["v-1"].histories] == ["Vendor_000000001.csv"]
    assert [history.message.name for history in last["V-2"].histories] == ["Vendor_000000002.csv"]
    assert last["V-4"].histories == []
    assert [each.state for each in file.deliveries] == ["delivered"]


async def test_accounts_are_taken_apart_by_the_active_format(town: World) -> None:
    state = town.simulator.state
    for kind, text in (
        ("DataEntityLedgerDimensionFormat", "MainAccount-BusinessUnit-Department"),
        ("DataEntityDefaultDimensionFormat", "CostCenter"),
    ):
        state.add(
            "DimensionIntegrationFormats", DimensionFormatName=kind, DimensionFormatType=kind, IsActive="Yes",
            FinancialDimensionFormat=text,
        )  # fmt: skip
    state.add("DimensionParameters", Key=0, DimensionSegmentDelimiter="Hyphen")
    wants(town, "JournalEntry")
    ledger.post(
        state,
        ledger.journal(
            state,
            {**DEBIT, "AccountDisplayValue": "600100--022", "DefaultDimensionDisplayValue": "014"},
            {**CREDIT, "AccountType": "Vend", "AccountDisplayValue": "US\\-101"},
        ),
    )
    long = ledger.journal(state, {**DEBIT, "AccountDisplayValue": "1-2-3-4"}, CREDIT)
    ledger.post(state, long)
    await town.once()
    (rows,) = files(town, "JournalEntry")
    assert [(row["Account"], row["Dimensions"]) for row in rows] == [
        ("600100", "CostCenter=014; Department=022"), ("US-101", ""),
    ]  # fmt: skip


async def test_accounts_stay_as_they_are_displayed_where_d365_does_not_show_its_formats(
    town: World, lines: list[str]
) -> None:
    town.simulator.state.hidden.add("DimensionIntegrationFormats")
    wants(town, "JournalEntry")
    ledger.post(town.simulator.state, ledger.journal(town.simulator.state, DEBIT, CREDIT))
    for _ in range(2):
        await town.once()
    (rows,) = files(town, "JournalEntry")
    assert [row["Account"] for row in rows] == ["600100-001", "110180-001"]
    assert sum("accounts are sent as D365 displays them" in line for line in lines) == 1


async def test_what_was_in_a_rejected_file_goes_with_the_next_one_and_never_twice(vendors: World) -> None:
    wants(vendors, "Vendor")
    taken = vendors.partner.inbound / "Vendor_000000001.csv"
    taken.write_text("theirs\n")
    async with vendors.app() as app:
        await app.once()
        vendor(vendors, "V-2", "Tailspin Toys")
        await app.once()
        said = await app.reject(taken.name, "their file is in the way", "pat")
        assert said == [f"{taken.name} is not delivered; what was in it goes with the next file of the list"]
        with pytest.raises(D365EdiError, match="goes with the next file of the list"):
            await app.replay(taken.name, "deliver", go=True, acks=False, actor="pat")
        taken.unlink()
        for _ in range(2):
            await app.once()
    assert numbers(vendors) == [["V-2"], ["V-1", "V-3"]]


async def test_a_changed_line_of_a_posted_journal_sends_the_whole_journal_again(town: World) -> None:
    wants(town, "JournalEntry")
    state = town.simulator.state
    first, other = (ledger.journal(state, DEBIT, CREDIT) for _ in range(2))
    for number in (first, other):
        ledger.post(state, number)
    await town.once()
    state.add("LedgerJournalLines", dataAreaId="usmf", JournalBatchNumber=first, LineNumber=1, Text="Rent of May")
    for _ in range(2):
        await town.once()
    assert numbers(town, "JournalEntry", "Journal")[1:] == [[first, first]]
    assert [row["Text"] for row in files(town, "JournalEntry")[1]] == ["Rent of May", "Rent"]


@pytest.mark.parametrize("change", ["barcode", "their number", "gone"])
async def test_an_item_goes_again_where_only_its_barcode_or_their_number_changed(items: World, change: str) -> None:
    wants(items, "Item")
    state = items.simulator.state
    for _ in range(2):
        await items.once()
    if change == "their number":
        (row,) = state.rows("CustomerProductDescriptionsV2", ItemNumber="D0001")
        state.add("CustomerProductDescriptionsV2", **{**row, "CustomerProductNumber": "ACME-4713"})
    elif change == "barcode":
        state.add(
            "ProductBarcodesV3", dataAreaId="usmf", ItemNumber="D0001", BarcodeSetupId="EAN", Barcode="4012345000009",
            ProductQuantityUnitSymbol="ea",
        )  # fmt: skip
    else:
        store = state.store
        store.delete(store.rows("ProductBarcodesV3", Barcode="614141000999")[0])
    for _ in range(2):
        await items.once()
    assert [len(rows) for rows in files(items, "Item")] == [3, 1]
    ((row,),) = files(items, "Item")[1:]
    assert (row["Your Item"], row["GTIN"]) == {
        "barcode": ("ACME-4711", "614141000999"),
        "their number": ("ACME-4713", "614141000999"),
        "gone": ("ACME-4711", "614141000012"),
    }[change]


async def test_an_item_whose_new_number_could_not_be_written_goes_once_it_can(items: World) -> None:
    latin = '[partners.acme.send.Item.map.file]\nencoding = "latin-1"'
    wants(items, "Item", latin)
    await items.once()
    (row,) = items.simulator.state.rows("CustomerProductDescriptionsV2", ItemNumber="D0001")
    items.simulator.state.add("CustomerProductDescriptionsV2", **{**row, "CustomerProductNumber": "ŠKODA"})
    for _ in range(2):
        await items.once()
    assert len(files(items, "Item")) == 1
    wants(items, "Item", latin.replace("latin-1", "utf-8"))
    await items.once()
    assert [row["Your Item"] for row in files(items, "Item")[1]] == ["ŠKODA"]


async def test_a_vendor_that_another_one_s_end_moves_to_the_page_before_is_in_the_first_file(town: World) -> None:
    wants(town, "Vendor", 'what = "all"')
    expected = [f"V-{number:06}" for number in range(PAGE + 10)]
    for number in expected:
        vendor(town, number)
    store = town.simulator.state.store

    def end(target: str) -> None:
        if "skip" in target:
            for row in store.rows("VendorsV3", VendorAccountNumber=expected[0]):
                store.delete(row)

    town.simulator.faults.happen(end, path="/data/VendorsV3", times=2)
    await town.once()
    assert numbers(town) == [expected]
