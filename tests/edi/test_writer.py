"""What is written is read again as it was, under any delimiters; a key is never altered, text is made to fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi import reader
from d365edi.edi.interchange import Party
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12 import writer
from d365edi.edi.x12.writer import Group, OutgoingSegment, OutgoingSet
from d365edi.errors import DocumentError
from tests.edi import make, see

SIGNS = [bytes((c,)) for c in range(256) if not bytes((c,)).isalnum() and c not in b" .-\t\x00\x1a"]
LINES = [b"\n", b"\r"]
PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-"


def one(*body: OutgoingSegment, **options: Any) -> bytes:
    """One order with these segments between BEG and PO1."""
    segments = make.segments(make.ORDER)
    outgoing = OutgoingSet("850", "0001", [segments[0], *body, *segments[-7:]])
    version = options.pop("version", "004010")
    envelope = options.pop("envelope", make.envelope(version))
    return writer.write(envelope, [Group("PO", 7, (outgoing,), version)], **options)


def middle(data: bytes) -> list[str]:
    """The segments that `one` was given, as they were written."""
    whole = see.sets(reader.read(data))[0].segments
    return whole[2:-8]


# -- written and read again -------------------------------------------------------------------------------------------


@st.composite
def syntaxes(draw: st.DrawFn) -> Syntax:
    """Service characters, odd ones too."""
    signs = draw(
        st.lists(st.sampled_from([sign for sign in SIGNS if sign not in LINES]), min_size=4, max_size=4, unique=True)
    )
    terminator = draw(st.sampled_from([signs[2], b"\n"]))
    suffix = b"" if terminator == b"\n" else draw(st.sampled_from([b"", b"\n", b"\r\n"]))
    made = Syntax("X12", *(sign.decode("latin-1") for sign in (signs[0], signs[1], terminator, signs[3])))
    return replace(made, suffix=suffix.decode())


@st.composite
def bodies(draw: st.DrawFn, syntax: Syntax) -> list[OutgoingSegment]:
    """The body of an order whose keys and texts are made of anything but the delimiters."""
    taken = syntax.raw.element + syntax.raw.component + syntax.raw.terminator + syntax.raw.repetition
    letters = "".join(chr(c) for c in range(0x21, 0x7F) if c not in taken)
    key = st.text(PLAIN, min_size=1, max_size=22)
    text = st.lists(st.text(letters, min_size=1, max_size=12), min_size=1, max_size=4).map(" ".join)
    number = st.decimals("0.01", "99999", places=2).map(lambda value: f"{value:f}".rstrip("0").rstrip("."))
    body: list[OutgoingSegment] = [["BEG", "00", "SA", draw(key), "", "20260105"]]
    body += [
        ["REF", "IA", draw(key), *draw(st.sampled_from([[], [draw(text)]]))] for _ in range(draw(st.integers(0, 3)))
    ]
    body += [["N1", "ST", draw(text), "92", "A" + draw(key)], ["N3", draw(text)]]
    lines = draw(st.integers(1, 4))
    for line in range(1, lines + 1):
        body.append(["PO1", str(line), draw(number), "EA", draw(number), "", "VN", draw(key)])
        body.append(["PID", "F", "08", "", "", draw(text)])
        if draw(st.booleans()):
            body.append(["MEA", "PD", "WT", draw(number), ("LB", "2")])
    return [*body, ["CTT", str(lines)]]


@st.composite
def interchanges(draw: st.DrawFn) -> tuple[writer.Envelope, list[Group]]:
    """Several sets in several groups."""
    syntax, version = draw(syntaxes()), draw(st.sampled_from(["004010", "004010VICS", "004030", "005010"]))
    groups = [
        Group(
            "PO",
            number,
            tuple(OutgoingSet("850", f"{set:04d}", draw(bodies(syntax))) for set in range(draw(st.integers(1, 3)))),
        )
        for number in range(1, draw(st.integers(1, 3)) + 1)
    ]
    party = st.text(PLAIN, min_size=2, max_size=15)
    envelope = replace(
        make.envelope(version, syntax), sender=Party("01", draw(party)), receiver=Party("ZZ", draw(party))
    )
    return replace(envelope, control=draw(st.integers(1, 999_999_999)), answer_requested=draw(st.booleans())), groups


@settings(max_examples=60, deadline=None)
@given(interchanges())
def test_what_is_written_is_read_again_as_it_was(written: tuple[writer.Envelope, list[Group]]) -> None:
    envelope, groups = written
    report = reader.read(writer.write(envelope, groups))
    assert [str(found) for found in see.findings(report) if found.severity == "error" or found.rule != "unlisted"] == []
    (interchange,) = report.interchanges
    assert (interchange.sender, interchange.receiver) == (envelope.sender, envelope.receiver)
    assert (interchange.control, interchange.usage) == (f"{envelope.control:09d}", "T")
    assert interchange.answer_requested == envelope.answer_requested
    assert [group.control for group in interchange.groups] == [str(group.control) for group in groups]
    for got, group in zip(interchange.groups, groups, strict=True):
        assert got.version == envelope.version
        assert [make.again(one) for one in got.sets] == list(group.sets)


@settings(max_examples=25, deadline=None)
@given(interchanges())
def test_bytes_that_were_read_are_written_again_as_they_were(written: tuple[writer.Envelope, list[Group]]) -> None:
    data = writer.write(*written)
    (interchange,) = reader.read(data).interchanges
    groups = [
        Group(group.functional_id, int(group.control), tuple(make.again(one) for one in group.sets))
        for group in interchange.groups
    ]
    envelope = replace(written[0], sender=interchange.sender, receiver=interchange.receiver)
    assert writer.write(envelope, groups) == data


@pytest.mark.parametrize(
    ("version", "isa"),
    [
        ("004010", "U*00401"),
        ("004010VICS", "U*00401"),
        ("004030VICS", "^*00403"),
        ("005010", "^*00501"),
    ],
)
def test_the_version_of_the_header_follows_from_that_of_the_group(version: str, isa: str) -> None:
    assert one(version=version)[82:89].decode() == isa


def test_a_group_before_4010_has_a_date_of_six_digits() -> None:
    assert b"*260105*0915*7*X*003040~" in writer.write(make.envelope("003040"), [Group("PO", 7, ())])


def test_counts_are_computed_and_a_header_has_106_bytes() -> None:
    data = one()
    assert data[105:109] == b"~GS*"
    assert data.endswith(b"~SE*10*0001~GE*1*7~IEA*1*000000007~")


def test_receipts_stand_before_the_first_group_and_are_not_counted() -> None:
    data = writer.write(make.envelope(), [], acknowledgments=[["TA1", "000000001", "260105", "0915", "A", "000"]])
    assert data[106:] == b"TA1*000000001*260105*0915*A*000~IEA*0*000000007~"


# -- text is made to fit ----------------------------------------------------------------------------------------------

TEXTS = [
    ("NORTHBAY GOODS", "NORTHBAY GOODS"),
    ("A*B FOODS", "A B FOODS"),
    ("50% ~ OFF", "50% OFF"),
    ("a>b:c^d|e", "a b:c d|e"),
    ("Müller & Söhne", "Muller & Sohne"),
    ("Straße 5", "Strasse 5"),
    ("“Crème” – brûlée…", '"Creme" - brulee...'),
    ("12 €", "12 EUR"),
    ("Acme® Widget™", "Acme Widget"),
    ("Smørrebrød Æbler", "Smorrebrod AEbler"),
    ("line one\r\nline two\tx", "line one line two x"),
    ("日本 Tea", "Tea"),
    ("a\x00b\x07c\x85d\xa0e", "a b c d e"),
    ("X" * 70, "X" * 60),
    ("trailing   ", "trailing"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_text_is_made_to_fit_by_its_rule(text: str, expected: str) -> None:
    assert middle(one(["N1", "BT", text, "92", "1000"])) == [f"N1*BT*{expected}*92*1000"]


@pytest.mark.parametrize("text", ["***", "~", "日本", "\r\n"])
def test_text_of_which_nothing_is_left_is_an_empty_element(text: str) -> None:
    assert middle(one(["N1", "BT", text, "92", "1000"])) == ["N1*BT**92*1000"]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_no_text_ever_breaks_a_segment(text: str) -> None:
    data = one(["N1", "BT", text, "92", "1000"], ["N3", text, text])
    report = reader.read(data)
    assert [found for found in see.findings(report) if found.severity == "error"] == []
    assert [raw.split("*")[0] for raw in middle(data)] in (["N1", "N3"], ["N1"])


def test_upper_case_partners_get_upper_case() -> None:
    body: list[OutgoingSegment] = [["REF", "IA", "ab-12"], ["N1", "BT", "Müller & Söhne", "92", "x1"]]
    assert middle(one(*body, uppercase=True)) == ["REF*IA*AB-12", "N1*BT*MULLER & SOHNE*92*X1"]
    assert one(*body, uppercase=True).upper() == one(*body, uppercase=True)


# -- keys are refused -------------------------------------------------------------------------------------------------

KEYS: list[tuple[OutgoingSegment, str, str]] = [
    (["REF", "IA", "00*78"], '850 REF02 is "00*78", which holds the delimiter \'*\'', "agree on other delimiters"),
    (["REF", "IA", "00~78"], "850 REF02 is \"00~78\", which holds the delimiter '~'", "agree on other delimiters"),
    (["REF", "IA", "00>78"], "850 REF02 is \"00>78\", which holds the delimiter '>'", "agree on other delimiters"),
    (["REF", "IA", "Größe"], "850 REF02 is \"Größe\", which holds 'ö'", "correct it at its source"),
    (["REF", "IA", "12\n34"], "850 REF02 is \"12\n34\", which holds '\\n'", "correct it at its source"),
    (["REF", "IA", "1" * 31], '850 REF02 (Reference identification) is "' + "1" * 31, "correct it at its source"),
    (["N1", "BT", "X", "92", "1" * 81], "850 N104 (Identification code)", "correct it at its source"),
    (["N4", "ANYTOWN", "OHIO"], '850 N402 (State or province code) is "OHIO", 4 characters; the standard has 2', "correct"),
    (["CUR", "B", "USD"], '850 CUR01 (Entity identifier code) is "B", 1 characters; the standard has 2 at least', "correct"),
    (["DTM", "010", "2026011"], "850 DTM02 (Date)", "correct it at its source"),
    (["MEA", "PD", "WT", "1", ("LBX",)], "850 MEA04-1 (Unit or basis for measurement code)", "correct it at its source"),
    (["MEA", "PD", "WT", "1", ("L>",)], "850 MEA04-1 is \"L>\", which holds the delimiter '>'", "agree on other delimiters"),
    (["ZZZ", "a*b"], "850 ZZZ01 is \"a*b\", which holds the delimiter '*'", "agree on other delimiters"),
]  # fmt: skip


@pytest.mark.parametrize(("segment", "says", "remedy"), KEYS, ids=[row[1][:40] for row in KEYS])
def test_a_key_is_refused_with_its_place_its_value_and_a_remedy(
    segment: OutgoingSegment, says: str, remedy: str
) -> None:
    with pytest.raises(DocumentError) as refused:
        one(segment)
    assert str(refused.value).startswith(says)
    assert remedy in str(refused.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1" * 31, "1" * 31), ("1" * 50, "1" * 50)],
)
def test_a_key_that_is_too_long_in_one_version_may_fit_in_the_next(value: str, expected: str) -> None:
    assert middle(one(["REF", "IA", value], version="005010")) == [f"REF*IA*{expected}"]
    with pytest.raises(DocumentError):
        one(["REF", "IA", value], version="004010")


FITTED: list[tuple[OutgoingSegment, str]] = [
    (["CUR", "BY", "USD", "1.5"], "CUR*BY*USD*001.5"),  # R 4/10: zeros in front to reach the least length
    (["N1", "BT", "X", "92", "7"], "N1*BT*X*92*7 "),  # AN 2/80: blanks behind
    (["SAC", "C", "D240", "", "", "-500"], "SAC*C*D240***-500"),
    (["PO4", "12", "", "", "", "", "", "", ""], "PO4*12"),
    (["MEA", "PD", "WT", "1", ("LB", "", "")], "MEA*PD*WT*1*LB"),
]


@pytest.mark.parametrize(("segment", "expected"), FITTED)
def test_values_are_filled_up_and_empty_ends_left_out(segment: OutgoingSegment, expected: str) -> None:
    assert middle(one(segment)) == [expected]


def test_a_segment_that_holds_nothing_is_not_written() -> None:
    assert middle(one(["N3", "", ""], ["N2"], ["REF", "IA", "1"])) == ["REF*IA*1"]


# -- envelopes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"sender": Party("ZZ", "A*B")}, {"receiver": Party("ZZ", "A~B")}, {"sender": Party("ZZ", "X" * 16)},
        {"receiver": Party("ZZZ", "X")}, {"sender": Party("ZZ", "Ü")}, {"group_sender": "A*B"}, {"group_receiver": "X" * 16},
        {"usage": "PROD"}, {"control": 1_000_000_000}, {"version": "005010", "syntax": Syntax()},
    ],
    ids=str,
)  # fmt: skip
def test_an_envelope_that_cannot_be_written_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DocumentError):
        one(envelope=replace(make.envelope(), **changes))


@pytest.mark.parametrize(
    "signs",
    [
        b"**~^",
        b"*>*^",
        b"*>~*",
        b"A>~^",
        b"*5~^",
        b"*>.^",
        b"-:~^",
        b" :~^",
        b"*>\t^",
        b"\n>~^",
        b"*\r~^",
        b"*>\x00^",
        b"*>~\x1a",
    ],
)
def test_delimiters_that_are_alike_or_stand_in_data_are_refused(signs: bytes) -> None:
    element, component, terminator, repetition = (chr(c) for c in signs)
    with pytest.raises(DocumentError, match="cannot be a delimiter"):
        one(envelope=make.envelope(syntax=Syntax("X12", element, component, terminator, repetition)))


@pytest.mark.parametrize("control", ["12*4", "1234567890", "Ü234"])
def test_a_control_number_that_cannot_be_written_is_refused(control: str) -> None:
    outgoing = OutgoingSet("850", control, make.segments(make.ORDER))
    with pytest.raises(DocumentError, match="ST02"):
        writer.write(make.envelope(), [Group("PO", 7, (outgoing,))])


def test_a_group_that_is_too_large_a_number_is_refused() -> None:
    with pytest.raises(DocumentError, match="GS06"):
        writer.write(make.envelope(), [Group("PO", 10**9, ())])


@pytest.mark.parametrize("suffix", [b"", b"\n", b"\r\n"])
def test_the_line_break_of_a_partner_follows_every_terminator(suffix: bytes) -> None:
    data = one(envelope=make.envelope(syntax=Syntax(suffix=suffix.decode())))
    lines = data.split(b"~" + suffix)
    assert lines[-1] == b""
    assert not any(b"\n" in line or b"~" in line for line in lines)


def test_the_writer_is_right_about_every_file_that_is_right(corpus: Any) -> None:
    for file in sorted(corpus.glob("x12_8*_golden-*.x12")):
        (group,) = see.sample(file.name).interchanges[0].groups
        sets: Sequence[OutgoingSet] = [make.again(report) for report in group.sets]
        data = writer.write(make.envelope(group.version), [Group(group.functional_id, 7, tuple(sets))])
        assert [make.again(report) for report in see.sets(reader.read(data))] == sets, file.name
