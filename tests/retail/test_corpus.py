"""Every 850 that the index of the samples calls valid becomes its sales orders in one pass, and nobody is needed: once the
settings name what is agreed with the partner. What D365 must have for it is derived from the order by `wire`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal

import pytest

from tests import corpus
from tests.journeys.world import World
from tests.retail import tenant, wire
from tests.retail.day import walked
from tests.retail.wire import Set


@dataclass(frozen=True, slots=True)
class Sample:
    """A file and what the settings name for it: rows of the envelope, of [partners.acme.receive.850], of units, and what stands
    inside [partners.acme] or in tables of its own.

    `first` is where the item's first qualifier stands, if not in PO106; `instead` is what of the bytes is replaced."""

    file: str
    envelope: str = ""
    receive: str = ""
    units: str = ""
    partner: str = ""
    tables: str = ""
    first: int = 0
    instead: tuple[bytes, bytes] = (b"", b"")


TEST = ', usage = "T"'
KEPT = '\n[partners.acme.receive.{}]\ncompany = "usmf"\nthen = "keep"\n'
REPEATS = 'duplicates = { same_document = "skip" }'
OURS = 'map.lines = { item.vendor = "PO1[VN|VA|VP|MG]" }'
SHIFTED = 'map.lines = { item.buyer = "PO106", price_basis = false }'
RELATIONAL = 'guide.severity = { relational = "note" }'
LENGTHS = 'guide.severity = { length = "note", relational = "note" }'
INVOICES = 'guide.severity = { total = "note" }\nmap.fields = { number = "BIG04" }\n'
"""Invoices of theirs that have one number and are of two orders."""

SAMPLES = [
    Sample("quirk_850_bang-terminator.x12", TEST),
    Sample("quirk_850_bel-elements-0x07.x12", TEST),
    Sample("quirk_850_colon-component.x12", TEST),
    Sample("quirk_850_cr-only.x12", TEST),
    Sample("quirk_850_fs-terminator-0x1c.x12", TEST),
    Sample("quirk_850_nak-terminator-0x15.x12", TEST),
    Sample("quirk_850_newline-is-terminator.x12", TEST),
    Sample("quirk_850_no-newlines.x12", TEST),
    Sample("quirk_850_pipe-elements.x12", TEST),
    Sample("quirk_850_rs-terminator-0x1e.x12", TEST),
    Sample("quirk_850_trailing-blanks-and-ctrlz.x12", TEST),
    Sample("quirk_850_two-interchanges-different-delimiters.x12", TEST, partner=REPEATS),
    Sample("quirk_850_underscore-terminator.x12", TEST),
    Sample("quirk_850-810_two-groups.x12", TEST, partner=REPEATS, tables=KEPT.format(810)),
    Sample("quirk_850-860_mixed-in-one-interchange.x12", TEST, tables=KEPT.format(860)),
    Sample("x12_810_staedi-invoice810-po850-dual.x12", TEST, tables=KEPT.format(810) + INVOICES),
    Sample("x12_850_EdiEngine-850-SyntaxNotes-ERR.x12", receive=RELATIONAL),
    Sample("x12_850_apibusinesshub-Bruno-Collection-Order.x12"),
    Sample("x12_850_bootstrap-README.x12", TEST),
    Sample("x12_850_golden-4010.x12", TEST),
    Sample("x12_850_module-balleri-x12-sender.x12", TEST, f"{LENGTHS}\n{SHIFTED}", first=5),
    Sample("x12_850_node-x12-850-2.x12"),
    Sample(
        "x12_850_node-x12-850-3.x12", units='KI = "ea"', instead=(b"*12*0000000000     *16", b"*12*0000000001     *16")
    ),
    Sample("x12_850_node-x12-850.x12"),
    Sample("x12_850_php-edi-coedit-850-sample.x12"),
    Sample("x12_850_stupidedi-basic-po.x12", TEST, OURS),
    Sample("x12_850_stupidedi-taxexempt-po.x12", TEST, f'{OURS}\nschedules = "lines"'),
    Sample("x12_850_vgi-x12-po-850.x12"),
    Sample("x12_850_x12-types-004010-850.x12", TEST),
]
NO_ORDER = "x12_850_module-balleri-envelope-tests.x12"
"""Called valid by the index, and an 850 without a line, which is rejected: PO1 is mandatory."""


@pytest.mark.parametrize("sample", corpus.cases(SAMPLES, lambda sample: sample.file))
async def test_a_valid_order_needs_no_person(sample: Sample, town: World) -> None:
    data = (corpus.FOLDER / sample.file).read_bytes().replace(*sample.instead)
    orders = {each.one("BEG", 3)[0]: each for each in wire.sets(data) if each.id == "850"}
    agree(town, data, sample)
    tenant.furnish(town, [*orders.values()], sample.first)
    town.partner.drop(sample.file, data)
    await walked(town)
    assert {number: ordered(lines) for number, lines in town.sales_orders().items()} == {
        number: bought(order, sample.first) for number, order in orders.items()
    }


def agree(world: World, data: bytes, sample: Sample) -> None:
    """The settings: both sides as the file's first interchange names them, and what the row says."""
    text = data.decode("latin-1")
    isa, gs = (text[at : text.index(text[105], at)].split(text[3]) for at in (0, text.index(f"GS{text[3]}")))
    them, us = (f"{isa[at]}:{isa[at + 1].strip()}" for at in (5, 7))
    groups = f', group_them = "{gs[2]}", group_us = "{gs[3]}"'
    world.knobs |= {"us": us, "them": them, "dress": groups + sample.envelope, "receive": sample.receive}
    world.extra, world.partner_extra = f"{sample.units}\n{sample.tables}", sample.partner


def ordered(lines: list[dict[str, object]]) -> list[tuple[str, Decimal, Decimal]]:
    """Item, quantity and price of sales lines."""
    names = ("ItemNumber", "OrderedSalesQuantity", "SalesPrice")
    texts = [[str(line[name]) for name in names] for line in lines]
    return sorted((item, Decimal(quantity), Decimal(price)) for item, quantity, price in texts)


def bought(order: Set, first: int) -> list[tuple[str, Decimal, Decimal]]:
    """The same of the order's lines."""
    lines = [segment for segment in order.body if segment[0] == "PO1"]
    return sorted((tenant.item_of(line, first).ours, Decimal(line[2]), Decimal(line[4] or 0)) for line in lines)


def test_the_table_has_every_850_that_the_index_calls_valid() -> None:
    with (corpus.FOLDER / "INDEX.csv").open(newline="", encoding="utf-8") as file:
        valid = [row for row in csv.DictReader(file) if row["standard"] == "X12" and row["valid"] == "yes"]
    files = {row["file"] for row in valid if "850" in row["transaction_set"]}
    rows = {sample.file for sample in SAMPLES} | {NO_ORDER}
    assert files <= rows
    assert not (rows - files) & corpus.SHIPPED
