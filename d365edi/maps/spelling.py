"""How a value of a document is spelled in an element, and read again: the only place where text becomes a number or a
day.

The dictionary says how (`AN ID N0 N2 R DT TM`), the document what (text, amount, whole number, day); where the two do
not agree there is no spelling and the map is wrong. `N2` counts cents (1234 is 12.34), `R` has a point where it needs
one, and neither the sign nor the point counts in a length. No exponents, no thousands. A day is CCYYMMDD, or YYMMDD
where the element has six places.

Knows: elements and kinds of fields. Does not know: segments, documents, partners.
"""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from d365edi.edi.guide import Element
from d365edi.maps.fields import Kind

Parse = Callable[[str], object]
Format = Callable[[object], str]

FREE_TEXT = frozenset({"93", "166", "352", "369", "387", "933", "1551"})
"""Data elements for people to read, by number: names, addresses, descriptions, messages. Too long, they are cut; a
key never is."""

_DIGITS = "0123456789"


def spelling(element: Element, kind: Kind) -> tuple[Parse | None, Format] | None:
    """How to read (None: as it stands) and to write; None when element and field do not agree.

    Both raise ValueError with the end of a sentence whose start is the value: `is no number`, `has 25 characters, and
    22 fit`."""
    type = element.type
    if kind == "text" and type in ("AN", "ID", "TM", "B"):
        return None, words(element, free=element.number in FREE_TEXT)
    if kind == "amount" and type == "R":
        return decimal, plain(element)
    if kind == "amount" and type[:1] == "N" and type[1:].isdigit():
        return _implied(int(type[1:])), _counted(element, int(type[1:]))
    if kind == "whole" and type == "N0":
        return whole, _counted(element, 0)
    if kind == "day" and type == "DT":
        return _day, _day_text(element)
    return None


def decimal(text: str) -> Decimal:
    """A number with a decimal point. Raises ValueError."""
    if text.strip("0123456789.-"):
        raise ValueError("is no number")
    try:
        return Decimal(text)
    except ArithmeticError:
        raise ValueError("is no number") from None


def _implied(places: int) -> Parse:
    if not places:
        return decimal

    def parse(text: str) -> Decimal:
        value = decimal(text)
        return value if "." in text else value.scaleb(-places)

    return parse


def whole(text: str) -> int:
    """A whole number. Raises ValueError."""
    if text.strip("0123456789-"):
        raise ValueError("is no whole number")
    return int(text)


def _day(text: str) -> date:
    if text.strip(_DIGITS) or len(text) not in (6, 8):
        raise ValueError("is no date")
    if len(text) == 6:  # two digits of the year: 00 to 49 are this century
        text = ("20" if text < "5" else "19") + text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date") from None


def words(element: Element, *, free: bool) -> Format:
    """How text is written: its length held to the element's, and cut where it is `free`."""
    least, most = element.min, element.max

    def write(value: Any) -> str:
        text: str = value
        if least <= len(text) <= most:
            return text
        if len(text) > most:
            if not free:
                raise ValueError(f"has {len(text)} characters, and {most} fit")
            text = text[:most].rstrip(" ")
        if len(text) < least:
            raise ValueError(f"has {len(text)} characters, and needs {least}")
        return text

    return write


def plain(element: Element) -> Format:
    """How a number is written: as short as it can be, its digits held to the element's."""
    most = element.max

    def write(value: object) -> str:
        text = str(value)
        if len(text) <= most and (text.isdigit() or (text[-1] in "123456789" and "E" not in text)):
            return text
        text = format(value, "f")
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        if text in ("-0", ""):
            text = "0"
        digits = len(text) - text.count("-") - text.count(".")
        if digits > most:
            raise ValueError(f"has {digits} digits, and {most} fit")
        return text

    return write


def _counted(element: Element, places: int) -> Format:
    most = element.max
    unit = Decimal(1).scaleb(-places)

    def format(value: object) -> str:
        assert isinstance(value, Decimal | int)
        exact = Decimal(value)
        if not places and exact != exact.to_integral_value():
            raise ValueError("is no whole number")
        text = str(int(exact.quantize(unit, ROUND_HALF_UP).scaleb(places)))
        if len(text.lstrip("-")) > most:
            raise ValueError(f"has {len(text.lstrip('-'))} digits, and {most} fit")
        return text.rjust(element.min, "0") if len(text) < element.min else text

    return format


def _day_text(element: Element) -> Format:
    start = 2 if element.max == 6 else 0

    def format(value: object) -> str:
        assert isinstance(value, date)
        return value.isoformat().replace("-", "")[start:]

    return format


def total(element: Element) -> Format:
    """A count or a hash total: one too long for its element loses its first digits, as the standard says of element
    347."""

    def write(value: object) -> str:
        text = format(value, "f")
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        while len(text) - text.count("-") - text.count(".") > element.max:
            text = text.replace("-", "")[1:]
        return text or "0"

    return write
