"""A trading day in the sandbox, step by step, with the results that a demonstration or a test expects.

    morning           every partner leaves its orders; one file of acme's is still being written
    send_again        acme sends an order once more, under another name
    add_unknown_item  the item that D365 did not know is entered there
    invoice           D365 posts the invoices of three orders, and says so by business event
    answer            the partners read their invoices and answer each with a 997

Knows: the steps and their expected results. Does not know: the daemon; the caller waits for it between the steps.
"""

from . import orders
from .d365 import events
from .environment import Environment
from .invoices import InvoiceVerdict
from .partner import SimulatedPartner
from .profiles import ACME, COMPANY

INVOICED = ("acme", "solon", "snacks")
"""The partners whose first order is invoiced."""


class Day:
    """One day of an environment whose partners have left nothing yet."""

    def __init__(self, sandbox: Environment) -> None:
        self.sandbox = sandbox
        self.late = [drop for drop in sandbox.drops if drop.partner == ACME.name][-1]
        self.held = [drop for drop in sandbox.drops if drop.partner == ACME.name][-2]
        self.repeated = next(drop for drop in sandbox.drops if drop.partner == ACME.name)
        self.invoices: dict[str, str] = {}

    @property
    def orders(self) -> list[str]:
        """The numbers of all orders of the day, the repeated one once."""
        return [order.number for drop in self.sandbox.drops for order in orders.read(drop.data)]

    @property
    def customers(self) -> list[SimulatedPartner]:
        """The partners that order by 850 and are invoiced."""
        return [partner for partner in self.sandbox.partners.values() if not partner.profile.flows]

    @property
    def held_order(self) -> str:
        """The number of the order with the unknown item."""
        return orders.read(self.held.data)[0].number

    def morning(self) -> None:
        """Every partner leaves its files, whole; the late one comes by `write_slowly`."""
        for drop in self.sandbox.drops:
            if drop is not self.late:
                self.sandbox.partners[drop.partner].drop(drop.name, drop.data)

    async def write_slowly(self, *, pieces: int = 8, pause: float = 0.25) -> None:
        """acme writes the late file in place, piece by piece: it must not be taken before it is whole."""
        await self.sandbox.partners[self.late.partner].drop_slowly(
            self.late.name, self.late.data, pieces=pieces, pause=pause
        )

    def send_again(self) -> str:
        """acme leaves the bytes of an order once more under another name, which is returned."""
        name = f"{self.repeated.name.removesuffix('.edi')}-again.edi"
        self.sandbox.partners[self.repeated.partner].drop(name, self.repeated.data)
        return name

    def add_unknown_item(self) -> str:
        """D365 learns of the unknown item; the number of the order to release is returned."""
        self.sandbox.add_unknown_item()
        return self.held_order

    def invoice(self) -> dict[str, str]:
        """Post the first order of three partners; order number to invoice number. LookupError when an order is not in
        D365."""
        tenant = self.sandbox.d365.state
        for partner in INVOICED:
            number = next(iter(self.sandbox.partners[partner].orders))
            account = self.sandbox.profiles[partner].account
            equal = {"CustomersOrderReference": number, "OrderingCustomerAccountNumber": account}
            order = tenant.one("SalesOrderHeadersV4", dataAreaId=COMPANY, **equal)
            self.invoices[number] = self.sandbox.d365.post_invoice(order["SalesOrderNumber"], company=COMPANY)
        return self.invoices

    async def announce(self) -> int:
        """Send the business event of each posted invoice; how many were taken."""
        tenant = self.sandbox.d365.state
        sent = [
            await events.send(self.sandbox.events_url, events.invoice_posted(tenant, n, COMPANY))
            for n in self.invoices.values()
        ]
        return sum(sent)

    def answer(self) -> list[InvoiceVerdict]:
        """Every customer reads the invoices it has not read yet and leaves its 997s; what they found, complaints and
        all."""
        return [verdict for partner in self.customers for verdict in partner.answer_invoices()]
