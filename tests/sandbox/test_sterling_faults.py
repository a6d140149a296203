"""Sterling beside the sandbox's D365: each fault with a name does what it says, once or until it ends; settings that reach it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import httpx
import pytest

from d365edi.errors import SettingsError
from d365edi.sandbox import orders
from d365edi.sandbox.control import Impossible
from d365edi.sandbox.stand_alone import Choice, opened
from d365edi.sandbox.sterling import Switches
from d365edi.sandbox.sterling_faults import FAULTS, PAGE_SHIFT
from d365edi.sandbox.sterling_side import SterlingSide
from d365edi.settings import load

from .sterling import calling, contents, deliver

OUT, TO = "/grocer/out", "/grocer/to"
Tried = Callable[[SterlingSide, httpx.AsyncClient], Awaitable[object]]


async def _tried(ask: Awaitable[httpx.Response]) -> str:
    """The status and the form of an answer, or how it failed."""
    try:
        answer = await ask
    except ConnectionResetError:
        return "broken"
    return f"{answer.status_code} {answer.headers['content-type'].partition(';')[0].rpartition('/')[2]}"


async def _twice(side: SterlingSide, caller: httpx.AsyncClient) -> object:
    """What comes of two documents, and how many were made of them."""
    before = len(side.simulator.state.documents)
    said = [await _tried(caller.post("documents/", json={"payload": ""})) for _ in range(2)]
    return *said, len(side.simulator.state.documents) - before


async def _patient(side: SterlingSide, caller: httpx.AsyncClient) -> object:
    """Whether an answer does not come at once, and how many documents were made."""
    before = len(side.simulator.state.documents)
    with anyio.move_on_after(0.5) as waiting:
        await caller.post("documents/", json={"payload": ""})
    return waiting.cancelled_caught, len(side.simulator.state.documents) - before


async def _login(side: SterlingSide, caller: httpx.AsyncClient) -> object:
    return (await caller.get("mailboxes/")).status_code


async def _token(side: SterlingSide, caller: httpx.AsyncClient) -> object:
    simulator = side.simulator
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=simulator.identity_app)) as client:
        login, form = (simulator.CLIENT_ID, simulator.CLIENT_SECRET), {"grant_type": "client_credentials"}
        return (await client.post("https://id.test/oauth2/token", data=form, auth=login)).status_code


async def _revoked(side: SterlingSide, caller: httpx.AsyncClient) -> object:
    side.simulator.identity.tokens["t"] = ("d365edi", 9e9)
    await caller.get("mailboxmessages/1")
    return len(side.simulator.identity.tokens)


async def _listed(side: SterlingSide, caller: httpx.AsyncClient) -> object:
    """The status of a listing by the id that its path had before, and whether its path has another id afterwards."""
    id = side.simulator.state.mailbox(OUT).id
    answer = await caller.get("mailboxcontents/", params={"parentMailboxId": id})
    found = side.simulator.state.find(OUT)
    return answer.status_code, found and found.id == id, len(found.messages if found else ())


async def _page(side: SterlingSide, caller: httpx.AsyncClient) -> object:
    """The form of a listing, and whether it asks for a login."""
    answer = await caller.get("mailboxcontents/", params={"parentMailboxId": side.simulator.state.mailbox(OUT).id})
    return answer.status_code, "j_security_check" in answer.text


async def _paged(side: SterlingSide, caller: httpx.AsyncClient) -> object:
    """How many of the three orders a reader of pages of two sees."""
    id = side.simulator.state.mailbox(OUT).id
    rows = await contents(caller, id, _range="0-1") + await contents(caller, id, _range="2-3")
    return len({row["id"] for row in rows if row["type"] == "message"})


async def _fetched(side: SterlingSide, caller: httpx.AsyncClient) -> object:
    """The status of a fetch, and the count of its message."""
    message = next(iter(side.simulator.state.mailbox(OUT).messages.values()))
    answer = await caller.post(f"documents/{message.document}/actions/getpayload", json={})
    return answer.status_code, message.count, message.gone


async def _hour(side: SterlingSide, caller: httpx.AsyncClient) -> object:
    await deliver(caller, TO, "a", b"x")
    return side.simulator.switches.skew


async def _picked_up(side: SterlingSide, caller: httpx.AsyncClient) -> object:
    id = await deliver(caller, TO, "a", b"x")
    side.answer()
    return side.simulator.state.messages[id].count


GOOD = ("201 json", "201 json", 2)
STRUCK: dict[str, tuple[Tried, object, object]] = {
    "sterling-down": (_twice, ("503 html", "503 html", 0), GOOD),
    "identity-down": (_token, 503, 200),
    "status-500": (_twice, ("500 json", "201 json", 1), GOOD),
    "lost-requests": (_twice, ("broken", "201 json", 1), GOOD),
    "lost-answers": (_twice, ("broken", "201 json", 2), GOOD),
    "silence": (_patient, (True, 1), (False, 1)),
    "half-body": (_twice, ("broken", "201 json", 2), GOOD),
    "html": (_twice, ("200 html", "201 json", 1), GOOD),
    "login-page": (_page, (200, True), (200, False)),
    "exception": (_twice, ("400 json", "201 json", 1), GOOD),
    "late-504": (_twice, ("504 html", "201 json", 2), GOOD),
    "token-revoked": (_revoked, 0, 1),
    "credentials": (_login, 401, 200),
    "user-locked": (_login, 401, 200),
    "not-picked-up": (_picked_up, 1, 0),
    PAGE_SHIFT: (_paged, 2, 3),
    "mailbox-renamed": (_listed, (200, None, 0), (200, True, 3)),
    "mailbox-again": (_listed, (404, False, 3), (200, True, 3)),
    "message-extracted": (_fetched, (200, 0, ""), (200, 1, "")),
    "message-deleted": (_fetched, (404, 1, "deleted by somebody"), (200, 1, "")),
    "clock-back": (_hour, -3600, 0),
}
"""What is tried, what comes of it while the fault lasts, and afterwards."""


def test_each_fault_is_tried() -> None:
    assert STRUCK.keys() == FAULTS.keys()


@pytest.mark.parametrize("name", list(STRUCK))
async def test_a_fault_does_what_it_says_until_it_ends(tmp_path: Path, name: str) -> None:
    tried, lasting, ended = STRUCK[name]
    side = SterlingSide(tmp_path)
    end = FAULTS[name][1](side)
    async with calling(side.simulator) as caller:
        assert await tried(side, caller) == lasting
        end()
        assert await tried(side, caller) == ended
    assert side.simulator.faults.waiting == []


async def test_two_orders_of_one_name_in_one_second_lie_there_and_settings_reach_them(tmp_path: Path) -> None:
    async with opened(tmp_path, Choice(port=0, sterling=True), kept=True) as here:
        side = here.sandbox.sterling
        assert side is not None
        left = side.simulator.ledger.messages(path=OUT)
        found = [order for message in left for order in orders.read(side.simulator.state.payload(message.document))]
        (tmp_path / "s.toml").write_text(here.settings)
        settings = load(tmp_path / "s.toml", {})
    assert [message.name for message in left] == ["order.edi", "order.edi", "order-3.edi"]
    assert [order.number for order in found] == ["4501123", "4501124", "4501125"]
    assert set(here.sandbox.secrets) == {reference.name for reference in settings.references()}
    endpoint, pickup = settings.endpoints["sbi"], settings.partners["grocer"].pickup["edi"]
    assert (endpoint.kind, getattr(endpoint, "username", None), pickup.since) == ("sterling", "d365edi", "all")
    async with opened(tmp_path, Choice(sterling=True), kept=True) as again:
        assert again.settings == here.settings
        kept = again.sandbox.sterling
        assert kept is not None
        assert len(kept.simulator.ledger.messages(path=OUT)) == 3
        assert sorted(kept.partners["grocer"].orders) == ["4501123", "4501124", "4501125"]


async def test_with_bearer_the_settings_log_in_by_oauth_in_the_form_that_is_wanted(tmp_path: Path) -> None:
    chosen = Choice(port=0, sterling=True, switches=("bearer", "client_auth=form", "colon=encoded"))
    async with opened(tmp_path, chosen, kept=False) as here:
        (tmp_path / "s.toml").write_text(here.settings)
        endpoint = load(tmp_path / "s.toml", {}).endpoints["sbi"]
    oauth, dialect = getattr(endpoint, "oauth", None), getattr(endpoint, "dialect", None)
    assert (oauth and oauth.client_auth, dialect and dialect.colon) == ("form", "encoded")
    assert here.sandbox.secrets["sbi-oauth"]


async def test_all_that_its_partners_order_can_be_found_in_d365(tmp_path: Path) -> None:
    async with opened(tmp_path, Choice(port=0, sterling=True), kept=False) as here:
        rows = here.sandbox.d365.state.rows
        assert len(rows("CustomersV3", CustomerAccount="US-011")) == 1
        assert here.sandbox.sterling is not None
        for drop in here.sandbox.sterling.drops:
            for order in orders.read(drop.data):
                places = rows("CustomerPostalAddresses", CustomerAccountNumber="US-011")
                assert order.ship_to.code in {row["AddressDescription"] for row in places}


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(port=0, switches=("bearer",)), "--sterling"),
        (Choice(port=0, sterling=True, switches=("offst=Z",)), "there is no switch offst; there are empty, location"),
        (Choice(port=0, faults=("credentials",)), "--sterling"),
    ],
)
async def test_what_cannot_be_chosen_is_said(tmp_path: Path, choice: Choice, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        async with opened(tmp_path, choice, kept=False):
            pass
    assert re.search(re.escape(said), f"{refused.value} {refused.value.remedy}")


async def test_a_fault_of_sterling_begins_in_a_running_sandbox_that_has_one(tmp_path: Path) -> None:
    async with opened(tmp_path, Choice(port=0, sterling=True), kept=False) as here:
        side = here.sandbox.sterling
        assert side is not None
        assert "credentials" in await here.commands.fault("credentials")
        assert side.simulator.user.password != side.simulator.PASSWORD
        await here.commands.fault(end=True)
        assert side.simulator.user.password == side.simulator.PASSWORD
        with pytest.raises(Impossible):
            await here.commands.fault("fire")


def test_switches_of_a_side_are_those_of_its_simulator(tmp_path: Path) -> None:
    side = SterlingSide(tmp_path, switches=Switches.of("bearer"))
    assert set(side.secrets) == {"sbi-oauth"}
