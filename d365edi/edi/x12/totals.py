"""Checks what a set says about itself: line counts, hash totals, invoice and payment totals, hierarchy, check digits.

Sums that do not fit are warnings: the standard leaves arithmetic to the partners, and what they count differs (an 856
counts its HLs or its items). A hierarchy that names a parent it does not have is an error: nobody can tell what is in
which carton.

Knows: the arithmetic of retail's sets. Does not know: order of segments, elements, what a partner agreed on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from operator import mul

from d365edi.edi import checkdigit
from d365edi.edi.findings import Finding, Position, Severity
from d365edi.edi.x12.layout import GTIN
from d365edi.edi.x12.lines import Set

_CENT = Decimal("0.01")
_ZERO = Decimal(0)


def check(report: Set) -> list[Finding]:
    """All findings about a set's own figures; none for a set that has none of them."""
    return [finding for one in _CHECKS.get(report.id, ()) for finding in one(report)]


def _money(text: bytes) -> Decimal:
    """A number as it stands; InvalidOperation for anything that is none."""
    value = Decimal(text.decode("latin-1"))
    if not value.is_finite() or abs(value.adjusted()) > 40:
        raise InvalidOperation
    return value


def slack(lines: int) -> Decimal:
    """What rounding line by line may make of a total: half a cent a line."""
    return _CENT * (1 + (lines + 1) // 2)


# -- counts -----------------------------------------------------------------------------------------------------------


def _lines(loop: str, quantity: int) -> Callable[[Set], Iterable[Finding]]:
    def check(report: Set) -> Iterable[Finding]:
        totals = report.all("CTT")
        if not totals:
            return
        lines = report.all(loop)
        at, ctt = totals[0]
        if _number(ctt, 1) not in (None, len(lines)):
            yield _warn(report, at, 1, 354, ctt, f"CTT01 says {_text(ctt, 1)}, the set has {len(lines)} {loop}")
        said = _number(ctt, 2)
        if quantity and said is not None:
            yield from _hash(report, at, ctt, said, [_number(line, quantity) for _, line in lines], loop)

    return check


def _hash(
    report: Set, at: int, ctt: list[bytes], said: Decimal, quantities: list[Decimal | None], loop: str
) -> Iterable[Finding]:
    """CTT02 is the sum of quantities, cut from the left beyond ten digits; some partners leave the point out."""
    total = sum((quantity or _ZERO for quantity in quantities), _ZERO)
    digits = f"{total:f}".replace(".", "").lstrip("-")[-10:]
    if said != total and f"{said:f}".replace(".", "").lstrip("-0") != digits.lstrip("0"):
        yield _warn(report, at, 2, 347, ctt, f"CTT02 says {said}, the quantities of {loop} add up to {total}")


def _levels(report: Set) -> Iterable[Finding]:
    """CTT of a ship notice: most count HL, some count items; both are taken."""
    totals, levels = report.all("CTT"), report.all("HL")
    if not totals:
        return
    at, ctt = totals[0]
    items = sum(_text(level, 3) == "I" for _, level in levels)
    if _number(ctt, 1) not in (None, len(levels), items):
        yield _warn(
            report, at, 1, 354, ctt, f"CTT01 says {_text(ctt, 1)}, the set has {len(levels)} HL and {items} items"
        )
    said = _number(ctt, 2)
    if said is not None:
        yield from _hash(report, at, ctt, said, [_number(line, 2) for _, line in report.all("HL/SN1")], "SN1")


# -- money ------------------------------------------------------------------------------------------------------------


def _invoice(report: Set) -> Iterable[Finding]:
    """TDS01 = lines less allowances plus charges plus taxes. Taxes may stand twice, or only in a SAC: all readings are
    tried.
    """
    sep, headers = report.separator, report.raw(b"TDS")
    try:
        total = _money(headers[0].split(sep)[1]) * _CENT
        quantities, prices = report.numbers(b"IT1", 2), report.numbers(b"IT1", 4)
        goods = sum(map(mul, map(Decimal, quantities), map(Decimal, prices)), _ZERO)
    except (ArithmeticError, IndexError):
        return
    if not len(quantities) == len(prices) == len(report.raw(b"IT1")):
        return
    charges, most, taxes = _charges(report), slack(len(quantities)), []
    for tax in _taxes(report):
        if abs(total - goods - charges - tax) <= most:
            return
        taxes.append(tax)
    at, tax = report.segments.index(headers[0]), taxes[0]
    message = f"TDS01 says {total:.2f}, but lines {goods:.2f}, allowances and charges {charges:.2f}, taxes {tax:.2f} add up to {goods + charges + tax:.2f}"
    yield _warn(report, at, 1, 610, headers[0].split(sep), message)


def _charges(report: Set) -> Decimal:
    """Allowances and charges; those of sublines are in the line's price."""
    if report.raw(b"SLN"):
        charges = [sac for _, sac in report.all("IT1/SAC", "SAC")]
    else:
        charges = [sac.split(report.separator) for sac in report.raw(b"SAC")]
    return sum((charge(sac) for sac in charges), _ZERO)


def _taxes(report: Set) -> Iterator[Decimal]:
    """What the taxes may come to: all, none (they are in a SAC), those of the whole invoice, those of its lines."""
    segments = report.raw(b"TXI")
    amounts = report.numbers(b"TXI", 2)
    try:
        whole = sum(map(Decimal, filter(None, amounts)), _ZERO)
    except InvalidOperation:
        amounts = []
    if len(amounts) < len(segments):
        whole = sum((_number(txi.split(report.separator), 2) or _ZERO for txi in segments), _ZERO)
    yield whole
    if whole:
        yield _ZERO
        summary = sum((_number(txi, 2) or _ZERO for _, txi in report.all("TXI")), _ZERO)
        yield summary
        yield whole - summary


def charge(sac: list[bytes]) -> Decimal:
    """What a SAC adds to the total: bill backs (01) and information (15, N) add nothing."""
    amount = _number(sac, 5)
    if amount is None or _text(sac, 12) in ("01", "15") or _text(sac, 1) not in ("A", "C"):
        return _ZERO
    return -abs(amount) * _CENT if _text(sac, 1) == "A" else amount * _CENT


def _payment(report: Set) -> Iterable[Finding]:
    """BPR02 = paid items plus stand-alone adjustments; guides differ whether nested adjustments are in the items already."""
    headers = report.all("BPR")
    said = _number(headers[0][1], 2) if headers else None
    items = report.all("ENT/RMR")
    if said is None or not items:
        return
    paid = sum((_number(rmr, 4) or _ZERO for _, rmr in items), _ZERO)
    alone = sum((_number(adx, 1) or _ZERO for _, adx in report.all("ENT/ADX")), _ZERO)
    nested = sum((_number(adx, 1) or _ZERO for _, adx in report.all("ENT/RMR/ADX")), _ZERO)
    if said not in (paid + alone, paid + alone + nested):
        at, bpr = headers[0]
        yield _warn(report, at, 2, 782, bpr, f"BPR02 says {said}, items and adjustments add up to {paid + alone}")


# -- hierarchy and numbers of GS1 -------------------------------------------------------------------------------------


def _hierarchy(report: Set) -> Iterable[Finding]:
    """HL01 unique, HL02 an earlier HL01, none for the first."""
    seen: set[bytes] = set()
    for at, level in report.all("HL"):
        own, parent = level[1] if len(level) > 1 else b"", level[2] if len(level) > 2 else b""
        if own in seen:
            yield _find(report, at, 1, 628, own, "error", "hierarchy", "7", f"HL01 {_shown(own)} stands twice")
        if parent and parent not in seen:
            yield _find(
                report,
                at,
                2,
                734,
                parent,
                "error",
                "hierarchy",
                "7",
                f"HL02 names {_shown(parent)}, which is no level before it",
            )
        seen.add(own)


def _cartons(report: Set) -> Iterable[Finding]:
    """SSCCs: 18 digits, or 20 with the application identifier 00; right check digit; each only once."""
    seen: set[bytes] = set()
    for at, man in report.all("HL/MAN"):
        if len(man) < 3 or man[1] not in (b"GM", b"AA"):
            continue
        number = man[2][2:] if len(man[2]) == 20 and man[2].startswith(b"00") else man[2]
        if len(number) != 18 or not checkdigit.valid(number):
            yield _find(
                report,
                at,
                2,
                87,
                man[2],
                "warning",
                "check-digit",
                "",
                f"{_shown(man[2])} is no SSCC: its check digit is wrong",
            )
        if number in seen:
            yield _find(
                report,
                at,
                2,
                87,
                man[2],
                "warning",
                "duplicate-sscc",
                "",
                f"SSCC {_shown(number)} stands on two cartons",
            )
        seen.add(number)


def _articles(segment: str) -> Callable[[Set], Iterable[Finding]]:
    def check(report: Set) -> Iterable[Finding]:
        sep = re.escape(report.separator)
        find = re.compile(sep + b"(UP|EN|UK|EO)" + sep + b"([^" + sep + b"]*)")
        wanted = segment.encode() + report.separator
        for at, raw in enumerate(report.segments):
            if not raw.startswith(wanted):
                continue
            for match in find.finditer(raw):
                qualifier, number = match.groups()
                if len(number) != GTIN[qualifier] or not checkdigit.valid(number):
                    message = f"{_shown(number)} ({_shown(qualifier)}) is no GTIN-{GTIN[qualifier]}: length or check digit is wrong"
                    element = raw.count(report.separator, 0, match.start(2))
                    yield _find(report, at, element, 234, number, "warning", "check-digit", "", message)

    return check


# -- small things -----------------------------------------------------------------------------------------------------


def _number(elements: list[bytes], position: int) -> Decimal | None:
    """The number at a position; None where there is none, or nothing that can be read as one."""
    if position >= len(elements) or not elements[position]:
        return None
    try:
        value = Decimal(elements[position].decode("latin-1"))
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 40 else None


def _text(elements: list[bytes], position: int) -> str:
    return elements[position].decode("latin-1") if position < len(elements) else ""


def _shown(value: bytes) -> str:
    return value[:40].decode("latin-1")


def _warn(report: Set, at: int, element: int, number: int, elements: list[bytes], message: str) -> Finding:
    value = elements[element] if element < len(elements) else b""
    return _find(report, at, element, number, value, "warning", "total", "", message)


def _find(
    report: Set,
    at: int,
    element: int,
    number: int,
    value: bytes,
    severity: Severity,
    rule: str,
    code: str,
    message: str,
) -> Finding:
    where = report.place(at)
    where = Position(where.offset, where.ordinal, where.segment, element, 0, 0, where.loop, number)
    return Finding(
        "element", severity, code, message, where, _shown(value), "compare it with the partner's own figures", rule
    )


_CHECKS: dict[str, tuple[Callable[[Set], Iterable[Finding]], ...]] = {
    "850": (_lines("PO1", 2), _articles("PO1")),
    "855": (_lines("PO1", 2), _articles("PO1")),
    "860": (_lines("POC", 0), _articles("POC")),
    "865": (_lines("POC", 0), _articles("POC")),
    "856": (_levels, _hierarchy, _cartons, _articles("LIN")),
    "810": (_lines("IT1", 2), _invoice, _articles("IT1")),
    "820": (_payment,),
}
