"""997, 999 and TA1: what they say follows from what was found; they are right by our own reader; theirs are read into words."""

from __future__ import annotations

from itertools import chain, product

import pytest

from d365edi.edi import reader
from d365edi.edi.acknowledgment import Answer, Loop
from d365edi.edi.interchange import GroupReport, InterchangeReport
from d365edi.edi.reader import ReadOptions
from d365edi.edi.x12 import acknowledgment, writer
from d365edi.edi.x12.acknowledgment import Form
from tests.corpus import cases
from tests.edi import make, see
from tests.edi.mutants import MUTANTS
from tests.edi.test_corpus import TABLE, Pin

STRICT = ReadOptions(strictness="strict")
FORMS: list[tuple[Form, str]] = [("997", "004010"), ("997", "005010"), ("999", acknowledgment.IMPLEMENTATION)]


def lines(group: GroupReport, loop: Loop = "errors", form: Form = "997") -> list[str]:
    """The body of an answer as text."""
    body = acknowledgment.functional(group, group.control, loop=loop, form=form)
    return ["*".join(part if isinstance(part, str) else ">".join(part) for part in segment) for segment in body]


def written(groups: list[GroupReport], form: Form, version: str, receipts: list[list[str]] | None = None) -> bytes:
    """The answers to groups as an interchange."""
    bodies = [
        acknowledgment.functional(group, group.control, loop="all", form=form, version=version) for group in groups
    ]
    convention = version if form == "999" else ""
    sets = tuple(writer.OutgoingSet(form, f"{number:04d}", body, convention) for number, body in enumerate(bodies, 1))
    outgoing = (writer.Group("FA", 7, sets, version),) if sets else ()
    return writer.write(make.envelope(version[:6]), outgoing, acknowledgments=receipts or ())


def only(data: bytes, options: ReadOptions = reader.DEFAULT) -> InterchangeReport:
    """The interchange of a file that has one."""
    (interchange,) = reader.read(data, options).interchanges
    return interchange


def order(*changes: tuple[str, str], sets: int = 1) -> bytes:
    """An interchange of orders after changes to its text."""
    bodies = [make.numbered(make.ORDER, control=f"{number:04d}") for number in range(1, sets + 1)]
    text = make.data(make.interchange(bodies)).decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text.encode("latin-1")


# -- every file of the corpus -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pin", cases(TABLE, lambda pin: pin.file))
def test_an_answer_to_a_corpus_file_is_right_and_says_what_was_found(pin: Pin) -> None:
    report = see.sample(pin.file)
    for interchange, (form, version) in product(report.interchanges, FORMS):
        due = [group for group in interchange.groups if acknowledgment.due(group)]
        receipt = acknowledgment.interchange(interchange)
        again = reader.read(written(due, form, version, [receipt]), STRICT)
        assert see.findings(again) == []
        assert again.interchanges[0].acknowledgments == [receipt]
        for group, answer in zip(due, chain.from_iterable(map(acknowledgment.answers, see.sets(again))), strict=True):
            assert (answer.functional_id, answer.verdict) == (group.functional_id, group.verdict)
            assert answer.received == len(group.sets)
            told = [(one.id, one.verdict) for one in answer.sets]
            assert told == [(one.id, one.verdict) for one in group.sets]


# -- levels -----------------------------------------------------------------------------------------------------------

