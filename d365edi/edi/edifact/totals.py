"""What the messages of EDIFACT say about themselves: a table of checks for each, and the readings of invoice and payment
totals.

Knows: the arithmetic of retail's messages. Does not know: order of segments, elements, what a partner agreed on.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from d365edi.edi import release, totals, values
from d365edi.edi.findings import Finding
from d365edi.edi.interchange import InterchangeReport, SetReport
from d365edi.edi.rules import finding
from d365edi.edi.standard import Place
from d365edi.edi.totals import ZERO, CheckDigits, Found, Hierarchy, Numbered, Row, Selection, rounding, slack

GTIN = {"EN": (8, 12, 13, 14), "SRV": (8, 12, 13, 14), "UP": (12,)}
"""The kinds of article numbers (7143) that have a check digit, with their lengths."""
GLN, SSCC_SIZE = (13,), (18,)
SSCC = ("BJ", "AW")
"""What GIN (7405) calls an SSCC: the older and the newer code."""

_NUMERIC = {
    "QTY": ((1, 2),), "MOA": ((1, 2),), "PRI": ((1, 2), (1, 5)), "PCD": ((1, 2),), "CUX": ((3, 1),), "CNT": ((1, 2),),
    "MEA": ((3, 2), (3, 3), (3, 4)), "RTE": ((1, 2),), "QVR": ((1, 1),),
}  # fmt: skip
"""Where the segments that have numbers have them."""


def check(report: SetReport, _interchange: InterchangeReport, place: Place) -> list[Finding]:
    """All findings about a message's own figures."""
    return totals.run(TABLE, report, place)


# -- counts and quantities --------------------------------------------------------------------------------------------
def _control_totals(selection: Selection) -> Iterator[Finding]:
    """CNT 2 (and 3) counts the lines, all or those that are no sub-lines; CNT 1 sums up quantities, of one kind or all."""
    lines, counts = selection.all("any/LIN"), selection.all("any/CNT")
    whole = sum(not selection.text(line, 4, 1) for _, line in lines)
    sums = _quantities(selection) if any(selection.text(row, 1, 1) == "1" for _, row in counts) else {}
    for index, row in counts:
        kind, said = selection.text(row, 1, 1), selection.number(row, 1, 2)
        if said is None:
            continue
        if kind in ("2", "3"):
            if said not in (len(lines), whole):
                yield _total(selection, index, said, f"the message has {len(lines)} lines")
        elif kind == "1" and said not in (*sums.values(), sum(sums.values(), ZERO)):
            listed = ", ".join(f"{total} ({code})" for code, total in sums.items()) or "nothing"
            yield _total(selection, index, said, f"the quantities add up to {listed}")


def _total(selection: Selection, index: int, said: Decimal, counted: str, kind: str = "") -> Finding:
    """The finding for a figure in the second component of the first element; `kind` names the amount."""
    words = f"{said} ({kind})" if kind else str(said)
    return selection.finding("element.total", index, 1, str(said), component=2, said=words, counted=counted)


def _quantities(selection: Selection) -> dict[str, Decimal]:
    """The sum of the quantities of each kind (6063)."""
    sums: dict[str, Decimal] = {}
    for _, row in selection.all("any/QTY"):
        kind = selection.text(row, 1, 1)
        sums[kind] = sums.get(kind, ZERO) + (selection.number(row, 1, 2) or ZERO)
    return sums


def _marks(selection: Selection) -> Iterator[Finding]:
    """The decimal mark that was not announced (ISO 9735: point or comma): both are understood, which is said once."""
    announced = selection.report.syntax.decimal
    mark = "." if announced == "," else ","
    if not any(mark in release.data(text) for text in selection.report.segments):
        return
    for index, row in selection.all(*(f"any/{id}" for id in _NUMERIC)):
        for element, component in _NUMERIC[row[0][:3]]:
            text = selection.text(row, element, component)
            if mark in text:
                key = "element.decimal-mark.other"
                yield selection.finding(key, index, element, text, component=component, mark=announced)
                return


