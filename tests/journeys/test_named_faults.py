"""What becomes of faults that the stand-alone sandbox knows by name, with the settings that it prints."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from d365edi import log, secrets
from d365edi.app import App
from d365edi.cli import main
from d365edi.sandbox.stand_alone import Choice, StandAlone, opened
from d365edi.settings import load

Captured = pytest.CaptureFixture[str]


@contextlib.asynccontextmanager
async def going_wrong(folder: Path, fault: str) -> AsyncIterator[StandAlone]:
    """A sandbox where this goes wrong from the start, with its settings in a file."""
    async with opened(folder, Choice(port=0, faults=(fault,)), kept=False) as here:
        (folder / "settings.toml").write_text(here.settings)
        yield here


async def once(here: StandAlone, times: int = 1) -> None:
    """Everything walked, each time by an app of its own."""
    environ = {f"D365EDI_SECRET_{name.upper().replace('-', '_')}": text for name, text in here.sandbox.secrets.items()}
    for _ in range(times):
        settings = load(here.folder / "settings.toml", environ=environ, keyring=secrets.keyring(log.hide))
        async with App.open(settings) as app:
            await app.once()


async def status(here: StandAlone, shown: Captured) -> tuple[int, dict[str, Any]]:
    """The exit code of `status`, and what it says."""
    shown.readouterr()
    words = ["status", "--json", "--settings", str(here.folder / "settings.toml")]
    code = await anyio.to_thread.run_sync(lambda: main(words))
    return code, json.loads(shown.readouterr().out)


def written(here: StandAlone) -> list[str]:
    """What was sent to D365 that is no question."""
    return [
        f"{each.method} {each.path}" for each in here.sandbox.d365.log if each.set != "token" and each.method != "GET"
    ]


async def invoice(here: StandAlone) -> str:
    """An order of the partner's, which D365 then bills: the invoice's number."""
    number = (await here.commands.order())["orders"][0]
    await once(here, 2)
    return str((await here.commands.post([number]))["invoice"])


async def test_an_810_of_what_is_posted_is_held_by_its_number_and_nothing_is_written(
    tmp_path: Path, capsys: Captured
) -> None:
    async with going_wrong(tmp_path, "posted") as here:
        await once(here, 2)
        code, said = await status(here, capsys)
        found = json.dumps(said)
        assert (code, '"INV-7001"' in found, "it was posted before: voucher APIV-000001" in found) == (1, True, True)
        assert written(here) == []


async def test_an_invoice_whose_lines_d365_does_not_show_is_named(tmp_path: Path, capsys: Captured) -> None:
    async with going_wrong(tmp_path, "forbidden-join") as here:
        number = await invoice(here)
        await once(here)
        code, said = await status(here, capsys)
        assert (code, number in json.dumps(said)) == (1, True)


async def test_invoices_of_one_number_in_two_companies_are_two_files(tmp_path: Path) -> None:
    async with going_wrong(tmp_path, "two-companies") as here:
        number = await invoice(here)
        await once(here, 2)
        files = [path.name for path in here.sandbox.partner.inbound.iterdir() if path.name.startswith("810_")]
        assert len(files) == 2
        assert all(f"810_{number}_" in name for name in files)


async def test_a_walk_ends_although_d365_throttles_and_nothing_is_sent_meanwhile(tmp_path: Path) -> None:
    async with going_wrong(tmp_path, "throttle") as here:
        for _ in range(6):
            await here.commands.order()
        with anyio.fail_after(60):
            await once(here, 2)
        throttle = here.sandbox.d365.throttle
        assert throttle is not None
        assert (throttle.closings > 0, throttle.pushed) == (True, 0)