LEVELS = [
    ("accepted", [], 1, "AK9*A*1*1*1", "A*000"),
    ("accepted with errors", [("N3*700 DISTRIBUTION WAY", "N3*A*B*C")], 1, "AK9*E*1*1*1", "A*000"),
    ("the set rejected", [("SE*22*0001", "SE*21*0001")], 2, "AK9*P*2*2*1", "A*000"),
    ("all sets rejected", [("SE*22*0001", "SE*21*0001")], 1, "AK9*R*1*1*0", "A*000"),
    ("a set that the group counts and that did not come", [("GE*1*7", "GE*3*7")], 1, "AK9*P*3*1*1*5", "A*000"),
    ("a set that the group does not count", [("GE*2*7", "GE*1*7")], 2, "AK9*E*1*2*2*5", "A*000"),
    ("the group rejected", [("GE*2*7", "GE*2*8")], 2, "AK9*R*2*2*0*4", "A*000"),
    ("the interchange accepted with an error", [("IEA*1*", "IEA*2*")], 1, "AK9*A*1*1*1", "E*021"),
    ("the interchange rejected", [("IEA*1*000000101", "IEA*1*000000102")], 1, "AK9*R*1*1*0", "R*001"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sets", "ak9", "ta1"), [row[1:] for row in LEVELS], ids=[row[0] for row in LEVELS])
def test_a_breach_is_answered_at_its_level(changes: list[tuple[str, str]], sets: int, ak9: str, ta1: str) -> None:
    interchange = only(order(*changes, sets=sets))
    assert lines(interchange.groups[0])[-1] == ak9
    assert "*".join(acknowledgment.interchange(interchange)) == f"TA1*000000101*260105*0915*{ta1}"


STRICTNESS = [
    ("a trailing separator", ("N3*700 DISTRIBUTION WAY", "N3*A*"), "A", "R"),
    ("an element too many", ("N3*700 DISTRIBUTION WAY", "N3*A*B*C"), "E", "R"),
    ("a quantity that is no number", ("PO1*1*120*", "PO1*1*1X0*"), "R", "R"),
    ("no date", ("**20260105~CUR", "**20261345~CUR"), "R", "R"),
    ("a code that is not known", ("REF*IA*", "REF*QQ*"), "A", "A"),
]


@pytest.mark.parametrize(
    ("change", "lenient", "strict"), [row[1:] for row in STRICTNESS], ids=[row[0] for row in STRICTNESS]
)
def test_strictness_decides_what_an_error_costs(change: tuple[str, str], lenient: str, strict: str) -> None:
    data = order(change)
    assert [one.groups[0].sets[0].verdict for one in (only(data), only(data, STRICT))] == [lenient, strict]


@pytest.mark.parametrize(
    ("severities", "verdict"),
    [
        ({"extra": "warning"}, "A"), ({"extra": "off"}, "A"), ({"element.extra": "off"}, "A"), ({"segment.extra": "off"}, "E"),
        ({}, "E"),
    ],
)  # fmt: skip
def test_a_severity_of_its_own_overrides_the_rule(severities: dict[str, str], verdict: str) -> None:
    data = order(("N3*700 DISTRIBUTION WAY", "N3*A*B*C"))
    assert only(data, ReadOptions(severities=severities)).groups[0].sets[0].verdict == verdict


# -- what a 997 says --------------------------------------------------------------------------------------------------

TWO = [("SE*22*0001", "SE*21*0001")]


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        ("none", ["AK1*PO*7", "AK9*P*2*2*1"]),
        ("errors", ["AK1*PO*7", "AK2*850*0001", "AK5*R*4", "AK9*P*2*2*1"]),
        ("all", ["AK1*PO*7", "AK2*850*0001", "AK5*R*4", "AK2*850*0002", "AK5*A", "AK9*P*2*2*1"]),
    ],
)
def test_the_loop_tells_of_all_sets_of_those_in_error_or_of_none(loop: Loop, expected: list[str]) -> None:
    assert lines(only(order(*TWO, sets=2)).groups[0], loop) == expected


NOTES = {
    "mandatory segment BEG missing": ["AK3*BEG*2**3"],
    "mandatory element BEG03 empty": ["AK3*BEG*2**8", "AK4*3*324*1*"],
    "element too long (BEG01 ZZZZ)": ["AK3*BEG*2**8", "AK4*1*353*5*ZZZZ"],
    "element too short (N401 T)": ["AK3*N4*14**8", "AK4*1*19*4*T"],
    "impossible date": ["AK3*BEG*2**8", "AK4*5*373*8*20261345"],
    "non-numeric quantity PO102": ["AK3*PO1*15**8", "AK4*2*380*6*1X0"],
    "paired P0607 (PO106 without PO107)": ["AK3*PO1*15**8", "AK4*7*234*2*"],
    "unknown segment ZZZ": ["AK3*ZZZ*4**1"],
    "segment not in this set (BIG in 850)": ["AK3*BIG*4**6"],
    "max use exceeded (CUR twice)": ["AK3*CUR*4**5"],
    "mandatory loop PO1 missing": ["AK3*PO1*15**3"],
    "too many elements (N3 with 5)": ["AK3*N3*13**8", "AK4*3**3*C"],
    "component in simple element": ["AK3*N3*13**8", "AK4*1*166*6*700>DISTRIBUTION"],
    "segment with no data (N3)": ["AK3*N3*13**8", "AK4*1*166*1*"],
}


