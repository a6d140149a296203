"""What is wrong with ISA and IEA, GS and GE, ST and SE, with the codes of TA105, AK905 and AK502."""

from __future__ import annotations

import pytest

from d365edi.edi import reader
from d365edi.edi.dates import is_day
from d365edi.edi.reader import ReadOptions
from tests.edi import make, see

TEXT = make.order().decode()


def told(*changes: tuple[str, str], strict: bool = False) -> tuple[list[str], str]:
    """Place and code (or rule) of what is found at the levels of envelopes, and the verdicts, after changes to an order."""
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    report = reader.read(text.encode("latin-1"), ReadOptions(strictness="strict" if strict else "lenient"))
    found = [
        f"{one.where.segment}{one.where.element or ''}:{one.code if one.severity == 'error' and one.code else one.rule}"
        for one in see.findings(report)
        if one.level in ("file", "interchange", "group", "set")
    ]
    return found, see.verdicts(report)


ISA = [
    ("*ZZ*SENDER ", "*QQ*SENDER ", "ISA5:qualifier", "IA"),
    ("*ZZ*RECEIVER", "*QQ*RECEIVER", "ISA7:qualifier", "IA"),
    ("*SENDER         *", "*               *", "ISA6:006", "IE"),
    ("*RECEIVER       *", "*               *", "ISA8:008", "IE"),
    ("*SENDER         *", "*SENDER\x07        *", "ISA6:006", "IE"),
    ("*RECEIVER       *", "*RECEIVER\xe9      *", "ISA8:008", "IE"),
    ("ISA*00*", "ISA*77*", "ISA1:qualifier", "IA"),
    ("*00*          *ZZ*SENDER", "*99*          *ZZ*SENDER", "ISA3:qualifier", "IA"),
    ("*00401*", "*0040X*", "ISA12:017", "IE"),
    ("*260105*0915*U", "*261305*0915*U", "ISA9:014", "IE"),
    ("*260105*0915*U", "*260105*2515*U", "ISA10:015", "IE"),
    ("*000000101*0*P", "*00000010A*0*P", "ISA13:018 IEA2:001", "IR"),
    ("*0*P*>", "*7*P*>", "ISA14:flag", "IA"),
    ("*0*P*>", "*0*X*>", "ISA15:020", "IE"),
    ("IEA*1*", "IEA*2*", "IEA1:021", "IE"),
    ("IEA*1*", "IEA*X*", "IEA1:021", "IE"),
    ("IEA*1*", "IEA**", "IEA1:021", "IE"),
    ("IEA*1*000000101", "IEA*1*000000102", "IEA2:001", "IR"),
    ("IEA*1*000000101", "IEA*1*101", "", "IA"),
    ("IEA*1*000000101", "IEA*1*000000101*X", "IEA3:022", "IE"),
    ("IEA*1*000000101~", "", "IEA:023", "IR"),
    ("IEA*1*000000101~", "IEA*1*000000101", ":terminator", "IA"),
]


@pytest.mark.parametrize(("old", "new", "found", "verdict"), ISA)
def test_an_interchange_is_checked_by_its_ends(old: str, new: str, found: str, verdict: str) -> None:
    said, verdicts = told((old, new))
    assert (" ".join(said), verdicts.split(" ")[0]) == (found, verdict)


GS = [
    ("GS*PO*", "GS*po*", "GS1:1 ST1:18", "GR"),
    ("GS*PO*", "GS*P*", "GS1:1 ST1:18", "GR"),
    ("GS*PO*", "GS**", "GS1:1 ST1:18", "GR"),
    ("GS*PO*SENDER", "GS*PO*", "GS2:party", "GA"),
    ("GS*PO*SENDER", "GS*PO*SENDER\x07", "GS2:party", "GE"),
    ("*RECEIVER*2026", "*RECEIVER-TOO-LONG*2026", "GS3:party", "GE"),
    ("X*004010", "X*004010\x07", "GS8:2", "GE"),
    ("X*004010", "X*004010VICSVICS", "GS8:2", "GE"),
    ("*20260105*0915*7*X*", "*260105*0915*7*X*", "GS4:group-date", "GA"),
    ("*20260105*0915*7*X*", "*20261305*0915*7*X*", "GS4:group-date", "GE"),
    ("*20260105*0915*7*X*", "*20260105*9915*7*X*", "GS5:group-date", "GE"),
    ("*20260105*0915*7*X*", "*20260105*09155999*7*X*", "", "GA"),
    ("*0915*7*X*", "*0915*VII*X*", "GS6:6 GE2:4", "GR"),
    ("*0915*7*X*", "*0915*007*X*", "", "GA"),
    ("*0915*7*X*", "*0915*7*Y*", "GS7:agency", "GA"),
    ("*0915*7*X*004010", "*0915*7*X*", "GS8:2", "GR"),
    ("*0915*7*X*004010", "*0915*7*X*VICS", "GS8:2", "GR"),
    ("*0915*7*X*004010", "*0915*7*X*004010VICS", "", "GA"),
    ("GE*1*7", "GE*2*7", "GE1:5", "GP"),
    ("GE*1*7", "GE*0*7", "GE1:5", "GE"),
    ("GE*1*7", "GE*X*7", "GE1:5", "GE"),
    ("GE*1*7", "GE*1*8", "GE2:4", "GR"),
    ("GE*1*7", "GE", "GE1:5 GE2:4", "GR"),
    ("GE*1*7~", "", "GE:3", "GR"),
    ("GE*1*7", "GE*1*7*X", "GE3:extra", "GE"),
    ("X*004010", "X*004010*X", "GS9:extra", "GE"),
]


