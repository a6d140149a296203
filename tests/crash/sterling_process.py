"""Sterling and the partners whose mailboxes are there, in a process of its own, which may be killed: what was done is written
down before it is answered, and the next process goes on with it.

One answer in twenty is lost on its way, and one request in fifty before any work. A partner leaves orders until a file says
that it is enough, fetches what waits for it, and answers invoices; what it sent and answered it reads from its mailboxes.
"""

from __future__ import annotations

import random
from pathlib import Path

import anyio

from d365edi.sandbox import x12
from d365edi.sandbox.mailbox_partner import MailboxPartner
from d365edi.sandbox.partner import PartnerProfile
from d365edi.sandbox.sterling import SterlingSimulator
from d365edi.sandbox.sterling.mailboxes import MailboxState
from tests.crash.traffic import DAY, PROFILES, order

LOST = 0.05
"""How many answers are lost, with the work done."""
NEVER_THERE = 0.02
"""How many requests are lost, with nothing done."""
MOST_OPEN = 4
"""No partner leaves a further order while so many of its messages wait for us."""
ENOUGH = "enough"
"""The file, in Sterling's folder, that ends the orders."""
ORDERS, NAMED = "order.edi", "PO-{:06}.edi"
"""Names of orders: one that repeats, and one of their own."""


def open_partner(profile: PartnerProfile, home: Path, state: MailboxState) -> MailboxPartner:
    """A partner who knows what it has sent and answered, by what Sterling keeps."""
    partner = MailboxPartner(profile, home, state, leaves=f"/{profile.name}/out", fetches=f"/{profile.name}/to")
    for message in [each for each in state.messages.values() if each.by == profile.name]:
        (partner.outbound / f"{message.id}.edi").write_bytes(state.payload(message.document))
    partner.fetch()  # what a killed process had not written to its end
    partner.notice()
    return partner


def sent_orders(state: MailboxState, profile: PartnerProfile) -> int:
    """How many files of orders a partner has left."""
    names = ("order", "PO-")
    return sum(each.by == profile.name and each.name.startswith(names) for each in state.messages.values())


def _send(partner: MailboxPartner, chance: random.Random) -> None:
    """Leave a file of one order or two."""
    profile = partner.profile
    control = sent_orders(partner.state, profile) + 1
    numbers = [f"{profile.account[-1]}{control:06}{which}" for which in range(chance.choice((1, 1, 2)))]
    sets = [("850", order(number)) for number in numbers]
    data = x12.write(profile.address, "PO", sets, interchange=control, group=control, at=DAY)
    partner.drop(ORDERS if chance.random() < 0.5 else NAMED.format(control), data)


async def _trade(partners: list[MailboxPartner], enough: anyio.Path) -> None:
    chance = random.Random()
    while True:
        await anyio.sleep(chance.uniform(0.02, 0.2))
        partner = chance.choice(partners)
        if not await enough.exists() and len(partner.waiting()) < MOST_OPEN:
            _send(partner, chance)
        partner.fetch()
        partner.answer_invoices()


async def run(folder: Path, home: Path, ports: tuple[int, int]) -> None:
    """Serve at these ports until the process is killed."""
    async with SterlingSimulator(folder, ports=ports) as sterling:
        sterling.faults.random = random.Random()
        always = 10**9
        sterling.faults.drop(times=always, chance=LOST)
        sterling.faults.drop(times=always, chance=NEVER_THERE, after_work=False)
        partners = [open_partner(profile, home / profile.name, sterling.state) for profile in PROFILES]
        await _trade(partners, anyio.Path(folder / ENOUGH))