@pytest.mark.parametrize("name", NOTES)
def test_a_mutant_is_told_by_segment_element_code_and_value(name: str) -> None:
    (mutant,) = (mutant for mutant in MUTANTS if mutant.name == name)
    said = lines(only(mutant.data).groups[0])
    assert said[2:-2] == NOTES[name]


def test_a_bad_value_loses_what_delimits_our_answer() -> None:
    data = order(("REF*IA*0078123", "REF*IA*0078123*A>B~C^D"), ("N3*700 DISTRIBUTION WAY", "N3*700\x07WAY>2"))
    sent = written([only(data).groups[0]], "997", "005010")
    assert b"700 WAY 2" in sent
    assert see.findings(reader.read(sent, STRICT)) == []


HEADERS = [
    ("GS*PO*SENDER", "GS*po*SENDER", "AK1*00*7"),
    ("*7*X*", "*007*X*", "AK1*PO*7"),
    ("*7*X*", "*SEVEN*X*", "AK1*PO*0"),
    ("*7*X*", f"*{'9' * 5000}*X*", "AK1*PO*999999999"),
]


@pytest.mark.parametrize(("old", "new", "ak1"), HEADERS)
def test_a_group_header_that_is_wrong_is_echoed_as_far_as_can_be_written(old: str, new: str, ak1: str) -> None:
    group = only(order((old, new))).groups[0]
    assert lines(group)[0] == ak1
    assert see.findings(reader.read(written([group], "997", "004010"), STRICT)) == []


SETS = [
    ("ST*850*0001", "ST*850*1", ["AK2*850*1"]),
    ("ST*850*0001", "ST*850*", ["AK2*850*0000"]),
    ("ST*850*0001", "ST*850*12345678901234", ["AK2*850*123456789"]),
    ("ST*850*0001", "ST*999X*0001", []),
    ("ST*850*0001", "ST**0001", []),
]


@pytest.mark.parametrize(("old", "new", "ak2"), SETS)
def test_a_set_header_that_is_wrong_is_echoed_or_left_to_the_counts(old: str, new: str, ak2: list[str]) -> None:
    group = only(order((old, new))).groups[0]
    said = lines(group)
    assert [line for line in said if line.startswith("AK2")] == ak2
    assert said[-1] == "AK9*R*1*1*0"
    assert see.findings(reader.read(written([group], "997", "004010"), STRICT)) == []


def test_a_997_of_5010_names_the_version_and_one_of_4010_does_not() -> None:
    group = only(make.data(make.interchange(version="005010"))).groups[0]
    assert lines(group)[0] == "AK1*PO*7*005010"
    assert acknowledgment.functional(group, "7", version="004010")[0] == ["AK1", "PO", "7"]


# -- 999 --------------------------------------------------------------------------------------------------------------


def test_a_999_names_segments_and_elements() -> None:
    changed = order(("PO1*1*120*", "PO1*1*1X0*"), ("ST*850*0001", "ST*850*0001*X12*"))
    assert lines(only(changed).groups[0], form="999") == [
        "AK1*PO*7*004010", "AK2*850*0001*X12", "IK3*ST*1**8", "IK4*3**3*X12", "IK3*PO1*15**8",
        "IK4*2*380*6*1X0", "IK5*R*5", "AK9*R*1*1*0",
    ]  # fmt: skip


def test_a_999_is_read_as_a_997_is() -> None:
    group = only(order(("PO1*1*120*", "PO1*1*1X0*"))).groups[0]
    answers = [acknowledgment.answers(see.sets(reader.read(written([group], *form)))[0])[0] for form in FORMS[1:]]
    assert answers[0].sets == answers[1].sets
    assert [str(error) for error in answers[1].sets[0].errors] == ['PO102 (segment 15) has an invalid character: "1X0"']


# -- never for an acknowledgment --------------------------------------------------------------------------------------


def test_a_group_of_acknowledgments_is_never_due() -> None:
    group = only(make.data(make.interchange([make.numbered(make.ACCEPTED, "997")], functional="FA"))).groups[0]
    assert [acknowledgment.due(group), acknowledgment.due(only(order()).groups[0])] == [False, True]


