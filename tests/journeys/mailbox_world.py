"""The small world of journeys with mailboxes at a simulated Sterling in place of folders on an SFTP server."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from d365edi.sandbox.mailbox_partner import MailboxPartner
from d365edi.sandbox.sterling.simulator import SterlingSimulator
from tests.journeys.world import PROFILE, World, world

OUT, TO = "/outbound", "/inbound"
"""The partner's mailboxes: of its messages to us, and of ours to it."""


@dataclass
class MailboxWorld(World):
    """The same world, whose partner has mailboxes at a Sterling and no folders. `after`, `absent`, `batch_above` and
    `since` are written as in the settings; `formerly` is where its server was before, "" if there."""

    sterling: SterlingSimulator = field(kw_only=True)
    after: str = '"delete"'
    absent: str = "ask"
    batch_above: str = "false"
    since: str = '"all"'
    formerly: str = ""

    @property
    def environ(self) -> Mapping[str, str]:
        return {**super().environ, "D365EDI_SECRET_SBI": self.sterling.PASSWORD}

    def write_settings(self) -> Path:
        sim = self.sterling
        formerly = f'formerly = "{self.formerly}"' if self.formerly else ""
        section = f"""[endpoints.acme]
kind        = "sterling"
url         = "{sim.url}"
{formerly}
username    = "{sim.USERNAME}"
password    = {{ secret = "sbi" }}
ca_file     = "{sim.ca_file}"
after       = {self.after}
unclear_for = "0.3s"
absent      = "{self.absent}"
batch_above = {self.batch_above}

"""
        text = super().write_settings().read_text()
        text = re.sub(r"\[endpoints\.acme\].*?\n\n", lambda _: section, text, count=1, flags=re.DOTALL)
        text = text.replace("/inbound/acks", TO).replace('every = "1s"\n', f'every = "1s"\nsince = {self.since}\n', 1)
        self.settings_file.write_text(text)
        return self.settings_file

    def placed(self) -> list[tuple[str, str]]:
        """Mailbox and name of every message that we ever put there."""
        return sorted((each.path, each.name) for each in self.sterling.ledger.messages(by=self.sterling.USERNAME))

    def fetch(self) -> list[str]:
        """The partner fetches what waits for it; the names."""
        assert isinstance(self.partner, MailboxPartner)
        return self.partner.fetch()


@contextlib.asynccontextmanager
async def mailbox_world(folder: Path) -> AsyncIterator[MailboxWorld]:
    """Open a world with mailboxes below `folder`."""
    async with world(folder) as made, SterlingSimulator() as sterling:
        partner = MailboxPartner(PROFILE, folder / "mailboxes", sterling.state, leaves=OUT, fetches=TO)
        given = {
            name: getattr(made, name) for name in ("folder", "simulator", "d365_host", "ca_file", "server", "prefix")
        }
        yield MailboxWorld(**given, partner=partner, sterling=sterling)
