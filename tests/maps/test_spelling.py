"""Values are spelled as the dictionary says and read back; what does not fit is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from d365edi.edi.guide import Element
from d365edi.maps.spelling import spelling, total


def element(type: str, least: int = 1, most: int = 10, number: str = "1") -> Element:
    return Element(1, number, "Name", type, least, most)


SAME = [
    ("N2", "amount", "1234", Decimal("12.34")),
    ("N2", "amount", "5", Decimal("0.05")),
    ("N2", "amount", "-310", Decimal("-3.10")),
    ("N0", "amount", "12", Decimal(12)),
    ("N0", "whole", "30", 30),
    ("R", "amount", "12.5", Decimal("12.50")),
    ("R", "amount", "-0.0825", Decimal("-0.0825")),
    ("R", "amount", "100", Decimal("1E+2")),
    ("R", "amount", "0", Decimal("-0.00")),
    ("DT", "day", "20260105", date(2026, 1, 5)),
    ("AN", "text", "0078123", "0078123"),
    ("ID", "text", "EA", "EA"),
    ("TM", "text", "0915", "0915"),
]


@pytest.mark.parametrize(("type", "kind", "text", "value"), SAME)
def test_a_value_is_written_and_read(type: str, kind: str, text: str, value: object) -> None:
    found = spelling(element(type), kind)  # type: ignore[arg-type]
    assert found is not None
    parse, format = found
    assert (format(value), parse(text) if parse else text) == (text, value)


def test_cents_are_rounded_half_up() -> None:
    found = spelling(element("N2"), "amount")
    assert found is not None
    assert [found[1](Decimal(text)) for text in ("1.005", "1.004", "-1.005")] == ["101", "100", "-101"]


def test_a_point_in_cents_means_that_the_value_is_scaled_already() -> None:
    found = spelling(element("N2"), "amount")
    assert found is not None
    assert found[0] is not None
    assert found[0]("12.34") == Decimal("12.34")


def test_six_digits_are_a_date_of_the_old_versions() -> None:
    found = spelling(element("DT", 6, 6), "day")
    assert found is not None
    parse, format = found
    assert parse is not None
    assert (parse("260105"), parse("991231"), format(date(2026, 1, 5))) == (
        date(2026, 1, 5),
        date(1999, 12, 31),
        "260105",
    )


@pytest.mark.parametrize(
    ("type", "kind"),
    [("DT", "text"), ("AN", "day"), ("R", "text"), ("AN", "amount"), ("R", "whole"), ("N2", "whole"), ("ID", "amount")],
)
def test_what_does_not_agree_has_no_spelling(type: str, kind: str) -> None:
    assert spelling(element(type), kind) is None  # type: ignore[arg-type]


UNREADABLE = [
    ("R", "amount", "12E5", "is no number"),
    ("R", "amount", "NaN", "is no number"),
    ("R", "amount", "1_000", "is no number"),
    ("R", "amount", "1.2.3", "is no number"),
    ("N2", "amount", "12 4", "is no number"),
    ("N0", "whole", "1.5", "is no whole number"),
    ("DT", "day", "20261301", "is no date"),
    ("DT", "day", "2024W011", "is no date"),
    ("DT", "day", "2026", "is no date"),
]


@pytest.mark.parametrize(("type", "kind", "text", "told"), UNREADABLE)
def test_what_is_no_value_is_told(type: str, kind: str, text: str, told: str) -> None:
    found = spelling(element(type), kind)  # type: ignore[arg-type]
    assert found is not None
    assert found[0] is not None
    with pytest.raises(ValueError, match=told):
        found[0](text)


TOO_LONG = [
    (element("AN", 1, 5), "text", "ABCDEF", "has 6 characters, and 5 fit"),
    (element("AN", 2, 5), "text", "A", "has 1 characters, and needs 2"),
    (element("R", 1, 3), "amount", Decimal("12.34"), "has 4 digits, and 3 fit"),
    (element("N2", 1, 3), "amount", Decimal("12.34"), "has 4 digits, and 3 fit"),
    (element("N0", 1, 3), "amount", Decimal("1.5"), "is no whole number"),
]


@pytest.mark.parametrize(("place", "kind", "value", "told"), TOO_LONG)
def test_what_does_not_fit_is_told(place: Element, kind: str, value: object, told: str) -> None:
    found = spelling(place, kind)  # type: ignore[arg-type]
    assert found is not None
    with pytest.raises(ValueError, match=told):
        found[1](value)


def test_the_sign_and_the_point_do_not_count() -> None:
    found = spelling(element("R", 1, 4), "amount")
    assert found is not None
    assert found[1](Decimal("-12.34")) == "-12.34"


def test_text_for_people_is_cut_and_a_key_is_not() -> None:
    found = spelling(element("AN", 1, 10, "352"), "text")
    assert found is not None
    assert found[1]("GRANOLA BARS 12 X 40 G") == "GRANOLA BA"


@pytest.mark.parametrize(("value", "text"), [("178", "178"), ("12.50", "12.5"), ("12345.6", "2345.6"), ("0", "0")])
def test_a_hash_total_loses_its_first_digits(value: str, text: str) -> None:
    assert total(element("R", 1, 5))(Decimal(value)) == text
