"""How a map states what is credited: `credits = "negative"`, D365's own signs, or `"positive"`.

Knows: the row `credits` of a map. Does not know: guides, invoices.
"""

from d365edi.maps.table import Table, nearest
from d365edi.matching.crediting import SIGNS, Signs


def credit_signs(table: Table) -> Signs:
    """The signs of credit notes in a map's set. Raises SettingsError."""
    said = table.tree.get("credits", SIGNS[0])
    for signs in SIGNS:
        if said == signs:
            return signs
    raise table.mistake(("credits",), f'"{said}" is no way to state a credit note', remedy=nearest(str(said), SIGNS))
