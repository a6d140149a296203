"""Input and output of the guard, as values.

The caller looks everything up: the order as it was read, the order line of each line, what was sent before, and the
segments as they will be written, so that the guard checks what the partner will see.

Knows: the structure of a case. Does not know: how a case is checked, where facts come from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from d365edi.documents import Document, PurchaseOrder, PurchaseOrderLine

Level = Literal["off", "warn", "hold"]
"""The level of a check: not made; reported, and the document is sent; reported, and a person decides."""

Segment = Sequence[str | tuple[str, ...]]
"""A segment about to be written: its id, then its elements; a composite is a tuple."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A document of the same kind that was sent before for the same order.

    `billed` are its quantities, each with its order line (by index in the order) and the unit; `order` is the order's place
    among those of the case."""

    number: str
    billed: tuple[tuple[int, Decimal, str | None], ...] = ()
    order: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the caller knows besides the document.

    `same_number`: days on which the company sent a document of this kind and number to this partner before. `same_goods`:
    the number of another one for the same packing slip (a ship notice: bill of lading and order), "" where there is none.
    `earlier`: others for the same order. `notice_sent`: whether a ship notice for the order was sent. `sscc_used`:
    numbers of this document's cartons that an earlier one had, with its number. `usage` is P or T of its own envelope,
    `order_usage` that of the order's. `originals`: the invoices that a credit note may correct. `section`: where the
    settings of what is sent stand."""

    same_number: tuple[date, ...] = ()
    same_goods: str = ""
    earlier: tuple[Earlier, ...] = ()
    notice_sent: bool = False
    sscc_used: Mapping[str, str] = field(default_factory=dict)
    today: date | None = None
    usage: str = ""
    order_usage: str = ""
    originals: tuple[str, ...] = ()
    section: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A document about to be sent: `lines` are the order lines of its lines, in its order, None where unknown.

    `order` is the one it belongs to, or the first of several; a shipment or an invoice may have `others`."""

    document: Document
    order: PurchaseOrder | None = None
    lines: tuple[PurchaseOrderLine | None, ...] = ()
    body: Sequence[Segment] = ()
    facts: Facts = Facts()
    demands: tuple[str, ...] = ()
    """Places that this partner requires: `REF[IA]02`, `BIG04`, `CAD`."""
    others: tuple[PurchaseOrder, ...] = ()

    @property
    def orders(self) -> tuple[PurchaseOrder, ...]:
        """Every order that it belongs to."""
        return (self.order, *self.others) if self.order is not None else self.others


@dataclass(frozen=True, slots=True)
class Policy:
    """A partner's levels by check (what is not listed is off), demanded places, and texts about costs.

    `costs` replaces the text of a check; with `say_costs` False no sentence has one."""

    levels: Mapping[str, Level] = field(default_factory=dict)
    demands: tuple[str, ...] = ()
    costs: Mapping[str, str] = field(default_factory=dict)
    say_costs: bool = True


@dataclass(frozen=True, slots=True)
class Violation:
    """Something a partner would charge for. `check` is its key in the settings, `cost` its typical cost."""

    check: str
    level: Level
    sentence: str
    cost: str = ""

    @property
    def name(self) -> str:
        """The sentence with its check, equal only for the same violation with the same figures."""
        return f"{self.sentence} [{self.check}]"

    def __str__(self) -> str:
        return f"{self.name}, {self.cost}" if self.cost else self.name
