"""What a map has places for to say what a price is for, which rate a tax has and which order a line is under, and in which
standard.

Knows: rows of lines, code tables. Does not know: guides, documents' prices.
"""

from collections.abc import Mapping

from d365edi.maps.mapping_tree import LINES
from d365edi.maps.table import Table, scope
from d365edi.matching.stating import PricePlaces

BASIS, KIND, QUANTITY = "price_basis", "price_kind", "price_per.quantity"
TAXES, RATE = "taxes", "percent"
ORDER = "order_number"


def names_orders(table: Table) -> bool:
    """Whether lines have a place for the number of their order, so that a document may be for several."""
    return any(row.name == ORDER for each in scope(table).scopes if each.field == LINES for row in each.rows)


def places(table: Table, codes: Mapping[str, Mapping[str, str]] | None = None) -> PricePlaces:
    """The places that the lines of a map have; `codes` are the partner's, over the map's own."""
    lists = {each.field: each for each in scope(table).scopes}
    rows = {row.name for row in lists[LINES].rows} if LINES in lists else set[str]()
    own, theirs = table.codes(), codes or {}

    def words(name: str) -> frozenset[str]:
        if not {name, f"line.order.{name}", f"order.{name}"} & rows:
            return frozenset()
        return frozenset({**own.get(name, {}), **theirs.get(name, {})}.values())

    rates = TAXES in lists and RATE in lists[TAXES].needs
    standard = {"x12": "X12", "edifact": "EDIFACT"}.get(table.language, "")
    quantity = bool({QUANTITY, f"line.order.{QUANTITY}"} & rows)
    return PricePlaces(words(BASIS), words(KIND), quantity, rates, standard)
