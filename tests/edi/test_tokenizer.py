"""Files become interchanges and segments, whatever stands between them, however they are cut; what is passed by is told."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi import release
from d365edi.edi.batch import Batch
from d365edi.edi.findings import Finding
from d365edi.edi.tokenizer import LONGEST, Closing, Opening, tokenize
from tests.edi import make

WHOLE = make.interchange()
DATA = make.data(WHOLE)
EDIFACT = b"UNA:+.? 'UNB+UNOA:3+S+R+260105:0915+1'UNH+1+ORDERS:D:96A:UN'FTX+ZZZ+++a?'b??'UNT+3+1'UNZ+1+1'"
ORDERS = ["UNH+1+ORDERS:D:96A:UN", "FTX+ZZZ+++a?'b??", "UNT+3+1", "UNZ+1+1"]


def seen(data: bytes | Iterable[bytes]) -> tuple[list[list[str]], list[str]]:
    """The segments of each interchange, header left out, and the rules of all findings."""
    interchanges: list[list[str]] = []
    rules: list[str] = []
    sign = ""
    for event in tokenize(data):
        if isinstance(event, Opening):
            interchanges.append([])
            sign = event.syntax.release
            rules += [finding.rule for finding in event.findings]
        elif isinstance(event, Batch):
            interchanges[-1] += [release.sent(text, sign) for text in event.segments]
            rules += [finding.rule for finding in event.findings]
        elif isinstance(event, Finding):
            rules.append(event.rule)
    return interchanges, rules


BODY = WHOLE[1:]
FILES = [
    ("as it is", DATA, [BODY], []),
    ("line breaks behind terminators", make.data(WHOLE, suffix="\r\n"), [BODY], []),
    ("line breaks as terminators", make.data(WHOLE, "\n"), [BODY], []),
    ("CR LF as terminators", make.data(WHOLE, "\r\n"), [BODY], []),
    ("indented segments", make.data(WHOLE, suffix="\n\t  "), [BODY], []),
    ("blank lines around", b"\r\n \n" + DATA + b"\r\n\x1a\x00", [BODY], []),
    ("no last terminator", DATA[:-1], [BODY], ["terminator"]),
    ("two interchanges", DATA + DATA, [BODY, BODY], []),
    ("two with other delimiters", DATA + b"\n" + DATA.translate(bytes.maketrans(b"*~", b"|!")),
     [BODY, [one.replace("*", "|") for one in BODY]], []),
    ("junk before", b"From: them\r\n" + DATA, [BODY], ["junk"]),
    ("junk behind", DATA + b"that is all", [BODY], ["junk"]),
    ("junk between", DATA + b"--\r\n" + DATA, [BODY, BODY], ["junk"]),
    ("cut off by another", make.data(WHOLE[:-1]) + DATA, [BODY[:-1], BODY], []),
    ("cut in a segment by another", make.data(WHOLE[:5])[:-9] + DATA,
     [[*BODY[:3], BODY[3][:-8]], BODY], []),
    ("a trailer without terminator before another", DATA[:-1] + b"\r\n" + DATA, [BODY, BODY], ["terminator"]),
    ("two of EDIFACT", EDIFACT + EDIFACT, [ORDERS, ORDERS], []),
    ("a UNZ without terminator before another", EDIFACT[:-1] + EDIFACT, [ORDERS, ORDERS], ["terminator"]),
    ("UNA and UNZ in data", EDIFACT.replace(b"ZZZ", b"UNA?'UNZ+1"),
     [[one.replace("ZZZ", "UNA?'UNZ+1") for one in ORDERS]], []),
    ("cut off by another of EDIFACT", EDIFACT[:-8] + EDIFACT, [ORDERS[:-1], ORDERS], []),
    ("empty segments", DATA.replace(b"CUR*BY*USD~", b"CUR*BY*USD~~~"), [BODY], ["empty"]),
    ("empty lines", make.data(WHOLE, "\n").replace(b"\n", b"\n\n"), [BODY], []),
    ("ISA in data", DATA.replace(b"GRANOLA", b"ISABELLA"), [[one.replace("GRANOLA", "ISABELLA") for one in BODY]], []),
    ("ISA begins an element", DATA.replace(b"GRANOLA", b"ISA*1*2"), [[one.replace("GRANOLA", "ISA*1*2") for one in BODY]], []),
    ("IEA in data", DATA.replace(b"GRANOLA", b"IEA*1*1"), [[one.replace("GRANOLA", "IEA*1*1") for one in BODY]], []),
    ("UNB in data", DATA.replace(b"GRANOLA", b"UNB+UNOA"), [[one.replace("GRANOLA", "UNB+UNOA") for one in BODY]], []),
    ("nothing", b"", [], ["empty"]),
    ("blanks", b" \r\n\x00", [], ["empty"]),
    ("no EDI", b"hello, world", [], ["header"]),
    ("no envelope", b"ST*850*0001~SE*2*0001~", [], ["headless"]),
    ("EDIFACT behind X12", DATA + EDIFACT, [BODY, ORDERS], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "interchanges", "rules"), [row[1:] for row in FILES], ids=[str(row[0]) for row in FILES]
)
def test_a_file_is_read_whatever_stands_between_its_segments(
    data: bytes, interchanges: list[list[str]], rules: list[str]
) -> None:
    assert seen(data) == (interchanges, rules)


@pytest.mark.parametrize("data", [row[1] for row in FILES], ids=[str(row[0]) for row in FILES])
@pytest.mark.parametrize("size", [1, 2, 3, 64, 107])
def test_the_size_of_chunks_makes_no_difference(data: bytes, size: int) -> None:
    assert seen(data[at : at + size] for at in range(0, len(data), size)) == seen(data)


noise = st.text(" \r\n\t\x00\x1a", max_size=5)
text = st.text("AB \t", min_size=1, max_size=8).filter(lambda body: body[0] in "AB")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(noise, text), min_size=1, max_size=20))
def test_noise_before_a_segment_is_dropped_and_blanks_within_are_kept(bodies: list[tuple[str, str]]) -> None:
    data = make.data([make.isa(), "GS*PO", *(before + body for before, body in bodies), "IEA*0*000000101"])
    assert seen(data)[0] == [["GS*PO", *(body for _, body in bodies), "IEA*0*000000101"]]


PLACES = ["as it is", "line breaks behind terminators", "line breaks as terminators", "indented segments", "blank lines around",
          "two interchanges", "junk before", "empty segments", "empty lines"]  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_the_place_of_a_segment_is_where_it_stands_in_the_file(name: str, order: str) -> None:
    data = next(row[1] for row in FILES if row[0] == name)
    assert isinstance(data, bytes)
    for event in tokenize(data[at : at + 300] for at in range(0, len(data), 300)):
        if isinstance(event, Batch):
            indices = range(len(event.segments))
            for index in indices if order == "ascending" else reversed(indices):
                raw = release.sent(event.segments[index], "?").encode("latin-1")
                assert data[event.place(index) :].startswith(raw), (index, raw)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_wrapped_file_is_read_and_places_name_the_wrapped_bytes(end: bytes) -> None:
    wrapped = end.join(DATA[at : at + 80] for at in range(0, len(DATA), 80))
    assert seen(wrapped) == ([BODY], ["wrapped"])
    for event in tokenize(wrapped):
        if isinstance(event, Batch):
            for index, text in enumerate(event.segments):
                at = event.place(index)
                assert wrapped[at : at + 2].replace(b"\r", b"").replace(b"\n", b"") in text[:2].encode()


def test_openings_and_closings_name_their_places() -> None:
    events = [event for event in tokenize(DATA + b"\n\n" + DATA) if isinstance(event, Opening | Closing)]
    assert [event.offset for event in events] == [0, len(DATA), len(DATA) + 2, 2 * len(DATA) + 2]
    assert [event.complete for event in events if isinstance(event, Closing)] == [True, True]


@pytest.mark.parametrize(
    ("data", "complete"), [(DATA, True), (DATA[:-1], True), (DATA[:-17], False), (DATA[:300], False)]
)
def test_an_interchange_is_complete_with_its_trailer(data: bytes, complete: bool) -> None:
    assert [event.complete for event in tokenize(data) if isinstance(event, Closing)] == [complete]


def test_a_segment_without_end_is_given_up() -> None:
    chunks = [make.isa().encode() + b"~REF*IA*", *[b"x" * (1 << 20)] * 12]
    interchanges, rules = seen(chunks)
    assert (interchanges, rules) == ([[]], ["endless"])
    assert LONGEST < 12 << 20


def test_memory_stays_small_whatever_the_size() -> None:
    line = b"REF*IA*0123456789~" * 10_000
    largest = 0
    for event in tokenize([make.isa().encode() + b"~", *[line] * 30, b"IEA*0*000000101~"]):
        if isinstance(event, Batch):
            largest = max(largest, len(event.segments))
    assert largest < 40_000


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_end_in_findings_or_segments(data: bytes) -> None:
    for head in (b"", make.isa().encode() + b"~", b"UNA:+.? '"):
        events = list(tokenize(head + data))
        assert any(isinstance(event, Finding | Opening) for event in events)
        assert sum(isinstance(event, Opening) for event in events) == sum(
            isinstance(event, Closing) for event in events
        )


BLANKS = [(b"REF*IA*1~", False), (b"REF*IA *1~", True), (b"REF*IA*1 ~", True), (b"REF*I A*1~\n REF*1~", False)]


@pytest.mark.parametrize(("body", "blanks"), BLANKS)
def test_a_batch_tells_of_blanks_before_separators_and_terminators(body: bytes, blanks: bool) -> None:
    data = make.isa().encode() + b"~" + body + b"IEA*0*000000101~"
    assert any(event.blanks for event in tokenize(data) if isinstance(event, Batch)) == blanks
