"""Checks what a message says about itself: control totals, amounts, packing hierarchy, check digits of GS1 numbers.

Sums that do not fit are warnings: the standard leaves arithmetic to the partners. A despatch advice that packs something
into a unit which it does not have is an error: nobody can tell what is in which carton.

Knows: the arithmetic of retail's messages. Does not know: order of segments, elements, what a partner agreed on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from d365edi.edi import checkdigit
from d365edi.edi.edifact import segment as split
from d365edi.edi.findings import Finding, Position, Severity
from d365edi.edi.syntax import Syntax

_ZERO, _CENT = Decimal(0), Decimal("0.01")
_GTIN = {"EN": (8, 12, 13, 14), "SRV": (8, 12, 13, 14), "UP": (12,)}
_SIZES = (8, 12, 13, 14)
_SSCC = ("BJ", "AW")
_ARITHMETIC = frozenset(("ORDERS", "ORDRSP", "ORDCHG", "DESADV", "INVOIC", "REMADV"))


@dataclass(slots=True)
class Message:
    """A read message: its raw segments, their service characters, and where segment `index` stands."""

    id: str
    segments: Sequence[bytes]
    syntax: Syntax
    place: Callable[[int], Position]

    def all(self, *ids: str) -> Iterator[tuple[int, str, list[list[str]]]]:
        """The segments of these ids, taken apart, with their index and id."""
        wanted = {id.encode() for id in ids}
        for index, raw in enumerate(self.segments):
            if raw[:3] in wanted:
                parts = [[part.decode("latin-1") for part in element] for element in split.apart(raw, self.syntax)]
                yield index, raw[:3].decode(), parts

    def warn(
        self, at: int, element: int, component: int, code: str, rule: str, message: str, value: str,
        severity: Severity = "warning",
    ) -> Finding:  # fmt: skip
        """A finding at a component of segment `at`."""
        where = replace(self.place(at), element=element, component=component)
        return Finding(
            "element", severity, code, message, where, value[:40], "compare it with the partner's own figures", rule
        )


def check(message: Message) -> list[Finding]:
    """All findings about a message's own figures; none for one that has none of them."""
    if message.id not in _ARITHMETIC:
        return []
    found: list[Finding] = []
    lines = b"\n".join([b"", *message.segments])
    if not _counted(message, lines):
        found += _control_totals(message)
    if not _numbered(message.syntax, lines):
        found += _gs1(message)
    if b"," in lines and message.syntax.decimal != b",":
        found += _marks(message, b",")
    elif b"." in lines and message.syntax.decimal == b",":
        found += _marks(message, b".")
    for one in _CHECKS.get(message.id, ()):
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


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 40 else None


def _at(parts: list[list[str]], element: int, component: int = 1) -> str:
    if element >= len(parts) or component > len(parts[element]):
        return ""
    return parts[element][component - 1]


def _control_totals(message: Message) -> Iterator[Finding]:
    lines = quantities = 0
    sums: dict[str, Decimal] = {}
    counts: list[tuple[int, list[list[str]]]] = []
    for index, id, parts in message.all("LIN", "QTY", "CNT"):
        if id == "LIN":
            lines += 1
            quantities += not _at(parts, 4)
        elif id == "QTY":
            sums[_at(parts, 1)] = sums.get(_at(parts, 1), _ZERO) + (_number(_at(parts, 1, 2)) or _ZERO)
        else:
            counts.append((index, parts))
    for index, parts in counts:
        kind, said = _at(parts, 1), _number(_at(parts, 1, 2))
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
            if _at(parts, 2, 3) == "9":
                yield from _digit(message, index, 2, _at(parts, 2), (13,), "GLN")
        elif id == "GIN":
            if _at(parts, 1) in _SSCC:
                for element in range(2, len(parts)):
                    yield from _digit(message, index, element, _at(parts, element), (18,), "SSCC")
        else:
            for element in range(3 if id == "LIN" else 2, min(len(parts), 4) if id == "LIN" else len(parts)):
                sizes = _GTIN.get(_at(parts, element, 2))
                if sizes:
                    yield from _digit(message, index, element, _at(parts, element), sizes, "GTIN")


def _digit(
    message: Message, at: int, element: int, number: str, sizes: tuple[int, ...], name: str
) -> Iterator[Finding]:
    if number and not (len(number) in sizes and checkdigit.valid(number.encode("latin-1"))):
        yield message.warn(
            at, element, 1, "12", "check-digit", f"{number[:40]} is no {name}: length or check digit is wrong", number
        )


_NUMERIC = {"QTY": ((1, 2),), "MOA": ((1, 2),), "PRI": ((1, 2), (1, 5)), "PCD": ((1, 2),), "CUX": ((3, 1),), "CNT": ((1, 2),),
            "MEA": ((3, 2), (3, 3), (3, 4)), "RTE": ((1, 2),), "QVR": ((1, 1),)}  # fmt: skip