# -- numbers of GS1 ---------------------------------------------------------------------------------------------------
def _gs1(selection: Selection) -> list[Numbered]:
    """GTIN in LIN and PIA, GLN in NAD, SSCC in GIN."""
    text, found = selection.text, list[Numbered]()
    for index, row in selection.all("any/LIN"):
        if len(row) > 3 and (sizes := GTIN.get(text(row, 3, 2))):
            found.append((index, 3, 1, text(row, 3, 1), sizes, "GTIN"))
    for index, row in selection.all("any/PIA"):
        for at in range(2, len(row)):
            if sizes := GTIN.get(text(row, at, 2)):
                found.append((index, at, 1, text(row, at, 1), sizes, "GTIN"))
    for index, row in selection.all("any/NAD"):
        if text(row, 2, 3) == "9":
            found.append((index, 2, 1, text(row, 2, 1), GLN, "GLN"))
    for index, row in selection.all("any/GIN"):
        if text(row, 1, 1) in SSCC:
            found += [(index, at, 1, text(row, at, 1), SSCC_SIZE, "SSCC") for at in range(2, len(row))]
    return [one for one in found if one[3]]


def _packages(selection: Selection) -> Iterator[Finding]:
    """An SSCC stands on one package only."""
    packages: set[str] = set()
    for index, row in selection.all("any/GIN"):
        number = selection.text(row, 2, 1)
        if selection.text(row, 1, 1) in SSCC and number in packages:
            key = "element.duplicate-sscc"
            yield selection.finding(key, index, 2, number, component=1, number=number[:40])
        packages.add(number)


_LEVELS = Hierarchy("any/CPS", 1, 2, 3, component=1, flat=True)


def _packing(selection: Selection) -> list[Finding]:
    """Levels and packages, in their order in the message."""
    return sorted([*_packages(selection), *_LEVELS(selection)], key=lambda one: one.where.ordinal)


# -- money ------------------------------------------------------------------------------------------------------------
def _amounts(selection: Selection) -> Iterator[tuple[Found, str, Decimal, bool]]:
    """Every amount with its kind (5025), and whether it stands behind UNS."""
    behind = False
    for index, row in selection.all("any/UNS", "any/MOA"):
        amount = selection.number(row, 1, 2) if row[0][:3] == "MOA" else None
        if row[0][:3] == "UNS":
            behind = selection.text(row, 1, 1) == "S"
        elif amount is not None:
            yield (index, row), selection.text(row, 1, 1), amount, behind


def _invoice(selection: Selection) -> Iterator[Finding]:
    """79 is the sum of the lines; 77 (39, 86) is that with charges and taxes, in any of the readings that guides have."""
    lines, summary = list[Decimal](), dict[str, tuple[int, Decimal]]()
    for (index, _), kind, amount, behind in _amounts(selection):
        if behind:
            summary.setdefault(kind, (index, amount))
        elif kind == "203":
            lines.append(amount)
    goods, most = sum(lines, ZERO), slack(len(lines))
    if "79" in summary and lines and abs(summary["79"][1] - goods) > most:
        index, said = summary["79"]
        yield _total(selection, index, said, f"the lines add up to {goods}", "MOA 79")
    whole = next((kind for kind in ("77", "39", "86") if kind in summary), None)
    if whole is not None and lines:
        index, said = summary[whole]
        readings = _readings(goods, {kind: amount for kind, (_, amount) in summary.items()})
        if readings and all(abs(said - reading) > most for reading in readings):
            listed = ", ".join(str(reading) for reading in sorted(readings)[-3:])
            yield _total(selection, index, said, f"goods, charges and taxes come to {listed}", f"MOA {whole}")


