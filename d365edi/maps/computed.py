"""Values that a writer computes: `count(lines)`, `sum(lines.quantity)` and a number as `total` of the document, `count(HL)` and
`sum(SN102)` of the segments written so far; `net(charges)`: charges less allowances that no line's amount contains, nothing
where an invoice has none; `owed(taxes)`: all of them, nothing where there are none; `taxable(taxes)` and `taxed(taxes)`: bases
and amounts of taxes that say on what they are.

Knows: the formulas. Does not know: which set wants which.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter

from d365edi.documents import Document, Invoice
from d365edi.edi.guide import Guide
from d365edi.maps.fields import Model, find

Written = Sequence[Sequence[str | tuple[str, ...]]]
"""Segments: the id and then the elements."""
Formula = Callable[[Document, Written], Decimal | None]
"""None: nothing is written."""

_CALL = re.compile(r"(count|sum)\(([a-z_]+)(?:\.([a-z_]+))?\)\Z")
_OVER = re.compile(r"(?:count\(([A-Z][A-Z0-9]{1,2})\)|sum\(([A-Z][A-Z0-9]{1,2})(\d\d)\))\Z")


def formula(text: str, model: Model, guide: Guide) -> Formula:
    """The function of a formula over a document of this model and its segments. Raises ValueError when it is none."""
    if over := _OVER.match(text):
        counted, added, position = over.groups()
        if (counted or added) not in guide.segments:
            raise ValueError(f'"{text}": the {guide.set} has no segment {counted or added}')
        return _count(counted) if counted else _sum(added, int(position))
    if text in OF_INVOICES and issubclass(model, Invoice):
        return OF_INVOICES[text]
    match = _CALL.match(text)
    own = find(model, text)
    if own is not None and own.kind in ("amount", "whole") and not own.many:
        return lambda document, _: Decimal(attrgetter(text)(document) or 0)
    if match is None:
        known = ", ".join(OF_INVOICES)
        message = f'"{text}" is no formula; there are count(lines), sum(lines.quantity), count(HL), sum(SN102), {known}'
        raise ValueError(message)
    call, items, value = match.groups()
    field = find(model, items)
    if field is None or not field.many or field.model is None:
        raise ValueError(f'"{text}": the document has no list "{items}"')
    if call == "count":
        return lambda document, _: Decimal(len(getattr(document, items)))
    inner = find(field.model, value or "")
    if inner is None or inner.kind not in ("amount", "whole"):
        raise ValueError(f'"{text}": "{value}" is no number of a line')
    number = attrgetter(value)
    return lambda document, _: sum(filter(None, map(number, getattr(document, items))), Decimal(0))


def _net(document: Document, _: Written) -> Decimal | None:
    """What the total has beside goods and taxes: allowances of a line are in its amount, charges need not be."""
    assert isinstance(document, Invoice)
    lines = [line.amount for line in document.lines]
    if document.total is None or not any((document.charges, *(line.charges for line in document.lines))):
        return None
    goods = sum((amount for amount in lines if amount is not None), Decimal(0))
    beside = document.total - goods - sum((tax.amount for tax in document.taxes if tax.amount), Decimal(0))
    return beside if beside and None not in lines else None


def _owed(document: Document, _: Written) -> Decimal | None:
    """The taxes together."""
    assert isinstance(document, Invoice)
    amounts = (tax.amount for tax in document.taxes if tax.amount is not None)
    return sum(amounts, Decimal(0)) if document.taxes else None


def _taxable(document: Document, _: Written) -> Decimal | None:
    """What is taxed in all, where each tax says its own."""
    assert isinstance(document, Invoice)
    bases = [tax.base for tax in document.taxes]
    known = [base for base in bases if base is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(bases) else None


def _taxed(document: Document, written: Written) -> Decimal | None:
    """The taxes on that."""
    assert isinstance(document, Invoice)
    return None if _taxable(document, written) is None else _owed(document, written)


OF_INVOICES: Mapping[str, Formula] = {
    "net(charges)": _net,
    "owed(taxes)": _owed,
    "taxable(taxes)": _taxable,
    "taxed(taxes)": _taxed,
}


def _count(id: str) -> Formula:
    return lambda _, body: Decimal(sum(1 for segment in body if segment[0] == id))


def _sum(id: str, position: int) -> Formula:
    def add(_: Document, body: Written) -> Decimal:
        texts = (segment[position] for segment in body if segment[0] == id and len(segment) > position)
        return sum((Decimal(text) for text in texts if isinstance(text, str) and text), Decimal(0))

    return add