@pytest.mark.parametrize(("old", "new", "found", "verdict"), GS)
def test_a_group_is_checked_by_its_ends(old: str, new: str, found: str, verdict: str) -> None:
    said, verdicts = told((old, new))
    assert (" ".join(said), verdicts.split(" ")[1]) == (found, verdict)


ST = [
    ("ST*850*0001", "ST*85*0001", "ST1:6 ST1:1", "R"),
    ("ST*850*0001", "ST*840*0001", "ST1:1", "R"),
    ("ST*850*0001", "ST*810*0001", "ST1:18", "R"),
    ("ST*850*0001", "ST*850*1", "ST2:number SE2:3", "R"),
    ("ST*850*0001", "ST*850", "ST2:7 SE2:3", "R"),
    ("SE*22*0001", "SE*21*0001", "SE1:4", "R"),
    ("SE*22*0001", "SE*022*0001", "", "A"),
    ("SE*22*0001", "SE*22*1", "SE2:3", "R"),
    ("SE*22*0001", "SE**", "SE1:4 SE2:3", "R"),
    ("SE*22*0001", "SE*22*0001*X", "", "E"),
    ("SE*22*0001~", "", "SE:2", "R"),
    ("GS*PO*", "GS*IN*", "ST1:18", "E"),
]


@pytest.mark.parametrize(("old", "new", "found", "verdict"), ST)
def test_a_set_is_checked_by_its_ends(old: str, new: str, found: str, verdict: str) -> None:
    said, verdicts = told((old, new))
    assert (" ".join(said), verdicts[-1]) == (found, verdict)


STRICTER = [
    ("*20260105*0915*7*X*", "*260105*0915*7*X*", "GR"),
    ("GE*1*7", "GE*2*7", "GR"),
    ("GS*PO*SENDER", "GS*PO*", "GA"),
]


@pytest.mark.parametrize(("old", "new", "verdict"), STRICTER)
def test_strict_reading_rejects_a_group_for_less(old: str, new: str, verdict: str) -> None:
    assert told((old, new), strict=True)[1].split(" ")[1] == verdict


QUALIFIERS = ["01", "08", "12", "14", "30", "ZZ", "NR", "SA", "SN"]


@pytest.mark.parametrize("qualifier", QUALIFIERS)
def test_the_qualifiers_of_the_standard_are_known(qualifier: str) -> None:
    assert told(("*ZZ*SENDER ", f"*{qualifier}*SENDER "))[0] == []


DAYS = [("260105", 6, True), ("20260105", 8, True), ("20240229", 8, True), ("20230229", 8, False), ("261305", 6, False),
        ("", 6, False),
        ("2601O5", 6, False), ("20260105", 6, False), ("00000000", 8, False),
        ("٢٦٠١٠٥", 6, False)]  # fmt: skip


@pytest.mark.parametrize(("text", "size", "right"), DAYS)
def test_a_day_is_one_of_the_calendar(text: str, size: int, right: bool) -> None:
    assert is_day(text, size) == right


def test_what_an_envelope_says_is_kept() -> None:
    report = reader.read(TEXT.replace("*0*P*>", "*1*T*>").encode()).interchanges[0]
    assert (str(report.sender), str(report.receiver), report.date, report.time) == (
        "ZZ:SENDER",
        "ZZ:RECEIVER",
        "260105",
        "0915",
    )
    assert (report.control, report.version, report.usage, report.answer_requested) == ("000000101", "00401", "T", True)
    assert (report.offset, report.length, len(report.digest)) == (0, len(TEXT), 64)
    group = report.groups[0]
    assert (group.functional_id, group.sender, group.receiver, group.control, group.version) == (
        "PO",
        "SENDER",
        "RECEIVER",
        "7",
        "004010",
    )
    assert (group.included, group.received, group.accepted, group.offset) == (1, 1, 1, TEXT.index("GS*"))


def test_the_digest_of_an_interchange_is_that_of_its_segments_not_of_its_line_breaks() -> None:
    digests = {
        reader.read(data).interchanges[0].digest
        for data in (make.order(), make.data(make.interchange(), suffix="\r\n"))
    }
    other = reader.read(make.order().replace(b"GRANOLA", b"MUESLI!")).interchanges[0].digest
    assert len(digests) == 1
    assert other not in digests
