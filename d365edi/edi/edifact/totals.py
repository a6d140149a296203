"""Checks what a message says about itself: control totals, check digits of GS1 numbers, decimal marks; and its `amounts`.

Sums that do not fit are warnings: the standard leaves arithmetic to the partners. A despatch advice that packs something
into a unit which it does not have is an error: nobody can tell what is in which carton.

Knows: the arithmetic of retail's messages. Does not know: order of segments, elements, what a partner agreed on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from d365edi.edi import checkdigit
from d365edi.edi.edifact.amounts import CHECKS, SSCC
from d365edi.edi.edifact.message import Message, number, part
from d365edi.edi.findings import Finding
from d365edi.edi.syntax import Syntax

_ZERO = Decimal(0)
_GTIN = {"EN": (8, 12, 13, 14), "SRV": (8, 12, 13, 14), "UP": (12,)}
_SIZES = (8, 12, 13, 14)
_ARITHMETIC = frozenset(("ORDERS", "ORDRSP", "ORDCHG", "DESADV", "INVOIC", "REMADV"))


def check(message: Message) -> list[Finding]:
    """All findings about a message's own figures; none for one that has none of them."""
    if message.id not in _ARITHMETIC:
        return []
    found: list[Finding] = []
    lines = message.lines
    if not _counted(message, lines):
        found += _control_totals(message)
    if not _numbered(message.syntax, lines):
        found += _gs1(message)
    if b"," in lines and message.syntax.decimal != b",":
        found += _marks(message, b",")
    elif b"." in lines and message.syntax.decimal == b",":
        found += _marks(message, b".")
    for one in CHECKS.get(message.id, ()):
        found += one(message)
    return found


# -- the quick look: whole columns at a time, only to see whether everything fits -------------------------------------


@dataclass(frozen=True, slots=True)
class _Columns:
    """Finds in lines that begin with a line break: quantities, control totals with their qualifiers, GTINs, GLNs."""

    quantities: Callable[[bytes], list[bytes]]
    totals: Callable[[bytes], list[bytes]]
    gtins: Callable[[bytes], list[bytes]]
    glns: Callable[[bytes], list[bytes]]


@lru_cache(maxsize=64)
def _columns(element: bytes, component: bytes) -> _Columns:
    e, c = re.escape(element), re.escape(component)
    no, value = b"[^\n" + e + b"]*+", b"([^\n" + e + c + b"]++)"
    texts = (
        b"\nQTY" + e + b"[^\n" + c + b"]*+" + c + b"([0-9.]++)",
        b"\nCNT" + e + b"([0-9]++" + c + b"[0-9.]++)",
        b"\nLIN" + e + no + e + no + e + value + c + b"(?:EN|SRV|UP)",
        b"\nNAD" + e + no + e + value + c + c + b"9",
    )
    return _Columns(*(re.compile(text).findall for text in texts))


def _counted(message: Message, lines: bytes) -> bool:
    """CNT fits what it counts: 1 the quantities, 2 the lines."""
    syntax = message.syntax
    columns = _columns(syntax.element, syntax.component)
    said = columns.totals(lines[max(lines.rfind(b"\nUNS"), 0) :])
    if lines.count(b"\nCNT" + syntax.element) != len(said):
        return False
    for total in said:
        kind, _, value = total.partition(syntax.component)
        if kind == b"2" and value != b"%d" % lines.count(b"\nLIN" + syntax.element):
            return False
        if kind == b"1":
            found = columns.quantities(lines)
            if b"." in b"".join(found) + value or int(value) != sum(map(int, found)):
                return False
        if kind == b"3":
            return False
    return True


