"""Retail orders for journeys: an 850 of any body, the flows that answer it, and the segments that come back."""

from __future__ import annotations

from decimal import Decimal

from tests.journeys.test_answers import NOTICE, RESPONSE, Set, picked, sets
from tests.journeys.world import PROFILE, World

__all__ = ["answering", "confirm", "drop", "only", "picked", "receive", "sets", "written"]


def drop(world: World, number: str, *body: str, head: tuple[str, ...] = (), release: str = "") -> None:
    """An 850 with these segments behind its head at the partner's server."""
    world.control += 1
    lines = [
        f"BEG*00*SA*{number}*{release}*20261102",
        *head,
        *body,
        f"CTT*{sum(each.startswith('PO1') for each in body)}",
    ]
    segments = ["ST*850*0001", *lines, f"SE*{len(lines) + 2}*0001"]
    isa = (
        f"ISA*00*          *00*          *{PROFILE.them[0]}*{PROFILE.them[1]:<15}*{PROFILE.us[0]}*{PROFILE.us[1]:<15}"
        f"*261102*1200*U*00401*{world.control:09d}*0*P*>"
    )
    gs = f"GS*PO*{PROFILE.group_them}*{PROFILE.group_us}*20261102*1200*{world.control}*X*004010"
    ends = [f"GE*1*{world.control}", f"IEA*1*{world.control:09d}", ""]
    world.partner.drop(f"PO-{number}-{world.control}.edi", "~".join([isa, gs, *segments, *ends]).encode())


def receive(world: World, rows: str, sets: str = "") -> None:
    """Settings of the receive flow of 850s, and of the partner's sets."""
    world.knobs["receive"] = rows
    world.extra += f"\n[partners.acme.sets]\n{sets}\n"


def answering(world: World) -> None:
    """The partner wants 855 and 856 besides the 810."""
    world.extra += RESPONSE.format(root=world.prefix) + NOTICE.format(root=world.prefix)


def confirm(world: World, number: str = "", **more: object) -> None:
    """Our people confirm a sales order, or all of them."""
    for header in world.simulator.state.rows("SalesOrderHeadersV4"):
        if number in ("", header["SalesOrderNumber"]):
            row = world.simulator.state.store.one("SalesOrderHeadersV4", SalesOrderNumber=header["SalesOrderNumber"])
            assert row is not None
            world.simulator.state.store.update(row, {"SalesOrderProcessingStatus": "Confirmed", **more})


def written(world: World, reference: str, *fields: str) -> list[tuple[object, ...]]:
    """Some fields of the lines of a sales order, by the customer's reference."""
    return [
        tuple(
            Decimal(str(value)) if isinstance(value := line[name], int | float | Decimal) else value for name in fields
        )
        for line in world.sales_orders()[reference]
    ]


def only(world: World, prefix: str) -> Set:
    """The segments of the only set of a kind at the partner."""
    (found,) = sets(world, prefix)
    return found
