"""What the sets of X12 say about themselves: a table of checks for each, and the readings of invoice and payment totals.

Knows: the arithmetic of retail's sets. Does not know: order of segments, elements, what a partner agreed on.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from operator import mul

from d365edi.edi import checkdigit, totals
from d365edi.edi.findings import Finding
from d365edi.edi.interchange import InterchangeReport, SetReport
from d365edi.edi.standard import Place
from d365edi.edi.totals import (
    CENT,
    ZERO,
    CheckDigits,
    Count,
    Found,
    HashTotal,
    Hierarchy,
    Numbered,
    Row,
    Selection,
    rounding,
    slack,
)

GTIN = {"UP": (12,), "EN": (13,), "UK": (14,), "EO": (8,)}
"""The qualifiers (data element 235) of article numbers that have a check digit, with their lengths."""

PER = {
    "PN": 10, "PD": 12, "LD": 12, "RD": 12, "TD": 12, "WD": 12, "HP": 100, "LC": 100, "QH": 100, "RC": 100, "TC": 100,
    "WC": 100, "TP": 1000, "LM": 1000, "QS": 1000, "RM": 1000, "TM": 1000, "WM": 1000, "TT": 10_000, "HT": 100_000,
    "HF": 100, "TF": 1000, "PS": 1000,
}  # fmt: skip
"""The codes (data element 639) of prices for several, and for how many."""
MEASURED = {
    "PG": "GR", "PK": "KG", "PO": "OZ", "PA": "TO", "PP": "LB", "PT": "TN", "ML": "ML", "PL": "LT", "PF": "FT", "HF": "FT",
    "TF": "FT", "PY": "YD", "PS": "SF",
}  # fmt: skip
"""The codes of prices by weight, length or volume, with the unit that they are for."""
OF_WHATEVER = frozenset({"", "CA", "CP", "CT", "DI", "ES", "FX", "PR", "QT", "UM", "WH"})
"""The codes of prices of what is ordered."""
LINE_TOTAL = "1"
"""The code (data element 522) of an amount that is the total of a line."""
OF_ONE = OF_WHATEVER | {"PE", "WE", "TE", "LE", "QE"}
"""The codes of prices of one."""

_FIGURES = re.compile(r"(?:[0-9.-]{1,25}\n)*+").fullmatch


def check(report: SetReport, _interchange: InterchangeReport, place: Place) -> list[Finding]:
    """All findings about a set's own figures."""
    return totals.run(TABLE, report, place)


# -- money ------------------------------------------------------------------------------------------------------------
def _invoice(selection: Selection) -> Iterator[Finding]:
    """TDS01 = lines less allowances plus charges plus taxes. Taxes may stand twice, or only in a SAC: all readings are
    tried. Nothing is compared where a line has no figures."""
    headers, lines = selection.all("*/TDS"), selection.all("*/IT1")
    try:
        total = _money(headers[0][1][1]) * CENT
        goods = sum(map(mul, _figures(lines, 2), _prices(lines)), ZERO)
    except (ArithmeticError, IndexError):
        return
    charges, most, readings = _charges(selection), slack(len(lines)), list[Decimal]()
    for tax in _taxes(selection):
        if abs(total - goods - charges - tax) <= most:
            return
        readings.append(tax)
    index, row = headers[0]
    tax = readings[0]
    counted = (
        f"but lines {goods:.2f}, allowances and charges {charges:.2f}, taxes {tax:.2f} "
        f"add up to {goods + charges + tax:.2f}"
    )
    yield selection.finding("element.total", index, 1, row[1], said=f"{total:.2f}", counted=counted)


def _money(text: str) -> Decimal:
    """A number as it stands. InvalidOperation for anything that is none."""
    value = Decimal(text)
    if not value.is_finite() or abs(value.adjusted()) > 40:
        raise InvalidOperation
    return value


def _figures(lines: list[Found], element: int) -> list[Decimal]:
    """A figure of all lines. IndexError where a line ends before it, InvalidOperation where it is none."""
    texts = [row[element] for _, row in lines]
    if not _FIGURES("\n".join([*texts, ""])):
        raise InvalidOperation
    return list(map(Decimal, texts))


