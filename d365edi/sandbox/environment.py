"""A simulated environment: a D365 tenant with Entra ID on a TLS port, and partners with folders on an SFTP server, all on
loopback.

    async with Environment(folder) as sandbox:
        settings = sandbox.settings(folder)          # TOML that points d365edi at all of it
        secrets = sandbox.secrets                    # what those settings name
        sandbox.partner.drop("PO-1.edi", data)       # acme leaves an order
        sandbox.d365.state.rows("SalesOrderHeadersV4")

Keys, certificates and ports are made at run time; the same seed and day give the same files and the same D365.

Knows: the simulators and how they are connected. Does not know: the daemon that is tested with them.
"""

import socket
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

from starlette.types import ASGIApp

from . import authored, d365, drops, seeding, serve, settings_file, sftp, sterling_settings, tls
from .orders import SentLine
from .partner import PartnerProfile, SimulatedPartner
from .profiles import ACME, COMPANY, PROFILES
from .sterling_side import SterlingSide


@dataclass(frozen=True, slots=True)
class Ports:
    """Where on loopback D365, the SFTP server, Sterling and its identity server listen, and where settings let the daemon listen
    for business events; 0: at any free port."""

    d365: int = 0
    sftp: int = 0
    events: int = 0
    sterling: int = 0
    identity: int = 0


class Environment:
    """The simulators of one run, started and stopped by `async with`.

    `folder` holds the partners' homes and the certificates. `profiles` are the partners there are; acme is always the
    first of them that makes up its orders. Attributes are set after `__aenter__`: `d365` (the simulator), `d365_host`
    ("127.0.0.1:port"), `ca_file`, `partners` by name, `drops` (all files of the day), `settings()`, `secrets`,
    `events_url`. `kept`: what D365 and the partners hold, certificates and keys stay in the folder, and the next environment
    over it begins with them (`resumed`). `app` is what answers at D365's port, `logins` who is let in by SFTP. `clock` gives the
    epoch seconds that D365 lives by; `day` is its today unless given. `sterling`: a Sterling beside it, with partners of its
    own."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int = 7,
        day: date | None = None,
        profiles: Sequence[PartnerProfile] = PROFILES,
        samples: bool = True,
        ports: Ports = Ports(),
        kept: bool = False,
        clock: Callable[[], float] = time.time,
        sterling: SterlingSide | None = None,
    ) -> None:
        self.folder, self.sterling = folder, sterling
        self.profiles = {profile.name: profile for profile in profiles}
        self.day = day or datetime.fromtimestamp(clock(), UTC).date()
        self.d365 = d365.Simulator(clock=clock)
        self.drops: list[drops.Drop] = drops.samples(self.profiles) if samples else []
        if ACME.name in self.profiles:
            self.drops += authored.orders(ACME, seed=seed, day=self.day)
        self.ports, self.kept, self.resumed = ports, kept, kept and self.d365.keep(folder / "d365.rows")
        self.app: ASGIApp = self.d365.app
        self.logins = sftp.Logins()
        if not self.resumed:
            seeding.seed(self.d365.state, COMPANY, profiles, self.drops, unknown=authored.UNKNOWN)
        if sterling is not None:
            sterling.enter(self.d365.state)
        self.d365.flush()
        self.partners = {
            name: SimulatedPartner(profile, folder / "partners" / name, kept=kept)
            for name, profile in self.profiles.items()
        }
        self._stack = AsyncExitStack()
        self.d365_host = ""
        self.ca_file = Path()
        self.secrets: dict[str, str] = {}
        self.events_port = ports.events or _free_port()

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def _open(self) -> None:
        identity = (tls.kept if self.kept else tls.create)(self.folder / "tls")
        self.ca_file = identity.authority
        self._stack.callback(self.d365.close)
        port = await self._stack.enter_async_context(serve.serve(self.app, identity, port=self.ports.d365))
        self.d365_host = f"127.0.0.1:{port}"
        homes = {name: partner.home for name, partner in self.partners.items()}
        keys = self.folder / "ssh" if self.kept else None
        serving = sftp.serve(homes, port=self.ports.sftp, keys=keys, logins=self.logins)
        place = await self._stack.enter_async_context(serving)
        for partner in self.partners.values():
            partner.place = place
        if self.sterling is not None:
            await self._stack.enter_async_context(self.sterling.simulator)
        reached = self.sterling.secrets if self.sterling is not None else {}
        self.secrets = reached | {
            "d365": d365.CLIENT_SECRET,
            "partners-ssh-key": place.client_key,
            "events": "sandbox-events",
        }

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def partner(self) -> SimulatedPartner:
        """The first partner: acme, where it is one of them."""
        return next(iter(self.partners.values()))

    @property
    def events_url(self) -> str:
        """Where the settings say that business events are taken, with their secret."""
        return f"http://127.0.0.1:{self.events_port}{settings_file.EVENTS}?secret={self.secrets['events']}"

    def settings(
        self,
        folder: Path,
        *,
        every: str = "1s",
        apart: str = "500ms",
        companies: Sequence[str] = (COMPANY,),
        page: int = 1000,
        within: str = "4h",
    ) -> str:
        """Settings for a daemon that keeps its journal in `folder`: every flow runs `every` so often, and a file is
        complete when two listings `apart` agree. In each of the companies the partners have the same account. `page`: rows
        of a listing of Sterling; `within`: when ship notices should be picked up there."""
        addresses = settings_file.Addresses(self.d365_host, self.ca_file, self.events_port, tuple(companies))
        text = settings_file.settings(addresses, self.partners.values(), folder, every=every, apart=apart)
        if self.sterling is None:
            return text
        more = sterling_settings.settings(self.sterling, every=every, companies=companies, page=page, within=within)
        return f"{text}\n{more}"

    def add_unknown_item(self) -> None:
        """Enter the item in D365 that acme ordered and D365 did not know."""
        article = authored.UNKNOWN_ARTICLE
        line = SentLine("1", Decimal(1), article.unit, article.price, dict(article.ids), article.name)
        seeding.add_item(self.d365.state, COMPANY, ACME.account, line)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
