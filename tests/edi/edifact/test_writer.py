"""What is written is read again as it was, whatever stands in it; keys are never altered, counts are right."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi import reader, values
from d365edi.edi.edifact.writer import DEFAULT, Envelope, Group, OutgoingSegment, OutgoingSet, write
from d365edi.edi.interchange import Party
from d365edi.edi.reader import ReadOptions
from d365edi.edi.syntax import Syntax
from d365edi.errors import DocumentError
from tests.edi import see
from tests.edi.edifact import make

OTHER = Syntax("EDIFACT", "|", "@", "~", "", "\\", ",", "\r\n")
CONTROL = Syntax("EDIFACT", "\x1d", "\x1f", "\x1c", "", "?", ".")
BARE = Syntax("EDIFACT", "+", ":", "'", "", "", ".")


def outgoing(body: tuple[str, ...]) -> list[OutgoingSegment]:
    """Segments as the writer takes them, from segments as they are written without release characters."""
    return [[tuple(part.split(":")) if ":" in part else part for part in line.split("+")] for line in body]


def one(*segments: OutgoingSegment, syntax: Syntax = DEFAULT, charset: str = "UNOC", **more: Any) -> bytes:
    """An interchange with one ORDERS of these segments."""
    envelope = replace(make.envelope(syntax, charset=charset), **more)
    return write(envelope, [Group("", 0, (OutgoingSet("ORDERS", "ME1", segments),))])


def read(data: bytes) -> list[list[list[str]]]:
    """The segments of the first message between UNH and UNT, as text."""
    report = see.sets(reader.read(data))[0]
    return [
        [
            [part.encode("latin-1").decode(report.syntax.encoding) for part in values.components(value, report.syntax)]
            for value in row
        ]
        for row in report.rows[1:-1]
    ]


@pytest.mark.parametrize("syntax", [DEFAULT, OTHER, CONTROL, BARE])
@pytest.mark.parametrize(
    "body", [make.ORDER, make.INVOICE, make.DESPATCH, make.REMITTANCE], ids=lambda body: str(body[0])
)
def test_a_message_without_a_fault_is_written_without_a_fault(syntax: Syntax, body: tuple[str, ...]) -> None:
    kind = {"220": "ORDERS", "380": "INVOIC", "351": "DESADV", "481": "REMADV"}[body[0][4:7]]
    data = write(make.envelope(syntax), [Group("", 0, (OutgoingSet(kind, "ME1", outgoing(body)),))])
    report = reader.read(data, ReadOptions(strictness="strict"))
    assert see.findings(report) == []
    assert see.verdicts(report) == f"IA GA {kind}A"


def test_the_bytes_of_an_order() -> None:
    body: list[OutgoingSegment] = [["BGM", "220", "PO-1", "9"], ["DTM", ("137", "20260105", "102")], ["UNS", "S"]]
    assert one(*body) == (
        b"UNB+UNOC:3+5412345000013:14+4012345500004:14+260105:0915+101'UNH+ME1+ORDERS:D:96A:UN:EAN008'"
        b"BGM+220+PO-1+9'DTM+137:20260105:102'UNS+S'UNT+5+ME1'UNZ+1+101'"
    )


def test_everything_that_an_envelope_can_say() -> None:
    envelope = Envelope(
        Party("14", "5412345000013"), Party("", "THEM"), "D:01B:UN", "T", replace(DEFAULT, repetition="*", suffix="\n"), "R-1",
        make.envelope().at, "UNOB", 4, answer_requested=True, application="ORDERS", agreement="EANCOM", routing=("A", "B"),
    )  # fmt: skip
    group = Group("ORDERS", 7, (OutgoingSet("ORDERS", "1", [["UNS", "S"]]),))
    assert write(envelope, [group]).split(b"\n") == [
        b"UNA:+.?*'", b"UNB+UNOB:4+5412345000013:14:A+THEM::B+20260105:0915+R-1++ORDERS++1+EANCOM+1'",
        b"UNG+ORDERS+5412345000013:14+THEM+260105:0915+7+UN+D:01B'", b"UNH+1+ORDERS:D:01B:UN'", b"UNS+S'", b"UNT+3+1'",
        b"UNE+1+7'", b"UNZ+1+R-1'", b"",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("syntax", "una", "begins"),
    [
        (DEFAULT, False, b"UNB"),
        (DEFAULT, True, b"UNA:+.? 'UNB"),
        (OTHER, False, b"UNA@|,\\ ~\r\nUNB"),
        (BARE, False, b"UNA:+.  'UNB"),
    ],
)
def test_a_una_is_written_where_it_says_something_or_is_asked_for(syntax: Syntax, una: bool, begins: bytes) -> None:
    assert one(["UNS", "S"], syntax=syntax, una=una).startswith(begins)


SIGNS = st.sampled_from([b":+.? '", b"@|,\\ ~", b"=*.! ~", b"<>,^ ;", b"/%.# $"])


@st.composite
def syntaxes(draw: st.DrawFn) -> Syntax:
    """Five different service characters."""
    component, element, decimal, release, _, terminator = (chr(sign) for sign in draw(SIGNS))
    return Syntax("EDIFACT", element, component, terminator, "", release, decimal, "\n", "iso8859-1")


TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f", exclude_categories=["Cc"]),
               min_size=1, max_size=30)  # fmt: skip
KEY = TEXT.map(lambda text: text.replace("\xa0", "x").replace("\xad", "x").strip(" ") or "x")
AMOUNT = st.decimals(min_value=-(10**8), max_value=10**8, places=2)


@settings(max_examples=150, deadline=None)
@given(syntaxes(), st.lists(st.tuples(KEY, KEY, AMOUNT), min_size=1, max_size=6))
def test_what_is_written_is_read_as_it_was(syntax: Syntax, lines: list[tuple[str, str, Decimal]]) -> None:
    body: list[OutgoingSegment] = [["BGM", "220", lines[0][0], "9"]]
    for number, (key, other, amount) in enumerate(lines, 1):
        body += [
            ["LIN", str(number), "", (key, "SA")],
            ["RFF", ("ON", other)],
            ["PRI", ("AAA", f"{amount:f}")],
            ["DTM", ("2", key, "999")],
        ]
    mark = syntax.decimal
    expected = [[list(part) if isinstance(part, tuple) else [part] for part in line] for line in body]
    for line in expected:
        if line[0] == ["PRI"]:
            line[1][1] = line[1][1].replace(".", mark)
    data = one(*body, syntax=syntax)
    assert read(data) == expected
    assert [
        finding
        for finding in see.findings(reader.read(data))
        if finding.level in ("file", "interchange", "group", "set")
    ] == []


@settings(max_examples=100, deadline=None)
@given(syntaxes(), st.text(max_size=90))
def test_text_for_people_is_made_to_fit_and_never_refused(syntax: Syntax, text: str) -> None:
    data = one(["FTX", "AAI", "", "", (text,)], ["UNS", "S"], syntax=syntax)
    report = reader.read(data)
    assert see.sets(report)[0].rows[-1][1] in ("3", "4")
    assert [
        f
        for f in see.findings(report)
        if f.rule in ("length", "character", "count", "extra", "component", "terminator")
    ] == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(KEY | st.tuples(KEY, KEY) | st.just(""), max_size=5), max_size=5))
def test_elements_that_no_dictionary_knows_are_written_as_they_are(rows: list[list[str | tuple[str, str]]]) -> None:
    body: list[OutgoingSegment] = [["ZZZ", *row, "x"] for row in rows]
    expected = [[list(part) if isinstance(part, tuple) else [part] for part in line] for line in body]
    assert read(one(*body)) == expected


ROWS: list[tuple[str, OutgoingSegment, dict[str, Any], bytes]] = [
    ("release characters", ["IMD", "F", "", ("", "", "", "O'NEIL+S: 50?")], {}, b"IMD+F++:::O?'NEIL?+S?: 50??'"),
    ("trailing empties", ["NAD", "BY", ("5412345000013", "", "9", ""), "", ""], {}, b"NAD+BY+5412345000013::9'"),
    ("a segment without data", ["CUX", "", ("", "")], {}, b"UNH+ME1+ORDERS:D:96A:UN:EAN008'UNT+2"),
    ("a decimal comma", ["PRI", ("AAA", "-12.50")], {"syntax": OTHER}, b"PRI|AAA@-12,50~"),
    ("text that is too long", ["IMD", "F", "", ("", "", "", "X" * 50)], {}, b"IMD+F++:::" + b"X" * 35 + b"'"),
    ("umlauts in UNOC", ["IMD", "F", "", ("", "", "", "MÜSLI")], {}, b"IMD+F++:::M\xdcSLI'"),
    ("umlauts in UNOY", ["IMD", "F", "", ("", "", "", "MÜSLI")], {"charset": "UNOY"}, b"IMD+F++:::M\xc3\x9cSLI'"),
    ("umlauts in UNOB", ["IMD", "F", "", ("", "", "", "Müsli – ß")], {"charset": "UNOB"}, b"IMD+F++:::Musli - ss'"),
    (
        "small letters in UNOA",
        ["IMD", "F", "", ("", "", "", "Müsli @ 5€")],
        {"charset": "UNOA"},
        b"IMD+F++:::MUSLI 5EUR'",
    ),
    (
        "a sign in syntax 4",
        ["IMD", "F", "", ("", "", "", "A*B")],
        {"syntax": replace(DEFAULT, repetition="*")},
        b"A?*B'",
    ),
    ("a sign without release", ["IMD", "F", "", ("", "", "", "A+B:C")], {"syntax": BARE}, b"IMD+F++:::A B C'"),
    ("a simple value for a composite", ["BGM", "220", "1"], {}, b"BGM+220+1'"),
    ("half of a surrogate pair", ["FTX", "AAI", "", "", ("A\ud83dB",)], {}, b"FTX+AAI+++A B'"),
    ("line breaks", ["FTX", "AAI", "", "", ("A\r\nB\tC",)], {}, b"FTX+AAI+++A B C'"),
]


@pytest.mark.parametrize(("segment", "how", "bytes"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_value_is_made_fit(segment: OutgoingSegment, how: dict[str, Any], bytes: bytes) -> None:
    assert bytes in one(segment, **how)


REFUSED: list[tuple[str, OutgoingSegment, dict[str, Any], str]] = [
    ("a key too long", ["RFF", ("ON", "X" * 36)], {}, 'ORDERS RFF01-2 (Reference number) is "XXX'),
    ("too many digits", ["QTY", ("21", "1" * 16)], {}, "ORDERS QTY01-2 (Quantity)"),
    ("no number", ["PRI", ("AAA", "12,5")], {}, 'ORDERS PRI01-2 (Price) is "12,5", which is no number'),
    ("an exponent", ["PRI", ("AAA", "1E3")], {}, "which is no number"),
    ("a key in another set", ["RFF", ("ON", "Š1")], {}, "character set UNOC does not have it"),
    ("a small letter in a key", ["RFF", ("ON", "a1")], {"charset": "UNOA"}, "character set UNOA does not have it"),
    ("half of a surrogate pair in a key", ["RFF", ("ON", "A\ud83dB")], {"charset": "UNOY"}, "does not have it"),
    ("a line break in a key", ["RFF", ("ON", "A\nB")], {}, "RFF01-2"),
    ("a sign without release", ["RFF", ("ON", "A+B")], {"syntax": BARE}, "there is no release character"),
    ("no sender", ["UNS", "S"], {"sender": Party("", "")}, "needs a sender and a receiver"),
    ("a sign twice", ["UNS", "S"], {"syntax": replace(DEFAULT, component="+")}, "cannot be a service character"),
    ("a letter as sign", ["UNS", "S"], {"syntax": replace(DEFAULT, component="A")}, "cannot be a service character"),
    ("a long reference", ["UNS", "S"], {"control": "1" * 15}, "UNB05 (Interchange control reference)"),
]


@pytest.mark.parametrize(("segment", "how", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_value_that_cannot_be_written_is_refused_with_its_place(
    segment: OutgoingSegment, how: dict[str, Any], message: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        one(segment, **how)
    assert message in str(caught.value)
    assert caught.value.remedy


def test_counts_are_those_of_messages_or_of_groups() -> None:
    sets = (OutgoingSet("ORDERS", "1", [["UNS", "S"]]), OutgoingSet("ORDERS", "2", [["UNS", "S"]]))
    assert write(make.envelope(), [Group("", 0, sets), Group("", 0, sets)]).endswith(b"UNZ+4+101'")
    assert write(make.envelope(), [Group("ORDERS", 7, sets)]).endswith(b"UNE+2+7'UNZ+1+101'")
    with pytest.raises(DocumentError, match="in groups or none"):
        write(make.envelope(), [Group("", 0, sets), Group("ORDERS", 7, sets)])


def test_capitals_only_where_the_partner_wants_them() -> None:
    envelope = make.envelope()
    group = Group(
        "", 0, (OutgoingSet("ORDERS", "m1", [["RFF", ("ON", "a1")], ["IMD", "F", "", ("", "", "", "Müsli")]]),)
    )
    assert b"RFF+ON:A1'IMD+F++:::M\xdcSLI'UNT+4+M1'" in write(envelope, [group], uppercase=True)


def test_a_version_of_its_own_for_a_group() -> None:
    group = Group("", 0, (OutgoingSet("CONTRL", "1", []),), "D:3:UN")
    assert b"UNH+1+CONTRL:D:3:UN'" in write(make.envelope(), [group])


@pytest.mark.parametrize("body", [make.ORDER, make.INVOICE])
def test_quick_and_careful_writing_agree(body: tuple[str, ...]) -> None:
    quick = one(*outgoing(body))
    assert one(*outgoing(body), syntax=replace(DEFAULT, decimal=",")).removeprefix(b"UNA:+,? '") == quick.replace(
        b"12.5", b"12,5").replace(b"7.225", b"7,225").replace(b"375.69", b"375,69").replace(b"2164.69", b"2164,69")  # fmt: skip


def test_without_a_release_character_text_is_cut_before_its_delimiters_become_blanks() -> None:
    data = one(["FTX", "AAI", "", "", ("A++++" + "Z" * 80,)], ["UNS", "S"], syntax=BARE)
    assert b"FTX+AAI+++A " + b"Z" * 65 + b"'" in data
