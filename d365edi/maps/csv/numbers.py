"""How numbers and days are spelled in flat files: with the mark and the order that the map's `[file]` or `[columns]` say.

An element of a flat file has as its type the words `MARK PLACES DAYS`: the decimal mark, how many decimals are implied
(1234 is 12.34 where 2 are), and the spellings of a day, the written one first: `. 0 YYYY-MM-DD|MM/DD/YYYY`.

A number may be grouped (1.234,50), negative in front, behind or in parentheses; one that could be read in two ways (1.234
with a decimal comma) is refused. A day may have a time behind it, and only zeros are no day.

Knows: spellings. Does not know: columns, documents.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from d365edi.edi.guide import Element
from d365edi.maps.fields import Kind
from d365edi.maps.spelling import Format, Parse

SIGN = "sign"
"""The type of a part that is only the sign of a number."""

_PARTS = {"YYYY": r"(?P<y>\d{4})", "YY": r"(?P<y>\d\d)", "MM": r"(?P<m>\d\d)", "DD": r"(?P<d>\d\d)"}
_TOKEN = re.compile(r"YYYY|YY|MM|DD")
_TIME = r"(?:[T ]\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?Z?)?\Z"
_TURNED = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\Z|\d{1,2}-[A-Za-z]{3}-\d\d")


def spelling(element: Element, kind: Kind) -> tuple[Parse | None, Format] | None:
    """How to read (None: as it stands) and to write, as in an X12 element; None for a part."""
    if element.type == SIGN:
        return (None, _sign) if kind == "text" else None
    if kind == "part":
        return None
    if kind == "text":
        return None, str
    mark, places, days = element.type.split(" ")
    if kind == "day":
        return _day_of(days), _day_text(days.split("|")[0])
    parse, format = _amount(mark, int(places)), _number(mark, int(places))
    return (parse, format) if kind == "amount" else (_whole(parse), format)


def is_days(text: str) -> bool:
    """Whether a text spells days, as YYYY-MM-DD or DD.MM.YY, or several such with | between."""
    return all(
        sorted(token[0] for token in _TOKEN.findall(each)) == ["D", "M", "Y"] and " " not in each
        for each in text.split("|")
    )


def compose(element: Element) -> Callable[[list[str]], list[str]] | None:
    """How a number that is read in parts is written: its sign, where it is a minus, before its size."""
    return _signed if element.components else None


def _signed(parts: list[str]) -> list[str]:
    return ["".join(parts).removeprefix("+")]


# -- numbers ----------------------------------------------------------------------------------------------------------
@lru_cache
def _amount(mark: str, places: int) -> Parse:
    other = re.escape("," if mark == "." else ".")
    plain = re.compile(rf"\d+(?:[{mark}]\d*)?\Z|[{mark}]\d+\Z")
    grouped = re.compile(rf"\d{{1,3}}(?:[{other} \xa0'’]\d{{3}})+(?P<rest>[{mark}]\d+)?\Z")

    def parse(text: str) -> Decimal:
        bare, negative = _unsigned(text)
        if not plain.match(bare):
            found = grouped.match(bare)
            if found is None:
                raise ValueError(f"is no number with a decimal {'point' if mark == '.' else 'comma'}")
            if not found["rest"] and sum(not each.isdigit() for each in bare) == 1:
                raise ValueError(f"could be {re.sub(r'[^0-9]', '', bare)} or {re.sub(r'[^0-9]', '.', bare)}")
            bare = re.sub(rf"[^\d{mark}]", "", bare)
        value = Decimal(bare.replace(mark, "."))
        value = value.scaleb(-places) if places and mark not in bare else value
        return -value if negative else value

    return parse


def _unsigned(text: str) -> tuple[str, bool]:
    """A number without its sign, and whether it is negative: -1, 1- and (1)."""
    if text[:1] == "(" and text[-1:] == ")":
        return text[1:-1], True
    if text[:1] in "+-" or text[-1:] == "-":
        return text.strip("+-").strip(" "), "-" in text
    return text, False


def _whole(parse: Parse) -> Parse:
    def whole(text: str) -> int:
        value = parse(text)
        assert isinstance(value, Decimal)
        if value != value.to_integral_value():
            raise ValueError("is no whole number")
        return int(value)

    return whole


def _number(mark: str, places: int) -> Format:
    def write(value: object) -> str:
        assert isinstance(value, Decimal | int)
        number = Decimal(value).scaleb(places)
        if places and number != number.to_integral_value():
            raise ValueError(f"has more than {places} decimals")
        text = format(number.to_integral_value() if places else number, "f")
        return text.lstrip("-").replace(".", mark) if not number else text.replace(".", mark)

    return write


def _sign(value: object) -> str:
    if value not in ("+", "-"):
        raise ValueError("is no sign; [codes] must say which word is + and which is -")
    return str(value)


# -- days -------------------------------------------------------------------------------------------------------------
@lru_cache
def _day_of(days: str) -> Parse:
    patterns = [_pattern(each) for each in days.split("|")]

    def parse(text: str) -> date | None:
        if not text.strip("0./- "):
            return None
        for pattern in patterns:
            if found := pattern.match(text):
                year = int(found["y"])
                year += 0 if year > 99 else 2000 if year < 50 else 1900
                try:
                    return date(year, int(found["m"]), int(found["d"]))
                except ValueError:
                    continue
        raise ValueError(_trouble(text, days))

    return parse


def _trouble(text: str, days: str) -> str:
    trouble = f"is no date as {days.replace('|', ' or ')}"
    if _TURNED.match(text):
        return f"{trouble}; a spreadsheet may have turned it"
    if text.isdigit() and len(text) == 5:
        return f"{trouble}; it looks like a spreadsheet's count of days since 1900"
    return trouble


def _pattern(days: str) -> re.Pattern[str]:
    """The pattern of a spelling; between separators a day or month may have one digit."""
    apart = _TOKEN.sub("", days) != ""
    text = "".join(_PARTS.get(each, re.escape(each)) for each in re.split(r"(YYYY|YY|MM|DD)", days))
    if apart:
        text = text.replace(r"<m>\d\d", r"<m>\d{1,2}").replace(r"<d>\d\d", r"<d>\d{1,2}")
    return re.compile(text + _TIME)


def _day_text(days: str) -> Format:
    def write(value: object) -> str:
        assert isinstance(value, date)
        parts = {
            "YYYY": f"{value.year:04}",
            "YY": f"{value.year % 100:02}",
            "MM": f"{value.month:02}",
            "DD": f"{value.day:02}",
        }
        return _TOKEN.sub(lambda token: parts[token[0]], days)

    return write
