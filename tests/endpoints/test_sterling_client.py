"""Sterling's REST API as the client asks it: listings, objects, payloads, forms, and what every answer means."""

from __future__ import annotations

import base64
import json
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from d365edi.endpoints.sterling.classify import Meaning, NotFound, classify
from d365edi.endpoints.sterling.client import Client, Dialect
from d365edi.endpoints.sterling.connection import Connection, SterlingConfig
from d365edi.endpoints.sterling.mailboxes import Mailboxes
from d365edi.endpoints.sterling.responses import Fault
from d365edi.endpoints.tls import Trust
from d365edi.errors import (
    CredentialsRejected,
    EndpointError,
    PlaceRefused,
    Refused,
    Throttled,
    Unavailable,
    Unreachable,
)
from d365edi.sandbox import tls
from d365edi.sandbox.sterling import SterlingSimulator, Switches
from tests.servers.raw_tls import http, raw_tls

OWN, NOT_THERE = Fault("x", own=True), Fault("x", api="API000464", own=True, nothing=True)
PAGE, LOGIN, JAVA = Fault("x", html=True), Fault("x", html=True, login=True), Fault("x", own=True, java=True)
NOTHING = Fault("x", own=True, nothing=True)


@pytest.mark.parametrize(
    ("status", "fault", "meaning"),
    [
        (200, None, "done"), (201, None, "done"), (204, None, "done"), (200, LOGIN, "login"), (200, PAGE, "fails"),
        (200, Fault("XML"), "fails"), (302, PAGE, "elsewhere"), (303, Fault(""), "elsewhere"), (401, PAGE, "credentials"),
        (401, NOT_THERE, "credentials"), (403, PAGE, "denied"), (403, OWN, "denied"), (403, NOT_THERE, "absent"),
        (404, OWN, "absent"), (404, NOT_THERE, "absent"), (404, PAGE, "missing"), (404, Fault(""), "missing"),
        (400, NOT_THERE, "absent"), (500, NOT_THERE, "absent"), (400, OWN, "refused"), (400, JAVA, "fails"),
        (400, NOTHING, "none"), (400, PAGE, "fails"), (400, Fault("x"), "refused"), (405, PAGE, "fails"), (409, OWN, "refused"),
        (413, PAGE, "refused"), (408, PAGE, "down"), (429, PAGE, "throttled"), (500, OWN, "fails"), (500, JAVA, "fails"),
        (502, PAGE, "down"), (503, OWN, "down"), (504, PAGE, "down"), (599, Fault(""), "fails"), (100, Fault(""), "fails"),
    ],
)  # fmt: skip
def test_what_an_answer_means(status: int, fault: Fault | None, meaning: Meaning) -> None:
    assert classify(status, fault) == meaning


# -- against the simulator ------------------------------------------------------------------------------------------------
def connected(sterling: SterlingSimulator, **options: Any) -> Client:
    """A client of the simulator in this process."""
    config = SterlingConfig(sterling.url, username=sterling.USERNAME, password=sterling.PASSWORD, **options)
    return Connection("sbi", config, transport=httpx.ASGITransport(app=sterling.app)).client


@pytest.fixture
def sterling() -> SterlingSimulator:
    made = SterlingSimulator()
    for path in ("/acme/from", "/acme/to"):
        made.state.mailbox(path)
    return made


@pytest.fixture
def client(sterling: SterlingSimulator) -> Client:
    return connected(sterling)


def contents(sterling: SterlingSimulator, path: str = "/acme/from") -> dict[str, str]:
    return {"parentMailboxId": str(sterling.state.mailbox(path).id), "detail": "true"}


async def test_a_message_goes_there_and_is_changed_and_deleted(sterling: SterlingSimulator, client: Client) -> None:
    data = bytes(range(256)) * 3
    document = await client.create("documents/", {"bodyName": "a b.edi"}, payload=data)
    body = {"documentId": document, "mailboxPath": "/acme/to", "name": "a b.edi", "extractableCount": 2}
    id = await client.create("mailboxmessages/", body, place="/acme/to")
    path = client.path("mailboxmessages", id)
    found = await client.get(path)
    assert (found["name"], found["documentId"], found["size"]) == ("a b.edi", document, len(data))
    assert [row["_id"] for row in await client.list_all("mailboxmessages/", {"name": "a b.edi"})] == [id]
    assert await client.payload(document, len(data)) == data
    await client.update(path, {"extractableCount": 0})
    assert sterling.state.messages[int(id)].count == 0
    assert await client.run_action(path, "movemailboxmessage", {"path": "/acme/from"}) == "Message moved"
    await client.delete(path)
    for again in (client.get(path), client.delete(path), client.update(path, {"extractableCount": 1})):
        with pytest.raises(NotFound, match="API000464"):
            await again


