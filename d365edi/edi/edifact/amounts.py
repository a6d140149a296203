"""Checks the sums of invoices and remittances, and how a despatch advice packs.

Knows: which amounts add up to which, in the readings that guides have. Does not know: order of segments, elements, what a
partner agreed on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from d365edi.edi.edifact.message import Message, number, part
from d365edi.edi.findings import Finding

_ZERO, _CENT = Decimal(0), Decimal("0.01")
SSCC = ("BJ", "AW")
"""What GIN calls an SSCC: the older and the newer code."""


def _amounts(message: Message) -> tuple[list[Decimal], dict[str, tuple[int, Decimal]]]:
    """The line amounts (MOA 203), and the first amount of each kind behind UNS."""
    lines: list[Decimal] = []
    summary: dict[str, tuple[int, Decimal]] = {}
    behind = False
    for index, id, parts in message.all("UNS", "MOA"):
        if id == "UNS":
            behind = part(parts, 1) == "S"
            continue
        kind, amount = part(parts, 1), number(part(parts, 1, 2))
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
        amount = number(part(parts, 1, 2)) if id == "MOA" and part(parts, 1) == "12" else None
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
            number = part(parts, 2)
            if part(parts, 1) in SSCC and number in packages:
                yield message.warn(
                    index, 2, 1, "26", "duplicate-sscc", f"SSCC {number[:40]} stands on two packages", number
                )
            packages.add(number)
            continue
        own, parent = part(parts, 1), part(parts, 2)
        if own in seen:
            yield message.warn(index, 1, 0, "26", "hierarchy", f"CPS {own[:40]} stands twice", own, "error")
        if parent and parent not in seen:
            yield message.warn(index, 2, 0, "12", "hierarchy", f"CPS names {parent[:40]}, which is no level before it",
                               parent, "error")  # fmt: skip
        seen.add(own)


CHECKS: dict[str, tuple[Callable[[Message], Iterator[Finding]], ...]] = {
    "INVOIC": (_invoice,),
    "REMADV": (_payment,),
    "DESADV": (_packing,),
}
"""The checks of each message type."""
