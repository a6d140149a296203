"""The answers to a document's references, as a value that is kept with the document.

Knows: kinds of answers. Does not know: how they were found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

Kind = Literal["customer", "item", "unit", "location", "buyer", "gtin"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: the value ("" where nobody knows and nobody need), for which lines, about what. `extra` as its kind
    has it."""

    kind: Kind
    value: str
    lines: tuple[int, ...] = ()
    subject: str = ""
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Theirs:
    """What the partner and the world call one of our items."""

    buyer: str | None = None
    gtin: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of one document: by line number (1 is the first) for items, by word for units."""

    customer: str | None = None
    invoice_customer: str | None = None
    location: str | None = None
    items: Mapping[int, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    theirs: Mapping[int, Theirs] = field(default_factory=dict)

    def plus(self, *answers: Answer) -> Answers:
        """These answers with further ones; a later one counts."""
        found = self
        for answer in answers:
            found = found._with(answer)
        return found

    def _with(self, answer: Answer) -> Answers:
        if answer.kind == "customer":
            return replace(self, customer=answer.value, invoice_customer=answer.extra or answer.value)
        if answer.kind == "location":
            return replace(self, location=answer.value)
        if answer.kind == "unit":
            return replace(self, units={**self.units, answer.subject: answer.value})
        if answer.kind == "item":
            return replace(self, items={**self.items, **dict.fromkeys(answer.lines, answer.value)})
        if not answer.value:
            return self
        known = {line: self.theirs.get(line, Theirs()) for line in answer.lines}
        change = {"buyer": answer.value} if answer.kind == "buyer" else {"gtin": answer.value}
        return replace(self, theirs={**self.theirs, **{line: replace(old, **change) for line, old in known.items()}})

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
    def from_json(cls, text: str) -> Answers:
        """The answers that `to_json` wrote. Raises ValueError for anything else."""
        content: dict[str, Any] = json.loads(text)
        try:
            content["items"] = {int(line): item for line, item in content.get("items", {}).items()}
            content["theirs"] = {int(line): Theirs(**each) for line, each in content.get("theirs", {}).items()}
            return cls(**content)
        except TypeError as error:
            raise ValueError(f"these are no answers: {error}") from error
