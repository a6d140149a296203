"""The answers to a document's references, as a value that is kept with the document.

Knows: kinds of answers. Does not know: how they were found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

ReferenceKind = Literal["customer", "item", "unit", "location", "buyer", "gtin"]


@dataclass(frozen=True, slots=True)
class ResolvedReference:
    """One answer: the value ("" where nobody knows and nobody need), for which lines, about what. `extra` as its kind
    has it."""

    kind: ReferenceKind
    value: str
    lines: tuple[int, ...] = ()
    subject: str = ""
    extra: str = ""


@dataclass(frozen=True, slots=True)
class PartnerNumbers:
    """What the partner and the world call one of our items."""

    buyer: str | None = None
    gtin: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """All answers of one document: by line number (1 is the first) for items, by word for units."""

    customer: str | None = None
    invoice_customer: str | None = None
    location: str | None = None
    items: Mapping[int, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    theirs: Mapping[int, PartnerNumbers] = field(default_factory=dict)

    def plus(self, *answers: ResolvedReference) -> Resolution:
        """These answers with further ones; a later one counts. Give all that there are at once: the rest is copied."""
        items, units, theirs, change = dict(self.items), dict(self.units), dict(self.theirs), dict[str, str]()
        for answer in answers:
            if answer.kind == "customer":
                change |= {"customer": answer.value, "invoice_customer": answer.extra or answer.value}
            elif answer.kind == "location":
                change["location"] = answer.value
            elif answer.kind == "unit":
                units[answer.subject] = answer.value
            elif answer.kind == "item":
                items.update(dict.fromkeys(answer.lines, answer.value))
            elif answer.value:
                for line in answer.lines:
                    theirs[line] = replace(theirs.get(line, PartnerNumbers()), **{answer.kind: answer.value})
        return replace(self, items=items, units=units, theirs=theirs, **change)

    def of(self, name: str, line: int, unit: str | None) -> str | None:
        """The answer that a row of a D365 map names: `customer`, `invoice_customer`, `location`, `item` or `unit` of
        a line."""
        if name == "item":
            return self.items.get(line)
        if name == "unit":
            return self.units.get(unit, unit) if unit is not None else None
        value: str | None = {
            "customer": self.customer,
            "invoice_customer": self.invoice_customer,
            "location": self.location,
        }[name]
        return value

    def to_json(self) -> str:
        """JSON that gives these answers back."""
        return json.dumps({name: value for name, value in asdict(self).items() if value}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Resolution:
        """The answers that `to_json` wrote. Raises ValueError for anything else."""
        content: dict[str, Any] = json.loads(text)
        try:
            content["items"] = {int(line): item for line, item in content.get("items", {}).items()}
            content["theirs"] = {int(line): PartnerNumbers(**each) for line, each in content.get("theirs", {}).items()}
            return cls(**content)
        except TypeError as error:
            raise ValueError(f"these are no answers: {error}") from error