@pytest.mark.parametrize("empty", ["404", "400", "[]"])
@pytest.mark.parametrize("spelling", ["errorDescription", "errorDiscription", "html"])
async def test_a_listing_without_rows_is_empty_in_every_form(
    sterling: SterlingSimulator, client: Client, empty: str, spelling: str
) -> None:
    sterling.switches.empty, sterling.switches.spelling = empty, spelling
    assert await client.list_all("mailboxcontents/", contents(sterling)) == []


@pytest.mark.parametrize(("page", "cap", "requests"), [(1000, 0, 2), (1000, 7, 5), (10, 0, 4), (30, 0, 2), (31, 30, 2)])
async def test_every_row_comes_once_however_long_a_page_is(
    sterling: SterlingSimulator, page: int, cap: int, requests: int
) -> None:
    sterling.switches.page_cap = cap
    put = {sterling.state.put("/acme/from", "a.edi", b"x").id for _ in range(30)}
    rows = await connected(sterling, page=page).list_all("mailboxcontents/", contents(sterling))
    assert ({row["id"] for row in rows}, len(rows)) == (put, 30)
    assert sterling.count("GET", "mailboxcontents") == requests


async def test_a_listing_shorter_than_the_longest_page_takes_one_request(
    sterling: SterlingSimulator, client: Client
) -> None:
    for path, count in (("/acme/from", 3), ("/acme/to", 2)):
        for _ in range(count):
            sterling.state.put(path, "a.edi", b"x")
    for path in ("/acme/from", "/acme/to", "/acme/to"):
        await client.begin().list_all("mailboxcontents/", contents(sterling, path))
    assert sterling.count("GET", "mailboxcontents") == 2 + 1 + 1


async def test_a_row_that_moved_to_the_next_page_comes_once(sterling: SterlingSimulator) -> None:
    put = {sterling.state.put("/acme/from", f"{n}.edi", b"x").id for n in range(25)}

    def more(_path: str) -> None:
        sterling.state.put("/acme/from", "new.edi", b"x")

    sterling.faults.happen(more, path="*mailboxcontents*", times=9)
    rows = await connected(sterling, page=10).list_all("mailboxcontents/", contents(sterling))
    listed = [row["id"] for row in rows]
    assert (len(set(listed)), put - set(listed)) == (len(listed), set())


