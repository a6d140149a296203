"""What every document is: frozen, typed, exact, and the same after a trip through JSON.

Empty is None or (), never "". Amounts are Decimal and keep their digits; days are dates without a time or a zone.
`kept` holds, beside the values, how a partner spelled them: the qualifier that a value stood behind (`{"ship_from":
"037"}`) or the partner's own word for it (`{"unit": "CT"}`), so that an answer can say it in the same way.

Knows: the shape of a value. Does not know: any standard, any map.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]
"""Text that is there; what is empty is None."""
Amount = Annotated[Decimal, Field(strict=True)]
"""An exact number: money, a price, a quantity, a percentage. Never made of a float."""
Day = Annotated[date, Field(strict=True)]
"""A calendar day, in nobody's time zone."""


class Value(BaseModel):
    """A part of a document. Compared by value; cannot be changed, only copied with changes (`model_copy(update=...)`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Scope(Value):
    """A part whose fields may have been spelled by a partner: a document, or one item of a list in it."""

    kept: dict[str, str] | None = None

    def spelling(self, field: str) -> str | None:
        """The partner's own qualifier or word for a field (dotted inside this part), None where nothing was kept."""
        return self.kept.get(field) if self.kept else None


class Document(Scope):
    """A whole business document."""

    def to_json(self) -> str:
        """Compact JSON without what is empty; numbers as text with every digit."""
        return self.model_dump_json(exclude_defaults=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The document that `to_json` wrote. Raises pydantic's ValidationError (a ValueError) for anything else."""
        return cls.model_validate_json(text)