def _readings(goods: Decimal, summary: dict[str, Decimal]) -> set[Decimal]:
    """What an invoice may come to; nothing where it has neither charges nor taxes."""
    extra = {amount for code in ("131", "8", "259") if code in summary for amount in (summary[code], -summary[code])}
    taxes = {summary[code] for code in ("124", "176", "150", "369") if code in summary}
    bases = {summary.get("79", goods), *([summary["125"]] if "125" in summary else [])}
    if not (extra or taxes):
        return set()
    return {base + more + tax for base in bases for more in {ZERO, *extra} for tax in {ZERO, *taxes}}


def _order(selection: Selection) -> Iterator[Finding]:
    """86 (128, 79) of an order is what its lines come to, in any of the readings that guides have: by their amounts (203), or
    else by quantity and price. Nothing is compared where a line has neither."""
    summary = dict[str, tuple[int, Decimal]]()
    for (index, _), kind, amount, behind in _amounts(selection):
        if behind:
            summary.setdefault(kind, (index, amount))
    whole = next((kind for kind in ("86", "128", "79") if kind in summary), None)
    lines = _lines_of(selection) if whole is not None else []
    if whole is None or not lines or any(line is None for _, line in lines):
        return
    goods = sum((line for _, line in lines if line is not None), ZERO)
    index, said = summary[whole]
    readings = {goods, *_readings(goods, {kind: amount for kind, (_, amount) in summary.items()})}
    readings.add(sum((line for below, line in lines if line is not None and not below), ZERO))
    charged = any(selection.all("any/ALC")) or any(selection.all("any/TAX"))
    if not charged and all(abs(said - reading) > slack(len(lines)) for reading in readings):
        yield _total(selection, index, said, f"the lines come to {goods:.2f}", f"MOA {whole}")


def _lines_of(selection: Selection) -> list[tuple[bool, Decimal | None]]:
    """Whether each line is a part of another one, and what it comes to; None where it does not say."""
    lines, below = list[dict[str, Decimal]](), list[bool]()
    for _, row in selection.all("any/LIN", "any/UNS", "any/QTY", "any/PRI", "any/MOA"):
        id, kind, figure = row[0][:3], selection.text(row, 1, 1), selection.number(row, 1, 2)
        if id == "UNS":
            break
        if id == "LIN":
            lines.append({})
            below.append(bool(selection.text(row, 4, 1)))
        elif lines and figure is not None and (id, kind) in _FIGURES:
            basis = selection.number(row, 1, 5) if id == "PRI" else None
            lines[-1].setdefault(_FIGURES[id, kind], figure / basis if basis else figure)
    amounts = (
        line.get("amount", line["quantity"] * line["price"] if {"quantity", "price"} <= line.keys() else None)
        for line in lines
    )
    return list(zip(below, amounts, strict=True))


def _line_amounts(selection: Selection) -> Iterator[Finding]:
    """203 (66) of a line of an order is its quantity by its price. Nothing is compared where the line has allowances or charges,
    or the price is for another unit."""
    if all(selection.text(row, 1, 1) not in LINE_TOTALS for _, row in selection.all("any/MOA")):
        return
    lines = list[list[Found]]()
    for found in selection.all("any/LIN", "any/QTY", "any/PRI", "any/MOA", "any/ALC", "any/UNS"):
        if found[1][0][:3] in ("LIN", "UNS"):
            lines.append([])
        elif lines:
            lines[-1].append(found)
    for line in lines:
        stated = any(row[0][:3] == "MOA" and selection.text(row, 1, 1) in LINE_TOTALS for _, row in line)
        figures = _goods(selection, [row for _, row in line]) if stated else None
        if figures is None:
            continue
        goods, most = figures[0] * figures[1], rounding(figures[0])
        for index, row in line:
            said, kind = selection.number(row, 1, 2), selection.text(row, 1, 1)
            if row[0][:3] == "MOA" and kind in LINE_TOTALS and said is not None and abs(said - goods) > most:
                yield _total(selection, index, said, f"the line comes to {goods:.2f}", f"MOA {kind}")


