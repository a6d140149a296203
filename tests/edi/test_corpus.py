"""Every X12 file of the corpus ends as its index and the standard say: verdicts, number of sets, the findings that decide.

A row is a file: whether the index calls it valid, the verdicts (I interchange, G group, then each set), and what is found. An
error stands as `place:code` of the acknowledgment at its level, what is worth less as `(place:rule)`; codes outside of
the known part of an open list are left out. Where the index and the reader disagree, `CLAUSES` says which clause decides.
"""

from __future__ import annotations

import csv
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest

from d365edi.edi import reader
from d365edi.edi.findings import Finding
from d365edi.edi.interchange import FileReport
from tests.corpus import cases
from tests.edi import see

PINS = """
quirk_only-isa-iea                            |yes|IR         |IEA:024
quirk_whitespace-only                         |no |           |empty
x12_810_EDI-Net-x12-810c                      |no |IA GA 810A |(encoding) (ISA:header) (TDS01:total)
x12_810_EDI-Net-x12-810d                      |no |IA GA 810A |(encoding) (ISA:header) (TDS01:total)
x12_810_golden-5010                           |yes|IA GA 810A |
x12_810_golden-creditmemo-4010                |yes|IA GA 810A |
x12_810_golden-creditmemo-5010                |yes|IA GA 810A |
x12_810_stupidedi-1                           |yes|IA GE 810E |IT103:2
x12_810_stupidedi-basic-invoice               |yes|IA GE 810E |ST01:18
x12_810_x12-types-test-810                    |yes|IA GA 810A |(IT107:check-digit)
x12_810_staedi-invoice810-po850-dual          |yes|IA GA 810Ax2 GA 850A|(TDS01:total) (N104:relational)
x12_820_Project-Heroph-820-Child-Health-Plus-Pa|no |IA GR 820R |SE01:4
x12_820_golden-4010                           |yes|IA GA 820A |
x12_820_golden-5010                           |yes|IA GA 820A |
x12_820_stupidedi-1                           |no |IA GR 820R |(ISA:header) BPS:1 BPR:3 LS:6 RMT:1 LE:6
x12_820_x12-sample                            |no |IA GA 820A |(ISA:header)
x12_TA1_OBOE-withTA1TestCase                  |yes|IA GR 840R |ST01:1
quirk_850_all-lower-case                      |no |IR         |ISA:022
quirk_850_bang-terminator                     |yes|IA GA 850A |
quirk_850_bel-elements-0x07                   |yes|IA GA 850A |
quirk_850_binary-zero-length-segments         |no |IA GA 850A |(empty)
quirk_850_bom                                 |no |IA GA 850A |(encoding)
quirk_850_colon-component                     |yes|IA GA 850A |
quirk_850_cr-only                             |yes|IA GA 850A |
quirk_850_delimiter-in-data                   |no |IA GR 850R |SE01:4 50%:1 (PID06:padding) PID06:5
quirk_850_fs-terminator-0x1c                  |yes|IA GA 850A |
quirk_850_ge-count-wrong                      |no |IA GP 850A |GE01:5
quirk_850_gs-ge-mismatch                      |no |IA GR 850R |GE02:4
quirk_850_iea-count-wrong                     |no |IE GA 850A |IEA01:021
quirk_850_isa-double-space-collapsed          |no |IA GA 850A |(ISA:header)
quirk_850_isa-not-padded                      |no |IA GA 850A |(ISA:header)
quirk_850_latin1-data                         |no |IA GA 850A |(N102:national)
quirk_850_leading-junk                        |no |IA GA 850A |(junk)
quirk_850_missing-iea                         |no |IR GR 850R |IEA:023
quirk_850_nak-terminator-0x15                 |yes|IA GA 850A |
quirk_850_newline-is-terminator               |yes|IA GA 850A |
quirk_850_no-newlines                         |yes|IA GA 850A |
quirk_850_padded-elements                     |no |IA GA 850A |(BEG03:padding) (PO109:padding)
quirk_850_pipe-elements                       |yes|IA GA 850A |
quirk_850_rs-terminator-0x1e                  |yes|IA GA 850A |
quirk_850_st-se-mismatch                      |no |IA GR 850R |SE02:3
quirk_850_trailing-blanks-and-ctrlz           |yes|IA GA 850A |
quirk_850_trailing-empty-elements             |no |IA GA 850A |(CUR:trailing) (REF:trailing)
quirk_850_truncated-mid-segment |no |IR GR 850R |(terminator) IEA:023 GE:3 SE:2 (PID:trailing) PID:empty-segment PID01:1 PID04:2
quirk_850_two-interchanges-different-delimiters|yes|IA GA 850A IA GA 850A|
quirk_850_underscore-terminator               |yes|IA GA 850A |
quirk_850_utf8-data                           |no |IA GA 850A |(N102:national)
quirk_850_wrong-se-count                      |no |IA GR 850R |SE01:4
quirk_850_yymmdd-gs04                         |no |IA GA 850A |(BEG05:date-width) (DTM02:date-width)
x12_850_EDI-Net-x12-810-mandatory-condit      |no |IR GR 850R |(encoding) (ISA:header) IEA02:001 SE01:4 BAL:6 BEG:3 PO1:3
x12_850_EDI-Net-x12-850                       |no |IR GR 850R |(encoding) (ISA:header) IEA02:001 (N3:trailing)
x12_850_EDI-Net-x12-Issue101                  |no |IR GR 850R |(encoding) (ISA:header) IEA02:001 SE01:4 TFS:1 FGS:1 BEG:3 PO1:3
x12_850_EdiEngine-850-SyntaxNotes-ERR         |yes|IA GE 850E |PO107:2 PO406:2
x12_850_apibusinesshub-Bruno-Collection-Order |yes|IA GA 850A |(GS08:tables) (PO107:check-digit)
x12_850_bootstrap-README                      |yes|IA GA 850A |
x12_850_golden-4010                           |yes|IA GA 850A |
x12_850_gozer-po850                           |no |IA GR 850R |(terminator) SE01:4
x12_850_module-balleri-envelope-tests         |yes|IA GR 850R |PO1:3 BEG05:1
x12_850_module-balleri-x12-sender             |yes|IA GE 850E |PO106:5 PO107:2
x12_850_node-x12-850-2                        |yes|IA GA 850A |
x12_850_node-x12-850-3                        |yes|IA GA 850A |
x12_850_node-x12-850                          |yes|IA GA 850A |
x12_850_php-edi-coedit-850-sample2            |no |IA GP 850A |(ISA:header) (ISA16:separator) (terminator) GE01:5
x12_850_stupidedi-1-2                         |no |IA GE 850E |(ISA:header) NTE:6 (DTM06:relational)
x12_850_stupidedi-1-3                         |no |IA GA 850A |(ISA:header)
x12_850_stupidedi-1                           |no |IA GR 850R |(ISA:header) SE01:4 (CTT01:total)
x12_850_stupidedi-basic-po                    |yes|IA GE 850E |ST01:18
x12_850_stupidedi-taxexempt-po                |yes|IA GE 850E |ST01:18
x12_850_vgi-x12-po-850                        |yes|IA GA 850A |
x12_850_x12-types-004010-850                  |yes|IA GA 850A |
quirk_850-810_two-groups                      |yes|IA GA 850A GA 810Ax2|
quirk_850-860_mixed-in-one-interchange        |yes|IA GA 850A GA 860Ax2|
quirk_850_duplicate-interchange               |no |IA GA 850A IA GA 850A|(ISA13:duplicate-interchange)
x12_850_php-edi-coedit-850-sample             |yes|IA GA 850Ax3|(N301:padding)
x12_855_golden-4010                           |yes|IA GA 855A |
x12_855_golden-5010                           |yes|IA GA 855A |
x12_855_node-x12-855                          |yes|IA GA 855A |(CTT02:total)
x12_855_php-edi-coedit-855-sample2            |no |IA GA 855A |(ISA:header)
x12_855_stupidedi-2                           |no |IA GE 855E |(ISA:header) PO103:5 SCH02:5
x12_855_stupidedi-po-ack-minor-changes        |yes|IA GE 855E |ST01:18 ACK03:2
x12_855_OBOE-lfTestCase                       |yes|IA GA 855Ax12|(PO109:check-digit)
x12_855_staedi-multi-tx-transaction-typ       |yes|IA GA 855Ax2|
quirk_856_duplicate-sscc                      |no |IA GA 856A |(MAN02:duplicate-sscc)
x12_856_EdiEngine-856-Crossdock-OK            |yes|IA GA 856A |(MAN02:check-digit) (LIN03:check-digit)
x12_856_golden-SOPI-5010                      |yes|IA GA 856A |
x12_856_golden-SOTPI-4010                     |yes|IA GA 856A |
x12_856_node-x12-856                          |yes|IA GA 856A |(LIN05:check-digit)
x12_856_vscode-edi-x12-old                    |yes|IA GA 856A |(MAN02:check-digit)
x12_856_x12-python-conftest                   |no |IA GR 856R |SE01:4 (LIN03:check-digit)
x12_856_x12-types-test-856                    |no |IA GR 856R |SE01:4 HL:3
x12_856_stupidedi-1                           |no |IA GA 856Ax2|(ISA:header) (GS08:tables) (CTT02:total)
x12_856_php-edi-coedit-856-sample             |yes|IA GA 856Ax3|
x12_860_golden-4010                           |yes|IA GA 860A |
x12_860_golden-cancel-5010                    |yes|IA GA 860A |
x12_860_stupidedi-1                           |no |IA GA 860A |(ISA:header) (BCH03:padding)
x12_997_golden-accept-4010                    |yes|IA GA 997A |
x12_997_golden-accept-5010                    |yes|IA GA 997A |
x12_997_golden-accept-with-errors-4010        |yes|IA GA 997A |
x12_997_golden-accept-with-errors-5010        |yes|IA GA 997A |
x12_997_golden-partial-4010                   |yes|IA GA 997A |
x12_997_golden-partial-5010                   |yes|IA GA 997A |
x12_997_golden-reject-4010                    |yes|IA GA 997A |
x12_997_golden-reject-5010                    |yes|IA GA 997A |
x12_997_php-edi-coedit-997-sample2            |no |IR GR 997R |IEA02:001 GE02:4 SE01:4 AK5:3 AK9:3
x12_997_pyx12-x12testdata                     |yes|IA GA 997A |
x12_997_staedi-extraDelimiter997              |yes|IA GE 997E |AK302:12 AK304:12 AK404:12
x12_997_staedi-invalid997-min                 |no |IA GR 997R |GS04:group-date GS05:group-date GE02:4 AK101:5
x12_997_staedi-invalid997                     |yes|IA GR 997R |AK101:5 AK402:6
x12_997_stupidedi-response-to-functional-g    |yes|IA GA 997A |(encoding)
x12_997_vgi-x12-ack-997                       |yes|IA GA 997A |
x12_999_pyx12-x12testdata                     |yes|IA GA 999A |
x12_999_staedi-invalid999                     |no |IA GR 999R |SE01:4 IK5:2 IK5:5 (AK101:padding) AK204:3 IK501:7
x12_999_staedi-simple999                      |yes|IA GA 999A |
x12_999_stupidedi-response-to-functional-g    |yes|IA GA 999A |(encoding)
x12_999_x12-parser-x12-999-accepted           |no |IR GR 999R |IEA02:001 GS05:group-date
x12_999_pyx12-834-lui-id-5010-999             |yes|IA GA 999Ax2 GA 999Ax2|
x12_TA1_OBOE-justTA1TestCase                  |no |IE         |IEA01:021
x12_TA1_golden-accept-4010                    |yes|IA         |
"""

