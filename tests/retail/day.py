"""A whole day with a retailer: its 850 arrives, D365 gets sales orders, our people confirm, ship and bill, the partner gets
855, 856 and 810 and acknowledges them.

What D365 must have for it is derived from the order by `wire`, which shares nothing with the product. After every pass nobody
is needed: no document is held, no message is set aside, nothing waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from d365edi.app import App
from d365edi.cli.status import picture
from d365edi.edi import reader
from d365edi.sandbox import x12
from tests.edi import independent, see
from tests.journeys.retail import answering, confirm
from tests.journeys.world import World
from tests.retail import wire
from tests.retail.tenant import furnish, sales_orders
from tests.retail.wire import Set

FOLDER = Path(__file__).parent / "orders"


@dataclass
class Day:
    """A day in a world: `orders` is the file of the partner, `date` the day it is. Times are UTC."""

    world: World
    orders: str
    date: str = "2026-11-02"
    began: float = field(default_factory=time.time)
    answered: int = 0

    # -- the daemon ----------------------------------------------------------------------------------------------------
    def clock(self) -> float:
        """Noon of the day, and what has passed since this began."""
        noon = datetime.fromisoformat(f"{self.date}T12:00:00+00:00").timestamp()
        return noon + time.time() - self.began

    async def walk(self) -> None:
        """A pass of the daemon, after which nobody is needed."""
        self.world.simulator.state.clock = self.clock
        await walked(self.world, self.clock)

    # -- what happens --------------------------------------------------------------------------------------------------
    async def arrive(self) -> dict[str, list[str]]:
        """The order is taken and accepted; the sales orders that D365 has for it, see `sales_orders`."""
        answering(self.world)
        data = (FOLDER / self.orders).read_bytes()
        furnish(self.world, wire.sets(data))
        self.world.partner.drop(self.orders, data)
        await self.walk()
        accepted = [answer.verdict for answer in self.world.partner.acknowledgments()]
        assert accepted == ["A"] * len({each.control[0] for each in wire.sets(data)})
        return sales_orders(self.world)

    async def confirm(self, date: str, ships: str = "") -> list[Set]:
        """Our people confirm every sales order, each line to be shipped on a day; the 855s."""
        self.date = date
        if ships:
            for line in self.world.simulator.state.rows("SalesOrderLinesV3"):
                self.change(str(line["InventoryLotId"]), ConfirmedShippingDate=ships)
        confirm(self.world)
        return await self._sent("855")

    async def ship(self, date: str, lots: Mapping[str, int] | None = None, *orders: str, **fields: Any) -> list[Set]:
        """Goods of the sales orders leave, all or so many of a lot; the 856s."""
        self.date = date
        for number in orders or self.numbers:
            self.world.simulator.post_packing_slip(number, date=date, quantities=lots, **fields)
        return await self._sent("856")

    async def bill(
        self,
        date: str,
        lots: Mapping[str, int] | None = None,
        *orders: str,
        early: tuple[str, int, str] | None = None,
        **fields: Any,
    ) -> list[Set]:
        """The sales orders are invoiced, all or so many of a lot; the 810s. `early`: what is taken off where it is paid until a
        day, and the percentage that it is."""
        self.date = date
        for number in orders or self.numbers:
            made = self.world.simulator.post_invoice(number, date=date, quantities=lots, **fields)
            if early is not None:
                self._early(made, *early)
        return await self._sent("810")

    def _early(self, number: str, amount: str, percent: int, until: str) -> None:
        store = self.world.simulator.state.store
        rows = (
            (store.one("SalesInvoiceHeadersV4", InvoiceNumber=number), {"CashDiscount": Decimal(amount)}),
            (
                store.one("CustInvoiceJourBiEntities", InvoiceId=number),
                {"CashDiscPercent": Decimal(percent), "CashDiscDate": f"{until}T12:00:00Z"},
            ),
        )
        for row, changed in rows:
            assert row is not None
            store.update(row, changed)

    async def end(self) -> None:
        """Each file that was sent is valid, strictly read by us and by another parser, and the partner acknowledged it."""
        files = self.world.partner.received()
        for name, data in files.items():
            report = reader.read(data, reader.ReadOptions(strictness="strict"))
            assert [str(finding) for finding in see.findings(report)] == [], name
        assert independent.judge(files) == dict.fromkeys(files, "")
        async with App.open(self.world.settings(), clock=self.clock) as app:
            states = await app.journal.read(lambda tx: [tx.deliveries.search(name) for name in files])
        assert [[each.ack for each in state] for state in states] == [["accepted"]] * len(files)

    # -- helpers -------------------------------------------------------------------------------------------------------
    @property
    def numbers(self) -> list[str]:
        """The numbers of the sales orders, in the order in which they were made."""
        return [str(row["SalesOrderNumber"]) for row in self.world.simulator.state.rows("SalesOrderHeadersV4")]

    def lots(self, reference: str) -> list[str]:
        """The lots of a sales order's lines."""
        return [str(line["InventoryLotId"]) for line in self.world.sales_orders()[reference]]

    def change(self, lot: str, **fields: object) -> None:
        """Our people change a sales line."""
        store = self.world.simulator.state.store
        row = store.one("SalesOrderLinesV3", InventoryLotId=lot)
        assert row is not None
        store.update(row, fields)

    async def _sent(self, kind: str) -> list[Set]:
        before = self.world.partner.received().keys()
        await self.walk()
        files = {name: data for name, data in self.world.partner.received().items() if name not in before}
        found = [each for data in files.values() for each in wire.sets(data)]
        assert {each.id for each in found} == {kind}
        for data in files.values():
            self._acknowledge(data)
        await self.walk()
        return found

    def _acknowledge(self, data: bytes) -> None:
        found = wire.sets(data)
        self.answered += 1
        body = [["AK1", found[0].group, found[0].control[0]]]
        for each in found:
            body += [["AK2", each.id, each.control[1]], ["AK5", "A"]]
        body += [["AK9", "A", *[str(len(found))] * 3]]
        address, at = self.world.partner.profile.address, datetime.fromtimestamp(self.clock(), UTC)
        control = 900 + self.answered
        answer = x12.write(address, "FA", [("997", body)], interchange=control, group=control, at=at)
        self.world.partner.drop(f"997_{control}.edi", answer)


async def walked(world: World, clock: Callable[[], float] = time.time) -> None:
    """A pass of the daemon, after which nobody is needed: no document is held, no message set aside, and nothing waits."""
    async with App.open(world.settings(), clock=clock) as app:
        await app.once()
        seen = await app.journal.read(picture)
    assert (seen.needs_a_person, seen.waits, seen.sending_held) == ([], [], "")
