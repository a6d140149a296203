"""`run --once` at a server that refuses our login: one attempt, exit code 3, and the next one leaves it alone."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from d365edi.sandbox.sterling import SterlingSimulator
from tests.cli import test_partner
from tests.cli.conftest import Call, Said

sterling = test_partner.sterling

PARTNER = """
[partners.acme]
x12 = { us = "ZZ:US", them = "ZZ:THEM" }
[partners.acme.pickup.edi]
from  = { endpoint = "sbi", path = "/d365edi/probe/*" }
every = "1m"
"""


async def test_a_timer_does_not_lock_our_user(
    sterling: SterlingSimulator, folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("D365EDI_SECRET_D365", "of-the-test")
    with (folder / "settings.toml").open("a") as settings:
        settings.write(PARTNER)

    async def command(*words: str) -> Said:
        return await anyio.to_thread.run_sync(lambda: call(*words))

    sterling.user.password = "another"
    attempts = []
    for words in (("ping", "sbi"), ("run", "--once"), ("run", "--once")):
        said = await command(*words)
        assert (said.code, "does not let user d365edi in" in said.out + said.err) == (3, True)
        attempts.append(len(sterling.users.rejected))
    assert attempts == [1, 2, 2]
    sterling.user.password = sterling.PASSWORD
    assert (await command("ping", "sbi")).code == 0
    assert (await command("run", "--once")).code == 0
    assert len(sterling.users.rejected) == 2
