"""The checks by their keys in the settings, with typical costs; and the run of a case through them.

The costs are typical of partners' portals and guides; they change and differ, which is why settings can replace them.

Knows: which checks exist, for which documents. Does not know: how each works.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from d365edi.documents import Document, Invoice, OrderResponse, ShipNotice
from d365edi.guard import allowance, compare, echo, invoice, notice
from d365edi.guard.case import Case, Policy, Violation

CheckFunction = Callable[[Case], Iterator[str]]
"""One sentence for each occurrence."""


@dataclass(frozen=True, slots=True)
class GuardCheck:
    """One thing that partners charge for: the function that finds it in each kind of document, and the typical cost."""

    functions: Mapping[type[Document], tuple[CheckFunction, str]]


def _invoice(find: CheckFunction, cost: str) -> GuardCheck:
    return GuardCheck({Invoice: (find, cost)})


def _notice(find: CheckFunction, cost: str) -> GuardCheck:
    return GuardCheck({ShipNotice: (find, cost)})


def _both(find: CheckFunction, cost: str, of_notice: str = "") -> GuardCheck:
    return GuardCheck({Invoice: (find, cost), ShipNotice: (find, of_notice or cost)})


def _every(find: CheckFunction, cost: str) -> GuardCheck:
    return GuardCheck(dict.fromkeys((Invoice, ShipNotice, OrderResponse), (find, cost)))


PER_NOTICE = "typically 200 to 1500 dollars for a notice that is wrong"
PER_CARTON = "typically 5 to 15 dollars a carton"

CHECKS: dict[str, GuardCheck] = {
    "duplicate": GuardCheck(
        {
            Invoice: (invoice.duplicate, "typically deducted whole, with a fee"),
            ShipNotice: (notice.duplicate, "typically 200 dollars, as for one that is late"),
        }
    ),
    "price_differs": _invoice(compare.price_differs, "typically the difference is deducted"),
    "quantity_exceeds": _both(compare.quantity_exceeds, "typically the surplus is deducted", PER_NOTICE),
    "over_invoiced": _invoice(compare.over_invoiced, "typically the surplus is deducted"),
    "over_credited": _invoice(compare.over_credited, "typically kept by the partner"),
    "unit_differs": _both(compare.unit_differs, "typically paid short", PER_NOTICE),
    "total_wrong": _invoice(invoice.total_wrong, "typically refused"),
    "original_missing": _invoice(invoice.original_missing, "typically refused"),
    "terms_differ": _invoice(invoice.terms_differ, "typically paid by the order's terms"),
    "allowance_missing": _invoice(allowance.allowance_missing, "typically deducted from the payment"),
    "dated_before_ship": _invoice(invoice.dated_before_ship, "typically refused or paid late"),
    "before_notice": _invoice(invoice.before_notice, "typically refused or paid late"),
    "notice_late": _notice(notice.notice_late, "typically 200 dollars, or 2 to 6 % of the goods' cost"),
    "outside_window": _both(compare.outside_window, "typically 3 % of the goods' cost"),
    "sscc_wrong": _notice(notice.sscc_wrong, PER_CARTON),
    "sscc_reused": _notice(notice.sscc_reused, PER_CARTON),
    "id_not_echoed": _every(echo.id_not_echoed, "typically refused, or paid late after a search by hand"),
    "item_differs": _every(echo.item_differs, "typically refused"),
    "reference_missing": _every(echo.reference_missing, "typically refused"),
    "usage_differs": _every(echo.usage_differs, "typically ignored without notice"),
}
"""Check by name; the names are the keys of a partner's settings."""


def examine(case: Case, policy: Policy) -> tuple[Violation, ...]:
    """What a partner would charge for, by the policy's levels, in the order of the table."""
    found = []
    for name, check in CHECKS.items():
        level = policy.levels.get(name, "off")
        find, usual = check.functions.get(type(case.document), (None, ""))
        if level == "off" or find is None:
            continue
        cost = policy.costs.get(name, usual) if policy.say_costs else ""
        found += [Violation(name, level, sentence, cost) for sentence in find(case)]
    return tuple(found)


def mentions(document: Document) -> frozenset[tuple[str, str]]:
    """The references by which later cases find this document once it is sent: kind of reference, and value.

    `order`: number of an order it belongs to; `goods`: what it bills or announces, so that another number for the same
    is found; `sscc`: the number of a carton."""
    if isinstance(document, Invoice):
        pairs = [("goods", document.packing_slip)]
        pairs += [("order", number) for number in invoice.order_numbers(document)]
    elif isinstance(document, OrderResponse):
        pairs = [("order", document.number)]
    elif isinstance(document, ShipNotice):
        orders = [order.number for order in document.every_order() if order.number]
        pairs = [("order", number) for number in orders]
        if document.bill_of_lading:
            pairs += [("goods", f"{document.bill_of_lading} {number}") for number in orders]
        pairs += [("sscc", number) for number in notice.ssccs(document)]
    else:
        pairs = []
    return frozenset((what, value) for what, value in pairs if value is not None)
