"""What an order needs before D365 is asked: why it is held or closed, and what it becomes for D365.

Two questions, answered alike for the daemon and for `check`. `judge` says what is decided about the order itself. `take`
makes of it what is written to D365, by one step after the other; what the partner said, in the journal, stays as it was.
A step changes what is written to D365 (a line becomes several, a charge a discount), or holds the order with a finding; it looks
nothing up. Findings have the severity error, a sentence and a remedy.

Knows: orders, the policy of a flow as plain values. Does not know: settings, messages, D365's tables, answers to references.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from d365edi.documents import Document, Invoice, PurchaseOrder
from d365edi.edi.findings import Finding
from d365edi.matching import alternatives, charge_lines, components, parts, prices, schedules, stores, windows
from d365edi.matching.agreements import Agreements
from d365edi.matching.charge_lines import ChargeSet
from d365edi.matching.charges import discounts
from d365edi.matching.parts import PartsPolicy
from d365edi.matching.unlike import ASIDE, Kind, Oddity, OrderPlaces, flagged, oddities
from d365edi.odata.plan import plain_words

Action = Literal["create", "hold", "ignore"]
"""What is done with an order: created in D365, held for a person, closed."""
NEW = "original"
"""The purpose of a new order."""
PURPOSES = {
    "original": ("00", "9"), "cancellation": ("01", "1"), "addition": ("02", "2"), "deletion": ("03", "3"),
    "change": ("04", "4"), "replace": ("05", "5"), "confirmation": ("06", "6"), "duplicate": ("07", "7", "31"),
}  # fmt: skip
"""Purposes with the codes of the standards (data elements 353 and 1225) by which settings may name them too."""


@dataclass(frozen=True, slots=True)
class IntakePolicy:
    """What a partner's flow agreed about its orders. Without arguments: the settings' defaults, for no partner.

    `place` is the flow's table in the settings, as sentences name it; `said` the segment of the partner's set that says each
    part of the order, by its dotted name (`lines.charges`); `charge_sets` what D365 has sets of charge lines for;
    `short_paid` what an invoice does that is paid with another amount than it asks for."""

    place: str = "partners.NAME.receive.SET"
    purpose: Mapping[str, Action] = field(default_factory=lambda: {NEW: "create"})
    ignore: frozenset[str] = frozenset()
    said: Mapping[str, str] = field(default_factory=dict)
    unlike: Mapping[Kind, Action] = field(default_factory=dict)
    places: OrderPlaces = field(default_factory=OrderPlaces)
    parts: PartsPolicy = field(default_factory=PartsPolicy)
    agreed: Agreements = field(default_factory=dict)
    charge_sets: frozenset[ChargeSet] = frozenset()
    short_paid: Literal["hold", "try"] = "hold"


@dataclass(frozen=True, slots=True)
class Judgment:
    """What is decided about an order: created where nothing else is said, held for `findings`, or closed because `ignored`.

    `claims`: it takes the business key of its number; a copy, a change or a test leaves it to the order that it is about."""

    findings: tuple[Finding, ...] = ()
    ignored: str = ""
    claims: bool = True


def judge(document: Document, policy: IntakePolicy, usage: str = "") -> Judgment:
    """What holds or closes the document itself: an order that is unlike a normal one, an order or invoice that is no new one, any
    other that is a test. `usage` is that of its interchange (P, T or I), "" where it has none."""
    findings, odd = list[Finding](), flagged(usage, policy.places)
    if isinstance(document, PurchaseOrder | Invoice):
        action = purpose_action(document.purpose, policy.purpose)
        if action == "ignore":
            return Judgment(ignored=f"purpose {document.purpose} is ignored by setting")
        findings = [_purpose_held(document, policy)] if action == "hold" else []
    if isinstance(document, PurchaseOrder):
        odd = oddities(document, usage, policy.places)
    claims = not findings
    for each in odd:
        action = policy.unlike.get(each.kind, "hold")
        if action == "ignore" and each.closing:
            return Judgment(ignored=f"{each.sentence}; {each.kind} is ignored by setting")
        if action != "create":
            findings.append(_unlike_held(document, policy, each))
            claims = claims and each.kind not in ASIDE
    return Judgment(tuple(findings), claims=claims)


def _purpose_held(document: PurchaseOrder | Invoice, policy: IntakePolicy) -> Finding:
    used = document.spelling("purpose")
    code = f"{document.purpose}" + (f" (they wrote {used})" if used not in (None, document.purpose) else "")
    name, noun = ("PO", "order") if isinstance(document, PurchaseOrder) else ("invoice", "invoice")
    message = f"{name} {document.number}: purpose {code} asks for a change or a copy, not a new {noun}"
    reject = f'decide by hand, then: d365edi reject {document.number} --why "..."'
    return held(message, f"{reject}, or list it under purpose in [{policy.place}]", "purpose")


def _unlike_held(document: Document, policy: IntakePolicy, odd: Oddity) -> Finding:
    number = getattr(document, "number", "")
    name = "PO" if isinstance(document, PurchaseOrder) else plain_words(type(document).__name__)
    decide = f'd365edi release {number} creates it all the same, d365edi reject {number} --why "..." closes it'
    remedy = f'{decide}; {odd.kind} = "create" in [{policy.place}.unlike] creates all such'
    return held(f"{name} {number}: {odd.sentence}", remedy, odd.kind)


def purpose_action(purpose: str | None, table: Mapping[str, Action]) -> Action:
    """The action for a purpose: a new order is created unless set otherwise, what is not listed is held."""
    purpose = purpose or NEW
    named = (purpose, *PURPOSES.get(purpose, ()))
    return next((table[name] for name in named if name in table), "create" if purpose == NEW else "hold")


def _charges(order: PurchaseOrder, policy: IntakePolicy) -> tuple[PurchaseOrder, tuple[Finding, ...]]:
    segment = policy.said.get("lines.charges") or policy.said.get("charges", "")
    written, found = discounts(order, policy.agreed, policy.place, segment, ignored=segment in policy.ignore)
    several = stores.by_orders(order, policy.parts)
    wrong = charge_lines.unplaced(written, policy.charge_sets, several=several)
    return written, (*found, *(parts.held(f"PO {order.number}: {why}", remedy, order) for why, remedy in wrong))


Step = Callable[[PurchaseOrder, IntakePolicy], tuple[PurchaseOrder, tuple[Finding, ...]]]
"""One change between what the partner wrote and what is written to D365; returns the order unchanged where it does not apply."""
STEPS: tuple[Step, ...] = (
    _charges,
    lambda order, policy: alternatives.check(order, policy.parts),
    lambda order, policy: windows.check(order, policy.parts),
    lambda order, policy: schedules.split(order, policy.parts),
    lambda order, policy: stores.split(order, policy.parts),
    lambda order, policy: components.take(order, policy.parts),
    lambda order, policy: prices.settle(order, policy.place),
)
"""In the order in which they are made."""


def take(order: PurchaseOrder, policy: IntakePolicy) -> tuple[PurchaseOrder, tuple[Finding, ...]]:
    """The order as it is written to D365, and what holds it on the way: the steps, each on what the one before it made."""
    found: tuple[Finding, ...] = ()
    for step in STEPS:
        order, more = step(order, policy)
        found += more
    return order, found


def held(message: str, remedy: str, rule: str) -> Finding:
    """A finding that holds an order: a sentence, what to do about it, and a word for the kind."""
    return Finding("document", "error", "", message, remedy=remedy, rule=rule)
