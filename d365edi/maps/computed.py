"""Values that a writer computes: `count(lines)` and `sum(lines.quantity)`.

Knows: the two formulas. Does not know: segments, which set wants which.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from d365edi.documents import Document
from d365edi.maps.fields import Model, find

Formula = Callable[[Document], Decimal]

_CALL = re.compile(r"(count|sum)\(([a-z_]+)(?:\.([a-z_]+))?\)\Z")


def formula(text: str, model: Model) -> Formula:
    """The function of a formula over a document of this model. Raises ValueError when it is none."""
    match = _CALL.match(text)
    if match is None:
        raise ValueError(f'"{text}" is no formula; there are count(lines) and sum(lines.quantity)')
    call, items, value = match.groups()
    field = find(model, items)
    if field is None or not field.many or field.model is None:
        raise ValueError(f'"{text}": the document has no list "{items}"')
    if call == "count":
        return lambda document: Decimal(len(getattr(document, items)))
    inner = find(field.model, value or "")
    if inner is None or inner.kind not in ("amount", "whole"):
        raise ValueError(f'"{text}": "{value}" is no number of a line')
    return lambda document: sum((Decimal(getattr(item, value) or 0) for item in getattr(document, items)), Decimal(0))
