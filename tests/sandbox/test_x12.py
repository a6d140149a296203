"""The partner's own X12: what it writes it can read, and a broken envelope is reported."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from d365edi.sandbox import x12

ADDRESS = x12.X12Address(("ZZ", "ACME"), ("01", "123456789"), "ACMEAPP", "OURAPP")
AT = datetime(2026, 1, 5, 9, 15, tzinfo=UTC)
BODY = [["BEG", "00", "SA", "4500123", "", "20260105"], ["CTT", "0"]]


def written(**style: str) -> bytes:
    return x12.write(ADDRESS, "PO", [("850", BODY), ("850", BODY)], interchange=7, group=3, at=AT, **style)


@pytest.mark.parametrize(
    ("delimiters", "newline"),
    [("*>~", ""), ("*>~", "\n"), ("*>~", "\r\n"), ("|<\n", ""), ("^:\x15", "\n"), ("\x07}\x1c", "")],
)
def test_what_is_written_in_any_spelling_is_read_again(delimiters: str, newline: str) -> None:
    (found,) = x12.split(written(delimiters=delimiters, newline=newline))
    (group,) = x12.groups(found)
    assert [transaction[1:-1] for transaction in group.sets] == [BODY, BODY]
    assert (found.isa[6], found.isa[13], group.gs[6]) == ("ACME           ", "000000007", "3")


def test_the_header_is_106_characters_and_says_its_version() -> None:
    old, new = written(), written(version="005010")
    assert (old[105:106], old[82:83], old[84:89]) == (b"~", b"U", b"00401")
    assert (new[105:106], new[82:83], new[84:89]) == (b"~", b"^", b"00501")


def test_several_interchanges_in_one_file_each_have_their_own_delimiters() -> None:
    found = x12.split(written() + b"\r\n \0" + written(delimiters="|<\n") + b"\x1a")
    assert [interchange.element for interchange in found] == ["*", "|"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"IEA*1*000000007", b"IEA*2*000000007", "IEA01 says 2 groups, there are 1"),
        (b"IEA*1*000000007", b"IEA*1*000000008", "IEA02 is not ISA13 000000007"),
        (b"GE*2*3", b"GE*1*3", "group 3 has 2 sets"),
        (b"GE*2*3", b"GE*2*4", "group 3 has 2 sets"),
        (b"GE*2*3~", b"", "a group ends without GE"),
        (b"SE*4*0002", b"SE*5*0002", "set 0002 has 4 segments"),
        (b"SE*4*0002", b"SE*4*0001", "set 0002 has 4 segments"),
        (b"SE*4*0001~", b"", "set 0001 has 3 segments"),
        (b"GS*PO", b"XX*PO", "XX stands where a group should begin"),
        (b"ST*850*0001~", b"", "BEG stands outside of a transaction set"),
        (b"IEA*1*000000007~", b"", "the interchange ends without IEA"),
        (b"ISA*00*", b"ISA*0*", "the file does not begin with an ISA"),
        (b"ISA", b"XSA", "the file does not begin with an ISA"),
    ],
)
def test_a_broken_envelope_is_unreadable_with_the_reason(old: bytes, new: bytes, words: str) -> None:
    data = written()
    assert old in data
    with pytest.raises(x12.Unreadable, match=words):
        x12.groups(x12.split(data.replace(old, new, 1))[0])


@pytest.mark.parametrize("data", [b"", b" \r\n\x1a"])
def test_a_file_of_nothing_is_unreadable(data: bytes) -> None:
    with pytest.raises(x12.Unreadable, match="the file is empty"):
        x12.split(data)


def test_product_ids_are_pairs_from_the_sixth_element_on() -> None:
    segment = ["PO1", "1", "12", "EA", "7.5", "", "UP", "614141000012", "", "x", "VN", "NB-1", "IN"]
    assert x12.pairs(segment) == {"UP": "614141000012", "VN": "NB-1"}


def test_product_ids_are_found_where_a_sender_leaves_out_the_price_basis() -> None:
    assert x12.pairs(["PO1", "1", "10", "EA", "25.00", "BP", "SKU-A"]) == {"BP": "SKU-A"}
