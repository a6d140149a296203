"""The figures of a line stand where its form says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from d365edi.edi.sweep import NOUGHTS
from d365edi.edi.x12 import layout

LINE = b"IT1*1*120*EA*12.5*WE*UP*614141000012*VN*NB-100*EN*4006381333931"


def test_the_figures_of_a_line_are_cut_out_by_their_places() -> None:
    found = layout.layout(LINE.translate(NOUGHTS), b"*")
    cut = [LINE[place] for place in (found.quantity, found.price, *found.articles)]
    assert (cut, found.scale) == ([b"120", b"12.5", b"614141000012", b"4006381333931"], 100_000)


@pytest.mark.parametrize(
    ("line", "figures"),
    [
        (b"IT1*1*7*EA*.33", [b"7", b".33"]),
        (b"IT1*1*7*EA*5", [b"7", b"5"]),
        (b"IT1*1*7.5*EA*1.2345678", [b"", b""]),
        (b"IT1*1*x*EA*1.2.3", [b"", b""]),
        (b"IT1", [b"", b""]),
        (b"IT1*1**EA**PE", [b"", b""]),
    ],
)
def test_what_is_no_plain_number_stands_nowhere(line: bytes, figures: list[bytes]) -> None:
    found = layout.layout(line.translate(NOUGHTS), b"*")
    assert [line[found.quantity], line[found.price], *found.articles] == figures


@pytest.mark.parametrize(
    "line",
    [b"IT1*1*7*EA*1**UP*61414100001", b"IT1*1*7*EA*1**UK*614141000012", b"IT1*1*7*EA*1**UP*", b"IT1*1*7*EA*1**UP",
     b"IT1*1*7*EA*1**UP*61414100001X", b"IT1*UP*614*EA*1", b"IT1*1*7*EA*1**VN*UP*UP*614141000012"],
)  # fmt: skip
def test_an_article_number_of_a_wrong_length_has_no_layout(line: bytes) -> None:
    with pytest.raises(ValueError, match="IT0"):
        layout.layout(line.translate(NOUGHTS), b"*")


def test_the_lines_of_a_set_have_one_scale() -> None:
    found = layout.known([b"IT1*1*3*EA*.3333", b"IT1*2*2*EA*10"], b"*")
    assert found is not None
    assert (found.quantities(), found.goods(found.quantities())) == ([3, 2], Decimal("20.9999"))


def test_only_so_many_forms_are_remembered() -> None:
    layout._met.cache_clear()
    lines = [b"IT1*1*7*EA*1**VN*%s" % (b"A" * size) for size in (1, 2, 3)]
    assert [layout.known([line], b"*", 2) is not None for line in (*lines, lines[0])] == [True, True, False, True]
    layout._met.cache_clear()


def test_digits_that_separate_have_no_forms() -> None:
    assert layout.known([b"IT121725EA21"], b"2") is None
