"""A day at Sterling, step by step, beside the trading day of `day` and the buying day.

    __init__   three orders lie in the grocer's mailbox; the first reply to a message of ours will be lost
    close      Sterling stops: its port is closed
    post       the grocer's first order is delivered and invoiced in D365, the order at the mill is confirmed
    open       Sterling runs again
    trade      the mill fetches its order, acknowledges and bills it; the grocer fetches nothing yet
    fetch      the grocer fetches what waits for it, and answers its invoice and its ship notice
    pay        the grocer leaves its remittance

Knows: the steps. Does not know: the daemon; the caller waits for it between the steps.
"""

from datetime import datetime, time

from . import orders, purchases, x12
from .d365 import purchasing
from .environment import Environment
from .profiles import COMPANY
from .sterling.mailboxes import Message
from .sterling.requests import ROOT
from .sterling_side import PURCHASE_ORDER, SterlingSide

PAYMENT = "EFT-9"
CONTROL = 5001
"""The number of the remittance's interchange, apart from those of orders and answers."""


class MailboxDay:
    """One day of an environment with a Sterling. `invoice`: the number of the grocer's invoice, once it is posted."""

    def __init__(self, sandbox: Environment, side: SterlingSide) -> None:
        self.sandbox, self.side = sandbox, side
        self.grocer, self.mill = side.partners["grocer"], side.partners["mill"]
        self.invoice = ""
        side.simulator.faults.drop(method="POST", path=f"{ROOT}mailboxmessages/")

    @property
    def orders(self) -> list[str]:
        """The numbers of the grocer's orders, oldest first."""
        return [order.number for drop in self.side.drops for order in orders.read(drop.data)]

    def lying(self, prefix: str) -> list[Message]:
        """Every message of ours whose name begins so, fetched or not."""
        ours = self.side.simulator.ledger.messages(by=self.side.simulator.USERNAME)
        return [message for message in ours if message.name.startswith(prefix)]

    def age(self, message: Message) -> float:
        """How long a message has been there, in seconds."""
        return self.side.simulator.state.now() - message.created

    async def close(self) -> None:
        """Nobody is answered any more."""
        await self.side.simulator.api_port.close()

    def post(self) -> None:
        """Deliver and invoice the grocer's first order, and confirm the one at the mill. LookupError when it is not in D365."""
        tenant = self.sandbox.d365.state
        order = tenant.one("SalesOrderHeadersV4", dataAreaId=COMPANY, CustomersOrderReference=self.orders[0])
        self.sandbox.d365.post_packing_slip(order["SalesOrderNumber"], company=COMPANY)
        self.invoice = self.sandbox.d365.post_invoice(order["SalesOrderNumber"], company=COMPANY)
        purchasing.confirm(tenant, PURCHASE_ORDER, company=COMPANY)

    async def open(self) -> None:
        """It answers again, at the same port."""
        await self.side.simulator.api_port.open()

    def trade(self) -> None:
        """The mill reads our order."""
        self.mill.fetch()
        self.mill.answer_invoices()

    def fetch(self) -> None:
        """The grocer reads what lies in its mailbox."""
        self.grocer.fetch()
        self.grocer.answer_invoices()

    def pay(self) -> None:
        """The grocer says what it pays."""
        posted = self.sandbox.d365.state.one("SalesInvoiceHeadersV4", dataAreaId=COMPANY, InvoiceNumber=self.invoice)
        body = purchases.remittance(PAYMENT, self.invoice, f"{posted['TotalInvoiceAmount']:f}", self.sandbox.day)
        at = datetime.combine(self.sandbox.day, time(6))
        address = self.grocer.profile.address
        self.grocer.drop(
            "payment.edi", x12.write(address, "RA", [("820", body)], interchange=CONTROL, group=CONTROL, at=at)
        )
