"""Tokens: one request however many wait, renewed in time, and every refusal of Entra in words without a secret."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from starlette.responses import Response

from d365edi.endpoints.d365.endpoint import D365Config, D365Endpoint
from d365edi.endpoints.tokens import EARLY, RETRY_AFTER
from d365edi.errors import CredentialsRejected, EndpointError, Throttled, Unavailable, Unreachable
from d365edi.odata.plan import Query
from d365edi.sandbox.d365.simulator import CLIENT_ID
from tests.endpoints.d365_scene import HOST, Scene

UNITS = Query("UnitsOfMeasure", select=("UnitSymbol",))
ENTRA = "*/oauth2/*"
SECRET = "do-not-show-me"


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def asked(endpoint: D365Endpoint) -> list[str]:
    """A cheap read through the endpoint."""
    return [row["UnitSymbol"] for row in await endpoint.ask(UNITS)]


async def test_one_token_serves_many_requests(scene: Scene) -> None:
    for _ in range(5):
        assert await asked(scene.endpoint) == ["ea"]
    assert scene.sim.entra.issued == 1


async def test_fifty_callers_at_once_cause_one_token_request(scene: Scene) -> None:
    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(asked, scene.endpoint)
    assert scene.sim.entra.issued == 1


async def test_fifty_requests_that_are_refused_at_once_cause_one_renewal(scene: Scene) -> None:
    await asked(scene.endpoint)
    scene.sim.entra.revoke()
    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(asked, scene.endpoint)
    assert scene.sim.entra.issued == 2


async def test_a_token_taken_back_in_the_middle_is_renewed_once_and_the_work_goes_on(scene: Scene) -> None:
    scene.sim.state.page = 1
    for symbol in ("cs", "kg"):
        scene.sim.state.add("UnitsOfMeasure", UnitSymbol=symbol)
    await asked(scene.endpoint)
    scene.sim.faults.revoke(path="/data/UnitsOfMeasure")
    assert (sorted(await asked(scene.endpoint)), scene.sim.entra.issued) == (["cs", "ea", "kg"], 2)


async def test_a_token_is_renewed_five_minutes_before_its_end_without_a_refusal(scene: Scene) -> None:
    await asked(scene.endpoint)
    scene.clock.now += scene.sim.entra.life - EARLY - 5
    await asked(scene.endpoint)
    assert scene.sim.entra.issued == 1
    scene.clock.now += 10
    await asked(scene.endpoint)
    assert (scene.sim.entra.issued, {seen.status for seen in scene.sim.log}) == (2, {200})


async def test_a_renewal_that_is_not_urgent_may_fail_and_is_tried_again_later(scene: Scene) -> None:
    await asked(scene.endpoint)
    scene.clock.now += scene.sim.entra.life - EARLY + 1
    scene.sim.faults.answer(503, path=ENTRA, times=99)
    for _ in range(3):
        assert await asked(scene.endpoint) == ["ea"]
    assert scene.sim.count("POST", "token") == 2
    scene.clock.now += RETRY_AFTER
    await asked(scene.endpoint)
    assert scene.sim.count("POST", "token") == 3
    scene.clock.now += EARLY
    with pytest.raises(Unavailable, match="gave no token: it answered 503"):
        await asked(scene.endpoint)


async def test_an_expired_token_is_not_sent(scene: Scene) -> None:
    await asked(scene.endpoint)
    scene.clock.now += scene.sim.entra.life + 1
    assert await asked(scene.endpoint) == ["ea"]
    assert {seen.status for seen in scene.sim.log} == {200}


async def test_a_second_refusal_is_for_a_person(scene: Scene) -> None:
    scene.sim.faults.answer(401, times=2)
    with pytest.raises(CredentialsRejected) as caught:
        await asked(scene.endpoint)
    assert "Microsoft Entra ID applications" in caught.value.remedy
    assert (scene.sim.entra.issued, scene.sim.count("GET", "UnitsOfMeasure")) == (2, 2)


@pytest.mark.parametrize(
    ("changes", "says", "remedy"),
    [
        ({"client_secret": SECRET}, "the client secret is wrong (AADSTS7000215)", "store the secret's value"),
        ({"tenant": "nowhere.example"}, "there is no such tenant (AADSTS90002)", "check tenant"),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, "does not know this application", "check client_id"),
        ({"client_secret": ""}, "client secret", "check tenant, authority, client_id"),
        ({"tenant": "no tenant!"}, "tenant", "check tenant, authority"),
        ({"certificate": b"no certificate"}, "certificate", "the certificate under [d365]"),
    ],
)
async def test_what_the_directory_refuses_is_said_in_words(
    scene: Scene, changes: dict[str, Any], says: str, remedy: str
) -> None:
    with pytest.raises(CredentialsRejected) as caught:
        await asked(scene.open(**changes))
    assert (says in caught.value.message, remedy in caught.value.remedy) == (True, True)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_an_audience_that_the_directory_does_not_have_is_said_in_words(scene: Scene) -> None:
    scene.sim.entra.audiences = {HOST}
    with pytest.raises(CredentialsRejected, match=r"does not know the audience \(AADSTS500011\)"):
        await asked(scene.open(audience="https://elsewhere.test"))


async def test_audience_and_host_are_independent(scene: Scene) -> None:
    scene.sim.audience = "https://audience.test"
    assert await asked(scene.open(audience="https://audience.test/")) == ["ea"]


def certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "d365edi")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    )
    return builder.sign(key, hashes.SHA256())


async def test_a_certificate_opens_the_door_as_pem_and_as_pfx_and_an_unknown_one_does_not() -> None:
    scene = Scene()
    scene.clock.now = datetime.now(UTC).timestamp()  # an assertion carries the real time
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    own = certificate(key)
    public = own.public_bytes(serialization.Encoding.PEM)
    pem = public + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pfx = pkcs12.serialize_key_and_certificates(b"d", key, own, None, serialization.BestAvailableEncryption(b"pw"))
    with pytest.raises(CredentialsRejected, match="not one of the application's"):
        await asked(scene.open(client_secret="", certificate=pem))
    scene.sim.entra.certificates[CLIENT_ID] = [public]
    assert await asked(scene.open(client_secret="", certificate=pem)) == ["ea"]
    assert await asked(scene.open(client_secret="", certificate=pfx, certificate_password="pw")) == ["ea"]
    with pytest.raises(CredentialsRejected) as caught:
        await asked(scene.open(client_secret="", certificate=pfx, certificate_password=SECRET))
    assert SECRET not in "".join(traceback.format_exception(caught.value))


class Directory:
    """An Entra that gives one answer."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.response = Response(content, status, {"Content-Type": "application/json", **(headers or {})})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.response(scope, receive, send)

    async def error(self) -> EndpointError:
        config = D365Config(HOST, "contoso.example", "client", SECRET, authority=HOST)
        with pytest.raises(EndpointError) as caught:
            await asked(D365Endpoint("d365", config, httpx.ASGITransport(app=self)))
        assert SECRET not in "".join(traceback.format_exception(caught.value))
        return caught.value


