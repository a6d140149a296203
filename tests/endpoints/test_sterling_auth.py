"""Logging in at Sterling: a wrong login is tried once, whoever asks; tokens; whom we trust before anything is said."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import NoEncryption, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from d365edi.endpoints.sterling.auth import LIFE, OAuthClient
from d365edi.endpoints.sterling.client import Client
from d365edi.endpoints.sterling.connection import Connection, SterlingConfig
from d365edi.endpoints.tls import Trust, digest
from d365edi.endpoints.tokens import REST_AFTER
from d365edi.endpoints.transport import HttpTransport, Limits
from d365edi.errors import CredentialsRejected, EndpointError, SecretError, SettingsError, Throttled, Unreachable
from d365edi.sandbox import tls
from d365edi.sandbox.sterling import SterlingSimulator, Switches
from tests.certificates import self_signed
from tests.clock import Clock
from tests.servers.raw_tls import http, raw_tls

NOW = 1767604500.0


class Scene:
    """A simulator, the clock of both sides, and a client of it in this process. `on` is called before each request."""

    def __init__(
        self, *, bearer: bool = False, switch: str = "", secret: str = "", requests: int = 4, **oauth: Any
    ) -> None:
        self.clock = Clock(NOW)
        switches = Switches.of(*(["bearer"] if bearer else []), *([switch] if switch else []))
        self.sim = SterlingSimulator(clock=self.clock, switches=switches)
        self.sim.state.mailbox("/acme")
        self.on: Callable[[], None] | None = None
        self.pause = 0.0
        client = OAuthClient(
            self.sim.token_url, self.sim.CLIENT_ID, secret or self.sim.CLIENT_SECRET, stored_as="sbi", **oauth
        )
        config = SterlingConfig(
            self.sim.url,
            "" if bearer else self.sim.USERNAME,
            "" if bearer else secret or self.sim.PASSWORD,
            stored_as="sbi",
            oauth=client if bearer else None,
            requests=requests,
        )
        self.connection = Connection("sbi", config, transport=httpx.ASGITransport(app=self._app), clock=self.clock)
        self.client = self.connection.client

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].startswith("/oauth2/"):
            return await self.sim.identity_app(scope, receive, send)
        if self.on is not None:
            self.on()
        await anyio.sleep(self.pause)
        await self.sim.app(scope, receive, send)

    async def ask(self, client: Client | None = None) -> EndpointError | None:
        """One read; the error it ended with."""
        try:
            await (client or self.client).get(f"mailboxes/{self.sim.state.mailbox('/acme').id}")
        except EndpointError as error:
            return error
        return None

    async def ask_at_once(self, times: int) -> list[EndpointError | None]:
        outcomes: list[EndpointError | None] = []

        async def one() -> None:
            outcomes.append(await self.ask())

        async with anyio.create_task_group() as group:
            for _ in range(times):
                group.start_soon(one)
        return outcomes


# -- one attempt ------------------------------------------------------------------------------------------------------------
async def test_a_wrong_password_is_tried_once_however_many_ask() -> None:
    scene = Scene(secret="wrong")
    outcomes = await scene.ask_at_once(20)
    assert [type(outcome) for outcome in outcomes] == [CredentialsRejected] * 20
    assert (len(scene.sim.users.rejected), len(scene.sim.log)) == (1, 1)
    assert outcomes[0] is not None
    assert "wrong" not in str(outcomes[0])
    for word in ("d365edi secrets set sbi", "locked", "APIUser", "oauth"):
        assert word in outcomes[0].remedy


async def test_what_begins_after_a_refusal_makes_one_attempt_more() -> None:
    scene = Scene(secret="wrong")
    for attempts in (1, 2):
        await scene.ask_at_once(8)
        assert len(scene.sim.users.rejected) == attempts


async def test_the_first_request_goes_alone_and_the_others_at_once_behind_it() -> None:
    scene, arrived = Scene(), []
    scene.on = lambda: arrived.append(scene.sim.counts.total())
    scene.pause = 0.01
    assert await scene.ask_at_once(5) == [None] * 5
    assert (arrived[0], arrived[1:]) == (0, [1] * 4)


async def test_a_password_that_changes_stops_what_has_not_been_sent() -> None:
    scene = Scene(requests=2)
    assert await scene.ask() is None
    begun = scene.client.begin()
    scene.sim.user.password = "another"
    scene.pause = 0.01
    outcomes = await scene.ask_at_once(12)
    assert {type(outcome) for outcome in outcomes} == {CredentialsRejected}
    assert len(scene.sim.users.rejected) == 2  # those that were on their way
    assert type(await scene.ask(begun)) is CredentialsRejected
    assert len(scene.sim.users.rejected) == 2
    scene.sim.user.password = scene.sim.PASSWORD
    assert await scene.ask(scene.client.begin()) is None


async def test_an_answer_from_before_a_refusal_does_not_let_the_others_go_together() -> None:
    scene = Scene(requests=3)
    assert await scene.ask() is None
    arrived = anyio.Event()

    async def slow() -> None:
        scene.pause = 0.1
        assert await scene.ask() is None

    async with anyio.create_task_group() as group:
        scene.on = arrived.set
        group.start_soon(slow)
        await arrived.wait()
        scene.on, scene.pause = None, 0.0
        scene.sim.faults.answer(401)
        assert type(await scene.ask()) is CredentialsRejected
    scene.sim.user.password = "another"
    await scene.ask_at_once(3)
    assert len(scene.sim.users.rejected) == 1


async def test_nobody_goes_together_after_nobody_answered() -> None:
    scene = Scene()
    assert await scene.ask() is None
    scene.sim.faults.answer(503)
    assert type(await scene.ask()) is Unreachable
    scene.sim.user.password = "another"
    await scene.ask_at_once(6)
    assert len(scene.sim.users.rejected) == 1


# -- tokens -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("switch", "way"), [("client_auth=basic", "basic"), ("client_auth=form", "form")])
async def test_a_token_is_asked_for_once_and_serves_all(switch: str, way: str) -> None:
    scene = Scene(bearer=True, switch=switch, client_auth=way, scope="mailboxes", secret="s e+c%r:t/ä")
    scene.sim.identity.scope = "mailboxes"
    scene.sim.identity.clients[scene.sim.CLIENT_ID] = "s e+c%r:t/ä"
    assert await scene.ask_at_once(10) == [None] * 10
    assert scene.sim.count("POST", "token") == 1


async def test_a_token_is_renewed_at_half_of_a_short_life() -> None:
    scene = Scene(bearer=True)
    await scene.ask()
    for seconds, tokens in ((scene.sim.identity.life / 2 - 1, 1), (2, 2)):
        scene.clock.now += seconds
        assert await scene.ask() is None
        assert scene.sim.count("POST", "token") == tokens


async def test_a_token_that_is_taken_back_is_replaced_once_for_all() -> None:
    scene = Scene(bearer=True)
    await scene.ask()
    scene.sim.identity.revoke()
    scene.pause = 0.01
    assert await scene.ask_at_once(8) == [None] * 8
    assert scene.sim.count("POST", "token") == 2


async def test_a_second_refusal_of_a_token_is_for_a_person() -> None:
    scene = Scene(bearer=True)
    scene.sim.faults.answer(401, times=2)
    error = await scene.ask()
    assert type(error) is CredentialsRejected
    assert "legacyApisAuthType = basic" in error.remedy
    assert scene.sim.count("POST", "token") == 2


async def test_a_wrong_secret_is_tried_once_however_many_ask() -> None:
    scene = Scene(bearer=True, secret="wrong")
    outcomes = await scene.ask_at_once(20)
    assert {type(outcome) for outcome in outcomes} == {CredentialsRejected}
    assert (len(scene.sim.identity.refused), len(scene.sim.log)) == (1, 1)
    error = outcomes[0]
    assert error is not None
    assert "client d365edi: invalid_client: client authentication failed" in error.message
    assert ("d365edi secrets set sbi" in error.remedy, "wrong" in str(error)) == (True, False)


async def test_a_secret_that_changes_is_tried_once_and_the_token_used_to_its_end() -> None:
    scene = Scene(bearer=True)
    await scene.ask()
    scene.sim.identity.clients[scene.sim.CLIENT_ID] = "another"
    end = NOW + scene.sim.identity.life
    for now, works in ((end - 140, True), (end - 1, True), (end + 1, False), (end + REST_AFTER - 1, False)):
        scene.clock.now = now
        assert {type(each) for each in await scene.ask_at_once(4)} == {type(None) if works else CredentialsRejected}
        assert len(scene.sim.identity.refused) == 1
    scene.clock.now = end + REST_AFTER
    assert type(await scene.ask()) is CredentialsRejected
    assert len(scene.sim.identity.refused) == 2


@pytest.mark.parametrize(
    ("plan", "kind"),
    [
        ({"status": 503, "html": True}, Unreachable), ({"status": 404, "html": True}, Unreachable),
        ({"status": 500}, Unreachable), ({"status": 429, "retry_after": 9}, Throttled),
        ({"status": 200, "html": True}, Unreachable), ({"status": 200, "body": b'{"access_token": 7}'}, Unreachable),
        ({"status": 200, "body": b'{"access_token": "a b"}'}, Unreachable),
        ({"status": 200, "body": b'{"access_token": "t", "token_type": "mac"}'}, Unreachable),
        ({"status": 404, "body": b'{"status": 404, "error": "Not Found"}'}, Unreachable),
        ({"status": 400, "body": b'{"error": "temporarily_unavailable"}'}, Unreachable),
        ({"status": 401}, CredentialsRejected), ({"status": 403, "html": True}, CredentialsRejected),
        ({"status": 302, "html": True}, CredentialsRejected),
        ({"status": 400, "body": b'{"error": "invalid_scope"}'}, CredentialsRejected),
        ({"status": 400, "body": b'{"error": "unauthorized_client"}'}, CredentialsRejected),
    ],
)  # fmt: skip
async def test_an_answer_without_a_token(plan: dict[str, Any], kind: type[EndpointError]) -> None:
    scene = Scene(bearer=True)
    scene.sim.faults.answer(path="/oauth2/*", **plan)
    with pytest.raises(kind, match=r"the identity server at https://127\.0\.0\.1:0 ") as caught:
        await scene.client.create("documents/", {}, payload=b"ISA")
    assert not getattr(caught.value, "unclear", True)
    assert await scene.ask() is None


async def test_an_answer_that_does_not_say_how_long_a_token_lives() -> None:
    scene = Scene(bearer=True)
    scene.sim.faults.answer(200, path="/oauth2/*", body=b'{"access_token": "t"}')
    scene.sim.identity.tokens["t"] = (scene.sim.CLIENT_ID, NOW + 9999)
    await scene.ask()
    assert scene.sim.count("POST", "token") == 1
    scene.clock.now += LIFE / 2 + 1
    await scene.ask()
    assert scene.sim.count("POST", "token") == 2


async def test_an_identity_server_that_is_away_is_asked_again_and_nothing_is_unclear() -> None:
    scene = Scene(bearer=True)
    scene.sim.faults.drop(path="/oauth2/*", after_work=False)
    with pytest.raises(Unreachable) as caught:
        await scene.client.create("documents/", {}, payload=b"ISA")
    assert not caught.value.unclear
    assert scene.sim.count("POST", "documents") == 0
    assert await scene.ask() is None


# -- whom we trust ----------------------------------------------------------------------------------------------------------
def server_pin(identity: tls.TlsFiles) -> str:
    return digest(ssl.PEM_cert_to_DER_cert(identity.certificate.read_text()))


OTHER = "sha256:" + "0" * 64


async def answered(trust: Trust, identity: tls.TlsFiles, clients: str = "") -> tuple[object, list[bytes], list[str]]:
    """What one request comes to, what arrived, and who the server says was there."""
    async with raw_tls(identity, http(b"[]"), clients=clients) as server:
        connection = Connection("sbi", SterlingConfig(server.url, "user", "word", trust=trust))
        outcome: object
        try:
            outcome = await connection.client.list_all("mailboxes/", {"path": "/acme"})
        except EndpointError as error:
            outcome = error
        await connection.close()
    return outcome, server.requests, server.clients


async def test_a_pinned_certificate_is_trusted_without_an_authority(tmp_path: Path) -> None:
    identity = tls.create(tmp_path)
    trust = Trust(pins=(OTHER, server_pin(identity)))
    outcome, requests, _ = await answered(trust, identity)
    assert (outcome, len(requests), trust.by_chain) == ([], 1, False)
    assert trust.last is not None
    assert (digest(trust.last.certificate), trust.last.protocol[:3]) == (server_pin(identity), "TLS")


@pytest.mark.parametrize("with_authority", [False, True])
async def test_nothing_is_said_to_a_server_whose_certificate_no_pin_names(tmp_path: Path, with_authority: bool) -> None:
    identity = tls.create(tmp_path)
    trust = Trust(identity.authority if with_authority else None, (OTHER,))
    outcome, requests, _ = await answered(trust, identity)
    assert type(outcome) is CredentialsRejected
    assert f'pins = ["{server_pin(identity)}"]' in outcome.remedy
    assert (requests, trust.last) == ([], None)


async def test_a_pin_beside_authorities_does_not_stand_in_for_the_chain(tmp_path: Path) -> None:
    identity, other = tls.create(tmp_path / "a"), tls.create(tmp_path / "b")
    outcome, requests, _ = await answered(Trust(other.authority, (server_pin(identity),)), identity)
    assert (type(outcome), requests) == (Unreachable, [])
    assert isinstance(outcome, Unreachable)
    assert "ca_file" in outcome.remedy


async def test_a_self_signed_certificate_can_be_its_own_authority(tmp_path: Path) -> None:
    certificate, key = self_signed()
    files = tls.TlsFiles(tmp_path / "own.pem", tmp_path / "own.pem", tmp_path / "own.key")
    files.certificate.write_text(certificate)
    files.key.write_text(key)
    assert (await answered(Trust(files.authority), files))[0] == []
    assert type((await answered(Trust(), files))[0]) is Unreachable


@pytest.mark.parametrize("form", ["pem", "pfx"])
async def test_our_certificate_is_shown_where_it_is_asked_for(tmp_path: Path, form: str) -> None:
    identity, (certificate, key) = tls.create(tmp_path), self_signed(b"word" if form == "pem" else None)
    both = (certificate + key).encode()
    if form == "pfx":
        private: Any = load_pem_private_key(key.encode(), None)
        one = x509.load_pem_x509_certificate(certificate.encode())
        both = serialize_key_and_certificates(b"us", private, one, None, NoEncryption())
    trust = Trust(identity.authority, certificate=both, password="word" if form == "pem" else "")
    outcome, requests, shown = await answered(trust, identity, certificate)
    assert (outcome, len(requests), shown) == ([], 1, ["localhost"])
    assert type((await answered(Trust(identity.authority), identity, certificate))[0]) is Unreachable


def test_files_that_hold_nothing_of_use_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(SettingsError, match=re.escape(str(tmp_path / "empty.pem"))):
        Trust(tmp_path / "empty.pem")
    certificate, _ = self_signed()
    _, other_key = self_signed()
    with pytest.raises(SecretError, match="does not belong"):
        Trust(certificate=(certificate + other_key).encode())


async def test_a_pin_error_is_for_a_person_at_any_server(tmp_path: Path) -> None:
    identity = tls.create(tmp_path)
    async with raw_tls(identity, http(b"{}")) as server:
        wire = HttpTransport("x", "X", Limits(), verify=Trust(pins=(OTHER,)).context)
        with pytest.raises(CredentialsRejected, match="X is not trusted: it shows a certificate that is none of pins"):
            await wire.send("POST", server.url, content=b"{}")
        await wire.close()