def _numbered(syntax: Syntax, lines: bytes) -> bool:
    """The article, location and package numbers have their length and check digit."""
    columns = _columns(syntax.element, syntax.component)
    header, _, detail = lines.partition(b"\nLIN")
    glns = columns.glns(header) + (columns.glns(detail) if b"\nNAD" in detail else [])
    gtins, count = columns.gtins(lines), lines.count
    said = count(syntax.component + b"EN") + count(syntax.component + b"SRV") + count(syntax.component + b"UP")
    if said != len(gtins) or not set(map(len, glns)) <= {13} or b"\nGIN" in lines:
        return False
    sizes = {13, *map(len, gtins)}
    for size in sizes:
        numbers = [number for number in gtins if len(number) == size] if len(sizes) > 1 else gtins
        numbers = numbers + glns if size == 13 else numbers
        if numbers and not (size in _SIZES and b"".join(numbers).isdigit() and checkdigit.all_valid(numbers)):
            return False
    return True


# -- the second look --------------------------------------------------------------------------------------------------


def _control_totals(message: Message) -> Iterator[Finding]:
    lines = quantities = 0
    sums: dict[str, Decimal] = {}
    counts: list[tuple[int, list[list[str]]]] = []
    for index, id, parts in message.all("LIN", "QTY", "CNT"):
        if id == "LIN":
            lines += 1
            quantities += not part(parts, 4)
        elif id == "QTY":
            sums[part(parts, 1)] = sums.get(part(parts, 1), _ZERO) + (number(part(parts, 1, 2)) or _ZERO)
        else:
            counts.append((index, parts))
    for index, parts in counts:
        kind, said = part(parts, 1), number(part(parts, 1, 2))
        if said is None:
            continue
        if kind in ("2", "3") and said not in (lines, quantities):
            yield message.warn(index, 1, 2, "", "total", f"CNT says {said} lines, the message has {lines}", str(said))
        elif kind == "1" and said not in (*sums.values(), sum(sums.values(), _ZERO)):
            told = ", ".join(f"{total} ({code})" for code, total in sums.items()) or "nothing"
            yield message.warn(index, 1, 2, "", "total", f"CNT says quantities of {said} in all, they add up to {told}",
                               str(said))  # fmt: skip


def _gs1(message: Message) -> Iterator[Finding]:
    """GTIN in LIN and PIA, GLN in NAD, SSCC in GIN."""
    for index, id, parts in message.all("LIN", "PIA", "NAD", "GIN"):
        if id == "NAD":
            if part(parts, 2, 3) == "9":
                yield from _digit(message, index, 2, part(parts, 2), (13,), "GLN")
        elif id == "GIN":
            if part(parts, 1) in SSCC:
                for element in range(2, len(parts)):
                    yield from _digit(message, index, element, part(parts, element), (18,), "SSCC")
        else:
            for element in range(3 if id == "LIN" else 2, min(len(parts), 4) if id == "LIN" else len(parts)):
                sizes = _GTIN.get(part(parts, element, 2))
                if sizes:
                    yield from _digit(message, index, element, part(parts, element), sizes, "GTIN")


def _digit(
    message: Message, at: int, element: int, digits: str, sizes: tuple[int, ...], name: str
) -> Iterator[Finding]:
    if digits and not (len(digits) in sizes and checkdigit.valid(digits.encode("latin-1"))):
        yield message.warn(
            at, element, 1, "12", "check-digit", f"{digits[:40]} is no {name}: length or check digit is wrong", digits
        )


_NUMERIC = {"QTY": ((1, 2),), "MOA": ((1, 2),), "PRI": ((1, 2), (1, 5)), "PCD": ((1, 2),), "CUX": ((3, 1),), "CNT": ((1, 2),),
            "MEA": ((3, 2), (3, 3), (3, 4)), "RTE": ((1, 2),), "QVR": ((1, 1),)}  # fmt: skip


def _marks(message: Message, mark: bytes) -> Iterator[Finding]:
    """The decimal mark that was not announced (ISO 9735: point or comma): both are understood, which is said once."""
    for index, id, parts in message.all(*_NUMERIC):
        for element, component in _NUMERIC[id]:
            text = part(parts, element, component)
            if mark.decode() in text:
                yield message.warn(index, element, component, "19", "decimal-mark",
                                   f'{id} writes "{text}" where {message.syntax.decimal.decode("latin-1")} is the decimal mark', text)  # fmt: skip
                return