def aad(number: int, error: str = "invalid_client") -> dict[str, Any]:
    text = f"AADSTS{number}: Something technical.\r\nTrace ID: 1\r\nCorrelation ID: 2\r\nTimestamp: 3"
    return {"error": error, "error_description": text, "error_codes": [number]}


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (7000222, "the client secret has expired"),
        (700016, "the tenant does not know this application"),
        (7000112, "the application is disabled in the tenant"),
        (53003, "a conditional access policy forbids it"),
        (900023, "the tenant is neither a name nor an id"),
    ],
)
async def test_codes_of_the_directory_have_words(number: int, says: str) -> None:
    error = await Directory(401, aad(number)).error()
    assert type(error) is CredentialsRejected
    assert error.message == (
        f"Entra refused a token for application client of tenant contoso.example: {says} (AADSTS{number})"
    )


async def test_a_code_without_words_is_told_as_it_is_without_its_tail() -> None:
    error = await Directory(400, aad(999999, "invalid_request")).error()
    assert (type(error), "AADSTS999999: Something technical." in error.message) == (CredentialsRejected, True)
    assert "Trace" not in error.message


async def test_invalid_client_without_a_code_names_the_secret_among_its_causes() -> None:
    error = await Directory(401, {"error": "invalid_client"}).error()
    assert error.remedy.startswith("check client_secret (the secret's value, not its id), client_id, tenant")


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "wait"),
    [
        (429, {"error": "throttled"}, {"Retry-After": "17"}, Throttled, 17),
        (429, {"error": "throttled"}, {}, Throttled, 10),
        (500, {"error": "server"}, {}, Unreachable, None),
        (503, b"<html>", {"Retry-After": "5"}, Throttled, 5),
        (502, b"oops", {}, Unreachable, None),
        (400, aad(90033, "temporarily_unavailable"), {}, Unreachable, None),
        (200, b"<html>maintenance</html>", {}, Unreachable, None),
        (200, ["no", "object"], {}, Unreachable, None),
        (200, "a text", {}, Unreachable, None),
        (200, 7, {}, Unreachable, None),
        (200, {}, {}, Unreachable, None),
        (200, {"access_token": 7, "expires_in": 3599}, {}, Unreachable, None),
        (200, {"access_token": "a", "expires_in": "soon"}, {}, Unreachable, None),
        (401, ["no", "object"], {}, Unreachable, None),
        (200, {"token_type": "Bearer", "expires_in": 3599, "access_token": "a\nb"}, {}, Unreachable, None),
    ],
)
async def test_a_busy_or_unreadable_directory_is_unavailable_and_asked_once(
    status: int, body: Any, headers: dict[str, str], kind: type[Unavailable], wait: float | None
) -> None:
    error = await Directory(status, body, headers).error()
    assert (type(error), getattr(error, "retry_after", 0)) == (kind, wait and pytest.approx(wait, abs=0.5))


