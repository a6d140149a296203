"""What an order needs before D365 is asked: why it is held or closed, and what it becomes for D365.

Two questions, answered alike for the daemon and for `check`. `judge` says what is decided about the order itself. `take`
makes of it what is written to D365, by one step after the other; what the partner said, in the journal, stays as it was.
A step changes what D365 is told (a line becomes several, a charge a discount), or holds the order with a finding; it looks
nothing up. Findings have the severity error, a sentence and a remedy.

Knows: orders, the policy of a flow as plain values. Does not know: settings, messages, D365's tables, answers to references.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from d365edi.documents import PurchaseOrder
from d365edi.edi.findings import Finding

Action = Literal["create", "hold", "ignore"]
"""What is done with an order: created in D365, held for a person, closed."""
NEW = "00"
"""The purpose of a new order (BEG01, data element 353)."""


@dataclass(frozen=True, slots=True)
class IntakePolicy:
    """What a partner's flow agreed about its orders. Without arguments: the settings' defaults, for no partner.

    `place` is the flow's table in the settings, as sentences name it."""

    place: str = "partners.NAME.receive.SET"
    purpose: Mapping[str, Action] = field(default_factory=lambda: {NEW: "create"})
    ignore: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Judgment:
    """What is decided about an order: created where nothing else is said, held for `findings`, or closed because `ignored`.

    `repeats`: the order says that it is not a new one, so it takes no business key away from the one that it repeats."""

    findings: tuple[Finding, ...] = ()
    ignored: str = ""
    repeats: bool = False


def judge(order: PurchaseOrder, policy: IntakePolicy) -> Judgment:
    """What holds or closes the order itself."""
    action = purpose_action(order.purpose, policy.purpose)
    if action == "ignore":
        return Judgment(ignored=f"purpose {order.purpose} is ignored by setting")
    if action == "hold":
        message = f"PO {order.number}: purpose {order.purpose} asks for a change or a copy, not a new order"
        reject = f"decide by hand, then: d365edi reject {order.number}"
        return Judgment(
            (held(message, f"{reject}, or list it under purpose in [{policy.place}]", "purpose"),), repeats=True
        )
    return Judgment()


def purpose_action(code: str | None, table: Mapping[str, Action]) -> Action:
    """The action for a purpose code: 00 creates unless set otherwise, a code that is not listed is held."""
    return table.get(code or NEW, "create" if (code or NEW) == NEW else "hold")


Step = Callable[[PurchaseOrder, IntakePolicy], tuple[PurchaseOrder, tuple[Finding, ...]]]
"""One change between what the partner said and what D365 is told; returns the order unchanged where it does not apply."""
STEPS: tuple[Step, ...] = ()
"""In the order in which they are made."""


def take(order: PurchaseOrder, policy: IntakePolicy) -> tuple[PurchaseOrder, tuple[Finding, ...]]:
    """The order as D365 is told it, and what holds it on the way: the steps, each on what the one before it made."""
    found: tuple[Finding, ...] = ()
    for step in STEPS:
        order, more = step(order, policy)
        found += more
    return order, found


def held(message: str, remedy: str, rule: str) -> Finding:
    """A finding that holds an order: a sentence, what to do about it, and a word for the kind."""
    return Finding("document", "error", "", message, remedy=remedy, rule=rule)
