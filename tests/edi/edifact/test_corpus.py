"""Every EDIFACT file of the corpus ends as its index and the standard say: verdicts, number of messages, what decides.

A row is a file: whether the index calls it valid, the verdicts (I interchange, G group, then each message), and what is found.
An error stands as `place:code` of 0085, what is worth less as `(place:rule)`; codes outside of the known part of an open list
are left out; a row that is too long goes on indented. Where index and reader disagree, `CLAUSES` says which clause decides.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from d365edi.edi import reader
from d365edi.edi.edifact import acknowledgment, writer
from d365edi.edi.reader import ReadOptions
from tests.corpus import cases
from tests.edi import see
from tests.edi.edifact import make
from tests.edi.test_corpus import shown, verdicts

PINS = """
edifact_APERAK_EDI-Net-Apperak-edi-out-issue235|no|IRx2 GR APERAKR|UNB01:13 UNB02:13 UNB03:13 UNB04:13
    (UNB01:charset) UNB01:2 (empty) UNZ:13 UNB05:13 UNZ02:28
edifact_APERAK_pydifact-aperak                      |no |IA GR APERAKR|UNT01:29 (FTX:charset)
edifact_APERAK_pydifact-aperak-rejected             |no |IA GR APERAKR|UNT01:29 (FTX:charset)
edifact_APERAK_pydifact-aperak-rejected-2           |no |IA GR APERAKR|UNT01:29 (FTX:charset)
edifact_CONTRL_edifact-mapper-contrl                |yes|IA GR CONTRLR|UCI07:37 UCM06:37 UCS01:37 UCD02:37
edifact_CONTRL_golden-ack                           |yes|IA GA CONTRLA|
edifact_CONTRL_golden-reject-interchange            |yes|IA GA CONTRLA|
edifact_CONTRL_golden-reject-message                |yes|IA GA CONTRLA|
edifact_DESADV_golden-D01B                          |yes|IA GA DESADVA|
edifact_INVOIC_EDI-Net-edifact-Issue203|no|IA GR INVOICR|(encoding) (UNB01:charset) UNT01:29 UNT02:28 BGM:13
    DTM01:12 MOA01:37 (CNT01:total)
edifact_INVOIC_edifact-mapper-31002|yes|IA GR INVOICR|GEI:15 IMD:15 RFF:15 PYT:15 MOA:36 MOA:35 MOA:13 LOC02:39
    MOA01:37 PRI01:37 PCD01:37
edifact_INVOIC_edifact-rs-d01b-invoic-malformed     |yes|             |headless
edifact_INVOIC_edifactconvert-orders                |no |IA GR INVOICR|UNT01:29
edifact_INVOIC_golden-D01B                          |yes|IA GA INVOICA|
edifact_INVOIC_golden-D96A                          |yes|IA GA INVOICA|
edifact_INVOIC_mod-source-rec-565701us20210125      |yes|IA GA INVOICA|
edifact_INVOIC_mod-source-rec-565702us20210122      |yes|IA GA INVOICA|
edifact_INVOIC_mod-source-rec-565750us20210125      |yes|IA GA INVOICAx11|
edifact_INVOIC_mod-source-rec-565751us20210122      |yes|IA GA INVOICA|
edifact_INVOIC_pydifact-invoice1                    |yes|IA GE INVOICE|DTM01:12
edifact_INVOIC_smooks-edi-car-INVOIC-D-03B-Interchange|no |IA GR INVOICR|UNT01:29
edifact_INVOIC_smooks-example-expected              |no |IA GR INVOICR|UNT01:29
edifact_INVOIC_staedi-ErrorEventsTest               |yes|IA GR INVOICR|BGM:13 DTM:13 UNS:13 MOA:13
edifact_INVOIC_staedi-ErrorEventsTest-2             |yes|IA GR INVOICR|(UNG01:identifier) BGM:13 DTM:13 UNS:13 MOA:13
edifact_INVOIC_staedi-invoic-d97b-una               |yes|IA GA INVOICA|
edifact_INVOIC_vgi-x12-edifact                      |no |IA GR INVOICR|UNT01:29 BGM:13 DTM:13 UNS:13
edifact_ORDERS_OBOE-orders                          |no |IR GR ORDERSR|UNZ02:28 UNH02:39
edifact_ORDERS_OBOE-orders-2                        |no |IA GR ORDERSR|UNT01:29 UNT02:28
edifact_ORDERS_OBOE-orders-3                        |no |IR GR ORDERSR|UNZ02:28 DTM01:13
edifact_ORDERS_OBOE-orders-4                        |no |IR GR ORDERSR|UNZ02:28 UNT01:29 BGM:13 DTM:13
edifact_ORDERS_apibusinesshub-Bruno-Collection-Orde |yes|IA GA ORDERSA|(NAD02:check-digit)
edifact_ORDERS_edifact-parser-llms-reading          |yes|IA GA ORDERSA|(NAD02:check-digit)
edifact_ORDERS_edifact-rs-d01b-orders-conforming    |yes|             |headless
edifact_ORDERS_edifactconvert-DESADV-D96A-OPEN-TRANS|yes|IA GA ORDERSA|
edifact_ORDERS_edifactconvert-ORDERS-D01B           |yes|IA GA ORDERSA|(NAD02:check-digit) (LIN03:check-digit)
edifact_ORDERS_golden-D96A                          |yes|IA GA ORDERSA|
edifact_ORDERS_mod-source-rec-ORDERS-D96A           |yes|IA GA ORDERSA|(NAD02:check-digit)
edifact_ORDERS_neat-edifact-s-README                |yes|IA GR ORDERSR|UNS:13
edifact_ORDERS_pydifact-order2                      |no |IR GR ORDERSR|UNZ:13 (NAD02:check-digit)
edifact_ORDERS_smooks-edi-car-BAD-ORDERS-D-03B-Interch|no|IA GR ORDERSR|UNT01:29 DTM:35 COM01:16
    (NAD02:check-digit) (COM:charset)