def _prices(lines: list[Found]) -> list[Decimal]:
    """The price of one unit of all lines: some codes say that it is for more (IT105). IndexError where one is for another
    unit than is billed: it takes a weight or a count that the line does not say."""
    codes = [row[5] if len(row) > 5 else "" for _, row in lines]
    prices = _figures(lines, 4)
    if OF_ONE.issuperset(codes):
        return prices
    if any(code in MEASURED and row[3] != MEASURED[code] for code, (_, row) in zip(codes, lines, strict=True)):
        raise IndexError
    return [price / PER.get(code, 1) for price, code in zip(prices, codes, strict=True)]


def _charges(selection: Selection) -> Decimal:
    """Allowances and charges; those of sublines are in the line's price."""
    line = {"850": "PO1/SAC", "860": "POC/SAC"}.get(selection.report.id, "IT1/SAC")
    rows = selection.all(line, "SAC") if selection.all("*/SLN") else selection.all("*/SAC")
    return sum((_charge(selection, row) for _, row in rows), ZERO)


def _charge(selection: Selection, row: Row) -> Decimal:
    """What a SAC adds to the total: bill backs (01) and information (15, N) add nothing."""
    amount, kind = selection.number(row, 5), selection.text(row, 1)
    if amount is None or selection.text(row, 12) in ("01", "15") or kind not in ("A", "C"):
        return ZERO
    return -abs(amount) * CENT if kind == "A" else amount * CENT


def _taxes(selection: Selection) -> Iterator[Decimal]:
    """What the taxes may come to: all, none (they are in a SAC), those of the whole invoice, those of its lines."""
    whole = selection.total("*/TXI", 2)
    yield whole
    if whole:
        yield ZERO
        summary = selection.total("TXI", 2)
        yield summary
        yield whole - summary


def _order(selection: Selection) -> Iterator[Finding]:
    """AMT*TT = lines, with allowances and charges or without, with taxes or without. Nothing is compared where a line has no
    figures or a price is for what cannot be counted."""
    said = next((found for found in selection.all("CTT/AMT") if selection.text(found[1], 1) == "TT"), None)
    total, goods = selection.number(said[1], 2) if said is not None else None, list[Decimal]()
    if said is None or total is None:
        return
    for _, row in selection.all("PO1"):
        amount = _ordered(selection, row)
        if amount is None:
            return
        goods.append(amount)
    if not goods:
        return
    whole, charges, taxes = sum(goods, ZERO), _charges(selection), selection.total("*/TXI", 2)
    readings = {whole + more + tax for more in (ZERO, charges) for tax in (ZERO, taxes)}
    if all(abs(total - reading) > slack(len(goods)) for reading in readings):
        extra = f", with allowances, charges and taxes to {whole + charges + taxes:.2f}" if charges or taxes else ""
        counted = f"the lines come to {whole:.2f}{extra}"
        yield selection.finding("element.total", said[0], 2, said[1][2], said=said[1][2], counted=counted)


def _change(selection: Selection) -> Iterator[Finding]:
    """AMT*TT of a change is what its lines come to where it replaces the order (BCH01 05). Another change may name some lines
    of an order and the total of all of it: that is not less than they are. POC03 is a new quantity, POC04 what is left: both
    are tried, but for lines that are deleted."""
    said = next((found for found in selection.all("CTT/AMT") if selection.text(found[1], 1) == "TT"), None)
    total, goods = selection.number(said[1], 2) if said is not None else None, list[list[Decimal]]()
    if said is None or total is None:
        return
    for _, row in selection.all("POC"):
        if selection.text(row, 2) not in DELETED:
            plain = [each.partition(selection.component)[0] for each in row]  # the unit is a composite
            amounts = (_ordered(selection, plain, (quantity, 6, 7, 5)) for quantity in (3, 4))
            goods.append([amount for amount in amounts if amount is not None])
    if not goods or not all(goods):
        return
    whole = any(selection.text(row, 1) == REPLACE for _, row in selection.all("BCH"))
    charges, taxes = _charges(selection), selection.total("*/TXI", 2)
    lines = {sum((each[0] for each in goods), ZERO), sum((each[-1] for each in goods), ZERO)}
    readings = {line + more + tax for line in lines for more in (ZERO, charges) for tax in (ZERO, taxes)}
    most = slack(len(goods))
    if all(abs(total - each) > most if whole else total < each - most for each in readings):
        counted = f"its lines come to {sum((each[0] for each in goods), ZERO):.2f}"
        yield selection.finding("element.total", said[0], 2, said[1][2], said=said[1][2], counted=counted)