@pytest.mark.parametrize(
    ("switch", "dialect"),
    [
        ("payload=body", Dialect()), ("payload=query", Dialect(payload="query")), ("colon=raw", Dialect()),
        ("colon=encoded", Dialect(colon="encoded")), ("base64=wrapped", Dialect()), ("location=%3A", Dialect()),
        ("location=relative", Dialect()), ("location=other-host", Dialect()), ("delete=bare", Dialect()),
        ("delete=empty", Dialect(delete="empty")), ("rows=int", Dialect()),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)  # fmt: skip
async def test_each_dialect_is_spoken(switch: str, dialect: Dialect) -> None:
    sterling = SterlingSimulator(switches=Switches.of(switch))
    client = connected(sterling, dialect=dialect)
    document = await client.create("documents/", {}, payload=bytes(300))
    assert await client.payload(document, 300) == bytes(300)
    await client.delete(client.path("documents", document))
    assert not sterling.state.documents


async def test_a_payload_longer_than_allowed_is_refused(sterling: SterlingSimulator, client: Client) -> None:
    document = await client.create("documents/", {}, payload=bytes(400_000))
    for limit in (399_999, 1000):
        with pytest.raises(Refused, match=r"are allowed|was not read to its end"):
            await client.payload(document, limit)
    assert len(await client.payload(document, 400_000)) == 400_000


async def test_a_form_leaves_in_pieces_and_names_what_it_made(tmp_path: Path) -> None:
    identity, data = tls.create(tmp_path), bytes(range(256)) * 4000
    async with raw_tls(identity, http(b'{"Location": "https://h/B2BAPIs/svc/messagebatches/78"}')) as server:
        connection = Connection("sbi", SterlingConfig(server.url, "u", "p", trust=Trust(identity.authority)))
        fields = {"mailboxName": "/acme/to"}
        id = await connection.client.upload("messagebatches/", fields, "upstream", 'a "b".edi', data, place="/acme/to")
        await connection.close()
    assert id == "78"
    [request] = server.requests
    parsed = message_from_bytes(request.partition(b"\r\n")[2], policy=HTTP)
    parts = {part.get_param("name", header="content-disposition"): part for part in parsed.iter_parts()}
    assert parts["mailboxName"].get_payload(decode=True) == b"/acme/to"
    assert (parts["upstream"].get_filename(), parts["upstream"].get_payload(decode=True)) == ("a %22b%22.edi", data)
    assert "transfer-encoding" not in {name.lower() for name in parsed}


# -- what is refused ------------------------------------------------------------------------------------------------------
async def test_a_right_that_lacks_at_one_mailbox_concerns_that_one_alone(
    sterling: SterlingSimulator, client: Client
) -> None:
    sterling.user.rights = {"": frozenset()}
    with pytest.raises(PlaceRefused, match=r"^/acme/from: Sterling at .* answered 403") as caught:
        await client.list_all("mailboxcontents/", contents(sterling), place="/acme/from")
    assert "rights" in caught.value.remedy


async def test_a_403_at_the_base_names_what_may_refuse_it_after_a_login_that_held(
    sterling: SterlingSimulator, client: Client
) -> None:
    await client.list_all("mailboxes/", {"path": "/acme"})
    sterling.faults.answer(403, method="POST", path="*/documents/", html=True)
    with pytest.raises(CredentialsRejected, match="though it has let user d365edi in before") as rejected:
        await client.create("documents/", {}, payload=b"ISA")
    assert "something in front of Sterling may refuse this request" in rejected.value.remedy
    assert "APIUser" in rejected.value.remedy
    sterling.user.api = False
    with pytest.raises(CredentialsRejected, match=r"does not let user d365edi in \(it answered 403\)") as rejected:
        await client.list_all("mailboxes/", {"path": "/acme"})
    assert rejected.value.remedy.startswith("check username and password")


@pytest.mark.parametrize(
    "said",
    ["No permission available", "No valid session was found", "There is no database connection available"],
)
async def test_a_400_that_names_no_such_objects_is_no_empty_listing(
    sterling: SterlingSimulator, client: Client, said: str
) -> None:
    body = json.dumps({"errorCode": 400, "errorDescription": said}).encode()
    for collection, query in (("mailboxcontents/", contents(sterling)), ("mailboxmessages/", {"name": "a"})):
        sterling.faults.answer(400, path=f"*/{collection}", body=body)
        with pytest.raises(Refused, match=said):
            await client.list_all(collection, query, place="/acme/from")


async def test_a_400_that_says_that_an_object_is_not_there_is_not_found(
    sterling: SterlingSimulator, client: Client
) -> None:
    body = b'{"errorCode":400,"errorDescription":"Mailbox message 311 does not exist"}'
    sterling.faults.answer(400, path="*/mailboxmessages/311", body=body, times=3)
    path = client.path("mailboxmessages", "311")
    for each in (client.get(path), client.delete(path), client.update(path, {"extractableCount": 1})):
        with pytest.raises(NotFound, match="does not exist"):
            await each


@pytest.mark.parametrize("switch", ["payload=query", "delete=empty"])
async def test_a_request_in_the_wrong_dialect_is_refused_with_what_measures_it(
    sterling: SterlingSimulator, client: Client, switch: str
) -> None:
    sterling.switches.set(switch)
    message = sterling.state.put("/acme/from", "a.edi", b"x")
    asked = (
        client.payload(message.document, 10, place="/acme/from")
        if switch.startswith("payload")
        else client.delete(client.path("mailboxmessages", str(message.id)), place="/acme/from")
    )
    with pytest.raises(Refused, match="answered 400") as refused:
        await asked
    assert "d365edi partner probe sbi --at MAILBOX" in refused.value.remedy


async def test_a_page_cap_of_one_collection_hides_nothing_beside_longer_pages_of_another(
    sterling: SterlingSimulator, client: Client
) -> None:
    for number in range(12):
        sterling.state.put("/acme/from", f"{number}.edi", b"x")
        sterling.state.mailbox(f"/acme/more{number}")
    assert len(await client.list_all("mailboxes/", {"path": "/acme/more"})) == 12
    sterling.switches.page_cap = 5
    assert len(await client.list_all("mailboxcontents/", contents(sterling))) == 12


async def test_a_path_is_resolved_in_one_request(sterling: SterlingSimulator, client: Client) -> None:
    mailboxes = Mailboxes("sbi")
    for path in ("/acme/from", "/acme/to"):
        await mailboxes.resolve(client, path)
    assert sterling.count("GET", "mailboxes") == 2


async def test_the_sentence_of_a_refusal_is_sterlings_own(client: Client) -> None:
    with pytest.raises(Refused, match="answered 400: Field documentId is required"):
        await client.create("mailboxmessages/", {"name": "a"})


@pytest.mark.parametrize(
    ("plan", "kind", "unclear"),
    [
        ({"status": 400, "body": b'{"errorCode":400,"errorDescription":"java.lang.NullPointerException"}'}, Unavailable, True),
        ({"status": 500}, Unavailable, True),
        ({"status": 504, "html": True}, Unreachable, True),
        ({"status": 503, "retry_after": 7}, Throttled, True),
        ({"status": 429, "retry_after": 7}, Throttled, False),
        ({"status": 404, "html": True}, Unreachable, True),
        ({"status": 200, "html": True}, Unavailable, True),
        ({"status": 302, "html": True}, CredentialsRejected, True),
        ({"status": 401}, CredentialsRejected, False),
        ({"status": 200, "body": b'{"errorCode": 500, "errorDescription": "x"}'}, Unavailable, True),
        ({"status": 200, "body": b'{"no": "Location"}'}, Unavailable, True),
    ],
)  # fmt: skip
async def test_an_answer_that_may_have_come_after_the_work_is_unclear_for_a_write(
    sterling: SterlingSimulator, client: Client, plan: dict[str, Any], kind: type[Unavailable], unclear: bool
) -> None:
    sterling.faults.answer(path="*documents/*", **plan)
    with pytest.raises(Unavailable) as caught:
        await client.create("documents/", {}, payload=b"ISA")
    error = caught.value
    assert (type(error), error.unclear, error.retry_after) == (kind, unclear, plan.get("retry_after"))
    if plan["status"] != 200:
        sterling.faults.answer(path="*mailboxcontents*", **plan)
        with pytest.raises(Unavailable) as caught:
            await client.list_all("mailboxcontents/", contents(sterling))
        assert not caught.value.unclear


async def test_an_api_that_is_gone_is_no_message_that_is_gone(sterling: SterlingSimulator, client: Client) -> None:
    sterling.faults.answer(404, html=True, path="*", times=3)
    asked: list[Any] = [client.get("mailboxmessages/7"), client.delete("mailboxmessages/7"),
                        client.list_all("mailboxmessages/", {"name": "a"})]  # fmt: skip
    for each in asked:
        with pytest.raises(Unreachable) as caught:
            await each
        assert "the API's jar" in caught.value.remedy


async def test_a_port_that_is_closed_names_the_ports_that_releases_use() -> None:
    connection = Connection("sbi", SterlingConfig("https://127.0.0.1:1/B2BAPIs/svc/", "u", "p"))
    with pytest.raises(Unreachable, match="cannot be reached") as caught:
        await connection.client.get("mailboxes/1")
    assert "+ 74" in caught.value.remedy
    assert "+ 83" in caught.value.remedy


# -- broken answers -------------------------------------------------------------------------------------------------------
async def asked_of(folder: Path, answer: bytes, *, write: bool = False) -> tuple[Any, list[bytes]]:
    """What one request comes to at a server that answers so: rows or an id, or the error; and the requests that arrived."""
    identity = tls.create(folder)
    async with raw_tls(identity, answer) as server:
        connection = Connection("sbi", SterlingConfig(server.url, "u", "p", trust=Trust(identity.authority), page=2))
        client = connection.client
        outcome: Any
        try:
            if write:
                outcome = await client.create("documents/", {}, payload=b"x", place="/acme")
            else:
                outcome = await client.list_all("mailboxcontents/", {}, place="/acme")
        except EndpointError as error:
            outcome = error
        await connection.close()
        return outcome, server.requests


LOGIN_PAGE = b"<!DOCTYPE html><html><form><input type=password name=j_password></form></html>"


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(
    ("answer", "kind", "unclear"),
    [
        (http(LOGIN_PAGE, type="text/html"), CredentialsRejected, False),
        (http(b"<?xml version='1.0'?><messages/>", type="application/xml"), Unavailable, True),
        (http(b'[{"id": 7, "na', length=400), Unreachable, True),
        (http(b'[{"id": 7, "na'), Unavailable, True),
        (http(b"", 302, headers="Location: https://elsewhere.example/login\r\n"), CredentialsRejected, True),
        (http(b'"text"'), Unavailable, True),
        (b"no HTTP at all\r\n\r\n", Unreachable, True),
        (b"", Unreachable, True),
    ],
    ids=["login", "xml", "cut", "half", "redirect", "text", "nonsense", "silence"],
)  # fmt: skip
async def test_a_broken_answer_is_never_a_result(
    tmp_path: Path, answer: bytes, kind: type[Unavailable], unclear: bool, write: bool
) -> None:
    error, requests = await asked_of(tmp_path, answer, write=write)
    assert (type(error), error.unclear, len(requests)) == (kind, unclear and write, 1)


async def test_a_page_longer_than_asked_is_no_listing(tmp_path: Path) -> None:
    error, _ = await asked_of(tmp_path, http(b'[{"id":1},{"id":2},{"id":3}]'))
    assert (type(error), "3 rows came of 2" in error.message) == (Unavailable, True)


async def test_a_server_that_knows_no_range_ends_the_listing(tmp_path: Path) -> None:
    rows, requests = await asked_of(tmp_path, http(b'[{"id":1},{"id":2}]'))
    assert (rows, len(requests)) == ([{"id": 1}, {"id": 2}], 2)


async def test_a_listing_beyond_the_size_limit_is_refused(tmp_path: Path) -> None:
    head = http(b"", length=300 << 20)
    error, _ = await asked_of(tmp_path, head + b"[" + b" " * (65 << 20))
    assert (type(error), "more than 64 MB" in error.message) == (Refused, True)


async def test_what_is_sent_and_what_is_not_kept(tmp_path: Path) -> None:
    identity = tls.create(tmp_path)
    answer = http(b"[]", headers="Set-Cookie: LtpaToken2=x; Path=/\r\n")
    async with raw_tls(identity, answer) as server:
        more = {"X-Client-Id": "gateway-word"}
        given = SterlingConfig(server.url, "ä", "p:w", trust=Trust(identity.authority), headers=more)
        connection = Connection("sbi", given)
        for _ in range(2):
            assert await connection.client.list_all("mailboxes/", {"path": "/a b/ü"}) == []
        await connection.close()
    first, second = (request.decode("latin-1") for request in server.requests)
    assert first.startswith("GET /B2BAPIs/svc/mailboxes/?path=%2Fa%20b%2F%C3%BC&_range=0-999 HTTP/1.1")
    basic = "Basic " + base64.b64encode("ä:p:w".encode()).decode()
    for line in (f"Authorization: {basic}", "Accept: application/json", "Content-Type: application/json",
                 "X-Client-Id: gateway-word"):  # fmt: skip
        assert line in first
    assert "cookie" not in second.lower()


async def test_no_more_requests_run_at_once_than_are_allowed(sterling: SterlingSimulator) -> None:
    running, most = 0, 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await anyio.sleep(0.01)
        await sterling.app(scope, receive, send)
        running -= 1

    config = SterlingConfig(sterling.url, sterling.USERNAME, sterling.PASSWORD, requests=2)
    client = Connection("sbi", config, transport=httpx.ASGITransport(app=app)).client
    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(client.list_all, "mailboxcontents/", contents(sterling))
    assert most == 2