edifact_ORDERS_staedi-orders-with-group             |no |IA GR ORDERSR|UNG07:16 UNG07:39 UNT01:29 UNH02:39
edifact_ORDERS_underware-Edif-D93A-ORDERS           |yes|IA GA ORDERSA|(wrapped)
edifact_ORDERS_vgi-x12-transaction-type             |no |IA GR ORDERSR|UNT01:29 BGM:13 DTM:13 UNS:13
edifact_ORDERS_vscode-edifact-sample-auto-detect-no-un|no |IR GR ORDERSR|UNZ02:28
edifact_ORDRSP_EDI-Net-edifact-ORDRSP               |no |IR GR ORDRSPR|UNZ02:28 UNT01:29 UNT02:28 DTM:15 LOC02:39
edifact_ORDRSP_edifact-mapper-19001                 |yes|IA GE ORDRSPE|RFF:15
edifact_ORDRSP_edifact-mapper-19002                 |yes|IA GE ORDRSPE|RFF:15
edifact_ORDRSP_golden-D01B                          |yes|IA GA ORDRSPA|
edifact_ORDRSP_golden-D96A                          |yes|IA GA ORDRSPA|
edifact_REMADV_edifact-mapper-33001                 |yes|IA GR REMADVR|RFF:15 UNS:15 NAD:15 MOA01:37
edifact_REMADV_edifact-mapper-33001-2               |yes|IA GR REMADVR|RFF:15 UNS:15 NAD:15 MOA01:37
edifact_REMADV_golden-D01B                          |yes|IA GA REMADVA|
edifact_REMADV_golden-D96A                          |yes|IA GA REMADVA|
quirk_ORDERS_crlf                                   |yes|IA GA ORDERSA|
quirk_ORDERS_custom-una                             |yes|IA GA ORDERSA|
quirk_ORDERS_decimal-comma-without-una              |no |IA GA ORDERSA|(PRI01:decimal-mark)
quirk_ORDERS_iata-lowercase                         |no |IA GA ORDERSA|(IMD:charset)
quirk_ORDERS_latin1                                 |no |IA GA ORDERSA|
quirk_ORDERS_missing-unz                            |no |IR GR ORDERSR|UNZ:13
quirk_ORDERS_no-una-one-line                        |yes|IA GA ORDERSA|
quirk_ORDERS_release-characters                     |yes|IA GA ORDERSA|
quirk_ORDERS_unz-mismatch                           |no |IR GR ORDERSR|UNZ02:28
"""

CLAUSES = {
    "edifact_CONTRL_edifact-mapper-contrl": "0096, 0098 and 0104 are numbers: the file has X in them",
    "edifact_INVOIC_edifact-mapper-31002": "D.01B, INVOIC: nothing but totals stands behind UNS; 5004 is a number",
    "edifact_INVOIC_edifact-rs-d01b-invoic-malformed": "ISO 9735: an interchange begins with UNB",
    "edifact_INVOIC_pydifact-invoice1": "2379, 102 is CCYYMMDD: the file has twelve digits",
    "edifact_INVOIC_staedi-ErrorEventsTest": "INVOIC: BGM, DTM, UNS and MOA are mandatory",
    "edifact_INVOIC_staedi-ErrorEventsTest-2": "INVOIC: BGM, DTM, UNS and MOA are mandatory",
    "edifact_ORDERS_edifact-rs-d01b-orders-conforming": "ISO 9735: an interchange begins with UNB",
    "edifact_ORDERS_neat-edifact-s-README": "ORDERS: UNS is mandatory",
    "edifact_ORDRSP_edifact-mapper-19001": "ORDRSP: RFF stands before UNS",
    "edifact_ORDRSP_edifact-mapper-19002": "ORDRSP: RFF stands before UNS",
    "edifact_REMADV_edifact-mapper-33001": "REMADV: NAD and RFF stand before UNS; 5004 is a number",
    "edifact_REMADV_edifact-mapper-33001-2": "REMADV: NAD and RFF stand before UNS; 5004 is a number",
    "quirk_ORDERS_latin1": "ISO 9735: UNOC is ISO 8859-1, umlauts are among its letters",
}
"""Why a file ends otherwise than the index says: the clause that decides."""


class Pin:
    """One row of the table."""

    def __init__(self, row: str) -> None:
        name, valid, self.verdicts, self.found = (part.strip(" ") for part in row.split("|"))
        self.file, self.valid, self.clause = f"{name}.edi", valid == "yes", CLAUSES.get(name, "")


TABLE = [Pin(row) for row in PINS.replace("\n    ", " ").strip("\n").split("\n")]


def index(corpus: Path) -> list[dict[str, str]]:
    """The rows of the corpus' own index that are EDIFACT."""
    with (corpus / "INDEX.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["file"].endswith(".edi")]


@pytest.mark.parametrize("pin", cases(TABLE, lambda pin: pin.file))
def test_a_file_ends_as_the_table_says(pin: Pin) -> None:
    report = see.sample(pin.file)
    found = dict.fromkeys(shown(finding) for finding in see.findings(report) if finding.rule != "unlisted")
    assert verdicts(report) == pin.verdicts
    assert " ".join(found) == pin.found


def test_the_table_has_every_file_of_the_index_with_its_validity(corpus: Path) -> None:
    table = {pin.file: pin.valid for pin in TABLE if (corpus / pin.file).exists()}
    assert table == {row["file"]: row["valid"] == "yes" for row in index(corpus)}


def test_no_valid_file_is_refused_or_has_an_error_unless_a_clause_is_named() -> None:
    wrong = [pin for pin in TABLE if pin.valid and not re.fullmatch(r"(\w+A(x\d+)? ?)+", pin.verdicts)]
    assert [pin.file for pin in wrong if not pin.clause] == []


def test_no_invalid_file_passes_in_silence_unless_a_clause_is_named() -> None:
    assert [pin.file for pin in TABLE if not pin.valid and not pin.found and not pin.clause] == []


def test_the_number_of_messages_is_that_of_the_index(corpus: Path) -> None:
    for row in index(corpus):
        type, _, times = row["transaction_set"].partition("x")
        report = see.sample(row["file"])
        expected = [] if "edifact-rs" in row["file"] else [type] * int(times or 1)
        assert [one.id for one in see.sets(report)] == expected, row["file"]


@pytest.mark.parametrize("pin", cases(TABLE, lambda pin: pin.file))
def test_strict_reading_accepts_nothing_that_lenient_reading_finds_fault_with(pin: Pin) -> None:
    lenient, strict = see.sample(pin.file), see.sample(pin.file, "strict")
    assert [one.segments for one in see.sets(strict)] == [one.segments for one in see.sets(lenient)]
    for one, other in zip(see.sets(lenient), see.sets(strict), strict=True):
        assert other.verdict in ("A", "R")
        assert one.verdict == "A" or other.verdict == "R"


@pytest.mark.parametrize("pin", cases(TABLE, lambda pin: pin.file))
def test_a_finding_stands_where_its_segment_stands_in_the_file(pin: Pin, corpus: Path) -> None:
    data = (corpus / pin.file).read_bytes()
    for finding in see.findings(see.sample(pin.file)):
        where = finding.where
        if where.segment and finding.rule not in ("trailer", "mandatory") and where.segment != "UNB":
            assert data[where.offset : where.offset + len(where.segment)] == where.segment.encode(), str(finding)


def test_the_size_of_the_chunks_makes_no_difference(corpus: Path) -> None:
    for pin in (pin for pin in TABLE if (corpus / pin.file).exists()):
        data = (corpus / pin.file).read_bytes()
        whole = see.sample(pin.file)
        for size in (1, 512) if len(data) < 1000 else (13, 512):
            pieces = reader.read(data[at : at + size] for at in range(0, len(data), size))
            assert see.verdicts(pieces) == see.verdicts(whole), (pin.file, size)
            assert [one.segments for one in see.sets(pieces)] == [one.segments for one in see.sets(whole)]
            assert see.codes(pieces) == see.codes(whole) or pin.file.endswith("D93A-ORDERS.edi"), (pin.file, size)


@pytest.mark.parametrize("pin", cases(TABLE, lambda pin: pin.file))
@pytest.mark.parametrize("charset", ["UNOA", "UNOC"])
def test_the_answer_to_a_file_can_be_written_and_read_without_a_fault(pin: Pin, charset: str) -> None:
    for interchange in see.sample(pin.file).interchanges:
        body = acknowledgment.interchange(interchange, loop="all", charset=charset)
        envelope = make.envelope(version=acknowledgment.VERSION, charset=charset)
        data = writer.write(envelope, [writer.Group("", 0, (writer.OutgoingSet("CONTRL", "1", body),))])
        answered = reader.read(data, ReadOptions(strictness="strict"))
        assert [str(finding) for finding in see.findings(answered)] == []
        got = acknowledgment.answers(see.sets(answered)[0])[0]
        verdicts = [one.verdict for group in interchange.groups for one in group.sets]
        whole = "R" if interchange.verdict == "R" else "P" if "R" in verdicts else "A"
        assert got.verdict in (whole, None)
        assert got.verdict or [one.verdict == "R" for one in got.sets] == [verdict == "R" for verdict in verdicts]
