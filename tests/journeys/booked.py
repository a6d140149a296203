"""Orders whose allowances and charges become charge lines in a tenant that publishes sets for them."""

from __future__ import annotations

from decimal import Decimal

from tests.journeys.test_charges import HEAD, LINE, counted
from tests.journeys.world import World

SETS = """
[d365.charges]
header = "SalesOrderHeaderChargesV2"
line   = "SalesOrderLineChargesV2"
"""
ON_LINE, ON_ORDER = b"SAC*A*C310***500**********PROMOTION", b"SAC*C*D240***2500**********FREIGHT"


def publish(world: World, **agreed: str) -> None:
    """The tenant has sets of charge lines, and codes become such."""
    world.simulator.state.hidden.clear()
    rows = "".join(f'{code} = "{word}"\n' for code, word in agreed.items())
    world.extra += f"{SETS}[partners.acme.receive.850.agreed]\n{rows}"


def charged(world: World, *, line: bytes = ON_LINE, head: bytes = ON_ORDER, number: str = "4500123") -> bytes:
    """An order with a charge of the whole and one of its first line; either may be left out."""
    data, added = world.order(number), 0
    for sac, before in ((line, LINE), (head, HEAD)):
        if sac:
            data, added = data.replace(before, b"~" + sac + before), added + 1 + sac.count(b"~")
    return counted(data, added)


def booked(world: World) -> list[tuple[str, str, Decimal, Decimal]]:
    """The charge lines in D365: set, our code, amount, percentage; those of the order first."""
    state = world.simulator.state
    return [
        (set, row["SalesChargeCode"], row["FixedChargeAmount"], row["ChargePercentage"])
        for set in ("SalesOrderHeaderChargesV2", "SalesOrderLineChargesV2")
        for row in state.rows(set)
    ]
