"""The environment of the demo: a sandbox on loopback, and the real daemon as a process whose log is shown.

Knows: how both are started, waited for and stopped. Does not know: the steps of the day (that is `demo`).
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.abc
from anyio.streams.text import TextReceiveStream

from d365edi.errors import D365EdiError
from d365edi.sandbox.buying_day import BuyingDay
from d365edi.sandbox.environment import Environment
from d365edi.sandbox.mailbox_day import MailboxDay
from d365edi.sandbox.profiles import BUYING, PROFILES
from d365edi.sandbox.sterling_side import SterlingSide
from d365edi.secrets import KeySource, Vault

WITHIN = 1.0
"""Seconds after which a ship notice at Sterling should be picked up."""
PATIENCE = 60.0
"""Seconds to wait for the result of a step. A step takes about one, and much longer where the machine has other work."""
READY = " ready "


@dataclass(slots=True)
class DemoStage:
    """A town, its buying day, its day at Sterling, and a daemon that serves it. `settings` is the file that the daemon and every
    verb use."""

    town: Environment
    buying: BuyingDay
    mailboxes: MailboxDay
    settings: Path
    process: anyio.abc.Process
    output: list[str]
    vain: int = 0
    within: float = WITHIN

    async def until(
        self, true: Callable[[], bool], within: float = PATIENCE, *, ask: Callable[[], Awaitable[object]] | None = None
    ) -> bool:
        """Wait until something is true of the town; False when it is not `within` seconds, or the daemon has ended. Counted in
        `vain` then. What the daemon is to do meanwhile, it is asked for each time (`ask`)."""
        came = False
        with anyio.move_on_after(within):
            while not (came := true()) and self.process.returncode is None:
                if ask is not None:
                    await ask()
                await anyio.sleep(0.05 if ask is None else 0.2)
        self.vain += not came
        return came

    async def stop(self) -> int:
        """SIGTERM, as systemd sends it; the daemon's exit code."""
        if self.process.returncode is None:
            self.process.terminate()
        with anyio.move_on_after(PATIENCE):
            return await self.process.wait()
        self.process.kill()
        return await self.process.wait()


@contextlib.asynccontextmanager
async def open_stage(folder: Path, show: Callable[[str], None]) -> AsyncIterator[DemoStage]:
    """Build the town in `folder`, write settings and vault, start the daemon and wait until it is ready.

    `show` is called with each line of the daemon's log. D365EdiError when the daemon does not become ready."""
    side = SterlingSide(folder / "sandbox", kept=True)
    async with Environment(folder / "sandbox", profiles=(*PROFILES, *BUYING), sterling=side) as town:
        buying, mailboxes = BuyingDay(town), MailboxDay(town, side)
        buying.furnish()
        settings = _write_settings(town, folder)
        command = [sys.executable, "-m", "d365edi", "run", "--settings", str(settings)]
        async with await anyio.open_process(
            command, stdout=None, stderr=subprocess.PIPE, env=_environment()
        ) as process:
            here = DemoStage(town, buying, mailboxes, settings, process, [])
            async with anyio.create_task_group() as group:
                group.start_soon(_read_log, here, show)
                try:
                    if not await here.until(lambda: any(READY in line for line in here.output)):
                        raise D365EdiError("the daemon did not become ready", remedy="see its log above")
                    yield here
                finally:
                    with anyio.CancelScope(shield=True):
                        await here.stop()


def _write_settings(town: Environment, folder: Path) -> Path:
    settings = folder / "settings.toml"
    settings.write_text(town.settings(folder, every="1s", apart="300ms", within=f"{WITHIN:.0f}s"))
    store_secrets(folder, town.secrets)
    return settings


def store_secrets(folder: Path, secrets: Mapping[str, str]) -> None:
    """Put the secrets of a sandbox into the vault that its settings name, with a key of its own."""
    source = KeySource(folder / "vault.key")
    if not (folder / "vault.key").exists():
        source.create()
    for name, secret in secrets.items():
        Vault(folder / "vault", source).set(name, secret)


def _environment() -> dict[str, str]:
    """Our environment without variables that would override the demo's settings."""
    return {key: value for key, value in os.environ.items() if not key.startswith("D365EDI_")}


async def _read_log(here: DemoStage, show: Callable[[str], None]) -> None:
    assert here.process.stderr is not None
    rest = ""
    async for text in TextReceiveStream(here.process.stderr, errors="replace"):
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            here.output.append(line)
            show(line)
