"""[partners.NAME.send.SET.guard]: checks before a document is sent, and what follows from a violation.

Knows: the names of the checks and their default levels. Does not know: how a check works.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from d365edi.guard import CHECKS, Level, Policy
from d365edi.guard.echo import PLACE

from .section import SettingsSection
from .values import Flag, Text, invalid, nearest


def _place(value: str) -> str:
    if not PLACE.fullmatch(value):
        raise invalid("is not a place in a segment", 'write it as "REF[IA]02", "BIG04" or, for a whole segment, "CAD"')
    return value


def _costs(value: Mapping[str, str]) -> Mapping[str, str]:
    for name in value:
        if name not in CHECKS:
            raise invalid(
                "is not the name of a check", nearest(name, CHECKS) or "known are " + ", ".join(CHECKS), inside=(name,)
            )
    return value


class Guard(SettingsSection):
    """Checks against chargebacks. off: not checked; warn: logged and sent; hold: a person decides, `release` sends it."""

    duplicate: Level = "hold"
    """The company's number was sent to them before, or its packing slip was billed before."""
    price_differs: Level = "warn"
    """A price that is not the order's."""
    quantity_exceeds: Level = "warn"
    """More than ordered of a line."""
    over_invoiced: Level = "hold"
    """More than ordered of a line, together with what was billed before."""
    over_credited: Level = "hold"
    """More given back of a line than was billed of it."""
    unit_differs: Level = "warn"
    """A unit that is not the order's."""
    total_wrong: Level = "hold"
    """Lines, charges and taxes do not sum up to the total."""
    terms_differ: Level = "warn"
    """Due on another day than by the order, or with another discount for early payment."""
    allowance_missing: Level = "warn"
    """An allowance of the order is not taken off, or another amount is."""
    dated_before_ship: Level = "warn"
    """Dated before the goods ship."""
    before_notice: Level = "off"
    """No ship notice for the order was sent before; once one is, an invoice held for it is sent automatically."""
    notice_late: Level = "warn"
    """A ship notice that is sent on a later day than its goods."""
    outside_window: Level = "warn"
    """Shipped before or after the order's window."""
    sscc_wrong: Level = "hold"
    """An SSCC with a wrong length or check digit."""
    sscc_reused: Level = "hold"
    """An SSCC that another carton has or had."""
    id_not_echoed: Level = "warn"
    """The order's number, vendor number, department, ship-to or line ids are not in it."""
    item_differs: Level = "warn"
    """Item numbers or GTINs are not the order's, or a GTIN is wrong in itself."""
    reference_missing: Level = "hold"
    """A place that `demands` names is empty."""
    usage_differs: Level = "hold"
    """A test order is answered in production, or the other way round."""
    demands: tuple[Annotated[Text, AfterValidator(_place)], ...] = ()
    """Places that this partner requires: "REF[IA]02", "BIG04", "CAD"."""
    say_costs: Flag = True
    """Whether a sentence includes the typical cost."""
    costs: Annotated[Mapping[Text, Text], AfterValidator(_costs)] = Field(default_factory=dict)
    """Check = its cost with this partner, in place of the usual text."""

    @property
    def policy(self) -> Policy:
        """The section as the guard takes it."""
        # The level of original_missing is the flow's `original`, see Send.checks.
        levels: dict[str, Level] = {name: getattr(self, name, "hold") for name in CHECKS}
        return Policy(levels, self.demands, self.costs, self.say_costs)