def _goods(selection: Selection, rows: list[Row]) -> tuple[Decimal, Decimal] | None:
    """For how many a line has its price, and the price: 21 and the net price, for the unit that is ordered; None where that
    cannot be said."""
    kinds: dict[tuple[str, str], Row] = {}
    for row in rows:
        kinds.setdefault((row[0][:3], selection.text(row, 1, 1)), row)
    ordered, price = kinds.get(("QTY", "21")), kinds.get(("PRI", "AAA"))
    if ordered is None or price is None or any(id == "ALC" for id, _ in kinds):
        return None
    quantity, figure, basis = (
        selection.number(ordered, 1, 2),
        selection.number(price, 1, 2),
        selection.number(price, 1, 5),
    )
    if quantity is None or figure is None or selection.text(price, 1, 6) not in ("", selection.text(ordered, 1, 3)):
        return None
    return quantity / (basis or 1), figure


LINE_TOTALS = ("203", "66")
"""The kinds (5025) of what a line comes to."""
_FIGURES = {("QTY", "21"): "quantity", ("PRI", "AAA"): "price", ("MOA", "203"): "amount"}
"""Of a line of an order, what it comes to."""


def _payment(selection: Selection) -> Iterator[Finding]:
    """The total remitted (12) is what the documents add up to."""
    paid, behind = ZERO, False
    for index, row in selection.all("any/UNS", "any/MOA"):
        behind = behind or row[0][:3] == "UNS"
        amount = selection.number(row, 1, 2) if row[0][:3] == "MOA" and selection.text(row, 1, 1) == "12" else None
        if amount is not None and not behind:
            paid += amount
        elif amount is not None and amount != paid:
            yield _total(selection, index, amount, f"the documents add up to {paid}", "MOA 12")


_ALL = "any/LIN any/QTY any/CNT any/PIA any/NAD any/GIN " + " ".join(
    f"any/{id}" for id in _NUMERIC if id not in ("QTY", "CNT")
)
_CHECKS = (_control_totals, CheckDigits(_gs1), _marks)
_ANSWER = totals.checks(_ALL, *_CHECKS)

TABLE = {
    "ORDERS": totals.checks(f"{_ALL} any/UNS any/ALC any/TAX", *_CHECKS, _order, _line_amounts),
    "ORDRSP": _ANSWER,
    "ORDCHG": _ANSWER,
    "DESADV": totals.checks(f"{_ALL} any/CPS", *_CHECKS, _packing),
    "INVOIC": totals.checks(f"{_ALL} any/UNS", *_CHECKS, _invoice),
    "REMADV": totals.checks(f"{_ALL} any/UNS", *_CHECKS, _payment),
}
"""The checks of each message, in the order of their findings."""

# -- characters -------------------------------------------------------------------------------------------------------

_SMALL = r"a-z#$@\[\\\]^_`{|}~"
_FOREIGN = {"UNOA": re.compile(rf"[^\n -~]|[{_SMALL}]"), "UNOB": re.compile(r"[^\n -~]")}
"""What is not in level A and B (ISO 9735-1, annex A)."""


def characters(report: SetReport, interchange: InterchangeReport, place: Place) -> list[Finding]:
    """Level A has no small letters, level A and B have ASCII only; said once for a message, it was read all the same."""
    charset = interchange.version.partition(":")[0]
    foreign = _FOREIGN.get(charset)
    if foreign is None:
        return []
    syntax = report.syntax
    signs = syntax.element + syntax.component + syntax.release + syntax.repetition
    for index, segment in enumerate(report.segments):
        text = release.sent(segment, syntax.release)
        found = "".join(sign for sign in foreign.findall(text) if sign not in signs)
        if found:
            named = values.decoded(found, syntax.encoding)
            what = "small letters" if named.isalpha() and named.isascii() else f"characters as {named[:1]!r}"
            return [finding("segment.charset", place(index), "EDIFACT", text[:80], charset=charset, what=what)]
    return []
