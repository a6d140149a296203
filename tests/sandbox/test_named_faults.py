"""Each fault with a name does what it says while it lasts, and nothing any more once it has ended."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncssh
import httpx
import pytest

from d365edi.sandbox import sterling_faults
from d365edi.sandbox.control import Impossible
from d365edi.sandbox.named_faults import FAULTS
from d365edi.sandbox.stand_alone import Choice, StandAlone, opened
from tests.sandbox.conftest import CROSS, ask_token


async def _asked(here: StandAlone, path: str, times: int = 1) -> list[int]:
    """The statuses of so many reads, 0 for a connection that broke; a token is taken for each."""
    trust = ssl.create_default_context(cafile=here.sandbox.ca_file)
    base = f"https://{here.sandbox.d365_host}"
    async with httpx.AsyncClient(verify=trust, base_url=base, params=CROSS) as caller:
        given = await ask_token(caller, scope=f"{base}/.default")
        caller.headers["Authorization"] = f"Bearer {given.json().get('access_token', '')}" if given.is_success else ""
        if not given.is_success:
            return [given.status_code]
        return [(await caller.get(path)).status_code for _ in range(times)]


async def _burst(here: StandAlone) -> list[int]:
    """The status of the first 20 requests of 40, and of the last."""
    statuses = await _asked(here, "/data/CustomersV3", 40)
    return sorted({*statuses[:20], statuses[-1]})


async def _lost(here: StandAlone) -> list[int]:
    """The number of units after an insert whose reply came, or was lost."""
    trust = ssl.create_default_context(cafile=here.sandbox.ca_file)
    base = f"https://{here.sandbox.d365_host}"
    async with httpx.AsyncClient(verify=trust, base_url=base) as caller:
        given = await ask_token(caller, scope=f"{base}/.default")
        caller.headers["Authorization"] = f"Bearer {given.json()['access_token']}"
        units = here.sandbox.d365.state.rows("UnitsOfMeasure")
        try:
            return [(await caller.post("/data/UnitsOfMeasure", json={"UnitSymbol": f"u{len(units)}"})).status_code]
        except httpx.HTTPError:
            return [len(here.sandbox.d365.state.rows("UnitsOfMeasure")) - len(units)]


async def _login(here: StandAlone) -> list[int]:
    partner = here.sandbox.partner
    trusted = asyncssh.import_known_hosts(f"[127.0.0.1]:{partner.port} {partner.host_key}")
    key = asyncssh.import_private_key(partner.client_key)
    try:
        async with asyncssh.connect(
            "127.0.0.1",
            partner.port,
            username="acme",
            client_keys=[key],
            known_hosts=trusted,
            config=None,
            agent_path=None,
        ):
            return [1]
    except asyncssh.PermissionDenied:
        return [0]


async def _answering(here: StandAlone) -> list[int]:
    return [int(here.sandbox.partner.answering == "accept")]


Look = Callable[[StandAlone], Awaitable[list[int]]]
CASES: dict[str, tuple[Look, list[int], list[int]]] = {
    "throttle": (_burst, [200, 429], [200]),
    "forbidden-join": (lambda here: _asked(here, "/data/SalesInvoiceV4Lines"), [403], [200]),
    "d365-down": (lambda here: _asked(here, "/data/CustomersV3"), [503], [200]),
    "entra-down": (lambda here: _asked(here, "/data/CustomersV3"), [503], [200]),
    "secret-refused": (lambda here: _asked(here, "/data/CustomersV3"), [401], [200]),
    "lost-replies": (_lost, [1], [201]),
    "login-refused": (_login, [0], [1]),
    "silent-partner": (_answering, [0], [1]),
}


def test_each_fault_is_tried_here_or_with_a_daemon() -> None:
    assert set(CASES) | {"two-companies", "posted"} | set(sterling_faults.FAULTS) == set(FAULTS)


@pytest.mark.parametrize("name", CASES)
async def test_it_happens_while_it_lasts(name: str, tmp_path: Path) -> None:
    look, faulty, well = CASES[name]
    async with opened(tmp_path, Choice(port=0, faults=(name,)), kept=False) as here:
        assert await here.commands.fault() == {name: FAULTS[name].says}
        assert await look(here) == faulty
        assert await here.commands.fault(name) == {name: FAULTS[name].says}  # begun twice is begun once
        assert await here.commands.fault(name, end=True) == {}
        assert await look(here) == well
        with pytest.raises(Impossible, match="there is no fault fire"):
            await here.commands.fault("fire")


async def test_a_login_is_refused_to_who_is_in_as_well(tmp_path: Path) -> None:
    async with opened(tmp_path, Choice(port=0), kept=False) as here:
        partner = here.sandbox.partner
        async with asyncssh.connect(
            "127.0.0.1",
            partner.port,
            username="acme",
            client_keys=[asyncssh.import_private_key(partner.client_key)],
            known_hosts=asyncssh.import_known_hosts(f"[127.0.0.1]:{partner.port} {partner.host_key}"),
            config=None,
            agent_path=None,
        ) as line:
            await here.commands.fault("login-refused")
            await asyncio.wait_for(line.wait_closed(), 10)
        assert await _login(here) == [0]


async def test_a_reply_that_is_lost_on_purpose_is_no_defect_of_the_sandbox(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, Choice(port=0, faults=("lost-replies",)), kept=False) as here:
        assert await _lost(here) == [1]
    assert [record.message for record in caplog.records if record.name.startswith("uvicorn")] == []


async def test_an_unknown_item_is_unknown_whatever_was_learnt_before(tmp_path: Path) -> None:
    async with opened(tmp_path, Choice(port=0), kept=False) as here:
        for _ in range(2):
            left = await here.commands.order(unknown=True)
            known = here.sandbox.d365.state.rows("CustomerProductDescriptionsV2")
            before = len(known)
            await here.commands.learn(left["orders"][0])
            assert len(here.sandbox.d365.state.rows("CustomerProductDescriptionsV2")) == before + 1