CLAUSES = {
    "quirk_only-isa-iea": "X12.5: an interchange holds groups or TA1s, and nobody can tell what should have been in an empty one",
    "x12_810_stupidedi-1": "IT1 P020304: a quantity and a price need a unit",
    "x12_810_stupidedi-basic-invoice": "data element 479: an 810 travels in a group IN, SC is the 832",
    "x12_TA1_OBOE-withTA1TestCase": "the 840 is no set of this project: AK502 1",
    "x12_850_EdiEngine-850-SyntaxNotes-ERR": "PO1 P0607, PO4 P0607: made to break them",
    "x12_850_module-balleri-envelope-tests": "BEG05 is mandatory, so is the first PO1",
    "x12_850_module-balleri-x12-sender": "PO106 (235) has two characters; P0607",
    "x12_850_stupidedi-basic-po": "data element 479: an 850 travels in a group PO",
    "x12_850_stupidedi-taxexempt-po": "data element 479: an 850 travels in a group PO",
    "x12_855_stupidedi-po-ack-minor-changes": "data element 479; ACK P0203: a quantity needs a unit",
    "x12_997_staedi-extraDelimiter997": "repetition only where a segment allows it (X12.6)",
    "x12_997_staedi-invalid997": "AK101 (479) has two characters, AK402 is N0: made to break them",
}
"""Why a file that the index calls valid is not: the clause that decides."""


