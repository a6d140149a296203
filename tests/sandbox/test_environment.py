"""The sandbox as a whole: it starts quickly, its parts answer on loopback, its settings load, and its day can be run."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import asyncssh
import pytest

from d365edi.sandbox import authored, orders, seeding
from d365edi.sandbox.day import Day
from d365edi.sandbox.environment import Environment
from d365edi.sandbox.profiles import ACME, COMPANY
from d365edi.settings import load

DAY = date(2026, 1, 5)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Environment]:
    async with Environment(tmp_path, day=DAY) as opened:
        yield opened


@asynccontextmanager
async def login(sandbox: Environment, user: str = "acme", key: str | None = None) -> AsyncIterator[asyncssh.SFTPClient]:
    """A session of this user, by the sandbox's client key or another."""
    trusted = b"127.0.0.1,[127.0.0.1]:* " + sandbox.partner.host_key.encode()
    async with (
        asyncssh.connect(
            "127.0.0.1",
            sandbox.partner.port,
            username=user,
            client_keys=[asyncssh.import_private_key(key or sandbox.partner.client_key)],
            known_hosts=asyncssh.import_known_hosts(trusted.decode()),
            config=None,
            agent_path=None,
        ) as connection,
        connection.start_sftp_client() as client,
    ):
        yield client


async def test_it_starts_and_stops_in_less_than_three_seconds(tmp_path: Path) -> None:
    begin = time.monotonic()
    async with Environment(tmp_path):
        pass
    assert time.monotonic() - begin < 3


def test_its_day_and_its_d365_live_by_the_clock_that_it_is_given(tmp_path: Path) -> None:
    sandbox = Environment(tmp_path, clock=lambda: 1_793_620_800.0)
    assert (sandbox.day, sandbox.d365.state.now()) == (date(2026, 11, 2), "2026-11-02T12:00:00Z")


async def test_each_partner_has_a_home_of_its_own_on_the_one_server(sandbox: Environment) -> None:
    for name, partner in sandbox.partners.items():
        partner.drop("hello.edi", name.encode())
    for name in sandbox.partners:
        async with login(sandbox, name) as client:
            async with client.open("/outbound/hello.edi", "r") as file:
                assert await file.read() == name
            assert set(await client.listdir("/..")) == {".", "..", "inbound", "outbound"}


async def test_a_strange_key_or_user_is_not_let_in(sandbox: Environment) -> None:
    strange = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    for user, key in (("acme", strange), ("nobody", None)):
        with pytest.raises(asyncssh.PermissionDenied):
            async with login(sandbox, user, key):
                pass


async def test_its_settings_load_and_name_exactly_the_secrets_that_it_has(sandbox: Environment, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(sandbox.settings(tmp_path))
    settings = load(path, {})
    assert set(settings.partners) == set(sandbox.partners)
    assert {reference.name for reference in settings.references()} == set(sandbox.secrets)
    assert settings.d365.base_url == f"https://{sandbox.d365_host}"


async def test_every_line_of_the_day_can_be_found_in_d365_but_the_unknown_one(sandbox: Environment) -> None:
    missing = []
    for drop in sandbox.drops:
        for order in orders.read(drop.data):
            account = sandbox.profiles[drop.partner].account
            lines = [line for line in order.lines if not seeding.known(sandbox.d365.state, COMPANY, account, line)]
            missing += [(order.number, value) for line in lines for value in line.ids.values()]
    assert missing == [("4500129", authored.UNKNOWN)]


async def test_each_ship_to_of_the_day_is_an_address_of_its_customer_but_a_consumers(sandbox: Environment) -> None:
    rows = sandbox.d365.state.rows("CustomerPostalAddresses", dataAreaId=COMPANY)
    known = {(row["CustomerAccountNumber"], row["AddressDescription"]) for row in rows}
    consumers = []
    for drop in sandbox.drops:
        for order in orders.read(drop.data):
            code = order.ship_to.code or order.ship_to.name
            if code and (sandbox.profiles[drop.partner].account, code) not in known:
                consumers.append((order.type, code))
    assert consumers == [("DS", "123"), ("DS", "Bickley Pointer"), ("DS", "john glenn"), ("DS", "Mike AdamS")]
    assert len({row["AddressLocationId"] for row in rows}) == len(rows)
    (row,) = [row for row in rows if row["AddressDescription"] == "0003947268292"]
    assert (row["AddressStreet"], row["AddressZipCode"], row["AddressCountryRegionISOCode"]) == (
        "31875 SOLON RD",
        "44139",
        "US",
    )


async def test_the_unknown_item_is_entered_in_d365(sandbox: Environment) -> None:
    sandbox.add_unknown_item()
    rows = sandbox.d365.state.rows("CustomerProductDescriptionsV2", CustomerProductNumber=authored.UNKNOWN)
    assert [(row["dataAreaId"], row["CustomerAccountNumber"]) for row in rows] == [(COMPANY, ACME.account)]


async def test_the_day_leaves_every_file_but_the_late_one_whole_and_the_repeated_one_twice(
    sandbox: Environment,
) -> None:
    day = Day(sandbox)
    day.morning()
    assert "PO-4500130.edi" not in sandbox.partner.waiting()
    await day.write_slowly(pieces=2, pause=0.01)
    again = day.send_again()
    waiting = sandbox.partner.waiting()
    assert (len(waiting), again) == (9, "PO-4500123-again.edi")
    left = [(sandbox.partner.outbound / name).read_bytes() for name in (again, "PO-4500123.edi")]
    assert left[0] == left[1]
    assert sum(len(partner.waiting()) for partner in sandbox.partners.values()) == 19
    assert (len(day.orders), day.held_order) == (20, "4500129")


async def test_invoices_are_posted_for_three_partners_first_orders_and_unread_events_are_lost(
    sandbox: Environment,
) -> None:
    day = Day(sandbox)
    day.morning()
    with pytest.raises(LookupError):
        day.invoice()
    for partner in ("acme", "solon", "snacks"):
        account, number = sandbox.profiles[partner].account, next(iter(sandbox.partners[partner].orders))
        order = {"SalesOrderNumber": f"SO-{account}", "CustomersOrderReference": number, "CurrencyCode": "USD"}
        sandbox.d365.state.add(
            "SalesOrderHeadersV4",
            dataAreaId=COMPANY,
            OrderingCustomerAccountNumber=account,
            SalesOrderStatus="Backorder",
            **order,
        )
        line = {"InventoryLotId": f"L-{account}", "OrderedSalesQuantity": 1, "SalesOrderLineStatus": "Backorder"}
        sandbox.d365.state.add(
            "SalesOrderLinesV3", dataAreaId=COMPANY, SalesOrderNumber=order["SalesOrderNumber"], **line
        )
    assert day.invoice() == {"4500123": "CIV-000001", "08292233294": "CIV-000002", "A99999-01": "CIV-000003"}


async def test_one_partner_alone_makes_a_smaller_town(tmp_path: Path) -> None:
    async with Environment(tmp_path, profiles=(ACME,), samples=False, day=DAY) as sandbox:
        assert (list(sandbox.partners), sandbox.drops[0].name, len(sandbox.drops)) == (
            ["acme"],
            "PO-4500123.edi",
            8,
        )
