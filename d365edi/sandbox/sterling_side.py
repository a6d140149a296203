"""Sterling beside the D365 of an environment: the simulator, the partners whose mailboxes are there, what lies there at first.

A partner NAME leaves its messages in /NAME/out and fetches ours from /NAME/to. Before anybody polls, each customer has left two
orders under one name in one second, and a third; at each vendor a purchase order waits in D365 to be confirmed.

Knows: the simulator and its partners. Does not know: D365 beyond what its partners order, settings files.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from . import authored, orders, purchases, seeding
from .d365.tenant import Tenant
from .drops import Drop
from .mailbox_partner import MailboxPartner, MailboxSupplier
from .partner import PartnerProfile
from .profiles import COMPANY, MAILBOXES
from .sterling import SterlingSimulator, Switches

ROOM = 1000
"""The orders of these partners are numbered so far above those of others."""
NAMES = ("order.edi", "order.edi", "order-3.edi")
PURCHASE_ORDER = "BUY-201"
"""Our order at a vendor: confirmed, it is sent."""


class SterlingSide:
    """One Sterling with its partners by name. `folder` holds the partners' homes and, if it is `kept`, what Sterling holds."""

    def __init__(
        self,
        folder: Path,
        *,
        switches: Switches | None = None,
        profiles: Sequence[PartnerProfile] = MAILBOXES,
        ports: tuple[int, int] = (0, 0),
        kept: bool = False,
        seed: int = 7,
        day: date | None = None,
    ) -> None:
        self.simulator = SterlingSimulator(folder / "sterling" if kept else None, switches=switches, ports=ports)
        self.picking_up = True
        self.simulator.server.partners = [profile.name for profile in profiles]
        state = self.simulator.state
        self.partners = {
            profile.name: (MailboxSupplier if profile.vendor else MailboxPartner)(
                profile,
                folder / "partners" / profile.name,
                state,
                leaves=f"/{profile.name}/out",
                fetches=f"/{profile.name}/to",
                kept=kept,
            )
            for profile in profiles
        }
        self.day = day = day or datetime.now(UTC).date()
        made = [
            authored.order(profile, seed=seed, day=day, at=ROOM * place + at)
            for place, profile in enumerate(profiles, 1)
            for at in range(len(NAMES))
            if profile.account
        ]
        self.drops = [Drop(NAMES[at % len(NAMES)], drop.partner, drop.data) for at, drop in enumerate(made)]
        for name, partner in self.partners.items():
            left = len(self.simulator.ledger.messages(path=partner.leaves, by=name))
            for drop in [each for each in self.drops if each.partner == name][left:]:
                partner.drop(drop.name, drop.data)

    @property
    def secrets(self) -> dict[str, str]:
        """What settings that reach it name."""
        if self.simulator.switches.bearer:
            return {"sbi-oauth": self.simulator.CLIENT_SECRET}
        return {"sbi": self.simulator.PASSWORD}

    def enter(self, tenant: Tenant) -> None:
        """Enter in D365 what is needed for what was left at first, unless it is there."""
        accounts = {name: partner.profile.account for name, partner in self.partners.items()}
        for name, account in accounts.items():
            if account and not tenant.rows("CustomersV3", dataAreaId=COMPANY, CustomerAccount=account):
                seeding.add_customer(tenant, COMPANY, account, self.partners[name].profile.title)
        for drop in self.drops:
            for order in orders.read(drop.data):
                seeding.add_address(tenant, COMPANY, accounts[drop.partner], order.ship_to)
                for line in order.lines:
                    seeding.add_item(tenant, COMPANY, accounts[drop.partner], line)

        for profile in (partner.profile for partner in self.partners.values()):
            if profile.vendor and not tenant.rows("VendorsV3", dataAreaId=COMPANY, VendorAccountNumber=profile.vendor):
                seeding.add_vendor(tenant, COMPANY, profile.vendor, profile.title)
                purchases.enter_items(tenant)
                purchases.enter_numbers(tenant, profile.vendor)
                purchases.enter_order(tenant, PURCHASE_ORDER, profile.vendor, self.day)

    def answer(self) -> None:
        """Each partner fetches what waits for it, unless nobody picks up, and answers it."""
        for partner in self.partners.values() if self.picking_up else ():
            partner.fetch()
            partner.answer_invoices()