async def test_a_directory_whose_answer_has_no_end_refuses_no_document() -> None:
    assert type(await Directory(200, b" " * (2 << 20)).error()) is Unreachable


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_another_address_of_the_directory_is_not_followed(status: int) -> None:
    token = {"access_token": "a", "expires_in": 3599, "token_type": "Bearer"}
    error = await Directory(status, token, {"Location": "https://evil.example/token"}).error()
    assert (type(error), "with another address, which is not followed" in error.message) == (Unreachable, True)


async def test_a_directory_out_of_reach_is_unavailable(scene: Scene) -> None:
    scene.sim.faults.drop(path=ENTRA)
    with pytest.raises(Unavailable, match="no answer from Entra at"):
        await asked(scene.endpoint)


def test_secrets_are_not_in_the_configurations_words() -> None:
    config = D365Config(HOST, "t", "c", SECRET, certificate=SECRET.encode(), certificate_password=SECRET)
    assert SECRET not in repr(config)


@pytest.mark.parametrize("change", [{"base_url": "http://h"}, {"authority": "http://h"}, {"base_url": "h"}])
def test_secrets_never_travel_in_the_open(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="https://"):
        replace(D365Config(HOST, "t", "c"), **change)  # type: ignore[arg-type]


async def test_a_refused_secret_is_told_with_the_whole_command_that_stores_another() -> None:
    scene = Scene()
    endpoint = scene.open(client_secret="wrong", stored_as="d365-app")
    with pytest.raises(CredentialsRejected, match=r"then: d365edi secrets set d365-app, and systemctl reload d365edi"):
        await endpoint.ask(Query("LegalEntities"))
