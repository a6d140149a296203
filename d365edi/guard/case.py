"""What the guard is given, and what it answers: values only.

Whoever calls has looked everything up: the order as it was read, which line of it each line answers, what went out
before, and the segments as they are about to be written, so that the guard judges what the partner will see.

Knows: the shape of a case. Does not know: how a case is judged, where facts come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from d365edi.documents import Document, PurchaseOrder, PurchaseOrderLine

Level = Literal["off", "warn", "hold"]
"""What a check is worth: not made; told, and the document goes; told, and a person decides."""

Segment = Sequence[str | tuple[str, ...]]
"""A segment about to be written: its id, then its elements; a composite is a tuple."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A document of the same kind that went out before for the same order.

    `billed` are its quantities, each with the order's line that it answers (by its index in the order) and the unit.
    """

    number: str
    billed: tuple[tuple[int, Decimal, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the caller knows besides the document.

    `same_number`: days on which a document of this kind and number went out to this partner before. `same_goods`: the
    number of another one for the same packing slip (a ship notice: bill of lading and order), "" where there is none.
    `earlier`: others for the same order. `notice_sent`: whether a ship notice for the order went out. `sscc_used`: numbers
    of this document's cartons that an earlier one had, with its number. `usage` is P or T of the envelope it will travel
    in, `order_usage` that of the one the order came in.
    """

    same_number: tuple[date, ...] = ()
    same_goods: str = ""
    earlier: tuple[Earlier, ...] = ()
    notice_sent: bool = False
    sscc_used: Mapping[str, str] = field(default_factory=dict)
    today: date | None = None
    usage: str = ""
    order_usage: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A document about to leave: `lines` are the orders' lines that its lines answer, in its order, None where unknown.

    `order` is the one it answers, or the first of several; a shipment may have `others`.
    """

    document: Document
    order: PurchaseOrder | None = None
    lines: tuple[PurchaseOrderLine | None, ...] = ()
    body: Sequence[Segment] = ()
    facts: Facts = Facts()
    demands: tuple[str, ...] = ()
    """Places that this partner wants filled: `REF[IA]02`, `BIG04`, `CAD`."""
    others: tuple[PurchaseOrder, ...] = ()

    @property
    def orders(self) -> tuple[PurchaseOrder, ...]:
        """Every order that it answers."""
        return (self.order, *self.others) if self.order is not None else self.others


@dataclass(frozen=True, slots=True)
class Policy:
    """A partner's levels by check (what is not listed is off), demanded places, and what is said of costs.

    `costs` replaces what a check says of its cost; `say_costs` False says nothing of any.
    """

    levels: Mapping[str, Level] = field(default_factory=dict)
    demands: tuple[str, ...] = ()
    costs: Mapping[str, str] = field(default_factory=dict)
    say_costs: bool = True


@dataclass(frozen=True, slots=True)
class Violation:
    """Something a partner would charge for. `check` is the key that switches it, `cost` what it typically comes to."""

    check: str
    level: Level
    sentence: str
    cost: str = ""

    @property
    def name(self) -> str:
        """The sentence with its check: the same words only while the same thing is wrong in the same way."""
        return f"{self.sentence} [{self.check}]"

    def __str__(self) -> str:
        return f"{self.name}, {self.cost}" if self.cost else self.name