@pytest.mark.parametrize(
    ("asked", "inner", "due"),
    [("0", "order", False), ("1", "order", True), ("1", "TA1", False), ("1", "nothing", True), ("0", "TA1", False)],
)
def test_a_receipt_is_due_when_it_is_asked_for_but_never_for_receipts(asked: str, inner: str, due: bool) -> None:
    whole = make.interchange()
    within = {"order": whole[1:-1], "TA1": ["TA1*000000009*260105*0915*A*000"], "nothing": []}[inner]
    header = make.isa().replace("*0*P*>", f"*{asked}*P*>")
    data = make.data([header, *within, f"IEA*{int(inner == 'order')}*000000101"])
    assert acknowledgment.ta1_due(only(data)) == due


def test_a_rejected_interchange_is_told_so_and_a_repeated_one_too() -> None:
    rejected = only(order(("IEA*1*000000101~", "")))
    assert acknowledgment.ta1_due(rejected)
    assert acknowledgment.interchange(rejected)[4:] == ["R", "023"]
    assert acknowledgment.interchange(only(order()), duplicate=True)[4:] == ["R", "025"]


def test_a_receipt_of_a_header_full_of_errors_is_right_itself() -> None:
    data = order(("*260105*0915*U*", "*269999*2460*U*"), ("*000000101*0*P", "*00000010X*0*P"))
    receipt = acknowledgment.interchange(only(data))
    assert receipt == ["TA1", "000000000", "000101", "0000", "R", "014"]


@pytest.mark.parametrize(
    ("receipt", "place"),
    [
        ("TA1*9*260105*0915*A*000", 1),
        ("TA1*000000009*261305*0915*A*000", 2),
        ("TA1*000000009*260105*0915*Q*000", 4),
        ("TA1", 1),
    ],
)
def test_a_receipt_that_is_wrong_is_read_with_a_warning(receipt: str, place: int) -> None:
    found = only(make.data([make.isa(), receipt, "IEA*0*000000101"])).findings
    assert [(one.severity, one.rule) for one in found] == [("warning", "receipt")] * len(found)
    assert place in [one.where.element for one in found]


# -- theirs -----------------------------------------------------------------------------------------------------------


def theirs(*body: str, id: str = "997") -> Answer:
    """Their answer, read."""
    data = make.data(make.interchange([make.numbered(body, id)], functional="FA", version="005010"))
    return acknowledgment.answers(see.sets(reader.read(data))[0])[0]


def test_their_answer_without_a_loop_holds_for_the_group() -> None:
    assert theirs("AK1*IN*7", "AK9*A*2*2*2") == Answer("IN", "7", "", "A", 2, 2, 2)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [("A", "A"), ("E", "E"), ("P", "P"), ("R", "R"), ("M", "R"), ("W", "R"), ("X", "R"), ("", None), ("Z", None)],
)
def test_every_verdict_of_theirs_is_one_of_ours_and_what_is_none_decides_nothing(code: str, verdict: str) -> None:
    assert theirs("AK1*IN*7", f"AK9*{code}*1*1*0*5").verdict == verdict


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (["AK3*TDS*22**3", "AK5*R*5"], ["TDS (segment 22) is missing"]),
        (["AK3*IT1*9**8", "AK4*2>1*380*6*1X0", "AK5*R*5"], ['IT102 (segment 9) has an invalid character: "1X0"']),
        (["AK3*IT1*9**8", "AK4*7*234*2", "AK5*E"], ["IT107 (segment 9) is missing beside another element"]),
        (["AK5*R*4*7"], ["810 0001: SE01 counts wrong", "810 0001: the control number is invalid"]),
        (["AK3*XXX*3**99", "AK5*R*99"], ["XXX (segment 3) has error 99"]),
        (["AK5*R*99"], ["810 0001: error 99"]),
        (["AK5*A"], []),
    ],
)
def test_every_error_of_theirs_is_a_sentence(body: list[str], words: list[str]) -> None:
    answer = theirs("AK1*IN*7", "AK2*810*0001", *body, "AK9*R*1*1*0")
    assert [str(error) for error in answer.sets[0].errors] == words


@pytest.mark.parametrize("garbage", ["AK9*A*X*Y*Z", "AK4*1*2*3", "AK5*R", "AK1", "AK3*A"])
def test_an_answer_that_is_no_answer_is_read_without_an_exception(garbage: str) -> None:
    assert theirs("AK1*IN*7", garbage).accepted == -1


def test_control_numbers_that_were_padded_are_trimmed_when_they_are_read() -> None:
    assert theirs("AK1*IN*7", "AK2*810*1   ", "AK5*A", "AK9*A*1*1*1").sets[0].control == "1"
