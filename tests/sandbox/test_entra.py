"""The token endpoint: who gets a token, for what, for how long."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from d365edi.sandbox.d365 import CLIENT_ID, TENANT, Simulator
from tests.clock import Clock

from .conftest import HOST, ask_token, token


async def test_a_secret_that_is_right_gets_a_bearer_token_for_an_hour(caller: httpx.AsyncClient) -> None:
    answer = (await ask_token(caller)).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": "11111111-0000-0000-0000-000000000000"}, 400, "unauthorized_client", 700016),
        ({"tenant": "fabrikam.onmicrosoft.com"}, 400, "invalid_request", 90002),
        ({"grant_type": "password"}, 400, "invalid_grant", 70003),
        ({"scope": HOST}, 400, "invalid_scope", 1002012),
        ({"scope": "http://d365.test/.default"}, 400, "invalid_resource", 500011),
    ],
)
async def test_a_wrong_request_fails_with_its_aadsts_number(
    caller: httpx.AsyncClient, changes: dict[str, str], status: int, error: str, number: int
) -> None:
    answer = await ask_token(caller, **changes)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")


async def test_a_registered_audience_is_the_only_one_that_tokens_are_given_for(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    simulator.entra.audiences = {"https://other.test"}
    assert (await ask_token(caller)).json()["error_codes"] == [500011]


async def test_a_token_for_another_host_is_refused_by_the_service(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    other = (await ask_token(caller, scope="https://other.test/.default")).json()["access_token"]
    answer = await caller.get("/data/CustomersV3", headers={"Authorization": f"Bearer {other}"})
    assert (answer.status_code, "WWW-Authenticate" in answer.headers, answer.content) == (401, True, b"")


async def test_a_token_lasts_as_long_as_it_says_and_no_longer(clock: Clock, caller: httpx.AsyncClient) -> None:
    clock.now += 3598
    before = await caller.get("/data/CustomersV3")
    clock.now += 1
    after = await caller.get("/data/CustomersV3")
    assert (before.status_code, after.status_code) == (200, 401)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer made-up", "Basic abc"])
async def test_no_token_no_service(caller: httpx.AsyncClient, header: str) -> None:
    assert (await caller.get("/data/CustomersV3", headers={"Authorization": header})).status_code == 401


async def test_a_revoked_token_gets_401_until_a_new_one_is_asked_for(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    simulator.entra.revoke()
    refused = await caller.get("/data/CustomersV3")
    taken = await caller.get("/data/CustomersV3", headers={"Authorization": f"Bearer {await token(caller)}"})
    assert (refused.status_code, taken.status_code) == (401, 200)


async def test_an_application_that_is_not_registered_in_the_tenant_gets_403(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    (record,) = simulator.state.store.rows("SysAADClients")
    simulator.state.store.delete(record)
    assert (await caller.get("/data/CustomersV3")).status_code == 403


async def test_the_discovery_document_names_the_token_endpoint(caller: httpx.AsyncClient) -> None:
    document = (await caller.get(f"/{TENANT}/v2.0/.well-known/openid-configuration")).json()
    assert document["token_endpoint"] == f"{HOST}/{TENANT}/oauth2/v2.0/token"


@pytest.fixture(scope="module")
def signer() -> tuple[rsa.RSAPrivateKey, bytes]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=99))
    return key, builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _assertion(signer: tuple[rsa.RSAPrivateKey, bytes], **claims: object) -> str:
    key, pem = signer
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    header = {"alg": "PS256", "x5t#S256": _b64(hashlib.sha256(der).digest())}
    payload = {
        "aud": f"{HOST}/{TENANT}/oauth2/v2.0/token",
        "iss": CLIENT_ID,
        "sub": CLIENT_ID,
        "exp": 1767605000,
        **claims,
    }
    signed = ".".join(_b64(json.dumps(part).encode()) for part in (header, payload))
    signature = key.sign(signed.encode(), padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    return f"{signed}.{_b64(signature)}"


async def _ask_with(client: httpx.AsyncClient, assertion: str) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "scope": f"{HOST}/.default",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    return await client.post(f"/{TENANT}/oauth2/v2.0/token", data=form)


async def test_an_assertion_signed_with_a_registered_certificate_gets_a_token(
    simulator: Simulator, caller: httpx.AsyncClient, signer: tuple[rsa.RSAPrivateKey, bytes]
) -> None:
    simulator.entra.certificates[CLIENT_ID] = [signer[1]]
    assert (await _ask_with(caller, _assertion(signer))).status_code == 200


@pytest.mark.parametrize(
    "claims", [{"aud": "https://elsewhere"}, {"exp": 1}, {"iss": "someone"}], ids=["audience", "expired", "issuer"]
)
async def test_an_assertion_that_says_something_else_gets_none(
    simulator: Simulator, caller: httpx.AsyncClient, signer: tuple[rsa.RSAPrivateKey, bytes], claims: dict[str, object]
) -> None:
    simulator.entra.certificates[CLIENT_ID] = [signer[1]]
    assert (await _ask_with(caller, _assertion(signer, **claims))).json()["error_codes"] == [700027]


async def test_an_assertion_of_an_unknown_certificate_or_no_assertion_at_all_gets_none(
    caller: httpx.AsyncClient, signer: tuple[rsa.RSAPrivateKey, bytes]
) -> None:
    answers = [await _ask_with(caller, _assertion(signer)), await _ask_with(caller, "nonsense")]
    assert [answer.json()["error_codes"] for answer in answers] == [[700027], [700027]]
