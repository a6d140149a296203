"""The 41 hostile inputs that the peers were tried with, made anew: name, whether a tolerant reader takes it, and the bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.edi.make import ORDER, data, interchange, isa, numbered


class Hostile(NamedTuple):
    """An input. `lines` is how many PO1 segments must come out of it again: in whatever set, or told as standing outside."""

    name: str
    valid: bool
    data: bytes
    lines: int = 2


GOOD = interchange()
TEXT = data(GOOD).decode()


def _swap(old: str, new: str) -> bytes:
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new).encode("latin-1")


def _without(*ids: str) -> bytes:
    return data([segment for segment in GOOD if segment.split("*")[0] not in ids])


def inputs() -> Iterator[Hostile]:
    """All of them, in the order of their names."""
    yield from _cut()
    yield from _counts()
    yield from _structure()
    yield from _spelling()
    yield from _sizes()


def _cut() -> Iterator[Hostile]:
    yield Hostile("00_good", True, data(GOOD))
    yield Hostile("01_empty", False, b"", 0)
    yield Hostile("02_whitespace_only", False, b" \r\n\t \n", 0)
    yield Hostile("03_truncated_isa", False, data(GOOD)[:60], 0)
    yield Hostile("04_isa_only", False, data(GOOD[:1]), 0)
    yield Hostile("05_cut_mid_segment", False, data(GOOD)[: TEXT.index("614141000029")], 2)


def _counts() -> Iterator[Hostile]:
    yield Hostile("06_wrong_se_count", False, _swap("SE*22*", "SE*21*"))
    yield Hostile("07_nonnumeric_se_count", False, _swap("SE*22*", "SE*XX*"))
    yield Hostile("08_wrong_se_control", False, _swap("SE*22*0001", "SE*22*0002"))
    yield Hostile("09_wrong_ge_count", False, _swap("GE*1*7", "GE*3*7"))
    yield Hostile("10_wrong_ge_control", False, _swap("GE*1*7", "GE*1*8"))
    yield Hostile("11_wrong_iea_count", False, _swap("IEA*1*", "IEA*4*"))
    yield Hostile("12_wrong_iea_control", False, _swap("IEA*1*000000101", "IEA*1*000000102"))
    yield Hostile("13_missing_iea", False, _without("IEA"))
    yield Hostile("14_missing_se", False, _without("SE"))
    yield Hostile("15_missing_ge_iea", False, _without("GE", "IEA"))
    yield Hostile("16_duplicate_st_control", False, data(interchange([numbered(ORDER), numbered(ORDER)])), 4)


def _structure() -> Iterator[Hostile]:
    yield Hostile("17_elem_sep_in_data", False, _swap("N1*ST*EXAMPLE DC 7", "N1*ST*A*B FOODS"))
    yield Hostile("18_segment_term_in_data", False, _swap("TRAIL MIX", "50% ~ OFF"))
    yield Hostile("19_crlf", True, data(GOOD, suffix="\r\n"))
    yield Hostile("20_lf", True, data(GOOD, suffix="\n"))
    yield Hostile("21_cr_only", True, data(GOOD, suffix="\r"))
    yield Hostile("22_newline_is_terminator", True, data(GOOD, "\n"))
    yield Hostile("23_no_final_terminator", True, data(GOOD)[:-1])
    yield Hostile("24_bom", True, b"\xef\xbb\xbf" + data(GOOD))
    yield Hostile("25_leading_whitespace", True, b"\r\n  \n" + data(GOOD))
    yield Hostile("28_two_interchanges", True, data(GOOD) + data(interchange(control=102)), 4)
    other = data(interchange(control=102)).translate(bytes.maketrans(b"*~>", b"|!^"))
    yield Hostile("29_two_interchanges_diff_delims", True, data(GOOD) + b"\r\n" + other, 4)
    yield Hostile("30_garbage_after_iea", False, data(GOOD) + b"THIS IS NO EDI")
    yield Hostile("33_empty_segment", False, _swap("CUR*BY*USD~", "CUR*BY*USD~~"))
    nested = [*interchange()[:10], *numbered(ORDER, control="0002"), *interchange()[10:]]
    yield Hostile("36_nested_st", False, data(nested), 4)
    yield Hostile("38_unknown_segment", False, _swap("CUR*BY*USD~", "CUR*BY*USD~ZZZ*1~").replace(b"SE*22", b"SE*23"))
    wrapped = TEXT.encode()
    rows = [wrapped[at : at + 80] for at in range(0, len(wrapped), 80)]
    yield Hostile("39_wrapped_80_columns", True, b"\r\n".join(rows) + b"\r\n")


def _spelling() -> Iterator[Hostile]:
    yield Hostile("26_utf8_multibyte", True, TEXT.replace("GRANOLA", "CAFÉ").encode("utf-8"))
    yield Hostile("27_latin1_byte", True, TEXT.replace("GRANOLA", "CAFÉ").encode("latin-1"))
    yield Hostile("31_nul_bytes", False, _swap("GRANOLA", "GRA\x00NOLA"))
    yield Hostile("34_lowercase_segment_id", False, _swap("N3*700", "n3*700"))
    short = "*".join(part.strip(" ") if len(part) > 9 else part for part in isa().split("*"))
    yield Hostile("35_unpadded_isa", False, data([short, *GOOD[1:]]))


def _sizes() -> Iterator[Hostile]:
    yield Hostile("32_1mb_element", False, _swap("GRANOLA", "G" * (1 << 20)))
    yield Hostile("37_million_empty_elements", False, _swap("CUR*BY*USD", "CUR*BY*USD" + "*" * 1_000_000))
    yield Hostile("40_huge_se_count", False, _swap("SE*22*", f"SE*{'9' * 400}*"))