class Pin:
    """One row of the table."""

    def __init__(self, row: str) -> None:
        name, valid, self.verdicts, self.found = (part.strip(" ") for part in row.split("|"))
        self.file, self.valid, self.clause = f"{name}.x12", valid == "yes", CLAUSES.get(name, "")


TABLE = [Pin(row) for row in PINS.strip("\n").split("\n")]


def verdicts(report: FileReport) -> str:
    """Verdicts, equal ones in a row counted: `IA GA 855Ax12`."""
    runs = [(word, len(list(run))) for word, run in groupby(see.verdicts(report).split(" "))]
    return " ".join(word if times == 1 else f"{word}x{times}" for word, times in runs)


def shown(finding: Finding) -> str:
    """A finding as it stands in the table."""
    where = finding.where
    place = where.segment + (f"{where.element:02d}" if where.element else "")
    error = finding.severity == "error"
    text = ":".join(filter(None, (place, (error and finding.code) or finding.rule)))
    return text if error else f"({text})"


def index(corpus: Path) -> list[dict[str, str]]:
    """The rows of the corpus' own index that are X12."""
    with (corpus / "INDEX.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["file"].endswith(".x12")]


@pytest.mark.parametrize("pin", cases(TABLE, lambda pin: pin.file))
def test_a_file_ends_as_the_table_says(pin: Pin) -> None:
    report = see.sample(pin.file)
    found = dict.fromkeys(shown(finding) for finding in see.findings(report) if finding.rule != "unlisted")
    assert verdicts(report) == pin.verdicts
    assert " ".join(found) == pin.found


def test_the_table_has_every_file_of_the_index_with_its_validity(corpus: Path) -> None:
    table = {pin.file: pin.valid for pin in TABLE if (corpus / pin.file).exists()}
    assert table == {row["file"]: row["valid"] == "yes" for row in index(corpus)}


def test_no_valid_file_has_an_error_unless_a_clause_is_named() -> None:
    errors = [pin.file for pin in TABLE if pin.valid and not pin.clause and set(pin.verdicts) & set("ER")]
    assert errors == []


def test_no_invalid_file_passes_in_silence() -> None:
    assert [pin.file for pin in TABLE if not pin.valid and not pin.found] == []


def test_the_number_of_sets_is_that_of_the_index(corpus: Path) -> None:
    for row in index(corpus):
        report = see.sample(row["file"])
        if see.verdicts(report) == "IR":  # refused at its header, or empty: nothing in it was read
            assert row["file"].startswith(("quirk_850_all-lower-case", "quirk_only-isa-iea"))
            continue
        if "different-delimiters" in row["file"]:
            assert "two ISAs" in row["notes"]
            row["transaction_set"] = "850x2"
        expected: Counter[str] = Counter()
        for word in filter(None, row["transaction_set"].split("+")):
            set, _, times = word.partition("x")
            expected[set] += int(times or 1)
        del expected["TA1"]
        got = Counter(one.id for one in see.sets(report))
        assert got == expected, row["file"]


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
        if where.segment and finding.rule not in ("trailer", "mandatory"):
            assert data[where.offset : where.offset + len(where.segment)].upper() == where.segment.encode().upper()


def test_the_size_of_the_chunks_makes_no_difference(corpus: Path) -> None:
    for pin in (pin for pin in TABLE if (corpus / pin.file).exists()):
        data = (corpus / pin.file).read_bytes()
        whole = see.sample(pin.file)
        for size in (1, 13, 512):
            pieces = reader.read(data[at : at + size] for at in range(0, len(data), size))
            assert see.findings(pieces) == see.findings(whole), (pin.file, size)
            assert see.verdicts(pieces) == see.verdicts(whole), (pin.file, size)
