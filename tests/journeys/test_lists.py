"""Lists of D365 reach the partner as files with a row for each record: all of them, or what changed since the last one."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.journeys.world import World

SEND = """
[partners.acme.send.{of}]
of      = "{of}"
to      = {{ endpoint = "acme", path = "{root}/inbound", file = "{of}_{{control:09}}.csv" }}
company = "usmf"
every   = "1s"
{more}
"""


def wants(world: World, of: str, more: str = "") -> None:
    world.extra = SEND.format(of=of, root=world.prefix, more=more)


@pytest.fixture
def vendors(town: World) -> World:
    """The town with three vendors in the partner's company and one in another."""
    for number, name in (("V-1", "Fabrikam, Inc."), ("V-2", "Tailspin"), ("V-3", "Litware")):
        vendor(town, number, name)
    vendor(town, "V-9", "Elsewhere", company="demf")
    return town


def vendor(world: World, number: str, name: str = "", *, company: str = "usmf", **more: Any) -> None:
    world.simulator.state.add(
        "VendorsV3", dataAreaId=company, VendorAccountNumber=number, VendorOrganizationName=name, **more
    )


def files(world: World, of: str = "Vendor") -> list[list[dict[str, str]]]:
    """The lists at the partner, in the order in which they were sent, as rows by column."""
    received = world.partner.received()
    texts = [received[name].decode() for name in sorted(received) if name.startswith(f"{of}_")]
    return [list(csv.DictReader(io.StringIO(text))) for text in texts]


def numbers(world: World, of: str = "Vendor", column: str = "Vendor Account") -> list[list[str]]:
    return [[row[column] for row in rows] for rows in files(world, of)]


async def test_all_vendors_of_the_company_go_out_as_one_file_at_each_run(vendors: World) -> None:
    wants(vendors, "Vendor", 'what = "all"')
    vendor(vendors, "V-2", "Tailspin", CurrencyCode="EUR", AddressCity="Berlin", OnHoldStatus="Payment")
    await vendors.once()
    (rows,) = files(vendors)
    assert [(row["Vendor Account"], row["Name"]) for row in rows] == [
        ("V-1", "Fabrikam, Inc."), ("V-2", "Tailspin"), ("V-3", "Litware"),
    ]  # fmt: skip
    assert (rows[1]["Currency"], rows[1]["City"], rows[1]["On Hold"]) == ("EUR", "Berlin", "Payment")
    await vendors.once()
    assert numbers(vendors) == [["V-1", "V-2", "V-3"]] * 2


async def test_what_changed_goes_out_once_and_what_did_not_stays(vendors: World) -> None:
    wants(vendors, "Vendor")
    await vendors.once()
    await vendors.once()
    assert numbers(vendors) == [["V-1", "V-2", "V-3"]]
    vendor(vendors, "V-2", "Tailspin Toys")
    vendor(vendors, "V-4", "Wingtip")
    await vendors.once()
    await vendors.once()
    assert numbers(vendors) == [["V-1", "V-2", "V-3"], ["V-2", "V-4"]]
    assert files(vendors)[1][0]["Name"] == "Tailspin Toys"


async def test_from_now_on_sends_only_what_changes_after_the_first_start(vendors: World) -> None:
    wants(vendors, "Vendor", 'since = "now"')
    await vendors.once()
    assert files(vendors) == []
    vendor(vendors, "V-3", "Litware AG")
    await vendors.once()
    assert numbers(vendors) == [["V-3"]]