def _marks(message: Message, mark: bytes) -> Iterator[Finding]:
    """The decimal mark that was not announced (ISO 9735: point or comma): both are understood, which is said once."""
    for index, id, parts in message.all(*_NUMERIC):
        for element, component in _NUMERIC[id]:
            text = _at(parts, element, component)
            if mark.decode() in text:
                yield message.warn(index, element, component, "19", "decimal-mark",
                                   f'{id} writes "{text}" where {message.syntax.decimal.decode("latin-1")} is the decimal mark', text)  # fmt: skip
                return


# -- money ------------------------------------------------------------------------------------------------------------


def _amounts(message: Message) -> tuple[list[Decimal], dict[str, tuple[int, Decimal]]]:
    """The line amounts (MOA 203), and the first amount of each kind behind UNS."""
    lines: list[Decimal] = []
    summary: dict[str, tuple[int, Decimal]] = {}
    behind = False
    for index, id, parts in message.all("UNS", "MOA"):
        if id == "UNS":
            behind = _at(parts, 1) == "S"
            continue
        kind, amount = _at(parts, 1), _number(_at(parts, 1, 2))
        if amount is not None and behind:
            summary.setdefault(kind, (index, amount))
        elif amount is not None and kind == "203":
            lines.append(amount)
    return lines, summary


def _invoice(message: Message) -> Iterator[Finding]:
    """79 is the sum of the lines; 77 (39, 86) is that with charges and taxes, in any of the readings that guides have."""
    lines, summary = _amounts(message)
    goods = sum(lines, _ZERO)
    slack = _CENT * (1 + (len(lines) + 1) // 2)
    if "79" in summary and lines and abs(summary["79"][1] - goods) > slack:
        at, said = summary["79"]
        yield message.warn(at, 1, 2, "", "total", f"MOA 79 says {said}, the lines add up to {goods}", str(said))
    net = summary["79"][1] if "79" in summary else goods
    kind = next((kind for kind in ("77", "39", "86") if kind in summary), None)
    if kind is None or not lines:
        return
    at, said = summary[kind]
    extra = {
        amount for code in ("131", "8", "259") if code in summary for amount in (summary[code][1], -summary[code][1])
    }
    taxes = {summary[code][1] for code in ("124", "176", "150", "369") if code in summary}
    bases = {summary["125"][1]} if "125" in summary else set()
    readings = {base + more + tax for base in {net, *bases} for more in {_ZERO, *extra} for tax in {_ZERO, *taxes}}
    if all(abs(said - reading) > slack for reading in readings) and (taxes or extra):
        told = ", ".join(str(reading) for reading in sorted(readings)[-3:])
        yield message.warn(
            at, 1, 2, "", "total", f"MOA {kind} says {said}, goods, charges and taxes come to {told}", str(said)
        )


def _payment(message: Message) -> Iterator[Finding]:
    """The total remitted (12) is what the documents add up to."""
    paid, behind = _ZERO, False
    for index, id, parts in message.all("UNS", "MOA"):
        behind = behind or id == "UNS"
        amount = _number(_at(parts, 1, 2)) if id == "MOA" and _at(parts, 1) == "12" else None
        if amount is not None and not behind:
            paid += amount
        elif amount is not None and amount != paid:
            yield message.warn(
                index, 1, 2, "", "total", f"MOA 12 says {amount} in all, the documents add up to {paid}", str(amount)
            )


def _packing(message: Message) -> Iterator[Finding]:
    """CPS: each number once, each parent an earlier number. An SSCC stands on one package only."""
    seen: set[str] = set()
    packages: set[str] = set()
    for index, id, parts in message.all("CPS", "GIN"):
        if id == "GIN":
            number = _at(parts, 2)
            if _at(parts, 1) in _SSCC and number in packages:
                yield message.warn(
                    index, 2, 1, "26", "duplicate-sscc", f"SSCC {number[:40]} stands on two packages", number
                )
            packages.add(number)
            continue
        own, parent = _at(parts, 1), _at(parts, 2)
        if own in seen:
            yield message.warn(index, 1, 0, "26", "hierarchy", f"CPS {own[:40]} stands twice", own, "error")
        if parent and parent not in seen:
            yield message.warn(index, 2, 0, "12", "hierarchy", f"CPS names {parent[:40]}, which is no level before it",
                               parent, "error")  # fmt: skip
        seen.add(own)


_CHECKS: dict[str, tuple[Callable[[Message], Iterator[Finding]], ...]] = {
    "INVOIC": (_invoice,),
    "REMADV": (_payment,),
    "DESADV": (_packing,),
}
