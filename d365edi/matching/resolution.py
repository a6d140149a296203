"""The resolved references of a document, as a value that is stored with the document.

Knows: kinds of references. Does not know: how they were resolved.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

ReferenceKind = Literal[
    "customer", "vendor_account", "item", "unit", "location", "site", "warehouse", "address", "buyer", "vendor", "gtin",
    "currency", "payment_terms", "delivery_mode", "delivery_terms", "chart", "main_account",
]  # fmt: skip

CODES = ("currency", "payment_terms", "delivery_mode", "delivery_terms", "chart")
"""The kinds that are codes of the whole document, of which D365 has a list."""
MOST_SOURCES = 200
"""How many answers are kept with what answered them: an order of 5,000 items has as many."""
WHOLE = (0,)
"""In place of lines: the document as a whole."""
PLACE = ("location", "site", "warehouse", "address")
"""The kinds that say where goods go, each a field of `DeliveryPlace`."""


@dataclass(frozen=True, slots=True)
class ResolvedReference:
    """One resolved reference: its value ("" where an optional one was not found), the lines it is for, what was looked up.

    `extra` is a second value that some kinds have: a customer's invoice account. Line 0 is the order as a whole.
    `more` are further answers by name: of an item the dimensions of its variant. `notes` are
    warnings for a person, which hold nothing. `source` is what answered: a set of D365, or a table of the settings."""

    kind: ReferenceKind
    value: str
    lines: tuple[int, ...] = ()
    subject: str = ""
    extra: str = ""
    more: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    source: str = ""


VARIANT = ("color", "configuration", "size", "style", "version")
"""The dimensions that distinguish variants of an item, each a field of `Variant`."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Which variant of a product master an item is; a dimension that is "" is not known, or not one of that master's."""

    color: str = ""
    configuration: str = ""
    size: str = ""
    style: str = ""
    version: str = ""

    @property
    def said(self) -> tuple[tuple[str, str], ...]:
        """The dimensions that are known, by name."""
        return tuple((name, value) for name in VARIANT if (value := getattr(self, name)))

    def merged(self, other: Variant) -> Variant | None:
        """What both say together; None where they differ in a dimension that both say (D365 does not tell case apart)."""
        pairs = [(getattr(self, name), getattr(other, name)) for name in VARIANT]
        if any(one and two and one.casefold() != two.casefold() for one, two in pairs):
            return None
        return Variant(*(one or two for one, two in pairs))

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.said)


@dataclass(frozen=True, slots=True)
class DeliveryPlace:
    """Where goods go: to the location of an address of the customer, or as `address` says ("order": to the one in the order);
    from which site and warehouse of ours. What is None is left to D365."""

    location: str | None = None
    site: str | None = None
    warehouse: str | None = None
    address: str | None = None

    def __str__(self) -> str:
        to = f"to location {self.location}" if self.location else "to the customer's address"
        source = [f"{name} {value}" for name, value in (("site", self.site), ("warehouse", self.warehouse)) if value]
        return ", ".join([f"to the address in the {self.address}" if self.address else to, *source])


