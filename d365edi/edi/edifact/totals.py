"""Checks what a message says about itself: control totals, check digits of GS1 numbers, decimal marks; and its `amounts`.

Sums that do not fit are warnings: the standard leaves arithmetic to the partners. A despatch advice that packs something
into a unit which it does not have is an error: nobody can tell what is in which carton.

Knows: the arithmetic of retail's messages. Does not know: order of segments, elements, what a partner agreed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from d365edi.edi import checkdigit
from d365edi.edi.edifact import fits
from d365edi.edi.edifact.amounts import CHECKS, SSCC
from d365edi.edi.edifact.message import Message, number, part
from d365edi.edi.findings import Finding

_ZERO = Decimal(0)
_ARITHMETIC = frozenset(("ORDERS", "ORDRSP", "ORDCHG", "DESADV", "INVOIC", "REMADV"))


def check(message: Message) -> list[Finding]:
    """All findings about a message's own figures; none for one that has none of them."""
    if message.id not in _ARITHMETIC:
        return []
    found: list[Finding] = []
    lines = message.lines
    if not fits.fit(message):
        found += [*_control_totals(message), *_gs1(message)]
    if b"," in lines and message.syntax.raw.decimal != b",":
        found += _marks(message, b",")
    elif b"." in lines and message.syntax.raw.decimal == b",":
        found += _marks(message, b".")
    for one in CHECKS.get(message.id, ()):
        found += one(message)
    return found


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
                yield from _digit(message, index, 2, part(parts, 2), (fits.GLN,), "GLN")
        elif id == "GIN":
            if part(parts, 1) in SSCC:
                for element in range(2, len(parts)):
                    yield from _digit(message, index, element, part(parts, element), (18,), "SSCC")
        else:
            for element in range(3 if id == "LIN" else 2, min(len(parts), 4) if id == "LIN" else len(parts)):
                sizes = fits.GTIN.get(part(parts, element, 2))
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
                                   f'{id} writes "{text}" where {message.syntax.decimal} is the decimal mark', text)  # fmt: skip
                return
