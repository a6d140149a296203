"""Charge lines of D365: what an order's agreed allowances and charges become beside its lines (`agreed`, "line:FREIGHT").

A percentage stays one, since D365 reckons it from what is invoiced; anything else is an amount. What the order says of one of
its lines stays with that line. Several sales orders cannot share an amount, and no set is shipped for charge lines: what has
no place in D365 is held.

Knows: charges, their signs. Does not know: D365's sets and fields, settings, what was agreed.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from d365edi.documents import PurchaseOrder
from d365edi.documents.values import Charge, ChargeLine
from d365edi.matching.agreements import codes_of

ChargeSet = Literal["order", "line"]
"""What a set of charge lines in D365 is for: an order as a whole, single lines."""
LONGEST = 60
"""Characters of a description in D365."""
SIGNS = {"allowance": -1, "charge": 1}


def charge_line(charge: Charge, account: str, amount: Decimal | None, line: int | None) -> ChargeLine:
    """A charge as a charge line of D365's charge code `account`. `amount` is what it says in all, where it says an amount."""
    sign = SIGNS[charge.kind or ""]
    words = " ".join(filter(None, (next(iter(codes_of(charge)), None), charge.description)))
    percent = charge.percent
    return ChargeLine(
        code=account,
        line=line,
        kind="percent" if percent is not None else "amount",
        percent=percent * sign if percent is not None else None,
        amount=amount * sign if percent is None and amount is not None else None,
        description=words[:LONGEST].rstrip(" ") or None,
    )


def unplaced(order: PurchaseOrder, sets: frozenset[ChargeSet], *, several: bool) -> Iterator[tuple[str, str]]:
    """Why charge lines cannot be written to D365, each with its remedy. `several`: the order becomes several sales orders."""
    for kind, key in (("order", "header"), ("line", "line")):
        if kind not in sets and any((each.line is None) == (kind == "order") for each in order.charge_lines):
            what = "the order as a whole" if kind == "order" else "a line"
            yield (
                f"a charge line of {what} is agreed, and no set of D365 takes it",
                f"write {key} under [d365.charges]",
            )
    if several and any(each.amount is not None for each in order.charge_lines):
        yield "an amount is agreed as a charge line, and several sales orders cannot share it", "agree on a percentage"


def rows(order: PurchaseOrder, kind: ChargeSet) -> Iterator[tuple[ChargeLine, int]]:
    """The charge lines of one set, each with the line of the order as written to D365 (1 is the first; 0: of the whole). An
    amount of a line that became several stands on the first of them, a percentage on each."""
    for each in order.charge_lines:
        if (each.line is None) != (kind == "order"):
            continue
        if each.line is None:
            yield each, 0
            continue
        made = [number for number, line in enumerate(order.lines, 1) if (line.place or number) == each.line]
        for number in made if each.percent is not None else made[:1]:
            yield each, number
