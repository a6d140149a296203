"""EDIFACT orders and invoices are read and written by the same tables: there and back, in each directory."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from d365edi.documents import Invoice, PurchaseOrder
from d365edi.documents.values import PricePer
from d365edi.edi.edifact.writer import DEFAULT
from d365edi.edi.syntax import Syntax
from d365edi.errors import DocumentError, SettingsError
from tests.corpus import cases
from tests.maps.drawn_edifact import invoices, orders
from tests.maps.test_round_trip import compact
from tests.maps.wire_edifact import COMMA, DIRECTORIES, interchange, plain, report, sets, sides


def there_and_back(set: str, directory: str, document: Any, syntax: Syntax = DEFAULT) -> object:
    reader, writer = plain(set, directory)
    message = sets(interchange(set, writer.write(document), directory, syntax))[0]
    assert [str(each) for each in message.findings if each.severity == "error"] == []
    reading = reader.read(message)
    assert [str(each) for each in (*reading.findings, *reading.unmapped)] == []
    return reading.document


@pytest.mark.parametrize("directory", DIRECTORIES)
@settings(deadline=None, max_examples=20)
@given(order=orders())
def test_an_order_comes_back_as_it_was_written(directory: str, order: PurchaseOrder) -> None:
    assert compact(there_and_back("ORDERS", directory, order)) == compact(order)


@pytest.mark.parametrize("directory", DIRECTORIES)
@settings(deadline=None, max_examples=20)
@given(invoice=invoices())
def test_an_invoice_comes_back_as_it_was_written(directory: str, invoice: Invoice) -> None:
    assert compact(there_and_back("INVOIC", directory, invoice)) == compact(invoice)


@settings(deadline=None, max_examples=10)
@given(order=orders())
def test_a_decimal_comma_changes_nothing(order: PurchaseOrder) -> None:
    assert compact(there_and_back("ORDERS", "D96A", order, COMMA)) == compact(order)


# -- samples ----------------------------------------------------------------------------------------------------------

SAMPLES = {
    "edifact_ORDERS_apibusinesshub-Bruno-Collection-Orde": ["5YGVX1VT: 1 × 8710103931935"],
    "edifact_ORDERS_edifact-parser-llms-reading": ["ORD1: 1 × ART1"],
    "edifact_ORDERS_edifact-rs-d01b-orders-conforming": [],
    "edifact_ORDERS_edifactconvert-DESADV-D96A-OPEN-TRANS": ["70-0639880: 9 × 4047943235126"],
    "edifact_ORDERS_edifactconvert-ORDERS-D01B": ["PO357893: 2 × GTIN1233456"],
    "edifact_ORDERS_golden-D96A": ["4500012345: 2 × 4000862141404"],
    "edifact_ORDERS_mod-source-rec-ORDERS-D96A": ["03134: 1 × None"],
    "edifact_ORDERS_underware-Edif-D93A-ORDERS": ["168677: 17 × 8590309068648"],
    "edifact_INVOIC_golden-D96A": ["INV000987: 2 × 4000862141404"],
    "edifact_INVOIC_golden-D01B": ["INV000987: 2 × 4000862141404"],
    "edifact_INVOIC_mod-source-rec-565701us20210125": ["741591: 22 × 9780226405292"],
    "edifact_INVOIC_mod-source-rec-565702us20210122": ["737523: 10 × 9781470450571"],
    "edifact_INVOIC_mod-source-rec-565751us20210122": ["737531: 5 × 1350075744"],
    "edifact_INVOIC_pydifact-invoice1": ["1060113800026: 1 × 090346642"],
    "edifact_INVOIC_staedi-invoic-d97b-una": ["342459: 2 × 157870"],
    "quirk_ORDERS_crlf": ["4500012345: 2 × 4000862141404"],
    "quirk_ORDERS_custom-una": ["4500012345: 2 × 4000862141404"],
    "quirk_ORDERS_decimal-comma-without-una": ["4500012345: 2 × 4000862141404"],
    "quirk_ORDERS_iata-lowercase": ["4500012345: 2 × 4000862141404"],
    "quirk_ORDERS_latin1": ["4500012345: 2 × 4000862141404"],
    "quirk_ORDERS_no-una-one-line": ["4500012345: 2 × 4000862141404"],
    "quirk_ORDERS_release-characters": ["4500012345: 2 × 4000862141404"],
}


def shown(document: Any) -> str:
    first = document.lines[0].item
    return f"{document.number}: {len(document.lines)} × {first.gtin or first.buyer or first.vendor}"


@pytest.mark.parametrize("name", cases(SAMPLES, "{}.edi".format))
def test_a_sample_becomes_documents(corpus: Path, name: str) -> None:
    documents = []
    for message in sets((corpus / f"{name}.edi").read_bytes()):
        assert message.guide is not None
        documents.append(plain(message.id, message.guide.version)[0].read(message).document)
    assert [shown(each) for each in documents] == SAMPLES[name]


@pytest.mark.parametrize(("set", "directory"), [("ORDERS", "D96A"), ("INVOIC", "D96A"), ("INVOIC", "D01B")])
def test_a_right_sample_is_written_as_it_was_but_for_what_is_not_mapped(corpus: Path, set: str, directory: str) -> None:
    reader, writer = plain(set, directory)
    data = (corpus / f"edifact_{set}_golden-{directory}.edi").read_bytes()
    document = reader.read(sets(data)[0]).document
    theirs = {frozenset(line.decode().split("+")) for line in data.replace(b"\n", b"").split(b"'")}
    ours = interchange(set, writer.write(document), directory).decode().split("'")
    computed = [f"CNT+1:{sum(line.quantity for line in document.lines)}"]
    computed += [f"MOA+176:{sum(tax.amount for tax in document.taxes)}"] if set == "INVOIC" else []
    if set == "ORDERS":  # the unit that the sample leaves out is a piece
        computed += [f"QTY+21:{line.quantity}:EA" for line in document.lines]
    assert [each for each in ours[2:-3] if frozenset(each.split("+")) not in theirs and each not in computed] == []


MAPPED = frozenset({"ORDERS", "ORDRSP", "ORDCHG", "DESADV", "INVOIC", "REMADV", "APERAK"})


def test_no_sample_is_too_odd_to_be_read_and_what_is_read_can_be_written_or_is_refused_in_words(corpus: Path) -> None:
    told, read = [], 0
    for file in sorted(corpus.glob("*.edi")):
        for message in sets(file.read_bytes()):
            if message.id not in MAPPED or message.guide is None:
                continue
            reader, writer = plain(message.id, message.guide.version)
            reading = reader.read(message)
            read += 1
            told += [str(each) for each in reading.findings if each.severity == "error" and not each.remedy]
            if reading.document is not None:
                try:
                    assert writer.write(reading.document) != []
                except DocumentError as error:
                    told += [] if error.remedy or "mandatory" in error.message else [str(error)]
    assert (told, read > 15) == ([], True)


# -- the habits of EDIFACT --------------------------------------------------------------------------------------------

LINE = ["LIN+1++4000862141404:EN", "QTY+21:12:PCE"]


def order(*head: str, lines: list[str] = LINE) -> Any:
    body = ["BGM+220+4711+9", *head, *lines, "UNS+S"]
    return plain("ORDERS", "D96A")[0].read(report("ORDERS", body))


DAYS = {
    "DTM+137:20260105:102": "2026-01-05",
    "DTM+137:202601051430:203": "2026-01-05",
    "DTM+137:20260105143059:204": "2026-01-05",
    "DTM+137:260105:101": "2026-01-05",
    "DTM+137:050126:2": "2026-01-05",
    "DTM+137:20260105": "2026-01-05",
    "DTM+137:2026010520260112:718": "2026-01-05",
    "DTM+137:20260105143059UTC:304": "2026-01-05",
}


@pytest.mark.parametrize("written", DAYS)
def test_a_day_is_read_by_its_format_code(written: str) -> None:
    assert str(order(written).document.date) == DAYS[written]


def test_a_day_that_is_none_holds_the_order() -> None:
    found = [
        (each.severity, each.where.segment, each.where.element, each.where.component)
        for each in order("DTM+137:20261301:102").findings
    ]
    assert found == [("error", "DTM", 1, 2)]


NO_DAY = {
    "DTM+2:202611:610": "a month, not a day", "DTM+64:2611:609": "a month, not a day", "DTM+63:202647:616": "a week, not a day",
    "DTM+38:47:108": "a week, not a day", "DTM+10:2026:602": "what is no day", "DTM+37:20264:608": "what is no day",
    "DTM+11:7:804": "what is no day", "DTM+61:202645202646:716": "what is no day",
}  # fmt: skip


@pytest.mark.parametrize("written", NO_DAY)
def test_what_is_no_day_holds_the_order_that_is_to_be_delivered_by_it(written: str) -> None:
    readings = [order(written)]
    if written[:6] not in ("DTM+64", "DTM+61"):  # of a line these are no fields
        readings.append(order(lines=[*LINE, written]))
    for found in readings:
        (held,) = [each for each in found.unmapped if each.holds]
        assert NO_DAY[written] in held.message
        assert 'ignore = ["DTM"]' in held.remedy
        assert found.findings == ()


@pytest.mark.parametrize("written", NO_DAY)
def test_what_is_no_day_is_kept_as_it_was_sent_where_nobody_delivers_by_it(written: str) -> None:
    _, text, form = written.split(":")
    found = order(f"DTM+263:{text}:{form}")
    (kept,) = found.document.dates
    assert (kept.qualifier, kept.date, kept.text, kept.form) == ("263", None, text, form)
    assert (found.findings, [each for each in found.unmapped if each.holds]) == ((), [])
    invoice = plain("INVOIC", "D96A")[0].read(
        report("INVOIC", ["BGM+380+1+9", f"DTM+263:{text}:{form}", *LINE, "UNS+S", "MOA+77:1"])
    )
    assert [(each.text, each.form) for each in invoice.document.dates] == [(text, form)]
    assert invoice.findings == ()


PERIODS = {
    "2026112020261125:718": "20261125", "20261120-20261125:718": "20261125", "261120261125:717": "20261125",
    "202611201200202611251200:719": "1200202611251200", "20261120:102": None, "201126:2": None, "112026:3": None,
    "2611201200:201": "1200",
}  # fmt: skip


@pytest.mark.parametrize("written", PERIODS)
def test_of_a_period_the_first_day_is_read_and_the_rest_kept_or_noted(written: str) -> None:
    assert str(order(f"DTM+2:{written}").document.deliver_by) == "2026-11-20"
    (kept,) = order(f"DTM+263:{written}").document.dates
    assert (str(kept.date), kept.time, kept.text) == ("2026-11-20", PERIODS[written], None)
    noted = [each.message for each in order(f"DTM+2:{written}").unmapped]
    assert noted == ([] if PERIODS[written] is None else ["DTM01-4 is read by no row of the map"])


PRICES = {
    "PRI+AAA:24.1:::100": ("24.1", None, None, "100", None),
    "PRI+AAA:12,5": ("12.5", None, None, None, None),
    "PRI+AAA:3630.1724::NTP:100:C62": ("3630.1724", None, "unit", "100", "ea"),
    "PRI+AAA:7.225:CT::1": ("7.225", "unit", None, "1", None),
    "PRI+AAA:10:NW:RTP:3:KGM": ("10", "weight", "retail", "3", "kg"),
}
"""Price, words for what it is for (5375) and of which kind (5387), for how many (5284) of which unit (6411)."""


@pytest.mark.parametrize("written", PRICES)
def test_a_price_is_read_as_it_is_stated(written: str) -> None:
    line = order(lines=[*LINE, written]).document.lines[0]
    price, basis, kind, quantity, unit = PRICES[written]
    assert (str(line.price), line.price_basis, line.price_kind) == (price, basis, kind)
    assert line.price_per == PricePer(quantity=Decimal(quantity) if quantity else None, unit=unit)


def test_an_information_price_is_not_the_price_of_the_line() -> None:
    line = order(lines=[*LINE, "PRI+AAE:12.99"]).document.lines[0]
    assert (line.price, [each.identifier for each in line.prices]) == (None, ["AAE"])


def test_the_net_price_counts_more_than_a_gross_one_before_it() -> None:
    line = order(lines=[*LINE, "PRI+AAB:12", "PRI+AAA:10"]).document.lines[0]
    assert (line.price, [each.amount for each in line.prices]) == (10, [12])


def test_item_numbers_are_found_wherever_they_stand() -> None:
    line = order(
        lines=["LIN+1++A-1:BP", "PIA+1+N-1:SA:::1+B7:NB", "PIA+5+4000862141404:EN", "QTY+21:1"]
    ).document.lines[0]
    assert (line.item.buyer, line.item.vendor, line.item.gtin) == ("A-1", "N-1", "4000862141404")
    assert [(each.qualifier, each.id) for each in line.item.others] == [("NB", "B7")]


def test_a_text_in_two_components_is_one() -> None:
    whole = "A DESCRIPTION THAT IS LONGER THAN THI" + "RTY-FIVE CHARACTERS"
    line = order(lines=[*LINE, f"IMD+F++:::{whole[:35]}:{whole[35:]}"]).document.lines[0]
    assert line.description == whole
    assert order(lines=[*LINE, "IMD+F++:::MUESLI:340 G"]).document.lines[0].description == "MUESLI 340 G"


def test_release_characters_are_no_part_of_a_value() -> None:
    assert order("FTX+AAI+++8AM ?+ 5PM?: WHY???'").document.notes[0].texts == ("8AM + 5PM: WHY?'",)


MEANINGS = {
    "quantities for single places": [*LINE, "LOC+11+X", "QTY+2:5"],
}


@pytest.mark.parametrize("what", MEANINGS)
def test_what_changes_the_meaning_of_an_order_holds_it(what: str) -> None:
    found = order(lines=MEANINGS[what]).unmapped
    assert [each.where.segment for each in found if each.rule == "meaning"] != []
    assert [str(each) for each in found if each.rule == "meaning" and not each.remedy] == []


def test_dates_of_the_order_as_a_whole_and_those_of_a_line_are_read() -> None:
    reading = order("SCC+1", "QTY+21:5:EA", "DTM+2:20260105:102", lines=LINE)
    assert [each for each in reading.unmapped if each.rule == "meaning"] == []
    [whole] = reading.document.schedules
    assert [(each.quantity, each.date) for each in whole.quantities] == [(5, date(2026, 1, 5))]
    lines = [
        *LINE,
        "SCC+1",
        "QTY+21:5:EA",
        "DTM+2:20260105:102",
        "QTY+21:7:EA",
        "DTM+2:20260112:102",
        "SCC+4",
        "QTY+21:9",
    ]
    reading = order(lines=lines)
    assert [each for each in reading.unmapped if each.rule == "meaning"] == []
    schedules = reading.document.lines[0].schedules
    assert [schedule.status for schedule in schedules] == ["1", "4"]
    said = [(each.quantity, each.date) for schedule in schedules for each in schedule.quantities]
    assert said == [(5, date(2026, 1, 5)), (7, date(2026, 1, 12)), (9, None)]


def test_a_line_that_is_a_part_of_another_names_it_and_a_map_without_that_row_holds_the_order() -> None:
    parted = ["LIN+1++A:BP", "QTY+21:1", "LIN+2++B:BP+1:1", "QTY+21:2"]
    reading = order(lines=parted)
    assert [(line.parent, line.parent_kind) for line in reading.document.lines] == [(None, None), ("1", "1")]
    assert [each for each in reading.unmapped if each.rule == "meaning"] == []
    message = report("ORDERS", ["BGM+220+1+9", *parted, "UNS+S"])
    without = sides("ORDERS", override={"lines": {"parent": False}})[0].read(message)
    assert "line 2 is a part of line 1" in "; ".join(str(each) for each in without.unmapped if each.rule == "meaning")


def test_allowances_of_the_summary_are_read_with_those_of_the_head() -> None:
    body = ["BGM+380+1+9", "ALC+A++++DI", "MOA+8:5", *LINE, "UNS+S", "MOA+77:1", "ALC+C++++FC", "MOA+8:7"]
    invoice = plain("INVOIC", "D96A")[0].read(report("INVOIC", body)).document
    assert [(each.kind, each.code, each.amount) for each in invoice.charges] == [
        ("allowance", "discount", 5),
        ("charge", "freight", 7),
    ]


def test_an_invoice_echoes_the_order_it_answers() -> None:
    ordered = order(
        "DTM+137:20260101:102", "NAD+BY+5412345000013::9", lines=["LIN+10++A-1:BP", "QTY+21:12:EA"]
    ).document
    body = plain("INVOIC", "D96A")[1].write(_invoice(), order=ordered, line_orders=ordered.lines)
    written = ["+".join(":".join(each) if isinstance(each, tuple) else each for each in segment) for segment in body]
    assert [each for each in written if each[:3] in ("RFF", "NAD", "LIN", "PIA", "QTY") or each[:7] == "DTM+171"] == [
        "RFF+ON:4711", "DTM+171:20260101:102", "NAD+BY+5412345000013::9", "LIN+10", "PIA+1+A-1:BP", "QTY+47:12:EA"
    ]  # fmt: skip


def _invoice() -> Invoice:
    lines = '[{"number":"1","quantity":"12","unit":"ea"}]'
    return Invoice.from_json(f'{{"number":"1","date":"2026-01-13","order_number":"4711","total":"5","lines":{lines}}}')


# -- mistakes ---------------------------------------------------------------------------------------------------------

WRONG = {
    "BGM09": '"BGM09": BGM has no such place',
    "DTM[137]01-9": "DTM has no such place",
    "DTM[137]01-2": "is of type day and cannot hold the text",
    "XYZ01": "XYZ does not stand at the top",
    "UNS/NAD[BY]02-1": "NAD does not stand at the top",
}


@pytest.mark.parametrize("path", WRONG)
def test_a_wrong_path_is_told_at_start(path: str) -> None:
    with pytest.raises(SettingsError, match=WRONG[path]):
        sides("ORDERS", "D96A", {"fields": {"contract": path}})


def test_a_path_of_one_directory_may_stand_beside_another() -> None:
    assert sides("ORDERS", "D96A", {"fields": {"release": "BGM02-2"}})[0].table.digest


def test_what_does_not_fit_names_document_field_and_partner() -> None:
    writer = sides("INVOIC")[1]
    with pytest.raises(DocumentError, match=r"Invoice 1 for acme: order_number \(RFF\[ON\]01-2\): .* 35 fit"):
        writer.write(_invoice().replace(order_number="4" * 36))


def test_a_quantity_without_a_unit_is_in_pieces_and_nothing_is_kept_of_that() -> None:
    """It was held, and the constant that the sentence named lay over the units of all other lines."""
    lines = order(
        lines=["LIN+1++4000862141404:EN", "QTY+21:12", "LIN+2++4000862141404:EN", "QTY+21:3:CT"]
    ).document.lines
    assert [(line.unit, line.spelling("unit")) for line in lines] == [("ea", None), ("cs", "CT")]
