"""What may be asked of a running stand-alone sandbox: the partner leaves an order, D365 posts an invoice, a fault begins.

Each public method of `Commands` is a command by its name; arguments and answers are JSON.

Knows: what the simulators can do for a person. Does not know: who asks, and how (`control` does).
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from . import authored, buying, orders, seeding, x12
from .control import Command, Impossible
from .d365 import events, posting
from .d365.catalog import load
from .drops import Drop
from .environment import Environment
from .invoices import InvoiceVerdict
from .named_faults import FAULTS, TWO_COMPANIES, End
from .partner import SimulatedPartner, temporary
from .profiles import COMPANY

OTHER = "demf"
"""The second company, in which the fault `two-companies` posts."""
SEED = 7


class Commands:
    """The commands of one sandbox with one partner. `lasting`: the faults that go on, by name, with what ends each."""

    def __init__(self, sandbox: Environment) -> None:
        self._sandbox = sandbox
        self._partner = sandbox.partner
        self._state = sandbox.d365.state
        self.lasting: dict[str, End] = {}

    def all(self) -> Mapping[str, Command]:
        """The commands by name."""
        return {
            each.__name__: each
            for each in (self.order, self.learn, self.post, self.confirm, self.pay, self.put, self.show, self.fault)
        }

    def seed(self) -> None:
        """Enter in a fresh D365 whatever the orders name that the partner makes up, but for the unknown item."""
        account = self._partner.profile.account
        seeding.add_customer(self._state, OTHER, account, self._partner.profile.title)
        for article in authored.ARTICLES:
            line = orders.SentLine("1", Decimal(1), article.unit, article.price, dict(article.ids), article.name)
            seeding.add_item(self._state, COMPANY, account, line)
        for code, street, city, state, zip_code in authored.STORES:
            place = orders.ShipTo("", code, street, city, state, zip_code, "US")
            seeding.add_address(self._state, COMPANY, account, place)
        self._sandbox.d365.flush()

    async def order(self, data: str = "", name: str = "", unknown: bool = False, learn: bool = False) -> dict[str, Any]:
        """The partner leaves the file `name` with `data` (latin-1), or an order that is made up, with an `unknown` item where
        that is wished. `learn`: D365 learns before what it orders. The file's name, and the numbers of the orders in it."""
        drop = Drop(name, self._partner.profile.name, data.encode("latin-1")) if name else self._made_up(unknown)
        if drop.name in self._partner.waiting():
            raise Impossible(f"{drop.name} still lies in the partner's folder")
        try:
            found = orders.read(drop.data)
        except (x12.Unreadable, StopIteration, ValueError, ArithmeticError) as reason:
            if learn:
                raise Impossible(f"{drop.name} holds no order that can be learnt: {reason}") from reason
            found = []
        if learn:
            self._learn(found)
        self._partner.drop(drop.name, drop.data)
        return {"file": drop.name, "orders": [order.number for order in found]}

    async def learn(self, order: str) -> dict[str, Any]:
        """D365 learns the items and the address that an order of the partner names; our numbers of the items."""
        if order not in self._partner.orders:
            raise Impossible(f"the partner left no order {order}; d365edi sandbox show lists what there is")
        return {"items": self._learn([self._partner.orders[order]])}

    async def post(self, orders: Sequence[str], slip: bool = False) -> dict[str, Any]:
        """D365 posts the invoice of an order (the partner's number or D365's), or one for several, and sends its business event:
        the invoice's number, whose order it was, and whether the event was taken. `slip`: the packing slip, without an event."""
        rows = [self._sales_order(order) for order in orders]
        numbers = list(dict.fromkeys(str(row["SalesOrderNumber"]) for row in rows))
        d365, one = self._sandbox.d365, len(numbers) == 1
        try:
            if slip and one:
                posted = d365.post_packing_slip(numbers[0], company=COMPANY)
            elif slip:
                posted = d365.post_summary_slip(numbers, company=COMPANY)
            elif one:
                posted = d365.post_invoice(numbers[0], company=COMPANY)
            else:
                posted = d365.post_summary_invoice(numbers, company=COMPANY)
        except ValueError as reason:
            raise Impossible(str(reason)) from reason
        taken = False if slip else await self._told(posted)
        d365.flush()
        account = str(rows[-1]["OrderingCustomerAccountNumber"])
        partner = self._customers().get(account, self._partner).profile.name
        return {"slip" if slip else "invoice": posted, "event": taken, "partner": partner}

    def _sales_order(self, order: str) -> Mapping[str, Any]:
        rows = self._state.rows("SalesOrderHeadersV4", CustomersOrderReference=order)
        rows = rows or self._state.rows("SalesOrderHeadersV4", SalesOrderNumber=order)
        if not rows:
            raise Impossible(f"D365 has no sales order for {order}; d365edi sandbox show lists those it has")
        return rows[-1]

    async def _told(self, invoice: str) -> bool:
        """Whether the business event of an invoice was taken."""
        if TWO_COMPANIES in self.lasting:
            posting.post_elsewhere(self._state, invoice, COMPANY, OTHER)
        self._sandbox.d365.flush()
        event = events.invoice_posted(self._state, invoice, COMPANY)
        return await events.send(self._sandbox.events_url, event, wait=0.1)

    async def confirm(self, order: str = "") -> dict[str, Any]:
        """D365 confirms a purchase order (left out: the one that waits at the supplier at Sterling): its number, and that of the
        confirmation."""
        return buying.confirm(self._sandbox, order)

    async def pay(self, invoice: str) -> dict[str, Any]:
        """D365 posts a pending vendor invoice, and its supplier leaves an 820 for it: the voucher, the payment, who and where."""
        return buying.pay(self._sandbox, invoice)

    async def put(self, at: str, name: str, data: str) -> dict[str, Any]:
        """Leave a message with `data` (latin-1) in a mailbox, as the partner whose it is: its id."""
        return buying.put(self._sandbox, at, name, data.encode("latin-1"))

    async def show(self, set: str = "") -> Any:
        """What D365, the partner and Sterling hold in short, or the rows of one entity set."""
        if not set:
            held = {"orders": self._orders(), "invoices": self._invoices(), "files": self._files()}
            held["received"] = {each.profile.name: sorted(each.received()) for each in self._customers().values()}
            return held | ({"messages": self._messages()} if self._sandbox.sterling is not None else {})
        if set not in load().sets:
            near = difflib.get_close_matches(set, load().sets, 3) or sorted(load().sets)
            raise Impossible(f"the sandbox's D365 has no entity set {set}; it has {', '.join(near)}")
        return self._state.rows(set)

    async def fault(self, name: str = "", end: bool = False) -> dict[str, str]:
        """Begin a fault, or end it (all, where none is named). The faults that last, each with what it does."""
        if name and name not in FAULTS:
            raise Impossible(f"there is no fault {name}; there are {', '.join(FAULTS)}")
        if end:
            for each in [name] if name else list(self.lasting):
                self.lasting.pop(each, lambda: None)()
        elif name and name not in self.lasting:
            self.lasting[name] = FAULTS[name].begin(self._sandbox)
        return {each: FAULTS[each].says for each in self.lasting}

    def _customers(self) -> dict[str, SimulatedPartner]:
        """The partners that order, by their accounts."""
        side = self._sandbox.sterling
        return {each.profile.account: each for each in (self._partner, *(side.partners.values() if side else ()))}

    def _made_up(self, unknown: bool) -> Drop:
        numbers = [int(number) for number in self._partner.orders if number.isdecimal()]
        at = max((number - authored.FIRST + 1 for number in numbers if number >= authored.FIRST), default=0)
        today = datetime.now(UTC).date()
        return authored.order(self._partner.profile, seed=SEED, day=today, at=at, unknown=unknown)

    def _learn(self, found: Iterable[orders.SentOrder]) -> list[str]:
        account, items = self._partner.profile.account, []
        for order in found:
            seeding.add_address(self._state, COMPANY, account, order.ship_to)
            for line in order.lines:
                if line.unit not in seeding.UNITS:
                    raise Impossible(f"the sandbox knows no unit {line.unit}; it knows {', '.join(seeding.UNITS)}")
                items.append(seeding.add_item(self._state, COMPANY, account, line))
        self._sandbox.d365.flush()
        return items

    def _orders(self) -> list[dict[str, Any]]:
        def lines(row: Mapping[str, Any]) -> int:
            key = {name: row[name] for name in ("dataAreaId", "SalesOrderNumber")}
            return len(self._state.rows("SalesOrderLinesV3", **key))

        return [
            {"their_order": row["CustomersOrderReference"], "sales_order": row["SalesOrderNumber"], "lines": lines(row),
             "company": row["dataAreaId"], "status": row["SalesOrderStatus"]}
            for row in self._state.rows("SalesOrderHeadersV4")
        ]  # fmt: skip

    def _invoices(self) -> list[dict[str, Any]]:
        read = {verdict.number: verdict for partner in self._customers().values() for verdict in partner.verdicts}
        return [
            {"invoice": row["InvoiceNumber"], "sales_order": row["SalesOrderNumber"], "company": row["dataAreaId"],
             "amount": row["TotalInvoiceAmount"], "the_partner": _said(read.get(row["InvoiceNumber"]))}
            for row in self._state.rows("SalesInvoiceHeadersV4")
        ]  # fmt: skip

    def _messages(self) -> list[dict[str, Any]]:
        side = self._sandbox.sterling
        return [
            {"mailbox": message.path, "id": message.id, "name": message.name, "by": message.by,
             "count": "always" if message.always else message.count, "gone": message.gone}
            for message in (side.simulator.ledger.messages() if side else ())
        ]  # fmt: skip

    def _files(self) -> dict[str, list[str]]:
        outbound, inbound = self._partner.outbound, self._partner.inbound
        folders = {"outbound": outbound, "outbound/processed": outbound / "processed"}
        folders |= {"inbound": inbound, "inbound/acks": inbound / "acks"}
        return {
            name: sorted(path.name for path in folder.iterdir() if path.is_file() and not temporary(path))
            for name, folder in folders.items()
        }


def _said(verdict: InvoiceVerdict | None) -> str:
    if verdict is None:
        return ""
    return "; ".join(verdict.complaints) or "accepted it"