DELETED, REPLACE = ("DI",), "05"
"""A line that is taken out (POC02); a change that says the whole order anew (BCH01)."""


def _ordered(selection: Selection, row: Row, at: tuple[int, int, int, int] = (2, 4, 5, 3)) -> Decimal | None:
    """What a line of an order comes to; None where it has no figures, or a price for what cannot be counted. `at`: where it
    says quantity, price, what the price is for, and the unit."""
    quantity, price, basis = selection.number(row, at[0]), selection.number(row, at[1]), selection.text(row, at[2])
    unit = selection.text(row, at[3])
    plain = unit in ("EA", "") or basis in OF_WHATEVER or MEASURED.get(basis) == unit
    if quantity is None or price is None or not plain or MEASURED.get(basis, unit) != unit:
        return None
    return quantity * price / PER.get(basis, 1)


def _line_amounts(selection: Selection) -> Iterator[Finding]:
    """AMT*1 of a line is what it comes to, with its allowances and charges or without, with its taxes or without."""
    if all(selection.text(row, 1) != LINE_TOTAL for _, row in selection.all("PO1/AMT")):
        return
    line: Row = []
    charges = taxes = ZERO
    for index, row in selection.all("PO1", "PO1/SAC", "PO1/TXI", "PO1/AMT"):
        if row[0] == "PO1":
            line, charges, taxes = row, ZERO, ZERO
        elif row[0] == "SAC":
            charges += _charge(selection, row)
        elif row[0] == "TXI":
            taxes += selection.number(row, 2) or ZERO
        elif selection.text(row, 1) == LINE_TOTAL and (goods := _ordered(selection, line)) is not None:
            said = selection.number(row, 2)
            most = rounding((selection.number(line, 2) or ZERO) / PER.get(selection.text(line, 5), 1))
            readings = {goods + more + tax for more in (ZERO, charges) for tax in (ZERO, taxes)}
            if said is not None and all(abs(said - reading) > most for reading in readings):
                counted = f"the line comes to {goods:.2f}"
                yield selection.finding("element.total", index, 2, row[2], said=row[2], counted=counted)


def _payment(selection: Selection) -> Iterable[Finding]:
    """BPR02 = paid items plus stand-alone adjustments; guides differ whether nested adjustments are in the items already."""
    headers, items = selection.all("BPR"), selection.all("ENT/RMR")
    said = selection.number(headers[0][1], 2) if headers else None
    if said is None or not items:
        return
    plain = selection.total("ENT/RMR", 4) + selection.total("ENT/ADX", 1)
    if said not in (plain, plain + selection.total("ENT/RMR/ADX", 1)):
        index, row = headers[0]
        counted = f"items and adjustments add up to {plain}"
        yield selection.finding("element.total", index, 2, row[2], said=said, counted=counted)


# -- levels -----------------------------------------------------------------------------------------------------------
_STRUCTURES = {"": "SOI", "0001": "SOPI", "0002": "SOIP", "0003": "SPOI", "0004": "SOI"}
"""The order of levels (data element 735) from above, by the structure that BSN05 names; without one what all have."""
_PACKAGES = frozenset("TPQ")
"""Tare, pack and subpack: what lies in what of these is not said by a structure."""


