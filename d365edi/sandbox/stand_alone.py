"""A sandbox that runs for itself, for rehearsals: D365 with Entra ID, one partner on an SFTP server, faults by name; where it is
wished a Sterling with another partner.

Its folder:

    settings.toml   settings that reach it      journal.db, vault   made by who uses these settings
    sandbox.json    its ports and ids           sandbox/            what the simulators hold

Knows: how it is started over a folder and stopped. Does not know: what may be asked of it (`commands` does).
"""

import asyncio
import contextlib
import dataclasses
import fcntl
import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

from d365edi.errors import SettingsError

from . import buying, posted_before
from .commands import OTHER, SEED, Commands
from .control import Control, Impossible
from .environment import Environment, Ports
from .named_faults import TWO_COMPANIES
from .partner import PartnerProfile
from .profiles import ACME, COMPANY
from .sterling import Switches
from .sterling.switches import UnknownSwitch
from .sterling_faults import PAGE_SHIFT
from .sterling_side import SterlingSide

PORT = 8443
"""Where D365 listens where no port is named; the SFTP server is at the next one, then the daemon's `listen`, Sterling and its
identity server."""
_EVERY, _LISTED, _APART, _ANSWERS = "2s", "10s", "500ms", 0.5
_LOGGED = 1000
"""How many of its requests D365 remembers; it may run for weeks."""


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """How a sandbox is started. `port`: D365's; 0: any free ports; None: those that the folder had, or `PORT`. `us`, `them`: ours
    and the partner's identity, qualifier:id ("": as the folder had them, or acme's). `faults`: what goes wrong from the start.
    `sterling`: with a Sterling, which answers as these `switches` say, each written as name=value."""

    port: int | None = None
    us: str = ""
    them: str = ""
    faults: tuple[str, ...] = ()
    sterling: bool = False
    switches: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class StandAlone:
    """A running sandbox: the folder, the simulators, what may be asked of it, and settings that reach it."""

    folder: Path
    sandbox: Environment
    commands: Commands
    settings: str


@contextlib.asynccontextmanager
async def opened(folder: Path, choice: Choice, *, kept: bool) -> AsyncIterator[StandAlone]:
    """Start a sandbox over `folder`, and stop it at the end of the block; `kept`: the next one goes on where it was.

    SettingsError where another runs there, a port is taken, or a fault, a switch or an identity is not one."""
    with _lock(folder):
        before = _remembered(folder)
        profile = _profile(choice, before)
        place, ports = folder / "sandbox", _ports(choice.port, before)
        side = _sterling(choice, place, ports, kept)
        sandbox = Environment(
            place, seed=SEED, profiles=(profile,), samples=False, ports=ports, kept=kept, sterling=side
        )
        commands = Commands(sandbox)
        if not sandbox.resumed:
            commands.seed()
        sandbox.app = Control(commands.all(), sandbox.d365.app)
        await _begin(commands, choice.faults)
        async with contextlib.AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(sandbox)
            except OSError as error:
                raise _taken(ports, error) from error
            _remember(folder, sandbox, profile)
            answering = asyncio.create_task(_answer(sandbox))
            stack.callback(answering.cancel)
            companies = (COMPANY, OTHER) if TWO_COMPANIES in choice.faults else (COMPANY,)
            page = 2 if PAGE_SHIFT in choice.faults else 1000
            text = sandbox.settings(folder, every=_EVERY, apart=_APART, companies=companies, page=page)
            text += posted_before.flow(profile.name) if posted_before.NAME in choice.faults else ""
            text += buying.flows(folder, _LISTED) if side is not None else ""
            yield StandAlone(folder, sandbox, commands, text)


def _sterling(choice: Choice, place: Path, ports: Ports, kept: bool) -> SterlingSide | None:
    if not choice.sterling:
        if choice.switches:
            raise SettingsError("switches are those of Sterling", remedy="start it, too: d365edi sandbox --sterling")
        return None
    try:
        switches = Switches.of(*choice.switches)
    except UnknownSwitch as reason:
        raise SettingsError(str(reason), remedy="write it as --switch offset=-0500") from None
    side = SterlingSide(place, switches=switches, ports=(ports.sterling, ports.identity), kept=kept, seed=SEED)
    side.simulator.state.mailbox(buying.PROBE)
    return side


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "sandbox.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            remedy = "stop it, or name another folder: d365edi sandbox --directory DIR"
            raise SettingsError(f"a sandbox runs in {folder}", remedy=remedy) from None
        yield
    finally:
        os.close(lock)


def _taken(ports: Ports, error: OSError) -> SettingsError:
    wanted = " and ".join(str(port) for port in (ports.d365, ports.sftp, ports.sterling, ports.identity) if port)
    message = f"the ports {wanted} cannot all be had: {error.strerror}"
    return SettingsError(message, remedy="name another, as d365edi sandbox --port 9443, or 0 for any that are free")


def _remembered(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / "sandbox.json").read_text())
    except FileNotFoundError:
        return {}
    return dict(found)


def _remember(folder: Path, sandbox: Environment, profile: PartnerProfile) -> None:
    ports = {
        "d365": int(sandbox.d365_host.rpartition(":")[2]),
        "sftp": sandbox.partner.port,
        "events": sandbox.events_port,
    }
    if sandbox.sterling is not None:
        ports["sterling"], ports["identity"] = sandbox.sterling.simulator.ports
    elif sandbox.ports.sterling:
        ports["sterling"], ports["identity"] = sandbox.ports.sterling, sandbox.ports.identity
    (folder / "sandbox.json").write_text(json.dumps({"ports": ports, "us": profile.us, "them": profile.them}))


def _ports(port: int | None, before: dict[str, Any]) -> Ports:
    if port is None and "ports" in before:
        return Ports(**before["ports"])
    first = PORT if port is None else port
    return Ports(*range(first, first + 5)) if first else Ports()


def _profile(choice: Choice, before: dict[str, Any]) -> PartnerProfile:
    us = _identity(choice.us, before.get("us", ACME.us))
    them = _identity(choice.them, before.get("them", ACME.them))
    profile = dataclasses.replace(ACME, us=us, them=them, group_us=us[1], group_them=them[1])
    return posted_before.vendor_too(profile) if posted_before.NAME in choice.faults else profile


def _identity(text: str, otherwise: Sequence[str]) -> tuple[str, str]:
    if not text:
        return otherwise[0], otherwise[1]
    qualifier, _, id = text.partition(":")
    if len(qualifier) != 2 or not 0 < len(id) <= 15:
        raise SettingsError(f"{text} is not qualifier:id", remedy="write it as in ISA05 and ISA06, as 08:6111250008")
    return qualifier, id


async def _begin(commands: Commands, faults: Sequence[str]) -> None:
    for name in faults:
        try:
            await commands.fault(name)
        except Impossible as reason:
            raise SettingsError(str(reason)) from None


async def _answer(sandbox: Environment) -> None:
    """The partner looks into its folder now and then, and answers what it finds."""
    while True:
        await asyncio.sleep(_ANSWERS)
        del sandbox.d365.log[:-_LOGGED]
        sandbox.partner.notice()
        if sandbox.partner.answering != "silent":
            sandbox.partner.answer_invoices()
        if sandbox.sterling is not None:
            sandbox.sterling.answer()