@dataclass(frozen=True, slots=True)
class PartnerNumbers:
    """The partner's number of one of our items, as our customer (`buyer`) or as our vendor, and its GTIN."""

    buyer: str | None = None
    gtin: str | None = None
    vendor: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What a sales line was made of: the line of the order as written (1 is the first), for which store, of which component."""

    line: int
    store: str | None = None
    component: int | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """All resolved references of one document: by line number (1 is the first) for items, by word for units.

    Lines are those that are written to D365. `parts` says of which line of the order each was made, where they are not the same.
    `places` has 0 for the order as a whole, and the lines with a place of their own. `more` has what else was answered, by name:
    the vendor with what is read with it. `variants` has the lines whose item is a variant of a product master, `accounts` the
    main account of lines that are for no item. `sources` says what was answered ("item ACME-1 = D0001"), and by what,
    of the first `MOST_SOURCES`."""

    customer: str | None = None
    invoice_customer: str | None = None
    places: Mapping[int, DeliveryPlace] = field(default_factory=dict)
    items: Mapping[int, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    theirs: Mapping[int, PartnerNumbers] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)
    variants: Mapping[int, Variant] = field(default_factory=dict)
    accounts: Mapping[int, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    def plus(self, *references: ResolvedReference) -> Resolution:
        """This resolution with further references; a later one counts. Pass all of them at once: each call copies the rest."""
        items, units, theirs, change = dict(self.items), dict(self.units), dict(self.theirs), dict[str, Any]()
        places, more, variants = dict(self.places), dict(self.more), dict(self.variants)
        accounts, sources = dict(self.accounts), dict(self.sources)
        for reference in references:
            if reference.value and reference.source and len(sources) < MOST_SOURCES:
                asked = " ".join(dict.fromkeys((reference.kind.replace("_", " "), reference.subject))).rstrip(" ")
                sources[f"{asked} = {reference.value}"] = reference.source
            if reference.kind == "customer":
                change |= {"customer": reference.value, "invoice_customer": reference.extra or reference.value}
            elif reference.kind in PLACE:
                found = {reference.kind: reference.value, **{name: value for name, value in reference.more if value}}
                for line in (reference.lines or WHOLE) if reference.value else ():
                    places[line] = replace(places.get(line, DeliveryPlace()), **found)
            elif reference.kind == "vendor_account":
                more |= {"vendor": reference.value, "invoice_vendor": reference.value}
                more |= {name: value for name, value in reference.more if value}
            elif reference.kind in CODES:
                more |= {reference.kind: reference.value} if reference.value else {}
            elif reference.kind == "main_account":
                accounts.update(dict.fromkeys(reference.lines, reference.value))
            elif reference.kind == "unit":
                units[reference.subject] = reference.value
            elif reference.kind == "item":
                items.update(dict.fromkeys(reference.lines, reference.value))
                variants.update(
                    dict.fromkeys(reference.lines if reference.more else (), Variant(**dict(reference.more)))
                )
            elif reference.value:
                for line in reference.lines:
                    theirs[line] = replace(theirs.get(line, PartnerNumbers()), **{reference.kind: reference.value})
        change |= {"items": items, "units": units, "theirs": theirs, "places": places, "more": more}
        return replace(self, variants=variants, accounts=accounts, sources=sources, **change)

    def with_more(self, answers: Mapping[str, str]) -> Resolution:
        """This resolution with further answers by name."""
        return replace(self, more={**self.more, **answers})

    def with_accounts(self, accounts: Mapping[int, str]) -> Resolution:
        """This resolution with the main accounts of lines as they are written."""
        return replace(self, accounts=accounts)

    def of(self, name: str, line: int, unit: str | None) -> str | None:
        """The value that a row of a D365 map names: `customer` or `invoice_customer`; `item`, `unit`, `main_account` or a
        dimension of the variant of a line; `location`, `site`, `warehouse` or `address` of a line, or with line 0 of the order as
        a whole."""
        if name == "item":
            return self.items.get(line)
        if name == "main_account":
            return self.accounts.get(line)
        if name in VARIANT:
            variant = self.variants.get(line)
            return (getattr(variant, name) or None) if variant else None
        if name == "unit":
            return self.units.get(unit, unit) if unit is not None else None
        if name in PLACE:
            place = self.places.get(line)
            found: str | None = getattr(place, name) if place else None
            return found
        return {"customer": self.customer, "invoice_customer": self.invoice_customer, **self.more}.get(name)

    def to_json(self) -> str:
        """JSON from which `from_json` makes this resolution again."""
        return json.dumps(_said(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Resolution:
        """The resolution that `to_json` wrote. Raises ValueError for anything else."""
        content: dict[str, Any] = json.loads(text)
        try:
            content["items"] = {int(line): item for line, item in content.get("items", {}).items()}
            content["places"] = {int(line): DeliveryPlace(**each) for line, each in content.get("places", {}).items()}
            content["theirs"] = {int(line): PartnerNumbers(**each) for line, each in content.get("theirs", {}).items()}
            content["accounts"] = {int(line): account for line, account in content.get("accounts", {}).items()}
            content["variants"] = {int(line): Variant(**each) for line, each in content.get("variants", {}).items()}
            content["parts"] = tuple(Part(**each) for each in content.get("parts", ()))
            return cls(**content)
        except TypeError as error:
            raise ValueError(f"this is no resolution: {error}") from error


def _said(resolution: Resolution) -> dict[str, Any]:
    """What is not empty; a vendor's number, which an earlier version does not know, only where there is one."""
    content = {name: value for name, value in asdict(resolution).items() if value}
    for numbers in content.get("theirs", {}).values():
        if numbers["vendor"] is None:
            del numbers["vendor"]
    for line, variant in content.get("variants", {}).items():
        content["variants"][line] = {name: value for name, value in variant.items() if value}
    return content