def _levels(selection: Selection) -> Iterator[Finding]:
    """No level stands below one that the structure has below it: an order below an item is an error, a pack on the wrong side
    of items or orders a warning, for its place is clear."""
    structure = next((selection.text(row, 5) for _, row in selection.all("BSN")), "")
    order = _STRUCTURES.get(structure, "")
    rows = [(index, row) for index, row in selection.all("HL") if len(row) > 3]
    kinds = {row[3] for _, row in rows}
    wrong = {(above, kind) for above in kinds for kind in kinds if _turned(order, above, kind)}
    levels = dict[str, str]()
    for index, row in rows if wrong else ():
        above, kind = levels.get(row[2], ""), row[3]
        if (above, kind) in wrong:
            key = "order" if _turned("SOI", above, kind) else "structure"
            yield selection.finding(
                f"element.hierarchy.{key}", index, 3, kind, above=above, structure=structure, order=", ".join(order)
            )
        levels[row[1]] = kind


def _turned(order: str, above: str, kind: str) -> bool:
    """Whether a level above another one belongs below it."""
    at = [order.find("P" if one in _PACKAGES else one) if one else -1 for one in (above, kind)]
    return min(at) >= 0 and at[0] > at[1]


# -- numbers of GS1 ---------------------------------------------------------------------------------------------------
def _articles(segment: str) -> CheckDigits:
    """The article numbers of lines, each behind its qualifier, wherever the two stand."""

    def numbers(selection: Selection) -> list[Numbered]:
        found = list[Numbered]()
        for index, row in selection.all(segment):
            behind = 0
            for at in range(1, len(row) - 1):
                if row[at] in GTIN and at != behind:
                    behind = at + 1
                    sizes = GTIN[row[at]]
                    found.append((index, behind, 0, row[behind], sizes, f"GTIN-{sizes[0]}"))
        return found

    return CheckDigits(numbers, 234)


def _cartons(selection: Selection) -> Iterable[Finding]:
    """SSCCs: 18 digits, or 20 with the application identifier 00; right check digit; each only once."""
    seen: set[str] = set()
    for index, row in selection.all("HL/MAN"):
        if len(row) < 3 or row[1] not in ("GM", "AA"):
            continue
        number = row[2][2:] if len(row[2]) == 20 and row[2].startswith("00") else row[2]
        if len(number) != 18 or not checkdigit.valid(number):
            yield selection.finding("element.check-digit", index, 2, row[2], number=row[2][:40], kind="SSCC")
        if number in seen:
            yield selection.finding("element.duplicate-sscc", index, 2, row[2], number=number[:40])
        seen.add(number)


_LINES = (Count("CTT", 1, "PO1"), HashTotal("CTT", 2, "PO1", 2))
_ARTICLES = _articles("any/PO1")
_CHANGE = totals.checks("CTT POC any/POC", Count("CTT", 1, "POC"), _articles("any/POC"))
_CHANGED = totals.checks(
    "BCH CTT CTT/AMT POC any/POC */SAC */SLN */TXI POC/SAC SAC", Count("CTT", 1, "POC"), _change, _articles("any/POC")
)

TABLE = {
    "850": totals.checks(
        "CTT CTT/AMT PO1 any/PO1 */SAC */SLN */TXI PO1/SAC SAC PO1/TXI PO1/AMT",
        *_LINES,
        _order,
        _line_amounts,
        _ARTICLES,
    ),
    "855": totals.checks("CTT PO1 any/PO1", *_LINES, _ARTICLES),
    "860": _CHANGED,
    "865": _CHANGE,
    "856": totals.checks(
        "BSN CTT HL HL/SN1 HL/MAN any/LIN",
        Count("CTT", 1, "HL", or_of=("HL", 3, "I")),  # most count HL, some count items
        HashTotal("CTT", 2, "HL/SN1", 2),
        Hierarchy("HL", 1, 2, 3),
        _levels,
        _cartons,
        _articles("any/LIN"),
    ),
    "810": totals.checks(
        "CTT IT1 any/IT1 */IT1 */TDS */SAC */SLN */TXI IT1/SAC SAC TXI",
        Count("CTT", 1, "IT1"),
        HashTotal("CTT", 2, "IT1", 2),
        _invoice,
        _articles("any/IT1"),
    ),
    "820": totals.checks("BPR ENT/RMR ENT/ADX ENT/RMR/ADX", _payment),
}
"""The checks of each set, in the order of their findings."""
